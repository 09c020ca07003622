/* SPDX-License-Identifier: Apache-2.0
 *
 * One running change on the writer thread: what every step of it shares. */
#ifndef DIRECTORY_WORK_H
#define DIRECTORY_WORK_H

#include "base/auto.h"
#include "directory/change.h"

/* An alert (R32) that a change has earned. */
struct alert {
        struct alert *next;
        enum ledger_event event;
        const char *body;
        int64_t revision; /* once it stands */
};

struct work {
        struct directory *directory;
        struct change *change;
        const struct actor *actor;
        struct session *session;
        struct root_row *root;
        struct arena *arena;
        struct fault *fault;
        int64_t root_no;
        int64_t at_us;
        int64_t version;             /* revision of the entry that this change will write */
        int64_t source_no;           /* the connection that acts; 0: local */
        struct effect *effects;
        size_t effect_count;
        enum ledger_event event;
        enum resource_kind object_kind;
        int64_t object_no;
        const char *body;            /* of the ledger entry */
        struct alert *alerts;        /* stand in the ledger behind the change's own entry, in the same transaction; in the order raised */
        size_t entries;              /* in the ledger already, by work_entry */
        bool changed;
        const struct schema_set *schemas; /* of the root, once work_schemas made it; the job releases it */
        struct {
                int64_t no;          /* 0: none */
                char id[UUID_TEXT_SIZE];
                const char *what;    /* NULL: the event's own name says it */
                int64_t marked[BREAK_GLASS_MAX];
                size_t marked_count;
                bool listed;         /* marked is read */
        } glass;                     /* the break-glass user (R9) that this change is about */
        bool reload;                 /* what changed is cheaper to load anew than to describe */
        json_t *mapped;              /* what mapping rules gave and took, for the ledger; NULL: nothing. The job releases it */
        int64_t ends_rule_no;        /* what this mapping rule gave does not count as an administrator's (R24); 0: all does */
};

/* ---- effects ---- */
enum err work_effect(struct work *work, const struct effect *effect) MUST_USE;
enum err work_effect_resource(struct work *work, const struct resource_row *row) MUST_USE;

/* ---- ledger body ---- */
/* {"document":<doc>,"id":"…"}; doc is canonical JSON text. */
enum err work_body_document(struct work *work, const struct resource_row *row) MUST_USE;
/* Takes the reference; dumped canonically. */
enum err work_body_json(struct work *work, json_t *body) MUST_USE;
enum err work_body_json_with(struct work *work, json_t *body, const struct json_written *more) MUST_USE;

/* An alert (R32) that this change raises once it stands, of the class LEDGER_ALERT; takes the reference. A change
 * crosses each threshold once, so there are few. */
enum err work_alert(struct work *work, enum ledger_event event, json_t *body) MUST_USE;

/* An entry of its own, at once, for a change that does several things; the next one has the version after it. Takes the reference. */
enum err work_entry(struct work *work, enum ledger_event event, const struct resource_row *row, json_t *body) MUST_USE;
enum err work_entry_with(struct work *work, enum ledger_event event, const struct resource_row *row, json_t *body,
        const struct json_written *more) MUST_USE;

/* Gives a resource whose own row does not change, but what hangs on it, the version and the time of this change (R34). */
enum err work_touch(struct work *work, int64_t no) MUST_USE;

int64_t work_next_no(struct work *work);
/* The type of a kind as the root has it now: the change's own, or, in changes that go over many resources, the one in the root's set. */
enum err work_type(struct work *work, enum resource_kind kind, const struct resource_type **ret) MUST_USE;
/* Makes work->schemas the root's set as it is now. */
enum err work_schemas(struct work *work) MUST_USE;
enum err work_memory(struct work *work) MUST_USE; /* fills the fault: out of memory */

