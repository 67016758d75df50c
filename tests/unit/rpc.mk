UNIT_TESTS += tests/unit/test-json
tests_unit_test_json_SOURCES = tests/unit/test-json.c $(FAILMALLOC)
tests_unit_test_json_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_json_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_json_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-http1
tests_unit_test_http1_SOURCES = tests/unit/test-http1.c
tests_unit_test_http1_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_http1_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-http2-hostile
tests_unit_test_http2_hostile_SOURCES = tests/unit/test-http2-hostile.c
tests_unit_test_http2_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_http2_hostile_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-http2
tests_unit_test_http2_SOURCES = tests/unit/test-http2.c
tests_unit_test_http2_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_http2_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-wire
tests_unit_test_wire_SOURCES = tests/unit/test-wire.c
tests_unit_test_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_wire_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-client
tests_unit_test_client_SOURCES = tests/unit/test-client.c
tests_unit_test_client_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_client_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-reflection
tests_unit_test_reflection_SOURCES = tests/unit/test-reflection.c
tests_unit_test_reflection_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_reflection_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-http1-hostile
tests_unit_test_http1_hostile_SOURCES = tests/unit/test-http1-hostile.c
tests_unit_test_http1_hostile_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_http1_hostile_LDADD = $(TEST_API_LIBS)
