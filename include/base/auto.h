/* SPDX-License-Identifier: Apache-2.0
 *
 * Cleanup attribute helpers: a local declared with auto_x is released when it leaves scope; `steal` takes it out. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Defines auto_free_NAME(TYPE **) that calls RELEASE on a non-NULL local. */
#define AUTO_DEFINE(type, release)                          \
        static inline void auto_##release(type *held)       \
        {                                                   \
                if (*held)                                  \
                        release(*held);                     \
        }
#define AUTO(release) __attribute__((cleanup(auto_##release)))

/* Hands the pointer out and leaves NULL behind. */
#define STEAL(pointer)                               \
        ({                                           \
                __typeof__(pointer) stolen = (pointer); \
                (pointer) = NULL;                    \
                stolen;                              \
        })

static inline void auto_free(void *held)
{
        free(*(void **)held);
}
static inline void auto_fclose(FILE **held)
{
        if (*held)
                (void)fclose(*held);
}
static inline void auto_close(int *held)
{
        if (*held >= 0)
                (void)close(*held);
}
#define auto_free_ __attribute__((cleanup(auto_free)))
#define auto_fclose_ __attribute__((cleanup(auto_fclose)))
#define auto_close_ __attribute__((cleanup(auto_close)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
