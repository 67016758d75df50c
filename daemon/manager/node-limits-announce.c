/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/node-limits-announce.h"

#include <stdio.h>
#include <string.h>

#include "base/inotify.h"
#include "base/log.h"
#include "base/messages.h"

static void tell_seeded(NodeLimitsTold *told, const NodeLimitState *state) {
        if (told->is_seeded == state->is_seeded)
                return;
        told->is_seeded = state->is_seeded;
        if (!state->is_seeded || state->n_seeded == 0)
                return;
        log_event(LOG_NOTICE, SLUG_MESSAGE_NODE_LIMITS_SEEDED,
                  LOG_WITH({ .name = "SLUG_COUNT", .number = state->n_seeded }),
                  "%llu cgroups are seeded with a harmless memory.node_limit: this kernel places "
                  "memory of every cgroup by these files from now on (experimental)",
                  (unsigned long long)state->n_seeded);
}

static void tell_done(NodeLimitsTold *told, const NodeLimitState *state) {
        const bool is_done = state->is_done && state->n_failures == 0 && !state->is_cut;

        if (told->is_done == is_done)
                return;
        told->is_done = is_done;
        if (is_done)
                log_event(LOG_INFO, SLUG_MESSAGE_NODE_LIMITS_SET,
                          LOG_WITH({ .name = "SLUG_COUNT", .number = state->n_limited }),
                          "Limits by NUMA node are set; %zu containers have one (experimental)",
                          state->n_limited);
}

static void tell_problem(NodeLimitsTold *told, const NodeLimitsView *view) {
        if (strcmp(told->problem, view->problem) == 0)
                return;
        (void)snprintf(told->problem, sizeof(told->problem), "%s", view->problem);
        if (view->problem[0])
                log_event(LOG_WARNING, SLUG_MESSAGE_NODE_LIMITS_REFUSED,
                          LOG_WITH({ .name = "SLUG_KNOB", .text = "memory.node_limit" }),
                          "Limits by NUMA node are not all set: %s, ignoring", view->problem);
}

void node_limits_announce(NodeLimitsTold *told,
                          const NodeLimitsView *view,
                          const NodeLimitState *state) {
        tell_seeded(told, state);
        tell_problem(told, view);
        tell_done(told, state);
}

void node_limits_announce_unwatched(NodeLimitsTold *told, int error) {
        if (told->unwatched == error)
                return;
        told->unwatched = error;
        if (error)
                log_event(LOG_WARNING, SLUG_MESSAGE_NODE_LIMITS_UNWATCHED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)error }),
                          "Cannot watch all cgroups for new ones: %s, looking for them every 5 "
                          "seconds%s",
                          strerror(error), inotify_advise(error));
}

void node_limits_announce_withdrawal(const char *text, bool has_failed) {
        log_event(has_failed ? LOG_WARNING : LOG_NOTICE, SLUG_MESSAGE_NODE_LIMITS_WITHDRAWN,
                  LOG_WITH({ .name = "SLUG_KNOB", .text = "memory.node_limit" }), "%s", text);
}
