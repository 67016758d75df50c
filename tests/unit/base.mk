# The ground floor's own tests. Some stand between the code and libc: allocations, and system calls
# that are hard to make fail otherwise.
UNIT_TESTS += tests/unit/test-scan
tests_unit_test_scan_SOURCES = %D%/test-scan.c
tests_unit_test_scan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_scan_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-nodeset
tests_unit_test_nodeset_SOURCES = %D%/test-nodeset.c
tests_unit_test_nodeset_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_nodeset_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-quantity
tests_unit_test_quantity_SOURCES = %D%/test-quantity.c
tests_unit_test_quantity_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_quantity_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-bytes
tests_unit_test_bytes_SOURCES = %D%/test-bytes.c
tests_unit_test_bytes_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_bytes_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-log
tests_unit_test_log_SOURCES = %D%/test-log.c
tests_unit_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_log_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-arena
tests_unit_test_arena_SOURCES = %D%/test-arena.c $(FAILMALLOC)
tests_unit_test_arena_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_arena_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_arena_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-buffer
tests_unit_test_buffer_SOURCES = %D%/test-buffer.c $(FAILMALLOC)
tests_unit_test_buffer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_buffer_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_buffer_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-error
tests_unit_test_error_SOURCES = %D%/test-error.c $(FAILMALLOC)
tests_unit_test_error_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_error_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_error_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-root
tests_unit_test_root_SOURCES = %D%/test-root.c $(FAILMALLOC)
tests_unit_test_root_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_root_LDFLAGS = $(TEST_WRAP_FLAGS) -Wl,--wrap=read
tests_unit_test_root_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-replace
tests_unit_test_replace_SOURCES = %D%/test-replace.c
tests_unit_test_replace_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_replace_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=write,--wrap=fchmod,--wrap=fsync,--wrap=renameat
tests_unit_test_replace_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-crc32c
tests_unit_test_crc32c_SOURCES = %D%/test-crc32c.c
tests_unit_test_crc32c_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_crc32c_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-sealed
tests_unit_test_sealed_SOURCES = %D%/test-sealed.c $(FAILMALLOC)
tests_unit_test_sealed_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_sealed_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_sealed_LDADD = $(TEST_API_LIBS)

UNIT_TESTS += tests/unit/test-program
tests_unit_test_program_SOURCES = %D%/test-program.c
tests_unit_test_program_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_program_LDADD = $(TEST_API_LIBS)
