/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts at a whole character: half a UTF-8 sequence would make the text unsendable. */
static void cut_to_utf8(char *text, size_t size) {
        size_t n = strlen(text);

        if (n + 1 < size)
                return;
        while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
                --n;
        if (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0xc0)
                --n;
        text[n] = '\0';
}

_printf_(3,
         0) static void set_text(Diag *diag, const char *source, const char *format, va_list args) {
        (void)snprintf(diag->source, sizeof(diag->source), "%s", source ? source : "");
        cut_to_utf8(diag->source, sizeof(diag->source));
        (void)vsnprintf(diag->text, sizeof(diag->text), format, args);
        cut_to_utf8(diag->text, sizeof(diag->text));
}

/**
 * diag_set() - say what went wrong
 * @diag:   may be NULL: then nobody wants to know
 * @source: file or other origin; NULL: none
 * @line:   from 1, or 0
 * @column: from 1, or 0
 */
void diag_set(Diag *diag,
              const char *source,
              unsigned line,
              unsigned column,
              const char *format,
              ...) {
        va_list args;

        if (!diag)
                return;
        *diag = (Diag){ .line = line, .column = column };
        va_start(args, format);
        set_text(diag, source, format, args);
        va_end(args);
}

/**
 * diag_format() - the one line that a person reads
 *
 * Return: @buffer, "source:line:column: text" with the absent parts left out.
 */
const char *diag_format(const Diag *diag, char buffer[static DIAG_FORMATTED_MAX]) {
        char place[32] = "";

        if (diag->line && diag->column)
                (void)snprintf(place, sizeof(place), ":%u:%u", diag->line, diag->column);
        else if (diag->line)
                (void)snprintf(place, sizeof(place), ":%u", diag->line);
        (void)snprintf(buffer, DIAG_FORMATTED_MAX, "%s%s%s%s", diag->source, place,
                       diag->source[0] ? ": " : "", diag->text);
        return buffer;
}

/**
 * diag_list_add() - keep one more diagnostic, if there is room
 *
 * Never fails: what finds no room is counted in n_dropped.
 */
void diag_list_add(DiagList *list, const char *source, const char *format, ...) {
        va_list args;

        if (list->n_items >= DIAG_LIST_MAX) {
                ++list->n_dropped;
                return;
        }
        if (list->n_items % 8 == 0) {
                Diag *items = realloc(list->items, (list->n_items + 8) * sizeof(*items));

                if (!items) {
                        ++list->n_dropped;
                        return;
                }
                list->items = items;
        }
        list->items[list->n_items] = (Diag){};
        va_start(args, format);
        set_text(&list->items[list->n_items], source, format, args);
        va_end(args);
        ++list->n_items;
}

void diag_list_deinit(DiagList *list) {
        free(list->items);
        *list = (DiagList){};
}
