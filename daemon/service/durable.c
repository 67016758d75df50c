/* SPDX-License-Identifier: Apache-2.0 */
#include "service/durable.h"

#include <errno.h>
#include <inttypes.h>

#include "base/nodeset.h"

struct Durable {
        RpcCall *call; /* NULL: the caller has left */
        MemoryService *service;
        const ProtobufCMessage *answer;
};

static void on_ended(RpcCall *call _unused_, void *userdata) {
        Durable *durable = userdata;

        durable->call = NULL;
}

Durable *durable_new(RpcCall *call) {
        Durable *durable = calloc(1, sizeof(*durable));

        if (durable)
                durable->call = call;
        else
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "not enough memory for the call");
        return durable;
}

Durable *durable_free(Durable *durable) {
        free(durable);
        return NULL;
}

static void explain_unavailable(const MemoryService *service, Diag *ret) {
        const JournalState state = journal_get_state(service->journal);

        diag_set(ret, NULL, 0, 0, "the ledger cannot be written, so nothing new is promised: %s",
                 state.problem[0] ? state.problem : "the disk is busy");
}

RpcCode durable_explain(const MemoryService *service, int r, const LedgerLack *lack, Diag *ret) {
        char bytes[BYTES_TEXT_MAX], resource[POD_RESOURCE_NAME_MAX];

        switch (r) {
        case LEDGER_E_NO_SPACE:
                diag_set(ret, NULL, 0, 0, "NUMA node %u lacks %" PRIu64 " bytes (%s) of %s",
                         lack->node, lack->bytes, bytes_format(lack->bytes, bytes),
                         pod_format_resource(lack->page_bytes, resource));
                return RPC_RESOURCE_EXHAUSTED;
        case LEDGER_E_FULL:
                diag_set(ret, NULL, 0, 0, "the ledger has %u claims and takes no more",
                         LEDGER_CLAIMS_MAX);
                return RPC_RESOURCE_EXHAUSTED;
        case -EIO:
        case -ENOBUFS:
                explain_unavailable(service, ret);
                return RPC_UNAVAILABLE;
        case -E2BIG:
                diag_set(ret, NULL, 0, 0, "the change is too large for one line of the ledger");
                return RPC_INVALID_ARGUMENT;
        case -EILSEQ:
                diag_set(ret, NULL, 0, 0, "a text is not UTF-8");
                return RPC_INVALID_ARGUMENT;
        default:
                diag_set(ret, NULL, 0, 0, "not enough memory for the claim");
                return RPC_RESOURCE_EXHAUSTED;
        }
}

static void fail(RpcCall *call, const MemoryService *service, int r, const LedgerLack *lack) {
        Diag diag = {};
        const RpcCode code = durable_explain(service, r, lack, &diag);

        rpc_call_fail(call, code, "%s", diag.text);
}

static void on_durable(int error, void *userdata) {
        _cleanup_(durable_freep) Durable *durable = userdata;

        if (!durable->call)
                return;
        if (error) {
                fail(durable->call, durable->service, -EIO, NULL);
                durable->service->changed(durable->service->userdata); /* it was taken back */
        } else if (durable->answer) {
                rpc_call_finish(durable->call, durable->answer);
        } else {
                rpc_call_fail(durable->call, RPC_RESOURCE_EXHAUSTED,
                              "done, but there is not enough memory for the answer");
        }
}

int durable_apply(Durable *durable,
                  MemoryService *service,
                  LedgerChange *change,
                  const LedgerRoom *room,
                  bool must_last) {
        LedgerLack lack = {};
        int r;

        durable->service = service;
        r = journal_apply(service->journal, change, room, must_last, on_durable, durable, &lack);
        if (r) {
                fail(durable->call, service, r, &lack);
                durable_free(durable);
                return r;
        }
        rpc_call_keep(durable->call, on_ended, NULL, durable);
        service->changed(service->userdata);
        return 0;
}

void durable_set_answer(Durable *durable, const ProtobufCMessage *answer) {
        durable->answer = answer;
}
