/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugd and a double of systemd in one event loop: whoever waits without the loop waits for ever.
 */
#include "cgroup/bus.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "cgroup/bus-message.h"
#include "lib/failmalloc.h"
#include "lib/systemd-double.h"
#include "lib/test-main.h"

#define LIMIT_USEC  (20 * USEC_PER_SEC) /* only a broken test reaches it */
#define LONG_USEC   (60 * USEC_PER_SEC) /* a deadline that is not missed */
#define SHORT_USEC  (100 * USEC_PER_MSEC)
#define UNIT        "kubepods-burstable.slice"
#define RESULTS_MAX 80u

typedef struct Result {
        unsigned n_calls;
        int error;
        char text[BUS_TEXT_MAX + 64];
} Result;

static sd_event *event;
static SystemdDouble systemd;
static CgroupBus *bus;
static Result results[RESULTS_MAX];
static unsigned n_results;

static void start(uint64_t timeout_usec) {
        const CgroupBusParams params = {
                .event = event,
                .address = systemd.address,
                .timeout_usec = timeout_usec,
        };

        bus = cgroup_bus_free(bus);
        ck_assert_int_eq(cgroup_bus_new(&params, &bus), 0);
}

static void setup(void) {
        memset(results, 0, sizeof(results));
        n_results = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        double_open(&systemd, event);
        start(LONG_USEC);
}

static void teardown(void) {
        bus = cgroup_bus_free(bus);
        double_close(&systemd);
        event = sd_event_unref(event);
}

static void on_done(int error, const char *message, void *userdata) {
        Result *result = userdata;

        ++n_results;
        ++result->n_calls;
        result->error = error;
        (void)snprintf(result->text, sizeof(result->text), "%s", message);
}

static void turn(void) {
        ck_assert_int_gt(sd_event_run(event, LIMIT_USEC), 0);
}

static void await_results(unsigned n) {
        while (n_results < n)
                turn();
        ck_assert_uint_eq(n_results, n);
}

static void await_calls(unsigned n) {
        while (systemd.n_calls < n)
                turn();
}

/* All that is on its way arrives. */
static void settle(void) {
        while (sd_event_run(event, SHORT_USEC) > 0)
                ;
}

static const CgroupProperty limit = { .knob = CGROUP_MEMORY_MAX, .value = { .number = 4096 } };

static int ask(unsigned i) {
        return cgroup_bus_set_properties(bus, UNIT, &limit, 1, on_done, &results[i]);
}

static void expect(unsigned i, int error) {
        ck_assert_uint_eq(results[i].n_calls, 1);
        ck_assert_int_eq(results[i].error, error);
        ck_assert_uint_eq(results[i].text[0] != '\0', error != 0 && error != -ECANCELED);
}

/* What is said */

static const struct {
        CgroupKnob knob;
        uint64_t number;
        const char *expected;
} values[] = {
        { CGROUP_MEMORY_MAX, 4096, "(\"MemoryMax\" <t 4096>)" },
        { CGROUP_MEMORY_MAX, CGROUP_MAX, "(\"MemoryMax\" <t 18446744073709551615>)" },
        { CGROUP_MEMORY_HIGH, 0, "(\"MemoryHigh\" <t 0>)" },
        { CGROUP_MEMORY_LOW, UINT64_C(1) << 62, "(\"MemoryLow\" <t 4611686018427387904>)" },
        { CGROUP_MEMORY_MIN, 1, "(\"MemoryMin\" <t 1>)" },
        { CGROUP_CPU_WEIGHT, 100, "(\"CPUWeight\" <t 100>)" },
        { CGROUP_PIDS_MAX, CGROUP_MAX, "(\"TasksMax\" <t 18446744073709551615>)" },
};

START_TEST(a_number_is_said_as_systemd_takes_it) {
        const CgroupProperty property = {
                .knob = values[_i].knob,
                .value = { .number = values[_i].number },
        };
        char expected[256];

        ck_assert_int_eq(cgroup_bus_set_properties(bus, UNIT, &property, 1, on_done, &results[0]),
                         0);
        await_results(1);
        expect(0, 0);
        (void)snprintf(expected, sizeof(expected),
                       "SetUnitProperties sba(sv) \"" UNIT "\" true [%s]", values[_i].expected);
        ck_assert_uint_eq(systemd.n_calls, 1);
        ck_assert_str_eq(systemd.calls[0], expected);
}
END_TEST

