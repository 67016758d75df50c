/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DAMON
 *
 * The kernel's own monitor, told to move pages of one cgroup from a NUMA node to another one: cold
 * ones (DAMOS migrate_cold) or hot ones (migrate_hot). What its files are to say is planned here as
 * a list of writes below DAMON_DIR; workers make them. There is one owner of DAMON on a machine:
 * what another one uses is not touched.
 *
 * What slugd sets up carries a mark, so that another slugd knows it for its own: DAMON_MARK is the
 * largest size of a region that the scheme takes, a number that nobody else would choose and no
 * region reaches.
 *
 * Source: Documentation/admin-guide/mm/damon/usage.rst, mm/damon of Linux 6.12 and 7.2.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nodeset.h"
#include "base/root.h"

#define DAMON_DIR  "sys/kernel/mm/damon/admin/kdamonds"
#define DAMON_MARK (UINT64_MAX - UINT64_C(0x736c756764)) /* "slugd" */

/* What this kernel's DAMON can do, and whether it is free. */
typedef struct DamonFeatures {
        bool is_there;               /* DAMON_DIR */
        bool has_migrate;            /* migrate_hot, migrate_cold and target_nid: 6.11 */
        bool has_ops_filters;        /* a filter can allow, so that there may be several: 6.15 */
        bool has_temporal;           /* goal_tuner, and goals of a cgroup on a node: 7.1 */
        bool has_fail_charge;        /* a quota of what is moved, not of what is looked at: 7.2 */
        bool is_ours;                /* there is a kdamond with DAMON_MARK, and no other one */
        bool is_taken;               /* somebody else has it */
        char taken_by[64];           /* "DAMON_STAT" */
        char problem[DIAG_TEXT_MAX]; /* why it cannot be used, "" when it can */
} DamonFeatures;

/* A few small files. While nothing is set up, the features are those of the kernel's version. */
void damon_probe(const Root *root, DamonFeatures *ret);
/* What it can do by the files of what is set up, once damon_plan_frame() has been written; nothing
 * else in @features is changed. */
void damon_look(const Root *root, DamonFeatures *features);

#define DAMON_PATH_MAX    128u
#define DAMON_VALUE_MAX   528u /* a path of a cgroup */
#define DAMON_RANGES_MAX  64u
#define DAMON_CGROUPS_MAX 16u

typedef struct DamonWrite {
        char path[DAMON_PATH_MAX];   /* below DAMON_DIR */
        char value[DAMON_VALUE_MAX]; /* without a newline */
} DamonWrite;

/*
 * damon_write_may_block() - whether it may take more than a moment
 *
 * All files but "state" only note what they are told, or fail at once while somebody else has their
 * lock. "state" starts a kernel thread, or waits for what is being moved. (mm/damon/sysfs.c)
 */
bool damon_write_may_block(const DamonWrite *write);
/* Of @value to @fd, one of DAMON's files. Return: 0 or an errno. */
_must_check_ int damon_write(int fd, const char *value);

/* What was looked at since it was turned on, as damon_plan_rest() had it noted, in bytes. */
bool damon_read_looked(const Root *root, uint64_t *ret);

/* Planning. Pure. */

typedef struct DamonPlan {
        DamonWrite *items;
        size_t n_items, n_allocated;
} DamonPlan;

void damon_plan_deinit(DamonPlan *plan);
DEFINE_DEINIT(DamonPlan, damon_plan_deinit);

typedef struct DamonRange {
        uint64_t start, end; /* physical bytes; the end is not in it */
} DamonRange;

/* What of the pages is taken, and how fast. */
typedef struct DamonPace {
        bool takes_all; /* whatever was accessed; else cold (down) or hot ones (up) only */
        /* In one window of DAMON_WINDOW_USEC, bytes that are looked at, and moved where they are
         * the cgroup's. Where moved bytes alone are charged: all that is moved in an hour. */
        uint64_t quota;
} DamonPace;

#define DAMON_SAMPLE_USEC UINT64_C(1000)
#define DAMON_WINDOW_USEC UINT64_C(1000)  /* how often the scheme is applied */
#define DAMON_LOOK_USEC   UINT64_C(40000) /* how long it is looked before a page is called cold */
#define DAMON_QUOTA_MIN   (2 * MIB)

typedef struct DamonMove {
        bool is_up; /* hot pages */
        unsigned from, to;
        DamonRange ranges[DAMON_RANGES_MAX]; /* of @from, by rising address, whole pages */
        size_t n_ranges;
        /* Each exactly, nothing below it; below the root of cgroup v2, no leading slash. More than
         * one only with has_ops_filters. */
        const char *cgroups[DAMON_CGROUPS_MAX];
        size_t n_cgroups;
        const char *container; /* the cgroup above all of them, for the goal */
        uint64_t node_bytes;   /* MemTotal of @from; not 0 */
        uint64_t left_bytes;   /* that the container keeps on @from: the goal */
        DamonPace pace;
} DamonMove;

/* All append to @plan. Return: 0, -EINVAL, or -ENOMEM. */

/* One kdamond with one scheme, so that its files are there. */
_must_check_ int damon_plan_frame(DamonPlan *plan);
/* All else, and it is turned on. */
_must_check_ int
damon_plan_move(DamonPlan *plan, const DamonFeatures *features, const DamonMove *move);
/* It is off; this fails when it was not on. Where the kernel stops by itself what was looked at is
 * noted first: before, Linux 6.12 takes a tenth of a second for that, in which it goes on. */
_must_check_ int damon_plan_rest(DamonPlan *plan, const DamonFeatures *features);
/* No kdamond is left. It has to be off. */
_must_check_ int damon_plan_end(DamonPlan *plan);
/* After @looked_bytes of the ranges: the address behind them, less than 1 MiB too low, since ranges
 * begin and end where pages do; 0: that was all of it. */
uint64_t damon_get_hand(const DamonMove *move, uint64_t looked_bytes);

/*
 * damon_get_quota() - of a step
 * @bytes:        that are to be moved
 * @used_bytes:   of the container on the NUMA node
 * @looked_bytes: the ranges, together
 *
 * Where moved bytes alone are charged it is @bytes. Else it is a part of them, more where few of
 * the node's bytes are the container's, and not so little that looking at the node takes its time;
 * never above @bytes: what is found in one window is moved in it.
 */
uint64_t damon_get_quota(const DamonFeatures *features,
                         uint64_t bytes,
                         uint64_t used_bytes,
                         uint64_t looked_bytes);
