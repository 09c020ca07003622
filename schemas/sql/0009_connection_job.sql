-- SPDX-License-Identifier: Apache-2.0
-- What becomes of all that a connection gave.

-- Claims that say "deleted" keep somebody inactive; claim_list leaves them out.
CREATE INDEX claim_deleted ON claim (root_no, connection_no, no) WHERE claimed_active = 3;

-- Work on a whole connection (R4, R16) that is done in bounded steps: one at a time for a root. What is done is told by the cursors, so
-- that whoever goes on after a crash finishes it. verb: enum connection_verb. phase, at_no, member_no: where it stands.
-- join_by, other_no: of `replace`. first_seq: of `undo`.
CREATE TABLE connection_job (
    root_no       @i64  NOT NULL PRIMARY KEY REFERENCES root (root_no),
    connection_no @i64  NOT NULL,
    verb          @i64  NOT NULL,
    other_no      @i64  NOT NULL,
    join_by       @i64  NOT NULL,
    first_seq     @i64  NOT NULL,
    phase         @i64  NOT NULL,
    at_no         @i64  NOT NULL,
    member_no     @i64  NOT NULL,
    users         @i64  NOT NULL,                         -- done so far
    user_groups   @i64  NOT NULL,
    edges         @i64  NOT NULL,
    started_us    @i64  NOT NULL
) @strict;
