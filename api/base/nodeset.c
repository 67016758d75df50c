/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nodeset.h"

#include <stdio.h>

#include "base/scan.h"

/*
 * A bit per possible NUMA node, in 16 words. That is 128 bytes, small enough to pass by value and
 * to have on the stack, and it needs no allocation, so that no operation on sets can fail.
 *
 * The text form is what the kernel prints for a node mask (has_memory, cpuset.mems and the like):
 * ids and ranges of ids in decimal, a comma between them, "0-2,5". In: ranges may overlap and come
 * in any order, since cpuset.mems is also written by people; spaces and newlines are refused,
 * callers strip the newline they know of. The kernel's input-only forms ("all", "0-7:2/4") are not
 * taken, no file prints them. Out: ascending, neighbours merged into ranges, as the kernel does it,
 * so format(parse(x)) is the kernel's own spelling of x.
 */

/*
 * Saturates at NODESET_MAX, which is no id: a string of a thousand digits is out of range, not
 * malformed.
 */
static bool scan_id(Scan *scan, unsigned *ret) {
        const char *start = scan->cursor;
        unsigned id = 0;

        while (!scan_is_done(scan) && *scan->cursor >= '0' && *scan->cursor <= '9') {
                id = id * 10 + (unsigned)(*scan->cursor - '0');
                if (id > NODESET_MAX)
                        id = NODESET_MAX;
                ++scan->cursor;
        }
        *ret = id;
        return scan->cursor != start;
}

/**
 * nodeset_parse() - a kernel list becomes a set
 * @text: need not end in NUL; may be NULL when @n_text is 0; the empty text is the empty set
 * @ret:  untouched unless 0 is returned
 *
 * Return: 0, NODESET_E_MALFORMED, or NODESET_E_RANGE when the form is right but an id is above
 * 1023.
 */
int nodeset_parse(const char *text, size_t n_text, NodeSet *ret) {
        Scan scan = scan_init(text, n_text);
        NodeSet set = {};
        bool is_in_range = true;

        if (scan_is_done(&scan)) {
                *ret = set;
                return 0;
        }
        do {
                unsigned first, last;

                if (!scan_id(&scan, &first))
                        return NODESET_E_MALFORMED;
                last = first;
                if (scan_char(&scan, '-') && !scan_id(&scan, &last))
                        return NODESET_E_MALFORMED;
                if (first > last)
                        return NODESET_E_MALFORMED;
                if (last >= NODESET_MAX) {
                        is_in_range = false;
                        continue;
                }
                for (unsigned node = first; node <= last; ++node)
                        nodeset_add(&set, node);
        } while (scan_char(&scan, ','));

        if (!scan_is_done(&scan))
                return NODESET_E_MALFORMED;
        if (!is_in_range)
                return NODESET_E_RANGE;
        *ret = set;
        return 0;
}

/* The first id from @from on that is not in the set. */
static unsigned next_absent(const NodeSet *set, unsigned from) {
        while (nodeset_contains(set, from))
                ++from;
        return from;
}

/**
 * nodeset_format() - a set in the kernel's spelling
 *
 * Return: @buffer; "" for the empty set.
 */
const char *nodeset_format(const NodeSet *set, char buffer[static NODESET_TEXT_MAX]) {
        size_t n = 0;
        unsigned first = nodeset_next(set, 0);

        buffer[0] = '\0';
        while (first < NODESET_MAX) {
                unsigned after = next_absent(set, first);
                int n_written;

                n_written = snprintf(buffer + n, NODESET_TEXT_MAX - n, n > 0 ? ",%u" : "%u", first);
                n += (size_t)n_written;
                if (after - first > 1) {
                        n_written = snprintf(buffer + n, NODESET_TEXT_MAX - n, "-%u", after - 1);
                        n += (size_t)n_written;
                }
                first = nodeset_next(set, after);
        }
        return buffer;
}

bool nodeset_is_empty(const NodeSet *set) {
        for (size_t i = 0; i < NODESET_WORDS; ++i)
                if (set->words[i])
                        return false;
        return true;
}

bool nodeset_is_equal(const NodeSet *a, const NodeSet *b) {
        for (size_t i = 0; i < NODESET_WORDS; ++i)
                if (a->words[i] != b->words[i])
                        return false;
        return true;
}

bool nodeset_is_subset(const NodeSet *part, const NodeSet *whole) {
        for (size_t i = 0; i < NODESET_WORDS; ++i)
                if (part->words[i] & ~whole->words[i])
                        return false;
        return true;
}

unsigned nodeset_count(const NodeSet *set) {
        unsigned n = 0;

        for (size_t i = 0; i < NODESET_WORDS; ++i)
                n += (unsigned)__builtin_popcountll(set->words[i]);
        return n;
}

NodeSet nodeset_and(const NodeSet *a, const NodeSet *b) {
        NodeSet set;

        for (size_t i = 0; i < NODESET_WORDS; ++i)
                set.words[i] = a->words[i] & b->words[i];
        return set;
}

NodeSet nodeset_or(const NodeSet *a, const NodeSet *b) {
        NodeSet set;

        for (size_t i = 0; i < NODESET_WORDS; ++i)
                set.words[i] = a->words[i] | b->words[i];
        return set;
}

NodeSet nodeset_and_not(const NodeSet *a, const NodeSet *b) {
        NodeSet set;

        for (size_t i = 0; i < NODESET_WORDS; ++i)
                set.words[i] = a->words[i] & ~b->words[i];
        return set;
}

unsigned nodeset_next(const NodeSet *set, unsigned from) {
        uint64_t word;

        if (from >= NODESET_MAX)
                return NODESET_MAX;
        /* The first word loses what is below @from, the others count whole. */
        word = set->words[from / 64] & (UINT64_MAX << (from % 64));
        for (unsigned i = from / 64;;) {
                if (word)
                        return i * 64 + (unsigned)__builtin_ctzll(word);
                if (++i == NODESET_WORDS)
                        return NODESET_MAX;
                word = set->words[i];
        }
}
