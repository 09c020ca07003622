-- SPDX-License-Identifier: Apache-2.0
-- The health of a connection also tells of a Bulk that was refused in part. The condition is that of PULSE_REFUSALS, word for word.

DROP INDEX scim_log_refused;
CREATE INDEX scim_log_refused ON scim_log (root_no, connection_no, no) WHERE status >= 400 OR partly_refused = 1;
