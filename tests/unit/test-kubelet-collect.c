/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime and the kubelet have said, as messages in JSON, and the pods that come of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kubelet/collect.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/json.h"

static Arena *arena;
static Allocations *allocations;
static Manifests *manifests;
static Devices *devices;
static Details details;
static Collected collected;

static void setup(void) {
        ck_assert_int_eq(arena_new(COLLECT_ARENA_MAX, &arena), 0);
        collected = (Collected){};
}

static void teardown(void) {
        arena = arena_free(arena);
        allocations = allocations_free(allocations);
        manifests = manifests_free(manifests);
        devices = devices_free(devices);
        details_deinit(&details);
}

static const void *read_message(const char *text, const ProtobufCMessageDescriptor *descriptor) {
        ProtobufCMessage *message;
        Diag diag = {};

        if (!text)
                return NULL;
        ck_assert_msg(json_decode(text, strlen(text), descriptor, NULL, arena, &message, &diag) ==
                              0,
                      "%s: %u: %s", text, diag.column, diag.text);
        return message;
}

typedef struct Told {
        const char *sandboxes, *containers, *listed, *allocations, *devices;
} Told;

static void collect_told(const Told *told) {
        Diag diag = {};

        if (told->allocations)
                ck_assert_msg(allocations_parse("a", told->allocations, strlen(told->allocations),
                                                &allocations, &diag) == 0,
                              "%s", diag.text);
        if (told->devices)
                ck_assert_msg(devices_parse("d", told->devices, strlen(told->devices), &devices,
                                            &diag) == 0,
                              "%s", diag.text);
        ck_assert_int_eq(
                collect(arena,
                        &(const CollectInput){
                                .sandboxes = read_message(
                                        told->sandboxes,
                                        &runtime__v1__list_pod_sandbox_response__descriptor),
                                .containers = read_message(
                                        told->containers,
                                        &runtime__v1__list_containers_response__descriptor),
                                .details = &details,
                                .listed = read_message(
                                        told->listed, &v1__list_pod_resources_response__descriptor),
                                .allocations = allocations,
                                .manifests = manifests,
                                .devices = devices,
                        },
                        &collected),
                0);
}

static void write_pods(Buffer *text) {
        for (size_t i = 0; i < collected.n_pods; ++i) {
                if (i > 0)
                        buffer_append_char(text, '\n');
                json_encode(&collected.pods[i]->base, 0, NULL, text);
        }
        ck_assert_int_eq(buffer_finish(text), 0);
}

#define META(name, uid)                                                                            \
        "\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid "\",\"namespace\":\"n\"}"
#define NONE "{}"
#define DEVICE(pod, container, id)                                                                 \
        "{\"PodUID\":\"" pod "\",\"ContainerName\":\"" container                                   \
        "\",\"ResourceName\":\"sluglab.io/remote-memory-1gi\",\"DeviceIDs\":{\"0\":[\"" id         \
        "\"]},\"AllocResp\":\"\"}"
#define DEVICES(entries) "{\"Data\":{\"PodDeviceEntries\":[" entries "]},\"Checksum\":1}"

