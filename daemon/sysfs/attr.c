/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes
 *
 * The one place where the text of a kernel file becomes a value. Each reader takes the whole file,
 * bounded, parses it, and refuses what follows the value: "12 potatoes" is not 12. What is missing
 * is absent and silent, since every kernel lacks something; what is there and wrong is absent and
 * loud, once, in the list of diagnostics. Nothing here decides what a value means.
 *
 * Old kernels ended some of these files with a newline and a NUL; that NUL is not garbage.
 */
#include "sysfs/attr.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 32u /* of garbage, in a diagnostic */

const char *attr_path(char buffer[static ATTR_PATH_MAX], const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(buffer, ATTR_PATH_MAX, format, args);
        va_end(args);
        return buffer;
}

void attr_complain(const AttrReader *reader, const char *path, const char *format, ...) {
        char text[DIAG_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        diag_list_add(reader->diagnostics, path, "%s", text);
}

/* What a garbage file holds, fit to be shown: its printable start. */
static const char *show(const char *text, size_t n_text, char buffer[static SHOWN_MAX + 4]) {
        size_t n = n_text < SHOWN_MAX ? n_text : SHOWN_MAX;

        for (size_t i = 0; i < n; ++i)
                buffer[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '.';
        (void)snprintf(buffer + n, 4, "%s", n < n_text ? "..." : "");
        return buffer;
}

static void complain_value(const AttrReader *reader,
                           const char *path,
                           const char *expected,
                           const char *text,
                           size_t n_text) {
        char shown[SHOWN_MAX + 4];

        if (n_text == 0)
                attr_complain(reader, path, "is empty, expected %s; ignoring it", expected);
        else
                attr_complain(reader, path, "holds '%s', expected %s; ignoring it",
                              show(text, n_text, shown), expected);
}

/* The file as it is, bounded. */
static bool
read_raw(const AttrReader *reader, const char *path, char *buffer, size_t size, size_t *ret_n) {
        int r;

        r = root_read(reader->root, path, buffer, size, ret_n);
        if (r == ROOT_E_ABSENT)
                return false;
        if (r == ROOT_E_TOO_LARGE) {
                attr_complain(reader, path, "is larger than %zu bytes; ignoring it", size - 1);
                return false;
        }
        if (r) {
                attr_complain(reader, path, "cannot be read: %s; ignoring it", strerror(-r));
                return false;
        }
        return true;
}

static size_t strip_end(char *text, size_t n) {
        if (n >= 2 && text[n - 1] == '\0' && text[n - 2] == '\n')
                --n;
        if (n >= 1 && text[n - 1] == '\n')
                --n;
        text[n] = '\0';
        return n;
}

bool attr_read_text(const AttrReader *reader,
                    const char *path,
                    char *buffer,
                    size_t size,
                    size_t *ret_n) {
        size_t n = 0;

        if (!read_raw(reader, path, buffer, size, &n))
                return false;
        *ret_n = strip_end(buffer, n);
        return true;
}

bool attr_read_word(const AttrReader *reader, const char *path, char *buffer, size_t size) {
        char text[ATTR_TEXT_MAX];
        size_t n;

        buffer[0] = '\0';
        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return false;
        while (n > 0 && text[n - 1] == ' ')
                --n;
        for (size_t i = 0; i < n; ++i)
                if (text[i] < ' ' || text[i] > '~') {
                        complain_value(reader, path, "printable text", text, n);
                        return false;
                }
        text[n] = '\0';
        (void)snprintf(buffer, size, "%s", text);
        return true;
}

/* One number and nothing else. */
static OptU64 read_number(const AttrReader *reader,
                          const char *path,
                          bool (*scan_number)(Scan *, uint64_t *),
                          const char *expected) {
        char text[ATTR_TEXT_MAX];
        uint64_t value;
        Scan scan;
        size_t n;

        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return (OptU64){};
        scan = scan_init(text, n);
        (void)scan_spaces(&scan);
        if (!scan_number(&scan, &value) || (scan_spaces(&scan), !scan_is_done(&scan))) {
                complain_value(reader, path, expected, text, n);
                return (OptU64){};
        }
        return opt_u64(value);
}

static bool scan_any_hex(Scan *scan, uint64_t *ret) {
        return scan_hex_prefixed(scan, ret) || scan_hex(scan, ret);
}

OptU64 attr_read_u64(const AttrReader *reader, const char *path) {
        return read_number(reader, path, scan_u64, "a number below 2^64");
}

OptU64 attr_read_hex(const AttrReader *reader, const char *path) {
        return read_number(reader, path, scan_any_hex, "a hexadecimal number below 2^64");
}

OptU64 attr_read_bool(const AttrReader *reader, const char *path) {
        static const struct {
                const char *word;
                bool value;
        } words[] = {
                { "true", true }, { "false", false }, { "1", true },
                { "0", false },   { "Y", true },      { "N", false },
        };
        char text[ATTR_TEXT_MAX];
        size_t n;

        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return (OptU64){};
        for (size_t i = 0; i < ELEMENTSOF(words); ++i)
                if (strlen(words[i].word) == n && memcmp(words[i].word, text, n) == 0)
                        return opt_u64(words[i].value);
        complain_value(reader, path, "true or false", text, n);
        return (OptU64){};
}

OptU64 attr_read_node(const AttrReader *reader, const char *path) {
        char text[ATTR_TEXT_MAX];
        uint64_t value;
        Scan scan;
        size_t n;

        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return (OptU64){};
        if (n == 2 && memcmp(text, "-1", 2) == 0)
                return (OptU64){};
        scan = scan_init(text, n);
        if (!scan_u64(&scan, &value) || !scan_is_done(&scan) || value >= NODESET_MAX) {
                complain_value(reader, path, "a NUMA node id or -1", text, n);
                return (OptU64){};
        }
        return opt_u64(value);
}

/* An empty set is an empty line; a file without even that is not what the kernel wrote. */
bool attr_read_nodes(const AttrReader *reader, const char *path, NodeSet *ret) {
        char text[ATTR_TEXT_MAX];
        bool is_empty;
        size_t n = 0;

        if (!read_raw(reader, path, text, sizeof(text), &n))
                return false;
        is_empty = n == 0;
        n = strip_end(text, n);
        if (is_empty || nodeset_parse(text, n, ret)) {
                complain_value(reader, path, "a list of NUMA nodes such as 0-2,5", text, n);
                return false;
        }
        return true;
}

OptU64 attr_find_kib(const AttrReader *reader, const char *path, Scan text, const char *key) {
        Scan line;

        while (scan_line(&text, &line)) {
                const Scan whole = line;
                uint64_t kib, bytes;

                if (!scan_literal(&line, key))
                        continue;
                (void)scan_spaces(&line);
                if (scan_u64(&line, &kib) && scan_literal(&line, " kB") && scan_is_done(&line) &&
                    bytes_mul(kib, KIB, &bytes) == 0)
                        return opt_u64(bytes);
                complain_value(reader, path, "a size in kB below 2^64 bytes", whole.cursor,
                               scan_left(&whole));
                return (OptU64){};
        }
        attr_complain(reader, path, "has no line '%s'; ignoring it", key);
        return (OptU64){};
}

bool attr_read_link_name(const AttrReader *reader, const char *path, char *buffer, size_t size) {
        char target[4096];
        const char *name;
        int r;

        buffer[0] = '\0';
        r = root_read_link(reader->root, path, target, sizeof(target));
        if (r == ROOT_E_ABSENT)
                return false;
        if (r) {
                attr_complain(reader, path, "is no link that can be read; ignoring it");
                return false;
        }
        name = strrchr(target, '/');
        name = name ? name + 1 : target;
        if (strlen(name) >= size) {
                attr_complain(reader, path, "leads to a name that is too long; ignoring it");
                return false;
        }
        (void)snprintf(buffer, size, "%s", name);
        return true;
}

void attr_ids_deinit(AttrIds *ids) {
        free(ids->ids);
        *ids = (AttrIds){};
}

static int compare_ids(const void *a, const void *b) {
        const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

        return (x > y) - (x < y);
}

/* The number behind @prefix, in its shortest decimal form only: "node07" is not a node. */
static bool parse_id(const char *name, const char *prefix, unsigned *ret) {
        const size_t n_prefix = strlen(prefix);
        uint64_t id;
        Scan scan;

        if (strncmp(name, prefix, n_prefix) != 0)
                return false;
        scan = scan_init(name + n_prefix, strlen(name + n_prefix));
        if (scan_left(&scan) > 1 && *scan.cursor == '0')
                return false;
        if (!scan_u64(&scan, &id) || !scan_is_done(&scan) || id > UINT32_MAX)
                return false;
        *ret = (unsigned)id;
        return true;
}

/* Opens a directory; false: there is none, or it cannot be read, which has then been said. */
static bool open_dir(const AttrReader *reader, const char *path, DIR **ret) {
        int r;

        r = root_open_dir(reader->root, path, ret);
        if (r && r != ROOT_E_ABSENT)
                attr_complain(reader, path, "cannot be listed: %s; ignoring it",
                              r < 0 ? strerror(-r) : "unexpected");
        return r == 0;
}

int attr_list_ids(const AttrReader *reader,
                  const char *path,
                  const char *prefix,
                  unsigned max,
                  AttrIds *ret) {
        _cleanup_(attr_ids_deinitp) AttrIds ids = {};
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        size_t n_allocated = 0;

        *ret = (AttrIds){};
        if (!open_dir(reader, path, &dir))
                return 0;
        while ((entry = readdir(dir))) {
                unsigned id;

                if (!parse_id(entry->d_name, prefix, &id))
                        continue;
                if (ids.n_ids >= max) {
                        attr_complain(reader, path,
                                      "has more than %u entries '%s*'; the rest is left out", max,
                                      prefix);
                        break;
                }
                if (ids.n_ids == n_allocated) {
                        unsigned *grown;

                        n_allocated = n_allocated ? n_allocated * 2 : 16;
                        grown = realloc(ids.ids, n_allocated * sizeof(*grown));
                        if (!grown)
                                return -ENOMEM;
                        ids.ids = grown;
                }
                ids.ids[ids.n_ids++] = id;
        }
        if (ids.n_ids > 1)
                qsort(ids.ids, ids.n_ids, sizeof(*ids.ids), compare_ids);
        *ret = ids;
        ids = (AttrIds){};
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp((const char *)a, (const char *)b);
}

int attr_list_names(const AttrReader *reader,
                    const char *path,
                    unsigned max,
                    int (*entry)(const char *name, void *userdata),
                    void *userdata) {
        enum { NAME_SIZE = 256 };
        _cleanup_(dir_closep) DIR *dir = NULL;
        _cleanup_(freep) char *names = NULL;
        const struct dirent *found;
        size_t n_names = 0, n_allocated = 0;
        int r;

        if (!open_dir(reader, path, &dir))
                return 0;
        while ((found = readdir(dir))) {
                if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
                        continue;
                if (n_names >= max) {
                        attr_complain(reader, path,
                                      "has more than %u entries; the rest is left out", max);
                        break;
                }
                if (n_names == n_allocated) {
                        char *grown;

                        n_allocated = n_allocated ? n_allocated * 2 : 16;
                        grown = realloc(names, n_allocated * NAME_SIZE);
                        if (!grown)
                                return -ENOMEM;
                        names = grown;
                }
                (void)snprintf(names + n_names++ * NAME_SIZE, NAME_SIZE, "%s", found->d_name);
        }
        if (n_names > 1)
                qsort(names, n_names, NAME_SIZE, compare_names);
        for (size_t i = 0; i < n_names; ++i) {
                r = entry(names + i * NAME_SIZE, userdata);
                if (r)
                        return r;
        }
        return 0;
}
