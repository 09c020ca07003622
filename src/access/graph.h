/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of one root: nodes (resources), edges (memberships), grants, credentials, claims, and the tables that find them. Changed
 * only by graph_apply; asked only under a reader's lock. Holds what a decision needs and nothing else: a user with two memberships costs
 * about 250 bytes. */
#ifndef ACCESS_GRAPH_H
#define ACCESS_GRAPH_H

#include <stdatomic.h>
#include "access/access.h"
#include "access/slab.h"

#define ID_SIZE 16 /* a UUID as bytes */

/* A live resource. Lists are chains of records, by index. */
struct node {
        int64_t no;
        int64_t org_no; /* of a root organisation: its own; of a user: the root organisation */
        unsigned char id[ID_SIZE];
        uint32_t name;             /* folded, in the pool; only of kinds that are asked for by name */
        uint32_t parent_edges;     /* containers it belongs to */
        uint32_t child_edges;      /* what belongs to it */
        uint32_t principal_grants; /* what it was granted */
        uint32_t scope_grants;     /* what was granted in it */
        uint32_t credentials;      /* few: a plain chain */
        uint32_t claims;           /* few: a plain chain */
        uint8_t kind;              /* enum resource_kind; 0: a free record */
        uint8_t active;
        uint8_t unused[2];
};

struct edge {
        uint32_t container, member;            /* nodes */
        uint32_t parent_next, parent_previous; /* in the member's chain */
        uint32_t child_next, child_previous;   /* in the container's chain */
};

struct grant {
        int64_t no;
        int64_t from_us, until_us;       /* [from, until); 0: no bound */
        const struct builtin_role *role; /* NULL: a single privilege, or a role this program does not know */
        uint32_t scope, principal;       /* nodes */
        uint32_t scope_next, scope_previous;
        uint32_t principal_next, principal_previous;
        uint32_t pair_next; /* the next with the same principal and scope */
        int16_t permission; /* of a single privilege; -1: none */
        uint8_t is_role;
        uint8_t active;
};

struct credential {
        int64_t no;
        int64_t expires_us;      /* 0: never */
        _Atomic int64_t used_us; /* since it was last taken; 0: not */
        unsigned char hash[HASH_SIZE];
        uint32_t owner, owner_next;
        uint32_t scopes;
        uint32_t kind; /* enum token_kind; 0: a free record */
};

struct claim {
        int64_t connection_no;
        uint32_t node, node_next;
        uint32_t external; /* text */
        uint32_t is_live;  /* 0: a free record */
};

struct graph {
        int64_t root_no, epoch, revision;
        int64_t schemas_revision; /* of the root's declarations; 0: none */
        uint32_t root; /* node of the root organisation, or NONE */
        int evaluate;  /* the permission decisions:evaluate */
        const struct builtin_role *default_role;
        struct seed seed;
        struct slab nodes, edges, grants, credentials, claims;
        struct pool texts;
        struct allowed **allowed; /* connections that may call from some networks only (addresses.c) */
        size_t allowed_count;
        struct table by_no, by_id, by_name, by_edge, by_pair, grant_by_no, credential_by_no, credential_by_hash, claim_by_external;
};

/* Room for one walk over groups, per reader slot; grows, is never shared. */
struct walk {
        uint32_t *nodes; /* the principal, then each group once */
        uint32_t count, capacity;
        uint64_t *marks;        /* open addressing: run number and node, so that a new run needs no clearing */
        uint32_t mark_capacity; /* a power of two */
        uint32_t run;
};
void walk_done(struct walk *walk);

struct graph *graph_new(int64_t root_no, int64_t epoch, int64_t revision); /* NULL: out of memory */
void graph_free(struct graph *graph);
size_t graph_bytes(const struct graph *graph);

/* One effect. ERR_NOT_FOUND: it speaks of something that is not here, so this graph and the rows differ (while loading: of something
 * deleted). ERR_MEMORY. After any error the graph may be half changed: free it. */
