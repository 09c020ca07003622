-- SPDX-License-Identifier: Apache-2.0
-- Break-glass users (R9): local users that no connection sees or touches. They count as usable administrators (R24).
CREATE TABLE break_glass (
    root_no   @i64 NOT NULL,
    no        @i64 NOT NULL,
    marked_us @i64 NOT NULL,
    marked_by @i64 NOT NULL,
    PRIMARY KEY (root_no, no),
    FOREIGN KEY (root_no, no) REFERENCES resource (root_no, no)
) @clustered;
