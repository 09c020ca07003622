/* SPDX-License-Identifier: Apache-2.0
 *
 * Dice for stories that are the same in every run. */
#ifndef TESTS_ACCESS_ROLL_H
#define TESTS_ACCESS_ROLL_H

#include <stdint.h>

static uint64_t roll_state = 88172645463325252u; /* never 0 */

static inline unsigned roll(unsigned sides)
{
        roll_state ^= roll_state << 13;
        roll_state ^= roll_state >> 7;
        roll_state ^= roll_state << 17;
        return (unsigned)(roll_state >> 33) % sides;
}

#endif
