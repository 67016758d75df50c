/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Percent encoding
 *
 * Of grpc-message, and of the query of a GET.
 */
#include "base/arena.h"
#include "base/buffer.h"

/* What is printable ASCII and no '%' stands for itself. @max: bytes that it may take; a text that
 * would take more loses its end, at a whole character. */
void percent_append(Buffer *buffer, const char *text, size_t max);
/* As received: what is no escape stands for itself. In place. Return: its length. */
size_t percent_decode(char *text);

enum {
        _QUERY_E_SUCCESS,
        QUERY_E_ABSENT,
        QUERY_E_MALFORMED, /* an escape that is none */
};

/* The first parameter of that name, decoded. @ret ends in NUL, and NUL may be inside as well.
 * Return: 0, QUERY_E_*, or -ENOMEM. */
_must_check_ int
query_find(const char *query, const char *name, Arena *arena, char **ret, size_t *ret_n);
