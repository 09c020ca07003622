/* SPDX-License-Identifier: Apache-2.0
 *
 * One AuthZEN question against the graph (R20, R21): which permission in which scope is asked, may the caller ask there, whom and what is
 * it about. Unknown, foreign, deleted and disabled all answer false; only the reason differs, and the wire does not show it. */
#include <string.h>
#include "access/graph.h"
#include "base/text.h"

#define NAME_MAX_BYTES 4096

/* Resource types that Muster stores and so must resolve; all others are opaque names. */
static const struct {
        const char *subject;
        enum resource_kind kind;
} stored_types[] = {
        { "member", KIND_USER },
        { "user", KIND_USER },
        { "groups", KIND_GROUP },
        { "identity", KIND_IDENTITY },
        { "project", KIND_PROJECT },
        { "role", KIND_ROLE },
        { "organization", KIND_ORGANIZATION },
        { "sub-organization", KIND_ORGANIZATION },
        { "upstream", KIND_UPSTREAM },
        { "scim", KIND_CONNECTION },
        { "ldap", KIND_CONNECTION },
        { "sso", KIND_CONNECTION },
        { "grants", KIND_GRANT },
};

struct inquiry {
        const struct graph *graph;
        struct walk *walk;
        struct arena *arena;
        const struct question *question;
        uint32_t caller;    /* its node */
        int64_t own_org_no; /* the caller's */
        enum permission_level level;
        int permission;        /* -1: there is none */
        uint32_t organization; /* of the scope; NONE: unknown or out of reach */
        uint32_t scope;        /* NONE: unknown or out of reach */
        uint32_t subject;
};

static uint32_t find_by_name(const struct inquiry *inquiry, enum resource_kind kind, int64_t org_no, const char *name)
{
        size_t length = name ? strnlen(name, NAME_MAX_BYTES + 1) : 0;
        if (!length || length > NAME_MAX_BYTES)
                return NONE;
        const char *folded = text_fold(inquiry->arena, name, length);
        return folded ? graph_find_name(inquiry->graph, kind, org_no, folded, strlen(folded)) : NONE;
}

/* Own organisation, or from the root a child in which the caller holds a grant. */
static enum err reach(const struct inquiry *inquiry, uint32_t organization, bool *ret)
{
        const struct node *node = graph_node(inquiry->graph, organization);
        *ret = node->no == inquiry->own_org_no;
        if (*ret || inquiry->graph->root == NONE || graph_node(inquiry->graph, inquiry->graph->root)->no != inquiry->own_org_no)
                return ERR_OK;
        return graph_is_in(inquiry->graph, inquiry->walk, inquiry->caller, organization, inquiry->question->at_us, ret);
}

static enum err reach_or_none(const struct inquiry *inquiry, uint32_t *organization)
{
        bool reached = false;
        if (*organization == NONE)
                return ERR_OK;
        enum err e = reach(inquiry, *organization, &reached);
        if (!reached)
                *organization = NONE;
        return e;
}

/* context.organization by id or slug, or the caller's own. */
static enum err find_organization(struct inquiry *inquiry)
{
        const char *name = inquiry->question->organization;
        const struct graph *graph = inquiry->graph;
        if (!name) {
                inquiry->organization = graph_find_no(graph, inquiry->own_org_no);
                return ERR_OK;
        }
        inquiry->organization = graph_find_id(graph, KIND_ORGANIZATION, name);
        if (inquiry->organization == NONE && graph->root != NONE)
                inquiry->organization = find_by_name(inquiry, KIND_ORGANIZATION, graph_node(graph, graph->root)->no, name);
        return reach_or_none(inquiry, &inquiry->organization);
}

