/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes manifests as pods: every kind that makes some, and every mistake told with its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/failmalloc.h"
#include "lib/test-main.h"
#include "manifest/manifest-pods.h"
#include "manifest/manifest.h"
#include "rpc/json.h"

static Arena *arena;
static ManifestPods pods;
static Diag diag;

static void setup(void) {
        ck_assert_int_eq(arena_new(MANIFEST_PODS_ARENA_MAX, &arena), 0);
        pods = (ManifestPods){};
        diag = (Diag){};
}

static void teardown(void) {
        arena = arena_free(arena);
}

static int read_text(const char *text) {
        return manifest_pods_read(arena, "f.yaml", text, strlen(text), &pods, &diag);
}

#define CONTAINERS "spec: {containers: [{name: c}]}"
#define TEMPLATE   "template: {spec: {containers: [{name: c}]}}"

/* All pods as one JSON text, "" between them. */
static const struct {
        const char *name;
        const char *text;
        const char *pods;
} rows[] = {
        { "a pod with all that counts",
          "apiVersion: v1\n"
          "kind: Pod\n"
          "metadata:\n"
          "  name: web\n"
          "  namespace: prod\n"
          "  uid: u-1\n"
          "  annotations: {memory.sluglab.io/pod: 'local=1Gi', other: '{}'}\n"
          "spec:\n"
          "  initContainers:\n"
          "  - {name: i, restartPolicy: Always, resources: {limits: {memory: 64Mi}}}\n"
          "  containers:\n"
          "  - name: c\n"
          "    image: x\n"
          "    resources: {requests: {memory: 1073741824, cpu: 0.5}, limits: {memory: \"1Gi\"}}\n"
          "  resources: {requests: {memory: 2Gi}}\n"
          "status: {phase: Running, qosClass: Burstable}\n",
          "{\"uid\":\"u-1\",\"namespace\":\"prod\",\"name\":\"web\",\"qosClass\":"
          "\"QOS_CLASS_BURSTABLE\",\"initContainers\":[{\"name\":\"i\",\"resources\":{\"requests\":"
          "{\"memory\":\"64Mi\"},\"limits\":{\"memory\":\"64Mi\"}},\"restartPolicy\":\"Always\"}],"
          "\"containers\":[{\"name\":\"c\","
          "\"resources\":{\"requests\":{\"memory\":\"1073741824\",\"cpu\":\"0.5\"},\"limits\":"
          "{\"memory\":\"1Gi\"}}}],\"resources\":{\"requests\":{\"memory\":\"2Gi\"}},"
          "\"annotations\":{\"memory.sluglab.io/pod\":\"local=1Gi\"}}" },
        { "what has a limit and no request requests as much",
          "kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, resources: {limits: "
          "{memory: 2Gi, cpu: 2}, requests: {cpu: 1}}}]}\n",
          "{\"uid\":\"simulated-0\",\"namespace\":\"default\",\"name\":\"a\",\"containers\":"
          "[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1\",\"memory\":\"2Gi\"},"
          "\"limits\":{\"memory\":\"2Gi\",\"cpu\":\"2\"}}}]}" },
        { "JSON, as kubectl prints a list",
          "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"kind\": \"Pod\",\n"
          "\t\"metadata\": {\"name\": \"a\"}, \"spec\": {\"containers\": [{\"name\": \"c\"}]}}]}",
          "{\"uid\":\"simulated-0\",\"namespace\":\"default\",\"name\":\"a\",\"containers\":"
          "[{\"name\":\"c\"}]}" },
        { "items of a typed list need no kind",
          "kind: PodList\nitems:\n- {metadata: {name: a}, " CONTAINERS "}\n",
          "{\"uid\":\"simulated-0\",\"namespace\":\"default\",\"name\":\"a\",\"containers\":"
          "[{\"name\":\"c\"}]}" },
        { "documents, and empty ones between them",
          "---\n---\nkind: Pod\nmetadata: {generateName: a-}\n" CONTAINERS
          "\n---\n# nothing\n---\nkind: Pod\nmetadata: {name: b}\n" CONTAINERS "\n",
          "{\"uid\":\"simulated-0\",\"namespace\":\"default\",\"name\":\"a-0\",\"containers\":"
          "[{\"name\":\"c\"}]}"
          "{\"uid\":\"simulated-1\",\"namespace\":\"default\",\"name\":\"b\",\"containers\":"
          "[{\"name\":\"c\"}]}" },
        { "an alias is what it names",
          "kind: List\nitems:\n- &a {kind: Pod, metadata: {name: a, uid: u}, " CONTAINERS
          "}\n- *a\n",
          "{\"uid\":\"u\",\"namespace\":\"default\",\"name\":\"a\",\"containers\":"
          "[{\"name\":\"c\"}]}"
          "{\"uid\":\"u\",\"namespace\":\"default\",\"name\":\"a\",\"containers\":"
          "[{\"name\":\"c\"}]}" },
        { "pods of a template have numbers",
          "kind: Deployment\nmetadata: {name: w, namespace: n, uid: u}\nspec: {replicas: 2, "
          "template: {metadata: {annotations: {memory.sluglab.io/container.c: x}}, spec: "
          "{containers: [{name: c}]}}}\n",
          "{\"uid\":\"simulated-0\",\"namespace\":\"n\",\"name\":\"w-0\",\"containers\":"
          "[{\"name\":\"c\"}],\"annotations\":{\"memory.sluglab.io/container.c\":\"x\"}}"
          "{\"uid\":\"simulated-1\",\"namespace\":\"n\",\"name\":\"w-1\",\"containers\":"
          "[{\"name\":\"c\"}],\"annotations\":{\"memory.sluglab.io/container.c\":\"x\"}}" },
};

