/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Text that is put together in many small steps (an answer, a metrics page, a description for a
 * person) would need a check after every step. Here the first failure sticks instead, and one check
 * at the end sees it. A step is all or nothing: after a failure the buffer holds what was whole
 * before, ended by its NUL, but a caller that got an error from buffer_finish() has no use for it.
 *
 * The space doubles, so n appends cost O(n) copies. The cap is on the text; the NUL behind it comes
 * on top.
 */
#define BUFFER_START 256u

/* Makes room for @n more bytes and the NUL behind them. */
static bool reserve(Buffer *buffer, size_t n) {
        size_t needed, n_allocated = buffer->n_allocated;
        char *data;

        if (buffer->error)
                return false;
        if (__builtin_add_overflow(buffer->n_data, n, &needed) || needed == SIZE_MAX ||
            (buffer->max && needed > buffer->max)) {
                buffer->error = -E2BIG;
                return false;
        }
        if (needed < n_allocated)
                return true;
        if (n_allocated == 0)
                n_allocated = BUFFER_START;
        while (n_allocated <= needed)
                n_allocated = n_allocated > SIZE_MAX / 2 ? SIZE_MAX : n_allocated * 2;
        data = realloc(buffer->data, n_allocated);
        if (!data) {
                buffer->error = -ENOMEM;
                return false;
        }
        buffer->data = data;
        buffer->n_allocated = n_allocated;
        return true;
}

/* @data may be NULL when @n_data is 0, and must not lie inside the buffer itself. */
void buffer_append(Buffer *buffer, const void *data, size_t n_data) {
        if (n_data == 0 || !reserve(buffer, n_data))
                return;
        memcpy(buffer->data + buffer->n_data, data, n_data);
        buffer->n_data += n_data;
        buffer->data[buffer->n_data] = '\0';
}

char *buffer_extend(Buffer *buffer, size_t n) {
        char *start;

        if (!reserve(buffer, n))
                return NULL;
        start = buffer->data + buffer->n_data;
        buffer->n_data += n;
        buffer->data[buffer->n_data] = '\0';
        return start;
}

void buffer_append_text(Buffer *buffer, const char *text) {
        buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(Buffer *buffer, char c) {
        buffer_append(buffer, &c, 1);
}

void buffer_printf(Buffer *buffer, const char *format, ...) {
        va_list args;
        int n;

        if (buffer->error)
                return;
        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (n < 0) {
                buffer->error = -E2BIG;
                return;
        }
        if (n == 0 || !reserve(buffer, (size_t)n))
                return;
        va_start(args, format);
        (void)vsnprintf(buffer->data + buffer->n_data, (size_t)n + 1, format, args);
        va_end(args);
        buffer->n_data += (size_t)n;
}

int buffer_finish(Buffer *buffer) {
        if (buffer->error)
                return buffer->error;
        if (!buffer->data) {
                buffer->data = calloc(1, 1);
                if (!buffer->data)
                        return buffer->error = -ENOMEM;
                buffer->n_allocated = 1;
        }
        return 0;
}

/* Back to an empty buffer; the cap stays. */
void buffer_deinit(Buffer *buffer) {
        free(buffer->data);
        *buffer = (Buffer){ .max = buffer->max };
}
