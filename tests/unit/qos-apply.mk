# The tests stand in for the writer, the record's file, or the worker.
UNIT_TESTS += tests/unit/test-qos-apply
tests_unit_test_qos_apply_SOURCES = %D%/test-qos-apply.c
tests_unit_test_qos_apply_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_apply_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-withdraw
tests_unit_test_qos_withdraw_SOURCES = %D%/test-qos-withdraw.c
tests_unit_test_qos_withdraw_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_withdraw_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-record-file
tests_unit_test_qos_record_file_SOURCES = %D%/test-qos-record-file.c
tests_unit_test_qos_record_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_record_file_LDADD = $(TEST_CORE_LIBS)
