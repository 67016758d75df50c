/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/enforce-bed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_USEC  USEC_PER_MSEC
#define FLUSH_USEC (2 * USEC_PER_SEC)

static void fail(EnforceBed *bed, const BedContainer *container, const char *format, ...)
        _printf_(3, 4);

static void fail(EnforceBed *bed, const BedContainer *container, const char *format, ...) {
        char what[BED_WHY_MAX / 2];
        va_list args;

        if (bed->why[0])
                return;
        va_start(args, format);
        (void)vsnprintf(what, sizeof(what), format, args);
        va_end(args);
        (void)snprintf(bed->why, sizeof(bed->why), "container %zu after %" PRIu64 " ms: %s",
                       (size_t)(container - bed->containers), bed->now_usec / USEC_PER_MSEC, what);
}

void enforce_bed_init(EnforceBed *bed) {
        *bed = (EnforceBed){
                .now_usec = 1000 * USEC_PER_SEC,
                .local_bytes = 4 * GIB,
                .remote_bytes = 8 * GIB,
                .throughput = 160 * MIB,
                .latency_usec = 10 * USEC_PER_MSEC,
                .stale_bytes = 512 * KIB,
                .n_lower_tiers = 1,
                .pressure_permille_max = 200,
                .interval_min_usec = 50 * USEC_PER_MSEC,
                .interval_max_usec = 2 * USEC_PER_SEC,
        };
        bed->budget = enforce_budget_make(GIB, bed->now_usec);
}

BedContainer *enforce_bed_add(EnforceBed *bed, const char *split, const BedLoad *load) {
        BedContainer *container = &bed->containers[bed->n_containers++];
        SplitText text;

        if (bed->n_containers > BED_CONTAINERS_MAX ||
            split_parse("bed", split, strlen(split), &text, NULL) != 0)
                abort();
        *container = (BedContainer){
                .target = { .split = text.split, .backend = ENFORCE_RECLAIM, .may_promote = true },
                .load = *load,
                .next_usec = bed->now_usec,
                .lowest_local = UINT64_MAX,
        };
        container->load.start_usec += bed->now_usec;
        if (load->shrink_usec > 0)
                container->load.shrink_usec += bed->now_usec;
        return container;
}

uint64_t enforce_bed_get_local(const BedContainer *container) {
        return container->local_anon + container->local_file;
}

uint64_t enforce_bed_get_remote(const BedContainer *container) {
        return container->remote_anon + container->remote_file;
}

static uint64_t get_local_free(const EnforceBed *bed) {
        uint64_t used = 0;

        for (size_t i = 0; i < bed->n_containers; ++i)
                used += enforce_bed_get_local(&bed->containers[i]);
        return bytes_sub_clamped(bed->local_bytes, used);
}

static uint64_t get_remote_free(const EnforceBed *bed) {
        uint64_t used = 0;

        for (size_t i = 0; i < bed->n_containers; ++i)
                used += enforce_bed_get_remote(&bed->containers[i]);
        return bytes_sub_clamped(bed->remote_bytes, used);
}

/* Takes up to @bytes from @from. */
static uint64_t shift(uint64_t *from, uint64_t bytes) {
        bytes = bytes_min(bytes, *from);
        *from -= bytes;
        return bytes;
}

/* The container's own doing, and the kernel's. */

static uint64_t get_total(const BedContainer *container) {
        return enforce_bed_get_local(container) + enforce_bed_get_remote(container) +
               container->swapped;
}

static void allocate(EnforceBed *bed, BedContainer *container) {
        const BedLoad *load = &container->load;
        uint64_t bytes = load->rate * TICK_USEC / USEC_PER_SEC, local, file;

        if (bed->now_usec < load->start_usec)
                return;
        bytes = bytes_min(bytes, bytes_sub_clamped(load->most, container->allocated));
        container->allocated += bytes;
        local = bytes_min(bytes, get_local_free(bed));
        file = local * load->file_percent / 100;
        container->local_file += file;
        container->local_anon += local - file;
        container->remote_anon += bytes_min(bytes - local, get_remote_free(bed));
}

