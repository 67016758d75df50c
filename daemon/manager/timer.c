/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/timer.h"

#include <time.h>

int timer_new(sd_event *event,
              uint64_t accuracy_usec,
              sd_event_time_handler_t handler,
              void *userdata,
              sd_event_source **ret) {
        sd_event_source *timer;
        int r;

        r = sd_event_add_time(event, &timer, CLOCK_MONOTONIC, 0, accuracy_usec, handler, userdata);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(timer, SD_EVENT_OFF);
        if (r < 0) {
                sd_event_source_disable_unref(timer);
                return r;
        }
        *ret = timer;
        return 0;
}

/* Nothing of it can fail for a live source; if it did, the next look at intervals would come. */
void timer_set(sd_event_source *timer, uint64_t due_usec) {
        if (due_usec == TIMER_NEVER) {
                (void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
                return;
        }
        (void)sd_event_source_set_time(timer, due_usec);
        (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}