START_TEST(a_manifest_becomes_pods) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        const int r = read_text(rows[_i].text);

        ck_assert_msg(r == 0, "%s: %u:%u %s", rows[_i].name, diag.line, diag.column, diag.text);
        for (size_t i = 0; i < pods.n_items; ++i)
                json_encode(&pods.items[i]->base, 0, NULL, &text);
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_msg(strcmp(text.data, rows[_i].pods) == 0, "%s: %s", rows[_i].name, text.data);
}
END_TEST

static const struct {
        const char *text;
        size_t n_pods;
        const char *first;
} kinds[] = {
        { "kind: Deployment\nmetadata: {name: a}\nspec: {" TEMPLATE "}", 1, "a-0" },
        { "kind: StatefulSet\nmetadata: {name: a}\nspec: {replicas: 3, " TEMPLATE "}", 3, "a-0" },
        { "kind: ReplicaSet\nmetadata: {name: a}\nspec: {replicas: 2, " TEMPLATE "}", 2, "a-0" },
        { "kind: ReplicationController\nmetadata: {name: a}\nspec: {replicas: 2, " TEMPLATE "}", 2,
          "a-0" },
        { "kind: DaemonSet\nmetadata: {name: a}\nspec: {replicas: 9, " TEMPLATE "}", 1, "a" },
        { "kind: Job\nmetadata: {name: a}\nspec: {parallelism: 2, " TEMPLATE "}", 2, "a-0" },
        { "kind: CronJob\nmetadata: {name: a}\nspec: {jobTemplate: {spec: {parallelism: "
          "2, " TEMPLATE "}}}",
          2, "a-0" },
        { "kind: DeploymentList\nitems: [{metadata: {name: a}, spec: {replicas: 2, " TEMPLATE "}}]",
          2, "a-0" },
};

START_TEST(what_makes_pods_makes_as_many_as_it_says) {
        ck_assert_msg(read_text(kinds[_i].text) == 0, "%s", diag.text);
        ck_assert_uint_eq(pods.n_items, kinds[_i].n_pods);
        ck_assert_str_eq(pods.items[0]->name, kinds[_i].first);
}
END_TEST

#define POD(container) "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - " container "\n"

static const struct {
        const char *text;
        unsigned line, column;
        const char *says;
} mistakes[] = {
        { "", 0, 0, "no pods in it" },
        { "# nothing\n", 0, 0, "no pods in it" },
        { "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 0, " TEMPLATE "}", 0, 0,
          "no pods in it" },
        { "kind: Pod\nmetadata: [a\n", 3, 1, "neither YAML nor JSON" },
        { "kind: Pod\n\tx: 1\n", 2, 1, "neither YAML nor JSON" },
        { "kind: \xff\n", 1, 7, "neither YAML nor JSON" },
        { "a: *b\n", 1, 4, "undefined alias" },
        { "- a\n", 1, 1, "an object must be a mapping, not a list" },
        { "text\n", 1, 1, "an object must be a mapping, not a single value" },
        { "metadata: {name: a}\n", 1, 1, "it has no kind" },
        { "kind: [Pod]\n", 1, 7, "the kind must be a single value, not a list" },
        { "kind: Pod\n" CONTAINERS "\n", 1, 1, "it has no name" },
        { "kind: Pod\nmetadata: {namespace: x}\n" CONTAINERS "\n", 2, 11, "it has no name" },
        { "kind: Pod\nmetadata: {name: a}\n", 1, 1, "a pod without containers" },
        { "kind: Pod\nmetadata: {name: a}\nspec: {containers: {}}\n", 3, 20,
          "containers must be a list, not a mapping" },
        { "kind: Deployment\nmetadata: {name: a}\nspec: {}\n", 1, 1, "a pod without containers" },
        { "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: two, " TEMPLATE "}", 3, 18,
          "replicas must be a number, not 'two'" },
        { "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 4097, " TEMPLATE "}", 3, 18,
          "more than 4096 pods" },
        { POD("image: x"), 5, 5, "a container without a name" },
        { POD("{name: c, resources: {limits: {memory: 4GB}}}"), 5, 44,
          "'4GB' is no quantity for 'memory'; write it as 4Gi" },
        { POD("{name: c, resources: {limits: {memory: -1}}}"), 5, 44, "'-1' is no quantity" },
        { POD("{name: c, resources: {limits: {memory: }}}"), 5, 44, "'' is no quantity" },
        { POD("{name: c, resources: {limits: {memory: 1, memory: 2}}}"), 5, 55,
          "'memory' is given twice" },
        { POD("{name: c, name: d}"), 5, 15, "'name' is given twice" },
        { POD("{name: \"a\\0b\"}"), 5, 12, "a NUL character" },
        { POD("{name: c, <<: {resources: {}}}"), 5, 15, "write the keys out" },
        { POD("{? [a] : b}"), 5, 8, "a key must be text" },
        { "kind: List\nitems: [{kind: List, items: [{kind: List, items: [{kind: List}]}]}]\n", 2,
          51, "lists nested deeper than 3" },
        { "&a\nkind: List\nitems: [*a]\n", 1, 1, "lists nested deeper than 3" },
        { "kind: Pod\nmetadata: {name: a, annotations: {memory.sluglab.io/pod: 1, "
          "memory.sluglab.io/pod: 2}}\n" CONTAINERS,
          2, 84, "'memory.sluglab.io/pod' is given twice" },
};

