/* SPDX-License-Identifier: Apache-2.0 */
#include "service/enforce-view.h"

#include <string.h>

/* Moving what is too much takes a moment, and a container that grows is over its ceiling again and
 * again. So long it may be so before it is told; a container that is watched only, too. */
#define ENFORCE_OVER_USEC (30 * USEC_PER_SEC)

const EnforcedContainer *
enforce_view_find(const EnforceView *view, const char *pod_uid, const char *container) {
        for (size_t i = 0; i < view->n_containers; ++i)
                if (strcmp(view->containers[i]->pod_uid, pod_uid) == 0 &&
                    strcmp(view->containers[i]->container, container) == 0)
                        return view->containers[i];
        return NULL;
}

bool enforce_is_divided(const EnforcedContainer *container) {
        return container->target.split.remote.max > 0;
}

bool enforce_view_is_broken(const EnforceView *view, const EnforcedContainer *container) {
        const uint64_t since = container->memory.over_since_usec;

        if (container->status == ENFORCE_ABSENT)
                return false;
        return container->status == ENFORCE_FAILED ||
               (since &&
                bytes_sub_clamped(clock_now_usec(&view->clock), since) >= ENFORCE_OVER_USEC);
}

/* 1 or 0 as the kernel's files spell it; below 0: another word. */
static int read_switch(const char *text) {
        static const struct {
                const char *word;
                int value;
        } words[] = {
                { "1", 1 }, { "Y", 1 }, { "true", 1 }, { "0", 0 }, { "N", 0 }, { "false", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); ++i)
                if (strcmp(text, words[i].word) == 0)
                        return words[i].value;
        return -1;
}

bool enforce_setting_is_right(const EnforceSetting *setting) {
        const int value = read_switch(setting->value);

        if (!setting->wanted[0] || strcmp(setting->value, setting->wanted) == 0)
                return true;
        return value >= 0 && value == read_switch(setting->wanted);
}

static const char *name_pod(const EnforcedContainer *container) {
        return container->pod[0] ? container->pod : container->pod_uid;
}

EnforceHeld enforce_view_judge(const EnforceView *view, Diag *ret_message) {
        const EnforcedContainer *first = NULL;
        size_t n_broken = 0, n_divided = 0;

        if (view->n_containers == 0) {
                diag_set(ret_message, NULL, 0, 0,
                         "no container was promised a split of local and remote memory");
                return ENFORCE_NONE;
        }
        for (size_t i = 0; i < view->n_containers; ++i)
                n_divided += enforce_is_divided(view->containers[i]);
        if (view->problem[0] && n_divided > 0) {
                diag_set(ret_message, NULL, 0, 0,
                         "%zu container%s with a split of local and remote memory, and nothing is "
                         "moved: %s",
                         n_divided, n_divided == 1 ? "" : "s", view->problem);
                return ENFORCE_DISABLED;
        }
        for (size_t i = 0; i < view->n_containers; ++i) {
                if (!enforce_view_is_broken(view, view->containers[i]))
                        continue;
                first = first ? first : view->containers[i];
                ++n_broken;
        }
        if (first)
                diag_set(ret_message, NULL, 0, 0,
                         "%zu of %zu splits are not held, that of %s/%s: %s", n_broken,
                         view->n_containers, name_pod(first), first->container, first->reason);
        else
                diag_set(ret_message, NULL, 0, 0, "%zu split%s held", view->n_containers,
                         view->n_containers == 1 ? " is" : "s are");
        return first ? ENFORCE_BROKEN : ENFORCE_ALL_HELD;
}