/* ---- references (reference.c) ---- */
/* Finds a live resource by id or, where the kind has names, by name (organisation: in the whole root; else in org_no, 0 = any). */
enum err reference_load(struct work *work, enum resource_kind kind, const char *ref, int64_t org_no, struct resource_row *ret) MUST_USE;
/* The organisation of a new thing: change->organization or the actor's own. */
enum err reference_organization(struct work *work, int64_t *ret_no) MUST_USE;
/* A principal by id, or by "user:NAME", "group:NAME", "identity:NAME", or a name that only one of them has. */
enum err reference_principal(struct work *work, const char *ref, struct resource_row *ret) MUST_USE;
/* A grant's scope: an organisation or a project. */
enum err reference_scope(struct work *work, const char *ref, struct resource_row *ret) MUST_USE;

/* ---- rights (rights.c): judged from rows in this transaction ---- */
/* The actor's credential and the thing that owns it still live? (security.md 76) */
enum err rights_check_actor(struct work *work) MUST_USE;
/* ERR_FORBIDDEN that names the permission. The scope's kind gives the level; nothing is allowed in a deactivated organisation. */
enum err rights_need(struct work *work, const struct resource_row *scope, const char *subject, const char *action) MUST_USE;
enum err rights_need_org(struct work *work, int64_t org_no, const char *subject, const char *action) MUST_USE;
/* Adds what a row of grants confers in a place of this kind. */
void rights_add(struct permission_set *set, int64_t role_no, const char *privilege, enum resource_kind place);
/* Nobody grants what he does not hold (law 6). */
enum err rights_contain(struct work *work, int64_t scope_no, const struct permission_set *wanted) MUST_USE;
/* Everything `principal_no` holds anywhere, now or once a grant's time begins or a suspended group wakes, is held by the actor, too: before a
 * credential of it is handed out, a member joins it, or it wakes. */
enum err rights_cover(struct work *work, int64_t principal_no) MUST_USE;

/* ---- ceilings (ceiling.c): R8 ---- */
/* May a group be given this? ERR_FORBIDDEN when a connection that fills it, or a group inside it, has a ceiling below. */
enum err ceiling_check_grant(struct work *work, const char *field, int64_t group_no, const struct permission_set *wanted) MUST_USE;
/* The same for all that `holder_no` and the groups above it confer, towards `below_no` and the groups inside it. */
enum err ceiling_check_tie(struct work *work, const char *field, int64_t holder_no, int64_t below_no) MUST_USE;
/* The same as a question, of a group that may lie in the bin and that a connection is about to claim again (claimant_no; 0: none). */
enum err ceiling_allows(struct work *work, int64_t holder_no, int64_t below_no, int64_t claimant_no, bool *ret) MUST_USE;
/* All that a user, group or identity holds anywhere, now or once something wakes or begins: both levels in one set. */
enum err ceiling_conferred(struct work *work, int64_t principal_no, struct permission_set *ret) MUST_USE;
/* May a mapping rule of this connection give that? ERR_FORBIDDEN. */
enum err ceiling_check_rule(struct work *work, const char *field, const struct resource_row *connection,
        const struct permission_set *wanted) MUST_USE;
/* After a ceiling was set (`before` NULL: on a new connection): an alert when it reaches admin roles it did not reach. */
enum err ceiling_set(struct work *work, const json_t *before, const json_t *after, const struct resource_row *connection) MUST_USE;

/* ---- guards (guard.c) ---- */
/* R24, around a change that can take administrators away: begin before the rows change, end after. ERR_LAST_ADMIN. */
struct guard {
        bool admin_before;
};
enum err guard_begin(struct work *work, struct guard *ret) MUST_USE;
/* For a change that takes nothing away but this user or group, or what leads to and from it: where no way leads up from it to the role of
 * administrator, nobody is one through it. */
enum err guard_begin_for(struct work *work, int64_t no, struct guard *ret) MUST_USE;
enum err guard_end(struct work *work, const struct guard *guard) MUST_USE;

/* ---- index values (index.c) ---- */
#define INDEX_CLAIMED_NAME (-INDEX_NAME) /* what a claim says and the resource does not has the number with a minus */
/* Makes the rows of resource_value those of the row's document (given parsed, too) and of the person's claims; NULL: it is new. */
struct person;
enum err index_store(struct work *work, const struct resource_type *type, const struct resource_row *row, const json_t *document,
        const struct person *person) MUST_USE;
