/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines as text
 *
 * One line, one thing; what a line makes is told by its shape:
 *
 *   # text                 a comment, when the line begins with it; blank lines say nothing
 *   PATH: TEXT             a file that holds TEXT and a newline
 *   PATH:                  an empty file, or one that holds the lines that follow and begin with
 *                          two blanks, without those
 *   PATH -> TARGET         a link with just that text; @PATH stands for the way to PATH, which
 *                          starts from the root, as the kernel writes its own links
 *   PATH/                  an empty folder
 *   in PATH                the folder that the following paths start from; "in /" ends it, and a
 *                          path that begins with "/" starts from the root all the same
 *   repeat N PATH: TEXT    a file that holds TEXT N times, without newlines of its own
 *
 * and, for the families of files that every machine has (tree-family.c):
 *
 *   node N [cpus=LIST] [kb=K] [distance=A,B,...]
 *           nodeN/cpulist, nodeN/meminfo, nodeN/distance; only those that are named
 *   access N CLASS LIST|- LATENCY BANDWIDTH
 *           nodeN/accessCLASS/initiators: four figures and a link per initiator
 *   hugepages N KIB PAGES [FREE]
 *           nodeN/hugepages/hugepages-KIBkB/{nr,free,surplus}_hugepages
 *   blocks LIST nodeN|- STATE ZONES
 *           memoryM/{state,valid_zones,phys_index,removable} for every M of LIST, and the links
 *           between the blocks and their NUMA node
 *
 * LIST is the kernel's list form, "0-7,32". A path has no blanks. TEXT knows these escapes: two
 * backslashes for one, \n, \t, \0 for NUL, \xNN for any byte, \e for nothing (so that
 * "cpulist: \e" is one empty line), and \c, which must stand last and leaves out the newline.
 *
 * A file is a description to be believed to the letter, so everything unknown is refused, and so
 * is making one file twice. Nothing is made outside the target folder: see tree-write.c.
 */
#include "lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "lib/tree-reader.h"
#include "lib/tree-write.h"

#define TREE_FILE_MAX   (1u << 20)
#define TREE_REPEAT_MAX (64u << 20) /* bytes that one "repeat" may make */

int tree_refuse(TreeReader *self, const Scan *where, const char *expected) {
        diag_set(self->diag, self->source, self->line_number,
                 (unsigned)(where->cursor - self->line) + 1, "%s", expected);
        return TREE_E_MALFORMED;
}

/* What the writer says about a file becomes what the reader says about a line. */
int tree_told(TreeReader *self, const char *path, int r) {
        if (r <= 0)
                return r;
        diag_set(self->diag, self->source, self->line_number, 0, "'%s' %s", path,
                 r == TREE_WRITE_E_EXISTS
                         ? "is there already"
                         : "leaves the folder: a part is empty, '.', '..', or no folder");
        return TREE_E_MALFORMED;
}

int tree_put_text(TreeReader *self, const char *path, const char *text, size_t n_text) {
        return tree_told(self, path, tree_write_file(self->root_fd, path, text, n_text, 1));
}

int tree_put_printf(TreeReader *self, const char *path, const char *format, ...) {
        char text[1024];
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (n < 0 || (size_t)n >= sizeof(text))
                return -ENAMETOOLONG;
        return tree_put_text(self, path, text, (size_t)n);
}

int tree_put_way(TreeReader *self, const char *path, const char *target) {
        char text[TREE_PATH_MAX * 3];

        tree_link_text(path, target, text);
        return tree_told(self, path, tree_write_link(self->root_fd, path, text));
}

bool tree_take_word(Scan *scan, Scan *ret) {
        (void)scan_spaces(scan);
        if (!scan_until(scan, ' ', ret)) {
                *ret = *scan;
                scan->cursor = scan->end;
        }
        return scan_left(ret) > 0;
}

bool tree_word_is(const Scan *word, const char *text) {
        return scan_left(word) == strlen(text) && memcmp(word->cursor, text, strlen(text)) == 0;
}

bool tree_word_to_number(Scan word, uint64_t max, uint64_t *ret) {
        return scan_u64(&word, ret) && scan_is_done(&word) && *ret <= max;
}

