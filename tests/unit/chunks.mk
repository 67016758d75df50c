# Lists and claims are text for tests/lib/chunks-bed.c.
TEST_CHUNKS_BED = tests/lib/chunks-bed.c tests/lib/chunks-bed.h $(TEST_NUMA_BED)

UNIT_TESTS += tests/unit/test-chunks
tests_unit_test_chunks_SOURCES = %D%/test-chunks.c $(TEST_CHUNKS_BED) $(FAILMALLOC)
tests_unit_test_chunks_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_chunks_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_chunks_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-chunks-allocate
tests_unit_test_chunks_allocate_SOURCES = %D%/test-chunks-allocate.c $(TEST_CHUNKS_BED) $(FAILMALLOC)
tests_unit_test_chunks_allocate_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_chunks_allocate_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_chunks_allocate_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-chunks-random
tests_unit_test_chunks_random_SOURCES = %D%/test-chunks-random.c $(TEST_CHUNKS_BED)
tests_unit_test_chunks_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_chunks_random_LDADD = $(TEST_CORE_LIBS)