/* ERR_TAKEN: another live resource has a value that must be unique, as the index of the row's document says. */
enum err index_check_unique(struct work *work, const struct resource_row *row) MUST_USE;
/* ERR_TAKEN: a name that stands there because a claim says it is another's. */
enum err index_check_names(struct work *work, int64_t no) MUST_USE;
/* The same asked of a document that may come to stand in the place of the resource `no`. */
enum err index_is_free(struct work *work, const struct resource_type *type, int64_t no, const json_t *document, bool *ret) MUST_USE;

/* ---- users and groups: person.c over claim.c ---- */
struct person {
        struct resource_row row;
        struct claim_row *claims; /* all, docs expanded: never "" */
        size_t claim_count;
        struct claim_row *stored; /* the claims as their rows stand */
        size_t stored_count;
        bool adopts;              /* own is new: this request takes the user over (R13) */
        bool yields;              /* somebody leaves: nothing is refused for a name that is another's */
        struct claim_row *own;    /* of the acting source; NULL: it claims nothing (local actor, managed user) */
        json_t *document;         /* own->doc with the columns externalId and active inside; NULL without own */
};
void person_done(struct person *person);
/* Does the claim say more than yes or no? A bare local suspension does not. */
bool claim_asserts(const struct claim_row *claim);
/* Does its row only point at what the resource says (doc "")? `stored` is one of person->stored. */
bool claim_follows(const struct person *person, const struct claim_row *stored);
/* Fills person->document from its own claim. */
enum err person_document(struct work *work, struct person *person) MUST_USE;
/* Is the name that a claim says of its user nobody else's (R10)? */
enum err claim_name_is_free(struct work *work, const struct claim_row *claim, bool *ret) MUST_USE;
/* The same of the name that all claims make together, and of each of theirs. */
enum err person_name_is_free(struct work *work, const struct person *person, bool *ret) MUST_USE;
/* Adds to a local claim (doc "{}": none yet) what `claim` says: document and externalId where it asserts, and its veto (R4). */
enum err claim_localize(struct work *work, const struct claim_row *claim, struct claim_row *local) MUST_USE;
#define auto_person __attribute__((cleanup(person_done))) struct person
/* Loads what change->ref names, as far as the actor may see it, and judges the token's scopes or the right `action`. */
enum err person_load(struct work *work, const char *action, struct person *ret) MUST_USE;
/* The same without a caller to judge: whatever claims `row`. */
enum err person_open(struct work *work, const struct resource_row *row, struct person *ret) MUST_USE;
/* Writes the own claim as `document` (columns inside) says, merges all claims, and stores what differs: rows, index, effects, event. */
enum err person_store(struct work *work, struct person *person, const json_t *document) MUST_USE;
/* Recomputes document and effective state from person->claims and stores what differs. *ret_changed. */
enum err person_settle(struct work *work, struct person *person, bool *ret_changed) MUST_USE;
/* After a claim ended that others outlive. A DELETE is never refused for a name: where theirs is somebody else's, the row keeps what it says. */
enum err person_settle_deleted(struct work *work, struct person *person) MUST_USE;
enum err person_insert(struct work *work, const json_t *document, struct resource_row *ret, struct claim_row *ret_claim) MUST_USE;
/* Sets one claim to deleted: out of its counter, its edges and the graph. */
enum err person_forget(struct work *work, struct person *person, struct claim_row *claim) MUST_USE;

enum err person_create(struct work *work) MUST_USE;
enum err person_replace(struct work *work) MUST_USE;
enum err person_patch(struct work *work) MUST_USE;
enum err person_merge(struct work *work) MUST_USE;
enum err person_delete(struct work *work) MUST_USE;
enum err person_into_bin(struct work *work, struct person *person) MUST_USE;

