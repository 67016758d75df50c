# Benchmarks print and judge nothing; they are no part of check.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = %D%/bench.c
EXTRA_DIST += %D%/bench.sh
CLEANFILES += tests/bench/bench

.PHONY: bench
bench: slugd tests/bench/bench tests/lib/mktree
	abs_top_srcdir='$(abs_top_srcdir)' abs_top_builddir='$(abs_top_builddir)' $(srcdir)/tests/bench/bench.sh
