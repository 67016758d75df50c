/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/chunks-announce.h"

#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "base/quantity.h"

static bool is_said(const ChunksSaid *said, const ChunksSaid *now) {
        return said->is_anything && said->state == now->state && said->bytes == now->bytes &&
               said->is_per_node == now->is_per_node && said->has_problem == now->has_problem &&
               strcmp(said->problem.text, now->problem.text) == 0;
}

static void announce_chunks(const ChunkList *list) {
        char size[QUANTITY_TEXT_MAX], nodes_text[NODESET_TEXT_MAX], name[CHUNK_RESOURCE_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < list->n_nodes; ++i)
                if (list->nodes[i].n_chunks > 0)
                        nodeset_add(&nodes, list->nodes[i].node);
        log_event(LOG_NOTICE, SLUG_MESSAGE_CHUNKS_ADVERTISED,
                  LOG_WITH({ .name = "SLUG_BYTES", .number = list->bytes },
                           { .name = "SLUG_COUNT", .number = list->n_chunks },
                           { .name = "SLUG_NODES", .text = nodeset_format(&nodes, nodes_text) }),
                  "Remote memory of NUMA nodes %s is %zu chunks of %s, resource %s%s", nodes_text,
                  list->n_chunks, quantity_format_bytes(list->bytes, size),
                  list->n_resources > 0 ? chunk_resource_format(&list->resources[0], name) : "none",
                  list->n_resources > 1 ? " and its like" : "");
}

static void announce_none(const ChunkList *list, const char *why) {
        if (list->state == CHUNKS_TOO_MANY)
                log_event(LOG_WARNING, SLUG_MESSAGE_CHUNKS_TOO_MANY,
                          LOG_WITH({ .name = "SLUG_BYTES", .number = list->bytes },
                                   { .name = "SLUG_REASON", .text = why }),
                          "Chunks for the kubelet: %s", why);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_CHUNKS_NONE,
                          LOG_WITH({ .name = "SLUG_REASON", .text = why }),
                          "Chunks for the kubelet: %s", why);
}

void chunks_announce(const ChunkList *list, const ChunksSettings *settings, ChunksSaid *said) {
        ChunksSaid now = { .is_anything = true,
                           .state = list->state,
                           .bytes = list->bytes,
                           .is_per_node = list->is_per_node };

        now.has_problem = chunk_list_get_problem(list, settings, &now.problem);
        if (is_said(said, &now))
                return;
        if (list->state != CHUNKS_ADVERTISED)
                announce_none(list, now.problem.text);
        else if (!said->is_anything || said->state != now.state || said->bytes != now.bytes ||
                 said->is_per_node != now.is_per_node)
                announce_chunks(list);
        if (list->is_held_back || list->n_foreign > 0)
                log_event(LOG_WARNING, SLUG_MESSAGE_CHUNKS_HELD_BACK,
                          LOG_WITH({ .name = "SLUG_BYTES", .number = list->bytes },
                                   { .name = "SLUG_REASON", .text = now.problem.text }),
                          "Chunks for the kubelet: %s", now.problem.text);
        *said = now;
}