/* A project by id in the caller's reach (or in the organisation asked for), or by slug in the organisation at hand. */
static enum err find_project(const struct inquiry *inquiry, const char *name, uint32_t *ret)
{
        const struct graph *graph = inquiry->graph;
        *ret = NONE;
        if (inquiry->organization == NONE)
                return ERR_OK;
        int64_t org_no = graph_node(graph, inquiry->organization)->no;
        uint32_t project = graph_find_id(graph, KIND_PROJECT, name);
        if (project == NONE) {
                *ret = find_by_name(inquiry, KIND_PROJECT, org_no, name);
                return ERR_OK;
        }
        if (graph_node(graph, project)->org_no != org_no) {
                uint32_t organization = inquiry->question->organization ? NONE : graph_find_no(graph, graph_node(graph, project)->org_no);
                enum err e = reach_or_none(inquiry, &organization);
                if (e || organization == NONE)
                        return e;
        }
        *ret = project;
        return ERR_OK;
}

static bool is_id_of(const struct inquiry *inquiry, const char *id, uint32_t node)
{
        return node != NONE && graph_find_id(inquiry->graph, KIND_NONE, id) == node;
}

/* Level, permission and scope. A project asked about by a project-level action is itself the scope. */
static enum err find_scope(struct inquiry *inquiry)
{
        const struct question *q = inquiry->question;
        enum err e = find_organization(inquiry);
        if (e)
                return e;
        int in_project = permission_find(LEVEL_PROJECT, q->resource_type, q->action);
        int in_organization = permission_find(LEVEL_ORGANIZATION, q->resource_type, q->action);
        bool is_itself = text_equal(q->resource_type, "project") && in_project >= 0 &&
                         (q->project || in_organization < 0 || !is_id_of(inquiry, q->resource_id, inquiry->organization));
        if (!q->project && !is_itself) {
                inquiry->level = LEVEL_ORGANIZATION;
                inquiry->permission = in_organization;
                inquiry->scope = inquiry->organization;
                return ERR_OK;
        }
        inquiry->level = LEVEL_PROJECT;
        inquiry->permission = in_project;
        e = find_project(inquiry, is_itself ? q->resource_id : q->project, &inquiry->scope);
        if (e)
                return e;
        inquiry->organization =
                inquiry->scope == NONE ? NONE : graph_find_no(inquiry->graph, graph_node(inquiry->graph, inquiry->scope)->org_no);
        return ERR_OK;
}

/* The right to ask, in the organisation of the scope; where that is unknown, in the caller's own, so that out of reach looks like not
 * there. */
static enum err check_caller(const struct inquiry *inquiry, struct fault *fault)
{
        bool may = false;
        uint32_t organization = inquiry->organization != NONE ? inquiry->organization : graph_find_no(inquiry->graph, inquiry->own_org_no);

        enum err e = ERR_OK;
        if (organization != NONE)
                e = graph_holds(inquiry->graph, inquiry->walk, inquiry->caller, organization, inquiry->graph->evaluate,
                        inquiry->question->at_us, &may);
        if (e)
                return fault_set(fault, e, "", "No memory to decide.");
        if (!may)
                return fault_set(
                        fault, ERR_FORBIDDEN, "", "Asking for decisions needs decisions:evaluate in the organization asked about.");
        return ERR_OK;
}

/* context.project beside a project as the resource must be the same one. */
static enum err check_same_project(struct inquiry *inquiry, struct fault *fault)
{
        const struct question *q = inquiry->question;
        if (!q->project || inquiry->permission < 0 || !text_equal(q->resource_type, "project"))
                return ERR_OK;
        struct inquiry other = *inquiry;
        uint32_t named;
        enum err e = find_organization(&other);
        if (!e)
                e = find_project(&other, q->project, &named);
        if (e)
                return fault_set(fault, e, "", "No memory to decide.");
        if (named != inquiry->scope || (named == NONE && !text_equal(q->project, q->resource_id)))
                return fault_set(fault, ERR_VALUE, "context.project",
                        "The resource is a project and the action is one of projects: context.project must be left out or name the same "
                        "one.");
        return ERR_OK;
}

