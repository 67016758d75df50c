/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any containers on any machine, doing anything: what has to hold of every decision holds (it is in
 * tests/lib/enforce-bed.c), and when they have come to rest, and the machine can do what it is
 * told, each is held or says why not, and nothing is moved any more.
 */
#include <stdio.h>

#include "lib/claims.h"
#include "lib/enforce-bed.h"
#include "lib/test-main.h"

#define SEC       USEC_PER_SEC
#define MSEC      USEC_PER_MSEC
#define MACHINES  64u
#define REST_SEC  240u
#define STILL_SEC 60u

static uint64_t seed;

static uint64_t draw(uint64_t n) {
        return claims_random(&seed) / 7 % n;
}

static bool happens(uint64_t percent) {
        return draw(100) < percent;
}

static void make_machine(EnforceBed *bed) {
        static const uint64_t stale_bytes[] = { 0, 256 * KIB, 512 * KIB, 2 * MIB, 8 * MIB };

        enforce_bed_init(bed);
        bed->local_bytes = (200 + draw(2000)) * MIB;
        bed->remote_bytes = (200 + draw(4000)) * MIB;
        bed->throughput = (20 + draw(happens(30) ? 3000 : 300)) * MIB;
        bed->latency_usec = draw(60) * MSEC;
        bed->stale_bytes = stale_bytes[draw(ELEMENTSOF(stale_bytes))];
        bed->n_lower_tiers = happens(20) ? 2 : 1;
        bed->moves_pages = happens(50);
        bed->overdone_bytes = happens(20) ? draw(200) * MIB : 0;
        bed->reclaim_fails = happens(10);
        bed->migrate_fails = happens(10);
        bed->pressure_permille_max = happens(50) ? 200 : 0;
        bed->interval_min_usec = (10 + draw(190)) * MSEC;
        bed->interval_max_usec = bed->interval_min_usec + draw(5000) * MSEC;
        bed->budget = enforce_budget_make((20 + draw(1000)) * MIB, bed->now_usec);
}

static const char *make_split(char text[static 96]) {
        const unsigned local = happens(10) ? 0 : (unsigned)draw(400), remote = (unsigned)draw(800);
        const unsigned promised = happens(30) ? local : (unsigned)draw(local + 1);

        (void)snprintf(text, 96, "local=%uMi..%uMi,remote=0..%uMi", promised, local, remote);
        return text;
}

static void add_container(EnforceBed *bed) {
        static const EnforceBackend backends[] = { ENFORCE_RECLAIM, ENFORCE_RECLAIM,
                                                   ENFORCE_RECLAIM, ENFORCE_MIGRATE,
                                                   ENFORCE_OBSERVE };
        BedLoad load = {
                .start_usec = draw(20) * SEC,
                .rate = (10 + draw(happens(20) ? 600 : 100)) * MIB,
                .most = draw(800) * MIB,
                .file_percent = happens(30) ? (unsigned)draw(101) : 0,
        };
        BedContainer *container;
        char text[96];

        if (happens(30)) {
                load.shrink_usec = draw(60) * SEC + 1;
                load.shrink_to = draw(load.most / MIB + 1) * MIB;
        }
        if (happens(20)) {
                load.hot_bytes = draw(500) * MIB;
                load.hot_rate = draw(60) * MIB;
        }
        container = enforce_bed_add(bed, make_split(text), &load);
        container->target.backend = backends[draw(ELEMENTSOF(backends))];
        container->target.may_promote = happens(80);
        container->has_swap = happens(20);
        container->has_counters = happens(50);
        container->pressure_permille = happens(20) ? draw(1000) : 0;
}

static bool is_hot(const EnforceBed *bed) {
        for (size_t i = 0; i < bed->n_containers; ++i)
                if (bed->containers[i].load.hot_rate > 0)
                        return true;
        return false;
}

/* Of those that have not given up: they try once in a while. */
static uint64_t count_steps(const EnforceBed *bed) {
        uint64_t n = 0;

        for (size_t i = 0; i < bed->n_containers; ++i)
                if (bed->containers[i].memory.n_given_up == 0)
                        n += bed->containers[i].n_steps + bed->containers[i].n_steps_up;
        return n;
}

/* It says that it is held, and it is. */
static void check_rest(const EnforceBed *bed, const BedContainer *container) {
        const Split *split = &container->target.split;
        const uint64_t local = enforce_bed_get_local(container);
        const uint64_t slack = container->load.hot_rate > 0 ? split->local.max / 20 : 0;
        const uint64_t tolerance =
                split->local.max / 100 * 3 + 2 * bed->stale_bytes + 4 * MIB + slack;

        if (container->decision.status != ENFORCE_HELD)
                return;
        ck_assert_msg(local <= split->local.max + tolerance, "seed %d: %s", (int)seed,
                      container->decision.reason);
        if (enforce_bed_get_remote(container) > 2 * bed->stale_bytes)
                ck_assert_msg(local + tolerance + split->local.min / 32 >= split->local.min ||
                                      enforce_bed_get_remote(container) < tolerance,
                              "%s", container->decision.reason);
}

static void try_machine(uint64_t number) {
        EnforceBed bed;
        uint64_t n_steps;

        seed = number * 7919 + 1;
        make_machine(&bed);
        for (uint64_t n = 1 + draw(5); n > 0; --n)
                add_container(&bed);
        ck_assert_msg(enforce_bed_run(&bed, REST_SEC * SEC), "machine %u: %s", (unsigned)number,
                      bed.why);
        n_steps = count_steps(&bed);
        ck_assert_msg(enforce_bed_run(&bed, STILL_SEC * SEC), "machine %u: %s", (unsigned)number,
                      bed.why);
        if (!is_hot(&bed) && !bed.reclaim_fails && !bed.migrate_fails)
                ck_assert_msg(count_steps(&bed) <= n_steps, "machine %u is never still",
                              (unsigned)number);
        for (size_t i = 0; i < bed.n_containers; ++i)
                check_rest(&bed, &bed.containers[i]);
}

START_TEST(whatever_they_do) {
        for (uint64_t i = 0; i < MACHINES / 8; ++i)
                try_machine((uint64_t)_i * (MACHINES / 8) + i);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-random");
        TCase *tcase = tcase_create("random");

        tcase_add_loop_test(tcase, whatever_they_do, 0, 8);
        suite_add_tcase(suite, tcase);
        return suite;
}
