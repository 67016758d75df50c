/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quantity.h"
#include "chunks/chunks.h"

const char *chunks_topology_name(ChunksTopology topology) {
        static const char *const names[_CHUNKS_TOPOLOGY_N] = {
                [CHUNKS_TOPOLOGY_AUTO] = "auto",
                [CHUNKS_TOPOLOGY_NEAREST] = "nearest",
                [CHUNKS_TOPOLOGY_ALL_CPU_NODES] = "all-cpu-nodes",
                [CHUNKS_TOPOLOGY_NONE] = "none",
        };

        return (unsigned)topology < _CHUNKS_TOPOLOGY_N ? names[topology] : "";
}

const char *chunk_state_name(ChunkState state) {
        static const char *const names[_CHUNK_STATE_N] = {
                [CHUNK_FREE] = "free",
                [CHUNK_CLAIMED] = "claimed",
                [CHUNK_SHORT] = "short",
                [CHUNK_OFFLINE] = "offline",
        };

        return (unsigned)state < _CHUNK_STATE_N ? names[state] : "";
}

/* Problems: what keeps all chunks away first, and what is only not as it should be last. */

static const char *kind_name(bool is_per_node) {
        return is_per_node ? "numa-node" : "aggregate";
}

static void say_too_many(const ChunkList *list, Diag *ret) {
        char bytes[QUANTITY_TEXT_MAX], fitting[QUANTITY_TEXT_MAX];

        quantity_format_bytes(list->bytes, bytes);
        if (list->fitting_bytes == 0)
                diag_set(ret, NULL, 0, 0,
                         "there is more remote memory than %u chunks of any size, which is what "
                         "the kubelet can be told of: no chunks; exclude some of it with classify",
                         CHUNK_LIST_MAX);
        else
                diag_set(ret, NULL, 0, 0,
                         "remote memory is more than %u chunks of %.20s, which is what the kubelet "
                         "can be told of: no chunks; %sset chunks.size to %.20s",
                         CHUNK_LIST_MAX, bytes,
                         list->is_held_back ? "drain the pods that have chunks, and " : "",
                         quantity_format_bytes(list->fitting_bytes, fitting));
}

static void say_foreign(const ChunkList *list, Diag *ret) {
        char bytes[QUANTITY_TEXT_MAX];

        diag_set(ret, NULL, 0, 0,
                 "chunks that are not of the size and kind of most (%.20s, %s) are not listed, and "
                 "claims have %zu of them: drain the node",
                 quantity_format_bytes(list->bytes, bytes), kind_name(list->is_per_node),
                 list->n_foreign);
}

static void say_held_back(const ChunkList *list, const ChunksSettings *settings, Diag *ret) {
        char bytes[QUANTITY_TEXT_MAX], configured[QUANTITY_TEXT_MAX];

        quantity_format_bytes(list->bytes, bytes);
        quantity_format_bytes(settings->bytes, configured);
        if (list->bytes != settings->bytes)
                diag_set(ret, NULL, 0, 0,
                         "chunks stay %.20s, as pods have them, although chunks.size is %.20s: "
                         "drain the node, or set it back to %.20s",
                         bytes, configured, bytes);
        else
                diag_set(ret, NULL, 0, 0,
                         "chunks stay those of resources \"%s\", as pods have them, although "
                         "chunks.resources is \"%s\": drain the node, or set it back to \"%s\"",
                         kind_name(list->is_per_node), kind_name(settings->is_per_node),
                         kind_name(list->is_per_node));
}

static void say_none(const ChunkList *list, Diag *ret) {
        char bytes[QUANTITY_TEXT_MAX];

        if (list->n_nodes == 0)
                diag_set(ret, NULL, 0, 0,
                         "there is no remote memory: no chunks; where a NUMA node should be remote "
                         "and is not, see 'slugctl explain numa-node' and classify");
        else
                diag_set(ret, NULL, 0, 0,
                         "no NUMA node with remote memory has %.20s of it for pods: no chunks; set "
                         "chunks.size to less, or reserve less",
                         quantity_format_bytes(list->bytes, bytes));
}

bool chunk_list_get_problem(const ChunkList *list, const ChunksSettings *settings, Diag *ret) {
        if (list->state == CHUNKS_TOO_MANY)
                say_too_many(list, ret);
        else if (list->n_foreign > 0)
                say_foreign(list, ret);
        else if (list->is_held_back)
                say_held_back(list, settings, ret);
        else if (list->state == CHUNKS_NONE)
                say_none(list, ret);
        else
                return false;
        return true;
}
