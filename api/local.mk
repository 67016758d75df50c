# The ground floor: what daemon, plugins and slugctl share. Plugins and slugctl link libslugapi.a alone.
noinst_LIBRARIES += libslugapi.a
libslugapi_a_SOURCES =
nodist_libslugapi_a_SOURCES =
libslugapi_a_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS) $(MICROHTTPD_CFLAGS) $(NGHTTP2_CFLAGS) $(JSONC_CFLAGS) $(YAML_CFLAGS)
# what a program that links libslugapi.a needs, when it uses those parts
SLUG_API_LIBS = $(SYSTEMD_LIBS) $(PROTOBUFC_LIBS)
SLUG_RPC_SERVER_LIBS = $(MICROHTTPD_LIBS) $(NGHTTP2_LIBS)

include api/base/local.mk
include api/value/local.mk
include api/split/local.mk
include api/proto/local.mk
include api/manifest/local.mk
include api/rpc/local.mk
include api/slugctl/local.mk
