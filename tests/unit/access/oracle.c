/* SPDX-License-Identifier: Apache-2.0
 *
 * See oracle.h. */
#include "access/oracle.h"
#include <ctype.h>

#define EACH(oracle, what, one) for (size_t one = 0; one < (oracle)->what##_count; one++)
#define REMOVE(oracle, what, one) ((oracle)->what##s[one--] = (oracle)->what##s[--(oracle)->what##_count])

const struct oracle_resource *oracle_find(const struct oracle *oracle, int64_t no)
{
        EACH(oracle, resource, i)
        if (oracle->resources[i].no == no)
                return &oracle->resources[i];
        return NULL;
}

static const struct oracle_resource *find_id(const struct oracle *oracle, enum resource_kind kind, const char *id)
{
        EACH(oracle, resource, i)
        if (oracle->resources[i].kind == kind && !strcasecmp(oracle->resources[i].id, id))
                return &oracle->resources[i];
        return NULL;
}

static const struct oracle_resource *find_name(const struct oracle *oracle, enum resource_kind kind, int64_t org_no, const char *name)
{
        EACH(oracle, resource, i)
        if (oracle->resources[i].kind == kind && oracle->resources[i].org_no == org_no && !strcasecmp(oracle->resources[i].name, name))
                return &oracle->resources[i];
        return NULL;
}

static void apply_resource(struct oracle *oracle, const struct effect *effect)
{
        EACH(oracle, grant, i)
        if (effect->resource_kind == KIND_GRANT && oracle->grants[i].no == effect->no)
                oracle->grants[i].active = effect->active;
        if (effect->resource_kind == KIND_GRANT)
                return;
        struct oracle_resource *resource = (struct oracle_resource *)oracle_find(oracle, effect->no);
        if (!resource) {
                assert_true(oracle->resource_count < ORACLE_ROWS);
                resource = &oracle->resources[oracle->resource_count++];
        }
        *resource = (struct oracle_resource){ effect->no, effect->other_no, effect->resource_kind, effect->active, "", "" };
        strcpy(resource->id, effect->text);
        strcpy(resource->name, effect->name);
        if (resource->kind == KIND_ORGANIZATION && resource->no == resource->org_no)
                oracle->root_org_no = resource->no;
}

static void apply_gone(struct oracle *oracle, int64_t no)
{
        EACH(oracle, resource, i)
        if (oracle->resources[i].no == no)
                REMOVE(oracle, resource, i);
        EACH(oracle, member, i)
        if (oracle->members[i].container_no == no || oracle->members[i].member_no == no)
                REMOVE(oracle, member, i);
        EACH(oracle, grant, i)
        if (oracle->grants[i].no == no || oracle->grants[i].scope_no == no || oracle->grants[i].principal_no == no)
                REMOVE(oracle, grant, i);
        EACH(oracle, credential, i)
        if (oracle->credentials[i].owner_no == no)
                REMOVE(oracle, credential, i);
        EACH(oracle, claim, i)
        if (oracle->claims[i].no == no)
                REMOVE(oracle, claim, i);
}

static void apply_member(struct oracle *oracle, const struct effect *effect)
{
        EACH(oracle, member, i)
        if (oracle->members[i].container_no == effect->no && oracle->members[i].member_no == effect->other_no)
                REMOVE(oracle, member, i);
        assert_true(oracle->member_count < ORACLE_ROWS);
        if (effect->active)
                oracle->members[oracle->member_count++] = (struct oracle_member){ effect->no, effect->other_no };
}

static void apply_grant(struct oracle *oracle, const struct effect *effect)
{
        struct oracle_grant grant = { effect->no, effect->scope_no, effect->other_no, effect->role_no, effect->from_us, effect->until_us,
                "", true };
        strcpy(grant.privilege, effect->text ? effect->text : "");
        EACH(oracle, grant, i)
        if (oracle->grants[i].no == effect->no) {
                grant.active = oracle->grants[i].active;
                REMOVE(oracle, grant, i);
        }
        assert_true(oracle->grant_count < ORACLE_ROWS);
        oracle->grants[oracle->grant_count++] = grant;
}

