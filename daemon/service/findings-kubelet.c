/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what the kubelet was told, and this machine
 *
 * Source: the kubelet's memory_manager.go (validateReservedMemory), topology_manager.go and
 * container_manager_linux.go, read at 1.36.
 */
#include "base/buffer.h"
#include "base/quantity.h"
#include "service/finder.h"

#define NUMA_NODES_DEFAULT 8u /* that the topology manager takes unless it is told of more */

/* reservedMemory */

/* What each NUMA node, in the topology's order, has of the reservation. */
static void take_reserved(const NodeView *view, uint64_t *bytes) {
        const NodeKubelet *kubelet = &view->kubelet;

        for (size_t i = 0; i < view->capacity->n_nodes; ++i)
                if (kubelet->n_reserved_memory == 0)
                        bytes[i] = view->capacity->nodes[i].reserved_bytes;
        for (size_t k = 0; k < kubelet->n_reserved_memory; ++k)
                for (size_t i = 0; i < view->capacity->n_nodes; ++i)
                        if (view->capacity->nodes[i].id == kubelet->reserved_memory[k].node)
                                bytes[i] = bytes_add_saturated(bytes[i],
                                                               kubelet->reserved_memory[k].bytes);
}

/* More: local memory first. Less: from the last NUMA node on. Return: whether it adds up. */
static bool adjust_reserved(const NodeView *view, uint64_t *bytes) {
        const Capacity *capacity = view->capacity;
        const uint64_t wanted = capacity->reservation_bytes;
        uint64_t sum = 0;

        for (size_t i = 0; i < capacity->n_nodes; ++i)
                sum = bytes_add_saturated(sum, bytes[i]);
        for (size_t k = 0; k < 2 * capacity->n_nodes && sum < wanted; ++k) {
                const size_t i = k % capacity->n_nodes;
                const CapacityNode *node = &capacity->nodes[i];
                const uint64_t used = bytes_add_saturated(bytes[i], node->hugepages_bytes);
                uint64_t more = bytes_sub_clamped(node->capacity_bytes, used);

                if (k < capacity->n_nodes && node->locality != LOCALITY_LOCAL)
                        continue;
                more = more < wanted - sum ? more : wanted - sum;
                bytes[i] += more;
                sum += more;
        }
        for (size_t i = capacity->n_nodes; i-- > 0 && sum > wanted;) {
                const uint64_t less = bytes[i] < sum - wanted ? bytes[i] : sum - wanted;

                bytes[i] -= less;
                sum -= less;
        }
        return sum == wanted;
}

/* "reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}]"; "" when nothing fits; NULL: -ENOMEM */
static const char *write_reserved(const Finder *finder) {
        const Capacity *capacity = finder->view->capacity;
        uint64_t *bytes = arena_alloc_array(finder->arena, capacity->n_nodes + 1, sizeof(*bytes));
        _cleanup_(buffer_deinitp) Buffer line = {};
        const char *separator = "";
        char text[QUANTITY_TEXT_MAX];

        if (!bytes)
                return NULL;
        take_reserved(finder->view, bytes);
        if (!adjust_reserved(finder->view, bytes))
                return "";
        buffer_append_text(&line, "reservedMemory: [");
        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                if (bytes[i] == 0)
                        continue;
                buffer_printf(&line, "%s{numaNode: %u, limits: {memory: %s}}", separator,
                              capacity->nodes[i].id, quantity_format_bytes(bytes[i], text));
                separator = ", ";
        }
        buffer_append_text(&line, "]");
        return buffer_finish(&line) == 0 ? arena_strdup(finder->arena, line.data) : NULL;
}

static bool reserves_hugepages(const NodeKubelet *kubelet) {
        for (size_t i = 0; i < kubelet->n_reserved_memory; ++i)
                if (kubelet->reserved_memory[i].n_hugepages > 0)
                        return true;
        return false;
}

/* Why the Static memory manager would not start; "": it does. NULL: out of memory */
static const char *judge_reserved(Finder *finder) {
        const NodeView *view = finder->view;
        const Capacity *capacity = view->capacity;
        char sum[QUANTITY_TEXT_MAX], wanted[QUANTITY_TEXT_MAX];

        if (capacity->is_node_missing)
                return "reservedMemory names a NUMA node that is not there";
        if (reserves_hugepages(&view->kubelet))
                return "reservedMemory names huge pages, and of them nothing can be reserved";
        if (capacity->explicit_bytes.value == capacity->reservation_bytes)
                return "";
        return arena_printf(finder->arena,
                            "reservedMemory adds up to %s, where systemReserved, kubeReserved and "
                            "evictionHard are %s",
                            quantity_format_bytes(capacity->explicit_bytes.value, sum),
                            quantity_format_bytes(capacity->reservation_bytes, wanted));
}

