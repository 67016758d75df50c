# Programs that are clients of slugd's socket like anybody else: they link libslugapi.a, and nothing of daemon/.
include plugins/kubelet/local.mk
include plugins/nri/local.mk
EXTRA_DIST += %D%/README.md
