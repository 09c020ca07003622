/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of RFC 7643 section 7 for what a descriptor says in bits: one table for writing schema documents and for reading them. */
#ifndef MODEL_SCHEMA_WORDS_H
#define MODEL_SCHEMA_WORDS_H

#include "model/attribute.h"

struct schema_word {
        const char *word;   /* NULL ends a table */
        unsigned bits;      /* flags, or an attribute_type */
        const char *refusal; /* why no declared attribute may say this; NULL: it may */
};

extern const struct schema_word type_words[];
/* The first row whose bits an attribute has is its word; the last row has none. */
extern const struct schema_word mutability_words[];
extern const struct schema_word returned_words[];
extern const struct schema_word uniqueness_words[];

const char *schema_word_of_type(enum attribute_type type);
const char *schema_word_of_flags(const struct schema_word *words, unsigned flags);

#endif
