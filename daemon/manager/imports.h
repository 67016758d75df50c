/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kubelet has promised
 *
 * Its memory_manager_state, taken into the ledger whenever the file is another one than before.
 */
#include "base/error.h"
#include "base/root.h"
#include "hints/machine.h"
#include "ledger/journal.h"

/* {} has seen nothing. */
typedef struct Imports {
        uint64_t device, inode, size_bytes, modified_nsec;
        bool is_known;
        char problem[DIAG_FORMATTED_MAX]; /* of the last look, "" when there was none */
} Imports;

/* Return: true when the ledger has changed. */
bool imports_look(Imports *imports,
                  const Root *root,
                  const HintsMachine *machine,
                  Ledger *ledger,
                  Journal *journal);
