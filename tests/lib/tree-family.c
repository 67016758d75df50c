/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families of files
 *
 * Every machine has NUMA nodes, memory blocks and huge pages, and every one of them is the same
 * handful of files. One line in a description makes such a handful; what the line says stands at
 * the head of tree.c. Nothing is made that the line does not ask for: a damaged machine leaves a
 * file out here and makes a bad one by its path.
 */
#include "lib/tree-reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/tree-write.h"

#define TREE_ID_MAX (1u << 20)
#define NODE_DIR    "sys/devices/system/node"
#define BLOCK_DIR   "sys/devices/system/memory"

/* "0-7,32", one range a call; false at the end or when it is no list. */
static bool take_range(Scan *list, uint64_t *ret_first, uint64_t *ret_last) {
        if (!scan_u64(list, ret_first))
                return false;
        *ret_last = *ret_first;
        if (scan_char(list, '-') && !scan_u64(list, ret_last))
                return false;
        if (*ret_last < *ret_first || *ret_last > TREE_ID_MAX)
                return false;
        return scan_is_done(list) || (scan_char(list, ',') && !scan_is_done(list));
}

static int put_node_meminfo(TreeReader *self, const char *path, unsigned node, uint64_t kib) {
        const uint64_t free_kib = kib - kib / 8;

        return tree_put_printf(self, path,
                               "Node %u MemTotal:       %8" PRIu64 " kB\n"
                               "Node %u MemFree:        %8" PRIu64 " kB\n"
                               "Node %u MemUsed:        %8" PRIu64 " kB\n",
                               node, kib, node, free_kib, node, kib - free_kib);
}

static int put_node_option(TreeReader *self, unsigned node, Scan option) {
        char path[TREE_PATH_MAX], text[1024];
        const Scan start = option;
        uint64_t kib;

        if (scan_literal(&option, "cpus=")) {
                (void)snprintf(path, sizeof(path), NODE_DIR "/node%u/cpulist", node);
                return tree_put_printf(self, path, "%.*s\n", (int)scan_left(&option),
                                       option.cursor);
        }
        if (scan_literal(&option, "kb=") && tree_word_to_number(option, UINT64_MAX, &kib)) {
                (void)snprintf(path, sizeof(path), NODE_DIR "/node%u/meminfo", node);
                return put_node_meminfo(self, path, node, kib);
        }
        if (scan_literal(&option, "distance=") && scan_left(&option) < sizeof(text)) {
                (void)snprintf(path, sizeof(path), NODE_DIR "/node%u/distance", node);
                (void)snprintf(text, sizeof(text), "%.*s", (int)scan_left(&option), option.cursor);
                for (char *c = text; *c; ++c)
                        if (*c == ',')
                                *c = ' ';
                return tree_put_printf(self, path, "%s\n", text);
        }
        return tree_refuse(self, &start, "expected cpus=LIST, kb=K or distance=A,B");
}

int tree_read_node(TreeReader *self, Scan arguments) {
        char path[TREE_PATH_MAX];
        uint64_t node;
        Scan word;
        int r;

        if (!tree_take_word(&arguments, &word) || !tree_word_to_number(word, TREE_ID_MAX, &node))
                return tree_refuse(self, &word, "expected the number of a NUMA node");
        (void)snprintf(path, sizeof(path), NODE_DIR "/node%u", (unsigned)node);
        r = tree_told(self, path, tree_write_dir(self->root_fd, path));
        while (r == 0 && tree_take_word(&arguments, &word))
                r = put_node_option(self, (unsigned)node, word);
        return r;
}

static int put_initiators(TreeReader *self, const char *folder, Scan list) {
        uint64_t first, last;
        int r = 0;

        if (tree_word_is(&list, "-"))
                return 0;
        while (r == 0 && !scan_is_done(&list)) {
                const Scan start = list;

                if (!take_range(&list, &first, &last))
                        return tree_refuse(self, &start, "expected a list of NUMA nodes, or -");
                for (uint64_t node = first; node <= last && r == 0; ++node) {
                        char path[TREE_PATH_MAX], target[64];

                        (void)snprintf(target, sizeof(target), NODE_DIR "/node%" PRIu64, node);
                        (void)snprintf(path, sizeof(path), "%s/node%" PRIu64, folder, node);
                        r = tree_put_way(self, path, target);
                }
        }
        return r;
}