/* Puts the folder of "in" before it, and takes a slash off the front. */
static int make_path(TreeReader *self, Scan word, char ret[static TREE_PATH_MAX]) {
        const char *folder = self->folder;
        int n;

        if (scan_char(&word, '/'))
                folder = "";
        n = snprintf(ret, TREE_PATH_MAX, "%s%s%.*s", folder, folder[0] ? "/" : "",
                     (int)scan_left(&word), word.cursor);
        if (n < 0 || (size_t)n >= TREE_PATH_MAX)
                return tree_refuse(self, &word, "this path is too long");
        return 0;
}

static bool take_hex_byte(Scan *text, char *ret) {
        Scan two = { .cursor = text->cursor, .end = text->cursor + 2 };
        uint64_t value;

        if (scan_left(text) < 2 || !scan_hex(&two, &value) || !scan_is_done(&two))
                return false;
        text->cursor += 2;
        *ret = (char)(unsigned char)value;
        return true;
}

/* Appends TEXT with its escapes resolved; @ret_is_cut: it ended in \c. */
static int unescape(TreeReader *self, Scan text, Buffer *buffer, bool *ret_is_cut) {
        static const char names[] = "\\nt0", values[] = "\\\n\t";

        *ret_is_cut = false;
        while (!scan_is_done(&text)) {
                const Scan start = text;
                const char c = *text.cursor++;
                const char *name;
                char byte;

                if (c != '\\') {
                        buffer_append_char(buffer, c);
                        continue;
                }
                if (scan_char(&text, 'e'))
                        continue;
                if (scan_char(&text, 'c') && scan_is_done(&text)) {
                        *ret_is_cut = true;
                        break;
                }
                name = scan_is_done(&text) ? NULL : memchr(names, *text.cursor, sizeof(names) - 1);
                if (name) {
                        buffer_append_char(buffer, values[name - names]);
                        ++text.cursor;
                } else if (scan_char(&text, 'x') && take_hex_byte(&text, &byte))
                        buffer_append_char(buffer, byte);
                else
                        return tree_refuse(
                                self, &start,
                                "expected one of \\\\ \\n \\t \\0 \\xNN \\e, or \\c at the end");
        }
        return 0;
}

static int append_line(TreeReader *self, Scan text, Buffer *buffer) {
        bool is_cut;
        int r;

        r = unescape(self, text, buffer, &is_cut);
        if (r)
                return r;
        if (!is_cut)
                buffer_append_char(buffer, '\n');
        return 0;
}

static bool take_line(TreeReader *self, Scan *ret) {
        if (!scan_line(&self->lines, ret))
                return false;
        self->line = ret->cursor;
        ++self->line_number;
        return true;
}

/* The indented lines that follow "PATH:"; the first other line stays where it is. */
static int append_block(TreeReader *self, Buffer *buffer) {
        for (;;) {
                Scan ahead = self->lines, line;
                int r;

                if (!scan_literal(&ahead, "  ") || !take_line(self, &line))
                        return 0;
                line.cursor += 2;
                r = append_line(self, line, buffer);
                if (r)
                        return r;
        }
}

static int read_file(TreeReader *self, Scan path_word, Scan text) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        char path[TREE_PATH_MAX];
        int r;

        r = make_path(self, path_word, path);
        if (r)
                return r;
        r = scan_is_done(&text) ? append_block(self, &buffer) : append_line(self, text, &buffer);
        if (r)
                return r;
        r = buffer_finish(&buffer);
        if (r)
                return r;
        return tree_put_text(self, path, buffer.data, buffer.n_data);
}

static int read_link(TreeReader *self, Scan path_word, Scan target) {
        char path[TREE_PATH_MAX], text[TREE_PATH_MAX];
        int r;

        r = make_path(self, path_word, path);
        if (r)
                return r;
        if (scan_is_done(&target) || scan_left(&target) >= sizeof(text))
                return tree_refuse(self, &target,
                                   "expected where the link leads, and not too long");
        if (scan_char(&target, '@')) {
                (void)scan_char(&target, '/');
                (void)snprintf(text, sizeof(text), "%.*s", (int)scan_left(&target), target.cursor);
                return tree_put_way(self, path, text);
        }
        (void)snprintf(text, sizeof(text), "%.*s", (int)scan_left(&target), target.cursor);
        return tree_told(self, path, tree_write_link(self->root_fd, path, text));
}

