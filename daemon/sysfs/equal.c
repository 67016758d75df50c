/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this still the same machine?
 *
 * Field by field, one function a row, beside each other so that a new field is seen to be missing.
 * Left out on purpose is what moves by itself: free and surplus huge pages.
 */
#include <string.h>

#include "sysfs/sysfs.h"

#define SAME(field)     (a->field == b->field)
#define SAME_OPT(field) opt_u64_equal(a->field, b->field)
#define SAME_TEXT(text) (strcmp(a->text, b->text) == 0)
#define SAME_SET(field) nodeset_is_equal(&a->field, &b->field)

/* Two arrays of the same rows, in the same order. */
#define SAME_ROWS(array, is_equal)                                                                 \
        ({                                                                                         \
                bool same_rows = a->n_##array == b->n_##array;                                     \
                for (size_t row = 0; same_rows && row < a->n_##array; ++row)                       \
                        same_rows = is_equal(&a->array[row], &b->array[row]);                      \
                same_rows;                                                                         \
        })

static bool is_equal_hugepages(const SysfsHugepages *a, const SysfsHugepages *b) {
        return SAME(page_bytes) && SAME(n_pages);
}

static bool is_equal_access(const SysfsAccess *a, const SysfsAccess *b) {
        return SAME(is_present) && SAME_SET(initiators) && SAME_OPT(read_latency_ns) &&
               SAME_OPT(write_latency_ns) && SAME_OPT(read_bandwidth_mbps) &&
               SAME_OPT(write_bandwidth_mbps);
}

static bool is_equal_side_cache(const SysfsSideCache *a, const SysfsSideCache *b) {
        return SAME(level) && SAME_OPT(size_bytes) && SAME_OPT(line_size_bytes);
}

static bool is_equal_failures(const SysfsFailures *a, const SysfsFailures *b) {
        return SAME_OPT(total) && SAME_OPT(recovered) && SAME_OPT(ignored) && SAME_OPT(failed) &&
               SAME_OPT(delayed);
}

static bool is_equal_node(const SysfsNode *a, const SysfsNode *b) {
        return SAME(id) && SAME_OPT(memory_bytes) && SAME(n_cpus) && SAME_TEXT(cpulist) &&
               SAME_ROWS(hugepages, is_equal_hugepages) &&
               is_equal_access(&a->access[0], &b->access[0]) &&
               is_equal_access(&a->access[1], &b->access[1]) &&
               SAME_ROWS(side_caches, is_equal_side_cache) &&
               is_equal_failures(&a->failures, &b->failures) && !a->distances == !b->distances;
}

/* Only after the nodes were found equal in number. */
static bool is_equal_distances(const SysfsMachine *a, const SysfsMachine *b) {
        for (size_t i = 0; i < a->n_nodes; ++i)
                if (a->nodes[i].distances &&
                    memcmp(a->nodes[i].distances, b->nodes[i].distances,
                           a->n_nodes * sizeof(*a->nodes[i].distances)) != 0)
                        return false;
        return true;
}

static bool is_equal_tier(const SysfsTier *a, const SysfsTier *b) {
        return SAME(id) && SAME_SET(nodes);
}

static bool is_equal_block(const SysfsBlock *a, const SysfsBlock *b) {
        return SAME(id) && SAME(node) && SAME(state) && SAME(is_movable);
}

static bool is_equal_memdev(const SysfsMemdev *a, const SysfsMemdev *b) {
        return SAME_TEXT(name) && SAME_OPT(ram_bytes) && SAME_OPT(pmem_bytes) && SAME_OPT(serial) &&
               SAME_OPT(node) && SAME_TEXT(firmware_version) && SAME_TEXT(pci_address);
}

static bool is_equal_decoder(const SysfsDecoder *a, const SysfsDecoder *b) {
        return SAME_TEXT(name) && SAME(type) && SAME_OPT(start) && SAME_OPT(size_bytes) &&
               SAME_OPT(ways) && SAME_OPT(granularity_bytes) && SAME_TEXT(memdev) &&
               SAME_TEXT(region) && SAME_OPT(dpa_bytes);
}

static bool is_equal_region(const SysfsRegion *a, const SysfsRegion *b) {
        bool is_equal = SAME_TEXT(name) && SAME_TEXT(window) && SAME_OPT(start) &&
                        SAME_OPT(size_bytes) && SAME_TEXT(mode) && SAME_OPT(ways) &&
                        SAME_OPT(granularity_bytes) && SAME(is_committed) && SAME(n_targets);

        for (size_t i = 0; is_equal && i < a->n_targets; ++i)
                is_equal = SAME_TEXT(targets[i]);
        return is_equal;
}

static bool is_equal_dax(const SysfsDax *a, const SysfsDax *b) {
        return SAME_TEXT(name) && SAME_OPT(size_bytes) && SAME_OPT(start) &&
               SAME_OPT(target_node) && SAME_OPT(node) && SAME_TEXT(driver) && SAME(source) &&
               SAME_TEXT(region);
}

static bool is_equal_gpu(const SysfsGpu *a, const SysfsGpu *b) {
        return SAME_TEXT(pci_address) && SAME(node);
}

static bool is_equal_driver_range(const SysfsDriverRange *a, const SysfsDriverRange *b) {
        return SAME(start) && SAME(end) && SAME_TEXT(driver);
}

static bool is_equal_host(const SysfsHost *a, const SysfsHost *b) {
        return SAME_TEXT(host_name) && SAME_TEXT(kernel_version) && SAME_TEXT(os_image) &&
               SAME_TEXT(cgroup_version) && SAME_TEXT(cgroup_controllers) &&
               SAME_TEXT(kubepods_cgroup) && SAME_OPT(kubepods_max_bytes) &&
               SAME_OPT(memory_bytes) && SAME_OPT(swap_bytes) && SAME_OPT(is_demotion_enabled) &&
               SAME_OPT(numa_balancing) && SAME_OPT(block_bytes) && SAME_TEXT(auto_online_blocks);
}

static bool is_equal_diag(const Diag *a, const Diag *b) {
        return SAME_TEXT(source) && SAME_TEXT(text);
}

static bool is_equal_diagnostics(const DiagList *a, const DiagList *b) {
        return SAME(n_dropped) && SAME_ROWS(items, is_equal_diag);
}

bool sysfs_machine_is_equal(const SysfsMachine *a, const SysfsMachine *b) {
        return is_equal_host(&a->host, &b->host) && SAME_SET(online) && SAME_SET(has_memory) &&
               SAME_SET(has_normal_memory) && SAME_SET(has_cpu) &&
               SAME_SET(has_generic_initiator) && SAME(knows_online) && SAME(knows_has_memory) &&
               SAME(knows_has_normal_memory) && SAME(knows_has_cpu) &&
               SAME_ROWS(nodes, is_equal_node) && is_equal_distances(a, b) &&
               SAME_ROWS(tiers, is_equal_tier) && SAME_ROWS(blocks, is_equal_block) &&
               SAME_ROWS(memdevs, is_equal_memdev) && SAME_ROWS(decoders, is_equal_decoder) &&
               SAME_ROWS(regions, is_equal_region) && SAME_ROWS(daxes, is_equal_dax) &&
               SAME_ROWS(gpus, is_equal_gpu) && SAME_ROWS(driver_ranges, is_equal_driver_range) &&
               is_equal_diagnostics(&a->diagnostics, &b->diagnostics);
}
