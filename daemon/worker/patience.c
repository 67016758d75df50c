/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/patience.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

static void wake(int number _unused_) {
}

static int set_timer(uint64_t usec) {
        const struct timeval time = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
                                      .tv_usec = (suseconds_t)(usec % USEC_PER_SEC) };

        return setitimer(ITIMER_REAL,
                         &(const struct itimerval){ .it_interval = time, .it_value = time },
                         NULL) < 0
                       ? -errno
                       : 0;
}

int patience_begin(uint64_t usec) {
        /* without SA_RESTART */
        const struct sigaction action = { .sa_handler = wake };

        if (usec == 0)
                return 0;
        if (sigaction(SIGALRM, &action, NULL) < 0)
                return -errno;
        return set_timer(usec);
}

void patience_end(void) {
        (void)set_timer(0);
}
