/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/inotify.h"
#include "base/log.h"
#include "kubelet/endpoints.h"

/*
 * One watch: of the folder, or, while it is not there, of the deepest folder above it that is. A
 * look says which, and is taken whenever one of them comes or goes.
 */
#define LOOK_USEC   (10 * USEC_PER_SEC)
#define FOLDER_MASK (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM)
#define ABOVE_MASK  (IN_CREATE | IN_MOVED_TO)
#define WHOLE_MASK  (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define LOOK_AGAIN  (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

struct DeviceFolder {
        DeviceFolderParams params;
        char path[ENDPOINT_MAX];
        int fd; /* below 0: there is none */
        dev_t device;
        ino_t inode;
        unsigned generation;
        struct timespec began; /* by the clock of file systems */
        bool is_late, is_dead;
        int inotify_fd, wd;
        bool wants_look;
        bool has_said; /* that it cannot be watched */
        sd_event_source *ready, *timer;
};

static void watch(DeviceFolder *folder, int fd, uint32_t mask) {
        int r = folder->inotify_fd < 0 ? folder->inotify_fd : 0;

        inotify_drop(folder->inotify_fd, &folder->wd);
        if (!r)
                r = inotify_add(folder->inotify_fd, fd, mask | WHOLE_MASK, &folder->wd);
        if (!r || folder->has_said)
                return;
        folder->has_said = true;
        log_event(LOG_WARNING, SLUG_MESSAGE_DEVICE_FOLDER,
                  LOG_WITH({ .name = "SLUG_FILE", .text = folder->path },
                           { .name = "ERRNO", .number = (uint64_t)-r }),
                  "%s cannot be watched (%s%s): it is looked at every 10 s", folder->path,
                  strerror(-r), inotify_advise(r));
}

/* Return: whether there was one. */
static bool watch_above(DeviceFolder *folder) {
        char path[ENDPOINT_MAX];
        char *slash;

        memcpy(path, folder->path, sizeof(path));
        while ((slash = strrchr(path, '/'))) {
                _cleanup_(fd_closep) int fd = -EBADF;

                *slash = '\0';
                if (root_open(folder->params.root, path[0] ? path : "/", O_PATH | O_DIRECTORY, &fd))
                        continue;
                watch(folder, fd, ABOVE_MASK);
                return true;
        }
        return false;
}

static int open_folder(const DeviceFolder *folder, struct stat *ret_stat, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        if (!folder->path[0])
                return ROOT_E_ABSENT;
        r = root_open(folder->params.root, folder->path, O_RDONLY | O_DIRECTORY, &fd);
        if (r)
                return r;
        if (fstat(fd, ret_stat) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static void drop(DeviceFolder *folder) {
        (void)fd_close(folder->fd);
        folder->fd = -EBADF;
}

/* It may have come between our beginning and the first look. Where the file system does not know
 * when it was made it was there. */
static bool is_younger(const DeviceFolder *folder, int fd) {
        const struct timespec *began = &folder->began;
        struct statx st;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) < 0 || !(st.stx_mask & STATX_BTIME))
                return false;
        return st.stx_btime.tv_sec != began->tv_sec ? st.stx_btime.tv_sec > began->tv_sec
                                                    : st.stx_btime.tv_nsec >= began->tv_nsec;
}

/* Return: 0 it is there, above 0 it is not, below 0 it cannot be opened. */
static int look_once(DeviceFolder *folder) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat st;
        int r = open_folder(folder, &st, &fd);

        folder->is_dead = r == 0 && st.st_nlink == 0;
        if (r || folder->is_dead) {
                folder->is_late = true;
                drop(folder);
                return r ? r : ROOT_E_ABSENT;
        }
        if (folder->fd >= 0 && st.st_dev == folder->device && st.st_ino == folder->inode)
                return 0;
        folder->is_late |= folder->generation > 0 || is_younger(folder, fd);
        drop(folder);
        folder->fd = TAKE_FD(fd);
        folder->device = st.st_dev;
        folder->inode = st.st_ino;
        ++folder->generation;
        watch(folder, folder->fd, FOLDER_MASK);
        return 0;
}

