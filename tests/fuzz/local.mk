# One target per format, fuzz-<format>.c, and its inputs in corpus/<format>/. To add one, append the
# five lines that the others have; what needs daemon/ links $(SLUG_CORE_LIBS). make check replays the
# corpus. With --enable-fuzzing replay.c is empty and the same target is a libFuzzer program:
#   tests/fuzz/fuzz-quantity -max_total_time=60 new-inputs/ tests/fuzz/corpus/quantity/
FUZZ_REPLAY = tests/fuzz/replay.c tests/fuzz/fuzz.h
if FUZZING
FUZZ_CPPFLAGS += -DSLUG_FUZZING
endif

FUZZ_TARGETS += tests/fuzz/fuzz-nodelist
tests_fuzz_fuzz_nodelist_SOURCES = %D%/fuzz-nodelist.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_nodelist_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_nodelist_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_nodelist_LDADD = libslugapi.a
EXTRA_DIST += %D%/corpus/nodelist

FUZZ_TARGETS += tests/fuzz/fuzz-quantity
tests_fuzz_fuzz_quantity_SOURCES = %D%/fuzz-quantity.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_quantity_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_quantity_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_quantity_LDADD = libslugapi.a
EXTRA_DIST += %D%/corpus/quantity

FUZZ_TARGETS += tests/fuzz/fuzz-sysfs
tests_fuzz_fuzz_sysfs_SOURCES = %D%/fuzz-sysfs.c $(FUZZ_REPLAY) tests/lib/folder.c tests/lib/folder.h
tests_fuzz_fuzz_sysfs_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_sysfs_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_sysfs_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/sysfs

FUZZ_TARGETS += tests/fuzz/fuzz-json
tests_fuzz_fuzz_json_SOURCES = %D%/fuzz-json.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_json_LDADD = libslugapi.a $(SLUG_API_LIBS)
EXTRA_DIST += %D%/corpus/json

FUZZ_TARGETS += tests/fuzz/fuzz-config
tests_fuzz_fuzz_config_SOURCES = %D%/fuzz-config.c $(FUZZ_REPLAY) tests/lib/folder.c tests/lib/folder.h
tests_fuzz_fuzz_config_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_config_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/config

FUZZ_TARGETS += tests/fuzz/fuzz-manifest-pods
tests_fuzz_fuzz_manifest_pods_SOURCES = %D%/fuzz-manifest-pods.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_manifest_pods_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_manifest_pods_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_manifest_pods_LDADD = $(SLUGCTL_LIBS)
EXTRA_DIST += %D%/corpus/manifest-pods

FUZZ_TARGETS += tests/fuzz/fuzz-split
tests_fuzz_fuzz_split_SOURCES = %D%/fuzz-split.c $(FUZZ_REPLAY) tests/lib/pod-text.c tests/lib/pod-text.h
tests_fuzz_fuzz_split_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_split_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_split_LDADD = libslugapi.a
EXTRA_DIST += %D%/corpus/split %D%/split.dict

FUZZ_TARGETS += tests/fuzz/fuzz-chunks
tests_fuzz_fuzz_chunks_SOURCES = %D%/fuzz-chunks.c $(FUZZ_REPLAY) $(TEST_CHUNKS_BED)
tests_fuzz_fuzz_chunks_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_chunks_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_chunks_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/chunks %D%/chunks.dict

FUZZ_TARGETS += tests/fuzz/fuzz-ledger
tests_fuzz_fuzz_ledger_SOURCES = %D%/fuzz-ledger.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_ledger_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_ledger_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_ledger_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/ledger

FUZZ_TARGETS += tests/fuzz/fuzz-pods-tree
tests_fuzz_fuzz_pods_tree_SOURCES = %D%/fuzz-pods-tree.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_pods_tree_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_pods_tree_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_pods_tree_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/pods-tree

FUZZ_TARGETS += tests/fuzz/fuzz-cgroup
tests_fuzz_fuzz_cgroup_SOURCES = %D%/fuzz-cgroup.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_cgroup_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_cgroup_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_cgroup_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/cgroup
FUZZ_TARGETS += tests/fuzz/fuzz-qos
tests_fuzz_fuzz_qos_SOURCES = %D%/fuzz-qos.c $(FUZZ_REPLAY) tests/lib/qos-bed.c tests/lib/qos-bed.h
tests_fuzz_fuzz_qos_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_qos_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_qos_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/qos

