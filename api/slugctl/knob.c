/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/knob.h"

#include <string.h>

#include "base/bytes.h"
#include "base/quantity.h"
#include "base/scan.h"
#include "slugctl/claim.h"

const char *knob_owner_word(Slug__V1__KnobOwner owner) {
        switch (owner) {
        case SLUG__V1__KNOB_OWNER__KNOB_OWNER_NOBODY:
                return "nobody";
        case SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD:
                return "slugd";
        case SLUG__V1__KNOB_OWNER__KNOB_OWNER_KUBELET:
                return "kubelet";
        case SLUG__V1__KNOB_OWNER__KNOB_OWNER_UNSPECIFIED:
        case _SLUG__V1__KNOB_OWNER_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

const char *knob_status_word(Slug__V1__KnobStatus status) {
        switch (status) {
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNMANAGED:
                return "unmanaged";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_ABSENT:
                return "absent";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_WRITING:
                return "writing";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_ACHIEVED:
                return "achieved";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_PENDING:
                return "pending";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_REFUSED:
                return "refused";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_CONTENDED:
                return "contended";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_NOT_WRITTEN:
                return "not written";
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNSPECIFIED:
        case _SLUG__V1__KNOB_STATUS_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

Tone knob_status_tone(Slug__V1__KnobStatus status) {
        switch (status) {
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_ACHIEVED:
                return TONE_GOOD;
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_WRITING:
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_PENDING:
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_NOT_WRITTEN:
                return TONE_NOTICE;
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_REFUSED:
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_CONTENDED:
                return TONE_BAD;
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNMANAGED:
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_ABSENT:
        case SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNSPECIFIED:
        case _SLUG__V1__KNOB_STATUS_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

/* An empty list of NUMA nodes is that of the cgroup above; memory.node_limit1 to 4 are in MiB. */
void knob_append_value(const char *knob, const char *value, Buffer *buffer) {
        Scan scan = scan_init(value, strlen(value));
        const uint64_t unit =
                strncmp(knob, "memory.node_limit", strlen("memory.node_limit")) == 0 ? MIB : 1;
        char text[QUANTITY_TEXT_MAX];
        uint64_t bytes;

        if (value[0] == '\0')
                buffer_append_text(buffer, "<inherited>");
        else if (strncmp(knob, "memory.", strlen("memory.")) == 0 && scan_u64(&scan, &bytes) &&
                 scan_is_done(&scan) && bytes_mul(bytes, unit, &bytes) == 0)
                buffer_append_text(buffer, quantity_format_bytes(bytes, text));
        else
                buffer_append_text(buffer, value);
}

void table_add_knob(Table *table, const char *knob, const char *value) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        if (!value) {
                table_add(table, TONE_PLAIN, "-");
                return;
        }
        if (table->style->is_wide && value[0])
                buffer_append_text(&text, value);
        else
                knob_append_value(knob, value, &text);
        table_add_built(table, TONE_PLAIN, &text);
}
