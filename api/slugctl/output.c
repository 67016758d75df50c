/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Two rules hold for every character that leaves here.
 *
 * It is harmless. Control characters, C1 controls in both their spellings (a lone byte 0x80-0x9f,
 * or the two bytes of UTF-8), the marks that turn the direction of writing, and bytes that are no
 * UTF-8 at all are written as \xNN, byte by byte. The only escape sequences in the output are our
 * own.
 *
 * It has a width. A column is as wide as its widest cell, counted in characters, not bytes; escape
 * sequences for colour do not count. The last cell of a line is not padded, so no line ends in
 * blanks. Characters that take two columns on a terminal are counted once: names on a node do not
 * have them, and a table that is a little askew is still right.
 */
#define COLUMN_GAP 2u

/* How many bytes the well-formed UTF-8 character at @text has, and which it is; 0: it is none. */
static size_t decode_character(const unsigned char *text, uint32_t *ret) {
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t value;
        size_t n;

        if (text[0] < 0x80) {
                *ret = text[0];
                return 1;
        }
        if (text[0] >= 0xc2 && text[0] <= 0xdf)
                n = 2;
        else if ((text[0] & 0xf0) == 0xe0)
                n = 3;
        else if (text[0] >= 0xf0 && text[0] <= 0xf4)
                n = 4;
        else
                return 0;
        value = text[0] & (0xffu >> (n + 1));
        for (size_t i = 1; i < n; ++i) {
                /* the NUL at the end is no continuation byte: this never reads behind it */
                if ((text[i] & 0xc0) != 0x80)
                        return 0;
                value = value << 6 | (text[i] & 0x3fu);
        }
        if (value < smallest[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
                return 0;
        *ret = value;
        return n;
}

static bool is_harmless(uint32_t character, const Style *style) {
        if (character < 0x20 || (character >= 0x7f && character <= 0x9f))
                return false;
        if (character < 0x80)
                return true;
        /* U+200E..F, U+2028..E, U+2066..9 and U+061C reorder or break the line they stand in. */
        if (character == 0x61c || character == 0x200e || character == 0x200f ||
            (character >= 0x2028 && character <= 0x202e) ||
            (character >= 0x2066 && character <= 0x2069))
                return false;
        /* A terminal without UTF-8 may take some of these bytes for controls. */
        return !style->is_ascii;
}

/* Appends @text made safe. Return: its width in characters. */
static size_t append_safe(Buffer *buffer, const Style *style, const char *text) {
        const unsigned char *cursor = (const unsigned char *)text;
        size_t width = 0;

        while (*cursor) {
                uint32_t character = 0;
                size_t n = decode_character(cursor, &character);

                if (n > 0 && is_harmless(character, style)) {
                        buffer_append(buffer, cursor, n);
                        ++width;
                } else {
                        n = n > 0 ? n : 1;
                        for (size_t i = 0; i < n; ++i)
                                buffer_printf(buffer, "\\x%02x", cursor[i]);
                        width += 4 * n;
                }
                cursor += n;
        }
        return width;
}

static const char *tone_sequence(Tone tone) {
        switch (tone) {
        case TONE_PLAIN:
                return "";
        case TONE_BOLD:
                return "\033[1m";
        case TONE_GOOD:
                return "\033[32m";
        case TONE_NOTICE:
                return "\033[33m";
        case TONE_BAD:
                return "\033[31m";
        case TONE_FAR:
                return "\033[36m";
        }
        return "";
}

static void
append_toned(Buffer *buffer, const Style *style, Tone tone, const char *text, size_t n_text) {
        const bool is_toned = style->has_colour && tone != TONE_PLAIN && n_text > 0;

        if (is_toned)
                buffer_append_text(buffer, tone_sequence(tone));
        buffer_append(buffer, text, n_text);
        if (is_toned)
                buffer_append_text(buffer, "\033[0m");
}

/**
 * output_text() - foreign text, made harmless
 * @buffer:     gets the text
 * @style:      is_ascii decides what happens to characters outside ASCII
 * @text:       anything that ends in NUL
 */
void output_text(Buffer *buffer, const Style *style, const char *text) {
        (void)append_safe(buffer, style, text);
}

void output_toned(Buffer *buffer, const Style *style, Tone tone, const char *text) {
        _cleanup_(buffer_deinitp) Buffer safe = {};

        (void)append_safe(&safe, style, text);
        if (buffer_finish(&safe)) {
                if (!buffer->error)
                        buffer->error = safe.error;
                return;
        }
        append_toned(buffer, style, tone, safe.data, safe.n_data);
}

/* A line of its own, without indentation: "Capacity:". */
void output_heading(Buffer *buffer, const Style *style, const char *text) {
        append_toned(buffer, style, TONE_BOLD, text, strlen(text));
        buffer_append_char(buffer, '\n');
}

Table table_init(const Style *style, size_t n_columns) {
        assert(n_columns > 0);
        return (Table){ .style = style, .n_columns = n_columns };
}

void table_deinit(Table *table) {
        buffer_deinit(&table->text);
        free(table->cells);
        *table = (Table){};
}

static bool reserve_cell(Table *table) {
        const size_t n_allocated = table->n_allocated ? table->n_allocated * 2 : 32;
        TableCell *cells;

        if (table->error)
                return false;
        if (table->n_cells < table->n_allocated)
                return true;
        cells = reallocarray(table->cells, n_allocated, sizeof(*cells));
        if (!cells) {
                table->error = -ENOMEM;
                return false;
        }
        table->cells = cells;
        table->n_allocated = n_allocated;
        return true;
}

void table_add(Table *table, Tone tone, const char *text) {
        TableCell *cell;

        if (!reserve_cell(table))
                return;
        cell = &table->cells[table->n_cells++];
        *cell = (TableCell){ .offset = table->text.n_data, .tone = tone };
        cell->width = append_safe(&table->text, table->style, text);
        cell->n_text = table->text.n_data - cell->offset;
        if (table->text.error)
                table->error = table->text.error;
}

void table_printf(Table *table, Tone tone, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                if (!table->error)
                        table->error = -ENOMEM;
                return;
        }
        table_add(table, tone, text);
}

void table_set_headers(Table *table, const char *const *headers) {
        assert(table->n_cells == 0);
        for (size_t i = 0; i < table->n_columns; ++i)
                table_add(table, TONE_BOLD, headers[i]);
        table_end_headers(table);
}

void table_end_headers(Table *table) {
        assert(table->error || table->n_cells == table->n_columns);
        table->has_headers = true;
}

bool table_is_empty(const Table *table) {
        return table->n_cells <= (table->has_headers ? table->n_columns : 0);
}

static void append_blanks(Buffer *buffer, size_t n) {
        for (size_t i = 0; i < n; ++i)
                buffer_append_char(buffer, ' ');
}

static size_t get_column_width(const Table *table, size_t column) {
        size_t width = 0;

        for (size_t i = column; i < table->n_cells; i += table->n_columns)
                if (table->cells[i].width > width)
                        width = table->cells[i].width;
        return width;
}

/* @is_rule: dashes below the headers instead of the cells themselves */
static void append_row(const Table *table,
                       const TableCell *row,
                       const size_t *widths,
                       bool is_rule,
                       Buffer *buffer) {
        size_t owed = 0; /* blanks, written only when something follows them */

        for (size_t i = 0; i < table->n_columns; ++i) {
                if (row[i].width > 0) {
                        append_blanks(buffer, owed);
                        owed = 0;
                        for (size_t k = 0; is_rule && k < row[i].width; ++k)
                                buffer_append_char(buffer, '-');
                        if (!is_rule)
                                append_toned(buffer, table->style, row[i].tone,
                                             table->text.data + row[i].offset, row[i].n_text);
                }
                owed += widths[i] - row[i].width + COLUMN_GAP;
        }
        buffer_append_char(buffer, '\n');
}

void table_append(const Table *table, unsigned indent, Buffer *buffer) {
        _cleanup_(freep) size_t *widths = calloc(table->n_columns, sizeof(*widths));
        const int error = widths ? table->error : -ENOMEM;

        if (error) {
                if (!buffer->error)
                        buffer->error = error;
                return;
        }
        assert(table->n_cells % table->n_columns == 0);
        for (size_t i = 0; i < table->n_columns; ++i)
                widths[i] = get_column_width(table, i);
        for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
                append_blanks(buffer, indent);
                append_row(table, &table->cells[i], widths, false, buffer);
                if (i == 0 && table->has_headers) {
                        append_blanks(buffer, indent);
                        append_row(table, table->cells, widths, true, buffer);
                }
        }
}