static const struct {
        const char *name;
        Told told;
        const char *pods;
} rows[] = {
        { "nobody has answered", {}, "" },
        { "nothing is there", { NONE, NONE, NONE, NULL, NULL }, "" },
        { "pods are sorted, and only our annotations passed on",
          { "{\"items\":[{\"id\":\"s2\"," META("b", "u2") "},{\"id\":\"s1\"," META(
                    "a",
                    "u1") ",\"annotations\":{\"memory.sluglab.io/pod\":\"x\",\"other\":\"y\","
                          "\"memory.sluglab.io/container.c\":\"z\"}}]}",
            NONE, NULL, NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"annotations\":{\"memory.sluglab.io/container.c\":\"z\",\"memory.sluglab.io/pod\":"
          "\"x\"}}\n"
          "{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"b\",\"sandbox\":\"SANDBOX_STATE_READY\""
          "}" },
        { "the newest sandbox counts, by attempt and then by time",
          { "{\"items\":[{\"id\":\"s1\"," META(
                    "a",
                    "u1") ",\"createdAt\":\"9\"},{\"id\":\"s2\",\"metadata\":{\"name\":\"a\","
                          "\"uid\":\"u1\",\"namespace\":\"n\",\"attempt\":1},\"state\":"
                          "\"SANDBOX_NOTREADY\",\"createdAt\":\"5\"},{\"id\":\"s3\"," META(
                                  "b",
                                  "u2") ",\"createdAt\":\"1\",\"state\":\"SANDBOX_"
                                        "NOTREADY\"},{\"id\":\"s4\"," META(
                                                "b",
                                                "u2") ",\"createdAt\":\"2\"}]}",
            NONE, NULL, NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":"
          "\"SANDBOX_STATE_NOT_READY\"}\n"
          "{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"b\",\"sandbox\":\"SANDBOX_STATE_READY\""
          "}" },
        { "the newest attempt of a container counts, but one that runs before any other",
          { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}",
            "{\"containers\":[{\"id\":\"c2\",\"podSandboxId\":\"s1\",\"metadata\":{\"name\":\"x\","
            "\"attempt\":2},\"state\":\"CONTAINER_EXITED\"},{\"id\":\"c1\",\"podSandboxId\":\"s1\","
            "\"metadata\":{\"name\":\"x\",\"attempt\":1},\"state\":\"CONTAINER_EXITED\"},{\"id\":"
            "\"d1\",\"podSandboxId\":\"s1\",\"metadata\":{\"name\":\"r\"},\"state\":"
            "\"CONTAINER_RUNNING\"},{\"id\":\"d2\",\"podSandboxId\":\"s1\",\"metadata\":{\"name\":"
            "\"r\",\"attempt\":1},\"state\":\"CONTAINER_CREATED\"},{\"id\":\"e1\","
            "\"podSandboxId\":\"s1\",\"metadata\":{\"name\":\"u\"},\"state\":\"CONTAINER_UNKNOWN\""
            "}]}",
            NULL, NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"containers\":[{\"name\":\"r\",\"id\":\"d1\",\"state\":"
          "\"REPORTED_CONTAINER_STATE_RUNNING\"},{\"name\":\"u\",\"id\":\"e1\",\"state\":"
          "\"REPORTED_CONTAINER_STATE_UNKNOWN\"},{\"name\":\"x\",\"id\":\"c2\",\"state\":"
          "\"REPORTED_CONTAINER_STATE_EXITED\"}]}" },
        { "labels stand in for metadata, and for a sandbox that went away",
          { "{\"items\":[{\"id\":\"s1\",\"labels\":{\"io.kubernetes.pod.uid\":\"u1\","
            "\"io.kubernetes.pod.name\":\"a\",\"io.kubernetes.pod.namespace\":\"n\"}}]}",
            "{\"containers\":[{\"id\":\"c1\",\"podSandboxId\":\"s1\",\"labels\":{"
            "\"io.kubernetes.container.name\":\"x\"}},{\"id\":\"c2\",\"podSandboxId\":\"s9\","
            "\"metadata\":{\"name\":\"y\"},\"labels\":{\"io.kubernetes.pod.uid\":\"u2\","
            "\"io.kubernetes.pod.name\":\"b\",\"io.kubernetes.pod.namespace\":\"n\"}}]}",
            NULL, NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"containers\":[{\"name\":\"x\",\"id\":\"c1\",\"state\":"
          "\"REPORTED_CONTAINER_STATE_CREATED\"}]}\n"
          "{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"b\",\"containers\":[{\"name\":\"y\","
          "\"id\":\"c2\",\"state\":\"REPORTED_CONTAINER_STATE_CREATED\"}]}" },
        { "what is not Kubernetes' is left out",
          { "{\"items\":[{\"id\":\"s1\"}]}",
            "{\"containers\":[{\"id\":\"c1\",\"podSandboxId\":\"s1\",\"metadata\":{\"name\":\"x\"}}"
            "]}",
            NULL, NULL, NULL },
          "" },
        { "a static pod is one that does not come from the API server",
          { "{\"items\":[{\"id\":\"s1\"," META(
                    "a",
                    "u1") ",\"annotations\":{\"kubernetes.io/config.source\":\"file\"}},{"
                          "\"id\":\"s2\"," META("b", "u2") ",\"annotations\":{\"kubernetes.io/"
                                                           "config.source\":\"api\"}}]}",
            NONE, NULL, NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"isStatic\":true,\"sandbox\":"
          "\"SANDBOX_STATE_READY\"}\n"
          "{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"b\",\"sandbox\":\"SANDBOX_STATE_READY\""
          "}" },
        { "the kubelet lists by name: devices once, memory by NUMA node",
          { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}", NONE,
            "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\",\"containers\":[{\"name\":"
            "\"x\",\"devices\":[{\"resourceName\":\"sluglab.io/remote-memory-1gi\",\"deviceIds\":["
            "\"2\"]},{\"resourceName\":\"nvidia.com/gpu\",\"deviceIds\":[\"0\"]},{"
            "\"resourceName\":\"sluglab.io/remote-memory-1gi\",\"deviceIds\":[\"1\",\"2\"]}],"
            "\"memory\":[{\"memoryType\":\"memory\",\"size\":\"4096\",\"topology\":{\"nodes\":[{"
            "\"ID\":\"2\"},{\"ID\":\"0\"},{\"ID\":\"-1\"}]}}]}]},{\"name\":\"a\",\"namespace\":"
            "\"m\"}]}",
            NULL, DEVICES(DEVICE("u1", "x", "9")) },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"listedByKubelet\":true,\"containers\":[{\"name\":\"x\",\"devices\":[{\"resource\":"
          "\"sluglab.io/remote-memory-1gi\",\"ids\":[\"1\",\"2\"]}],\"memory\":[{\"type\":"
          "\"memory\",\"numaNodes\":\"0,2\",\"sizeBytes\":\"4096\"}]}]}" },
        { "of two pods of one name the kubelet means the one that runs",
          { "{\"items\":[{\"id\":\"s1\"," META(
                    "a",
                    "u1") ",\"createdAt\":\"1\"},{\"id\":\"s2\"," META("a",
                                                                       "u2") ",\"createdAt\":\"2\","
                                                                             "\"state\":\"SANDBOX_"
                                                                             "NOTREADY\"}]}",
            NONE, "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\"}]}", NULL, NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"listedByKubelet\":true}\n"
          "{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":"
          "\"SANDBOX_STATE_NOT_READY\"}" },
        { "files are found by uid, and make no pods",
          { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}", NONE, NULL,
            "{\"data\":\"{\\\"entries\\\":{\\\"u1\\\":{\\\"ContainerResources\\\":{\\\"x\\\":{"
            "\\\"limits\\\":{\\\"memory\\\":\\\"1Gi\\\"}}},\\\"PodLevelResources\\\":null},"
            "\\\"u9\\\":{\\\"ContainerResources\\\":{},\\\"PodLevelResources\\\":null}}}\","
            "\"checksum\":1}",
            DEVICES(DEVICE("u1", "init", "7") "," DEVICE("u9", "x", "8")) },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"containers\":[{\"name\":\"init\",\"devices\":[{\"resource\":"
          "\"sluglab.io/remote-memory-1gi\",\"ids\":[\"7\"]}]},{\"name\":\"x\",\"resources\":{"
          "\"limits\":{\"memory\":\"1Gi\"}}}]}" },
        { "chunks that a container asks for are told, whether it has them or not",
          { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}", NONE, NULL,
            "{\"data\":\"{\\\"entries\\\":{\\\"u1\\\":{\\\"ContainerResources\\\":{\\\"x\\\":{"
            "\\\"limits\\\":{\\\"sluglab.io/remote-memory-1gi-numa3\\\":\\\"2\\\","
            "\\\"sluglab.io/remote-memory-1gi-numa2\\\":\\\"1\\\","
            "\\\"sluglab.io/remote-memory-2gi\\\":\\\"0\\\"}}},\\\"PodLevelResources\\\":null}}}\","
            "\"checksum\":1}",
            NULL },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"sandbox\":\"SANDBOX_STATE_READY\","
          "\"containers\":[{\"name\":\"x\",\"resources\":{\"limits\":{"
          "\"sluglab.io/remote-memory-1gi-numa3\":\"2\",\"sluglab.io/"
          "remote-memory-1gi-numa2\":\"1\","
          "\"sluglab.io/remote-memory-2gi\":\"0\"}},\"requestedChunks\":[{\"resource\":"
          "\"sluglab.io/remote-memory-1gi-numa2\",\"n\":\"1\"},{\"resource\":"
          "\"sluglab.io/remote-memory-1gi-numa3\",\"n\":\"2\"}]}]}" },
        { "a pod that waits for its sandbox is known by its device",
          { NONE, NONE,
            "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\",\"containers\":[{\"name\":"
            "\"x\",\"devices\":[{\"resourceName\":\"sluglab.io/remote-memory-1gi\",\"deviceIds\":["
            "\"7\"]}]}]},{\"name\":\"b\",\"namespace\":\"n\",\"containers\":[{\"name\":\"x\"}]}]}",
            NULL, DEVICES(DEVICE("u1", "x", "7") "," DEVICE("u2", "x", "8")) },
          "{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"a\",\"listedByKubelet\":true,"
          "\"containers\":[{\"name\":\"x\",\"devices\":[{\"resource\":"
          "\"sluglab.io/remote-memory-1gi\",\"ids\":[\"7\"]}]}]}" },
};

START_TEST(what_is_told_becomes_pods) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        collect_told(&rows[_i].told);
        write_pods(&text);
        ck_assert_msg(strcmp(text.data, rows[_i].pods) == 0, "%s:\n%s", rows[_i].name, text.data);
        ck_assert_str_eq(collected.runtime_problem, "");
        ck_assert_str_eq(collected.kubelet_problem, "");
}
END_TEST

#define AMOUNT(type, nodes) "{\"memoryType\":\"" type "\",\"size\":\"5\"" nodes "}"
#define ON(node)            ",\"topology\":{\"nodes\":[{\"ID\":\"" node "\"}]}"
static const struct {
        const char *allocatable;
        const char *blocks; /* NULL: it is not told */
} amounts[] = {
        { NULL, NULL },
        { NONE, "" },
        /* Go's maps have no order */
        { "{\"memory\":[" AMOUNT("memory", ON("10")) "," AMOUNT("memory",
                                                                ON("2")) "," AMOUNT("hugepages-2Mi",
                                                                                    ON("2")) "]}",
          "hugepages-2Mi@2 memory@2 memory@10 " },
        { "{\"memory\":[" AMOUNT("memory", "") "]}", NULL },
        { "{\"memory\":[" AMOUNT("memory", ON("-1")) "]}", NULL },
        { "{\"memory\":[" AMOUNT("memory", ON("1024")) "]}", NULL },
        { "{\"memory\":[" AMOUNT("memory", ON("0\"},{\"ID\":\"1")) "]}", NULL },
        { "{\"memory\":[" AMOUNT("memory", ON("0")) "," AMOUNT("memory", ON("0")) "]}", NULL },
};

START_TEST(what_is_allocatable_is_told_as_a_whole_or_not_at_all) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        ck_assert_int_eq(collect(arena,
                                 &(const CollectInput){
                                         .allocatable = read_message(
                                                 amounts[_i].allocatable,
                                                 &v1__allocatable_resources_response__descriptor),
                                 },
                                 &collected),
                         0);
        ck_assert_int_eq(collected.has_allocatable, amounts[_i].blocks != NULL);
        for (size_t i = 0; i < collected.n_allocatable; ++i)
                buffer_printf(&text, "%s@%s ", collected.allocatable[i]->type,
                              collected.allocatable[i]->numa_nodes);
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_str_eq(text.data, amounts[_i].blocks ? amounts[_i].blocks : "");
}
END_TEST

