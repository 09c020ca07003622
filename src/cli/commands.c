/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands. To add one, add a row: help, completion, man page and docs/cli.md follow (tests compare the last). */
#include "client.h"

#define API "/api/v1/"
#define ARGUMENT(key, number) \
        { \
                key, SOURCE_ARGUMENT, number, NULL \
        }
#define ARGUMENTS(key, number) \
        { \
                key, SOURCE_ARGUMENTS, number, NULL \
        }
#define OPTION(key, code) \
        { \
                key, SOURCE_OPTION, OPT_##code, NULL \
        }
#define TRUE_WITH(key, code) \
        { \
                key, SOURCE_TRUE, OPT_##code, NULL \
        }
#define ALWAYS_TRUE(key) \
        { \
                key, SOURCE_TRUE, -1, NULL \
        }
#define ALWAYS_FALSE(key) \
        { \
                key, SOURCE_FALSE, -1, NULL \
        }
#define WORD(key, word) \
        { \
                key, SOURCE_WORD, -1, word \
        }
#define END \
        { \
                0 \
        }

/* clang-format off */
static const struct field query_list[] = { OPTION("organization", ORG), OPTION("name", NAME), END };
static const struct field query_org[] = { OPTION("organization", ORG), END };
static const struct field query_end[] = {
        OPTION("organization", ORG), TRUE_WITH("keep", KEEP), TRUE_WITH("remove", REMOVE), TRUE_WITH("preview", PREVIEW),
        OPTION("confirm", CONFIRM), END };
static const struct field body_replace[] = { ARGUMENT("by", 2), OPTION("join", JOIN), OPTION("confirm", CONFIRM), END };
static const struct field body_since[] = { OPTION("since", SINCE), END };
static const struct field body_active[] = { ALWAYS_TRUE("active"), END };
static const struct field body_inactive[] = { ALWAYS_FALSE("active"), END };
static const struct field body_capture[] = { OPTION("minutes", MINUTES), END };
static const struct field body_empty[] = { END };
static const struct field body_ttl[] = { OPTION("ttl_s", TTL), END };
static const struct field body_ttl_scopes[] = { OPTION("ttl_s", TTL), OPTION("scopes", SCOPE), END };

static const struct field body_user[] = {
        ARGUMENT("userName", 1), OPTION("displayName", DISPLAY_NAME), OPTION("name.givenName", GIVEN_NAME),
        OPTION("name.familyName", FAMILY_NAME), OPTION("emails[].value", EMAIL), TRUE_WITH("emails[].primary", EMAIL),
        OPTION("externalId", EXTERNAL_ID), TRUE_WITH("break_glass", BREAK_GLASS), END };
static const struct field body_break_glass[] = { ALWAYS_TRUE("break_glass"), END };
static const struct field body_no_break_glass[] = { ALWAYS_FALSE("break_glass"), END };
static const struct field body_group[] = { ARGUMENT("displayName", 1), OPTION("externalId", EXTERNAL_ID), END };
static const struct field body_members[] = { ARGUMENTS("members", 2), END };
static const struct field body_identity[] = {
        ARGUMENT("name", 1), OPTION("description", DESCRIPTION), OPTION("organization", ORG), OPTION("role", ROLE),
        OPTION("ttl_s", TTL), END };
static const struct field body_project[] = {
        ARGUMENT("slug", 1), OPTION("name", NAME), ARGUMENT("name", 1), OPTION("description", DESCRIPTION),
        OPTION("organization", ORG), END };
static const struct field body_grant[] = {
        ARGUMENT("principal", 1), OPTION("scope", PROJECT), OPTION("scope", ORG), OPTION("role", ROLE),
        OPTION("privilege", PRIVILEGE), OPTION("from", FROM), OPTION("until", UNTIL), OPTION("reason", REASON), END };
static const struct field body_connection[] = {
        OPTION("name", NAME), WORD("kind", "scim"), OPTION("organization", ORG), OPTION("upstream", UPSTREAM),
        OPTION("profile", PROFILE), OPTION("preset", PRESET), OPTION("description", DESCRIPTION), OPTION("ttl_s", TTL),
        OPTION("scopes", SCOPE), OPTION("allowed_addresses", ALLOW_ADDRESS), OPTION("unknown_members", UNKNOWN_MEMBERS),
        OPTION("rate_limit", RATE_LIMIT), OPTION("ceiling", CEILING), OPTION("adoption", ADOPTION),
        OPTION("domains", DOMAINS), END };
