/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A terminal as a screen
 *
 * Standard output is drawn on, standard input gives keys when it is a terminal, too. Whoever
 * enters leaves, on every way out: the terminal is another program's again afterwards.
 */
#include <stdbool.h>
#include <termios.h>

#include "base/buffer.h"
#include "base/cleanup.h"

typedef struct Screen {
        struct termios saved;
        bool is_entered;
        bool has_keys;
} Screen;

/* Standard output is a terminal that can be drawn on. */
bool screen_is_possible(void);

/* Another page than that of the shell, no cursor, and keys without Enter and without echo. Return:
 * 0 or an errno; then nothing has changed. */
_must_check_ int screen_enter(Screen *screen);
void screen_leave(Screen *screen);

/* @text: lines as output.h makes them. Appends what draws it on a page of that size: lines and
 * columns beyond it are left out, and the last line tells how many lines are. */
void screen_append(const char *text, unsigned n_rows, unsigned n_columns, Buffer *buffer);
/* The same at once on the page as it is now. Return: 0 or an errno. */
_must_check_ int screen_draw(const char *text);
