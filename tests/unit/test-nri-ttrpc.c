/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "containerd/nri/v1alpha1/nri.pb-c.h"
#include "lib/failmalloc.h"
#include "lib/nri-double.h"
#include "nri/mux.h"
#include "nri/ttrpc.h"

#define ARENA_MAX (1024u * 1024)

/* Frames as text: "1/1/0:abc", which is stream, type, flags, message. */
static int read_all(const Buffer *bytes, size_t n_piece, Buffer *text) {
        _cleanup_(ttrpc_reader_deinitp) TtrpcReader reader = {};
        int r = TTRPC_E_MORE;

        for (size_t at = 0; at < bytes->n_data && r >= 0; at += n_piece) {
                const uint8_t *data = (const uint8_t *)bytes->data + at;
                size_t n = bytes->n_data - at < n_piece ? bytes->n_data - at : n_piece;
                TtrpcFrame frame;

                while ((r = ttrpc_read(&reader, &data, &n, &frame)) == 0) {
                        buffer_printf(text, "%s%u/%u/%u:", text->n_data ? " " : "", frame.stream,
                                      frame.type, frame.flags);
                        if (frame.is_too_large)
                                buffer_append_text(text, "too large");
                        if (frame.n_data <= 16)
                                buffer_append(text, frame.data, frame.n_data);
                        else
                                buffer_printf(text, "%zu bytes", frame.n_data);
                }
                ck_assert(r < 0 || (r == TTRPC_E_MORE && n == 0));
        }
        ck_assert_int_eq(buffer_finish(text), 0);
        return r;
}

START_TEST(frames_are_whole_however_they_are_cut) {
        _cleanup_(buffer_deinitp) Buffer bytes = {};

        nri_double_put_message(&bytes, TTRPC_REQUEST, 0, 1, "abc", 3);
        nri_double_put_message(&bytes, TTRPC_DATA, TTRPC_NO_DATA | TTRPC_REMOTE_CLOSED, 1, "", 0);
        nri_double_put_message(&bytes, 99, 255, UINT32_MAX, "x", 1);
        for (size_t n_piece = 1; n_piece <= bytes.n_data; ++n_piece) {
                _cleanup_(buffer_deinitp) Buffer text = {};

                ck_assert_int_eq(read_all(&bytes, n_piece, &text), TTRPC_E_MORE);
                ck_assert_str_eq(text.data, "1/1/0:abc 1/3/5: 4294967295/99/255:x");
        }
}
END_TEST

/* 4 MiB is a message; one that is larger is skipped, and what follows it is read. */
START_TEST(message_that_is_too_large_is_skipped) {
        _cleanup_(buffer_deinitp) Buffer bytes = {}, text = {};
        _cleanup_(freep) char *zeros = calloc(1, TTRPC_MESSAGE_MAX + 1);

        ck_assert_ptr_nonnull(zeros);
        nri_double_put_message(&bytes, TTRPC_REQUEST, 0, 1, zeros, TTRPC_MESSAGE_MAX);
        nri_double_put_message(&bytes, TTRPC_REQUEST, 0, 3, zeros, TTRPC_MESSAGE_MAX + 1);
        nri_double_put_message(&bytes, TTRPC_REQUEST, 0, 5, "abc", 3);
        ck_assert_int_eq(read_all(&bytes, 10000, &text), TTRPC_E_MORE);
        ck_assert_str_eq(text.data, "1/1/0:4194304 bytes 3/1/0:too large 5/1/0:abc");
}
END_TEST

/* The bytes of one message without the mux's headers. */
static void unwrap(const Buffer *out, Buffer *ret) {
        MuxReader reader = {};
        MuxPiece piece;
        const uint8_t *data = (const uint8_t *)out->data;
        size_t n = out->n_data;

        while (mux_read(&reader, &data, &n, &piece) == 0)
                buffer_append(ret, piece.data, piece.n_data);
        ck_assert_int_eq(buffer_finish(ret), 0);
}

static void read_one(const Buffer *out, TtrpcReader *reader, TtrpcFrame *ret) {
        _cleanup_(buffer_deinitp) Buffer message = {};
        const uint8_t *data;
        size_t n;

        unwrap(out, &message);
        data = (const uint8_t *)message.data;
        n = message.n_data;
        ck_assert_int_eq(ttrpc_read(reader, &data, &n, ret), 0);
        ck_assert_uint_eq(n, 0);
}

START_TEST(request_is_what_was_written) {
        _cleanup_(buffer_deinitp) Buffer out = {};
        _cleanup_(ttrpc_reader_deinitp) TtrpcReader reader = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        Nri__Pkg__Api__V1alpha1__RegisterPluginRequest payload =
                NRI__PKG__API__V1ALPHA1__REGISTER_PLUGIN_REQUEST__INIT;
        TtrpcRequest request;
        TtrpcFrame frame;

        payload.plugin_name = (char *)"x";
        ck_assert_int_eq(
                ttrpc_write_request(&out, MUX_RUNTIME, 7, "a.b.C", "Do", 2000000, &payload.base),
                0);
        ck_assert(memcmp(out.data, "\0\0\0\2", 4) == 0);
        read_one(&out, &reader, &frame);
        ck_assert_uint_eq(frame.stream, 7);
        ck_assert_uint_eq(frame.type, TTRPC_REQUEST);
        ck_assert_uint_eq(frame.flags, 0);
        ck_assert_int_eq(arena_new(ARENA_MAX, &arena), 0);
        ck_assert_int_eq(ttrpc_get_request(&frame, arena, &request), 0);
        ck_assert_str_eq(request.service, "a.b.C");
        ck_assert_str_eq(request.method, "Do");
        ck_assert_uint_eq(request.timeout_usec, 2000000);
        ck_assert_uint_eq(request.n_payload, 3);
        ck_assert(memcmp(request.payload, "\n\1x", 3) == 0);
}
END_TEST

