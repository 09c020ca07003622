/* SPDX-License-Identifier: Apache-2.0
 *
 * What the table of commands is made of. A command is a row; most rows are one call of the management API and share one handler, which
 * is told by data what to send (fields) and what to show (columns). */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_FILE, OPTION_NUMBER, OPTION_DURATION, OPTION_TIME, OPTION_CHOICE, OPTION_LIST };

/* X(CODE, "name", "VALUE", KIND, "choices", "help"): each option means one thing in all commands. */
#define OPTIONS(X)                                                                                                                         \
        X(URL, "url", "URL", TEXT, NULL, "Address of the server: https://HOST, http:// on loopback, or unix:/PATH (MUSTER_URL)")           \
        X(TOKEN_FILE, "token-file", "FILE", FILE, NULL, "File with the token, mode 0600 (or the token in MUSTER_TOKEN)")                   \
        X(CA_FILE, "ca-file", "FILE", FILE, NULL, "Certificates to trust instead of the system's, PEM (MUSTER_CA_FILE)")                   \
        X(TIMEOUT, "timeout", "TIME", DURATION, NULL, "Longest wait for one answer; default 60s")                                          \
        X(JSON, "json", NULL, FLAG, NULL, "Print JSON for programs")                                                                       \
        X(HELP, "help", NULL, FLAG, NULL, "Show this help")                                                                                \
        X(CONFIG, "config", "FILE", FILE, NULL, "Settings of the server (muster.conf)")                                                    \
        X(ORG, "org", "ORG", TEXT, NULL, "Organisation, by slug or id; by default the token's own")                                        \
        X(PROJECT, "project", "PROJECT", TEXT, NULL, "Project, by slug or id")                                                             \
        X(NAME, "name", "NAME", TEXT, NULL, "Name; in lists: only what bears exactly this name")                                           \
        X(ADMIN_EMAIL, "admin-email", "MAIL", TEXT, NULL, "Address of the first administrator")                                            \
        X(PROFILE, "profile", "PROFILE", CHOICE, "lenient strict", "Known deviations of clients: lenient accepts, strict refuses")         \
        X(PRESET, "preset", "PRESET", CHOICE, "none okta entra", "Whose habits to expect")                                                 \
        X(UPSTREAM, "upstream", "UPSTREAM", TEXT, NULL, "Authority behind the connection; default: a new one of the same name")            \
        X(UNKNOWN_MEMBERS, "unknown-members", "WHAT", CHOICE, "refuse skip",                                                               \
                "A member it never created: refuse the change, or skip that one")                                                          \
        X(RATE_LIMIT, "rate-limit", "N", NUMBER, NULL, "Requests a second it may make, 25 to 100000")                                      \
        X(CEILING, "ceiling", "ROLES", LIST, NULL,                                                                                         \
                "What its groups may confer at most: level:slug, with commas; default organization:member,project:regular")                \
        X(ADOPTION, "adoption", "WHOM", CHOICE, "refuse same_upstream verified_domain",                                                    \
                "Which users that are there already it may take over; default refuse")                                                     \
        X(DESCRIPTION, "description", "TEXT", TEXT, NULL, "What it is for")                                                                \
        X(ROLE, "role", "ROLE", TEXT, NULL, "Role, by slug (see: muster role list)")                                                       \
        X(PRIVILEGE, "privilege", "PERMISSION", TEXT, NULL, "One permission, subject:action, instead of a role")                           \
        X(TTL, "ttl", "TIME", DURATION, NULL, "Life of the token: 30d, 12h, 90m, 600s")                                                    \
        X(SCOPE, "scope", "LIST", LIST, NULL, "What the token may: users, groups, read, with commas; default users,groups")               \
        X(ALLOW_ADDRESS, "allow-address", "LIST", LIST, NULL, "Addresses and networks it may call from, with commas, or any")             \
        X(FROM, "from", "WHEN", TIME, NULL, "First instant: 2026-11-21T05:06:07Z, or 12h for in twelve hours")                             \
        X(UNTIL, "until", "WHEN", TIME, NULL, "End: 2026-11-21T05:06:07Z, or 30d for in thirty days")                                      \
        X(REASON, "reason", "TEXT", TEXT, NULL, "Why it is given")                                                                         \
        X(DISPLAY_NAME, "display-name", "NAME", TEXT, NULL, "Name to show")                                                                \
        X(GIVEN_NAME, "given-name", "NAME", TEXT, NULL, "Given name")                                                                      \
        X(FAMILY_NAME, "family-name", "NAME", TEXT, NULL, "Family name")                                                                   \
        X(EMAIL, "email", "MAIL", TEXT, NULL, "Primary e-mail address")                                                                    \
        X(EXTERNAL_ID, "external-id", "ID", TEXT, NULL, "Id in another system")                                                            \
        X(LIMIT, "limit", "N", NUMBER, NULL, "At most so many, 1 to 1000")                                                                 \
        X(CURSOR, "cursor", "CURSOR", TEXT, NULL, "Go on where a list with --limit ended")                                                 \
        X(AFTER, "after", "N", NUMBER, NULL, "Only entries after this number")                                                             \
        X(FOLLOW, "follow", NULL, FLAG, NULL, "Go on and show new entries as they come")                                                   \
        X(CHECKPOINT, "checkpoint", "FILE", FILE, NULL, "Signed checkpoint kept elsewhere, a line of JSON; of several the last counts")    \
        X(FROM_CHECKPOINT, "from-checkpoint", "SEQ", NUMBER, NULL, "The ledger was cut at the signed checkpoint of this entry")            \
        X(IDENTITY, "identity", NULL, FLAG, NULL, "SUBJECT is a machine identity, not a user")                                             \
        X(CONNECTION, "connection", "CONNECTION", TEXT, NULL, "Connection, by name or id")                                                 \
        X(REFUSED, "refused", NULL, FLAG, NULL, "Only what was refused, also in part")                                                     \
        X(MINUTES, "minutes", "N", NUMBER, NULL, "How long, 1 to 15; default 15")                                                         \
        X(STOP, "stop", NULL, FLAG, NULL, "End it now")                                                                                    \
        X(DRY_RUN, "dry-run", NULL, FLAG, NULL, "Change nothing; show what would come out")                                                \
        X(JOIN, "join", "KEY", CHOICE, "externalId userName", "What tells that two are the same; of groups userName means displayName")   \
        X(SINCE, "since", "WHEN", TIME, NULL, "From this instant on: 2026-11-21T05:06:07Z, or 2h for two hours ago")                        \
        X(KEEP, "keep", NULL, FLAG, NULL, "What the connection gave becomes local")                                                        \
        X(REMOVE, "remove", NULL, FLAG, NULL, "What the connection gave goes with it; users without another source go to the bin")         \
        X(PREVIEW, "preview", NULL, FLAG, NULL, "Change nothing; show the counts")                                                         \
        X(CONFIRM, "confirm", "N", NUMBER, NULL, "The count that the preview names, for what is done at large")                            \
        X(RESOURCE_TYPE, "resource-type", "TYPE", TEXT, NULL, "Resource type that the schema extends: User, Group or one of your own")      \
        X(REQUIRED, "required", NULL, FLAG, NULL, "Every new resource of that type must have it")                                           \
        X(BREAK_GLASS, "break-glass", NULL, FLAG, NULL, "Hidden from every connection (administrators only)")                                              \
        X(DOMAINS, "domain", "LIST", LIST, NULL, "Verified e-mail domains for which its word counts, with commas, or any for none")        \
        X(OPERATOR_VERIFIED, "operator-verified", NULL, FLAG, NULL, "Verified by your word, without DNS; audited")                         \
        X(PREFIX, "prefix", "TEXT", TEXT, NULL, "Whatever begins so, instead of values")                                                   \
        X(GROUP, "group", "GROUP", TEXT, NULL, "Group, by name or id")                                                                      \
        X(USER, "user", "USER", TEXT, NULL, "User, by userName or id")                                                                      \
        X(EXIT_CODE, "exit-code", NULL, FLAG, NULL, "Exit with 3 when denied")

