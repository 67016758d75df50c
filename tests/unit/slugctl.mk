UNIT_TESTS += tests/unit/test-slugctl
tests_unit_test_slugctl_SOURCES = tests/unit/test-slugctl.c
tests_unit_test_slugctl_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_slugctl_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)

UNIT_TESTS += tests/unit/test-capture-mask
tests_unit_test_capture_mask_SOURCES = tests/unit/test-capture-mask.c
tests_unit_test_capture_mask_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_capture_mask_LDADD = libslugtest.a $(SLUGCTL_LIBS) $(CHECK_LIBS)
