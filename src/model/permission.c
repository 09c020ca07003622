/* SPDX-License-Identifier: Apache-2.0
 *
 * The permission matrix, numbered in the order of schemas/permissions.json, with a hash table for look-up by name, and the built-in roles.
 * Read once, never changed afterwards; what cannot be found is -1, and no set holds -1. */
#include "model/permission.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "model/permission_data.h"

#define ROLES_MAX 32
#define NAME_MAX_BYTES 96
#define PLACES 2048 /* power of two, above twice the names */
_Static_assert(PLACES >= 2 * PERMISSIONS_MAX, "the table must stay sparse");

struct permission {
        enum permission_level level;
        char name[NAME_MAX_BYTES]; /* subject:action */
        uint8_t subject_length;
};

/* Written by permission_init alone. */
static struct {
        pthread_once_t once;
        enum err error;
        struct fault fault;
        struct permission permissions[PERMISSIONS_MAX];
        int count;
        int16_t places[PLACES]; /* permission + 1; 0: empty */
        struct builtin_role roles[ROLES_MAX];
        size_t role_count;
        json_t *document; /* holds the texts of the roles */
} matrix = { .once = PTHREAD_ONCE_INIT };

void permission_set_add(struct permission_set *set, int permission)
{
        if (permission >= 0 && permission < PERMISSIONS_MAX)
                set->words[permission / 64] |= UINT64_C(1) << (permission % 64);
}

void permission_set_unite(struct permission_set *into, const struct permission_set *from)
{
        for (size_t i = 0; i < COUNT_OF(into->words); i++)
                into->words[i] |= from->words[i];
}

void permission_set_subtract(struct permission_set *from, const struct permission_set *less)
{
        for (size_t i = 0; i < COUNT_OF(from->words); i++)
                from->words[i] &= ~less->words[i];
}

bool permission_set_contains(const struct permission_set *holder, const struct permission_set *wanted, int *ret_missing)
{
        for (size_t i = 0; i < COUNT_OF(holder->words); i++) {
                uint64_t missing = wanted->words[i] & ~holder->words[i];

                if (missing) {
                        if (ret_missing)
                                *ret_missing = (int)(i * 64) + __builtin_ctzll(missing);
                        return false;
                }
        }
        return true;
}

bool permission_set_is_empty(const struct permission_set *set)
{
        for (size_t i = 0; i < COUNT_OF(set->words); i++)
                if (set->words[i])
                        return false;
        return true;
}

/* FNV-1a over level, subject, colon and action. */
static uint32_t hash_more(uint32_t hash, const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                hash = (hash ^ (unsigned char)text[i]) * 16777619u;
        return hash;
}

static uint32_t hash_name(enum permission_level level, const char *subject, size_t subject_length, const char *action, size_t action_length)
{
        uint32_t hash = hash_more(2166136261u ^ (uint32_t)level, subject, subject_length);

        hash = hash_more(hash, ":", 1);
        return hash_more(hash, action, action_length);
}

static bool is_named(const struct permission *permission, const char *subject, size_t subject_length, const char *action)
{
        return permission->subject_length == subject_length && memcmp(permission->name, subject, subject_length) == 0 &&
               strcmp(permission->name + subject_length + 1, action) == 0;
}

int permission_find(enum permission_level level, const char *subject, const char *action)
{
        size_t subject_length, action_length;

        if (!subject || !action)
                return -1;
        subject_length = strlen(subject);
        action_length = strlen(action);
        if (subject_length + action_length + 2 > NAME_MAX_BYTES)
                return -1;
        for (uint32_t place = hash_name(level, subject, subject_length, action, action_length);; place++) {
                int number = matrix.places[place & (PLACES - 1)] - 1;

                if (number < 0)
                        return -1;
                if (matrix.permissions[number].level == level && is_named(&matrix.permissions[number], subject, subject_length, action))
                        return number;
        }
}