static const struct {
        const char *nodes, *expected;
} masks[] = {
        { "", "{}" },
        { "0", "{01}" },
        { "0-1", "{03}" },
        { "1,8", "{02 01}" },
        { "3,16-23", "{08 00 ff}" },
        { "63-64", "{00 00 00 00 00 00 00 80 01}" },
};

START_TEST(numa_nodes_are_a_mask_whose_first_byte_has_the_lowest) {
        CgroupProperty property = { .knob = CGROUP_CPUSET_MEMS };
        char expected[256];

        ck_assert_int_eq(
                nodeset_parse(masks[_i].nodes, strlen(masks[_i].nodes), &property.value.nodes), 0);
        ck_assert_int_eq(cgroup_bus_set_properties(bus, UNIT, &property, 1, on_done, &results[0]),
                         0);
        await_results(1);
        (void)snprintf(expected, sizeof(expected),
                       "SetUnitProperties sba(sv) \"" UNIT
                       "\" true [(\"AllowedMemoryNodes\" <ay %s>)]",
                       masks[_i].expected);
        ck_assert_str_eq(systemd.calls[0], expected);
}
END_TEST

START_TEST(the_last_numa_node_is_in_the_last_byte) {
        CgroupProperty property = { .knob = CGROUP_CPUSET_MEMS };
        const size_t n_before = strlen("SetUnitProperties sba(sv) \"" UNIT
                                       "\" true [(\"AllowedMemoryNodes\" <ay {");

        nodeset_add(&property.value.nodes, NODESET_MAX - 1);
        ck_assert_int_eq(cgroup_bus_set_properties(bus, UNIT, &property, 1, on_done, &results[0]),
                         0);
        await_results(1);
        ck_assert_uint_eq(strlen(systemd.calls[0]), n_before + NODESET_MAX / 8 * 3 - 1 + 4);
        ck_assert_ptr_nonnull(strstr(systemd.calls[0], " 00 80}>)]"));
}
END_TEST

#define ACCOUNTING                                                                                 \
        "(\"MemoryAccounting\" <b true>) (\"CPUAccounting\" <b true>) "                            \
        "(\"IOAccounting\" <b true>) (\"TasksAccounting\" <b true>)"

START_TEST(a_slice_is_made_below_its_parent_with_its_limits) {
        const CgroupProperty properties[] = {
                limit,
                { .knob = CGROUP_CPU_WEIGHT, .value = { .number = 7 } },
        };

        ck_assert_int_eq(
                cgroup_bus_start_slice(bus, "a-b_c-d.slice", properties, 2, on_done, &results[0]),
                0);
        await_results(1);
        expect(0, 0);
        ck_assert_str_eq(systemd.calls[0],
                         "StartTransientUnit ssa(sv)a(sa(sv)) \"a-b_c-d.slice\" \"replace\" ["
                         "(\"Description\" <s \"Limits of Kubernetes, by slugd\">) "
                         "(\"DefaultDependencies\" <b false>) " ACCOUNTING
                         " (\"Wants\" <as [\"a-b_c.slice\"]>) (\"MemoryMax\" <t 4096>) "
                         "(\"CPUWeight\" <t 7>)] []");
}
END_TEST

START_TEST(a_slice_below_the_root_wants_nobody) {
        ck_assert_int_eq(cgroup_bus_start_slice(bus, "a.slice", NULL, 0, on_done, &results[0]), 0);
        await_results(1);
        ck_assert_str_eq(systemd.calls[0],
                         "StartTransientUnit ssa(sv)a(sa(sv)) \"a.slice\" \"replace\" ["
                         "(\"Description\" <s \"Limits of Kubernetes, by slugd\">) "
                         "(\"DefaultDependencies\" <b false>) " ACCOUNTING "] []");
}
END_TEST

START_TEST(a_unit_is_stopped) {
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[0]), 0);
        await_results(1);
        expect(0, 0);
        ck_assert_str_eq(systemd.calls[0], "StopUnit ss \"" UNIT "\" \"replace\"");
}
END_TEST

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG  FIFTY FIFTY FIFTY FIFTY FIFTY

