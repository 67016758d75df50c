# All of slugctl but main(), so that tests can link what renders and what asks.
noinst_LIBRARIES += libslugctl.a
libslugctl_a_SOURCES = \
	%D%/arguments.c %D%/arguments.h \
	%D%/call.c %D%/call.h \
	%D%/capture.c %D%/capture.h \
	%D%/capture-list.c \
	%D%/capture-mask.c %D%/capture-mask.h \
	%D%/capture-walk.c \
	%D%/changes.c %D%/changes.h \
	%D%/config.c \
	%D%/client.c %D%/client.h \
	%D%/describe-node.c %D%/describe-node.h \
	%D%/describe-numa-nodes.c \
	%D%/document.c %D%/document.h \
	%D%/help.c %D%/help.h \
	%D%/option.c %D%/option.h \
	%D%/output.c %D%/output.h \
	%D%/topology.c %D%/topology.h \
	%D%/topology-cxl.c \
	%D%/topology-figures.c \
	%D%/verb.c %D%/verb.h \
	%D%/version.c %D%/version.h \
	%D%/words.c %D%/words.h
libslugctl_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUFC_CFLAGS) $(CURL_CFLAGS) $(JSONC_CFLAGS) $(YAML_CFLAGS) $(ARCHIVE_CFLAGS)
SLUGCTL_LIBS = libslugctl.a libslugapi.a $(CURL_LIBS) $(ARCHIVE_LIBS) $(JSONC_LIBS) $(YAML_LIBS) $(SLUG_API_LIBS)

bin_PROGRAMS += slugctl
slugctl_SOURCES = %D%/slugctl.c
slugctl_CPPFLAGS = $(libslugctl_a_CPPFLAGS)
slugctl_LDADD = $(SLUGCTL_LIBS)
