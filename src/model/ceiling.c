/* SPDX-License-Identifier: Apache-2.0
 *
 * Ceilings as sets of permissions: a grant is below one when the set holds all that the grant confers, whatever the roles are called. */
#include "model/ceiling.h"

#include <string.h>
#include "base/auto.h"

static const char *const default_roles[] = { "organization:member", CEILING_REGULAR };

bool permission_is_administrative(int permission)
{
        static const char *const keepers[] = { "member:", "groups:", "identity:", "role:" };
        enum permission_level level;
        const char *name = permission_name(permission, &level);
        if (!name)
                return false;
        if (level == LEVEL_ORGANIZATION) {
                static const char *const harmless[] = { "member", "auditor" };
                for (size_t i = 0; i < COUNT_OF(harmless); i++) {
                        const struct builtin_role *role = builtin_role_find(level, harmless[i]);
                        if (role && permission_set_has(&role->allow, permission))
                                return false;
                }
                return true;
        }
        for (size_t i = 0; i < COUNT_OF(keepers); i++)
                if (strncmp(name, keepers[i], strlen(keepers[i])) == 0)
                        return strcmp(name + strlen(keepers[i]), "read") != 0;
        return false;
}

bool permission_set_is_administrative(const struct permission_set *set)
{
        for (int permission = 0; permission < permission_count(); permission++)
                if (permission_set_has(set, permission) && permission_is_administrative(permission))
                        return true;
        return false;
}

static void add_regular(struct permission_set *set)
{
        for (int permission = 0; permission < permission_count(); permission++) {
                enum permission_level level;
                if (permission_name(permission, &level) && level == LEVEL_PROJECT && !permission_is_administrative(permission))
                        permission_set_add(set, permission);
        }
}

static bool add_role(const char *name, struct permission_set *set)
{
        static const struct {
                const char *prefix;
                enum permission_level level;
        } levels[] = { { "organization:", LEVEL_ORGANIZATION }, { "project:", LEVEL_PROJECT } };
        if (strcmp(name, CEILING_REGULAR) == 0) {
                add_regular(set);
                return true;
        }
        for (size_t i = 0; i < COUNT_OF(levels); i++) {
                size_t length = strlen(levels[i].prefix);
                const struct builtin_role *role =
                        strncmp(name, levels[i].prefix, length) == 0 ? builtin_role_find(levels[i].level, name + length) : NULL;
                if (!role)
                        continue;
                permission_set_unite(set, &role->allow);
                return true;
        }
        return false;
}

enum err ceiling_parse(const json_t *roles, struct permission_set *ret, struct fault *fault)
{
        struct permission_set set = { 0 };
        const json_t *role;
        size_t i;
        for (size_t d = 0; !roles && d < COUNT_OF(default_roles); d++)
                (void)add_role(default_roles[d], &set);
        json_array_foreach ((json_t *)roles, i, role) {
                const char *name = json_string_value(role);
                if (!name || !add_role(name, &set))
                        return fault_set(fault, ERR_VALUE, "ceiling",
                                "\"%.64s\" is no role: organization:member, project:viewer or another of the list of roles is expected, or "
                                "%s for all of a project but its members, groups, identities and roles",
                                name ? name : "", CEILING_REGULAR);
        }
        *ret = set;
        return ERR_OK;
}

json_t *ceiling_default(void)
{
        json_auto_t *list = json_array();
        for (size_t i = 0; list && i < COUNT_OF(default_roles); i++)
                if (json_array_append_new(list, json_string(default_roles[i])))
                        return NULL;
        return STEAL(list);
}