START_TEST(a_mistake_is_told_with_its_place) {
        ck_assert_int_eq(read_text(mistakes[_i].text), MANIFEST_PODS_E_INVALID);
        ck_assert_str_eq(diag.source, "f.yaml");
        ck_assert_msg(strstr(diag.text, mistakes[_i].says) && diag.line == mistakes[_i].line &&
                              diag.column == mistakes[_i].column,
                      "%s: %u:%u: %s", mistakes[_i].text, diag.line, diag.column, diag.text);
}
END_TEST

START_TEST(what_makes_no_pods_is_left_out_and_told) {
        ck_assert_int_eq(read_text("kind: Service\n---\nkind: Pod\nmetadata: {name: done}\nstatus: "
                                   "{phase: Succeeded}\n---\nkind: Pod\nmetadata: {name: "
                                   "a}\n" CONTAINERS),
                         0);
        ck_assert_uint_eq(pods.n_items, 1);
        ck_assert_uint_eq(pods.n_skipped, 2);
        ck_assert_uint_eq(pods.first_skipped.line, 1);
        ck_assert_str_eq(pods.first_skipped.text, "'Service' makes no pods; left out");
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused) {
        const size_t n = MANIFEST_INPUT_MAX + 1;
        _cleanup_(freep) char *text = malloc(n);

        ck_assert_ptr_nonnull(text);
        memset(text, '#', n);
        ck_assert_int_eq(manifest_pods_read(arena, "f.yaml", text, n, &pods, &diag),
                         MANIFEST_PODS_E_INVALID);
        ck_assert_msg(strstr(diag.text, "more than 16 MiB") != NULL, "%s", diag.text);
}
END_TEST

START_TEST(aliases_that_unfold_without_end_are_refused) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        /* as many pods as there may be, of as many containers, of one list of resources */
        buffer_append_text(&text, "x: &r {limits: {memory: 1Gi, cpu: 1}}\ny: &c\n");
        for (unsigned i = 0; i < MANIFEST_PODS_CONTAINERS_MAX; ++i)
                buffer_append_text(&text, "- {name: c, resources: *r}\n");
        buffer_append_text(&text, "kind: List\nitems:\n");
        for (unsigned i = 0; i < MANIFEST_PODS_MAX; ++i)
                buffer_append_text(&text, "- {kind: Pod, metadata: {name: a}, spec: {containers: "
                                          "*c}}\n");
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_int_eq(read_text(text.data), MANIFEST_PODS_E_INVALID);
        ck_assert_msg(strstr(diag.text, "more than 64 MiB of pods") ||
                              strstr(diag.text, "too much to read"),
                      "%s", diag.text);
}
END_TEST

START_TEST(running_out_of_memory_is_told_as_that) {
        int r = -ENOMEM;

        for (unsigned i = 0; r == -ENOMEM; ++i) {
                Arena *own = NULL;
                bool has_failed;

                ck_assert_uint_lt(i, 1000);
                failmalloc_arm(i);
                r = arena_new(MANIFEST_PODS_ARENA_MAX, &own);
                if (r == 0)
                        r = manifest_pods_read(own, "f.yaml", rows[0].text, strlen(rows[0].text),
                                               &pods, &diag);
                own = arena_free(own);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
        }
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pods");
        TCase *t = tcase_create("pods");

        tcase_set_timeout(t, 30);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, a_manifest_becomes_pods, 0, ELEMENTSOF(rows));
        tcase_add_loop_test(t, what_makes_pods_makes_as_many_as_it_says, 0, ELEMENTSOF(kinds));
        tcase_add_loop_test(t, a_mistake_is_told_with_its_place, 0, ELEMENTSOF(mistakes));
        tcase_add_test(t, what_makes_no_pods_is_left_out_and_told);
        tcase_add_test(t, a_text_that_is_too_long_is_refused);
        tcase_add_test(t, aliases_that_unfold_without_end_are_refused);
        tcase_add_test(t, running_out_of_memory_is_told_as_that);
        suite_add_tcase(s, t);
        return s;
}
