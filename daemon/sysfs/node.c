/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NUMA nodes: /sys/devices/system/node
 *
 * The set of nodes is what "online" says, less those whose directory is gone by the time we get
 * there. Directories that "online" does not name are not read: a node being added is complete only
 * once it is online. Without an "online" file (very old kernels, half a capture) the directories
 * are all there is to go by.
 *
 * The columns of "distance" are the online nodes in id order, not ids: with nodes 0 and 2 online
 * there are two. A column count that does not fit is a diagnostic, and the distances are absent.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs/read.h"

/* A line of distances for every node id that can exist, five characters each. */
#define DISTANCE_TEXT_MAX (NODESET_MAX * 5 + 1)
/* cpulist and cpumap of 8,192 CPUs at their longest. */
#define CPU_TEXT_MAX 32768u
#define CPUS_MAX     65536u

/* Appends "first-last" to a kernel list; what does not fit is marked by "..." and dropped. */
static void append_range(char list[static SYSFS_CPULIST_MAX], unsigned first, unsigned last) {
        const size_t n = strlen(list);
        char range[32];

        if (n >= 3 && strcmp(list + n - 3, "...") == 0)
                return;
        if (first == last)
                (void)snprintf(range, sizeof(range), "%s%u", n ? "," : "", first);
        else
                (void)snprintf(range, sizeof(range), "%s%u-%u", n ? "," : "", first, last);
        if (n + strlen(range) + strlen(",...") >= SYSFS_CPULIST_MAX)
                (void)snprintf(range, sizeof(range), "%s...", n ? "," : "");
        (void)snprintf(list + n, SYSFS_CPULIST_MAX - n, "%s", range);
}

static bool parse_cpulist(Scan scan, SysfsNode *node) {
        uint64_t first, last;

        while (!scan_is_done(&scan)) {
                if (!scan_u64(&scan, &first))
                        return false;
                last = first;
                if (scan_char(&scan, '-') && !scan_u64(&scan, &last))
                        return false;
                if (last < first || last >= CPUS_MAX)
                        return false;
                if (!scan_is_done(&scan) && (!scan_char(&scan, ',') || scan_is_done(&scan)))
                        return false;
                node->n_cpus += (unsigned)(last - first + 1);
                append_range(node->cpulist, (unsigned)first, (unsigned)last);
        }
        return true;
}

/* Comma-separated 32-bit hex words, the highest CPUs first. */
static bool parse_cpumap(Scan scan, SysfsNode *node) {
        uint32_t words[CPUS_MAX / 32];
        size_t n_words = 0;
        unsigned run = 0;

        do {
                uint64_t word;

                if (n_words == ELEMENTSOF(words) || !scan_hex(&scan, &word) || word > UINT32_MAX)
                        return false;
                words[n_words++] = (uint32_t)word;
        } while (scan_char(&scan, ','));
        if (!scan_is_done(&scan))
                return false;

        for (unsigned cpu = 0; cpu <= n_words * 32; ++cpu) {
                const bool is_set =
                        cpu < n_words * 32 && (words[n_words - 1 - cpu / 32] >> (cpu % 32) & 1);

                if (is_set) {
                        ++run;
                        continue;
                }
                if (run)
                        append_range(node->cpulist, cpu - run, cpu - 1);
                node->n_cpus += run;
                run = 0;
        }
        return true;
}

/* cpulist where there is one, else cpumap, which older kernels and captures have. */
static void read_cpus(const AttrReader *reader, SysfsNode *node) {
        static const struct {
                const char *file;
                bool (*parse)(Scan, SysfsNode *);
                const char *expected;
        } forms[] = {
                { "cpulist", parse_cpulist, "a list of CPUs such as 0-3,8" },
                { "cpumap", parse_cpumap, "a mask of CPUs such as 00000000,0000000f" },
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); ++i) {
                char path[ATTR_PATH_MAX], text[CPU_TEXT_MAX];
                size_t n;

                attr_path(path, SYSFS_NODE_DIR "/node%u/%s", node->id, forms[i].file);
                if (!attr_read_text(reader, path, text, sizeof(text), &n))
                        continue;
                if (forms[i].parse(scan_init(text, n), node)) {
                        node->cpu_file = forms[i].file;
                        return;
                }
                node->n_cpus = 0;
                node->cpulist[0] = '\0';
                attr_complain(reader, path, "is not %s; ignoring it", forms[i].expected);
        }
}