int tree_read_access(TreeReader *self, Scan arguments) {
        static const char *const files[] = { "read_latency", "write_latency", "read_bandwidth",
                                             "write_bandwidth" };
        Scan word, initiators;
        uint64_t node, class, latency, bandwidth;
        char folder[128];
        int r;

        if (!tree_take_word(&arguments, &word) || !tree_word_to_number(word, TREE_ID_MAX, &node) ||
            !tree_take_word(&arguments, &word) || !tree_word_to_number(word, 9, &class) ||
            !tree_take_word(&arguments, &initiators) || !tree_take_word(&arguments, &word) ||
            !tree_word_to_number(word, UINT32_MAX, &latency) ||
            !tree_take_word(&arguments, &word) ||
            !tree_word_to_number(word, UINT32_MAX, &bandwidth) || !scan_is_done(&arguments))
                return tree_refuse(self, &arguments,
                                   "expected access N CLASS LIST LATENCY BANDWIDTH");
        (void)snprintf(folder, sizeof(folder),
                       NODE_DIR "/node%" PRIu64 "/access%" PRIu64 "/initiators", node, class);
        r = put_initiators(self, folder, initiators);
        for (size_t i = 0; i < ELEMENTSOF(files) && r == 0; ++i) {
                char path[TREE_PATH_MAX];

                (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
                r = tree_put_printf(self, path, "%" PRIu64 "\n", i < 2 ? latency : bandwidth);
        }
        return r;
}

int tree_read_hugepages(TreeReader *self, Scan arguments) {
        static const char *const files[] = { "nr_hugepages", "free_hugepages",
                                             "surplus_hugepages" };
        uint64_t node, kib, values[ELEMENTSOF(files)] = {};
        Scan word;
        int r = 0;

        if (!tree_take_word(&arguments, &word) || !tree_word_to_number(word, TREE_ID_MAX, &node) ||
            !tree_take_word(&arguments, &word) || !tree_word_to_number(word, UINT32_MAX, &kib) ||
            !tree_take_word(&arguments, &word) ||
            !tree_word_to_number(word, UINT64_MAX, &values[0]))
                return tree_refuse(self, &arguments, "expected hugepages N KIB PAGES [FREE]");
        values[1] = values[0];
        if (tree_take_word(&arguments, &word) &&
            (!tree_word_to_number(word, values[0], &values[1]) || !scan_is_done(&arguments)))
                return tree_refuse(self, &word, "expected how many pages are free");
        for (size_t i = 0; i < ELEMENTSOF(files) && r == 0; ++i) {
                char path[TREE_PATH_MAX];

                (void)snprintf(path, sizeof(path),
                               NODE_DIR "/node%" PRIu64 "/hugepages/hugepages-%" PRIu64 "kB/%s",
                               node, kib, files[i]);
                r = tree_put_printf(self, path, "%" PRIu64 "\n", values[i]);
        }
        return r;
}

typedef struct BlockFamily {
        Scan node; /* "node0", or "-" for none */
        Scan state;
        Scan zones;
} BlockFamily;

static int put_block(TreeReader *self, const BlockFamily *family, unsigned block) {
        char path[TREE_PATH_MAX], node[TREE_PATH_MAX], folder[64];
        int r;

        (void)snprintf(folder, sizeof(folder), BLOCK_DIR "/memory%u", block);
        (void)snprintf(path, sizeof(path), "%s/state", folder);
        r = tree_put_printf(self, path, "%.*s\n", (int)scan_left(&family->state),
                            family->state.cursor);
        if (r)
                return r;
        (void)snprintf(path, sizeof(path), "%s/valid_zones", folder);
        r = tree_put_printf(self, path, "%.*s\n", (int)scan_left(&family->zones),
                            family->zones.cursor);
        if (r)
                return r;
        (void)snprintf(path, sizeof(path), "%s/phys_index", folder);
        r = tree_put_printf(self, path, "%08x\n", block);
        if (r)
                return r;
        (void)snprintf(path, sizeof(path), "%s/removable", folder);
        r = tree_put_text(self, path, "1\n", 2);
        if (r || tree_word_is(&family->node, "-"))
                return r;
        (void)snprintf(node, sizeof(node), NODE_DIR "/%.*s", (int)scan_left(&family->node),
                       family->node.cursor);
        (void)snprintf(path, sizeof(path), "%s/%.*s", folder, (int)scan_left(&family->node),
                       family->node.cursor);
        r = tree_put_way(self, path, node);
        if (r)
                return r;
        (void)snprintf(path, sizeof(path), NODE_DIR "/%.*s/memory%u", (int)scan_left(&family->node),
                       family->node.cursor, block);
        return tree_put_way(self, path, folder);
}

int tree_read_blocks(TreeReader *self, Scan arguments) {
        BlockFamily family;
        uint64_t first, last;
        Scan list;
        int r = 0;

        if (!tree_take_word(&arguments, &list) || !tree_take_word(&arguments, &family.node) ||
            !tree_take_word(&arguments, &family.state) || scan_is_done(&arguments))
                return tree_refuse(self, &arguments, "expected blocks LIST nodeN STATE ZONES");
        family.zones = arguments;
        while (r == 0 && !scan_is_done(&list)) {
                const Scan start = list;

                if (!take_range(&list, &first, &last))
                        return tree_refuse(self, &start, "expected a list of memory blocks");
                for (uint64_t block = first; block <= last && r == 0; ++block)
                        r = put_block(self, &family, (unsigned)block);
        }
        return r;
}
