/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as what a container runtime says on the NRI socket. The first byte is options, the
 * second one how many bytes are said at once; the rest is said to a session, whose owner answers in
 * every way there is. Whatever comes, each call is ended once, and what the session says keeps to
 * the rules of the mux.
 */
#include "fuzz/fuzz.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "nri/session.h"

#define OPTIONS_BYTES 2u
#define TURNS_MAX     100000u
#define KEPT_MAX      64u
#define FIRST_MAX     4096u
#define HOUR_USEC     UINT64_C(3600000000)

enum {
        OPTION_KEEP = 1 << 0,    /* every other call is answered later */
        OPTION_FORGET = 1 << 1,  /* and every third one never */
        OPTION_FAIL = 1 << 2,    /* answers are failures */
        OPTION_UPDATE = 1 << 3,  /* the owner asks for updates */
        OPTION_HANG_UP = 1 << 4, /* the runtime goes, and the session ends */
        OPTION_FREE = 1 << 5,    /* the session is freed while the runtime is there */
};

typedef struct Kept {
        NriCall *call;
} Kept;

static struct {
        sd_event *event;
        NriSession *session;
        unsigned options;
        int fd; /* the runtime's side */
        unsigned n_opened, n_requested, n_updates, n_done;
        bool is_lost, is_freed;
        Kept kept[KEPT_MAX];
        size_t n_kept;
        /* What the session has said */
        struct {
                size_t n_wanted;
        } conns[3];
} t;

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "fuzz-nri: %s\n", what);
        abort();
}

static int open_socket(void *userdata) {
        int fds[2];

        (void)userdata;
        if (t.n_opened > 0)
                return -ECONNREFUSED;
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0,
             "no socket");
        ++t.n_opened;
        t.fd = fds[0];
        return fds[1];
}

/* The owner */

static void on_gone(void *userdata) {
        Kept *kept = userdata;

        must(kept->call && !t.is_freed, "a call is gone that is none");
        kept->call = NULL;
}

static void on_done(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                    const char *problem,
                    void *userdata) {
        (void)userdata;
        must(!response == !!problem && !t.is_freed, "neither an answer nor a problem");
        must(++t.n_done <= t.n_updates, "an update has two ends");
}

static void update(void) {
        Nri__Pkg__Api__V1alpha1__UpdateContainersRequest request =
                NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINERS_REQUEST__INIT;

        if (nri_session_update(t.session, &request, on_done, NULL) == 0)
                ++t.n_updates;
}

static void
on_requested(NriCall *call, NriMethod method, const ProtobufCMessage *request, void *userdata) {
        Kept *kept = &t.kept[t.n_kept];

        (void)userdata;
        must(request && method < _NRI_METHOD_N && !t.is_freed && !t.is_lost, "no request");
        must(!call == (method == NRI_CONFIGURE), "a request without a call");
        must(protobuf_c_message_get_packed_size(request) < SIZE_MAX, "no message");
        ++t.n_requested;
        if (t.options & OPTION_UPDATE)
                update();
        if ((t.options & OPTION_FORGET) && t.n_requested % 3 == 0)
                return;
        if (call && (t.options & OPTION_KEEP) && t.n_requested % 2 == 0 && t.n_kept < KEPT_MAX) {
                kept->call = call;
                ++t.n_kept;
                nri_call_keep(call, on_gone, kept);
        } else if (t.options & OPTION_FAIL)
                nri_call_fail(call, 13, "no");
        else
                nri_call_finish(call, NULL);
}

static void on_connected(const char *runtime, const char *version, void *userdata) {
        (void)userdata;
        must(runtime && version && !t.is_lost, "a runtime without a name");
}

static void on_lost(const char *reason, void *userdata) {
        (void)userdata;
        must(reason[0] && !t.is_freed, "lost without a reason");
        t.is_lost = true;
        for (size_t i = 0; i < t.n_kept; ++i)
                must(!t.kept[i].call, "a call outlives its session");
        must(t.n_done == t.n_updates, "an update outlives its session");
}

/* The runtime */

