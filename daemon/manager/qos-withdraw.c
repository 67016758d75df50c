/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-withdraw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef enum Stage {
        STAGE_IDLE,
        STAGE_WRITING,
        STAGE_KEEPING, /* the record, without what was put back */
} Stage;

struct QosWithdraw {
        QosWithdrawParams params;
        const CgroupTree *tree;
        CgroupWriter *writer;
        bool tells_systemd;
        Stage stage;
        size_t next; /* item */
        QosWithdrawal result;
        sd_event_source *step; /* the next turn of the loop */
};

/* Cannot fail for a live source. */
static void go_on(QosWithdraw *withdraw) {
        (void)sd_event_source_set_enabled(withdraw->step, SD_EVENT_ONESHOT);
}

static void on_written(const CgroupWriteResult *result, void *userdata) {
        QosWithdraw *withdraw = userdata;

        withdraw->result.items[withdraw->next++].error = result->error;
        go_on(withdraw);
}

/* Return: 0: it is under way; else an errno. */
static int begin_item(QosWithdraw *withdraw, const QosRecordItem *item) {
        CgroupState state;
        CgroupWrite write = { .knob = item->knob, .value = item->before };
        int r;

        if (!withdraw->writer)
                return -EOPNOTSUPP;
        r = cgroup_read_state(withdraw->tree, item->path, 1u << item->knob, &state);
        if (r)
                return r;
        if (!state.is_there)
                return -ENOENT;
        /* it may have been lower, long ago; nobody is killed for it */
        if (item->knob == CGROUP_MEMORY_MAX && state.current_bytes.present &&
            item->before.number < state.current_bytes.value)
                return -EBUSY;
        memcpy(write.path, item->path, sizeof(write.path));
        write.inode = state.inode;
        write.unit = withdraw->tells_systemd ? cgroup_path_get_unit(item->path) : NULL;
        r = cgroup_writer_write(withdraw->writer, &write, on_written, withdraw);
        return r > 0 ? -ENOENT : r;
}

static void keep(QosWithdraw *withdraw) {
        withdraw->stage = STAGE_KEEPING;
        for (size_t i = 0; i < withdraw->result.n_items; ++i) {
                const QosWithdrawnItem *item = &withdraw->result.items[i];

                if (item->error == 0 || item->error == -ENOENT)
                        qos_record_file_drop(withdraw->params.file, item->item.path,
                                             item->item.knob);
        }
        qos_record_file_save(withdraw->params.file);
        if (!qos_record_file_is_busy(withdraw->params.file))
                go_on(withdraw);
}

static void write_next(QosWithdraw *withdraw) {
        while (withdraw->next < withdraw->result.n_items) {
                QosWithdrawnItem *item = &withdraw->result.items[withdraw->next];

                item->error = begin_item(withdraw, &item->item);
                if (item->error == 0)
                        return;
                ++withdraw->next;
        }
        keep(withdraw);
}

static int on_step(sd_event_source *source _unused_, void *userdata) {
        QosWithdraw *withdraw = userdata;

        if (withdraw->stage == STAGE_WRITING) {
                write_next(withdraw);
        } else if (withdraw->stage == STAGE_KEEPING) {
                withdraw->stage = STAGE_IDLE;
                withdraw->params.ended(&withdraw->result, withdraw->params.userdata);
        }
        return 0;
}

int qos_withdraw_new(const QosWithdrawParams *params, QosWithdraw **ret) {
        _cleanup_(qos_withdraw_freep) QosWithdraw *withdraw = calloc(1, sizeof(*withdraw));
        int r;

        if (!withdraw)
                return -ENOMEM;
        withdraw->params = *params;
        r = sd_event_add_defer(params->event, &withdraw->step, on_step, withdraw);
        if (r >= 0)
                r = sd_event_source_set_enabled(withdraw->step, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(withdraw);
        return 0;
}

QosWithdraw *qos_withdraw_free(QosWithdraw *withdraw) {
        if (!withdraw)
                return NULL;
        sd_event_source_disable_unref(withdraw->step);
        free(withdraw);
        return NULL;
}

void qos_withdraw_begin(QosWithdraw *withdraw,
                        const CgroupTree *tree,
                        CgroupWriter *writer,
                        bool tells_systemd) {
        const QosRecord *record = qos_record_file_get(withdraw->params.file);

        withdraw->tree = tree;
        withdraw->writer = writer;
        withdraw->tells_systemd = tells_systemd;
        withdraw->stage = STAGE_WRITING;
        withdraw->next = 0;
        withdraw->result.n_items = record->n_items;
        for (size_t i = 0; i < record->n_items; ++i)
                withdraw->result.items[i] = (QosWithdrawnItem){ .item = record->items[i] };
        go_on(withdraw);
}

void qos_withdraw_note_kept(QosWithdraw *withdraw) {
        if (withdraw->stage == STAGE_KEEPING && !qos_record_file_is_busy(withdraw->params.file))
                go_on(withdraw);
}
