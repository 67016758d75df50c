/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/machine-settings.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "ledger/journal.h"

/*
 * One thing at a time, and each by a worker: the record is kept, or a setting is written. What a
 * look finds is tried once; what failed is tried again with the next look.
 */
#define RECORD_PATH   JOURNAL_DIR "/" MACHINE_RECORD_NAME
#define DEADLINE_USEC (10 * USEC_PER_SEC)

static const char *const paths[] = {
        [MACHINE_DEMOTION_ENABLED] = "/sys/kernel/mm/numa/demotion_enabled",
        [MACHINE_NUMA_BALANCING] = "/proc/sys/kernel/numa_balancing",
        [MACHINE_DAMON_STAT] = "/sys/module/damon_stat/parameters/enabled",
};
static_assert(ELEMENTSOF(paths) == _MACHINE_SETTING_N, "every setting has a path");
static_assert(_MACHINE_SETTING_N <= ENFORCE_SETTINGS_MAX, "all of them are shown");

typedef struct Setting {
        char value[MACHINE_VALUE_MAX]; /* "": there is none */
        char wanted[MACHINE_VALUE_MAX];
        char problem[192];
        bool is_tried; /* since the last look */
        bool is_saved; /* what was before is on the disk */
} Setting;

struct MachineSettings {
        MachineSettingsParams params;
        Setting items[_MACHINE_SETTING_N];
        MachineRecord record;
        int dir_fd;
        bool is_busy, is_dirty;
        MachineSettingName busy; /* which one is written */
        bool is_putting_back;    /* and it is given what it had before */
        bool is_withdrawn;
        MachineWithdrawn withdrawn; /* NULL: nobody waits */
        void *withdrawn_userdata;
        char text[1024]; /* of a withdrawal */
        size_t n_failures;
};

static void go_on(MachineSettings *settings);

/* The record */

static void load(MachineSettings *settings) {
        char text[MACHINE_RECORD_FILE_MAX + 1];
        MachineRecord record;
        Diag diag = {};
        size_t n = 0;

        (void)snprintf(settings->record.boot_id, sizeof(settings->record.boot_id), "%s",
                       settings->params.boot_id);
        if (settings->dir_fd < 0 ||
            root_read(settings->params.root, RECORD_PATH, text, sizeof(text), &n) != 0)
                return;
        if (machine_record_parse(text, n, &record, &diag) != 0) {
                log_debug(RECORD_PATH " is void: %s", diag.text);
                return;
        }
        if (strcmp(record.boot_id, settings->params.boot_id) != 0)
                return;
        settings->record = record;
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i)
                settings->items[i].is_saved = record.items[i].before[0] != '\0';
}

static void note_saved(MachineSettings *settings, int error) {
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i) {
                Setting *item = &settings->items[i];
                MachineRecordItem *recorded = &settings->record.items[i];

                if (item->is_saved || !recorded->before[0])
                        continue;
                item->is_saved = error == 0;
                if (error == 0)
                        continue;
                *recorded = (MachineRecordItem){};
                item->is_tried = true;
                (void)snprintf(item->problem, sizeof(item->problem),
                               "what it is cannot be recorded: %s", strerror(-error));
        }
}

static void on_saved(int error, int fd, void *userdata) {
        MachineSettings *settings = userdata;

        (void)fd_close(fd);
        settings->is_busy = false;
        note_saved(settings, error);
        go_on(settings);
}

static int submit_record(MachineSettings *settings) {
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = MACHINE_RECORD_FILE_MAX };
        int r;

        if (settings->dir_fd < 0)
                return -EROFS;
        machine_record_append(&settings->record, &buffer);
        r = buffer_finish(&buffer);
        if (r)
                return r;
        return worker_submit(settings->params.workers, settings->params.lane,
                             &(const WorkerJob){ .op = WORKER_OP_REPLACE,
                                                 .fd = settings->dir_fd,
                                                 .name = MACHINE_RECORD_NAME,
                                                 .data = buffer.data,
                                                 .n_data = buffer.n_data,
                                                 .deadline_usec = DEADLINE_USEC },
                             on_saved, settings);
}

static void save(MachineSettings *settings) {
        const int r = submit_record(settings);

        settings->is_dirty = false;
        settings->is_busy = r == 0;
        if (r)
                note_saved(settings, r < 0 ? r : -EIO);
}

/* One setting */

static void read_setting(MachineSettings *settings, MachineSettingName name) {
        char *value = settings->items[name].value, text[64];
        size_t n = 0;

        value[0] = '\0';
        if (root_read(settings->params.root, paths[name], text, sizeof(text), &n) != 0)
                return;
        text[strcspn(text, "\n")] = '\0';
        if (machine_value_is_valid(text))
                memcpy(value, text, strlen(text) + 1);
}

