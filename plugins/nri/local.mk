# slug-nri. libslugnri.a is all of it but main.c: tests and fuzz targets link the same objects.
noinst_LIBRARIES += libslugnri.a
libslugnri_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS)
libslugnri_a_SOURCES = \
	%D%/calls.c %D%/calls.h \
	%D%/line.c %D%/line.h \
	%D%/mux.c %D%/mux.h \
	%D%/serve.c %D%/serve.h \
	%D%/session.c %D%/session.h \
	%D%/ttrpc.c %D%/ttrpc.h \
	%D%/watch.c %D%/watch.h
SLUG_NRI_LIBS = libslugnri.a libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
