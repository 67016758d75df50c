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
