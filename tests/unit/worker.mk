# The bed stands between the code and libc: kills that do not arrive, processes that cannot be made.
WORKER_BED = tests/lib/worker-bed.c tests/lib/worker-bed.h
WORKER_WRAP_FLAGS = -Wl,--wrap=pidfd_send_signal,--wrap=fork,--wrap=process_await_end

UNIT_TESTS += tests/unit/test-worker
tests_unit_test_worker_SOURCES = %D%/test-worker.c $(WORKER_BED)
tests_unit_test_worker_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_worker_LDFLAGS = $(AM_LDFLAGS) $(WORKER_WRAP_FLAGS)
tests_unit_test_worker_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-worker-process
tests_unit_test_worker_process_SOURCES = %D%/test-worker-process.c $(WORKER_BED) $(FAILMALLOC)
tests_unit_test_worker_process_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_worker_process_LDFLAGS = $(TEST_WRAP_FLAGS) $(WORKER_WRAP_FLAGS)
tests_unit_test_worker_process_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-worker-peers
tests_unit_test_worker_peers_SOURCES = %D%/test-worker-peers.c
tests_unit_test_worker_peers_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_worker_peers_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-pages-plan
tests_unit_test_pages_plan_SOURCES = %D%/test-pages-plan.c
tests_unit_test_pages_plan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pages_plan_LDADD = $(TEST_CORE_LIBS)

# A kernel with more NUMA nodes than this machine may have stands before move_pages(2).
UNIT_TESTS += tests/unit/test-pages
tests_unit_test_pages_SOURCES = %D%/test-pages.c
tests_unit_test_pages_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_pages_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pages_process_move
tests_unit_test_pages_LDADD = $(TEST_CORE_LIBS)
