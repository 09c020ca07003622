/* SPDX-License-Identifier: Apache-2.0
 *
 * The ceiling (R8): judged when a group is tied to what it confers, by a grant, by nesting, by a way out of the bin. Whoever comes in from
 * a connection below the tie, now or later, must be allowed to hold it; so a member that is pushed is never refused. What is disabled, or
 * begins later, counts: nobody judges again when it wakes. */
#include "work.h"

#include <string.h>
#include "base/clock.h"
#include "model/ceiling.h"

/* ---- what a group confers ---- */

/* All of it: what is not read cannot be judged. A longer life of a grant is judged when it is given. */
enum err ceiling_conferred(struct work *work, int64_t principal_no, struct permission_set *ret)
{
        struct permission_set set = { 0 };
        auto_result result = { 0 };
        bool more = true;
        enum err e = session_query(work->session, ST_HELD_ANYWHERE, &result, work->fault, V_I64(work->root_no), V_I64(principal_no),
                V_I64(false), V_I64(0), V_I64(INT64_MAX), V_I64(INT64_MAX), V_I64(work->at_us));
        while (!e && more) {
                e = result_next(&result, &more, work->fault);
                if (!e && more)
                        rights_add(&set, result_i64(&result, 0), result_text(&result, 1, NULL), (enum resource_kind)result_i64(&result, 2));
        }
        if (e)
                return e;
        *ret = set;
        return ERR_OK;
}

/* ---- whose ceiling that exceeds ---- */

struct exceeded {
        struct exceeded *next;
        int64_t connection_no;
        const char *name;
        int missing; /* a permission above the ceiling */
};

struct exceeded_walk {
        struct work *work;
        const struct permission_set *wanted;
        struct exceeded *found;
        int64_t last_no;
        int count;
};

static enum err collect(void *context, const struct resource_row *row, struct fault *fault)
{
        struct exceeded_walk *walk = context;
        struct work *work = walk->work;
        json_auto_t *document = NULL;
        struct permission_set ceiling;
        int missing;
        walk->last_no = row->no;
        walk->count++;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, fault);
        if (!e)
                e = ceiling_parse(json_object_get(document, "ceiling"), &ceiling, fault);
        if (e || permission_set_contains(&ceiling, walk->wanted, &missing))
                return e;
        struct exceeded *exceeded = arena_zero(work->arena, 1, sizeof(*exceeded));
        const char *name = json_string_value(json_object_get(document, "name"));
        if (exceeded)
                exceeded->name = arena_strdup(work->arena, name ? name : "");
        if (!exceeded || !exceeded->name)
                return work_memory(work);
        exceeded->connection_no = row->no;
        exceeded->missing = missing;
        exceeded->next = walk->found;
        walk->found = exceeded;
        return ERR_OK;
}

#define PAGE 1000

static enum err find_exceeded(struct work *work, const struct permission_set *wanted, struct exceeded **ret)
{
        struct exceeded_walk walk = { .work = work, .wanted = wanted };
        enum err e;
        do {
                walk.count = 0;
                e = resource_list(work->session, work->root_no, KIND_CONNECTION, 0, walk.last_no, PAGE, collect, &walk, work->fault);
        } while (!e && walk.count == PAGE);
        if (!e)
                *ret = walk.found;
        return e;
}

/* The group, or one inside it, that this connection claims or has put a member into; 0: none. */
static enum err find_fed(struct work *work, int64_t group_no, int64_t connection_no, int64_t *ret_no)
{
        return session_query_number(
                work->session, ST_GROUP_FED_BY, ret_no, work->fault, V_I64(work->root_no), V_I64(group_no), V_I64(connection_no));
}

/* A connection is told nothing of roles and scopes (R18); who administers it finds the group among its conflicts. */
static enum err refuse(struct work *work, const char *field, const struct exceeded *exceeded, int64_t holder_no, int64_t fed_no)
{
        struct resource_row fed;
        if (work->source_no) {
                work->change->conflict = "ceiling";
                work->change->conflict_no = holder_no;
                return fault_set(work->fault, ERR_FORBIDDEN, field,
                        "this would confer more than the ceiling of this connection allows; an administrator must raise it first");
        }
        const char *missing = permission_name(exceeded->missing, NULL);
        bool known = resource_load(work->session, work->root_no, fed_no, work->arena, &fed, NULL) == ERR_OK;
        return fault_set(work->fault, ERR_FORBIDDEN, field,
                "%s is above the ceiling of the connection \"%.80s\", which fills the group \"%.80s\"; raise the ceiling, or grant less",
                missing ? missing : "this", exceeded->name, known ? fed.name : "");
}