static const struct {
        const char *unit;
        bool is_valid;
} units[] = {
        { "kubepods.slice", true },
        { "kubepods-burstable.slice", true },
        { "a_b-c.d-e.slice", true },
        { "a\\x2db.slice", true },
        { LONG ".slice", false }, /* 256 bytes */
        { TEN TEN TEN TEN FIFTY FIFTY FIFTY FIFTY "01234.slice", true },
        { "-.slice", false }, /* the root of all */
        { "", false },
        { ".slice", false },
        { "kubepods", false },
        { "kubepods.scope", false },
        { "kubepods.slice.service", false },
        { "a--b.slice", false },
        { "-a.slice", false },
        { "a-.slice", false },
        { "a/b.slice", false },
        { "../b.slice", false },
        { "a b.slice", false },
        { "a@b.slice", false },
        { "a'b.slice", false },
        { "a,arg2=b.slice", false },
        { "a\nb.slice", false },
        { "\xc3\xa4.slice", false },
};

START_TEST(what_is_no_slice_is_not_sent) {
        const int expected = units[_i].is_valid ? 0 : -EINVAL;
        const char *unit = units[_i].unit;

        ck_assert_int_eq(cgroup_bus_set_properties(bus, unit, &limit, 1, on_done, &results[0]),
                         expected);
        ck_assert_int_eq(cgroup_bus_start_slice(bus, unit, NULL, 0, on_done, &results[1]),
                         expected);
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, unit, on_done, &results[2]), expected);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_connections, units[_i].is_valid);
}
END_TEST

START_TEST(what_is_no_property_is_not_sent) {
        const CgroupProperty none = { .knob = _CGROUP_KNOB_N };
        CgroupProperty many[2 * _CGROUP_KNOB_N + 1] = {};

        ck_assert_int_eq(cgroup_bus_set_properties(bus, UNIT, &none, 1, on_done, &results[0]),
                         -EINVAL);
        ck_assert_int_eq(
                cgroup_bus_set_properties(bus, UNIT, many, ELEMENTSOF(many), on_done, &results[0]),
                -EINVAL);
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        ck_assert_uint_eq(systemd.n_calls, 1);
}
END_TEST

/* What is answered */

static const struct {
        const char *name;
        int error;
} refusals[] = {
        { "org.freedesktop.systemd1.NoSuchUnit", -ENOENT },
        { "org.freedesktop.systemd1.UnitExists", -EEXIST },
        { "org.freedesktop.DBus.Error.AccessDenied", -EACCES },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", -EACCES },
        { "org.freedesktop.DBus.Error.NoReply", -ETIMEDOUT },
        { "org.freedesktop.DBus.Error.Timeout", -ETIMEDOUT },
        { "org.freedesktop.DBus.Error.InvalidArgs", -EINVAL },
        { "org.freedesktop.DBus.Error.ServiceUnknown", -EHOSTUNREACH },
        { "org.freedesktop.DBus.Error.UnknownProperty", -EOPNOTSUPP },
        { "System.Error.ENOSPC", -ENOSPC },
        { "org.example.Mystery", -EIO },
};

START_TEST(an_error_is_an_errno_and_what_was_said) {
        systemd.mood = DOUBLE_REFUSES;
        systemd.error_name = refusals[_i].name;
        systemd.error_text = "Unit x.slice not found.";
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        expect(0, refusals[_i].error);
        ck_assert_str_eq(results[0].text, systemd.error_text);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_failures, 1);
        ck_assert(cgroup_bus_get_stats(bus).is_connected);
}
END_TEST

static const struct {
        const char *said, *kept;
} texts[] = {
        { "two\nlines\x1b[0m\x7f", "two lines [0m " },
        { "", "" },
        { LONG TEN, LONG "01234" },
        { LONG "0123\xe2\x82\xac!", LONG "0123" }, /* a character that does not fit */
};

START_TEST(of_a_text_a_bounded_and_printable_part_is_kept) {
        systemd.mood = DOUBLE_REFUSES;
        systemd.error_name = "org.freedesktop.systemd1.NoSuchUnit";
        systemd.error_text = texts[_i].said;
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        ck_assert_str_eq(results[0].text, texts[_i].kept);
}
END_TEST

START_TEST(nobody_is_called_from_the_function_that_was_asked) {
        ck_assert_int_eq(ask(0), 0);
        ck_assert_int_eq(ask(1), 0);
        ck_assert_uint_eq(n_results, 0);
        await_results(2);
        expect(0, 0);
        expect(1, 0);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_calls, 2);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_failures, 0);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_connections, 1);
        ck_assert(cgroup_bus_get_stats(bus).is_connected);
}
END_TEST