/* What cannot be told must not look as if it was gone. */
static const struct {
        Told told;
        const char *runtime_problem, *kubelet_problem;
} gaps[] = {
        { { "{\"items\":[{\"id\":\"s1\"," META("A b", "u1") "}]}", NONE, NULL, NULL, NULL },
          "sandbox s1 is left out: its pod's name is none of Kubernetes'",
          "" },
        { { "{\"items\":[{\"id\":\"s1\"," META("a", "u/1") "}]}", NONE, NULL, NULL, NULL },
          "sandbox s1 is left out: its pod's name is none of Kubernetes'",
          "" },
        { { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}",
            "{\"containers\":[{\"id\":\"c1\",\"podSandboxId\":\"s1\"}]}", NULL, NULL, NULL },
          "container c1 is left out: it does not say whose it is",
          "" },
        { { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}", NONE,
            "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\",\"containers\":[{\"name\":"
            "\"x y\"}]}]}",
            NULL, NULL },
          "",
          "container 'x y' of n/a is left out: it has no such name, or there are too many" },
};

/* Manifests: one of pod "a", which asks for 1Gi, with containers c of 2Gi and d of 4Gi. */

#define STATIC(id, name, uid)                                                                      \
        "{\"id\":\"" id                                                                            \
        "\"," META(name, uid) ",\"annotations\":{\"kubernetes.io/config.source\":\"file"           \
                              "\"}}"
