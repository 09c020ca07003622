/* SPDX-License-Identifier: Apache-2.0
 *
 * Between settings.c, which reads the file, and settings_check.c, which judges what the values mean together. */
#ifndef BASE_SETTINGS_CHECK_H
#define BASE_SETTINGS_CHECK_H

#include "base/settings.h"

/* Checks and normalises (public_url without trailing slash, lower-case host). On refusal *ret_member is the address of the member that
 * is to blame, so that the reader can name file and line. */
enum err settings_check(struct settings *settings, const void **ret_member, struct fault *fault) MUST_USE;

#endif
