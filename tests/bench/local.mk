# Benchmarks print and judge nothing; they are no part of check.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = %D%/bench.c
EXTRA_DIST += %D%/bench.sh %D%/memory/hints.sh %D%/memory/claims.sh %D%/pods/pods.sh %D%/pods/idle.sh \
	%D%/qos/qos.sh %D%/chunks/chunks.sh %D%/enforce/enforce.sh \
	%D%/wire/wire.sh %D%/wire/report.awk %D%/wire/go/build.sh %D%/wire/go/go.mod %D%/wire/go/go.sum \
	%D%/wire/go/client/main.go %D%/wire/go/server/main.go
CLEANFILES += tests/bench/bench

EXTRA_PROGRAMS += tests/bench/memory/hints
tests_bench_memory_hints_SOURCES = %D%/memory/hints.c \
	%D%/memory/bed.c %D%/memory/bed.h \
	%D%/memory/numbers.c %D%/memory/numbers.h \
	%D%/memory/rival.c %D%/memory/rival.h
tests_bench_memory_hints_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_memory_hints_LDADD = $(SLUG_CORE_LIBS)
CLEANFILES += tests/bench/memory/hints

EXTRA_PROGRAMS += tests/bench/memory/claims
tests_bench_memory_claims_SOURCES = %D%/memory/claims.c \
	%D%/memory/callers.c %D%/memory/callers.h \
	%D%/memory/numbers.c %D%/memory/numbers.h
tests_bench_memory_claims_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_memory_claims_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
CLEANFILES += tests/bench/memory/claims

EXTRA_PROGRAMS += tests/bench/pods/pods
tests_bench_pods_pods_SOURCES = %D%/pods/pods.c \
	%D%/pods/bed.c %D%/pods/bed.h \
	%D%/memory/numbers.c %D%/memory/numbers.h
tests_bench_pods_pods_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_pods_pods_LDADD = $(SLUG_CORE_LIBS)
CLEANFILES += tests/bench/pods/pods

EXTRA_PROGRAMS += tests/bench/qos/qos
tests_bench_qos_qos_SOURCES = %D%/qos/qos.c \
	%D%/pods/bed.c %D%/pods/bed.h \
	%D%/memory/numbers.c %D%/memory/numbers.h
tests_bench_qos_qos_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_qos_qos_LDADD = $(SLUG_CORE_LIBS)
CLEANFILES += tests/bench/qos/qos

EXTRA_PROGRAMS += tests/bench/enforce/kernel
tests_bench_enforce_kernel_SOURCES = %D%/enforce/kernel.c %D%/pods/bed.c %D%/pods/bed.h
tests_bench_enforce_kernel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_enforce_kernel_LDADD = $(SLUG_CORE_LIBS)
EXTRA_PROGRAMS += tests/bench/enforce/decide
tests_bench_enforce_decide_SOURCES = %D%/enforce/decide.c %D%/memory/numbers.c %D%/memory/numbers.h
tests_bench_enforce_decide_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_enforce_decide_LDADD = $(SLUG_CORE_LIBS)
CLEANFILES += tests/bench/enforce/decide tests/bench/enforce/kernel

.PHONY: bench
bench: slugd slugctl slug-kubelet tests/lib/double tests/bench/bench tests/bench/memory/hints tests/bench/memory/claims tests/bench/pods/pods \
	tests/bench/qos/qos tests/bench/enforce/decide tests/bench/enforce/kernel tests/lib/mktree
	abs_top_srcdir='$(abs_top_srcdir)' abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/bench.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/memory/hints.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/memory/claims.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/pods/pods.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/pods/idle.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/qos/qos.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/chunks/chunks.sh
	abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/enforce/enforce.sh
	@if command -v go >/dev/null && command -v h2load >/dev/null; then $(srcdir)/tests/bench/wire/wire.sh '$(abs_top_builddir)'; \
	else echo 'The wire is not measured: that wants Go and h2load (nghttp2-client).'; fi
