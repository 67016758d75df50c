# Pods and splits: what is asked for, and how much that is.
UNIT_TESTS += tests/unit/test-pod
tests_unit_test_pod_SOURCES = %D%/test-pod.c
tests_unit_test_pod_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pod_LDADD = $(TEST_API_LIBS)
