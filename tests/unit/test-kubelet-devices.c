/* SPDX-License-Identifier: Apache-2.0 */
/* kubelet_internal_checkpoint: its forms, what is kept, what is refused, and damage. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "kubelet/devices.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"

#define OURS "sluglab.io/remote-memory-1gi"
#define ENTRY(uid, container, resource, ids)                                                       \
        "{\"PodUID\":\"" uid "\",\"ContainerName\":\"" container "\",\"ResourceName\":\"" resource \
        "\",\"DeviceIDs\":" ids ",\"AllocResp\":\"Ch8K\"}"
#define ONE(ids)      ENTRY("a", "c", OURS, ids)
#define DATA(entries) "{\"Data\":{\"PodDeviceEntries\":" entries ",\"RegisteredDevices\":{}}}"

static Devices *devices;
static Buffer found;
static Diag diag;

static void setup(void) {
        devices = NULL;
        found = (Buffer){};
        diag = (Diag){};
}

static void teardown(void) {
        devices = devices_free(devices);
        buffer_deinit(&found);
}

static int parse(const char *text) {
        devices = devices_free(devices);
        return devices_parse("state", text, strlen(text), &devices, &diag);
}

/* "uid/container resource=id,id; " */
static const char *describe(void) {
        buffer_deinit(&found);
        for (size_t i = 0; i < devices->n_entries; ++i) {
                const DeviceEntry *entry = &devices->entries[i];

                buffer_printf(&found, "%s%s/%s %s=", i > 0 ? "; " : "", entry->pod_uid,
                              entry->container, entry->resource);
                for (size_t j = 0; j < entry->n_ids; ++j)
                        buffer_printf(&found, "%s%s", j > 0 ? "," : "", entry->ids[j]);
        }
        ck_assert_int_eq(buffer_finish(&found), 0);
        return found.data;
}

static const struct {
        const char *text;
        const char *expected;
} forms[] = {
        { DATA("null"), "" },
        { DATA("[]"), "" },
        { DATA("[" ONE("{\"0\":[\"b\",\"a\"]}") "]"), "a/c " OURS "=a,b" },
        { DATA("[" ONE("{\"-1\":[\"x\"],\"0\":[\"b\",\"a\"],\"1\":[\"a\"]}") "]"),
          "a/c " OURS "=a,b,x" },
        { DATA("[" ONE("{\"0\":null}") "]"), "a/c " OURS "=" },
        { DATA("[" ONE("{}") "]"), "a/c " OURS "=" },
        { DATA("[" ONE("null") "]"), "a/c " OURS "=" },
        { DATA("[" ONE("[\"b\",\"a\",\"b\"]") "]"), "a/c " OURS "=a,b" },
        /* sorted, others passed over whatever they look like */
        { DATA("[" ENTRY("b", "c", OURS, "[\"1\"]") "," ENTRY(
                  "a",
                  "d",
                  "sluglab.io/remote-memory-512mi",
                  "[\"2\"]") "," ENTRY("a",
                                       "d",
                                       OURS,
                                       "[\"3\"]") "," ENTRY("a",
                                                            "c",
                                                            OURS,
                                                            "[\"4\"]") "," ENTRY("a",
                                                                                 "c",
                                                                                 "nvidia.com/gpu",
                                                                                 "7") "]"),
          "a/c " OURS "=4; a/d " OURS "=3; a/d sluglab.io/remote-memory-512mi=2; b/c " OURS "=1" },
        { "{\"Checksum\":7,\"Later\":[],\"Data\":{\"PodDeviceEntries\":["
          "{\"Later\":{},\"DeviceIDs\":[\"1\"],\"ResourceName\":\"" OURS
          "\",\"ContainerName\":\"c\",\"PodUID\":\"a\"}]}}",
          "a/c " OURS "=1" },
};

START_TEST(every_form_is_read) {
        ck_assert_msg(parse(forms[_i].text) == 0, "%s", diag.text);
        ck_assert_str_eq(describe(), forms[_i].expected);
        ck_assert_str_eq(diag.text, "");
}
END_TEST

