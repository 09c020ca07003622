/* SPDX-License-Identifier: Apache-2.0
 *
 * The write path: one job on the write queue per change. The writer locks the root's row, lets due notices ride along, checks that the
 * actor still lives, runs the verb, and appends the ledger entry with the difference; after COMMIT the effects go to the graph. */
#include <assert.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "directory/scim_log.h"
#include "http/metrics.h"
#include "model/declaration.h"
#include "work.h"

enum err work_memory(struct work *work)
{
        return fault_set(work->fault, ERR_MEMORY, "", "out of memory");
}

int64_t work_next_no(struct work *work)
{
        return work->root->next_no++;
}

#define EFFECTS_MAX 20000 /* they stand in the request's arena, and once more in a graph that loads */

enum err work_effect(struct work *work, const struct effect *effect)
{
        work->reload = work->reload || work->effect_count == EFFECTS_MAX;
        if (work->reload)
                return ERR_OK;
        struct effect *effects = arena_grow(work->arena, work->effects, work->effect_count, sizeof(*effects));
        if (!effects)
                return work_memory(work);
        work->effects = effects;
        work->effects[work->effect_count++] = *effect;
        return ERR_OK;
}

enum err work_effect_resource(struct work *work, const struct resource_row *row)
{
        if (kind_is_declared(row->kind)) /* it confers nothing: the graph does not know it */
                return ERR_OK;
        struct effect effect = {
                .kind = EFFECT_RESOURCE,
                .no = row->no,
                .other_no = row->org_no,
                .resource_kind = row->kind,
                .active = row->active,
                .text = arena_strdup(work->arena, row->id),
                .name = row->name,
        };
        if (!effect.text)
                return work_memory(work);
        return work_effect(work, &effect);
}

enum err work_body_document(struct work *work, const struct resource_row *row)
{
        const struct resource_type *type = work->change->type;
        if (kind_is_declared(row->kind)) /* their kind says nothing outside of this root, nor after it is declared anew */
                work->body = arena_printf(work->arena, "{\"document\":%s,\"id\":\"%s\",\"type\":\"%s\"}", row->doc, row->id, type->name);
        else
                work->body = arena_printf(work->arena, "{\"document\":%s,\"id\":\"%s\"}", row->doc, row->id);
        return work->body ? ERR_OK : work_memory(work);
}

/* Takes the reference. */
static enum err canonical(struct work *work, json_t *body, const struct json_written *more, struct buffer *into)
{
        json_auto_t *held = body;
        if (!held)
                return work_memory(work);
        if (kind_is_declared(work->change->type->kind) && json_object_set_new(held, "type", json_string(work->change->type->name)))
                return work_memory(work);
        return more ? json_canonical_with(held, more, into, work->fault) : json_canonical(held, into, work->fault);
}

static enum err canonical_kept(struct work *work, json_t *body, const struct json_written *more, const char **ret)
{
        auto_buffer text = { 0 };
        enum err e = canonical(work, body, more, &text);
        const char *kept = e ? NULL : arena_text(work->arena, text.data, text.length);
        if (e || !kept)
                return e ? e : work_memory(work);
        *ret = kept;
        return ERR_OK;
}

enum err work_body_json(struct work *work, json_t *body)
{
        return canonical_kept(work, body, NULL, &work->body);
}

enum err work_body_json_with(struct work *work, json_t *body, const struct json_written *more)
{
        return canonical_kept(work, body, more, &work->body);
}

enum err work_alert(struct work *work, enum ledger_event event, json_t *body)
{
        const char *text = NULL;
        enum err e = canonical_kept(work, body, NULL, &text);
        struct alert **end = &work->alerts, *alert = e ? NULL : arena_zero(work->arena, 1, sizeof(*alert));
        if (e || !alert)
                return e ? e : work_memory(work);
        *alert = (struct alert){ .event = event, .body = text };
        while (*end)
                end = &(*end)->next;
        *end = alert;
        return ERR_OK;
}

