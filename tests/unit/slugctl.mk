UNIT_TESTS += tests/unit/test-slugctl
tests_unit_test_slugctl_SOURCES = tests/unit/test-slugctl.c
tests_unit_test_slugctl_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-capture-mask
tests_unit_test_capture_mask_SOURCES = tests/unit/test-capture-mask.c
tests_unit_test_capture_mask_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_capture_mask_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-memory
tests_unit_test_slugctl_memory_SOURCES = tests/unit/test-slugctl-memory.c
tests_unit_test_slugctl_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_memory_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-manifest-pods
tests_unit_test_manifest_pods_SOURCES = tests/unit/test-manifest-pods.c $(FAILMALLOC)
tests_unit_test_manifest_pods_CPPFLAGS = $(TEST_CPPFLAGS) $(YAML_CFLAGS)
tests_unit_test_manifest_pods_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_manifest_pods_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

# Held against slugd's own reader, so it links the daemon as well.
UNIT_TESTS += tests/unit/test-ledger-log
tests_unit_test_ledger_log_SOURCES = tests/unit/test-ledger-log.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_ledger_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ledger_log_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_ledger_log_LDADD = libslugtest.a libslugctl.a $(TEST_CORE_LIBS) $(CURL_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-ledger
tests_unit_test_slugctl_ledger_SOURCES = tests/unit/test-slugctl-ledger.c
tests_unit_test_slugctl_ledger_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_ledger_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-pods
tests_unit_test_slugctl_pods_SOURCES = tests/unit/test-slugctl-pods.c
tests_unit_test_slugctl_pods_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_pods_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-top
tests_unit_test_slugctl_top_SOURCES = tests/unit/test-slugctl-top.c
tests_unit_test_slugctl_top_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_top_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(SLUG_RPC_SERVER_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-plan
tests_unit_test_slugctl_plan_SOURCES = tests/unit/test-slugctl-plan.c
tests_unit_test_slugctl_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_plan_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-doctor
tests_unit_test_slugctl_doctor_SOURCES = tests/unit/test-slugctl-doctor.c
tests_unit_test_slugctl_doctor_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_doctor_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-chunks
tests_unit_test_slugctl_chunks_SOURCES = tests/unit/test-slugctl-chunks.c
tests_unit_test_slugctl_chunks_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_chunks_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-slugctl-enforcement
tests_unit_test_slugctl_enforcement_SOURCES = tests/unit/test-slugctl-enforcement.c
tests_unit_test_slugctl_enforcement_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_enforcement_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)
