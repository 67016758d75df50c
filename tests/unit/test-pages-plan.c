/* SPDX-License-Identifier: Apache-2.0 */
/* Which mappings hold pages of a container, and which pages of a batch are moved next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"
#include "worker/pages-maps.h"
#include "worker/pages-plan.h"

#define PAGE UINT64_C(4096)

/* Mappings */

static const char *const mountinfo[] = {
        "1 0 0:30 / / rw,relatime shared:1 master:2 - overlay overlay rw",
        "2 1 0:31 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k",
        "3 1 0:32 / /dev/shm rw - tmpfs shm rw",
        "4 1 0:33 / /a\\040-\\040tmpfs rw - ext4 tmpfs rw",
        "5 1 0:34 / /huge rw - hugetlbfs none rw,pagesize=2M",
        "6 1 0:35 / /x rw - tmpfsx tmpfs rw",
        "7 1 0:36 / /x rw tmpfs tmpfs tmpfs",
        "8 1 0:99999999999 / /x rw - tmpfs tmpfs rw",
        "9 1 nonsense / /x rw - tmpfs tmpfs rw",
        "- - - - - - - tmpfs",
        "",
};

static PagesMounts mounts_of_a_container(void) {
        PagesMounts mounts = { .shmem = pages_device(0, 1) };

        for (size_t i = 0; i < ELEMENTSOF(mountinfo); ++i)
                pages_mounts_add(&mounts, scan_init(mountinfo[i], strlen(mountinfo[i])));
        return mounts;
}

START_TEST(mounts_are_known_by_their_type) {
        PagesMounts *mounts = malloc(sizeof(*mounts));

        *mounts = mounts_of_a_container();
        ck_assert_uint_eq(mounts->n_tmpfs, 2);
        ck_assert_uint_eq(mounts->tmpfs[0], pages_device(0, 31));
        ck_assert_uint_eq(mounts->tmpfs[1], pages_device(0, 32));
        free(mounts);
}
END_TEST

START_TEST(mounts_have_a_cap_and_each_is_there_once) {
        PagesMounts *mounts = calloc(1, sizeof(*mounts));
        char line[128];

        for (unsigned i = 0; i < 3 * PAGES_DEVICES_MAX; ++i) {
                const int n =
                        snprintf(line, sizeof(line), "1 1 0:%u / /x rw - tmpfs tmpfs rw", i / 2);

                pages_mounts_add(mounts, scan_init(line, (size_t)n));
        }
        ck_assert_uint_eq(mounts->n_tmpfs, PAGES_DEVICES_MAX);
        ck_assert_uint_eq(mounts->tmpfs[7], pages_device(0, 7));
        free(mounts);
}
END_TEST

enum { STAYS, MOVES };

