/* SPDX-License-Identifier: Apache-2.0
 *
 * See scim_log_note.h. */
#include "scim_log_note.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/ident.h"

#define LEFT_OUT "…"
#define ID_LENGTH (UUID_TEXT_SIZE - 1)

struct note {
        char *text;
        size_t length, max;
        bool full;
};

static bool begins_character(char byte)
{
        return ((unsigned char)byte & 0xc0) != 0x80;
}

/* Once something did not fit, nothing behind it does. */
static void put(struct note *note, const char *text, size_t length)
{
        note->full = note->full || note->length + length > note->max;
        if (note->full)
                return;
        memcpy(note->text + note->length, text, length);
        note->length += length;
}

const char *log_note_id(const char *text)
{
        for (size_t left = strlen(text); left >= ID_LENGTH; left--, text++)
                if (ident_is_uuid(text, ID_LENGTH))
                        return text;
        return NULL;
}

static void put_whole(struct note *note, const char *text)
{
        const char *id = log_note_id(text);
        for (size_t length; *text; text += length) {
                for (length = 1; text[length] && !begins_character(text[length]);)
                        length++;
                if (text == id) {
                        length = ID_LENGTH;
                        id = log_note_id(text + length);
                }
                put(note, text, length);
        }
}

static void put_without_ids(struct note *note, char *text)
{
        for (const char *id; (id = log_note_id(text)); text += id - text + ID_LENGTH) {
                text[id - text] = '\0';
                put_whole(note, text);
                put_whole(note, LEFT_OUT);
        }
        put_whole(note, text);
}

/* A value may hold quotes itself and then pair with those around it: all between the first and the last goes, and all behind the first
 * when the last may have been cut off. */
static void put_refusal(struct note *note, const char *refusal)
{
        enum { MESSAGE_SIZE = sizeof(((struct fault *)0)->message) };
        char text[sizeof(struct fault) + 64]; /* with its field, and the number of its operation */
        (void)snprintf(text, sizeof(text), "%s", refusal);
        char *first = strchr(text, '"'), *last = strrchr(text, '"');
        bool is_cut = first == last || strlen(refusal) + sizeof("\xf0\x9f\x8f\xa0") >= MESSAGE_SIZE;
        if (first)
                *first = '\0';
        put_without_ids(note, text);
        if (!first)
                return;
        put_whole(note, "\"" LEFT_OUT "\"");
        if (!is_cut)
                put_without_ids(note, last + 1);
}

/* Room for so much more, behind what is there already. */
static void part_begin(struct note *note, size_t room)
{
        note->max = SCIM_LOG_NOTE_MAX;
        note->full = false;
        if (note->length)
                put_whole(note, "; ");
        if (note->length + room < note->max)
                note->max = note->length + room;
}

static void put_operations(struct note *note, const struct scim_log_entry *entry)
{
        char more[48];
        for (const char *const *at = entry->refused_operations; *at; at++) {
                part_begin(note, LOG_OPERATION_MAX);
                put_refusal(note, *at);
        }
        if (!entry->refused_more)
                return;
        part_begin(note, sizeof(more));
        (void)snprintf(more, sizeof(more), "and %zu more refused", entry->refused_more);
        put_whole(note, more);
}

void log_note_compose(const struct scim_log_entry *entry, char ret[SCIM_LOG_NOTE_MAX + 1])
{
        static_assert(SCIM_LOG_OPERATIONS * (LOG_OPERATION_MAX + 2) + 50 < SCIM_LOG_NOTE_MAX, "the number of the others is always told");
        struct note note = { .text = ret };
        if (entry->refusal) {
                part_begin(&note, LOG_REFUSAL_MAX);
                put_refusal(&note, entry->refusal);
        }
        if (entry->refused_operations)
                put_operations(&note, entry);
        if (entry->note) {
                part_begin(&note, SCIM_LOG_NOTE_MAX);
                put_whole(&note, entry->note);
        }
        ret[note.length] = '\0';
}
