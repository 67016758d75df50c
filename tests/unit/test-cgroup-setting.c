/* SPDX-License-Identifier: Apache-2.0 */
/* Files that may be set and what they take; what becomes of the kubelet's figures. */
#include "cgroup/setting.h"

#include <string.h>

#include "lib/test-main.h"
#include "service/cgroup-resources.h"

static const struct {
        const char *file, *value, *text; /* NULL: refused */
} settings[] = {
        { "memory.max", "4096", "4096" },
        { "memory.max", "max", "max" },
        { "memory.max", "0004096", "4096" },
        { "memory.max", "9223372036854775807", "9223372036854775807" },
        { "memory.max", "9223372036854775808", NULL },
        { "memory.max", "18446744073709551616", NULL },
        { "memory.max", "-1", NULL },
        { "memory.max", "", NULL },
        { "memory.max", "4096\n", NULL },
        { "memory.max", " 4096", NULL },
        { "memory.max", "4K", NULL },
        { "memory.max", "Max", NULL },
        { "memory.max", "max max", NULL },
        { "memory.high", "1", "1" },
        { "memory.low", "max", "max" },
        { "memory.min", "0", "0" },
        { "memory.swap.max", "0", "0" },
        { "memory.oom.group", "1", "1" },
        { "memory.oom.group", "2", NULL },
        { "cpu.weight", "1", "1" },
        { "cpu.weight", "10000", "10000" },
        { "cpu.weight", "0", NULL },
        { "cpu.weight", "10001", NULL },
        { "cpu.weight", "max", NULL },
        { "cpu.max", "max 100000", "max 100000" },
        { "cpu.max", "1000 1000", "1000 1000" },
        { "cpu.max", "200000 100000\n", "200000 100000" },
        { "cpu.max", "max", NULL },
        { "cpu.max", "999 100000", NULL },
        { "cpu.max", "max 999", NULL },
        { "cpu.max", "max 1000001", NULL },
        { "cpu.max", "max 100000 1", NULL },
        { "cpu.max", "max  100000", NULL },
        { "pids.max", "1", "1" },
        { "pids.max", "max", "max" },
        { "pids.max", "0", NULL },
        { "pids.max", "00", NULL },
        { "cpuset.cpus", "0", "0" },
        { "cpuset.cpus", "0-3,8,10-11", "0-3,8,10-11" },
        { "cpuset.cpus", "", NULL },
        { "cpuset.cpus", "3-0", NULL },
        { "cpuset.cpus", "8,0-3", NULL },
        { "cpuset.cpus", "0,", NULL },
        { "cpuset.cpus", "0,,1", NULL },
        { "cpuset.cpus", "0-", NULL },
        { "cpuset.cpus", "0-65536", NULL },
        { "cpuset.cpus", "0 1", NULL },
        { "cpuset.cpus", "0-3\n", NULL },
        { "cpuset.mems", "0-1", "0-1" },
        { "cpuset.mems", "1,0", "0-1" },
        { "cpuset.mems", "x", NULL },
        { "hugetlb.2MB.max", "2097152", "2097152" },
        { "hugetlb.1GB.max", "max", "max" },
        { "hugetlb.64KB.max", "0", "0" },
        { "hugetlb.3MB.max", "0", NULL },
        { "hugetlb.0MB.max", "0", NULL },
        { "hugetlb.02MB.max", "0", NULL },
        { "hugetlb.2MB.maxx", "0", NULL },
        { "hugetlb.2MB.rsvd.max", "0", NULL },
        { "hugetlb.2MB/../x.max", "0", NULL },
        { "cgroup.procs", "1", NULL },
        { "cgroup.threads", "1", NULL },
        { "cgroup.kill", "1", NULL },
        { "cgroup.freeze", "1", NULL },
        { "cgroup.subtree_control", "-memory", NULL },
        { "cgroup.type", "threaded", NULL },
        { "cgroup.max.depth", "0", NULL },
        { "memory.reclaim", "1G", NULL },
        { "memory.current", "1", NULL },
        { "memory.pressure", "some 1 1", NULL },
        { "memory.max\n", "1", NULL },
        { "memory.max/", "1", NULL },
        { "./memory.max", "1", NULL },
        { "../memory.max", "1", NULL },
        { "a/memory.max", "1", NULL },
        { "/proc/sysrq-trigger", "b", NULL },
        { "Memory.max", "1", NULL },
        { "memory", "1", NULL },
        { "..", "1", NULL },
        { "", "1", NULL },
};

