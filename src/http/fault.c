/* SPDX-License-Identifier: Apache-2.0
 *
 * A refusal in the form of the face it leaves by: SCIM Error (RFC 7644 section 3.12), problem+json (RFC 9457), AuthZEN, plain text.
 * Messages of faults are written for callers; what only operators may know is in the log. */
#include "http/route.h"

#include "base/auto.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define TITLE_MAX 64

/* "already-taken" -> "Already taken". */
static void title_format(const struct error_row *row, char ret[TITLE_MAX])
{
        (void)snprintf(ret, TITLE_MAX, "%s", row->slug);
        for (char *at = ret; *at; at++)
                if (*at == '-')
                        *at = ' ';
        if (ret[0] >= 'a' && ret[0] <= 'z')
                ret[0] = (char)(ret[0] - 'a' + 'A');
}

struct refusal {
        const struct error_row *row;
        const char *title, *detail, *field, *request_id;
};

static void put_member(struct buffer *body, const char *name, const char *text)
{
        if (!text || !text[0])
                return;
        buffer_putc(body, ',');
        buffer_put_json(body, name, strlen(name));
        buffer_putc(body, ':');
        buffer_put_json(body, text, strlen(text));
}

#define SENTENCE_MAX (sizeof(((struct fault *)0)->field) + sizeof(((struct fault *)0)->message) + 4)

static void sentence_format(const struct refusal *refusal, char ret[SENTENCE_MAX])
{
        bool names_it = !refusal->field || !*refusal->field || strstr(refusal->detail, refusal->field);
        (void)snprintf(ret, SENTENCE_MAX, "%s%s%s", names_it ? "" : refusal->field, names_it ? "" : ": ", refusal->detail);
}

static void render_scim(struct buffer *body, const struct refusal *refusal)
{
        BUFFER_LITERAL(body, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"");
        buffer_put_i64(body, refusal->row->http_status);
        buffer_putc(body, '"');
        put_member(body, "scimType", refusal->row->scim_type);
        char detail[SENTENCE_MAX];
        sentence_format(refusal, detail);
        put_member(body, "detail", detail); /* SCIM has no member for the field */
        buffer_putc(body, '}');
}

static void render_problem(struct buffer *body, const struct refusal *refusal)
{
        BUFFER_LITERAL(body, "{\"type\":\"urn:muster:problem:");
        buffer_puts(body, refusal->row->slug);
        buffer_putc(body, '"');
        put_member(body, "title", refusal->title);
        BUFFER_LITERAL(body, ",\"status\":");
        buffer_put_i64(body, refusal->row->http_status);
        put_member(body, "detail", refusal->detail);
        put_member(body, "field", refusal->field);
        put_member(body, "request_id", refusal->request_id);
        buffer_putc(body, '}');
}

static void render_decision(struct buffer *body, const struct refusal *refusal)
{
        BUFFER_LITERAL(body, "{\"error\":{\"status\":");
        buffer_put_i64(body, refusal->row->http_status);
        put_member(body, "message", refusal->detail);
        BUFFER_LITERAL(body, "}}");
}

static void render_text(struct buffer *body, const struct refusal *refusal)
{
        buffer_puts(body, refusal->detail);
        buffer_putc(body, '\n');
}

static const struct {
        const char *content_type;
        void (*render)(struct buffer *body, const struct refusal *refusal);
} faces[] = {
        [FACE_OPERATIONS] = { "text/plain; charset=utf-8", render_text },
        [FACE_SCIM] = { "application/scim+json", render_scim },
        [FACE_API] = { "application/problem+json", render_problem },
        [FACE_DECISION] = { "application/json", render_decision },
};

static enum face face_of(const struct request *request)
{
        enum face face = request->route ? request->route->face : FACE_OPERATIONS;
        return (size_t)face < COUNT_OF(faces) && faces[face].render ? face : FACE_OPERATIONS;
}

/* What the caller may know. */
static const char *detail_of(enum err code, const struct fault *fault, const char *title)
{
        if (code == ERR_INTERNAL)
                return "An internal error; the server's log names it under this request id.";
        return fault && fault->message[0] ? fault->message : title;
}

void reply_put_fault(const struct request *request, enum err code, const struct fault *fault, struct buffer *into)
{
        char title[TITLE_MAX];
        struct refusal refusal = { .row = error_row(code), .title = title, .request_id = request->request_id };
        title_format(refusal.row, title);
        refusal.detail = detail_of(code, fault, title);
        if (fault)
                refusal.field = fault->field;
        faces[face_of(request)].render(into, &refusal);
}

const char *reply_sentence(const struct request *request, enum err code, const struct fault *fault)
{
        char title[TITLE_MAX], sentence[SENTENCE_MAX];
        title_format(error_row(code), title);
        const struct refusal refusal = { .detail = detail_of(code, fault, title), .field = fault ? fault->field : "" };
        sentence_format(&refusal, sentence);
        return arena_strdup(request->arena, sentence);
}

void reply_fault(struct request *request, enum err code, const struct fault *fault)
{
        const struct error_row *row = error_row(code);
        char title[TITLE_MAX], seconds[16];
        title_format(row, title);

        struct reply *reply = &request->reply;
        buffer_clear(&reply->body);
        reply->header_count = 0;
        reply->status = row->http_status;
        request->refused = code;
        (void)snprintf(request->refused_field, sizeof(request->refused_field), "%s", fault ? fault->field : "");
        request->refused_detail = request->arena ? arena_strdup(request->arena, detail_of(code, fault, title)) : NULL;
        reply->content_type = faces[face_of(request)].content_type;
        reply_put_fault(request, code, fault, &reply->body);
        if (reply->body.failed) {
                buffer_clear(&reply->body);
                reply->content_type = NULL;
        }
        if (reply->status == 401)
                reply_header(request, "WWW-Authenticate", "Bearer realm=\"muster\"");
        unsigned retry_after_s = fault && fault->retry_after_s ? fault->retry_after_s : reply->status == 503 ? 1 : 0;
        if (retry_after_s) {
                (void)snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
                reply_header(request, "Retry-After", seconds);
        }
        if (request->arena && (!request->log_note || reply->status >= 500))
                request->log_note = arena_strdup(request->arena, fault && fault->message[0] ? fault->message : title);
}
