/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.numa_stat and memory.stat, and what is decided on them. The first byte says which NUMA
 * nodes are local and which are remote, four bits each; the rest is the text.
 *
 * What is refused changes nothing. What is accepted adds up, by locality and by NUMA node, and is
 * the same with the localities the other way round. No number that a kernel could write makes a
 * step that takes more than is there or leads back into the past.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "enforce/usage.h"

#define PAGE UINT64_C(4096)

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static bool is_same(const EnforceUsage *a, const EnforceUsage *b) {
        return a->local == b->local && a->remote == b->remote && a->other == b->other &&
               a->local_anon == b->local_anon && a->local_file == b->local_file &&
               a->remote_file == b->remote_file &&
               opt_u64_equal(a->kernel_demoted, b->kernel_demoted) &&
               opt_u64_equal(a->kernel_promoted, b->kernel_promoted);
}

static void check_nodes(const EnforceUsage *usage, const EnforceUsageNodes *nodes) {
        const unsigned __int128 all =
                (unsigned __int128)usage->local + usage->remote + usage->other;
        unsigned __int128 sum = 0;

        must(nodes->n_items <= ENFORCE_USAGE_NODES_MAX);
        for (size_t i = 0; i < nodes->n_items; ++i) {
                must(nodes->items[i].bytes > 0 && nodes->items[i].node < NODESET_MAX);
                must(i == 0 || nodes->items[i - 1].node < nodes->items[i].node);
                sum += nodes->items[i].bytes;
        }
        must(sum <= all && (sum == all || nodes->n_items == ENFORCE_USAGE_NODES_MAX));
}

static void check_decision(const EnforceUsage *usage) {
        const EnforceTarget target = {
                .split = { .local = { 100 * MIB, 200 * MIB }, .remote = { 0, 400 * MIB } },
                .backend = ENFORCE_RECLAIM,
                .may_promote = true,
        };
        const EnforceNode node = {
                .local_free = GIB,
                .remote_free = GIB,
                .stale_bytes = MIB,
                .budget = UINT64_MAX,
                .n_lower_tiers = 1,
                .interval_min_usec = 50 * USEC_PER_MSEC,
                .interval_max_usec = 2 * USEC_PER_SEC,
        };
        EnforceUsage now = *usage;
        EnforceMemory memory = {};

        for (unsigned i = 0; i < 4; ++i) {
                const EnforceDecision decision = enforce_decide(&memory, &target, &now, &node);

                must(decision.next_usec > now.usec && decision.reason[0]);
                must(decision.action != ENFORCE_DEMOTE || decision.bytes <= now.local);
                must(decision.action != ENFORCE_PROMOTE || decision.bytes <= now.remote);
                if (decision.action == ENFORCE_LEAVE)
                        break;
                enforce_note_begun(&memory, &decision, now.usec);
                now.usec = decision.next_usec;
                must(enforce_note_done(&memory, &now, 0) == 0);
        }
}

static void check_numa_stat(Scan text, const NodeSet *local, const NodeSet *remote) {
        EnforceUsage usage = { .usec = 1 }, swapped = usage;
        const EnforceUsage before = usage;
        EnforceUsageNodes nodes = {};

        if (!enforce_usage_parse(text, local, remote, PAGE, &usage, &nodes)) {
                must(is_same(&usage, &before) && nodes.n_items == 0);
                return;
        }
        must(usage.local_file <= usage.local && usage.remote_file <= usage.remote);
        must(usage.local_anon == usage.local - usage.local_file && usage.usec == 1);
        check_nodes(&usage, &nodes);
        if (enforce_usage_parse(text, remote, local, PAGE, &swapped, NULL))
                must(swapped.local == usage.remote && swapped.remote == usage.local &&
                     swapped.other == usage.other);
        check_decision(&usage);
}

static void check_stat(Scan text) {
        EnforceUsage usage = {}, again;

        enforce_usage_parse_stat(text, PAGE, &usage);
        again = usage;
        enforce_usage_parse_stat(text, PAGE, &again);
        must(is_same(&usage, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        NodeSet local = {}, remote = {};
        Scan text;

        if (size < 1)
                return 0;
        local.words[0] = data[0] & 0xf;
        remote.words[0] = (uint64_t)(data[0] >> 4) & ~local.words[0];
        text = scan_init((const char *)data + 1, size - 1);
        check_numa_stat(text, &local, &remote);
        check_stat(text);
        return 0;
}
