/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slower or faster than DRAM with CPUs
 *
 * The kernel has two things to say about speed: the tier it put a node in, and the figures that the
 * firmware's HMAT (or a CXL device's CDAT) gives for the node's best initiators. Tiers know one
 * scale and, before Linux 6.7, put everything into the same one; figures know bandwidth, which is
 * what tells HBM. Both are taken as ratios to the DRAM of the same machine.
 */
#include <stdio.h>
#include <string.h>

#include "topology/classify.h"

/* Slower by a quarter is past what firmware rounds away; the far socket's DRAM is about 1.6. */
#define SLOWER_PERCENT 125u
/* The ratio from which hwloc calls memory high-bandwidth, too. */
#define HBM_PERCENT 200u
/* A ratio beyond this is a unit error, not memory. */
#define SANE_PERCENT 100000u

/* Access class 1 (CPUs) before class 0 (anything). @ret_class: where it was found. */
static OptU64 get_figure(const TopologyNode *node, size_t offset, unsigned *ret_class) {
        for (unsigned i = 2; i-- > 0;) {
                OptU64 figure;

                if (!node->row)
                        break;
                memcpy(&figure, (const char *)&node->row->access[i] + offset, sizeof(figure));
                if (figure.present) {
                        if (ret_class)
                                *ret_class = i;
                        return figure;
                }
        }
        return (OptU64){};
}

#define LATENCY   offsetof(SysfsAccess, read_latency_ns)
#define BANDWIDTH offsetof(SysfsAccess, read_bandwidth_mbps)

/* @a in percent of @b, 0 when one is unknown or the ratio makes no sense. */
static uint64_t percent_of(OptU64 a, OptU64 b) {
        unsigned __int128 percent;

        if (!a.value || !b.value)
                return 0;
        percent = (unsigned __int128)a.value * 100 / b.value;
        return percent > SANE_PERCENT ? 0 : (uint64_t)percent;
}

static void decide_by_figure(TopologyNode *node,
                             const char *file,
                             unsigned access_class,
                             Locality locality,
                             const char *reason) {
        char evidence[TOPOLOGY_PATH_MAX], path[64];

        (void)snprintf(path, sizeof(path), "access%u/initiators/%s", access_class, file);
        topology_node_path(evidence, node, path);
        topology_decide(node,
                        locality == LOCALITY_EXCLUDED ? MEMORY_KIND_HBM
                        : locality == LOCALITY_LOCAL  ? MEMORY_KIND_DRAM
                                                      : MEMORY_KIND_UNKNOWN,
                        locality, evidence, reason);
}

static bool by_tier(const Reference *reference, TopologyNode *node) {
        const OptU64 slowest = reference->slowest_tier;
        char evidence[TOPOLOGY_PATH_MAX], reason[TOPOLOGY_REASON_MAX];

        if (!slowest.present || !node->tier.present || node->tier.value <= slowest.value)
                return false;
        (void)snprintf(evidence, sizeof(evidence),
                       "sys/devices/virtual/memory_tiering/memory_tier%u/nodelist",
                       (unsigned)node->tier.value);
        (void)snprintf(reason, sizeof(reason),
                       "in memory tier %u, slower than tier %u of the DRAM with CPUs",
                       (unsigned)node->tier.value, (unsigned)slowest.value);
        topology_decide(node, MEMORY_KIND_UNKNOWN, LOCALITY_REMOTE, evidence, reason);
        return true;
}

/* Ratios with two decimals: 250 is "2.50". */
#define RATIO(percent) (unsigned)((percent) / 100), (unsigned)((percent) % 100)

static bool by_figures(const Reference *reference, TopologyNode *node) {
        unsigned latency_class = 0, bandwidth_class = 0;
        const OptU64 latency = get_figure(node, LATENCY, &latency_class);
        const OptU64 bandwidth = get_figure(node, BANDWIDTH, &bandwidth_class);
        const uint64_t slow = percent_of(latency, reference->worst_latency_ns);
        const uint64_t fast = percent_of(bandwidth, reference->best_bandwidth_mbps);
        const uint64_t thin = percent_of(reference->worst_bandwidth_mbps, bandwidth);
        char reason[TOPOLOGY_REASON_MAX];

        if (fast >= HBM_PERCENT) {
                (void)snprintf(reason, sizeof(reason),
                               "%u.%02u times the read bandwidth of the DRAM with CPUs",
                               RATIO(fast));
                decide_by_figure(node, "read_bandwidth", bandwidth_class, LOCALITY_EXCLUDED,
                                 reason);
                return true;
        }
        if (slow >= SLOWER_PERCENT) {
                (void)snprintf(reason, sizeof(reason),
                               "%u.%02u times the read latency of the DRAM with CPUs", RATIO(slow));
                decide_by_figure(node, "read_latency", latency_class, LOCALITY_REMOTE, reason);
                return true;
        }
        if (thin >= SLOWER_PERCENT) {
                (void)snprintf(reason, sizeof(reason),
                               "the DRAM with CPUs has %u.%02u times its read bandwidth",
                               RATIO(thin));
                decide_by_figure(node, "read_bandwidth", bandwidth_class, LOCALITY_REMOTE, reason);
                return true;
        }
        if (slow && thin) {
                (void)snprintf(reason, sizeof(reason),
                               "as fast as the DRAM with CPUs (%u.%02u times its read "
                               "latency)",
                               RATIO(slow));
                decide_by_figure(node, "read_latency", latency_class, LOCALITY_LOCAL, reason);
                return true;
        }
        return false;
}

/* 5: bandwidth that only HBM has comes before the tier, which knows one scale only. */
bool topology_decide_by_performance(const Reference *reference, TopologyNode *node) {
        const uint64_t fast =
                percent_of(get_figure(node, BANDWIDTH, NULL), reference->best_bandwidth_mbps);

        if (fast < HBM_PERCENT && by_tier(reference, node))
                return true;
        return by_figures(reference, node);
}

static void take_worse(OptU64 *worst, OptU64 figure, bool is_larger_worse) {
        if (figure.present && (!worst->present || (is_larger_worse ? figure.value > worst->value
                                                                   : figure.value < worst->value)))
                *worst = figure;
}

void topology_reference_add(Reference *reference, const TopologyNode *node) {
        take_worse(&reference->slowest_tier, node->tier, true);
        take_worse(&reference->worst_latency_ns, get_figure(node, LATENCY, NULL), true);
        take_worse(&reference->worst_bandwidth_mbps, get_figure(node, BANDWIDTH, NULL), false);
        take_worse(&reference->best_bandwidth_mbps, get_figure(node, BANDWIDTH, NULL), true);
}