static const struct {
        const char *line;
        int what;
} maps[] = {
        { "1000-3000 rw-p 00000000 00:00 0 ", MOVES },
        { "1000-3000 rw-p 00000000 00:00 0", MOVES },
        { "1000-3000 rw-p 00000000 00:00 0          [heap]", MOVES },
        { "1000-3000 rw-p 00000000 00:00 0          [stack]", MOVES },
        { "1000-3000 rw-p 00000000 00:00 0          [anon:vvar]", MOVES },
        { "1000-3000 r--p 00000000 00:00 0          [vvar]", STAYS },
        { "1000-3000 r-xp 00000000 00:00 0          [vdso]", STAYS },
        { "1000-3000 r-xp 00000000 00:00 0          [uprobes]", STAYS },
        { "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", STAYS },
        /* reserved: nothing is there */
        { "1000-3000 ---p 00000000 00:00 0 ", STAYS },
        /* files: also where they were written to */
        { "1000-3000 rw-p 00001000 00:1e 77         /lib/libc.so.6", STAYS },
        { "1000-3000 r-xp 00001000 00:1e 77         /lib/libc.so.6", STAYS },
        { "1000-3000 rw-p 00001000 00:1e 0          /data/base", STAYS },
        { "1000-3000 rw-p 00001000 00:00 77         /data/base", STAYS },
        { "1000-3000 rw-s 00001000 00:1e 77         /data/base", STAYS },
        { "1000-3000 rw-s 00001000 00:1e 77         /dev/shm/not", STAYS },
        /* shared memory: by its device, not by its name */
        { "1000-3000 rw-s 00000000 00:01 5          /memfd:x (deleted)", MOVES },
        { "1000-3000 rw-s 00000000 00:01 5          /SYSV00000000 (deleted)", MOVES },
        { "1000-3000 rw-s 00000000 00:01 5          /dev/zero (deleted)", MOVES },
        { "1000-3000 r--s 00000000 00:20 5          /dev/shm/it", MOVES },
        { "1000-3000 rw-p 00000000 00:20 5          /dev/shm/it", STAYS },
        { "1000-3000 rw-s 00000000 00:1f 5          /dev/x", MOVES },
        /* hugetlb */
        { "1000-3000 rw-p 00000000 00:0f 5          /anon_hugepage (deleted)", STAYS },
        { "1000-3000 rw-p 00000000 00:0f 5          /memfd:x (deleted)", STAYS },
        { "1000-3000 rw-s 00000000 00:0f 5          /SYSV00000000 (deleted)", STAYS },
        { "1000-3000 rw-s 00000000 00:22 5          /huge/it", STAYS },
        { "1000-3000 rw-p 00000000 00:22 5          /huge/it", STAYS },
        /* names that somebody made up */
        { "1000-3000 rw-s 00000000 00:1e 77         /x\\0121000-3000 rw-p 00:01 5 /memfd:", STAYS },
        { "1000-3000 rw-p 00000000 00:1e 77         /[vvar]", STAYS },
        { "1000-3000 rw-s 00000000 00:1e 77         [anon:x]", STAYS },
        /* no lines of maps */
        { "", STAYS },
        { "1000", STAYS },
        { "3000-1000 rw-p 00000000 00:00 0 ", STAYS },
        { "1000-1000 rw-p 00000000 00:00 0 ", STAYS },
        { "1001-3000 rw-p 00000000 00:00 0 ", STAYS },
        { "1000-3001 rw-p 00000000 00:00 0 ", STAYS },
        { "1000-8000000000000000 rw-p 00000000 00:00 0 ", STAYS },
        { "1000-11111111111111111 rw-p 00000000 00:00 0 ", STAYS },
        { "1000-3000 rw-x 00000000 00:00 0 ", STAYS },
        { "1000-3000 rw", STAYS },
        { "1000-3000 rw-p 00000000 00:00 ", STAYS },
        { "1000-3000 rw-p 00000000 00:100000000 7 /x", STAYS },
        { "-1000-3000 rw-p 00000000 00:00 0 ", STAYS },
};

START_TEST(a_mapping_is_a_containers_or_is_not) {
        PagesMounts *mounts = malloc(sizeof(*mounts));
        _cleanup_(pages_ranges_deinitp) PagesRanges ranges = {};
        const char *line = maps[_i].line;

        *mounts = mounts_of_a_container();
        ck_assert_int_eq(pages_ranges_add(&ranges, mounts, scan_init(line, strlen(line)), PAGE), 0);
        free(mounts);
        ck_assert_msg(ranges.n_items == (maps[_i].what != STAYS), "%s", line);
        if (maps[_i].what == STAYS)
                return;
        ck_assert_uint_eq(ranges.items[0].start, 0x1000);
        ck_assert_uint_eq(ranges.items[0].end, 0x3000);
        ck_assert_uint_eq(ranges.bytes, 0x2000);
}
END_TEST

START_TEST(mappings_rise_and_have_a_cap) {
        PagesMounts *mounts = calloc(1, sizeof(*mounts));
        _cleanup_(pages_ranges_deinitp) PagesRanges ranges = {};
        char line[128];
        int r = 0;

        for (unsigned i = 0; i < PAGES_RANGES_MAX + 1 && r == 0; ++i) {
                const int n = snprintf(line, sizeof(line), "%x000-%x000 rw-p 0 00:00 0 ", 2 * i,
                                       2 * i + 1);

                r = pages_ranges_add(&ranges, mounts, scan_init(line, (size_t)n), PAGE);
                if (i == 5) /* the same again, and one that begins inside */
                        ck_assert_int_eq(
                                pages_ranges_add(&ranges, mounts, scan_init(line, (size_t)n), PAGE),
                                0);
        }
        ck_assert_int_eq(r, -E2BIG);
        ck_assert_uint_eq(ranges.n_items, PAGES_RANGES_MAX);
        ck_assert_uint_eq(ranges.items[6].start, 0xc000);
        free(mounts);
}
END_TEST