#define RUNS(sandbox, name)                                                                        \
        "{\"id\":\"" sandbox name "\",\"podSandboxId\":\"" sandbox                                 \
        "\",\"metadata\":{\"name\":\"" name "\"}}"

static const struct {
        Told told;
        const char *asked; /* of each pod, and of its containers in brackets */
} asking[] = {
        { { "{\"items\":[" STATIC("s1", "a-node", "u1") "]}",
            "{\"containers\":[" RUNS("s1", "c") "," RUNS("s1", "e") "]}", NULL, NULL, NULL },
          "a-node 1Gi [c 2Gi] [e ?]; " },
        /* the kubelet's word on one of two */
        { { "{\"items\":[" STATIC("s1", "a-node", "u1") "]}",
            "{\"containers\":[" RUNS("s1", "c") "," RUNS("s1", "d") "]}", NULL,
            "{\"data\":\"{\\\"entries\\\":{\\\"u1\\\":{\\\"ContainerResources\\\":{\\\"c\\\":"
            "{\\\"requests\\\":{\\\"memory\\\":\\\"3Gi\\\"}}}}}}\"}",
            NULL },
          "a-node ? [c 3Gi] [d 4Gi]; " },
        /* not of the API server's */
        { { "{\"items\":[{\"id\":\"s1\"," META("a-node", "u1") "}]}",
            "{\"containers\":[" RUNS("s1", "c") "]}", NULL, NULL, NULL },
          "a-node ? [c ?]; " },
        /* the same pod before and after its file was written anew */
        { { "{\"items\":[" STATIC("s1", "a-node", "u1") "," STATIC("s2", "a-node", "u2") "]}", NONE,
            NULL, NULL, NULL },
          "a-node 1Gi; a-node 1Gi; " },
        /* one of them is of a manifest a-b that is not there */
        { { "{\"items\":[" STATIC("s1", "a-node", "u1") "," STATIC("s2", "a-b-node", "u2") "]}",
            NONE, NULL, NULL, NULL },
          "a-node ?; a-b-node ?; " },
};

