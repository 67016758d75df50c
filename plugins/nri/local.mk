# slug-nri. libslugnri.a is all of it but main.c: tests and fuzz targets link the same objects.
noinst_LIBRARIES += libslugnri.a
libslugnri_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS)
libslugnri_a_SOURCES = \
	%D%/adjust.c %D%/adjust.h \
	%D%/admitter.c %D%/admitter.h \
	%D%/agent.c %D%/agent.h \
	%D%/announce.c %D%/announce.h \
	%D%/calls.c %D%/calls.h \
	%D%/creations.c %D%/creations.h \
	%D%/kept.c %D%/kept.h \
	%D%/line.c %D%/line.h \
	%D%/mux.c %D%/mux.h \
	%D%/request.c %D%/request.h \
	%D%/rounds.c %D%/rounds.h \
	%D%/serve.c %D%/serve.h \
	%D%/session.c %D%/session.h \
	%D%/ttrpc.c %D%/ttrpc.h \
	%D%/types.h \
	%D%/watch.c %D%/watch.h
SLUG_NRI_LIBS = libslugnri.a libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

sbin_PROGRAMS += slug-nri
slug_nri_SOURCES = %D%/main.c
slug_nri_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS)
slug_nri_LDADD = $(SLUG_NRI_LIBS)
dist_man8_MANS += %D%/slug-nri.8
