/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does not fit together
 *
 * Sentences for people about one pod: where its cgroup, the runtime and the ledger disagree.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "service/pod-messages.h"

#define NOTE_MAX 384u

typedef struct Notes {
        Arena *arena;
        Slug__V1__ListedPod *message; /* its notes have room for all that may come */
        bool has_failed;
} Notes;

_printf_(2, 3) static void add(Notes *self, const char *format, ...) {
        char text[NOTE_MAX], *copy;
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        copy = arena_strdup(self->arena, text);
        if (!copy)
                self->has_failed = true;
        else
                self->message->notes[self->message->n_notes++] = copy;
}

static void note_pod(Notes *notes, const InventoryPod *pod, const PodsReport *report) {
        if (pod->tree && pod->tree->is_populated && !pod->report && report && report->is_settled &&
            pods_report_is_complete(report))
                add(notes, "its cgroup has processes, and the last report does not know it");
}

static void note_container(Notes *notes, const InventoryContainer *container) {
        const ReportContainer *report = container->report;

        if (container->tree && report && report->cgroup[0] &&
            strcmp(report->cgroup, container->tree->path) != 0)
                add(notes,
                    "the runtime tells another cgroup for container '%.63s' than the one where it "
                    "was seen: %.200s",
                    report->name, report->cgroup);
}

static void note_claim(Notes *notes, const ReconcileMemory *memory, const LedgerClaim *claim) {
        char name[96] = "the claim of the pod";

        if (claim->container[0])
                (void)snprintf(name, sizeof(name), "the claim of container '%.63s'",
                               claim->container);
        if (memory && reconcile_memory_is_missed(memory, claim->pod_uid, claim->container))
                add(notes, "%s is missed by the last look", name);
        /* of an observed one it is where its size comes from */
        if (claim->reason[0] && claim->source != CLAIM_SOURCE_OBSERVED)
                add(notes, "%s is %s: %s", name, claim_state_name(claim->state), claim->reason);
}

int pod_build_notes(Arena *arena,
                    const PodService *service,
                    const char *uid,
                    const InventoryPod *pod,
                    Slug__V1__ListedPod *message) {
        Notes notes = { .arena = arena, .message = message };
        const Ledger *ledger = service->ledger;
        size_t n = 1;

        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, uid, claim))
                n += 2;
        message->notes = arena_alloc_array(arena, n + (pod ? pod->n_containers : 0),
                                           sizeof(*message->notes));
        if (!message->notes)
                return -ENOMEM;
        if (pod)
                note_pod(&notes, pod, service->pods->inventory->report);
        for (size_t i = 0; pod && i < pod->n_containers; ++i)
                note_container(&notes, &pod->containers[i]);
        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, uid, claim))
                note_claim(&notes, service->pods->memory, claim);
        return notes.has_failed ? -ENOMEM : 0;
}
