/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the machine: their words, their record, and the next step of each. */
#include "enforce/settings.h"

#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"

#define HOUR (3600 * USEC_PER_SEC)

static const struct {
        MachineSetting setting;
        const char *text;
        int value; /* below 0: it is none */
} words[] = {
        { MACHINE_DEMOTION_ENABLED, "true\n", 1 },
        { MACHINE_DEMOTION_ENABLED, "false\n", 0 },
        { MACHINE_DEMOTION_ENABLED, "true", 1 },
        { MACHINE_DEMOTION_ENABLED, "truer\n", -1 },
        { MACHINE_DEMOTION_ENABLED, "1\n", -1 },
        { MACHINE_DEMOTION_ENABLED, "", -1 },
        { MACHINE_DEMOTION_ENABLED, "\n", -1 },
        { MACHINE_DEMOTION_ENABLED, "true\ntrue\n", -1 },
        { MACHINE_NUMA_BALANCING, "0\n", 0 },
        { MACHINE_NUMA_BALANCING, "3\n", 3 },
        { MACHINE_NUMA_BALANCING, "4\n", -1 },
        { MACHINE_NUMA_BALANCING, "-1\n", -1 },
        { MACHINE_NUMA_BALANCING, "18446744073709551616\n", -1 },
        { MACHINE_DAMON_STAT, "Y\n", 1 },
        { MACHINE_DAMON_STAT, "N\n", 0 },
        { MACHINE_DAMON_STAT, "y\n", -1 },
};

START_TEST(what_is_in_a_file_is_a_value_or_is_not) {
        char text[SETTINGS_VALUE_MAX];
        uint64_t value = 77;
        const bool is_value = machine_setting_parse(words[_i].setting, words[_i].text,
                                                    strlen(words[_i].text), &value);

        ck_assert(is_value == (words[_i].value >= 0));
        ck_assert_uint_eq(value, is_value ? (uint64_t)words[_i].value : 77);
        if (is_value)
                ck_assert_int_eq(strncmp(machine_setting_format(words[_i].setting, value, text),
                                         words[_i].text, strlen(text)),
                                 0);
}
END_TEST

/* The record */

