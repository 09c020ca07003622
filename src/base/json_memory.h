/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_MEMORY_H
#define JSON_MEMORY_H

#include "base/error.h"

/* Why an allocation of this thread failed since json_memory_begin: at the ceiling (ERR_TOO_LARGE), or for want of memory. */
void json_memory_begin(void);
enum err json_memory_fault(struct fault *fault) MUST_USE;

#endif
