/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written to DAMON
 *
 * The scheme is applied every millisecond, each time to regions that are together no larger than
 * the quota, on from where the last time ended. All regions are worth the same to it (weights of
 * 0): with others it would look at the coldest of the whole node again and again, whosever they
 * are. What is cold is told by the access pattern instead: nothing was accessed, and so it was for
 * as long as one whole look takes.
 *
 * What is not the container's, or has been moved away already, is charged as if it was moved. So
 * how soon something is found is a matter of how much a second is looked at: windows are short, so
 * that this may be much while what one of them can move is little, and a step goes on where the
 * last one ended instead of at the node's first address.
 *
 * Linux 6.12 begins with one region for each range, as large as that, and splits each in two after
 * a look: of a whole node always something is accessed, and then nothing of it is cold. So ranges
 * are cut into pieces beforehand.
 *
 * reset_interval_ms of 0 makes each time a window of its own. With any other one Linux 6.12 has no
 * quota at all in the first window, since it sets the quota when the next one begins.
 *
 * Where failed bytes can be charged at next to nothing, the quota is what is moved, and the window
 * is an hour: it stops by itself, to the page. Where there are goals and the temporal tuner, the
 * goal stops it, a window too late. The tuner "consist" (Linux 7.2.12) does not stop in time.
 * Where there is neither, nothing does but whoever turned it on.
 *
 * Source: mm/damon/{core,paddr,sysfs-schemes}.c of Linux 6.12.117 and 7.2.13.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "damon/damon.h"

#define CONTEXT "0/contexts/0/"
#define SCHEME  CONTEXT "schemes/0/"

/* Regions: fine enough that hot and cold are told apart, few enough to be looked at each time. */
#define REGIONS_MIN 100u
#define REGIONS_MAX 400u
#define PIECE_MIN   (4 * MIB)
/* Bytes that were looked at and not moved, as a part of what is charged. */
#define FAIL_CHARGE_DENOM (UINT32_C(1) << 20)
#define HOUR_MSEC         UINT32_C(3600000)
#define ALL               UINT32_MAX

void damon_plan_deinit(DamonPlan *plan) {
        free(plan->items);
        *plan = (DamonPlan){};
}

static int grow(DamonPlan *plan) {
        const size_t n = plan->n_allocated ? plan->n_allocated * 2 : 64;
        DamonWrite *items;

        if (plan->n_items < plan->n_allocated)
                return 0;
        items = reallocarray(plan->items, n, sizeof(*items));
        if (!items)
                return -ENOMEM;
        plan->items = items;
        plan->n_allocated = n;
        return 0;
}

static int put(DamonPlan *plan, const char *path, const char *format, ...) _printf_(3, 4);

static int put(DamonPlan *plan, const char *path, const char *format, ...) {
        DamonWrite *write;
        va_list args;
        int r, n;

        r = grow(plan);
        if (r)
                return r;
        write = &plan->items[plan->n_items];
        if (strlen(path) >= sizeof(write->path))
                return -EINVAL;
        memcpy(write->path, path, strlen(path) + 1);
        va_start(args, format);
        n = vsnprintf(write->value, sizeof(write->value), format, args);
        va_end(args);
        if (n <= 0 || (size_t)n >= sizeof(write->value))
                return -EINVAL;
        ++plan->n_items;
        return 0;
}

/* "PREFIX3/NAME" */
static int
put_nth(DamonPlan *plan, const char *prefix, size_t i, const char *name, uint64_t value) {
        char path[DAMON_PATH_MAX];
        const int n = snprintf(path, sizeof(path), "%s%zu/%s", prefix, i, name);

        return (size_t)n >= sizeof(path) ? -EINVAL : put(plan, path, "%" PRIu64, value);
}

static int
put_nth_text(DamonPlan *plan, const char *prefix, size_t i, const char *name, const char *value) {
        char path[DAMON_PATH_MAX];
        const int n = snprintf(path, sizeof(path), "%s%zu/%s", prefix, i, name);

        return (size_t)n >= sizeof(path) ? -EINVAL : put(plan, path, "%s", value);
}

bool damon_write_may_block(const DamonWrite *write) {
        static const char end[] = "/state";
        const size_t n = strlen(write->path), n_end = strlen(end);

        return n >= n_end && strcmp(write->path + n - n_end, end) == 0;
}

int damon_plan_frame(DamonPlan *plan) {
        int r;

        r = put(plan, "nr_kdamonds", "1");
        r = r ? r : put(plan, "0/contexts/nr_contexts", "1");
        r = r ? r : put(plan, CONTEXT "schemes/nr_schemes", "1");
        /* From here on it is known for slugd's. */
        return r ? r : put(plan, SCHEME "access_pattern/sz/max", "%" PRIu64, DAMON_MARK);
}

