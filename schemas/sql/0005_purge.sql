-- SPDX-License-Identifier: Apache-2.0
-- A purge blanks the rows about one person (R31).
CREATE INDEX scim_log_resource ON scim_log (root_no, resource_id) WHERE resource_id <> '';
