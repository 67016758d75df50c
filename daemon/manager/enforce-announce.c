/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/enforce-announce.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/messages.h"

static void tell_failed(const EnforcedContainer *container) {
        log_event(LOG_WARNING, SLUG_MESSAGE_SPLIT_NOT_HELD,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = container->pod_uid },
                           { .name = "SLUG_CONTAINER", .text = container->container },
                           { .name = "SLUG_CGROUP", .text = container->path },
                           { .name = "SLUG_REASON", .text = container->reason }),
                  "The split of container %s of pod %s cannot be held: %s",
                  container->container[0] ? container->container : "(all)",
                  container->pod[0] ? container->pod : container->pod_uid, container->reason);
}

static void tell_held(const EnforcedContainer *container) {
        log_event(LOG_NOTICE, SLUG_MESSAGE_SPLIT_HELD,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = container->pod_uid },
                           { .name = "SLUG_CONTAINER", .text = container->container },
                           { .name = "SLUG_CGROUP", .text = container->path }),
                  "The split of container %s of pod %s is held again",
                  container->container[0] ? container->container : "(all)",
                  container->pod[0] ? container->pod : container->pod_uid);
}

/* Trying again is not yet holding: what was told to fail is held when it is within its split. */
bool enforce_announce_status(EnforceSaid *said,
                             const EnforcedContainer *container,
                             uint64_t now_usec) {
        bool is_told = false;

        if (container->status == ENFORCE_FAILED) {
                if (!said->failed_usec)
                        said->failed_usec = now_usec;
                if (!said->has_failed && now_usec - said->failed_usec >= ENFORCE_FAILED_USEC) {
                        said->has_failed = is_told = true;
                        tell_failed(container);
                }
        } else if (container->status == ENFORCE_HELD) {
                is_told = said->has_failed;
                if (is_told)
                        tell_held(container);
                said->has_failed = false;
                said->failed_usec = 0;
        }
        return is_told;
}

void enforce_announce_unknown(EnforceSaid *said, const EnforcedContainer *container) {
        if (said->has_unknown)
                return;
        said->has_unknown = true;
        log_event(LOG_WARNING, SLUG_MESSAGE_SPLIT_UNKNOWN_BACKEND,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = container->pod_uid },
                           { .name = "SLUG_CONTAINER", .text = container->container }),
                  "Pod %s asks by its annotation " SPLIT_ANNOTATION_ENFORCE
                  " for a backend that there is not; its split is held as the node's are",
                  container->pod[0] ? container->pod : container->pod_uid);
}

void enforce_announce_backend(EnforceBackend backend, const char *reason, bool is_first) {
        log_event(is_first ? LOG_INFO : LOG_NOTICE, SLUG_MESSAGE_SPLIT_BACKEND,
                  LOG_WITH({ .name = "SLUG_VALUE", .text = enforce_backend_name(backend) },
                           { .name = "SLUG_REASON", .text = reason }),
                  "Splits of containers are held by %s: %s", enforce_backend_name(backend), reason);
}
