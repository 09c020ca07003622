/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of the leniencies, and the one place that allows and records them. Absent record or strict profile: refuse. */
#include "model/leniency.h"

#include <stddef.h>

static const char *const names[] = {
#define X(code, name, what) [code] = (name),
        LENIENCIES(X)
#undef X
};
_Static_assert(LENIENCY_COUNT <= 32, "leniency.used is 32 bits wide");

bool leniency_use(struct leniency *leniency, enum leniency_code code)
{
        if (!leniency || leniency->strict)
                return false;
        leniency->used |= UINT32_C(1) << code;
        return true;
}

bool leniency_is_strict(const struct leniency *leniency)
{
        return leniency && leniency->strict;
}

const char *leniency_name(enum leniency_code code)
{
        return (unsigned)code < LENIENCY_COUNT ? names[code] : NULL;
}
