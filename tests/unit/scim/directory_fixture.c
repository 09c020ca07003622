/* SPDX-License-Identifier: Apache-2.0
 *
 * The installation of the directory's tests, and the databases of the store's, serve here, too. */
#include "directory/house.c"       /* NOLINT(bugprone-suspicious-include) */
#include "directory/house_index.c" /* NOLINT(bugprone-suspicious-include) */
#include "store/fixture.c"         /* NOLINT(bugprone-suspicious-include) */
