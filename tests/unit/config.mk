UNIT_TESTS += tests/unit/test-yaml
tests_unit_test_yaml_SOURCES = tests/unit/test-yaml.c $(FAILMALLOC)
tests_unit_test_yaml_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_yaml_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_yaml_LDADD = $(TEST_CORE_LIBS)

# What is loaded are files that tests/lib/config-bed.c writes.
TEST_CONFIG_BED = tests/lib/config-bed.c tests/lib/config-bed.h

UNIT_TESTS += tests/unit/test-config
tests_unit_test_config_SOURCES = tests/unit/test-config.c $(FAILMALLOC) $(TEST_CONFIG_BED)
tests_unit_test_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_config_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_config_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-config
tests_unit_test_kubelet_config_SOURCES = tests/unit/test-kubelet-config.c $(TEST_CONFIG_BED)
tests_unit_test_kubelet_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_kubelet_config_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-told
tests_unit_test_told_SOURCES = tests/unit/test-told.c $(FAILMALLOC) $(TEST_CONFIG_BED)
tests_unit_test_told_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_told_LDFLAGS = $(TEST_WRAP_FLAGS)
tests_unit_test_told_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-config-qos
tests_unit_test_config_qos_SOURCES = tests/unit/test-config-qos.c $(TEST_CONFIG_BED)
tests_unit_test_config_qos_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_config_qos_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-kubelet-qos
tests_unit_test_kubelet_qos_SOURCES = tests/unit/test-kubelet-qos.c $(TEST_CONFIG_BED)
tests_unit_test_kubelet_qos_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_kubelet_qos_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-config-chunks
tests_unit_test_config_chunks_SOURCES = tests/unit/test-config-chunks.c $(TEST_CONFIG_BED)
tests_unit_test_config_chunks_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_config_chunks_LDADD = $(TEST_CORE_LIBS)

UNIT_TESTS += tests/unit/test-config-enforce
tests_unit_test_config_enforce_SOURCES = tests/unit/test-config-enforce.c $(TEST_CONFIG_BED)
tests_unit_test_config_enforce_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_config_enforce_LDADD = $(TEST_CORE_LIBS)

EXTRA_DIST += tests/fixtures/config
