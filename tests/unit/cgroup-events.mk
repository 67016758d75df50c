# What happens to cgroups, and what becomes of it.
UNIT_TESTS += tests/unit/test-cgroup-events
tests_unit_test_cgroup_events_SOURCES = %D%/test-cgroup-events.c $(FAILMALLOC)
tests_unit_test_cgroup_events_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_events_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_cgroup_events_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-history
tests_unit_test_cgroup_history_SOURCES = %D%/test-cgroup-history.c
tests_unit_test_cgroup_history_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_history_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-events
tests_unit_test_qos_events_SOURCES = %D%/test-qos-events.c $(FAILMALLOC)
tests_unit_test_qos_events_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_events_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_qos_events_LDADD = $(TEST_CORE_LIBS)

# What CgroupManagerService does.
UNIT_TESTS += tests/unit/test-cgroup-setting
tests_unit_test_cgroup_setting_SOURCES = %D%/test-cgroup-setting.c
tests_unit_test_cgroup_setting_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_setting_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-target
tests_unit_test_cgroup_target_SOURCES = %D%/test-cgroup-target.c
tests_unit_test_cgroup_target_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_target_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-errand
tests_unit_test_cgroup_errand_SOURCES = %D%/test-cgroup-errand.c $(SYSTEMD_DOUBLE) $(FAILMALLOC)
tests_unit_test_cgroup_errand_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_errand_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_cgroup_errand_LDADD = $(TEST_CORE_LIBS)
