/* SPDX-License-Identifier: Apache-2.0 */
/* allocated_pods_state: its forms, what is refused, and damage. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "kubelet/allocations.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"

#define WEB                                                                                        \
        "{\"limits\":{\"cpu\":\"2\",\"memory\":\"4Gi\",\"hugepages-2Mi\":\"4Mi\"},"                \
        "\"requests\":{\"cpu\":\"1500m\",\"memory\":\"3Gi\",\"hugepages-2Mi\":\"4Mi\","            \
        "\"sluglab.io/remote-memory-1gi\":\"2\"}}"
#define POD(containers) "{\"ContainerResources\":" containers ",\"PodLevelResources\":null}"
#define PODS(pods)      "{\"entries\":{" pods "}}"
#define FORMER(pods)    "{\"allocationEntries\":{" pods "}}"

static Allocations *allocations;
static Buffer document;
static Buffer found;
static Diag diag;

static void setup(void) {
        allocations = NULL;
        document = (Buffer){};
        found = (Buffer){};
        diag = (Diag){};
}

static void teardown(void) {
        allocations = allocations_free(allocations);
        buffer_deinit(&document);
        buffer_deinit(&found);
}

static const char *make_document(const char *data) {
        buffer_deinit(&document);
        buffer_append_text(&document, "{\"data\":\"");
        for (; *data; ++data) {
                if (*data == '"' || *data == '\\')
                        buffer_append_char(&document, '\\');
                buffer_append_char(&document, *data);
        }
        buffer_append_text(&document, "\",\"checksum\":1}");
        ck_assert_int_eq(buffer_finish(&document), 0);
        return document.data;
}

static int parse(const char *text) {
        allocations = allocations_free(allocations);
        return allocations_parse("state", text, strlen(text), &allocations, &diag);
}

static void describe_list(const char *name, const PodQuantity *quantities, size_t n) {
        for (size_t i = 0; i < n; ++i)
                buffer_printf(&found, " %s.%s=%s", name, quantities[i].name,
                              quantities[i].quantity);
}

static void describe_resources(const PodResources *resources) {
        describe_list("requests", resources->requests, resources->n_requests);
        describe_list("limits", resources->limits, resources->n_limits);
}

/* "uid limits.memory=1Gi; uid/container requests.memory=1Gi; " */
static const char *describe(void) {
        buffer_deinit(&found);
        for (size_t i = 0; i < allocations->n_pods; ++i) {
                const AllocatedPod *pod = &allocations->pods[i];

                buffer_printf(&found, "%s%s", i > 0 ? "; " : "", pod->uid);
                describe_resources(&pod->resources);
                for (size_t j = 0; j < pod->n_containers; ++j) {
                        buffer_printf(&found, "; %s/%s", pod->uid, pod->containers[j].name);
                        describe_resources(&pod->containers[j].resources);
                }
        }
        ck_assert_int_eq(buffer_finish(&found), 0);
        return found.data;
}

/* Forms */

