-- SPDX-License-Identifier: Apache-2.0
-- E-mail domains (R6). One that is proved belongs to one root of the installation, whoever else has named it.

-- no: its resource (kind 12). state: 1 pending, 2 verified, 3 lapsed. proof: 0 none yet, 1 DNS, 2 the operator's word. token: what its TXT
-- record must hold. Times in microseconds, 0 = never. failed_us: since when the record is not found. due_us: next look-up, 0 = none.
CREATE TABLE domain (
    root_no     @i64  NOT NULL REFERENCES root (root_no),
    no          @i64  NOT NULL,
    name_folded @text NOT NULL,
    state       @i64  NOT NULL CHECK (state BETWEEN 1 AND 3),
    proof       @i64  NOT NULL CHECK (proof BETWEEN 0 AND 2),
    token       @text NOT NULL,
    verified_us @i64  NOT NULL,
    checked_us  @i64  NOT NULL,
    failed_us   @i64  NOT NULL,
    due_us      @i64  NOT NULL,
    PRIMARY KEY (root_no, no)
) @clustered;
CREATE UNIQUE INDEX domain_name ON domain (root_no, name_folded);
CREATE UNIQUE INDEX domain_owner ON domain (name_folded) WHERE state = 2;
CREATE INDEX domain_due ON domain (due_us) WHERE due_us > 0;

-- How many of its domains are verified now; 0: no write asks about them.
ALTER TABLE root ADD COLUMN proved_domains @i64 NOT NULL DEFAULT 0;

DROP INDEX resource_slug;
CREATE UNIQUE INDEX resource_slug ON resource (root_no, kind, name_folded, org_no)
    WHERE (kind = 1 OR kind BETWEEN 4 AND 6 OR kind BETWEEN 8 AND 12) AND deleted_us = 0;