static void tell_written(const MachineSettings *settings, MachineSettingName name) {
        const MachineRecordItem *recorded = &settings->record.items[name];

        log_event(LOG_NOTICE, SLUG_MESSAGE_SETTING_WRITTEN,
                  LOG_WITH({ .name = "SLUG_FILE", .text = paths[name] },
                           { .name = "SLUG_VALUE", .text = recorded->written },
                           { .name = "SLUG_FOUND", .text = recorded->before }),
                  "%s is %s, as enforce.settings has it; before slugd it was %s", paths[name],
                  recorded->written, recorded->before);
}

static void tell_refused(const Setting *item, MachineSettingName name) {
        log_event(LOG_WARNING, SLUG_MESSAGE_SETTING_REFUSED,
                  LOG_WITH({ .name = "SLUG_FILE", .text = paths[name] },
                           { .name = "SLUG_VALUE", .text = item->wanted },
                           { .name = "SLUG_REASON", .text = item->problem }),
                  "%s cannot be made %s: %s", paths[name], item->wanted, item->problem);
}

static void note_problem(MachineSettings *settings, MachineSettingName name, int error) {
        Setting *item = &settings->items[name];
        char problem[sizeof(item->problem)] = "";

        if (strcmp(item->value, item->wanted) != 0)
                (void)snprintf(problem, sizeof(problem), "%s",
                               error ? strerror(-error) : "it was written, and is another one");
        if (!problem[0])
                tell_written(settings, name);
        if (strcmp(problem, item->problem) == 0)
                return;
        (void)snprintf(item->problem, sizeof(item->problem), "%s", problem);
        if (problem[0])
                tell_refused(item, name);
}

static void note_withdrawn(MachineSettings *settings, MachineSettingName name, int error) {
        MachineRecordItem *recorded = &settings->record.items[name];
        const bool is_back = strcmp(settings->items[name].value, recorded->before) == 0;
        const size_t n = strlen(settings->text);

        (void)snprintf(settings->text + n, sizeof(settings->text) - n,
                       "%s: was %s, slugd wrote %s, and it %s%s\n", paths[name], recorded->before,
                       recorded->written,
                       is_back ? "is again what it was" : "could not be put back: ",
                       is_back ? "" : strerror(error ? -error : EIO));
        settings->n_failures += !is_back;
        if (!is_back)
                return;
        *recorded = (MachineRecordItem){};
        settings->items[name].is_saved = false;
        settings->is_dirty = true;
}

static void end_write(MachineSettings *settings, MachineSettingName name, int error) {
        settings->is_busy = false;
        read_setting(settings, name);
        if (settings->is_putting_back)
                note_withdrawn(settings, name, error);
        else
                note_problem(settings, name, error);
}

static void on_written(int error, int fd, void *userdata) {
        MachineSettings *settings = userdata;

        (void)fd_close(fd);
        end_write(settings, settings->busy, error);
        settings->params.changed(settings->params.userdata);
        go_on(settings);
}

static int submit_value(MachineSettings *settings, MachineSettingName name, const char *value) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[MACHINE_VALUE_MAX + 1];
        int r, n;

        r = root_open(settings->params.root, paths[name], O_WRONLY | O_NOCTTY, &fd);
        if (r)
                return r < 0 ? r : -ENOENT;
        n = snprintf(text, sizeof(text), "%s\n", value);
        settings->busy = name;
        return worker_submit(settings->params.workers, settings->params.lane,
                             &(const WorkerJob){ .op = WORKER_OP_SET,
                                                 .fd = fd,
                                                 .data = text,
                                                 .n_data = (size_t)n,
                                                 .deadline_usec = DEADLINE_USEC },
                             on_written, settings);
}

static void write_value(MachineSettings *settings, MachineSettingName name, const char *value) {
        int r;

        settings->is_putting_back = settings->withdrawn != NULL;
        r = submit_value(settings, name, value);
        settings->items[name].is_tried = true;
        settings->is_busy = r == 0;
        if (r)
                end_write(settings, name, r);
}

/* What is next */

static void want(MachineSettings *settings, MachineSettingName name) {
        Setting *item = &settings->items[name];
        MachineRecordItem *recorded = &settings->record.items[name];

        if (!recorded->before[0])
                memcpy(recorded->before, item->value, sizeof(recorded->before));
        memcpy(recorded->written, item->wanted, sizeof(recorded->written));
        if (!item->is_saved)
                save(settings);
        else
                write_value(settings, name, item->wanted);
}

/* Return: whether there was something to do. */
static bool want_next(MachineSettings *settings) {
        if (!settings->params.may_write || settings->is_withdrawn)
                return false;
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i) {
                const Setting *item = &settings->items[i];

                if (item->is_tried || !item->wanted[0] || !item->value[0] ||
                    strcmp(item->value, item->wanted) == 0)
                        continue;
                want(settings, i);
                return true;
        }
        return false;
}

