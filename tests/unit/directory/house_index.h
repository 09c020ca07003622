/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of resource_value, held against what documents and claims say. Part of house_check. */
#ifndef TESTS_DIRECTORY_HOUSE_INDEX_H
#define TESTS_DIRECTORY_HOUSE_INDEX_H

#include "directory/house.h"

void house_check_index(struct house *house);

#endif
