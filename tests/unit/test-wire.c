/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small pieces of the wire: timeouts, percent encoding, metadata, envelopes, codecs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"
#include "rpc/codec.h"
#include "rpc/envelope.h"
#include "rpc/metadata.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"
#include "slug/v1/topology.pb-c.h"

static Arena *arena;

static void setup(void) {
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

static const struct {
        const char *text;
        bool is_valid;
        OptU64 usec;
} grpc_timeouts[] = {
        { "5S", true, { 5000000, true } },
        { "5010m", true, { 5010000, true } },
        { "1n", true, { 1, true } },
        { "99999999n", true, { 100000, true } },
        { "0m", true, { 0, true } },
        { "12u", true, { 12, true } },
        { "2M", true, { 120000000, true } },
        { "3H", true, { UINT64_C(10800000000), true } },
        { "99999999H", true, { 0, false } }, /* longer than 64 bits of nanoseconds: none */
        { "123456789S", false, {} },
        { "5", false, {} },
        { "S", false, {} },
        { "", false, {} },
        { "-5S", false, {} },
        { "5s", false, {} },
        { "5S ", false, {} },
};

START_TEST(grpc_timeouts_are_read) {
        OptU64 usec = {};

        ck_assert_int_eq(timeout_parse_grpc(grpc_timeouts[_i].text, &usec),
                         grpc_timeouts[_i].is_valid);
        if (grpc_timeouts[_i].is_valid)
                ck_assert_msg(opt_u64_equal(usec, grpc_timeouts[_i].usec), "%s: %llu",
                              grpc_timeouts[_i].text, (unsigned long long)usec.value);
}
END_TEST

START_TEST(connect_timeouts_are_read) {
        OptU64 usec;

        ck_assert(timeout_parse_connect("0", &usec));
        ck_assert_uint_eq(usec.value, 0);
        ck_assert(timeout_parse_connect("9999999999", &usec));
        ck_assert_uint_eq(usec.value, UINT64_C(9999999999000));
        ck_assert(!timeout_parse_connect("12345678901", &usec));
        ck_assert(!timeout_parse_connect("", &usec));
        ck_assert(!timeout_parse_connect("1.5", &usec));
        ck_assert(!timeout_parse_connect("-1", &usec));
}
END_TEST

START_TEST(a_timeout_is_never_written_shorter_than_it_is) {
        static const uint64_t values[] = { 1,         999,        99999999,
                                           100000000, 1000000001, UINT64_C(86400000000000) };
        char text[TIMEOUT_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(values); ++i) {
                OptU64 usec;

                ck_assert(timeout_parse_grpc(timeout_format_grpc(values[i], text), &usec));
                ck_assert_uint_ge(usec.value, values[i]);
                ck_assert_uint_le(usec.value, values[i] + values[i] / 1000 + 1);
        }
        ck_assert_str_eq(timeout_format_grpc(UINT64_MAX, text), "99999999H");
}
END_TEST

START_TEST(percent_encoding_comes_back) {
        static const char *const texts[] = { "", "plain", "100%", "\xc3\xa4\n\t", "\x7f", "%41" };

        for (size_t i = 0; i < ELEMENTSOF(texts); ++i) {
                _cleanup_(buffer_deinitp) Buffer text = {};

                percent_append(&text, texts[i], 1000);
                ck_assert_int_eq(buffer_finish(&text), 0);
                for (const char *c = text.data; *c; ++c)
                        ck_assert(*c >= 0x20 && *c <= 0x7e);
                ck_assert_uint_eq(percent_decode(text.data), strlen(texts[i]));
                ck_assert_str_eq(text.data, texts[i]);
        }
}
END_TEST

START_TEST(percent_encoding_is_cut_at_a_character) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        percent_append(&text, "ab\xc3\xa4", 7);
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_str_eq(text.data, "ab");
        percent_append(&text, "\xc3\xa4", 6);
        ck_assert_str_eq(text.data, "ab%C3%A4");
}
END_TEST

START_TEST(what_is_no_escape_stands_for_itself) {
        char text[] = "%4x%%41%";

        ck_assert_uint_eq(percent_decode(text), 6);
        ck_assert_str_eq(text, "%4x%A%");
}
END_TEST

START_TEST(a_query_is_searched_by_whole_names) {
        char *value;
        size_t n;

        ck_assert_int_eq(query_find("xa=1&a=2%00b&a=3", "a", arena, &value, &n), 0);
        ck_assert_uint_eq(n, 3);
        ck_assert_mem_eq(value, "2\0b", 4);
        ck_assert_int_eq(query_find("a", "a", arena, &value, &n), QUERY_E_ABSENT);
        ck_assert_int_eq(query_find("", "a", arena, &value, &n), QUERY_E_ABSENT);
        ck_assert_int_eq(query_find("a=%", "a", arena, &value, &n), QUERY_E_MALFORMED);
        ck_assert_int_eq(query_find("a=%4", "a", arena, &value, &n), QUERY_E_MALFORMED);
        ck_assert_int_eq(query_find("b=%&a=", "a", arena, &value, &n), 0);
        ck_assert_uint_eq(n, 0);
        ck_assert_int_eq(query_find("a=x+y", "a", arena, &value, &n), 0);
        ck_assert_str_eq(value, "x y");
}
END_TEST

