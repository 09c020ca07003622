-- SPDX-License-Identifier: Apache-2.0
-- Mapping rules (R18): rows of resource, kind 13; here what finds them, for those that live. target_no: the group, or the scope of the role.
-- role_no as in role_grant; 0: the target is a group. What a rule gave stands in member and role_grant under its rule_no.
CREATE TABLE mapping_rule (
    root_no       @i64 NOT NULL,
    connection_no @i64 NOT NULL,
    no            @i64 NOT NULL,
    target_no     @i64 NOT NULL,
    role_no       @i64 NOT NULL,
    PRIMARY KEY (root_no, connection_no, no)
) @clustered;
CREATE INDEX mapping_rule_target ON mapping_rule (root_no, target_no, connection_no);

-- Revision of the last change of any rule; 0: there are none, and nothing that one gave.
ALTER TABLE root ADD COLUMN rules_revision @i64 NOT NULL DEFAULT 0;
