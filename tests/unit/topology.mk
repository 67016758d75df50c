UNIT_TESTS += tests/unit/test-topology
tests_unit_test_topology_SOURCES = tests/unit/test-topology.c $(FAILMALLOC)
tests_unit_test_topology_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_topology_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_topology_LDADD = $(TEST_CORE_LIBS)

if HAVE_NUMA
UNIT_TESTS += tests/unit/test-live
endif
EXTRA_PROGRAMS += tests/unit/test-live
tests_unit_test_live_SOURCES = tests/unit/test-live.c
tests_unit_test_live_CPPFLAGS = $(TEST_CPPFLAGS) $(NUMA_CFLAGS)
tests_unit_test_live_LDADD = $(TEST_CORE_LIBS) $(NUMA_LIBS)

UNIT_TESTS += tests/unit/test-topology-changes
tests_unit_test_topology_changes_SOURCES = tests/unit/test-topology-changes.c
tests_unit_test_topology_changes_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_topology_changes_LDADD = $(TEST_CORE_LIBS)
