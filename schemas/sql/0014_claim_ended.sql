-- SPDX-License-Identifier: Apache-2.0
-- Whether a claim is over (claimed_active = 3) in a column of its own: the indexes of living claims then stay as they are when one turns from
-- active to inactive.

ALTER TABLE claim ADD COLUMN ended @i64 NOT NULL DEFAULT 0 CHECK (ended IN (0, 1));
UPDATE claim SET ended = 1 WHERE claimed_active = 3;
DROP INDEX claim_external_id;
CREATE UNIQUE INDEX claim_external_id ON claim (root_no, connection_no, kind, external_id) WHERE external_id <> '' AND ended = 0;
DROP INDEX claim_list;
CREATE INDEX claim_list ON claim (root_no, connection_no, kind, no, ended) WHERE ended = 0; -- covers the rows a page skips
