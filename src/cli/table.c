/* SPDX-License-Identifier: Apache-2.0
 *
 * Aligned tables. Cells are made once, neutral, and measured in terminal columns, not bytes. */
#include "output.h"

#include "base/auto.h"

#include <assert.h>
#include <string.h>

static size_t column_count(const struct column *columns)
{
        size_t count = 0;
        while (columns[count].title)
                count++;
        assert(count > 0 && count <= TABLE_COLUMNS_MAX);
        return count;
}

static void widen(struct table *table, size_t column, const char *cell)
{
        size_t width = output_width(cell);
        if (width > table->widths[column])
                table->widths[column] = width;
}

static void print_cell(const struct table *table, FILE *stream, size_t column, size_t count, const char *cell)
{
        bool is_last = column + 1 == count;
        int blanks = is_last ? 0 : (int)(table->widths[column] - output_width(cell) + 2);
        (void)fprintf(stream, "%s%*s%s", cell, blanks, "", is_last ? "\n" : "");
}

enum err table_print(struct table *table, FILE *stream, const json_t *rows, struct fault *fault)
{
        size_t count = column_count(table->columns);
        size_t index;
        const json_t *row;
        auto_buffer cells = { 0 }; /* NUL-terminated, row after row */
        json_array_foreach (rows, index, row) {
                for (size_t i = 0; i < count; i++) {
                        size_t before = cells.length;
                        output_value(&cells, output_find(row, table->columns[i].path));
                        buffer_putc(&cells, '\0');
                        if (!cells.failed)
                                widen(table, i, cells.data + before);
                }
        }
        enum err e = buffer_check(&cells, fault);
        if (e)
                return e;
        for (size_t i = 0; i < count && !table->has_title; i++)
                widen(table, i, table->columns[i].title);
        for (size_t i = 0; i < count && !table->has_title; i++)
                print_cell(table, stream, i, count, table->columns[i].title);
        table->has_title = true;
        const char *cell = cells.data;
        for (size_t i = 0; cell && i < json_array_size(rows) * count; i++) {
                print_cell(table, stream, i % count, count, cell);
                cell += strlen(cell) + 1;
        }
        return ERR_OK;
}
