# Stock clients, and what runs them: ./bootstrap check-peers.
EXTRA_DIST += %D%/check.sh %D%/clients.sh %D%/deploy.sh %D%/memory-oracle.sh %D%/kubelet-files.sh %D%/cgroup-names.sh \
	%D%/device-manager.sh %D%/go-peer.sh %D%/say.sh %D%/curl.sh %D%/buf-curl.sh %D%/grpc_python.py \
	%D%/proto/grpc/health/v1/health.proto \
	%D%/node/package.json %D%/node/package-lock.json %D%/node/check.mjs %D%/node/grpc-js.mjs %D%/node/connect-node.mjs \
	%D%/go/go.mod %D%/go/go.sum %D%/go/kubelet-dial/main.go \
	%D%/go/kubelet-dial/calls.go %D%/go/kubelet-dial/dial.go %D%/go/kubelet-dial/frames.go %D%/go/kubelet-dial/messages.go \
	%D%/go/memory-oracle/go.mod %D%/go/memory-oracle/go.sum %D%/go/memory-oracle/answer.go \
	%D%/go/memory-oracle/bench.go %D%/go/memory-oracle/case.go %D%/go/memory-oracle/counts.go \
	%D%/go/memory-oracle/kubelet.go %D%/go/memory-oracle/machine.go %D%/go/memory-oracle/main.go \
	%D%/go/memory-oracle/plant.go %D%/go/memory-oracle/play.go %D%/go/memory-oracle/pod.go \
	%D%/go/memory-oracle/podgen.go %D%/go/memory-oracle/sequence.go %D%/go/memory-oracle/slugd.go \
	%D%/go/memory-oracle/wire.go \
	%D%/go/kubelet-files/go.mod %D%/go/kubelet-files/go.sum %D%/go/kubelet-files/compare.go \
	%D%/go/kubelet-files/damage.go %D%/go/kubelet-files/draw.go %D%/go/kubelet-files/expect.go \
	%D%/go/kubelet-files/files.go %D%/go/kubelet-files/look.go %D%/go/kubelet-files/main.go \
	%D%/go/kubelet-files/node.go %D%/go/kubelet-files/plant.go %D%/go/kubelet-files/server.go \
	%D%/go/kubelet-files/sockets.go \
	%D%/go/cgroup-names/go.mod %D%/go/cgroup-names/go.sum %D%/go/cgroup-names/compare.go \
	%D%/go/cgroup-names/draw.go %D%/go/cgroup-names/expect.go %D%/go/cgroup-names/look.go \
	%D%/go/cgroup-names/main.go \
	%D%/go/deploy/go.mod %D%/go/deploy/go.sum %D%/go/deploy/build.go %D%/go/deploy/cost.go \
	%D%/go/deploy/daemonset.go %D%/go/deploy/main.go %D%/go/deploy/plugin.go %D%/go/deploy/pods.go \
	%D%/go/deploy/policy.go %D%/go/deploy/selftest.go %D%/go/deploy/validate.go \
	%D%/go/device-manager/go.mod %D%/go/device-manager/go.sum %D%/go/device-manager/bench.go \
	%D%/go/device-manager/checks.go %D%/go/device-manager/choices.go \
	%D%/go/device-manager/daemons.go %D%/go/device-manager/endpoint.go %D%/go/device-manager/events.go \
	%D%/go/device-manager/kubelet.go %D%/go/device-manager/linkname.s %D%/go/device-manager/machine.go \
	%D%/go/device-manager/main.go %D%/go/device-manager/merges.go %D%/go/device-manager/restarts.go \
	%D%/go/device-manager/run.go %D%/go/device-manager/selftest.go %D%/go/device-manager/sockets.go \
	%D%/go/device-manager/stress.go %D%/go/device-manager/stub.go %D%/go/device-manager/world.go \
	%D%/nri.sh %D%/go/nri/go.mod %D%/go/nri/go.sum %D%/go/nri/go-0.8.mod %D%/go/nri/go-0.8.sum %D%/go/nri/go-0.6.mod %D%/go/nri/go-0.6.sum \
	%D%/go/nri/checks.go %D%/go/nri/main.go %D%/go/nri/peer.go %D%/go/nri/relay_012.go %D%/go/nri/relay_08.go \
	%D%/go/nri/runtime.go %D%/go/nri/sync.go %D%/go/nri/sync_06.go %D%/go/nri/wrong.go

# What we read of the kubelet's files, for the kubelet's own code to be compared with.
check_PROGRAMS += tests/peers/kubelet-look
tests_peers_kubelet_look_SOURCES = %D%/kubelet-look.c
tests_peers_kubelet_look_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(JSONC_CFLAGS)
tests_peers_kubelet_look_LDADD = $(SLUG_KUBELET_LIBS)

# What we make of names of cgroups, for the same.
check_PROGRAMS += tests/peers/cgroup-look
tests_peers_cgroup_look_SOURCES = %D%/cgroup-look.c
tests_peers_cgroup_look_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon
tests_peers_cgroup_look_LDADD = $(SLUG_CORE_LIBS)

# A plugin on our session, for the container runtimes' own code. One function of the mux is replaced, to be done wrong.
check_PROGRAMS += tests/peers/nri-peer
tests_peers_nri_peer_SOURCES = %D%/nri-peer.c
tests_peers_nri_peer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS)
tests_peers_nri_peer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mux_write
tests_peers_nri_peer_LDADD = $(SLUG_NRI_LIBS)
