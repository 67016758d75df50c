/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/reconcile.h"

#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "pods/reconcile-look.h"

/*
 * A look goes through its steps, and what they have made of the items becomes a change of the
 * ledger here, as far as it fits: into the change, into the ledger, and into a line of the log.
 * What goes is written first and what takes chunks last, so that a plan that is cut short has no
 * chunk in two claims.
 */
#define LINE_MAX_BYTES (RECORD_LINE_MAX / 8 * 7)
#define LINE_CLAIM     512u /* names of fields, and numbers */
#define LINE_ESCAPE    6u   /* bytes that one may become, of text that others have made */
#define LINE_DROP      384u
#define LINE_PART      48u

static const char *const act_names[_RECONCILE_ACT_N] = {
        [RECONCILE_MATCHED] = "matched",   [RECONCILE_ADOPTED] = "adopted",
        [RECONCILE_RESIZED] = "resized",   [RECONCILE_RENAMED] = "renamed",
        [RECONCILE_TAKEN] = "taken",       [RECONCILE_IDENTIFIED] = "identified",
        [RECONCILE_RELEASED] = "released", [RECONCILE_FLAGGED] = "flagged",
};

const char *reconcile_act_name(ReconcileAct act) {
        return (unsigned)act < _RECONCILE_ACT_N ? act_names[act] : "";
}

void reconcile_plan_deinit(ReconcilePlan *plan) {
        ledger_change_deinit(&plan->change);
        free(plan->notes);
        *plan = (ReconcilePlan){};
}

/* Writing */

typedef struct Writer {
        const Look *look;
        ReconcilePlan plan;
        size_t n_new;   /* claims that the ledger has not had */
        size_t n_bytes; /* of the line, about */
} Writer;

static size_t estimate(const LedgerClaim *claim) {
        size_t n = LINE_CLAIM + strlen(claim->pod_uid) + strlen(claim->container) +
                   strlen(claim->namespace_name) + strlen(claim->pod) + strlen(claim->reason) +
                   LINE_ESCAPE * strlen(claim->container_id);

        for (size_t i = 0; i < claim->n_blocks; ++i)
                n += LINE_PART * (claim->blocks[i].n_parts + 2);
        for (size_t i = 0; i < claim->n_chunks; ++i)
                n += LINE_ESCAPE * strlen(claim->chunks[i]) + 4;
        return n;
}

static void write_note(Writer *writer, const LookItem *item, const LookNote *from) {
        const LedgerClaim *named = item->is_gone ? item->before : item_get(item);
        ReconcileNote *note = &writer->plan.notes[writer->plan.n_notes++];

        *note = (ReconcileNote){
                .act = from->act,
                .namespace_name = named->namespace_name,
                .pod = named->pod,
                .bytes = ledger_claim_get_bytes(named, 0),
        };
        (void)snprintf(note->key.pod_uid, sizeof(note->key.pod_uid), "%s", named->pod_uid);
        (void)snprintf(note->key.container, sizeof(note->key.container), "%s", named->container);
        (void)snprintf(note->reason, sizeof(note->reason), "%s", from->reason);
}

static bool is_renamed(const LookItem *item) {
        return item->before && item->now && !item->is_gone &&
               strcmp(item->before->pod_uid, item->now->pod_uid) != 0;
}

static bool fits(const Writer *writer, const LookItem *item) {
        const LedgerChange *change = &writer->plan.change;
        const size_t n_claims = ledger_get_n_claims(writer->look->params->ledger);
        const size_t n_bytes = item->is_gone ? LINE_DROP : estimate(item->now);

        if ((item->is_gone || is_renamed(item)) && change->n_drops == LEDGER_CHANGE_MAX)
                return false;
        if (!item->is_gone && change->n_puts == LEDGER_CHANGE_MAX)
                return false;
        if (!item->before && n_claims + writer->n_new >= LEDGER_CLAIMS_MAX + change->n_drops)
                return false;
        return writer->n_bytes == 0 || writer->n_bytes + n_bytes <= LINE_MAX_BYTES;
}

static int write_change(Writer *writer, const LookItem *item) {
        LedgerChange *change = &writer->plan.change;
        LedgerClaim *claim;
        int r = 0;

        if (item->is_gone || is_renamed(item))
                r = ledger_change_drop(change, item->before->pod_uid, item->before->container);
        if (r || item->is_gone)
                return r;
        r = ledger_claim_new(item->now, &claim);
        return r ? r : ledger_change_put(change, claim);
}

static int write_item(Writer *writer, const LookItem *item) {
        int r;

        if (item->is_replaced || (!item->is_gone && !item->now))
                return 0;
        if (!fits(writer, item)) {
                writer->plan.is_incomplete = true;
                return 0;
        }
        r = write_change(writer, item);
        if (r)
                return r;
        writer->n_new += !item->before;
        writer->n_bytes += item->is_gone ? LINE_DROP : estimate(item->now);
        for (const LookNote *note = item->notes; note; note = note->next)
                /* of one that goes, that it goes is all there is to say */
                if (!item->is_gone || note->act == RECONCILE_RELEASED)
                        write_note(writer, item, note);
        return 0;
}

