/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift
 *
 * Watched are the knobs' files for being written, and every folder above a managed cgroup for the
 * coming and going of the next folder on the way to it. A cgroup that is removed tells its parent
 * alone, so whatever comes or goes on such a way makes all watches doubtful: the next
 * cgroup_watch_follow() opens every path anew, and the kernel gives the same watch for the same
 * folder. So a cgroup that was made again, or for the first time, is watched again, and what may
 * have been missed between two watches is told as growth.
 *
 * Folders have no filter in the kernel: pods that come and go in kubepods make the descriptor
 * readable. Their names are on no way to a managed cgroup, and nobody is told.
 *
 * Parents are watched before what is in them is looked for, so that what comes in between is either
 * found or told.
 *
 * The kernel says nothing when a controller brings or takes the files of a cgroup that stays.
 */
#include "cgroup/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/inotify.h"
#include "cgroup/name.h"

#define COMINGS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define CHANGES (IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF)

/* Above managed cgroups */
typedef struct Folder {
        char path[CGROUP_PATH_MAX];
        int wd; /* below 0: it has none */
        bool is_looked_for;
} Folder;

typedef struct Item {
        char path[CGROUP_PATH_MAX];
        unsigned knobs;
        int wds[_CGROUP_KNOB_N];
        bool is_looked_for;
        bool is_there; /* when it was looked for */
} Item;

typedef struct List {
        Folder *folders; /* parents first */
        size_t n_folders;
        Item *items;
        size_t n_items;
} List;

static void list_deinit(List *list) {
        free(list->folders);
        free(list->items);
        *list = (List){};
}
DEFINE_DEINIT(List, list_deinit);

struct CgroupWatch {
        const CgroupTree *tree; /* borrowed */
        int fd;
        List list;
        bool is_doubtful; /* watches may be of what is no more at its path, and paths be there */
};

int cgroup_watch_new(const CgroupTree *tree, CgroupWatch **ret) {
        _cleanup_(cgroup_watch_freep) CgroupWatch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
                return -ENOMEM;
        watch->tree = tree;
        watch->fd = -EBADF;
        r = inotify_new(&watch->fd);
        if (r)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

CgroupWatch *cgroup_watch_free(CgroupWatch *watch) {
        if (!watch)
                return NULL;
        (void)fd_close(watch->fd);
        list_deinit(&watch->list);
        free(watch);
        return NULL;
}

int cgroup_watch_get_fd(const CgroupWatch *watch) {
        return watch->fd;
}

/* What happened */

/* Whether @name in @folder is a managed cgroup or on the way to one. */
static bool is_on_a_way(const List *list, const char *folder, const char *name) {
        const size_t n_folder = strlen(folder), n_name = strlen(name);

        for (size_t i = 0; i < list->n_items; ++i) {
                const char *rest = list->items[i].path;

                if (n_folder > 0) {
                        if (strncmp(rest, folder, n_folder) != 0 || rest[n_folder] != '/')
                                continue;
                        rest += n_folder + 1;
                }
                if (strncmp(rest, name, n_name) == 0 &&
                    (rest[n_name] == '\0' || rest[n_name] == '/'))
                        return true;
        }
        return false;
}

static bool
take_folder_event(CgroupWatch *watch, Folder *folder, const struct inotify_event *event) {
        if (event->mask & IN_IGNORED)
                folder->wd = -1;
        else if (!(event->mask & IN_ISDIR) || event->len == 0 ||
                 !is_on_a_way(&watch->list, folder->path, event->name))
                return false;
        watch->is_doubtful = true;
        return true;
}

static bool take_file_event(CgroupWatch *watch, int *wd, uint32_t mask) {
        if (mask & IN_IGNORED)
                *wd = -1;
        if (!(mask & IN_MODIFY))
                watch->is_doubtful = true;
        return true;
}

/* One of a watch that was taken away is of nobody. */
static bool take_event(const struct inotify_event *event, void *userdata) {
        CgroupWatch *watch = userdata;
        List *list = &watch->list;

        if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) {
                watch->is_doubtful = true;
                return true;
        }
        for (size_t i = 0; i < list->n_items; ++i)
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        if (list->items[i].wds[knob] == event->wd)
                                return take_file_event(watch, &list->items[i].wds[knob],
                                                       event->mask);
        for (size_t i = 0; i < list->n_folders; ++i)
                if (list->folders[i].wd == event->wd)
                        return take_folder_event(watch, &list->folders[i], event);
        return false;
}

