/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods that come and go
 *
 * Parents are watched before what is in them. A folder that is gone when its turn comes went after
 * its parent was read; the parent's watch, or the look that follows a new one, tells.
 *
 * A cgroup that is removed does not tell its own watch (kernfs keeps its links counted), its parent
 * tells alone. So every folder on the way to kubepods is watched, and after a removal all watches
 * are set anew: one may be of a folder that is not the one at its path any more.
 */
#include "pods/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/inotify.h"
#include "cgroup/name.h"

#define FOLDERS_MAX    128u /* that are no pods: kubepods, QoS classes, those in between */
#define WATCHES_MAX    (PODS_MAX + FOLDERS_MAX)
#define WATCH_PATH_MAX (sizeof(CGROUP_DIR) + PODS_PATH_MAX)

#define DRIVERS_N 2u
#define COMINGS   (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

typedef struct Watched {
        char path[WATCH_PATH_MAX]; /* below the root */
        int wd;                    /* below 0: it has none */
} Watched;

typedef struct WatchList {
        Watched items[WATCHES_MAX]; /* by path */
        size_t n_items;
        bool is_cut;
} WatchList;

struct PodsWatch {
        const Root *root; /* borrowed */
        int fd;
        CgroupName name; /* of kubepods */
        struct {
                CgroupDriver driver;
                char path[PODS_PATH_MAX]; /* below the cgroup root; "": it can have none */
        } kubepods[DRIVERS_N];
        WatchList *list;
        bool is_doubtful; /* watches may be of folders that are no more at their paths */
};

int pods_watch_new(const Root *root, const char *cgroup_root, PodsWatch **ret) {
        static const CgroupDriver drivers[DRIVERS_N] = { CGROUP_DRIVER_SYSTEMD,
                                                         CGROUP_DRIVER_CGROUPFS };
        _cleanup_(pods_watch_freep) PodsWatch *watch = calloc(1, sizeof(*watch));
        bool has_name;
        int r;

        if (!watch)
                return -ENOMEM;
        watch->root = root;
        watch->fd = -EBADF;
        r = inotify_new(&watch->fd);
        if (r)
                return r;
        watch->list = calloc(1, sizeof(*watch->list));
        if (!watch->list)
                return -ENOMEM;
        has_name = cgroup_name_make_kubepods(cgroup_root, &watch->name) == 0;
        for (size_t i = 0; i < DRIVERS_N; ++i) {
                watch->kubepods[i].driver = drivers[i];
                /* A cgroupRoot that is none is said by the tree. */
                if (!has_name ||
                    cgroup_name_format(&watch->name, drivers[i], watch->kubepods[i].path))
                        watch->kubepods[i].path[0] = '\0';
        }
        *ret = TAKE_PTR(watch);
        return 0;
}

PodsWatch *pods_watch_free(PodsWatch *watch) {
        if (!watch)
                return NULL;
        (void)fd_close(watch->fd);
        free(watch->list);
        free(watch);
        return NULL;
}

int pods_watch_get_fd(const PodsWatch *watch) {
        return watch->fd;
}

/* What happened */

static bool take_event(const struct inotify_event *event, void *userdata) {
        const uint32_t mask = event->mask;
        PodsWatch *watch = userdata;

        if (mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) {
                watch->is_doubtful = true;
                return true;
        }
        if (!(mask & IN_ISDIR))
                return false;
        if (mask & (IN_DELETE | IN_MOVED_FROM))
                watch->is_doubtful = true;
        return mask & COMINGS;
}

bool pods_watch_dispatch(PodsWatch *watch) {
        return inotify_drain(watch->fd, take_event, watch);
}

/* What is to be watched */

static bool has_path(const WatchList *list, const char *path) {
        for (size_t i = 0; i < list->n_items; ++i)
                if (strcmp(list->items[i].path, path) == 0)
                        return true;
        return false;
}

static void add_path(WatchList *list, size_t max, const char *path) {
        if (list->n_items == max) {
                list->is_cut = true;
                return;
        }
        (void)snprintf(list->items[list->n_items].path, WATCH_PATH_MAX, "%s", path);
        list->items[list->n_items++].wd = -1;
}

static void add_folder(WatchList *list, const char *path) {
        if (!has_path(list, path))
                add_path(list, FOLDERS_MAX, path);
}

static void make_whole(const char *path, char whole[static WATCH_PATH_MAX]) {
        (void)snprintf(whole, WATCH_PATH_MAX, CGROUP_DIR "/%s", path);
}

/* Makes "a/b" of "a/b/c"; false: there is nothing above. */
static bool go_up(char *path) {
        char *slash = strrchr(path, '/');

        if (!slash)
                return false;
        *slash = '\0';
        return true;
}

