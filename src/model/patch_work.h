/* SPDX-License-Identifier: Apache-2.0
 *
 * One PATCH under way. The working document is ours at its top level and in its extension objects; every value below is shared with the
 * document before and never changed in place: an operation makes the attribute's new value from the old one and stores it. That keeps a
 * PATCH atomic without a deep copy. */
#ifndef MODEL_PATCH_WORK_H
#define MODEL_PATCH_WORK_H

#include "filter_judge.h"
#include "model/patch.h"

/* Values compared or judged in one message, each some 60 ns. A list has at most MULTI_VALUES_MAX elements, so only hostile messages come
 * near. */
#define PATCH_EFFORT_MAX 4000000u

enum patch_verb { PATCH_ADD = 1, PATCH_REMOVE, PATCH_REPLACE };

/* One operation, or one key of an operation without path. */
struct patch_step {
        enum patch_verb verb;
        bool is_pathless;
        struct path path;
        const json_t *value; /* NULL: none was given, which is not null */
};

struct patch_work {
        struct accept accept;       /* ACCEPT_REPLACE: whole values */
        struct accept accept_merge; /* ACCEPT_MERGE: values of single complex attributes, null kept */
        struct patch_lists lists;
        json_t *document;
        struct edge_operation *edges;
        size_t edge_count, edge_capacity;
        unsigned effort;
        const char *member; /* of the operation, that a fault is about; "": the operation itself; NULL: its path or value */
        struct judgement judgement; /* its arena is the PATCH's own scratch: emptied after every element, made at first use */
        struct fault *fault;
};

enum err patch_out_of_memory(const struct patch_work *work) MUST_USE;
/* An attribute no schema names: dropped, or refused (strict). */
enum err patch_unknown(const struct patch_work *work) MUST_USE;
/* Counts `effort` of comparisons to come; ERR_TOO_LARGE at the limit. */
enum err patch_spend(struct patch_work *work, size_t effort) MUST_USE;
/* What looking at all text in a value costs: folding other text than ASCII is dear. */
size_t patch_cost(const json_t *value);
/* How many parts of a filter look at an element. */
size_t patch_filter_cost(const struct filter *filter);

/* The PATCH's scratch memory, emptied: what was in it is gone. */
enum err patch_scratch(struct patch_work *work, struct arena **ret) MUST_USE;
/* Is this element selected by the filter? */
enum err patch_judge(struct patch_work *work, const struct filter *filter, const json_t *element, bool *ret_selected) MUST_USE;

/* Applies a step whose path names an attribute that the type has. */
enum err patch_attribute(struct patch_work *work, const struct patch_step *step) MUST_USE;

/* The following make a new value, or NULL for "unassigned", from the old one (NULL: unassigned). */

/* Sets, merges or removes path.sub in a copy of one complex value; `old` may be NULL. */
enum err patch_sub(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret) MUST_USE;
enum err patch_list(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret) MUST_USE;
/* Create-on-absent (Entra): the object that the eq conjunction in brackets describes; ERR_NO_TARGET when it is no such thing, or strict. */
enum err patch_element_from_filter(
        struct patch_work *work, const struct attribute *attribute, const struct filter *filter, json_t **ret) MUST_USE;

/* An EDGES attribute: nothing is applied, the operation is noted. */
enum err patch_edges(struct patch_work *work, const struct patch_step *step) MUST_USE;

#endif
