/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * A sentence has room for one set of NUMA nodes, so it is about the one that comes closest: all of
 * them together when they do not have enough, else the one that has the most free.
 */
#define LIST_MAX 64u /* of node ids in a sentence; longer lists are cut */

static const char *format_nodes(const NodeSet *nodes, char buffer[static LIST_MAX]) {
        char text[NODESET_TEXT_MAX];

        (void)nodeset_format(nodes, text);
        if (strlen(text) < LIST_MAX)
                (void)memcpy(buffer, text, strlen(text) + 1);
        else
                (void)snprintf(buffer, LIST_MAX, "%.*s...", (int)(LIST_MAX - 4), text);
        return buffer;
}

/* "NUMA node 3", "NUMA nodes 0-1 together" */
static int print_nodes(const NodeSet *nodes, const char *together, char *buffer, size_t size) {
        char list[LIST_MAX];

        if (nodeset_count(nodes) == 1)
                return snprintf(buffer, size, "NUMA node %s", format_nodes(nodes, list));
        return snprintf(buffer, size, "NUMA nodes %s%s", format_nodes(nodes, list), together);
}

/* "... lack 1073741824 bytes (1.00 GiB) of memory: 4294967296 are asked, 3221225472 are free" */
static void
tell_lack(const NodeSet *nodes, uint64_t page_bytes, uint64_t asked, uint64_t has, Diag *reterr) {
        char who[LIST_MAX + 32], bytes[BYTES_TEXT_MAX], resource[POD_RESOURCE_NAME_MAX];

        (void)print_nodes(nodes, " together", who, sizeof(who));
        diag_set(reterr, NULL, 0, 0,
                 "%s lack%s %" PRIu64 " bytes (%s) of %s: %" PRIu64 " asked, %" PRIu64 " free", who,
                 nodeset_count(nodes) == 1 ? "s" : "", asked - has,
                 bytes_format(asked - has, bytes), pod_format_resource(page_bytes, resource), asked,
                 has);
}

int refusal_tell_unknown(const HintsMachine *machine, const NodeSet *nodes, Diag *reterr) {
        const NodeSet unknown = nodeset_and_not(nodes, &machine->all);
        char who[LIST_MAX + 32], list[LIST_MAX];

        (void)print_nodes(&unknown, "", who, sizeof(who));
        diag_set(reterr, NULL, 0, 0, "there %s no %s; there are %s",
                 nodeset_count(&unknown) == 1 ? "is" : "are", who,
                 format_nodes(&machine->all, list));
        return HINTS_E_INVALID;
}

/* The kubelet's policy */

static uint32_t get_all(const StaticSets *sets) {
        return (UINT32_C(1) << sets->machine->n_nodes) - 1;
}

/* Return: false when @set has enough of everything. */
static bool tell_static_lack(const StaticSets *sets, uint32_t set, Diag *reterr) {
        const NodeSet nodes = static_sets_decode(sets, set);

        for (size_t i = 0; i < sets->amounts.n_items; ++i) {
                const uint64_t has = static_sets_sum_free(sets, set, i);

                if (has >= sets->amounts.items[i].bytes)
                        continue;
                tell_lack(&nodes, sets->amounts.items[i].page_bytes, sets->amounts.items[i].bytes,
                          has, reterr);
                return true;
        }
        return false;
}

int refusal_tell_static(const StaticSets *sets, Diag *reterr) {
        if (sets->amounts.n_items == 0)
                diag_set(reterr, NULL, 0, 0, "no memory is asked for");
        else if (sets->machine->n_nodes == 0)
                diag_set(reterr, NULL, 0, 0, "the machine has no NUMA node");
        else if (!tell_static_lack(sets, get_all(sets), reterr))
                diag_set(reterr, NULL, 0, 0,
                         "enough is free on all NUMA nodes together, but no set of them has it: "
                         "those in use alone and those in use in a group cannot be mixed");
        return HINTS_E_REFUSED;
}

int refusal_tell_narrow(const StaticSets *sets, uint32_t set, Diag *reterr) {
        Diag lack = {};
        char list[LIST_MAX];
        const NodeSet nodes = static_sets_decode(sets, set);

        (void)tell_static_lack(sets, set, &lack);
        diag_set(reterr, NULL, 0, 0, "%.160s, and no wider set with %s fits", lack.text,
                 format_nodes(&nodes, list));
        return HINTS_E_REFUSED;
}

