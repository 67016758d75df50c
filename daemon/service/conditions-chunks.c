/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition of chunks: whether the kubelet can be told of the remote memory that is there
 */
#include "base/quantity.h"
#include "service/condition.h"

static size_t count(const ChunkList *list, ChunkState state) {
        size_t n = 0;

        for (size_t i = 0; i < list->n_nodes; ++i)
                n += list->nodes[i].counts[state];
        return n;
}

static const char *format_chunks(Arena *arena, const ChunkList *list) {
        char size[QUANTITY_TEXT_MAX], text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < list->n_nodes; ++i)
                if (list->nodes[i].n_chunks > 0)
                        nodeset_add(&nodes, list->nodes[i].node);
        return arena_printf(arena, "%zu chunk%s of %s of NUMA node%s %s", list->n_chunks,
                            list->n_chunks == 1 ? "" : "s",
                            quantity_format_bytes(list->bytes, size),
                            nodeset_count(&nodes) == 1 ? "" : "s", nodeset_format(&nodes, text));
}

static Condition tell_advertised(Arena *arena, const ChunkList *list) {
        const size_t n_short = count(list, CHUNK_SHORT), n_offline = count(list, CHUNK_OFFLINE);
        const char *chunks = format_chunks(arena, list);

        if (!chunks || n_short + n_offline == 0)
                return condition_good("Advertised", chunks);
        if (n_offline == 0)
                return condition_good("SomeWithheld",
                                      arena_printf(arena,
                                                   "%s, less %zu whose memory other claims have",
                                                   chunks, n_short));
        return condition_good("SomeWithheld",
                              arena_printf(arena,
                                           "%s, less %zu whose memory other claims have and %zu "
                                           "whose memory is offline, poisoned or not remote",
                                           chunks, n_short, n_offline));
}

static const char *name_problem(const ChunkList *list) {
        if (list->state == CHUNKS_TOO_MANY)
                return "TooMany";
        return list->state == CHUNKS_NONE ? "LessThanAChunk" : "HeldBack";
}

Condition condition_tell_chunks(Arena *arena, const NodeView *view) {
        const ChunkList *list = view->chunks ? chunks_view_get(view->chunks) : NULL;
        Diag problem = {};
        const char *wait;

        if (!view->chunks)
                return condition_unknown("NotKept", "nobody says which chunks there are");
        wait = chunks_view_get_wait(view->chunks);
        if (!list)
                return condition_unknown("Waiting", NULL);
        if (wait[0])
                return condition_unknown(
                        "Waiting",
                        arena_printf(arena, "it is not known yet what pods hold: %s", wait));
        if (list->state == CHUNKS_NONE && list->n_nodes == 0)
                return condition_good("NoRemoteMemory",
                                      "there is no remote memory, and so there are no chunks");
        if (chunk_list_get_problem(list, &view->chunks->params.settings, &problem))
                return condition_bad(name_problem(list), arena_strdup(arena, problem.text));
        return tell_advertised(arena, list);
}
