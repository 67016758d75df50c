/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/watchers.h"

#include <stdlib.h>

struct RpcWatcher {
        RpcWatcher *previous, *next;
        RpcWatchers *watchers;
        RpcCall *call;
        RpcCookie cookie;
        bool is_stale; /* it has not been told the newest state */
};

static void remove_watcher(RpcWatcher *watcher) {
        RpcWatchers *watchers = watcher->watchers;

        if (watcher->previous)
                watcher->previous->next = watcher->next;
        else
                watchers->first = watcher->next;
        if (watcher->next)
                watcher->next->previous = watcher->previous;
        --watchers->n_watchers;
        free(watcher);
        if (watchers->left)
                watchers->left(watchers->userdata);
}

static void tell(RpcWatcher *watcher) {
        const RpcWatchers *watchers = watcher->watchers;

        watcher->is_stale = rpc_call_get_backlog(watcher->call) > 0;
        if (watcher->is_stale)
                return;
        if (!watchers->push(watcher->call, &watcher->cookie, watchers->userdata))
                remove_watcher(watcher);
}

static void on_ended(RpcCall *call _unused_, void *userdata) {
        remove_watcher(userdata);
}

static void on_drained(RpcCall *call _unused_, void *userdata) {
        RpcWatcher *watcher = userdata;

        if (watcher->is_stale)
                tell(watcher);
}

void rpc_watchers_add(RpcWatchers *watchers, RpcCall *call, RpcCookie cookie) {
        RpcWatcher *watcher = NULL;

        if (watchers->n_watchers >= RPC_WATCHERS_MAX) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%u watch already", RPC_WATCHERS_MAX);
                return;
        }
        watcher = calloc(1, sizeof(*watcher));
        if (!watcher) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
                return;
        }
        *watcher = (RpcWatcher){
                .next = watchers->first, .watchers = watchers, .call = call, .cookie = cookie
        };
        if (watcher->next)
                watcher->next->previous = watcher;
        watchers->first = watcher;
        ++watchers->n_watchers;
        rpc_call_keep(call, on_ended, on_drained, watcher);
        tell(watcher);
}

void rpc_watchers_notify(RpcWatchers *watchers) {
        for (RpcWatcher *watcher = watchers->first, *next; watcher; watcher = next) {
                next = watcher->next;
                tell(watcher);
        }
}
