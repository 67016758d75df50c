/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/similar.h"

#include <stdint.h>
#include <string.h>

static size_t min3(size_t a, size_t b, size_t c) {
        const size_t smaller = a < b ? a : b;

        return smaller < c ? smaller : c;
}

/* The classic table, one row at a time. */
static size_t count_edits(const char *a, size_t n_a, const char *b, size_t n_b) {
        size_t row[SIMILAR_LENGTH_MAX + 1];

        for (size_t k = 0; k <= n_b; ++k)
                row[k] = k;
        for (size_t i = 1; i <= n_a; ++i) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t k = 1; k <= n_b; ++k) {
                        const size_t above = row[k];

                        row[k] = min3(above + 1, row[k - 1] + 1,
                                      diagonal + (a[i - 1] == b[k - 1] ? 0 : 1));
                        diagonal = above;
                }
        }
        return row[n_b];
}

size_t similar_count_edits(const char *a, const char *b) {
        const size_t n_a = strlen(a), n_b = strlen(b);
        size_t n_edits;

        if (n_a > SIMILAR_LENGTH_MAX || n_b > SIMILAR_LENGTH_MAX)
                return SIZE_MAX;
        n_edits = count_edits(a, n_a, b, n_b);
        return n_edits <= SIMILAR_DISTANCE_MAX && n_edits < n_a && n_edits < n_b ? n_edits
                                                                                 : SIZE_MAX;
}
