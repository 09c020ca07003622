-- SPDX-License-Identifier: Apache-2.0
-- What happens where sources meet.

-- Writes of a connection that were refused because a name or externalId is taken (R11), for its administrator: one row for each attribute and
-- thing that stood in the way. No value that a client sent is kept here. object_no: that thing, 0 = not known.
CREATE TABLE conflict (
    root_no       @i64  NOT NULL,
    connection_no @i64  NOT NULL,
    kind          @i64  NOT NULL,
    attribute     @text NOT NULL,
    object_no     @i64  NOT NULL,
    at_us         @i64  NOT NULL,                         -- of the last one
    request_id    @text NOT NULL,
    times         @i64  NOT NULL CHECK (times > 0),
    PRIMARY KEY (root_no, connection_no, kind, attribute, object_no)
) @clustered;
