/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/machine-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "manager/machine-settings-parts.h"

/*
 * One thing at a time: a look finds the first setting that has a step to take, and the end of that
 * step (a write, the record on the disk) asks for the next look, in a turn of the loop of its own.
 */
#define WRITE_DEADLINE_USEC (10 * USEC_PER_SEC)
#define WRITE_RETRY_USEC    (20 * USEC_PER_SEC) /* the next look at the machine, and not sooner */

static SettingsRecord *get_record(const MachineSettings *self) {
        return record_file_get(self->file);
}

static void look_soon(const MachineSettings *self) {
        (void)sd_event_source_set_enabled(self->step, SD_EVENT_ONESHOT);
}

/* What is there */

static OptU64 read_setting(const MachineSettings *self, MachineSetting setting) {
        char text[SETTINGS_VALUE_MAX];
        uint64_t value;
        size_t n;

        if (root_read(self->params.root, machine_setting_path(setting), text, sizeof(text), &n) ||
            !machine_setting_parse(setting, text, n, &value))
                return (OptU64){};
        return opt_u64(value);
}

static void see(MachineSettings *self) {
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i)
                self->items[i].seen = read_setting(self, i);
}

/* Writing */

static void end_write(MachineSettings *self, MachineSetting setting, int error) {
        SettingItem *item = &self->items[setting];
        const OptU64 before = item->seen;

        item->seen = read_setting(self, setting);
        if (error == 0 && !opt_u64_equal(item->seen, opt_u64(self->writing_value)))
                error = -EIO;
        item->error = error;
        item->retry_usec = error ? clock_now_usec(&self->params.clock) + WRITE_RETRY_USEC : 0;
        if (error)
                settings_announce_problem(item, setting, self->writing_value);
        else
                settings_announce_set(setting, before.value, self->writing_value,
                                      self->is_putting_back);
        item->told_error = error;
}

static void on_written(int error, int fd, void *userdata) {
        MachineSettings *self = userdata;

        (void)fd_close(fd);
        self->is_writing = false;
        end_write(self, self->writing, error);
        look_soon(self);
}

/* Return: 0: it is under way; or an errno. */
static int begin_write(MachineSettings *self, MachineSetting setting, uint64_t value) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[SETTINGS_VALUE_MAX], line[SETTINGS_VALUE_MAX + 1];
        int r;

        r = root_open(self->params.root, machine_setting_path(setting), O_WRONLY | O_NOCTTY, &fd);
        if (r)
                return r < 0 ? r : -ENOENT;
        (void)snprintf(line, sizeof(line), "%s\n", machine_setting_format(setting, value, text));
        return worker_submit(crew_get_workers(self->params.crew), CREW_LIMITS,
                             &(const WorkerJob){ .op = WORKER_OP_SET,
                                                 .fd = fd,
                                                 .data = line,
                                                 .n_data = strlen(line),
                                                 .deadline_usec = WRITE_DEADLINE_USEC },
                             on_written, self);
}

static void
write_setting(MachineSettings *self, MachineSetting setting, uint64_t value, bool is_back) {
        int r;

        if (self->items[setting].retry_usec > clock_now_usec(&self->params.clock))
                return;
        self->writing = setting;
        self->writing_value = value;
        self->is_putting_back = is_back;
        r = begin_write(self, setting, value);
        self->is_writing = r == 0;
        if (r)
                end_write(self, setting, r);
}

/* What was there before goes to the disk; the write follows when it is there. */
static void record(MachineSettings *self, MachineSetting setting) {
        SettingsRow *row = &get_record(self)->rows[setting];
        const SettingItem *item = &self->items[setting];

        if (!row->is_there)
                row->before = item->seen.value;
        row->is_there = true;
        row->written = item->kept.wanted.value;
        record_file_note(self->file);
        record_file_save(self->file);
}

static void forget(MachineSettings *self, MachineSetting setting) {
        SettingsRow *row = &get_record(self)->rows[setting];

        if (self->is_withdrawing)
                for (size_t i = 0; i < self->n_withdrawn; ++i)
                        if (self->withdrawn[i].setting == setting)
                                self->withdrawn[i].is_foreign =
                                        self->items[setting].seen.value != row->before;
        *row = (SettingsRow){};
        record_file_note(self->file);
        record_file_save(self->file);
}

static bool is_saved(const MachineSettings *self, MachineSetting setting) {
        const SettingsRecord *saved = record_file_get_saved(self->file);
        const SettingsRow *row = &saved->rows[setting];

        return row->is_there && row->written == self->items[setting].kept.wanted.value;
}

