/* SPDX-License-Identifier: Apache-2.0 */
#include "split/quote.h"

#include <stdio.h>
#include <string.h>

/*
 * What a pod says is shown back to people and sent as UTF-8, and it may have any bytes. Those that
 * do not print become question marks: who wrote them knows, and nobody else is confused.
 */
#define SHOWN_MAX (QUOTE_MAX - sizeof("'...'"))

const char *quote_format(const char *text, size_t n_text, char buffer[static QUOTE_MAX]) {
        const size_t n = n_text < SHOWN_MAX ? n_text : SHOWN_MAX;
        char shown[SHOWN_MAX + 1];

        if (n_text == 0) {
                (void)snprintf(buffer, QUOTE_MAX, "the end");
                return buffer;
        }
        for (size_t i = 0; i < n; ++i)
                shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
        shown[n] = '\0';
        (void)snprintf(buffer, QUOTE_MAX, "'%s%s'", shown, n < n_text ? "..." : "");
        return buffer;
}
