/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The runtime's calls
 *
 * Each becomes a request for the session's owner, and has its answer within the time that it was
 * given, be it an empty one. Inside this folder.
 */
#include "nri/session.h"
#include "nri/ttrpc.h"

typedef struct NriServe {
        const NriSessionParams *params; /* borrowed */
        NriSessionStats *stats;
        Buffer *out;    /* NULL: there is nobody to answer */
        NriCall *first; /* that wait for the owner */
        size_t n;
        Buffer parts;         /* of a Synchronize that has more to come */
        uint64_t parts_usec;  /* when the first one came */
        bool is_synchronized; /* a Synchronize has come, or a part of one */
        const char *over;     /* why the session has to end; NULL: it has not */
        /* Configure was answered; @request: of the runtime. */
        void (*configured)(const Nri__Pkg__Api__V1alpha1__ConfigureRequest *request,
                           void *userdata);
        /* There is something to send, or to wait for. */
        void (*changed)(void *userdata);
        void *userdata;
} NriServe;

void nri_serve_take(NriServe *serve, const TtrpcFrame *frame, uint64_t now_usec);
/* Answers those whose time is over with nothing, and tells their owner that they are gone. */
void nri_serve_expire(NriServe *serve, uint64_t now_usec);
/* Nobody is there to be answered any more. */
void nri_serve_drop(NriServe *serve);
/* The same, and nobody is told. */
void nri_serve_forget(NriServe *serve);
/* UINT64_MAX: there is none. */
uint64_t nri_serve_get_due(const NriServe *serve);
