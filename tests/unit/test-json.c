/* SPDX-License-Identifier: Apache-2.0 */
/* The transcoder on messages of slug.v1: what is taken, what is refused, the way there and back. */
#include <string.h>

#include "lib/failmalloc.h"
#include "lib/test-main.h"
#include "rpc/json.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

static Arena *arena;

static void setup(void) {
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

static int decode(const char *text, Slug__V1__NumaNode **ret, Diag *diag) {
        ProtobufCMessage *message;
        int r;

        r = json_decode(text, strlen(text), &slug__v1__numa_node__descriptor, NULL, arena, &message,
                        diag);
        if (r == 0)
                *ret = (Slug__V1__NumaNode *)message;
        return r;
}

static const char *encode(const ProtobufCMessage *message, Buffer *buffer) {
        json_encode(message, 0, NULL, buffer);
        ck_assert_int_eq(buffer_finish(buffer), 0);
        return buffer->data;
}

/* Taken, and written back in the one form that the mapping has. */
static const struct {
        const char *text;
        const char *canonical;
} good[] = {
        { "{}", "{}" },
        { " { } ", "{}" },
        { "{\"id\": 3}", "{\"id\":3}" },
        { "{\"id\": \"3\"}", "{\"id\":3}" },
        { "{\"id\": 1e2}", "{\"id\":100}" },
        { "{\"id\": 2.0}", "{\"id\":2}" },
        { "{\"id\": 4294967295}", "{\"id\":4294967295}" },
        { "{\"id\": 0}", "{}" },
        { "{\"id\": null}", "{}" },
        { "{\"capacityBytes\": 18446744073709551615}",
          "{\"capacityBytes\":\"18446744073709551615\"}" },
        { "{\"capacity_bytes\": \"7\"}", "{\"capacityBytes\":\"7\"}" },
        { "{\"capacityBytes\": 0}", "{\"capacityBytes\":\"0\"}" },
        { "{\"kind\": \"MEMORY_KIND_CXL\"}", "{\"kind\":\"MEMORY_KIND_CXL\"}" },
        { "{\"kind\": 3}", "{\"kind\":\"MEMORY_KIND_CXL\"}" },
        { "{\"kind\": 99}", "{\"kind\":99}" },
        { "{\"movableOnly\": true}", "{\"movableOnly\":true}" },
        { "{\"movableOnly\": false}", "{}" },
        { "{\"reason\": \"a\\u00e9\\ud83d\\ude00\\n\"}",
          "{\"reason\":\"a\xc3\xa9\xf0\x9f\x98\x80\\n\"}" },
        { "{\"hugepages\": [{\"pages\": 2}, {}]}", "{\"hugepages\":[{\"pages\":\"2\"},{}]}" },
        { "{\"hugepages\": []}", "{}" },
        { "{\"memoryBlocks\": {}}", "{\"memoryBlocks\":{}}" },
        { "{\"unknown\": [1, {\"x\": null}, \"y\"], \"id\": 1}", "{\"id\":1}" },
};

START_TEST(what_is_taken_has_one_form) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        Slug__V1__NumaNode *message;
        Diag diag = {};

        ck_assert_msg(decode(good[_i].text, &message, &diag) == 0, "%s: %s", good[_i].text,
                      diag.text);
        ck_assert_str_eq(encode(&message->base, &buffer), good[_i].canonical);
}
END_TEST

static const char *const bad[] = {
        "",
        "[]",
        "3",
        "{",
        "{\"id\"}",
        "{\"id\": }",
        "{\"id\": 1,}",
        "{\"id\": 1} x",
        "{'id': 1}",
        "{\"id\": -1}",
        "{\"id\": 1.5}",
        "{\"id\": 4294967296}",
        "{\"id\": 01}",
        "{\"id\": +1}",
        "{\"id\": \"x\"}",
        "{\"id\": true}",
        "{\"id\": 1, \"id\": 2}",
        "{\"capacityBytes\": 1, \"capacity_bytes\": 2}",
        "{\"capacityBytes\": 18446744073709551616}",
        "{\"capacityBytes\": 18446744073709551617}",
        "{\"capacityBytes\": 1e400}",
        "{\"kind\": \"MEMORY_KIND_PAPER\"}",
        "{\"movableOnly\": 1}",
        "{\"movableOnly\": \"true\"}",
        "{\"reason\": 1}",
        "{\"reason\": \"\\ud800\"}",
        "{\"reason\": \"\xff\"}",
        "{\"reason\": \"\xc0\x80\"}",
        "{\"reason\": \"\x01\"}",
        "{\"reason\": \"open",
        "{\"hugepages\": {}}",
        "{\"hugepages\": [null]}",
        "{\"unknown\": [1,]}",
        "{\"unknown\": \"\xff\"}",
};

START_TEST(what_is_wrong_is_refused_with_a_place) {
        Slug__V1__NumaNode *message;
        Diag diag = {};

        ck_assert_msg(decode(bad[_i], &message, &diag) == JSON_E_MALFORMED, "%s", bad[_i]);
        ck_assert_msg(diag.text[0] != '\0' && diag.line > 0, "%s: '%s'", bad[_i], diag.text);
}
END_TEST

START_TEST(deep_nesting_is_refused) {
        char text[4096] = "{\"unknown\":";
        Slug__V1__NumaNode *message;

        memset(text + strlen(text), '[', 2000);
        ck_assert_int_eq(decode(text, &message, NULL), JSON_E_LIMIT);
}
END_TEST

START_TEST(a_list_that_fills_the_arena_is_refused) {
        static char text[3 << 20] = "{\"hugepages\":[{}";
        Slug__V1__NumaNode *message;
        char *end = text + strlen(text);

        while (end < text + sizeof(text) - 8) {
                memcpy(end, ",{}", 3);
                end += 3;
        }
        memcpy(end, "]}", 3);
        ck_assert_int_eq(decode(text, &message, NULL), JSON_E_LIMIT);
}
END_TEST

START_TEST(bad_utf8_of_our_own_is_replaced) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        Slug__V1__NumaNode message = SLUG__V1__NUMA_NODE__INIT;
        char reason[] = "a\xff\x1b";

        message.reason = reason;
        ck_assert_str_eq(encode(&message.base, &buffer), "{\"reason\":\"a\xef\xbf\xbd\\u001b\"}");
}
END_TEST

START_TEST(decoding_without_memory_is_enomem) {
        static const char text[] =
                "{\"hugepages\":[{\"pages\":1}],\"reason\":\"x\\n\",\"capacityBytes\":1}";
        Slug__V1__NumaNode *message;
        unsigned n = 0;
        int r;

        do {
                teardown();
                setup();
                failmalloc_arm(n++);
                r = decode(text, &message, NULL);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r);
        ck_assert_uint_ge(n, 2);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("json");
        TCase *t = tcase_create("transcode");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, what_is_taken_has_one_form, 0, ELEMENTSOF(good));
        tcase_add_loop_test(t, what_is_wrong_is_refused_with_a_place, 0, ELEMENTSOF(bad));
        tcase_add_test(t, deep_nesting_is_refused);
        tcase_add_test(t, a_list_that_fills_the_arena_is_refused);
        tcase_add_test(t, bad_utf8_of_our_own_is_replaced);
        tcase_add_test(t, decoding_without_memory_is_enomem);
        suite_add_tcase(s, t);
        return s;
}