/* Batches. Every test has one of its own: it is large. */

static PagesBatch *batch;

static void setup(void) {
        batch = calloc(1, sizeof(*batch));
}

static void teardown(void) {
        free(batch);
}

/* @n pages from @first on, all on node 0. */
static void put(uint64_t first, size_t n) {
        NodeSet from = {};

        nodeset_add(&from, 0);
        for (uint64_t i = 0; i < n; ++i) {
                void *address = (void *)(uintptr_t)((first + i) * PAGE);
                const int status = 0;

                pages_batch_add(batch, &address, &status, 1, &from);
        }
}

/* What the kernel makes of what was picked, with folios of @folio pages. */
static void move(size_t folio, unsigned node) {
        for (size_t i = 0; i < batch->n_picked; ++i) {
                const uint64_t base = (uintptr_t)batch->picked_addresses[i] / PAGE / folio;

                batch->picked_statuses[i] = (int)node;
                for (size_t k = 0; k < batch->n_items; ++k)
                        if ((uintptr_t)batch->addresses[k] / PAGE / folio == base)
                                batch->nodes[k] = (int)node;
        }
}

START_TEST(only_pages_of_the_nodes_are_taken) {
        void *addresses[] = { (void *)PAGE, (void *)(2 * PAGE), (void *)(3 * PAGE),
                              (void *)(4 * PAGE) };
        const int statuses[] = { 1, -ENOENT, 0, 1023 };
        NodeSet from = {};

        nodeset_add(&from, 0);
        nodeset_add(&from, 1023);
        pages_batch_add(batch, addresses, statuses, 4, &from);
        ck_assert_uint_eq(batch->n_items, 2);
        ck_assert_ptr_eq(batch->addresses[0], addresses[2]);
        ck_assert_ptr_eq(batch->addresses[1], addresses[3]);
        put(100, 2 * PAGES_BATCH_MAX);
        ck_assert_uint_eq(batch->n_items, PAGES_BATCH_MAX);
}
END_TEST

static const struct {
        size_t folio, n_rounds;
} folios[] = { { 1, 2 }, { 2, 2 }, { 16, 2 }, { 128, 2 }, { 512, 1 } };

START_TEST(folios_of_one_size_take_two_rounds) {
        size_t stride = PAGES_STRIDE_MAX, n_rounds = 0;
        uint64_t bytes = 0;

        put(1024, 4096);
        while (bytes < 4096 * PAGE) {
                ck_assert_uint_gt(pages_batch_pick(batch, stride, 4096 * PAGE, PAGE, 2), 0);
                move(folios[_i].folio, 2);
                bytes += pages_batch_judge(batch, PAGE, 2);
                stride = pages_batch_learn(batch, stride, PAGE);
                ++n_rounds;
        }
        ck_assert_uint_eq(n_rounds, folios[_i].n_rounds);
        ck_assert_uint_eq(stride, folios[_i].folio);
        ck_assert_uint_eq(pages_batch_pick(batch, stride, PAGE, PAGE, 2), 0);
}
END_TEST

/* What is picked is never worth more than was asked for and the rest of one block. */
START_TEST(no_more_is_picked_than_was_asked_for) {
        put(0, 4096);
        ck_assert_uint_eq(pages_batch_pick(batch, 512, 1, PAGE, 1), 1);
        ck_assert_uint_eq(pages_batch_pick(batch, 512, 512 * PAGE, PAGE, 1), 1);
        ck_assert_uint_eq(pages_batch_pick(batch, 512, 512 * PAGE + 1, PAGE, 1), 2);
        ck_assert_uint_eq(pages_batch_pick(batch, 1, 100 * PAGE, PAGE, 1), 100);
        ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1), 4096);
        ck_assert_uint_eq(pages_batch_pick(batch, 16, UINT64_MAX, PAGE, 1), 256);
        ck_assert_int_eq(batch->picked_targets[255], 1);
        ck_assert_uint_eq(batch->picked[255], 255 * 16);
}
END_TEST

