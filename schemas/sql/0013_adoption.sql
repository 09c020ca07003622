-- SPDX-License-Identifier: Apache-2.0
-- Adoption (R13). Connections that were there before adopt nobody.
UPDATE resource SET doc = '{"adoption":"refuse",' || substr(doc, 2) WHERE kind = 9;

-- Users with an admin role whom a connection may adopt, because an administrator has approved it; gone once it has. no: the user.
CREATE TABLE adoption (
    root_no       @i64 NOT NULL,
    connection_no @i64 NOT NULL,
    no            @i64 NOT NULL,
    approved_by   @i64 NOT NULL,
    at_us         @i64 NOT NULL,
    PRIMARY KEY (root_no, connection_no, no)
) @clustered;
