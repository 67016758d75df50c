/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nri/mux.h"

/* What is read, in pieces of at most @n_piece bytes, as text: "1:abc 2:d". Pieces of one connection
 * that follow on each other are one. */
static int read_all(const void *bytes, size_t n_bytes, size_t n_piece, Buffer *text) {
        MuxReader reader = {};
        uint32_t last = 0;
        int r = 0;

        for (size_t at = 0; at < n_bytes && r >= 0; at += n_piece) {
                const uint8_t *data = (const uint8_t *)bytes + at;
                size_t n = n_bytes - at < n_piece ? n_bytes - at : n_piece;
                MuxPiece piece;

                while ((r = mux_read(&reader, &data, &n, &piece)) == 0) {
                        ck_assert_uint_gt(piece.n_data, 0);
                        if (piece.id != last)
                                buffer_printf(text, "%s%u:", last ? " " : "", piece.id);
                        last = piece.id;
                        buffer_append(text, piece.data, piece.n_data);
                }
                ck_assert(r < 0 || (r == MUX_E_MORE && n == 0));
        }
        ck_assert_int_eq(buffer_finish(text), 0);
        return r;
}

static const char FRAMES[] = "\0\0\0\1\0\0\0\3abc"
                             "\0\0\0\2\0\0\0\1x"
                             "\0\0\0\1\0\0\0\0"
                             "\0\0\0\7\0\0\0\2??"
                             "\0\0\0\1\0\0\0\2de"
                             "\0\0\0\1\0\0\0\1f";

START_TEST(frames_are_streams_however_they_are_cut) {
        for (size_t n_piece = 1; n_piece <= sizeof(FRAMES); ++n_piece) {
                _cleanup_(buffer_deinitp) Buffer text = {};

                ck_assert_int_eq(read_all(FRAMES, sizeof(FRAMES) - 1, n_piece, &text), MUX_E_MORE);
                ck_assert_str_eq(text.data, "1:abc 2:x 7:?? 1:def");
        }
}
END_TEST

START_TEST(nothing_is_no_piece) {
        MuxReader reader = {};
        MuxPiece piece;
        const uint8_t *data = NULL;
        size_t n = 0;

        ck_assert_int_eq(mux_read(&reader, &data, &n, &piece), MUX_E_MORE);
}
END_TEST

/* 4 MiB + 10 is a frame, as long as none of it has come; one more is none. */
START_TEST(frame_that_is_too_large_is_none) {
        static const uint8_t most[] = { 0, 0, 0, 1, 0, 0x40, 0, 10 };
        static const uint8_t more[] = { 0, 0, 0, 1, 0, 0x40, 0, 11 };
        static const uint8_t all[] = { 255, 255, 255, 255, 255, 255, 255, 255 };
        _cleanup_(buffer_deinitp) Buffer text = {};

        ck_assert_int_eq(read_all(most, sizeof(most), 8, &text), MUX_E_MORE);
        ck_assert_int_eq(read_all(more, sizeof(more), 8, &text), -EMSGSIZE);
        ck_assert_int_eq(read_all(more, sizeof(more), 1, &text), -EMSGSIZE);
        ck_assert_int_eq(read_all(all, sizeof(all), 8, &text), -EMSGSIZE);
}
END_TEST

/* The lengths of the frames of a message of @n bytes, as text. */
static void check_frames(size_t n, const char *expected) {
        _cleanup_(buffer_deinitp) Buffer message = {}, out = {}, lengths = {}, text = {};

        for (size_t i = 0; i < n; ++i)
                buffer_append_char(&message, (char)('a' + i % 26));
        mux_write(&out, MUX_RUNTIME, message.data, message.n_data);
        ck_assert_int_eq(buffer_finish(&out), 0);
        for (size_t at = 0; at < out.n_data;) {
                const uint8_t *head = (const uint8_t *)out.data + at;
                const size_t n_frame = (size_t)head[4] << 24 | (size_t)head[5] << 16 |
                                       (size_t)head[6] << 8 | head[7];

                ck_assert(memcmp(head, "\0\0\0\2", 4) == 0);
                ck_assert_uint_le(at + MUX_HEADER_BYTES + n_frame, out.n_data);
                buffer_printf(&lengths, "%s%zu", at > 0 ? " " : "", n_frame);
                at += MUX_HEADER_BYTES + n_frame;
        }
        ck_assert_int_eq(buffer_finish(&lengths), 0);
        ck_assert_str_eq(lengths.data, expected);
        ck_assert_int_eq(read_all(out.data, out.n_data, 1000, &text), MUX_E_MORE);
        ck_assert_uint_eq(text.n_data, n + 2);
        ck_assert(memcmp(text.data + 2, message.data, n) == 0);
}

/* What the runtime's reader takes: see mux.c. */
START_TEST(no_more_than_4096_bytes_stand_with_a_header) {
        check_frames(10, "10");
        check_frames(4095, "4095");
        check_frames(4096, "4096");
        check_frames(4097, "4096 1");
        check_frames(8193, "4096 4097");
        check_frames(2u * 1024 * 1024, "4096 2093056");
        check_frames(MUX_PAYLOAD_MAX, "4096 4190218");
}
END_TEST

START_TEST(messages_share_no_frame) {
        _cleanup_(buffer_deinitp) Buffer out = {};

        mux_write(&out, MUX_PLUGIN, "one", 3);
        mux_write(&out, MUX_PLUGIN, "two", 3);
        ck_assert_uint_eq(out.n_data, 2 * (MUX_HEADER_BYTES + 3));
        ck_assert(memcmp(out.data,
                         "\0\0\0\1\0\0\0\3one"
                         "\0\0\0\1\0\0\0\3two",
                         out.n_data) == 0);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("nri-mux");
        TCase *tcase = tcase_create("mux");

        tcase_add_test(tcase, frames_are_streams_however_they_are_cut);
        tcase_add_test(tcase, nothing_is_no_piece);
        tcase_add_test(tcase, frame_that_is_too_large_is_none);
        tcase_add_test(tcase, no_more_than_4096_bytes_stand_with_a_header);
        tcase_add_test(tcase, messages_share_no_frame);
        suite_add_tcase(suite, tcase);
        return suite;
}
