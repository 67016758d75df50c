# One folder per machine of tests/fixtures/machines, with what slugctl says of it.
dist_check_SCRIPTS += %D%/golden.sh
EXTRA_DIST += tests/fixtures/machines
TESTS += %D%/golden.sh

# The folders are listed by what is there: a new machine is one .tree and one UPDATE_GOLDEN=1 make check.
dist-hook: dist-golden
.PHONY: dist-golden
dist-golden:
	for folder in $(srcdir)/tests/golden/*/; do \
	  $(MKDIR_P) $(distdir)/tests/golden && cp -R "$${folder%/}" $(distdir)/tests/golden/ || exit 1; \
	done
