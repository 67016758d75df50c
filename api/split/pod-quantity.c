/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod-quantity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "base/scan.h"
#include "split/quote.h"

/*
 * Quantities of pods
 *
 * Two numbers come of the same text. Where Kubernetes compares quantities or adds them up (limits
 * with requests, the QoS class) it does so exactly, and billionths in 128 bits are exact up to
 * values that no machine has.
 *
 * Where the kubelet's memory manager takes a request it asks its library for a "fast" int64, and
 * what the library did not keep as one when it read the text is refused, although it may well be a
 * whole number: more than 18 digits, a binary quantity with a fraction ("1.5Gi") or with too many
 * digits for its suffix ("100Ti"), a decimal one in units below 1 ("1000m"). A pod that passed
 * through the API server has canonical text, which mends most of these, but not all.
 *
 * Source: ParseQuantity() and AsInt64() in k8s.io/apimachinery/pkg/api/resource, read at 0.36.3.
 */
#define FAST_DIGITS_MAX        18u
#define FAST_BINARY_DIGITS_MAX 14u /* those of a suffix included: 3 for every 2^10 */
#define NANOS_MAX              ((PodNanos)1 << 119) /* 2^9 of them can be added up */

const char *
pod_quantities_find(const PodQuantity *quantities, size_t n_quantities, const char *name) {
        for (size_t i = 0; i < n_quantities; ++i)
                if (strcmp(quantities[i].name, name) == 0)
                        return quantities[i].quantity;
        return NULL;
}

bool pod_nanos_parse(const char *text, PodNanos *ret) {
        Quantity quantity;
        PodNanos nanos;

        if (quantity_parse(text, strlen(text), &quantity) != 0 || quantity.is_negative)
                return false;
        nanos = quantity.mantissa;
        for (int32_t i = -9; i < quantity.exponent && nanos > 0; ++i)
                if (__builtin_mul_overflow(nanos, (PodNanos)10, &nanos))
                        nanos = NANOS_MAX;
        *ret = nanos < NANOS_MAX ? nanos : NANOS_MAX;
        return true;
}

PodNanos
pod_quantities_get_nanos(const PodQuantity *quantities, size_t n_quantities, const char *name) {
        const char *text = pod_quantities_find(quantities, n_quantities, name);
        PodNanos nanos;

        return text && pod_nanos_parse(text, &nanos) ? nanos : 0;
}

static size_t skip_digits(Scan *scan) {
        const char *begin = scan->cursor;

        while (!scan_is_done(scan) && *scan->cursor >= '0' && *scan->cursor <= '9')
                ++scan->cursor;
        return (size_t)(scan->cursor - begin);
}

/* Zeros in front are not counted, but a number has at least one digit. */
static size_t count_whole_digits(Scan *scan) {
        size_t n;

        while (scan_char(scan, '0'))
                ;
        n = skip_digits(scan);
        return n > 0 ? n : 1;
}

/* Of ten, for what has no binary suffix; all that is below 0 is -1. */
static int64_t read_exponent(Scan suffix) {
        static const char units[] = "kMGTPE";
        const char *unit;
        uint64_t exponent;

        if (scan_is_done(&suffix))
                return 0;
        if (scan_left(&suffix) == 1) {
                unit = strchr(units, *suffix.cursor);
                return unit ? 3 * (unit - units + 1) : -1;
        }
        ++suffix.cursor; /* e or E */
        if (scan_char(&suffix, '-'))
                return scan_u64(&suffix, &exponent) && exponent == 0 ? 0 : -1;
        (void)scan_char(&suffix, '+');
        return scan_u64(&suffix, &exponent) && exponent < INT32_MAX ? (int64_t)exponent : INT32_MAX;
}

/* @scan: a text that is a quantity */
static bool is_fast(Scan scan) {
        static const char units[] = "KMGTPE";
        size_t n_whole, n_fraction = 0, n_suffix;

        if (!scan_char(&scan, '-'))
                (void)scan_char(&scan, '+');
        n_whole = count_whole_digits(&scan);
        if (scan_char(&scan, '.'))
                n_fraction = skip_digits(&scan);
        n_suffix = scan_left(&scan);
        if (n_suffix == 2 && scan.cursor[1] == 'i') {
                const size_t n_of_suffix = 3 * (size_t)(strchr(units, *scan.cursor) - units + 1);

                return n_fraction == 0 && n_whole + n_of_suffix <= FAST_BINARY_DIGITS_MAX;
        }
        return n_whole + n_fraction <= FAST_DIGITS_MAX &&
               read_exponent(scan) >= (int64_t)n_fraction;
}

bool pod_quantity_to_int64(const char *text, int64_t *ret) {
        const size_t n_text = strlen(text);
        Quantity quantity, magnitude;
        uint64_t value;

        if (quantity_parse(text, n_text, &quantity) != 0 || !is_fast(scan_init(text, n_text)))
                return false;
        magnitude = quantity;
        magnitude.is_negative = false;
        if (quantity_to_u64(&magnitude, &value) != 0 || value > INT64_MAX)
                return false;
        *ret = quantity.is_negative ? -(int64_t)value : (int64_t)value;
        return true;
}

/* "namespace/name"; what is not known is left out. */
static void format_pod(const Pod *pod, char buffer[static DIAG_SOURCE_MAX]) {
        const char *namespace_name = pod->namespace_name ? pod->namespace_name : "";
        const char *name = pod->name && pod->name[0] ? pod->name : pod->uid;

        (void)snprintf(buffer, DIAG_SOURCE_MAX, "%s%s%s", namespace_name,
                       namespace_name[0] ? "/" : "", name ? name : "");
        for (char *c = buffer; *c; ++c)
                if (*c <= ' ' || *c > '~')
                        *c = '?';
}

void pod_diag_set(Diag *diag, const Pod *pod, const char *container, const char *format, ...) {
        char source[DIAG_SOURCE_MAX], text[DIAG_TEXT_MAX], quoted[QUOTE_MAX];
        va_list args;

        if (!diag)
                return;
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        format_pod(pod, source);
        if (container)
                diag_set(diag, source, 0, 0, "container %s: %s",
                         quote_format(container, strlen(container), quoted), text);
        else
                diag_set(diag, source, 0, 0, "%s", text);
}
