/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * The sequences are those that every terminal since xterm knows. The page is not cleared before it
 * is drawn: each line ends in what clears the rest of it, so nothing flickers.
 */
#define ENTER      "\033[?1049h\033[?25l"
#define LEAVE      "\033[?25h\033[?1049l"
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

/* Of a terminal that does not tell its size */
#define DEFAULT_ROWS    24u
#define DEFAULT_COLUMNS 80u

static void write_all(const char *text) {
        (void)fputs(text, stdout);
        (void)fflush(stdout);
}

bool screen_is_possible(void) {
        const char *terminal = getenv("TERM");

        return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

int screen_enter(Screen *screen) {
        struct termios settings;

        screen->has_keys = isatty(STDIN_FILENO);
        if (screen->has_keys) {
                if (tcgetattr(STDIN_FILENO, &screen->saved) < 0)
                        return -errno;
                settings = screen->saved;
                settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
                settings.c_cc[VMIN] = 1;
                settings.c_cc[VTIME] = 0;
                if (tcsetattr(STDIN_FILENO, TCSANOW, &settings) < 0)
                        return -errno;
        }
        screen->is_entered = true;
        write_all(ENTER);
        return 0;
}

void screen_leave(Screen *screen) {
        if (!screen->is_entered)
                return;
        write_all(LEAVE);
        if (screen->has_keys)
                (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->saved);
        screen->is_entered = false;
}

static size_t count_lines(const char *text) {
        size_t n = 0;

        for (; *text; ++text)
                n += *text == '\n';
        return n;
}

/* Colour takes no room, and the sequence that ends it must not be cut off with the text. */
static const char *append_line(const char *line, unsigned n_columns, Buffer *buffer) {
        unsigned width = 0;

        while (*line && *line != '\n') {
                const unsigned char c = (unsigned char)*line;
                size_t n = 1;

                if (c == '\033') {
                        n = strcspn(line, "m\n");
                        n += line[n] == 'm';
                        buffer_append(buffer, line, n);
                } else {
                        width += (c & 0xc0) != 0x80;
                        if (width <= n_columns)
                                buffer_append(buffer, line, 1);
                }
                line += n;
        }
        buffer_append_text(buffer, CLEAR_LINE);
        return *line ? line + 1 : line;
}

void screen_append(const char *text, unsigned n_rows, unsigned n_columns, Buffer *buffer) {
        const size_t n_lines = count_lines(text);
        const size_t n_shown = n_lines <= n_rows ? n_lines : n_rows - 1;

        buffer_append_text(buffer, HOME);
        for (size_t i = 0; i < n_shown; ++i) {
                buffer_append_text(buffer, i ? "\n" : "");
                text = append_line(text, n_columns, buffer);
        }
        if (n_shown < n_lines) {
                char more[40];

                (void)snprintf(more, sizeof(more), "(%zu more)\n", n_lines - n_shown);
                buffer_append_text(buffer, n_shown ? "\n" : "");
                (void)append_line(more, n_columns, buffer);
        }
        buffer_append_text(buffer, n_lines < n_rows ? "\n" CLEAR_REST : "");
}

int screen_draw(const char *text) {
        _cleanup_(buffer_deinitp) Buffer page = {};
        struct winsize size = {};
        int r;

        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        screen_append(text, size.ws_row ? size.ws_row : DEFAULT_ROWS,
                      size.ws_col ? size.ws_col : DEFAULT_COLUMNS, &page);
        r = buffer_finish(&page);
        if (r)
                return r;
        write_all(page.data);
        return ferror(stdout) ? -EIO : 0;
}
