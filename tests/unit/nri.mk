# slug-nri.
NRI_TEST_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/plugins
NRI_TEST_LIBS = libslugtest.a $(SLUG_NRI_LIBS) $(CHECK_LIBS)
NRI_DOUBLE = tests/lib/nri-double.c tests/lib/nri-double.h

UNIT_TESTS += tests/unit/test-nri-mux
tests_unit_test_nri_mux_SOURCES = %D%/test-nri-mux.c
tests_unit_test_nri_mux_CPPFLAGS = $(NRI_TEST_CPPFLAGS)
tests_unit_test_nri_mux_LDADD = $(NRI_TEST_LIBS)

UNIT_TESTS += tests/unit/test-nri-ttrpc
tests_unit_test_nri_ttrpc_SOURCES = %D%/test-nri-ttrpc.c $(NRI_DOUBLE) $(FAILMALLOC)
tests_unit_test_nri_ttrpc_CPPFLAGS = $(NRI_TEST_CPPFLAGS)
tests_unit_test_nri_ttrpc_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_nri_ttrpc_LDADD = $(NRI_TEST_LIBS)

NRI_BED = tests/lib/nri-bed.c tests/lib/nri-bed.h $(NRI_DOUBLE)

UNIT_TESTS += tests/unit/test-nri-session
tests_unit_test_nri_session_SOURCES = %D%/test-nri-session.c $(NRI_BED)
tests_unit_test_nri_session_CPPFLAGS = $(NRI_TEST_CPPFLAGS)
tests_unit_test_nri_session_LDADD = $(NRI_TEST_LIBS)

UNIT_TESTS += tests/unit/test-nri-hostile
tests_unit_test_nri_hostile_SOURCES = %D%/test-nri-hostile.c $(NRI_BED)
tests_unit_test_nri_hostile_CPPFLAGS = $(NRI_TEST_CPPFLAGS)
tests_unit_test_nri_hostile_LDADD = $(NRI_TEST_LIBS)

UNIT_TESTS += tests/unit/test-nri-translate
tests_unit_test_nri_translate_SOURCES = %D%/test-nri-translate.c
tests_unit_test_nri_translate_CPPFLAGS = $(NRI_TEST_CPPFLAGS)
tests_unit_test_nri_translate_LDADD = $(NRI_TEST_LIBS)
