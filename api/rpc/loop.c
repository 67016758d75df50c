/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

int loop_add_signals(sd_event *event, const LoopSignal *signals, size_t n_signals) {
        sigset_t blocked;
        int r;

        (void)sigemptyset(&blocked);
        for (size_t i = 0; i < n_signals; ++i)
                (void)sigaddset(&blocked, signals[i].number);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < n_signals; ++i) {
                r = sd_event_add_signal(event, NULL, signals[i].number, signals[i].handler,
                                        signals[i].userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

int loop_new(const LoopSignal *signals, size_t n_signals, sd_event **ret) {
        int r;

        r = sd_event_new(ret);
        if (r < 0)
                return r;
        r = loop_add_signals(*ret, signals, n_signals);
        if (r < 0)
                return r;
        /* Only under a service manager that wants to be told; otherwise this does nothing. */
        r = sd_event_set_watchdog(*ret, true);
        return r < 0 ? r : 0;
}
