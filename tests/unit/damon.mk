UNIT_TESTS += tests/unit/test-damon-files
tests_unit_test_damon_files_SOURCES = %D%/test-damon-files.c
tests_unit_test_damon_files_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_damon_files_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-damon-plan
tests_unit_test_damon_plan_SOURCES = %D%/test-damon-plan.c
tests_unit_test_damon_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_damon_plan_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-damon-probe
tests_unit_test_damon_probe_SOURCES = %D%/test-damon-probe.c
tests_unit_test_damon_probe_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_damon_probe_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-enforce-damos
tests_unit_test_enforce_damos_SOURCES = %D%/test-enforce-damos.c \
	tests/lib/damon-kernel.c tests/lib/damon-kernel.h
tests_unit_test_enforce_damos_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_damos_LDADD = $(TEST_CORE_LIBS)

EXTRA_DIST += tests/fixtures/damon
