/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as the frames of a server, to a client that has calls of every kind under way. The first
 * byte says how the server goes, the second how much it says at a time, and no more than the client
 * has asked for something: a server speaks when it is spoken to.
 *
 * Every call ends once or, when it waits for a server and none comes, is dropped with the client.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz/frames.h"
#include "fuzz/fuzz.h"
#include "rpc/client.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

#define OPTIONS_BYTES 2u
/* Of the second byte: 0: all at once; from here on: all at once, and a deadline passes; else
 * bytes. */
#define OPTION_HURRIED  0xf0u
#define TURNS_MAX       100000u
#define CONNECTIONS_MAX 2u
#define PIECES_MAX      64u

/* The bits of the first byte. */
enum {
        OPTION_JSON = 1 << 0,
        OPTION_HALF_CLOSE = 1 << 1, /* the server stops sending before it closes */
        OPTION_FREE = 1 << 2,       /* the client goes first */
        OPTION_AGAIN = 1 << 3,      /* a second connection hears the same */
        OPTION_CANCEL = 1 << 4,     /* what is under way is cancelled when all has been said */
        OPTION_MORE = 1 << 5,       /* a call that ends makes another */
        OPTION_SMALL = 1 << 6,      /* answers may have few bytes */
};

typedef struct Call {
        RpcClientCall *call;
        unsigned n_messages, n_ended;
        bool gives_stream, waits, is_dropped, cancels_itself;
} Call;

/* unary, stream, a stream that waits, one that cancels itself, a deadline, and one made in a
 * callback */
enum { UNARY, STREAM, WAITING, CANCELLING, SHORT, LATER, _CALL_N };

static struct {
        const uint8_t *data;
        size_t size;
        size_t n_said;
        uint8_t options;
        uint64_t timeout_usec; /* of the one that has a deadline */
        int fd;                /* the server's end */
        unsigned n_connections;
        bool is_spoken_to;
        bool is_freed;
        sd_event *event;
        RpcClient *client;
        Call calls[_CALL_N];
} t;

static void fail(const char *what) {
        (void)fprintf(stderr, "%s\n", what);
        abort();
}

/* Calls */

static void make_call(unsigned which);

static void on_message(const ProtobufCMessage *response, void *userdata) {
        Call *call = userdata;

        if (response->descriptor != &slug__v1__get_version_response__descriptor)
                fail("a message of another type");
        if (t.is_freed || call->is_dropped || call->n_ended > 0)
                fail("a message after the end");
        if (++call->n_messages > 1 && !call->gives_stream)
                fail("a second answer");
        if (!call->cancels_itself)
                return;
        call->is_dropped = true;
        rpc_client_cancel(call->call);
}

static void on_ended(const RpcResult *result, void *userdata) {
        Call *call = userdata;

        if (t.is_freed || call->is_dropped || ++call->n_ended > 1)
                fail("a second end");
        if (result->code >= _RPC_CODE_N || !result->message)
                fail("an end without a status");
        if (!call->gives_stream && call->n_messages != (result->code == RPC_OK))
                fail("an answer and a failure, or neither");
        call->call = NULL;
        if (t.options & OPTION_MORE && call == &t.calls[UNARY])
                make_call(LATER);
}

static void make_call(unsigned which) {
        static const Slug__V1__NumaNode request = SLUG__V1__NUMA_NODE__INIT;
        Call *call = &t.calls[which];

        *call = (Call){ .gives_stream = which != UNARY && which != SHORT && which != LATER,
                        .waits = which == WAITING,
                        .cancels_itself = which == CANCELLING };
        if (rpc_client_call(
                    t.client,
                    &(const RpcClientCallParams){
                            .path = "/t.S/M",
                            .request = &request.base,
                            .output = &slug__v1__get_version_response__descriptor,
                            .gives_stream = call->gives_stream,
                            .waits_for_server = call->waits,
                            .timeout_usec = { .present = which == SHORT, .value = t.timeout_usec },
                            .message = on_message,
                            .ended = on_ended,
                            .userdata = call },
                    &call->call) != 0)
                fail("a call that cannot be made");
}

static bool is_over(const Call *call) {
        return call->n_ended > 0 || call->is_dropped;
}

/* The server */

static int open_connection(void *userdata) {
        int fds[2];

        (void)userdata;
        if (t.fd >= 0 || t.n_connections == (t.options & OPTION_AGAIN ? CONNECTIONS_MAX : 1u))
                return -ECONNREFUSED;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                fail("no socket");
        ++t.n_connections;
        t.fd = fds[0];
        t.n_said = 0;
        t.is_spoken_to = false;
        return fds[1];
}

static void hang_up(void) {
        if (t.fd >= 0)
                (void)close(t.fd);
        t.fd = -EBADF;
}

/* Return: was there anything? */
static bool hear(void) {
        char bytes[16 * 1024];
        ssize_t n;

        if (t.fd < 0)
                return false;
        n = recv(t.fd, bytes, sizeof(bytes), 0);
        if (n > 0)
                t.is_spoken_to = true;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                hang_up();
        return n > 0;
}

static void turn(uint64_t usec) {
        if (sd_event_run(t.event, usec) < 0)
                fail("the loop does not turn");
}

