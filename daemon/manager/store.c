/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/log.h"
#include "base/messages.h"
#include "base/replace.h"

/*
 * The journal decides what is to be written, the worker writes, and this is between them. The lock
 * is on a descriptor of its own that no worker ever gets: one that hangs in the kernel would
 * otherwise keep it when slugd is long gone.
 *
 * Batches begin at the end of a turn of the loop: a post source sees that something waits, and a
 * deferred one begins.
 */
#define STORE_DEADLINE_USEC UINT64_C(60000000)
#define BOOT_ID_PATH        "/proc/sys/kernel/random/boot_id"

struct Store {
        StoreParams params;
        Ledger *ledger;
        Journal *journal;
        int lock_fd, dir_fd, log_fd;
        sd_event_source *post, *dispatch, *retry;
        JournalHealth told;
        char problem[192];
        char boot_id[RECORD_BOOT_MAX];
        void (*idle)(void *userdata);
        void *idle_userdata;
        /* the operation under way */
        JournalDiskDone done;
        void *done_userdata;
        bool is_replacing;
};

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        sd_event_source_unref(store->post);
        sd_event_source_unref(store->dispatch);
        sd_event_source_unref(store->retry);
        journal_free(store->journal);
        ledger_free(store->ledger);
        fd_close(store->log_fd);
        fd_close(store->dir_fd);
        fd_close(store->lock_fd);
        free(store);
        return NULL;
}

/* The disk */

static void on_written(int error, int fd, void *userdata) {
        Store *store = userdata;

        if (store->is_replacing && error == 0) {
                fd_close(store->log_fd);
                store->log_fd = fd;
                fd = -EBADF;
        }
        fd_close(fd);
        store->done(error, store->done_userdata);
}

static int submit(Store *store, const WorkerJob *job, JournalDiskDone done, void *userdata) {
        store->done = done;
        store->done_userdata = userdata;
        store->is_replacing = job->op == WORKER_OP_REPLACE;
        return worker_submit(store->params.workers, store->params.lane, job, on_written, store);
}

static int disk_append(void *disk,
                       uint64_t offset,
                       const void *data,
                       size_t n_data,
                       JournalDiskDone done,
                       void *userdata) {
        Store *store = disk;

        return submit(store,
                      &(const WorkerJob){
                              .op = WORKER_OP_APPEND,
                              .fd = store->log_fd,
                              .data = data,
                              .n_data = n_data,
                              .offset = offset,
                              .deadline_usec = STORE_DEADLINE_USEC,
                      },
                      done, userdata);
}

static int
disk_replace(void *disk, const void *data, size_t n_data, JournalDiskDone done, void *userdata) {
        Store *store = disk;

        return submit(store,
                      &(const WorkerJob){
                              .op = WORKER_OP_REPLACE,
                              .fd = store->dir_fd,
                              .name = JOURNAL_NAME,
                              .data = data,
                              .n_data = n_data,
                              .deadline_usec = STORE_DEADLINE_USEC,
                      },
                      done, userdata);
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Store *store = userdata;

        journal_retry(store->journal);
        return 0;
}

static void disk_retry_after(void *disk, uint64_t usec) {
        Store *store = disk;

        store->retry = sd_event_source_unref(store->retry);
        /* A timer that cannot be made is a retry that never comes; the next claim says so again. */
        if (sd_event_add_time_relative(store->params.event, &store->retry, CLOCK_MONOTONIC, usec, 0,
                                       on_retry, store) < 0)
                log_debug("Cannot wait before writing the ledger again");
}

/* Telling */

static void tell_health(Store *store) {
        const JournalState state = journal_get_state(store->journal);

        if (state.health == store->told)
                return;
        if (state.health == JOURNAL_FAILED)
                log_event(LOG_ERR, SLUG_MESSAGE_LEDGER_FAILED,
                          LOG_WITH({ .name = "SLUG_REASON", .text = state.problem }),
                          "The ledger cannot be written: %s", state.problem);
        else if (store->told == JOURNAL_FAILED)
                log_event(LOG_NOTICE, SLUG_MESSAGE_LEDGER_RECOVERED, LOG_PLAIN,
                          "The ledger is written again, all of it");
        store->told = state.health;
        store->params.changed(store->params.userdata);
}

static void tell_load(const JournalLoad *load, const Ledger *ledger) {
        char problem[DIAG_FORMATTED_MAX];

        if (load->problem.text[0])
                log_event(LOG_WARNING, SLUG_MESSAGE_LEDGER_DAMAGED,
                          LOG_WITH({ .name = "SLUG_FILE", .text = load->problem.source },
                                   { .name = "SLUG_LINE", .number = load->problem.line }),
                          "%s%s%s, keeping what came before", diag_format(&load->problem, problem),
                          load->is_set_aside ? "; it is now called " : "",
                          load->is_set_aside ? load->aside : "");
        if (load->n_changes > 0)
                log_event(LOG_NOTICE, SLUG_MESSAGE_LEDGER_LOADED, LOG_PLAIN,
                          "The ledger has %zu claims%s", ledger_get_n_claims(ledger),
                          load->is_of_other_boot && ledger_get_n_claims(ledger) > 0
                                  ? ", of before this boot: they are unconfirmed until the "
                                    "kubelet asks for them"
                                  : "");
}

/* The loop */

static void check_idle(Store *store) {
        void (*idle)(void *) = store->idle;

        if (!idle || !journal_is_idle(store->journal))
                return;
        store->idle = NULL;
        idle(store->idle_userdata);
}