enum err work_entry_with(
        struct work *work, enum ledger_event event, const struct resource_row *row, json_t *body, const struct json_written *more)
{
        struct ledger_entry entry = { .event = event, .actor = work->actor, .object_kind = row->kind, .object_no = row->no };
        int64_t seq, at_us;
        auto_buffer text = { 0 }; /* of the heap: there can be many, and each is written here and now */
        enum err e = canonical(work, body, more, &text);
        entry.body = text.data;
        ident_random(entry.change_id, sizeof(entry.change_id));
        if (!e)
                e = ledger_append(work->session, work->root_no, &entry, &seq, &at_us, work->fault);
        if (e)
                return e;
        work->version = seq + 1;
        work->entries++;
        return ERR_OK;
}

enum err work_entry(struct work *work, enum ledger_event event, const struct resource_row *row, json_t *body)
{
        return work_entry_with(work, event, row, body, NULL);
}

enum err work_touch(struct work *work, int64_t no)
{
        return session_run(work->session, ST_RESOURCE_TOUCH, NULL, work->fault, V_I64(work->root_no), V_I64(no), V_I64(work->version),
                V_I64(work->at_us));
}

enum err version_check(const char *if_match, int64_t version, struct fault *fault)
{
        if (!if_match)
                return ERR_OK;
        char wanted[24];
        (void)snprintf(wanted, sizeof(wanted), "\"%lld\"", (long long)version);
        for (const char *at = if_match; *at;) {
                at += strspn(at, " \t,");
                if (*at == '*')
                        return ERR_OK;
                if (strncmp(at, "W/", 2) == 0)
                        at += 2;
                size_t length = strcspn(at, ", \t");
                if (length == strlen(wanted) && strncmp(at, wanted, length) == 0)
                        return ERR_OK;
                at += length;
        }
        return fault_set(fault, ERR_VERSION, "If-Match", "the resource has changed: it is at W/%s now; read it again", wanted);
}

/* ---- the job ---- */

enum { BY_CONNECTION = 1, BY_OTHERS = 2, OF_DECLARED = 4 };

/* What a verb is for each kind of resource, and who has it; NULL: no such verb. OF_DECLARED: declared types have what groups have. */
/* clang-format off */
static const struct verb {
        unsigned who;
        enum err (*user)(struct work *work), (*group)(struct work *work), (*thing)(struct work *work);
} verbs[CHANGE_VERB_COUNT] = {
        [CHANGE_CREATE]         = { BY_CONNECTION | BY_OTHERS | OF_DECLARED, person_create,  person_create,  thing_create },
        [CHANGE_REPLACE]        = { BY_CONNECTION | OF_DECLARED,             person_replace, person_replace, NULL },
        [CHANGE_PATCH]          = { BY_CONNECTION | OF_DECLARED,             person_patch,   person_patch,   NULL },
        [CHANGE_MERGE]          = { BY_OTHERS,                 person_merge,   person_merge,   thing_merge },
        [CHANGE_DELETE]         = { BY_CONNECTION | BY_OTHERS | OF_DECLARED, person_delete,  person_delete,  thing_delete },
        [CHANGE_RESTORE]        = { BY_OTHERS,                 bin_restore,    bin_restore,    NULL },
        [CHANGE_PURGE]          = { BY_OTHERS,                 bin_purge,      bin_purge,      NULL },
        [CHANGE_MEMBERS_ADD]    = { BY_OTHERS,                 NULL,           members_add,    NULL },
        [CHANGE_MEMBERS_REMOVE] = { BY_OTHERS,                 NULL,           members_remove, NULL },
        [CHANGE_ROTATE]         = { BY_OTHERS,                 NULL,           NULL,           thing_rotate },
        [CHANGE_ADOPTION]       = { BY_OTHERS,                 NULL,           NULL,           adoption_approve },
        [CHANGE_GAIN_ACCESS]    = { BY_OTHERS,                 NULL,           NULL,           grant_gain_access },
        [CHANGE_CAPTURE]        = { BY_OTHERS,                 NULL,           NULL,           thing_capture },
        [CHANGE_RELEASE]        = { BY_OTHERS,                 NULL,           NULL,           threshold_release },
        [CHANGE_WORK]           = { BY_OTHERS,                 NULL,           NULL,           connection_begin },
        [CHANGE_STEP]           = { BY_OTHERS,                 NULL,           NULL,           connection_step },
        [CHANGE_VERIFY]         = { BY_OTHERS,                 NULL,           NULL,           domain_verify },
};
/* clang-format on */

