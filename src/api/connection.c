/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of all that a connection gave: its end with keep or remove, and what that would touch (R4); undoing what it took
 * away (R16). Long work is answered with 202 and
 * goes on by itself; /work says how far it is. */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "call.h"
#include "directory/connection.h"
#include "view.h"

static void put_job(const struct call *call, const char *id, enum connection_verb verb, const struct connection_job *job)
{
        static const char *const words[CONNECTION_VERB_COUNT] = { NULL, "keep", "remove", "replace", "undo", "map" };
        struct buffer *body = &call->request->reply.body;
        buffer_printf(body, "{\"id\":\"%s\"", id);
        view_text(body, "verb", words[verb]);
        buffer_puts(body, job->connection_no ? ",\"done\":false" : ",\"done\":true");
        view_number(body, "users", job->users);
        view_number(body, "groups", job->groups);
        view_number(body, "edges", job->edges);
        buffer_putc(body, '}');
}

enum err connection_work_answer(const struct call *call, struct fault *fault)
{
        struct connection_job job;
        char id[UUID_TEXT_SIZE];
        const char *ref = NULL;
        enum err e = call_ref(call, &ref, fault);
        if (!e)
                e = query_connection_work(&call->query, ref, &job, id, fault);
        if (e)
                return e;
        put_job(call, id, job.verb, &job);
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

static enum err work(const struct call *call, struct change *change, struct fault *fault)
{
        int64_t until_us = clock_steady_us() + WORK_BUDGET_US;
        enum err e = call_ref(call, &change->ref, fault);
        if (!e)
                e = connection_work(api_directory(), change, until_us, fault);
        if (e)
                return e;
        put_job(call, change->after.resource.id, change->wish.verb, &change->job);
        call_revision(call, change);
        reply_json(call->request, change->job.connection_no ? 202 : 200, JSON_TYPE);
        return ERR_OK;
}

/* ---- the end (R4) ---- */

static enum err preview_end(const struct call *call, enum connection_verb verb, struct fault *fault)
{
        struct buffer *body = &call->request->reply.body;
        struct connection_preview preview;
        const char *ref = NULL;
        enum err e = call_ref(call, &ref, fault);
        if (!e)
                e = connection_preview_end(&call->query, ref, &preview, fault);
        if (e)
                return e;
        bool removes = verb == CONNECTION_REMOVE;
        buffer_printf(body, "{\"id\":\"%s\",\"verb\":\"%s\",\"preview\":true", preview.id, removes ? "remove" : "keep");
        view_number(body, "users", preview.users);
        view_number(body, "users_into_bin", removes ? preview.users_alone : 0);
        view_number(body, "groups", preview.groups);
        view_number(body, "groups_into_bin", removes ? preview.groups_alone : 0);
        view_number(body, "edges", preview.edges);
        view_number(body, "grants", preview.grants);
        view_number(body, "suspensions", preview.vetoes);
        if (removes && preview.confirm >= 0)
                view_number(body, "confirm", preview.confirm);
        buffer_putc(body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err connection_delete_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_DELETE);
        bool keep = false, remove = false, preview = false;
        enum err e = call_flag(call, "keep", &keep, fault);
        if (!e)
                e = call_flag(call, "remove", &remove, fault);
        if (!e)
                e = call_flag(call, "preview", &preview, fault);
        if (!e && !request_query_i64(call->request, "confirm", 0, INT64_MAX, -1, &change.wish.confirm))
                e = fault_set(fault, ERR_VALUE, "confirm", "confirm is the number of users that the preview names");
        if (!e && keep && remove)
                e = fault_set(fault, ERR_VALUE, "keep", "keep and remove exclude each other");
        if (e)
                return e;
        change.wish.verb = keep ? CONNECTION_KEEP : remove ? CONNECTION_REMOVE : CONNECTION_NOTHING;
        return preview && change.wish.verb ? preview_end(call, change.wish.verb, fault) : work(call, &change, fault);
}

/* ---- undo (R16) ---- */

static enum err preview_undo(const struct call *call, int64_t since_us, struct fault *fault)
{
        struct buffer *body = &call->request->reply.body;
        struct connection_undo_preview preview;
        const char *ref = NULL;
        enum err e = call_ref(call, &ref, fault);
        if (!e)
                e = connection_preview_undo(&call->query, ref, since_us, &preview, fault);
        if (e)
                return e;
        buffer_printf(body, "{\"id\":\"%s\",\"verb\":\"undo\",\"dry_run\":true", preview.id);
        view_time(body, "since", since_us);
        view_number(body, "entries", preview.entries);
        view_number(body, "users", preview.users);
        view_number(body, "groups", preview.groups);
        buffer_putc(body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err connection_undo_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_WORK);
        const char *since = NULL;
        json_auto_t *body = NULL;
        enum err e = call_take_only(call, "since", &body, fault);
        if (!e)
                e = json_take_text(body, "since", true, &since, fault);
        if (!e && !clock_parse(since, &change.wish.since_us))
                e = fault_set(fault, ERR_VALUE, "since", "since is an instant in the past, as 2026-11-21T05:06:07Z");
        if (e)
                return e;
        change.wish.verb = CONNECTION_UNDO;
        return call->request->dry_run ? preview_undo(call, change.wish.since_us, fault) : work(call, &change, fault);
}

/* ---- replace (R4) ---- */

static enum err take_replace(json_t *body, struct connection_wish *wish, struct fault *fault)
{
        const char *join = NULL;
        enum err e = call_check_keys(body, "by join confirm", fault);
        if (!e)
                e = json_take_text(body, "by", true, &wish->other, fault);
        if (!e)
                e = json_take_text(body, "join", true, &join, fault);
        if (!e)
                e = json_take_i64(body, "confirm", false, -1, &wish->confirm, fault);
        if (e)
                return e;
        wish->join_by = strcmp(join, "externalId") == 0 ? JOIN_EXTERNAL_ID : strcmp(join, "userName") == 0 ? JOIN_NAME : JOIN_NONE;
        return wish->join_by ? ERR_OK : fault_set(fault, ERR_VALUE, "join", "join is externalId or userName");
}

static void put_fits(struct buffer *body, const char *name, const struct connection_fits *fits)
{
        buffer_printf(body, ",\"%s\":{\"matched\":%lld", name, (long long)fits->matched);
        view_number(body, "unmatched", fits->unmatched);
        if (fits->unmatched_there >= 0)
                view_number(body, "unmatched_there", fits->unmatched_there);
        view_number(body, "ambiguous", fits->ambiguous);
        if (fits->left)
                view_number(body, "left", fits->left);
        buffer_putc(body, '}');
}

static enum err show_replace(const struct call *call, const struct connection_replace_preview *preview)
{
        struct buffer *body = &call->request->reply.body;
        buffer_printf(body, "{\"id\":\"%s\",\"verb\":\"replace\",\"by\":\"%s\",\"dry_run\":true", preview->id, preview->other_id);
        put_fits(body, "users", &preview->users);
        put_fits(body, "groups", &preview->groups);
        if (preview->declares)
                put_fits(body, "resources", &preview->resources);
        view_number(body, "confirm", preview->confirm);
        buffer_putc(body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err connection_replace_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_WORK);
        struct connection_replace_preview preview = { 0 };
        json_auto_t *body = NULL;
        enum err e = call_take_body(call, &body, fault);
        if (!e)
                e = take_replace(body, &change.wish, fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = connection_preview_replace(&call->query, change.ref, &change.wish, &preview, fault);
        if (e)
                return e;
        if (call->request->dry_run)
                return show_replace(call, &preview);
        if (change.wish.confirm != preview.confirm)
                return fault_set(fault, ERR_CONFLICT, "confirm",
                        "%lld of the users%s %s now; look at the dry run, then say so with confirm=%lld", (long long)preview.confirm,
                        preview.declares ? ", groups and other resources" : " and groups",
                        preview.is_cut ? "are claimed, too many to compare in one request," : "match", (long long)preview.confirm);
        change.wish.verb = CONNECTION_REPLACE;
        return work(call, &change, fault);
}

/* ---- mapping rules (R18) ---- */

enum err connection_map_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_WORK);
        enum err e = call_check_empty(call, fault);
        change.wish.verb = CONNECTION_MAP;
        return e ? e : work(call, &change, fault);
}
