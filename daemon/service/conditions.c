/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions
 *
 * What an operator may want to act on, as Kubernetes words it: a type, a status, a reason of one
 * word, a sentence with the mend in it. Every type is always present and "True" is the good state,
 * so that a script can wait for all of them. One function per type; each looks at the view and at
 * nothing else.
 */
#include <string.h>

#include "service/condition.h"
#include "service/findings.h"
#include "service/limits.h"

static Condition tell_configuration(Arena *arena, const NodeView *view) {
        if (!view->reload_problem[0])
                return condition_good("Loaded", "the last configuration that was read is in force");
        return condition_bad("ReloadRefused",
                             arena_printf(arena, "%s; the configuration of before stays in force",
                                          view->reload_problem));
}

static Condition tell_topology(Arena *arena, const NodeView *view) {
        const DiagList *diagnostics = &view->topology->machine->diagnostics;
        const size_t n = diagnostics->n_items + diagnostics->n_dropped;

        if (n == 0 && view->topology->n_nodes > 0)
                return condition_good("AllFilesRead", "all that the kernel shows could be used");
        if (n == 0)
                return condition_bad("NoMemory",
                                     "neither NUMA nodes nor /proc/meminfo are there to be read");
        return condition_bad("FilesIgnored",
                             arena_printf(arena,
                                          "%zu file%s could not be used; see the diagnostics", n,
                                          n == 1 ? "" : "s"));
}

/* The nodes that are excluded for want of evidence: those that have an advice. */
static Condition tell_classification(Arena *arena, const NodeView *view) {
        const Topology *topology = view->topology;
        NodeSet unknown = {};
        bool has_local = false;
        char text[NODESET_TEXT_MAX];

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];

                has_local |= node->locality == LOCALITY_LOCAL;
                if (node->locality == LOCALITY_EXCLUDED && node->kind == MEMORY_KIND_UNKNOWN &&
                    node->advice[0])
                        nodeset_add(&unknown, node->id);
        }
        if (!nodeset_is_empty(&unknown))
                return condition_bad(
                        "NoEvidence",
                        arena_printf(
                                arena,
                                "the memory of NUMA node%s %s is excluded, because nothing "
                                "tells what it is; adopt it with a classify line in slugd.yaml",
                                nodeset_count(&unknown) == 1 ? "" : "s",
                                nodeset_format(&unknown, text)));
        if (!has_local)
                return condition_bad("NoLocalMemory", "no NUMA node counts as local memory");
        return condition_good("Classified",
                              "every NUMA node with memory has a kind and a locality");
}

static Condition tell_sum(Arena *arena, const NodeView *view) {
        const Capacity *capacity = view->capacity;

        return condition_bad(
                "ReservedMemorySum",
                arena_printf(arena,
                             "the kubelet's reservedMemory adds up to %llu bytes, system-reserved, "
                             "kube-reserved and hard eviction to %llu; %s",
                             (unsigned long long)capacity->explicit_bytes.value,
                             (unsigned long long)capacity->reservation_bytes,
                             view->is_static_memory_policy
                                     ? "with the Static memory manager the kubelet does not start"
                                     : "the Static memory manager would not start"));
}

static Condition tell_placement(Arena *arena, const NodeView *view) {
        const Capacity *capacity = view->capacity;
        char bytes[BYTES_TEXT_MAX];

        if (capacity->is_overreserved)
                return condition_bad(
                        "Overreserved",
                        arena_printf(arena,
                                     "%llu bytes are to be kept back of a capacity of %llu; the "
                                     "kubelet does not start",
                                     (unsigned long long)capacity->reservation_bytes,
                                     (unsigned long long)capacity->total_bytes));
        if (capacity->is_node_missing)
                return condition_bad(
                        "NumaNodeMissing",
                        "the kubelet's reservedMemory names a NUMA node that is not there");
        if (capacity->explicit_bytes.present &&
            capacity->explicit_bytes.value != capacity->reservation_bytes)
                return tell_sum(arena, view);
        if (capacity->unplaced_bytes)
                return condition_bad(
                        "Unplaced",
                        arena_printf(arena,
                                     "%s of the reservation fit on no NUMA node; what is shown as "
                                     "allocatable is too much by that",
                                     bytes_format(capacity->unplaced_bytes, bytes)));
        if (capacity->remote_placed_bytes)
                return condition_bad(
                        "SpilledToRemote",
                        arena_printf(arena,
                                     "%s of the reservation did not fit on local memory and are "
                                     "kept back on remote memory",
                                     bytes_format(capacity->remote_placed_bytes, bytes)));
        return condition_good("Placed", "the whole reservation is kept back on NUMA nodes");
}

