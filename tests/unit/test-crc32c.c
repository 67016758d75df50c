/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C by the values that others publish, and what it is for: damage is seen. */
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "lib/test-main.h"

/* RFC 3720, B.4, and the check value of the catalogue of CRCs */
static const struct {
        const char *name;
        unsigned char first;
        int step;
        size_t n;
        uint32_t crc;
} rows[] = {
        { "nothing", 0, 0, 0, 0x00000000 },
        { "the digits 1 to 9", '1', 1, 9, 0xe3069283 },
        { "32 bytes of zeroes", 0x00, 0, 32, 0x8a9136aa },
        { "32 bytes of ones", 0xff, 0, 32, 0x62a8ab43 },
        { "32 bytes going up", 0x00, 1, 32, 0x46dd794e },
        { "32 bytes going down", 0x1f, -1, 32, 0x113fdb5c },
};

START_TEST(the_checksum_is_the_well_known_one) {
        unsigned char bytes[32];

        for (size_t i = 0; i < rows[_i].n; ++i)
                bytes[i] = (unsigned char)(rows[_i].first + (int)i * rows[_i].step);
        ck_assert_msg(crc32c(bytes, rows[_i].n) == rows[_i].crc, "%s", rows[_i].name);
}
END_TEST

START_TEST(every_flipped_bit_is_seen) {
        char text[] = "{\"put\":[{\"uid\":\"a\"}]}";
        const size_t n = strlen(text);
        const uint32_t whole = crc32c(text, n);

        for (size_t i = 0; i < n * 8; ++i) {
                text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
                ck_assert_msg(crc32c(text, n) != whole, "bit %zu", i);
                text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
        }
        ck_assert_uint_eq(crc32c(text, n), whole);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("crc32c");
        TCase *tcase = tcase_create("crc32c");

        tcase_add_loop_test(tcase, the_checksum_is_the_well_known_one, 0, (int)ELEMENTSOF(rows));
        tcase_add_test(tcase, every_flipped_bit_is_seen);
        suite_add_tcase(suite, tcase);
        return suite;
}