/* ---- break-glass users (break_glass.c): R9 ---- */
/* Before a local change of a user who may bear the mark: ERR_FORBIDDEN unless an administrator asks. */
enum err break_glass_judge(struct work *work, const struct resource_row *row) MUST_USE;
/* Before a change of what a principal holds: is it one whose rights nobody changes unseen? */
enum err break_glass_rights(struct work *work, const struct resource_row *principal) MUST_USE;
/* An edge made here puts this member into a group, or takes him out: that changes what he holds, too. */
enum err break_glass_moved(struct work *work, int64_t no, const char *id) MUST_USE;
/* As change->break_glass says, of a new user, and of one that person_load has loaded; what else the change does comes after. */
enum err break_glass_make(struct work *work, const struct resource_row *row) MUST_USE;
enum err break_glass_set(struct work *work, const struct person *person) MUST_USE;
/* At the end of the change: adds the mark to its entry, and makes the row's version when nothing else did. */
enum err break_glass_describe(struct work *work, struct resource_row *row) MUST_USE;
/* Whatever the change was. */
enum err break_glass_alert(struct work *work) MUST_USE;

/* ---- adoption (adoption.c): R13 ---- */
/* For a connection that does not claim the user yet: makes person->own when this request adopts him. ERR_FORBIDDEN: it needs approval. */
enum err adoption_begin(struct work *work, struct person *person) MUST_USE;
/* A copy of what the request makes of him, with userName and e-mails as they are; new reference. */
enum err adoption_keep(struct work *work, const struct person *person, const json_t *document, json_t **ret) MUST_USE;
/* After the claim stands. */
enum err adoption_end(struct work *work, const struct person *person) MUST_USE;
enum err adoption_approve(struct work *work) MUST_USE;
/* After a change of a connection: what was approved under other conditions is not any more. */
enum err adoption_changed(struct work *work, const json_t *before, const json_t *after, const struct resource_row *connection) MUST_USE;
/* Completes the list of domains of a new or merged connection. Can it adopt that way with them? ERR_VALUE. */
enum err adoption_check(struct work *work, json_t *connection) MUST_USE;

/* ---- out of the bin (bin.c) ---- */
enum err bin_restore(struct work *work) MUST_USE;
enum err bin_purge(struct work *work) MUST_USE;
/* A resource of a declared type, whose claims have ended, is gone at once: it is nobody, so there is nothing to take back. */
enum err bin_erase(struct work *work, const struct resource_row *row) MUST_USE;

/* ---- edges (membership.c) ---- */
/* Ids, in the order in which they moved (moved.c). */
struct moved_list {
        struct moved_block *first, *last; /* in the arena */
        size_t count, at; /* where the first of them stands in its block */
};
struct moved {
        struct moved_list added, removed;
        int64_t count;
};
enum err moved_note(struct work *work, struct moved *moved, bool added, const char *id) MUST_USE;
/* Who was taken out and put back, or the other way round, has not moved: he counts for no threshold (R16), no entry and no version. */
enum err moved_settle(struct work *work, struct moved *moved) MUST_USE;
/* Of more than a page of those taken out every full page stands in an entry of its own, at once: before the version of this change is
 * written. */
enum err moved_tell(struct work *work, const struct resource_row *group, struct moved *moved) MUST_USE;
/* The body of the change's entry, as work_body_json, with "members" {"added":[…],"removed":[…]} of those not told yet, if any, who
 * are then told. */
enum err moved_describe(struct work *work, struct moved *moved, json_t *body) MUST_USE;
enum err membership_apply(struct work *work, const struct resource_row *group, const struct edge_operation *operations, size_t count,
        struct moved *moved) MUST_USE;
