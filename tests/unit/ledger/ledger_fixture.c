/* SPDX-License-Identifier: Apache-2.0
 *
 * See ledger_fixture.h. */
#include "ledger/ledger_fixture.h"

struct appending {
        int first, count;
};

static enum err job_append(struct session *session, void *context, struct fault *fault)
{
        const struct appending *appending = context;
        const struct actor actor = { .kind = ACTOR_IDENTITY, .no = 7 };
        for (int i = 0; i < appending->count; i++) {
                char body[32];
                (void)snprintf(body, sizeof body, "{\"n\":%d}", appending->first + i);
                struct ledger_entry entry = {
                        .event = EVENT_UPDATED, .actor = &actor, .object_kind = KIND_USER, .object_no = 9, .body = body
                };
                memcpy(entry.change_id, body, strlen(body) < CHANGE_ID_SIZE ? strlen(body) : CHANGE_ID_SIZE);
                int64_t seq, at_us;
                enum err e = ledger_append(session, 1, &entry, &seq, &at_us, fault);
                if (e)
                        return e;
                if (seq != appending->first + i)
                        return fault_set(fault, ERR_INTERNAL, "", "seq %d", (int)seq);
        }
        return ERR_OK;
}

void append_entries(struct fixture *fixture, int count)
{
        struct appending appending = { (int)read_revision(fixture->reader, 1) + 1, count };
        assert_ok(fixture_submit(fixture, job_append, &appending));
}

void ledger_with(struct fixture *fixture, int count)
{
        int64_t roots = 1;
        assert_ok(fixture_submit(fixture, job_insert_roots, &roots));
        append_entries(fixture, count);
}

struct checkpoint_key *key_new(struct fixture *fixture, const char *name)
{
        char path[160];
        struct checkpoint_key *key = NULL;
        (void)snprintf(path, sizeof path, "%s/%s.pem", fixture->folder, name);
        assert_ok(checkpoint_key_make_file(path, &fixture->fault));
        assert_ok(checkpoint_key_load(path, &key, &fixture->fault));
        return key;
}

size_t sign(struct fixture *fixture, const struct checkpoint_key *key)
{
        size_t count = 0;
        assert_ok(checkpoint_sign_all(fixture->queue, fixture->reader, key, &count, &fixture->fault));
        return count;
}

struct verify_report verify_expect(struct fixture *fixture, const struct checkpoint_key *key, const char *external, enum err expected)
{
        return verify_from(fixture, key, external, 0, expected);
}

struct verify_report verify_from(
        struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t from_checkpoint, enum err expected)
{
        const struct verify_terms terms = { .external = external, .from_checkpoint = from_checkpoint };
        struct verify_report report;
        memset(&report, 0xff, sizeof report);
        fixture->fault = (struct fault){ 0 };
        enum err e = ledger_verify(fixture->reader, 1, key, &terms, &report, &fixture->fault);
        if (e != expected)
                fail_msg("verify answers %s: %s", error_row(e)->name, fixture->fault.message);
        return report;
}

void assert_bad(struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t bad_seq, const char *word)
{
        assert_bad_from(fixture, key, external, 0, bad_seq, word);
}

void assert_bad_from(struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t from_checkpoint,
        int64_t bad_seq, const char *word)
{
        struct verify_report report = verify_from(fixture, key, external, from_checkpoint, ERR_TAMPERED);
        if (report.bad_seq != bad_seq || !strstr(report.reason, word))
                fail_msg("entry %d is named (%s), expected %d (%s)", (int)report.bad_seq, report.reason, (int)bad_seq, word);
}

char *export_line(struct fixture *fixture)
{
        struct buffer line = { 0 };
        assert_ok(checkpoint_export(fixture->reader, 1, &line, &fixture->fault));
        return buffer_steal(&line, NULL);
}