/* What is looked at */

static uint64_t get_piece_bytes(const DamonMove *move) {
        uint64_t sum = 0, piece;

        for (size_t i = 0; i < move->n_ranges; ++i)
                sum += move->ranges[i].end - move->ranges[i].start;
        piece = sum / REGIONS_MIN / MIB * MIB;
        return piece > PIECE_MIN ? piece : PIECE_MIN;
}

/* All of them, in pieces, of which the last may be larger than the others. Return: how many. */
static size_t count_pieces(const DamonRange *range, uint64_t piece_bytes) {
        const uint64_t n = (range->end - range->start) / piece_bytes;

        return n > 0 ? (size_t)n : 1;
}

static int put_pieces(DamonPlan *plan, const DamonRange *range, uint64_t piece_bytes, size_t *n) {
        static const char regions[] = CONTEXT "targets/0/regions/";
        const size_t n_pieces = count_pieces(range, piece_bytes);
        int r = 0;

        for (size_t i = 0; i < n_pieces && r == 0; ++i) {
                const uint64_t start = range->start + i * piece_bytes;

                r = put_nth(plan, regions, *n, "start", start);
                r = r ? r
                      : put_nth(plan, regions, *n, "end",
                                i + 1 == n_pieces ? range->end : start + piece_bytes);
                ++*n;
        }
        return r;
}

static int put_ranges(DamonPlan *plan, const DamonMove *move) {
        const uint64_t piece_bytes = get_piece_bytes(move);
        size_t n_pieces = 0, n = 0;
        int r;

        for (size_t i = 0; i < move->n_ranges; ++i) {
                const DamonRange *range = &move->ranges[i];

                if (range->start >= range->end || (i > 0 && move->ranges[i - 1].end > range->start))
                        return -EINVAL;
                n_pieces += count_pieces(range, piece_bytes);
        }
        r = put(plan, CONTEXT "targets/nr_targets", "1");
        r = r ? r : put(plan, CONTEXT "targets/0/regions/nr_regions", "%zu", n_pieces);
        for (size_t i = 0; i < move->n_ranges && r == 0; ++i)
                r = put_pieces(plan, &move->ranges[i], piece_bytes, &n);
        return r;
}

static int put_context(DamonPlan *plan, const DamonMove *move) {
        int r;

        r = put(plan, CONTEXT "operations", "paddr");
        r = r ? r
              : put(plan, CONTEXT "monitoring_attrs/intervals/sample_us", "%" PRIu64,
                    DAMON_SAMPLE_USEC);
        r = r ? r
              : put(plan, CONTEXT "monitoring_attrs/intervals/aggr_us", "%" PRIu64,
                    DAMON_LOOK_USEC);
        r = r ? r : put(plan, CONTEXT "monitoring_attrs/nr_regions/min", "%u", REGIONS_MIN);
        r = r ? r : put(plan, CONTEXT "monitoring_attrs/nr_regions/max", "%u", REGIONS_MAX);
        return r ? r : put_ranges(plan, move);
}

/* What is moved */

static int put_pattern(DamonPlan *plan, const DamonMove *move) {
        const DamonPace *pace = &move->pace;
        const bool is_cold = !move->is_up && !pace->takes_all;
        const bool is_hot = move->is_up && !pace->takes_all;
        int r;

        r = put(plan, SCHEME "access_pattern/nr_accesses/min", "%u", is_hot ? 1u : 0u);
        r = r ? r : put(plan, SCHEME "access_pattern/nr_accesses/max", "%u", is_cold ? 0u : ALL);
        r = r ? r : put(plan, SCHEME "access_pattern/age/min", "%u", is_cold ? 1u : 0u);
        return r ? r : put(plan, SCHEME "quotas/bytes", "%" PRIu64, pace->quota);
}

static int put_goal(DamonPlan *plan, const DamonMove *move) {
        const uint64_t left = bytes_min(move->left_bytes, move->node_bytes);
        int r;

        r = put(plan, SCHEME "quotas/goal_tuner", "temporal");
        r = r ? r : put(plan, SCHEME "quotas/goals/nr_goals", "1");
        r = r ? r : put(plan, SCHEME "quotas/goals/0/target_metric", "node_memcg_free_bp");
        /* Rounded so that it is not reached too early. */
        r = r ? r
              : put(plan, SCHEME "quotas/goals/0/target_value", "%" PRIu64,
                    10000 - bytes_share(10000, left, move->node_bytes));
        r = r ? r : put(plan, SCHEME "quotas/goals/0/nid", "%u", move->from);
        return r ? r : put(plan, SCHEME "quotas/goals/0/path", "/%s", move->container);
}

