# What all tests stand on: check's main(), machines as text, and the program that makes them.
if HAVE_CHECK
check_LIBRARIES += libslugtest.a
endif
libslugtest_a_SOURCES = \
	%D%/folder.c %D%/folder.h \
	%D%/h2-peer.c %D%/h2-peer.h \
	%D%/pod-text.c %D%/pod-text.h \
	%D%/rpc-bed.c %D%/rpc-bed.h \
	%D%/test-main.c %D%/test-main.h \
	%D%/tree.c %D%/tree.h \
	%D%/tree-family.c %D%/tree-reader.h \
	%D%/tree-write.c %D%/tree-write.h
libslugtest_a_CPPFLAGS = $(TEST_CPPFLAGS)

check_PROGRAMS += tests/lib/mktree
tests_lib_mktree_SOURCES = %D%/mktree.c \
	%D%/tree.c %D%/tree.h \
	%D%/tree-family.c %D%/tree-reader.h \
	%D%/tree-write.c %D%/tree-write.h
tests_lib_mktree_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_lib_mktree_LDADD = libslugapi.a

# Runtimes, kubelets and slugds as far as slug-kubelet asks them.
check_PROGRAMS += tests/lib/double
tests_lib_double_SOURCES = %D%/double.c
tests_lib_double_CPPFLAGS = $(TEST_CPPFLAGS)
tests_lib_double_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

# The kubelet's device manager, as far as a device plugin sees it.
check_PROGRAMS += tests/lib/kubelet
tests_lib_kubelet_SOURCES = %D%/kubelet.c %D%/kubelet-double.c %D%/kubelet-double.h
tests_lib_kubelet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_lib_kubelet_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

# A container runtime as far as NRI plugins see it.
check_PROGRAMS += tests/lib/nri-runtime
tests_lib_nri_runtime_SOURCES = %D%/nri-runtime.c %D%/nri-double.c %D%/nri-double.h
tests_lib_nri_runtime_CPPFLAGS = $(TEST_CPPFLAGS)
tests_lib_nri_runtime_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

# Not a program but what is preloaded into one; a shared object is position independent, whatever programs are.
check_PROGRAMS += tests/lib/bad-disk.so
tests_lib_bad_disk_so_SOURCES = %D%/bad-disk.c
tests_lib_bad_disk_so_CFLAGS = $(AM_CFLAGS) -fPIC -fvisibility=default
tests_lib_bad_disk_so_LDFLAGS = -shared
EXTRA_DIST += %D%/daemon.py

UNIT_TESTS += tests/unit/test-tree
tests_unit_test_tree_SOURCES = tests/unit/test-tree.c $(FAILMALLOC)
tests_unit_test_tree_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_test_tree_LDADD = $(TEST_API_LIBS)
tests_unit_test_tree_LDFLAGS = $(TEST_WRAP_FLAGS)
