/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kubelet/collect-rows.h"

/*
 * The runtime's part: sandboxes become pods, containers find theirs by the sandbox that they are
 * in. Where the metadata says nothing, the labels that the kubelet sets do.
 */
#define LABEL_UID       "io.kubernetes.pod.uid"
#define LABEL_NAMESPACE "io.kubernetes.pod.namespace"
#define LABEL_POD       "io.kubernetes.pod.name"
#define LABEL_CONTAINER "io.kubernetes.container.name"
#define CONFIG_SOURCE   "kubernetes.io/config.source"

/* @text: of the metadata, if there is any */
static const char *
get_sandbox_label(const Runtime__V1__PodSandbox *sandbox, const char *text, const char *key) {
        if (text && text[0])
                return text;
        for (size_t i = 0; i < sandbox->n_labels; ++i)
                if (strcmp(sandbox->labels[i]->key, key) == 0)
                        return sandbox->labels[i]->value;
        return "";
}

static const char *get_container_label(const Runtime__V1__Container *container, const char *key) {
        for (size_t i = 0; i < container->n_labels; ++i)
                if (strcmp(container->labels[i]->key, key) == 0)
                        return container->labels[i]->value;
        return "";
}

bool collect_is_static(const CollectPod *pod) {
        for (size_t i = 0; pod->sandbox && i < pod->sandbox->n_annotations; ++i) {
                const Runtime__V1__PodSandbox__AnnotationsEntry *entry =
                        pod->sandbox->annotations[i];

                if (strcmp(entry->key, CONFIG_SOURCE) == 0)
                        return entry->value[0] && strcmp(entry->value, "api") != 0;
        }
        return false;
}

static uint32_t get_attempt(const Runtime__V1__PodSandbox *sandbox) {
        return sandbox->metadata ? sandbox->metadata->attempt : 0;
}

static bool is_newer_sandbox(const Runtime__V1__PodSandbox *a, const Runtime__V1__PodSandbox *b) {
        if (get_attempt(a) != get_attempt(b))
                return get_attempt(a) > get_attempt(b);
        return a->created_at > b->created_at;
}

/* Sandboxes */

/* A pod that cannot be named cannot be left out quietly: that would mean that it is gone. */
static void complain_of_sandbox(const Collection *collection,
                                const Runtime__V1__PodSandbox *sandbox,
                                const char *what) {
        collect_complain(collection->collected->runtime_problem, "sandbox %.80s is left out: %s",
                         sandbox->id, what);
}

static void take_sandbox(Collection *collection, const Runtime__V1__PodSandbox *sandbox) {
        const Runtime__V1__PodSandboxMetadata *metadata = sandbox->metadata;
        const char *uid = get_sandbox_label(sandbox, metadata ? metadata->uid : NULL, LABEL_UID);
        const char *namespace_name =
                get_sandbox_label(sandbox, metadata ? metadata->namespace_ : NULL, LABEL_NAMESPACE);
        const char *name = get_sandbox_label(sandbox, metadata ? metadata->name : NULL, LABEL_POD);
        CollectPod *pod;

        if (uid[0] == '\0') {
                ++collection->collected->n_foreign;
                return;
        }
        if (!collect_is_uid(uid) || !collect_is_name(namespace_name) || !collect_is_name(name)) {
                complain_of_sandbox(collection, sandbox, "its pod's name is none of Kubernetes'");
                return;
        }
        pod = collect_add_pod(collection, uid);
        if (!pod) {
                complain_of_sandbox(collection, sandbox, "there are more pods than can be told");
                return;
        }
        if (pod->sandbox && !is_newer_sandbox(sandbox, pod->sandbox))
                return;
        pod->sandbox = sandbox;
        pod->namespace_name = namespace_name;
        pod->name = name;
}

/* Containers */

static int compare_sandboxes(const void *a, const void *b) {
        const Runtime__V1__PodSandbox *first = *(Runtime__V1__PodSandbox *const *)a,
                                      *second = *(Runtime__V1__PodSandbox *const *)b;

        return strcmp(first->id, second->id);
}

