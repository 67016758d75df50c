/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of static pods: what is kept of them, whose they are, and damage. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kubelet/manifests.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"

#define NAMED(name)       "kind: Pod\nmetadata: {name: " name ", namespace: n}\n"
#define POD(name)         NAMED(name) "spec: {containers: [{name: c}]}\n"
#define ASKING(resources) NAMED("a") "spec: {containers: [{name: c, resources: " resources "}]}\n"

static Folder folder;
static Root root;
static Manifests *manifests;
static Buffer found;

static void setup(void) {
        folder = folder_new();
        folder_make(&folder, "m");
        root = (Root)ROOT_NULL;
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        manifests = NULL;
        found = (Buffer){};
}

static void teardown(void) {
        manifests = manifests_free(manifests);
        buffer_deinit(&found);
        root_deinit(&root);
        folder_remove(&folder);
}

static void write_file(const char *name, const char *text) {
        char path[128];

        (void)snprintf(path, sizeof(path), "m/%s", name);
        folder_write(&folder, path, text);
}

static void read_all(void) {
        manifests = manifests_free(manifests);
        ck_assert_int_eq(manifests_read(&root, "/m", &manifests), 0);
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

/* "namespace/name requests.memory=1Gi, container requests.memory=1Gi; " */
static const char *describe(void) {
        buffer_deinit(&found);
        for (size_t i = 0; i < manifests->n_pods; ++i) {
                const StaticPod *pod = &manifests->pods[i];

                buffer_printf(&found, "%s%s/%s", i > 0 ? "; " : "", pod->namespace_name, pod->name);
                describe_resources(&pod->asked.resources);
                for (size_t k = 0; k < pod->asked.n_containers; ++k) {
                        buffer_printf(&found, ", %s", pod->asked.containers[k].name);
                        describe_resources(&pod->asked.containers[k].resources);
                }
        }
        ck_assert_int_eq(buffer_finish(&found), 0);
        return found.data;
}

/* What is kept */

static const struct {
        const char *text;
        const char *expected;
} forms[] = {
        { POD("a"), "n/a, c" },
        { "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n",
          "default/a, c" },
        { "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":"
          "\"c\",\"resources\":{\"requests\":{\"memory\":\"1Gi\"}}}]}}",
          "default/a, c requests.memory=1Gi" },
        { ASKING("{requests: {memory: 1Gi, cpu: 100m, example.com/x: 1}, limits: {memory: 2Gi}}"),
          "n/a, c requests.memory=1Gi limits.memory=2Gi" },
        { ASKING("{limits: {memory: 2Gi, hugepages-2Mi: 4Mi}}"),
          "n/a, c requests.memory=2Gi requests.hugepages-2Mi=4Mi limits.memory=2Gi "
          "limits.hugepages-2Mi=4Mi" },
        { ASKING("{limits: {sluglab.io/remote-memory-1gi: 8, sluglab.io/remote: 1}}"),
          "n/a, c requests.sluglab.io/remote-memory-1gi=8 limits.sluglab.io/remote-memory-1gi=8" },
        { ASKING("{}"), "n/a, c" },
        { NAMED("a") "spec:\n  resources: {requests: {memory: 3Gi}}\n"
                     "  containers: [{name: d}, {name: c}]\n"
                     "  initContainers: [{name: i}, {name: b, restartPolicy: Always}]\n",
          "n/a requests.memory=3Gi, b, c, d" },
        { "# none yet\n---\n" POD("a") "---\n" POD("b"), "n/a, c" },
};

START_TEST(what_has_to_do_with_memory_is_kept) {
        write_file("f.yaml", forms[_i].text);
        read_all();
        ck_assert_str_eq(describe(), forms[_i].expected);
        ck_assert_uint_eq(manifests->n_problems, 0);
}
END_TEST

START_TEST(files_are_read_in_their_order_and_nothing_else) {
        write_file("b", POD("b"));
        write_file("a.json", POD("a"));
        write_file("c~", POD("c"));
        write_file(".hidden.yaml", POD("hidden"));
        write_file("below/d.yaml", POD("d"));
        folder_write(&folder, "elsewhere.yaml", POD("e"));
        folder_link(&folder, "m/e.yaml", "/elsewhere.yaml");
        folder_link(&folder, "m/gone.yaml", "/nowhere");
        read_all();
        ck_assert_str_eq(describe(), "n/a, c; n/b, c; n/c, c; n/e, c");
        ck_assert_uint_eq(manifests->n_problems, 0);
}
END_TEST

START_TEST(a_folder_may_be_empty_or_absent) {
        read_all();
        ck_assert_uint_eq(manifests->n_pods, 0);
        folder_delete(&folder, "m");
        manifests = manifests_free(manifests);
        ck_assert_int_eq(manifests_read(&root, "/m", &manifests), MANIFESTS_E_ABSENT);
        ck_assert_ptr_null(manifests);
}
END_TEST

/* Damage */

static const struct {
        const char *text;
        const char *problem;
} damaged[] = {
        { "", "/m/f.yaml: there are no pods in it" },
        { "kind: ConfigMap\n", "/m/f.yaml: there are no pods in it" },
        { "kind: Pod\nmetadata: {name: a\n", "/m/f.yaml:3:1: neither YAML nor JSON: " },
        { "kind: Pod\nmetadata: {name: a}\nspec: {}\n",
          "/m/f.yaml:3:7: a pod without containers; give it some: spec: {containers: [...]}" },
        { "kind: Pod\nmetadata: {}\nspec: {containers: [{name: c}]}\n",
          "/m/f.yaml:2:11: it has no name; give it one: metadata: {name: NAME}" },
        { ASKING("{requests: {memory: lots}}"), "/m/f.yaml:3:62: 'lots' is no quantity" },
        { ASKING("{requests: {memory: 1e30}}"),
          "/m/f.yaml: '1e30' of memory is more than any machine has" },
        { ASKING("{requests: {hugepages-1Ki: 1, hugepages-2Ki: 1, hugepages-4Ki: 1, "
                 "hugepages-8Ki: 1, hugepages-16Ki: 1, hugepages-32Ki: 1, hugepages-64Ki: 1, "
                 "hugepages-128Ki: 1, hugepages-256Ki: 1, hugepages-512Ki: 1, hugepages-1Mi: 1, "
                 "hugepages-2Mi: 1, hugepages-4Mi: 1, hugepages-8Mi: 1, hugepages-16Mi: 1, "
                 "hugepages-32Mi: 1, hugepages-64Mi: 1}}"),
          "/m/f.yaml: more sizes of huge pages, or kinds of chunks, than there are" },
        { "kind: Pod\nmetadata: {name: a, \xc3\xa4\x01: 1}\n", "/m/f.yaml:2:22: " },
};

START_TEST(a_damaged_file_is_named_and_the_others_count) {
        char text[DIAG_FORMATTED_MAX];

        write_file("a.yaml", POD("a"));
        write_file("f.yaml", damaged[_i].text);
        write_file("g.yaml", "[");
        write_file("z.yaml", POD("z"));
        read_all();
        ck_assert_str_eq(describe(), "n/a, c; n/z, c");
        ck_assert_uint_eq(manifests->n_problems, 2);
        (void)diag_format(&manifests->problem, text);
        ck_assert_msg(strncmp(text, damaged[_i].problem, strlen(damaged[_i].problem)) == 0, "%s",
                      text);
}
END_TEST

START_TEST(what_is_no_file_or_has_a_strange_name_is_told_plainly) {
        char text[DIAG_FORMATTED_MAX];

        write_file("\xff\n.yaml", "[");
        read_all();
        (void)diag_format(&manifests->problem, text);
        ck_assert_msg(strncmp(text, "/m/??.yaml:", strlen("/m/??.yaml:")) == 0, "%s", text);
}
END_TEST

START_TEST(what_is_cut_off_is_never_a_half_of_it) {
        static const char whole[] = ASKING("{requests: {memory: 1Gi}, limits: {memory: 2Gi}}");
        char part[sizeof(whole)];

        for (size_t n = 0; n < sizeof(whole) - 2; ++n) {
                (void)snprintf(part, sizeof(part), "%.*s", (int)n, whole);
                write_file("f.yaml", part);
                read_all();
                ck_assert_msg(manifests->n_pods == 0 && manifests->n_problems == 1, "%zu bytes", n);
        }
}
END_TEST

/* Caps */

static void write_large(const char *name, size_t n) {
        char *text = malloc(n + 1), path[128];

        ck_assert_ptr_nonnull(text);
        memset(text, '#', n);
        text[n] = '\0';
        memcpy(text, POD("a"), strlen(POD("a")));
        (void)snprintf(path, sizeof(path), "m/%s", name);
        folder_write_bytes(&folder, path, text, n);
        free(text);
}

START_TEST(a_file_has_a_cap) {
        write_large("a", MANIFESTS_FILE_MAX);
        write_large("b", MANIFESTS_FILE_MAX + 1);
        read_all();
        ck_assert_str_eq(describe(), "n/a, c");
        ck_assert_uint_eq(manifests->n_problems, 1);
        ck_assert_str_eq(manifests->problem.text,
                         "larger than 1 MiB, or than 8 MiB with the others");
        ck_assert_str_eq(manifests->problem.source, "/m/b");
}
END_TEST

START_TEST(all_files_have_a_cap) {
        const size_t n = MANIFESTS_BYTES_MAX / MANIFESTS_FILE_MAX;
        char name[16];

        for (size_t i = 0; i <= n; ++i) {
                (void)snprintf(name, sizeof(name), "f%03zu", i);
                write_large(name, MANIFESTS_FILE_MAX);
        }
        write_file("z", POD("z"));
        read_all();
        ck_assert_uint_eq(manifests->n_pods, n);
        ck_assert_uint_eq(manifests->n_problems, 2);
        ck_assert_str_eq(manifests->problem.source, "/m/f008");
}
END_TEST

START_TEST(a_folder_has_a_cap) {
        char name[16];

        for (size_t i = 0; i < MANIFESTS_FILES_MAX + 1; ++i) {
                (void)snprintf(name, sizeof(name), "f%03zu", i);
                write_file(name, POD("a"));
        }
        read_all();
        ck_assert_uint_eq(manifests->n_pods, MANIFESTS_FILES_MAX);
        ck_assert_uint_eq(manifests->n_problems, 1);
        ck_assert_str_eq(manifests->problem.source, "/m");
        ck_assert_str_eq(manifests->problem.text, "more than 512 files; some are left out");
}
END_TEST

START_TEST(reading_without_memory_gives_nothing) {
        bool has_failed = true;
        int r;

        write_file("a.yaml", ASKING("{requests: {memory: 1Gi}, limits: {memory: 2Gi}}"));
        for (unsigned n = 0; has_failed; ++n) {
                failmalloc_arm(n);
                r = manifests_read(&root, "/m", &manifests);
                has_failed = failmalloc_disarm();
                ck_assert_msg(has_failed ? r == -ENOMEM && !manifests : r == 0,
                              "%u allocations: %d", n, r);
        }
        ck_assert_str_eq(describe(), "n/a, c requests.memory=1Gi limits.memory=2Gi");
}
END_TEST

/* Whose they are */

static const struct {
        const char *namespace_name, *name;
        const char *found; /* a manifest's name; NULL: none */
} names[] = {
        { "n", "etcd-node", "etcd" },
        { "n", "etcd-node-1.example.com", "etcd" },
        { "n", "kube-proxy-node", "kube-proxy" },
        { "n", "kube-node", "kube" },
        { "n", "etcd", NULL },
        { "n", "etcd-", NULL },
        { "n", "etcdnode", NULL },
        { "n", "etc-node", NULL },
        { "other", "etcd-node", NULL },
        { "n", "twice-node", NULL },
        { "n", "twice-more-node", "twice-more" },
        { "n", "", NULL },
};

START_TEST(a_pod_is_found_by_the_longest_name) {
        const StaticPod *pod;

        write_file("a", POD("kube"));
        write_file("b", POD("kube-proxy"));
        write_file("c", POD("etcd"));
        write_file("d", POD("twice"));
        write_file("e", POD("twice"));
        write_file("f", POD("twice-more"));
        read_all();
        pod = manifests_find(manifests, names[_i].namespace_name, names[_i].name);
        if (names[_i].found)
                ck_assert(pod && strcmp(pod->name, names[_i].found) == 0);
        else
                ck_assert_ptr_null(pod);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-manifests");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_has_to_do_with_memory_is_kept, 0, ELEMENTSOF(forms));
        tcase_add_test(tcase, files_are_read_in_their_order_and_nothing_else);
        tcase_add_test(tcase, a_folder_may_be_empty_or_absent);
        tcase_add_loop_test(tcase, a_damaged_file_is_named_and_the_others_count, 0,
                            ELEMENTSOF(damaged));
        tcase_add_test(tcase, what_is_no_file_or_has_a_strange_name_is_told_plainly);
        tcase_add_test(tcase, what_is_cut_off_is_never_a_half_of_it);
        tcase_add_test(tcase, a_file_has_a_cap);
        tcase_add_test(tcase, all_files_have_a_cap);
        tcase_add_test(tcase, a_folder_has_a_cap);
        tcase_add_test(tcase, reading_without_memory_gives_nothing);
        tcase_add_loop_test(tcase, a_pod_is_found_by_the_longest_name, 0, ELEMENTSOF(names));
        suite_add_tcase(suite, tcase);
        return suite;
}
