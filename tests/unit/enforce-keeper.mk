UNIT_TESTS += tests/unit/test-enforce-follow
tests_unit_test_enforce_follow_SOURCES = tests/unit/test-enforce-follow.c $(TEST_PODS_BED) $(TEST_CLAIMS)
tests_unit_test_enforce_follow_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_follow_LDADD = $(TEST_CORE_LIBS)