static void apply_credential(struct oracle *oracle, const struct effect *effect)
{
        EACH(oracle, credential, i)
        if (oracle->credentials[i].no == effect->no)
                REMOVE(oracle, credential, i);
        if (effect->kind == EFFECT_CREDENTIAL_GONE)
                return;
        assert_true(oracle->credential_count < ORACLE_ROWS);
        struct oracle_credential *credential = &oracle->credentials[oracle->credential_count++];
        *credential = (struct oracle_credential){ effect->no, effect->other_no, effect->until_us, effect->token_kind, { 0 } };
        memcpy(credential->hash, effect->hash, HASH_SIZE);
}

static void apply_claim(struct oracle *oracle, const struct effect *effect)
{
        EACH(oracle, claim, i)
        if (oracle->claims[i].connection_no == effect->other_no && oracle->claims[i].no == effect->no)
                REMOVE(oracle, claim, i);
        if (!effect->active)
                return;
        assert_true(oracle->claim_count < ORACLE_ROWS);
        struct oracle_claim *claim = &oracle->claims[oracle->claim_count++];
        *claim = (struct oracle_claim){ effect->other_no, effect->no, "" };
        strcpy(claim->external, effect->text);
}

void oracle_apply(struct oracle *oracle, const struct effect *effect)
{
        switch (effect->kind) {
        case EFFECT_RESOURCE:
                apply_resource(oracle, effect);
                break;
        case EFFECT_GONE:
                apply_gone(oracle, effect->no);
                break;
        case EFFECT_MEMBER:
                apply_member(oracle, effect);
                break;
        case EFFECT_GRANT:
                apply_grant(oracle, effect);
                break;
        case EFFECT_CREDENTIAL:
        case EFFECT_CREDENTIAL_GONE:
                apply_credential(oracle, effect);
                break;
        case EFFECT_ADDRESSES: /* these decide nothing */
        case EFFECT_SCHEMAS:
                break;
        case EFFECT_CLAIM:
                apply_claim(oracle, effect);
                break;
        }
}

static bool is_live(const struct oracle *oracle, int64_t no)
{
        const struct oracle_resource *resource = oracle_find(oracle, no), *root = oracle_find(oracle, oracle->root_org_no);
        const struct oracle_resource *organization = resource ? oracle_find(oracle, resource->org_no) : NULL;
        return resource && root && organization && organization->kind == KIND_ORGANIZATION && resource->active && organization->active &&
               root->active;
}

/* Is `member` the container, or in it over at most `depth` live groups, this one included? */
static bool belongs(const struct oracle *oracle, int64_t member_no, int64_t container_no, int depth, bool live_only)
{
        if (member_no == container_no)
                return true;
        if (depth == 0)
                return false;
        EACH(oracle, member, i)
        {
                const struct oracle_member *edge = &oracle->members[i];
                if (edge->member_no != member_no || oracle_find(oracle, edge->container_no)->kind != KIND_GROUP)
                        continue;
                if (live_only && !is_live(oracle, edge->container_no))
                        continue;
                if (belongs(oracle, edge->container_no, container_no, depth - 1, live_only))
                        return true;
        }
        return false;
}

static bool in_force(const struct oracle *oracle, const struct oracle_grant *grant, int64_t principal_no, int64_t scope_no, int64_t at_us)
{
        return grant->active && grant->scope_no == scope_no && grant->from_us <= at_us &&
               (grant->until_us == 0 || grant->until_us > at_us) && belongs(oracle, principal_no, grant->principal_no, 16, true);
}

static bool may_be_principal(const struct oracle *oracle, int64_t no)
{
        const struct oracle_resource *resource = oracle_find(oracle, no);
        return is_live(oracle, no) && (resource->kind == KIND_USER || resource->kind == KIND_IDENTITY || resource->kind == KIND_GROUP);
}

bool oracle_holds(const struct oracle *oracle, int64_t principal_no, int64_t scope_no, int permission, int64_t at_us)
{
        enum permission_level level;
        const char *name = permission_name(permission, &level);
        if (!name || !is_live(oracle, scope_no) || !may_be_principal(oracle, principal_no))
                return false;
        if (oracle_find(oracle, scope_no)->kind != (level == LEVEL_ORGANIZATION ? KIND_ORGANIZATION : KIND_PROJECT))
                return false;
        bool has_role = false;
        EACH(oracle, grant, i)
        {
                const struct oracle_grant *grant = &oracle->grants[i];
                if (!in_force(oracle, grant, principal_no, scope_no, at_us))
                        continue;
                const struct builtin_role *role = builtin_role_by_no(grant->role_no);
                if (grant->role_no ? role && permission_set_has(&role->allow, permission) : !strcmp(grant->privilege, name))
                        return true;
                has_role = has_role || grant->role_no;
        }
        return !has_role && scope_no == oracle->root_org_no && oracle_find(oracle, principal_no)->kind == KIND_USER &&
               permission_set_has(&builtin_role_find(LEVEL_ORGANIZATION, "member")->allow, permission);
}

