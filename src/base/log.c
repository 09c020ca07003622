/* SPDX-License-Identifier: Apache-2.0
 *
 * One event, one line, one write(2), or one for several that a thread gathers. The line is made on the stack: logging works when memory is
 * gone. Whatever could forge a line or steer a terminal leaves as an escape: C0, DEL, C1, line separators, bidi controls, and bytes that
 * are not UTF-8 (as \\xNN). */
#include "base/log.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistr.h>

#define LINE_BYTES 8192
#define TAIL_BYTES 24 /* room that is always left for the closing quote, CUT_MARK and the end */
#define CUT_MARK ",\"cut\":true"
#define REQUEST_ID_BYTES 64

static const char *const level_names[] = { [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error" };

static _Atomic int level_now = LOG_INFO;
static _Atomic int fd_now = STDERR_FILENO;
static _Thread_local char request_id_now[REQUEST_ID_BYTES + 1];

/* What a thread gathers; PIPE_BUF: more would mingle with the lines of others in a pipe. */
static _Thread_local struct {
        bool is_on;
        int lines, lost;
        size_t length;
        char bytes[PIPE_BUF];
} gathered;

struct line {
        size_t length;
        bool is_cut; /* once set, nothing more goes in */
        char bytes[LINE_BYTES];
};

/* A closing quote may already stand in the tail: then there is no room. */
static size_t room(const struct line *line)
{
        return line->length < LINE_BYTES - TAIL_BYTES ? LINE_BYTES - TAIL_BYTES - line->length : 0;
}

static bool put(struct line *line, const char *bytes, size_t length)
{
        if (line->is_cut || length > room(line)) {
                line->is_cut = true;
                return false;
        }
        memcpy(line->bytes + line->length, bytes, length);
        line->length += length;
        return true;
}

/* For the end of the line, where TAIL_BYTES are kept. */
static void put_tail(struct line *line, const char *text)
{
        size_t length = strlen(text);
        memcpy(line->bytes + line->length, text, length);
        line->length += length;
}

/* Writes one character or broken byte; returns how many bytes of the text it was. */
static size_t put_character(struct line *line, const char *text, size_t length)
{
        ucs4_t character;
        int step = u8_mbtoucr(&character, (const uint8_t *)text, length);
        char escape[8];
        if (step <= 0) {
                (void)put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\\\x%02x", (unsigned char)*text));
                return 1;
        }
        if (text_is_control(character))
                (void)put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)character & 0xffff));
        else if (character == '"' || character == '\\')
                (void)put(line, (char[]){ '\\', (char)character }, 2);
        else
                (void)put(line, text, (size_t)step);
        return (size_t)step;
}

static void put_text(struct line *line, const char *text)
{
        if (!put(line, "\"", 1))
                return;
        size_t length = strnlen(text, LINE_BYTES);
        for (size_t at = 0; at < length && !line->is_cut;) {
                size_t run = at;
                while (run < length && text[run] >= ' ' && text[run] < 0x7f && text[run] != '"' && text[run] != '\\')
                        run++;
                size_t plain = run - at > room(line) ? room(line) : run - at;
                (void)put(line, text + at, plain);
                line->is_cut = plain < run - at;
                at = run;
                if (at < length && !line->is_cut)
                        at += put_character(line, text + at, length - at);
        }
        put_tail(line, "\"");
}

/* `,"name":` or nothing at all. */
static bool put_name(struct line *line, const char *name)
{
        size_t needed = strlen(name) + 4;
        if (line->is_cut || needed > room(line)) {
                line->is_cut = true;
                return false;
        }
        (void)put(line, ",\"", 2);
        (void)put(line, name, needed - 4);
        return put(line, "\":", 2);
}