static const struct field body_connection_update[] = {
        OPTION("name", NAME), OPTION("profile", PROFILE), OPTION("preset", PRESET), OPTION("description", DESCRIPTION),
        OPTION("allowed_addresses", ALLOW_ADDRESS), OPTION("unknown_members", UNKNOWN_MEMBERS), OPTION("rate_limit", RATE_LIMIT),
        OPTION("ceiling", CEILING), OPTION("adoption", ADOPTION), OPTION("domains", DOMAINS), END };
static const struct field body_domain[] = { ARGUMENT("name", 1), TRUE_WITH("operator_verified", OPERATOR_VERIFIED), END };
static const struct field body_mapping[] = {
        ARGUMENT("connection", 1), ARGUMENT("attribute", 2), ARGUMENTS("values", 3), OPTION("prefix", PREFIX), OPTION("group", GROUP),
        OPTION("role", ROLE), OPTION("scope", PROJECT), OPTION("scope", ORG), OPTION("description", DESCRIPTION), END };
static const struct field query_user[] = { OPTION("user", USER), END };
static const struct field body_adoption[] = { ARGUMENT("user", 2), END };

static const struct column columns_user[] = {
        { "ID", "id" }, { "USER NAME", "userName" }, { "NAME", "displayName" }, { "ACTIVE", "active" }, { "SOURCE", "source" }, END };
static const struct column columns_group[] = {
        { "ID", "id" }, { "NAME", "displayName" }, { "ACTIVE", "active" }, { "SOURCE", "source" }, END };
static const struct column columns_member[] = {
        { "ID", "id" }, { "KIND", "kind" }, { "NAME", "name" }, { "SOURCE", "source" }, END };
static const struct column columns_identity[] = {
        { "ID", "id" }, { "NAME", "name" }, { "ACTIVE", "active" }, { "DESCRIPTION", "description" }, END };
static const struct column columns_slug[] = {
        { "ID", "id" }, { "SLUG", "slug" }, { "NAME", "name" }, { "ACTIVE", "active" }, END };
static const struct column columns_role[] = {
        { "SLUG", "slug" }, { "LEVEL", "level" }, { "NAME", "name" }, { "DESCRIPTION", "description" }, END };
static const struct column columns_grant[] = {
        { "ID", "id" }, { "PRINCIPAL", "principal_name" }, { "KIND", "principal_kind" }, { "ROLE", "role" },
        { "PERMISSION", "privilege" }, { "SCOPE", "scope_name" }, { "UNTIL", "until" }, { "SOURCE", "source" }, END };
static const struct column columns_upstream[] = { { "ID", "id" }, { "NAME", "name" }, { "DESCRIPTION", "description" }, END };
static const struct column columns_domain[] = {
        { "ID", "id" }, { "NAME", "name" }, { "STATE", "state" }, { "PROOF", "proof" }, { "CHECKED", "checked_at" }, END };
static const struct column columns_conflict[] = {
        { "AT", "at" }, { "KIND", "kind" }, { "ATTRIBUTE", "attribute" }, { "TAKEN BY", "object_name" }, { "ID", "object" },
        { "TIMES", "times" }, { "REQUEST", "request_id" }, END };
static const struct column columns_mapping[] = {
        { "ID", "id" }, { "ATTRIBUTE", "attribute" }, { "VALUES", "values" }, { "PREFIX", "prefix" }, { "ROLE", "role" },
        { "IN", "target_name" }, { "KIND", "target_kind" }, { "ACTIVE", "active" }, { "ABOVE CEILING", "above_ceiling" }, END };
static const struct column columns_mapping_test[] = {
        { "ID", "id" }, { "ATTRIBUTE", "attribute" }, { "VALUE", "value" }, { "ROLE", "role" }, { "IN", "target_name" },
        { "KIND", "target_kind" }, { "GIVES", "gives" }, { "GIVEN", "given" }, END };
static const struct column columns_hold[] = {
        { "ID", "id" }, { "GROUP", "group_name" }, { "GROUP ID", "group" }, { "REMOVES", "removes" }, { "OF", "of" }, { "AT", "at" },
        { "UNTIL", "until" }, { "RELEASED", "released_at" }, END };
static const struct field body_schema[] = { OPTION("resourceType", RESOURCE_TYPE), TRUE_WITH("required", REQUIRED), END };
static const struct column columns_schema[] = {
        { "ID", "id" }, { "URN", "urn" }, { "NAME", "name" }, { "EXTENDS", "resourceType" }, { "REQUIRED", "required" }, END };