bool oracle_is_in(const struct oracle *oracle, int64_t principal_no, int64_t scope_no, int64_t at_us)
{
        if (!is_live(oracle, scope_no) || !may_be_principal(oracle, principal_no))
                return false;
        EACH(oracle, grant, i)
        if (in_force(oracle, &oracle->grants[i], principal_no, scope_no, at_us))
                return true;
        return scope_no == oracle->root_org_no && oracle_find(oracle, principal_no)->kind == KIND_USER;
}

/* NULL: not there, or not for this caller. */
static const struct oracle_resource *reachable(
        const struct oracle *oracle, const struct actor *caller, const struct oracle_resource *organization, int64_t at_us)
{
        if (!organization || organization->no == caller->org_no)
                return organization;
        bool from_root = caller->org_no == oracle->root_org_no && oracle_find(oracle, oracle->root_org_no);
        return from_root && oracle_is_in(oracle, caller->no, organization->no, at_us) ? organization : NULL;
}

static const struct oracle_resource *organization_of(const struct oracle *oracle, const struct actor *caller, const struct question *q)
{
        if (!q->organization)
                return oracle_find(oracle, caller->org_no);
        const struct oracle_resource *found = find_id(oracle, KIND_ORGANIZATION, q->organization);
        if (!found && oracle_find(oracle, oracle->root_org_no))
                found = find_name(oracle, KIND_ORGANIZATION, oracle->root_org_no, q->organization);
        return reachable(oracle, caller, found, q->at_us);
}

static const struct oracle_resource *project_of(
        const struct oracle *oracle, const struct actor *caller, const struct question *q, const char *name)
{
        const struct oracle_resource *organization = organization_of(oracle, caller, q);
        const struct oracle_resource *project = find_id(oracle, KIND_PROJECT, name);
        if (!organization)
                return NULL;
        if (!project)
                return find_name(oracle, KIND_PROJECT, organization->no, name);
        if (project->org_no == organization->no)
                return project;
        return !q->organization && reachable(oracle, caller, oracle_find(oracle, project->org_no), q->at_us) ? project : NULL;
}

static const struct oracle_resource *subject_of(const struct oracle *oracle, const struct question *q, int64_t org_no)
{
        if (!strcmp(q->subject_type, "identity") && !q->subject_connection) {
                const struct oracle_resource *found = find_id(oracle, KIND_IDENTITY, q->subject_id);
                if (found)
                        return found;
                const struct oracle_resource *here = find_name(oracle, KIND_IDENTITY, org_no, q->subject_id);
                const struct oracle_resource *root = find_name(oracle, KIND_IDENTITY, oracle->root_org_no, q->subject_id);
                return here && root && here != root ? NULL : here ? here : root;
        }
        if (strcmp(q->subject_type, "user") != 0)
                return NULL;
        if (!q->subject_connection) {
                const struct oracle_resource *found = find_id(oracle, KIND_USER, q->subject_id);
                return found ? found : find_name(oracle, KIND_USER, oracle->root_org_no, q->subject_id);
        }
        const struct oracle_resource *connection = find_id(oracle, KIND_CONNECTION, q->subject_connection);
        for (int pass = 0; connection && pass < 2; pass++)
                EACH(oracle, claim, i)
                {
                        const struct oracle_claim *claim = &oracle->claims[i];
                        const struct oracle_resource *user = oracle_find(oracle, claim->no);
                        const char *called = pass == 0 ? user->id : claim->external;
                        if (claim->connection_no == connection->no && *called && !strcmp(called, q->subject_id))
                                return user;
                }
        return NULL;
}