int permission_of_text(enum permission_level level, const char *text)
{
        char subject[NAME_MAX_BYTES];
        const char *colon = strchr(text, ':');

        if (!colon || (size_t)(colon - text) >= sizeof(subject))
                return -1;
        memcpy(subject, text, (size_t)(colon - text));
        subject[colon - text] = 0;
        return permission_find(level, subject, colon + 1);
}

const char *permission_name(int permission, enum permission_level *ret_level)
{
        if (permission < 0 || permission >= matrix.count)
                return NULL;
        if (ret_level)
                *ret_level = matrix.permissions[permission].level;
        return matrix.permissions[permission].name;
}

int permission_count(void)
{
        return matrix.count;
}

bool permission_subject_exists(enum permission_level level, const char *subject)
{
        size_t length = subject ? strlen(subject) : 0;

        for (int i = 0; i < matrix.count; i++) {
                const struct permission *permission = &matrix.permissions[i];

                if (permission->level == level && permission->subject_length == length && length &&
                        memcmp(permission->name, subject, length) == 0)
                        return true;
        }
        return false;
}

const struct builtin_role *builtin_role_find(enum permission_level level, const char *slug)
{
        for (size_t i = 0; i < matrix.role_count; i++)
                if (matrix.roles[i].level == level && text_equal(matrix.roles[i].slug, slug))
                        return &matrix.roles[i];
        return NULL;
}

const struct builtin_role *builtin_role_by_no(int64_t no)
{
        for (size_t i = 0; i < matrix.role_count; i++)
                if (matrix.roles[i].no == no)
                        return &matrix.roles[i];
        return NULL;
}

size_t builtin_role_list(const struct builtin_role **ret)
{
        *ret = matrix.roles;
        return matrix.role_count;
}

/* From here on: reading the file. Any doubt is ERR_INTERNAL, for the file is ours. */

static enum err file_fault(const char *what, const char *where)
{
        return fault_set(&matrix.fault, ERR_INTERNAL, "permissions.json", "%s: %s", where ? where : "", what);
}

static enum err permission_load(enum permission_level level, const char *subject, const char *action)
{
        struct permission *permission = &matrix.permissions[matrix.count];
        uint32_t place;
        int length;

        if (!action || !*subject || !*action || strchr(subject, ':') || strchr(action, ':'))
                return file_fault("a subject or action is empty or holds a colon", subject);
        if (matrix.count >= PERMISSIONS_MAX)
                return file_fault("too many permissions", subject);
        if (permission_find(level, subject, action) >= 0)
                return file_fault("an action stands twice", subject);
        length = snprintf(permission->name, sizeof(permission->name), "%s:%s", subject, action);
        if (length < 0 || (size_t)length >= sizeof(permission->name))
                return file_fault("a name is too long", subject);
        permission->level = level;
        permission->subject_length = (uint8_t)strlen(subject);
        place = hash_name(level, subject, strlen(subject), action, strlen(action));
        while (matrix.places[place & (PLACES - 1)])
                place++;
        matrix.places[place & (PLACES - 1)] = (int16_t)++matrix.count;
        return ERR_OK;
}

/* Condition fields are data for later; here only their form is proved: {action or *: [field, …]}. */
static enum err conditions_check(enum permission_level level, const char *subject, const json_t *conditions)
{
        const char *action;
        json_t *fields;

        json_object_foreach ((json_t *)conditions, action, fields) {
                const json_t *field;
                size_t index;

                if (strcmp(action, "*") != 0 && permission_find(level, subject, action) < 0)
                        return file_fault("conditions name an unknown action", subject);
                if (!json_is_array(fields))
                        return file_fault("condition fields are not a list", subject);
                json_array_foreach (fields, index, field) {
                        if (!json_is_string(field))
                                return file_fault("a condition field is not text", subject);
                }
        }
        return ERR_OK;
}

static enum err level_load(enum permission_level level, const char *name)
{
        const json_t *subjects = json_object_get(json_object_get(matrix.document, "levels"), name);
        const char *subject;
        json_t *row;

