/* SPDX-License-Identifier: Apache-2.0 */
#include "service/kubelet-allocatable.h"

#include <inttypes.h>

/*
 * Like with like: the kubelet counts a NUMA node's memory less its reservedMemory and all of its
 * huge pages, whatever its locality, and huge pages less what is reserved of them. That is what is
 * allocatable here, and on excluded NUMA nodes what is withheld.
 *
 * Source: the kubelet at 1.36, cm/memorymanager/policy_static.go, getDefaultMachineState() and
 * GetAllocatableMemory().
 */

typedef struct Comparison {
        LedgerRoom kubelet;
        const Capacity *capacity;
} Comparison;

static const CapacityNode *find_node(const Capacity *capacity, unsigned id) {
        for (size_t i = 0; i < capacity->n_nodes; ++i)
                if (capacity->nodes[i].id == id)
                        return &capacity->nodes[i];
        return NULL;
}

static uint64_t get_ours(const CapacityNode *node, uint64_t page_bytes) {
        if (page_bytes == 0)
                return node->allocatable_bytes + node->withheld_bytes;
        for (size_t i = 0; i < node->n_hugepages; ++i)
                if (node->hugepages[i].page_bytes == page_bytes)
                        return node->hugepages[i].bytes;
        return 0;
}

static bool has_node(const LedgerRoom *kubelet, unsigned id) {
        for (size_t i = 0; i < kubelet->n_rows; ++i)
                if (kubelet->rows[i].node == id)
                        return true;
        return false;
}

/* Return: they differ, and @ret says it. */
static bool differs(const Comparison *comparison, unsigned id, uint64_t page_bytes, Diag *ret) {
        const CapacityNode *node = find_node(comparison->capacity, id);
        const uint64_t theirs = ledger_room_get(&comparison->kubelet, id, page_bytes);
        const uint64_t ours = node ? get_ours(node, page_bytes) : 0;
        char resource[POD_RESOURCE_NAME_MAX];

        if (theirs == ours)
                return false;
        diag_set(
                ret, NULL, 0, 0,
                "of NUMA node %u the kubelet counts %" PRIu64 " bytes of %s as allocatable, slugd "
                "%" PRIu64 "; %s",
                id, theirs, pod_format_resource(page_bytes, resource), ours,
                node && has_node(&comparison->kubelet, id)
                        ? "restart the kubelet if memory or huge pages came or went since it "
                          "started, otherwise its reservedMemory is not the one of \"slugctl "
                          "config\""
                        : "its memory came or went since the kubelet started; restart the kubelet");
        return true;
}

/* What slugd counts, and then what only the kubelet does. */
static bool find_difference(const Comparison *comparison, Diag *ret) {
        for (size_t i = 0; i < comparison->capacity->n_nodes; ++i) {
                const CapacityNode *node = &comparison->capacity->nodes[i];

                if (differs(comparison, node->id, 0, ret))
                        return true;
                for (size_t k = 0; k < node->n_hugepages; ++k)
                        if (differs(comparison, node->id, node->hugepages[k].page_bytes, ret))
                                return true;
        }
        for (size_t i = 0; i < comparison->kubelet.n_rows; ++i)
                if (differs(comparison, comparison->kubelet.rows[i].node,
                            comparison->kubelet.rows[i].page_bytes, ret))
                        return true;
        return false;
}

/* NULL: there is none, or it is of a time that is over. */
static const PodsReport *find_report(const PodsView *view) {
        const PodsReport *report = view && view->inventory ? view->inventory->report : NULL;

        if (!report || pods_view_get_age(view, report->usec) > PODS_REPORT_OLD_USEC)
                return NULL;
        return report->knows_allocatable ? report : NULL;
}

KubeletAllocatable
kubelet_allocatable_judge(const PodsView *view, const Capacity *capacity, Diag *ret_message) {
        const PodsReport *report = find_report(view);
        Comparison comparison = { .capacity = capacity };

        if (!report) {
                diag_set(ret_message, NULL, 0, 0,
                         "no report says what the kubelet counts as allocatable on NUMA nodes");
                return KUBELET_ALLOCATABLE_NOT_REPORTED;
        }
        if (report->n_allocatable == 0) {
                diag_set(ret_message, NULL, 0, 0,
                         "the kubelet counts no memory of NUMA nodes; its memoryManagerPolicy is "
                         "not Static");
                return KUBELET_ALLOCATABLE_NOT_STATIC;
        }
        comparison.kubelet = (LedgerRoom){ report->allocatable, report->n_allocatable };
        if (find_difference(&comparison, ret_message))
                return KUBELET_ALLOCATABLE_DIFFERS;
        diag_set(ret_message, NULL, 0, 0, "the kubelet counts on every NUMA node what slugd does");
        return KUBELET_ALLOCATABLE_AGREES;
}
