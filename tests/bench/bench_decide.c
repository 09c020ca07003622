/* SPDX-License-Identifier: Apache-2.0
 *
 * What one decision costs, without HTTP: USERS users with MEMBERSHIPS group memberships each, GROUPS groups that carry the project roles,
 * PROJECTS projects; and what the graph weighs. Arguments: users, memberships. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "access/roots.h"
#include "base/clock.h"

#define ROOT_NO 1
#define GROUPS 10000
#define PROJECTS 1000
#define QUESTIONS 2000000

/* CPU time: other work on the machine does not count. */
static int64_t cpu_us(void)
{
        struct timespec now;
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static void id_of(int64_t no, char ret[UUID_TEXT_SIZE])
{
        (void)snprintf(ret, UUID_TEXT_SIZE, "01930000-abcd-7%03x-8000-%012llx", (unsigned)(no * 37 % 4096), (unsigned long long)no);
}

static void must(enum err e)
{
        if (e) {
                (void)fprintf(stderr, "%s\n", error_row(e)->name);
                exit(1);
        }
}

static void add_node(struct graph *graph, int64_t no, enum resource_kind kind, const char *name)
{
        char id[UUID_TEXT_SIZE];
        id_of(no, id);
        must(graph_apply(graph, &(struct effect){ .kind = EFFECT_RESOURCE,
                                        .no = no,
                                        .other_no = ROOT_NO,
                                        .resource_kind = kind,
                                        .active = true,
                                        .text = id,
                                        .name = name }));
}

static uint64_t state = 88172645463325252u;

static unsigned roll(unsigned sides)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (unsigned)(state >> 33) % sides;
}

#define FIRST_GROUP 1000
#define FIRST_PROJECT 20000
#define FIRST_USER 100000
#define CALLER 2

static struct graph *build(unsigned users, unsigned memberships)
{
        char name[64];
        struct graph *graph = graph_new(ROOT_NO, 1, 1);
        int64_t grant = 50000;
        add_node(graph, ROOT_NO, KIND_ORGANIZATION, "acme");
        add_node(graph, CALLER, KIND_IDENTITY, "gateway");
        must(graph_apply(
                graph, &(struct effect){ .kind = EFFECT_GRANT, .no = grant++, .other_no = CALLER, .scope_no = ROOT_NO, .role_no = -1 }));
        for (int i = 0; i < GROUPS; i++)
                add_node(graph, FIRST_GROUP + i, KIND_GROUP, "");
        for (int i = 0; i < PROJECTS; i++) {
                (void)snprintf(name, sizeof name, "project-%d", i);
                add_node(graph, FIRST_PROJECT + i, KIND_PROJECT, name);
                for (int k = 0; k < 20; k++)
                        must(graph_apply(graph, &(struct effect){ .kind = EFFECT_GRANT,
                                                        .no = grant++,
                                                        .other_no = FIRST_GROUP + roll(GROUPS),
                                                        .scope_no = FIRST_PROJECT + i,
                                                        .role_no = k % 2 ? -12 : -13 }));
        }
        for (unsigned i = 0; i < users; i++) {
                (void)snprintf(name, sizeof name, "first.last%u@example.com", i);
                add_node(graph, FIRST_USER + i, KIND_USER, name);
        }
        for (unsigned i = 0; i < users; i++)
                for (unsigned k = 0; k < memberships; k++) {
                        int64_t group = FIRST_GROUP + (i * 7 + k * 131) % GROUPS;
                        must(graph_apply(
                                graph, &(struct effect){ .kind = EFFECT_MEMBER, .no = group, .other_no = FIRST_USER + i, .active = true }));
                }
        return graph;
}

static void time_holds(struct access *access, unsigned users)
{
        int permission = permission_find(LEVEL_PROJECT, "secrets", "describe-secret");
        long held = 0;
        int64_t begin_us = cpu_us();
        for (int i = 0; i < QUESTIONS; i++) {
                bool holds;
                access_holds(access, 0, ROOT_NO, FIRST_USER + roll(users), FIRST_PROJECT + roll(PROJECTS), permission, 1, &holds);
                held += holds;
        }
        printf("access_holds  %6.0f ns a call, %ld of %d held\n", (double)(cpu_us() - begin_us) * 1000 / QUESTIONS, held, QUESTIONS);
}

#define PREPARED 65536

/* What a face would have parsed already. */
static void time_decide(struct access *access, unsigned users, bool by_name)
{
        static char subjects[PREPARED][64], projects[PREPARED][UUID_TEXT_SIZE];
        const struct actor caller = { .kind = ACTOR_IDENTITY, .root_no = ROOT_NO, .org_no = ROOT_NO, .no = CALLER };
        long allowed = 0;
        for (int i = 0; i < PREPARED; i++) {
                unsigned user = roll(users);
                if (by_name)
                        (void)snprintf(subjects[i], sizeof subjects[i], "First.Last%u@example.com", user);
                else
                        id_of(FIRST_USER + user, subjects[i]);
                id_of(FIRST_PROJECT + roll(PROJECTS), projects[i]);
        }
        int64_t begin_us = cpu_us();
        for (int i = 0; i < QUESTIONS; i++) {
                const struct question question = { .subject_type = "user",
                        .subject_id = subjects[i % PREPARED],
                        .resource_type = "secrets",
                        .resource_id = "/prod/db",
                        .action = "describe-secret",
                        .project = projects[i % PREPARED],
                        .at_us = 1 };
                struct answer answer;
                enum access_found found;
                must(access_decide(access, 0, &caller, &question, &answer, &found, NULL));
                allowed += answer.decision;
        }
        printf("access_decide %6.0f ns a call by %s, %ld of %d true\n", (double)(cpu_us() - begin_us) * 1000 / QUESTIONS,
                by_name ? "userName" : "id", allowed, QUESTIONS);
}

static void time_apply(struct access *access, unsigned users)
{
        int64_t begin_us = cpu_us();
        for (int i = 0; i < 200000; i++) {
                const struct effect effect = {
                        .kind = EFFECT_MEMBER, .no = FIRST_GROUP + roll(GROUPS), .other_no = FIRST_USER + roll(users), .active = i % 2
                };
                access_apply(access, ROOT_NO, 2 + i, &effect, 1);
        }
        printf("access_apply  %6.0f ns a change with 35 slots\n", (double)(cpu_us() - begin_us) * 1000 / 200000);
}

int main(int argc, char **argv)
{
        unsigned users = argc > 1 ? (unsigned)atoi(argv[1]) : 100000, memberships = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
        struct fault fault;
        must(permission_init(&fault));
        struct access *access = access_new(35, 1024);
        must(access_root_add(access, ROOT_NO, "abcdefgh", "acme", 1, &fault));
        int64_t begin_us = cpu_us();
        struct graph *graph = build(users, memberships);
        root_find(access, ROOT_NO)->graph = graph;
        printf("%u users, %u memberships each, %d groups, %d projects: %.1f MB, %.0f bytes a user, built in %.2f s\n", users, memberships,
                GROUPS, PROJECTS, (double)graph_bytes(graph) / 1e6, (double)graph_bytes(graph) / users,
                (double)(cpu_us() - begin_us) / US_PER_S);
        time_holds(access, users);
        time_decide(access, users, false);
        time_decide(access, users, true);
        time_apply(access, users);
        access_free(access);
        return 0;
}