static void take_step(MachineSettings *self, MachineSetting setting) {
        SettingItem *item = &self->items[setting];
        const SettingsRow *row = &get_record(self)->rows[setting];
        const bool was_contended = item->kept.is_contended;

        switch (setting_step(&item->kept, row, is_saved(self, setting), item->seen,
                             clock_now_usec(&self->params.clock))) {
        case SETTING_LEAVE:
                break;
        case SETTING_RECORD:
                record(self, setting);
                break;
        case SETTING_WRITE:
                write_setting(self, setting, item->kept.wanted.value, false);
                break;
        case SETTING_PUT_BACK:
                write_setting(self, setting, row->before, true);
                break;
        case SETTING_FORGET:
                forget(self, setting);
                break;
        }
        if (item->kept.is_contended && !was_contended)
                settings_announce_contended(setting, item->seen.value, item->kept.wanted.value);
}

static void take_steps(MachineSettings *self) {
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N && !self->is_writing; ++i)
                take_step(self, i);
}

/* Withdrawing */

/* Nothing is under way, and what is in the record still could not be put back. */
static bool is_withdrawn(MachineSettings *self) {
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i)
                if (get_record(self)->rows[i].is_there && self->items[i].seen.present &&
                    !self->items[i].error)
                        return false;
        return true;
}

static void go_on_withdrawing(MachineSettings *self) {
        if (!self->is_withdrawing || self->is_writing || record_file_is_busy(self->file) ||
            !is_withdrawn(self))
                return;
        for (size_t i = 0; i < self->n_withdrawn; ++i) {
                const SettingItem *item = &self->items[self->withdrawn[i].setting];

                self->withdrawn[i].error = item->seen.present ? item->error : -ENOENT;
        }
        self->is_withdrawing = false;
        self->done(self->withdrawn, self->n_withdrawn, self->done_userdata);
}

int machine_settings_withdraw(MachineSettings *self, SettingsWithdrawn done, void *userdata) {
        const SettingsRecord *saved = get_record(self);

        if (self->is_withdrawing)
                return -EALREADY;
        self->n_withdrawn = 0;
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i) {
                setting_want(&self->items[i].kept, (OptU64){});
                self->items[i].error = self->params.may_write ? 0 : -EOPNOTSUPP;
                self->items[i].retry_usec = 0;
                if (saved->rows[i].is_there)
                        self->withdrawn[self->n_withdrawn++] =
                                (SettingWithdrawn){ .setting = i,
                                                    .before = saved->rows[i].before,
                                                    .written = saved->rows[i].written };
        }
        self->is_withdrawing = self->has_withdrawn = true;
        self->done = done;
        self->done_userdata = userdata;
        look_soon(self);
        return 0;
}

/* Looking */

void machine_settings_look(MachineSettings *self) {
        if (!self->is_writing)
                see(self);
        if (self->params.may_write && !self->is_writing) {
                record_file_retry(self->file);
                take_steps(self);
        }
        if (machine_settings_update(self))
                self->params.changed(self->params.userdata);
        go_on_withdrawing(self);
}

static int on_step(sd_event_source *source _unused_, void *userdata) {
        machine_settings_look(userdata);
        return 0;
}

static void on_kept(void *userdata) {
        look_soon(userdata);
}

void machine_settings_set(MachineSettings *self, const Settings *settings, bool is_reload) {
        const ConfigEnforce *enforce = &settings->config->enforce;
        const OptU64 wanted[] = {
                [MACHINE_DEMOTION_ENABLED] = enforce->demotion_enabled,
                [MACHINE_NUMA_BALANCING] = enforce->numa_balancing,
                [MACHINE_DAMON_STAT] = enforce->damon_stat,
        };

        if (is_reload)
                self->has_withdrawn = false;
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i) {
                /* an operator who reloads has mended something */
                if (is_reload)
                        self->items[i] = (SettingItem){ .seen = self->items[i].seen };
                setting_want(&self->items[i].kept, self->has_withdrawn ? (OptU64){} : wanted[i]);
        }
}

static int open_record(MachineSettings *self) {
        Diag diag = {};
        int r;

        r = record_file_new(
                &(const RecordFileParams){ .kind = &settings_record_kind,
                                           .root = self->params.root,
                                           .boot_id = self->params.boot_id,
                                           .problem = self->params.store_problem,
                                           .workers = crew_get_workers(self->params.crew),
                                           .lane = CREW_LIMITS,
                                           .clock = self->params.clock,
                                           .ended = on_kept,
                                           .userdata = self },
                &self->file, &diag);
        if (r == 0 && diag.text[0])
                log_debug("%s: %s; what was in settings before is not known", diag.source,
                          diag.text);
        return r;
}

int machine_settings_new(const MachineSettingsParams *params, MachineSettings **ret) {
        _cleanup_(machine_settings_freep) MachineSettings *self = calloc(1, sizeof(*self));
        int r;

        if (!self)
                return -ENOMEM;
        self->params = *params;
        r = open_record(self);
        if (r)
                return r;
        r = sd_event_add_defer(params->event, &self->step, on_step, self);
        if (r >= 0)
                r = sd_event_source_set_enabled(self->step, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(self);
        return 0;
}

MachineSettings *machine_settings_free(MachineSettings *self) {
        if (!self)
                return NULL;
        sd_event_source_disable_unref(self->step);
        record_file_free(self->file);
        free(self);
        return NULL;
}
