# Every test speaks TAP; automake's driver counts the lines. A shell test that hangs is ended, so that it can be seen in its log.
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = timeout -k 10 900
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	TEST_CC='$(CC)'; export TEST_CC; \
	TEST_CPPFLAGS='-I$(top_builddir) -I$(top_srcdir)/plugins $(TEST_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(NGHTTP2_CFLAGS) $(SLUG_CFLAGS)'; export TEST_CPPFLAGS; \
	TEST_HAS_CHECK='$(TEST_HAS_CHECK)'; export TEST_HAS_CHECK; \
	CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-60}; export CK_DEFAULT_TIMEOUT; \
	TEST_IS_SANITIZED='$(TEST_IS_SANITIZED)'; export TEST_IS_SANITIZED;

if HAVE_CHECK
TEST_HAS_CHECK = yes
else
TEST_HAS_CHECK = no
endif
if SANITIZING
TEST_IS_SANITIZED = yes
else
TEST_IS_SANITIZED = no
endif

# Unit tests: one program per module, tests/lib/test-main.c owns main().
UNIT_TESTS =
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon -I$(top_srcdir)/tests \
	$(CHECK_CFLAGS) $(SYSTEMD_CFLAGS) $(PROTOBUFC_CFLAGS) $(YAML_CFLAGS)
TEST_API_LIBS = libslugtest.a libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS) $(CHECK_LIBS)
TEST_CORE_LIBS = libslugtest.a $(SLUG_CORE_LIBS) $(CHECK_LIBS)
# For tests that fail allocations one by one; add lib/failmalloc.c to the test's own sources.
FAILMALLOC = tests/lib/failmalloc.c tests/lib/failmalloc.h
TEST_WRAP_FLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup,--wrap=reallocarray

FUZZ_TARGETS =
FUZZ_CPPFLAGS = $(TEST_CPPFLAGS)
FUZZ_LINK_FLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

include tests/lib/local.mk
include tests/unit/base.mk
include tests/unit/rpc.mk
include tests/unit/config.mk
include tests/unit/enforce-keeper.mk
include tests/unit/sysfs.mk
include tests/unit/topology.mk
include tests/unit/capacity.mk
include tests/unit/split.mk
include tests/unit/ledger.mk
include tests/unit/cgroup.mk
include tests/unit/cgroup-write.mk
include tests/unit/pods.mk
include tests/unit/qos.mk
include tests/unit/cgroup-events.mk
include tests/unit/qos-apply.mk
include tests/unit/node-limit.mk
include tests/unit/hints.mk
include tests/unit/chunks.mk
include tests/unit/enforce.mk
include tests/unit/damon.mk
include tests/unit/worker.mk
include tests/unit/service.mk
include tests/unit/uevent.mk
include tests/unit/slugctl.mk
include tests/unit/kubelet.mk
include tests/unit/nri.mk
include tests/conformance/local.mk
include tests/peers/local.mk
include tests/fuzz/local.mk
include tests/golden/local.mk
include tests/integration/local.mk
include tests/lint/local.mk
include tests/bench/local.mk
include tests/vm/local.mk

if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
