# systemd's double lives in the test's own event loop.
SYSTEMD_DOUBLE = tests/lib/systemd-double.c tests/lib/systemd-double.h

UNIT_TESTS += tests/unit/test-cgroup-bus
tests_unit_test_cgroup_bus_SOURCES = %D%/test-cgroup-bus.c $(SYSTEMD_DOUBLE) $(FAILMALLOC)
tests_unit_test_cgroup_bus_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_bus_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_cgroup_bus_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-writer
tests_unit_test_cgroup_writer_SOURCES = %D%/test-cgroup-writer.c $(SYSTEMD_DOUBLE) $(FAILMALLOC)
tests_unit_test_cgroup_writer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_writer_LDFLAGS = $(TEST_WRAP_FLAGS) -Wl,--wrap=pwrite
tests_unit_test_cgroup_writer_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-cgroup-watch
tests_unit_test_cgroup_watch_SOURCES = %D%/test-cgroup-watch.c $(FAILMALLOC)
tests_unit_test_cgroup_watch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_cgroup_watch_LDFLAGS = $(TEST_WRAP_FLAGS) \
	-Wl,--wrap=cgroup_open,--wrap=inotify_add_watch,--wrap=inotify_rm_watch
tests_unit_test_cgroup_watch_LDADD = $(TEST_CORE_LIBS)