static Condition tell_capacity(Arena *arena, const NodeView *view) {
        const Capacity *capacity = view->capacity;
        uint64_t sum = 0;

        for (size_t i = 0; i < capacity->n_nodes; ++i)
                sum = bytes_add_saturated(sum, capacity->nodes[i].capacity_bytes);
        if (capacity->is_hugepages_excessive)
                return condition_bad(
                        "HugepagesExceedMemory",
                        "a NUMA node shows more huge pages than memory; they are counted up to it");
        if (capacity->is_sum_different)
                return condition_bad(
                        "SumDiffers",
                        arena_printf(arena,
                                     "/proc/meminfo shows %llu bytes, the NUMA nodes together %llu",
                                     (unsigned long long)capacity->total_bytes,
                                     (unsigned long long)sum));
        return condition_good("Consistent", "/proc/meminfo and the NUMA nodes agree to the byte");
}

static Condition tell_unused(Arena *arena, const NodeView *view) {
        const Topology *topology = view->topology;
        uint64_t sum = 0;
        char bytes[BYTES_TEXT_MAX];

        for (size_t i = 0; i < topology->n_unused; ++i)
                sum = bytes_add_saturated(sum, topology->unused[i].bytes);
        if (topology->n_unused == 0)
                return condition_good("AllInUse", "all memory that the kernel shows is online");
        return condition_bad("UnusedMemory", arena_printf(arena, "%s exist and are not in use",
                                                          bytes_format(sum, bytes)));
}

static Condition tell_limits(Arena *arena, const NodeView *view) {
        const SysfsHost *host = &view->topology->machine->host;

        if (strcmp(host->cgroup_version, "v2") != 0)
                return condition_bad("NoCgroupV2",
                                     arena_printf(arena, "limits need cgroup v2; %s is mounted",
                                                  limits_name_cgroup(host->cgroup_version)));
        if (!strstr(host->cgroup_controllers, "memory"))
                return condition_bad(
                        "NoMemoryController",
                        "the cgroup root has no memory controller; limits cannot be set");
        return condition_good("CgroupV2", "cgroup v2 has the memory controller");
}

/* Limits that slugd was told to set: what became of them, the worst first. */
static Condition tell_limits_set(Arena *arena, const NodeView *view) {
        static const ConditionWord words[_LIMITS_STATE_N] = {
                [LIMITS_ACHIEVED] = { "Achieved", condition_good },
                [LIMITS_NOT_MANAGED] = { "NotManaged", condition_good },
                [LIMITS_NOT_SEEN] = { "NotSeen", condition_unknown },
                [LIMITS_WRITING] = { "Writing", condition_unknown },
                [LIMITS_NO_CGROUP] = { "NoCgroup", condition_unknown },
                [LIMITS_PENDING] = { "Pending", condition_bad },
                [LIMITS_HELD_BACK] = { "HeldBack", condition_bad },
                [LIMITS_CONTENDED] = { "Contended", condition_bad },
                [LIMITS_REFUSED] = { "Refused", condition_bad },
                [LIMITS_NOT_WRITTEN] = { "NotWritten", condition_bad },
                [LIMITS_WITHDRAWN] = { "Withdrawn", condition_bad },
        };
        Limits limits;

        limits_judge(view->qos, &limits);
        return condition_tell(&words[limits.state], arena_strdup(arena, limits.message));
}

static Condition tell_ledger(Arena *arena, const NodeView *view) {
        const JournalState state =
                view->journal ? journal_get_state(view->journal) : (JournalState){};

        if (!view->journal || state.health == JOURNAL_ABSENT)
                return condition_bad(
                        "Volatile", arena_printf(arena, "claims are kept as long as slugd runs: %s",
                                                 view->ledger_problem ? view->ledger_problem
                                                                      : "there is no ledger"));
        if (state.health == JOURNAL_FAILED)
                return condition_bad(
                        "WriteFailed",
                        arena_printf(arena, "nothing new is promised: %s", state.problem));
        return condition_good("Written", "every claim that was answered is on the disk");
}

typedef struct Excess {
        NodeSet nodes;
        uint64_t bytes; /* beyond what is allocatable on them */
} Excess;

static Excess sum_excess(const NodeView *view, bool with_observed) {
        Excess excess = {};

        for (size_t i = 0; view->ledger && i < view->capacity->n_nodes; ++i) {
                const CapacityNode *node = &view->capacity->nodes[i];
                const uint64_t claimed = ledger_get_claimed(view->ledger, node->id, 0);
                const uint64_t observed = ledger_get_observed(view->ledger, node->id, 0);
                const uint64_t more = bytes_sub_clamped(claimed - (with_observed ? 0 : observed),
                                                        node->allocatable_bytes);

                if (more > 0)
                        nodeset_add(&excess.nodes, node->id);
                excess.bytes = bytes_add_saturated(excess.bytes, more);
        }
        return excess;
}

