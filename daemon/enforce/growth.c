/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast local memory grows
 *
 * Between two looks without a step it is what local memory has grown by. While slugd moves pages
 * that says nothing, but what is moved stays the container's: then it is what all of its memory has
 * grown by. When all of it has become less during a step (page cache was dropped, memory was given
 * back) nothing is known. What the kernel counts of its demotions would say more, were it read at
 * the same moment on every kernel.
 *
 * The kernel's counters may be behind by some pages for each CPU, for two seconds at most. Where
 * that is much, a number that has not changed is an old one, and what it has changed by then came
 * in all of that time.
 */
#include "enforce/control.h"

#define SMOOTH_USEC    (100 * USEC_PER_MSEC) /* so old counts half */
#define TOO_SOON_USEC  (20 * USEC_PER_MSEC)  /* noise divided by next to nothing */
#define RECENT_USEC    (10 * USEC_PER_SEC)   /* of what was moved and has come back */
#define LATENCY_USEC   (20 * USEC_PER_MSEC)  /* from a decision to the first page that moves */
#define ACTIVE_BYTES   (1 * MIB)             /* a second */
#define RATE_MAX       1e15                  /* bytes a second: no machine, and fits anywhere */
#define UNTOLD_SHARE   64u
#define RETURNED_BYTES (1 * MIB) /* less than that is noise */

static EnforceSample make_sample(const EnforceUsage *usage) {
        return (EnforceSample){
                .usec = usage->usec,
                .local = usage->local,
                .remote = usage->remote,
                .total = bytes_add_saturated(bytes_add_saturated(usage->local, usage->remote),
                                             usage->other),
                .kernel_promoted = usage->kernel_promoted,
        };
}

static double get_difference(uint64_t now, uint64_t before) {
        return now >= before ? (double)(now - before) : -(double)(before - now);
}

static bool count(OptU64 now, OptU64 before, double *ret) {
        if (!now.present || !before.present || now.value < before.value)
                return false;
        *ret = (double)(now.value - before.value);
        return true;
}

/* Bytes of local memory that came, but for what slugd has moved; false: it cannot be said. */
static bool get_grown(const EnforceMemory *memory, const EnforceSample *now, double *ret) {
        const EnforceSample *before = &memory->sample;
        const double local = get_difference(now->local, before->local);
        const double total = get_difference(now->total, before->total);

        *ret = memory->is_sample_mixed ? total : local;
        return !memory->is_sample_mixed || total >= 0;
}

/* What was moved down and is local again. */
static double get_returned(const EnforceMemory *memory, const EnforceSample *now) {
        const EnforceSample *before = &memory->sample;
        double promoted;

        if (memory->is_sample_mixed && memory->step_action == ENFORCE_PROMOTE)
                return 0;
        if (count(now->kernel_promoted, before->kernel_promoted, &promoted))
                return promoted;
        if (memory->is_sample_mixed || now->local <= before->local || now->remote >= before->remote)
                return 0;
        return (double)bytes_min(now->local - before->local, before->remote - now->remote);
}

/* What was moved down and what came back, the newer the more. */
static void follow_returned(EnforceMemory *memory, const EnforceSample *now, uint64_t usec) {
        const double fade = (double)RECENT_USEC / (double)(RECENT_USEC + usec);
        double returned = get_returned(memory, now);

        memory->recent_down *= fade;
        memory->recent_back *= fade;
        if (returned > memory->recent_down - memory->recent_back)
                returned = memory->recent_down - memory->recent_back;
        if (returned > 0) {
                memory->recent_back += returned;
                memory->returned_usec = now->usec;
        }
        memory->return_cost = memory->recent_down > (double)RETURNED_BYTES
                                      ? memory->recent_back / memory->recent_down
                                      : 0;
}

static bool is_untold(const EnforceMemory *memory, const EnforceSample *now, uint64_t usec) {
        return usec < STALE_USEC && memory->stale_bytes > now->local / UNTOLD_SHARE &&
               now->local == memory->sample.local && now->total == memory->sample.total;
}

void growth_follow(EnforceMemory *memory, const EnforceUsage *usage) {
        const EnforceSample now = make_sample(usage);
        const uint64_t usec = bytes_sub_clamped(now.usec, memory->sample.usec);
        double grown, rate, weight;

        if (memory->sample.usec == 0) {
                memory->active_usec = now.usec;
        } else {
                if (usec < TOO_SOON_USEC || is_untold(memory, &now, usec))
                        return;
                follow_returned(memory, &now, usec);
                if (get_grown(memory, &now, &grown)) {
                        rate = grown * (double)USEC_PER_SEC / (double)usec;
                        rate = rate > RATE_MAX ? RATE_MAX : rate < -RATE_MAX ? -RATE_MAX : rate;
                        weight = (double)usec / (double)(usec + SMOOTH_USEC);
                        memory->growth += (rate - memory->growth) * weight;
                        if (rate > (double)ACTIVE_BYTES || -rate > (double)ACTIVE_BYTES)
                                memory->active_usec = now.usec;
                }
        }
        memory->sample = now;
        memory->is_sample_mixed = memory->step_bytes > 0;
}

uint64_t growth_get_coming(const Control *control) {
        const uint64_t lead = bytes_add_saturated(control->node->interval_min_usec, LATENCY_USEC);
        const double coming = control->memory->growth * (double)lead / (double)USEC_PER_SEC;

        if (coming <= 0)
                return 0;
        return coming < RATE_MAX ? (uint64_t)coming : (uint64_t)RATE_MAX;
}
