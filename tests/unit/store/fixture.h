/* SPDX-License-Identifier: Apache-2.0
 *
 * A fresh database for each test, on SQLite and on a real PostgreSQL: MUSTER_TEST_POSTGRES names a server, otherwise the program starts
 * its own (tests/tools/postgres_cluster.sh); without PostgreSQL its half is skipped with the reason. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "store/engine.h"

enum fixture_kind { ON_SQLITE = 1, ON_POSTGRES = 2, ON_BOTH = 3 };

struct fixture {
        enum fixture_kind kind;
        char folder[64];
        char path[96]; /* of the SQLite file */
        char url[256]; /* as store_options.database */
        struct store *store;
        struct write_queue *queue;
        struct session *reader;
        struct fault fault;
};

struct fixture_test {
        const char *name;
        void (*run)(struct fixture *fixture);
        enum fixture_kind kinds;
};
#define FIXTURE_TEST(function, kinds)                                                                                                      \
        {                                                                                                                                  \
#function, function, kinds                                                                                                 \
        }

/* Runs every test on each of its engines; the result of main. */
int fixture_main(const struct fixture_test *tests, size_t count);
/* The database exists and is empty; nothing is open. */
void fixture_open_store(struct fixture *fixture, bool migrate);
/* Store, queue (100 waiting) and reader; called before each test. */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
/* URL of an empty database on the cluster; NULL with *ret_reason when there is none. */
const char *fixture_postgres_url(char *ret, size_t size, const char **ret_reason);
void fixture_remove(const char *folder);

/* Submits a job of root 1 without deadline; the fault is in fixture->fault. */
typedef enum err job_function(struct session *session, void *context, struct fault *fault);
enum err fixture_submit(struct fixture *fixture, job_function *run, void *context);
#define assert_ok(expression) fixture_assert((expression), ERR_OK, #expression, __FILE__, __LINE__)
#define assert_err(expression, expected) fixture_assert((expression), (expected), #expression, __FILE__, __LINE__)
void fixture_assert(enum err e, enum err expected, const char *expression, const char *file, int line);

/* Jobs: rows with as few words as possible. All mark themselves audited. */
enum err insert_root(struct session *session, int64_t root_no, struct fault *fault) MUST_USE;
struct new_resource {
        int64_t root_no, no, org_no, kind, source_no, active;
        const char *name;
        const char *doc;
};
enum err insert_resource(struct session *session, const struct new_resource *resource, struct fault *fault) MUST_USE;
job_function job_insert_roots;    /* context: int64_t *, roots 1..n */
job_function job_insert_resource; /* context: const struct new_resource * */
job_function job_raise_revision;  /* context: NULL or int64_t * root_no */
int64_t read_revision(struct session *session, int64_t root_no);
bool resource_exists(struct session *session, int64_t root_no, int64_t no);
/* Runs SQL on the engine itself, past the catalogue. */
void raw_script(struct fixture *fixture, const char *sql);
int64_t raw_number(struct fixture *fixture, const char *sql);

#endif
