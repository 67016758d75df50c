/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was there before: what is written is what is read, and nothing else is.
 */
#include "qos/record.h"

#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/test-main.h"

static QosRecord record, again;

static void setup(void) {
        record = (QosRecord){ .boot_id = "0f3a9c1e-5b7d-4e2f-8a61-d2c4b6e8f013" };
}

static CgroupValue number(uint64_t bytes) {
        return (CgroupValue){ .number = bytes };
}

static bool put(const char *path, CgroupKnob knob, CgroupValue before, CgroupValue written) {
        bool has_changed;

        ck_assert_int_eq(qos_record_put(&record, path, knob, &before, &written, &has_changed), 0);
        return has_changed;
}

static void assert_same(const QosRecord *a, const QosRecord *b) {
        ck_assert_str_eq(a->boot_id, b->boot_id);
        ck_assert_uint_eq(a->n_items, b->n_items);
        for (size_t i = 0; i < a->n_items; ++i) {
                ck_assert_str_eq(a->items[i].path, b->items[i].path);
                ck_assert_int_eq(a->items[i].knob, b->items[i].knob);
                ck_assert_uint_eq(a->items[i].before.number, b->items[i].before.number);
                ck_assert_uint_eq(a->items[i].written.number, b->items[i].written.number);
                ck_assert(nodeset_is_equal(&a->items[i].before.nodes, &b->items[i].before.nodes));
                ck_assert(nodeset_is_equal(&a->items[i].written.nodes, &b->items[i].written.nodes));
        }
}

static void assert_round_trip(void) {
        _cleanup_(buffer_deinitp) Buffer text = { .max = QOS_RECORD_FILE_MAX };
        Diag diag = {};
        int r;

        qos_record_append(&record, &text);
        ck_assert_int_eq(buffer_finish(&text), 0);
        r = qos_record_parse(text.data, text.n_data, &again, &diag);
        ck_assert_msg(r == 0, "%d: %s in %s", r, diag.text, text.data);
        assert_same(&record, &again);
}

START_TEST(the_first_one_keeps_what_was_before) {
        const char *path = "kubepods/burstable";
        const QosRecordItem *item;

        ck_assert(put(path, CGROUP_MEMORY_MAX, number(CGROUP_MAX), number(8 * GIB)));
        ck_assert(!put(path, CGROUP_MEMORY_MAX, number(8 * GIB), number(8 * GIB)));
        ck_assert(put(path, CGROUP_MEMORY_MAX, number(8 * GIB), number(7 * GIB)));
        ck_assert(put(path, CGROUP_MEMORY_LOW, number(0), number(GIB)));
        item = qos_record_find(&record, path, CGROUP_MEMORY_MAX);
        ck_assert_ptr_nonnull(item);
        ck_assert_uint_eq(item->before.number, CGROUP_MAX);
        ck_assert_uint_eq(item->written.number, 7 * GIB);
        qos_record_drop(&record, path, CGROUP_MEMORY_MAX);
        qos_record_drop(&record, path, CGROUP_MEMORY_MAX);
        ck_assert_ptr_null(qos_record_find(&record, path, CGROUP_MEMORY_MAX));
        ck_assert_ptr_nonnull(qos_record_find(&record, path, CGROUP_MEMORY_LOW));
        ck_assert_uint_eq(record.n_items, 1);
}
END_TEST

START_TEST(it_is_full_at_its_cap) {
        const CgroupValue value = {};
        char path[CGROUP_PATH_MAX + 1];
        bool has_changed;

        for (unsigned i = 0; i < QOS_RECORD_MAX; ++i) {
                (void)snprintf(path, sizeof(path), "a/%u", i);
                ck_assert(put(path, CGROUP_MEMORY_MAX, number(i), number(CGROUP_MAX)));
        }
        assert_round_trip();
        ck_assert_int_eq(
                qos_record_put(&record, "b", CGROUP_MEMORY_MAX, &value, &value, &has_changed),
                QOS_RECORD_E_FULL);
        ck_assert(put("a/0", CGROUP_MEMORY_MAX, number(1), number(2)));
        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        qos_record_drop(&record, "a/1", CGROUP_MEMORY_MAX);
        ck_assert_int_lt(
                qos_record_put(&record, path, CGROUP_MEMORY_MAX, &value, &value, &has_changed), 0);
        ck_assert_uint_eq(record.n_items, QOS_RECORD_MAX - 1);
}
END_TEST

/* As long as all of it can get, it can be read again. */
START_TEST(what_can_be_written_can_be_read) {
        CgroupValue many = {};

        for (unsigned node = 0; node < NODESET_MAX; node += 2)
                nodeset_add(&many.nodes, node);
        for (unsigned i = 0; i < QOS_RECORD_MAX; ++i) {
                char path[CGROUP_PATH_MAX];
                int n = snprintf(path, sizeof(path), "%u", i);

                memset(path + n, i % 2 ? '"' : 'a', sizeof(path) - 1 - (size_t)n);
                path[200] = path[400] = '/'; /* names of folders have 255 bytes at the most */
                path[sizeof(path) - 1] = '\0';
                /* masks of that kind are on no machine, but one fits */
                ck_assert(put(path, i ? CGROUP_MEMORY_MAX : CGROUP_CPUSET_MEMS,
                              i ? number(UINT64_MAX) : many, i ? number(0) : many));
        }
        assert_round_trip();
}
END_TEST

START_TEST(hostile_names_come_back_as_they_were) {
        put("a\"b/c\\d", CGROUP_MEMORY_MAX, number(1), number(2));
        put("a\nb\x01", CGROUP_MEMORY_MAX, number(1), number(2));
        put("caf\xc3\xa9", CGROUP_CPUSET_MEMS, (CgroupValue){},
            (CgroupValue){ .nodes.words[0] = 5 });
        put("...", CGROUP_PIDS_MAX, number(CGROUP_MAX), number(12));
        assert_round_trip();
}
END_TEST

