# Benchmarks print and judge nothing; they are no part of check.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = %D%/bench.c
EXTRA_DIST += %D%/bench.sh %D%/wire/wire.sh %D%/wire/report.awk %D%/wire/go/build.sh %D%/wire/go/go.mod %D%/wire/go/go.sum \
	%D%/wire/go/client/main.go %D%/wire/go/server/main.go
CLEANFILES += tests/bench/bench

.PHONY: bench
bench: slugd tests/bench/bench tests/lib/mktree
	abs_top_srcdir='$(abs_top_srcdir)' abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/bench.sh
	@if command -v go >/dev/null && command -v h2load >/dev/null; then $(srcdir)/tests/bench/wire/wire.sh '$(abs_top_builddir)'; \
	else echo 'The wire is not measured: that wants Go and h2load (nghttp2-client).'; fi
