/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /access/v1/evaluation (OpenID AuthZEN 1.0) and its metadata. Runs on the loop, from memory; a worker takes over only where it could
 * block: the root is not loaded, or context.at_least is ahead of this node. Every false has one body (R20), and whatever keeps us from
 * judging is 503, never true. */
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/auto.h"
#include "base/clock.h"
#include "call.h"
#include "decision.h"
#include "http/metrics.h"
#include "question.h"

#define POLL_MS 2

static bool is_json(const char *content_type)
{
        static const char json[] = JSON_TYPE;
        if (!content_type || strncasecmp(content_type, json, sizeof(json) - 1) != 0)
                return false;
        const char *rest = content_type + sizeof(json) - 1;
        rest += strspn(rest, " \t");
        return !*rest || *rest == ';';
}

/* ---- judging ---- */

/* One question until it is answered: `later` means that a worker must ask again. */
struct inquiry {
        struct request *request;
        struct asked asked;
        struct answer answer;
        int64_t wanted; /* revision, once the epoch is known */
        bool later;
};

static enum err load(struct inquiry *inquiry, struct fault *fault)
{
        struct request *request = inquiry->request;
        if (!request->worker) {
                inquiry->later = true;
                return ERR_OK;
        }
        return access_load(api_directory()->access, request->slot, request->worker, request->actor.root_no, request->deadline_us, fault);
}

static enum err decide(struct inquiry *inquiry, bool *ret_done, struct fault *fault)
{
        struct request *request = inquiry->request;
        enum access_found found = ACCESS_FOUND;
        inquiry->asked.question.at_us = clock_now_us();
        enum err e = access_decide(
                api_directory()->access, request->slot, &request->actor, &inquiry->asked.question, &inquiry->answer, &found, fault);
        *ret_done = false;
        if (found == ACCESS_NOT_LOADED)
                return load(inquiry, fault);
        if (!e && inquiry->asked.at_least)
                e = revision_parse(inquiry->asked.at_least, request->actor.handle, inquiry->answer.epoch, &inquiry->wanted, fault);
        if (e)
                return e;
        *ret_done = inquiry->answer.revision >= inquiry->wanted;
        if (!*ret_done)
                inquiry->later = !request->worker;
        return ERR_OK;
}

static enum err decide_in_time(struct inquiry *inquiry, struct fault *fault)
{
        for (;;) {
                bool done;
                enum err e = decide(inquiry, &done, fault);
                if (e || done || inquiry->later)
                        return e;
                if (clock_steady_us() >= inquiry->request->deadline_us)
                        return fault_set(
                                fault, ERR_DEADLINE, "context.at_least", "this node has not reached that revision in time; try again");
                const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
                (void)nanosleep(&pause, NULL);
        }
}

/* ---- answering ---- */

static char *put_number(char *at, int64_t number)
{
        char digits[20];
        size_t count = 0;
        uint64_t rest = (uint64_t)number;
        do {
                digits[count++] = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest);
        while (count)
                *at++ = digits[--count];
        return at;
}

/* The same text as revision_format, at a tenth of its price: this runs once a decision. */
void decision_revision(const char *handle, int64_t epoch, int64_t revision, char ret[REVISION_TEXT_SIZE])
{
        char *at = stpcpy(ret, handle);
        *at++ = '.';
        at = put_number(at, epoch);
        *at++ = '.';
        *put_number(at, revision) = '\0';
}

static void answer(struct inquiry *inquiry)
{
        struct request *request = inquiry->request;
        struct buffer *body = &request->reply.body;
        char revision[REVISION_TEXT_SIZE];
        decision_revision(request->actor.handle, inquiry->answer.epoch, inquiry->answer.revision, revision);
        if (inquiry->answer.decision)
                BUFFER_LITERAL(body, "{\"decision\":true,\"context\":{\"revision\":\"");
        else
                BUFFER_LITERAL(body, "{\"decision\":false,\"context\":{\"revision\":\"");
        buffer_puts(body, revision);
        BUFFER_LITERAL(body, "\"}}");
        reply_header(request, "Muster-Revision", revision);
        metric_add(inquiry->answer.decision ? METRIC_DECISION_TRUE : METRIC_DECISION_FALSE, 1);
        reply_json(request, 200, JSON_TYPE);
}

/* What is the caller's fault stays so; everything else is "not now". */
static void refuse(struct request *request, enum err e, struct fault *fault)
{
        if (e == ERR_FORBIDDEN)
                notice_count(api_directory()->notices, request->actor.root_no, &request->actor, EVENT_REFUSED, "decisions");
        if (error_row(e)->http_status >= 500) {
                metric_add(METRIC_DECISION_ERROR, 1);
                if (error_row(e)->http_status != 503)
                        e = fault_set(fault, ERR_UNAVAILABLE, "", "this cannot be judged now; try again");
                fault->retry_after_s = fault->retry_after_s ? fault->retry_after_s : 1;
        }
        reply_fault(request, e, fault);
}

enum handled decision_evaluate(struct request *request)
{
        struct inquiry inquiry = { .request = request };
        struct fault fault = { 0 };
        json_auto_t *body = NULL;
        enum err e = ERR_OK;
        if (!is_json(request->headers[HEADER_CONTENT_TYPE]))
                e = fault_set(&fault, ERR_SYNTAX, "Content-Type", "Content-Type must be application/json");
        if (!e)
                e = request_check_charset(request, &fault);
        if (!e && !request->body_length)
                e = fault_set(&fault, ERR_SYNTAX, "", "the body is empty; an object with subject, action and resource is expected");
        if (!e)
                e = json_parse_object(request->body, request->body_length, &body, &fault);
        if (e == ERR_TOO_LARGE || e == ERR_MEDIA_TYPE) /* 64 KiB of JSON that would need 64 MiB; AuthZEN has no 415 */
                e = ERR_SYNTAX;
        if (!e)
                e = question_parse(body, &inquiry.asked, &fault);
        if (!e)
                e = decide_in_time(&inquiry, &fault);
        if (e)
                refuse(request, e, &fault);
        else if (inquiry.later)
                return HANDLED_BY_WORKER;
        else
                answer(&inquiry);
        return HANDLED;
}

enum handled decision_metadata(struct request *request)
{
        struct buffer *body = &request->reply.body;
        const char *url = api_directory()->public_url;
        BUFFER_LITERAL(body, "{\"policy_decision_point\":");
        buffer_put_json(body, url, strlen(url));
        BUFFER_LITERAL(body, ",\"access_evaluation_endpoint\":\"");
        buffer_puts(body, url);
        BUFFER_LITERAL(body, "/access/v1/evaluation\"}");
        reply_json(request, 200, JSON_TYPE);
        return HANDLED;
}