bool cgroup_watch_dispatch(CgroupWatch *watch) {
        return inotify_drain(watch->fd, take_event, watch);
}

/* What is to be watched */

static Folder *find_folder(const List *list, const char *path) {
        for (size_t i = 0; i < list->n_folders; ++i)
                if (strcmp(list->folders[i].path, path) == 0)
                        return &list->folders[i];
        return NULL;
}

static Item *find_item(const List *list, const char *path) {
        for (size_t i = 0; i < list->n_items; ++i)
                if (strcmp(list->items[i].path, path) == 0)
                        return &list->items[i];
        return NULL;
}

static void add_folder(List *list, const char *path, size_t n_path) {
        Folder *folder = &list->folders[list->n_folders];

        *folder = (Folder){ .wd = -1 };
        (void)snprintf(folder->path, sizeof(folder->path), "%.*s", (int)n_path, path);
        if (!find_folder(list, folder->path))
                ++list->n_folders;
}

/* From the root on. The root itself is in nothing. */
static void add_folders_above(List *list, const char *path) {
        if (path[0] == '\0')
                return;
        add_folder(list, path, 0);
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
                add_folder(list, path, (size_t)(slash - path));
}

static void add_item(List *list, const CgroupWatchItem *what) {
        Item *item = find_item(list, what->path);

        if (!item) {
                item = &list->items[list->n_items++];
                *item = (Item){};
                (void)snprintf(item->path, sizeof(item->path), "%s", what->path);
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        item->wds[knob] = -1;
                add_folders_above(list, item->path);
        }
        item->knobs |= what->knobs;
}

static int gather(const CgroupWatchItem *items, size_t n_items, List *ret) {
        size_t n_folders = 1; /* one to try with */

        for (size_t i = 0; i < n_items; ++i) {
                if (strnlen(items[i].path, CGROUP_PATH_MAX) == CGROUP_PATH_MAX)
                        return -EINVAL;
                ++n_folders;
                for (const char *c = items[i].path; *c; ++c)
                        n_folders += *c == '/';
        }
        ret->folders = calloc(n_folders, sizeof(*ret->folders));
        ret->items = calloc(n_items + 1, sizeof(*ret->items));
        if (!ret->folders || !ret->items)
                return -ENOMEM;
        for (size_t i = 0; i < n_items; ++i)
                add_item(ret, &items[i]);
        return 0;
}

/* From one list to the next */

static void take_over_item(Item *old, Item *item) {
        item->is_looked_for = old->is_looked_for;
        item->is_there = old->is_there;
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob) {
                if (!(item->knobs & 1u << knob))
                        continue;
                item->wds[knob] = old->wds[knob];
                old->wds[knob] = -1;
        }
}

/* What both have stays; what only the old one has is watched no more. */
static void take_over(const CgroupWatch *watch, List *old, List *next) {
        for (size_t i = 0; i < old->n_folders; ++i) {
                Folder *folder = find_folder(next, old->folders[i].path);

                if (folder)
                        *folder = old->folders[i];
                else
                        inotify_drop(watch->fd, &old->folders[i].wd);
        }
        for (size_t i = 0; i < old->n_items; ++i) {
                Item *item = find_item(next, old->items[i].path);

                if (item)
                        take_over_item(&old->items[i], item);
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        inotify_drop(watch->fd, &old->items[i].wds[knob]);
        }
}

/* Setting watches */

