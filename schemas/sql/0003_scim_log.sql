-- SPDX-License-Identifier: Apache-2.0
-- The request log of SCIM (R19): writes and refusals, 30 days; the body sealed, 72 hours. Rows are PLAIN: no ledger entry stands behind them.

-- no: microseconds of its time, made unique; the order of the log. method: enum method of http. fields, leniencies: names with commas.
-- sealed: 1 while body holds something.
CREATE TABLE scim_log (
    root_no       @i64   NOT NULL REFERENCES root (root_no),
    no            @i64   NOT NULL,
    connection_no @i64   NOT NULL,
    credential_no @i64   NOT NULL,
    method        @i64   NOT NULL,
    status        @i64   NOT NULL,
    duration_us   @i64   NOT NULL,
    path          @text  NOT NULL,
    request_id    @text  NOT NULL,
    resource_id   @text  NOT NULL,
    scim_type     @text  NOT NULL,
    field         @text  NOT NULL,
    fields        @text  NOT NULL,
    leniencies    @text  NOT NULL,
    sealed        @i64   NOT NULL CHECK (sealed IN (0, 1)),
    body          @bytes NOT NULL,
    PRIMARY KEY (root_no, no)
) @strict;
CREATE INDEX scim_log_connection ON scim_log (root_no, connection_no, no);
CREATE INDEX scim_log_age ON scim_log (no);
CREATE INDEX scim_log_sealed ON scim_log (no) WHERE sealed = 1;