/* Of memory that went away, or that the kubelet has promised by itself. Pods may hold more than
 * what is allocatable without having asked; then no promise is broken. */
static Condition tell_claims(Arena *arena, const NodeView *view) {
        const Excess promised = sum_excess(view, false), all = sum_excess(view, true);
        char text[NODESET_TEXT_MAX], bytes[BYTES_TEXT_MAX];

        if (promised.bytes > 0)
                return condition_bad(
                        "Overcommitted",
                        arena_printf(arena,
                                     "claims on NUMA nodes %s are %s more than what is "
                                     "allocatable there; nothing new is promised there",
                                     nodeset_format(&promised.nodes, text),
                                     bytes_format(promised.bytes, bytes)));
        if (all.bytes > 0)
                return condition_good(
                        "ObservedBeyond",
                        arena_printf(arena,
                                     "what is promised is there; with what pods hold without "
                                     "having asked, NUMA nodes %s have %s more than what is "
                                     "allocatable there, and nothing new is promised there",
                                     nodeset_format(&all.nodes, text),
                                     bytes_format(all.bytes, bytes)));
        return condition_good("Covered", "no NUMA node has more claims than memory");
}

static Condition tell_pods(Arena *arena, const NodeView *view) {
        static const ConditionWord words[_PODS_KNOWN_N] = {
                [PODS_REPORTED] = { "Reported", condition_good },
                [PODS_UNSEEN] = { "NotSeen", condition_unknown },
                [PODS_CGROUPS_ONLY] = { "CgroupsOnly", condition_unknown },
                [PODS_UNSETTLED] = { "Unsettled", condition_bad },
                [PODS_REPORT_OLD] = { "ReportOld", condition_bad },
                [PODS_SOURCE_FAILED] = { "SourceFailed", condition_bad },
                [PODS_SOURCE_ABSENT] = { "SourceAbsent", condition_bad },
                [PODS_CGROUPS_UNREADABLE] = { "CgroupsUnreadable", condition_bad },
                [PODS_UNRECORDED] = { "NotRecorded", condition_bad },
        };
        Diag message = {};
        const PodsKnown known = pods_view_judge(view->pods, &message);

        return condition_tell(&words[known], arena_strdup(arena, message.text));
}

/* Notes are no conflict: what they say may be meant so. */
static Condition tell_conflicts(Arena *arena, const NodeView *view) {
        Findings findings;
        size_t n = 0;

        if (findings_build(arena, view, &findings) != 0)
                return condition_unknown("OutOfMemory", NULL);
        while (n < findings.n_items && findings.items[n].severity > FINDING_NOTE)
                ++n;
        if (n == 0)
                return condition_good("NoConflict",
                                      "nothing is at odds with what slugd and the kubelet are to "
                                      "do");
        if (n == 1)
                return condition_bad(findings.items[0].type, findings.items[0].message);
        return condition_bad(findings.items[0].type,
                             arena_printf(arena, "%s; and %zu more, see slugctl doctor",
                                          findings.items[0].message, n - 1 + findings.n_dropped));
}

int message_build_conditions(Arena *arena,
                             const NodeView *view,
                             size_t *ret_n,
                             Slug__V1__Condition ***ret) {
        static const struct {
                const char *type;
                Condition (*tell)(Arena *, const NodeView *);
        } types[] = {
                { "ConfigurationCurrent", tell_configuration },
                { "KubeletConfigurationRead", condition_tell_kubelet_configuration },
                { "KubeletMemoryCurrent", condition_tell_kubelet_memory },
                { "KubeletAllocatable", condition_tell_kubelet_allocatable },
                { "TopologyComplete", tell_topology },
                { "MemoryClassified", tell_classification },
                { "CapacityConsistent", tell_capacity },
                { "ReservationPlaced", tell_placement },
                { "MemoryInUse", tell_unused },
                { "LimitsEnforceable", tell_limits },
                { "LimitsSet", tell_limits_set },
                { "LedgerDurable", tell_ledger },
                { "ClaimsCovered", tell_claims },
                { "PodsKnown", tell_pods },
                { "ChunksAdvertised", condition_tell_chunks },
                { "SplitsHeld", condition_tell_splits },
                { "ConflictFree", tell_conflicts },
        };
        Slug__V1__Condition **list = MESSAGE_LIST(arena, ELEMENTSOF(types), Slug__V1__Condition,
                                                  SLUG__V1__CONDITION__INIT);

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(types); ++i) {
                const Condition condition = types[i].tell(arena, view);

                if (!condition.message)
                        return -ENOMEM;
                list[i]->type = (char *)types[i].type;
                list[i]->status = condition.status;
                list[i]->reason = (char *)condition.reason;
                list[i]->message = (char *)condition.message;
        }
        *ret_n = ELEMENTSOF(types);
        *ret = list;
        return 0;
}
