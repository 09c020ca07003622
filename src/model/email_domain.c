/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names and addresses. Anything unusual has no domain: what is not understood is not verified. */
#include "model/email_domain.h"

#include <string.h>
#include "base/text.h"

#define LABEL_MAX_BYTES 63

static bool is_label_character(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* What is wrong with it; NULL: nothing. */
static const char *label_fault(const char *label, size_t length)
{
        if (!length)
                return "it has an empty label; write it without a dot at its ends";
        if (length > LABEL_MAX_BYTES)
                return "one of its labels is longer than 63 bytes";
        if (label[0] == '-' || label[length - 1] == '-')
                return "no label begins or ends with a hyphen";
        for (size_t i = 0; i < length; i++) {
                if ((unsigned char)label[i] >= 0x80)
                        return "an international name is written in its ASCII form, xn--...";
                if (!is_label_character(label[i]))
                        return "its labels are of letters, digits and hyphens";
        }
        return NULL;
}

static const char *name_fault(const char *name)
{
        const char *at = name, *dot = strchr(name, '.'), *wrong = NULL;
        if (!dot && !label_fault(name, strlen(name)))
                return "it has only one label; write example.com";
        for (; dot && !wrong; at = dot + 1, dot = strchr(at, '.'))
                wrong = label_fault(at, (size_t)(dot - at));
        if (wrong)
                return wrong;
        wrong = label_fault(at, strlen(at));
        return wrong || strspn(at, "0123456789") != strlen(at) ? wrong : "an address of the network is no domain";
}

enum err domain_name_parse(const char *text, size_t length, const char *field, char ret[DOMAIN_NAME_SIZE], struct fault *fault)
{
        char name[DOMAIN_NAME_SIZE];
        if (!text || length >= sizeof(name))
                return fault_set(fault, ERR_VALUE, field, "a domain is expected, of at most %d bytes", DOMAIN_NAME_SIZE - 1);
        for (size_t i = 0; i < length; i++)
                name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        name[length] = '\0';
        const char *wrong = strlen(name) == length ? name_fault(name) : "it holds a NUL";
        if (wrong)
                return fault_set(fault, ERR_VALUE, field, "\"%.80s\" is no domain: %s", name, wrong);
        memcpy(ret, name, length + 1);
        return ERR_OK;
}

const char *email_domain_of(const char *folded)
{
        const char *at = strchr(folded, '@');
        char name[DOMAIN_NAME_SIZE];
        struct fault ignored = { 0 };
        if (!at || at == folded || strchr(at + 1, '@') || strpbrk(folded, " \t\r\n\"\\<>()[],;:"))
                return NULL;
        for (const char *byte = folded; *byte; byte++)
                if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
                        return NULL;
        enum err e = domain_name_parse(at + 1, strlen(at + 1), "", name, &ignored);
        return e || strcmp(name, at + 1) != 0 ? NULL : at + 1;
}

static enum err fold(const json_t *value, struct arena *arena, const char **ret, struct fault *fault)
{
        *ret = NULL;
        if (!json_is_string(value))
                return ERR_OK;
        *ret = text_fold(arena, json_string_value(value), json_string_length(value));
        return *ret ? ERR_OK : fault_set(fault, ERR_MEMORY, "", "out of memory");
}

enum err email_primary(const json_t *document, struct arena *arena, const char **ret, struct fault *fault)
{
        const json_t *emails = json_object_get(document, "emails"), *email, *primary = NULL;
        size_t i;
        json_array_foreach ((json_t *)emails, i, email) {
                if (json_is_true(json_object_get(email, "primary")))
                        primary = email;
        }
        if (!primary && json_array_size(emails) == 1)
                primary = json_array_get(emails, 0);
        return fold(json_object_get(primary, "value"), arena, ret, fault);
}

enum err email_is_held(const json_t *document, const char *folded, struct arena *arena, bool *ret, struct fault *fault)
{
        const json_t *emails = json_object_get(document, "emails"), *email;
        bool found = false;
        size_t i;
        json_array_foreach ((json_t *)emails, i, email) {
                const char *value;
                enum err e = fold(json_object_get(email, "value"), arena, &value, fault);
                if (e)
                        return e;
                found = found || (value && strcmp(value, folded) == 0);
        }
        *ret = found;
        return ERR_OK;
}
