UNIT_TESTS += tests/unit/test-capacity
tests_unit_test_capacity_SOURCES = tests/unit/test-capacity.c $(FAILMALLOC)
tests_unit_test_capacity_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_capacity_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_capacity_LDADD = $(TEST_CORE_LIBS)