static const struct column columns_resource_type[] = {
        { "ID", "id" }, { "NAME", "name" }, { "ENDPOINT", "endpoint" }, { "SCHEMA", "schema" }, END };
static const struct column columns_connection[] = {
        { "ID", "id" }, { "NAME", "name" }, { "KIND", "kind" }, { "PROFILE", "profile" }, { "PRESET", "preset" },
        { "ACTIVE", "active" }, { "HEALTH", "health.text" }, END };

#define O_LIST (O_SERVER | O(ORG) | O(NAME) | O(LIMIT) | O(CURSOR))
#define O_ONE (O_SERVER | O(ORG))
/* Writes, which may be tried first. */
#define O_WRITE (O_SERVER | O(DRY_RUN))
#define O_WRITE_ONE (O_ONE | O(DRY_RUN))
/* How a connection is treated. */
#define O_TREATMENT \
        (O(NAME) | O(PROFILE) | O(PRESET) | O(DESCRIPTION) | O(ALLOW_ADDRESS) | O(UNKNOWN_MEMBERS) | O(RATE_LIMIT) | O(CEILING) | \
                O(ADOPTION) | O(DOMAINS))
/* Rows that differ only in their nouns. `noun` is the command's word, `collection` the API's, `article` "a user". */
#define LIST(noun, collection, columns_, many) \
        { .path = noun " list", .options = O_LIST, .summary = "List " many, .run = call_run, \
          .call = { "GET", API collection, query_list, NULL, columns_, NULL, NULL } }
#define SHOW(noun, collection, argument, article) \
        { .path = noun " show", .arguments = (argument), .options = O_ONE, .summary = "Show " article, .run = call_run, \
          .call = { "GET", API collection "/{1}", query_org, NULL, NULL, NULL, NULL } }
#define SET(noun, verb, collection, argument, summary_, body_, done_) \
        { .path = noun " " verb, .arguments = (argument), .options = O_WRITE_ONE, .summary = (summary_), .run = call_run, \
          .call = { "PATCH", API collection "/{1}", query_org, body_, NULL, NULL, done_ } }
#define DELETE(noun, collection, argument, summary_) \
        { .path = noun " delete", .arguments = (argument), .options = O_WRITE_ONE, .summary = (summary_), .run = call_run, \
          .call = { "DELETE", API collection "/{1}", query_org, NULL, NULL, NULL, "deleted" } }