static const struct {
        const char *data;
        const char *expected;
} forms[] = {
        { "{}", "" },
        { PODS(""), "" },
        { "{\"entries\":null}", "" },
        { PODS("\"a\":" POD("null")), "a" },
        { PODS("\"a\":" POD("{}")), "a" },
        { PODS("\"a\":" POD("{\"web\":" WEB "}")),
          "a; a/web requests.memory=3Gi requests.hugepages-2Mi=4Mi "
          "requests.sluglab.io/remote-memory-1gi=2 limits.memory=4Gi limits.hugepages-2Mi=4Mi" },
        { PODS("\"a\":" POD("{\"web\":{},\"app\":{\"requests\":{\"cpu\":\"1\"}}}")),
          "a; a/app; a/web" },
        { PODS("\"b\":" POD("{\"c\":{}}") ",\"a\":" POD("{\"c\":{}}")), "a; a/c; b; b/c" },
        { PODS("\"a\":{\"ContainerResources\":{\"c\":{\"limits\":null}},\"PodLevelResources\":"
               "{\"limits\":{\"memory\":\"1Gi\"},\"requests\":{\"memory\":\"512Mi\"}}}"),
          "a requests.memory=512Mi limits.memory=1Gi; a/c" },
        { PODS("\"a\":{\"PodLevelResources\":{\"limits\":{\"memory\":\"1Gi\"}}}"),
          "a limits.memory=1Gi" },
        { PODS("\"a\":{\"ContainerResources\":{\"c\":{\"claims\":[{\"name\":\"gpu\"}]}},"
               "\"Later\":[1]}"),
          "a; a/c" },
        { "{\"entries\":{},\"later\":1}", "" },
        /* 1.33, and those with the gate before */
        { FORMER("\"a\":{\"web\":{\"requests\":{\"memory\":\"1Gi\"}},\"side\":{}}"),
          "a; a/side; a/web requests.memory=1Gi" },
        { FORMER("\"a\":{\"c\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}},\"b\":{}"),
          "a; a/c requests.memory=1Gi; b" },
        { "{\"allocationEntries\":{\"a\":{\"c\":{\"memory\":\"128974848\"}}},"
          "\"resizeStatusEntries\":{\"a\":\"Deferred\"}}",
          "a; a/c requests.memory=128974848" },
        /* the shapes of a pod go with either key */
        { PODS("\"a\":{\"c\":{\"limits\":{\"memory\":\"1Gi\"}}}"), "a; a/c limits.memory=1Gi" },
        { FORMER("\"a\":" POD("{\"c\":{}}")), "a; a/c" },
};

START_TEST(every_form_is_read) {
        ck_assert_msg(parse(make_document(forms[_i].data)) == 0, "%s", diag.text);
        ck_assert_str_eq(describe(), forms[_i].expected);
        ck_assert_str_eq(diag.text, "");
}
END_TEST

START_TEST(the_oldest_form_has_no_data) {
        ck_assert_int_eq(parse(FORMER("\"a\":{\"c\":{\"memory\":\"1Gi\"}}")), 0);
        ck_assert_str_eq(describe(), "a; a/c requests.memory=1Gi");
        ck_assert_int_eq(parse("{\"checksum\":7}"), 0);
        ck_assert_str_eq(describe(), "");
}
END_TEST

/* What is refused */

static const struct {
        const char *data;
        const char *problem;
} bad[] = {
        { "", "data: the text ends in the middle" },
        { "[]", "data: is not an object" },
        { "{\"entries\":[]}", "data.entries: is not an object" },
        { "{\"entries\":{},\"allocationEntries\":{}}",
          "data: has both entries and allocationEntries" },
        { PODS("\"\":" POD("{}")), "data.entries.: is empty" },
        { PODS("\"0123456789012345678901234567890123456789012345678901234567890123\":{}"),
          "data.entries.0123456789012345678901234567890123456789012345678901234567890123: "
          "is too long" },
        { PODS("\"a\":7"), "data.entries.a: is not an object" },
        { PODS("\"a\":{\"ContainerResources\":[]}"),
          "data.entries.a.ContainerResources: is not an object" },
        { PODS("\"a\":{\"PodLevelResources\":7}"),
          "data.entries.a.PodLevelResources: is not an object" },
        { PODS("\"a\":{\"Containers\":{}}"),
          "data.entries.a.Containers: is neither a container nor a known key" },
        { PODS("\"a\":" POD("{\"c d\":{}}")),
          "data.entries.a.ContainerResources.c d: is neither a container nor a known key" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"c\rpu\":\"1\"}}}")),
          "has a control character in a text" },
        { PODS("\"a\":" POD("{\"c\":{\"requests\":[]}}")),
          "data.entries.a.ContainerResources.c.requests: is not an object" },
        { PODS("\"a\":" POD("{\"c\":{\"requests\":\"1\"}}")),
          "data.entries.a.ContainerResources.c.requests: is not an object" },
        { PODS("\"a\":" POD("{\"c\":{\"wants\":{}}}")),
          "data.entries.a.ContainerResources.c: is of an unknown form" },
        { PODS("\"a\":" POD("{\"c\":{\"memory\":\"1Gi\"}}")),
          "data.entries.a.ContainerResources.c: is of an unknown form" },
        { FORMER("\"a\":{\"c\":{\"memory\":\"1Gi\",\"later\":{}}}"),
          "data.allocationEntries.a.c: is of an unknown form" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"memory\":1024}}}")),
          "data.entries.a.ContainerResources.c.limits.memory: is not text" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"memory\":\"\"}}}")),
          "data.entries.a.ContainerResources.c.limits.memory: is no amount" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"memory\":\"1GiB\"}}}")),
          "data.entries.a.ContainerResources.c.limits.memory: is no amount" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"cpu\":\"1x\"}}}")),
          "data.entries.a.ContainerResources.c.limits.cpu: is no amount" },
        { PODS("\"a\":" POD("{\"c\":{\"limits\":{\"memory\":\"-1\"}}}")),
          "data.entries.a.ContainerResources.c.limits.memory: is no amount" },
};