enum option {
#define X(code, name, value, kind, choices, help) OPT_##code,
        OPTIONS(X)
#undef X
                OPTION_COUNT
};
_Static_assert(OPTION_COUNT <= 64, "options are bits of 64");
#define O(code) (UINT64_C(1) << OPT_##code)
/* What every command that calls the server takes. */
#define O_SERVER (O(URL) | O(TOKEN_FILE) | O(CA_FILE) | O(TIMEOUT) | O(JSON))

struct option_row {
        const char *name;
        const char *value; /* NULL: a flag */
        enum option_kind kind;
        const char *choices; /* words; NULL: any */
        const char *help;
};
extern const struct option_row option_rows[OPTION_COUNT];

/* Where a value that is sent comes from. A field whose source is not given is left out; of two with one key the first given counts. */
enum source { SOURCE_NONE, SOURCE_ARGUMENT, SOURCE_ARGUMENTS, SOURCE_OPTION, SOURCE_TRUE, SOURCE_FALSE, SOURCE_WORD };
struct field {
        const char *key; /* "name.givenName"; "emails[].value" is a member of the only element; NULL ends */
        enum source source;
        int number;       /* argument from 1 on, or enum option */
        const char *word; /* SOURCE_WORD */
};

struct column {
        const char *title; /* NULL ends */
        const char *path;  /* "name.familyName", "emails.0.value" */
};

