# What the kubelet tells in files, and where it is; tests and fuzz targets link the same objects.
noinst_LIBRARIES += libslugkubelet.a
libslugkubelet_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins
libslugkubelet_a_SOURCES = \
	%D%/allocations.c %D%/allocations.h \
	%D%/devices.c %D%/devices.h \
	%D%/endpoints.c %D%/endpoints.h \
	%D%/kept.c %D%/kept.h
SLUG_KUBELET_LIBS = libslugkubelet.a libslugapi.a $(JSONC_LIBS)