START_TEST(what_is_not_known_is_refused) {
        ck_assert_int_eq(parse(make_document(bad[_i].data)), ALLOCATIONS_E_INVALID);
        ck_assert_str_eq(diag.source, "state");
        ck_assert_str_eq(diag.text, bad[_i].problem);
        ck_assert_ptr_null(allocations);
}
END_TEST

START_TEST(a_document_without_data_is_refused) {
        ck_assert_int_eq(parse("{}"), ALLOCATIONS_E_INVALID);
        ck_assert_int_eq(parse("{\"checksum\":1,\"later\":{}}"), ALLOCATIONS_E_INVALID);
        ck_assert_str_eq(diag.text, "data: is missing");
        ck_assert_int_eq(parse("{\"data\":null}"), ALLOCATIONS_E_INVALID);
        ck_assert_int_eq(parse("{\"data\":{\"entries\":{}}}"), ALLOCATIONS_E_INVALID);
        ck_assert_str_eq(diag.text, "data: is not text");
}
END_TEST

START_TEST(what_is_cut_off_is_refused) {
        const char *whole = make_document(PODS("\"a\":" POD("{\"web\":" WEB "}")));

        for (size_t n = 0; n < strlen(whole); ++n)
                ck_assert_int_eq(allocations_parse("state", whole, n, &allocations, &diag),
                                 ALLOCATIONS_E_INVALID);
        ck_assert_int_eq(parse(whole), 0);
}
END_TEST

/* Members p0, p1, ... of one value. */
static const char *make_many(const char *value, unsigned n, const char *before, const char *after) {
        buffer_deinit(&found);
        buffer_append_text(&found, before);
        for (unsigned i = 0; i < n; ++i)
                buffer_printf(&found, "%s\"p%u\":%s", i > 0 ? "," : "", i, value);
        buffer_append_text(&found, after);
        ck_assert_int_eq(buffer_finish(&found), 0);
        return make_document(found.data);
}

static const struct {
        const char *item, *before, *after;
        unsigned max;
        const char *problem;
} caps[] = {
        { "{}", "{\"entries\":{", "}}", ALLOCATIONS_PODS_MAX, "data.entries: has too many pods" },
        { "{}", "{\"entries\":{\"a\":{", "}}}", POD_CONTAINERS_MAX,
          "data.entries.a: has too many containers" },
};

START_TEST(more_than_a_node_has_is_refused) {
        ck_assert_int_eq(
                parse(make_many(caps[_i].item, caps[_i].max, caps[_i].before, caps[_i].after)), 0);
        ck_assert_int_eq(
                parse(make_many(caps[_i].item, caps[_i].max + 1, caps[_i].before, caps[_i].after)),
                ALLOCATIONS_E_INVALID);
        ck_assert_str_eq(diag.text, caps[_i].problem);
}
END_TEST

START_TEST(parsing_without_memory_gives_nothing) {
        const char *text = make_document(PODS("\"a\":" POD("{\"web\":" WEB "}")));
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = allocations_parse("state", text, strlen(text), &allocations, &diag);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_ptr_null(allocations);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 3);
}
END_TEST

