/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/inotify.h"
#include "base/log.h"

#define WATCH_MASK (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct NriWatch {
        const char *path;
        int fd, wd;
        char name[NAME_MAX + 1]; /* that is waited for in the folder that is watched */
        void (*came)(void *userdata);
        void *userdata;
        sd_event_source *ready;
};

/* The deepest folder above the socket that is there. */
void nri_watch_look(NriWatch *watch) {
        char path[PATH_MAX];
        char *slash;

        inotify_drop(watch->fd, &watch->wd);
        if (watch->fd < 0 || snprintf(path, sizeof(path), "%s", watch->path) >= (int)sizeof(path))
                return;
        while ((slash = strrchr(path, '/'))) {
                _cleanup_(fd_closep) int fd = -EBADF;
                int r;

                *slash = '\0';
                fd = open(path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        continue;
                (void)snprintf(watch->name, sizeof(watch->name), "%.*s",
                               (int)strcspn(slash + 1, "/"), slash + 1);
                r = inotify_add(watch->fd, fd, WATCH_MASK, &watch->wd);
                if (r)
                        log_debug("%s cannot be watched: %s%s", path, strerror(-r),
                                  inotify_advise(r));
                return;
        }
}

static bool take(const struct inotify_event *event, void *userdata) {
        const NriWatch *watch = userdata;

        if (event->mask & IN_Q_OVERFLOW)
                return true;
        if (event->wd != watch->wd)
                return false;
        return !(event->mask & (IN_CREATE | IN_MOVED_TO)) || event->len == 0 ||
               strcmp(event->name, watch->name) == 0;
}

static int on_ready(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        NriWatch *watch = userdata;

        if (!inotify_drain(watch->fd, take, watch))
                return 0;
        nri_watch_look(watch);
        watch->came(watch->userdata);
        return 0;
}

int nri_watch_new(sd_event *event,
                  const char *path,
                  void (*came)(void *userdata),
                  void *userdata,
                  NriWatch **ret) {
        _cleanup_(nri_watch_freep) NriWatch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
                return -ENOMEM;
        *watch = (NriWatch){
                .path = path, .fd = -EBADF, .wd = -1, .came = came, .userdata = userdata
        };
        r = inotify_new(&watch->fd);
        if (r) {
                log_debug("There is no inotify: %s%s", strerror(-r), inotify_advise(r));
                watch->fd = -EBADF;
        } else {
                r = sd_event_add_io(event, &watch->ready, watch->fd, EPOLLIN, on_ready, watch);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(watch);
        return 0;
}

NriWatch *nri_watch_free(NriWatch *watch) {
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->ready);
        (void)fd_close(watch->fd);
        free(watch);
        return NULL;
}