START_TEST(who_never_asks_connects_to_nobody) {
        settle();
        ck_assert_uint_eq(systemd.n_accepted, 0);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_connections, 0);
        ck_assert(!cgroup_bus_get_stats(bus).is_connected);
}
END_TEST

START_TEST(a_late_answer_is_waited_for) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(ask(0), 0);
        await_calls(1);
        settle();
        ck_assert_uint_eq(n_results, 0);
        double_let_go(&systemd);
        await_results(1);
        expect(0, 0);
}
END_TEST

START_TEST(an_answer_that_comes_too_late_is_dropped) {
        start(SHORT_USEC);
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(ask(0), 0);
        await_calls(1);
        systemd.mood = DOUBLE_ANSWERS;
        ck_assert_int_eq(ask(1), 0); /* shows that somebody is there */
        await_results(2);
        expect(0, -ETIMEDOUT);
        expect(1, 0);
        double_let_go(&systemd);
        settle();
        ck_assert_uint_eq(n_results, 2);
        ck_assert_int_eq(ask(2), 0);
        await_results(3);
        expect(2, 0);
        ck_assert_uint_eq(systemd.n_accepted, 1);
}
END_TEST

START_TEST(what_nobody_asked_for_is_no_answer) {
        systemd.mood = DOUBLE_ANSWERS_ODDLY;
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[0]), 0);
        ck_assert_int_eq(ask(1), 0); /* its answer has nothing that is read */
        await_results(2);
        expect(0, -EBADMSG);
        expect(1, 0);
        ck_assert(cgroup_bus_get_stats(bus).is_connected);
}
END_TEST

/* Jobs */

static const struct {
        const char *result;
        int error;
} ends[] = {
        { "done", 0 },       { "canceled", -ECANCELED }, { "timeout", -ETIMEDOUT },
        { "failed", -EIO },  { "dependency", -EIO },     { "skipped", -EIO },
        { "unheard", -EIO },
};

START_TEST(a_job_is_done_when_it_has_ended) {
        systemd.job_result = NULL;
        ck_assert_int_eq(cgroup_bus_start_slice(bus, UNIT, NULL, 0, on_done, &results[0]), 0);
        await_calls(1);
        settle();
        ck_assert_uint_eq(n_results, 0);
        ck_assert_uint_eq(systemd.n_matches, 1);
        ck_assert_str_eq(systemd.match,
                         "type='signal',sender='org.freedesktop.systemd1',"
                         "path='/org/freedesktop/systemd1',"
                         "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'");
        double_end_job(&systemd, DOUBLE_JOB, UNIT, ends[_i].result, NULL);
        await_results(1);
        ck_assert_int_eq(results[0].error, ends[_i].error);
        ck_assert_str_eq(results[0].text, ends[_i].error ? ends[_i].result : "");
        settle();
        ck_assert_uint_eq(systemd.n_matches, 0);
}
END_TEST

START_TEST(an_end_of_another_job_or_from_somebody_else_is_none) {
        systemd.job_result = NULL;
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[0]), 0);
        await_calls(1);
        double_end_job(&systemd, DOUBLE_JOB "3", UNIT, "done", NULL);
        double_end_job(&systemd, DOUBLE_JOB, UNIT, "done", ":1.66");
        settle();
        ck_assert_uint_eq(n_results, 0);
        double_end_job(&systemd, DOUBLE_JOB, UNIT, "done", NULL);
        await_results(1);
        expect(0, 0);
}
END_TEST

START_TEST(a_job_that_never_ends_has_the_deadline) {
        start(SHORT_USEC);
        systemd.job_result = NULL;
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[0]), 0);
        await_results(1);
        expect(0, -ETIMEDOUT);
        ck_assert_str_eq(results[0].text, "The job did not end in time");
        double_end_job(&systemd, DOUBLE_JOB, UNIT, "done", NULL);
        settle();
        ck_assert_uint_eq(n_results, 1);
        ck_assert(cgroup_bus_get_stats(bus).is_connected);
}
END_TEST

START_TEST(a_job_whose_end_would_not_be_heard_fails) {
        systemd.mood = DOUBLE_REFUSES_MATCHES;
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[0]), 0);
        await_results(1);
        ck_assert_int_eq(results[0].error, -ENOBUFS);
        ck_assert_str_eq(results[0].text, "Too many");
        ck_assert_int_eq(ask(1), 0);
        await_results(2);
        expect(1, 0);
}
END_TEST

