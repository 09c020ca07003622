/* SPDX-License-Identifier: Apache-2.0
 *
 * What the request log says of a request in words: why it was refused, and what it did otherwise than it said. A row outlives the people it
 * could speak of (R31), so that a note holds no value that a client sent, and no other name of a person than his id. */
#ifndef DIRECTORY_SCIM_LOG_NOTE_H
#define DIRECTORY_SCIM_LOG_NOTE_H

#include "directory/scim_log.h"

#define LOG_REFUSAL_MAX 200

/* `refusal` as the client was told: what it quotes, and ids, leave it, since whose they are nobody knows here; at most LOG_REFUSAL_MAX
 * bytes are kept. `outcome` is this server's own text, whose ids stay. Whole characters; either may be NULL. */
void log_note_compose(const char *refusal, const char *outcome, char ret[SCIM_LOG_NOTE_MAX + 1]);
/* The next UUID in `text`, NULL: none; it has UUID_TEXT_SIZE - 1 bytes. */
const char *log_note_id(const char *text);

#endif
