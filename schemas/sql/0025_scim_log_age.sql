-- SPDX-License-Identifier: Apache-2.0
-- The index of ages is for SCIM_LOG_PURGE alone. As a plain index of no, PostgreSQL also took it for the newest rows of one root, and read
-- those of all others on the way.

DROP INDEX scim_log_age;
CREATE INDEX scim_log_age ON scim_log ((no + 0));
