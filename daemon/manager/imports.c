/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/imports.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/messages.h"
#include "ledger/checkpoint.h"

/*
 * The kubelet replaces the file as a whole, so that another inode, size or time is another file. A
 * file that cannot be read leaves what came from the one before; a file that is gone takes it back.
 */
#define PLANS_MAX 1024u /* of a plan's size each: more than the ledger has room for */

static Imports identify(const Root *root) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat status;
        Imports seen = { .is_known = true };

        /* not a FIFO that nobody writes to: such an open would wait */
        if (root_open(root, CHECKPOINT_PATH, O_RDONLY | O_NONBLOCK, &fd) != 0 ||
            fstat(fd, &status) < 0)
                return seen;
        seen.device = status.st_dev;
        seen.inode = status.st_ino;
        seen.size_bytes = (uint64_t)status.st_size;
        seen.modified_nsec =
                (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;
        return seen;
}

static bool is_same(const Imports *a, const Imports *b) {
        return a->is_known == b->is_known && a->device == b->device && a->inode == b->inode &&
               a->size_bytes == b->size_bytes && a->modified_nsec == b->modified_nsec;
}

static int
apply(const Checkpoint *checkpoint, Ledger *ledger, Journal *journal, bool *ret_changed) {
        for (unsigned i = 0; i < PLANS_MAX; ++i) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                int r;

                r = checkpoint_plan(checkpoint, ledger, &change);
                if (r || change.n_puts + change.n_drops == 0)
                        return r;
                /* what the kubelet has promised is a fact: there is no question of room */
                r = journal_apply(journal, &change, NULL, false, NULL, NULL, NULL);
                if (r)
                        return error_fold(r);
                *ret_changed = true;
        }
        return 0;
}

bool imports_look(Imports *imports,
                  const Root *root,
                  const HintsMachine *machine,
                  Ledger *ledger,
                  Journal *journal) {
        const Imports seen = identify(root);
        _cleanup_(checkpoint_deinitp) Checkpoint checkpoint = {};
        Diag diag = {};
        bool has_changed = false;
        int r;

        if (is_same(&seen, imports))
                return false;
        r = checkpoint_read(root, CHECKPOINT_PATH, &machine->rooms[HINTS_KUBELET], &checkpoint,
                            &diag);
        *imports = seen;
        if (r == CHECKPOINT_E_MALFORMED) {
                (void)diag_format(&diag, imports->problem);
                log_event(LOG_WARNING, SLUG_MESSAGE_CHECKPOINT_REFUSED,
                          LOG_WITH({ .name = "SLUG_FILE", .text = diag.source }),
                          "%s, keeping what was imported before", imports->problem);
                return false;
        }
        if (r == 0 || r == CHECKPOINT_E_ABSENT)
                r = apply(&checkpoint, ledger, journal, &has_changed);
        if (r < 0) {
                log_debug("Cannot import %s: %s", CHECKPOINT_PATH, strerror(-r));
                imports->is_known = false; /* the next look tries again */
        }
        if (has_changed)
                log_event(LOG_NOTICE, SLUG_MESSAGE_CHECKPOINT_IMPORTED,
                          LOG_WITH({ .name = "SLUG_FILE", .text = CHECKPOINT_PATH }),
                          "The kubelet's memory manager has %zu claims; the ledger now has %zu",
                          checkpoint.n_claims, ledger_get_n_claims(ledger));
        return has_changed;
}
