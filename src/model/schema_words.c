/* SPDX-License-Identifier: Apache-2.0
 *
 * What is refused here is refused to declarations only: what nobody can read back would stand in the ledger all the same, and a promise of
 * uniqueness beyond one root cannot be kept. */
#include "schema_words.h"

static const char hidden[] = "what is stored here can be read back; leave the attribute out";

const struct schema_word type_words[] = {
        { "string", ATTRIBUTE_TEXT, NULL },
        { "boolean", ATTRIBUTE_BOOLEAN, NULL },
        { "integer", ATTRIBUTE_INTEGER, NULL },
        { "decimal", ATTRIBUTE_DECIMAL, NULL },
        { "dateTime", ATTRIBUTE_TIME, NULL },
        { "binary", ATTRIBUTE_BINARY, NULL },
        { "reference", ATTRIBUTE_REFERENCE, NULL },
        { "complex", ATTRIBUTE_COMPLEX, NULL },
        { NULL, 0, NULL },
};
const struct schema_word mutability_words[] = {
        { "readOnly", READ_ONLY, NULL },
        { "immutable", IMMUTABLE, NULL },
        { "writeOnly", WRITE_ONLY, hidden },
        { "readWrite", 0, NULL },
        { NULL, 0, NULL },
};
const struct schema_word returned_words[] = {
        { "always", RETURNED_ALWAYS, NULL },
        { "request", RETURNED_REQUEST, NULL },
        { "never", RETURNED_NEVER, hidden },
        { "default", 0, NULL },
        { NULL, 0, NULL },
};
const struct schema_word uniqueness_words[] = {
        { "server", UNIQUE, NULL },
        { "global", 0, "values can be unique among the resources of this organization only; say \"server\"" },
        { "none", 0, NULL },
        { NULL, 0, NULL },
};

const char *schema_word_of_type(enum attribute_type type)
{
        for (const struct schema_word *word = type_words; word->word; word++)
                if (word->bits == (unsigned)type)
                        return word->word;
        return NULL;
}

const char *schema_word_of_flags(const struct schema_word *words, unsigned flags)
{
        for (const struct schema_word *word = words; word->word; word++)
                if (word->bits ? (flags & word->bits) != 0 : !word->refusal)
                        return word->word;
        return NULL;
}
