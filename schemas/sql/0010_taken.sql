-- SPDX-License-Identifier: Apache-2.0
-- How much a connection takes away (R16).

-- How much a connection took away (R16), in slots of ten minutes. object_no: a group that lost members; 0: users who were deactivated.
-- is_over: 1 when the day that ends with this slot was above the threshold.
CREATE TABLE taken (
    root_no       @i64 NOT NULL,
    connection_no @i64 NOT NULL,
    object_no     @i64 NOT NULL,
    slot          @i64 NOT NULL,
    times         @i64 NOT NULL CHECK (times >= 0),
    is_over       @i64 NOT NULL CHECK (is_over IN (0, 1)),
    PRIMARY KEY (root_no, connection_no, object_no, slot)
) @clustered;

-- A write that waits for an administrator (R16): the connection was answered 429. released_us: 0 = not yet.
CREATE TABLE hold (
    root_no       @i64 NOT NULL,
    connection_no @i64 NOT NULL,
    no            @i64 NOT NULL,
    group_no      @i64 NOT NULL,
    removes       @i64 NOT NULL,                          -- members it would have removed
    of_members    @i64 NOT NULL,
    at_us         @i64 NOT NULL,
    until_us      @i64 NOT NULL,
    released_us   @i64 NOT NULL,
    PRIMARY KEY (root_no, connection_no, no)
) @clustered;
CREATE INDEX hold_group ON hold (root_no, connection_no, group_no, until_us);
