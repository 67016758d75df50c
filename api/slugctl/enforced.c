/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/enforced.h"

#include "base/quantity.h"
#include "slugctl/words.h"

const char *enforcement_state_word(Slug__V1__EnforcementState state) {
        switch (state) {
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_HELD:
                return "held";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_DEMOTING:
                return "demoting";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_PROMOTING:
                return "promoting";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_WAITING:
                return "waiting";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_FAILED:
                return "failed";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_OBSERVED:
                return "observed";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_ABSENT:
                return "absent";
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_UNSPECIFIED:
        case _SLUG__V1__ENFORCEMENT_STATE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

Tone enforcement_state_tone(Slug__V1__EnforcementState state) {
        switch (state) {
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_HELD:
                return TONE_GOOD;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_DEMOTING:
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_PROMOTING:
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_WAITING:
                return TONE_NOTICE;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_FAILED:
                return TONE_BAD;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_OBSERVED:
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_ABSENT:
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_UNSPECIFIED:
        case _SLUG__V1__ENFORCEMENT_STATE_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

static unsigned get_urgency(Slug__V1__EnforcementState state) {
        switch (state) {
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_FAILED:
                return 7;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_WAITING:
                return 6;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_DEMOTING:
                return 5;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_PROMOTING:
                return 4;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_OBSERVED:
                return 3;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_HELD:
                return 2;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_ABSENT:
                return 1;
        case SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_UNSPECIFIED:
        case _SLUG__V1__ENFORCEMENT_STATE_IS_INT_SIZE:
                break;
        }
        return 0;
}

Slug__V1__EnforcementState enforcement_get_worse(Slug__V1__EnforcementState a,
                                                 Slug__V1__EnforcementState b) {
        return get_urgency(a) < get_urgency(b) ? b : a;
}

/* As slugd.yaml has them, to be copied into it. */
const char *enforcement_backend_word(Slug__V1__EnforcementBackend backend) {
        switch (backend) {
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_NODE_LIMIT:
                return "node_limit";
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_RECLAIM:
                return "reclaim";
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_DAMOS:
                return "damos";
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_MIGRATE:
                return "migrate";
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_OBSERVE:
                return "observe";
        case SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_UNSPECIFIED:
        case _SLUG__V1__ENFORCEMENT_BACKEND_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

/* Rows */

static EnforcedRange get_range(const Slug__V1__MemoryRange *range) {
        if (!range)
                return (EnforcedRange){ .max = opt_u64(0) };
        return (EnforcedRange){ .min = range->min_bytes, .max = MESSAGE_OPT(range, max_bytes) };
}

EnforcedRange enforced_get_local(const Slug__V1__EnforcedContainer *container) {
        return get_range(container->split ? container->split->local : NULL);
}

EnforcedRange enforced_get_remote(const Slug__V1__EnforcedContainer *container) {
        return get_range(container->split ? container->split->remote : NULL);
}

static void add_ceiling(Table *table, OptU64 max) {
        if (max.present)
                table_add_bytes(table, max.value);
        else
                table_add(table, TONE_PLAIN, "<none>");
}

/* What is above its ceiling looks as urgent as the state is. */
static void
add_achieved(Table *table, uint64_t bytes, OptU64 max, Slug__V1__EnforcementState state) {
        const bool is_over = max.present && bytes > max.value;
        char text[QUANTITY_TEXT_MAX];

        table_add(table, is_over ? enforcement_state_tone(state) : TONE_PLAIN,
                  quantity_format_bytes(bytes, text));
}

typedef struct Row {
        const char *locality;
        Tone tone;
        EnforcedRange range;
        uint64_t achieved, moved;
        OptU64 moved_by_kernel;
} Row;

static void add_row(Table *table, const Row *row, Slug__V1__EnforcementState state) {
        table_add(table, row->tone, row->locality);
        table_add_bytes(table, row->range.min);
        add_ceiling(table, row->range.max);
        add_achieved(table, row->achieved, row->range.max, state);
        table_add_bytes(table, row->moved);
        table_add_opt_bytes(table, row->moved_by_kernel);
}

static void add_blanks(Table *table, size_t n) {
        for (size_t i = 0; i < n; ++i)
                table_add(table, TONE_PLAIN, "");
}

/* What lies on NUMA nodes that are neither was promised to nobody and is moved by nobody. */
static void add_other(Table *table, const Slug__V1__EnforcedContainer *container, size_t n_lead) {
        add_blanks(table, n_lead);
        table_add(table, TONE_NOTICE, "neither");
        table_add(table, TONE_PLAIN, "-");
        table_add(table, TONE_PLAIN, "-");
        table_add_bytes(table, container->other_bytes);
        table_add(table, TONE_PLAIN, "-");
        table_add(table, TONE_PLAIN, "-");
}

void enforced_add(Table *table,
                  const Slug__V1__EnforcedContainer *container,
                  void (*lead)(Table *table, const Slug__V1__EnforcedContainer *container),
                  size_t n_lead) {
        const Row local = { "local",
                            TONE_PLAIN,
                            enforced_get_local(container),
                            container->local_bytes,
                            container->promoted_bytes,
                            MESSAGE_OPT(container, kernel_promoted_bytes) };
        const Row remote = { "remote",
                             TONE_FAR,
                             enforced_get_remote(container),
                             container->remote_bytes,
                             container->demoted_bytes,
                             MESSAGE_OPT(container, kernel_demoted_bytes) };

        if (lead)
                lead(table, container);
        add_row(table, &local, container->state);
        add_blanks(table, n_lead);
        add_row(table, &remote, container->state);
        if (container->other_bytes)
                add_other(table, container, n_lead);
}