START_TEST(metadata_keeps_doubles_and_lowers_names) {
        RpcMetadata metadata = {};

        for (unsigned i = 0; i < 100; ++i)
                ck_assert_int_eq(metadata_add(&metadata, arena, "X-Name", 6, "value", 5), 0);
        ck_assert_int_eq(metadata_add_binary(&metadata, arena, "x-bin", (const uint8_t *)"a", 1),
                         0);
        ck_assert_uint_eq(metadata_count(&metadata, "x-name"), 100);
        ck_assert_str_eq(metadata_find(&metadata, "x-name"), "value");
        ck_assert_str_eq(metadata_find(&metadata, "x-bin"), "YQ");
        ck_assert_ptr_null(metadata_find(&metadata, "X-Name"));
}
END_TEST

START_TEST(names_of_the_protocols_are_no_metadata) {
        ck_assert(metadata_is_custom_name("x-cost"));
        ck_assert(metadata_is_custom_name("retry-pushback-ms"));
        ck_assert(!metadata_is_custom_name("grpc-status"));
        ck_assert(!metadata_is_custom_name("connect-anything"));
        ck_assert(!metadata_is_custom_name("content-type"));
        ck_assert(!metadata_is_custom_name(":status"));
        ck_assert(!metadata_is_custom_name("X-Upper"));
        ck_assert(!metadata_is_custom_name("a b"));
        ck_assert(!metadata_is_custom_name(""));
        ck_assert(metadata_is_value("a b~"));
        ck_assert(!metadata_is_value("a\r\nb: c"));
        ck_assert(!metadata_is_value("\xc3\xa4"));
}
END_TEST

START_TEST(an_envelope_that_does_not_fit_leaves_no_head) {
        _cleanup_(buffer_deinitp) Buffer buffer = { .max = 12 };
        Envelope envelope;
        size_t start = envelope_open(&buffer, ENVELOPE_END_STREAM);

        buffer_append(&buffer, "ab", 2);
        envelope_close(&buffer, start);
        ck_assert(envelope_parse(buffer.data, buffer.n_data, &envelope));
        ck_assert_uint_eq(envelope.flags, ENVELOPE_END_STREAM);
        ck_assert_uint_eq(envelope.length, 2);
        start = envelope_open(&buffer, 0);
        buffer_append(&buffer, "ab", 2);
        envelope_close(&buffer, start);
        ck_assert_int_eq(buffer.error, -E2BIG);
        ck_assert_uint_eq(buffer.n_data, 7);
        ck_assert(!envelope_parse("\0\0\0\0", 4, &envelope));
}
END_TEST

static int decode(const void *data, size_t n_data, ProtobufCMessage **ret, Diag *diag) {
        return rpc_codec_proto.decode(data, n_data, &slug__v1__topology__descriptor, NULL, arena,
                                      ret, diag);
}

START_TEST(proto_strings_are_utf8) {
        Slug__V1__NumaNode node = SLUG__V1__NUMA_NODE__INIT;
        uint8_t data[64];
        ProtobufCMessage *message;
        Diag diag = {};
        size_t n;

        node.cpus = (char *)"\xff";
        n = slug__v1__numa_node__pack(&node, data);
        ck_assert_int_eq(rpc_codec_proto.decode((const char *)data, n,
                                                &slug__v1__numa_node__descriptor, NULL, arena,
                                                &message, &diag),
                         CODEC_E_MALFORMED);
        ck_assert_msg(strstr(diag.text, "UTF-8") != NULL, "%s", diag.text);
}
END_TEST

START_TEST(what_is_no_message_is_refused) {
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_int_eq(decode("\xff\xff\xff", 3, &message, &diag), CODEC_E_MALFORMED);
        ck_assert_int_eq(decode("", 0, &message, &diag), 0);
}
END_TEST

/* Many empty messages are small on the wire and large in memory. */
START_TEST(a_message_costs_no_more_than_its_arena) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
                &slug__v1__topology__descriptor, "numa_nodes");
        const size_t n = 100000;
        char *data = malloc(2 * n);
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_ptr_nonnull(field);
        ck_assert_ptr_nonnull(data);
        for (size_t i = 0; i < n; ++i) {
                data[2 * i] = (char)(field->id << 3 | 2);
                data[2 * i + 1] = 0;
        }
        ck_assert_int_eq(decode(data, 2 * n, &message, &diag), CODEC_E_LIMIT);
        free(data);
}
END_TEST

START_TEST(codecs_have_names) {
        ck_assert_ptr_eq(rpc_codec_find("proto", 5), &rpc_codec_proto);
        ck_assert_ptr_eq(rpc_codec_find("jsonx", 4), &rpc_codec_json);
        ck_assert_ptr_null(rpc_codec_find("jso", 3));
        ck_assert_ptr_null(rpc_codec_find("", 0));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("wire");
        TCase *t = tcase_create("pieces");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, grpc_timeouts_are_read, 0, ELEMENTSOF(grpc_timeouts));
        tcase_add_test(t, connect_timeouts_are_read);
        tcase_add_test(t, a_timeout_is_never_written_shorter_than_it_is);
        tcase_add_test(t, percent_encoding_comes_back);
        tcase_add_test(t, percent_encoding_is_cut_at_a_character);
        tcase_add_test(t, what_is_no_escape_stands_for_itself);
        tcase_add_test(t, a_query_is_searched_by_whole_names);
        tcase_add_test(t, metadata_keeps_doubles_and_lowers_names);
        tcase_add_test(t, names_of_the_protocols_are_no_metadata);
        tcase_add_test(t, an_envelope_that_does_not_fit_leaves_no_head);
        tcase_add_test(t, proto_strings_are_utf8);
        tcase_add_test(t, what_is_no_message_is_refused);
        tcase_add_test(t, a_message_costs_no_more_than_its_arena);
        tcase_add_test(t, codecs_have_names);
        suite_add_tcase(s, t);
        return s;
}
