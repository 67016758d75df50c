UNIT_TESTS += tests/unit/test-cgroup-name
tests_unit_test_cgroup_name_SOURCES = %D%/test-cgroup-name.c $(TEST_CLAIMS)
tests_unit_test_cgroup_name_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_name_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-knob
tests_unit_test_cgroup_knob_SOURCES = %D%/test-cgroup-knob.c $(TEST_CLAIMS)
tests_unit_test_cgroup_knob_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_knob_LDADD = $(TEST_CORE_LIBS)

# The test stands between the code and libc.
UNIT_TESTS += tests/unit/test-cgroup-group
tests_unit_test_cgroup_group_SOURCES = %D%/test-cgroup-group.c
tests_unit_test_cgroup_group_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_group_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=syscall,--wrap=openat,--wrap=__openat_2,--wrap=read,--wrap=fstat,--wrap=close
tests_unit_test_cgroup_group_LDADD = $(TEST_CORE_LIBS)
