# What compilers do not see.
LINT_TESTS = \
	%D%/format.sh \
	%D%/hardening.sh \
	%D%/headers.sh \
	%D%/layers.sh \
	%D%/layers-planted.sh \
	%D%/man.sh \
	%D%/messages.sh \
	%D%/packages.sh \
	%D%/shell.sh \
	%D%/words.sh
dist_check_SCRIPTS += $(LINT_TESTS)
EXTRA_DIST += %D%/layers.txt %D%/doors.txt .clang-format .clang-tidy
# They look at sources, which sanitizers do not change.
if !SANITIZING
TESTS += $(LINT_TESTS)
endif