static bool withdraw_next(MachineSettings *settings) {
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i)
                if (settings->record.items[i].before[0] && !settings->items[i].is_tried) {
                        write_value(settings, i, settings->record.items[i].before);
                        return true;
                }
        if (!settings->is_dirty)
                return false;
        save(settings);
        return true;
}

static void end_withdrawal(MachineSettings *settings) {
        const MachineWithdrawn done = settings->withdrawn;

        settings->withdrawn = NULL;
        if (settings->text[0])
                log_event(settings->n_failures > 0 ? LOG_WARNING : LOG_NOTICE,
                          SLUG_MESSAGE_SETTINGS_WITHDRAWN, LOG_PLAIN, "Settings of the machine: %s",
                          settings->text);
        done(settings->text, settings->n_failures, settings->withdrawn_userdata);
}

static void go_on(MachineSettings *settings) {
        bool has_more = true;

        while (!settings->is_busy && has_more)
                has_more = settings->withdrawn ? withdraw_next(settings) : want_next(settings);
        if (!settings->is_busy && settings->withdrawn)
                end_withdrawal(settings);
}

/* Making */

int machine_settings_new(const MachineSettingsParams *params, MachineSettings **ret) {
        _cleanup_(machine_settings_freep) MachineSettings *settings = calloc(1, sizeof(*settings));

        if (!settings)
                return -ENOMEM;
        settings->params = *params;
        settings->dir_fd = -EBADF;
        if (!params->store_problem[0] &&
            root_open(params->root, JOURNAL_DIR, O_RDONLY | O_DIRECTORY, &settings->dir_fd) != 0)
                settings->dir_fd = -EBADF;
        load(settings);
        *ret = TAKE_PTR(settings);
        return 0;
}

MachineSettings *machine_settings_free(MachineSettings *settings) {
        if (!settings)
                return NULL;
        worker_disown(settings->params.workers, settings);
        (void)fd_close(settings->dir_fd);
        free(settings);
        return NULL;
}

static void set_wanted(Setting *item, OptU64 value, const char *off, const char *on) {
        if (!value.present)
                item->wanted[0] = '\0';
        else
                (void)snprintf(item->wanted, sizeof(item->wanted), "%s", value.value ? on : off);
}

void machine_settings_set(MachineSettings *settings, const ConfigEnforce *config, bool is_reload) {
        static const ConfigEnforce nothing = {};
        Setting *balancing = &settings->items[MACHINE_NUMA_BALANCING];

        if (!config)
                config = &nothing;
        set_wanted(&settings->items[MACHINE_DEMOTION_ENABLED], config->demotion_enabled, "false",
                   "true");
        set_wanted(&settings->items[MACHINE_DAMON_STAT], config->damon_stat, "N", "Y");
        balancing->wanted[0] = '\0';
        if (config->numa_balancing.present)
                (void)snprintf(balancing->wanted, sizeof(balancing->wanted), "%u",
                               (unsigned)config->numa_balancing.value);
        if (is_reload && !settings->withdrawn)
                settings->is_withdrawn = false;
        machine_settings_look(settings);
}

void machine_settings_look(MachineSettings *settings) {
        if (settings->is_busy || settings->withdrawn)
                return;
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i) {
                Setting *item = &settings->items[i];

                read_setting(settings, i);
                item->is_tried = false;
                if (!item->wanted[0] || strcmp(item->value, item->wanted) == 0)
                        item->problem[0] = '\0';
                else if (!item->value[0])
                        (void)snprintf(item->problem, sizeof(item->problem),
                                       "this kernel has no such setting");
        }
        go_on(settings);
}

size_t machine_settings_list(const MachineSettings *settings, EnforceSetting *ret) {
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i) {
                const Setting *item = &settings->items[i];

                ret[i] = (EnforceSetting){ .name = machine_setting_name(i), .path = paths[i] };
                memcpy(ret[i].value, item->value, sizeof(ret[i].value));
                memcpy(ret[i].wanted, item->wanted, sizeof(ret[i].wanted));
                memcpy(ret[i].before, settings->record.items[i].before, sizeof(ret[i].before));
                (void)snprintf(ret[i].problem, sizeof(ret[i].problem), "%s", item->problem);
        }
        return _MACHINE_SETTING_N;
}

bool machine_settings_withdraw(MachineSettings *settings, MachineWithdrawn done, void *userdata) {
        if (settings->withdrawn)
                return false;
        settings->withdrawn = done;
        settings->withdrawn_userdata = userdata;
        settings->is_withdrawn = true;
        settings->text[0] = '\0';
        settings->n_failures = 0;
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i)
                settings->items[i].is_tried = false;
        go_on(settings);
        return true;
}
