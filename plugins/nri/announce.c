/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/announce.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

void announce_given(const KeptContainer *item, bool is_found) {
        const Slug__V1__Pod *pod = item->asked->pod;
        const KeptGiven *given = &item->wants;

        log_event(is_found ? LOG_NOTICE : LOG_INFO,
                  is_found ? SLUG_MESSAGE_CONTAINER_FOUND : SLUG_MESSAGE_CONTAINER_ADMITTED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = pod->uid },
                           { .name = "SLUG_CONTAINER", .text = item->asked->container },
                           { .name = "SLUG_NODES", .text = given->mems }),
                  "Pod '%s/%s', container '%s' %s NUMA nodes %s%s%s", pod->namespace_, pod->name,
                  item->asked->container,
                  is_found ? "was started without slug-nri, and is given now:" : "is given",
                  given->mems[0] ? given->mems : "as they are",
                  given->low[0] ? ", memory.low " : "", given->low);
}

void announce_refusal(KeptContainer *item, const char *refusal) {
        const Slug__V1__Pod *pod = item->asked->pod;

        if (strncmp(item->refusal, refusal, sizeof(item->refusal) - 1) == 0)
                return;
        (void)snprintf(item->refusal, sizeof(item->refusal), "%s", refusal);
        if (!refusal[0])
                return;
        log_event(LOG_WARNING, SLUG_MESSAGE_CONTAINER_REFUSED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = pod->uid },
                           { .name = "SLUG_CONTAINER", .text = item->asked->container },
                           { .name = "SLUG_REASON", .text = item->refusal }),
                  "Pod '%s/%s', container '%s' is not given what it asks for: %s", pod->namespace_,
                  pod->name, item->asked->container, item->refusal);
}

void announce_unanswered(const Admitted *asked, bool is_closed, const char *problem) {
        const Slug__V1__Pod *pod = asked->pod;

        log_event(LOG_WARNING, SLUG_MESSAGE_CONTAINER_UNANSWERED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = pod->uid },
                           { .name = "SLUG_CONTAINER", .text = asked->container },
                           { .name = "SLUG_REASON", .text = problem }),
                  "Pod '%s/%s', container '%s' %s: slugd does not answer: %s", pod->namespace_,
                  pod->name, asked->container,
                  is_closed ? "is not created" : "is created with nothing of what it asks for",
                  problem);
}

void announce_not_updated(const KeptContainer *item) {
        const Slug__V1__Pod *pod = item->asked->pod;

        log_event(LOG_WARNING, SLUG_MESSAGE_CONTAINER_NOT_UPDATED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = pod->uid },
                           { .name = "SLUG_CONTAINER", .text = item->asked->container },
                           { .name = "SLUG_NODES", .text = item->wants.mems }),
                  "Pod '%s/%s', container '%s': the runtime did not give it NUMA nodes %s",
                  pod->namespace_, pod->name, item->asked->container,
                  item->wants.mems[0] ? item->wants.mems : "as they are");
}