static const struct {
        const char *text;
        const char *problem;
} bad[] = {
        { "", "the text ends in the middle" },
        { "{}", "Data: is missing" },
        { "{\"Data\":\"{}\"}", "Data: is not an object" },
        { "{\"Data\":{}}", "Data.PodDeviceEntries: is missing" },
        { DATA("{}"), "Data.PodDeviceEntries: is not a list" },
        { DATA("[7]"), "Data.PodDeviceEntries[0]: is not an object" },
        { DATA("[{}]"), "Data.PodDeviceEntries[0].ResourceName: is missing" },
        { DATA("[{\"ResourceName\":\"" OURS "\"}]"),
          "Data.PodDeviceEntries[0].PodUID: is missing" },
        { DATA("[{\"ResourceName\":\"" OURS "\",\"PodUID\":\"a\"}]"),
          "Data.PodDeviceEntries[0].ContainerName: is missing" },
        { DATA("[{\"ResourceName\":\"" OURS "\",\"PodUID\":\"a\",\"ContainerName\":\"c\"}]"),
          "Data.PodDeviceEntries[0].DeviceIDs: is missing" },
        { DATA("[" ENTRY("", "c", OURS, "[]") "]"), "Data.PodDeviceEntries[0].PodUID: is empty" },
        { DATA("[" ENTRY("a", "", OURS, "[]") "]"),
          "Data.PodDeviceEntries[0].ContainerName: is empty" },
        { DATA("[" ONE("\"0\"") "]"), "Data.PodDeviceEntries[0].DeviceIDs: is not a list" },
        { DATA("[" ONE("[0]") "]"), "Data.PodDeviceEntries[0].DeviceIDs[0]: is not text" },
        { DATA("[" ONE("[\"\"]") "]"), "Data.PodDeviceEntries[0].DeviceIDs[0]: is empty" },
        { DATA("[" ONE("{\"0\":\"a\"}") "]"),
          "Data.PodDeviceEntries[0].DeviceIDs.0: is not a list" },
        { DATA("[" ONE("{\"0x\":[\"a\"]}") "]"),
          "Data.PodDeviceEntries[0].DeviceIDs.0x: is no NUMA node" },
        { DATA("[" ONE("{\"0\":[\"a\",{}]}") "]"),
          "Data.PodDeviceEntries[0].DeviceIDs.0[1]: is not text" },
        { DATA("[" ONE("[\"a\"]") "," ONE("[\"b\"]") "]"),
          "Data.PodDeviceEntries: has a container's resource twice" },
};

START_TEST(what_is_not_known_is_refused) {
        ck_assert_int_eq(parse(bad[_i].text), DEVICES_E_INVALID);
        ck_assert_str_eq(diag.source, "state");
        ck_assert_str_eq(diag.text, bad[_i].problem);
        ck_assert_ptr_null(devices);
}
END_TEST

START_TEST(what_is_cut_off_is_refused) {
        static const char whole[] = DATA("[" ONE("{\"0\":[\"b\",\"a\"]}") "]");

        for (size_t n = 0; n < strlen(whole); ++n)
                ck_assert_int_eq(devices_parse("state", whole, n, &devices, &diag),
                                 DEVICES_E_INVALID);
        ck_assert_int_eq(parse(whole), 0);
}
END_TEST

/* Ids of one entry at two NUMA nodes, so many at each. */
static const char *make_many(unsigned n) {
        buffer_deinit(&found);
        buffer_append_text(&found, "{\"Data\":{\"PodDeviceEntries\":[{\"PodUID\":\"a\","
                                   "\"ContainerName\":\"c\",\"ResourceName\":\"" OURS "\","
                                   "\"DeviceIDs\":{\"0\":[\"x\"");
        for (unsigned i = 1; i < n; ++i)
                buffer_printf(&found, ",\"%u\"", i);
        buffer_append_text(&found, "],\"1\":[\"y\"");
        for (unsigned i = 1; i < n; ++i)
                buffer_printf(&found, ",\"%u\"", i);
        buffer_append_text(&found, "]}}]}}");
        ck_assert_int_eq(buffer_finish(&found), 0);
        return found.data;
}

