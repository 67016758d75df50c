# The contract. The .proto files of slug/v1 are installed as they are; grpc/, google/, cri/, containerd/ and k8s/ re-declare what others define, as far as
# it is used. The C code is made of copies in the build folder in which `optional T x = N;` has become `oneof _x { T x = N; }`, the
# same on the wire, because protobuf-c does not know proto3's optional, and in which services are left out, because the method
# tables are ours. What a client may ask by reflection is made of the files themselves.
slugprotodir = $(pkgdatadir)/proto/slug/v1
dist_slugproto_DATA = %D%/slug/v1/topology.proto %D%/slug/v1/cgroup.proto %D%/slug/v1/node.proto %D%/slug/v1/memory.proto %D%/slug/v1/pod.proto \
	%D%/slug/v1/chunk.proto %D%/slug/v1/enforce.proto

SLUG_PROTOS = slug/v1/cgroup slug/v1/topology slug/v1/node slug/v1/memory slug/v1/pod slug/v1/chunk slug/v1/enforce \
	containerd/nri/v1alpha1/nri containerd/ttrpc/ttrpc \
	cri/runtime/v1/runtime k8s/podresources/v1/podresources \
	k8s/deviceplugin/v1beta1/deviceplugin k8s/pluginregistration/v1/pluginregistration \
	grpc/health/v1/health grpc/reflection/v1/reflection \
	google/protobuf/any slug/rpc/descriptor google/rpc/status
EXTRA_DIST += %D%/grpc/health/v1/health.proto %D%/grpc/reflection/v1/reflection.proto \
	%D%/google/protobuf/any.proto %D%/slug/rpc/descriptor.proto \
	%D%/google/rpc/status.proto %D%/cri/runtime/v1/runtime.proto %D%/k8s/podresources/v1/podresources.proto \
	%D%/k8s/deviceplugin/v1beta1/deviceplugin.proto %D%/k8s/pluginregistration/v1/pluginregistration.proto \
	%D%/containerd/nri/v1alpha1/nri.proto %D%/containerd/ttrpc/ttrpc.proto

SLUG_PROTO_FILES = %D%/slug/v1/topology.proto %D%/slug/v1/cgroup.proto %D%/slug/v1/node.proto %D%/slug/v1/memory.proto %D%/slug/v1/pod.proto %D%/slug/v1/chunk.proto %D%/slug/v1/enforce.proto %D%/grpc/health/v1/health.proto \
	%D%/containerd/nri/v1alpha1/nri.proto %D%/containerd/ttrpc/ttrpc.proto \
	%D%/k8s/deviceplugin/v1beta1/deviceplugin.proto %D%/k8s/pluginregistration/v1/pluginregistration.proto \
	%D%/grpc/reflection/v1/reflection.proto %D%/cri/runtime/v1/runtime.proto %D%/k8s/podresources/v1/podresources.proto \
	%D%/google/protobuf/any.proto %D%/slug/rpc/descriptor.proto %D%/google/rpc/status.proto
# what a client may want to know, and reflection's v1alpha, which is v1 by another name; what they import comes along
SLUG_PROTO_SERVED = %D%/slug/v1/cgroup.proto %D%/slug/v1/chunk.proto %D%/slug/v1/enforce.proto %D%/slug/v1/memory.proto %D%/slug/v1/node.proto %D%/slug/v1/pod.proto %D%/grpc/health/v1/health.proto \
	%D%/grpc/reflection/v1/reflection.proto
