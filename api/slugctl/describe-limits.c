/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "slugctl/describe-node.h"

/* How many limits slugd sets, what became of them, and the one that wants to be looked at. */
static void append_counts(const Slug__V1__LimitCounts *limits, Buffer *buffer) {
        const struct {
                uint32_t n;
                const char *word;
        } counts[] = {
                { limits->achieved, "achieved" },   { limits->writing, "to be written" },
                { limits->pending, "pending" },     { limits->absent, "without a cgroup yet" },
                { limits->held_back, "held back" }, { limits->contended, "contended" },
                { limits->refused, "refused" },
        };
        const char *separator = "  (";

        buffer_printf(buffer, "  Managed:  %" PRIu32, limits->managed);
        for (size_t i = 0; i < ELEMENTSOF(counts); ++i) {
                if (counts[i].n == 0)
                        continue;
                buffer_printf(buffer, "%s%" PRIu32 " %s", separator, counts[i].n, counts[i].word);
                separator = ", ";
        }
        buffer_append_text(buffer, separator[0] == ',' ? ")\n" : "\n");
}

void described_limits_append(const Slug__V1__LimitCounts *limits,
                             const Style *style,
                             Buffer *buffer) {
        if (!limits)
                return;
        output_heading(buffer, style, "Limits:");
        if (limits->managed == 0) {
                buffer_append_text(buffer, "  <none>  (slugd was told to set none)\n");
                return;
        }
        append_counts(limits, buffer);
        if (!limits->worst[0])
                return;
        buffer_append_text(buffer, "  Worst:    ");
        output_text(buffer, style, limits->worst);
        buffer_append_char(buffer, '\n');
}
