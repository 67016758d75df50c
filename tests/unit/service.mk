UNIT_TESTS += tests/unit/test-service
tests_unit_test_service_SOURCES = tests/unit/test-service.c
tests_unit_test_service_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_service_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-history
tests_unit_test_history_SOURCES = tests/unit/test-history.c
tests_unit_test_history_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_history_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-metrics
tests_unit_test_metrics_SOURCES = tests/unit/test-metrics.c
tests_unit_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_metrics_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pod-service
tests_unit_test_pod_service_SOURCES = tests/unit/test-pod-service.c
tests_unit_test_pod_service_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pod_service_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-keeper
tests_unit_test_pods_keeper_SOURCES = tests/unit/test-pods-keeper.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_pods_keeper_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_keeper_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_keeper_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-service-limits
tests_unit_test_service_limits_SOURCES = tests/unit/test-service-limits.c
tests_unit_test_service_limits_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_service_limits_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-findings
tests_unit_test_findings_SOURCES = tests/unit/test-findings.c
tests_unit_test_findings_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_findings_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-withdraw
tests_unit_test_withdraw_SOURCES = tests/unit/test-withdraw.c
tests_unit_test_withdraw_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_withdraw_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-chunk-service
tests_unit_test_chunk_service_SOURCES = tests/unit/test-chunk-service.c
tests_unit_test_chunk_service_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_chunk_service_LDADD = $(TEST_CORE_LIBS)

TEST_ENFORCE_VIEW_BED = tests/lib/enforce-view-bed.c tests/lib/enforce-view-bed.h

UNIT_TESTS += tests/unit/test-enforce-view
tests_unit_test_enforce_view_SOURCES = tests/unit/test-enforce-view.c $(TEST_ENFORCE_VIEW_BED)
tests_unit_test_enforce_view_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_enforce_view_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-findings-enforce
tests_unit_test_findings_enforce_SOURCES = tests/unit/test-findings-enforce.c $(TEST_ENFORCE_VIEW_BED)
tests_unit_test_findings_enforce_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_findings_enforce_LDADD = $(TEST_CORE_LIBS)
