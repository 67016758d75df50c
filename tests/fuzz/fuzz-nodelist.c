/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/nodeset.h"

/*
 * Whatever is accepted prints as a text that is accepted again, as the same set, and prints the
 * same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char first_text[NODESET_TEXT_MAX], second_text[NODESET_TEXT_MAX];
        NodeSet first, second;

        if (nodeset_parse((const char *)data, size, &first) != 0)
                return 0;
        nodeset_format(&first, first_text);
        if (nodeset_parse(first_text, strlen(first_text), &second) != 0)
                abort();
        if (!nodeset_is_equal(&first, &second))
                abort();
        if (strcmp(first_text, nodeset_format(&second, second_text)) != 0)
                abort();
        return 0;
}