/* One call of the management API. */
struct call {
        const char *method;
        const char *path;             /* "/api/v1/users/{1}": {n} is argument n, percent-encoded */
        const struct field *query;    /* NULL: none */
        const struct field *body;     /* NULL: no body */
        const struct column *columns; /* a list of pages when set */
        const char *keep;             /* words: only these members of the answer are shown; NULL: all */
        const char *done;             /* said when there is nothing to show: "deleted" */
};

struct cli;
struct invocation;
struct command {
        const char *path;      /* words: "connection create scim" */
        const char *arguments; /* "GROUP MEMBER...", "[NAME]" */
        uint64_t options;
        uint64_t required;  /* all of these */
        uint64_t one_of[2]; /* exactly one of each set; 0: no such rule */
        uint64_t exclusive; /* at most one of these */
        const char *summary;
        const char *detail; /* more paragraphs of help; NULL: none */
        enum err (*run)(struct cli *cli, const struct invocation *invocation, struct fault *fault);
        struct call call;
        bool hidden;
};

/* All commands in the order of help, ended by a row without path. */
const struct command *command_table(void);
/* The number of arguments a specification takes; *ret_max is ARGUMENTS_MAX for "...". */
void command_arity(const char *specification, size_t *ret_min, size_t *ret_max);

#define ARGUMENTS_MAX 100
#define GROUP_SIZE 128
struct invocation {
        const struct command *command; /* NULL only with wants_help */
        bool wants_help;               /* of `command`, else of the commands that begin with `group` */
        char group[GROUP_SIZE];        /* first words; "" = all */
        const char *arguments[ARGUMENTS_MAX];
        size_t argument_count;
        const char *values[OPTION_COUNT]; /* NULL: not given; flags are "" */
};

/* Reads argv by the table. Anything wrong: ERR_VALUE and a fault that names the nearest right word. */
enum err invocation_parse(struct invocation *ret, int argc, char **argv, struct fault *fault) MUST_USE;
/* NULL when not given; arguments count from 1. */
const char *invocation_argument(const struct invocation *invocation, size_t number);
/* Numbers and durations, checked when parsed; `fallback` when not given. */
int64_t invocation_number(const struct invocation *invocation, enum option option, int64_t fallback);

#endif
