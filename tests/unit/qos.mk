UNIT_TESTS += tests/unit/test-qos-level
tests_unit_test_qos_level_SOURCES = %D%/test-qos-level.c
tests_unit_test_qos_level_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_level_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-requests
tests_unit_test_qos_requests_SOURCES = %D%/test-qos-requests.c $(TEST_PODS_BED) $(FAILMALLOC)
tests_unit_test_qos_requests_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_requests_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_qos_requests_LDADD = $(TEST_CORE_LIBS)

# Inputs of a plan, made by hand or of bytes, and the rules that every plan keeps.
TEST_QOS_BED = tests/lib/qos-bed.c tests/lib/qos-bed.h

UNIT_TESTS += tests/unit/test-qos-plan
tests_unit_test_qos_plan_SOURCES = %D%/test-qos-plan.c $(TEST_QOS_BED) $(TEST_CLAIMS)
tests_unit_test_qos_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_plan_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-step
tests_unit_test_qos_step_SOURCES = %D%/test-qos-step.c
tests_unit_test_qos_step_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_step_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-step-model
tests_unit_test_qos_step_model_SOURCES = %D%/test-qos-step-model.c $(TEST_CLAIMS)
tests_unit_test_qos_step_model_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_step_model_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-qos-record
tests_unit_test_qos_record_SOURCES = %D%/test-qos-record.c $(TEST_CLAIMS)
tests_unit_test_qos_record_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_qos_record_LDADD = $(TEST_CORE_LIBS)
