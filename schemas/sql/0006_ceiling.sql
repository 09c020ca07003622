-- SPDX-License-Identifier: Apache-2.0
-- The ceiling of the connections that were there before ceilings (R8): the default. What their groups confer already stands; from now on nothing
-- above it is tied to them. A document is canonical JSON, so that a first key goes behind its brace.
UPDATE resource SET doc = '{"ceiling":["organization:member","project:regular"],' || substr(doc, 2) WHERE kind = 9;
