/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "kubelet/collect-rows.h"

/*
 * The kubelet's part: what it lists is found by namespace and name, what its files have by uid, and
 * manifests by what they and the node make of a name. No file says who is there: a pod that only a
 * file has may be long gone.
 */

/* Of two pods of one name the kubelet means the one that runs: the other is one that it had before,
 * or has not begun with. */
static bool is_meant(const CollectPod *a, const CollectPod *b) {
        if (collect_is_ready(a) != collect_is_ready(b))
                return collect_is_ready(a);
        if (!a->sandbox || !b->sandbox)
                return a->sandbox;
        return a->sandbox->created_at > b->sandbox->created_at;
}

static CollectPod *find_named(const Collection *collection, const V1__PodResources *listed) {
        CollectPod *found = NULL;

        for (size_t i = 0; i < collection->n_pods; ++i) {
                CollectPod *pod = &collection->pods[i];

                if (strcmp(pod->name, listed->name) == 0 &&
                    strcmp(pod->namespace_name, listed->namespace_) == 0 &&
                    (!found || is_meant(pod, found)))
                        found = pod;
        }
        return found;
}

/* By devices */

static bool has_id(const DeviceEntry *entry, const char *id) {
        for (size_t i = 0; i < entry->n_ids; ++i)
                if (strcmp(entry->ids[i], id) == 0)
                        return true;
        return false;
}

/* A device is one container's at a time, so whoever has it is known by it. NULL: not known. */
static const char *find_holder(const Devices *devices,
                               const V1__ContainerResources *container,
                               const V1__ContainerDevices *given) {
        if (given->n_device_ids == 0 || !collect_is_ours(given))
                return NULL;
        for (size_t i = 0; i < devices->n_entries; ++i) {
                const DeviceEntry *entry = &devices->entries[i];

                if (strcmp(entry->container, container->name) == 0 &&
                    strcmp(entry->resource, given->resource_name) == 0 &&
                    has_id(entry, given->device_ids[0]))
                        return entry->pod_uid;
        }
        return NULL;
}

static const char *find_uid(const Collection *collection, const V1__PodResources *listed) {
        const Devices *devices = collection->input->devices;

        for (size_t i = 0; devices && i < listed->n_containers; ++i) {
                const V1__ContainerResources *container = listed->containers[i];

                for (size_t k = 0; k < container->n_devices; ++k) {
                        const char *uid = find_holder(devices, container, container->devices[k]);

                        if (uid)
                                return uid;
                }
        }
        return NULL;
}

/* It was admitted, and its sandbox is still to come. */
static CollectPod *add_by_device(Collection *collection, const V1__PodResources *listed) {
        const char *uid = find_uid(collection, listed);
        CollectPod *pod;

        if (!uid || !collect_is_uid(uid) || collect_find_pod(collection, uid) ||
            !collect_is_name(listed->namespace_) || !collect_is_name(listed->name))
                return NULL;
        pod = collect_add_pod(collection, uid);
        if (!pod) {
                collect_complain(collection->collected->kubelet_problem,
                                 "%.80s/%.80s is left out: there are more pods than can be told",
                                 listed->namespace_, listed->name);
                return NULL;
        }
        pod->namespace_name = listed->namespace_;
        pod->name = listed->name;
        return pod;
}

/* What is known of them */

static void
complain_of_container(const Collection *collection, const CollectPod *pod, const char *name) {
        collect_complain(collection->collected->kubelet_problem,
                         "container '%.60s' of %.60s/%.60s is left out: it has no such name, or "
                         "there are too many",
                         name, pod->namespace_name, pod->name);
}

/* @ret: NULL: it is left out, which was said. Return: 0 or -ENOMEM. */
static int
get_container(Collection *collection, CollectPod *pod, const char *name, CollectContainer **ret) {
        int r = 0;

        *ret = NULL;
        if (collect_is_name(name))
                r = collect_get_container(collection, pod, name, ret);
        if (r == 0 && !*ret)
                complain_of_container(collection, pod, name);
        return r;
}

static int take_listed(Collection *collection, const V1__PodResources *listed) {
        CollectPod *pod = find_named(collection, listed);
        int r;

        if (!pod)
                pod = add_by_device(collection, listed);
        if (!pod)
                return 0;
        pod->listed = listed;
        for (size_t i = 0; i < listed->n_containers; ++i) {
                CollectContainer *container;

                r = get_container(collection, pod, listed->containers[i]->name, &container);
                if (r)
                        return r;
                if (container)
                        container->listed = listed->containers[i];
        }
        return 0;
}

static int take_allocated(Collection *collection, CollectPod *pod) {
        const AllocatedPod *allocated = allocations_find(collection->input->allocations, pod->uid);
        int r;

        pod->allocated = allocated;
        for (size_t i = 0; allocated && i < allocated->n_containers; ++i) {
                CollectContainer *container;

                r = get_container(collection, pod, allocated->containers[i].name, &container);
                if (r)
                        return r;
                if (container)
                        container->allocated = &allocated->containers[i];
        }
        return 0;
}

static int take_devices(Collection *collection, const DeviceEntry *entry) {
        CollectPod *pod = collect_find_pod(collection, entry->pod_uid);
        CollectContainer *container;

        return pod ? get_container(collection, pod, entry->container, &container) : 0;
}

/* Manifests */

/* The names of static pods end in that of the node, which is one: of two that differ and fit the
 * same manifest, one is of another. */
static bool is_meant_for_another(const Collection *collection, const CollectPod *pod) {
        for (size_t i = 0; i < collection->n_pods; ++i)
                if (collection->pods[i].manifest == pod->manifest &&
                    strcmp(collection->pods[i].name, pod->name) != 0)
                        return true;
        return false;
}

/* A manifest may be another one than the kubelet has read: it makes no container known. */
static void take_manifest(const Collection *collection, CollectPod *pod) {
        const StaticPod *manifest = pod->manifest;

        if (!manifest || is_meant_for_another(collection, pod))
                return;
        if (!pod->allocated)
                pod->allocated = &manifest->asked;
        for (size_t i = 0; i < pod->n_containers; ++i) {
                CollectContainer *container = &pod->containers[i];

                if (!container->allocated)
                        container->allocated =
                                allocated_pod_find(&manifest->asked, container->name);
        }
}

static void take_manifests(Collection *collection, const Manifests *manifests) {
        for (size_t i = 0; i < collection->n_pods; ++i) {
                CollectPod *pod = &collection->pods[i];

                if (collect_is_static(pod))
                        pod->manifest = manifests_find(manifests, pod->namespace_name, pod->name);
        }
        for (size_t i = 0; i < collection->n_pods; ++i)
                take_manifest(collection, &collection->pods[i]);
}

int collect_kubelet(Collection *collection) {
        const CollectInput *input = collection->input;
        int r = 0;

        for (size_t i = 0; r == 0 && input->listed && i < input->listed->n_pod_resources; ++i)
                r = take_listed(collection, input->listed->pod_resources[i]);
        for (size_t i = 0; r == 0 && input->allocations && i < collection->n_pods; ++i)
                r = take_allocated(collection, &collection->pods[i]);
        for (size_t i = 0; r == 0 && input->devices && i < input->devices->n_entries; ++i)
                r = take_devices(collection, &input->devices->entries[i]);
        if (r == 0 && input->manifests)
                take_manifests(collection, input->manifests);
        return r;
}