START_TEST(only_these_files_take_only_such_values) {
        CgroupSetting setting = { .file = "x" };
        Diag diag = {};
        const int r = cgroup_setting_make(settings[_i].file, settings[_i].value, &setting, &diag);
        CgroupKnob knob;

        if (!settings[_i].text) {
                ck_assert_int_eq(r, CGROUP_SETTING_E_REFUSED);
                ck_assert_str_eq(setting.file, "x");
                ck_assert_str_ne(diag.text, "");
                return;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_str_eq(setting.file, settings[_i].file);
        ck_assert_str_eq(setting.text, settings[_i].text);
        ck_assert_int_eq(setting.is_knob, cgroup_knob_find(settings[_i].file, &knob));
        if (setting.is_knob) {
                char text[CGROUP_VALUE_TEXT_MAX];

                ck_assert_str_eq(cgroup_value_format(setting.knob, &setting.value, text),
                                 setting.text);
        }
}
END_TEST

START_TEST(what_is_long_is_refused) {
        char value[CGROUP_SETTING_TEXT_MAX * 2];
        CgroupSetting setting;
        Diag diag;

        for (size_t i = 0; i < sizeof(value); ++i)
                value[i] = '1';
        value[sizeof(value) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(settings); ++i) {
                ck_assert_int_ne(cgroup_setting_make(settings[i].file, value, &setting, &diag), 0);
                ck_assert_int_ne(cgroup_setting_make(value, settings[i].value, &setting, &diag), 0);
        }
}
END_TEST

/* Computed with the kubelet's getCPUWeight() and cpuWeightToCPUShares(). */
static const uint64_t shares[][3] = {
        { 2, 1, 2 },
        { 3, 1, 2 },
        { 102, 4, 80 },
        { 1024, 39, 998 },
        { 2048, 79, 2046 },
        { 262143, 9999, 262117 },
        { 262144, 10000, 262144 },
        { UINT64_MAX, 10000, 262144 },
};

START_TEST(shares_and_weights_are_the_kubelets) {
        ck_assert_uint_eq(cgroup_weight_of_shares(shares[_i][0]), shares[_i][1]);
        ck_assert_uint_eq(cgroup_shares_of_weight(shares[_i][1]), shares[_i][2]);
}
END_TEST

/* Resources */

static Slug__V1__ResourceConfig config;
static CgroupResources resources;
static CgroupCpuMax now;
static Diag diag;

static void setup(void) {
        config = (Slug__V1__ResourceConfig)SLUG__V1__RESOURCE_CONFIG__INIT;
        now = (CgroupCpuMax){ .quota_usec = 20000, .period_usec = 50000 };
        diag = (Diag){};
}

static void set_memory(int64_t bytes) {
        config._memory_case = SLUG__V1__RESOURCE_CONFIG___MEMORY_MEMORY;
        config.memory = bytes;
}

static void set_shares(uint64_t number) {
        config._cpu_shares_case = SLUG__V1__RESOURCE_CONFIG___CPU_SHARES_CPU_SHARES;
        config.cpu_shares = number;
}

static void set_quota(int64_t usec) {
        config._cpu_quota_case = SLUG__V1__RESOURCE_CONFIG___CPU_QUOTA_CPU_QUOTA;
        config.cpu_quota = usec;
}

static void set_period(uint64_t usec) {
        config._cpu_period_case = SLUG__V1__RESOURCE_CONFIG___CPU_PERIOD_CPU_PERIOD;
        config.cpu_period = usec;
}

static void set_pids(int64_t n) {
        config._pids_limit_case = SLUG__V1__RESOURCE_CONFIG___PIDS_LIMIT_PIDS_LIMIT;
        config.pids_limit = n;
}

static int read_config(void) {
        return cgroup_resources_read(&config, &now, &resources, &diag);
}

static void expect_one(const char *file, const char *text) {
        ck_assert_int_eq(read_config(), 0);
        ck_assert_uint_eq(resources.n_settings, 1);
        ck_assert_str_eq(resources.settings[0].file, file);
        ck_assert_str_eq(resources.settings[0].text, text);
}

START_TEST(nothing_given_is_nothing_set) {
        ck_assert_int_eq(cgroup_resources_read(NULL, &now, &resources, &diag), 0);
        ck_assert_uint_eq(resources.n_settings, 0);
        ck_assert_int_eq(read_config(), 0);
        ck_assert_uint_eq(resources.n_settings, 0);
}
END_TEST

START_TEST(half_of_cpu_max_leaves_the_other) {
        set_quota(10000);
        expect_one("cpu.max", "10000 50000");
        set_quota(-1);
        expect_one("cpu.max", "max 50000");
        set_period(80000);
        expect_one("cpu.max", "max 80000");
        config._cpu_quota_case = SLUG__V1__RESOURCE_CONFIG___CPU_QUOTA__NOT_SET;
        expect_one("cpu.max", "20000 80000");
        now.quota_usec = CGROUP_MAX;
        expect_one("cpu.max", "max 80000");
}
END_TEST

START_TEST(figures_become_files_in_order) {
        Slug__V1__HugePageLimit limits[] = { SLUG__V1__HUGE_PAGE_LIMIT__INIT,
                                             SLUG__V1__HUGE_PAGE_LIMIT__INIT };
        Slug__V1__HugePageLimit *limit_list[] = { &limits[0], &limits[1] };
        Slug__V1__UnifiedValue value = SLUG__V1__UNIFIED_VALUE__INIT;
        Slug__V1__UnifiedValue *value_list[] = { &value };
        static const char *const expected[][2] = {
                { "pids.max", "max" },      { "memory.max", "4096" },
                { "cpu.weight", "39" },     { "cpu.max", "max 100000" },
                { "cpuset.cpus", "0-1" },   { "hugetlb.2MB.max", "max" },
                { "hugetlb.1GB.max", "0" }, { "memory.high", "2048" },
        };

        set_pids(-1);
        set_memory(4096);
        set_shares(1024);
        set_quota(-1);
        set_period(100000);
        config.cpu_set = (char *)"0-1";
        limits[0].page_size_bytes = UINT64_C(2) << 20;
        limits[0].limit_bytes = -1;
        limits[1].page_size_bytes = UINT64_C(1) << 30;
        config.n_huge_page_limit = 2;
        config.huge_page_limit = limit_list;
        value.file = (char *)"memory.high";
        value.value = (char *)"2048";
        config.n_unified = 1;
        config.unified = value_list;
        ck_assert_int_eq(read_config(), 0);
        ck_assert_uint_eq(resources.n_settings, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i) {
                ck_assert_str_eq(resources.settings[i].file, expected[i][0]);
                ck_assert_str_eq(resources.settings[i].text, expected[i][1]);
        }
        value.file = (char *)"memory.max";
        ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
        ck_assert_str_eq(diag.text, "'memory.max' is given twice");
}
END_TEST

START_TEST(figures_without_sense_are_refused) {
        static const int64_t memory[] = { 0, -2, INT64_MIN };
        static const uint64_t pages[] = {
                0, 1, 1023, 1025, 3 << 20, UINT64_C(1) << 60, UINT64_MAX
        };
        Slug__V1__HugePageLimit limit = SLUG__V1__HUGE_PAGE_LIMIT__INIT;
        Slug__V1__HugePageLimit *limit_list[] = { &limit };

        for (size_t i = 0; i < ELEMENTSOF(memory); ++i) {
                setup();
                set_memory(memory[i]);
                ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
                setup();
                set_pids(memory[i]);
                ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
                setup();
                set_quota(memory[i]);
                ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
        }
        for (uint64_t number = 0; number < CGROUP_SHARES_MIN; ++number) {
                setup();
                set_shares(number);
                ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
        }
        setup();
        config.n_huge_page_limit = 1;
        config.huge_page_limit = limit_list;
        for (size_t i = 0; i < ELEMENTSOF(pages); ++i) {
                limit.page_size_bytes = pages[i];
                ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
        }
        limit.page_size_bytes = 2 << 20;
        limit.limit_bytes = -2;
        ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
}
END_TEST

START_TEST(there_is_an_end_of_what_is_set_at_once) {
        enum { N = CGROUP_RESOURCES_MAX + 1 };
        static Slug__V1__HugePageLimit limits[N];
        static Slug__V1__HugePageLimit *list[N];

        /* thirty sizes there are, and the same one twice is refused, too */
        for (unsigned i = 0; i < N; ++i) {
                limits[i] = (Slug__V1__HugePageLimit)SLUG__V1__HUGE_PAGE_LIMIT__INIT;
                limits[i].page_size_bytes = UINT64_C(1024) << (i % 30);
                list[i] = &limits[i];
        }
        config.huge_page_limit = list;
        config.n_huge_page_limit = 30;
        ck_assert_int_eq(read_config(), 0);
        ck_assert_uint_eq(resources.n_settings, 30);
        config.n_huge_page_limit = N;
        ck_assert_int_eq(read_config(), CGROUP_SETTING_E_REFUSED);
}
END_TEST

START_TEST(no_limit_is_minus_one) {
        ck_assert_int_eq(cgroup_resources_limit(CGROUP_MAX), -1);
        ck_assert_int_eq(cgroup_resources_limit(4096), 4096);
        ck_assert_int_eq(cgroup_resources_limit(UINT64_MAX - 1), INT64_MAX);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-setting");
        TCase *t = tcase_create("settings");

        tcase_add_loop_test(t, only_these_files_take_only_such_values, 0, ELEMENTSOF(settings));
        tcase_add_test(t, what_is_long_is_refused);
        tcase_add_loop_test(t, shares_and_weights_are_the_kubelets, 0, ELEMENTSOF(shares));
        suite_add_tcase(s, t);

        t = tcase_create("resources");
        tcase_add_checked_fixture(t, setup, NULL);
        tcase_add_test(t, nothing_given_is_nothing_set);
        tcase_add_test(t, half_of_cpu_max_leaves_the_other);
        tcase_add_test(t, figures_become_files_in_order);
        tcase_add_test(t, figures_without_sense_are_refused);
        tcase_add_test(t, there_is_an_end_of_what_is_set_at_once);
        tcase_add_test(t, no_limit_is_minus_one);
        suite_add_tcase(s, t);
        return s;
}