static int put_limits(DamonPlan *plan, const DamonFeatures *features, const DamonMove *move) {
        int r;

        if (!features->has_fail_charge) {
                r = put(plan, SCHEME "quotas/reset_interval_ms", "0");
                return r || !features->has_temporal ? r : put_goal(plan, move);
        }
        r = put(plan, SCHEME "quotas/reset_interval_ms", "%u", HOUR_MSEC);
        r = r ? r : put(plan, SCHEME "quotas/fail_charge_num", "1");
        return r ? r : put(plan, SCHEME "quotas/fail_charge_denom", "%u", FAIL_CHARGE_DENOM);
}

/* One that allows for each cgroup, and the kernel takes no other page; or, before there were any,
 * one that takes away all pages that are not of the only cgroup. */
static int put_filters(DamonPlan *plan, const DamonFeatures *features, const DamonMove *move) {
        const char *prefix = features->has_ops_filters ? SCHEME "ops_filters/" : SCHEME "filters/";
        char path[DAMON_PATH_MAX], cgroup[DAMON_VALUE_MAX];
        int r;

        (void)snprintf(path, sizeof(path), "%snr_filters", prefix);
        r = put(plan, path, "%zu", move->n_cgroups);
        for (size_t i = 0; i < move->n_cgroups && r == 0; ++i) {
                if ((size_t)snprintf(cgroup, sizeof(cgroup), "/%s", move->cgroups[i]) >=
                    sizeof(cgroup))
                        return -EINVAL;
                r = put_nth_text(plan, prefix, i, "type", "memcg");
                r = r ? r : put_nth_text(plan, prefix, i, "memcg_path", cgroup);
                r = r ? r
                      : put_nth_text(plan, prefix, i, "matching",
                                     features->has_ops_filters ? "Y" : "N");
                if (r == 0 && features->has_ops_filters)
                        r = put_nth_text(plan, prefix, i, "allow", "Y");
        }
        return r;
}

static int put_scheme(DamonPlan *plan, const DamonFeatures *features, const DamonMove *move) {
        int r;

        r = put(plan, SCHEME "action", "%s", move->is_up ? "migrate_hot" : "migrate_cold");
        r = r ? r : put(plan, SCHEME "target_nid", "%u", move->to);
        r = r ? r : put(plan, SCHEME "apply_interval_us", "%" PRIu64, DAMON_WINDOW_USEC);
        r = r ? r : put(plan, SCHEME "access_pattern/age/max", "%u", ALL);
        r = r ? r : put_pattern(plan, move);
        r = r ? r : put_limits(plan, features, move);
        return r ? r : put_filters(plan, features, move);
}

static bool is_valid(const DamonFeatures *features, const DamonMove *move) {
        return features->has_migrate && move->from != move->to && move->node_bytes > 0 &&
               move->n_ranges > 0 && move->n_ranges <= DAMON_RANGES_MAX && move->n_cgroups > 0 &&
               move->n_cgroups <= (features->has_ops_filters ? DAMON_CGROUPS_MAX : 1) &&
               move->pace.quota > 0;
}

int damon_plan_move(DamonPlan *plan, const DamonFeatures *features, const DamonMove *move) {
        int r;

        if (!is_valid(features, move))
                return -EINVAL;
        r = put_context(plan, move);
        r = r ? r : put_scheme(plan, features, move);
        return r ? r : put(plan, "0/state", "on");
}

int damon_plan_rest(DamonPlan *plan, const DamonFeatures *features) {
        const int r = features->has_fail_charge ? put(plan, "0/state", "update_schemes_stats") : 0;

        return r ? r : put(plan, "0/state", "off");
}

int damon_plan_end(DamonPlan *plan) {
        return put(plan, "nr_kdamonds", "0");
}

uint64_t damon_get_hand(const DamonMove *move, uint64_t looked_bytes) {
        for (size_t i = 0; i < move->n_ranges; ++i) {
                const DamonRange *range = &move->ranges[i];

                if (looked_bytes < range->end - range->start)
                        return range->start + looked_bytes / MIB * MIB;
                looked_bytes -= range->end - range->start;
        }
        return 0;
}

/* A sixteenth of the bytes is to be found in a window, if the container's lie evenly. */
uint64_t damon_get_quota(const DamonFeatures *features,
                         uint64_t bytes,
                         uint64_t used_bytes,
                         uint64_t looked_bytes) {
        uint64_t quota = bytes / 16;

        if (features->has_fail_charge)
                return bytes;
        if (used_bytes > 0 && looked_bytes > used_bytes)
                quota = bytes_mul_saturated(quota, looked_bytes / used_bytes);
        return bytes_min(quota > DAMON_QUOTA_MIN ? quota : DAMON_QUOTA_MIN, bytes);
}
