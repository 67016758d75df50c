/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static pods that are not there
 *
 * A kubelet that refuses a static pod makes no sandbox and lists it nowhere, and does not try again
 * while the manifest is as it was. All that is left is the manifest.
 */
#include <errno.h>
#include <string.h>

#include "kubelet/collect-rows.h"

/* Of the sandbox that is left of a pod before a boot nothing runs, and nothing says what it asks
 * for once its containers are cleared away. */
static bool is_there(const CollectPod *pod) {
        if (!pod->sandbox || collect_is_ready(pod) || pod->listed)
                return true;
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].runtime)
                        return true;
        return false;
}

/* What has no sandbox yet cannot be said to be static. */
static bool has_pod(const Collection *collection, const StaticPod *manifest) {
        for (size_t i = 0; i < collection->n_pods; ++i) {
                const CollectPod *pod = &collection->pods[i];

                if ((!pod->sandbox || collect_is_static(pod)) && is_there(pod) &&
                    manifests_may_be(collection->input->manifests, manifest, pod->namespace_name,
                                     pod->name))
                        return true;
        }
        return false;
}

static bool has_our_devices(const V1__PodResources *listed) {
        for (size_t i = 0; i < listed->n_containers; ++i)
                for (size_t k = 0; k < listed->containers[i]->n_devices; ++k)
                        if (collect_is_ours(listed->containers[i]->devices[k]))
                                return true;
        return false;
}

/* It was admitted, and its uid is not known. A kubelet before 1.34 lists what it has refused, too,
 * which has no device. */
static bool is_admitted(const Collection *collection, const StaticPod *manifest) {
        const V1__ListPodResourcesResponse *all = collection->input->listed;

        for (size_t i = 0; i < all->n_pod_resources; ++i) {
                const V1__PodResources *listed = all->pod_resources[i];

                if (has_our_devices(listed) &&
                    manifests_may_be(collection->input->manifests, manifest, listed->namespace_,
                                     listed->name))
                        return true;
        }
        return false;
}

static int
add_missing(Collection *collection, const StaticPod *manifest, Slug__V1__MissingStaticPod **ret) {
        Slug__V1__MissingStaticPod *message = arena_alloc(collection->arena, sizeof(*message));
        int r = 0;

        if (!message)
                return -ENOMEM;
        slug__v1__missing_static_pod__init(message);
        message->namespace_ = (char *)manifest->namespace_name;
        message->name = (char *)manifest->name;
        message->file = (char *)manifest->file;
        for (size_t i = 0; r == 0 && i < manifest->asked.n_containers; ++i)
                r = collect_add_requested(collection->arena,
                                          &manifest->asked.containers[i].resources,
                                          &message->requested, &message->n_requested);
        *ret = message;
        return r;
}

/* A kubelet and a runtime that have not answered miss nothing. */
int collect_missing(Collection *collection) {
        const CollectInput *input = collection->input;
        Collected *collected = collection->collected;

        if (!input->manifests || !input->listed || !input->sandboxes || !input->containers)
                return 0;
        collected->missing = arena_alloc_array(collection->arena, COLLECT_MISSING_MAX,
                                               sizeof(*collected->missing));
        if (!collected->missing)
                return -ENOMEM;
        for (size_t i = 0; i < input->manifests->n_pods; ++i) {
                const StaticPod *manifest = &input->manifests->pods[i];
                Slug__V1__MissingStaticPod *missing;
                int r;

                if (collected->n_missing == COLLECT_MISSING_MAX)
                        return 0;
                if (has_pod(collection, manifest) || is_admitted(collection, manifest))
                        continue;
                r = add_missing(collection, manifest, &missing);
                if (r)
                        return r;
                if (missing->n_requested > 0)
                        collected->missing[collected->n_missing++] = missing;
        }
        return 0;
}
