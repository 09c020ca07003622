-- SPDX-License-Identifier: Apache-2.0
-- When a connection calls, and how often it is refused: what its health is told from. PLAIN rows; nothing of a person stands here.

-- Times in microseconds, 0 = none. cycle_us: when the last run of requests without a long pause began; gap_n_us: between the beginnings of
-- the last runs, the newest first.
CREATE TABLE pulse (
    root_no       @i64 NOT NULL REFERENCES root (root_no),
    connection_no @i64 NOT NULL,
    last_us       @i64 NOT NULL,
    success_us    @i64 NOT NULL,
    cycle_us      @i64 NOT NULL,
    cycles        @i64 NOT NULL,
    gap_1_us      @i64 NOT NULL,
    gap_2_us      @i64 NOT NULL,
    gap_3_us      @i64 NOT NULL,
    PRIMARY KEY (root_no, connection_no)
) @clustered;

CREATE INDEX scim_log_refused ON scim_log (root_no, connection_no, no) WHERE status >= 400;
