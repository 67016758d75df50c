/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quoted.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static bool is_plain(char c) {
        return c != '"' && c != '\\' && (unsigned char)c >= ' ';
}

void quoted_append(Buffer *buffer, const char *text) {
        const char *start = text; /* of what is not appended yet, and can be as it is */

        buffer_append_char(buffer, '"');
        while (*text) {
                const size_t n = utf8_char_length(text, strnlen(text, UTF8_CHAR_MAX));

                if (n == 0) {
                        if (!buffer->error)
                                buffer->error = -EILSEQ;
                        return;
                }
                if (!is_plain(*text)) {
                        buffer_append(buffer, start, (size_t)(text - start));
                        if ((unsigned char)*text < ' ')
                                buffer_printf(buffer, "\\u%04x", (unsigned)*text);
                        else
                                buffer_printf(buffer, "\\%c", *text);
                        start = text + n;
                }
                text += n;
        }
        buffer_append(buffer, start, (size_t)(text - start));
        buffer_append_char(buffer, '"');
}