static int write_items(Writer *writer, bool is_gone, bool gains_chunks) {
        const Look *look = writer->look;
        int r = 0;

        for (size_t i = 0; r == 0 && i < look->n_items; ++i)
                if (look->items[i].is_gone == is_gone &&
                    look->items[i].gains_chunks == gains_chunks)
                        r = write_item(writer, &look->items[i]);
        return r;
}

static void write_flags(Writer *writer) {
        for (size_t i = 0; i < writer->look->n_flags; ++i) {
                const LookFlag *flag = &writer->look->flags[i];
                const ReportPod *report = flag->pod->report;
                ReconcileNote *note = &writer->plan.notes[writer->plan.n_notes++];

                *note = (ReconcileNote){
                        .act = RECONCILE_FLAGGED,
                        .namespace_name = report ? report->namespace_name : "",
                        .pod = report ? report->name : "",
                };
                (void)snprintf(note->key.pod_uid, sizeof(note->key.pod_uid), "%s", flag->pod->uid);
                (void)snprintf(note->reason, sizeof(note->reason), "%s", flag->reason);
        }
}

static int make_notes(Writer *writer) {
        const Look *look = writer->look;
        size_t n = look->n_flags;

        for (size_t i = 0; i < look->n_items; ++i)
                for (const LookNote *note = look->items[i].notes; note; note = note->next)
                        ++n;
        if (n == 0)
                return 0;
        writer->plan.notes = calloc(n, sizeof(*writer->plan.notes));
        return writer->plan.notes ? 0 : -ENOMEM;
}

static int write_plan(Writer *writer) {
        int r;

        writer->plan.is_cut = writer->look->is_cut;
        r = make_notes(writer);
        if (r == 0)
                r = write_items(writer, true, false);
        if (r == 0)
                r = write_items(writer, true, true);
        if (r == 0)
                r = write_items(writer, false, false);
        if (r == 0)
                r = write_items(writer, false, true);
        if (r)
                return r;
        write_flags(writer);
        return 0;
}

/* Remembering */

static bool is_waiting(const LedgerClaim *claim) {
        return claim->state == CLAIM_PENDING || ledger_claim_is_unseen(claim);
}

static void remember_waiting(const Look *look, const LedgerClaim *claim, MemoryClaim *ret) {
        const MemoryClaim *before =
                memory_find_claim(look->memory, claim->pod_uid, claim->container);

        ret->is_waiting = is_waiting(claim);
        if (before && before->is_waiting) {
                ret->since_usec = before->since_usec;
                ret->age_usec = before->age_usec;
                return;
        }
        ret->since_usec = look->params->now_usec;
        ret->age_usec = bytes_sub_clamped(look->params->wall_usec, claim->created_usec);
}

/* Those that are of the ledger, or are to be, are by key. */
static int remember(Look *look, ReconcileMemory **ret) {
        MemoryClaim *claims = arena_alloc_array(look->arena, look->n_claims, sizeof(*claims));
        size_t n = 0;

        if (!claims)
                return -ENOMEM;
        for (size_t i = 0; i < look->n_claims; ++i) {
                const LookItem *item = &look->items[i];
                const LedgerClaim *claim = item_get(item);
                MemoryClaim *memory;

                if (item->is_replaced || (item->n_missed == 0 && !is_waiting(claim)))
                        continue;
                memory = &claims[n++];
                (void)snprintf(memory->key.pod_uid, POD_UID_MAX, "%s", claim->pod_uid);
                (void)snprintf(memory->key.container, POD_NAME_MAX, "%s", claim->container);
                memory->n_missed = item->n_missed;
                memory->tree_usec = item->tree_usec;
                remember_waiting(look, claim, memory);
        }
        return memory_copy(claims, n, look->pods, look->n_pods, ret);
}

static int take_steps(Look *look) {
        int (*const steps[])(Look *) = {
                look_init, look_rename, look_judge,   look_take_chunks, look_identify,
                look_fit,  look_resize, look_observe, look_admit,       look_flag,
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(steps); ++i)
                r = steps[i](look);
        return r;
}

int reconcile(const ReconcileParams *params,
              ReconcileMemory *memory,
              bool is_same_look,
              ReconcilePlan *ret) {
        _cleanup_(reconcile_memory_freep) ReconcileMemory *next = NULL;
        _cleanup_(arena_freep) Arena *arena = NULL;
        Look look = {
                .params = params,
                .inventory = params->inventory,
                .memory = memory,
                .is_same = is_same_look,
        };
        Writer writer = { .look = &look };
        int r;

        r = arena_new(SIZE_MAX, &arena);
        if (r)
                return r;
        look.arena = arena;
        r = take_steps(&look);
        if (r == 0)
                r = remember(&look, &next);
        if (r == 0)
                r = write_plan(&writer);
        if (r) {
                reconcile_plan_deinit(&writer.plan);
                return r;
        }

        /* Nothing below can fail. */
        memory_swap(memory, next);
        *ret = writer.plan;
        return 0;
}
