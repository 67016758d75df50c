# Machines are made by tests/lib/numa-bed.c.
TEST_NUMA_BED = tests/lib/numa-bed.c tests/lib/numa-bed.h

UNIT_TESTS += tests/unit/test-hints-random
tests_unit_test_hints_random_SOURCES = %D%/test-hints-random.c $(TEST_NUMA_BED) $(TEST_CLAIMS)
tests_unit_test_hints_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_hints_random_LDADD = $(TEST_CORE_LIBS)
