# The contract. The .proto files are installed as they are; the C code is made of copies in the build
# folder in which `optional T x = N;` has become `oneof _x { T x = N; }`, the same on the wire, because
# protobuf-c does not know proto3's optional, and in which services are left out, because the method
# tables are ours.
slugprotodir = $(pkgdatadir)/proto/slug/v1
dist_slugproto_DATA = %D%/slug/v1/topology.proto %D%/slug/v1/node.proto

SLUG_PROTO_SOURCES = \
	%D%/gen/slug/v1/topology.pb-c.c %D%/gen/slug/v1/topology.pb-c.h \
	%D%/gen/slug/v1/node.pb-c.c %D%/gen/slug/v1/node.pb-c.h
nodist_libslugapi_a_SOURCES += $(SLUG_PROTO_SOURCES)
BUILT_SOURCES += $(SLUG_PROTO_SOURCES)
CLEANFILES += $(SLUG_PROTO_SOURCES) \
	%D%/gen/slug/v1/topology.proto %D%/gen/slug/v1/node.proto

PROTO_FOR_C = $(SED) -E \
	-e 's/optional ([A-Za-z0-9_.]+) ([a-z0-9_]+) = ([0-9]+);/oneof _\2 { \1 \2 = \3; }/' \
	-e '/^service /,/^}/d'

api/proto/gen/slug/v1/topology.proto: api/proto/slug/v1/topology.proto
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PROTO_FOR_C) $(srcdir)/api/proto/slug/v1/topology.proto > $@.tmp && mv $@.tmp $@
api/proto/gen/slug/v1/node.proto: api/proto/slug/v1/node.proto
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PROTO_FOR_C) $(srcdir)/api/proto/slug/v1/node.proto > $@.tmp && mv $@.tmp $@

api/proto/gen/slug/v1/topology.pb-c.c: api/proto/gen/slug/v1/topology.proto
	$(AM_V_GEN)$(PROTOC_C) -Iapi/proto/gen --c_out=api/proto/gen api/proto/gen/slug/v1/topology.proto
api/proto/gen/slug/v1/node.pb-c.c: api/proto/gen/slug/v1/node.proto api/proto/gen/slug/v1/topology.proto
	$(AM_V_GEN)$(PROTOC_C) -Iapi/proto/gen --c_out=api/proto/gen api/proto/gen/slug/v1/node.proto
# both come from one run
api/proto/gen/slug/v1/topology.pb-c.h: api/proto/gen/slug/v1/topology.pb-c.c
	@touch $@
api/proto/gen/slug/v1/node.pb-c.h: api/proto/gen/slug/v1/node.pb-c.c
	@touch $@
