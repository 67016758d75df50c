/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one container is given by its claim
 *
 * The kubelet gives chunks before it says to whom, so that a container with chunks may be created
 * while its claim has no name and no local part yet: the claim is found by the chunk that the
 * container's annotation names, and its split is resolved of the memory limit, as it will be once
 * slug-kubelet has named it (pods/reconcile-fit.c). Nothing of that is written down here.
 */
#include "service/enforce-given.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "enforce/mask.h"
#include "service/memory-messages.h"

int enforce_read_asked(const EnforceService *service,
                       Arena *arena,
                       const Slug__V1__AdmittedContainer *message,
                       EnforceAsked *ret) {
        Diag diag = {};
        int r;

        *ret = (EnforceAsked){ .service = service, .arena = arena, .message = message };
        r = memory_read_pod(arena, message->pod, &ret->pod, &diag);
        if (r < 0)
                return r;
        if (r == 0)
                ret->container = pod_find_container(&ret->pod, message->container);
        if (r == 0 && !ret->container)
                diag_set(&diag, NULL, 0, 0, "the pod has no container '%.64s'", message->container);
        if (!ret->container)
                enforce_refuse(ret, &diag);
        return 0;
}

void enforce_refuse(EnforceAsked *asked, const Diag *why) {
        if (asked->refusal.text[0] == '\0')
                asked->refusal = *why;
}

bool enforce_asks_for_split(const EnforceAsked *asked, bool *ret_is_of_pod) {
        const Pod *pod = &asked->pod;
        bool has_own;

        if (!asked->container)
                return false;
        has_own = pod_find_annotation(pod->annotations, pod->n_annotations,
                                      SPLIT_ANNOTATION_CONTAINER, asked->container->name);
        if (ret_is_of_pod)
                *ret_is_of_pod = !has_own;
        return has_own ||
               pod_find_annotation(pod->annotations, pod->n_annotations, SPLIT_ANNOTATION_POD, "");
}

/* Its claim */

static bool is_of(const LedgerClaim *claim, const EnforceAsked *asked) {
        return asked->container && strcmp(claim->pod_uid, asked->pod.uid) == 0 &&
               strcmp(claim->container, asked->container->name) == 0;
}

static const LedgerClaim *find_by_chunk(EnforceAsked *asked, const Ledger *ledger) {
        const char *chunk = asked->message->claim;
        const LedgerClaim *claim = ledger_find_chunk(ledger, chunk);
        Diag diag = {};

        if (claim && (ledger_claim_is_unseen(claim) || is_of(claim, asked)))
                return claim;
        if (claim)
                diag_set(&diag, NULL, 0, 0,
                         "the chunk '%.64s' that it was given is claimed by pod '%s/%s', container "
                         "'%s'",
                         chunk, claim->namespace_name, claim->pod[0] ? claim->pod : claim->pod_uid,
                         claim->container);
        else
                diag_set(&diag, NULL, 0, 0,
                         "nobody has claimed the chunk '%.64s' that it was given", chunk);
        enforce_refuse(asked, &diag);
        return NULL;
}

const LedgerClaim *enforce_find_claim(EnforceAsked *asked) {
        const Slug__V1__AdmittedContainer *message = asked->message;
        const Ledger *ledger = asked->service->memory->ledger;
        const LedgerClaim *claim = NULL;

        if (message->claim[0])
                claim = find_by_chunk(asked, ledger);
        if (!claim && asked->container)
                claim = ledger_find(ledger, asked->pod.uid, asked->container->name);
        if (!claim && message->container_id[0])
                claim = ledger_find_container_id(ledger, message->container_id);
        return claim && !ledger_claim_is_observed(claim) ? claim : NULL;
}

/* Its split */

/* Chunks whose container nobody has named have no ceiling of the local part yet. */
static bool is_fitted(const LedgerClaim *claim) {
        return claim->n_chunks == 0 || claim->split.local.max != SPLIT_UNLIMITED;
}

