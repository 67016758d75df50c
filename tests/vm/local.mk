# The virtual machines are not run by make: ./bootstrap check-vm does.
EXTRA_DIST += \
	%D%/check.sh %D%/image.sh %D%/container-image.sh %D%/kubelet-binary.sh %D%/packages.sh %D%/replay.sh %D%/qemu.py %D%/run.py \
	%D%/README.md %D%/kubelet/go.mod %D%/kubelet/go.sum %D%/kubelet/tools.go \
	%D%/cases/agree.sh %D%/cases/boot.sh %D%/cases/chunks-bytes.sh %D%/cases/chunks-nri.sh %D%/cases/chunks-reboot.sh \
	%D%/cases/chunks-restarts.sh %D%/cases/chunks-stock.sh %D%/cases/chunks.sh %D%/cases/cxl-regions.sh %D%/cases/damos.sh \
	%D%/cases/enforce-bench.sh %D%/cases/enforce-growth.sh %D%/cases/enforce-kinds.sh %D%/cases/enforce-more.sh \
	%D%/cases/enforce-restart.sh %D%/cases/journal.sh %D%/cases/kubelet.sh %D%/cases/ledger.sh %D%/cases/migrate.sh \
	%D%/cases/nri-many.sh %D%/cases/nri.sh %D%/cases/package.sh %D%/cases/pods-many.sh %D%/cases/pods-orders.sh \
	%D%/cases/pods.sh %D%/cases/qos-drift.sh %D%/cases/qos.sh %D%/cases/reload.sh %D%/cases/restarts.sh \
	%D%/cases/rival-cpuset.sh %D%/cases/rival-high.sh %D%/cases/rival-nothing.sh %D%/cases/sandbox-kubelet.sh \
	%D%/cases/sandbox.sh %D%/cases/settings.sh %D%/cases/unit.sh %D%/cases/virtio-mem.sh %D%/cases/watchdog.sh \
	%D%/guest/containerd.sh %D%/guest/cri.proto %D%/guest/enforce-bench.py %D%/guest/enforce-judge.py %D%/guest/enforce.sh \
	%D%/guest/kubelet.sh %D%/guest/lib.sh %D%/guest/node.py %D%/guest/nri-given.py %D%/guest/pods-agree.py \
	%D%/guest/qos.sh %D%/guest/run.sh %D%/guest/sandbox.py %D%/guest/scenarios.sh %D%/guest/slug-test.service \
	%D%/profiles/containerd-2.profile %D%/profiles/containerd-cgroupfs.profile %D%/profiles/containerd.profile \
	%D%/profiles/cxl.profile %D%/profiles/damos.profile %D%/profiles/damos-7.profile %D%/profiles/enforce-7.profile \
	%D%/profiles/enforce-tiers.profile %D%/profiles/enforce.profile %D%/profiles/kubelet.profile %D%/profiles/numa.profile \
	%D%/profiles/virtio-mem.profile

# What runs in the guests: a client of the container runtime, and what is in the containers.
EXTRA_PROGRAMS += tests/vm/guest/cri tests/vm/guest/cgwatch tests/vm/guest/memhog tests/vm/guest/memload \
	tests/vm/guest/numawatch tests/vm/guest/pagemover tests/vm/guest/pause tests/vm/guest/reclaimer
VM_GEN = tests/vm/gen
VM_CRI_SOURCES = $(VM_GEN)/cri.pb-c.c $(VM_GEN)/cri.pb-c.h
BUILT_SOURCES += $(VM_CRI_SOURCES)
CLEANFILES += $(VM_CRI_SOURCES) $(VM_GEN)/stamp \
	tests/vm/guest/cri tests/vm/guest/cgwatch tests/vm/guest/memhog tests/vm/guest/memload tests/vm/guest/numawatch \
	tests/vm/guest/pagemover tests/vm/guest/pause tests/vm/guest/reclaimer

tests_vm_guest_cri_SOURCES = %D%/guest/cri.c
nodist_tests_vm_guest_cri_SOURCES = $(VM_CRI_SOURCES)
tests_vm_guest_cri_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/$(VM_GEN) $(PROTOBUFC_CFLAGS) $(SYSTEMD_CFLAGS)
tests_vm_guest_cri_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)
tests_vm_guest_cgwatch_SOURCES = %D%/guest/cgwatch.c
tests_vm_guest_memhog_SOURCES = %D%/guest/memhog.c
tests_vm_guest_memhog_LDFLAGS = $(AM_LDFLAGS) -static
tests_vm_guest_memload_SOURCES = %D%/guest/memload.c
tests_vm_guest_memload_LDFLAGS = $(AM_LDFLAGS) -static
tests_vm_guest_numawatch_SOURCES = %D%/guest/numawatch.c
tests_vm_guest_numawatch_LDFLAGS = $(AM_LDFLAGS) -static
tests_vm_guest_pagemover_SOURCES = %D%/guest/pagemover.c
tests_vm_guest_pagemover_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon
tests_vm_guest_pagemover_LDADD = libslugcore.a libslugapi.a
tests_vm_guest_pause_SOURCES = %D%/guest/pause.c
tests_vm_guest_pause_LDFLAGS = $(AM_LDFLAGS) -static
tests_vm_guest_reclaimer_SOURCES = %D%/guest/reclaimer.c
tests_vm_guest_reclaimer_LDFLAGS = $(AM_LDFLAGS) -static

$(VM_GEN)/stamp: tests/vm/guest/cri.proto
	$(AM_V_GEN)$(MKDIR_P) $(VM_GEN) && \
	$(PROTOC_C) -I$(srcdir)/tests/vm/guest -I$(srcdir)/api/proto --c_out=$(VM_GEN) cri.proto && touch $@
$(VM_CRI_SOURCES): $(VM_GEN)/stamp
