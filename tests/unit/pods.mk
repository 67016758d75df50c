UNIT_TESTS += tests/unit/test-pods-names
tests_unit_test_pods_names_SOURCES = %D%/test-pods-names.c $(TEST_CLAIMS)
tests_unit_test_pods_names_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_names_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-tree
tests_unit_test_pods_tree_SOURCES = %D%/test-pods-tree.c $(FAILMALLOC)
tests_unit_test_pods_tree_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_tree_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_tree_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-watch
tests_unit_test_pods_watch_SOURCES = %D%/test-pods-watch.c $(FAILMALLOC)
tests_unit_test_pods_watch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_watch_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_watch_LDADD = $(TEST_CORE_LIBS)

# Trees and reports are made by tests/lib/pods-bed.c.
TEST_PODS_BED = tests/lib/pods-bed.c tests/lib/pods-bed.h

UNIT_TESTS += tests/unit/test-pods-report
tests_unit_test_pods_report_SOURCES = %D%/test-pods-report.c $(TEST_PODS_BED) $(FAILMALLOC)
tests_unit_test_pods_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_report_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_report_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-inventory
tests_unit_test_pods_inventory_SOURCES = %D%/test-pods-inventory.c $(TEST_PODS_BED) $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_pods_inventory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_inventory_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_inventory_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-reconcile
tests_unit_test_pods_reconcile_SOURCES = %D%/test-pods-reconcile.c $(TEST_PODS_BED) $(TEST_CLAIMS)
tests_unit_test_pods_reconcile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_reconcile_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-identify
tests_unit_test_pods_identify_SOURCES = %D%/test-pods-identify.c $(TEST_PODS_BED) $(TEST_CLAIMS)
tests_unit_test_pods_identify_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_identify_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pods-random
tests_unit_test_pods_random_SOURCES = %D%/test-pods-random.c $(TEST_PODS_BED) $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_pods_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pods_random_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_pods_random_LDADD = $(TEST_CORE_LIBS)
