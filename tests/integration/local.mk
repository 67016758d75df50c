# The real slugd and the real slugctl, each test with a machine and a socket of its own.
INTEGRATION_TESTS = \
	%D%/admit.sh \
	%D%/bad-input.sh \
	%D%/capture.sh \
	%D%/cgroup-events.sh \
	%D%/cgroup-service.sh \
	%D%/changes.sh \
	%D%/chunks.sh \
	%D%/chunks-pods.sh \
	%D%/claims.sh \
	%D%/completion.sh \
	%D%/containerfile.sh \
	%D%/container-view.sh \
	%D%/curl.sh \
	%D%/deploy-examples.sh \
	%D%/device-plugin.sh \
	%D%/disk.sh \
	%D%/doctor.sh \
	%D%/enforce.sh \
	%D%/enforce-node-limit.sh \
	%D%/enforce-seen.sh \
	%D%/example.sh \
	%D%/explain.sh \
	%D%/ledger-verify.sh \
	%D%/ledger.sh \
	%D%/lifecycle.sh \
	%D%/limits.sh \
	%D%/reload.sh \
	%D%/kills.sh \
	%D%/machines.sh \
	%D%/node-limit.sh \
	%D%/observed.sh \
	%D%/plan.sh \
	%D%/pods.sh \
	%D%/qos.sh \
	%D%/settings.sh \
	%D%/simulate.sh \
	%D%/slugctl-pods.sh \
	%D%/slug-kubelet.sh \
	%D%/slug-nri.sh \
	%D%/units.sh \
	%D%/wire.sh
dist_check_SCRIPTS += $(INTEGRATION_TESTS) tests/lib/mkmachine.sh
EXTRA_DIST += %D%/disk.py %D%/kills.py tests/fixtures/daemonset.mounts
EXTRA_DIST += tests/lib/tap.sh tests/lib/splits.sh %D%/amounts.awk %D%/flatten.awk
TESTS += $(INTEGRATION_TESTS)
