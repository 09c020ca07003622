/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters (RFC 7644 section 3.4.2.2): full grammar with value paths, and three-valued logic: an unknown attribute is UNKNOWN, only TRUE
 * matches, also under `not` and `ne` (R17; strict profile: ERR_FILTER). returned:never and writeOnly attributes are unknown, too. */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include "model/path.h"

#define FILTER_TEXT_MAX_BYTES 8192
#define FILTER_DEPTH_MAX 32
#define FILTER_NODES_MAX 256

enum filter_operator {
        FILTER_AND = 1, FILTER_OR, FILTER_NOT,
        FILTER_EQ, FILTER_NE, FILTER_CO, FILTER_SW, FILTER_EW, FILTER_GT, FILTER_GE, FILTER_LT, FILTER_LE, FILTER_PR,
        FILTER_ANY /* value path: some element of `path` satisfies `left` (whose paths are relative to the element) */
};
enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

struct filter_value {
        enum { FILTER_NULL = 1, FILTER_BOOLEAN, FILTER_NUMBER, FILTER_TEXT } kind;
        bool boolean;
        double number;
        const char *text;    /* as sent, unescaped */
        size_t text_length;
        const char *folded;  /* of text, for case-insensitive attributes */
        int64_t time_us;     /* when the attribute is ATTRIBUTE_TIME */
};

struct filter {
        enum filter_operator kind;
        const struct filter *left, *right; /* AND, OR; NOT and ANY use left */
        struct path path;                  /* comparisons and ANY; attribute NULL: unknown (with extension: all of that, PR or null);
                                            * inside ANY: sub-attribute in path.attribute */
        struct filter_value value;         /* comparisons but PR */
};

/* Parses for one type (or, with `element_of`, for the elements of that complex attribute: value paths of PATCH). In the arena. ERR_FILTER
 * says at which column what was expected. */
enum err filter_parse(const struct resource_type *type, const struct attribute *element_of, const char *text, size_t length,
        struct arena *arena, struct leniency *leniency, const struct filter **ret, struct fault *fault) MUST_USE;

/* Judges a whole resource as a client would see it: document plus id, externalId, active, meta, groups/members where the filter needs
 * them. `arena` for folding; out of memory is TRUTH_UNKNOWN. */
enum truth filter_match(const struct filter *filter, const json_t *resource, struct arena *arena);
/* One element of a multi-valued attribute (an object, or the value itself) against a filter parsed with element_of. */
enum truth filter_match_element(const struct filter *filter, const json_t *element, struct arena *arena);

/* The one comparison `attribute[.sub] eq "text"` when the filter is just that, or has it as a conjunct (also inside a value path): for the
 * index. Attributes of extensions are named "urn:…:name". NULL: none. */
const struct filter *filter_find_equal(const struct filter *filter, const char *attribute, const char *sub);
/* The first comparison `eq` with an INDEXED attribute, of whatever schema, that everything that matches must satisfy: the whole filter, or a
 * conjunct, also inside a value path. NULL: none. */
const struct filter *filter_find_indexed(const struct filter *filter);
/* The number of that attribute, and the compared value as it stands in the index, in the arena. ERR_MEMORY. */
enum err filter_index_key(const struct filter *equal, struct arena *arena, int64_t *ret_number, const char **ret) MUST_USE;
/* True when some comparison or value path names this top-level attribute (in any case): whether members or groups must be read at all. */
bool filter_names(const struct filter *filter, const char *attribute);
/* How many of them do. */
size_t filter_count_names(const struct filter *filter, const char *attribute);

#endif
