# Claims are made by tests/lib/claims.c.
TEST_CLAIMS = tests/lib/claims.c tests/lib/claims.h

UNIT_TESTS += tests/unit/test-record
tests_unit_test_record_SOURCES = %D%/test-record.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_record_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_record_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_record_LDADD = $(TEST_CORE_LIBS)

TEST_JOURNAL_BED = tests/lib/journal-bed.c tests/lib/journal-bed.h $(TEST_CLAIMS)

UNIT_TESTS += tests/unit/test-journal
tests_unit_test_journal_SOURCES = %D%/test-journal.c $(TEST_JOURNAL_BED)
tests_unit_test_journal_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_journal_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-journal-failures
tests_unit_test_journal_failures_SOURCES = %D%/test-journal-failures.c $(TEST_JOURNAL_BED) \
	$(FAILMALLOC)
tests_unit_test_journal_failures_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_journal_failures_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_journal_failures_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-journal-load
tests_unit_test_journal_load_SOURCES = %D%/test-journal-load.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_journal_load_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_journal_load_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_journal_load_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-checkpoint
tests_unit_test_checkpoint_SOURCES = %D%/test-checkpoint.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_checkpoint_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_checkpoint_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_checkpoint_LDADD = $(TEST_CORE_LIBS)
UNIT_TESTS += tests/unit/test-claim
tests_unit_test_claim_SOURCES = %D%/test-claim.c $(TEST_CLAIMS)
tests_unit_test_claim_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_claim_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-lifecycle
tests_unit_test_lifecycle_SOURCES = %D%/test-lifecycle.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_lifecycle_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_lifecycle_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_lifecycle_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-ledger
tests_unit_test_ledger_SOURCES = %D%/test-ledger.c $(TEST_CLAIMS)
tests_unit_test_ledger_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ledger_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-ledger-memory
tests_unit_test_ledger_memory_SOURCES = %D%/test-ledger-memory.c $(TEST_CLAIMS) $(FAILMALLOC)
tests_unit_test_ledger_memory_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ledger_memory_LDFLAGS = $(TEST_WRAP_FLAGS) -Wl,--wrap=tsearch
tests_unit_test_ledger_memory_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-ledger-model
tests_unit_test_ledger_model_SOURCES = %D%/test-ledger-model.c $(TEST_CLAIMS) \
	tests/lib/ledger-model.c tests/lib/ledger-model.h
tests_unit_test_ledger_model_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_ledger_model_LDADD = $(TEST_CORE_LIBS)