int refusal_tell_not_preferred(const StaticSets *sets, uint32_t set, Diag *reterr) {
        const NodeSet nodes = static_sets_decode(sets, set);
        char who[LIST_MAX + 32];

        (void)print_nodes(&nodes, "", who, sizeof(who));
        diag_set(reterr, NULL, 0, 0,
                 "%s would hold it, but a narrower set would on an empty machine, and a preferred "
                 "one is wanted",
                 who);
        return HINTS_E_REFUSED;
}

int refusal_tell_mixed(const StaticSets *sets, uint32_t set, Diag *reterr) {
        const NodeSet nodes = static_sets_decode(sets, set);
        char who[LIST_MAX + 32];

        (void)print_nodes(&nodes, "", who, sizeof(who));
        diag_set(reterr, NULL, 0, 0,
                 "%s cannot be used as one set: one of them is in use alone or in another set",
                 who);
        return HINTS_E_REFUSED;
}

static void describe_other_group(const StaticSets *sets, uint32_t set, char *buffer, size_t size) {
        for (uint32_t rest = set; rest; rest &= rest - 1) {
                const size_t place = (size_t)__builtin_ctz(rest);
                const uint32_t group = sets->group[place];
                const NodeSet nodes = static_sets_decode(sets, group);
                char list[LIST_MAX];

                if (!group || group == set)
                        continue;
                (void)snprintf(buffer, size, "NUMA node %u is in use %s%s",
                               sets->machine->nodes[place].id,
                               nodeset_count(&nodes) == 1 ? "alone" : "as one of ",
                               nodeset_count(&nodes) == 1 ? "" : format_nodes(&nodes, list));
                return;
        }
}

void refusal_describe_set(const StaticSets *sets,
                          uint32_t set,
                          StaticVerdict verdict,
                          char *buffer,
                          size_t size) {
        Diag lack = {};

        switch (verdict) {
        case STATIC_FITS:
                (void)snprintf(buffer, size, "holds it");
                break;
        case STATIC_TOO_SMALL:
                (void)snprintf(buffer, size, "too small, also on an empty machine");
                break;
        case STATIC_FULL:
                (void)tell_static_lack(sets, set, &lack);
                (void)snprintf(buffer, size, "%.*s", (int)size - 1, lack.text);
                break;
        case STATIC_IN_GROUP:
        case STATIC_USED_ALONE:
        case STATIC_OTHER_GROUP:
                describe_other_group(sets, set, buffer, size);
                break;
        }
}

/* slugd's own way */

static NodeSet get_nodes(const Side *side) {
        NodeSet nodes = {};

        for (size_t i = 0; i < side->n_nodes; ++i)
                nodeset_add(&nodes, side->nodes[i].node->id);
        return nodes;
}

/* Return: false when the side has enough of everything. */
static bool tell_side(const Side *side, Diag *reterr) {
        const char *locality = side->locality == LOCALITY_LOCAL ? "local" : "remote";
        const NodeSet nodes = get_nodes(side);
        char resource[POD_RESOURCE_NAME_MAX];

        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                uint64_t has = 0;

                if (side->n_nodes == 0) {
                        diag_set(reterr, NULL, 0, 0,
                                 "%" PRIu64 " bytes of %s %s are asked, and no NUMA node that may "
                                 "be used is %s",
                                 side->amounts.items[k].bytes, locality,
                                 pod_format_resource(side->amounts.items[k].page_bytes, resource),
                                 locality);
                        return true;
                }
                for (size_t i = 0; i < side->n_nodes; ++i)
                        has = bytes_add_saturated(has, side->nodes[i].free[k]);
                if (has < side->amounts.items[k].bytes) {
                        tell_lack(&nodes, side->amounts.items[k].page_bytes,
                                  side->amounts.items[k].bytes, has, reterr);
                        return true;
                }
        }
        return false;
}

int refusal_tell_sides(const Side *local, const Side *remote, Diag *reterr) {
        if (!tell_side(local, reterr) && !tell_side(remote, reterr))
                diag_set(reterr, NULL, 0, 0,
                         "only movable memory would hold it, and there is no local NUMA node with "
                         "other memory to go with it");
        return HINTS_E_REFUSED;
}
