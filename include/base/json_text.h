/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest steps over the text of a JSON document (RFC 8259), for whoever reads it without a tree. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct json_cursor {
        const char *at, *end;
};

static inline void json_skip_space(struct json_cursor *cursor)
{
        while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' || *cursor->at == '\r' || *cursor->at == '\t'))
                cursor->at++;
}

static inline bool json_take(struct json_cursor *cursor, char byte)
{
        if (cursor->at == cursor->end || *cursor->at != byte)
                return false;
        cursor->at++;
        return true;
}

static inline bool json_take_word(struct json_cursor *cursor, const char *word)
{
        size_t length = strlen(word);
        if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
                return false;
        cursor->at += length;
        return true;
}

/* Over the bytes of a string that stand for themselves, up to a quote, a backslash, a control character or the end. Returns all their bits:
 * below 0x80 they are ASCII, else somebody has to look whether they are UTF-8. */
static inline unsigned char json_skip_plain(struct json_cursor *cursor)
{
        unsigned char all = 0;
        while (cursor->at < cursor->end && *cursor->at != '"' && *cursor->at != '\\' && (unsigned char)*cursor->at >= 0x20)
                all |= (unsigned char)*cursor->at++;
        return all;
}

#endif