/* Other ends of edges, a bounded number of them. */
#define EDGES_PAGE 250
struct edge_page {
        struct {
                int64_t no, source_no;
                enum resource_kind kind;
        } list[EDGES_PAGE];
        size_t count;
};
/* A member_each over a struct edge_page; of a list that is limited to EDGES_PAGE. */
enum err edge_page_add(void *context, const struct member_row *row, struct fault *fault) MUST_USE;
/* The first groups that hold this member by edges of a source, or with -1 of any. Who takes each of them out reads again while it is full. */
enum err edge_page_read(struct work *work, int64_t member_no, int64_t source_no, struct edge_page *ret) MUST_USE;
/* Removes every edge of this source, or with -1 of every source, that makes `member_no` a member of a group. */
enum err membership_leave(struct work *work, int64_t member_no, int64_t source_no) MUST_USE;
/* Removes all that this source put into a group. The group must go, too, or the graph is loaded anew (work->reload). */
enum err membership_empty(struct work *work, int64_t group_no, int64_t source_no) MUST_USE;
/* Adds to the body of a deletion what ends with it (membership_loss.c): "left", the groups that held it by this source, and of a group its
 * members as "removed". Of more than a page the full ones are entries of their own, at once. Before anything is written. */
enum err membership_describe(struct work *work, const struct resource_row *row, int64_t source_no, json_t *body) MUST_USE;
/* Makes `to_no` a member, and the holder of members, wherever `from_no` is one by edges of this source; the graph is loaded anew. */
enum err membership_move(struct work *work, int64_t from_no, const struct resource_row *to, int64_t source_no) MUST_USE;
/* May the group hold this group? ERR_VALUE that names the way round, or the depth (nesting.c). */
enum err nesting_check(struct work *work, int64_t group_no, int64_t member_no) MUST_USE;
/* The same as a question, for a member of any kind. */
enum err nesting_fits(struct work *work, int64_t group_no, int64_t member_no, enum resource_kind kind, bool *ret) MUST_USE;
/* After a member was put into a group: the guard asks about groups in groups by what is noted here (R24). */
enum err nesting_note(struct work *work, int64_t group_no, int64_t member_no, enum resource_kind kind) MUST_USE;
enum err members_add(struct work *work) MUST_USE;
enum err members_remove(struct work *work) MUST_USE;

/* ---- everything else (thing.c) ---- */
enum err thing_create(struct work *work) MUST_USE;
enum err thing_merge(struct work *work) MUST_USE;
enum err thing_delete(struct work *work) MUST_USE;
enum err thing_rotate(struct work *work) MUST_USE;
enum err thing_capture(struct work *work) MUST_USE;

/* What change->ref names, as far as the actor may do `action` to it. */
enum err thing_load(struct work *work, const char *action, struct resource_row *ret) MUST_USE;

/* ---- thresholds (threshold.c, R16) ---- */
/* The acting connection has just taken a user's activity away: counted, and above the threshold an alert. Never a refusal. */
enum err threshold_deactivated(struct work *work) MUST_USE;
/* It has just removed so many of its members from a group: ERR_THRESHOLD when that is too much and nobody released it. `one_by_one`: each was
 * named, so that nobody was forgotten in a list; never held. */
enum err threshold_removed(struct work *work, const struct resource_row *group, int64_t removed, bool one_by_one) MUST_USE;
/* Its word on a user has just let a mapping rule take him out of a group: counted, and above the threshold an alert. Never a refusal. */
enum err threshold_taken_by_rule(struct work *work, const struct resource_row *group, int64_t rule_no, const char *rule) MUST_USE;
enum err threshold_release(struct work *work) MUST_USE;
/* After ERR_THRESHOLD: makes the hold, or finds it, and names it in the fault. Not from a writer's thread. */
void threshold_hold(struct directory *directory, const struct change *change, struct fault *fault);
/* Nothing of a connection that is gone is counted or held. */
enum err threshold_forget(struct work *work, int64_t connection_no) MUST_USE;

/* ---- all that a connection gave (connection_job.c) ---- */
enum err connection_begin(struct work *work) MUST_USE;
enum err connection_step(struct work *work) MUST_USE;
/* The work under way in this root; ret->connection_no 0: none. */
enum err connection_job_load(struct work *work, struct connection_job *ret) MUST_USE;

/* Deleted, or about to be? */
enum err connection_is_gone(struct work *work, int64_t connection_no, bool *ret) MUST_USE;

