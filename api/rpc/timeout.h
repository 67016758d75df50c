/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Timeouts as headers
 *
 * "5010m" of grpc-timeout, "5010" of connect-timeout-ms. One that is longer than 2^63 - 1
 * microseconds is no timeout.
 */
#include <stdbool.h>

#include "base/bytes.h"

/* Return: false when @text is no timeout. @ret: microseconds. */
bool timeout_parse_grpc(const char *text, OptU64 *ret);
bool timeout_parse_connect(const char *text, OptU64 *ret);

/* At most 8 digits and a unit, rounded up. */
#define TIMEOUT_TEXT_MAX 16u
const char *timeout_format_grpc(uint64_t usec, char text[static TIMEOUT_TEXT_MAX]);
