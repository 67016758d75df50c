/* SPDX-License-Identifier: Apache-2.0 */
/* What settings of the machine were before, as text and back. */
#include <string.h>

#include "lib/test-main.h"
#include "manager/machine-record.h"

#define BOOT "3b0f1a52-0000-4000-8000-000000000001"
#define HEAD "{\"version\":1,\"boot\":\"" BOOT "\",\"settings\":["
#define ITEM "{\"name\":\"numa_balancing\",\"before\":\"2\",\"written\":\"0\"}"

static int parse(const char *text, MachineRecord *ret, Diag *diag) {
        return machine_record_parse(text, strlen(text), ret, diag);
}

START_TEST(what_is_written_is_read) {
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = MACHINE_RECORD_FILE_MAX };
        MachineRecord record = { .boot_id = BOOT }, read;
        Diag diag = {};

        for (unsigned i = 0; i < _MACHINE_SETTING_N; ++i)
                if (_i >> i & 1)
                        record.items[i] = (MachineRecordItem){ .before = "Y", .written = "17" };
        machine_record_append(&record, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_int_eq(machine_record_parse(buffer.data, buffer.n_data, &read, &diag), 0);
        ck_assert_str_eq(read.boot_id, BOOT);
        for (unsigned i = 0; i < _MACHINE_SETTING_N; ++i) {
                ck_assert_str_eq(read.items[i].before, record.items[i].before);
                ck_assert_str_eq(read.items[i].written, record.items[i].written);
        }
}
END_TEST

static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"version\":2,\"boot\":\"" BOOT "\",\"settings\":[]}",
        "{\"version\":1,\"boot\":\"" BOOT BOOT BOOT BOOT "\",\"settings\":[]}",
        "{\"version\":1,\"boot\":\"" BOOT "\",\"settings\":{}}",
        HEAD ITEM "," ITEM "]}",
        HEAD "{\"name\":\"swappiness\",\"before\":\"2\",\"written\":\"0\"}]}",
        HEAD "{\"name\":\"numa_balancing\",\"before\":\"\",\"written\":\"0\"}]}",
        HEAD "{\"name\":\"numa_balancing\",\"before\":\"2\\n3\",\"written\":\"0\"}]}",
        HEAD "{\"name\":\"numa_balancing\",\"before\":\"00000000000000000000000000000000\","
             "\"written\":\"0\"}]}",
        HEAD "{\"name\":\"numa_balancing\",\"before\":\"2\"}]}",
        HEAD "{\"name\":\"numa_balancing\",\"before\":2,\"written\":\"0\"}]}",
        HEAD ITEM,
};

START_TEST(a_damaged_one_is_believed_in_no_part) {
        MachineRecord record;
        Diag diag = {};

        ck_assert_int_eq(parse(bad[_i], &record, &diag), MACHINE_RECORD_E_MALFORMED);
        ck_assert_str_ne(diag.text, "");
        ck_assert_str_eq(record.boot_id, "");
        for (unsigned i = 0; i < _MACHINE_SETTING_N; ++i)
                ck_assert_str_eq(record.items[i].before, "");
}
END_TEST

START_TEST(what_a_later_slugd_has_added_is_passed_over) {
        MachineRecord record;
        Diag diag = {};

        ck_assert_int_eq(parse("{\"version\":1,\"more\":[1],\"boot\":\"" BOOT
                               "\",\"settings\":[" ITEM "]}",
                               &record, &diag),
                         0);
        ck_assert_str_eq(record.items[MACHINE_NUMA_BALANCING].before, "2");
        ck_assert_str_eq(record.items[MACHINE_DEMOTION_ENABLED].before, "");
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("machine-record");
        TCase *tcase = tcase_create("machine-record");

        tcase_add_loop_test(tcase, what_is_written_is_read, 0, 1 << _MACHINE_SETTING_N);
        tcase_add_loop_test(tcase, a_damaged_one_is_believed_in_no_part, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, what_a_later_slugd_has_added_is_passed_over);
        suite_add_tcase(suite, tcase);
        return suite;
}
