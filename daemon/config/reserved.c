/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reserved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Quantities as the kubelet takes them for reservations, and its reservedMemory list.
 *
 * A quantity of bytes rounds up to whole bytes, as everywhere in Kubernetes. The kubelet takes a
 * reservation of zero and refuses a limit or threshold of zero, so there are two forms.
 *
 * reservedMemory is a list of NUMA nodes with limits by type: "memory", or "hugepages-" and the
 * size of a page. A node may have several entries, but a type only once per node, no matter how
 * its page size is spelled. Entries stay as they were written, in their order. Whether a node
 * exists and whether its sums agree with the reservation is decided where the machine is known.
 *
 * Source: the kubelet's validation_reserved_memory.go, read at 1.36; page sizes that Linux has.
 */
#define HUGEPAGES_PREFIX "hugepages-"
/* The smallest huge page of any architecture: arm64 with contiguous 4 KiB pages. */
#define HUGEPAGE_MIN_BYTES (64 * KIB)

int reserved_parse_quantity(const BindFile *file,
                            const YamlNode *key,
                            const YamlNode *value,
                            Quantity *ret) {
        int r;

        if (value->type != YAML_TYPE_SCALAR)
                return bind_expects(file, key, value, "a quantity such as 512Mi");
        if (value->n_text >= CONFIG_SETTING_MAX)
                return bind_refuse(file, value, "%s expects at most %u characters, not %zu",
                                   key->text, CONFIG_SETTING_MAX - 1, value->n_text);
        r = quantity_parse(value->text, value->n_text, ret);
        if (r == QUANTITY_E_SUFFIX)
                return bind_expects(file, key, value,
                                    "a quantity with a suffix such as Ki, Mi, Gi, k, M or G");
        if (r == QUANTITY_E_RANGE)
                return bind_expects(file, key, value, "a quantity of fewer digits");
        if (r > 0)
                return bind_expects(file, key, value, "a quantity such as 512Mi");
        if (r < 0)
                return r;
        if (ret->is_negative && ret->mantissa != 0)
                return bind_expects(file, key, value, "a quantity that is not negative");
        return 0;
}

int reserved_parse_bytes(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *value,
                         uint64_t *ret) {
        Quantity quantity;
        int r;

        r = reserved_parse_quantity(file, key, value, &quantity);
        if (r != 0)
                return r;
        r = quantity_to_u64(&quantity, ret);
        if (r > 0)
                return bind_expects(file, key, value, "a quantity below 16Ei");
        return r;
}

int reserved_parse_positive(const BindFile *file,
                            const YamlNode *key,
                            const YamlNode *value,
                            uint64_t *ret) {
        uint64_t bytes = 0;
        int r;

        r = reserved_parse_bytes(file, key, value, &bytes);
        if (r != 0)
                return r;
        if (bytes == 0)
                return bind_expects(file, key, value, "a quantity above zero");
        *ret = bytes;
        return 0;
}

/* "hugepages-2Mi" */
static int parse_page_size(const BindFile *file, const YamlNode *key, uint64_t *ret) {
        const size_t n_prefix = strlen(HUGEPAGES_PREFIX);
        char quoted[YAML_QUOTED_MAX];
        Quantity quantity;
        uint64_t bytes = 0;

        if (quantity_parse(key->text + n_prefix, key->n_text - n_prefix, &quantity) != 0 ||
            quantity_to_u64(&quantity, &bytes) != 0 || bytes < HUGEPAGE_MIN_BYTES ||
            (bytes & (bytes - 1)) != 0)
                return bind_refuse(file, key,
                                   "%s names no page size: a power of two of at least 64Ki",
                                   yaml_quote(key->text, quoted));
        *ret = bytes;
        return 0;
}

static int add_hugepages(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *value,
                         ConfigReservedMemory *memory) {
        ConfigHugepageLimit limit = {};
        int r;

        r = parse_page_size(file, key, &limit.page_bytes);
        if (r != 0)
                return r;
        r = reserved_parse_positive(file, key, value, &limit.bytes);
        if (r != 0)
                return r;
        for (size_t i = 0; i < memory->n_hugepages; ++i)
                if (memory->hugepages[i].page_bytes == limit.page_bytes)
                        return bind_refuse(file, key, "'%s' is there twice, spelled differently",
                                           key->text);
        if (memory->n_hugepages >= CONFIG_HUGEPAGE_LIMITS_MAX)
                return bind_refuse(file, key, "more than %u sizes of huge pages",
                                   CONFIG_HUGEPAGE_LIMITS_MAX);
        memory->hugepages[memory->n_hugepages++] = limit;
        return 0;
}

