/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/before.h"

#include <stdint.h>
#include <string.h>

#include "base/quoted.h"

#define FORM_VERSION 1u

void before_append_head(const char *boot_id, Buffer *buffer) {
        buffer_printf(buffer, "{\"version\":%u,\"boot\":", FORM_VERSION);
        quoted_append(buffer, boot_id);
}

int before_read_head(const Value *root, char ret_boot_id[static RECORD_BOOT_MAX], Diag *reterr) {
        const Value version = value_get(root, "version"), boot = value_get(root, "boot");
        uint64_t number;
        const char *text;
        int r;

        r = value_read_u64(&version, UINT64_MAX, &number, reterr);
        if (r)
                return r;
        if (number != FORM_VERSION)
                return value_complain(&version, reterr, "is of another slugd");
        r = value_read_text(&boot, &text, reterr);
        if (r)
                return r;
        if (strlen(text) >= RECORD_BOOT_MAX)
                return value_complain(&boot, reterr, "is too long");
        memcpy(ret_boot_id, text, strlen(text) + 1);
        return 0;
}
