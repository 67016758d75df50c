/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/quantity.h"
#include "slugctl/describe-node.h"
#include "slugctl/words.h"

/*
 * The table of `kubectl describe node`, to be held beside it: quantities as they are, and how much
 * of what is allocatable they are. A percentage is cut, not rounded, and reckoned in floating point
 * as kubectl does it, so that both show the same one; of nothing it is 0.
 */
#define PERCENT_MAX 1e15 /* no percentage that means anything; it fits every integer */

void table_add_share(Table *table, uint64_t bytes, uint64_t allocatable) {
        const double percent = allocatable ? (double)bytes / (double)allocatable * 100 : 0;
        char text[QUANTITY_TEXT_MAX];

        table_printf(table, TONE_PLAIN, "%s (%" PRId64 "%%)", quantity_format_bytes(bytes, text),
                     (int64_t)(percent < PERCENT_MAX ? percent : PERCENT_MAX));
}

void allocated_resources_append(const Slug__V1__DescribeNodeResponse *response,
                                const Style *style,
                                Buffer *buffer) {
        static const char *const headers[] = { "Resource", "Requests", "Limits" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        output_heading(buffer, style, "Allocated resources:");
        if (response->n_allocated_resources == 0) {
                buffer_append_text(
                        buffer, "  <unknown>  (this version of slugd keeps no ledger of claims)\n");
                return;
        }
        buffer_append_text(buffer,
                           "  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_allocated_resources; ++i) {
                const Slug__V1__AllocatedResource *resource = response->allocated_resources[i];

                table_add_or(&table, resource->resource, "-");
                table_add_share(&table, resource->requested_bytes, resource->allocatable_bytes);
                table_add_share(&table, resource->limit_bytes, resource->allocatable_bytes);
        }
        table_append(&table, 2, buffer);
        if (response->claim_count == 1)
                buffer_append_text(buffer, "  (1 claim; 'slugctl claims' shows it)\n");
        else if (response->claim_count > 1)
                buffer_printf(buffer, "  (%" PRIu64 " claims; 'slugctl claims' shows them)\n",
                              response->claim_count);
}