void store_when_idle(Store *store, void (*idle)(void *userdata), void *userdata) {
        store->idle = idle;
        store->idle_userdata = userdata;
        /* what cannot be written is not waited for */
        if (journal_get_state(store->journal).health != JOURNAL_HEALTHY) {
                store->idle = NULL;
                idle(userdata);
                return;
        }
        check_idle(store);
}

static int on_dispatch(sd_event_source *source _unused_, void *userdata) {
        Store *store = userdata;

        journal_dispatch(store->journal);
        return 0;
}

static int on_post(sd_event_source *source _unused_, void *userdata) {
        Store *store = userdata;

        tell_health(store);
        check_idle(store);
        if (journal_wants_dispatch(store->journal))
                return sd_event_source_set_enabled(store->dispatch, SD_EVENT_ONESHOT);
        return 0;
}

static int add_sources(Store *store) {
        sd_event *event = store->params.event;
        int r;

        r = sd_event_add_post(event, &store->post, on_post, store);
        if (r >= 0)
                r = sd_event_add_defer(event, &store->dispatch, on_dispatch, store);
        return r < 0 ? r : 0;
}

/* Opening */

_printf_(2, 3) static int say(Store *store, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(store->problem, sizeof(store->problem), format, arguments);
        va_end(arguments);
        return 0;
}

/* Return: 0, also when there is nothing to keep a ledger in; then the problem says why. */
static int open_folder(Store *store) {
        const Root *root = store->params.root;
        int r;

        if (!store->params.has_folder)
                return say(store, "slugd was started with --no-ledger");
        r = root_open(root, JOURNAL_DIR, O_RDONLY | O_DIRECTORY, &store->lock_fd);
        if (r == ROOT_E_ABSENT)
                return say(store, "there is no folder %s", JOURNAL_DIR);
        if (r == 0 && flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
                r = -errno;
        if (r == -EWOULDBLOCK)
                return say(store, "another slugd keeps its ledger in %s", JOURNAL_DIR);
        if (r == 0)
                r = root_open(root, JOURNAL_DIR, O_RDONLY | O_DIRECTORY, &store->dir_fd);
        if (r)
                return say(store, JOURNAL_DIR " cannot be used: %s",
                           r < 0 ? strerror(-r) : "it went away");
        return 0;
}

static void read_boot_id(const Root *root, char boot_id[static RECORD_BOOT_MAX]) {
        size_t n = 0;

        if (root_read(root, BOOT_ID_PATH, boot_id, RECORD_BOOT_MAX - 1, &n) != 0)
                n = 0;
        while (n > 0 && boot_id[n - 1] == '\n')
                --n;
        boot_id[n] = '\0';
}

static int load(Store *store, const RecordHead *head, uint64_t *ret_file_bytes) {
        const Root *root = store->params.root;
        JournalLoad loaded = {};
        int r;

        r = journal_load(root, head->boot_id, store->ledger, &loaded);
        if (r)
                return r;
        tell_load(&loaded, store->ledger);
        *ret_file_bytes = 0;
        if (loaded.must_rewrite || loaded.good_bytes == 0)
                return 0;
        /* one that was read and cannot be opened for writing is made new */
        r = root_open(root, JOURNAL_DIR "/" JOURNAL_NAME, O_WRONLY | O_NOFOLLOW, &store->log_fd);
        if (r == 0)
                *ret_file_bytes = loaded.good_bytes;
        return 0;
}

static int open_journal(Store *store) {
        JournalParams params = {
                .ledger = store->ledger,
                .head = { .version = RECORD_VERSION,
                          .created_usec = clock_now_usec(&store->params.wall_clock) },
        };
        int r;

        read_boot_id(store->params.root, store->boot_id);
        memcpy(params.head.boot_id, store->boot_id, sizeof(store->boot_id));
        r = open_folder(store);
        if (r)
                return r;
        if (store->problem[0]) {
                log_event(store->params.has_folder ? LOG_WARNING : LOG_NOTICE,
                          SLUG_MESSAGE_LEDGER_VOLATILE,
                          LOG_WITH({ .name = "SLUG_REASON", .text = store->problem }),
                          "The ledger is not kept: %s%s", store->problem,
                          store->params.has_folder ? ", ignoring" : "");
                store->told = JOURNAL_ABSENT;
                return journal_new(&params, &store->journal);
        }
        r = file_replace_sweep(store->dir_fd);
        if (r < 0)
                log_debug("Cannot look for what a crash has left in " JOURNAL_DIR ": %s",
                          strerror(-r));
        r = load(store, &params.head, &params.file_bytes);
        if (r)
                return r;
        params.disk = (JournalDisk){
                .append = disk_append,
                .replace = disk_replace,
                .retry_after = disk_retry_after,
                .disk = store,
        };
        return journal_new(&params, &store->journal);
}

int store_new(const StoreParams *params, Store **ret) {
        _cleanup_(store_freep) Store *store = calloc(1, sizeof(*store));
        int r;

        if (!store)
                return -ENOMEM;
        store->params = *params;
        store->lock_fd = store->dir_fd = store->log_fd = -EBADF;
        r = ledger_new(&store->ledger);
        if (r)
                return r;
        r = open_journal(store);
        if (r)
                return error_fold(r);
        r = add_sources(store);
        if (r)
                return r;
        *ret = TAKE_PTR(store);
        return 0;
}

Ledger *store_get_ledger(const Store *store) {
        return store->ledger;
}

Journal *store_get_journal(const Store *store) {
        return store->journal;
}

const char *store_get_boot_id(const Store *store) {
        return store->boot_id;
}

const char *store_get_problem(const Store *store) {
        return store->problem;
}
