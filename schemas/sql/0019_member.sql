-- SPDX-License-Identifier: Apache-2.0
-- Memberships without foreign keys: they took two look-ups a row, in PostgreSQL two row locks as well, more than all else of an insert. Both
-- ends are read by the transaction that adds a row, a number is never given twice, and a resource goes only when no row names it.
CREATE TABLE member_row (
    root_no      @i64 NOT NULL,
    container_no @i64 NOT NULL,
    member_no    @i64 NOT NULL,
    source_no    @i64 NOT NULL,
    rule_no      @i64 NOT NULL,
    created_us   @i64 NOT NULL,
    PRIMARY KEY (root_no, container_no, member_no, source_no, rule_no)
) @clustered;
INSERT INTO member_row SELECT root_no, container_no, member_no, source_no, rule_no, created_us FROM member;
DROP TABLE member;
ALTER TABLE member_row RENAME TO member;
CREATE INDEX member_reverse ON member (root_no, member_no, container_no);