static void shrink(const EnforceBed *bed, BedContainer *container) {
        BedLoad *load = &container->load;
        uint64_t bytes;

        if (load->shrink_usec == 0 || bed->now_usec < load->shrink_usec)
                return;
        bytes = bytes_sub_clamped(get_total(container), load->shrink_to);
        load->most = load->shrink_to;
        bytes -= shift(&container->local_anon, bytes);
        bytes -= shift(&container->remote_anon, bytes);
        bytes -= shift(&container->local_file, bytes);
        (void)shift(&container->remote_file, bytes);
        load->shrink_usec = 0;
}

/* What is hot and remote is promoted. */
static void promote_hot(const EnforceBed *bed, BedContainer *container) {
        const BedLoad *load = &container->load;
        const uint64_t hot = bytes_sub_clamped(load->hot_bytes, container->local_anon);
        uint64_t bytes = bytes_min(load->hot_rate * TICK_USEC / USEC_PER_SEC, hot);

        bytes = bytes_min(bytes, get_local_free(bed));
        bytes = shift(&container->remote_anon, bytes);
        container->local_anon += bytes;
        container->kernel_promoted += bytes;
}

/* Steps */

static bool is_failing(const EnforceBed *bed, const BedContainer *container) {
        return container->decision.by_pages || container->target.backend == ENFORCE_MIGRATE
                       ? bed->migrate_fails
                       : bed->reclaim_fails;
}

static void reclaim(EnforceBed *bed, BedContainer *container, uint64_t bytes) {
        uint64_t moved;

        /* With page cache on the slow side a third of it is what is dropped there. */
        bytes -= shift(&container->remote_file, bytes / 3);
        if (container->has_swap)
                container->swapped += shift(&container->remote_anon, bytes / 4);
        if (bed->n_lower_tiers > 1)
                bytes -= bytes / 3; /* from one lower tier to the next */
        moved = shift(&container->local_file, bytes);
        container->remote_file += moved;
        bytes -= moved;
        container->kernel_demoted += moved;
        moved = shift(&container->local_anon, bytes);
        container->remote_anon += moved;
        container->kernel_demoted += moved;
}

static void migrate(BedContainer *container, uint64_t bytes) {
        container->remote_anon += shift(&container->local_anon, bytes);
}

static void move_some(EnforceBed *bed, BedContainer *container, uint64_t bytes) {
        bytes = bytes_min(bytes, container->step_left);
        container->step_left -= bytes;
        if (is_failing(bed, container))
                return;
        if (container->decision.action == ENFORCE_PROMOTE)
                container->local_anon +=
                        shift(&container->remote_anon, bytes_min(bytes, get_local_free(bed)));
        else if (container->decision.by_pages || container->target.backend == ENFORCE_MIGRATE)
                migrate(container, bytes_min(bytes, get_remote_free(bed)));
        else
                reclaim(bed, container, bytes_min(bytes, get_remote_free(bed)));
}

/* What the counters say */

static bool is_behind(uint64_t told, uint64_t now, uint64_t stale_bytes) {
        return (told > now ? told - now : now - told) > stale_bytes;
}

static EnforceUsage read_usage(EnforceBed *bed, BedContainer *container) {
        EnforceUsage *told = &container->told;
        const uint64_t local = enforce_bed_get_local(container);
        const uint64_t remote = enforce_bed_get_remote(container);
        const bool is_flushed = bed->now_usec % FLUSH_USEC < TICK_USEC;

        if (told->usec == 0 || is_flushed || is_behind(told->local, local, bed->stale_bytes) ||
            is_behind(told->remote, remote, bed->stale_bytes)) {
                *told = (EnforceUsage){
                        .local = local,
                        .remote = remote,
                        .local_anon = container->local_anon,
                        .local_file = container->local_file,
                        .remote_file = container->remote_file,
                };
                if (container->has_counters) {
                        told->kernel_demoted = opt_u64(container->kernel_demoted);
                        told->kernel_promoted = opt_u64(container->kernel_promoted);
                }
        }
        told->usec = bed->now_usec;
        told->pressure_permille = opt_u64(container->pressure_permille);
        told->has_swap = container->has_swap;
        return *told;
}

/* The keeper */

static uint64_t get_tolerance(const EnforceBed *bed, uint64_t ceiling) {
        const uint64_t share = ceiling / 100 * 3;

        return share > bed->stale_bytes ? share : bytes_min(bed->stale_bytes, ceiling / 4);
}

