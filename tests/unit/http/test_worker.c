/* SPDX-License-Identifier: Apache-2.0
 *
 * Shares and limits of the worker pool: a full queue, one root's half of the workers, large bodies, deadlines, late authentication,
 * last-in-first-out waking, what is begun together. Handlers wait at a gate that the test opens. */
#include "http/harness.h"

#include <pthread.h>
#include "base/auto.h"

static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool open;
        int running[4], running_max[4]; /* by root */
} held = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void held_set(bool open)
{
        pthread_mutex_lock(&held.lock);
        held.open = open;
        pthread_cond_broadcast(&held.changed);
        pthread_mutex_unlock(&held.lock);
}

static void held_begin(void)
{
        held_set(false);
        memset(held.running, 0, sizeof(held.running));
        memset(held.running_max, 0, sizeof(held.running_max));
}

/* False: after 5 s there are still other than `count`. */
static bool held_wait_for(int root, int count)
{
        bool is = false;
        for (int i = 0; i < 500 && !is; i++) {
                pthread_mutex_lock(&held.lock);
                is = held.running[root] == count;
                pthread_mutex_unlock(&held.lock);
                if (!is)
                        usleep(10000);
        }
        return is;
}

static int held_running(int root)
{
        pthread_mutex_lock(&held.lock);
        int count = held.running[root];
        pthread_mutex_unlock(&held.lock);
        return count;
}

static enum handled hold(struct request *request)
{
        int root = (int)request->actor.root_no;
        pthread_mutex_lock(&held.lock);
        held.running[root]++;
        if (held.running[root] > held.running_max[root])
                held.running_max[root] = held.running[root];
        while (!held.open)
                pthread_cond_wait(&held.changed, &held.lock);
        held.running[root]--;
        pthread_mutex_unlock(&held.lock);
        reply_empty(request, 204);
        return HANDLED;
}

