# All of slugctl but main(), so that tests can link what renders and what asks.
noinst_LIBRARIES += libslugctl.a
libslugctl_a_SOURCES = \
	%D%/allocate.c \
	%D%/arguments.c %D%/arguments.h \
	%D%/call.c %D%/call.h \
	%D%/capture.c %D%/capture.h \
	%D%/capture-list.c \
	%D%/capture-mask.c %D%/capture-mask.h \
	%D%/capture-walk.c \
	%D%/cgroups.c %D%/cgroups.h \
	%D%/changes.c %D%/changes.h \
	%D%/chunks.c %D%/chunks.h \
	%D%/claim.c %D%/claim.h \
	%D%/claim-table.c \
	%D%/claims.c %D%/claims.h \
	%D%/completion.c \
	%D%/config.c \
	%D%/client.c %D%/client.h \
	%D%/describe-allocated.c \
	%D%/describe-limits.c \
	%D%/describe-node.c %D%/describe-node.h \
	%D%/describe-node-pods.c \
	%D%/describe-numa-nodes.c \
	%D%/describe-pod.c %D%/describe-pod.h \
	%D%/describe-pod-find.c \
	%D%/describe-pod-text.c \
	%D%/doctor.c %D%/doctor.h \
	%D%/document.c %D%/document.h \
	%D%/enforced.c %D%/enforced.h \
	%D%/enforcement.c \
	%D%/explain.c %D%/explain.h \
	%D%/explain-container.c \
	%D%/explain-memory.c \
	%D%/explain-numa-node.c \
	%D%/follow.c %D%/follow.h \
	%D%/help.c %D%/help.h \
	%D%/hints.c %D%/hints.h \
	%D%/input.c %D%/input.h \
	%D%/knob.c %D%/knob.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/ledger-claim.c %D%/ledger-claim.h \
	%D%/ledger-compare.c %D%/ledger-compare.h \
	%D%/ledger-export.c \
	%D%/ledger-import.c \
	%D%/ledger-log.c %D%/ledger-log.h \
	%D%/ledger-record.c %D%/ledger-record.h \
	%D%/ledger-report.c %D%/ledger-report.h \
	%D%/ledger-verify.c \
	%D%/listed-pod.c %D%/listed-pod.h \
	%D%/operator.c %D%/operator.h \
	%D%/option.c %D%/option.h \
	%D%/output.c %D%/output.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan-diff.c \
	%D%/pods.c %D%/pods.h \
	%D%/private-daemon.c %D%/private-daemon.h \
	%D%/release.c \
	%D%/request.c %D%/request.h \
	%D%/screen.c %D%/screen.h \
	%D%/similar.c %D%/similar.h \
	%D%/simulate.c %D%/simulate.h \
	%D%/top.c %D%/top.h \
	%D%/top-text.c \
	%D%/topology.c %D%/topology.h \
	%D%/topology-cxl.c \
	%D%/topology-figures.c \
	%D%/uninstall.c %D%/uninstall.h \
	%D%/verb.c %D%/verb.h \
	%D%/version.c %D%/version.h \
	%D%/watch.c %D%/watch.h \
	%D%/words.c %D%/words.h
libslugctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUFC_CFLAGS) $(CURL_CFLAGS) $(JSONC_CFLAGS) $(YAML_CFLAGS) $(ARCHIVE_CFLAGS) $(SYSTEMD_CFLAGS) \
	-DSLUG_SBINDIR='"$(sbindir)"'
SLUGCTL_LIBS = libslugctl.a libslugapi.a $(CURL_LIBS) $(ARCHIVE_LIBS) $(JSONC_LIBS) $(YAML_LIBS) $(NGHTTP2_LIBS) $(SLUG_API_LIBS)

# Completion scripts are what slugctl prints.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_bashcompletion_DATA = %D%/completion/slugctl
nodist_zshcompletion_DATA = %D%/completion/_slugctl
CLEANFILES += %D%/completion/slugctl %D%/completion/_slugctl

%D%/completion/slugctl: slugctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./slugctl$(EXEEXT) completion bash >$@.tmp && mv $@.tmp $@

%D%/completion/_slugctl: slugctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./slugctl$(EXEEXT) completion zsh >$@.tmp && mv $@.tmp $@

bin_PROGRAMS += slugctl
slugctl_SOURCES = %D%/slugctl.c
slugctl_CPPFLAGS = $(libslugctl_a_CPPFLAGS)
slugctl_LDADD = $(SLUGCTL_LIBS)
dist_man1_MANS = %D%/slugctl.1
