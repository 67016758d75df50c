/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hints/rank.h"
#include "hints/refusal.h"
#include "hints/request.h"

/*
 * What was considered, and why not. In slug mode the ranked sets, then every NUMA node that does
 * not hold its part alone; in kubelet mode every set, those that hold it first.
 */

void hints_explanation_deinit(HintsExplanation *explanation) {
        free(explanation->items);
        *explanation = (HintsExplanation){};
}

/* NULL: no more are kept. */
static HintsConsidered *add(HintsExplanation *explanation) {
        if (explanation->n_items == HINTS_CONSIDERED_MAX) {
                ++explanation->n_left_out;
                return NULL;
        }
        return &explanation->items[explanation->n_items++];
}

/* Kubelet mode */

typedef struct Visit {
        const StaticSets *sets;
        HintsExplanation *explanation;
        unsigned narrowest;
        bool is_fitting; /* this round tells those that fit, the other one the rest */
} Visit;

static void find_narrowest(uint32_t set, StaticVerdict verdict, void *userdata) {
        Visit *visit = userdata;
        const unsigned width = (unsigned)__builtin_popcount(set);

        if (verdict != STATIC_TOO_SMALL && width < visit->narrowest)
                visit->narrowest = width;
}

static void tell_set(uint32_t set, StaticVerdict verdict, void *userdata) {
        const Visit *visit = userdata;
        HintsConsidered *considered;

        if ((verdict == STATIC_FITS) != visit->is_fitting)
                return;
        considered = add(visit->explanation);
        if (!considered)
                return;
        considered->nodes = static_sets_decode(visit->sets, set);
        considered->fits = verdict == STATIC_FITS;
        considered->is_preferred =
                considered->fits && (unsigned)__builtin_popcount(set) == visit->narrowest;
        refusal_describe_set(visit->sets, set, verdict, considered->verdict,
                             sizeof(considered->verdict));
}

static int explain_static(const HintsContext *context,
                          const HintsRequest *request,
                          HintsExplanation *explanation,
                          Diag *reterr) {
        const PodAmounts amounts = request_get_amounts(request);
        StaticSets sets;
        Visit visit = {
                .sets = &sets,
                .explanation = explanation,
                .narrowest = (unsigned)context->machine->n_nodes,
                .is_fitting = true,
        };
        int r;

        r = static_sets_check(context->machine, reterr);
        if (r)
                return r;
        static_sets_init(&sets, context, NULL, NULL, &amounts);
        static_sets_visit(&sets, find_narrowest, &visit);
        static_sets_visit(&sets, tell_set, &visit);
        visit.is_fitting = false;
        static_sets_visit(&sets, tell_set, &visit);
        return 0;
}

/* Slug mode */

static void tell_hint(const Hint *hint, const Hint *best, HintsExplanation *explanation) {
        HintsConsidered *considered = add(explanation);

        if (!considered)
                return;
        considered->nodes = hint->nodes;
        considered->fits = true;
        considered->is_preferred = hint->is_preferred;
        considered->cost_permille = hint->cost_permille;
        (void)snprintf(considered->verdict, sizeof(considered->verdict), "%s",
                       hint == best ? "the best: an average byte costs least"
                       : hint->is_preferred && hint->cost_permille == best->cost_permille
                               ? "holds it as well; the one with lower ids is taken"
                       : hint->is_preferred
                               ? "holds it, at a higher cost"
                               : "holds it, with more NUMA nodes than it needs at its narrowest");
}

static void tell_short(const Side *side, HintsExplanation *explanation) {
        for (size_t i = 0; i < side->n_nodes; ++i)
                for (size_t k = 0; k < side->amounts.n_items; ++k) {
                        const PodAmount *amount = &side->amounts.items[k];
                        const uint64_t has = side->nodes[i].free[k];
                        char bytes[BYTES_TEXT_MAX], resource[POD_RESOURCE_NAME_MAX];
                        HintsConsidered *considered;

                        if (has >= amount->bytes)
                                continue;
                        considered = add(explanation);
                        if (!considered)
                                return;
                        nodeset_add(&considered->nodes, side->nodes[i].node->id);
                        (void)snprintf(considered->verdict, sizeof(considered->verdict),
                                       "alone it lacks %" PRIu64 " bytes (%s) of %s%s",
                                       amount->bytes - has,
                                       bytes_format(amount->bytes - has, bytes),
                                       pod_format_resource(amount->page_bytes, resource),
                                       side->nodes[i].allocatable[k] < amount->bytes
                                               ? ", and would on an empty machine"
                                               : "");
                        break;
                }
}

static int explain_slug(const HintsContext *context,
                        const HintsRequest *request,
                        HintsExplanation *explanation) {
        _cleanup_(sides_deinitp) Sides sides = {};
        _cleanup_(freep) Hint *hints = NULL;
        size_t n_hints;
        int r;

        r = sides_init(&sides, context, request, &(const SideAsker){}, NULL);
        if (r)
                return r;
        r = rank(&sides, HINTS_MAX, &hints, &n_hints);
        if (r)
                return r;
        for (size_t i = 0; i < n_hints; ++i)
                tell_hint(&hints[i], hints, explanation);
        tell_short(&sides.local, explanation);
        tell_short(&sides.remote, explanation);
        return 0;
}

int hints_explain(const HintsContext *context,
                  const HintsRequest *request,
                  HintsExplanation *ret,
                  Diag *reterr) {
        HintsExplanation explanation = {
                .items = calloc(HINTS_CONSIDERED_MAX, sizeof(*explanation.items)),
        };
        int r;

        if (!explanation.items)
                return -ENOMEM;
        r = context->mode == HINTS_KUBELET ? explain_static(context, request, &explanation, reterr)
                                           : explain_slug(context, request, &explanation);
        if (r) {
                hints_explanation_deinit(&explanation);
                return r;
        }
        *ret = explanation;
        return 0;
}
