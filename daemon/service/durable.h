/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Answers that wait for the disk
 *
 * Inside this folder only. A call that has changed the ledger is kept until the change is durable;
 * then its answer goes out, or a refusal when the change had to be taken back. A caller that has
 * left meanwhile changes nothing about that.
 */
#include "rpc/method.h"
#include "service/memory-service.h"

typedef struct Durable Durable;

/* @call: kept from now on. Return: NULL when there is no memory; the call was failed then. */
Durable *durable_new(RpcCall *call);
/* Nothing was changed after all: the call is the caller's again. */
Durable *durable_free(Durable *durable);
DEFINE_CLEANUP(Durable *, durable_free);

/*
 * Applies @change. With 0 the answer follows when it is durable: set it with durable_set_answer()
 * before returning to the loop. Anything else is the end of the call, which was failed with the
 * reason, and of @durable.
 */
_must_check_ int durable_apply(Durable *durable,
                               MemoryService *service,
                               LedgerChange *change,
                               const LedgerRoom *room,
                               bool must_last);
/* Why journal_apply() did not, or why it was taken back (-EIO). @lack: of LEDGER_E_NO_SPACE.
 * Return: the code that says it. */
RpcCode durable_explain(const MemoryService *service, int r, const LedgerLack *lack, Diag *ret);
/* In the call's arena; NULL: it could not be built, which fails the call. */
void durable_set_answer(Durable *durable, const ProtobufCMessage *answer);