/* The connection */

/* Until the pause is over. */
static void ask_again(unsigned i) {
        int r = -ENOTCONN;

        for (unsigned n = 0; r == -ENOTCONN && n < 2000; ++n) {
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
                r = ask(i);
        }
        ck_assert_int_eq(r, 0);
}

START_TEST(a_connection_that_is_lost_is_made_again_by_the_next_call) {
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        systemd.mood = DOUBLE_CLOSES;
        ck_assert_int_eq(ask(1), 0);
        ck_assert_int_eq(ask(2), 0);
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[3]), 0);
        await_results(4);
        expect(1, -ECONNRESET);
        expect(2, -ECONNRESET);
        expect(3, -ECONNRESET);
        ck_assert(!cgroup_bus_get_stats(bus).is_connected);
        systemd.mood = DOUBLE_ANSWERS;
        ck_assert_int_eq(ask(4), 0);
        await_results(5);
        expect(4, 0);
        ck_assert_uint_eq(systemd.n_accepted, 2);
}
END_TEST

START_TEST(a_connection_that_is_lost_while_nothing_waits_is_noticed) {
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        double_stop(&systemd);
        while (cgroup_bus_get_stats(bus).is_connected)
                turn();
        ck_assert_int_eq(ask(1), -ENOTCONN);
        double_listen(&systemd);
        ask_again(1);
        await_results(2);
        expect(1, 0);
}
END_TEST

static const DoubleMood bad_moods[] = { DOUBLE_SLAMS, DOUBLE_GREETS_RUBBISH, DOUBLE_CLOSES,
                                        DOUBLE_TALKS_RUBBISH };

START_TEST(a_bus_that_is_none_fails_what_waits_and_is_tried_again_later) {
        systemd.mood = bad_moods[_i];
        ck_assert_int_eq(ask(0), 0);
        ck_assert_int_eq(ask(1), 0);
        await_results(2);
        expect(0, -ECONNRESET);
        expect(1, -ECONNRESET);
        ck_assert_int_eq(ask(2), -ENOTCONN);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_connections, 1);
        ask_again(2);
        await_results(3);
        expect(2, -ECONNRESET);
        systemd.mood = DOUBLE_ANSWERS;
        ask_again(3);
        await_results(4);
        expect(3, 0);
        ck_assert_uint_eq(systemd.n_accepted, 3);
}
END_TEST

static const DoubleMood silent_moods[] = { DOUBLE_NEVER_GREETS, DOUBLE_HOLDS };

START_TEST(a_bus_that_says_nothing_costs_the_deadline) {
        start(SHORT_USEC);
        systemd.mood = silent_moods[_i];
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        expect(0, -ETIMEDOUT);
        ck_assert(!cgroup_bus_get_stats(bus).is_connected);
        ck_assert_int_eq(ask(1), -ENOTCONN);
        systemd.mood = DOUBLE_ANSWERS;
        ask_again(1);
        await_results(2);
        expect(1, 0);
        ck_assert_uint_eq(cgroup_bus_get_stats(bus).n_connections, 2);
}
END_TEST

START_TEST(a_bus_that_does_not_even_take_the_connection_costs_the_deadline) {
        start(SHORT_USEC);
        (void)sd_event_source_set_enabled(systemd.source, SD_EVENT_OFF);
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        expect(0, -ETIMEDOUT);
        ck_assert_uint_eq(systemd.n_accepted, 0);
}
END_TEST

START_TEST(a_bus_that_is_not_there_costs_no_system_call_for_a_while) {
        double_stop(&systemd);
        ck_assert_int_eq(ask(0), -ENOTCONN);
        double_listen(&systemd);
        ck_assert_int_eq(ask(0), -ENOTCONN); /* though it would answer */
        ask_again(0);
        await_results(1);
        expect(0, 0);
}
END_TEST

START_TEST(too_many_calls_are_refused_and_no_other_ones) {
        unsigned n = 0;
        int r;

        systemd.mood = DOUBLE_HOLDS;
        while ((r = ask(n)) == 0)
                ck_assert_uint_lt(++n, RESULTS_MAX);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_eq(n, 64);
        await_calls(n);
        double_let_go(&systemd);
        await_results(n);
        for (unsigned i = 0; i < n; ++i)
                expect(i, 0);
        systemd.mood = DOUBLE_ANSWERS;
        ck_assert_int_eq(ask(n), 0);
        await_results(n + 1);
}
END_TEST

