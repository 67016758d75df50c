/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

/*
 * Half a byte at a time from a table of sixteen: small enough to be read, and fast enough for a log
 * of megabytes that is read once. Every change of one bit, and every burst of up to 32, is seen.
 *
 * The table's entry i is what the polynomial 0x1edc6f41, bits reversed, makes of i.
 */
static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c(const void *data, size_t n_data) {
        const unsigned char *bytes = data;
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < n_data; ++i) {
                crc ^= bytes[i];
                crc = crc >> 4 ^ table[crc & 15];
                crc = crc >> 4 ^ table[crc & 15];
        }
        return ~crc;
}
