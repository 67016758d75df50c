/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is given when it is created
 *
 * A mask of NUMA nodes is a hard one: pages that do not fit into it kill what they are for. So it
 * errs on the side of more: both localities wherever the split has bytes of both, since pages that
 * may not be on a remote node cannot be moved there either (from 6.16 on the kernel's own demotion
 * looks at the mask, and move_pages() always did), and a local node with normal memory whatever the
 * split says, since the kernel needs some for itself.
 */
#include "enforce/mask.h"

static bool is_disjoint(const NodeSet *a, const NodeSet *b) {
        const NodeSet both = nodeset_and(a, b);

        return nodeset_is_empty(&both);
}

/* Those of @nodes that are near to the CPUs, or all of them. */
static NodeSet get_near(const NodeSet *nodes, const NodeSet *cpu_nodes) {
        return is_disjoint(nodes, cpu_nodes) ? *nodes : nodeset_and(nodes, cpu_nodes);
}

/* Of the claim's, and where it has none there, the near ones. */
static NodeSet choose(const NodeSet *claimed, const NodeSet *nodes, const NodeSet *cpu_nodes) {
        return is_disjoint(claimed, nodes) ? get_near(nodes, cpu_nodes)
                                           : nodeset_and(claimed, nodes);
}

/* Some memory for the kernel itself, the nearer the better. */
static NodeSet add_normal(const Topology *topology,
                          const NodeSet *mems,
                          const NodeSet *local,
                          const NodeSet *cpu_nodes) {
        const NodeSet near = get_near(local, cpu_nodes);

        if (topology_has_normal_memory(topology, mems))
                return *mems;
        return nodeset_or(mems, topology_has_normal_memory(topology, &near) ? &near : local);
}

bool enforce_place(const Topology *topology,
                   const LedgerClaim *claim,
                   const NodeSet *cpu_nodes,
                   EnforcePlacement *ret) {
        const Split *split = &claim->split;
        const NodeSet local = topology_get_nodes(topology, LOCALITY_LOCAL);
        const NodeSet remote = topology_get_nodes(topology, LOCALITY_REMOTE);
        const NodeSet claimed = ledger_claim_get_nodes(claim);
        NodeSet local_part = {}, remote_part = {}, mems;

        if ((split->local.max == 0 && split->remote.max == 0) || ledger_claim_is_observed(claim))
                return false;
        if (split->local.max > 0)
                local_part = choose(&claimed, &local, cpu_nodes);
        if (split->remote.max > 0)
                remote_part = choose(&claimed, &remote, cpu_nodes);
        mems = nodeset_or(&local_part, &remote_part);
        *ret = (EnforcePlacement){
                .low_bytes = bytes_add_saturated(split->local.min, split->remote.min),
        };
        /* Nothing at all may mean that this machine is not known yet. */
        if (nodeset_is_empty(&mems))
                return true;
        ret->mems = add_normal(topology, &mems, &local, cpu_nodes);
        if (!is_disjoint(&ret->mems, &local) && !is_disjoint(&ret->mems, &remote))
                ret->preferred = split->local.max > 0 ? local_part : remote_part;
        return true;
}
