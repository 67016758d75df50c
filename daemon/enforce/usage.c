/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container is where
 *
 * A cgroup's memory.numa_stat has a line for each kind of memory, and on it a column for each NUMA
 * node that has memory, by rising id. Of all kinds only anon and file can be moved, and they do not
 * overlap: shmem is in file, and the lists (inactive_anon...) are the same pages once more.
 *
 * What was moved by the kernel is told in pages there from 7.x on, by NUMA node: a demotion where
 * the page was, a promotion where it is now. Kernels before that tell sums in memory.stat at best.
 */
#include "enforce/usage.h"

#include <string.h>

typedef struct Sums {
        uint64_t local, remote, other;
} Sums;

typedef struct Parse {
        const NodeSet *local, *remote;
        Sums anon, file, demoted, promoted;
        bool has_anon, has_file, has_demoted, has_promoted;
        EnforceUsageNodes nodes;
} Parse;

static bool add(uint64_t *sum, uint64_t value) {
        return bytes_add(*sum, value, sum) == 0;
}

static bool add_to(Sums *sums, const Parse *parse, unsigned node, uint64_t value) {
        if (nodeset_contains(parse->local, node))
                return add(&sums->local, value);
        if (nodeset_contains(parse->remote, node))
                return add(&sums->remote, value);
        return add(&sums->other, value);
}

/* By rising id. One more than fits pushes out the last. */
static bool add_node(EnforceUsageNodes *nodes, unsigned node, uint64_t bytes) {
        size_t i = 0, n_behind;

        if (bytes == 0)
                return true;
        while (i < nodes->n_items && nodes->items[i].node < node)
                ++i;
        if (i < nodes->n_items && nodes->items[i].node == node)
                return add(&nodes->items[i].bytes, bytes);
        if (i == ENFORCE_USAGE_NODES_MAX)
                return true;
        if (nodes->n_items < ENFORCE_USAGE_NODES_MAX)
                ++nodes->n_items;
        n_behind = nodes->n_items - 1 - i;
        memmove(&nodes->items[i + 1], &nodes->items[i], n_behind * sizeof(nodes->items[0]));
        nodes->items[i] = (EnforceNodeBytes){ .node = node, .bytes = bytes };
        return true;
}

/* "N0=4096 N3=0": ids rise. */
static bool parse_columns(Scan line, Parse *parse, Sums *sums, EnforceUsageNodes *nodes) {
        uint64_t node, value, least = 0;

        do {
                if (!scan_char(&line, 'N') || !scan_u64(&line, &node) || node >= NODESET_MAX ||
                    node < least || !scan_char(&line, '=') || !scan_u64(&line, &value))
                        return false;
                if (!add_to(sums, parse, (unsigned)node, value))
                        return false;
                if (nodes && !add_node(nodes, (unsigned)node, value))
                        return false;
                least = node + 1;
        } while (scan_char(&line, ' '));
        return scan_is_done(&line);
}

static bool is(Scan key, const char *name) {
        return scan_literal(&key, name) && scan_is_done(&key);
}

static bool begins(Scan key, const char *prefix) {
        return scan_literal(&key, prefix);
}

/* What may stand there once. */
static bool parse_once(Scan line, Parse *parse, Sums *sums, bool *has) {
        if (*has)
                return false;
        *has = true;
        return parse_columns(line, parse, sums, &parse->nodes);
}

static bool parse_line(Scan line, Parse *parse) {
        Scan key;

        if (!scan_until(&line, ' ', &key))
                return false;
        if (is(key, "anon"))
                return parse_once(line, parse, &parse->anon, &parse->has_anon);
        if (is(key, "file"))
                return parse_once(line, parse, &parse->file, &parse->has_file);
        if (begins(key, "pgdemote_")) {
                parse->has_demoted = true;
                return parse_columns(line, parse, &parse->demoted, NULL);
        }
        if (is(key, "pgpromote_success")) {
                parse->has_promoted = true;
                return parse_columns(line, parse, &parse->promoted, NULL);
        }
        return true;
}

static bool parse_text(Scan text, Parse *parse) {
        Scan line;

        while (scan_line(&text, &line))
                if (!scan_is_done(&line) && !parse_line(line, parse))
                        return false;
        return parse->has_anon && parse->has_file;
}

static OptU64 get_counter(bool has, uint64_t pages, uint64_t page_bytes) {
        return has ? opt_u64(bytes_mul_saturated(pages, page_bytes)) : (OptU64){};
}

bool enforce_usage_parse(Scan numa_stat,
                         const NodeSet *local,
                         const NodeSet *remote,
                         uint64_t page_bytes,
                         EnforceUsage *ret,
                         EnforceUsageNodes *ret_nodes) {
        Parse parse = { .local = local, .remote = remote };
        EnforceUsage usage = *ret;

        if (!parse_text(numa_stat, &parse))
                return false;
        if (bytes_add(parse.anon.local, parse.file.local, &usage.local) ||
            bytes_add(parse.anon.remote, parse.file.remote, &usage.remote) ||
            bytes_add(parse.anon.other, parse.file.other, &usage.other))
                return false;
        usage.local_anon = parse.anon.local;
        usage.local_file = parse.file.local;
        usage.remote_file = parse.file.remote;
        usage.kernel_demoted = get_counter(parse.has_demoted, parse.demoted.local, page_bytes);
        usage.kernel_promoted = get_counter(parse.has_promoted, parse.promoted.local, page_bytes);
        *ret = usage;
        if (ret_nodes)
                *ret_nodes = parse.nodes;
        return true;
}

void enforce_usage_parse_stat(Scan memory_stat, uint64_t page_bytes, EnforceUsage *usage) {
        uint64_t demoted = 0, promoted = 0;
        bool has_demoted = false, has_promoted = false;
        Scan line;

        while (scan_line(&memory_stat, &line)) {
                uint64_t value;
                Scan key;

                if (!scan_until(&line, ' ', &key) || !scan_u64(&line, &value) ||
                    !scan_is_done(&line))
                        continue;
                if (begins(key, "pgdemote_")) {
                        has_demoted = true;
                        demoted = bytes_add_saturated(demoted, value);
                } else if (is(key, "pgpromote_success")) {
                        has_promoted = true;
                        promoted = bytes_add_saturated(promoted, value);
                }
        }
        if (!usage->kernel_demoted.present)
                usage->kernel_demoted = get_counter(has_demoted, demoted, page_bytes);
        if (!usage->kernel_promoted.present)
                usage->kernel_promoted = get_counter(has_promoted, promoted, page_bytes);
}