static enum decision_reason find_by_connection(struct inquiry *inquiry)
{
        const struct question *q = inquiry->question;
        const struct graph *graph = inquiry->graph;
        uint32_t connection = graph_find_id(graph, KIND_CONNECTION, q->subject_connection);
        if (connection == NONE)
                return REASON_UNKNOWN_SUBJECT;
        int64_t connection_no = graph_node(graph, connection)->no;
        char id[UUID_TEXT_SIZE];
        inquiry->subject = graph_find_id(graph, KIND_USER, q->subject_id);
        if (inquiry->subject != NONE) {
                graph_id_text(graph_node(graph, inquiry->subject), id);
                if (strcmp(id, q->subject_id) == 0 && graph_find_claim(graph, connection_no, inquiry->subject) != NONE)
                        return REASON_GRANTED;
        }
        inquiry->subject = graph_find_external(graph, connection_no, q->subject_id, strlen(q->subject_id));
        return inquiry->subject == NONE ? REASON_UNKNOWN_SUBJECT : REASON_GRANTED;
}

/* An identity's name is unique in its organisation: that of the scope and the root are looked at. */
static enum decision_reason find_identity(struct inquiry *inquiry)
{
        const struct graph *graph = inquiry->graph;
        const char *name = inquiry->question->subject_id;
        inquiry->subject = graph_find_id(graph, KIND_IDENTITY, name);
        if (inquiry->subject != NONE)
                return REASON_GRANTED;
        uint32_t in_scope = find_by_name(inquiry, KIND_IDENTITY, graph_node(graph, inquiry->organization)->no, name);
        uint32_t in_root = graph->root == NONE ? NONE : find_by_name(inquiry, KIND_IDENTITY, graph_node(graph, graph->root)->no, name);
        if (in_scope != NONE && in_root != NONE && in_scope != in_root)
                return REASON_AMBIGUOUS_SUBJECT;
        inquiry->subject = in_scope != NONE ? in_scope : in_root;
        return inquiry->subject == NONE ? REASON_UNKNOWN_SUBJECT : REASON_GRANTED;
}

/* The first class with a hit decides: id, userName, then the verified primary e-mail (several hits: REASON_AMBIGUOUS_SUBJECT), for which
 * no address is proved yet. */
static enum decision_reason find_user(struct inquiry *inquiry)
{
        const char *name = inquiry->question->subject_id;
        inquiry->subject = graph_find_id(inquiry->graph, KIND_USER, name);
        if (inquiry->subject == NONE)
                inquiry->subject = find_by_name(inquiry, KIND_USER, 0, name);
        return inquiry->subject == NONE ? REASON_UNKNOWN_SUBJECT : REASON_GRANTED;
}

/* R21. REASON_GRANTED: found. */
static enum decision_reason find_subject(struct inquiry *inquiry)
{
        const struct question *q = inquiry->question;
        inquiry->subject = NONE;
        bool is_user = text_equal(q->subject_type, "user");
        if (!q->subject_id || (!is_user && !text_equal(q->subject_type, "identity")))
                return REASON_UNKNOWN_SUBJECT;
        if (q->subject_connection)
                return is_user ? find_by_connection(inquiry) : REASON_UNKNOWN_SUBJECT;
        return is_user ? find_user(inquiry) : find_identity(inquiry);
}

/* Does a user, group or identity belong to the scope: by its organisation, a membership, or any grant, in time or not? */
static enum err is_inside(const struct inquiry *inquiry, uint32_t node, bool *ret)
{
        const struct graph *graph = inquiry->graph;
        *ret = graph_node(graph, node)->org_no == graph_node(graph, inquiry->scope)->no;
        if (*ret)
                return ERR_OK;
        enum err e = graph_walk(graph, node, false, inquiry->walk);
        for (uint32_t i = 0; !e && i < inquiry->walk->count && !*ret; i++) {
                uint32_t member = inquiry->walk->nodes[i];
                *ret = graph_find_pair(graph, member, inquiry->scope) != NONE || graph_find_edge(graph, inquiry->scope, member) != NONE;
        }
        return e;
}

/* A role of the scope's organisation, or a built-in one of the level by its slug. */
static bool is_role(const struct inquiry *inquiry)
{
        const char *name = inquiry->question->resource_id;
        uint32_t role = graph_find_id(inquiry->graph, KIND_ROLE, name);
        if (role == NONE)
                return builtin_role_find(inquiry->level, name);
        return graph_node(inquiry->graph, role)->org_no == graph_node(inquiry->graph, inquiry->organization)->no;
}