static void check_down(EnforceBed *bed,
                       const BedContainer *container,
                       const EnforceUsage *usage,
                       const EnforceNode *node) {
        const Split *split = &container->target.split;
        const uint64_t bytes = container->decision.bytes;
        const uint64_t lowest =
                bytes_sub_clamped(split->local.max, get_tolerance(bed, split->local.max));
        const uint64_t kept = bytes_min(split->local.min, lowest);

        if (bytes > usage->local || usage->local - bytes < kept)
                fail(bed, container, "%" PRIu64 " bytes down take its minimum", bytes);
        if (bytes > usage->local || usage->local - bytes < lowest)
                fail(bed, container, "%" PRIu64 " bytes down leave it far below its ceiling",
                     bytes);
        if (usage->remote + bytes > split->remote.max)
                fail(bed, container, "%" PRIu64 " bytes down are too many for remote memory",
                     bytes);
        if (bytes > node->remote_free)
                fail(bed, container, "there is no room for %" PRIu64 " bytes down", bytes);
}

static void check_up(EnforceBed *bed,
                     const BedContainer *container,
                     const EnforceUsage *usage,
                     const EnforceNode *node) {
        const Split *split = &container->target.split;
        const uint64_t bytes = container->decision.bytes;

        if (!container->target.may_promote)
                fail(bed, container, "nothing may be promoted");
        if (usage->local >= split->local.min && usage->remote <= split->remote.max &&
            bed->overdone_bytes == 0)
                fail(bed, container, "there is no reason to promote");
        if (bytes > usage->remote || bytes > node->local_free)
                fail(bed, container, "there are no %" PRIu64 " bytes to promote, or no room",
                     bytes);
        if (usage->local + bytes > split->local.max)
                fail(bed, container, "%" PRIu64 " bytes up are above the ceiling", bytes);
        if (usage->pressure_permille.value > node->pressure_permille_max &&
            node->pressure_permille_max > 0)
                fail(bed, container, "it is under pressure");
}

static void check(EnforceBed *bed,
                  const BedContainer *container,
                  const EnforceUsage *usage,
                  const EnforceNode *node) {
        const EnforceDecision *decision = &container->decision;

        if (decision->next_usec < usage->usec + node->interval_min_usec ||
            decision->next_usec > usage->usec + node->interval_max_usec)
                fail(bed, container, "looked at again after %" PRId64 " usec",
                     (int64_t)(decision->next_usec - usage->usec));
        if (!decision->reason[0])
                fail(bed, container, "no reason");
        if ((decision->action == ENFORCE_LEAVE) != (decision->bytes == 0))
                fail(bed, container, "%" PRIu64 " bytes of nothing", decision->bytes);
        if (decision->action == ENFORCE_LEAVE)
                return;
        if (container->is_stepping)
                fail(bed, container, "a step on top of a step");
        if (decision->bytes > 64 * MIB || decision->bytes > node->budget)
                fail(bed, container, "%" PRIu64 " bytes are too many", decision->bytes);
        if (container->target.backend == ENFORCE_OBSERVE)
                fail(bed, container, "it is observed only");
        if (decision->action == ENFORCE_DEMOTE)
                check_down(bed, container, usage, node);
        else
                check_up(bed, container, usage, node);
}

static void trace(const EnforceBed *bed, const BedContainer *container) {
        if (bed->is_traced)
                (void)fprintf(stderr,
                              "%7.3f %zu %6.1f+%6.1f g=%6.1f t=%5.1f %s %5.1f next %5.3f: %s\n",
                              (double)(bed->now_usec % (1000 * USEC_PER_SEC)) / 1e6,
                              (size_t)(container - bed->containers),
                              (double)enforce_bed_get_local(container) / (double)MIB,
                              (double)enforce_bed_get_remote(container) / (double)MIB,
                              container->memory.growth / (double)MIB,
                              container->memory.throughput / (double)MIB,
                              enforce_status_name(container->decision.status),
                              (double)container->decision.bytes / (double)MIB,
                              (double)(container->decision.next_usec - bed->now_usec) / 1e6,
                              container->decision.reason);
}