/* @fd: below 0: there is nothing to be watched. The old watch goes when it is of something else. */
static int set_watch(const CgroupWatch *watch, int fd, uint32_t mask, int *wd, bool *ret_grew) {
        int next = -1, r;

        if (fd >= 0) {
                r = inotify_add(watch->fd, fd, mask, &next);
                if (r)
                        return r;
        }
        if (next == *wd)
                return 0;
        inotify_drop(watch->fd, wd);
        *wd = next;
        *ret_grew |= next >= 0;
        return 0;
}

/* -EBADF in @ret_fd: it is not there, or no path at all. */
static int open_folder(const CgroupWatch *watch, const char *path, int *ret_fd) {
        const int r = cgroup_open(watch->tree, path, ret_fd);

        if (r > 0)
                *ret_fd = -EBADF;
        return r < 0 ? r : 0;
}

static int renew_folder(const CgroupWatch *watch, Folder *folder, bool *ret_grew) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = open_folder(watch, folder->path, &fd);
        if (r == 0)
                r = set_watch(watch, fd, COMINGS | IN_ONLYDIR, &folder->wd, ret_grew);
        folder->is_looked_for = r == 0;
        return r;
}

static int
renew_file(const CgroupWatch *watch, int dir_fd, CgroupKnob knob, int *wd, bool *ret_grew) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r = 0;

        if (dir_fd >= 0)
                r = cgroup_open_file(dir_fd, cgroup_knob_file(knob), O_PATH, &fd);
        if (r < 0)
                return r;
        return set_watch(watch, r == 0 ? fd : -EBADF, CHANGES, wd, ret_grew);
}

static bool is_complete(const Item *item) {
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                if (item->knobs & 1u << knob && item->wds[knob] < 0)
                        return false;
        return true;
}

static int renew_item(const CgroupWatch *watch, Item *item, bool *ret_grew) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int failure;

        failure = open_folder(watch, item->path, &fd);
        if (failure)
                return failure;
        if (fd >= 0 && !item->is_there)
                *ret_grew = true;
        item->is_there = fd >= 0;
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob) {
                int r;

                if (!(item->knobs & 1u << knob))
                        continue;
                r = renew_file(watch, fd, knob, &item->wds[knob], ret_grew);
                if (r && failure == 0)
                        failure = r;
        }
        item->is_looked_for = failure == 0;
        return failure;
}

/* Sets what is missing, and all anew in doubt. The first failure does not stop it. */
static int complete(CgroupWatch *watch, bool *ret_grew) {
        List *list = &watch->list;
        int failure = 0;

        for (size_t i = 0; i < list->n_folders; ++i) {
                Folder *folder = &list->folders[i];
                int r = 0;

                if (watch->is_doubtful || !folder->is_looked_for)
                        r = renew_folder(watch, folder, ret_grew);
                if (r && failure == 0)
                        failure = r;
        }
        for (size_t i = 0; i < list->n_items; ++i) {
                Item *item = &list->items[i];
                int r = 0;

                if (watch->is_doubtful || !item->is_looked_for ||
                    (item->is_there && !is_complete(item)))
                        r = renew_item(watch, item, ret_grew);
                if (r && failure == 0)
                        failure = r;
        }
        watch->is_doubtful = watch->is_doubtful && failure;
        return failure;
}

int cgroup_watch_follow(CgroupWatch *watch,
                        const CgroupWatchItem *items,
                        size_t n_items,
                        bool *ret_grew) {
        _cleanup_(list_deinitp) List next = {};
        List old;
        int r;

        *ret_grew = false;
        if (n_items > CGROUP_WATCH_ITEMS_MAX)
                return -E2BIG;
        r = gather(items, n_items, &next);
        if (r)
                return r;
        /* Nothing below can fail but for watches that are not to be had. */
        take_over(watch, &watch->list, &next);
        old = watch->list;
        watch->list = next;
        next = old;
        return complete(watch, ret_grew);
}
