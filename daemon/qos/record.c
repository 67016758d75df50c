/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/quoted.h"
#include "ledger/before.h"
#include "value/value.h"

/*
 *   {"version":1,"boot":"...","limits":[
 *   {"path":"kubepods/burstable","knob":"memory.max","before":"max","written":"4294967296"}]}
 *
 * Values are what is in the files. Whoever withdraws writes what is read here, so that it is
 * believed only as a whole; keys that are not known are passed over, so that a later slugd may add
 * some.
 */
static const DocumentLimits limits = { .depth = 8, .n_values = 64u * QOS_RECORD_MAX };

/* Items */

/* n_items: there is none. */
static size_t find(const QosRecord *record, const char *path, CgroupKnob knob) {
        size_t i = 0;

        while (i < record->n_items &&
               (record->items[i].knob != knob || strcmp(record->items[i].path, path) != 0))
                ++i;
        return i;
}

const QosRecordItem *qos_record_find(const QosRecord *record, const char *path, CgroupKnob knob) {
        const size_t i = find(record, path, knob);

        return i < record->n_items ? &record->items[i] : NULL;
}

static bool is_same(const CgroupValue *a, const CgroupValue *b) {
        return a->number == b->number && nodeset_is_equal(&a->nodes, &b->nodes);
}

int qos_record_put(QosRecord *record,
                   const char *path,
                   CgroupKnob knob,
                   const CgroupValue *before,
                   const CgroupValue *written,
                   bool *ret_changed) {
        const size_t i = find(record, path, knob);
        QosRecordItem *item = &record->items[i];

        if (i < record->n_items) {
                *ret_changed = !is_same(&item->written, written);
                item->written = *written;
                return 0;
        }
        if (strlen(path) >= sizeof(item->path))
                return -ENAMETOOLONG;
        if (record->n_items == QOS_RECORD_MAX)
                return QOS_RECORD_E_FULL;
        ++record->n_items;
        *item = (QosRecordItem){ .knob = knob, .before = *before, .written = *written };
        memcpy(item->path, path, strlen(path) + 1);
        *ret_changed = true;
        return 0;
}

void qos_record_drop(QosRecord *record, const char *path, CgroupKnob knob) {
        const size_t i = find(record, path, knob);

        if (i == record->n_items)
                return;
        --record->n_items;
        memmove(&record->items[i], &record->items[i + 1],
                (record->n_items - i) * sizeof(*record->items));
}

/* Writing */

static void
append_value(Buffer *buffer, const char *key, CgroupKnob knob, const CgroupValue *value) {
        char text[CGROUP_VALUE_TEXT_MAX];

        buffer_printf(buffer, ",\"%s\":\"%s\"", key, cgroup_value_format(knob, value, text));
}

void qos_record_append(const QosRecord *record, Buffer *buffer) {
        before_append_head(record->boot_id, buffer);
        buffer_append_text(buffer, ",\"limits\":[");
        for (size_t i = 0; i < record->n_items; ++i) {
                const QosRecordItem *item = &record->items[i];

                buffer_append_text(buffer, i > 0 ? ",\n{\"path\":" : "\n{\"path\":");
                quoted_append(buffer, item->path);
                buffer_printf(buffer, ",\"knob\":\"%s\"", cgroup_knob_file(item->knob));
                append_value(buffer, "before", item->knob, &item->before);
                append_value(buffer, "written", item->knob, &item->written);
                buffer_append_char(buffer, '}');
        }
        buffer_append_text(buffer, "]}\n");
}

/* Reading */

static int
read_value(const Value *object, const char *key, CgroupKnob knob, CgroupValue *ret, Diag *reterr) {
        const Value value = value_get(object, key);
        const char *text;
        int r;

        r = value_read_text(&value, &text, reterr);
        if (r)
                return r;
        r = cgroup_value_parse(knob, text, strlen(text), ret);
        return r > 0 ? value_complain(&value, reterr, "is no value of that knob") : r;
}

static int read_key(const Value *object, QosRecordItem *ret, Diag *reterr) {
        const Value path = value_get(object, "path"), knob = value_get(object, "knob");
        const char *text;
        int r;

        r = value_read_text(&path, &text, reterr);
        if (r)
                return r;
        if (!cgroup_path_is_plain(text)) /* the root itself is never written */
                return value_complain(&path, reterr, "is no path of a cgroup");
        memcpy(ret->path, text, strlen(text) + 1);
        r = value_read_text(&knob, &text, reterr);
        if (r)
                return r;
        return cgroup_knob_find(text, &ret->knob)
                       ? 0
                       : value_complain(&knob, reterr, "is no knob of a cgroup");
}

static int read_item(const Value *object, QosRecord *record, Diag *reterr) {
        QosRecordItem *item = &record->items[record->n_items];
        int r;

        r = read_key(object, item, reterr);
        if (r == 0)
                r = read_value(object, "before", item->knob, &item->before, reterr);
        if (r == 0)
                r = read_value(object, "written", item->knob, &item->written, reterr);
        if (r)
                return r;
        if (qos_record_find(record, item->path, item->knob))
                return value_complain(object, reterr, "is there twice");
        ++record->n_items;
        return 0;
}

static int read_record(const Value *root, QosRecord *record, Diag *reterr) {
        const Value list = value_get(root, "limits");
        size_t n = 0;
        int r;

        r = before_read_head(root, record->boot_id, reterr);
        if (r == 0)
                r = value_read_list(&list, QOS_RECORD_MAX, &n, reterr);
        for (size_t i = 0; r == 0 && i < n; ++i) {
                const Value item = value_get_item(&list, i);

                r = read_item(&item, record, reterr);
        }
        return r;
}

int qos_record_parse(const char *text, size_t n_text, QosRecord *ret, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        Value root;
        int r;

        *ret = (QosRecord){};
        if (n_text > QOS_RECORD_FILE_MAX) {
                diag_set(reterr, reterr ? reterr->source : NULL, 0, 0, "more than %u bytes",
                         QOS_RECORD_FILE_MAX);
                return QOS_RECORD_E_MALFORMED;
        }
        r = document_parse(text, n_text, &limits, &document, reterr);
        if (r == 0) {
                root = document_get_root(&document);
                r = read_record(&root, ret, reterr);
        }
        if (r)
                *ret = (QosRecord){};
        return r > 0 ? QOS_RECORD_E_MALFORMED : r;
}
