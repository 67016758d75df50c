# slug-kubelet. libslugkubelet.a is all of it but main.c: tests and fuzz targets link the same objects.
noinst_LIBRARIES += libslugkubelet.a
libslugkubelet_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS)
libslugkubelet_a_SOURCES = \
	%D%/agent.c %D%/agent.h \
	%D%/allocations.c %D%/allocations.h \
	%D%/announce.c %D%/announce.h \
	%D%/collect.c %D%/collect.h \
	%D%/collect-allocatable.c \
	%D%/collect-devices.c \
	%D%/collect-kubelet.c %D%/collect-rows.h \
	%D%/collect-messages.c \
	%D%/collect-missing.c \
	%D%/collect-runtime.c \
	%D%/details.c %D%/details.h \
	%D%/device/advertise.c %D%/device/advertise.h \
	%D%/device/allocate.c %D%/device/allocate.h \
	%D%/device/answer.c %D%/device/answer.h \
	%D%/device/door.c %D%/device/door.h \
	%D%/device/folder.c %D%/device/folder.h \
	%D%/device/grace.c %D%/device/grace.h \
	%D%/device/plugin.c %D%/device/plugin.h \
	%D%/device/prefer.c %D%/device/prefer.h \
	%D%/device/prestart.c %D%/device/prestart.h \
	%D%/device/resource.c %D%/device/resource.h \
	%D%/device/service.c %D%/device/service.h \
	%D%/device/source.c %D%/device/source.h \
	%D%/devices.c %D%/devices.h \
	%D%/endpoints.c %D%/endpoints.h \
	%D%/fingerprint.h \
	%D%/kept.c %D%/kept.h \
	%D%/manifests.c %D%/manifests.h \
	%D%/missing.c %D%/missing.h \
	%D%/peer.c %D%/peer.h \
	%D%/pod-resources.c %D%/pod-resources.h \
	%D%/print.c %D%/print.h \
	%D%/report.c %D%/report.h \
	%D%/reporter.c %D%/reporter.h \
	%D%/rhythm.c %D%/rhythm.h \
	%D%/runtime.c %D%/runtime.h \
	%D%/settle.c %D%/settle.h \
	%D%/spec.c %D%/spec.h
SLUG_KUBELET_LIBS = libslugkubelet.a libslugapi.a $(JSONC_LIBS) $(YAML_LIBS) $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

sbin_PROGRAMS += slug-kubelet
slug_kubelet_SOURCES = %D%/main.c
slug_kubelet_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS)
slug_kubelet_LDADD = $(SLUG_KUBELET_LIBS)
dist_man8_MANS += %D%/slug-kubelet.8
