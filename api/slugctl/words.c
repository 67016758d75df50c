/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/quantity.h"

/*
 * The numbers of an enum come from a peer that may be newer than this program: one that has no word
 * here reads "unknown", like the one that means it. So these switches do have a way out behind
 * them, and still no default: a value that joins the .proto file must be given its word.
 */
const char *kind_word(Slug__V1__MemoryKind kind) {
        switch (kind) {
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_DRAM:
                return "dram";
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_HBM:
                return "hbm";
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_CXL:
                return "cxl";
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_PMEM:
                return "pmem";
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_GPU:
                return "gpu";
        case SLUG__V1__MEMORY_KIND__MEMORY_KIND_UNSPECIFIED:
        case _SLUG__V1__MEMORY_KIND_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

const char *locality_word(Slug__V1__Locality locality) {
        switch (locality) {
        case SLUG__V1__LOCALITY__LOCALITY_UNSPECIFIED:
                return "<none>";
        case SLUG__V1__LOCALITY__LOCALITY_LOCAL:
                return "local";
        case SLUG__V1__LOCALITY__LOCALITY_REMOTE:
                return "remote";
        case SLUG__V1__LOCALITY__LOCALITY_EXCLUDED:
                return "excluded";
        case _SLUG__V1__LOCALITY_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

Tone locality_tone(Slug__V1__Locality locality) {
        switch (locality) {
        case SLUG__V1__LOCALITY__LOCALITY_LOCAL:
                return TONE_GOOD;
        case SLUG__V1__LOCALITY__LOCALITY_REMOTE:
                return TONE_FAR;
        case SLUG__V1__LOCALITY__LOCALITY_EXCLUDED:
                return TONE_NOTICE;
        case SLUG__V1__LOCALITY__LOCALITY_UNSPECIFIED:
        case _SLUG__V1__LOCALITY_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

const char *time_format(uint64_t usec, char text[static TIME_TEXT_MAX]) {
        const time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm utc;
        size_t n;

        if (!gmtime_r(&seconds, &utc))
                return "?";
        n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
        (void)snprintf(text + n, TIME_TEXT_MAX - n, ".%03" PRIu64 "Z",
                       usec % USEC_PER_SEC / USEC_PER_MSEC);
        return text;
}

void table_add_bytes(Table *table, uint64_t bytes) {
        char text[QUANTITY_TEXT_MAX];

        table_add(table, TONE_PLAIN, quantity_format_bytes(bytes, text));
}

void table_add_opt_bytes(Table *table, OptU64 bytes) {
        if (bytes.present)
                table_add_bytes(table, bytes.value);
        else
                table_add(table, TONE_PLAIN, "-");
}

void table_add_opt_number(Table *table, OptU64 number) {
        if (number.present)
                table_printf(table, TONE_PLAIN, "%" PRIu64, number.value);
        else
                table_add(table, TONE_PLAIN, "-");
}

void table_add_or(Table *table, const char *text, const char *otherwise) {
        table_add(table, TONE_PLAIN, text[0] ? text : otherwise);
}

void table_add_reason(Table *table, const Slug__V1__NumaNode *numa_node, bool has_marks) {
        table_printf(table, TONE_PLAIN, "%s%s%s", numa_node->reason[0] ? numa_node->reason : "-",
                     has_marks && numa_node->movable_only ? "; all of it movable" : "",
                     has_marks && numa_node->generic_initiator ? "; a generic initiator" : "");
}

void table_add_pair(Table *table, OptU64 read, OptU64 write) {
        char texts[2][24] = { "-", "-" };

        if (read.present)
                (void)snprintf(texts[0], sizeof(texts[0]), "%" PRIu64, read.value);
        if (write.present)
                (void)snprintf(texts[1], sizeof(texts[1]), "%" PRIu64, write.value);
        if (!read.present && !write.present)
                table_add(table, TONE_PLAIN, "-");
        else
                table_printf(table, TONE_PLAIN, "%s/%s", texts[0], texts[1]);
}

const Slug__V1__AccessClass *numa_node_find_access(const Slug__V1__NumaNode *numa_node) {
        const Slug__V1__AccessClass *found = NULL;

        for (size_t i = 0; i < numa_node->n_access; ++i)
                if (!found || numa_node->access[i]->access_class == 1)
                        found = numa_node->access[i];
        return found;
}

void unused_append(const Style *style,
                   Slug__V1__UnusedMemory *const *unused,
                   size_t n_unused,
                   Buffer *buffer) {
        static const char *const headers[] = { "Name", "Size", "NUMA Node", "Reason" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (n_unused == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < n_unused; ++i) {
                table_add_or(&table, unused[i]->name, "-");
                table_add_bytes(&table, unused[i]->bytes);
                table_add_opt_number(&table, MESSAGE_OPT(unused[i], numa_node));
                table_add_or(&table, unused[i]->reason, "-");
        }
        output_heading(buffer, style, "Memory not in use:");
        table_append(&table, 2, buffer);
}

void diagnostics_append(const Style *style,
                        Slug__V1__Diagnostic *const *diagnostics,
                        size_t n_diagnostics,
                        uint32_t n_dropped,
                        Buffer *buffer) {
        if (n_diagnostics == 0 && n_dropped == 0)
                return;
        output_heading(buffer, style, "Diagnostics:");
        for (size_t i = 0; i < n_diagnostics; ++i) {
                buffer_append_text(buffer, "  ");
                output_text(buffer, style, diagnostics[i]->source);
                buffer_append_text(buffer, diagnostics[i]->source[0] ? ": " : "");
                output_text(buffer, style, diagnostics[i]->text);
                buffer_append_char(buffer, '\n');
        }
        if (n_dropped)
                buffer_printf(buffer, "  (%" PRIu32 " more, not kept)\n", n_dropped);
}

void advice_append(const Style *style, const Slug__V1__NumaNode *numa_node, Buffer *buffer) {
        if (!numa_node->advice[0])
                return;
        buffer_printf(buffer, "  To use the memory of NUMA node %" PRIu32 ": ", numa_node->id);
        output_text(buffer, style, numa_node->advice);
        buffer_append_char(buffer, '\n');
}
