-- SPDX-License-Identifier: Apache-2.0
-- Which warning of a token's end was given last (R19): 30, 7 or 1 days before; 0 = none yet.
ALTER TABLE credential ADD COLUMN warned_days @i64 NOT NULL DEFAULT 0;
CREATE INDEX credential_expiry ON credential (expires_us) WHERE revoked_us = 0;
