/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pages-maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "start-end perms offset major:minor inode path", numbers in hex but for the inode. */
typedef struct Line {
        uint64_t start, end;
        char access[4]; /* r w x p|s */
        uint64_t device, inode;
        Scan path; /* "" when there is none */
} Line;

void pages_ranges_deinit(PagesRanges *ranges) {
        free(ranges->items);
        *ranges = (PagesRanges){};
}

static bool has_prefix(Scan text, const char *prefix) {
        return scan_literal(&text, prefix);
}

static bool scan_device(Scan *scan, bool (*number)(Scan *scan, uint64_t *ret), uint64_t *ret) {
        uint64_t major, minor;

        if (!number(scan, &major) || !scan_char(scan, ':') || !number(scan, &minor) ||
            major > UINT32_MAX || minor > UINT32_MAX)
                return false;
        *ret = pages_device(major, minor);
        return true;
}

static bool is_tmpfs(const PagesMounts *mounts, uint64_t device) {
        for (size_t i = 0; i < mounts->n_tmpfs; ++i)
                if (mounts->tmpfs[i] == device)
                        return true;
        return false;
}

static bool scan_word(Scan *scan, Scan *ret) {
        return scan_until(scan, ' ', ret);
}

/* "id parent major:minor root point options [optional...] - type source options" */
void pages_mounts_add(PagesMounts *mounts, Scan line) {
        uint64_t device;
        Scan word;

        if (!scan_word(&line, &word) || !scan_word(&line, &word) ||
            !scan_device(&line, scan_u64, &device) || !scan_char(&line, ' '))
                return;
        for (unsigned i = 0; i < 3; ++i)
                if (!scan_word(&line, &word))
                        return;
        do
                if (!scan_word(&line, &word))
                        return;
        while (scan_left(&word) != 1 || !scan_char(&word, '-'));
        if (!scan_word(&line, &word))
                return;
        if (scan_left(&word) == strlen("tmpfs") && has_prefix(word, "tmpfs") &&
            mounts->n_tmpfs < PAGES_DEVICES_MAX && !is_tmpfs(mounts, device))
                mounts->tmpfs[mounts->n_tmpfs++] = device;
}

static bool scan_access(Scan *scan, char access[static 4]) {
        if (scan_left(scan) < 4)
                return false;
        memcpy(access, scan->cursor, 4);
        scan->cursor += 4;
        return access[3] == 'p' || access[3] == 's';
}

static bool parse(Scan line, Line *ret) {
        uint64_t offset;

        if (!scan_hex(&line, &ret->start) || !scan_char(&line, '-') ||
            !scan_hex(&line, &ret->end) || !scan_char(&line, ' ') ||
            !scan_access(&line, ret->access) || !scan_char(&line, ' ') ||
            !scan_hex(&line, &offset) || !scan_char(&line, ' ') ||
            !scan_device(&line, scan_hex, &ret->device) || !scan_char(&line, ' ') ||
            !scan_u64(&line, &ret->inode))
                return false;
        (void)scan_spaces(&line);
        ret->path = line;
        return true;
}

static bool is_shmem(const PagesMounts *mounts, const Line *line) {
        return line->inode > 0 && (line->device == mounts->shmem || is_tmpfs(mounts, line->device));
}

/* What nobody may read is reserved, by runtimes and sanitizers a terabyte at once, and holds
 * nothing that is worth a walk through it. */
static bool is_movable(const PagesMounts *mounts, const Line *line) {
        if (memcmp(line->access, "---", 3) == 0)
                return false;
        if (has_prefix(line->path, "[v") || has_prefix(line->path, "[uprobes]"))
                return false;
        if (line->access[3] == 's')
                return is_shmem(mounts, line);
        return line->device == 0 && line->inode == 0;
}

static int append(PagesRanges *ranges, PagesRange range) {
        if (ranges->n_items == PAGES_RANGES_MAX)
                return -E2BIG;
        if (ranges->n_items == ranges->n_allocated) {
                const size_t n = ranges->n_allocated ? ranges->n_allocated * 2 : 128;
                PagesRange *items = reallocarray(ranges->items, n, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                ranges->items = items;
                ranges->n_allocated = n;
        }
        ranges->items[ranges->n_items++] = range;
        ranges->bytes += range.end - range.start;
        return 0;
}

int pages_ranges_add(PagesRanges *ranges,
                     const PagesMounts *mounts,
                     Scan text,
                     uint64_t page_size) {
        const uint64_t after = ranges->n_items > 0 ? ranges->items[ranges->n_items - 1].end : 0;
        Line line;

        if (!parse(text, &line) || line.start >= line.end || line.end > INT64_MAX ||
            line.start % page_size != 0 || line.end % page_size != 0 || line.start < after)
                return 0;
        if (!is_movable(mounts, &line))
                return 0;
        return append(ranges, (PagesRange){ .start = line.start, .end = line.end });
}
