/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/timeout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define GRPC_DIGITS_MAX    8u
#define CONNECT_DIGITS_MAX 10u

static const struct {
        char unit;
        uint64_t nsec;
} units[] = {
        { 'n', 1 },
        { 'u', 1000 },
        { 'm', 1000 * 1000 },
        { 'S', UINT64_C(1000) * 1000 * 1000 },
        { 'M', UINT64_C(60) * 1000 * 1000 * 1000 },
        { 'H', UINT64_C(3600) * 1000 * 1000 * 1000 },
};

/* @n_digits: at most 10, so the number fits. */
static uint64_t read_digits(const char *text, size_t n_digits) {
        uint64_t value = 0;

        for (size_t i = 0; i < n_digits; ++i)
                value = value * 10 + (uint64_t)(text[i] - '0');
        return value;
}

static size_t count_digits(const char *text, size_t max) {
        const size_t n = strspn(text, "0123456789");

        return n <= max ? n : 0;
}

bool timeout_parse_grpc(const char *text, OptU64 *ret) {
        const size_t n = count_digits(text, GRPC_DIGITS_MAX);
        uint64_t nsec;

        if (n == 0 || !text[n] || text[n + 1])
                return false;
        for (size_t i = 0; i < ELEMENTSOF(units); ++i) {
                if (units[i].unit != text[n])
                        continue;
                *ret = (OptU64){};
                /* a part of a microsecond is one: nobody's deadline is shortened to nothing */
                if (!__builtin_mul_overflow(read_digits(text, n), units[i].nsec, &nsec))
                        *ret = opt_u64(nsec / 1000 + (nsec % 1000 > 0));
                return true;
        }
        return false;
}

bool timeout_parse_connect(const char *text, OptU64 *ret) {
        const size_t n = count_digits(text, CONNECT_DIGITS_MAX);

        if (n == 0 || text[n])
                return false;
        *ret = opt_u64(read_digits(text, n) * 1000);
        return true;
}

const char *timeout_format_grpc(uint64_t usec, char text[static TIMEOUT_TEXT_MAX]) {
        uint64_t value = usec, nsec = 1000;

        for (size_t i = 1; i < ELEMENTSOF(units); ++i) {
                nsec = units[i].nsec;
                value = usec / (nsec / 1000) + (usec % (nsec / 1000) > 0);
                if (value <= 99999999) {
                        (void)snprintf(text, TIMEOUT_TEXT_MAX, "%" PRIu64 "%c", value,
                                       units[i].unit);
                        return text;
                }
        }
        (void)snprintf(text, TIMEOUT_TEXT_MAX, "99999999H");
        return text;
}
