/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/inotify.h"
#include "base/log.h"
#include "base/messages.h"
#include "service/limits.h"

/* A limit that usage keeps from being reached for so long is told. */
#define PENDING_USEC (60 * USEC_PER_SEC)

typedef struct ValueText {
        char plain[CGROUP_VALUE_TEXT_MAX];
        char full[CGROUP_VALUE_WORDS_MAX];
} ValueText;

static void describe(CgroupKnob knob, const CgroupValue *value, ValueText *text) {
        (void)cgroup_value_format(knob, value, text->plain);
        (void)cgroup_value_describe(knob, value, text->full);
}

void qos_told_begin(QosTold *told, const CgroupValue *found, bool is_drift) {
        if (told->is_on_its_way)
                return;
        told->is_on_its_way = true;
        told->before = *found;
        told->is_drift = is_drift;
}

static void tell_achieved(const QosTold *told, const QosRow *row, const char *path) {
        const char *file = cgroup_knob_file(row->knob);
        ValueText now, before;

        describe(row->knob, &row->value, &now);
        describe(row->knob, &told->before, &before);
        if (told->is_drift)
                log_event(LOG_NOTICE, SLUG_MESSAGE_LIMIT_REPAIRED,
                          LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                                   { .name = "SLUG_KNOB", .text = file },
                                   { .name = "SLUG_VALUE", .text = now.plain },
                                   { .name = "SLUG_FOUND", .text = before.plain }),
                          "%s of %s was %s, which is not slugd's, and is %s again", file, path,
                          before.full, now.full);
        else
                log_event(LOG_INFO, SLUG_MESSAGE_LIMIT_APPLIED,
                          LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                                   { .name = "SLUG_KNOB", .text = file },
                                   { .name = "SLUG_VALUE", .text = now.plain },
                                   { .name = "SLUG_FOUND", .text = before.plain },
                                   { .name = "SLUG_REASON", .text = row->reason }),
                          "%s of %s is %s, was %s: %s", file, path, now.full, before.full,
                          row->reason);
}

static void achieve(QosTold *told,
                    const QosRow *row,
                    const char *path,
                    const QosKnob *knob,
                    uint64_t page_bytes) {
        const bool is_known = told->has_value && cgroup_value_is_equal(row->knob, &told->value,
                                                                       &row->value, page_bytes);

        /* of repairs in a row the first is told, and then that there is a rival */
        if (told->is_on_its_way && (told->is_drift ? knob->n_repairs <= 1 : !is_known))
                tell_achieved(told, row, path);
        told->has_value = true;
        told->value = row->value;
        told->is_on_its_way = told->has_told_pending = false;
        told->error = 0;
}

/* It was slugd's until now, and stays. */
static void leave(const QosTold *told, const QosRow *row, const char *path) {
        const char *file = cgroup_knob_file(row->knob);
        ValueText value;

        if (!told->has_value || row->owner == QOS_OWNER_SLUGD)
                return;
        (void)describe(row->knob, &told->value, &value);
        log_event(LOG_NOTICE, SLUG_MESSAGE_LIMIT_LEFT,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                           { .name = "SLUG_KNOB", .text = file },
                           { .name = "SLUG_VALUE", .text = value.plain },
                           { .name = "SLUG_REASON", .text = row->reason }),
                  "%s of %s was kept at %s, and slugd keeps it no longer: %s", file, path,
                  value.full, row->reason);
}

static void refuse(QosTold *told, const QosRow *row, const char *path, const QosKnob *knob) {
        const char *file = cgroup_knob_file(row->knob);
        char error[LIMITS_ERROR_MAX];
        ValueText value;

        if (knob->error == told->error)
                return;
        told->error = knob->error;
        describe(row->knob, &row->value, &value);
        log_event(LOG_WARNING, SLUG_MESSAGE_LIMIT_REFUSED,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                           { .name = "SLUG_KNOB", .text = file },
                           { .name = "SLUG_VALUE", .text = value.plain },
                           { .name = "ERRNO", .number = (uint64_t)-knob->error }),
                  "%s of %s cannot be made %s, %s%s%s", file, path, value.full,
                  limits_format_error(knob, error), told->message[0] ? ": " : "", told->message);
}

static void contend(const QosRow *row, const char *path) {
        const char *file = cgroup_knob_file(row->knob);
        ValueText value;

        describe(row->knob, &row->value, &value);
        log_event(LOG_WARNING, SLUG_MESSAGE_LIMIT_CONTENDED,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                           { .name = "SLUG_KNOB", .text = file },
                           { .name = "SLUG_VALUE", .text = value.plain }),
                  "%s of %s should be %s, and somebody else writes it again and again: slugd "
                  "leaves it alone for %" PRIu64 " minutes",
                  file, path, value.full, QOS_CONTENDED_USEC / (60 * USEC_PER_SEC));
}

