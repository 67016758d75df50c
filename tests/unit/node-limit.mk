# A kernel made of values stands in for the one that has these files.
UNIT_TESTS += tests/unit/test-node-limit-drive
tests_unit_test_node_limit_drive_SOURCES = %D%/test-node-limit-drive.c \
	tests/lib/node-limit-kernel.c tests/lib/node-limit-kernel.h $(TEST_CLAIMS)
tests_unit_test_node_limit_drive_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_node_limit_drive_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-node-limit
tests_unit_test_qos_node_limit_SOURCES = %D%/test-qos-node-limit.c $(TEST_CLAIMS)
tests_unit_test_qos_node_limit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_node_limit_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-node-limit
tests_unit_test_cgroup_node_limit_SOURCES = %D%/test-cgroup-node-limit.c
tests_unit_test_cgroup_node_limit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_node_limit_LDADD = $(TEST_CORE_LIBS)
tests_unit_test_cgroup_node_limit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=inotify_add_watch