static void check_frame(uint32_t id, size_t n_frame, const uint8_t *data) {
        uint32_t n;
        size_t *n_wanted;

        must(id == 1 || id == 2, "a connection that there is not");
        n_wanted = &t.conns[id].n_wanted;
        if (*n_wanted == 0) {
                must(n_frame >= 10 && n_frame <= FIRST_MAX, "a first frame of a wrong size");
                memcpy(&n, data, sizeof(n));
                *n_wanted = be32toh(n) + 10;
                must(n_frame == *n_wanted || n_frame == FIRST_MAX, "a first frame with less");
        } else
                must(n_frame == *n_wanted, "a rest in two frames");
        *n_wanted -= n_frame;
}

/* Frames are small here, as answers are, so each is looked at when it is whole. */
static void hear_bytes(Buffer *heard) {
        size_t at = 0;

        while (heard->n_data - at >= 8) {
                uint32_t words[2];

                memcpy(words, heard->data + at, sizeof(words));
                if (heard->n_data - at - 8 < be32toh(words[1]))
                        break;
                check_frame(be32toh(words[0]), be32toh(words[1]),
                            (const uint8_t *)heard->data + at + 8);
                at += 8 + be32toh(words[1]);
        }
        heard->n_data -= at;
        if (at > 0)
                memmove(heard->data, heard->data + at, heard->n_data);
}

static void hang_up(void) {
        if (t.fd >= 0)
                (void)close(t.fd);
        t.fd = -EBADF;
}

/* Return: was there anything? */
static bool hear(Buffer *heard) {
        char bytes[16 * 1024];
        ssize_t n;

        if (t.fd < 0)
                return false;
        n = recv(t.fd, bytes, sizeof(bytes), 0);
        if (n > 0) {
                buffer_append(heard, bytes, (size_t)n);
                must(!heard->error, "no memory");
                hear_bytes(heard);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                hang_up();
        return n > 0;
}

static void settle(Buffer *heard) {
        for (unsigned i = 0; i < TURNS_MAX; ++i) {
                const int r = sd_event_run(t.event, 0);

                must(r >= 0, "the loop does not turn");
                if (!hear(heard) && r == 0)
                        return;
        }
        must(false, "the loop never comes to rest");
}

static void say(const uint8_t *data, size_t size, size_t n_piece, Buffer *heard) {
        size_t n_said = 0;

        while (t.fd >= 0 && n_said < size) {
                const size_t n_left = size - n_said;
                const ssize_t n = send(t.fd, data + n_said, n_left < n_piece ? n_left : n_piece,
                                       MSG_NOSIGNAL);

                if (n > 0)
                        n_said += (size_t)n;
                else if (errno != EAGAIN)
                        hang_up();
                settle(heard);
        }
}

static void end_kept(void) {
        for (size_t i = 0; i < t.n_kept; ++i) {
                NriCall *call = t.kept[i].call;

                t.kept[i].call = NULL;
                nri_call_finish(call, NULL);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buffer_deinitp) Buffer heard = {};

        if (size < OPTIONS_BYTES)
                return 0;
        memset(&t, 0, sizeof(t));
        t.options = data[0];
        t.fd = -EBADF;
        must(sd_event_new(&t.event) >= 0, "no loop");
        must(nri_session_new(&(const NriSessionParams){ .event = t.event,
                                                        .plugin_name = "slug",
                                                        .plugin_index = "50",
                                                        .events = UINT32_MAX,
                                                        .requested = on_requested,
                                                        .connected = on_connected,
                                                        .lost = on_lost,
                                                        .open = open_socket,
                                                        .answer_usec = HOUR_USEC,
                                                        .min_back_off_usec = HOUR_USEC,
                                                        .max_back_off_usec = HOUR_USEC },
                             &t.session) == 0,
             "no session");
        settle(&heard);
        say(data + OPTIONS_BYTES, size - OPTIONS_BYTES, data[1] ? data[1] : SIZE_MAX, &heard);
        if (!(t.options & OPTION_FREE))
                end_kept();
        settle(&heard);
        if (t.options & OPTION_HANG_UP) {
                hang_up();
                settle(&heard);
                must(t.is_lost, "nobody sees that the runtime is gone");
        }
        t.session = nri_session_free(t.session);
        t.is_freed = true;
        hang_up();
        settle(&heard);
        t.event = sd_event_unref(t.event);
        return 0;
}
