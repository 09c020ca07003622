/* SPDX-License-Identifier: Apache-2.0
 *
 * The request target (RFC 9112 section 3.2): origin-form or absolute-form, decoded once. Anything that two readers could understand
 * differently is refused: encoded slashes, backslashes, NUL, dot segments, empty segments, control characters, bytes outside UTF-8. */
#include "http/gate.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HINT_BYTES 32 /* longer than every prefix of a face */

static char nothing[1];

/* The refusal leaves in the form of the face that was called (every SCIM answer is SCIM): its path stays when it was sound, else as much
 * of its beginning as nobody could read in two ways. Only the face is found by it. */
static void refuse(struct target *target, enum err code, const char *why)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/";
        target->refusal = code;
        target->why = why;
        target->query = nothing;
        if (target->path)
                return;
        target->path = nothing;
        if (!target->raw || target->raw[0] != '/')
                return;
        size_t length = strnlen(target->raw, HINT_BYTES);
        char *hint = target->inline_bytes;
        memcpy(hint, target->raw, length);
        hint[length] = '\0';
        hint[strspn(hint, plain)] = '\0';
        target->path = hint;
}

/* Raw bytes: printable ASCII without space, '#' and '\', or above 0x7f (UTF-8 is checked after decoding). */
static bool raw_is_clean(const char *raw, size_t length, bool *ret_plain)
{
        bool plain = true;
        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)raw[i];
                if (byte <= ' ' || byte == 0x7f || byte == '#' || byte == '\\')
                        return false;
                if (byte == '%' || byte > 0x7f)
                        plain = false;
        }
        *ret_plain = plain;
        return true;
}

/* %2f, %5c and %00 never decode to what the route table should see. */
static bool hides_separator(const char *path, size_t length)
{
        for (size_t i = 0; i + 2 < length; i++) {
                if (path[i] != '%')
                        continue;
                char high = path[i + 1], low = (char)(path[i + 2] | 0x20);
                if ((high == '2' && low == 'f') || (high == '5' && low == 'c') || (high == '0' && path[i + 2] == '0'))
                        return true;
        }
        return false;
}

static bool segments_are_plain(const char *path)
{
        for (const char *at = path; *at; at++) {
                if ((unsigned char)*at < ' ' || *at == 0x7f)
                        return false;
                if (*at != '/')
                        continue;
                size_t length = strcspn(at + 1, "/");
                if ((length == 0 && at[1] == '/') || (length == 1 && at[1] == '.') || (length == 2 && at[1] == '.' && at[2] == '.'))
                        return false;
        }
        return true;
}

static void parse_query(struct target *target, const char *query, size_t length, char *into)
{
        char decoded[TARGET_MAX_BYTES + 1];
        size_t decoded_length;
        bool plain;
        if (!raw_is_clean(query, length, &plain) || (!plain && !text_percent_decode(query, length, true, decoded, &decoded_length))) {
                refuse(target, ERR_SYNTAX, "The query string is malformed.");
                return;
        }
        memcpy(into, query, length);
        into[length] = '\0';
        target->query = into;
}

static void parse_path(struct target *target, const char *raw, size_t length, char *into)
{
        size_t path_length = strcspn(raw, "?");
        if (path_length > length)
                path_length = length;
        size_t decoded_length = path_length;
        bool plain;
        if (!raw_is_clean(raw, path_length, &plain) || (!plain && hides_separator(raw, path_length))) {
                refuse(target, ERR_SYNTAX, "The path holds a character that is not allowed.");
                return;
        }
        if (plain)
                memcpy(into, raw, path_length);
        else if (!text_percent_decode(raw, path_length, false, into, &decoded_length)) {
                refuse(target, ERR_SYNTAX, "The path is not valid percent-encoded UTF-8.");
                return;
        }
        into[decoded_length] = '\0';
        if (!segments_are_plain(into)) {
                refuse(target, ERR_SYNTAX, "The path holds an empty or dot segment or a control character.");
                return;
        }
        target->path = into;
        char *query = into + decoded_length + 1;
        if (path_length < length)
                parse_query(target, raw + path_length + 1, length - path_length - 1, query);
        else {
                query[0] = '\0';
                target->query = query;
        }
}

void target_parse(struct target *target, const char *raw)
{
        target->raw = raw;
        target->raw_length = raw ? strnlen(raw, TARGET_MAX_BYTES + 1) : 0;
        target->refusal = ERR_OK;
        target->why = NULL;
        target->authority = target->path = NULL;
        size_t length = target->raw_length;
        if (length > TARGET_MAX_BYTES) {
                target->raw_length = strlen(raw);
                refuse(target, ERR_URI_TOO_LONG, "The request target is longer than 8 KiB.");
                return;
        }
        char *into = target->inline_bytes;
        if (length + 3 > sizeof(target->inline_bytes)) {
                into = target->heap = malloc(length + 3);
                if (!into) {
                        refuse(target, ERR_MEMORY, "Out of memory.");
                        return;
                }
        }
        if (length > 0 && raw[0] == '/') {
                parse_path(target, raw, length, into);
                return;
        }
        size_t scheme = length > 7 && strncasecmp(raw, "http://", 7) == 0 ? 7 : length > 8 && strncasecmp(raw, "https://", 8) == 0 ? 8 : 0;
        if (scheme == 0) {
                refuse(target, ERR_SYNTAX, "The request target must be a path.");
                return;
        }
        size_t authority = strcspn(raw + scheme, "/?");
        memcpy(into, raw + scheme, authority);
        into[authority] = '\0';
        if (!gate_is_authority(into) || raw[scheme + authority] != '/') {
                refuse(target, ERR_SYNTAX, "The request target is malformed.");
                return;
        }
        target->authority = into;
        parse_path(target, raw + scheme + authority, length - scheme - authority, into + authority + 1);
}

void target_done(struct target *target)
{
        free(target->heap);
        target->heap = NULL;
}
