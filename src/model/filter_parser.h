/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one filter parser: where it stands in the text and how much it may still build. Literals live in filter_literal.c, the
 * grammar in filter_parse.c; paths use filter_parse_bracket for what stands in their brackets. */
#ifndef MODEL_FILTER_PARSER_H
#define MODEL_FILTER_PARSER_H

#include "model/filter.h"
#include "path_name.h"

struct filter_parser {
        struct path_scope scope;
        const char *text;
        size_t length, at;
        unsigned depth; /* of brackets open, at most FILTER_DEPTH_MAX: the parser recurses once for each */
        unsigned nodes; /* built so far, at most FILTER_NODES_MAX */
        struct arena *arena;
        struct leniency *leniency;
        struct fault *fault;
};

/* ERR_FILTER with the column and what was expected there. */
enum err filter_expected(const struct filter_parser *parser, const char *what) MUST_USE;
/* The leaf that a comparison looks at; NULL: unknown, or a whole extension. */
const struct attribute *filter_leaf(const struct path *path);
/* Reads the literal of a comparison whose operator and path stand in `comparison`, and brings it into the attribute's type. May point
 * the path of a complex attribute at its `value`. */
enum err filter_literal(struct filter_parser *parser, struct filter *comparison) MUST_USE;
/* Parses from behind "[" to behind the matching "]", names being those of the elements of `element_of`. */
enum err filter_parse_bracket(struct filter_parser *parser, const struct attribute *element_of, const struct filter **ret) MUST_USE;

#endif
