/* SPDX-License-Identifier: Apache-2.0
 *
 * The permission matrix: (level, subject, action), numbered from schemas/permissions.json, the one source; built-in roles as data of the
 * same file. A permission's number is only valid inside one program run; stored grants name roles by fixed negative numbers and
 * privileges by text. */
#ifndef MODEL_PERMISSION_H
#define MODEL_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum permission_level { LEVEL_ORGANIZATION = 1, LEVEL_PROJECT = 2 };

#define PERMISSIONS_MAX 640
struct permission_set {
        uint64_t words[PERMISSIONS_MAX / 64];
};

static inline bool permission_set_has(const struct permission_set *set, int permission)
{
        return permission >= 0 && permission < PERMISSIONS_MAX && ((set->words[permission / 64] >> (permission % 64)) & 1);
}
void permission_set_add(struct permission_set *set, int permission); /* -1, the permission that is not there, adds nothing */
void permission_set_unite(struct permission_set *into, const struct permission_set *from);
void permission_set_subtract(struct permission_set *from, const struct permission_set *less);
/* Does `holder` have all of `wanted`? If not, *ret_missing (may be NULL) is one that lacks. */
bool permission_set_contains(const struct permission_set *holder, const struct permission_set *wanted, int *ret_missing);
bool permission_set_is_empty(const struct permission_set *set);

/* Parses the embedded permissions.json once, thread safe; ERR_INTERNAL when that file is wrong (a unit test proves it is not). Call in main. */
enum err permission_init(struct fault *fault) MUST_USE;

/* -1: there is no such permission. */
int permission_find(enum permission_level level, const char *subject, const char *action);
/* Of "subject:action", as a privilege is written; -1: there is none. */
int permission_of_text(enum permission_level level, const char *text);
/* "subject:action", and the level; NULL for a number out of range. */
const char *permission_name(int permission, enum permission_level *ret_level);
int permission_count(void);
/* Is `subject` known at this level at all? */
bool permission_subject_exists(enum permission_level level, const char *subject);

struct builtin_role {
        int64_t no;                   /* < 0; never changes once released */
        enum permission_level level;
        const char *slug;             /* admin, member, auditor, no-access; project: admin, member, viewer, auditor, no-access */
        const char *name;
        const char *description;
        struct permission_set allow;
};
const struct builtin_role *builtin_role_find(enum permission_level level, const char *slug);
const struct builtin_role *builtin_role_by_no(int64_t no);
size_t builtin_role_list(const struct builtin_role **ret); /* static array */

#endif