START_TEST(responses_are_what_was_written) {
        _cleanup_(buffer_deinitp) Buffer out = {}, failed = {};
        _cleanup_(ttrpc_reader_deinitp) TtrpcReader reader = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        TtrpcResponse response;
        TtrpcFrame frame;

        ck_assert_int_eq(arena_new(ARENA_MAX, &arena), 0);
        ck_assert_int_eq(ttrpc_write_response(&out, MUX_PLUGIN, 3, NULL), 0);
        read_one(&out, &reader, &frame);
        ck_assert_uint_eq(frame.stream, 3);
        ck_assert_uint_eq(frame.type, TTRPC_RESPONSE);
        ck_assert_int_eq(ttrpc_get_response(&frame, arena, &response), 0);
        ck_assert_int_eq(response.code, 0);
        ck_assert_uint_eq(response.n_payload, 0);
        ck_assert_int_eq(ttrpc_write_failure(&failed, MUX_PLUGIN, 5, 12, "no"), 0);
        read_one(&failed, &reader, &frame);
        ck_assert_int_eq(ttrpc_get_response(&frame, arena, &response), 0);
        ck_assert_int_eq(response.code, 12);
        ck_assert_str_eq(response.message, "no");
}
END_TEST

START_TEST(what_is_no_message_is_malformed) {
        static const uint8_t garbage[] = { 255, 255, 255, 255, 255 };
        static const uint8_t no_text[] = { 0x0a, 1, 0xff }; /* a service that is not UTF-8 */
        _cleanup_(arena_freep) Arena *arena = NULL;
        TtrpcFrame frame = { .data = garbage, .n_data = sizeof(garbage) };
        TtrpcRequest request;
        TtrpcResponse response;

        ck_assert_int_eq(arena_new(ARENA_MAX, &arena), 0);
        ck_assert_int_eq(ttrpc_get_request(&frame, arena, &request), TTRPC_E_MALFORMED);
        ck_assert_int_eq(ttrpc_get_response(&frame, arena, &response), TTRPC_E_MALFORMED);
        frame = (TtrpcFrame){ .data = no_text, .n_data = sizeof(no_text) };
        ck_assert_int_eq(ttrpc_get_request(&frame, arena, &request), TTRPC_E_MALFORMED);
        /* a message that says nothing is one */
        frame = (TtrpcFrame){};
        ck_assert_int_eq(ttrpc_get_request(&frame, arena, &request), 0);
        ck_assert_str_eq(request.service, "");
        ck_assert_uint_eq(request.timeout_usec, 0);
}
END_TEST

START_TEST(what_is_too_large_is_not_written) {
        _cleanup_(buffer_deinitp) Buffer out = {};
        _cleanup_(freep) char *name = malloc(TTRPC_MESSAGE_MAX + 1);
        Nri__Pkg__Api__V1alpha1__RegisterPluginRequest payload =
                NRI__PKG__API__V1ALPHA1__REGISTER_PLUGIN_REQUEST__INIT;

        ck_assert_ptr_nonnull(name);
        memset(name, 'x', TTRPC_MESSAGE_MAX);
        name[TTRPC_MESSAGE_MAX] = '\0';
        payload.plugin_name = name;
        /* too large as it is, and too large with what is around it */
        for (unsigned i = 0; i < 2; ++i) {
                ck_assert_int_eq(ttrpc_write_request(&out, 2, 1, "s", "m", 0, &payload.base),
                                 -E2BIG);
                ck_assert_int_eq(ttrpc_write_response(&out, 1, 1, &payload.base), -E2BIG);
                name[TTRPC_MESSAGE_MAX - 5] = '\0';
        }
        ck_assert_uint_eq(out.n_data, 0);
        name[TTRPC_MESSAGE_MAX - 100] = '\0';
        ck_assert_int_eq(ttrpc_write_response(&out, 1, 1, &payload.base), 0);
        ck_assert_uint_gt(out.n_data, TTRPC_MESSAGE_MAX - 100);
}
END_TEST

START_TEST(every_failed_allocation_is_reported) {
        Nri__Pkg__Api__V1alpha1__RegisterPluginRequest payload =
                NRI__PKG__API__V1ALPHA1__REGISTER_PLUGIN_REQUEST__INIT;

        payload.plugin_name = (char *)"x";
        for (unsigned n = 0;; ++n) {
                _cleanup_(buffer_deinitp) Buffer out = {};
                bool has_failed;
                int r;

                failmalloc_arm(n);
                r = ttrpc_write_request(&out, 2, 1, "s", "m", 0, &payload.base);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r ? r : out.error, has_failed ? -ENOMEM : 0);
                if (!has_failed)
                        break;
        }
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("nri-ttrpc");
        TCase *tcase = tcase_create("ttrpc");

        tcase_add_test(tcase, frames_are_whole_however_they_are_cut);
        tcase_add_test(tcase, message_that_is_too_large_is_skipped);
        tcase_add_test(tcase, request_is_what_was_written);
        tcase_add_test(tcase, responses_are_what_was_written);
        tcase_add_test(tcase, what_is_no_message_is_malformed);
        tcase_add_test(tcase, what_is_too_large_is_not_written);
        tcase_add_test(tcase, every_failed_allocation_is_reported);
        suite_add_tcase(suite, tcase);
        return suite;
}
