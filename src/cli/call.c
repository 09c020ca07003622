/* SPDX-License-Identifier: Apache-2.0
 *
 * The generic handler: a row's template, fields and columns make one call of the management API, or as many pages as a list has. With
 * --limit one page is shown as the server answered it; without, all pages in the same shape. */
#include "client.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "output.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define PAGE_SIZE 1000

void call_encode(struct buffer *into, const char *text)
{
        static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        for (; *text; text++) {
                if (strchr(unreserved, *text))
                        buffer_putc(into, *text);
                else
                        buffer_printf(into, "%%%02X", (unsigned char)*text);
        }
}

enum err call_path(const struct call *call, const struct invocation *invocation, struct buffer *into, struct fault *fault)
{
        for (const char *at = call->path; *at; at++) {
                if (*at != '{') {
                        buffer_putc(into, *at);
                        continue;
                }
                const char *argument = invocation_argument(invocation, (size_t)(at[1] - '0'));
                assert(argument && at[2] == '}');
                call_encode(into, argument);
                at += 2;
        }
        return buffer_check(into, fault);
}

/* `sign` -1: so long ago. */
static json_t *time_value(const char *text, int sign)
{
        char formatted[CLOCK_TEXT_SIZE];
        int64_t value;
        if (clock_parse(text, &value))
                return json_string(text);
        if (!text_parse_duration_s(text, &value) || value > 10000 * (US_PER_DAY / US_PER_S))
                return json_string(text); /* the server says what is wrong with it */
        clock_format(clock_now_us() + sign * value * US_PER_S, formatted);
        return json_string(formatted);
}

