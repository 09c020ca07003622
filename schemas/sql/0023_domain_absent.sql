-- SPDX-License-Identifier: Apache-2.0
-- absent_us: since when DNS answers that the record is not there; 0: never, since it last was. An outage of DNS is in failed_us alone.

ALTER TABLE domain ADD COLUMN absent_us @i64 NOT NULL DEFAULT 0;