/* The body was read by schemas that the root no longer has. */
static enum err check_schemas(struct work *work)
{
        if (work->change->schemas_revision == work->root->schemas_revision)
                return ERR_OK;
        (void)fault_set(work->fault, ERR_UNAVAILABLE, "", "the schemas of the organization have changed meanwhile; send it again");
        if (work->fault)
                work->fault->retry_after_s = 1;
        return ERR_UNAVAILABLE;
}

static enum err run_verb(struct work *work)
{
        const struct resource_type *type = work->change->type;
        const struct verb *verb = &verbs[work->change->verb];
        bool has_verb = !kind_is_declared(type->kind) || (verb->who & OF_DECLARED);
        bool as_group = type->kind == KIND_GROUP || kind_is_declared(type->kind);
        enum err (*run)(struct work *) = type->kind == KIND_USER ? verb->user : as_group ? verb->group : verb->thing;
        if (!run || !has_verb || !(verb->who & (work->source_no ? BY_CONNECTION : BY_OTHERS)))
                return fault_set(work->fault, ERR_METHOD, "", "%ss cannot be changed this way", type->word);
        enum err e = kind_is_claimed(type->kind) ? check_schemas(work) : ERR_OK;
        return e ? e : run(work);
}

/* R19: the entry is the connection's, and says whose doing it was. */
static enum err sign_replay(struct work *work)
{
        char number[24];
        json_auto_t *body = NULL;
        enum err e = json_parse_object(work->body, strlen(work->body), &body, work->fault);
        if (e)
                return e;
        (void)snprintf(number, sizeof(number), "%lld", (long long)work->actor->replay_of);
        if (json_object_set_new(body, "replayed_by", json_string(work->actor->replayed_by->id)) ||
                json_object_set_new(body, "replay_of", json_string(number)))
                return work_memory(work);
        return work_body_json(work, STEAL(body));
}

static enum err run_audited(struct work *work, struct change_ticket *ticket)
{
        enum err e = rights_check_actor(work);
        if (!e)
                e = run_verb(work);
        if (e || !work->changed)
                return e;
        e = break_glass_alert(work);
        if (!e && work->actor->replayed_by)
                e = sign_replay(work);
        if (e)
                return e;
        struct ledger_entry entry = {
                .event = work->event,
                .actor = work->actor,
                .object_kind = work->object_kind,
                .object_no = work->object_no,
                .body = work->body ? work->body : "{}",
        };
        memcpy(entry.change_id, ticket->change_id, CHANGE_ID_SIZE);
        int64_t seq, at_us;
        e = ledger_append(work->session, work->root_no, &entry, &seq, &at_us, work->fault);
        for (struct alert *alert = work->alerts; !e && alert; alert = alert->next) {
                entry.event = alert->event;
                entry.body = alert->body;
                e = ledger_append(work->session, work->root_no, &entry, &seq, &at_us, work->fault);
                alert->revision = seq;
        }
        ticket->alerts = work->alerts;
        if (!e)
                ticket->change->revision = seq;
        return e;
}

static void settle(struct change_ticket *ticket, bool committed)
{
        if (ticket->rides)
                notices_settle(ticket->directory->notices, ticket->change->actor->root_no, committed);
        ticket->rides = false;
}

/* The revision that it would have made is not there. */
static void tell_dry_run(const struct work *work, struct change_ticket *ticket)
{
        ticket->change->revision = ticket->revision_before;
        *ticket->change->dry_run = (struct dry_run){
                .ran = true,
                .changed = work->changed,
                .event = work->changed ? ledger_event_name(work->event) : NULL,
                .difference = work->changed && work->body ? work->body : "{}",
                .alert = ticket->alerts ? ledger_event_name(ticket->alerts->event) : NULL,
        };
}