SLUG_PROTO_SOURCES = \
	%D%/gen/slug/v1/topology.pb-c.c %D%/gen/slug/v1/topology.pb-c.h \
	%D%/gen/slug/v1/node.pb-c.c %D%/gen/slug/v1/node.pb-c.h \
	%D%/gen/slug/v1/memory.pb-c.c %D%/gen/slug/v1/memory.pb-c.h \
	%D%/gen/slug/v1/cgroup.pb-c.c %D%/gen/slug/v1/cgroup.pb-c.h \
	%D%/gen/slug/v1/pod.pb-c.c %D%/gen/slug/v1/pod.pb-c.h \
	%D%/gen/slug/v1/chunk.pb-c.c %D%/gen/slug/v1/chunk.pb-c.h \
	%D%/gen/slug/v1/enforce.pb-c.c %D%/gen/slug/v1/enforce.pb-c.h \
	%D%/gen/containerd/nri/v1alpha1/nri.pb-c.c %D%/gen/containerd/nri/v1alpha1/nri.pb-c.h \
	%D%/gen/containerd/ttrpc/ttrpc.pb-c.c %D%/gen/containerd/ttrpc/ttrpc.pb-c.h \
	%D%/gen/k8s/deviceplugin/v1beta1/deviceplugin.pb-c.c %D%/gen/k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h \
	%D%/gen/k8s/pluginregistration/v1/pluginregistration.pb-c.c %D%/gen/k8s/pluginregistration/v1/pluginregistration.pb-c.h \
	%D%/gen/cri/runtime/v1/runtime.pb-c.c %D%/gen/cri/runtime/v1/runtime.pb-c.h \
	%D%/gen/k8s/podresources/v1/podresources.pb-c.c %D%/gen/k8s/podresources/v1/podresources.pb-c.h \
	%D%/gen/grpc/health/v1/health.pb-c.c %D%/gen/grpc/health/v1/health.pb-c.h \
	%D%/gen/grpc/reflection/v1/reflection.pb-c.c %D%/gen/grpc/reflection/v1/reflection.pb-c.h \
	%D%/gen/google/protobuf/any.pb-c.c %D%/gen/google/protobuf/any.pb-c.h \
	%D%/gen/slug/rpc/descriptor.pb-c.c %D%/gen/slug/rpc/descriptor.pb-c.h \
	%D%/gen/google/rpc/status.pb-c.c %D%/gen/google/rpc/status.pb-c.h \
	%D%/gen/descriptors.c
nodist_libslugapi_a_SOURCES += $(SLUG_PROTO_SOURCES)
BUILT_SOURCES += $(SLUG_PROTO_SOURCES)
CLEANFILES += $(SLUG_PROTO_SOURCES) %D%/gen/stamp %D%/gen/*.pb %D%/gen/*/*/*.proto %D%/gen/*/*/*/*.proto

PROTO_FOR_C = $(SED) -E \
	-e 's/optional ([A-Za-z0-9_.]+) ([a-z0-9_]+) = ([0-9]+);/oneof _\2 { \1 \2 = \3; }/' \
	-e '/^service /,/^}/d'

# All of them come from one run.
api/proto/gen/stamp: $(SLUG_PROTO_FILES)
	$(AM_V_GEN)set -e; gen=api/proto/gen; from=$(srcdir)/api/proto; \
	for proto in $(SLUG_PROTOS); do \
	  $(MKDIR_P) $$gen/`dirname $$proto`; \
	  $(PROTO_FOR_C) $$from/$$proto.proto > $$gen/$$proto.proto; \
	done; \
	for proto in $(SLUG_PROTOS); do $(PROTOC_C) -I$$gen --c_out=$$gen $$gen/$$proto.proto; done; \
	alpha=$$gen/grpc/reflection/v1alpha; $(MKDIR_P) $$alpha; \
	$(SED) 's/^package grpc.reflection.v1;/package grpc.reflection.v1alpha;/' $$from/grpc/reflection/v1/reflection.proto > $$alpha/reflection.proto; \
	$(PROTOC) -I$$from -I$$gen --include_imports --descriptor_set_out=$$gen/descriptors.pb \
	  $(SLUG_PROTO_SERVED:%=$(srcdir)/%) $$alpha/reflection.proto; \
	{ echo '#include "rpc/reflection.h"'; echo 'const unsigned char rpc_descriptors[] = {'; \
	  od -An -v -tu1 $$gen/descriptors.pb | $(SED) -e 's/[0-9][0-9]*/&,/g'; \
	  echo '};'; echo 'const size_t n_rpc_descriptors = sizeof(rpc_descriptors);'; } > $$gen/descriptors.c; \
	touch $@
$(SLUG_PROTO_SOURCES): api/proto/gen/stamp