/* Every line names the node, which tells this file from any other that a link may lead to. */
static void read_meminfo(const AttrReader *reader, SysfsNode *node) {
        char path[ATTR_PATH_MAX], key[64], text[ATTR_TEXT_MAX];
        size_t n;

        attr_path(path, SYSFS_NODE_DIR "/node%u/meminfo", node->id);
        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return;
        (void)snprintf(key, sizeof(key), "Node %u MemTotal:", node->id);
        node->memory_bytes = attr_find_kib(reader, path, scan_init(text, n), key);
}

static int read_distances(const AttrReader *reader, size_t n_nodes, SysfsNode *node) {
        char path[ATTR_PATH_MAX], text[DISTANCE_TEXT_MAX];
        _cleanup_(freep) uint16_t *distances = NULL;
        size_t n, n_columns = 0;
        uint64_t value;
        Scan scan;

        attr_path(path, SYSFS_NODE_DIR "/node%u/distance", node->id);
        if (!attr_read_text(reader, path, text, sizeof(text), &n))
                return 0;
        distances = calloc(n_nodes, sizeof(*distances));
        if (!distances)
                return -ENOMEM;
        scan = scan_init(text, n);
        /* A leading space stands where node 0 would be. */
        for ((void)scan_spaces(&scan); scan_u64(&scan, &value); (void)scan_spaces(&scan)) {
                if (n_columns < n_nodes && value <= UINT16_MAX)
                        distances[n_columns] = (uint16_t)value;
                ++n_columns;
        }
        if (!scan_is_done(&scan) || n_columns != n_nodes) {
                attr_complain(reader, path, "has %zu distances for %zu NUMA nodes; ignoring it",
                              n_columns, n_nodes);
                return 0;
        }
        node->distances = TAKE_PTR(distances);
        return 0;
}

typedef struct NodeReader {
        const AttrReader *reader;
        SysfsNode *node;
} NodeReader;

/* "hugepages-2048kB" */
static int add_hugepages(const char *name, void *userdata) {
        const NodeReader *self = userdata;
        SysfsNode *node = self->node;
        Scan scan = scan_init(name, strlen(name));
        char path[ATTR_PATH_MAX];
        uint64_t kib, page_bytes, bytes;
        OptU64 n_pages;

        if (!scan_literal(&scan, "hugepages-") || !scan_u64(&scan, &kib) ||
            !scan_literal(&scan, "kB") || !scan_is_done(&scan) || kib == 0 ||
            bytes_mul(kib, KIB, &page_bytes) < 0)
                return 0;
        attr_path(path, SYSFS_NODE_DIR "/node%u/hugepages/%s/nr_hugepages", node->id, name);
        n_pages = attr_read_u64(self->reader, path);
        if (!n_pages.present)
                return 0;
        if (bytes_mul(n_pages.value, page_bytes, &bytes) < 0) {
                attr_complain(self->reader, path, "is more than 2^64 bytes of pages; ignoring it");
                return 0;
        }
        if (node->n_hugepages == SYSFS_PAGE_SIZES) {
                attr_complain(self->reader, path, "is one page size too many; ignoring it");
                return 0;
        }
        SysfsHugepages *pool = &node->hugepages[node->n_hugepages++];

        *pool = (SysfsHugepages){ .page_bytes = page_bytes, .n_pages = n_pages.value };
        attr_path(path, SYSFS_NODE_DIR "/node%u/hugepages/%s/free_hugepages", node->id, name);
        pool->n_free_pages = attr_read_u64(self->reader, path);
        attr_path(path, SYSFS_NODE_DIR "/node%u/hugepages/%s/surplus_hugepages", node->id, name);
        pool->n_surplus_pages = attr_read_u64(self->reader, path);
        return 0;
}

