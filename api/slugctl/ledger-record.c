/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger-record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sealed.h"
#include "slugctl/ledger-claim.h"
#include "value/value.h"

/*
 * A line is believed only as a whole: first its checksum, then that it is JSON, then every key that
 * is known. The first line is the head, {"version":...}; every other one is a change,
 * {"drop":[...],"put":[...]}. Version 0 has no "boot" in its head.
 */
static const DocumentLimits limits = { .depth = 16, .n_values = LEDGER_LOG_LINE_MAX };

static int fold(int r) {
        return r > 0 ? LEDGER_RECORD_E_DAMAGED : r;
}

static int open_line(const char *line, size_t n_line, Document *ret, Diag *reterr) {
        Scan text;
        int r;

        if (!sealed_open(line, n_line, LEDGER_LOG_LINE_MAX, &text))
                return value_complain(&(const Value){}, reterr, "the checksum is wrong");
        r = document_parse(text.cursor, scan_left(&text), &limits, ret, reterr);
        if (r > 0 && reterr && reterr->column > 0)
                reterr->column += SEALED_ROOM;
        return r;
}

static int read_head_fields(const Value *root, LedgerLog *log, Diag *reterr) {
        const Value created = value_get(root, "created");
        const Value boot = value_get(root, "boot");
        const char *text = "";
        int r = 0;

        if (created.json)
                r = value_read_u64(&created, UINT64_MAX, &log->created_usec, reterr);
        if (r == 0 && log->version > 0)
                r = value_read_text(&boot, &text, reterr);
        if (r)
                return r;
        if (strlen(text) >= sizeof(log->boot_id))
                return value_complain(&boot, reterr, "is too long");
        (void)snprintf(log->boot_id, sizeof(log->boot_id), "%s", text);
        return 0;
}

int ledger_record_read_head(const char *line, size_t n_line, LedgerLog *log, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        uint64_t number;
        Value root, version;
        int r;

        r = open_line(line, n_line, &document, reterr);
        if (r)
                return fold(r);
        root = document_get_root(&document);
        version = value_get(&root, "version");
        r = value_read_u64(&version, UINT32_MAX, &number, reterr);
        if (r)
                return fold(r);
        log->version = (unsigned)number;
        if (number > LEDGER_LOG_VERSION) {
                (void)value_complain(&version, reterr, "is of a later slugd");
                return LEDGER_RECORD_E_LATER;
        }
        return fold(read_head_fields(&root, log, reterr));
}

/* Where a put of this key is, or where it goes: a later one takes the place of an earlier. */
static size_t find_put(const LedgerRecord *record, const Slug__V1__Claim *claim) {
        size_t i = 0;

        while (i < record->n_puts && (strcmp(record->puts[i]->pod_uid, claim->pod_uid) != 0 ||
                                      strcmp(record->puts[i]->container, claim->container) != 0))
                ++i;
        return i;
}

static int
read_puts(unsigned version, const Value *list, Arena *arena, LedgerRecord *record, Diag *reterr) {
        Slug__V1__Claim *claims;
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, LEDGER_LOG_CHANGE_MAX, &n, reterr);
        if (r)
                return r;
        claims = arena_alloc_array(arena, n + 1, sizeof(*claims));
        record->puts = arena_alloc_array(arena, n + 1, sizeof(*record->puts));
        if (!claims || !record->puts)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);
                size_t at;

                r = ledger_claim_read(version, &item, arena, &claims[i], reterr);
                if (r)
                        return r;
                at = find_put(record, &claims[i]);
                record->puts[at] = &claims[i];
                record->n_puts += at == record->n_puts;
        }
        return 0;
}

static int read_drops(const Value *list, Arena *arena, LedgerRecord *record, Diag *reterr) {
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, LEDGER_LOG_CHANGE_MAX, &n, reterr);
        if (r)
                return r;
        record->drops = arena_alloc_array(arena, n + 1, sizeof(*record->drops));
        if (!record->drops)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = ledger_claim_read_key(&item, arena, &record->drops[i], reterr);
                if (r)
                        return r;
        }
        record->n_drops = n;
        return 0;
}

int ledger_record_read(unsigned version,
                       const char *line,
                       size_t n_line,
                       Arena *arena,
                       LedgerRecord *ret,
                       Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        LedgerRecord record = {};
        Value root, puts, drops;
        int r;

        r = open_line(line, n_line, &document, reterr);
        if (r)
                return fold(r);
        root = document_get_root(&document);
        puts = value_get(&root, "put");
        drops = value_get(&root, "drop");
        r = read_drops(&drops, arena, &record, reterr);
        if (r == 0)
                r = read_puts(version, &puts, arena, &record, reterr);
        if (r)
                return fold(r);
        *ret = record;
        return 0;
}
