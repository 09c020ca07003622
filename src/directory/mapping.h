/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rules as rows (R18), for the writer and for readers alike. */
#ifndef DIRECTORY_MAPPING_H
#define DIRECTORY_MAPPING_H

#include "model/mapping.h"
#include "store/rows.h"

struct rule {
        int64_t no, target_no; /* the group, or the scope of the role */
        int64_t role_no;       /* 0: a group */
        const char *id;
        bool active;
        bool is_known;         /* the path is good: users have such an attribute */
        struct mapping_rule condition;
        struct path path;      /* holds attributes of the type that it was read by */
};
struct rules {
        struct rule *list;
        size_t count;
};
struct rules_of {
        int64_t root_no, connection_no;
        const struct resource_type *users; /* NULL: nobody will judge by them, their conditions are not read */
};
/* The live rules of a connection by number, in the arena. */
enum err rules_load(struct session *session, const struct rules_of *of, struct arena *arena, struct rules *ret, struct fault *fault) MUST_USE;

/* RULE_UNKNOWN: its attribute is no longer declared, so that nothing can be said: what it gave stands. */
enum rule_verdict { RULE_GIVES_NOT, RULE_GIVES, RULE_UNKNOWN };
/* What a rule says of a user's document; *ret_value: the value that it knows, in the arena, else NULL. */
enum err rule_judge(const struct rule *rule, const json_t *document, struct arena *arena, enum rule_verdict *ret, const char **ret_value,
        struct fault *fault) MUST_USE;

/* ---- mapping_cache.c: rules ready to be judged, kept from one write to the next ---- */
struct rules_cache;
struct rules_cache *rules_cache_new(void); /* NULL: out of memory */
void rules_cache_free(struct rules_cache *cache);

struct work;
struct borrowed_rules {
        struct rules rules;
        struct rules_cache *cache;
        struct kept_rules *kept; /* NULL: they stand in the change's own arena */
};
/* The rules of a connection as this change sees them. Give them back. */
enum err rules_borrow(struct work *work, int64_t connection_no, struct borrowed_rules *ret) MUST_USE;
void rules_give_back(struct borrowed_rules *borrowed);

/* What the rules of one connection gave one user. */
struct gift {
        int64_t no; /* of the group or the grant */
        int64_t rule_no;
        bool is_grant;
};
struct gifts {
        struct gift *list;
        size_t count;
};
enum err gifts_load(struct session *session, int64_t root_no, int64_t user_no, int64_t connection_no, struct arena *arena,
        struct gifts *ret, struct fault *fault) MUST_USE;

#endif
