/* SPDX-License-Identifier: Apache-2.0
 *
 * Grant: principal + scope + role or single privilege, with an optional time window. What it confers and to whom never changes: to
 * alter that, make another and delete this one; its time window and reason may change, by the same checks as a new one. */
#include "model/types.h"

#include <string.h>
#include "base/clock.h"
#include "base/text.h"

static const char *const to_principal[] = { "User", "Group", "Identity", NULL };
static const char *const to_scope[] = { "Organization", "Project", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "principal", ATTRIBUTE_REFERENCE, REQUIRED | IMMUTABLE | CASE_EXACT, NULL, "Id of the user, group or identity that gains.",
          NULL, to_principal, .max_bytes = 64 },
        { "scope",     ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL,
          "Id of the organization or project where it holds; by default the caller's organization.", NULL, to_scope, .max_bytes = 64 },
        { "role",      ATTRIBUTE_TEXT,      IMMUTABLE | CASE_EXACT, NULL, "Slug of the role; or else a privilege.", .max_bytes = 64 },
        { "privilege", ATTRIBUTE_TEXT,      IMMUTABLE | CASE_EXACT, NULL, "One permission, subject:action; or else a role.",
          .max_bytes = 128 },
        { "from",      ATTRIBUTE_TIME,      0, NULL, "From this instant on; absent: at once." },
        { "until",     ATTRIBUTE_TIME,      0, NULL, "Until just before this instant; absent: for ever." },
        { "reason",    ATTRIBUTE_TEXT,      0, NULL, "Why it was given.", .max_bytes = 1024 },
        { NULL }
};
/* clang-format on */

static enum err check_privilege(const char *privilege, struct fault *fault)
{
        const char *colon = strchr(privilege, ':');

        if (!colon || colon == privilege || !colon[1] || strchr(colon + 1, ':'))
                return fault_set(fault, ERR_VALUE, "privilege", "a privilege is written subject:action, such as groups:read");
        return ERR_OK;
}

static enum err check(const json_t *document, struct fault *fault)
{
        const char *role = json_string_value(json_object_get(document, "role"));
        const char *privilege = json_string_value(json_object_get(document, "privilege"));
        const char *from = json_string_value(json_object_get(document, "from"));
        const char *until = json_string_value(json_object_get(document, "until"));
        int64_t from_us, until_us;

        if (!role == !privilege)
                return fault_set(fault, ERR_VALUE, role ? "privilege" : "role", "give either role or privilege, %s",
                        role ? "not both" : "one of them is required");
        if (privilege) {
                enum err e = check_privilege(privilege, fault);
                if (e)
                        return e;
        }
        if (from && !clock_parse(from, &from_us))
                return fault_set(fault, ERR_VALUE, "from", "a time such as 2026-11-21T05:06:07Z is expected");
        if (until && !clock_parse(until, &until_us))
                return fault_set(fault, ERR_VALUE, "until", "a time such as 2026-11-21T05:06:07Z is expected");
        if (from && until && from_us >= until_us)
                return fault_set(fault, ERR_VALUE, "until", "must be later than from");
        return ERR_OK;
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:Grant", "Grant", "A grant of a role or privilege.", attributes };

const struct resource_type grant_type = {
        .kind = KIND_GRANT,
        .name = "Grant",
        .word = "grant",
        .api_collection = "grants",
        .subject = "grants",
        .core = &schema,
        .api_offers = OFFER_ALL,
        .check = check,
};
