/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written for people and programs. Names come from identity providers: whatever could steer a terminal or forge a line
 * (text_is_control) is shown as an escape, in tables and in JSON alike. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>
#include "base/buffer.h"
#include "command.h"

/* Appends `text` with controls as \u001b and bytes that are not UTF-8 as \xff. */
void output_neutral(struct buffer *into, const char *text, size_t length);
/* Writes the same to a stream. */
void output_text(FILE *stream, const char *text);
/* A JSON document as it came, on one line; raw controls inside its strings become \u escapes, so it stays the same document. */
void output_json_text(FILE *stream, const char *text, size_t length);
void output_json(FILE *stream, const json_t *value);
/* The same without the line's end. */
void output_json_line(FILE *stream, const char *text, size_t length);
/* Columns a terminal needs for valid UTF-8 without controls. */
size_t output_width(const char *text);

/* "emails.0.value" inside a document; NULL when absent. Borrowed. */
const json_t *output_find(const json_t *document, const char *path);
/* A value as people read it, neutral: yes, no, numbers, text; lists with commas; "-" for nothing. */
void output_value(struct buffer *into, const json_t *value);

/* One line a member: "name.familyName  Jones". */
enum err output_object(FILE *stream, const json_t *object, struct fault *fault) MUST_USE;

/* An aligned table that may be printed page by page: columns never get narrower again. */
#define TABLE_COLUMNS_MAX 12
struct table {
        const struct column *columns;
        size_t widths[TABLE_COLUMNS_MAX];
        bool has_title;
};
/* Prints the elements of an array as rows, before the first the titles. */
enum err table_print(struct table *table, FILE *stream, const json_t *rows, struct fault *fault) MUST_USE;

#endif
