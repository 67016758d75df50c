/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/announce.h"

#include <string.h>

#include "base/bytes.h"
#include "base/log.h"

/* What is said once stays said: a diagnostic is logged when it is new, a topology when it differs. */

static bool was_known(const DiagList *before, const Diag *diag) {
        for (size_t i = 0; before && i < before->n_items; ++i)
                if (strcmp(before->items[i].source, diag->source) == 0 &&
                    strcmp(before->items[i].text, diag->text) == 0)
                        return true;
        return false;
}

void announce_diagnostics(const SysfsMachine *before, const SysfsMachine *now) {
        for (size_t i = 0; i < now->diagnostics.n_items; ++i) {
                const Diag *diag = &now->diagnostics.items[i];

                if (was_known(before ? &before->diagnostics : NULL, diag))
                        continue;
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_DIAGNOSTIC,
                          LOG_WITH({ .name = "SLUG_FILE", .text = diag->source }), "/%s %s",
                          diag->source, diag->text);
        }
}

void announce_topology(const Topology *topology, const Capacity *capacity) {
        char local[BYTES_TEXT_MAX], remote[BYTES_TEXT_MAX];

        log_event(LOG_NOTICE, SLUG_MESSAGE_TOPOLOGY_CHANGED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = topology->generation },
                           { .name = "SLUG_NODE_COUNT", .number = topology->n_nodes },
                           { .name = "SLUG_LOCAL_BYTES", .number = capacity->capacity.local_bytes },
                           { .name = "SLUG_REMOTE_BYTES",
                             .number = capacity->capacity.remote_bytes }),
                  "Topology generation %llu: %zu NUMA node%s, %s local, %s remote",
                  (unsigned long long)topology->generation, topology->n_nodes,
                  topology->n_nodes == 1 ? "" : "s",
                  bytes_format(capacity->capacity.local_bytes, local),
                  bytes_format(capacity->capacity.remote_bytes, remote));
}
