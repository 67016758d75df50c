# Claims are made by tests/lib/claims.c.
TEST_CLAIMS = tests/lib/claims.c tests/lib/claims.h

UNIT_TESTS += tests/unit/test-record
tests_unit_test_record_SOURCES = %D%/test-record.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_record_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_record_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_record_LDADD = $(TEST_CORE_LIBS)