static void on_done_ask_again(int error, const char *message, void *userdata) {
        on_done(error, message, userdata);
        ck_assert_int_eq(ask(1), bus ? 0 : -ESHUTDOWN);
}

START_TEST(who_is_told_may_ask_again) {
        ck_assert_int_eq(
                cgroup_bus_set_properties(bus, UNIT, &limit, 1, on_done_ask_again, &results[0]), 0);
        await_results(2);
        expect(1, 0);
        systemd.mood = DOUBLE_CLOSES;
        ck_assert_int_eq(
                cgroup_bus_set_properties(bus, UNIT, &limit, 1, on_done_ask_again, &results[2]), 0);
        await_results(3);
        expect(2, -ECONNRESET);
        systemd.mood = DOUBLE_ANSWERS;
        await_results(4);
        ck_assert_int_eq(results[1].error, 0);
}
END_TEST

START_TEST(what_is_under_way_at_the_end_is_told) {
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(ask(0), 0);
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[1]), 0);
        await_calls(2);
        ck_assert_int_eq(ask(2), 0);
        bus = cgroup_bus_free(bus);
        ck_assert_uint_eq(n_results, 3);
        for (unsigned i = 0; i < 3; ++i)
                expect(i, -ECANCELED);
        settle();
        ck_assert_ptr_null(cgroup_bus_free(NULL));
}
END_TEST

static int on_exit_time(sd_event_source *source _unused_, void *userdata _unused_) {
        return sd_event_exit(event, 0);
}

START_TEST(the_end_of_the_loop_waits_for_nobody) {
        systemd.mood = DOUBLE_NEVER_GREETS;
        ck_assert_int_eq(ask(0), 0);
        while (systemd.n_accepted == 0)
                turn();
        ck_assert_int_ge(sd_event_add_defer(event, NULL, on_exit_time, NULL), 0);
        ck_assert_int_eq(sd_event_loop(event), 0);
}
END_TEST

START_TEST(only_sockets_are_connected_to) {
        static const char *const addresses[] = { "", "tcp:host=localhost,port=1",
                                                 "unixexec:path=/bin/false",
                                                 "unix:path=/x;tcp:host=localhost,port=1" };

        for (size_t i = 0; i < ELEMENTSOF(addresses); ++i) {
                const CgroupBusParams params = { .event = event, .address = addresses[i] };
                CgroupBus *other = NULL;

                ck_assert_int_eq(cgroup_bus_new(&params, &other), -EINVAL);
                ck_assert_ptr_null(other);
        }
}
END_TEST

START_TEST(without_memory_nothing_is_asked) {
        const CgroupBusParams params = { .event = event, .address = systemd.address };
        CgroupBus *other = NULL;
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = cgroup_bus_new(&params, &other);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r == -ENOMEM);
        ck_assert_uint_eq(n, 3);
        other = cgroup_bus_free(other);
        failmalloc_arm(0);
        r = ask(0);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_int_eq(ask(0), 0);
        await_results(1);
        ck_assert_uint_eq(systemd.n_calls, 1);
}
END_TEST

/* A real bus, when there is one to be had. Return: its process, 0: none. */
static pid_t start_daemon(char *address, size_t size) {
        char listens[128];
        int fds[2];
        ssize_t n;
        pid_t pid;

        (void)snprintf(listens, sizeof(listens), "--address=unix:path=%s/real",
                       systemd.folder.path);
        ck_assert_int_eq(pipe(fds), 0);
        pid = fork();
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)dup2(fds[1], 3);
                (void)execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile",
                             "--print-address=3", listens, NULL);
                _exit(127);
        }
        (void)close(fds[1]);
        n = read(fds[0], address, size - 1);
        (void)close(fds[0]);
        if (n > 1) {
                address[n - 1] = '\0';
                return pid;
        }
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        return 0;
}

