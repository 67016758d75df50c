# Machines are made by tests/lib/numa-bed.c.
TEST_NUMA_BED = tests/lib/numa-bed.c tests/lib/numa-bed.h

UNIT_TESTS += tests/unit/test-hints-random
tests_unit_test_hints_random_SOURCES = %D%/test-hints-random.c $(TEST_NUMA_BED) $(TEST_CLAIMS)
tests_unit_test_hints_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_random_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints-large
tests_unit_test_hints_large_SOURCES = %D%/test-hints-large.c $(TEST_NUMA_BED)
tests_unit_test_hints_large_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_large_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints
tests_unit_test_hints_SOURCES = %D%/test-hints.c $(TEST_NUMA_BED) $(FAILMALLOC)
tests_unit_test_hints_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_hints_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints-explain
tests_unit_test_hints_explain_SOURCES = %D%/test-hints-explain.c $(TEST_NUMA_BED)
tests_unit_test_hints_explain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_explain_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints-static
tests_unit_test_hints_static_SOURCES = %D%/test-hints-static.c $(TEST_NUMA_BED) $(FAILMALLOC)
tests_unit_test_hints_static_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_static_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_hints_static_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints-machine
tests_unit_test_hints_machine_SOURCES = %D%/test-hints-machine.c $(TEST_NUMA_BED) $(FAILMALLOC)
tests_unit_test_hints_machine_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_machine_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_hints_machine_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-hints-static-pod
tests_unit_test_hints_static_pod_SOURCES = %D%/test-hints-static-pod.c $(TEST_NUMA_BED)
tests_unit_test_hints_static_pod_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_static_pod_LDADD = $(TEST_CORE_LIBS)