static void put_field(struct line *line, const struct log_field *field)
{
        char number[TEXT_I64_SIZE];
        size_t before = line->length;
        bool is_whole = true;
        if (!field->text || !put_name(line, field->name))
                return;
        if (field->kind == LOG_FIELD_TEXT && room(line) > 1)
                put_text(line, field->text);
        else if (field->kind == LOG_FIELD_I64)
                is_whole = put(line, number, text_i64(field->number, number));
        else if (field->kind == LOG_FIELD_BOOL)
                is_whole = field->number ? put(line, "true", 4) : put(line, "false", 5);
        else
                is_whole = false;
        if (!is_whole) {
                line->length = before;
                line->is_cut = true;
        }
}

/* What cannot be written has nobody to be told to. */
static void write_out(const char *bytes, size_t length)
{
        while (length) {
                ssize_t written = write(atomic_load(&fd_now), bytes, length);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written <= 0)
                        return;
                bytes += written;
                length -= (size_t)written;
        }
}

/* `lines` of a thread that gathers. Where a pipe takes anything, it takes PIPE_BUF bytes at once. */
static void write_or_lose(const char *bytes, size_t length, int lines)
{
        struct pollfd log = { .fd = atomic_load(&fd_now), .events = POLLOUT };
        if (poll(&log, 1, 0) > 0)
                write_out(bytes, length);
        else
                gathered.lost += lines;
}

static void write_gathered(void)
{
        if (gathered.length)
                write_or_lose(gathered.bytes, gathered.length, gathered.lines);
        gathered.length = 0;
        gathered.lines = 0;
}

static void write_line(const struct line *line)
{
        if (!gathered.is_on) {
                write_out(line->bytes, line->length);
                return;
        }
        if (line->length > sizeof(gathered.bytes) - gathered.length)
                write_gathered();
        if (line->length > sizeof(gathered.bytes)) {
                write_or_lose(line->bytes, line->length, 1);
                return;
        }
        memcpy(gathered.bytes + gathered.length, line->bytes, line->length);
        gathered.length += line->length;
        gathered.lines++;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
        if ((int)level < atomic_load_explicit(&level_now, memory_order_relaxed) || (unsigned)level >= COUNT_OF(level_names))
                return;
        int saved_errno = errno;
        struct line line;
        line.length = 0;
        line.is_cut = false;
        char at[CLOCK_TEXT_SIZE];
        clock_format(clock_now_us(), at);
        put_tail(&line, "{\"at\":\"");
        put_tail(&line, at);
        put_tail(&line, "\"");
        put_field(&line, &(const struct log_field)LOG_TEXT("level", level_names[level]));
        put_field(&line, &(const struct log_field)LOG_TEXT("event", event));
        put_field(&line, &(const struct log_field)LOG_TEXT("request_id", request_id_now[0] ? request_id_now : NULL));
        for (; fields && fields->name && !line.is_cut; fields++)
                put_field(&line, fields);
        if (line.is_cut)
                put_tail(&line, CUT_MARK);
        put_tail(&line, "}\n");
        write_line(&line);
        errno = saved_errno;
}

void log_gather_begin(void)
{
        gathered.is_on = true;
}

void log_gather_end(void)
{
        int saved_errno = errno, lost = gathered.lost;
        if (lost && gathered.lines) {
                gathered.lost = 0;
                log_event(LOG_WARN, "log-lines-lost", LOG_I64("count", lost));
                gathered.lines += lost - 1; /* if this one is lost, so are those it told of */
        }
        write_gathered();
        gathered.is_on = false;
        errno = saved_errno;
}

void log_set_level(enum log_level level)
{
        atomic_store(&level_now, (int)level);
}

bool log_level_parse(const char *text, enum log_level *ret)
{
        for (unsigned i = 0; i < COUNT_OF(level_names); i++) {
                if (text_equal(text, level_names[i])) {
                        *ret = (enum log_level)i;
                        return true;
                }
        }
        return false;
}

void log_set_fd(int fd)
{
        atomic_store(&fd_now, fd);
}

void log_set_request_id(const char *request_id)
{
        size_t length = request_id ? strnlen(request_id, REQUEST_ID_BYTES) : 0;
        if (length > 0)
                memcpy(request_id_now, request_id, length);
        request_id_now[length] = '\0';
}
