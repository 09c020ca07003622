/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging with a note of whether memory ran out: a query may pass over what it cannot judge, a PATCH must not. */
#ifndef MODEL_FILTER_JUDGE_H
#define MODEL_FILTER_JUDGE_H

#include "model/filter.h"

struct judgement {
        struct arena *arena; /* for folding */
        bool out_of_memory;  /* set, never cleared; the answer is UNKNOWN then */
};

/* A whole resource, or one element when the filter was parsed for elements. */
enum truth filter_judge(const struct filter *filter, const json_t *context, struct judgement *judgement);

#endif
