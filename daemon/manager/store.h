/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store
 *
 * The ledger and what keeps it: its journal, the worker that writes, and the folder, locked against
 * another slugd. Without a folder (a captured machine, a slugd that somebody tries out) or without
 * the lock the ledger lives as long as this slugd.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "ledger/journal.h"
#include "worker/worker.h"

typedef struct Store Store;

typedef struct StoreParams {
        const Root *root; /* borrowed */
        sd_event *event;
        Workers *workers; /* borrowed; they end before the store does */
        unsigned lane;    /* the store's own */
        bool has_folder;  /* false: the ledger is kept in memory only, by the operator's wish */
        Clock wall_clock;
        void (*changed)(void *userdata); /* ledger or health are different */
        void *userdata;
} StoreParams;

/* Reads what there is. Return: 0 or an errno; nothing in the folder is a reason to fail. */
_must_check_ int store_new(const StoreParams *params, Store **ret);
Store *store_free(Store *store);
DEFINE_CLEANUP(Store *, store_free);

Ledger *store_get_ledger(const Store *store);
Journal *store_get_journal(const Store *store);
/* Of this machine now, "" when it is not known. */
const char *store_get_boot_id(const Store *store);
/* Why the ledger is not kept, "" when it is. */
const char *store_get_problem(const Store *store);

/* Calls @idle once nothing waits for the disk, at once when that is now. */
void store_when_idle(Store *store, void (*idle)(void *userdata), void *userdata);
