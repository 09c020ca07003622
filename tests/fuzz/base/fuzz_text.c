/* SPDX-License-Identifier: Apache-2.0
 *
 * The small parsers of base on any bytes: nothing is read outside (the copy is exact), folding is idempotent, times read back, faults
 * and JSON strings are always valid. */
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ident.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_fold(const char *text, size_t length)
{
        struct arena *arena = arena_new(16 << 20);
        char *once = text_fold(arena, text, length);
        must((once != NULL) == text_is_utf8(text, length));
        if (once) {
                char *twice = text_fold(arena, once, strlen(once));
                must(twice && strcmp(once, twice) == 0);
                struct buffer buffer = { 0 };
                buffer_put_json(&buffer, text, length);
                json_t *value = json_loadb(buffer.data, buffer.length, JSON_DECODE_ANY, NULL);
                must(value && json_string_length(value) == length && memcmp(json_string_value(value), text, length) == 0);
                json_decref(value);
                buffer_done(&buffer);
        }
        arena_free(arena);
}

static void check_parsers(const char *text)
{
        static const char *const names[] = { "listen", "workers", "url", NULL };
        char shown[CLOCK_TEXT_SIZE], handle[HANDLE_SIZE];
        int64_t number, again;
        enum token_kind kind;
        struct fault fault;
        if (clock_parse(text, &number) && number >= -62167219200000000 && number < 253402300800000000) {
                clock_format(number, shown);
                must(clock_parse(shown, &again) && again <= number && number - again < US_PER_MS);
        }
        if (text_parse_duration_s(text, &number))
                must(number >= 0);
        (void)text_parse_i64(text, INT64_MIN, INT64_MAX, &number);
        (void)text_is_slug(text);
        (void)text_nearest(text, names);
        (void)ident_is_uuid(text, strlen(text));
        (void)ident_is_handle(text);
        (void)token_parse(text, strlen(text), &kind, handle);
        (void)fault_set(&fault, ERR_VALUE, text, "%s", text);
        must(text_is_utf8(fault.message, strlen(fault.message)) && text_is_utf8(fault.field, strlen(fault.field)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
        char *exact = malloc(length ? length : 1), *decoded = malloc(length ? length : 1), *text = strndup((const char *)bytes, length);
        if (length > 0)
                memcpy(exact, bytes, length);
        size_t decoded_length;
        if (text_percent_decode(exact, length, true, decoded, &decoded_length))
                must(decoded_length <= length && text_is_utf8(decoded, decoded_length));
        (void)text_unhex(exact, length, (unsigned char *)decoded);
        check_fold(exact, length);
        check_parsers(text);
        free(exact);
        free(decoded);
        free(text);
        return 0;
}