/* A connection whose ceiling is below `wanted` and who fills the group, or is about to; *ret NULL: none. */
static enum err find_tie(struct work *work, int64_t below_no, int64_t claimant_no, const struct permission_set *wanted,
        struct exceeded **ret, int64_t *ret_fed_no)
{
        struct exceeded *exceeded = NULL;
        int64_t fed_no = 0;
        enum err e = permission_set_is_empty(wanted) ? ERR_OK : find_exceeded(work, wanted, &exceeded);
        while (!e && exceeded) {
                if (exceeded->connection_no == claimant_no)
                        fed_no = below_no;
                else
                        e = find_fed(work, below_no, exceeded->connection_no, &fed_no);
                if (e || fed_no)
                        break;
                exceeded = exceeded->next;
        }
        if (e)
                return e;
        *ret = exceeded;
        *ret_fed_no = fed_no;
        return ERR_OK;
}

static enum err judge(struct work *work, const char *field, int64_t holder_no, int64_t below_no, const struct permission_set *wanted)
{
        struct exceeded *exceeded = NULL;
        int64_t fed_no = 0;
        enum err e = find_tie(work, below_no, 0, wanted, &exceeded, &fed_no);
        return e || !exceeded ? e : refuse(work, field, exceeded, holder_no, fed_no);
}

enum err ceiling_allows(struct work *work, int64_t holder_no, int64_t below_no, int64_t claimant_no, bool *ret)
{
        struct permission_set wanted;
        struct exceeded *exceeded = NULL;
        int64_t fed_no = 0;
        enum err e = ceiling_conferred(work, holder_no, &wanted);
        if (!e)
                e = find_tie(work, below_no, claimant_no, &wanted, &exceeded, &fed_no);
        if (!e)
                *ret = !exceeded;
        return e;
}

enum err ceiling_check_grant(struct work *work, const char *field, int64_t group_no, const struct permission_set *wanted)
{
        return judge(work, field, group_no, group_no, wanted);
}

enum err ceiling_check_tie(struct work *work, const char *field, int64_t holder_no, int64_t below_no)
{
        struct permission_set wanted;
        enum err e = ceiling_conferred(work, holder_no, &wanted);
        return e ? e : judge(work, field, holder_no, below_no, &wanted);
}

enum err ceiling_check_rule(
        struct work *work, const char *field, const struct resource_row *connection, const struct permission_set *wanted)
{
        json_auto_t *document = NULL;
        struct permission_set ceiling;
        int missing = 0;
        enum err e = json_parse_object(connection->doc, connection->doc_length, &document, work->fault);
        if (!e)
                e = ceiling_parse(json_object_get(document, "ceiling"), &ceiling, work->fault);
        if (e || permission_set_contains(&ceiling, wanted, &missing))
                return e;
        const char *name = permission_name(missing, NULL), *shown = json_string_value(json_object_get(document, "name"));
        return fault_set(work->fault, ERR_FORBIDDEN, field,
                "%s is above the ceiling of the connection \"%.80s\", whose mapping rule would give it; raise the ceiling, or give less",
                name ? name : "this", shown ? shown : "");
}

/* ---- setting it ---- */

/* Who sets a ceiling is an administrator of the organisation: connections are nobody else's to change. A person's login must be fresh, too,
 * where persons have sessions; a machine identity needs the role. */
enum err ceiling_set(struct work *work, const json_t *before, const json_t *after, const struct resource_row *connection)
{
        const json_t *list = json_object_get(after, "ceiling");
        struct permission_set old = { 0 }, new;
        enum err e = before ? ceiling_parse(json_object_get(before, "ceiling"), &old, work->fault) : ERR_OK;
        if (!e)
                e = ceiling_parse(list, &new, work->fault);
        if (e)
                return e;
        permission_set_subtract(&new, &old);
        if (!permission_set_is_administrative(&new))
                return ERR_OK;
        return work_alert(work, EVENT_CEILING_RAISED, json_pack("{s:s, s:O}", "id", connection->id, "ceiling", list));
}
