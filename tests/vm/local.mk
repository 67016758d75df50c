# The virtual machines are not run by make: ./bootstrap check-vm does.
EXTRA_DIST += \
	%D%/check.sh %D%/image.sh %D%/replay.sh %D%/qemu.py %D%/run.py \
	%D%/cases/agree.sh %D%/cases/boot.sh %D%/cases/cxl-regions.sh %D%/cases/journal.sh %D%/cases/kubelet.sh %D%/cases/ledger.sh \
	%D%/cases/reload.sh %D%/cases/restarts.sh %D%/cases/sandbox.sh %D%/cases/unit.sh %D%/cases/virtio-mem.sh \
	%D%/cases/watchdog.sh \
	%D%/guest/kubelet.c %D%/guest/lib.sh %D%/guest/run.sh %D%/guest/sandbox.py %D%/guest/slug-test.service \
	%D%/profiles/cxl.profile %D%/profiles/numa.profile %D%/profiles/virtio-mem.profile
