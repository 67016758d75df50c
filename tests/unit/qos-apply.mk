# The test stands in for the writer and the record's file.
UNIT_TESTS += tests/unit/test-qos-apply
tests_unit_test_qos_apply_SOURCES = %D%/test-qos-apply.c
tests_unit_test_qos_apply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_apply_LDADD = $(TEST_CORE_LIBS)