FUZZ_TARGETS += tests/fuzz/fuzz-enforce-usage
tests_fuzz_fuzz_enforce_usage_SOURCES = %D%/fuzz-enforce-usage.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_enforce_usage_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_enforce_usage_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_enforce_usage_LDADD = $(SLUG_CORE_LIBS)
EXTRA_DIST += %D%/corpus/enforce-usage

FUZZ_TARGETS += tests/fuzz/fuzz-kubelet-device
tests_fuzz_fuzz_kubelet_device_SOURCES = %D%/fuzz-kubelet-device.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_kubelet_device_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/plugins
tests_fuzz_fuzz_kubelet_device_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_kubelet_device_LDADD = $(SLUG_KUBELET_LIBS)
EXTRA_DIST += %D%/corpus/kubelet-device

FUZZ_TARGETS += tests/fuzz/fuzz-kubelet-files
tests_fuzz_fuzz_kubelet_files_SOURCES = %D%/fuzz-kubelet-files.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_kubelet_files_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/plugins
tests_fuzz_fuzz_kubelet_files_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_kubelet_files_LDADD = $(SLUG_KUBELET_LIBS)
EXTRA_DIST += %D%/corpus/kubelet-files

FUZZ_TARGETS += tests/fuzz/fuzz-kubelet-spec
tests_fuzz_fuzz_kubelet_spec_SOURCES = %D%/fuzz-kubelet-spec.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_kubelet_spec_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/plugins
tests_fuzz_fuzz_kubelet_spec_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_kubelet_spec_LDADD = $(SLUG_KUBELET_LIBS)
EXTRA_DIST += %D%/corpus/kubelet-spec

FUZZ_TARGETS += tests/fuzz/fuzz-nri
tests_fuzz_fuzz_nri_SOURCES = %D%/fuzz-nri.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_nri_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/plugins
tests_fuzz_fuzz_nri_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_nri_LDADD = $(SLUG_NRI_LIBS)
EXTRA_DIST += %D%/corpus/nri %D%/nri.dict

# What talks to a server has the unit tests' one.
FUZZ_SERVE = tests/fuzz/serve.c tests/fuzz/serve.h tests/lib/rpc-bed.c tests/lib/rpc-bed.h \
	tests/lib/folder.c tests/lib/folder.h
FUZZ_FRAMES = tests/fuzz/frames.c tests/fuzz/frames.h

FUZZ_TARGETS += tests/fuzz/fuzz-http1
tests_fuzz_fuzz_http1_SOURCES = %D%/fuzz-http1.c $(FUZZ_REPLAY) $(FUZZ_SERVE)
tests_fuzz_fuzz_http1_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_http1_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_http1_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
EXTRA_DIST += %D%/corpus/http1 %D%/http1.dict

FUZZ_TARGETS += tests/fuzz/fuzz-http2
tests_fuzz_fuzz_http2_SOURCES = %D%/fuzz-http2.c $(FUZZ_REPLAY) $(FUZZ_SERVE) $(FUZZ_FRAMES)
tests_fuzz_fuzz_http2_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_http2_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_http2_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
EXTRA_DIST += %D%/corpus/http2

FUZZ_TARGETS += tests/fuzz/fuzz-envelope
tests_fuzz_fuzz_envelope_SOURCES = %D%/fuzz-envelope.c $(FUZZ_REPLAY)
tests_fuzz_fuzz_envelope_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_envelope_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_envelope_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
EXTRA_DIST += %D%/corpus/envelope %D%/envelope.dict

FUZZ_TARGETS += tests/fuzz/fuzz-client
tests_fuzz_fuzz_client_SOURCES = %D%/fuzz-client.c $(FUZZ_REPLAY) $(FUZZ_FRAMES)
tests_fuzz_fuzz_client_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_client_LDFLAGS = $(FUZZ_LINK_FLAGS)
tests_fuzz_fuzz_client_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
EXTRA_DIST += %D%/corpus/client

# Our JSON, for Python's to be compared with.
check_PROGRAMS += tests/fuzz/json-pipe
tests_fuzz_json_pipe_SOURCES = %D%/json-pipe.c
tests_fuzz_json_pipe_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_json_pipe_LDADD = libslugapi.a $(SLUG_API_LIBS)
EXTRA_DIST += %D%/json-peer.py
dist_check_SCRIPTS += %D%/json-peer.sh
TESTS += %D%/json-peer.sh

check_PROGRAMS += $(FUZZ_TARGETS)
.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
dist_check_SCRIPTS += %D%/replay.sh %D%/fuzz.sh
TESTS += %D%/replay.sh
