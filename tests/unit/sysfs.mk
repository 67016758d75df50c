UNIT_TESTS += tests/unit/test-sysfs
tests_unit_test_sysfs_SOURCES = tests/unit/test-sysfs.c $(FAILMALLOC)
tests_unit_test_sysfs_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_sysfs_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_sysfs_LDADD = $(TEST_CORE_LIBS)
