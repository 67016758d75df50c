/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor prints of an answer, and the exit status that it makes. */
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"
#include "slugctl/doctor.h"

#define ERROR   SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_ERROR
#define WARNING SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_WARNING
#define NOTE    SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_NOTE

static Slug__V1__Finding findings[3];
static Slug__V1__Finding *finding_list[] = { &findings[0], &findings[1], &findings[2] };
static Slug__V1__Condition condition;
static Slug__V1__Condition *condition_list[] = { &condition };
static Slug__V1__ListFindingsResponse response;
static Buffer buffer;

static void add(Slug__V1__FindingSeverity severity, const char *type, const char *fix) {
        Slug__V1__Finding *finding = &findings[response.n_findings++];

        *finding = (Slug__V1__Finding)SLUG__V1__FINDING__INIT;
        finding->severity = severity;
        finding->type = (char *)type;
        finding->message = (char *)"something is odd";
        finding->fix = (char *)fix;
}

static void setup(void) {
        response = (Slug__V1__ListFindingsResponse)SLUG__V1__LIST_FINDINGS_RESPONSE__INIT;
        response.findings = finding_list;
        response.conditions = condition_list;
        condition = (Slug__V1__Condition)SLUG__V1__CONDITION__INIT;
        condition.type = (char *)"LedgerDurable";
        condition.reason = (char *)"Volatile";
        condition.message = (char *)"it is gone at the end";
}

static void teardown(void) {
        buffer_deinit(&buffer);
}

static const char *print(bool has_colour) {
        const Style style = { .has_colour = has_colour };

        buffer_deinit(&buffer);
        buffer = (Buffer){};
        doctor_append(&response, &style, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

START_TEST(nothing_found_is_said) {
        ck_assert_str_eq(print(false), "Nothing found\n");
        ck_assert_int_eq(doctor_get_status(&response), EXIT_SUCCESS);
}
END_TEST

START_TEST(the_worst_comes_first_and_notes_last) {
        add(ERROR, "SwapOn", "swapoff -a");
        add(WARNING, "CpulessNumaNode", "a: b");
        add(NOTE, "LimitPending", "wait");
        response.n_conditions = 1;
        ck_assert_str_eq(print(false),
                         "ERROR      SwapOn           something is odd\n"
                         "           fix:             swapoff -a\n"
                         "WARNING    CpulessNumaNode  something is odd\n"
                         "           fix:             a: b\n"
                         "CONDITION  LedgerDurable    Volatile: it is gone at the end\n"
                         "NOTE       LimitPending     something is odd\n"
                         "           fix:             wait\n");
}
END_TEST

START_TEST(what_does_not_fit_is_counted) {
        response.dropped = 3;
        ck_assert_str_eq(print(false), "Nothing found\n(3 more)\n");
        ck_assert_int_eq(doctor_get_status(&response), EXIT_FAILURE);
}
END_TEST

START_TEST(colour_is_for_terminals_and_texts_cannot_steer_them) {
        add(ERROR, "SwapOn", "a\033[2Jb");
        ck_assert_ptr_null(strchr(print(false), '\033'));
        ck_assert_ptr_nonnull(strchr(print(true), '\033'));
        ck_assert_ptr_null(strstr(print(true), "\033[2J"));
}
END_TEST

static const struct {
        Slug__V1__FindingSeverity severity;
        size_t n_conditions;
        int status;
} statuses[] = {
        { ERROR, 0, EXIT_FAILURE },
        { WARNING, 0, EXIT_FAILURE },
        { NOTE, 0, EXIT_SUCCESS },
        { NOTE, 1, EXIT_FAILURE },
        { SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_UNSPECIFIED, 0, EXIT_FAILURE },
};

START_TEST(only_notes_are_a_success) {
        add(statuses[_i].severity, "Type", "fix");
        response.n_conditions = statuses[_i].n_conditions;
        ck_assert_int_eq(doctor_get_status(&response), statuses[_i].status);
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("slugctl-doctor");
        TCase *t = tcase_create("doctor");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_found_is_said);
        tcase_add_test(t, the_worst_comes_first_and_notes_last);
        tcase_add_test(t, what_does_not_fit_is_counted);
        tcase_add_test(t, colour_is_for_terminals_and_texts_cannot_steer_them);
        tcase_add_loop_test(t, only_notes_are_a_success, 0, ELEMENTSOF(statuses));
        suite_add_tcase(all, t);
        return all;
}