/* Finding */

START_TEST(pods_and_containers_are_found) {
        const AllocatedPod *pod;

        ck_assert_int_eq(parse(make_document(PODS("\"b\":" POD("{\"y\":{},\"x\":" WEB "}") ",\"a\":"
                                                                                           "{}"))),
                         0);
        pod = allocations_find(allocations, "b");
        ck_assert_ptr_nonnull(pod);
        ck_assert_uint_eq(allocated_pod_find(pod, "x")->resources.n_limits, 2);
        ck_assert_uint_eq(allocated_pod_find(pod, "y")->resources.n_limits, 0);
        ck_assert_ptr_null(allocated_pod_find(pod, "z"));
        ck_assert_ptr_null(allocated_pod_find(allocations_find(allocations, "a"), "x"));
        ck_assert_ptr_null(allocations_find(allocations, "c"));
}
END_TEST

/* Files */

static const struct {
        const char *name;
        const char *content; /* NULL: a folder */
        int expected;
        const char *problem; /* NULL: none */
} files[] = {
        { "allocated_pods_state", "{\"data\":\"{}\"}", 0, NULL },
        { "pod_status_manager_state", "{\"data\":\"{}\"}", 0, NULL },
        { "actuated_pods_state", "{\"data\":\"{}\"}", ALLOCATIONS_E_ABSENT, NULL },
        { "allocated_pods_state", "", ALLOCATIONS_E_INVALID,
          "/var/k/allocated_pods_state: the text ends in the middle" },
        { "allocated_pods_state", NULL, ALLOCATIONS_E_INVALID,
          "/var/k/allocated_pods_state: cannot be read: Is a directory" },
};

START_TEST(a_file_is_read_below_the_root) {
        Folder folder = folder_new();
        Root root = ROOT_NULL;
        char path[64], formatted[DIAG_FORMATTED_MAX];

        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(allocations_read(&root, "/var/k", &allocations, &diag),
                         ALLOCATIONS_E_ABSENT);
        (void)snprintf(path, sizeof(path), "var/k/%s", files[_i].name);
        if (files[_i].content)
                folder_write(&folder, path, files[_i].content);
        else
                folder_make(&folder, path);
        ck_assert_int_eq(allocations_read(&root, "/var/k", &allocations, &diag),
                         files[_i].expected);
        ck_assert_int_eq(allocations != NULL, files[_i].expected == 0);
        if (files[_i].problem)
                ck_assert_str_eq(diag_format(&diag, formatted), files[_i].problem);
        else
                ck_assert_str_eq(diag.text, "");
        root_deinit(&root);
        folder_remove(&folder);
}
END_TEST

START_TEST(the_file_of_now_counts_before_the_former) {
        Folder folder = folder_new();
        Root root = ROOT_NULL;

        folder_write(&folder, "pod_status_manager_state", FORMER("\"old\":{}"));
        folder_write(&folder, "allocated_pods_state", make_document(PODS("\"new\":{}")));
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(allocations_read(&root, "", &allocations, &diag), 0);
        ck_assert_str_eq(describe(), "new");
        root_deinit(&root);
        folder_remove(&folder);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-allocations");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, every_form_is_read, 0, ELEMENTSOF(forms));
        tcase_add_test(tcase, the_oldest_form_has_no_data);
        tcase_add_loop_test(tcase, what_is_not_known_is_refused, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, a_document_without_data_is_refused);
        tcase_add_test(tcase, what_is_cut_off_is_refused);
        tcase_add_loop_test(tcase, more_than_a_node_has_is_refused, 0, ELEMENTSOF(caps));
        tcase_add_test(tcase, parsing_without_memory_gives_nothing);
        tcase_add_test(tcase, pods_and_containers_are_found);
        tcase_add_loop_test(tcase, a_file_is_read_below_the_root, 0, ELEMENTSOF(files));
        tcase_add_test(tcase, the_file_of_now_counts_before_the_former);
        suite_add_tcase(suite, tcase);
        return suite;
}
