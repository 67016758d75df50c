/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/folder-watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/inotify.h"

/*
 * A folder that goes takes its watch with it, and its place here is free again. One that was moved
 * keeps its watch and its old path, which leads nowhere: cgroup v2 moves none.
 */
#define GROW_BY 64u

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
        int r;

        if (!watch)
                return -ENOMEM;
        watch->fd = -EBADF;
        r = inotify_new(&watch->fd);
        if (r)
                return r;
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
        int wd = -1, r;

        if (watch->n_live >= FOLDER_WATCHES_MAX) {
                watch->problem = ENOSPC;
                return;
        }
        r = inotify_add(watch->fd, fd, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR, &wd);
        if (r) {
                /* one that is gone meanwhile has nothing to tell */
                if (r != -ENOENT)
                        watch->problem = -r;
                return;
        }
        if (keep(watch, wd, path) != 0) {
                inotify_drop(watch->fd, &wd);
                watch->problem = ENOMEM;
        }
}

/* What happened */

typedef struct Dispatch {
        CgroupFolderWatch *watch;
        void (*came)(const char *path, void *userdata);
        void *userdata;
} Dispatch;

/* Return: whether some of what happened was lost. */
static bool take_event(const struct inotify_event *event, void *userdata) {
        const Dispatch *dispatch = userdata;
        CgroupFolderWatch *watch = dispatch->watch;
        Item *item = event->wd >= 0 ? find(watch, event->wd) : NULL;
        char path[CGROUP_PATH_MAX];
        int n;

        if (!item)
                return event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT);
        if (event->mask & IN_IGNORED) {
                free(item->path);
                *item = (Item){ .wd = -1 };
                --watch->n_live;
                /* there is room again, and what had none is added by whoever lists all */
                watch->problem = 0;
                return false;
        }
        if (!(event->mask & IN_ISDIR) || event->len == 0)
                return event->mask & IN_UNMOUNT;
        n = snprintf(path, sizeof(path), "%s%s%s", item->path, item->path[0] ? "/" : "",
                     event->name);
        if (n > 0 && (size_t)n < sizeof(path))
                dispatch->came(path, dispatch->userdata);
        return false;
}

bool folder_watch_dispatch(CgroupFolderWatch *watch,
                           void (*came)(const char *path, void *userdata),
                           void *userdata) {
        Dispatch dispatch = { .watch = watch, .came = came, .userdata = userdata };

        return inotify_drain(watch->fd, take_event, &dispatch);
}
