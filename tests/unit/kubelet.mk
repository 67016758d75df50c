# slug-kubelet.
KUBELET_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/plugins
KUBELET_TEST_LIBS = libslugtest.a $(SLUG_KUBELET_LIBS) $(SLUG_API_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-allocations
tests_unit_test_kubelet_allocations_SOURCES = %D%/test-kubelet-allocations.c $(FAILMALLOC)
tests_unit_test_kubelet_allocations_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_allocations_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_kubelet_allocations_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-devices
tests_unit_test_kubelet_devices_SOURCES = %D%/test-kubelet-devices.c $(FAILMALLOC)
tests_unit_test_kubelet_devices_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_devices_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_kubelet_devices_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-endpoints
tests_unit_test_kubelet_endpoints_SOURCES = %D%/test-kubelet-endpoints.c
tests_unit_test_kubelet_endpoints_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_endpoints_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-collect
tests_unit_test_kubelet_collect_SOURCES = %D%/test-kubelet-collect.c
tests_unit_test_kubelet_collect_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_collect_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-missing
tests_unit_test_kubelet_missing_SOURCES = %D%/test-kubelet-missing.c
tests_unit_test_kubelet_missing_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_missing_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-settle
tests_unit_test_kubelet_settle_SOURCES = %D%/test-kubelet-settle.c
tests_unit_test_kubelet_settle_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_settle_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-spec
tests_unit_test_kubelet_spec_SOURCES = %D%/test-kubelet-spec.c
tests_unit_test_kubelet_spec_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_spec_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-manifests
tests_unit_test_kubelet_manifests_SOURCES = %D%/test-kubelet-manifests.c $(FAILMALLOC)
tests_unit_test_kubelet_manifests_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_manifests_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_kubelet_manifests_LDADD = $(KUBELET_TEST_LIBS)

CHUNK_TEXT = tests/lib/chunk-text.c tests/lib/chunk-text.h

UNIT_TESTS += tests/unit/test-kubelet-advertise
tests_unit_test_kubelet_advertise_SOURCES = %D%/test-kubelet-advertise.c $(CHUNK_TEXT) $(FAILMALLOC)
tests_unit_test_kubelet_advertise_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_advertise_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_kubelet_advertise_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-prefer
tests_unit_test_kubelet_prefer_SOURCES = %D%/test-kubelet-prefer.c $(CHUNK_TEXT)
tests_unit_test_kubelet_prefer_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_prefer_LDADD = $(KUBELET_TEST_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-device
tests_unit_test_kubelet_device_SOURCES = %D%/test-kubelet-device.c $(CHUNK_TEXT) \
	tests/lib/kubelet-double.c tests/lib/kubelet-double.h
tests_unit_test_kubelet_device_CPPFLAGS = $(KUBELET_TEST_CPPFLAGS)
tests_unit_test_kubelet_device_LDADD = $(KUBELET_TEST_LIBS)
