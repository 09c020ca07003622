/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixture of the store's tests serves here, too. */
#include "store/fixture.c" /* NOLINT(bugprone-suspicious-include) */
