-- SPDX-License-Identifier: Apache-2.0
-- The first house: roots, resources, claims, edges, grants, credentials, ledger.
-- Macros: @i64 @text @bytes are the column types of the engine; @strict ends a table, @clustered ends a table whose rows are small and
-- live in their primary key; @hash0 is the hash before a ledger's first entry. root_no and no are dense numbers per root, never reused. Times are microseconds; 0 = never. No column is NULL.

CREATE TABLE root (
    root_no      @i64   NOT NULL PRIMARY KEY,
    slug_folded  @text  NOT NULL UNIQUE,
    handle       @text  NOT NULL UNIQUE,
    epoch        @i64   NOT NULL CHECK (epoch > 0),
    revision     @i64   NOT NULL CHECK (revision >= 0),   -- seq of the last ledger entry
    last_hash    @bytes NOT NULL,
    last_us      @i64   NOT NULL,
    next_no      @i64   NOT NULL,
    lock_count   @i64   NOT NULL                          -- raised to lock the row; nothing reads it
) @strict;

-- kind: enum resource_kind. source_no: connection that made it, 0 = local. org_no: the organisation it belongs to.
CREATE TABLE resource (
    root_no     @i64  NOT NULL REFERENCES root (root_no),
    no          @i64  NOT NULL,
    id          @text NOT NULL,
    org_no      @i64  NOT NULL,
    kind        @i64  NOT NULL CHECK (kind BETWEEN 1 AND 99),
    name_folded @text NOT NULL,
    source_no   @i64  NOT NULL,
    active      @i64  NOT NULL CHECK (active IN (0, 1)),
    version     @i64  NOT NULL CHECK (version > 0),
    created_us  @i64  NOT NULL,
    modified_us @i64  NOT NULL,
    deleted_us  @i64  NOT NULL,
    doc         @text NOT NULL,
    PRIMARY KEY (root_no, no)
) @strict;
CREATE UNIQUE INDEX resource_id ON resource (root_no, id);
CREATE INDEX resource_list ON resource (root_no, kind, no) WHERE deleted_us = 0;
CREATE UNIQUE INDEX resource_user_name ON resource (root_no, name_folded) WHERE kind = 2 AND deleted_us = 0;
CREATE UNIQUE INDEX resource_group_name ON resource (root_no, name_folded, source_no) WHERE kind = 3 AND deleted_us = 0;
CREATE UNIQUE INDEX resource_slug ON resource (root_no, kind, name_folded, org_no) WHERE kind IN (1, 4, 5, 6, 8, 9) AND deleted_us = 0;

-- Values of attributes that a descriptor marks indexed. attr: its number in the descriptor.
CREATE TABLE resource_value (
    root_no      @i64  NOT NULL,
    attr         @i64  NOT NULL,
    value_folded @text NOT NULL,
    no           @i64  NOT NULL,
    ord          @i64  NOT NULL,
    PRIMARY KEY (root_no, attr, value_folded, no, ord)
) @clustered;
CREATE INDEX resource_value_owner ON resource_value (root_no, no);

-- What one connection (0 = local) says of one user or group. claimed_active: 0 says nothing, 1 yes, 2 no, 3 deleted.
-- doc = '' means: equal to resource.doc.
CREATE TABLE claim (
    root_no        @i64  NOT NULL,
    connection_no  @i64  NOT NULL,
    kind           @i64  NOT NULL,
    no             @i64  NOT NULL,
    external_id    @text NOT NULL,
    claimed_active @i64  NOT NULL CHECK (claimed_active BETWEEN 0 AND 3),
    modified_us    @i64  NOT NULL,
    doc            @text NOT NULL,
    PRIMARY KEY (root_no, no, connection_no)
) @clustered;
CREATE UNIQUE INDEX claim_external_id ON claim (root_no, connection_no, kind, external_id) WHERE external_id <> '' AND claimed_active <> 3;
CREATE INDEX claim_list ON claim (root_no, connection_no, kind, no, claimed_active) WHERE claimed_active <> 3; -- covers the rows a page skips

-- A purged person (R12): who came through which connection, as a keyed hash, so that no login or invitation brings him back unseen.
CREATE TABLE tombstone (
    root_no       @i64   NOT NULL,
    connection_no @i64   NOT NULL,
    kind          @i64   NOT NULL,
    subject_hash  @bytes NOT NULL,
    until_us      @i64   NOT NULL,
    PRIMARY KEY (root_no, connection_no, kind, subject_hash)
) @clustered;