static void write_asked(Buffer *text, const char *name, const Slug__V1__PodResources *resources) {
        buffer_printf(text, "%s %s", name,
                      resources && resources->n_requests > 0 ? resources->requests[0]->value : "?");
}

START_TEST(manifests_say_what_is_not_known_of_static_pods) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        Folder folder = folder_new();
        Root root = ROOT_NULL;

        folder_write(&folder, "m/a.yaml",
                     "kind: Pod\nmetadata: {name: a, namespace: n}\n"
                     "spec:\n  resources: {requests: {memory: 1Gi}}\n  containers:\n"
                     "    - {name: c, resources: {requests: {memory: 2Gi}}}\n"
                     "    - {name: d, resources: {requests: {memory: 4Gi}}}\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(manifests_read(&root, "/m", &manifests), 0);
        collect_told(&asking[_i].told);
        for (size_t i = 0; i < collected.n_pods; ++i) {
                const Slug__V1__ReportedPod *pod = collected.pods[i];

                write_asked(&text, pod->name, pod->resources);
                for (size_t k = 0; k < pod->n_containers; ++k) {
                        buffer_append_text(&text, " [");
                        write_asked(&text, pod->containers[k]->name, pod->containers[k]->resources);
                        buffer_append_text(&text, "]");
                }
                buffer_append_text(&text, "; ");
        }
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_str_eq(text.data, asking[_i].asked);
        root_deinit(&root);
        folder_remove(&folder);
}
END_TEST

