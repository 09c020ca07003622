-- SPDX-License-Identifier: Apache-2.0
-- A Bulk is answered with 200 whatever became of its operations: that some were refused stands beside the status. No index: like the status
-- it is asked of rows that are read in the order of their numbers.

ALTER TABLE scim_log ADD COLUMN partly_refused @i64 NOT NULL DEFAULT 0 CHECK (partly_refused IN (0, 1));
UPDATE scim_log SET partly_refused = 1 WHERE status < 400 AND note LIKE 'operation %';