static enum err resource_exists(const struct inquiry *inquiry, bool *ret)
{
        const struct question *q = inquiry->question;
        const struct graph *graph = inquiry->graph;
        size_t i = 0, count = sizeof stored_types / sizeof stored_types[0];
        while (i < count && !text_equal(stored_types[i].subject, q->resource_type))
                i++;
        *ret = q->resource_id && *q->resource_id && (i == count || is_id_of(inquiry, q->resource_id, inquiry->scope));
        if (*ret || i == count || !q->resource_id)
                return ERR_OK;
        enum resource_kind kind = stored_types[i].kind;
        uint32_t node = graph_find_id(graph, kind, q->resource_id);
        enum err e = ERR_OK;
        switch (kind) {
        case KIND_ROLE:
                *ret = is_role(inquiry);
                return ERR_OK;
        case KIND_PROJECT:
                e = find_project(inquiry, q->resource_id, &node);
                *ret = node != NONE && (node == inquiry->scope || graph_node(graph, node)->org_no == graph_node(graph, inquiry->scope)->no);
                return e;
        case KIND_USER:
        case KIND_GROUP:
        case KIND_IDENTITY:
                return node == NONE ? ERR_OK : is_inside(inquiry, node, ret);
        default:
                *ret = node != NONE && graph_node(graph, node)->org_no == graph_node(graph, inquiry->scope)->no;
                return ERR_OK;
        }
}

static enum err judge(struct inquiry *inquiry, enum decision_reason *ret)
{
        const struct graph *graph = inquiry->graph;
        const struct question *q = inquiry->question;
        if (inquiry->scope == NONE) {
                *ret = REASON_UNKNOWN_SCOPE;
                return ERR_OK;
        }
        if (inquiry->permission < 0) {
                *ret = REASON_UNKNOWN_ACTION;
                return ERR_OK;
        }
        *ret = find_subject(inquiry);
        if (*ret != REASON_GRANTED)
                return ERR_OK;
        bool exists, holds;
        enum err e = resource_exists(inquiry, &exists);
        if (!e)
                e = graph_holds(graph, inquiry->walk, inquiry->subject, inquiry->scope, inquiry->permission, q->at_us, &holds);
        if (e)
                return e;
        if (!exists)
                *ret = REASON_UNKNOWN_RESOURCE;
        else if (holds)
                *ret = REASON_GRANTED;
        else if (!graph_is_live(graph, graph_node(graph, inquiry->scope)))
                *ret = REASON_DISABLED_SCOPE;
        else
                *ret = graph_is_live(graph, graph_node(graph, inquiry->subject)) ? REASON_NO_PERMISSION : REASON_DISABLED_SUBJECT;
        return ERR_OK;
}

enum err graph_decide(const struct graph *graph, struct walk *walk, struct arena *arena, const struct actor *caller,
        const struct question *question, struct answer *ret, struct fault *fault)
{
        struct inquiry inquiry = {
                .graph = graph,
                .walk = walk,
                .arena = arena,
                .question = question,
                .caller = caller->kind == ACTOR_IDENTITY ? graph_find_no(graph, caller->no) : NONE,
                .own_org_no = caller->org_no,
        };
        if (inquiry.caller == NONE || graph_node(graph, inquiry.caller)->kind != KIND_IDENTITY)
                return fault_set(fault, ERR_FORBIDDEN, "", "Only a machine identity may ask for decisions.");
        enum decision_reason reason;
        enum err e = find_scope(&inquiry);
        if (e)
                return fault_set(fault, e, "", "No memory to decide.");
        e = check_caller(&inquiry, fault);
        if (!e)
                e = check_same_project(&inquiry, fault);
        if (e)
                return e;
        e = judge(&inquiry, &reason);
        if (e)
                return fault_set(fault, e, "", "No memory to decide.");
        *ret = (struct answer){
                .decision = reason == REASON_GRANTED,
                .reason = reason,
                .revision = graph->revision,
                .epoch = graph->epoch,
        };
        return ERR_OK;
}
