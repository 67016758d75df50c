/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/pods-announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"

/*
 * A look repeats what is still so, and the journal is told once: of a claim when it changes, of
 * something that does not fit together when the look before did not say the same.
 */

static bool is_flagged(const PodsFlags *flags, const ReconcileNote *note) {
        for (size_t i = 0; i < flags->n_items; ++i)
                if (strcmp(flags->items[i].key.pod_uid, note->key.pod_uid) == 0 &&
                    strcmp(flags->items[i].key.container, note->key.container) == 0 &&
                    strcmp(flags->items[i].reason, note->reason) == 0)
                        return true;
        return false;
}

/* False: there are too many. */
static bool flag(PodsFlags *flags, const ReconcileNote *note) {
        if (flags->n_items == PODS_FLAGS_MAX)
                return false;
        flags->items[flags->n_items].key = note->key;
        memcpy(flags->items[flags->n_items].reason, note->reason, sizeof(note->reason));
        ++flags->n_items;
        return true;
}

/* "Pod 'default/db', container 'c'" */
#define SUBJECT_MAX 640u
static const char *format_subject(const ReconcileNote *note, char text[static SUBJECT_MAX]) {
        const bool is_named = note->pod[0] != '\0';

        (void)snprintf(text, SUBJECT_MAX, "Pod '%s%s%s'%s%s%s",
                       is_named ? note->namespace_name : "", is_named ? "/" : "",
                       is_named ? note->pod : note->key.pod_uid,
                       note->key.container[0] ? ", container '" : "", note->key.container,
                       note->key.container[0] ? "'" : "");
        return text;
}

static void announce_warning(const ReconcileNote *note) {
        char subject[SUBJECT_MAX];

        log_event(LOG_WARNING, SLUG_MESSAGE_POD_FLAGGED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = note->key.pod_uid },
                           { .name = "SLUG_CONTAINER", .text = note->key.container },
                           { .name = "SLUG_REASON", .text = note->reason }),
                  "%s: %s", format_subject(note, subject), note->reason);
}

static void announce_claim(const ReconcileNote *note) {
        const bool is_released = note->act == RECONCILE_RELEASED;
        char subject[SUBJECT_MAX], bytes[BYTES_TEXT_MAX];

        log_event(LOG_INFO, is_released ? SLUG_MESSAGE_RELEASED : SLUG_MESSAGE_CLAIMED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = note->key.pod_uid },
                           { .name = "SLUG_CONTAINER", .text = note->key.container },
                           { .name = "SLUG_BYTES", .number = note->bytes }),
                  "%s %s %" PRIu64 " bytes (%s)%s%s", format_subject(note, subject),
                  is_released ? "gives back" : "holds without having asked", note->bytes,
                  bytes_format(note->bytes, bytes), note->reason[0] ? ": " : "", note->reason);
}

static void announce_identified(const ReconcileNote *note) {
        char subject[SUBJECT_MAX], bytes[BYTES_TEXT_MAX];

        log_event(LOG_INFO, SLUG_MESSAGE_CHUNKS_IDENTIFIED,
                  LOG_WITH({ .name = "SLUG_POD_UID", .text = note->key.pod_uid },
                           { .name = "SLUG_CONTAINER", .text = note->key.container },
                           { .name = "SLUG_BYTES", .number = note->bytes }),
                  "%s %s, and is promised %s with them", format_subject(note, subject),
                  note->reason, bytes_format(note->bytes, bytes));
}

void pods_announce_notes(const ReconcileNote *notes,
                         size_t n_notes,
                         bool is_first,
                         const PodsFlags *before,
                         PodsFlags *now) {
        char subject[SUBJECT_MAX];

        for (size_t i = 0; i < n_notes; ++i) {
                const ReconcileNote *note = &notes[i];
                const bool is_warning =
                        note->act == RECONCILE_TAKEN || note->act == RECONCILE_FLAGGED;
                const bool is_news = note->act == RECONCILE_RELEASED ||
                                     (note->act == RECONCILE_ADOPTED && !is_first);

                if (is_warning && flag(now, note) && !is_flagged(before, note))
                        announce_warning(note);
                else if (is_news)
                        announce_claim(note);
                else if (note->act == RECONCILE_IDENTIFIED)
                        announce_identified(note);
                else
                        log_debug("%s is %s%s%s", format_subject(note, subject),
                                  reconcile_act_name(note->act), note->reason[0] ? ": " : "",
                                  note->reason);
        }
}

void pods_announce_first(const Inventory *inventory, size_t n_adopted) {
        log_event(LOG_NOTICE, SLUG_MESSAGE_PODS_FOUND, LOG_PLAIN, "%zu pod%s found, %zu adopted",
                  inventory->n_pods, inventory->n_pods == 1 ? "" : "s", n_adopted);
}

void pods_announce_problem(const char *problem) {
        if (problem[0])
                log_event(LOG_WARNING, SLUG_MESSAGE_PODS_UNKNOWN,
                          LOG_WITH({ .name = "SLUG_REASON", .text = problem }),
                          "Nothing new is promised: %s", problem);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_PODS_KNOWN, LOG_PLAIN,
                          "Pods are all known again");
}

void pods_announce_report(const PodsReport *before, const PodsReport *now) {
        if (before && strcmp(before->reporter, now->reporter) == 0 &&
            before->is_settled == now->is_settled)
                return;
        log_event(LOG_NOTICE, SLUG_MESSAGE_REPORT_TAKEN,
                  LOG_WITH({ .name = "SLUG_REASON", .text = now->unsettled_reason }),
                  "slug-kubelet reports %zu pod%s, %s%s%s", now->n_pods,
                  now->n_pods == 1 ? "" : "s",
                  now->is_settled ? "and is settled" : "which may not be all",
                  !now->is_settled && now->unsettled_reason[0] ? ": " : "",
                  now->is_settled ? "" : now->unsettled_reason);
}