START_TEST(a_real_bus_passes_all_of_it_on) {
        char address[512] = "";
        const pid_t pid = start_daemon(address, sizeof(address));
        const CgroupBusParams params = { .event = event, .address = address };

        if (pid == 0)
                return;
        bus = cgroup_bus_free(bus);
        ck_assert_int_eq(cgroup_bus_new(&params, &bus), 0);
        double_join(&systemd, address);
        ck_assert_int_eq(ask(0), 0);
        ck_assert_int_eq(cgroup_bus_start_slice(bus, UNIT, &limit, 1, on_done, &results[1]), 0);
        await_results(2);
        expect(0, 0);
        expect(1, 0);
        systemd.job_result = NULL;
        ck_assert_int_eq(cgroup_bus_stop_unit(bus, UNIT, on_done, &results[2]), 0);
        await_calls(3);
        double_end_job(&systemd, DOUBLE_JOB "3", "other.slice", "done", NULL);
        double_end_job(&systemd, DOUBLE_JOB, UNIT, "failed", NULL);
        await_results(3);
        expect(2, -EIO);
        systemd.mood = DOUBLE_HOLDS;
        ck_assert_int_eq(ask(3), 0);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        await_results(4);
        expect(3, -ECONNRESET);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

static TCase *new_case(Suite *s, const char *name) {
        TCase *t = tcase_create(name);

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        suite_add_tcase(s, t);
        return t;
}

static void add_connection_cases(Suite *s) {
        TCase *t = new_case(s, "connection");

        tcase_add_test(t, a_connection_that_is_lost_is_made_again_by_the_next_call);
        tcase_add_test(t, a_connection_that_is_lost_while_nothing_waits_is_noticed);
        tcase_add_loop_test(t, a_bus_that_is_none_fails_what_waits_and_is_tried_again_later, 0,
                            ELEMENTSOF(bad_moods));
        tcase_add_loop_test(t, a_bus_that_says_nothing_costs_the_deadline, 0,
                            ELEMENTSOF(silent_moods));
        tcase_add_test(t, a_bus_that_does_not_even_take_the_connection_costs_the_deadline);
        tcase_add_test(t, a_bus_that_is_not_there_costs_no_system_call_for_a_while);
        tcase_add_test(t, too_many_calls_are_refused_and_no_other_ones);
        tcase_add_test(t, who_is_told_may_ask_again);
        tcase_add_test(t, what_is_under_way_at_the_end_is_told);
        tcase_add_test(t, the_end_of_the_loop_waits_for_nobody);
        tcase_add_test(t, only_sockets_are_connected_to);
        tcase_add_test(t, without_memory_nothing_is_asked);
        tcase_add_test(t, a_real_bus_passes_all_of_it_on);
}

Suite *suite(void) {
        Suite *s = suite_create("cgroup-bus");
        TCase *t = new_case(s, "messages");

        tcase_add_loop_test(t, a_number_is_said_as_systemd_takes_it, 0, ELEMENTSOF(values));
        tcase_add_loop_test(t, numa_nodes_are_a_mask_whose_first_byte_has_the_lowest, 0,
                            ELEMENTSOF(masks));
        tcase_add_test(t, the_last_numa_node_is_in_the_last_byte);
        tcase_add_test(t, a_slice_is_made_below_its_parent_with_its_limits);
        tcase_add_test(t, a_slice_below_the_root_wants_nobody);
        tcase_add_test(t, a_unit_is_stopped);
        tcase_add_loop_test(t, what_is_no_slice_is_not_sent, 0, ELEMENTSOF(units));
        tcase_add_test(t, what_is_no_property_is_not_sent);
        t = new_case(s, "answers");
        tcase_add_loop_test(t, an_error_is_an_errno_and_what_was_said, 0, ELEMENTSOF(refusals));
        tcase_add_loop_test(t, of_a_text_a_bounded_and_printable_part_is_kept, 0,
                            ELEMENTSOF(texts));
        tcase_add_test(t, nobody_is_called_from_the_function_that_was_asked);
        tcase_add_test(t, who_never_asks_connects_to_nobody);
        tcase_add_test(t, a_late_answer_is_waited_for);
        tcase_add_test(t, an_answer_that_comes_too_late_is_dropped);
        tcase_add_test(t, what_nobody_asked_for_is_no_answer);
        tcase_add_loop_test(t, a_job_is_done_when_it_has_ended, 0, ELEMENTSOF(ends));
        tcase_add_test(t, an_end_of_another_job_or_from_somebody_else_is_none);
        tcase_add_test(t, a_job_that_never_ends_has_the_deadline);
        tcase_add_test(t, a_job_whose_end_would_not_be_heard_fails);
        add_connection_cases(s);
        return s;
}
