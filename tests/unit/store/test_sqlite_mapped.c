/* SPDX-License-Identifier: Apache-2.0
 *
 * A store that reads a large file through its map. Here every file counts as large. */
#include <unistd.h>
#include "store/fixture.h"
#include "store/sqlite_map.h"

#define USERS 2000
#define BATCH 250

static enum err insert_users(struct session *session, void *context, struct fault *fault)
{
        const int64_t *first = context;
        char doc[1024];
        memset(doc, 'x', sizeof doc - 1);
        doc[sizeof doc - 1] = 0;
        enum err e = ERR_OK;
        for (int64_t no = *first; no < *first + BATCH && !e; no++) {
                char name[24];
                (void)snprintf(name, sizeof name, "user %d", (int)no);
                const struct new_resource user = { 1, no, 0, 2, 0, 1, name, doc };
                e = insert_resource(session, &user, fault);
        }
        return e;
}

/* As musterd opens it; the users are in the file, and its WAL is empty. */
static void serve(struct fixture *fixture)
{
        const struct store_options options = { .database = fixture->url, .exclusive = true };
        int64_t one = 1;
        page_map_used_from = 0;
        fixture_close(fixture);
        assert_ok(store_open(&options, &fixture->store, &fixture->fault));
        assert_ok(write_queue_start(
                &(struct write_queue_options){ .store = fixture->store, .length_max = 10 }, &fixture->queue, &fixture->fault));
        assert_ok(store_reader_open(fixture->store, &fixture->reader, &fixture->fault));
        assert_ok(fixture_submit(fixture, job_insert_roots, &one));
        for (int64_t no = 1; no <= USERS; no += BATCH)
                assert_ok(fixture_submit(fixture, insert_users, &no));
        assert_ok(store_checkpoint(fixture->store, &fixture->fault));
}

static enum err ask(struct session *session, int64_t no, struct fault *fault)
{
        auto_result result = { 0 };
        return session_query(session, ST_RESOURCE_BY_NO, &result, fault, V_I64(1), V_I64(no));
}

/* Of the file, in our memory. */
static int64_t mapped_kib(const char *path)
{
        char line[512];
        long kib = 0, sum = 0;
        bool ours = false;
        FILE *maps = fopen("/proc/self/smaps", "r");
        assert_non_null(maps);
        while (fgets(line, sizeof line, maps))
                if (strchr(line, '-') && strchr(line, '/'))
                        ours = strstr(line, path) && !strstr(line, "-shm");
                else if (ours && sscanf(line, "Rss: %ld kB", &kib) == 1)
                        sum += kib;
        assert_int_equal(fclose(maps), 0);
        return sum;
}

static void what_is_written_is_read(struct fixture *fixture)
{
        auto_result list = { 0 };
        bool row = false;
        int64_t more = USERS + 1, count = 0;
        serve(fixture);
        assert_ok(session_query(fixture->reader, ST_RESOURCE_LIST, &list, &fixture->fault, V_I64(1), V_I64(2), V_I64(0), V_I64(USERS)));
        for (int64_t no = 1; no <= USERS; no++)
                assert_true(resource_exists(fixture->reader, 1, no));
        assert_true(mapped_kib(fixture->path) > 1000);
        assert_false(resource_exists(fixture->reader, 1, more));
        do { /* the list began before the map was used */
                assert_ok(result_next(&list, &row, &fixture->fault));
                count += row;
        } while (row);
        assert_int_equal(count, USERS);
        result_done(&list);
        assert_ok(fixture_submit(fixture, insert_users, &more));
        assert_true(resource_exists(fixture->reader, 1, more)); /* from the WAL, */
        assert_ok(store_checkpoint(fixture->store, &fixture->fault));
        assert_true(resource_exists(fixture->reader, 1, more)); /* and from the file */
}

struct kept {
        char *bytes;
        size_t length;
};

static struct kept file_cut(const char *path)
{
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        struct kept kept = { .length = (size_t)ftell(file) };
        kept.bytes = malloc(kept.length);
        assert_non_null(kept.bytes);
        rewind(file);
        assert_int_equal(fread(kept.bytes, 1, kept.length, file), kept.length);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(truncate(path, 4096), 0);
        return kept;
}

static void file_restore(const char *path, struct kept kept)
{
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fwrite(kept.bytes, 1, kept.length, file), kept.length);
        assert_int_equal(fclose(file), 0);
        free(kept.bytes);
}

/* A page that cannot be read is an error of those who asked, never an answer; and the program lives on. */
static void a_page_that_is_not_to_be_had_is_an_error(struct fixture *fixture)
{
        struct session *second = NULL;
        auto_result list = { 0 };
        bool row = false;
        serve(fixture);
        assert_ok(store_reader_open(fixture->store, &second, &fixture->fault));
        for (int i = 0; i < 2; i++) { /* the first question finds out that the file is large */
                assert_ok(ask(second, USERS / 2, &fixture->fault));
                assert_ok(ask(fixture->reader, USERS / 2, &fixture->fault));
        }
        assert_ok(session_query(second, ST_RESOURCE_LIST, &list, &fixture->fault, V_I64(1), V_I64(2), V_I64(0), V_I64(USERS)));
        for (int i = 0; i < 20; i++)
                assert_ok(result_next(&list, &row, &fixture->fault));
        assert_true(row);

        struct kept kept = file_cut(fixture->path);
        assert_err(ask(fixture->reader, USERS / 2, &fixture->fault), ERR_UNAVAILABLE);
        assert_non_null(strstr(fixture->fault.message, "cannot be read or written"));
        file_restore(fixture->path, kept);

        assert_err(result_next(&list, &row, &fixture->fault), ERR_UNAVAILABLE); /* it began before */
        result_done(&list);
        for (int64_t no = 1; no <= USERS; no++) {
                assert_true(resource_exists(fixture->reader, 1, no));
                assert_true(resource_exists(second, 1, no));
        }
        session_close(second);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(what_is_written_is_read, ON_SQLITE),
                FIXTURE_TEST(a_page_that_is_not_to_be_had_is_an_error, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