static int compare_pools(const void *a, const void *b) {
        const SysfsHugepages *x = a, *y = b;

        return (x->page_bytes > y->page_bytes) - (x->page_bytes < y->page_bytes);
}

static int read_hugepages(const AttrReader *reader, SysfsNode *node) {
        NodeReader self = { .reader = reader, .node = node };
        char path[ATTR_PATH_MAX];
        int r;

        attr_path(path, SYSFS_NODE_DIR "/node%u/hugepages", node->id);
        r = attr_list_names(reader, path, 64, add_hugepages, &self);
        if (r)
                return r;
        if (node->n_hugepages > 1)
                qsort(node->hugepages, node->n_hugepages, sizeof(node->hugepages[0]),
                      compare_pools);
        return 0;
}

/* 0 means "the firmware does not say": ACPI has no other word for it. */
static OptU64 read_figure(const AttrReader *reader, const char *path) {
        OptU64 figure = attr_read_u64(reader, path);

        return figure.value == 0 ? (OptU64){} : figure;
}

static int read_access(const AttrReader *reader, SysfsNode *node, unsigned access_class) {
        _cleanup_(attr_ids_deinitp) AttrIds initiators = {};
        SysfsAccess *access = &node->access[access_class];
        struct {
                const char *file;
                OptU64 *figure;
        } figures[] = {
                { "read_latency", &access->read_latency_ns },
                { "write_latency", &access->write_latency_ns },
                { "read_bandwidth", &access->read_bandwidth_mbps },
                { "write_bandwidth", &access->write_bandwidth_mbps },
        };
        char dir[ATTR_PATH_MAX];
        int r;

        attr_path(dir, SYSFS_NODE_DIR "/node%u/access%u/initiators", node->id, access_class);
        if (!root_exists(reader->root, dir))
                return 0;
        access->is_present = true;
        for (size_t i = 0; i < ELEMENTSOF(figures); ++i) {
                char path[ATTR_PATH_MAX];

                attr_path(path, SYSFS_NODE_DIR "/node%u/access%u/initiators/%s", node->id,
                          access_class, figures[i].file);
                *figures[i].figure = read_figure(reader, path);
        }
        r = attr_list_ids(reader, dir, "node", NODESET_MAX, &initiators);
        if (r)
                return r;
        for (size_t i = 0; i < initiators.n_ids; ++i)
                if (initiators.ids[i] < NODESET_MAX)
                        nodeset_add(&access->initiators, initiators.ids[i]);
        return 0;
}

static int read_side_caches(const AttrReader *reader, SysfsNode *node) {
        _cleanup_(attr_ids_deinitp) AttrIds levels = {};
        char path[ATTR_PATH_MAX];
        int r;

        attr_path(path, SYSFS_NODE_DIR "/node%u/memory_side_cache", node->id);
        r = attr_list_ids(reader, path, "index", SYSFS_SIDE_CACHES, &levels);
        if (r)
                return r;
        for (size_t i = 0; i < levels.n_ids; ++i) {
                SysfsSideCache *cache = &node->side_caches[node->n_side_caches++];

                cache->level = levels.ids[i];
                attr_path(path, SYSFS_NODE_DIR "/node%u/memory_side_cache/index%u/size", node->id,
                          cache->level);
                cache->size_bytes = attr_read_u64(reader, path);
                attr_path(path, SYSFS_NODE_DIR "/node%u/memory_side_cache/index%u/line_size",
                          node->id, cache->level);
                cache->line_size_bytes = attr_read_u64(reader, path);
        }
        return 0;
}

