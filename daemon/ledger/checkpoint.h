/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's memory_manager_state
 *
 * Read-only: V1 (to 1.36), V2 (with podEntries) and V3 (an outer document whose "data" is the text
 * of the inner one). Its checksums are made of a Go struct's dump and cannot be checked here.
 */
#include "base/error.h"
#include "base/root.h"
#include "ledger/ledger.h"

#define CHECKPOINT_PATH "/var/lib/kubelet/memory_manager_state"
#define CHECKPOINT_MAX  (16u * 1024 * 1024)

enum {
        _CHECKPOINT_E_SUCCESS,
        CHECKPOINT_E_ABSENT,
        CHECKPOINT_E_MALFORMED, /* @reterr says what and where */
};

typedef struct Checkpoint {
        unsigned version;     /* 1, 2, 3 */
        char policy[16];      /* "Static", "None" */
        LedgerClaim **claims; /* source CHECKPOINT, state PENDING; by rising key; owned */
        size_t n_claims;
} Checkpoint;

void checkpoint_deinit(Checkpoint *checkpoint);
DEFINE_DEINIT(Checkpoint, checkpoint_deinit);

/*
 * @text:   need not end in NUL
 * @room:   how a block that spans NUMA nodes lies on them: as the kubelet fills them, lowest first;
 *          what does not fit anywhere lies on the last one. NULL: nothing is known
 * @reterr: a source that it has is kept
 *
 * Pod entries are claims without a container, and the containers of such a pod shares of them. They
 * are pending: the kubelet writes the file when it admits a pod, before there is a cgroup of it.
 *
 * Return: 0, CHECKPOINT_E_*, or -ENOMEM.
 */
_must_check_ int checkpoint_parse(const char *text,
                                  size_t n_text,
                                  const LedgerRoom *room,
                                  Checkpoint *ret,
                                  Diag *reterr);
_must_check_ int checkpoint_read(const Root *root,
                                 const char *path,
                                 const LedgerRoom *room,
                                 Checkpoint *ret,
                                 Diag *reterr);

#define CHECKPOINT_PLAN_MAX 128u /* puts, and drops, of one plan */

/*
 * checkpoint_plan() - what importing it would change
 *
 * A container that the ledger knows already stays what it is (one claim, never two), unless it came
 * from an earlier checkpoint: then its blocks become what they are now. One from a checkpoint that
 * is no longer in it is dropped. Bytes of a pod are counted once, too: where somebody else has
 * claimed the whole pod its containers are shares of that claim, and where somebody else has
 * claimed a container by itself the pod's others count by themselves. What is observed of a pod
 * makes way for what the checkpoint has of it.
 *
 * @ret: CHECKPOINT_PLAN_MAX puts and drops at the most, and what is observed of their pods: apply
 *       it and plan again, until it is empty
 *
 * Return: 0 or -ENOMEM.
 */
_must_check_ int
checkpoint_plan(const Checkpoint *checkpoint, const Ledger *ledger, LedgerChange *ret);
