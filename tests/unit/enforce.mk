UNIT_TESTS += tests/unit/test-enforce-usage
tests_unit_test_enforce_usage_SOURCES = %D%/test-enforce-usage.c
tests_unit_test_enforce_usage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_usage_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-mask
tests_unit_test_enforce_mask_SOURCES = %D%/test-enforce-mask.c $(TEST_NUMA_BED)
tests_unit_test_enforce_mask_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_mask_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-budget
tests_unit_test_enforce_budget_SOURCES = %D%/test-enforce-budget.c $(TEST_CLAIMS)
tests_unit_test_enforce_budget_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_budget_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-decide
tests_unit_test_enforce_decide_SOURCES = %D%/test-enforce-decide.c
tests_unit_test_enforce_decide_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_decide_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-guard
tests_unit_test_enforce_guard_SOURCES = %D%/test-enforce-guard.c
tests_unit_test_enforce_guard_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_guard_LDADD = $(TEST_CORE_LIBS)

# A kernel and a keeper in virtual time, and what has to hold of every decision.
TEST_ENFORCE_BED = tests/lib/enforce-bed.c tests/lib/enforce-bed.h

UNIT_TESTS += tests/unit/test-enforce-model
tests_unit_test_enforce_model_SOURCES = %D%/test-enforce-model.c $(TEST_ENFORCE_BED)
tests_unit_test_enforce_model_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_model_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-random
tests_unit_test_enforce_random_SOURCES = %D%/test-enforce-random.c $(TEST_ENFORCE_BED) $(TEST_CLAIMS)
tests_unit_test_enforce_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_random_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-settings
tests_unit_test_enforce_settings_SOURCES = %D%/test-enforce-settings.c
tests_unit_test_enforce_settings_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_settings_LDADD = $(TEST_CORE_LIBS)