START_TEST(thousands_of_devices_are_read_and_more_refused) {
        ck_assert_int_eq(parse(make_many(32768)), 0);
        ck_assert_uint_eq(devices->entries[0].n_ids, 32769);
        ck_assert_int_eq(parse(make_many(32769)), DEVICES_E_INVALID);
        ck_assert_str_eq(diag.text, "Data.PodDeviceEntries[0].DeviceIDs: has too many devices");
}
END_TEST

START_TEST(parsing_without_memory_gives_nothing) {
        static const char text[] = DATA("[" ONE("{\"0\":[\"b\",\"a\"]}") "]");
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = devices_parse("state", text, strlen(text), &devices, &diag);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_ptr_null(devices);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 3);
}
END_TEST

static const struct {
        const char *uid, *container;
        size_t n;
        const char *first_id; /* NULL: none */
} finds[] = {
        { "a", "c", 1, "4" },  { "a", "d", 2, "3" },  { "b", "c", 1, "1" },
        { "a", "b", 0, NULL }, { "b", "d", 0, NULL }, { "", "", 0, NULL },
};

START_TEST(entries_of_a_container_are_found) {
        const DeviceEntry *entry;
        size_t n = 7;

        ck_assert_int_eq(parse(forms[8].text), 0);
        entry = devices_find(devices, finds[_i].uid, finds[_i].container, &n);
        ck_assert_uint_eq(n, finds[_i].n);
        ck_assert_int_eq(entry != NULL, finds[_i].first_id != NULL);
        if (entry)
                ck_assert_str_eq(entry->ids[0], finds[_i].first_id);
        ck_assert_int_eq(parse(DATA("null")), 0);
        ck_assert_ptr_null(devices_find(devices, finds[_i].uid, finds[_i].container, &n));
        ck_assert_uint_eq(n, 0);
}
END_TEST

static const struct {
        const char *content; /* NULL: a folder */
        int expected;
        const char *problem; /* NULL: none */
} files[] = {
        { DATA("null"), 0, NULL },
        { "{", DEVICES_E_INVALID,
          "/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint: the text ends in the "
          "middle" },
        { NULL, DEVICES_E_INVALID,
          "/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint: cannot be read: "
          "Is a directory" },
};

START_TEST(a_file_is_read_below_the_root) {
        static const char path[] = "var/lib/kubelet/device-plugins/kubelet_internal_checkpoint";
        Folder folder = folder_new();
        Root root = ROOT_NULL;
        char formatted[DIAG_FORMATTED_MAX];

        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(devices_read(&root, &devices, &diag), DEVICES_E_ABSENT);
        if (files[_i].content)
                folder_write(&folder, path, files[_i].content);
        else
                folder_make(&folder, path);
        ck_assert_int_eq(devices_read(&root, &devices, &diag), files[_i].expected);
        ck_assert_int_eq(devices != NULL, files[_i].expected == 0);
        if (files[_i].problem)
                ck_assert_str_eq(diag_format(&diag, formatted), files[_i].problem);
        else
                ck_assert_str_eq(diag.text, "");
        root_deinit(&root);
        folder_remove(&folder);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-devices");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, every_form_is_read, 0, ELEMENTSOF(forms));
        tcase_add_loop_test(tcase, what_is_not_known_is_refused, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, what_is_cut_off_is_refused);
        tcase_add_test(tcase, thousands_of_devices_are_read_and_more_refused);
        tcase_add_test(tcase, parsing_without_memory_gives_nothing);
        tcase_add_loop_test(tcase, entries_of_a_container_are_found, 0, ELEMENTSOF(finds));
        tcase_add_loop_test(tcase, a_file_is_read_below_the_root, 0, ELEMENTSOF(files));
        suite_add_tcase(suite, tcase);
        return suite;
}