static void read_failures(const AttrReader *reader, SysfsNode *node) {
        struct {
                const char *file;
                OptU64 *count;
        } counts[] = {
                { "total", &node->failures.total },     { "recovered", &node->failures.recovered },
                { "ignored", &node->failures.ignored }, { "failed", &node->failures.failed },
                { "delayed", &node->failures.delayed },
        };

        for (size_t i = 0; i < ELEMENTSOF(counts); ++i) {
                char path[ATTR_PATH_MAX];

                attr_path(path, SYSFS_NODE_DIR "/node%u/memory_failure/%s", node->id,
                          counts[i].file);
                *counts[i].count = attr_read_u64(reader, path);
        }
}

static int read_node(const AttrReader *reader, size_t n_nodes, SysfsNode *node) {
        int r;

        read_meminfo(reader, node);
        read_cpus(reader, node);
        read_failures(reader, node);
        r = read_distances(reader, n_nodes, node);
        if (r)
                return r;
        r = read_hugepages(reader, node);
        if (r)
                return r;
        for (unsigned i = 0; i < ELEMENTSOF(node->access); ++i) {
                r = read_access(reader, node, i);
                if (r)
                        return r;
        }
        return read_side_caches(reader, node);
}

static void read_masks(const AttrReader *reader, SysfsMachine *machine) {
        NodeSet ignored;
        struct {
                const char *path;
                NodeSet *set;
                bool *is_known;
        } masks[] = {
                { SYSFS_NODE_DIR "/online", &machine->online, &machine->knows_online },
                { SYSFS_NODE_DIR "/has_memory", &machine->has_memory, &machine->knows_has_memory },
                { SYSFS_NODE_DIR "/has_normal_memory", &machine->has_normal_memory,
                  &machine->knows_has_normal_memory },
                { SYSFS_NODE_DIR "/has_cpu", &machine->has_cpu, &machine->knows_has_cpu },
        };

        for (size_t i = 0; i < ELEMENTSOF(masks); ++i)
                *masks[i].is_known = attr_read_nodes(reader, masks[i].path, masks[i].set);
        if (attr_read_nodes(reader, SYSFS_NODE_DIR "/has_generic_initiator", &ignored))
                machine->has_generic_initiator = ignored;

        ignored = nodeset_and_not(&machine->has_normal_memory, &machine->online);
        if (machine->knows_online && machine->knows_has_normal_memory &&
            !nodeset_is_empty(&ignored)) {
                attr_complain(reader, SYSFS_NODE_DIR "/has_normal_memory",
                              "names NUMA nodes that are not online; ignoring it");
                machine->has_normal_memory = (NodeSet){};
                machine->knows_has_normal_memory = false;
        }
}

int sysfs_read_nodes(const AttrReader *reader, SysfsMachine *machine) {
        _cleanup_(attr_ids_deinitp) AttrIds ids = {};
        NodeSet present = {};
        size_t n_nodes = 0;
        int r;

        read_masks(reader, machine);
        r = attr_list_ids(reader, SYSFS_NODE_DIR, "node", NODESET_MAX, &ids);
        if (r)
                return r;
        for (size_t i = 0; i < ids.n_ids; ++i)
                if (ids.ids[i] < NODESET_MAX &&
                    (!machine->knows_online || nodeset_contains(&machine->online, ids.ids[i])))
                        nodeset_add(&present, ids.ids[i]);
        if (!machine->knows_online)
                machine->online = present;
        NODESET_FOREACH (id, &machine->online) {
                char path[ATTR_PATH_MAX];

                if (nodeset_contains(&present, id))
                        continue;
                attr_path(path, SYSFS_NODE_DIR "/node%u", id);
                attr_complain(reader, path,
                              "is missing, although it is online; leaving NUMA node %u out", id);
        }

        machine->n_nodes = nodeset_count(&present);
        if (machine->n_nodes == 0)
                return 0;
        machine->nodes = calloc(machine->n_nodes, sizeof(*machine->nodes));
        if (!machine->nodes)
                return -ENOMEM;
        NODESET_FOREACH (id, &present)
                machine->nodes[n_nodes++].id = id;
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                r = read_node(reader, machine->n_nodes, &machine->nodes[i]);
                if (r)
                        return r;
        }
        return 0;
}