static enum handled slot(struct request *request)
{
        buffer_put_i64(&request->reply.body, request->slot);
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static enum handled eat_memory(struct request *request)
{
        struct fault fault = { 0 };
        json_t *document = NULL;
        enum err e = json_parse(request->body, request->body_length, &document, &fault);
        json_decref(document);
        if (e)
                reply_fault(request, e, &fault);
        else
                reply_empty(request, 204);
        return HANDLED;
}

/* What ran, in its order, told by one letter of the path: begun in upper case, finished in lower case. */
static char trace[64];
static size_t traced;

static void finish(struct request *request)
{
        trace[traced++] = request->path[strlen(request->path) - 1];
        reply_empty(request, 204);
}

static enum handled begin(struct request *request)
{
        char letter = request->path[strlen(request->path) - 1];
        struct fault fault = { 0 };
        trace[traced++] = (char)(letter - 'a' + 'A');
        request->finish = finish;
        if (letter != 'x')
                return HANDLED_LATER;
        reply_fault(request, fault_set(&fault, ERR_VALUE, "", "no"), &fault);
        return HANDLED;
}

static enum handled whole(struct request *request)
{
        trace[traced++] = '.';
        reply_empty(request, 204);
        return HANDLED;
}

static const struct route rows[] = {
        { METHOD_GET, "/hold", hold, WHO_IDENTITY, ACTION_READ, FACE_API, 0, 0, NULL },
        { METHOD_POST, "/hold", hold, WHO_IDENTITY, ACTION_READ, FACE_API, LIMIT_KIB(4096), ROUTE_ANY_MEDIA, NULL },
        { METHOD_GET, "/begin/{letter}", begin, WHO_IDENTITY, ACTION_READ, FACE_API, 0, ROUTE_BEGINS, NULL },
        { METHOD_GET, "/whole", whole, WHO_IDENTITY, ACTION_READ, FACE_API, 0, 0, NULL },
        { METHOD_GET, "/slot", slot, WHO_IDENTITY, ACTION_READ, FACE_API, 0, 0, NULL },
        { METHOD_POST, "/json", eat_memory, WHO_IDENTITY, ACTION_READ, FACE_API, LIMIT_KIB(4096), 0, NULL },
        { METHOD_NONE },
};
static const struct route_table tables[] = { { rows, "", FACE_API } };

/* "Bearer 2" is root 2; "Bearer later 2" needs a worker to know it. */
static enum authenticated authenticate(void *context, struct request *request, bool may_block, struct fault *fault)
{
        const char *token = request->headers[HEADER_AUTHORIZATION] ? request->headers[HEADER_AUTHORIZATION] + strlen("Bearer ") : "";
        if (strncmp(token, "later ", 6) == 0) {
                if (!may_block)
                        return AUTHENTICATED_LATER;
                token += 6;
        }
        if (strcmp(token, "bad") == 0) {
                (void)fault_set(fault, ERR_UNAUTHENTICATED, NULL, "Unknown.");
                return AUTHENTICATED_REFUSED;
        }
        request->actor.kind = ACTOR_IDENTITY;
        request->actor.root_no = atoi(token);
        return AUTHENTICATED;
}

static struct http_options options_new(void)
{
        struct http_options options = harness_options(tables, 1);
        options.hooks.authenticate = authenticate;
        return options;
}

static int ask(int port, const char *path, const char *token)
{
        char text[256];
        int length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", path, token);
        int fd = client_connect(port);
        assert_true(client_send(fd, text, (size_t)length));
        return fd;
}

static int status_of(int fd)
{
        struct response response = client_read(fd, false, false, WAIT_MS);
        int status = response.status;
        close(fd);
        response_free(&response);
        return status;
}

static void a_full_queue_is_503_with_retry_after(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        char value[256];
        int fds[12];
        options.workers = 2;
        options.queue_length = 8;
        held_begin();
        harness_start(&harness, &options);
        int64_t full_before = metric_get(METRIC_QUEUE_FULL);
        fds[0] = ask(harness.port, "/hold", "1");
        assert_true(held_wait_for(1, 1));
        for (int i = 1; i < 9; i++)
                fds[i] = ask(harness.port, "/hold", "1");
        for (int i = 0; i < 500 && metric_get(METRIC_JOBS_QUEUED) < 8; i++)
                usleep(10000);
        int refused = ask(harness.port, "/hold", "1");
        struct response response = client_read(refused, false, false, WAIT_MS);
        assert_int_equal(response.status, 503);
        assert_string_equal(response_header(&response, "Retry-After", value), "1");
        response_free(&response);
        close(refused);
        assert_int_equal(metric_get(METRIC_QUEUE_FULL), full_before + 1);
        /* The other root has its reserve, and a free worker. */
        fds[9] = ask(harness.port, "/hold", "2");
        assert_true(held_wait_for(2, 1));
        held_set(true);
        for (int i = 0; i < 10; i++)
                assert_int_equal(status_of(fds[i]), 204);
        assert_int_equal(metric_get(METRIC_JOBS_QUEUED), 0);
        http_server_stop(harness.server);
}

static void root_shares(const char *token)
{
        struct http_options options = options_new();
        struct harness harness;
        int fds[24];
        options.workers = 4;
        held_begin();
        harness_start(&harness, &options);
        for (int i = 0; i < 20; i++)
                fds[i] = ask(harness.port, "/hold", token);
        assert_true(held_wait_for(1, 2));
        usleep(50000);
        assert_int_equal(held_running(1), 2);
        /* Those that wait block nobody else. */
        fds[20] = ask(harness.port, "/hold", "2");
        fds[21] = ask(harness.port, "/hold", "later 3");
        assert_true(held_wait_for(2, 1));
        assert_true(held_wait_for(3, 1));
        held_set(true);
        for (int i = 0; i < 22; i++)
                assert_int_equal(status_of(fds[i]), 204);
        assert_int_equal(held.running_max[1], 2);
        http_server_stop(harness.server);
}

static void one_root_has_at_most_half_of_the_workers(void **state)
{
        root_shares("1");
}

static void the_share_holds_when_the_root_is_known_late(void **state)
{
        root_shares("later 1");
}

static void late_authentication_refuses_too(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        held_begin();
        held_set(true);
        harness_start(&harness, &options);
        assert_int_equal(status_of(ask(harness.port, "/hold", "later bad")), 401);
        assert_int_equal(status_of(ask(harness.port, "/hold", "later 1")), 204);
        http_server_stop(harness.server);
}

static void a_job_past_its_deadline_is_not_run(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        int fds[3];
        options.workers = 2;
        options.request_timeout_s = 1;
        held_begin();
        harness_start(&harness, &options);
        fds[0] = ask(harness.port, "/hold", "1");
        assert_true(held_wait_for(1, 1));
        fds[1] = ask(harness.port, "/hold", "1");
        /* Its root's worker hangs, yet the answer comes in time: the free worker gives it. */
        int64_t from_us = clock_steady_us();
        struct response response = client_read(fds[1], false, false, WAIT_MS);
        assert_int_equal(response.status, 503);
        assert_non_null(strstr(response.body, "urn:muster:problem:deadline"));
        assert_true(clock_steady_us() - from_us < 4 * US_PER_S);
        response_free(&response);
        close(fds[1]);
        assert_int_equal(held.running_max[1], 1);
        held_set(true);
        assert_int_equal(status_of(fds[0]), 204);
        http_server_stop(harness.server);
}

static void few_large_bodies_run_at_once(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        size_t size = ((size_t)1 << 20) + 1;
        char *body = calloc(1, size + 256);
        int fds[8];
        options.workers = 16;
        held_begin();
        harness_start(&harness, &options);
        for (int i = 0; i < 8; i++) {
                int head = snprintf(
                        body, 256, "POST /hold HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 1\r\nContent-Length: %zu\r\n\r\n", size);
                fds[i] = client_connect(harness.port);
                assert_true(client_send(fds[i], body, (size_t)head + size));
        }
        assert_true(held_wait_for(1, 4));
        usleep(100000);
        assert_int_equal(held_running(1), 4);
        int small = ask(harness.port, "/hold", "1");
        assert_true(held_wait_for(1, 5));
        held_set(true);
        for (int i = 0; i < 8; i++)
                assert_int_equal(status_of(fds[i]), 204);
        assert_int_equal(status_of(small), 204);
        free(body);
        http_server_stop(harness.server);
}

static void the_last_idle_worker_is_woken_first(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        char last[16] = "";
        int changes = 0;
        options.loops = 1;
        options.workers = 8;
        harness_start(&harness, &options);
        for (int i = 0; i < 20; i++) {
                struct response response;
                int fd = ask(harness.port, "/slot", "1");
                response = client_read(fd, false, false, WAIT_MS);
                assert_int_equal(response.status, 200);
                assert_true(atoi(response.body) >= 1 && atoi(response.body) <= 8);
                changes += strcmp(response.body, last) != 0;
                (void)snprintf(last, sizeof(last), "%.15s", response.body);
                response_free(&response);
                close(fd);
                usleep(5000);
        }
        /* A busy machine may keep a worker from going back to sleep in time; in turn it would be 20. */
        assert_in_range(changes, 1, 10);
        http_server_stop(harness.server);
}

/* Queues the paths behind a job that holds the only worker, lets it go, and reads what they answer. */
static void trace_of(const char *const (*asked)[2], size_t count, int *ret_statuses)
{
        struct http_options options = options_new();
        struct harness harness;
        int fds[32];
        options.workers = 1;
        memset(trace, 0, sizeof(trace));
        traced = 0;
        held_begin();
        harness_start(&harness, &options);
        int plug = ask(harness.port, "/hold", "3");
        assert_true(held_wait_for(3, 1));
        for (size_t i = 0; i < count; i++) {
                fds[i] = ask(harness.port, asked[i][0], asked[i][1]);
                for (int k = 0; k < 500 && metric_get(METRIC_JOBS_QUEUED) <= (int64_t)i; k++)
                        usleep(10000);
        }
        held_set(true);
        assert_int_equal(status_of(plug), 204);
        for (size_t i = 0; i < count; i++)
                ret_statuses[i] = status_of(fds[i]);
        http_server_stop(harness.server);
}

static void what_only_begins_is_begun_together_by_root(void **state)
{
        static const char *const asked[][2] = { { "/begin/a", "1" }, { "/begin/b", "1" }, { "/begin/o", "2" }, { "/whole", "1" },
                { "/begin/x", "1" }, { "/begin/c", "1" }, { "/begin/l", "later 1" } };
        int statuses[COUNT_OF(asked)];
        trace_of(asked, COUNT_OF(asked), statuses);
        assert_string_equal(trace, "ABXCabcOo.Ll");
        for (size_t i = 0; i < COUNT_OF(asked); i++)
                assert_int_equal(statuses[i], i == 4 ? 400 : 204);
}

static void a_worker_begins_a_bounded_number(void **state)
{
        static const char *const one[2] = { "/begin/a", "1" };
        const char *asked[20][2];
        int statuses[20];
        for (size_t i = 0; i < 20; i++)
                memcpy(asked[i], one, sizeof(one));
        trace_of((const char *const(*)[2])asked, 20, statuses);
        assert_string_equal(trace, "AAAAAAAAAAAAAAAA"
                                   "aaaaaaaaaaaaaaaa"
                                   "AAAA"
                                   "aaaa");
}

static void a_job_that_eats_memory_fails_alone(void **state)
{
        struct http_options options = options_new();
        struct harness harness;
        size_t size = (size_t)3 << 20;
        char *text = malloc(size + 256);
        harness_start(&harness, &options);
        int head = snprintf(text, 256,
                "POST /json HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 1\r\nContent-Type: application/json\r\nContent-Length: "
                "%zu\r\n\r\n",
                size);
        /* [{},{},{},... : forty times its size in memory. */
        for (size_t i = 0; i < size; i++)
                text[(size_t)head + i] = "{},"[i % 3];
        text[head] = '[';
        text[head + 1] = '1';
        text[head + 2] = ',';
        text[(size_t)head + size - 1] = ']';
        for (int i = 0; i < 3; i++) {
                int fd = client_connect(harness.port);
                assert_true(client_send(fd, text, (size_t)head + size));
                assert_int_equal(status_of(fd), 413);
        }
        int fd = client_connect(harness.port);
        static const char good[] = "POST /json HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 1\r\nContent-Type: "
                                   "application/json\r\nContent-Length: 2\r\n\r\n{}";
        assert_true(client_send(fd, good, sizeof(good) - 1));
        assert_int_equal(status_of(fd), 204);
        free(text);
        http_server_stop(harness.server);
}

int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_full_queue_is_503_with_retry_after),
                cmocka_unit_test(one_root_has_at_most_half_of_the_workers),
                cmocka_unit_test(the_share_holds_when_the_root_is_known_late),
                cmocka_unit_test(late_authentication_refuses_too),
                cmocka_unit_test(a_job_past_its_deadline_is_not_run),
                cmocka_unit_test(few_large_bodies_run_at_once),
                cmocka_unit_test(the_last_idle_worker_is_woken_first),
                cmocka_unit_test(what_only_begins_is_begun_together_by_root),
                cmocka_unit_test(a_worker_begins_a_bounded_number),
                cmocka_unit_test(a_job_that_eats_memory_fails_alone),
        };
        return cmocka_run_group_tests_name("http/worker", tests, NULL, NULL);
}
