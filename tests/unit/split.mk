# Pods and splits: what is asked for, and how much that is.
UNIT_TESTS += tests/unit/test-pod
tests_unit_test_pod_SOURCES = %D%/test-pod.c
tests_unit_test_pod_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pod_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-split
tests_unit_test_split_SOURCES = %D%/test-split.c
tests_unit_test_split_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_split_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-pod-check
tests_unit_test_pod_check_SOURCES = %D%/test-pod-check.c
tests_unit_test_pod_check_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pod_check_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-chunk
tests_unit_test_chunk_SOURCES = %D%/test-chunk.c
tests_unit_test_chunk_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_chunk_LDADD = $(TEST_API_LIBS)
