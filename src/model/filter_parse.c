/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter grammar of RFC 7644 figure 1, by recursive descent: or, and, not, group, value path, comparison. It recurses only at brackets,
 * which are counted against FILTER_DEPTH_MAX, and every node against FILTER_NODES_MAX. Attributes a client may not read back (password)
 * are unknown here, so that no filter becomes an oracle for them. */
#include "filter_parser.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/text.h"

static const struct {
        char word[3];
        enum filter_operator kind;
} operators[] = {
        { "eq", FILTER_EQ },
        { "ne", FILTER_NE },
        { "co", FILTER_CO },
        { "sw", FILTER_SW },
        { "ew", FILTER_EW },
        { "gt", FILTER_GT },
        { "ge", FILTER_GE },
        { "lt", FILTER_LT },
        { "le", FILTER_LE },
        { "pr", FILTER_PR },
};

static enum err parse_or(struct filter_parser *parser, const struct filter **ret);

enum err filter_expected(const struct filter_parser *parser, const char *what)
{
        return fault_set(parser->fault, ERR_FILTER, "filter", "Column %zu: expected %s.", parser->at + 1, what);
}

const struct attribute *filter_leaf(const struct path *path)
{
        return path->sub ? path->sub : path->attribute;
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct filter_parser *parser)
{
        while (parser->at < parser->length && is_space(parser->text[parser->at]))
                parser->at++;
}

static bool at_char(const struct filter_parser *parser, char c)
{
        return parser->at < parser->length && parser->text[parser->at] == c;
}

/* Takes "and", "or", "not" when it stands here as a word of its own. */
static bool take_word(struct filter_parser *parser, const char *word)
{
        size_t length = strlen(word);
        if (parser->length - parser->at < length || strncasecmp(parser->text + parser->at, word, length) != 0)
                return false;
        size_t end = parser->at + length;
        if (end < parser->length && !is_space(parser->text[end]) && parser->text[end] != '(')
                return false;
        parser->at = end;
        return true;
}

static enum err make(struct filter_parser *parser, struct filter node, const struct filter **ret)
{
        if (++parser->nodes > FILTER_NODES_MAX)
                return fault_set(parser->fault, ERR_FILTER, "filter", "A filter has at most %d parts.", FILTER_NODES_MAX);
        struct filter *made = arena_copy(parser->arena, &node, sizeof(node));
        if (!made)
                return fault_set(parser->fault, ERR_MEMORY, NULL, "Out of memory for the filter; try again.");
        *ret = made;
        return ERR_OK;
}

static bool is_hidden(const struct path *path)
{
        const struct attribute *leaf = filter_leaf(path);
        return leaf && (leaf->flags | path->attribute->flags) & (RETURNED_NEVER | WRITE_ONLY | IGNORED_INPUT);
}

/* May a name be UNKNOWN (R17)? Behind a name that only another type has, its elements are judged there. */
static bool may_be_unknown(struct filter_parser *parser, const char *name, size_t length)
{
        struct path there;
        if (parser->scope.element_of == &path_unknown_attribute)
                return true;
        bool is_beside = !parser->scope.element_of && path_name_is_beside(parser->leniency, name, length, &there) && !is_hidden(&there);
        return is_beside || leniency_use(parser->leniency, LENIENT_UNKNOWN_ATTRIBUTE);
}

/* A name, known or not; password and its like are as unknown as a name nobody declared. */
static enum err parse_name(struct filter_parser *parser, struct path *ret)
{
        const char *name = parser->text + parser->at;
        size_t length = path_name_scan(name, parser->length - parser->at);
        enum path_name known = path_name_resolve(&parser->scope, name, length, parser->leniency, ret);
        if (known == PATH_NAME_MALFORMED)
                return filter_expected(parser, "the name of an attribute");
        bool is_core = ret->extension && !ret->attribute && ret->extension == parser->scope.type->core;
        if (is_hidden(ret) || is_core)
                *ret = (struct path){ 0 };
        if (!ret->attribute && !ret->extension && !may_be_unknown(parser, name, length))
                return fault_set(parser->fault, ERR_FILTER, "filter", "Column %zu: there is no attribute \"%.*s\".", parser->at + 1,
                        (int)(length < 128 ? length : 128), name);
        parser->at += length;
        return ERR_OK;
}

static enum err parse_operator(struct filter_parser *parser, enum filter_operator *ret)
{
        if (!(parser->at < parser->length && is_space(parser->text[parser->at])))
                return filter_expected(parser, "a space and an operator");
        skip_space(parser);
        const char *word = parser->text + parser->at;
        size_t left = parser->length - parser->at;
        for (size_t i = 0; i < COUNT_OF(operators); i++) {
                bool is_word = left >= 2 && strncasecmp(word, operators[i].word, 2) == 0 &&
                               (left == 2 || is_space(word[2]) || word[2] == ')' || word[2] == ']');
                if (is_word) {
                        parser->at += 2;
                        *ret = operators[i].kind;
                        return ERR_OK;
                }
        }
        return filter_expected(parser, "an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr");
}

/* Behind a name: operator and literal. */
static enum err parse_comparison(struct filter_parser *parser, const struct path *path, const struct filter **ret)
{
        struct filter comparison = { .path = *path };
        enum err e = parse_operator(parser, &comparison.kind);
        if (e)
                return e;
        if (comparison.kind != FILTER_PR) {
                if (!(parser->at < parser->length && is_space(parser->text[parser->at])))
                        return filter_expected(parser, "a space and a value");
                skip_space(parser);
                e = filter_literal(parser, &comparison);
        }
        if (e)
                return e;
        if (parser->at < parser->length && !is_space(parser->text[parser->at]) && !at_char(parser, ')') && !at_char(parser, ']'))
                return filter_expected(parser, "a space, a closing bracket or the end");
        return make(parser, comparison, ret);
}