        if (!json_is_object(subjects))
                return file_fault("the level is missing", name);
        json_object_foreach ((json_t *)subjects, subject, row) {
                const json_t *action;
                size_t index;
                enum err e;

                json_array_foreach (json_object_get(row, "actions"), index, action) {
                        e = permission_load(level, subject, json_string_value(action));
                        if (e)
                                return e;
                }
                if (index == 0)
                        return file_fault("no actions", subject);
                e = conditions_check(level, subject, json_object_get(row, "conditions"));
                if (e)
                        return e;
        }
        return ERR_OK;
}

/* Adds what `pattern` ("subject:action", "*:action", "subject:*", "*:*") names at the role's level; it must name something. */
static enum err pattern_load(struct builtin_role *role, const char *pattern)
{
        const char *colon = pattern ? strchr(pattern, ':') : NULL;
        size_t length = colon ? (size_t)(colon - pattern) : 0;
        bool any_subject = length == 1 && *pattern == '*', any_action, found = false;

        if (!colon)
                return file_fault("a pattern is not subject:action", role->slug);
        any_action = strcmp(colon + 1, "*") == 0;
        for (int i = 0; i < matrix.count; i++) {
                const struct permission *permission = &matrix.permissions[i];

                if (permission->level != role->level)
                        continue;
                if (!any_subject && (permission->subject_length != length || memcmp(permission->name, pattern, length) != 0))
                        continue;
                if (!any_action && strcmp(permission->name + permission->subject_length + 1, colon + 1) != 0)
                        continue;
                permission_set_add(&role->allow, i);
                found = true;
        }
        return found ? ERR_OK : file_fault("a pattern names no permission", role->slug);
}

static enum err role_load(const json_t *row)
{
        struct builtin_role role = { .no = json_integer_value(json_object_get(row, "no")),
                .slug = json_string_value(json_object_get(row, "slug")),
                .name = json_string_value(json_object_get(row, "name")),
                .description = json_string_value(json_object_get(row, "description")) };
        const char *level = json_string_value(json_object_get(row, "level"));
        const json_t *pattern;
        size_t index;

        role.level = text_equal(level, "organization") ? LEVEL_ORGANIZATION : LEVEL_PROJECT;
        if (!role.slug || !role.name || !role.description || !json_is_array(json_object_get(row, "allow")))
                return file_fault("a role is not complete", role.slug);
        if (role.level == LEVEL_PROJECT && !text_equal(level, "project"))
                return file_fault("a role has no known level", role.slug);
        if (role.no >= 0 || builtin_role_by_no(role.no) || builtin_role_find(role.level, role.slug) || matrix.role_count >= ROLES_MAX)
                return file_fault("the number of a role must be negative, number and slug unique", role.slug);
        json_array_foreach (json_object_get(row, "allow"), index, pattern) {
                enum err e = pattern_load(&role, json_string_value(pattern));
                if (e)
                        return e;
        }
        matrix.roles[matrix.role_count++] = role;
        return ERR_OK;
}

static enum err file_load(void)
{
        const json_t *role;
        size_t index;
        enum err e = json_parse_object(
                permission_data_begin, (size_t)(permission_data_end - permission_data_begin), &matrix.document, &matrix.fault);

        if (!e)
                e = level_load(LEVEL_ORGANIZATION, "organization");
        if (!e)
                e = level_load(LEVEL_PROJECT, "project");
        if (e)
                return e;
        json_array_foreach (json_object_get(matrix.document, "roles"), index, role) {
                e = role_load(role);
                if (e)
                        return e;
        }
        return matrix.role_count ? ERR_OK : file_fault("no roles", "roles");
}

static void load_once(void)
{
        matrix.error = file_load();
}

enum err permission_init(struct fault *fault)
{
        (void)pthread_once(&matrix.once, load_once);
        if (matrix.error)
                return fault_set(fault, ERR_INTERNAL, matrix.fault.field, "%s", matrix.fault.message);
        return ERR_OK;
}
