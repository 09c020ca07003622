/* SPDX-License-Identifier: Apache-2.0
 *
 * Thousands of rows at once, and many roots. */
#include "directory/many.h"

#define NUMBERS "WITH RECURSIVE n (no) AS (SELECT CAST(%lld AS BIGINT) UNION ALL SELECT no + 1 FROM n WHERE no < %lld) "

int64_t many_made(struct house *house, const struct actor *maker, const char *id, enum resource_kind kind, int count)
{
        const long long first = house_number(house, "SELECT next_no FROM root WHERE root_no = 1"), no = house_no(house, id);
        const char *const name = kind == KIND_USER ? "userName" : "displayName";
        house_script(house,
                NUMBERS "INSERT INTO resource (root_no, no, id, org_no, kind, name_folded, source_no, active, version, created_us, "
                        "modified_us, deleted_us, doc) SELECT 1, n.no, '00000000-0000-4000-8000-' || CAST(100000000000 + n.no AS TEXT), "
                        "r.org_no, r.kind, 'many-' || CAST(n.no AS TEXT), r.source_no, 1, r.version, r.created_us, r.modified_us, 0, "
                        "'{\"%s\":\"many-' || CAST(n.no AS TEXT) || '\"}' FROM n CROSS JOIN resource r WHERE r.root_no = 1 AND r.no = %lld",
                first, first + count - 1, name, no);
        house_script(house,
                NUMBERS "INSERT INTO claim (root_no, connection_no, kind, no, external_id, claimed_active, modified_us, doc) SELECT 1, "
                        "c.connection_no, c.kind, n.no, '', c.claimed_active, c.modified_us, '' FROM n CROSS JOIN claim c WHERE "
                        "c.root_no = 1 AND c.no = %lld",
                first, first + count - 1, no);
        house_script(house, "UPDATE root SET next_no = next_no + %d WHERE root_no = 1", count);
        house_script(house, "UPDATE resource_count SET live = live + %d WHERE root_no = 1 AND kind = %d AND connection_no IN (-1, %lld)",
                count, (int)kind, (long long)maker->no);
        return first;
}

const char *many_id(struct house *house, int64_t no)
{
        return arena_printf(house->arena, "00000000-0000-4000-8000-%lld", 100000000000 + (long long)no);
}

void many_tied(struct house *house, int64_t source_no, int64_t first, int count, const char *group, const char *member)
{
        house_script(house,
                NUMBERS
                "INSERT INTO member (root_no, container_no, member_no, source_no, rule_no, created_us) SELECT 1, %s, %s, %lld, 0, 1 "
                "FROM n",
                (long long)first, (long long)first + count - 1, group, member, (long long)source_no);
}

void many_granted(struct house *house, const char *grant, int count)
{
        const int64_t first = many_made(house, &house->admin, grant, KIND_GRANT, count);
        house_script(house,
                NUMBERS "INSERT INTO role_grant (root_no, no, scope_no, principal_no, role_no, privilege, from_us, until_us, source_no, "
                        "rule_no, granted_by) SELECT 1, n.no, g.scope_no, g.principal_no, g.role_no, g.privilege, g.from_us, g.until_us, "
                        "g.source_no, g.rule_no, g.granted_by FROM n CROSS JOIN role_grant g WHERE g.root_no = 1 AND g.no = %lld",
                (long long)first, (long long)first + count - 1, (long long)house_no(house, grant));
}

void many_roots(struct house *house, struct actor *ret, size_t count)
{
        struct install_result *made = arena_zero(house->arena, count, sizeof *made);
        directory_close(STEAL(house->directory)); /* it holds the installation */
        for (size_t i = 0; i < count; i++) {
                const struct install_options options = {
                        .settings = &house->settings,
                        .slug = arena_printf(house->arena, "root-%zu", i),
                        .name = "One of many",
                        .admin_email = "owner@many.example",
                };
                assert_ok(install_init(&options, &made[i], &house->fault));
        }
        house_restart(house);
        for (size_t i = 0; i < count; i++) {
                ret[i] = house_actor(house, made[i].api_token.text);
                secret_done(&made[i].api_token);
        }
}
