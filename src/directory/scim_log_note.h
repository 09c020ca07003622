/* SPDX-License-Identifier: Apache-2.0
 *
 * What the request log says of a request in words: why it was refused, and what it did otherwise than it said. A row outlives the people it
 * could speak of (R31), so that a note holds no value that a client sent, and no other name of a person than his id. */
#ifndef DIRECTORY_SCIM_LOG_NOTE_H
#define DIRECTORY_SCIM_LOG_NOTE_H

#include "directory/scim_log.h"

#define LOG_REFUSAL_MAX 200
#define LOG_OPERATION_MAX 140 /* of one operation of several */

/* Refusals as the client was told: what they quote, and ids, leave them, since whose they are nobody knows here; at most LOG_REFUSAL_MAX
 * bytes are kept. The entry's note is this server's own text, whose ids stay. Cut between characters, and never inside an id, which a purge
 * would not find then. */
void log_note_compose(const struct scim_log_entry *entry, char ret[SCIM_LOG_NOTE_MAX + 1]);
/* The next UUID in `text`, NULL: none; it has UUID_TEXT_SIZE - 1 bytes. */
const char *log_note_id(const char *text);

#endif
