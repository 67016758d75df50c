# Counterparts of the Connect project's conformance runner: its service through our server, its calls through our client. Built
# with the tests, run by ./bootstrap check-peers.
check_PROGRAMS += tests/conformance/server tests/conformance/client
CONFORMANCE_GEN = tests/conformance/gen
CONFORMANCE_SOURCES = $(CONFORMANCE_GEN)/connectrpc/conformance/v1/conformance.pb-c.c \
	$(CONFORMANCE_GEN)/connectrpc/conformance/v1/conformance.pb-c.h
# protobuf-c writes initialisers of unions with fewer braces than there are levels
CONFORMANCE_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_builddir)/$(CONFORMANCE_GEN)
CONFORMANCE_CFLAGS = $(AM_CFLAGS) -Wno-missing-braces
BUILT_SOURCES += $(CONFORMANCE_SOURCES)
CLEANFILES += $(CONFORMANCE_SOURCES) $(CONFORMANCE_GEN)/stamp
EXTRA_DIST += %D%/connectrpc/conformance/v1/conformance.proto

tests_conformance_server_SOURCES = %D%/server.c %D%/wire.c %D%/wire.h
nodist_tests_conformance_server_SOURCES = $(CONFORMANCE_SOURCES)
tests_conformance_server_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
tests_conformance_server_CFLAGS = $(CONFORMANCE_CFLAGS)
tests_conformance_server_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

tests_conformance_client_SOURCES = %D%/client.c %D%/wire.c %D%/wire.h
nodist_tests_conformance_client_SOURCES = $(CONFORMANCE_SOURCES)
tests_conformance_client_CPPFLAGS = $(CONFORMANCE_CPPFLAGS)
tests_conformance_client_CFLAGS = $(CONFORMANCE_CFLAGS)
tests_conformance_client_LDADD = libslugapi.a $(SLUG_RPC_SERVER_LIBS) $(SLUG_API_LIBS)

$(CONFORMANCE_GEN)/stamp: tests/conformance/connectrpc/conformance/v1/conformance.proto
	$(AM_V_GEN)$(MKDIR_P) $(CONFORMANCE_GEN) && \
	$(PROTOC_C) -I$(srcdir)/tests/conformance -I$(srcdir)/api/proto --c_out=$(CONFORMANCE_GEN) \
	  connectrpc/conformance/v1/conformance.proto && touch $@
$(CONFORMANCE_SOURCES): $(CONFORMANCE_GEN)/stamp
EXTRA_DIST += %D%/client.yaml %D%/server.yaml
EXTRA_DIST += %D%/tools/go.mod %D%/tools/go.sum