/* Once more after a watch was set above it: it may have come before that. */
static void look(DeviceFolder *folder) {
        folder->wants_look = false;
        if (look_once(folder) == 0)
                return;
        if (watch_above(folder))
                (void)look_once(folder);
}

static void arm(DeviceFolder *folder) {
        /* it was made with the folder, so setting it does not fail */
        (void)sd_event_source_set_time_relative(folder->timer, LOOK_USEC);
        (void)sd_event_source_set_enabled(folder->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        DeviceFolder *folder = userdata;
        const unsigned generation = folder->generation;
        const int fd = folder->fd;

        look(folder);
        arm(folder);
        if (folder->generation != generation || folder->fd != fd)
                folder->params.happened(NULL, folder->params.userdata);
        return 0;
}

static bool take(const struct inotify_event *event, void *userdata) {
        DeviceFolder *folder = userdata;

        if (event->mask & IN_Q_OVERFLOW)
                folder->wants_look = true;
        /* what was left of a watch before */
        if (event->wd != folder->wd)
                return false;
        if ((event->mask & LOOK_AGAIN) || folder->fd < 0)
                folder->wants_look = true;
        else if (event->len > 0 && (event->mask & (IN_CREATE | IN_MOVED_TO)))
                folder->params.happened(event->name, folder->params.userdata);
        return true;
}

static int on_ready(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        DeviceFolder *folder = userdata;
        bool is_news = inotify_drain(folder->inotify_fd, take, folder);

        if (folder->wants_look) {
                look(folder);
                is_news = true;
        }
        if (is_news)
                folder->params.happened(NULL, folder->params.userdata);
        return 0;
}

void device_folder_set_path(DeviceFolder *folder, const char *path) {
        folder->is_late |= !path[0];
        if (strcmp(folder->path, path) == 0)
                return;
        (void)snprintf(folder->path, sizeof(folder->path), "%s", path);
        drop(folder);
        look(folder);
        folder->params.happened(NULL, folder->params.userdata);
}

int device_folder_new(const DeviceFolderParams *params, DeviceFolder **ret) {
        _cleanup_(device_folder_freep) DeviceFolder *folder = calloc(1, sizeof(*folder));
        int r;

        if (!folder)
                return -ENOMEM;
        *folder = (DeviceFolder){ .params = *params, .fd = -EBADF, .inotify_fd = -EBADF, .wd = -1 };
        (void)clock_gettime(CLOCK_REALTIME_COARSE, &folder->began);
        r = inotify_new(&folder->inotify_fd);
        if (r) /* said when it is wanted */
                folder->inotify_fd = r;
        else
                r = sd_event_add_io(params->event, &folder->ready, folder->inotify_fd, EPOLLIN,
                                    on_ready, folder);
        if (r < 0 && folder->inotify_fd >= 0)
                return r;
        r = sd_event_add_time(params->event, &folder->timer, CLOCK_MONOTONIC, 0, 1, on_timer,
                              folder);
        if (r < 0)
                return r;
        arm(folder);
        *ret = TAKE_PTR(folder);
        return 0;
}

DeviceFolder *device_folder_free(DeviceFolder *folder) {
        if (!folder)
                return NULL;
        sd_event_source_disable_unref(folder->ready);
        sd_event_source_disable_unref(folder->timer);
        drop(folder);
        (void)fd_close(folder->inotify_fd);
        free(folder);
        return NULL;
}

const char *device_folder_get_path(const DeviceFolder *folder) {
        return folder->path;
}

int device_folder_get_fd(const DeviceFolder *folder) {
        return folder->fd;
}

unsigned device_folder_get_generation(const DeviceFolder *folder) {
        return folder->generation;
}

bool device_folder_is_late(const DeviceFolder *folder) {
        return folder->is_late;
}

bool device_folder_is_dead(const DeviceFolder *folder) {
        return folder->is_dead;
}