/* One step: what a phase may use and must say. */
struct work_step {
        struct work *work;
        struct connection_job job; /* where it stood; the phase moves it */
        struct resource_row connection;
        bool done;                 /* nothing is left of this phase */
};
/* How many of at most `most` this step takes in hand: fewer after one of them failed. */
size_t step_size(const struct work_step *step, size_t most);
/* Numbers of the next live claims of this kind that the connection holds, at most `max`. */
enum err step_claims(const struct work_step *step, enum resource_kind kind, int64_t *list, size_t max, size_t *ret_count) MUST_USE;
/* Is the next one, which failed by itself, passed over? */
bool step_skips(const struct work_step *step);
typedef enum err (*step_run)(struct work_step *step);
/* The phases of a verb, ended by NULL; the last one ends the work. */
extern const step_run connection_keep_phases[], connection_remove_phases[], connection_undo_phases[],
        connection_replace_phases[], connection_map_phases[];
enum err connection_replace_begin(struct work *work, struct resource_row *row, struct connection_job *job) MUST_USE;
enum err connection_undo_begin(struct work *work, struct resource_row *row, struct connection_job *job) MUST_USE;
enum err connection_job_store(struct work *work, const struct connection_job *job) MUST_USE;

/* Makes a resource row of `kind` with a fresh number and id, counts it and tells the graph. */
enum err thing_insert(struct work *work, enum resource_kind kind, int64_t org_no, const char *name, json_t *document, struct resource_row *ret)
        MUST_USE;

/* ---- declared schemas and types (declaration.c): the hooks of their kinds ---- */
enum err declaration_ready(struct work *work, json_t *document) MUST_USE;
enum err declaration_made(struct work *work, struct resource_row *row, json_t *document) MUST_USE;
enum err declaration_changed(struct work *work, const struct resource_row *row, const json_t *before, json_t *after) MUST_USE;
enum err declaration_end(struct work *work, const struct resource_row *row) MUST_USE;

/* ---- e-mail domains (domain.c): the hooks of their kind, and of connections that list some (R6) ---- */
enum err domain_ready(struct work *work, json_t *document) MUST_USE;
enum err domain_made(struct work *work, struct resource_row *row, json_t *document) MUST_USE;
enum err domain_end(struct work *work, const struct resource_row *row) MUST_USE;
enum err domain_verify(struct work *work) MUST_USE;
/* Brings the names of a connection's list into their one form, each once. */
enum err domain_list_ready(struct work *work, json_t *connection) MUST_USE;
/* Is each domain that was not listed `before` (NULL: a new connection) verified by this root? ERR_VALUE. */
enum err domain_list_check(struct work *work, const struct resource_row *row, const json_t *before, json_t *after) MUST_USE;

/* ---- verified e-mails (email.c) ---- */
/* The live user other than `user_no` whose verified e-mail this folded name is; *ret_no 0: none. Asks nothing in a root without verified
 * domains. */
enum err email_find_owner(struct work *work, int64_t user_no, const char *name, int64_t *ret_no) MUST_USE;

/* ---- names (name.c, R10) ---- */
/* The folded name that a claim's document says of its user; *ret NULL: it says none. */
enum err name_claimed(struct work *work, enum resource_kind kind, const json_t *document, const char **ret) MUST_USE;
/* May the user of this row have its name, as far as no unique index tells? ERR_TAKEN: another's claim says it, or it is his verified e-mail. */
enum err name_check(struct work *work, const struct resource_row *row) MUST_USE;
/* May a claim say this folded name of the user, although he bears another? ERR_TAKEN too when another bears it. */
enum err name_check_claimed(struct work *work, int64_t user_no, const char *folded) MUST_USE;
/* May the row (kind, no, and source_no of a group) be called so? */
enum err name_is_free(struct work *work, const struct resource_row *row, const char *folded, bool *ret) MUST_USE;