enum err filter_parse_bracket(struct filter_parser *parser, const struct attribute *element_of, const struct filter **ret)
{
        struct path_scope outer = parser->scope;
        parser->scope.element_of = element_of;
        enum err e = parse_or(parser, ret);
        parser->scope = outer;
        if (e)
                return e;
        if (!at_char(parser, ']'))
                return filter_expected(parser, "\"and\", \"or\" or \"]\"");
        parser->at++;
        return ERR_OK;
}

/* `emails[type eq "work"].value eq "x"` (Entra): the comparison holds on the same element as what is in the brackets. */
static enum err parse_tail(struct filter_parser *parser, const struct attribute *element_of, const struct filter **inside)
{
        struct path_scope outer = parser->scope;
        parser->scope.element_of = element_of;
        parser->at++;
        struct path path;
        const struct filter *tail = NULL;
        enum err e = parse_name(parser, &path);
        if (!e)
                e = parse_comparison(parser, &path, &tail);
        parser->scope = outer;
        return e ? e : make(parser, (struct filter){ .kind = FILTER_AND, .left = *inside, .right = tail }, inside);
}

/* From "[" on. */
static enum err parse_value_path(struct filter_parser *parser, const struct path *path, const struct filter **ret)
{
        bool is_unknown = !path->attribute && !path->extension;
        bool has_elements = path->attribute && !path->sub && (path->attribute->type == ATTRIBUTE_COMPLEX || path->attribute->flags & MULTI);
        if (parser->scope.element_of || !(is_unknown || has_elements))
                return filter_expected(parser, "an operator, since there are no elements to select from");
        parser->at++;
        const struct attribute *element_of = is_unknown ? &path_unknown_attribute : path->attribute;
        const struct filter *inside = NULL;
        enum err e = filter_parse_bracket(parser, element_of, &inside);
        if (!e && at_char(parser, '.'))
                e = parse_tail(parser, element_of, &inside);
        return e ? e : make(parser, (struct filter){ .kind = FILTER_ANY, .path = *path, .left = inside }, ret);
}

static enum err parse_group(struct filter_parser *parser, const struct filter **ret)
{
        parser->at++;
        enum err e = parse_or(parser, ret);
        if (e)
                return e;
        if (!at_char(parser, ')'))
                return filter_expected(parser, "\"and\", \"or\" or \")\"");
        parser->at++;
        return ERR_OK;
}

static enum err parse_term(struct filter_parser *parser, const struct filter **ret)
{
        skip_space(parser);
        if (at_char(parser, '('))
                return parse_group(parser, ret);
        if (take_word(parser, "not")) {
                skip_space(parser);
                if (!at_char(parser, '('))
                        return filter_expected(parser, "\"(\" behind not");
                const struct filter *inside = NULL;
                enum err e = parse_group(parser, &inside);
                return e ? e : make(parser, (struct filter){ .kind = FILTER_NOT, .left = inside }, ret);
        }
        struct path path;
        enum err e = parse_name(parser, &path);
        if (e)
                return e;
        if (at_char(parser, '['))
                return parse_value_path(parser, &path, ret);
        return parse_comparison(parser, &path, ret);
}

static enum err parse_and(struct filter_parser *parser, const struct filter **ret)
{
        enum err e = parse_term(parser, ret);
        while (!e) {
                skip_space(parser);
                if (!take_word(parser, "and"))
                        return ERR_OK;
                const struct filter *right = NULL;
                e = parse_term(parser, &right);
                if (!e)
                        e = make(parser, (struct filter){ .kind = FILTER_AND, .left = *ret, .right = right }, ret);
        }
        return e;
}

static enum err parse_or(struct filter_parser *parser, const struct filter **ret)
{
        if (parser->depth > FILTER_DEPTH_MAX)
                return fault_set(parser->fault, ERR_FILTER, "filter", "Column %zu: nested deeper than %d brackets.", parser->at + 1,
                        FILTER_DEPTH_MAX);
        parser->depth++;
        enum err e = parse_and(parser, ret);
        while (!e) {
                if (!take_word(parser, "or"))
                        break;
                const struct filter *right = NULL;
                e = parse_and(parser, &right);
                if (!e)
                        e = make(parser, (struct filter){ .kind = FILTER_OR, .left = *ret, .right = right }, ret);
        }
        parser->depth--;
        return e;
}

enum err filter_parse(const struct resource_type *type, const struct attribute *element_of, const char *text, size_t length,
        struct arena *arena, struct leniency *leniency, const struct filter **ret, struct fault *fault)
{
        struct filter_parser parser = {
                { type, element_of, leniency == NULL },
                text,
                length,
                .arena = arena,
                .leniency = leniency,
                .fault = fault,
        };
        if (length > FILTER_TEXT_MAX_BYTES)
                return fault_set(fault, ERR_FILTER, "filter", "A filter has at most %d bytes.", FILTER_TEXT_MAX_BYTES);
        if (!text_is_utf8(text, length))
                return fault_set(fault, ERR_FILTER, "filter", "A filter is UTF-8 text without NUL.");
        const struct filter *filter = NULL;
        enum err e = parse_or(&parser, &filter);
        if (e)
                return e;
        if (parser.at < parser.length)
                return filter_expected(&parser, "\"and\", \"or\" or the end");
        *ret = filter;
        return ERR_OK;
}
