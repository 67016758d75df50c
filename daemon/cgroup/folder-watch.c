/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/folder-watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

/*
 * A folder that goes takes its watch with it, and its place here is free again. One that was moved
 * keeps its watch and its old path, which leads nowhere: cgroup v2 moves none.
 */
#define READS_MAX 16u /* of one dispatch; what is left is read in the next turn of the loop */
#define GROW_BY   64u

typedef struct Item {
        int wd;     /* below 0: a free place */
        char *path; /* NULL in a free place */
} Item;

struct CgroupFolderWatch {
        int fd;
        Item *items;
        size_t n_items, n_room;
        size_t n_live; /* items that have a watch */
        int problem;
};

int folder_watch_new(CgroupFolderWatch **ret) {
        _cleanup_(folder_watch_freep) CgroupFolderWatch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (watch->fd < 0)
                return -errno;
        *ret = TAKE_PTR(watch);
        return 0;
}

CgroupFolderWatch *folder_watch_free(CgroupFolderWatch *watch) {
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->n_items; ++i)
                free(watch->items[i].path);
        free(watch->items);
        (void)fd_close(watch->fd);
        free(watch);
        return NULL;
}

int folder_watch_get_fd(const CgroupFolderWatch *watch) {
        return watch->fd;
}

int folder_watch_get_problem(const CgroupFolderWatch *watch) {
        return watch->problem;
}

/* Adding */

static Item *find(CgroupFolderWatch *watch, int wd) {
        for (size_t i = 0; i < watch->n_items; ++i)
                if (watch->items[i].wd == wd)
                        return &watch->items[i];
        return NULL;
}

/* A free place, or NULL. */
static Item *get_place(CgroupFolderWatch *watch) {
        Item *item = find(watch, -1);

        if (item)
                return item;
        if (watch->n_items == watch->n_room) {
                const size_t n_room = watch->n_room + GROW_BY;
                Item *items = reallocarray(watch->items, n_room, sizeof(*items));

                if (!items)
                        return NULL;
                watch->items = items;
                watch->n_room = n_room;
        }
        item = &watch->items[watch->n_items++];
        *item = (Item){ .wd = -1 };
        return item;
}

static int keep(CgroupFolderWatch *watch, int wd, const char *path) {
        Item *item = find(watch, wd);
        char *copy;

        if (item && strcmp(item->path, path) == 0)
                return 0;
        copy = strdup(path);
        if (!item && copy)
                item = get_place(watch);
        if (!copy || !item) {
                free(copy);
                return ENOMEM;
        }
        watch->n_live += item->wd < 0;
        free(item->path);
        *item = (Item){ .wd = wd, .path = copy };
        return 0;
}

void folder_watch_add(CgroupFolderWatch *watch, int fd, const char *path) {
        char link[sizeof("/proc/self/fd/") + 16];
        int wd;

        if (watch->n_live >= FOLDER_WATCHES_MAX) {
                watch->problem = ENOSPC;
                return;
        }
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        wd = inotify_add_watch(watch->fd, link, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
        if (wd < 0) {
                /* one that is gone meanwhile has nothing to tell */
                if (errno != ENOENT)
                        watch->problem = errno;
                return;
        }
        if (keep(watch, wd, path) != 0) {
                (void)inotify_rm_watch(watch->fd, wd);
                watch->problem = ENOMEM;
        }
}

/* What happened */

static void take_event(CgroupFolderWatch *watch,
                       const struct inotify_event *event,
                       void (*came)(const char *path, void *userdata),
                       void *userdata) {
        Item *item = find(watch, event->wd);
        char path[CGROUP_PATH_MAX];
        int n;

        if (!item || event->wd < 0)
                return;
        if (event->mask & IN_IGNORED) {
                free(item->path);
                *item = (Item){ .wd = -1 };
                --watch->n_live;
                /* there is room again, and what had none is added by whoever lists all */
                watch->problem = 0;
                return;
        }
        if (!(event->mask & IN_ISDIR) || event->len == 0)
                return;
        n = snprintf(path, sizeof(path), "%s%s%s", item->path, item->path[0] ? "/" : "",
                     event->name);
        if (n > 0 && (size_t)n < sizeof(path))
                came(path, userdata);
}

bool folder_watch_dispatch(CgroupFolderWatch *watch,
                           void (*came)(const char *path, void *userdata),
                           void *userdata) {
        char buffer[16 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
        bool is_lost = false;

        for (unsigned i = 0; i < READS_MAX; ++i) {
                const ssize_t n = read(watch->fd, buffer, sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                for (const char *cursor = buffer; cursor < buffer + n;) {
                        const struct inotify_event *event = (const void *)cursor;

                        is_lost |= (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
                        take_event(watch, event, came, userdata);
                        cursor += sizeof(*event) + event->len;
                }
        }
        return is_lost;
}
