UNIT_TESTS += tests/unit/test-pods-names
tests_unit_test_pods_names_SOURCES = %D%/test-pods-names.c $(TEST_CLAIMS)
tests_unit_test_pods_names_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_names_LDADD = $(TEST_CORE_LIBS)