static bool belongs_to_scope(const struct oracle *oracle, const struct oracle_resource *resource, int64_t scope_no)
{
        if (resource->org_no == scope_no)
                return true;
        EACH(oracle, grant, i)
        if (oracle->grants[i].scope_no == scope_no && belongs(oracle, resource->no, oracle->grants[i].principal_no, 16, false))
                return true;
        EACH(oracle, member, i)
        if (oracle->members[i].container_no == scope_no && belongs(oracle, resource->no, oracle->members[i].member_no, 16, false))
                return true;
        return false;
}

static bool resource_exists(
        const struct oracle *oracle, const struct actor *caller, const struct question *q, const struct oracle_resource *scope)
{
        static const struct {
                const char *type;
                enum resource_kind kind;
        } types[] = { { "member", KIND_USER }, { "groups", KIND_GROUP }, { "identity", KIND_IDENTITY }, { "project", KIND_PROJECT },
                { "role", KIND_ROLE }, { "organization", KIND_ORGANIZATION }, { "sub-organization", KIND_ORGANIZATION } };
        size_t type = 0;
        while (type < sizeof types / sizeof types[0] && strcmp(types[type].type, q->resource_type) != 0)
                type++;
        if (type == sizeof types / sizeof types[0] || !strcasecmp(scope->id, q->resource_id))
                return *q->resource_id;
        enum resource_kind kind = types[type].kind;
        if (kind == KIND_ROLE)
                return builtin_role_find(scope->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION, q->resource_id);
        const struct oracle_resource *resource = find_id(oracle, kind, q->resource_id);
        if (kind == KIND_PROJECT) {
                resource = project_of(oracle, caller, q, q->resource_id);
                return resource && (resource->no == scope->no || resource->org_no == scope->no);
        }
        if (kind == KIND_ORGANIZATION)
                return resource && resource->org_no == scope->no;
        return resource && belongs_to_scope(oracle, resource, scope->no);
}

enum err oracle_decide(const struct oracle *oracle, const struct actor *caller, const struct question *q, bool *ret)
{
        int in_project = permission_find(LEVEL_PROJECT, q->resource_type, q->action);
        int in_organization = permission_find(LEVEL_ORGANIZATION, q->resource_type, q->action);
        const struct oracle_resource *organization = organization_of(oracle, caller, q), *scope = organization;
        bool about_itself = !strcmp(q->resource_type, "project") && in_project >= 0;
        if (about_itself && !q->project && in_organization >= 0 && organization && !strcasecmp(organization->id, q->resource_id))
                about_itself = false;
        bool at_project = q->project || about_itself;
        if (at_project)
                scope = project_of(oracle, caller, q, about_itself ? q->resource_id : q->project);
        int64_t org_no = !scope ? caller->org_no : at_project ? scope->org_no : scope->no;
        *ret = false;
        if (!oracle_find(oracle, caller->no) || oracle_find(oracle, caller->no)->kind != KIND_IDENTITY ||
                !oracle_holds(oracle, caller->no, org_no, permission_find(LEVEL_ORGANIZATION, "decisions", "evaluate"), q->at_us))
                return ERR_FORBIDDEN;
        if (about_itself && q->project && project_of(oracle, caller, q, q->project) != scope)
                return ERR_VALUE;
        if (about_itself && q->project && !scope && strcmp(q->project, q->resource_id) != 0)
                return ERR_VALUE;
        int permission = at_project ? in_project : in_organization;
        if (!scope || permission < 0)
                return ERR_OK;
        const struct oracle_resource *subject = subject_of(oracle, q, org_no);
        *ret = subject && resource_exists(oracle, caller, q, scope) && oracle_holds(oracle, subject->no, scope->no, permission, q->at_us);
        return ERR_OK;
}

int64_t oracle_authenticate(const struct oracle *oracle, const unsigned char hash[HASH_SIZE], int64_t now_us)
{
        EACH(oracle, credential, i)
        {
                const struct oracle_credential *credential = &oracle->credentials[i];
                const struct oracle_resource *owner = oracle_find(oracle, credential->owner_no);
                enum resource_kind kind = credential->token_kind == TOKEN_SCIM ? KIND_CONNECTION : KIND_IDENTITY;
                if (!memcmp(credential->hash, hash, HASH_SIZE) && owner->kind == kind && is_live(oracle, owner->no) &&
                        (!credential->expires_us || credential->expires_us > now_us))
                        return owner->no;
        }
        return 0;
}
