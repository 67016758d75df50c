/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text for people
 *
 * Headings, lines and aligned tables, appended to a Buffer. Whatever may come from outside passes
 * output_text(), so that no message of a daemon can steer the terminal.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"

typedef struct Style {
        bool has_colour;
        bool is_ascii; /* neither box characters nor anything else outside ASCII */
        bool is_wide;  /* all columns */
} Style;

typedef enum Tone {
        TONE_PLAIN,
        TONE_BOLD,
        TONE_GOOD,
        TONE_NOTICE,
        TONE_BAD,
        TONE_FAR, /* remote memory: different, not wrong */
} Tone;

/* Lines */
void output_text(Buffer *buffer, const Style *style, const char *text);
void output_toned(Buffer *buffer, const Style *style, Tone tone, const char *text);
void output_heading(Buffer *buffer, const Style *style, const char *text);

/* {} is not a table; start with table_init(). Allocation failures stick and end up in the buffer.
 */
typedef struct TableCell {
        size_t offset; /* of its text */
        size_t n_text; /* bytes */
        size_t width;  /* characters */
        Tone tone;
} TableCell;

typedef struct Table {
        const Style *style;
        Buffer text; /* of all cells, one after the other, already made safe */
        TableCell *cells;
        size_t n_cells;
        size_t n_allocated;
        size_t n_columns;
        bool has_headers;
        int error;
} Table;

Table table_init(const Style *style, size_t n_columns);
void table_deinit(Table *table);
DEFINE_DEINIT(Table, table_deinit);

/* Cells fill row by row, from the left. */
void table_add(Table *table, Tone tone, const char *text);
void table_printf(Table *table, Tone tone, const char *format, ...) _printf_(3, 4);
/* The first row, underlined: n_columns texts. */
void table_set_headers(Table *table, const char *const *headers);
/* The same, of n_columns cells that were added. */
void table_end_headers(Table *table);
bool table_is_empty(const Table *table);

/* Appends the table, every line indented by so many blanks. */
void table_append(const Table *table, unsigned indent, Buffer *buffer);