START_TEST(what_is_left_out_is_said) {
        collect_told(&gaps[_i].told);
        ck_assert_str_eq(collected.runtime_problem, gaps[_i].runtime_problem);
        ck_assert_str_eq(collected.kubelet_problem, gaps[_i].kubelet_problem);
}
END_TEST

/* @n pods, of which the first has so many containers. */
static void collect_many(size_t n, size_t n_containers) {
        _cleanup_(buffer_deinitp) Buffer sandboxes = {}, containers = {};

        buffer_append_text(&sandboxes, "{\"items\":[");
        for (size_t i = 0; i < n; ++i)
                buffer_printf(&sandboxes,
                              "%s{\"id\":\"s%zu\",\"metadata\":{\"name\":\"p\",\"uid\":\"u%zu\","
                              "\"namespace\":\"n\"}}",
                              i > 0 ? "," : "", i, i);
        buffer_append_text(&sandboxes, "]}");
        buffer_append_text(&containers, "{\"containers\":[");
        for (size_t i = 0; i < n_containers; ++i)
                buffer_printf(&containers,
                              "%s{\"id\":\"c%zu\",\"podSandboxId\":\"s0\",\"metadata\":{\"name\":"
                              "\"c%zu\"}}",
                              i > 0 ? "," : "", i, i);
        buffer_append_text(&containers, "]}");
        ck_assert_int_eq(buffer_finish(&sandboxes), 0);
        ck_assert_int_eq(buffer_finish(&containers), 0);
        collect_told(&(const Told){ .sandboxes = sandboxes.data, .containers = containers.data });
}

START_TEST(there_is_a_cap_on_everything) {
        collect_many(COLLECT_PODS_MAX, COLLECT_CONTAINERS_MAX);
        ck_assert_uint_eq(collected.n_pods, COLLECT_PODS_MAX);
        ck_assert_uint_eq(collected.pods[0]->n_containers, COLLECT_CONTAINERS_MAX);
        ck_assert_str_eq(collected.runtime_problem, "");
        collect_many(COLLECT_PODS_MAX + 1, 0);
        ck_assert_uint_eq(collected.n_pods, COLLECT_PODS_MAX);
        ck_assert_str_eq(collected.runtime_problem,
                         "sandbox s1024 is left out: there are more pods than can be told");
        collect_many(1, COLLECT_CONTAINERS_MAX + 1);
        ck_assert_str_eq(collected.runtime_problem,
                         "container c64 is left out: its pod has more than can be told");
}
END_TEST

START_TEST(without_memory_there_is_nothing) {
        const Told *told = &rows[ELEMENTSOF(rows) - 5].told;
        const void *sandboxes = read_message(told->sandboxes,
                                             &runtime__v1__list_pod_sandbox_response__descriptor),
                   *containers = read_message(told->containers,
                                              &runtime__v1__list_containers_response__descriptor),
                   *listed =
                           read_message(told->listed, &v1__list_pod_resources_response__descriptor),
                   *allocatable = read_message(amounts[2].allocatable,
                                               &v1__allocatable_resources_response__descriptor);
        int r = -ENOMEM;

        for (size_t room = 0; r == -ENOMEM; room += 256) {
                _cleanup_(arena_freep) Arena *small = NULL;

                ck_assert_int_eq(arena_new(room, &small), 0);
                r = collect(small,
                            &(const CollectInput){ .sandboxes = sandboxes,
                                                   .containers = containers,
                                                   .listed = listed,
                                                   .allocatable = allocatable },
                            &collected);
                ck_assert(r == 0 || (r == -ENOMEM && collected.n_pods == 0));
        }
        ck_assert_uint_eq(collected.n_pods, 1);
}
END_TEST

