-- SPDX-License-Identifier: Apache-2.0
-- Which group was ever a member of which: what R24 has to ask about, without asking every member whether he is a group. A pair stays when
-- its edge goes, so that this says too much at worst, never too little. Groups that were purged leave theirs: a number is never given twice.

CREATE TABLE nested (
    root_no      @i64 NOT NULL,
    container_no @i64 NOT NULL,
    member_no    @i64 NOT NULL,
    PRIMARY KEY (root_no, container_no, member_no)
) @clustered;

INSERT INTO nested (root_no, container_no, member_no)
    SELECT DISTINCT m.root_no, m.container_no, m.member_no FROM member m
    JOIN resource r ON r.root_no = m.root_no AND r.no = m.member_no WHERE r.kind = 3;
