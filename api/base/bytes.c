/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdio.h>

/**
 * bytes_format() - a size as a person says it
 * @bytes: bytes
 *
 * Two decimals, cut rather than rounded: what is shown is never more than what is there. No
 * floating point, so that the same bytes give the same text everywhere.
 */
const char *bytes_format(uint64_t bytes, char buffer[static BYTES_TEXT_MAX]) {
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        unsigned shift = 0, unit = 0, hundredths;
        uint64_t whole;

        while (unit + 1 < ELEMENTSOF(units) && bytes >> shift >= 1024) {
                shift += 10;
                ++unit;
        }
        if (shift == 0) {
                (void)snprintf(buffer, BYTES_TEXT_MAX, "%u B", (unsigned)bytes);
                return buffer;
        }
        whole = UINT64_C(1) << shift;
        hundredths = (unsigned)bytes_share(100, bytes % whole, whole);
        (void)snprintf(buffer, BYTES_TEXT_MAX, "%u.%02u %s", (unsigned)(bytes >> shift), hundredths,
                       units[unit]);
        return buffer;
}