static void add_classes(const PodsWatch *watch, WatchList *list, CgroupDriver driver) {
        static const char *const classes[] = { "burstable", "besteffort" };

        for (size_t i = 0; i < ELEMENTSOF(classes); ++i) {
                char path[PODS_PATH_MAX], whole[WATCH_PATH_MAX];
                CgroupName name = watch->name;

                if (cgroup_name_append(&name, classes[i]) ||
                    cgroup_name_format(&name, driver, path))
                        continue;
                make_whole(path, whole);
                add_folder(list, whole);
        }
}

/* kubepods with its QoS classes, and what there is of the way to it. */
static void
add_kubepods(const PodsWatch *watch, WatchList *list, CgroupDriver driver, const char *kubepods) {
        char whole[WATCH_PATH_MAX];

        make_whole(kubepods, whole);
        if (root_exists(watch->root, whole))
                add_classes(watch, list, driver);
        do
                if (root_exists(watch->root, whole)) {
                        add_folder(list, whole);
                        if (strcmp(whole, CGROUP_DIR) == 0)
                                return;
                }
        while (go_up(whole));
        add_folder(list, "/");
}

/* The folders that somebody put between a pod and what is watched already. */
static void add_parents(WatchList *list, const char *pod) {
        char whole[WATCH_PATH_MAX];

        make_whole(pod, whole);
        while (go_up(whole) && !has_path(list, whole))
                add_path(list, FOLDERS_MAX, whole);
}

static int compare_paths(const void *a, const void *b) {
        return strcmp(((const Watched *)a)->path, ((const Watched *)b)->path);
}

static void gather(const PodsWatch *watch, const PodsTree *tree, WatchList *list) {
        char whole[WATCH_PATH_MAX];

        for (size_t i = 0; i < DRIVERS_N; ++i)
                if (watch->kubepods[i].path[0])
                        add_kubepods(watch, list, watch->kubepods[i].driver,
                                     watch->kubepods[i].path);
        for (size_t i = 0; i < tree->n_pods; ++i)
                add_parents(list, tree->pods[i].path);
        for (size_t i = 0; i < tree->n_pods; ++i) {
                make_whole(tree->pods[i].path, whole);
                add_path(list, WATCHES_MAX, whole);
        }
        qsort(list->items, list->n_items, sizeof(*list->items), compare_paths);
}

/* From one list to the next */

/* What both have stays; what only the old one has is watched no more. */
static void take_over(const PodsWatch *watch, WatchList *next) {
        WatchList *list = watch->list;
        size_t i = 0;

        for (size_t j = 0; j < next->n_items; ++j) {
                int order = 1;

                while (i < list->n_items &&
                       (order = strcmp(list->items[i].path, next->items[j].path)) < 0)
                        inotify_drop(watch->fd, &list->items[i++].wd);
                if (i < list->n_items && order == 0)
                        next->items[j] = list->items[i++];
        }
        while (i < list->n_items)
                inotify_drop(watch->fd, &list->items[i++].wd);
}

/* Return: 0, ROOT_E_ABSENT, or an errno. */
static int set_watch(const PodsWatch *watch, const char *path, int *ret_wd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = root_open(watch->root, path, O_PATH | O_DIRECTORY, &fd);
        return r ? r : inotify_add(watch->fd, fd, COMINGS | IN_ONLYDIR, ret_wd);
}

/* The watch that an item is to have; the old one of a folder that is elsewhere now goes. */
static int renew(const PodsWatch *watch, Watched *watched, bool *ret_grew) {
        int wd = -1, r;

        r = set_watch(watch, watched->path, &wd);
        if (r < 0)
                return r;
        if (watched->wd != wd) {
                inotify_drop(watch->fd, &watched->wd);
                *ret_grew |= r == 0;
        }
        watched->wd = r == 0 ? wd : -1;
        return 0;
}

/* Sets what is missing, and forgets what cannot be had: the next tree brings it again. */
static int complete(PodsWatch *watch, WatchList *list, bool *ret_grew) {
        int failure = list->is_cut ? -ENOSPC : 0;
        bool is_doubtful = false;
        size_t n = 0;

        for (size_t i = 0; i < list->n_items; ++i) {
                Watched *watched = &list->items[i];
                int r = 0;

                if (watched->wd < 0 || watch->is_doubtful)
                        r = renew(watch, watched, ret_grew);
                if (r && failure == 0)
                        failure = r;
                if (watched->wd < 0)
                        continue;
                is_doubtful |= r < 0;
                list->items[n++] = *watched;
        }
        list->n_items = n;
        watch->is_doubtful = is_doubtful;
        return failure;
}

int pods_watch_follow(PodsWatch *watch, const PodsTree *tree, bool *ret_grew) {
        _cleanup_(freep) WatchList *next = calloc(1, sizeof(*next));

        *ret_grew = false;
        if (!next)
                return -ENOMEM;
        gather(watch, tree, next);
        /* Nothing below can fail but for watches that are not to be had. */
        take_over(watch, next);
        free(watch->list);
        watch->list = TAKE_PTR(next);
        return complete(watch, watch->list, ret_grew);
}
