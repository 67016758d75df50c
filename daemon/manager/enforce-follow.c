/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/enforce-follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which containers */

/* A claim without a split is {}: plain memory, which nobody has divided. */
bool enforce_is_held(const LedgerClaim *claim) {
        const Split *split = &claim->split;
        const bool is_plain = split->local.max == 0 && split->remote.max == 0;

        if (ledger_claim_is_observed(claim) || ledger_claim_is_unseen(claim) || is_plain)
                return false;
        if (claim->state == CLAIM_OBSERVED || claim->state == CLAIM_RELEASING ||
            claim->state == CLAIM_INVALID)
                return false;
        return split->remote.max > 0 || split->local.max != SPLIT_UNLIMITED;
}

/* Without the runtime's scheme: a claim has it as whoever added the container says it, a cgroup has
 * not. */
static const char *get_plain_id(const char *id) {
        const char *scheme = strstr(id, "://");

        return scheme ? scheme + strlen("://") : id;
}

/* By its name in the report, else by the id that the runtime gave to it. */
static const TreeContainer *find_container(const InventoryPod *pod, const LedgerClaim *claim) {
        const InventoryContainer *named = inventory_pod_find(pod, claim->container);

        if (named)
                return named->tree;
        for (size_t i = 0; i < pod->n_containers && claim->container_id[0]; ++i) {
                const TreeContainer *tree = pod->containers[i].tree;

                if (tree && strcmp(tree->id, get_plain_id(claim->container_id)) == 0)
                        return tree;
        }
        return NULL;
}

/* A share of what its pod as a whole has is held with the pod. */
static bool is_part_of_pod(const Ledger *ledger, const LedgerClaim *claim) {
        const LedgerClaim *whole;

        if (!claim->is_within_pod)
                return false;
        whole = ledger_find(ledger, claim->pod_uid, "");
        return whole && enforce_is_held(whole);
}

static bool find_cgroup(const Inventory *inventory, const LedgerClaim *claim, EnforceWanted *ret) {
        const InventoryPod *pod = inventory_find(inventory, claim->pod_uid);
        const TreeContainer *container;

        if (!pod)
                return false;
        *ret = (EnforceWanted){ .claim = claim,
                                .container_id = "",
                                .asked = enforce_read_annotations(pod->report, claim->container) };
        if (claim->container[0] == '\0') {
                ret->path = pod->tree ? pod->tree->path : NULL;
                return ret->path;
        }
        container = find_container(pod, claim);
        if (!container)
                return false;
        ret->path = container->path;
        ret->container_id = container->id;
        return true;
}

int enforce_list_wanted(const Ledger *ledger,
                        const Inventory *inventory,
                        EnforceWanted **ret,
                        size_t *ret_n) {
        const size_t n_claims = ledger_get_n_claims(ledger);
        EnforceWanted *wanted = calloc(n_claims + 1, sizeof(*wanted));
        size_t n = 0;

        if (!wanted)
                return -ENOMEM;
        for (const LedgerClaim *claim = ledger_next(ledger, NULL);
             claim && n < ENFORCE_CONTAINERS_MAX && n < n_claims;
             claim = ledger_next(ledger, claim))
                if (enforce_is_held(claim) && !is_part_of_pod(ledger, claim) &&
                    find_cgroup(inventory, claim, &wanted[n]))
                        ++n;
        *ret = wanted;
        *ret_n = n;
        return 0;
}

/* By which means */

BackendAsked enforce_read_annotations(const ReportPod *pod, const char *container) {
        const PodAnnotation *found;
        BackendAsked asked = {};

        if (!pod)
                return asked;
        found = report_find_annotation(pod, SPLIT_ANNOTATION_ENFORCE_CONTAINER, container);
        if (!found)
                found = report_find_annotation(pod, SPLIT_ANNOTATION_ENFORCE, "");
        if (!found || strcmp(found->value, "auto") == 0)
                return asked;
        asked.is_asked = enforce_backend_parse(found->value, &asked.backend);
        asked.is_unknown = !asked.is_asked;
        return asked;
}

static BackendAsked read_config(ConfigBackend configured) {
        static const EnforceBackend backends[] = {
                [CONFIG_BACKEND_NODE_LIMIT] = ENFORCE_NODE_LIMIT,
                [CONFIG_BACKEND_RECLAIM] = ENFORCE_RECLAIM,
                [CONFIG_BACKEND_DAMOS] = ENFORCE_DAMOS,
                [CONFIG_BACKEND_MIGRATE] = ENFORCE_MIGRATE,
                [CONFIG_BACKEND_OBSERVE] = ENFORCE_OBSERVE,
        };

        if (configured == CONFIG_BACKEND_AUTO)
                return (BackendAsked){};
        return (BackendAsked){ .is_asked = true, .backend = backends[configured] };
}

void enforce_choose(const EnforceBackendStatus backends[static _ENFORCE_BACKEND_N],
                    const BackendAsked *by_pod,
                    ConfigBackend configured,
                    EnforceChoice *ret) {
        const BackendAsked by_config = read_config(configured);
        const BackendAsked *asked = by_pod->is_asked ? by_pod : &by_config;
        const char *who = by_pod->is_asked ? "the pod's annotation" : "enforce.backend";
        EnforceBackend best = 0;

        while (best < ENFORCE_OBSERVE && !backends[best].is_usable)
                ++best;
        ret->is_refused = asked->is_asked && asked->backend != ENFORCE_OBSERVE &&
                          !backends[asked->backend].is_usable;
        if (!asked->is_asked) {
                ret->backend = best;
                (void)snprintf(ret->reason, sizeof(ret->reason), "%s%.200s",
                               best == ENFORCE_OBSERVE ? "nothing else can be used here: " : "",
                               backends[best == ENFORCE_OBSERVE ? ENFORCE_MIGRATE : best].reason);
        } else if (!ret->is_refused) {
                ret->backend = asked->backend;
                (void)snprintf(ret->reason, sizeof(ret->reason), "%s says so", who);
        } else {
                ret->backend = ENFORCE_OBSERVE;
                (void)snprintf(ret->reason, sizeof(ret->reason), "%s says %s, and %.190s", who,
                               enforce_backend_name(asked->backend),
                               backends[asked->backend].reason);
        }
}
