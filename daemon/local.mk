# slugd. libslugcore.a is the daemon but main.c: tests and fuzz targets link the same objects.
noinst_LIBRARIES += libslugcore.a
libslugcore_a_SOURCES =
libslugcore_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS) $(YAML_CFLAGS) $(JSONC_CFLAGS) $(UDEV_CFLAGS)
SLUG_CORE_LIBS = libslugcore.a libslugapi.a $(YAML_LIBS) $(JSONC_LIBS) $(UDEV_LIBS) $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

include daemon/config/local.mk
include daemon/sysfs/local.mk
include daemon/topology/local.mk
include daemon/capacity/local.mk
include daemon/ledger/local.mk
include daemon/cgroup/local.mk
include daemon/pods/local.mk
include daemon/qos/local.mk
include daemon/enforce/local.mk
include daemon/damon/local.mk
include daemon/hints/local.mk
include daemon/chunks/local.mk
include daemon/worker/local.mk
include daemon/metrics/local.mk
include daemon/service/local.mk
include daemon/uevent/local.mk
include daemon/manager/local.mk

sbin_PROGRAMS += slugd
slugd_SOURCES = %D%/main.c
slugd_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon $(SYSTEMD_CFLAGS)
slugd_LDADD = $(SLUG_CORE_LIBS)
dist_man8_MANS = %D%/slugd.8