static const struct command commands[] = {
        { .path = "init", .options = O(CONFIG) | O(ORG) | O(NAME) | O(ADMIN_EMAIL) | O(JSON),
          .required = O(CONFIG) | O(ORG) | O(NAME) | O(ADMIN_EMAIL),
          .summary = "Make keys, database and the first organisation",
          .detail = "Works on the database that the settings name, while no server runs. Prints once the token of the machine identity "
                    "\"bootstrap\", an administrator for 30 days. A second organisation with the same slug is refused with exit code 5.",
          .run = init_run },
        { .path = "db upgrade", .options = O(CONFIG) | O(JSON), .required = O(CONFIG), .summary = "Bring the database's schema up to this program",
          .detail = "Works on the database that the settings name, while no server runs. musterd does it by itself on SQLite, not on PostgreSQL.",
          .run = upgrade_run },
        { .path = "clock accept", .options = O(CONFIG) | O(JSON), .required = O(CONFIG), .summary = "Say that the clock is right after a jump forward",
          .detail = "After a jump of more than 5 minutes tokens expire by the clock as read, but nothing is stored, marked expired or purged by it "
                    "until the clock is set right or this is said. Asks the server on this machine through its operations listener.",
          .run = clock_accept_run },
        { .path = "status", .options = O_SERVER, .summary = "Show who you are, what is there and what needs care", .run = status_run,
          .call = { "GET", API "status", NULL, NULL, NULL, NULL, NULL } },

        LIST("user", "users", columns_user, "users"),
        SHOW("user", "users", "USER", "a user"),
        { .path = "user create", .arguments = "USER_NAME",
          .options = O_WRITE | O(DISPLAY_NAME) | O(GIVEN_NAME) | O(FAMILY_NAME) | O(EMAIL) | O(EXTERNAL_ID) |
                     O(BREAK_GLASS),
          .summary = "Create a user", .run = call_run, .call = { "POST", API "users", NULL, body_user, NULL, NULL, NULL } },
        SET("user", "activate", "users", "USER", "Lift a local suspension", body_active, "activated"),
        SET("user", "deactivate", "users", "USER", "Suspend a user: refused everywhere at once", body_inactive, "deactivated"),
        { .path = "user set-break-glass", .arguments = "USER", .options = O_WRITE_ONE,
          .summary = "Hide a local user from every connection", .run = call_run,
          .detail = "For the day on which every identity provider fails: no connection sees, adopts, suspends or changes such a user, and as "
                    "an administrator he counts as a usable one. Only administrators make, mark and change him, and each time there is an "
                    "alert. A user whom a connection claims cannot be one.",
          .call = { "PATCH", API "users/{1}", query_org, body_break_glass, NULL, NULL, "marked" } },
        SET("user", "end-break-glass", "users", "USER", "Make a break-glass user an ordinary one", body_no_break_glass, "unmarked"),
        DELETE("user", "users", "USER", "Delete a user, into the bin"),
        { .path = "user restore", .arguments = "USER_ID", .options = O_WRITE, .summary = "Take a user out of the bin", .run = call_run,
          .detail = "By id: what is in the bin has lost its name.",
          .call = { "POST", API "users/{1}/restore", NULL, body_empty, NULL, NULL, "restored" } },
        { .path = "user purge", .arguments = "USER_ID", .options = O_WRITE, .summary = "Remove a user in the bin for good", .run = call_run,
          .detail = "By id, and only from the bin. Its ledger entries stay in the chain with their bodies blanked. There is no way back.",
          .call = { "POST", API "users/{1}/purge", NULL, body_empty, NULL, NULL, "purged" } },

        LIST("group", "groups", columns_group, "groups"),
        SHOW("group", "groups", "GROUP", "a group"),
        { .path = "group create", .arguments = "NAME", .options = O_WRITE | O(EXTERNAL_ID), .summary = "Create a group",
          .run = call_run, .call = { "POST", API "groups", NULL, body_group, NULL, NULL, NULL } },
        SET("group", "enable", "groups", "GROUP", "Enable a group", body_active, "enabled"),
        SET("group", "disable", "groups", "GROUP", "Disable a group: it confers nothing", body_inactive, "disabled"),
        DELETE("group", "groups", "GROUP", "Delete a group, into the bin"),
        { .path = "group restore", .arguments = "GROUP_ID", .options = O_WRITE, .summary = "Take a group out of the bin", .run = call_run,
          .detail = "By id: what is in the bin has lost its name.",
          .call = { "POST", API "groups/{1}/restore", NULL, body_empty, NULL, NULL, "restored" } },
        { .path = "group purge", .arguments = "GROUP_ID", .options = O_WRITE, .summary = "Remove a group in the bin for good", .run = call_run,
          .detail = "By id, and only from the bin. Its ledger entries stay in the chain with their bodies blanked. There is no way back.",
          .call = { "POST", API "groups/{1}/purge", NULL, body_empty, NULL, NULL, "purged" } },
        { .path = "group members", .arguments = "GROUP", .options = O_SERVER | O(ORG) | O(LIMIT) | O(CURSOR),
          .summary = "List the members of a group and where each comes from", .run = call_run,
          .call = { "GET", API "groups/{1}/members", query_org, NULL, columns_member, NULL, NULL } },
        { .path = "group add-member", .arguments = "GROUP MEMBER...", .options = O_WRITE_ONE, .summary = "Add users, groups or identities",
          .run = call_run, .call = { "POST", API "groups/{1}/members", query_org, body_members, NULL, NULL, NULL } },
        { .path = "group remove-member", .arguments = "GROUP MEMBER", .options = O_WRITE_ONE, .summary = "Remove a member that was added here",
          .detail = "A membership that a connection gave stands until that connection takes it away.",
          .run = call_run, .call = { "DELETE", API "groups/{1}/members/{2}", query_org, NULL, NULL, NULL, "removed" } },

        LIST("identity", "identities", columns_identity, "machine identities"),
        SHOW("identity", "identities", "IDENTITY", "a machine identity"),
        { .path = "identity create", .arguments = "NAME", .options = O_WRITE_ONE | O(ROLE) | O(TTL) | O(DESCRIPTION),
          .summary = "Create a machine identity and show its token once",
          .detail = "Without --role it may do nothing yet; without --ttl its token lives 90 days.", .run = call_run,
          .call = { "POST", API "identities", NULL, body_identity, NULL, "id token", NULL } },
        { .path = "identity rotate", .arguments = "IDENTITY", .options = O_ONE | O(TTL), .summary = "Make a new token; the old one dies",
          .run = call_run, .call = { "POST", API "identities/{1}/rotate", query_org, body_ttl, NULL, NULL, NULL } },
        SET("identity", "enable", "identities", "IDENTITY", "Enable a machine identity", body_active, "enabled"),
        SET("identity", "disable", "identities", "IDENTITY", "Disable a machine identity: refused at once", body_inactive, "disabled"),
        DELETE("identity", "identities", "IDENTITY", "Delete a machine identity and its token"),

        LIST("project", "projects", columns_slug, "projects"),
        SHOW("project", "projects", "PROJECT", "a project"),
        { .path = "project create", .arguments = "SLUG", .options = O_WRITE_ONE | O(NAME) | O(DESCRIPTION),
          .summary = "Create a project and become its administrator", .run = call_run,
          .call = { "POST", API "projects", NULL, body_project, NULL, NULL, NULL } },
        { .path = "project gain-access", .arguments = "PROJECT", .options = O_WRITE_ONE,
          .summary = "Become administrator of a project, as one of the organisation; audited", .run = call_run,
          .call = { "POST", API "projects/{1}/gain-access", query_org, body_empty, NULL, NULL, NULL } },
        SET("project", "enable", "projects", "PROJECT", "Enable a project", body_active, "enabled"),
        SET("project", "disable", "projects", "PROJECT", "Disable a project: nothing in it is allowed", body_inactive, "disabled"),
        DELETE("project", "projects", "PROJECT", "Delete a project, into the bin"),

        LIST("grant", "grants", columns_grant, "grants"),
        { .path = "grant create", .arguments = "PRINCIPAL",
          .options = O_WRITE | O(ORG) | O(PROJECT) | O(ROLE) | O(PRIVILEGE) | O(FROM) | O(UNTIL) | O(REASON),
          .one_of = { O(ROLE) | O(PRIVILEGE), O(ORG) | O(PROJECT) },
          .summary = "Grant a role or a permission to a user, group or identity",
          .detail = "Holds in the project or organisation named. You cannot grant what you do not hold.", .run = call_run,
          .call = { "POST", API "grants", NULL, body_grant, NULL, NULL, NULL } },
        DELETE("grant", "grants", "GRANT", "Take a grant back"),
        LIST("role", "roles", columns_role, "roles"),

        LIST("organization", "organizations", columns_slug, "organisations"),
        { .path = "organization show", .arguments = "[ORGANIZATION]", .options = O_SERVER,
          .summary = "Show an organisation, by default your own", .run = organization_run,
          .call = { "GET", API "organizations/{1}", NULL, NULL, NULL, NULL, NULL } },

        { .path = "connection create scim",
          .options = O_WRITE_ONE | O_TREATMENT | O(UPSTREAM) | O(TTL) | O(SCOPE),
          .required = O(NAME),
          .summary = "Let an identity provider push users and groups by SCIM",
          .detail = "Prints the address and, once, the token to enter there.", .run = call_run,
          .call = { "POST", API "connections", NULL, body_connection, NULL, "id base_url token", NULL } },
        LIST("connection", "connections", columns_connection, "connections"),
        SHOW("connection", "connections", "CONNECTION", "a connection"),
        { .path = "connection conflicts", .arguments = "CONNECTION", .options = O_ONE,
          .summary = "List what a connection could not write because a name or externalId is taken",
          .call = { "GET", API "connections/{1}/conflicts", query_org, NULL, columns_conflict, NULL, NULL }, .run = call_run },
        { .path = "connection adopt", .arguments = "CONNECTION USER", .options = O_WRITE_ONE,
          .summary = "Let a connection take over a user with an admin role",
          .detail = "Only connections with --adoption same_upstream or verified_domain take users over, and only those with admin roles wait for this. The "
                    "next PUT or PATCH of the connection does it.",
          .run = call_run, .call = { "POST", API "connections/{1}/adoptions", query_org, body_adoption, NULL, NULL, "approved" } },
        { .path = "connection update", .arguments = "CONNECTION",
          .options = O_WRITE_ONE | O_TREATMENT,
          .summary = "Change how a connection is treated; what is not named stays",
          .detail = "--allow-address any lets it call from everywhere again. A lower --ceiling takes nothing back that its "
                    "groups confer already; a higher one with admin roles raises an alert.",
          .run = call_run,
          .call = { "PATCH", API "connections/{1}", query_org, body_connection_update, NULL, NULL, NULL } },
        { .path = "connection holds", .arguments = "CONNECTION", .options = O_ONE,
          .summary = "List what a connection wants to take out of groups and may not yet",
          .detail = "A list that takes more than 30 % of its members out of a group of more than 20 is answered with 429 until it is "
                    "released. A hold lapses after 24 hours.",
          .call = { "GET", API "connections/{1}/holds", query_org, NULL, columns_hold, NULL, NULL }, .run = call_run },
        { .path = "connection release", .arguments = "CONNECTION HOLD", .options = O_WRITE_ONE,
          .summary = "Let a connection take so many members out of a group, once",
          .run = call_run, .call = { "POST", API "connections/{1}/holds/{2}/release", query_org, body_empty, NULL, NULL, "released" } },
        { .path = "connection rotate", .arguments = "CONNECTION", .options = O_ONE | O(TTL) | O(SCOPE),
          .summary = "Make a new token; the last one works on beside it",
          .detail = "Two tokens live; a third takes the place of the oldest. Without --scope the new one may what the last one may.",
          .run = call_run, .call = { "POST", API "connections/{1}/rotate", query_org, body_ttl_scopes, NULL, NULL, NULL } },
        SET("connection", "enable", "connections", "CONNECTION", "Enable a connection", body_active, "enabled"),
        SET("connection", "disable", "connections", "CONNECTION", "Disable a connection; what it gave stands", body_inactive, "disabled"),
        { .path = "connection replace", .arguments = "OLD NEW", .options = O_WRITE_ONE | O(JOIN) | O(CONFIRM), .required = O(JOIN),
          .one_of = { O(DRY_RUN) | O(CONFIRM) },
          .summary = "Let a connection take over what another one claims",
          .detail = "First with --dry-run, which shows how the two fit, then with the number of matches as --confirm. Matched rows keep id, "
                    "grants and memberships; what does not match, or is ambiguous, stays with OLD.",
          .run = connection_work_run, .call = { "POST", API "connections/{1}/replace", query_org, body_replace, NULL, NULL, NULL } },
        { .path = "connection undo", .arguments = "CONNECTION", .options = O_WRITE_ONE | O(SINCE), .required = O(SINCE),
          .summary = "Give back what a connection took away since an instant",
          .detail = "From the ledger: attributes, active, people it deleted, memberships it ended. Nobody is deactivated by it, no suspension "
                    "of another source is lifted, no credential lives again.",
          .run = connection_work_run, .call = { "POST", API "connections/{1}/undo", query_org, body_since, NULL, NULL, NULL } },
        { .path = "connection delete", .arguments = "CONNECTION",
          .options = O_ONE | O(KEEP) | O(REMOVE) | O(PREVIEW) | O(CONFIRM), .one_of = { O(KEEP) | O(REMOVE) },
          .summary = "Delete a connection and say what becomes of what it gave",
          .detail = "Its tokens die at once. Whoever it holds inactive stays suspended, locally. Above a threshold --remove wants the number "
                    "of users that --preview shows as --confirm. What is interrupted is gone on with by the server.",
          .run = connection_work_run, .call = { "DELETE", API "connections/{1}", query_end, NULL, NULL, NULL, NULL } },
        { .path = "mapping add", .arguments = "CONNECTION ATTRIBUTE [VALUE]...",
          .options = O_WRITE | O(PREFIX) | O(GROUP) | O(ROLE) | O(PROJECT) | O(ORG) | O(DESCRIPTION),
          .one_of = { O(GROUP) | O(ROLE) }, .exclusive = O(PROJECT) | O(ORG),
          .summary = "Let an attribute of a connection's users give membership or a role",
          .detail = "ATTRIBUTE is a SCIM path, such as roles.value, entitlements[type eq \"app\"].value or "
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division. Users who have one of the values, byte for byte, are in "
                    "the group, or have the role in the project or organisation named, by default the root. You cannot give what you do not "
                    "hold, nor what is above the ceiling of the connection. Whom it claims already gets it at once.",
          .run = call_run, .call = { "POST", API "mapping-rules", NULL, body_mapping, NULL, NULL, NULL } },
        { .path = "mapping list", .arguments = "CONNECTION", .options = O_SERVER, .summary = "List the mapping rules of a connection",
          .run = call_run, .call = { "GET", API "connections/{1}/mapping-rules", NULL, NULL, columns_mapping, NULL, NULL } },
        { .path = "mapping test", .arguments = "CONNECTION", .options = O_SERVER | O(USER), .required = O(USER),
          .summary = "Show what each rule of a connection says of a user; nothing is changed", .run = call_run,
          .call = { "GET", API "connections/{1}/mapping-rules", query_user, NULL, columns_mapping_test, NULL, NULL } },
        SHOW("mapping", "mapping-rules", "RULE", "a mapping rule"),
        SET("mapping", "enable", "mapping-rules", "RULE", "Enable a mapping rule", body_active, "enabled"),
        SET("mapping", "disable", "mapping-rules", "RULE", "Disable a mapping rule: what it gave is taken back", body_inactive, "disabled"),
        { .path = "mapping apply", .arguments = "CONNECTION", .options = O_ONE,
          .summary = "Work the rules of a connection out anew for all whom it claims",
          .detail = "Every write of the connection and every change of a rule does so by itself. This is for what was passed over, because it "
                    "would have taken the last administrator away.",
          .run = connection_work_run,
          .call = { "POST", API "connections/{1}/mapping-rules/apply", query_org, body_empty, NULL, NULL, NULL } },
        DELETE("mapping", "mapping-rules", "RULE", "Delete a mapping rule, and take back what it gave"),
        LIST("upstream", "upstreams", columns_upstream, "upstreams, the authorities behind connections"),
        SHOW("upstream", "upstreams", "UPSTREAM", "an upstream"),

        { .path = "domain add", .arguments = "NAME", .options = O_WRITE | O(OPERATOR_VERIFIED), .summary = "Name an e-mail domain as your own",
          .detail = "Shows the TXT record that proves it; once DNS has it: muster domain verify NAME. With --operator-verified your word stands "
                    "instead: for administrators, on an installation of one organisation or where its operator allows it.",
          .run = call_run, .call = { "POST", API "domains", NULL, body_domain, NULL, NULL, NULL } },
        LIST("domain", "domains", columns_domain, "e-mail domains"),
        SHOW("domain", "domains", "DOMAIN", "an e-mail domain, its state and its record"),
        { .path = "domain verify", .arguments = "DOMAIN", .options = O_SERVER | O(DRY_RUN), .summary = "Look the TXT record of a domain up",
          .detail = "It must stay: it is looked up daily. Missing for a day, or DNS silent for a week, the domain lapses: no new links, an alert.",
          .run = call_run, .call = { "POST", API "domains/{1}/verify", NULL, body_empty, NULL, NULL, NULL } },
        DELETE("domain", "domains", "DOMAIN", "Give an e-mail domain up; refused while a connection lists it"),

        LIST("schema", "schemas", columns_schema, "the schemas that this organisation declares"),
        SHOW("schema", "schemas", "SCHEMA", "a declared schema, by URN or id"),
        { .path = "schema add", .arguments = "FILE", .options = O_SERVER | O(RESOURCE_TYPE) | O(REQUIRED) | O(DRY_RUN),
          .summary = "Declare a schema",
          .detail = "FILE holds the document of RFC 7643 section 7; - is the standard input. With --resource-type it extends that type at once.",
          .run = document_run, .call = { "POST", API "schemas", NULL, body_schema, NULL, NULL, NULL } },
        { .path = "schema change", .arguments = "SCHEMA FILE", .options = O_SERVER | O(DRY_RUN), .summary = "Widen a declared schema",
          .detail = "New attributes, descriptions and values to prefer; nothing that would touch what is stored.",
          .run = document_run, .call = { "PATCH", API "schemas/{1}", NULL, NULL, NULL, NULL, NULL } },
        DELETE("schema", "schemas", "SCHEMA", "Remove a declared schema that nothing holds values of"),
        LIST("resource-type", "resource-types", columns_resource_type, "the resource types that this organisation declares"),
        SHOW("resource-type", "resource-types", "TYPE", "a declared resource type, by name or id"),
        { .path = "resource-type add", .arguments = "FILE", .options = O_SERVER | O(DRY_RUN), .summary = "Declare a resource type",
          .detail = "FILE holds the document of RFC 7643 section 6; its schemas must have been declared before. - is the standard input.",
          .run = document_run, .call = { "POST", API "resource-types", NULL, NULL, NULL, NULL, NULL } },
        { .path = "resource-type change", .arguments = "TYPE FILE", .options = O_SERVER | O(DRY_RUN),
          .summary = "Change the description or the extensions of a declared resource type",
          .run = document_run, .call = { "PATCH", API "resource-types/{1}", NULL, NULL, NULL, NULL, NULL } },
        DELETE("resource-type", "resource-types", "TYPE", "Remove a declared resource type that has no resources"),

        { .path = "check", .arguments = "SUBJECT ACTION RESOURCE_TYPE [RESOURCE_ID]",
          .options = O_SERVER | O(PROJECT) | O(ORG) | O(IDENTITY) | O(EXIT_CODE), .exclusive = O(PROJECT) | O(ORG),
          .summary = "Ask whether somebody may do something",
          .detail = "Prints \"allowed\" or \"denied\". Both are answers, so the exit code is 0; with --exit-code it is 3 when denied. "
                    "Without RESOURCE_ID the question is about the type as such in the project or organisation.",
          .run = check_run, .call = { "POST", "/access/v1/evaluation", NULL, NULL, NULL, NULL, NULL } },

        { .path = "audit tail", .options = O_SERVER | O(CONFIG) | O(ORG) | O(AFTER) | O(LIMIT) | O(FOLLOW),
          .summary = "Show the last entries of the ledger",
          .detail = "The last 20, or --limit N, or all after --after N; with --json one entry a line. With --config and --org the "
                    "database is read directly, without a server.",
          .run = audit_tail_run },
        { .path = "audit export", .options = O_SERVER | O(CONFIG) | O(ORG) | O(AFTER),
          .summary = "Write the whole ledger, one JSON entry a line",
          .detail = "With --config and --org the database is read directly, without a server.", .run = audit_export_run },
        { .path = "audit verify", .options = O_SERVER | O(CONFIG) | O(ORG) | O(CHECKPOINT) | O(FROM_CHECKPOINT),
          .summary = "Prove that the ledger is whole, or name the first bad entry",
          .detail = "Exit code 8 when it is not. A ledger begins at entry 1: what is missing there was deleted, unless --from-checkpoint says "
                    "where you expect it to begin. A cut inside the last checkpoint interval is found only against a checkpoint kept "
                    "elsewhere. With --config and --org the database is read directly, without a server.",
          .run = audit_verify_run },

        { .path = "scim log", .options = O_SERVER | O(CONNECTION) | O(REFUSED) | O(AFTER) | O(LIMIT) | O(FOLLOW),
          .summary = "Show what connections wrote and what was refused",
          .detail = "The last 20, or --limit N, or all after --after ID; with --json one row a line. Rows are kept 30 days and stand here "
                    "within a second.",
          .run = scim_log_run },
        { .path = "scim show", .arguments = "ID", .options = O_SERVER, .summary = "Show one request with the body that was sent",
          .detail = "For administrators. A body is kept, sealed and without passwords, for 72 hours.", .run = call_run,
          .call = { "GET", API "scim-log/{1}", NULL, NULL, NULL, NULL, NULL } },

        { .path = "scim replay", .arguments = "ID", .options = O_WRITE,
          .summary = "Run a logged write once more, as the connection it came from",
          .detail = "For administrators, while the body is kept; the ledger says who replayed it. With --dry-run it only shows what would "
                    "change. Exit code as the request's own when it is refused again.",
          .run = scim_replay_run, .call = { "POST", API "scim-log/{1}/replay", NULL, body_empty, NULL, NULL, NULL } },

        { .path = "scim capture", .arguments = "CONNECTION", .options = O_ONE | O(MINUTES) | O(STOP), .exclusive = O(MINUTES) | O(STOP),
          .summary = "Log the reads of a connection, too, for at most 15 minutes",
          .detail = "With the question and the answer of each, sealed and for administrators: muster scim show ID. At most 5000 reads; audited; "
                    "a restart of the server ends it.",
          .run = scim_capture_run, .call = { "POST", API "connections/{1}/capture", query_org, body_capture, NULL, NULL, NULL } },

        { .path = "completion bash", .summary = "Print the completion script of bash",
          .detail = "For example: muster completion bash > /etc/bash_completion.d/muster", .run = completion_run },
        { .path = "man", .summary = "Print the manual page", .detail = "For example: muster man > muster.1", .run = man_run },
        { .path = "version", .summary = "Print the version", .run = version_run },
        { .path = "docs", .summary = "Print docs/cli.md", .run = docs_run, .hidden = true },
        { 0 },
};
/* clang-format on */

const struct command *command_table(void)
{
        return commands;
}
