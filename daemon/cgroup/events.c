/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/inotify.h"
#include "base/log.h"

/*
 * A cgroup is opened once and its files are read through that descriptor, so that what is read is
 * of the cgroup that is followed, whatever is at its path by now. Watches are set before the first
 * reading: what comes in between wakes once for nothing.
 *
 * A trigger belongs to an open file of its own and goes with it.
 */
enum {
        FILE_MEMORY,
        FILE_CGROUP,
        _FILE_WATCHED_N,
        FILE_OWN = _FILE_WATCHED_N, /* it changes when the first one does */
        _FILE_N,
};

static const struct {
        const char *name;
        int (*parse)(CgroupEventCounts *counts, const char *text, size_t n_text);
} files[_FILE_N] = {
        [FILE_MEMORY] = { "memory.events", cgroup_event_counts_parse_memory },
        [FILE_CGROUP] = { "cgroup.events", cgroup_event_counts_parse_cgroup },
        [FILE_OWN] = { "memory.events.local", cgroup_event_counts_parse_own },
};

typedef struct Followed {
        bool is_used; /* its tag is followed, there or not */
        bool is_dirty;
        char path[CGROUP_PATH_MAX];
        uint64_t inode; /* 0: it is not there */
        int fd;         /* of its folder */
        int wds[_FILE_WATCHED_N];
        int pressure_fd;
        CgroupEventCounts counts;
} Followed;

struct CgroupEvents {
        CgroupEventsParams params;
        int fd;
        Followed items[CGROUP_EVENTS_ITEMS_MAX]; /* by tag */
        bool has_refused_trigger;                /* said once */
};

int cgroup_events_new(const CgroupEventsParams *params, CgroupEvents **ret) {
        _cleanup_(cgroup_events_freep) CgroupEvents *events = calloc(1, sizeof(*events));
        int r;

        if (!events)
                return -ENOMEM;
        events->params = *params;
        for (size_t i = 0; i < CGROUP_EVENTS_ITEMS_MAX; ++i)
                events->items[i] =
                        (Followed){ .fd = -EBADF, .wds = { -1, -1 }, .pressure_fd = -EBADF };
        events->fd = -EBADF;
        r = inotify_new(&events->fd);
        if (r)
                return r;
        *ret = TAKE_PTR(events);
        return 0;
}

/* Triggers */

static void drop_trigger(CgroupEvents *events, unsigned tag) {
        Followed *item = &events->items[tag];

        if (item->pressure_fd < 0)
                return;
        events->params.untriggered(tag, events->params.userdata);
        item->pressure_fd = fd_close(item->pressure_fd);
}

