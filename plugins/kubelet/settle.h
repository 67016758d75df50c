/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settled
 *
 * Whether the kubelet and the runtime are up and know all of their pods, so that a pod which is not
 * in a report may be taken as gone. Pure: time is an argument, microseconds of any one monotonic
 * clock.
 *
 * A kubelet that has just started lists no pod, then the static ones, then those of the API server
 * as it hears of them; after a reboot the runtime has sandboxes that are not ready until the
 * kubelet makes new ones. Neither says when it is done. So they are settled when
 *
 *  - both have answered completely, several times in a row and over the settle time, and nothing
 *    has changed meanwhile;
 *  - the kubelet lists every pod whose sandbox is ready: it ends those that it does not know, once
 *    it knows all, and not before.
 *
 * A node on which something changes all the time would wait for ever for the first, as one whose
 * kubelet lists nothing, or static pods alone, because there are no others: after SETTLE_PATIENCE
 * times the settle time that is taken as its nature. The second has no such end.
 *
 * It stays settled until one of them does not answer or is another process than before.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTLE_ROUNDS_MIN 3u
#define SETTLE_PATIENCE   10u
#define SETTLE_REASON_MAX 512u

/* What one round saw of one of them. */
typedef struct SettlePeer {
        bool is_complete;
        uint64_t generation; /* of its connection: another number is another process */
} SettlePeer;

typedef struct SettleLook {
        uint64_t usec; /* when the round began */
        SettlePeer runtime, kubelet;
        uint64_t fingerprint;       /* of who is there, and which of them is listed and ready */
        const char *ready_unlisted; /* a pod that runs and that the kubelet does not list; NULL:
                                       there is none */
        bool lists_none;            /* and there are pods, which do not run */
        bool lists_static_alone;    /* and there are others, which do not run */
} SettleLook;

typedef struct SettleParams {
        uint64_t settle_usec;
        bool needs_kubelet;
} SettleParams;

/* {} with its params: nothing was seen. */
typedef struct Settle {
        SettleParams params;
        bool is_settled;
        bool has_begun;       /* the last look was complete */
        size_t n_rounds;      /* complete ones, since the last change */
        uint64_t begun_usec;  /* of the first of all complete ones in a row */
        uint64_t stable_usec; /* of the first since the last change */
        uint64_t runtime_generation, kubelet_generation, fingerprint;
        char reason[SETTLE_REASON_MAX]; /* one sentence; "" when settled */
} Settle;

void settle_look(Settle *settle, const SettleLook *look);