START_TEST(a_record_is_read_as_it_was_written) {
        SettingsRecord record = { .boot_id = "boot \"one\"" }, back;
        Buffer buffer = { .max = SETTINGS_RECORD_FILE_MAX };
        Diag diag;

        record.rows[MACHINE_DAMON_STAT] = (SettingsRow){ .is_there = true, .before = 1 };
        record.rows[MACHINE_NUMA_BALANCING] =
                (SettingsRow){ .is_there = true, .before = 2, .written = 0 };
        settings_record_append(&record, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_int_eq(settings_record_parse(buffer.data, buffer.n_data, &back, &diag), 0);
        ck_assert_str_eq(back.boot_id, record.boot_id);
        ck_assert_mem_eq(back.rows, record.rows, sizeof(back.rows));
        buffer_deinit(&buffer);
}
END_TEST

static const char *const bad_records[] = {
        "",
        "[]",
        "{}",
        "{\"version\":1,\"boot\":\"b\"}",
        "{\"version\":2,\"boot\":\"b\",\"settings\":[]}",
        "{\"version\":1,\"boot\":7,\"settings\":[]}",
        "{\"version\":1,\"boot\":\"b\",\"settings\":[{}]}",
        "{\"version\":1,\"boot\":\"b\",\"settings\":[{\"name\":\"x\",\"before\":\"true\","
        "\"written\":\"true\"}]}",
        "{\"version\":1,\"boot\":\"b\",\"settings\":[{\"name\":\"damon_stat\",\"before\":\"true\","
        "\"written\":\"N\"}]}",
        "{\"version\":1,\"boot\":\"b\",\"settings\":[{\"name\":\"damon_stat\",\"before\":\"Y\"}]}",
        "{\"version\":1,\"boot\":\"b\",\"settings\":[{\"name\":\"damon_stat\",\"before\":\"Y\","
        "\"written\":\"N\"},{\"name\":\"damon_stat\",\"before\":\"Y\",\"written\":\"N\"}]}",
        "{\"version\":1,\"boot\":\"0123456789012345678901234567890123456789012345678901234567890123"
        "456789\",\"settings\":[]}",
};

START_TEST(a_record_is_believed_as_a_whole) {
        static const SettingsRecord empty;
        SettingsRecord record;
        Diag diag = {};

        ck_assert_int_eq(
                settings_record_parse(bad_records[_i], strlen(bad_records[_i]), &record, &diag),
                SETTINGS_E_MALFORMED);
        ck_assert_str_ne(diag.text, "");
        ck_assert_mem_eq(record.rows, empty.rows, sizeof(empty.rows));
}
END_TEST

/* Steps */

static SettingKept kept;
static SettingsRow row;

static SettingStep step(uint64_t seen, uint64_t usec) {
        return setting_step(&kept, &row, row.is_there && row.written == kept.wanted.value,
                            opt_u64(seen), usec);
}

static void setup(void) {
        kept = (SettingKept){};
        row = (SettingsRow){};
}

START_TEST(what_is_not_handed_over_is_left) {
        for (uint64_t seen = 0; seen < 4; ++seen)
                ck_assert_int_eq(step(seen, seen), SETTING_LEAVE);
        setting_want(&kept, opt_u64(0));
        ck_assert_int_eq(setting_step(&kept, &row, false, (OptU64){}, 0), SETTING_LEAVE);
}
END_TEST

START_TEST(what_was_there_is_recorded_first) {
        setting_want(&kept, opt_u64(0));
        ck_assert_int_eq(step(2, 1), SETTING_RECORD);
        ck_assert_int_eq(step(2, 2), SETTING_RECORD);
        row = (SettingsRow){ .is_there = true, .before = 2, .written = 0 };
        ck_assert_int_eq(step(2, 3), SETTING_WRITE);
        ck_assert_int_eq(step(0, 4), SETTING_LEAVE);
        /* another wish: what slugd wrote is not what was there before */
        setting_want(&kept, opt_u64(1));
        ck_assert_int_eq(step(0, 5), SETTING_RECORD);
}
END_TEST

START_TEST(what_is_right_already_is_not_recorded) {
        setting_want(&kept, opt_u64(2));
        ck_assert_int_eq(step(2, 1), SETTING_LEAVE);
        setting_want(&kept, (OptU64){});
        ck_assert_int_eq(step(2, 2), SETTING_LEAVE);
}
END_TEST

START_TEST(what_is_handed_back_is_put_back) {
        row = (SettingsRow){ .is_there = true, .before = 2, .written = 0 };
        ck_assert_int_eq(step(0, 1), SETTING_PUT_BACK);
        ck_assert_int_eq(step(2, 2), SETTING_FORGET);
        ck_assert_int_eq(step(1, 3), SETTING_FORGET); /* somebody else's */
}
END_TEST

START_TEST(who_insists_gets_it) {
        row = (SettingsRow){ .is_there = true, .before = 2, .written = 0 };
        setting_want(&kept, opt_u64(0));
        for (unsigned i = 0; i < SETTINGS_REWRITES_MAX; ++i) {
                const bool is_last = i + 1 == SETTINGS_REWRITES_MAX;

                ck_assert_int_eq(step(0, i), SETTING_LEAVE);
                ck_assert_int_eq(step(2, i), is_last ? SETTING_LEAVE : SETTING_WRITE);
                /* a write that failed is nobody's */
                ck_assert_int_eq(step(2, i), is_last ? SETTING_LEAVE : SETTING_WRITE);
                ck_assert(kept.is_contended == is_last);
        }
        ck_assert_int_eq(step(2, HOUR), SETTING_LEAVE);
        /* after an hour it is tried again, and at once when it is wanted otherwise */
        ck_assert_int_eq(step(2, HOUR + SETTINGS_REWRITES_MAX), SETTING_WRITE);
        kept.is_contended = true;
        kept.n_rewrites = SETTINGS_REWRITES_MAX;
        setting_want(&kept, opt_u64(1));
        ck_assert(!kept.is_contended);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("enforce-settings");
        TCase *t = tcase_create("settings");

        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_loop_test(t, what_is_in_a_file_is_a_value_or_is_not, 0, ELEMENTSOF(words));
        tcase_add_test(t, a_record_is_read_as_it_was_written);
        tcase_add_loop_test(t, a_record_is_believed_as_a_whole, 0, ELEMENTSOF(bad_records));
        tcase_add_test(t, what_is_not_handed_over_is_left);
        tcase_add_test(t, what_was_there_is_recorded_first);
        tcase_add_test(t, what_is_right_already_is_not_recorded);
        tcase_add_test(t, what_is_handed_back_is_put_back);
        tcase_add_test(t, who_insists_gets_it);
        suite_add_tcase(s, t);
        return s;
}
