-- SPDX-License-Identifier: Apache-2.0
-- The ids that the notes of the request log name, so that a purge finds these notes (R31) at the price of those about the person. Notes that
-- were there before are not worth a search.

CREATE TABLE scim_log_about (
    root_no     @i64  NOT NULL REFERENCES root (root_no),
    resource_id @text NOT NULL,
    no          @i64  NOT NULL,
    PRIMARY KEY (root_no, resource_id, no)
) @strict;
CREATE INDEX scim_log_about_age ON scim_log_about (no);
UPDATE scim_log SET note = '';
