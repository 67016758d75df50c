/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Our calls of the runtime
 *
 * Each has a stream of its own, and is ended once: by its answer, by its deadline, or with the
 * session. Inside this folder.
 */
#include "containerd/nri/v1alpha1/nri.pb-c.h"
#include "nri/ttrpc.h"

#define NRI_CALLS_MAX 64u /* that wait for their answer at once */

typedef struct NriOutgoing NriOutgoing;

typedef struct NriCallOwner {
        /* of UpdateContainers */
        void (*updated)(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                        const char *problem,
                        void *userdata);
        void *userdata;
} NriCallOwner;

/* @response: NULL: it failed, and @problem says why. */
typedef void (*NriDone)(const ProtobufCMessage *response,
                        const char *problem,
                        const NriCallOwner *owner);

typedef struct NriCalls {
        NriOutgoing *first;
        size_t n;
        uint32_t last_stream; /* 0: none was made */
} NriCalls;

typedef struct NriCallParams {
        const char *method; /* of the Runtime service */
        const ProtobufCMessage *request;
        const ProtobufCMessageDescriptor *output;
        uint64_t timeout_usec;
        NriDone done;
        NriCallOwner owner;
} NriCallParams;

/* Return: 0, -EAGAIN: too many wait, -E2BIG or -ENOMEM. */
_must_check_ int
nri_calls_make(NriCalls *calls, Buffer *out, uint64_t now_usec, const NriCallParams *params);
/* The runtime has answered, whatever it is. */
void nri_calls_take(NriCalls *calls, const TtrpcFrame *frame);
/* Ends those whose time is over; UINT64_MAX: all of them. Return: how many there were. */
size_t nri_calls_expire(NriCalls *calls, uint64_t now_usec, const char *problem);
/* Nobody is told. */
void nri_calls_forget(NriCalls *calls);
/* UINT64_MAX: there is none. */
uint64_t nri_calls_get_due(const NriCalls *calls);
