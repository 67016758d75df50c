UNIT_TESTS += tests/unit/test-damon-plan
tests_unit_test_damon_plan_SOURCES = %D%/test-damon-plan.c
tests_unit_test_damon_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_damon_plan_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-damon-probe
tests_unit_test_damon_probe_SOURCES = %D%/test-damon-probe.c
tests_unit_test_damon_probe_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_damon_probe_LDADD = $(TEST_CORE_LIBS)
