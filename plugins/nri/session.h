/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A session with a container runtime
 *
 * The NRI socket, the mux on it, RegisterPlugin on one of its connections and the plugin's service
 * on the other. Connects for ever, and registers again whenever the runtime is another one. Requests
 * of the runtime are handed to the owner, who answers them once, now or later, within two seconds.
 */
#include <protobuf-c/protobuf-c.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "containerd/nri/v1alpha1/nri.pb-c.h"

typedef struct NriSession NriSession;
typedef struct NriCall NriCall; /* a request that waits for its answer */

typedef enum NriMethod {
        NRI_CONFIGURE,   /* answered by the session itself, told all the same */
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

typedef struct NriSessionParams {
        sd_event *event;
        const char *path;                       /* of the socket; borrowed */
        const char *plugin_name, *plugin_index; /* "slug", "50" */
        unsigned events;                        /* a bit for each NriMethod that is wanted */
        /* @request: of the method's type, valid until this returns; @call: to be answered once. */
        void (*requested)(NriCall *call,
                          NriMethod method,
                          const ProtobufCMessage *request,
                          void *userdata);
        void (*connected)(const char *runtime, const char *version, void *userdata);
        void (*lost)(const char *reason, void *userdata); /* and tried again; calls are gone */
        void *userdata;
} NriSessionParams;

/* Return: 0 or an errno. */
_must_check_ int nri_session_new(const NriSessionParams *params, NriSession **ret);
NriSession *nri_session_free(NriSession *session);
DEFINE_CLEANUP(NriSession *, nri_session_free);

/* Ends the call. @response: of the method's type. */
void nri_call_finish(NriCall *call, const ProtobufCMessage *response);
/* The runtime takes a failure of CreateContainer for its own. @code: of gRPC. */
void nri_call_fail(NriCall *call, int code, const char *message);
/* Kept past requested(): told when the session is lost, and then the call is gone. */
void nri_call_keep(NriCall *call, void (*gone)(void *userdata), void *userdata);

/* Asks the runtime to change containers. Not from within requested(). @done: once, with what the
 * runtime could not do (NULL: the call failed, @problem says why). Return: 0, -ENOTCONN, -E2BIG or
 * -ENOMEM. */
_must_check_ int
nri_session_update(NriSession *session,
                   const Nri__Pkg__Api__V1alpha1__UpdateContainersRequest *request,
                   void (*done)(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                                const char *problem,
                                void *userdata),
                   void *userdata);