void dry_run_put(struct buffer *into, const struct dry_run *dry_run)
{
        buffer_puts(into, dry_run->changed ? ",\"changed\":true,\"event\":\"" : ",\"changed\":false,\"event\":null");
        if (dry_run->changed)
                buffer_printf(into, "%s\"", dry_run->event);
        BUFFER_LITERAL(into, ",\"difference\":");
        buffer_puts(into, dry_run->difference);
        buffer_puts(into, dry_run->alert ? ",\"alert\":\"" : ",\"alert\":null");
        if (dry_run->alert)
                buffer_printf(into, "%s\"", dry_run->alert);
}

static enum err job_run(struct session *session, void *context, struct fault *fault)
{
        struct change_ticket *ticket = context;
        struct change *change = ticket->change;
        settle(ticket, false); /* an earlier run of this job was rolled back */
        struct work work = {
                .directory = ticket->directory,
                .change = change,
                .actor = change->actor,
                .session = session,
                .arena = change->arena,
                .fault = fault,
                .root_no = change->actor->root_no,
                .source_no = change->actor->kind == ACTOR_CONNECTION ? change->actor->no : 0,
        };
        change->changed = false;
        change->moved = 0;
        change->stays.count = 0;
        change->conflict = NULL;
        ticket->alerts = NULL;
        enum err e = session_root(session, work.root_no, &work.root, fault);
        if (e)
                return e;
        ticket->revision_before = work.root->revision;
        size_t notices = 0;
        if (!change->dry_run)
                e = notices_flush(ticket->directory->notices, session, work.root_no, &notices, fault);
        if (e)
                return e;
        ticket->rides = notices > 0;
        int64_t now_us = clock_stored_us();
        work.at_us = now_us > work.root->last_us ? now_us : work.root->last_us;
        work.version = work.root->revision + 1;
        change->revision = work.root->revision;
        change->epoch = work.root->epoch;
        e = run_audited(&work, ticket);
        schema_set_release(work.schemas);
        json_decref(work.mapped);
        if (e) {
                settle(ticket, false);
                return e;
        }
        change->changed = work.changed && !change->dry_run;
        if (change->dry_run)
                tell_dry_run(&work, ticket);
        ticket->effects = work.effects;
        ticket->effect_count = work.effect_count;
        ticket->reload = work.reload;
        ticket->entries = work.entries;
        return ERR_OK;
}

static void job_committed(void *context)
{
        struct change_ticket *ticket = context;
        if (ticket->reload)
                access_unload(ticket->directory->access, ticket->change->actor->root_no);
        else
                access_apply(ticket->directory->access, ticket->change->actor->root_no, ticket->change->revision, ticket->effects,
                        ticket->effect_count);
        settle(ticket, true);
        if (ticket->change->verb == CHANGE_CAPTURE)
                scim_log_capture(ticket->directory->scim_log, ticket->change->actor->root_no, ticket->change->after.resource.no,
                        ticket->change->capture_s);
        if (!ticket->change->changed)
                return;
        metric_add(METRIC_CHANGES, 1);
        metric_add(METRIC_LEDGER_CHANGE, 1 + (int64_t)ticket->entries);
        for (const struct alert *alert = ticket->alerts; alert; alert = alert->next)
                metric_add(METRIC_LEDGER_ALERT, 1);
}

static void job_abandoned(void *context)
{
        struct change_ticket *ticket = context;
        access_unload(ticket->directory->access, ticket->change->actor->root_no);
        settle(ticket, false);
}

static enum err job_was_committed(struct session *session, void *context, bool *ret, struct fault *fault)
{
        struct change_ticket *ticket = context;
        return ledger_has_change(session, ticket->change->actor->root_no, ticket->revision_before, ticket->change_id, ret, fault);
}

/* The token is made before the job, so that a rerun hands out the same one. */
static enum err prepare_token(struct change *change, struct fault *fault)
{
        bool makes = change->verb == CHANGE_ROTATE ||
                     (change->verb == CHANGE_CREATE && (change->type->kind == KIND_IDENTITY || change->type->kind == KIND_CONNECTION));
        if (!makes)
                return ERR_OK;
        enum token_kind kind = change->type->kind == KIND_CONNECTION ? TOKEN_SCIM : TOKEN_IDENTITY;
        return token_make(kind, change->actor->handle, &change->token, fault);
}

