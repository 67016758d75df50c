/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Watchers
 *
 * Calls that are told of a state now and whenever it changes. One that reads slowly gets the newest
 * state when it has taken the one before, and never those in between.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rpc/method.h"

typedef struct RpcWatcher RpcWatcher;

/* How far a watcher is, in two sequences; what they are is up to who tells. */
typedef struct RpcCookie {
        uint64_t first, second, third;
} RpcCookie;

/* {.push = ...}: nobody watches. Does not move while somebody does. */
typedef struct RpcWatchers {
        RpcWatcher *first;
        size_t n_watchers;
        /* Tells the state with rpc_call_push(). @cookie: the watcher's own, as it was added and
         * left by the last push. Return: false when the call is over, also because this function
         * ended it. */
        bool (*push)(RpcCall *call, RpcCookie *cookie, void *userdata);
        /* One has gone, or was dropped; from within whatever made it go. May be NULL. */
        void (*left)(void *userdata);
        void *userdata;
} RpcWatchers;

#define RPC_WATCHERS_MAX 1024u

/* From a handler; takes the call, or ends it. */
void rpc_watchers_add(RpcWatchers *watchers, RpcCall *call, RpcCookie cookie);
/* The state is another one. */
void rpc_watchers_notify(RpcWatchers *watchers);
