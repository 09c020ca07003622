/* SPDX-License-Identifier: Apache-2.0
 *
 * One JSON line per event on standard error (a descriptor of choice in tests): {"at","level","event","request_id",…fields}. Every text
 * is JSON-escaped, so CR, LF, ANSI and bidi controls in names stay inert (C1 and bidi controls are written as \u escapes). Lines are
 * cut at 8 KiB. Thread safe: one write(2) a line, or for those that a thread gathers. Secrets have no log field type on purpose. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
        const char *name; /* NULL ends the list */
        enum { LOG_FIELD_TEXT, LOG_FIELD_I64, LOG_FIELD_BOOL } kind;
        const char *text; /* NULL: the field is left out */
        int64_t number;
};

#define LOG_TEXT(name, value) { (name), LOG_FIELD_TEXT, (value), 0 }
#define LOG_I64(name, value) { (name), LOG_FIELD_I64, "", (int64_t)(value) }
#define LOG_BOOL(name, value) { (name), LOG_FIELD_BOOL, "", (value) ? 1 : 0 }
/* log_event(LOG_INFO, "ready", LOG_TEXT("listen", "127.0.0.1:8080"), LOG_I64("pid", 7)); */
#define log_event(level, event, ...) log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

void log_write(enum log_level level, const char *event, const struct log_field *fields);
void log_set_level(enum log_level level);
bool log_level_parse(const char *text, enum log_level *ret); /* debug info warn error */
void log_set_fd(int fd);
/* From begin to end the lines of this thread wait for each other and go in as few write(2) as hold PIPE_BUF bytes each; a longer line goes
 * alone. None waits for whoever reads the log: while it takes nothing they are dropped, and `log-lines-lost` says how many once it does. */
void log_gather_begin(void);
void log_gather_end(void);
void log_set_request_id(const char *request_id); /* of this thread; copied (64 bytes at most); NULL clears */

#endif
