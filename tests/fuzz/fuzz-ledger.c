/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as what the ledger reads: the head of a log, a change of now or of version 0, the
 * kubelet's checkpoint; the first byte says which. A line gets its checksum here, so that what is
 * behind it is reached. What is accepted is written as a line that is read as the same.
 */
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/crc32c.h"
#include "ledger/checkpoint.h"
#include "ledger/record.h"

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static void make_line(const uint8_t *data, size_t size, Buffer *ret) {
        buffer_printf(ret, "%08" PRIx32 " ", crc32c(data, size));
        buffer_append(ret, data, size);
        must(buffer_finish(ret) == 0);
}

static void check_head(const Buffer *line) {
        _cleanup_(buffer_deinitp) Buffer again = {};
        RecordHead head, read;
        Diag diag = {};
        const int r = record_parse_head(line->data, line->n_data, &head, &diag);

        must(r == 0 || r == RECORD_E_DAMAGED || r == RECORD_E_VERSION);
        must((r == 0) == !diag.text[0]);
        if (r)
                return;
        record_append_head(&head, &again);
        must(buffer_finish(&again) == 0);
        must(record_parse_head(again.data, again.n_data - 1, &read, &diag) == 0);
        must(strcmp(read.boot_id, head.boot_id) == 0 && read.created_usec == head.created_usec);
}

static void check_change(unsigned version, const Buffer *line) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {}, read = {};
        _cleanup_(buffer_deinitp) Buffer again = {};
        Diag diag = {};
        const int r = record_parse_change(version, line->data, line->n_data, &change, &diag);

        must(r == 0 || r == RECORD_E_DAMAGED);
        must((r == 0) == !diag.text[0]);
        if (r)
                return;
        record_append_change(&change, &again);
        must(buffer_finish(&again) == 0);
        must(record_parse_change(RECORD_VERSION, again.data, again.n_data - 1, &read, &diag) == 0);
        must(read.n_puts == change.n_puts && read.n_drops == change.n_drops);
        for (size_t i = 0; i < read.n_puts; ++i)
                must(ledger_claim_is_equal(read.puts[i], change.puts[i]));
        for (size_t i = 0; i < read.n_drops; ++i)
                must(strcmp(read.drops[i].pod_uid, change.drops[i].pod_uid) == 0 &&
                     strcmp(read.drops[i].container, change.drops[i].container) == 0);
}

/* Imports it, until a plan is empty. */
static void check_import(const Checkpoint *checkpoint) {
        _cleanup_(ledger_freep) Ledger *ledger = NULL;
        size_t n_puts;

        must(ledger_new(&ledger) == 0);
        do {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                must(checkpoint_plan(checkpoint, ledger, &change) == 0);
                must(change.n_drops == 0);
                n_puts = change.n_puts;
                must(ledger_apply(ledger, &change, NULL, NULL, NULL) == 0);
        } while (n_puts > 0);
        must(ledger_check(ledger) && ledger_get_n_claims(ledger) == checkpoint->n_claims);
}

static void check_checkpoint(const uint8_t *data, size_t size) {
        static const LedgerRoomRow rows[] = { { .node = 0, .bytes = 4 * GIB },
                                              { .node = 1, .bytes = 4 * GIB } };
        const LedgerRoom room = { .rows = rows, .n_rows = ELEMENTSOF(rows) };
        _cleanup_(checkpoint_deinitp) Checkpoint checkpoint = {};
        Diag diag = {};
        const int r = checkpoint_parse((const char *)data, size, &room, &checkpoint, &diag);

        must(r == 0 || r == CHECKPOINT_E_MALFORMED);
        must((r == 0) == !diag.text[0]);
        if (r == 0)
                check_import(&checkpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buffer_deinitp) Buffer line = {};

        if (size < 1)
                return 0;
        make_line(data + 1, size - 1, &line);
        switch (data[0] % 4) {
        case 0:
                check_head(&line);
                break;
        case 1:
                check_change(RECORD_VERSION, &line);
                break;
        case 2:
                check_change(0, &line);
                break;
        default:
                check_checkpoint(data + 1, size - 1);
        }
        return 0;
}
