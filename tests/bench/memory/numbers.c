/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/memory/numbers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

double numbers_now(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
        const double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double numbers_get(double *values, size_t n, double part) {
        size_t i = (size_t)((double)n * part);

        if (n == 0)
                return 0;
        qsort(values, n, sizeof(*values), compare);
        return values[i < n ? i : n - 1];
}
