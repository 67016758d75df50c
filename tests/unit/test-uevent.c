/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look again, and the kernel's events. The second needs a machine that lets us ask the
 * kernel for an event (root, and a writable /sys); elsewhere those cases have nothing to test, and
 * the virtual machines do it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/test-main.h"
#include "uevent/debounce.h"
#include "uevent/monitor.h"

#define MSEC USEC_PER_MSEC

/* Looks that happen up to @until when the due ones are taken in time. */
static unsigned count_looks(Debounce *debounce, uint64_t until) {
        unsigned n = 0;

        while (debounce_get_due(debounce) <= until) {
                ck_assert(debounce_take(debounce, debounce_get_due(debounce)));
                ++n;
        }
        return n;
}

START_TEST(nothing_happened_is_no_reason_to_look) {
        Debounce debounce = {};

        ck_assert_uint_eq(debounce_get_due(&debounce), DEBOUNCE_NEVER);
        ck_assert(!debounce_take(&debounce, UINT64_MAX - 1));
}
END_TEST

START_TEST(one_event_is_one_look_after_the_silence) {
        Debounce debounce = {};

        debounce_note(&debounce, 1000 * MSEC);
        ck_assert_uint_eq(debounce_get_due(&debounce), 1250 * MSEC);
        ck_assert(!debounce_take(&debounce, 1249 * MSEC));
        ck_assert(debounce_take(&debounce, 1250 * MSEC));
        ck_assert_uint_eq(debounce_get_due(&debounce), DEBOUNCE_NEVER);
}
END_TEST

START_TEST(a_burst_is_one_look) {
        Debounce debounce = {};

        for (unsigned i = 0; i < 20; ++i)
                debounce_note(&debounce, 1000 * MSEC + i * MSEC);
        ck_assert_uint_eq(count_looks(&debounce, 60000 * MSEC), 1);
}
END_TEST

START_TEST(a_long_storm_has_looks_in_between) {
        Debounce debounce = {};
        unsigned n = 0;

        for (uint64_t now = 1000 * MSEC; now < 6000 * MSEC; now += 10 * MSEC) {
                n += count_looks(&debounce, now);
                debounce_note(&debounce, now);
        }
        ck_assert_uint_ge(n, 8);
        ck_assert_uint_le(n, 10);
}
END_TEST

START_TEST(the_last_event_is_always_followed_by_a_look_within_the_silence) {
        for (uint64_t length = 0; length < 2000 * MSEC; length += 7 * MSEC) {
                Debounce debounce = {};
                uint64_t last = 0, look = 0;

                for (uint64_t now = MSEC; now <= MSEC + length; now += 7 * MSEC) {
                        (void)count_looks(&debounce, now);
                        debounce_note(&debounce, now);
                        last = now;
                }
                while (debounce_get_due(&debounce) != DEBOUNCE_NEVER) {
                        look = debounce_get_due(&debounce);
                        ck_assert(debounce_take(&debounce, look));
                }
                ck_assert_uint_eq(look, last + DEBOUNCE_QUIET_USEC);
        }
}
END_TEST

START_TEST(a_late_look_ends_the_storm) {
        Debounce debounce = {};

        debounce_note(&debounce, 1000 * MSEC);
        ck_assert(debounce_take(&debounce, 9000 * MSEC));
        ck_assert_uint_eq(debounce_get_due(&debounce), DEBOUNCE_NEVER);
}
END_TEST

/* The kernel */

typedef struct Heard {
        sd_event *event;
        unsigned n_memory, n_other;
} Heard;

static void on_event(const char *subsystem, const char *action, const char *path, void *userdata) {
        Heard *heard = userdata;

        ck_assert_str_eq(action, "change");
        ck_assert_ptr_nonnull(strstr(path, "/devices/system/"));
        if (strcmp(subsystem, "node") == 0 || strcmp(subsystem, "memory") == 0)
                ++heard->n_memory;
        else
                ++heard->n_other;
        (void)sd_event_exit(heard->event, 0);
}

/* Asks the kernel to send an event about @device. */
static bool provoke(const char *device) {
        char path[128];
        bool is_done;
        int fd;

        (void)snprintf(path, sizeof(path), "/sys/devices/system/%s/uevent", device);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        is_done = write(fd, "change", strlen("change")) == (ssize_t)strlen("change");
        (void)close(fd);
        return is_done;
}

START_TEST(the_kernel_is_heard_about_nodes_and_not_about_cpus) {
        Heard heard = {};
        UeventMonitor *monitor;

        ck_assert_int_ge(sd_event_new(&heard.event), 0);
        ck_assert_int_eq(
                uevent_monitor_new(heard.event,
                                   &(const UeventOwner){ .happened = on_event, .userdata = &heard },
                                   &monitor),
                0);
        /* the order is the kernel's: what is heard first is not the CPU's */
        if (provoke("cpu/cpu0") && provoke("node/node0")) {
                ck_assert_int_ge(sd_event_loop(heard.event), 0);
                ck_assert_uint_eq(heard.n_memory, 1);
                ck_assert_uint_eq(heard.n_other, 0);
        }
        ck_assert_ptr_null(uevent_monitor_free(monitor));
        sd_event_unref(heard.event);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("uevent");
        TCase *t = tcase_create("debounce");

        tcase_add_test(t, nothing_happened_is_no_reason_to_look);
        tcase_add_test(t, one_event_is_one_look_after_the_silence);
        tcase_add_test(t, a_burst_is_one_look);
        tcase_add_test(t, a_long_storm_has_looks_in_between);
        tcase_add_test(t, the_last_event_is_always_followed_by_a_look_within_the_silence);
        tcase_add_test(t, a_late_look_ends_the_storm);
        suite_add_tcase(s, t);
        t = tcase_create("kernel");
        tcase_add_test(t, the_kernel_is_heard_about_nodes_and_not_about_cpus);
        suite_add_tcase(s, t);
        return s;
}