/* Its keys are not a fixed set, hence no table. */
static int
parse_limits(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        ConfigReservedMemory *memory = ret;
        char quoted[YAML_QUOTED_MAX];

        if (yaml_is_null(value))
                return 0;
        if (value->type != YAML_TYPE_MAPPING)
                return bind_expects(file, key, value, "a mapping");
        YAML_FOREACH (entry, value) {
                int r;

                if (yaml_is_text(entry->key, "memory"))
                        r = reserved_parse_positive(file, entry->key, entry->value, &memory->bytes);
                else if (strncmp(entry->key->text, HUGEPAGES_PREFIX, strlen(HUGEPAGES_PREFIX)) == 0)
                        r = add_hugepages(file, entry->key, entry->value, memory);
                else
                        r = bind_refuse(file, entry->key,
                                        "unknown key %s; known keys here: memory, hugepages-SIZE",
                                        yaml_quote(entry->key->text, quoted));
                if (r != 0)
                        return r;
        }
        return 0;
}

/* What one entry of the list is bound to. */
typedef struct Entry {
        ConfigReservedMemory memory;
        bool has_node;
} Entry;

static int parse_node(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        Entry *entry = ret;

        entry->has_node = true;
        return bind_node_id(file, key, value, &entry->memory.node);
}

static bool has_page_size(const ConfigReservedMemory *memory, uint64_t page_bytes) {
        for (size_t i = 0; i < memory->n_hugepages; ++i)
                if (memory->hugepages[i].page_bytes == page_bytes)
                        return true;
        return false;
}

/* Both are of one node: do they have a type in common? */
static bool has_overlap(const ConfigReservedMemory *a, const ConfigReservedMemory *b) {
        if (a->bytes > 0 && b->bytes > 0)
                return true;
        for (size_t i = 0; i < a->n_hugepages; ++i)
                if (has_page_size(b, a->hugepages[i].page_bytes))
                        return true;
        return false;
}

static int check_overlap(const BindFile *file,
                         const YamlNode *value,
                         const ConfigReservedMemory *memory,
                         const ConfigReservedMemory *earlier,
                         size_t n_earlier) {
        for (size_t i = 0; i < n_earlier; ++i)
                if (earlier[i].node == memory->node && has_overlap(&earlier[i], memory))
                        return bind_refuse(
                                file, value,
                                "NUMA node %u is given the same type of memory on line %u",
                                memory->node, earlier[i].line);
        return 0;
}

static int parse_entry(const BindFile *file,
                       const YamlNode *key,
                       const YamlNode *value,
                       ConfigReservedMemory *ret) {
        static const BindField fields[] = {
                { "numaNode", parse_node, 0, 0 },
                { "limits", parse_limits, offsetof(Entry, memory), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };
        Entry entry = { .memory.line = value->line };
        int r;

        if (value->type != YAML_TYPE_MAPPING)
                return bind_expects(file, key, value, "mappings with numaNode and limits");
        r = bind_mapping(file, key, value, &table, &entry);
        if (r != 0)
                return r;
        if (!entry.has_node)
                return bind_refuse(file, value, "numaNode is missing");
        *ret = entry.memory;
        return 0;
}

int reserved_parse_memory(const BindFile *file,
                          const YamlNode *key,
                          const YamlNode *value,
                          ConfigReservedMemory **ret,
                          size_t *ret_n) {
        _cleanup_(freep) ConfigReservedMemory *entries = NULL;
        size_t n_entries = 0;
        int r;

        r = bind_check_list(file, key, value, CONFIG_RESERVED_MEMORY_MAX);
        if (r != 0)
                return r;
        if (value->n_entries > 0) {
                entries = calloc(value->n_entries, sizeof(*entries));
                if (!entries)
                        return -ENOMEM;
        }
        YAML_FOREACH (entry, value) {
                r = parse_entry(file, key, entry->value, &entries[n_entries]);
                if (r != 0)
                        return r;
                r = check_overlap(file, entry->value, &entries[n_entries], entries, n_entries);
                if (r != 0)
                        return r;
                ++n_entries;
        }
        *ret = TAKE_PTR(entries);
        *ret_n = n_entries;
        return 0;
}