/* ---- grants (grant.c) ---- */
struct grant_wish {
        const struct resource_row *scope, *principal;
        const struct builtin_role *role; /* or */
        const char *privilege;
        int64_t from_us, until_us;
        const char *reason; /* NULL: none */
        int64_t source_no, rule_no; /* of a mapping rule; 0, 0: given here */
};
/* Writes the grant without asking who may: the caller has judged. */
enum err grant_make(struct work *work, const struct grant_wish *wish, struct resource_row *ret) MUST_USE;
/* Takes it away, whoever gave it. */
enum err grant_drop(struct work *work, int64_t no) MUST_USE;
enum err grant_create(struct work *work) MUST_USE;
enum err grant_merge(struct work *work) MUST_USE;
enum err grant_delete(struct work *work) MUST_USE;
enum err grant_gain_access(struct work *work) MUST_USE;

/* ---- mapping rules (mapping.c, mapping_rule.c): R18 ---- */
/* Gives a user what the rules of a connection say of its claim on him, and takes what they gave and say no more. `document` has the columns
 * inside; `is_new`: nothing was given yet. Costs nothing in a root without rules. */
enum err mapping_apply(struct work *work, const struct resource_row *user, int64_t connection_no, const json_t *document, bool is_new) MUST_USE;
/* The same by person->own, whose document it fills in. */
enum err mapping_apply_claim(struct work *work, struct person *person) MUST_USE;
/* The claim ended: takes all that the connection's rules gave this user. */
enum err mapping_leave(struct work *work, int64_t user_no, int64_t connection_no) MUST_USE;
/* The connection ends and is kept: what its rules gave this user becomes local. */
enum err mapping_localize(struct work *work, int64_t user_no, int64_t connection_no) MUST_USE;
/* Adds what this change gave and took so far to the body of a ledger entry, as "mapped". */
enum err mapping_describe(struct work *work, json_t *body) MUST_USE;
/* Interactive deletions of what a rule gives or where its role holds: ERR_CONFLICT. */
enum err mapping_check_unused(struct work *work, const struct resource_row *row) MUST_USE;
/* The rules end with their group, or with their connection. */
enum err mapping_target_gone(struct work *work, const struct resource_row *group) MUST_USE;
enum err mapping_connection_gone(struct work *work, int64_t connection_no) MUST_USE;
/* The hooks of the kind. */
enum err mapping_ready(struct work *work, json_t *document) MUST_USE;
enum err mapping_made(struct work *work, struct resource_row *row, json_t *document) MUST_USE;
enum err mapping_changed(struct work *work, const struct resource_row *row, const json_t *before, json_t *after) MUST_USE;
enum err mapping_end(struct work *work, const struct resource_row *row) MUST_USE;
enum err connection_map_begin(struct work *work, struct resource_row *row, struct connection_job *job) MUST_USE;

/* ---- tokens (credential.c) ---- */
/* Stores the hash of change->token (made before the job ran) for an owner; revokes the oldest beyond `keep` others. */
enum err credential_add(struct work *work, const struct resource_row *owner, enum token_kind kind, unsigned scopes, size_t keep) MUST_USE;
/* Of a connection's newest token, SCOPES_OF_TOKEN alone; all that there is when it has none. */
enum err credential_newest_scopes(struct work *work, int64_t owner_no, unsigned *ret) MUST_USE;
enum err credential_revoke_all(struct work *work, int64_t owner_no) MUST_USE;
/* Bits of actor.scopes that say what a connection's document says: profile and preset. */
unsigned credential_flags(const json_t *connection);
/* Gives all live tokens of a connection these flags; what each token itself may (SCOPES_OF_TOKEN) stays. */
enum err credential_set_flags(struct work *work, int64_t owner_no, unsigned flags) MUST_USE;

/* ---- conflicts (conflict.c) ---- */
/* After a refused change of a connection: counts that `attribute` was taken, or change->conflict. Not from a writer's thread. */
void conflict_count(struct directory *directory, const struct change *change, const char *attribute);

/* ---- versions ---- */
/* If-Match against W/"<version>" (weak and strong compare alike, "*" matches); ERR_VERSION. */
enum err version_check(const char *if_match, int64_t version, struct fault *fault) MUST_USE;

#endif