/* Return: 0, CGROUP_E_*, or an errno. */
static int open_trigger(int dir_fd, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[64];
        ssize_t n;
        int r;

        r = cgroup_open_file(dir_fd, "memory.pressure", O_RDWR, &fd);
        if (r)
                return r;
        (void)snprintf(text, sizeof(text), "some %u %u", CGROUP_PRESSURE_STALL_USEC,
                       CGROUP_PRESSURE_WINDOW_USEC);
        n = write(fd, text, strlen(text) + 1); /* its NUL belongs to it */
        if (n < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* A kernel without them, or one that does not let us, is no failure. A tree of plain files has
 * none, and nothing is written there. */
static void set_trigger(CgroupEvents *events, unsigned tag) {
        Followed *item = &events->items[tag];
        int r;

        if (!events->params.triggered || !events->params.tree->is_unified)
                return;
        r = open_trigger(item->fd, &item->pressure_fd);
        if (r == 0) {
                r = events->params.triggered(tag, item->pressure_fd, events->params.userdata);
                if (r < 0)
                        item->pressure_fd = fd_close(item->pressure_fd);
        }
        if (r == 0 || events->has_refused_trigger)
                return;
        events->has_refused_trigger = true;
        log_debug("No trigger of memory.pressure, of %s and perhaps others: %s", item->path,
                  r < 0 ? strerror(-r) : "there is no such file");
}

/* What is followed */

static void unfollow(CgroupEvents *events, unsigned tag) {
        Followed *item = &events->items[tag];

        drop_trigger(events, tag);
        for (size_t i = 0; i < _FILE_WATCHED_N; ++i)
                inotify_drop(events->fd, &item->wds[i]);
        (void)fd_close(item->fd);
        *item = (Followed){ .fd = -EBADF, .wds = { -1, -1 }, .pressure_fd = -EBADF };
}

CgroupEvents *cgroup_events_free(CgroupEvents *events) {
        if (!events)
                return NULL;
        for (unsigned i = 0; i < CGROUP_EVENTS_ITEMS_MAX; ++i)
                unfollow(events, i);
        (void)fd_close(events->fd);
        free(events);
        return NULL;
}

/* Return: 0, CGROUP_E_* (the file is not there), or an errno. */
static int set_watch(const CgroupEvents *events, int dir_fd, const char *name, int *ret_wd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = cgroup_open_file(dir_fd, name, O_PATH, &fd);
        return r ? r : inotify_add(events->fd, fd, IN_MODIFY, ret_wd);
}

/* Those that are missing: a controller that is turned on later brings its file. Return: 0 or an
 * errno. */
static int set_watches(const CgroupEvents *events, Followed *item) {
        for (size_t i = 0; i < _FILE_WATCHED_N; ++i) {
                int r;

                if (item->wds[i] >= 0)
                        continue;
                r = set_watch(events, item->fd, files[i].name, &item->wds[i]);
                if (r < 0)
                        return r;
                item->is_dirty |= r == 0;
        }
        return 0;
}

/* What cannot be read, or makes no sense, leaves what is known. */
static void read_counts(const Followed *item, CgroupEventCounts *counts) {
        char text[CGROUP_EVENT_COUNTS_TEXT_MAX];
        size_t n;

        for (size_t i = 0; i < _FILE_N; ++i)
                if (cgroup_read_file(item->fd, files[i].name, text, sizeof(text), &n) == 0 &&
                    files[i].parse(counts, text, n))
                        log_debug("%s/%s has no lines of a key and a number", item->path,
                                  files[i].name);
}

/* @is_news: it was made since the last time, so that all that it counts is told. After a failure it
 * is not followed. */
static int follow(CgroupEvents *events, const CgroupEventsItem *wanted, bool is_news) {
        Followed *item = &events->items[wanted->tag];
        int r;

        item->is_used = true;
        (void)snprintf(item->path, sizeof(item->path), "%s", wanted->path);
        if (wanted->inode == 0)
                return 0;
        r = cgroup_open_same(events->params.tree, wanted->path, wanted->inode, &item->fd);
        if (r > 0 || r == -ESTALE) /* one that was made anew in between is told next time */
                return 0;
        if (r == 0)
                r = set_watches(events, item);
        if (r < 0) {
                unfollow(events, wanted->tag);
                return r;
        }
        item->inode = wanted->inode;
        set_trigger(events, wanted->tag);
        if (!is_news)
                read_counts(item, &item->counts);
        item->is_dirty = true; /* by what comes from now on, or by all of it */
        return 0;
}

static bool is_followed(const Followed *item, const CgroupEventsItem *wanted) {
        return item->is_used && item->inode == wanted->inode &&
               strcmp(item->path, wanted->path) == 0;
}

/* Items that are gone first, so that their descriptors are free. */
static void forget_others(CgroupEvents *events, const CgroupEventsItem *items, size_t n_items) {
        for (unsigned tag = 0; tag < CGROUP_EVENTS_ITEMS_MAX; ++tag) {
                size_t i = 0;

                while (i < n_items && items[i].tag != tag)
                        ++i;
                if (i == n_items)
                        unfollow(events, tag);
        }
}

int cgroup_events_follow(CgroupEvents *events, const CgroupEventsItem *items, size_t n_items) {
        int failure = 0;

        forget_others(events, items, n_items);
        for (size_t i = 0; i < n_items; ++i) {
                Followed *item;
                int r = 0;

                if (items[i].tag >= CGROUP_EVENTS_ITEMS_MAX ||
                    strlen(items[i].path) >= CGROUP_PATH_MAX)
                        return -EINVAL;
                item = &events->items[items[i].tag];
                if (is_followed(item, &items[i])) {
                        if (item->fd >= 0)
                                r = set_watches(events, item);
                } else {
                        const bool is_news =
                                item->is_used && strcmp(item->path, items[i].path) == 0;

                        unfollow(events, items[i].tag);
                        r = follow(events, &items[i], is_news);
                }
                if (r && failure == 0)
                        failure = r;
        }
        return failure;
}

/* What happened */

int cgroup_events_get_fd(const CgroupEvents *events) {
        return events->fd;
}

static bool note(const struct inotify_event *event, void *userdata) {
        CgroupEvents *events = userdata;

        for (size_t i = 0; i < CGROUP_EVENTS_ITEMS_MAX; ++i) {
                Followed *item = &events->items[i];

                item->is_dirty |= event->mask & IN_Q_OVERFLOW;
                for (size_t k = 0; k < _FILE_WATCHED_N; ++k) {
                        if (item->wds[k] < 0 || item->wds[k] != event->wd)
                                continue;
                        item->is_dirty = true;
                        if (event->mask & IN_IGNORED)
                                item->wds[k] = -1;
                }
        }
        return true;
}

size_t cgroup_events_take(CgroupEvents *events, CgroupEvent ret[static CGROUP_EVENTS_MAX]) {
        size_t n = 0;

        (void)inotify_drain(events->fd, note, events);
        for (unsigned tag = 0; tag < CGROUP_EVENTS_ITEMS_MAX; ++tag) {
                Followed *item = &events->items[tag];
                CgroupEventCounts now = item->counts;

                if (!item->is_dirty || item->fd < 0)
                        continue;
                read_counts(item, &now);
                n += cgroup_event_counts_compare(&item->counts, &now, tag, ret + n);
                item->counts = now;
                item->is_dirty = false;
        }
        return n;
}

bool cgroup_events_take_pressure(CgroupEvents *events,
                                 unsigned tag,
                                 bool is_gone,
                                 CgroupEvent *ret) {
        if (tag >= CGROUP_EVENTS_ITEMS_MAX || events->items[tag].pressure_fd < 0)
                return false;
        if (is_gone) {
                drop_trigger(events, tag);
                return false;
        }
        *ret = (CgroupEvent){ .tag = tag, .kind = CGROUP_EVENT_PRESSURE, .count = 1, .own = 1 };
        return true;
}
