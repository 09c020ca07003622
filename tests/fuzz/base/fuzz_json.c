/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever json_parse accepts has canonical bytes that parse to the same value and are their own canonical form; what it refuses has a
 * fault in UTF-8. The memory ceiling is low and varies, so that refusals for memory are met at every place. Without one, jansson's own
 * reader says the same of every document, but for depth and NUL. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void compare(const char *text, size_t length, const json_t *ours, const struct fault *fault)
{
        json_t *theirs = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        bool is_known = !ours && (strstr(fault->message, "nested deeper") || memchr(text, 0, length)); /* jansson takes both */
        if (!is_known && (!ours != !theirs || (ours && !json_equal(ours, theirs))))
                abort();
        json_decref(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
        static bool is_installed;
        if (!is_installed)
                json_memory_install();
        is_installed = true;
        json_memory_limit(length > 0 && bytes[0] == ' ' ? 1 + length * 8 : 0);
        struct fault fault = { 0 };
        json_t *value = NULL, *again = NULL;
        enum err e = json_parse((const char *)bytes, length, &value, &fault);
        if (e != ERR_TOO_LARGE) {
                json_memory_limit(0);
                compare((const char *)bytes, length, value, &fault);
        }
        if (e) {
                if (value || fault.code != e || !text_is_utf8(fault.message, strlen(fault.message)))
                        abort();
                return 0;
        }
        struct buffer first = { 0 }, second = { 0 };
        json_memory_limit(length * 4);
        if (json_canonical(value, &first, NULL) && first.length > 0)
                abort();
        buffer_clear(&first);
        json_memory_limit(0);
        if (json_canonical(value, &first, NULL) || json_parse(first.data, first.length, &again, NULL) || !json_equal(value, again))
                abort();
        if (json_canonical(again, &second, NULL) || strcmp(first.data, second.data) != 0)
                abort();
        json_decref(value);
        json_decref(again);
        buffer_done(&first);
        buffer_done(&second);
        return 0;
}
