/* SPDX-License-Identifier: Apache-2.0
 *
 * See scim_log_note.h. */
#include "scim_log_note.h"

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

static void put_whole(struct note *note, const char *text)
{
        for (size_t length; *text; text += length) {
                for (length = 1; text[length] && !begins_character(text[length]);)
                        length++;
                put(note, text, length);
        }
}

const char *log_note_id(const char *text)
{
        for (size_t left = strlen(text); left >= ID_LENGTH; left--, text++)
                if (ident_is_uuid(text, ID_LENGTH))
                        return text;
        return NULL;
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
        char text[sizeof(((struct fault *)0)->message)];
        (void)snprintf(text, sizeof(text), "%s", refusal);
        char *first = strchr(text, '"'), *last = strrchr(text, '"');
        bool is_cut = first == last || strlen(refusal) + sizeof("\xf0\x9f\x8f\xa0") >= sizeof(text);
        if (first)
                *first = '\0';
        put_without_ids(note, text);
        if (!first)
                return;
        put_whole(note, "\"" LEFT_OUT "\"");
        if (!is_cut)
                put_without_ids(note, last + 1);
}

void log_note_compose(const char *refusal, const char *outcome, char ret[SCIM_LOG_NOTE_MAX + 1])
{
        struct note note = { .text = ret, .max = LOG_REFUSAL_MAX };
        if (refusal)
                put_refusal(&note, refusal);
        note.max = SCIM_LOG_NOTE_MAX;
        note.full = false;
        if (outcome && note.length)
                put_whole(&note, "; ");
        if (outcome)
                put_whole(&note, outcome);
        ret[note.length] = '\0';
}
