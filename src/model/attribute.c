/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-up of attributes by name, the attributes common to all SCIM resources (RFC 7643 section 3.1), and the pure checks that the
 * descriptors of our own types share. Names compare ASCII case-insensitively (RFC 7643 section 2.1). */
#include "model/types.h"

#include "base/text.h"

static unsigned char lower(unsigned char c)
{
        return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool name_equal(const char *name, const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!name[i] || lower((unsigned char)name[i]) != lower((unsigned char)text[i]))
                        return false;
        return name[length] == 0;
}

const struct attribute *attribute_find(const struct attribute *attributes, const char *name, size_t length)
{
        if (!attributes)
                return NULL;
        for (const struct attribute *a = attributes; a->name; a++)
                if (name_equal(a->name, name, length))
                        return a;
        return NULL;
}

size_t attribute_names(const struct attribute *attributes, const char **ret, size_t size)
{
        size_t count = 0;

        if (size == 0)
                return 0;
        for (const struct attribute *a = attributes; a && a->name && count + 1 < size; a++)
                ret[count++] = a->name;
        ret[count] = NULL;
        return count;
}

/* clang-format off */
static const struct attribute meta_attributes[] = {
        { "resourceType", ATTRIBUTE_TEXT,      READ_ONLY | CASE_EXACT, NULL, "The name of the resource's type." },
        { "created",      ATTRIBUTE_TIME,      READ_ONLY,              NULL, "When the resource was made." },
        { "lastModified", ATTRIBUTE_TIME,      READ_ONLY,              NULL, "When the resource was last changed." },
        { "location",     ATTRIBUTE_REFERENCE, READ_ONLY | CASE_EXACT, NULL, "The URI of the resource." },
        { "version",      ATTRIBUTE_TEXT,      READ_ONLY | CASE_EXACT, NULL, "The entity tag of the resource." },
        { NULL }
};

static const struct attribute common_attributes[] = {
        { "schemas",    ATTRIBUTE_REFERENCE, MULTI | READ_ONLY | DERIVED | CASE_EXACT | RETURNED_ALWAYS, NULL,
          "The URNs of the schemas that the resource uses." },
        { "id",         ATTRIBUTE_TEXT,      COLUMN | READ_ONLY | UNIQUE | CASE_EXACT | RETURNED_ALWAYS, NULL,
          "Identifier issued by this service; never changes, never reused." },
        { "externalId", ATTRIBUTE_TEXT,      COLUMN | CASE_EXACT, NULL,
          "Identifier issued by the provisioning client.", .max_bytes = 512 },
        { "meta",       ATTRIBUTE_COMPLEX,   COLUMN | READ_ONLY | DERIVED, meta_attributes,
          "Facts about the resource itself." },
        { NULL }
};
/* clang-format on */

const struct attribute *attribute_common(void)
{
        return common_attributes;
}

enum err check_slug(const json_t *document, struct fault *fault)
{
        const char *slug = json_string_value(json_object_get(document, "slug"));

        if (slug && text_is_slug(slug))
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, "slug", "a slug is 1 to 64 lower-case letters, digits and single inner hyphens");
}

static bool is_listed(const char *const *names, const char *text)
{
        for (; *names; names++)
                if (text_equal(*names, text))
                        return true;
        return false;
}

enum err check_canonical(const struct attribute *attributes, const json_t *document, struct fault *fault)
{
        for (const struct attribute *a = attributes; a->name; a++) {
                const char *text = json_string_value(json_object_get(document, a->name));

                if (a->canonical_values && text && !is_listed(a->canonical_values, text)) {
                        const char *nearest = text_nearest(text, a->canonical_values);

                        return fault_set(fault, ERR_VALUE, a->name, "no such value; %s \"%s\"", nearest ? "did you mean" : "possible is",
                                nearest ? nearest : a->canonical_values[0]);
                }
        }
        return ERR_OK;
}
