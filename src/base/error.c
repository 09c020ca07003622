/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of errors made from ERROR_TABLE, and the one function that fills a fault. A fault is always valid UTF-8 without
 * controls, whatever the arguments held, so that every renderer may copy it. */
#include "base/error.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

static const struct error_row rows[] = {
#define X(code, http, scim, slug, exit) [code] = { #code, http, scim, slug, exit },
        ERROR_TABLE(X)
#undef X
};
static_assert(sizeof(rows) / sizeof(rows[0]) == ERR_COUNT_OF_CODES, "one row per code");
#define X(code, http, scim, slug, exit) \
        static_assert((http) >= 200 && (http) <= 599 && sizeof(slug) > 1, #code " needs a status and a slug");
ERROR_TABLE(X)
#undef X

const struct error_row *error_row(enum err code)
{
        return (unsigned)code < ERR_COUNT_OF_CODES ? &rows[code] : &rows[ERR_INTERNAL];
}

enum err error_from_slug(const char *slug)
{
        for (unsigned i = 0; slug && i < ERR_COUNT_OF_CODES; i++)
                if (strcmp(rows[i].slug, slug) == 0)
                        return (enum err)i;
        return ERR_INTERNAL;
}

/* Copies what fits; controls and bytes that are not UTF-8 become '?', a character cut by the limit is left out. */
static void copy_utf8(char *ret, size_t size, const char *from, size_t length, bool is_cut)
{
        size_t out = 0;
        for (size_t at = 0; at < length;) {
                ucs4_t character;
                int step = u8_mbtoucr(&character, (const uint8_t *)from + at, length - at);
                if (step == -2 && is_cut)
                        break;
                size_t width = step > 0 ? (size_t)step : 1;
                if (out + width >= size)
                        break;
                bool is_kept = step > 0 && !text_is_control(character);
                if (is_kept)
                        memcpy(ret + out, from + at, width);
                else
                        ret[out] = '?';
                out += is_kept ? width : 1;
                at += width;
        }
        ret[out] = '\0';
}

void fault_fill(struct fault *fault, enum err code, const char *field, const char *format, ...)
{
        if (!fault)
                return;
        /* Formatted aside first: an argument may be the text of the very fault that is filled. */
        char message[sizeof(fault->message)];
        char name[sizeof(fault->field)];
        va_list arguments;
        va_start(arguments, format);
        int wanted = vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        if (wanted < 0)
                message[0] = '\0';
        size_t length = field ? strnlen(field, sizeof(name)) : 0;
        copy_utf8(name, sizeof(name), field ? field : "", length, length == sizeof(name));

        fault->code = code;
        fault->retry_after_s = 0;
        memcpy(fault->field, name, sizeof(name));
        copy_utf8(fault->message, sizeof(fault->message), message, strlen(message), wanted >= (int)sizeof(message));
}
