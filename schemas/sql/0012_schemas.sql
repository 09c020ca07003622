-- SPDX-License-Identifier: Apache-2.0
-- Schemas and resource types that a root declares: rows of resource, kinds 10 and 11; the types themselves are kinds 50 to 99.

-- Revision of the last change of the declarations; 0: there are none.
ALTER TABLE root ADD COLUMN schemas_revision @i64 NOT NULL DEFAULT 0;

DROP INDEX resource_slug;
CREATE UNIQUE INDEX resource_slug ON resource (root_no, kind, name_folded, org_no)
    WHERE (kind = 1 OR kind BETWEEN 4 AND 6 OR kind BETWEEN 8 AND 11) AND deleted_us = 0;