void find_reserved_memory(Finder *finder) {
        const NodeView *view = finder->view;
        const char *why, *line;

        /* A reservation of nothing is another mistake, and its condition is ReservationPlaced. */
        if (!finder_has_kubelet(finder) || !view->is_static_memory_policy ||
            view->capacity->reservation_bytes == 0)
                return;
        why = judge_reserved(finder);
        if (why && !why[0])
                return;
        line = write_reserved(finder);
        if (line && !line[0])
                line = "systemReserved and kubeReserved have to be less than what the NUMA nodes "
                       "have";
        finder_add(finder,
                   why ? arena_printf(finder->arena,
                                      "the kubelet does not start: it has the Static memory "
                                      "manager, and %s",
                                      why)
                       : NULL,
                   line ? finder_set_kubelet(finder, "kubelet.reservedMemory[0]", line) : NULL);
}

/* The topology manager */

static bool has_topology_policy(const NodeView *view) {
        const char *policy = view->kubelet.topology_policy;

        return policy && policy[0] && strcmp(policy, "none") != 0;
}

void find_too_many_nodes(Finder *finder) {
        const NodeView *view = finder->view;
        const OptU64 told = view->kubelet.max_numa_nodes;
        const size_t n = view->topology->machine->n_nodes;
        const uint64_t max = told.present ? told.value : NUMA_NODES_DEFAULT;
        static const char key[] = "kubelet.topologyManagerPolicyOptions.max-allowable-numa-nodes";
        const char *line;

        if (!finder_has_kubelet(finder) || !has_topology_policy(view) || n <= max)
                return;
        line = arena_printf(finder->arena,
                            "topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"%zu\"}", n);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "the kubelet does not start: it has topologyManagerPolicy %s, "
                                "takes %llu NUMA nodes at the most, and there are %zu",
                                view->kubelet.topology_policy, (unsigned long long)max, n),
                   line ? finder_set_kubelet(finder, key, line) : NULL);
}

/* NUMA nodes without CPUs */

/* Those that the Static memory manager has something to give of. */
static NodeSet find_cpuless(const Finder *finder) {
        const NodeView *view = finder->view;
        NodeSet nodes = {};

        if (!finder_has_kubelet(finder) || !view->is_static_memory_policy)
                return nodes;
        for (size_t i = 0; i < view->topology->n_nodes; ++i) {
                const CapacityNode *amounts = &view->capacity->nodes[i];

                if (!view->topology->nodes[i].has_cpus &&
                    bytes_add_saturated(amounts->allocatable_bytes, amounts->withheld_bytes) > 0)
                        nodeset_add(&nodes, view->topology->nodes[i].id);
        }
        return nodes;
}

static bool refuses_pods(const NodeView *view) {
        return has_topology_policy(view) && finder_is_word(view->kubelet.cpu_policy, "static");
}

static const char *leave_static(const Finder *finder) {
        return finder_set_kubelet(finder, "kubelet.memoryManagerPolicy",
                                  "memoryManagerPolicy: None; then: systemctl stop kubelet; rm "
                                  "/var/lib/kubelet/memory_manager_state; systemctl start kubelet");
}

void find_cpuless_refusals(Finder *finder) {
        const NodeSet nodes = find_cpuless(finder);
        const char *names;

        if (nodeset_is_empty(&nodes) || !refuses_pods(finder->view))
                return;
        names = finder_name_nodes(finder, &nodes);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "%s has memory and no CPUs: with topologyManagerPolicy %s, "
                                "the static CPU manager and the Static memory manager the "
                                "kubelet refuses guaranteed pods for which only this "
                                "memory is left, and some that need several NUMA nodes",
                                names, finder->view->kubelet.topology_policy),
                   leave_static(finder));
}

void find_cpuless_pins(Finder *finder) {
        const NodeSet nodes = find_cpuless(finder);
        const char *names;

        if (nodeset_is_empty(&nodes) || refuses_pods(finder->view))
                return;
        names = finder_name_nodes(finder, &nodes);
        finder_add(finder,
                   arena_printf(finder->arena,
                                "%s has memory and no CPUs, and the Static memory manager "
                                "takes it for memory like any other: guaranteed pods are "
                                "pinned to it as a whole when they fit nowhere else",
                                names),
                   leave_static(finder));
}

/* Swap */

void find_swap_refused(Finder *finder) {
        const NodeView *view = finder->view;
        const OptU64 swap = view->topology->machine->host.swap_bytes;
        char bytes[BYTES_TEXT_MAX];

        if (!finder_has_kubelet(finder) || !view->kubelet.fails_on_swap || swap.value == 0)
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "the kubelet does not start while there is swap (failSwapOn), and "
                                "there are %s of it",
                                bytes_format(swap.value, bytes)),
                   "swapoff -a, and no swap in /etc/fstab");
}
