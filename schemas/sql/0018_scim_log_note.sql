-- SPDX-License-Identifier: Apache-2.0
-- What a request did otherwise than it said: who is held (R3), who stays a member through another source (R14). '': nothing.

ALTER TABLE scim_log ADD COLUMN note @text NOT NULL DEFAULT '';