static int read_in(TreeReader *self, Scan arguments) {
        char path[TREE_PATH_MAX];
        Scan word;
        int r;

        if (!tree_take_word(&arguments, &word) || !scan_is_done(&arguments))
                return tree_refuse(self, &arguments, "expected in PATH");
        self->folder[0] = '\0';
        r = make_path(self, word, path);
        if (r)
                return r;
        memcpy(self->folder, path, strlen(path) + 1);
        return 0;
}

static int read_repeat(TreeReader *self, Scan arguments) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        char path[TREE_PATH_MAX];
        Scan count, path_word;
        uint64_t n_times;
        bool is_cut;
        int r;

        if (!tree_take_word(&arguments, &count) ||
            !tree_word_to_number(count, TREE_REPEAT_MAX, &n_times))
                return tree_refuse(self, &count, "expected how often, 67108864 at the most");
        if (!tree_take_word(&arguments, &path_word) || path_word.end[-1] != ':')
                return tree_refuse(self, &path_word, "expected repeat N PATH: TEXT");
        --path_word.end;
        r = make_path(self, path_word, path);
        if (r)
                return r;
        r = unescape(self, arguments, &buffer, &is_cut);
        if (r)
                return r;
        r = buffer_finish(&buffer);
        if (r)
                return r;
        if (buffer.n_data > 0 && n_times > TREE_REPEAT_MAX / buffer.n_data)
                return tree_refuse(self, &arguments, "this is too much: 64 MiB is the most");
        return tree_told(
                self, path,
                tree_write_file(self->root_fd, path, buffer.data, buffer.n_data, (size_t)n_times));
}

static int read_directive(TreeReader *self, const Scan *word, Scan arguments) {
        static const struct {
                const char *name;
                int (*read)(TreeReader *self, Scan arguments);
        } directives[] = {
                { "access", tree_read_access },       { "blocks", tree_read_blocks },
                { "hugepages", tree_read_hugepages }, { "in", read_in },
                { "node", tree_read_node },           { "repeat", read_repeat },
        };

        for (size_t i = 0; i < ELEMENTSOF(directives); ++i)
                if (tree_word_is(word, directives[i].name))
                        return directives[i].read(self, arguments);
        return tree_refuse(self, word, "expected 'PATH:', 'PATH ->', 'PATH/' or a directive");
}

static int read_line(TreeReader *self, Scan line) {
        char path[TREE_PATH_MAX];
        Scan word;
        int r;

        if (scan_is_done(&line) || *line.cursor == '#')
                return 0;
        if (*line.cursor == ' ' || !tree_take_word(&line, &word))
                return tree_refuse(self, &line, "nothing above this line wants more of it");
        if (word.end[-1] == ':') {
                --word.end;
                return read_file(self, word, line);
        }
        if (scan_literal(&line, "-> "))
                return read_link(self, word, line);
        if (word.end[-1] != '/' || !scan_is_done(&line))
                return read_directive(self, &word, line);
        --word.end;
        r = make_path(self, word, path);
        return r ? r : tree_told(self, path, tree_write_dir(self->root_fd, path));
}

static int read_all(const char *file, Buffer *buffer) {
        _cleanup_(fd_closep) int fd = open(file, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        for (;;) {
                char piece[4096];
                ssize_t n = read(fd, piece, sizeof(piece));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return buffer_finish(buffer);
                buffer_append(buffer, piece, (size_t)n);
        }
}

int tree_materialise(const char *tree_file, const char *target_dir, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = { .max = TREE_FILE_MAX };
        _cleanup_(fd_closep) int root_fd = -EBADF;
        TreeReader self;
        Scan line;
        int r;

        r = read_all(tree_file, &text);
        if (r)
                return r;
        root_fd = open(target_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return -errno;
        self = (TreeReader){
                .root_fd = root_fd,
                .source = tree_file,
                .lines = scan_init(text.data, text.n_data),
                .diag = reterr,
        };
        while (take_line(&self, &line)) {
                r = read_line(&self, line);
                if (r)
                        return r;
        }
        return 0;
}
