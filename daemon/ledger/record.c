/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/record.h"

#include <inttypes.h>

#include "base/quoted.h"
#include "base/sealed.h"

/*
 * Writing. What has its zero value is left out, so that a line of an ordinary claim has some two
 * hundred bytes.
 *
 * Text that is not UTF-8 is refused (-EILSEQ), and with it the change, before the ledger has it.
 * Peers' names are checked before, so that this is a last guard and nothing that happens.
 */

/* ,"key":"text", or nothing */
static void append_member(Buffer *buffer, const char *key, const char *text) {
        if (!*text)
                return;
        buffer_printf(buffer, ",\"%s\":", key);
        quoted_append(buffer, text);
}

static void append_range(Buffer *buffer, const char *key, const SplitRange *range) {
        buffer_printf(buffer, "\"%s\":[%" PRIu64 ",%" PRIu64 "]", key, range->min, range->max);
}

static void append_split(Buffer *buffer, const Split *split) {
        if (!split->local.max && !split->remote.max)
                return;
        buffer_append_text(buffer, ",\"split\":{");
        append_range(buffer, "local", &split->local);
        buffer_append_char(buffer, ',');
        append_range(buffer, "remote", &split->remote);
        buffer_append_char(buffer, '}');
}

static void append_block(Buffer *buffer, const LedgerBlock *block) {
        char nodes[NODESET_TEXT_MAX];

        buffer_printf(buffer, "{\"nodes\":\"%s\",\"page\":%" PRIu64 ",\"parts\":[",
                      nodeset_format(&block->nodes, nodes), block->page_bytes);
        for (size_t i = 0; i < block->n_parts; ++i)
                buffer_printf(buffer, "%s[%u,%" PRIu64 "]", i > 0 ? "," : "", block->parts[i].node,
                              block->parts[i].bytes);
        buffer_append_text(buffer, "]}");
}

static void append_lists(Buffer *buffer, const LedgerClaim *claim) {
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                buffer_append_text(buffer, i > 0 ? "," : ",\"blocks\":[");
                append_block(buffer, &claim->blocks[i]);
        }
        if (claim->n_blocks > 0)
                buffer_append_char(buffer, ']');
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                buffer_append_text(buffer, i > 0 ? "," : ",\"chunks\":[");
                quoted_append(buffer, claim->chunks[i]);
        }
        if (claim->n_chunks > 0)
                buffer_append_char(buffer, ']');
}

static void append_key(Buffer *buffer, const char *pod_uid, const char *container) {
        buffer_append_text(buffer, "{\"uid\":");
        quoted_append(buffer, pod_uid);
        append_member(buffer, "container", container);
}

static void append_claim(Buffer *buffer, const LedgerClaim *claim) {
        append_key(buffer, claim->pod_uid, claim->container);
        append_member(buffer, "ns", claim->namespace_name);
        append_member(buffer, "pod", claim->pod);
        append_member(buffer, "qos", qos_class_name(claim->qos));
        append_member(buffer, "state", claim_state_name(claim->state));
        append_member(buffer, "source", claim_source_name(claim->source));
        if (claim->is_within_pod)
                buffer_append_text(buffer, ",\"within\":true");
        append_split(buffer, &claim->split);
        append_lists(buffer, claim);
        append_member(buffer, "id", claim->container_id);
        append_member(buffer, "reason", claim->reason);
        if (claim->created_usec)
                buffer_printf(buffer, ",\"created\":%" PRIu64, claim->created_usec);
        buffer_append_char(buffer, '}');
}

/* Lines */

void record_append_head(const RecordHead *head, Buffer *buffer) {
        const size_t start = sealed_begin(buffer);

        buffer_printf(buffer, "{\"version\":%u", RECORD_VERSION);
        buffer_append_text(buffer, ",\"boot\":");
        quoted_append(buffer, head->boot_id);
        buffer_printf(buffer, ",\"created\":%" PRIu64 "}", head->created_usec);
        sealed_end(buffer, start, RECORD_LINE_MAX);
}

void record_append_change(const LedgerChange *change, Buffer *buffer) {
        const size_t start = sealed_begin(buffer);

        buffer_append_text(buffer, "{\"drop\":[");
        for (size_t i = 0; i < change->n_drops; ++i) {
                if (i > 0)
                        buffer_append_char(buffer, ',');
                append_key(buffer, change->drops[i].pod_uid, change->drops[i].container);
                buffer_append_char(buffer, '}');
        }
        buffer_append_text(buffer, "],\"put\":[");
        for (size_t i = 0; i < change->n_puts; ++i) {
                if (i > 0)
                        buffer_append_char(buffer, ',');
                append_claim(buffer, change->puts[i]);
        }
        buffer_append_text(buffer, "]}");
        sealed_end(buffer, start, RECORD_LINE_MAX);
}

void record_append_claim(const LedgerClaim *claim, Buffer *buffer) {
        const size_t start = sealed_begin(buffer);

        buffer_append_text(buffer, "{\"put\":[");
        append_claim(buffer, claim);
        buffer_append_text(buffer, "]}");
        sealed_end(buffer, start, RECORD_LINE_MAX);
}
