-- SPDX-License-Identifier: Apache-2.0
-- The same index without a list: SQLite builds a table in memory for `kind IN (...)` at every row it writes.

DROP INDEX resource_slug;
CREATE UNIQUE INDEX resource_slug ON resource (root_no, kind, name_folded, org_no)
    WHERE (kind = 1 OR kind BETWEEN 4 AND 6 OR kind BETWEEN 8 AND 9) AND deleted_us = 0;
