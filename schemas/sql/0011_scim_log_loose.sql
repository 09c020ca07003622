-- SPDX-License-Identifier: Apache-2.0
-- Bodies that may speak of anybody (Bulk, refused creations, captured lists), found when a person is purged (R31).
CREATE INDEX scim_log_loose ON scim_log (root_no) WHERE sealed = 1 AND resource_id = '';