/* For settle.h */

#define LISTED_A "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\"}]}"
#define READY_A  "{\"items\":[{\"id\":\"s1\"," META("a", "u1") "}]}"
#define STATIC_A                                                                                   \
        "{\"items\":[{\"id\":\"s1\"," META(                                                        \
                "a", "u1") ",\"annotations\":{\"kubernetes.io/config.source\":\"file\"}},{\"id\":" \
                           "\"s2\"," META("b", "u2") ",\"state\":\"SANDBOX_NOTREADY\"}]}"

static const struct {
        Told told;
        const char *ready_unlisted;
        bool lists_none, lists_static_alone;
} judged[] = {
        { { READY_A, NONE, LISTED_A, NULL, NULL }, NULL, false, false },
        { { READY_A, NONE, NONE, NULL, NULL }, "n/a", true, true },
        { { "{\"items\":[{\"id\":\"s1\"," META("a", "u1") ",\"state\":\"SANDBOX_NOTREADY\"}]}",
            NONE, NONE, NULL, NULL },
          NULL,
          true,
          true },
        /* after a reboot: the kubelet has not read its manifests yet */
        { { "{\"items\":[{\"id\":\"s1\"," META(
                    "a",
                    "u1") ",\"state\":\"SANDBOX_NOTREADY\","
                          "\"annotations\":{\"kubernetes.io/config.source\":\"file\"}}]}",
            NONE, NONE, NULL, NULL },
          NULL,
          true,
          false },
        { { STATIC_A, NONE, LISTED_A, NULL, NULL }, NULL, false, true },
        { { NONE, NONE, NONE, NULL, NULL }, NULL, false, false },
};

START_TEST(what_settling_wants_to_know_is_told) {
        collect_told(&judged[_i].told);
        ck_assert_pstr_eq(collected.ready_unlisted, judged[_i].ready_unlisted);
        ck_assert_int_eq(collected.lists_none, judged[_i].lists_none);
        ck_assert_int_eq(collected.lists_static_alone, judged[_i].lists_static_alone);
}
END_TEST

static uint64_t get_fingerprint(const char *sandboxes, const char *listed) {
        collect_told(&(const Told){ sandboxes, NONE, listed, NULL, NULL });
        return collected.fingerprint;
}

START_TEST(who_is_there_has_a_fingerprint) {
        const uint64_t here = get_fingerprint(READY_A, LISTED_A);
        const char *two = "{\"podResources\":[{\"name\":\"a\",\"namespace\":\"n\"},{\"name\":\"b\","
                          "\"namespace\":\"n\"}]}",
                   *turned = "{\"podResources\":[{\"name\":\"b\",\"namespace\":\"n\"},{\"name\":"
                             "\"a\",\"namespace\":\"n\"}]}";

        ck_assert_uint_eq(here, get_fingerprint(READY_A, LISTED_A));
        ck_assert_uint_ne(here, get_fingerprint(READY_A, NONE));
        ck_assert_uint_ne(here, get_fingerprint(NONE, LISTED_A));
        ck_assert_uint_ne(here, get_fingerprint(READY_A, two));
        ck_assert_uint_eq(get_fingerprint(READY_A, turned), get_fingerprint(READY_A, two));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-collect");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_is_told_becomes_pods, 0, ELEMENTSOF(rows));
        tcase_add_loop_test(tcase, manifests_say_what_is_not_known_of_static_pods, 0,
                            ELEMENTSOF(asking));
        tcase_add_loop_test(tcase, what_is_allocatable_is_told_as_a_whole_or_not_at_all, 0,
                            ELEMENTSOF(amounts));
        tcase_add_loop_test(tcase, what_is_left_out_is_said, 0, ELEMENTSOF(gaps));
        tcase_add_test(tcase, there_is_a_cap_on_everything);
        tcase_add_test(tcase, without_memory_there_is_nothing);
        tcase_add_loop_test(tcase, what_settling_wants_to_know_is_told, 0, ELEMENTSOF(judged));
        tcase_add_test(tcase, who_is_there_has_a_fingerprint);
        suite_add_tcase(suite, tcase);
        return suite;
}