static void look(EnforceBed *bed, BedContainer *container, const EnforceUsage *usage) {
        const EnforceNode node = {
                .local_free = get_local_free(bed),
                .remote_free = get_remote_free(bed),
                .stale_bytes = bed->stale_bytes,
                .budget = enforce_budget_get(&bed->budget, bed->now_usec),
                .pressure_permille_max = bed->pressure_permille_max,
                .n_lower_tiers = bed->n_lower_tiers,
                .moves_pages = bed->moves_pages,
                .interval_min_usec = bed->interval_min_usec,
                .interval_max_usec = bed->interval_max_usec,
        };
        const EnforceDecision before = container->decision;

        ++container->n_looks;
        container->decision = enforce_decide(&container->memory, &container->target, usage, &node);
        check(bed, container, usage, &node);
        trace(bed, container);
        container->next_usec = container->decision.next_usec;
        if (container->is_stepping) {
                container->decision.action = before.action;
                container->decision.by_pages = before.by_pages;
                return;
        }
        if (container->decision.action == ENFORCE_LEAVE)
                return;
        enforce_budget_take(&bed->budget, container->decision.bytes, bed->now_usec);
        enforce_note_begun(&container->memory, &container->decision, bed->now_usec);
        container->is_stepping = true;
        container->step_left = container->decision.bytes;
        container->step_begin_usec = bed->now_usec + bed->latency_usec;
        ++*(container->decision.action == ENFORCE_PROMOTE ? &container->n_steps_up
                                                          : &container->n_steps);
}

static void end_step(EnforceBed *bed, BedContainer *container) {
        const uint64_t asked = container->memory.step_bytes;
        EnforceUsage usage;
        uint64_t moved;

        if (container->memory.step_reclaims)
                reclaim(bed, container, bed->overdone_bytes);
        usage = read_usage(bed, container);
        moved = enforce_note_done(&container->memory, &usage,
                                  is_failing(bed, container) ? -EAGAIN : 0);

        container->is_stepping = false;
        container->moved += moved;
        if (moved > 2 * asked + bed->overdone_bytes)
                fail(bed, container, "%" PRIu64 " bytes moved of %" PRIu64, moved, asked);
        enforce_budget_give_back(&bed->budget, bytes_sub_clamped(asked, moved), bed->now_usec);
        look(bed, container, &usage);
}

static size_t count_moving(const EnforceBed *bed) {
        size_t n = 0;

        for (size_t i = 0; i < bed->n_containers; ++i)
                if (bed->containers[i].is_stepping &&
                    bed->now_usec >= bed->containers[i].step_begin_usec)
                        ++n;
        return n;
}

static void count(EnforceBed *bed, BedContainer *container) {
        const uint64_t local = enforce_bed_get_local(container);
        const uint64_t remote = enforce_bed_get_remote(container);
        const uint64_t ceiling = container->target.split.local.max;

        if (local > container->peak_local)
                container->peak_local = local;
        if (remote > container->peak_remote)
                container->peak_remote = remote;
        if (container->peak_local >= ceiling && local < container->lowest_local)
                container->lowest_local = local;
        if (local > ceiling || local < ceiling - ceiling / 100 * 3)
                container->settled_usec = 0;
        else if (container->settled_usec == 0)
                container->settled_usec = bed->now_usec;
}

static void turn(EnforceBed *bed, BedContainer *container, uint64_t share) {
        allocate(bed, container);
        shrink(bed, container);
        promote_hot(bed, container);
        if (container->is_stepping && bed->now_usec >= container->step_begin_usec) {
                move_some(bed, container, share);
                if (container->step_left == 0)
                        end_step(bed, container);
        }
        if (bed->now_usec >= container->next_usec) {
                const EnforceUsage usage = read_usage(bed, container);

                look(bed, container, &usage);
        }
        count(bed, container);
}

bool enforce_bed_run(EnforceBed *bed, uint64_t usec) {
        const uint64_t end = bed->now_usec + usec;

        for (; bed->now_usec < end && !bed->why[0]; bed->now_usec += TICK_USEC) {
                const size_t n_moving = count_moving(bed);
                const uint64_t bytes = bed->throughput * TICK_USEC / USEC_PER_SEC;

                for (size_t i = 0; i < bed->n_containers; ++i)
                        turn(bed, &bed->containers[i], n_moving > 0 ? bytes / n_moving : bytes);
        }
        return bed->why[0] == '\0';
}
