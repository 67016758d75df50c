/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/budget.h"

static uint64_t get_most(const EnforceBudget *budget) {
        const uint64_t tenth = budget->rate / 10;

        return tenth > ENFORCE_BUDGET_BURST ? tenth : ENFORCE_BUDGET_BURST;
}

EnforceBudget enforce_budget_make(uint64_t rate, uint64_t now_usec) {
        EnforceBudget budget = { .rate = rate, .usec = now_usec };

        budget.bytes = rate > 0 ? get_most(&budget) : 0;
        return budget;
}

/* Bytes come one by one; what is less than one is kept, so that looking often loses nothing. */
static void fill(EnforceBudget *budget, uint64_t now_usec) {
        const uint64_t most = get_most(budget);
        const uint64_t usec = bytes_sub_clamped(now_usec, budget->usec);
        const unsigned __int128 come = (unsigned __int128)budget->rate * usec + budget->rest;
        const unsigned __int128 bytes = come / USEC_PER_SEC + budget->bytes;

        if (usec == 0)
                return;
        budget->usec = now_usec;
        budget->rest = bytes < most ? (uint64_t)(come % USEC_PER_SEC) : 0;
        budget->bytes = bytes < most ? (uint64_t)bytes : most;
}

void enforce_budget_set_rate(EnforceBudget *budget, uint64_t rate, uint64_t now_usec) {
        fill(budget, now_usec);
        budget->rate = rate;
        budget->bytes = rate > 0 ? bytes_min(budget->bytes, get_most(budget)) : 0;
        budget->rest = 0;
}

uint64_t enforce_budget_get(EnforceBudget *budget, uint64_t now_usec) {
        if (budget->rate == UINT64_MAX)
                return UINT64_MAX;
        fill(budget, now_usec);
        return budget->bytes;
}

void enforce_budget_take(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec) {
        fill(budget, now_usec);
        budget->bytes = bytes_sub_clamped(budget->bytes, bytes);
}

void enforce_budget_give_back(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec) {
        fill(budget, now_usec);
        budget->bytes = bytes_min(bytes_add_saturated(budget->bytes, bytes), get_most(budget));
}

uint64_t enforce_budget_get_usec(EnforceBudget *budget, uint64_t bytes, uint64_t now_usec) {
        const uint64_t there = enforce_budget_get(budget, now_usec);
        const uint64_t missing = bytes_sub_clamped(bytes_min(bytes, get_most(budget)), there);
        unsigned __int128 usec;

        if (missing == 0)
                return now_usec;
        if (budget->rate == 0)
                return UINT64_MAX;
        usec = ((unsigned __int128)missing * USEC_PER_SEC - budget->rest + budget->rate - 1) /
               budget->rate;
        return bytes_add_saturated(now_usec, usec < UINT64_MAX ? (uint64_t)usec : UINT64_MAX);
}