static int sort_sandboxes(const Collection *collection,
                          const Runtime__V1__PodSandbox ***ret_sorted) {
        const Runtime__V1__ListPodSandboxResponse *listed = collection->input->sandboxes;
        const Runtime__V1__PodSandbox **sorted =
                arena_alloc_array(collection->arena, listed->n_items + 1, sizeof(*sorted));

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < listed->n_items; ++i)
                sorted[i] = listed->items[i];
        qsort(sorted, listed->n_items, sizeof(*sorted), compare_sandboxes);
        *ret_sorted = sorted;
        return 0;
}

/* The uid of the pod that it is of; "": of none. */
static const char *get_uid(const Collection *collection,
                           const Runtime__V1__PodSandbox **sorted,
                           const Runtime__V1__Container *container) {
        const Runtime__V1__PodSandbox wanted = { .id = container->pod_sandbox_id };
        const Runtime__V1__PodSandbox *key = &wanted, **found;

        found = bsearch(&key, sorted, collection->input->sandboxes->n_items, sizeof(*sorted),
                        compare_sandboxes);
        if (!found)
                return get_container_label(container, LABEL_UID);
        return get_sandbox_label(*found, (*found)->metadata ? (*found)->metadata->uid : NULL,
                                 LABEL_UID);
}

/* Its sandbox went away between two answers, and it is still there: its labels say whose it is. */
static CollectPod *add_pod_of_labels(Collection *collection,
                                     const Runtime__V1__Container *container,
                                     const char *uid) {
        const char *namespace_name = get_container_label(container, LABEL_NAMESPACE),
                   *name = get_container_label(container, LABEL_POD);
        CollectPod *pod;

        if (!collect_is_uid(uid) || !collect_is_name(namespace_name) || !collect_is_name(name))
                return NULL;
        pod = collect_add_pod(collection, uid);
        if (pod && !pod->name[0]) {
                pod->namespace_name = namespace_name;
                pod->name = name;
        }
        return pod;
}

static uint32_t get_container_attempt(const Runtime__V1__Container *container) {
        return container->metadata ? container->metadata->attempt : 0;
}

static bool is_running(const Runtime__V1__Container *container) {
        return container->state == RUNTIME__V1__CONTAINER_STATE__CONTAINER_RUNNING;
}

/* One that runs holds memory, whatever was tried after it. */
static bool is_newer_container(const Runtime__V1__Container *a, const Runtime__V1__Container *b) {
        if (is_running(a) != is_running(b))
                return is_running(a);
        if (get_container_attempt(a) != get_container_attempt(b))
                return get_container_attempt(a) > get_container_attempt(b);
        return a->created_at > b->created_at;
}

static void complain_of_container(const Collection *collection,
                                  const Runtime__V1__Container *container,
                                  const char *what) {
        collect_complain(collection->collected->runtime_problem, "container %.80s is left out: %s",
                         container->id, what);
}

static int take_container(Collection *collection,
                          const Runtime__V1__PodSandbox **sorted,
                          const Runtime__V1__Container *container) {
        const char *uid = get_uid(collection, sorted, container);
        const char *name = container->metadata ? container->metadata->name : "";
        CollectContainer *row;
        CollectPod *pod;
        int r;

        if (uid[0] == '\0')
                return 0;
        if (name[0] == '\0')
                name = get_container_label(container, LABEL_CONTAINER);
        pod = collect_find_pod(collection, uid);
        if (!pod)
                pod = add_pod_of_labels(collection, container, uid);
        if (!pod || !collect_is_name(name)) {
                complain_of_container(collection, container, "it does not say whose it is");
                return 0;
        }
        r = collect_get_container(collection, pod, name, &row);
        if (r)
                return r;
        if (!row)
                complain_of_container(collection, container, "its pod has more than can be told");
        else if (!row->runtime || is_newer_container(container, row->runtime))
                row->runtime = container;
        return 0;
}

int collect_runtime(Collection *collection) {
        const CollectInput *input = collection->input;
        const Runtime__V1__PodSandbox **sorted;
        int r;

        if (!input->sandboxes || !input->containers)
                return 0;
        for (size_t i = 0; i < input->sandboxes->n_items; ++i)
                take_sandbox(collection, input->sandboxes->items[i]);
        r = sort_sandboxes(collection, &sorted);
        for (size_t i = 0; r == 0 && i < input->containers->n_containers; ++i)
                r = take_container(collection, sorted, input->containers->containers[i]);
        return r;
}