enum err graph_apply(struct graph *graph, const struct effect *effect) MUST_USE;
/* Moves the texts to a new pool when most of the old one is waste; out of memory: stays as it is. */
void graph_compact(struct graph *graph);

/* ---- parts (nodes.c, edges.c) that graph_apply puts together ---- */
enum err graph_put_node(struct graph *graph, const struct effect *effect) MUST_USE;
void graph_remove_node(struct graph *graph, uint32_t node);
enum err graph_add_edge(struct graph *graph, uint32_t container, uint32_t member) MUST_USE;
uint32_t graph_find_edge(const struct graph *graph, uint32_t container, uint32_t member);
void graph_remove_edge(struct graph *graph, uint32_t edge);
enum err graph_add_grant(struct graph *graph, const struct grant *grant) MUST_USE;
uint32_t graph_find_grant(const struct graph *graph, int64_t no);
void graph_remove_grant(struct graph *graph, uint32_t grant);
enum err graph_put_credential(struct graph *graph, const struct effect *effect, uint32_t owner) MUST_USE;
uint32_t graph_find_credential(const struct graph *graph, int64_t no);
void graph_remove_credential(struct graph *graph, uint32_t credential);
enum err graph_put_claim(struct graph *graph, const struct effect *effect, uint32_t node) MUST_USE;
uint32_t graph_find_claim(const struct graph *graph, int64_t connection_no, uint32_t node);
void graph_remove_claim(struct graph *graph, uint32_t claim);

/* ---- networks of connections (addresses.c) ---- */
/* By the stored document of a connection. */
enum err graph_put_addresses(struct graph *graph, int64_t connection_no, const char *document) MUST_USE;
bool graph_may_call(const struct graph *graph, int64_t connection_no, const char *client);
size_t graph_addresses_bytes(const struct graph *graph);
void graph_addresses_done(struct graph *graph);

/* ---- look-ups; NONE: there is none ---- */
static inline struct node *graph_node(const struct graph *graph, uint32_t node)
{
        return slab_at(&graph->nodes, node);
}
static inline struct grant *graph_grant(const struct graph *graph, uint32_t grant)
{
        return slab_at(&graph->grants, grant);
}
uint32_t graph_find_no(const struct graph *graph, int64_t no);
/* By UUID text in either letter case, of this kind (KIND_NONE: of any). Anything that is no UUID: NONE. */
uint32_t graph_find_id(const struct graph *graph, enum resource_kind kind, const char *id);
/* By folded name. org_no: the organisation that holds the name; of users 0, for their names are unique in the root. */
uint32_t graph_find_name(const struct graph *graph, enum resource_kind kind, int64_t org_no, const char *name, size_t length);
/* The first grant of this principal in this scope; the others follow pair_next. */
uint32_t graph_find_pair(const struct graph *graph, uint32_t principal, uint32_t scope);
/* The live credential with this hash. */
uint32_t graph_find_hash(const struct graph *graph, const unsigned char hash[HASH_SIZE]);
/* The user that this connection calls so, byte-exact. */
uint32_t graph_find_external(const struct graph *graph, int64_t connection_no, const char *external, size_t length);
void graph_id_text(const struct node *node, char ret[UUID_TEXT_SIZE]);
bool graph_id_parse(const char *text, unsigned char ret[ID_SIZE]);

/* ---- rules (holds.c) ---- */
/* Active, and so are its organisation and the root. */
bool graph_is_live(const struct graph *graph, const struct node *node);
/* The node and every group it is in, each once, to GROUP_DEPTH_MAX. `live_only`: paths through live groups only. */
enum err graph_walk(const struct graph *graph, uint32_t node, bool live_only, struct walk *walk) MUST_USE;
enum err graph_holds(const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int permission, int64_t at_us,
        bool *ret) MUST_USE;
enum err graph_is_in(const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int64_t at_us, bool *ret) MUST_USE;

/* ---- questions (decide.c) ---- */
enum err graph_decide(const struct graph *graph, struct walk *walk, struct arena *arena, const struct actor *caller,
        const struct question *question, struct answer *ret, struct fault *fault) MUST_USE;

#endif