CREATE TABLE member (
    root_no      @i64 NOT NULL,
    container_no @i64 NOT NULL,
    member_no    @i64 NOT NULL,
    source_no    @i64 NOT NULL,
    rule_no      @i64 NOT NULL,
    created_us   @i64 NOT NULL,
    PRIMARY KEY (root_no, container_no, member_no, source_no, rule_no),
    FOREIGN KEY (root_no, container_no) REFERENCES resource (root_no, no),
    FOREIGN KEY (root_no, member_no) REFERENCES resource (root_no, no)
) @clustered;
CREATE INDEX member_reverse ON member (root_no, member_no, container_no);

-- One row beside the resource row of a grant. role_no < 0: built-in role of permissions.json, > 0: custom role, 0: single privilege.
CREATE TABLE role_grant (
    root_no      @i64  NOT NULL,
    no           @i64  NOT NULL,
    scope_no     @i64  NOT NULL,
    principal_no @i64  NOT NULL,
    role_no      @i64  NOT NULL,
    privilege    @text NOT NULL,
    from_us      @i64  NOT NULL,
    until_us     @i64  NOT NULL,
    source_no    @i64  NOT NULL,
    rule_no      @i64  NOT NULL,
    granted_by   @i64  NOT NULL,
    PRIMARY KEY (root_no, no),
    FOREIGN KEY (root_no, no) REFERENCES resource (root_no, no),
    FOREIGN KEY (root_no, scope_no) REFERENCES resource (root_no, no),
    FOREIGN KEY (root_no, principal_no) REFERENCES resource (root_no, no)
) @strict;
CREATE INDEX role_grant_principal ON role_grant (root_no, principal_no, scope_no);
CREATE INDEX role_grant_scope ON role_grant (root_no, scope_no, no);
CREATE INDEX role_grant_admin ON role_grant (root_no, scope_no, principal_no) WHERE role_no = -1;

CREATE TABLE credential (
    root_no      @i64   NOT NULL,
    no           @i64   NOT NULL,
    owner_no     @i64   NOT NULL,
    kind         @i64   NOT NULL,
    label        @text  NOT NULL,
    hash         @bytes NOT NULL,
    scopes       @i64   NOT NULL,
    created_us   @i64   NOT NULL,
    expires_us   @i64   NOT NULL,
    last_used_us @i64   NOT NULL,
    revoked_us   @i64   NOT NULL,
    PRIMARY KEY (root_no, no),
    FOREIGN KEY (root_no, owner_no) REFERENCES resource (root_no, no)
) @strict;
CREATE UNIQUE INDEX credential_hash ON credential (root_no, hash);
CREATE INDEX credential_owner ON credential (root_no, owner_no);

-- Live resources per kind: connection_no -1 = all of the root, else those with a live claim of that connection.
CREATE TABLE resource_count (
    root_no       @i64 NOT NULL,
    kind          @i64 NOT NULL,
    connection_no @i64 NOT NULL,
    live          @i64 NOT NULL CHECK (live >= 0),
    PRIMARY KEY (root_no, kind, connection_no)
) @clustered;

CREATE TABLE ledger (
    root_no     @i64   NOT NULL REFERENCES root (root_no),
    seq         @i64   NOT NULL,
    at_us       @i64   NOT NULL,
    class       @i64   NOT NULL CHECK (class BETWEEN 1 AND 3),
    event       @text  NOT NULL,
    actor_kind  @i64   NOT NULL,
    actor_no    @i64   NOT NULL,
    object_kind @i64   NOT NULL,
    object_no   @i64   NOT NULL,
    change_id   @bytes NOT NULL,
    salt        @bytes NOT NULL,
    body        @text  NOT NULL,
    body_hash   @bytes NOT NULL,                          -- SHA-256 of salt and body; stays when both are blanked
    hash        @bytes NOT NULL,
    PRIMARY KEY (root_no, seq)
) @strict;

CREATE TABLE checkpoint (
    root_no   @i64   NOT NULL REFERENCES root (root_no),
    seq       @i64   NOT NULL,
    at_us     @i64   NOT NULL,
    hash      @bytes NOT NULL,
    key_id    @text  NOT NULL,
    signature @bytes NOT NULL,
    PRIMARY KEY (root_no, seq)
) @strict;

-- The system root: no users; holds only notices that belong to no tenant.
INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count)
VALUES (0, '', '', 1, 0, @hash0, 0, 1, 0);