/* "a,b" as ["a","b"]; "any" takes a limit away. */
static json_t *list_value(const char *text)
{
        if (text_equal(text, "any"))
                return json_null();
        json_t *list = json_array();
        for (size_t length; list && *text; text += length + (text[length] == ',')) {
                length = strcspn(text, ",");
                if (length && json_array_append_new(list, json_stringn(text, length))) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

static json_t *option_value(const struct invocation *invocation, enum option option)
{
        const char *text = invocation->values[option];
        if (!text)
                return NULL;
        switch (option_rows[option].kind) {
        case OPTION_NUMBER:
        case OPTION_DURATION:
                return json_integer(invocation_number(invocation, option, 0));
        case OPTION_TIME:
                return time_value(text, option == OPT_SINCE ? -1 : 1);
        case OPTION_LIST:
                return list_value(text);
        case OPTION_FLAG:
                return json_true();
        default:
                return json_string(text);
        }
}

static json_t *argument_list(const struct invocation *invocation, size_t first)
{
        json_t *list = json_array();
        for (size_t i = first; list && i <= invocation->argument_count; i++)
                if (json_array_append_new(list, json_string(invocation_argument(invocation, i)))) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

/* A new reference; NULL when the source is not given. */
static json_t *field_value(const struct field *field, const struct invocation *invocation)
{
        const char *argument = invocation_argument(invocation, (size_t)field->number);
        bool is_on = field->number < 0 || (field->number < OPTION_COUNT && invocation->values[field->number]);
        switch (field->source) {
        case SOURCE_ARGUMENT:
                return argument ? json_string(argument) : NULL;
        case SOURCE_ARGUMENTS:
                return argument_list(invocation, (size_t)field->number);
        case SOURCE_OPTION:
                return option_value(invocation, (enum option)field->number);
        case SOURCE_TRUE:
                return is_on ? json_true() : NULL;
        case SOURCE_FALSE:
                return is_on ? json_false() : NULL;
        case SOURCE_WORD:
                return json_string(field->word);
        case SOURCE_NONE:
                break;
        }
        return NULL;
}

/* The member `name` of an object, made when it is not there: an object, or the only element of a list. Borrowed; NULL: out of memory. */
static json_t *descend(json_t *object, const char *name, bool is_list)
{
        json_t *member = json_object_get(object, name);
        if (!member) {
                member = is_list ? json_pack("[{}]") : json_object();
                if (!member || json_object_set_new(object, name, member))
                        return NULL;
        }
        return is_list ? json_array_get(member, 0) : member;
}

static bool put_field(json_t *object, const char *key, json_t *value)
{
        char name[64];
        const char *dot;
        while (object && (dot = strchr(key, '.'))) {
                size_t length = (size_t)(dot - key);
                bool is_list = length > 2 && key[length - 1] == ']';
                length -= is_list ? 2 : 0;
                assert(length < sizeof(name));
                memcpy(name, key, length);
                name[length] = '\0';
                object = descend(object, name, is_list);
                key = dot + 1;
        }
        if (object && json_object_get(object, key)) {
                json_decref(value);
                return true;
        }
        if (!object)
                json_decref(value);
        return object && json_object_set_new(object, key, value) == 0;
}

enum err call_body(const struct field *fields, const struct invocation *invocation, json_t **ret, struct fault *fault)
{
        json_auto_t *body = fields ? json_object() : NULL;
        for (const struct field *field = fields; field && field->key; field++) {
                json_t *value = field_value(field, invocation);
                if (value && !put_field(body, field->key, value))
                        return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        }
        if (fields && !body)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        *ret = STEAL(body);
        return ERR_OK;
}

void call_put_query(struct buffer *into, const char *key, const char *value)
{
        buffer_putc(into, into->data && strchr(into->data, '?') ? '&' : '?');
        buffer_puts(into, key);
        buffer_putc(into, '=');
        call_encode(into, value);
}

enum err call_queries(struct buffer *into, const struct field *fields, const struct invocation *invocation, struct fault *fault)
{
        for (const struct field *field = fields; field && field->key; field++) {
                json_auto_t *value = field_value(field, invocation);
                auto_buffer text = { 0 };
                if (!value)
                        continue;
                if (json_is_string(value))
                        call_put_query(into, field->key, json_string_value(value));
                else if (json_compact(value, &text, fault) == ERR_OK)
                        call_put_query(into, field->key, text.data);
        }
        return buffer_check(into, fault);
}

enum err call_show(struct cli *cli, const struct invocation *invocation, const json_t *json, const struct buffer *text, struct fault *fault)
{
        if (!invocation->values[OPT_JSON])
                return output_object(cli->out, json, fault);
        if (text)
                output_json_text(cli->out, text->data, text->length);
        else
                output_json(cli->out, json);
        return ERR_OK;
}

/* Only the members named in `keep`, in its order. */
static enum err show_kept(struct cli *cli, const struct invocation *invocation, const json_t *json, struct fault *fault)
{
        json_auto_t *kept = json_object();
        char name[64];
        for (const char *at = invocation->command->call.keep; *at && kept;) {
                size_t length = strcspn(at, " ");
                (void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
                json_t *member = json_object_get(json, name);
                if (!member)
                        return fault_set(fault, ERR_INTERNAL, name, "The answer of the server lacks \"%s\".", name);
                if (json_object_set(kept, name, member))
                        return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
                at += length + (at[length] == ' ');
        }
        if (!kept)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        return call_show(cli, invocation, kept, NULL, fault);
}

/* ---- lists ---- */

struct listing {
        struct cli *cli;
        const struct invocation *invocation;
        struct table table;
        bool is_json;
        size_t shown;
};

static enum err show_page(struct listing *listing, const json_t *items, struct fault *fault)
{
        FILE *out = listing->cli->out;
        const json_t *item;
        size_t index;
        if (!json_is_array(items))
                return fault_set(fault, ERR_INTERNAL, "items", "The answer of the server lacks \"items\".");
        if (!listing->is_json && (json_array_size(items) > 0 || listing->shown > 0)) {
                listing->shown += json_array_size(items);
                return table_print(&listing->table, out, items, fault);
        }
        json_array_foreach (items, index, item) {
                auto_buffer text = { 0 };
                enum err e = json_compact(item, &text, fault);
                if (e)
                        return e;
                (void)fputs(listing->shown++ ? ",\n" : "\n", out);
                output_json_line(out, text.data, text.length);
        }
        return ERR_OK;
}

/* The rest of what the pages of a list have in common: "next_cursor" is empty at the end, "total" stands where the server counts. */
static void end_json(struct listing *listing, const json_t *page)
{
        const json_t *total = json_object_get(page, "total");
        (void)fprintf(listing->cli->out, "%s],\"next_cursor\":\"\"", listing->shown ? "\n" : "");
        if (json_is_integer(total))
                (void)fprintf(listing->cli->out, ",\"total\":%" JSON_INTEGER_FORMAT, json_integer_value(total));
        (void)fputs("}\n", listing->cli->out);
}

static enum err read_page(
        struct client *client, const struct buffer *path, int64_t limit, const char *cursor, struct answer *ret, struct fault *fault)
{
        auto_buffer paged = { 0 };
        char number[24];
        (void)snprintf(number, sizeof(number), "%" PRId64, limit);
        buffer_put(&paged, path->data, path->length);
        call_put_query(&paged, "limit", number);
        if (cursor && *cursor)
                call_put_query(&paged, "cursor", cursor);
        enum err e = buffer_check(&paged, fault);
        return e ? e : client_call(client, "GET", paged.data, NULL, ret, fault);
}

static enum err one_page(struct listing *listing, struct client *client, const struct buffer *path, struct fault *fault)
{
        const struct invocation *invocation = listing->invocation;
        auto_answer page = { 0 };
        enum err e =
                read_page(client, path, invocation_number(invocation, OPT_LIMIT, PAGE_SIZE), invocation->values[OPT_CURSOR], &page, fault);
        if (e)
                return e;
        if (listing->is_json) {
                output_json_text(listing->cli->out, page.text.data, page.text.length);
                return ERR_OK;
        }
        e = show_page(listing, json_object_get(page.json, "items"), fault);
        const char *next = json_string_value(json_object_get(page.json, "next_cursor"));
        if (!e && next && *next) {
                (void)fputs("more: --cursor ", listing->cli->err);
                output_text(listing->cli->err, next);
                (void)fputc('\n', listing->cli->err);
        }
        return e;
}

static enum err all_pages(struct listing *listing, struct client *client, const struct buffer *path, struct fault *fault)
{
        auto_free_ char *cursor = NULL;
        for (bool is_first = true;; is_first = false) {
                auto_answer page = { 0 };
                enum err e = read_page(client, path, PAGE_SIZE, cursor, &page, fault);
                if (e)
                        return e;
                if (is_first && listing->is_json)
                        (void)fputs("{\"items\":[", listing->cli->out);
                e = show_page(listing, json_object_get(page.json, "items"), fault);
                if (e)
                        return e;
                const char *next = json_string_value(json_object_get(page.json, "next_cursor"));
                if (!next || !*next) {
                        if (listing->is_json)
                                end_json(listing, page.json);
                        return ERR_OK;
                }
                if (text_equal(next, cursor))
                        return fault_set(fault, ERR_INTERNAL, NULL, "The server answered the same page twice.");
                free(cursor);
                cursor = strdup(next);
                if (!cursor)
                        return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        }
}

static enum err run_list(
        struct cli *cli, const struct invocation *invocation, struct client *client, const struct buffer *path, struct fault *fault)
{
        struct listing listing = { .cli = cli,
                .invocation = invocation,
                .table.columns = invocation->command->call.columns,
                .is_json = invocation->values[OPT_JSON] };
        bool is_one = invocation->values[OPT_LIMIT] || invocation->values[OPT_CURSOR];
        enum err e = is_one ? one_page(&listing, client, path, fault) : all_pages(&listing, client, path, fault);
        if (!e && !listing.is_json && listing.shown == 0)
                (void)fputs("nothing\n", cli->err);
        return e;
}

enum err call_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        const struct call *call = &invocation->command->call;
        auto_client client = { 0 };
        auto_buffer path = { 0 };
        auto_answer answer = { 0 };
        json_auto_t *body = NULL;
        enum err e = call_path(call, invocation, &path, fault);
        if (!e)
                e = call_queries(&path, call->query, invocation, fault);
        if (invocation->values[OPT_DRY_RUN])
                call_put_query(&path, "dry_run", "true");
        if (!e)
                e = call_body(call->body, invocation, &body, fault);
        if (!e)
                e = client_open(&client, cli, invocation, fault);
        if (e)
                return e;
        if (call->columns)
                return run_list(cli, invocation, &client, &path, fault);
        e = client_call(&client, call->method, path.data, body, &answer, fault);
        if (e)
                return e;
        if (answer.json && invocation->values[OPT_DRY_RUN])
                return call_show(cli, invocation, answer.json, &answer.text, fault);
        if (call->done && !invocation->values[OPT_JSON]) {
                const char *object = invocation_argument(invocation, invocation->argument_count);
                (void)fprintf(cli->out, "%s ", call->done);
                output_text(cli->out, object ? object : "");
                (void)fputc('\n', cli->out);
                return ERR_OK;
        }
        if (!answer.json)
                return ERR_OK;
        if (call->keep)
                return show_kept(cli, invocation, answer.json, fault);
        return call_show(cli, invocation, answer.json, &answer.text, fault);
}
