/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as a record of limits, or as what a plan is made of: the first byte says which. A record
 * that is accepted is written as one that is read as the same; a plan keeps its rules.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qos-bed.h"
#include "qos/record.h"

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static bool is_same(const CgroupValue *a, const CgroupValue *b) {
        return a->number == b->number && nodeset_is_equal(&a->nodes, &b->nodes);
}

static void check_same(const QosRecord *a, const QosRecord *b) {
        must(strcmp(a->boot_id, b->boot_id) == 0 && a->n_items == b->n_items);
        for (size_t i = 0; i < a->n_items; ++i)
                must(strcmp(a->items[i].path, b->items[i].path) == 0 &&
                     a->items[i].knob == b->items[i].knob &&
                     is_same(&a->items[i].before, &b->items[i].before) &&
                     is_same(&a->items[i].written, &b->items[i].written));
}

static void try_record(const uint8_t *data, size_t size) {
        static QosRecord record, again;
        _cleanup_(buffer_deinitp) Buffer text = {};
        Diag diag = {};
        const int r = qos_record_parse((const char *)data, size, &record, &diag);

        must(r == 0 || r == QOS_RECORD_E_MALFORMED);
        must((r == 0) == !diag.text[0]);
        if (r)
                return;
        qos_record_append(&record, &text);
        must(buffer_finish(&text) == 0);
        must(qos_record_parse(text.data, text.n_data, &again, &diag) == 0);
        check_same(&record, &again);
}

static void try_plan(const uint8_t *data, size_t size) {
        static QosBed bed;
        static QosPlan plan;
        const char *broken;

        qos_bed_decode(&bed, data, size);
        broken = qos_bed_build(&bed.input, &plan);
        if (broken)
                (void)fprintf(stderr, "broken: %s\n", broken);
        must(!broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 1)
                return 0;
        if (data[0] % 2)
                try_plan(data + 1, size - 1);
        else
                try_record(data + 1, size - 1);
        return 0;
}