static void settle(void) {
        for (unsigned i = 0; i < TURNS_MAX; ++i) {
                const int r = sd_event_run(t.event, 0);

                if (r < 0)
                        fail("the loop does not turn");
                if (!hear() && r == 0)
                        return;
        }
        fail("the loop never comes to rest");
}

static void say(size_t n_piece) {
        while (t.fd >= 0 && t.is_spoken_to && t.n_said < t.size) {
                const size_t n_left = t.size - t.n_said;
                const ssize_t n = send(t.fd, t.data + t.n_said, n_left < n_piece ? n_left : n_piece,
                                       MSG_NOSIGNAL);

                if (n > 0)
                        t.n_said += (size_t)n;
                else if (errno != EAGAIN)
                        hang_up();
                settle();
        }
}

/* The conversation */

static bool waits_for_nobody(void) {
        for (unsigned i = 0; i < _CALL_N; ++i)
                if (t.calls[i].call && !t.calls[i].waits && !is_over(&t.calls[i]))
                        return false;
        return true;
}

static void cancel_all(void) {
        for (unsigned i = 0; i < _CALL_N; ++i) {
                Call *call = &t.calls[i];

                if (!call->call || is_over(call))
                        continue;
                call->is_dropped = true;
                rpc_client_cancel(call->call);
        }
        settle();
}

static void converse(size_t n_piece) {
        const unsigned n = t.options & OPTION_AGAIN ? CONNECTIONS_MAX : 1;

        for (unsigned i = 0; i < n; ++i) {
                settle();
                say(n_piece);
                if (t.options & OPTION_HALF_CLOSE && t.fd >= 0) {
                        (void)shutdown(t.fd, SHUT_WR);
                        settle();
                }
                if (i + 1 < n)
                        hang_up();
        }
}

static void end(void) {
        if (t.options & OPTION_CANCEL)
                cancel_all();
        if (t.options & OPTION_FREE)
                return;
        hang_up();
        for (unsigned i = 0; !waits_for_nobody(); ++i) {
                if (i == TURNS_MAX)
                        fail("a call outlives its connection");
                turn(2 * USEC_PER_SEC);
        }
}

static size_t get_piece(uint8_t option, size_t size) {
        const size_t min = size / PIECES_MAX;

        if (option == 0 || option >= OPTION_HURRIED)
                return SIZE_MAX;
        return option > min ? option : min;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < OPTIONS_BYTES)
                return 0;
        memset(&t, 0, sizeof(t));
        t.options = data[0];
        t.data = data + OPTIONS_BYTES;
        t.size = size - OPTIONS_BYTES;
        t.fd = -EBADF;
        t.timeout_usec = data[1] >= OPTION_HURRIED ? 1 : USEC_PER_SEC;
        if (sd_event_new(&t.event) < 0 ||
            rpc_client_new(
                    &(const RpcClientParams){
                            .event = t.event,
                            .open = open_connection,
                            .codec = t.options & OPTION_JSON ? &rpc_codec_json : &rpc_codec_proto,
                            .max_response_bytes = t.options & OPTION_SMALL ? 20 : 0,
                            .min_back_off_usec = 1,
                            .max_back_off_usec = 3600 * USEC_PER_SEC },
                    &t.client) != 0)
                fail("no client");
        for (unsigned i = 0; i < LATER; ++i)
                make_call(i);
        converse(get_piece(data[1], t.size));
        end();
        t.client = rpc_client_free(t.client);
        t.is_freed = true;
        hang_up();
        settle();
        t.event = sd_event_unref(t.event);
        return 0;
}

#ifdef SLUG_FUZZING
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
        static const FrameHeader headers[] = {
                { ":status", "200" },
                { ":status", "100" },
                { ":status", "404" },
                { ":status", "503" },
                { "content-type", "application/grpc" },
                { "content-type", "application/grpc+proto" },
                { "content-type", "application/grpc+json" },
                { "content-type", "text/html" },
                { "grpc-encoding", "identity" },
                { "grpc-encoding", "gzip" },
                { "grpc-status", "0" },
                { "grpc-status", "7" },
                { "grpc-status", "99" },
                { "grpc-status", "x" },
                { "grpc-message", "why%20not%21%e2%82%ac" },
                { "grpc-message", "%" },
                { "grpc-status-details-bin", "CAMSA3doeQ" },
                { "grpc-status-details-bin", "CAMSA3doeQ==" },
                { "content-length", "9" },
                { "x-key", "value" },
                { "x-key-bin", "AAEC" },
        };
        /* heads, trailers, and all in one; a line that stands twice is put twice */
        static const FrameHead heads[] = {
                { { 0, 4, 8, 19, 20 } },    { { 0, 5, 8, 19, 20 } },    { { 0, 6, 8, 19, 20 } },
                { { 10, 14, 19, 20, 16 } }, { { 11, 14, 16, 19, 20 } }, { { 10, 19, 19, 20, 20 } },
                { { 0, 4, 11, 14, 17 } },   { { 2, 7, 19, 19, 19 } },   { { 1, 19, 19, 19, 19 } },
        };

        return frames_mutate(&(const FrameWords){ .headers = headers,
                                                  .n_headers = ELEMENTSOF(headers),
                                                  .heads = heads,
                                                  .n_heads = ELEMENTSOF(heads) },
                             data, size, max_size, seed, OPTIONS_BYTES);
}
#endif
