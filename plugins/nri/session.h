/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A session with a container runtime
 *
 * The NRI socket, the mux on it, RegisterPlugin on one of its connections and the plugin's service
 * on the other. Connects for ever, and registers again whenever the runtime is another one.
 * Requests of the runtime are handed to the owner, who answers them once, now or later, within two
 * seconds.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "containerd/nri/v1alpha1/nri.pb-c.h"

/* The time that an owner has for an answer; the runtime waits for 2 s and then ends the plugin. */
#define NRI_ANSWER_USEC       UINT64_C(1800000)
#define NRI_BACK_OFF_MIN_USEC UINT64_C(100000)
#define NRI_BACK_OFF_MAX_USEC UINT64_C(5000000)
/* The runtime lets plugins in one after the other, and a slow one has 5 s. */
#define NRI_REGISTER_USEC UINT64_C(30000000)
/* From Configure to Synchronize, for which it waits until it creates no container. */
#define NRI_SYNCHRONIZE_USEC UINT64_C(60000000)
/* It may have many containers to update; one that takes longer is left, and found again. */
#define NRI_UPDATE_USEC  UINT64_C(30000000)
#define NRI_REQUESTS_MAX 1024u /* that wait for their answer at once */
/* What a Synchronize may be in all. */
#define NRI_STATE_BYTES_MAX (64u * 1024 * 1024)
#define NRI_STATE_ITEMS_MAX 4096u /* containers, and pods */

typedef struct NriSession NriSession;
typedef struct NriCall NriCall; /* a request that waits for its answer */

/* In the order of the runtime's events: RunPodSandbox is 1. */
typedef enum NriMethod {
        NRI_CONFIGURE,   /* answered by the session itself, told all the same; there is no call */
        NRI_SYNCHRONIZE, /* all parts of it are one request */
        NRI_RUN_POD_SANDBOX,
        NRI_STOP_POD_SANDBOX,
        NRI_REMOVE_POD_SANDBOX,
        NRI_CREATE_CONTAINER,
        NRI_POST_CREATE_CONTAINER,
        NRI_START_CONTAINER,
        NRI_POST_START_CONTAINER,
        NRI_UPDATE_CONTAINER,
        NRI_POST_UPDATE_CONTAINER,
        NRI_STOP_CONTAINER,
        NRI_REMOVE_CONTAINER,
        _NRI_METHOD_N,
} NriMethod;

const char *nri_method_name(NriMethod method); /* "CreateContainer" */

/* Callbacks are called from the loop, and none may free the session. */
typedef struct NriSessionParams {
        sd_event *event;
        const char *path;                       /* of the socket; borrowed */
        const char *plugin_name, *plugin_index; /* "slug", "50"; borrowed */
        unsigned events; /* 1 << NriMethod, for each that is wanted; the first two always come */
        /*
         * @request: valid until this returns. Of Configure, Synchronize, CreateContainer,
         * UpdateContainer and StopContainer it is the request of that name, and a ContainerEvent of
         * all else, however it came (without a container where it is about a pod). @call: NULL for
         * Configure; to be ended once, at once or, when it is kept, later. One that is neither
         * ended nor kept is answered with nothing.
         */
        void (*requested)(NriCall *call,
                          NriMethod method,
                          const ProtobufCMessage *request,
                          void *userdata);
        /* The runtime has registered us. Before its Configure is told. */
        void (*connected)(const char *runtime, const char *version, void *userdata);
        /* It is tried again; calls are gone. Of a session that could not be had it is told when the
         * reason is another one than before. */
        void (*lost)(const char *reason, void *userdata);
        void *userdata;
        /* Instead of @path. Return: a connected stream socket, non-blocking, or an errno. */
        int (*open)(void *userdata);
        uint64_t answer_usec;                          /* 0: NRI_ANSWER_USEC */
        uint64_t min_back_off_usec, max_back_off_usec; /* 0: NRI_BACK_OFF_* */
        uint64_t register_usec;                        /* 0: NRI_REGISTER_USEC */
        uint64_t synchronize_usec;                     /* 0: NRI_SYNCHRONIZE_USEC */
        uint64_t update_usec;                          /* 0: NRI_UPDATE_USEC */
} NriSessionParams;

typedef struct NriSessionStats {
        uint64_t n_connected;  /* registrations that came to Configure */
        uint64_t n_requests;   /* of the runtime */
        uint64_t n_late;       /* that the owner had not answered in time */
        uint64_t n_unanswered; /* that were answered with nothing: not understood, not kept */
        uint64_t n_updates;    /* UpdateContainers that were sent */
} NriSessionStats;

/* Return: 0 or an errno; -EINVAL: no name or index that a runtime takes, -ENAMETOOLONG: no path of
 * a socket. */
_must_check_ int nri_session_new(const NriSessionParams *params, NriSession **ret);
/* Nobody is told. */
NriSession *nri_session_free(NriSession *session);
DEFINE_CLEANUP(NriSession *, nri_session_free);

const NriSessionStats *nri_session_get_stats(const NriSession *session);

/* Whether the runtime can be called: it has registered us, and the session is not about to end. */
bool nri_session_is_connected(const NriSession *session);

/*
 * Registers anew, so that the runtime tells of all containers again: at the end of a turn of the
 * loop in which no call waits for its answer. lost() is not called, connected() is.
 */
void nri_session_renew(NriSession *session);

/* Ends the call. @response: of the method's type (Empty where it has no other); NULL: an empty one,
 * which changes nothing. @call may be NULL. */
void nri_call_finish(NriCall *call, const ProtobufCMessage *response);
/* The runtime takes a failure of CreateContainer for its own. @code: of gRPC. */
void nri_call_fail(NriCall *call, int code, const char *message);
/* It is answered later. @gone: the session is lost, or the call's time is over and it was answered
 * with nothing; there is no call any more then. */
void nri_call_keep(NriCall *call, void (*gone)(void *userdata), void *userdata);

/* Asks the runtime to change containers. Who waits for the answer with one of the runtime's calls
 * unanswered waits in vain. @done: once, with what the runtime could not do (NULL: the call failed,
 * @problem says why). Return: 0, -ENOTCONN, -E2BIG, -EAGAIN when too many wait, or -ENOMEM; then
 * @done is not called. */
_must_check_ int
nri_session_update(NriSession *session,
                   const Nri__Pkg__Api__V1alpha1__UpdateContainersRequest *request,
                   void (*done)(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                                const char *problem,
                                void *userdata),
                   void *userdata);