START_TEST(what_is_not_utf8_is_not_written) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        put("a\xff", CGROUP_MEMORY_MAX, number(1), number(2));
        qos_record_append(&record, &text);
        ck_assert_int_eq(buffer_finish(&text), -EILSEQ);
}
END_TEST

#define ITEM(path, knob, before, written)                                                          \
        "{\"path\":\"" path "\",\"knob\":\"" knob "\",\"before\":\"" before                        \
        "\",\"written\":\"" written "\"}"
#define GOOD     ITEM("a", "memory.max", "max", "0")
#define DOC(...) "{\"version\":1,\"boot\":\"b\",\"limits\":[" __VA_ARGS__ "]}"

static const struct {
        const char *text, *says; /* NULL: it is good */
} texts[] = {
        { DOC(GOOD), NULL },
        { DOC(""), NULL },
        { "{\"version\":1,\"boot\":\"\",\"limits\":[],\"later\":{\"a\":[1]}}\n", NULL },
        { "", "" },
        { "null", "" },
        { "[]", "" },
        { "{", "" },
        { "{}", "version" },
        { "{\"version\":2,\"boot\":\"b\",\"limits\":[]}", "another slugd" },
        { "{\"version\":1,\"limits\":[]}", "boot" },
        { "{\"version\":1,\"boot\":\"b\"}", "limits" },
        { "{\"version\":1,\"boot\":"
          "\"0123456789012345678901234567890123456789012345678901234567890123"
          "\",\"limits\":[]}",
          "too long" },
        { DOC(GOOD ",7"), "limits[1]" },
        { DOC(GOOD "," GOOD), "twice" },
        { DOC(ITEM("", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM("/a", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM("a/", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM("a//b", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM("a/../b", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM(".", "memory.max", "max", "0")), "limits[0].path" },
        { DOC(ITEM("a", "cgroup.procs", "max", "0")), "limits[0].knob" },
        { DOC(ITEM("a", "memory.max", "much", "0")), "limits[0].before" },
        { DOC(ITEM("a", "memory.max", "max", "-1")), "limits[0].written" },
        { DOC(ITEM("a", "cpuset.mems", "max", "0")), "limits[0].before" },
        { DOC(ITEM("a", "memory.max", "max", "18446744073709551616")), "limits[0].written" },
        { DOC(GOOD) "x", "" },
};

START_TEST(a_record_is_believed_as_a_whole) {
        Diag diag = {};
        const int r = qos_record_parse(texts[_i].text, strlen(texts[_i].text), &again, &diag);

        ck_assert_msg(r == (texts[_i].says ? QOS_RECORD_E_MALFORMED : 0), "%s: %d %s",
                      texts[_i].text, r, diag.text);
        if (!texts[_i].says)
                return;
        ck_assert_uint_eq(again.n_items, 0);
        ck_assert_str_ne(diag.text, "");
        ck_assert_msg(strstr(diag.text, texts[_i].says) != NULL, "%s: %s", texts[_i].text,
                      diag.text);
}
END_TEST

START_TEST(too_much_is_refused) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        Diag diag = {};

        buffer_append_text(&text, "{\"version\":1,\"boot\":\"b\",\"limits\":[");
        for (unsigned i = 0; i <= QOS_RECORD_MAX; ++i)
                buffer_printf(&text,
                              "%s{\"path\":\"%u\",\"knob\":\"memory.max\",\"before\":\"1\","
                              "\"written\":\"1\"}",
                              i ? "," : "", i);
        buffer_append_text(&text, "]}");
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_int_eq(qos_record_parse(text.data, text.n_data, &again, &diag),
                         QOS_RECORD_E_MALFORMED);
        while (text.n_data <= QOS_RECORD_FILE_MAX)
                buffer_append_char(&text, ' ');
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_int_eq(qos_record_parse(text.data, text.n_data, &again, &diag),
                         QOS_RECORD_E_MALFORMED);
}
END_TEST

/* A good one with a few bytes changed is read, or is not; what is read can be written. */
START_TEST(garbage_is_refused_or_read) {
        uint64_t seed = 4711;

        for (unsigned i = 0; i < 20000; ++i) {
                char text[] = DOC(GOOD "," ITEM("a/b", "cpuset.mems", "", "0-1,5"));
                const unsigned n_changes = 1 + (unsigned)(claims_random(&seed) % 3);

                for (unsigned k = 0; k < n_changes; ++k)
                        text[claims_random(&seed) % (sizeof(text) - 1)] =
                                (char)(claims_random(&seed) >> 20);
                if (qos_record_parse(text, sizeof(text) - 1, &record, NULL) == 0)
                        assert_round_trip();
        }
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-record");
        TCase *tests = tcase_create("qos-record");

        tcase_add_checked_fixture(tests, setup, NULL);
        tcase_add_test(tests, the_first_one_keeps_what_was_before);
        tcase_add_test(tests, it_is_full_at_its_cap);
        tcase_add_test(tests, what_can_be_written_can_be_read);
        tcase_add_test(tests, hostile_names_come_back_as_they_were);
        tcase_add_test(tests, what_is_not_utf8_is_not_written);
        tcase_add_loop_test(tests, a_record_is_believed_as_a_whole, 0, (int)ELEMENTSOF(texts));
        tcase_add_test(tests, too_much_is_refused);
        tcase_add_test(tests, garbage_is_refused_or_read);
        suite_add_tcase(s, tests);
        return s;
}
