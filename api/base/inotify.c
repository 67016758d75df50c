/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inotify.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define READS_MAX  64u /* of one call */
#define READ_BYTES (16u * 1024)

int inotify_new(int *ret_fd) {
        const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

int inotify_add(int inotify_fd, int fd, uint32_t mask, int *ret_wd) {
        char link[sizeof("/proc/self/fd/") + 16];
        int wd;

        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        wd = inotify_add_watch(inotify_fd, link, mask);
        if (wd < 0)
                return -errno;
        *ret_wd = wd;
        return 0;
}

void inotify_drop(int inotify_fd, int *wd) {
        if (*wd >= 0)
                (void)inotify_rm_watch(inotify_fd, *wd);
        *wd = -1;
}

bool inotify_drain(int inotify_fd, InotifyTake take, void *userdata) {
        char buffer[READ_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
        bool is_news = false;

        for (unsigned i = 0; i < READS_MAX; ++i) {
                const ssize_t n = read(inotify_fd, buffer, sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                for (const char *cursor = buffer; cursor < buffer + n;) {
                        const struct inotify_event *event = (const void *)cursor;

                        is_news |= take(event, userdata);
                        cursor += sizeof(*event) + event->len;
                }
        }
        return is_news;
}

/* EMFILE is said of processes' descriptors, too, of which slugd has a thousand; a user has 128
 * instances of inotify. */
const char *inotify_advise(int error) {
        switch (error < 0 ? -error : error) {
        case ENOSPC:
                return "; fs.inotify.max_user_watches is too low";
        case EMFILE:
                return "; fs.inotify.max_user_instances is too low";
        default:
                return "";
        }
}