/* The container as it asks for memory, and for the chunks that it has. */
static int resolve_with_chunks(EnforceAsked *asked, const LedgerClaim *claim, Split *ret) {
        const PodResources *resources = &asked->container->resources;
        PodQuantity *limits =
                arena_alloc_array(asked->arena, resources->n_limits + 1, sizeof(*limits));
        PodContainer container = *asked->container;
        Pod pod = asked->pod;
        char resource[CHUNK_RESOURCE_MAX];
        Diag diag = {};
        ChunkId id;
        int r;

        if (!limits)
                return -ENOMEM;
        if (!chunk_id_parse(claim->chunks[0], &id))
                return 0;
        for (size_t i = 0; i < resources->n_limits; ++i)
                limits[i] = resources->limits[i];
        limits[resources->n_limits] = (PodQuantity){
                .name = chunk_resource_format(&id.resource, resource),
                .quantity = arena_printf(asked->arena, "%zu", claim->n_chunks),
        };
        if (!limits[resources->n_limits].quantity)
                return -ENOMEM;
        container.resources.limits = limits;
        container.resources.n_limits = resources->n_limits + 1;
        pod.containers = &container;
        pod.n_containers = 1;
        r = pod_get_container_split(&pod, &container, ret, &diag);
        if (r <= 0)
                return r;
        enforce_refuse(asked, &diag);
        /* the annotation does not fit, or the limit; without both it is what the claim says */
        pod.n_annotations = 0;
        r = pod_get_container_split(&pod, &container, ret, &diag);
        return r < 0 ? r : 0;
}

static int find_split(EnforceAsked *asked, const LedgerClaim *claim, Split *ret) {
        Split ignored;
        Diag diag = {};
        int r;

        *ret = claim->split;
        if (claim->state == CLAIM_INVALID) {
                diag_set(&diag, NULL, 0, 0, "%s", claim->reason);
                enforce_refuse(asked, &diag);
        }
        if (!asked->container)
                return 0;
        if (!is_fitted(claim))
                return resolve_with_chunks(asked, claim, ret);
        if (claim->n_chunks > 0 || !enforce_asks_for_split(asked, NULL))
                return 0;
        if (ret->local.max == 0 && ret->remote.max == 0) {
                diag_set(&diag, NULL, 0, 0,
                         "it has a claim without a split already, of the source %s",
                         claim_source_name(claim->source));
                enforce_refuse(asked, &diag);
        }
        /* it has what it was promised; whether it still asks for that is another thing */
        r = pod_get_container_split(&asked->pod, asked->container, &ignored, &diag);
        if (r > 0)
                enforce_refuse(asked, &diag);
        return r < 0 ? r : 0;
}

/* Its place */

/* {}: any. A list that is longer than what is kept of it, or that has ids which no set holds, is
 * any, too: a mask that is too wide costs nothing. */
static NodeSet find_cpu_nodes(const Topology *topology, const char *list) {
        NodeSet cpus, result = {};

        if (!list[0] || nodeset_parse(list, strlen(list), &cpus) != 0)
                return result;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];
                const char *text = node->row ? node->row->cpulist : "";
                NodeSet of_node, both;

                if (!node->has_cpus)
                        continue;
                if (!text[0] || nodeset_parse(text, strlen(text), &of_node) != 0)
                        return (NodeSet){};
                both = nodeset_and(&cpus, &of_node);
                if (!nodeset_is_empty(&both))
                        nodeset_add(&result, node->id);
        }
        return result;
}

/* The kubelet's Static memory manager has said where local memory is to come from, and nobody has
 * to say it better; what it does not know is the remote part. */
