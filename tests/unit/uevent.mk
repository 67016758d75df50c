UNIT_TESTS += tests/unit/test-uevent
tests_unit_test_uevent_SOURCES = tests/unit/test-uevent.c
tests_unit_test_uevent_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_uevent_LDADD = $(TEST_CORE_LIBS)
