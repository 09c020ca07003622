/* SPDX-License-Identifier: Apache-2.0
 *
 * A root with entries, and a key. */
#ifndef TESTS_LEDGER_FIXTURE_H
#define TESTS_LEDGER_FIXTURE_H

#include "ledger/entry.h"
#include "store/fixture.h"

#define ROOT_HANDLE "hand0001" /* of root 1, as the store's fixture makes it */

/* Appends `count` changes to root 1, whose bodies are {"n":1} and so on. */
void append_entries(struct fixture *fixture, int count);
/* A new root 1 with `count` entries. */
void ledger_with(struct fixture *fixture, int count);
struct checkpoint_key *key_new(struct fixture *fixture, const char *name);
/* Signs root 1; how many checkpoints were made. */
size_t sign(struct fixture *fixture, const struct checkpoint_key *key);
/* Verifies root 1 and returns the report; fails when the answer is not `expected`. */
struct verify_report verify_expect(struct fixture *fixture, const struct checkpoint_key *key, const char *external, enum err expected);
/* The same of a ledger that begins behind a checkpoint. */
struct verify_report verify_from(
        struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t from_checkpoint, enum err expected);
/* Found tampered, with this bad_seq and this word in the reason. */
void assert_bad(struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t bad_seq, const char *word);
void assert_bad_from(struct fixture *fixture, const struct checkpoint_key *key, const char *external, int64_t from_checkpoint,
        int64_t bad_seq, const char *word);
/* The newest checkpoint of root 1 as a line; free() it. */
char *export_line(struct fixture *fixture);

#endif