static void keep_given(const EnforceAsked *asked, const LedgerClaim *claim, NodeSet *mems) {
        const Topology *topology = asked->service->topology;
        const NodeSet local = topology_get_nodes(topology, LOCALITY_LOCAL);
        const char *list = asked->message->numa_nodes;
        const NodeSet claimed = ledger_claim_get_nodes(claim);
        const NodeSet claimed_local = nodeset_and(&claimed, &local);
        NodeSet given, kept;

        if (nodeset_is_empty(mems) || !nodeset_is_empty(&claimed_local) || !list[0] ||
            nodeset_parse(list, strlen(list), &given) != 0)
                return;
        given = nodeset_and(&given, &local);
        kept = nodeset_and_not(mems, &local);
        kept = nodeset_or(&kept, &given);
        if (!nodeset_is_empty(&given) && topology_has_normal_memory(topology, &kept))
                *mems = kept;
}

/* Containers of cgroup v1 take no files of v2, and fail to start when they are given some. */
static bool has_unified(const EnforceService *service) {
        const PodsView *pods = service->memory->pods;

        return pods && pods->inventory && pods->inventory->tree &&
               pods->inventory->tree->driver != CGROUP_DRIVER_NONE;
}

static int add_unified(Arena *arena, uint64_t low_bytes, Slug__V1__ContainerPlacement *message) {
        typedef Slug__V1__ContainerPlacement__UnifiedEntry Entry;

        message->unified =
                MESSAGE_LIST(arena, 1, Entry, SLUG__V1__CONTAINER_PLACEMENT__UNIFIED_ENTRY__INIT);
        if (!message->unified)
                return -ENOMEM;
        message->unified[0]->key = (char *)"memory.low";
        message->unified[0]->value = arena_printf(arena, "%" PRIu64, low_bytes);
        if (!message->unified[0]->value)
                return -ENOMEM;
        message->n_unified = 1;
        return 0;
}

static int place(EnforceAsked *asked,
                 const LedgerClaim *claim,
                 const Split *split,
                 Slug__V1__ContainerPlacement *message) {
        const Topology *topology = asked->service->topology;
        const NodeSet cpu_nodes = find_cpu_nodes(topology, asked->message->cpus);
        EnforcePlacement placed = {};
        LedgerClaim wanted = *claim;

        wanted.split = *split;
        if (!enforce_place(topology, &wanted, &cpu_nodes, &placed))
                return 0;
        keep_given(asked, claim, &placed.mems);
        message->numa_nodes = memory_format_nodes(asked->arena, &placed.mems);
        message->preferred_numa_nodes = memory_format_nodes(asked->arena, &placed.preferred);
        if (!message->numa_nodes || !message->preferred_numa_nodes)
                return -ENOMEM;
        if (placed.low_bytes > 0 && has_unified(asked->service))
                return add_unified(asked->arena, placed.low_bytes, message);
        return 0;
}

static int add_names(const EnforceAsked *asked, Slug__V1__ContainerPlacement *message) {
        const Slug__V1__AdmittedContainer *from = asked->message;

        message->pod_uid = arena_strdup(asked->arena, from->pod ? from->pod->uid : "");
        message->container = arena_strdup(asked->arena, from->container);
        message->container_id = arena_strdup(asked->arena, from->container_id);
        return message->pod_uid && message->container && message->container_id ? 0 : -ENOMEM;
}

int enforce_build_given(EnforceAsked *asked,
                        const LedgerClaim *claim,
                        Slug__V1__ContainerPlacement *message) {
        char refusal[DIAG_FORMATTED_MAX];
        Split split;
        int r;

        r = add_names(asked, message);
        if (r == 0 && claim) {
                message->has_claim = true;
                r = find_split(asked, claim, &split);
                if (r == 0)
                        r = place(asked, claim, &split, message);
                if (r == 0)
                        r = memory_build_split(asked->arena, &split, &message->split);
        }
        if (r)
                return r;
        message->refusal = arena_strdup(asked->arena, diag_format(&asked->refusal, refusal));
        return message->refusal ? 0 : -ENOMEM;
}