/* A refusal leaves a trace: counted, and written with the root's next change or within a second. */
static void note_refusal(struct directory *directory, const struct change *change, enum err e)
{
        const char *word = kind_is_declared(change->type->kind) ? "resource" : change->type->word; /* a declared one may be called "role" */
        if (e == ERR_FORBIDDEN)
                notice_count(directory->notices, change->actor->root_no, change->actor, EVENT_REFUSED, word);
        else if (e == ERR_UNAUTHENTICATED)
                notice_count(directory->notices, change->actor->root_no, change->actor, EVENT_UNAUTHENTICATED, word);
        else if (e == ERR_LAST_ADMIN && !change->dry_run)
                notice_count(directory->notices, change->actor->root_no, change->actor, EVENT_LAST_ADMIN, word);
}

static struct write_job write_of(struct change_ticket *ticket)
{
        const struct change *change = ticket->change;
        return (struct write_job){
                .root_no = change->actor->root_no,
                .alone = change->alone,
                .undo = change->dry_run != NULL,
                .deadline_us = change->deadline_us,
                .context = ticket,
                .run = job_run,
                .committed = job_committed,
                .abandoned = job_abandoned,
                .was_committed = job_was_committed,
        };
}

static void job_told(struct change_ticket *ticket, enum err e, struct fault *fault)
{
        struct directory *directory = ticket->directory;
        struct change *change = ticket->change;
        for (const struct alert *alert = e || change->dry_run ? NULL : ticket->alerts; alert; alert = alert->next)
                log_event(LOG_WARN, "alert", LOG_TEXT("alert", ledger_event_name(alert->event)), LOG_I64("root", change->actor->root_no),
                        LOG_I64("revision", alert->revision));
        if (e || change->dry_run)
                secret_done(&change->token);
        if (!e)
                return;
        settle(ticket, false);
        note_refusal(directory, change, e);
        if (e == ERR_THRESHOLD && !change->dry_run)
                threshold_hold(directory, change, fault);
        if ((e == ERR_TAKEN || change->conflict) && fault && !change->dry_run)
                conflict_count(directory, change, change->conflict ? change->conflict : fault->field);
}

static void begin(struct directory *directory, struct change *change, struct change_ticket *ret)
{
        *ret = (struct change_ticket){ .directory = directory, .change = change };
        ident_random(ret->change_id, sizeof(ret->change_id));
        ret->write = write_of(ret);
        write_queue_begin(directory->queue, &ret->write, &ret->queued);
}

static enum err await(struct change_ticket *ticket, struct fault *fault)
{
        struct directory *directory = ticket->directory;
        bool is_workers = ticket->change->actor->kind != ACTOR_SYSTEM;
        bool tells = directory->waiting && is_workers && !write_queue_is_done(&ticket->queued);
        if (tells)
                directory->waiting(true);
        enum err e = write_queue_end(&ticket->queued, fault);
        if (tells)
                directory->waiting(false);
        return e;
}

enum err directory_change_begin(struct directory *directory, struct change *change, struct change_ticket *ret, struct fault *fault)
{
        enum err e = prepare_token(change, fault);
        if (!e)
                begin(directory, change, ret);
        return e;
}

enum err directory_change_end(struct change_ticket *ticket, struct fault *fault)
{
        enum err e = await(ticket, fault);
        job_told(ticket, e, fault ? fault : &ticket->queued.fault);
        return e;
}

enum err directory_change(struct directory *directory, struct change *change, struct fault *fault)
{
        struct change_ticket ticket;
        enum err e = directory_change_begin(directory, change, &ticket, fault);
        return e ? e : directory_change_end(&ticket, fault);
}

void directory_change_all(struct directory *directory, struct change *const *changes, size_t count, enum err *ret, struct fault *ret_faults)
{
        struct change_ticket tickets[CHANGE_GROUP_MAX];
        assert(count <= CHANGE_GROUP_MAX);
        for (size_t i = 0; i < count; i++)
                begin(directory, changes[i], &tickets[i]);
        for (size_t i = 0; i < count; i++)
                ret[i] = await(&tickets[i], &ret_faults[i]);
        for (size_t i = 0; i < count; i++) /* what they share is the writer's until the last is done */
                job_told(&tickets[i], ret[i], &ret_faults[i]);
}