static void wait_for_usage(QosTold *told, const QosRow *row, const char *path, uint64_t now_usec) {
        const char *file = cgroup_knob_file(row->knob);
        ValueText value;

        if (told->has_told_pending || now_usec < told->since_usec + PENDING_USEC)
                return;
        told->has_told_pending = true;
        describe(row->knob, &row->value, &value);
        log_event(LOG_NOTICE, SLUG_MESSAGE_LIMIT_PENDING,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = path },
                           { .name = "SLUG_KNOB", .text = file },
                           { .name = "SLUG_VALUE", .text = value.plain }),
                  "%s of %s cannot be made %s yet: what is in it uses more than that, and nobody "
                  "is to be killed for it",
                  file, path, value.full);
}

void qos_announce_knob(QosTold *told,
                       const QosRow *row,
                       const char *path,
                       const QosKnob *knob,
                       uint64_t page_bytes,
                       uint64_t now_usec) {
        const bool is_new = told->status != knob->status;

        if (is_new) {
                told->status = knob->status;
                told->since_usec = now_usec;
        }
        switch (knob->status) {
        case QOS_STATUS_ACHIEVED:
                achieve(told, row, path, knob, page_bytes);
                break;
        case QOS_STATUS_REFUSED:
                refuse(told, row, path, knob);
                break;
        case QOS_STATUS_PENDING:
                wait_for_usage(told, row, path, now_usec);
                break;
        case QOS_STATUS_CONTENDED:
                if (is_new)
                        contend(row, path);
                break;
        case QOS_STATUS_UNMANAGED:
                leave(told, row, path);
                *told = (QosTold){ .status = knob->status, .since_usec = told->since_usec };
                break;
        case QOS_STATUS_ABSENT:
                *told = (QosTold){ .status = knob->status, .since_usec = told->since_usec };
                break;
        case QOS_STATUS_WRITING:
        case _QOS_STATUS_N:
                break;
        }
}

void qos_announce_problem(const char *problem) {
        if (problem[0])
                log_event(LOG_WARNING, SLUG_MESSAGE_LIMITS_UNWRITTEN,
                          LOG_WITH({ .name = "SLUG_REASON", .text = problem }),
                          "Limits of cgroups are not written: %s", problem);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_LIMITS_WRITTEN, LOG_PLAIN,
                          "Limits of cgroups are written again");
}

void qos_announce_unwatched(int error) {
        log_event(LOG_WARNING, SLUG_MESSAGE_LIMITS_UNWATCHED,
                  LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-error }),
                  "Cannot watch the cgroups that have limits: %s, looking at them every second%s",
                  strerror(-error), inotify_advise(error));
}

void qos_announce_damage(const Diag *problem) {
        char text[DIAG_FORMATTED_MAX];

        log_event(LOG_WARNING, SLUG_MESSAGE_LIMITS_DAMAGED,
                  LOG_WITH({ .name = "SLUG_FILE", .text = problem->source },
                           { .name = "SLUG_LINE", .number = problem->line }),
                  "%s; what was in the knobs before slugd wrote them is not known, ignoring",
                  diag_format(problem, text));
}

void qos_announce_withdrawal(const QosWithdrawal *withdrawal) {
        const QosWithdrawnItem *bad = NULL;
        size_t n_bad = 0, n_good = 0;

        for (size_t i = 0; i < withdrawal->n_items; ++i) {
                const QosWithdrawnItem *item = &withdrawal->items[i];

                n_good += item->error == 0;
                if (item->error == 0 || item->error == -ENOENT)
                        continue;
                bad = bad ? bad : item;
                ++n_bad;
        }
        if (!bad)
                log_event(LOG_NOTICE, SLUG_MESSAGE_LIMITS_WITHDRAWN, LOG_PLAIN,
                          "%zu limit%s put back to what was there before slugd", n_good,
                          n_good == 1 ? " is" : "s are");
        else
                log_event(
                        LOG_WARNING, SLUG_MESSAGE_LIMITS_WITHDRAWN,
                        LOG_WITH({ .name = "SLUG_CGROUP", .text = bad->item.path },
                                 { .name = "SLUG_KNOB", .text = cgroup_knob_file(bad->item.knob) },
                                 { .name = "ERRNO", .number = (uint64_t)-bad->error }),
                        "%zu limit%s put back to what was there before slugd, %zu could not be, "
                        "among them %s of %s: %s",
                        n_good, n_good == 1 ? " is" : "s are", n_bad,
                        cgroup_knob_file(bad->item.knob), bad->item.path, strerror(-bad->error));
}
