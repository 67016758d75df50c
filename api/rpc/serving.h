/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether a server is there
 *
 * A watch of its health, for clients that have to do something when it comes, or comes back. While
 * there is no server it waits, for as long as it takes.
 */
#include "rpc/client.h"

typedef struct RpcServing {
        RpcClient *client; /* borrowed */
        void (*came)(void *userdata);
        void (*went)(const RpcResult *result, void *userdata); /* also while it never came */
        void *userdata;

        /* Inside only. */
        RpcClientCall *call;
        bool is_there;
} RpcServing;

/* Begins to watch; nothing when it does already. To be called now and then: a watch that a server
 * refused, or that there was no memory for, is begun anew by it. Return: as rpc_client_call(). */
_must_check_ int rpc_serving_watch(RpcServing *serving);
static inline bool rpc_serving_is_there(const RpcServing *serving) {
        return serving->is_there;
}