START_TEST(who_is_busy_is_tried_twice_and_others_once) {
        put(0, 3);
        for (unsigned round = 0; round < 2; ++round) {
                ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1),
                                  round == 0 ? 3 : 1);
                batch->picked_statuses[0] = -EBUSY;
                batch->picked_statuses[1] = -EACCES;
                batch->picked_statuses[2] = -EFAULT;
                ck_assert_uint_eq(pages_batch_judge(batch, PAGE, 1), 0);
                ck_assert_uint_eq(pages_batch_learn(batch, 1, PAGE), 1);
        }
        ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1), 0);
}
END_TEST

START_TEST(what_the_kernel_did_not_come_to_is_not_tried) {
        put(0, 1024);
        (void)pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1);
        /* 0 and 1 moved, the list of 2 failed, and there it ended */
        batch->nodes[0] = batch->nodes[1] = 1;
        batch->picked_statuses[0] = 1;
        ck_assert_uint_eq(pages_batch_judge(batch, PAGE, 1), 2 * PAGE);
        ck_assert_uint_eq(batch->states[2], PAGE_WAITS);
        ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1), 1022);
        /* nothing is known of any: the first counts, so that there is an end */
        ck_assert_uint_eq(pages_batch_judge(batch, PAGE, 1), 0);
        ck_assert_uint_eq(batch->states[2], PAGE_WAS_BUSY);
        ck_assert_uint_eq(batch->states[3], PAGE_WAITS);
        (void)pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1);
        (void)pages_batch_judge(batch, PAGE, 1);
        ck_assert_uint_eq(batch->states[2], PAGE_STAYS);
        ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1), 1021);
}
END_TEST

START_TEST(what_went_is_not_asked_for_again) {
        put(0, 2);
        (void)pages_batch_pick(batch, 1, PAGE, PAGE, 1);
        batch->nodes[0] = 1;
        batch->nodes[1] = -ENOENT;
        ck_assert_uint_eq(pages_batch_judge(batch, PAGE, 1), PAGE);
        ck_assert_uint_eq(pages_batch_pick(batch, 1, UINT64_MAX, PAGE, 1), 0);
}
END_TEST

/* Whatever the kernel says, there is an end, and no page is counted twice. */
START_TEST(a_batch_comes_to_its_end) {
        size_t stride = PAGES_STRIDE_MAX;
        uint64_t bytes = 0;
        unsigned n = 0;

        srand((unsigned)_i);
        put(7, 300);
        while (pages_batch_pick(batch, stride, 1 + (uint64_t)rand() % (400 * PAGE), PAGE, 1) > 0) {
                static const int said[] = { -EBUSY, -EACCES, -EFAULT, -ENOENT, 1, PAGES_UNTRIED };

                for (size_t i = 0; i < batch->n_picked; ++i)
                        batch->picked_statuses[i] = said[(size_t)rand() % ELEMENTSOF(said)];
                for (size_t i = 0; i < batch->n_items; ++i)
                        if (rand() % 20 == 0)
                                batch->nodes[i] = rand() % 3 - 1;
                bytes += pages_batch_judge(batch, PAGE, 1);
                stride = pages_batch_learn(batch, stride, PAGE);
                ck_assert_uint_ge(stride, 1);
                ck_assert_uint_eq(stride & (stride - 1), 0);
                ck_assert_uint_lt(++n, 1000);
        }
        ck_assert_uint_le(bytes, 300 * PAGE);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pages-plan");
        TCase *t = tcase_create("maps");

        tcase_add_test(t, mounts_are_known_by_their_type);
        tcase_add_test(t, mounts_have_a_cap_and_each_is_there_once);
        tcase_add_loop_test(t, a_mapping_is_a_containers_or_is_not, 0, ELEMENTSOF(maps));
        tcase_add_test(t, mappings_rise_and_have_a_cap);
        suite_add_tcase(s, t);

        t = tcase_create("batch");
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, only_pages_of_the_nodes_are_taken);
        tcase_add_loop_test(t, folios_of_one_size_take_two_rounds, 0, ELEMENTSOF(folios));
        tcase_add_test(t, no_more_is_picked_than_was_asked_for);
        tcase_add_test(t, who_is_busy_is_tried_twice_and_others_once);
        tcase_add_test(t, what_the_kernel_did_not_come_to_is_not_tried);
        tcase_add_test(t, what_went_is_not_asked_for_again);
        tcase_add_loop_test(t, a_batch_comes_to_its_end, 0, 50);
        suite_add_tcase(s, t);
        return s;
}
