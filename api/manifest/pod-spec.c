/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod-spec.h"

#include <string.h>

#include "base/quantity.h"
#include "manifest/manifest-pods.h"

/*
 * Requests and limits are both maps from names to quantities, and protobuf-c makes two types of
 * them that look alike; they are filled by their descriptors. Quantities are passed on as they
 * were written, once it is known that they are some: slugd reckons, and here is the place in the
 * file.
 */
typedef struct Pair {
        char *key;
        char *value;
} Pair;

static int refuse_quantity(const PodSpecReader *self,
                           const yaml_node_t *node,
                           const char *resource,
                           const char *text) {
        char quoted[MANIFEST_QUOTED_MAX], quoted_resource[MANIFEST_QUOTED_MAX];

        return manifest_refuse(
                self->manifest, node, "%s is no quantity for %s; write it as 4Gi, 512M, 2 or 500m",
                manifest_quote(text, quoted), manifest_quote(resource, quoted_resource));
}

static int read_pair(PodSpecReader *self,
                     const char *key,
                     yaml_node_t *value,
                     const Pair *before,
                     size_t n_before,
                     Pair *ret) {
        Quantity quantity;
        const char *text;
        Pair pair;
        int r;

        for (size_t i = 0; i < n_before; ++i)
                if (strcmp(before[i].key, key) == 0)
                        return manifest_refuse(self->manifest, value,
                                               "'%.60s' is given twice; leave one out", key);
        if (strlen(key) > MANIFEST_TEXT_MAX)
                return manifest_refuse(self->manifest, value, "a key of more than %u bytes",
                                       MANIFEST_TEXT_MAX);
        r = manifest_get_text(self->manifest, value, "a quantity", &text);
        if (r)
                return r;
        if (quantity_parse(text, strlen(text), &quantity) || quantity.is_negative)
                return refuse_quantity(self, value, key, text);
        pair.key = arena_strdup(self->arena, key);
        pair.value = arena_strdup(self->arena, text);
        if (!pair.key || !pair.value)
                return -ENOMEM;
        *ret = pair;
        return 0;
}

static int read_pairs(PodSpecReader *self,
                      yaml_node_t *node,
                      const char *name,
                      Pair pairs[static MANIFEST_PODS_RESOURCES_MAX],
                      size_t *ret_n) {
        size_t n;
        int r;

        r = manifest_count_pairs(self->manifest, node, name, &n);
        if (r)
                return r;
        if (n > MANIFEST_PODS_RESOURCES_MAX)
                return manifest_refuse(self->manifest, node, "more than %u %s",
                                       MANIFEST_PODS_RESOURCES_MAX, name);
        for (size_t i = 0; i < n; ++i) {
                yaml_node_t *value;
                const char *key;

                r = manifest_get_pair(self->manifest, node, i, &key, &value);
                if (r == 0)
                        r = read_pair(self, key, value, pairs, i, &pairs[i]);
                if (r)
                        return r;
        }
        *ret_n = n;
        return 0;
}

/* As entries of a map: @descriptor has a key and a value, both of them text. */
static int read_map(PodSpecReader *self,
                    yaml_node_t *node,
                    const char *name,
                    const ProtobufCMessageDescriptor *descriptor,
                    void *ret_entries,
                    size_t *ret_n) {
        Pair pairs[MANIFEST_PODS_RESOURCES_MAX];
        ProtobufCMessage **entries;
        size_t n;
        int r;

        r = read_pairs(self, node, name, pairs, &n);
        if (r || n == 0)
                return r;
        entries = arena_alloc_array(self->arena, n, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                char *entry = arena_alloc(self->arena, descriptor->sizeof_message);

                if (!entry)
                        return -ENOMEM;
                entries[i] = (ProtobufCMessage *)(void *)entry;
                protobuf_c_message_init(descriptor, entries[i]);
                *(char **)(void *)(entry + descriptor->fields[0].offset) = pairs[i].key;
                *(char **)(void *)(entry + descriptor->fields[1].offset) = pairs[i].value;
        }
        memcpy(ret_entries, &entries, sizeof(entries));
        *ret_n = n;
        return 0;
}

/* @ret: NULL when there are none */
static int read_resources(PodSpecReader *self, yaml_node_t *node, Slug__V1__PodResources **ret) {
        ManifestField fields[] = { { .name = "requests" }, { .name = "limits" } };
        Slug__V1__PodResources *resources;
        int r;

        if (!node) {
                *ret = NULL;
                return 0;
        }
        r = manifest_bind(self->manifest, node, "resources", fields, ELEMENTSOF(fields));
        if (r)
                return r;
        resources = arena_alloc(self->arena, sizeof(*resources));
        if (!resources)
                return -ENOMEM;
        slug__v1__pod_resources__init(resources);
        r = read_map(self, fields[0].node, "requests",
                     &slug__v1__pod_resources__requests_entry__descriptor, &resources->requests,
                     &resources->n_requests);
        if (r == 0)
                r = read_map(self, fields[1].node, "limits",
                             &slug__v1__pod_resources__limits_entry__descriptor, &resources->limits,
                             &resources->n_limits);
        if (r == 0)
                *ret = resources;
        return r;
}

static bool is_requested(const Slug__V1__PodResources *resources, const char *name) {
        for (size_t i = 0; i < resources->n_requests; ++i)
                if (strcmp(resources->requests[i]->key, name) == 0)
                        return true;
        return false;
}

/*
 * What a container has a limit of and no request, it requests up to the limit: the API server makes
 * it so before a kubelet sees the pod, and a file is read as if it had been there.
 */
static int default_requests(PodSpecReader *self, Slug__V1__PodResources *resources) {
        const size_t n = resources->n_requests + resources->n_limits;
        Slug__V1__PodResources__RequestsEntry **requests;

        requests = arena_alloc_array(self->arena, n + 1, sizeof(*requests));
        if (!requests)
                return -ENOMEM;
        for (size_t i = 0; i < resources->n_requests; ++i)
                requests[i] = resources->requests[i];
        resources->requests = requests;
        for (size_t i = 0; i < resources->n_limits; ++i) {
                const Slug__V1__PodResources__LimitsEntry *limit = resources->limits[i];
                Slug__V1__PodResources__RequestsEntry *request;

                if (is_requested(resources, limit->key))
                        continue;
                request = arena_alloc(self->arena, sizeof(*request));
                if (!request)
                        return -ENOMEM;
                slug__v1__pod_resources__requests_entry__init(request);
                request->key = limit->key;
                request->value = limit->value;
                requests[resources->n_requests++] = request;
        }
        return 0;
}

static int read_container(PodSpecReader *self, yaml_node_t *node, Slug__V1__PodContainer **ret) {
        ManifestField fields[] = { { .name = "name" },
                                   { .name = "resources" },
                                   { .name = "restartPolicy" } };
        Slug__V1__PodContainer *container;
        const char *name, *policy;
        int r;

        r = manifest_bind(self->manifest, node, "a container", fields, ELEMENTSOF(fields));
        if (r == 0)
                r = manifest_get_text(self->manifest, fields[0].node, "the name", &name);
        if (r == 0)
                r = manifest_get_text(self->manifest, fields[2].node, "restartPolicy", &policy);
        if (r)
                return r;
        if (!name[0])
                return manifest_refuse(self->manifest, node,
                                       "a container without a name; give it one: name: NAME");
        container = arena_alloc(self->arena, sizeof(*container));
        if (!container)
                return -ENOMEM;
        slug__v1__pod_container__init(container);
        r = read_resources(self, fields[1].node, &container->resources);
        if (r == 0 && container->resources)
                r = default_requests(self, container->resources);
        if (r)
                return r;
        container->name = arena_strdup(self->arena, name);
        container->restart_policy = arena_strdup(self->arena, policy);
        if (!container->name || !container->restart_policy)
                return -ENOMEM;
        *ret = container;
        return 0;
}

static int read_containers(PodSpecReader *self,
                           yaml_node_t *node,
                           const char *name,
                           Slug__V1__PodContainer ***ret,
                           size_t *ret_n) {
        Slug__V1__PodContainer **containers;
        size_t n;
        int r;

        r = manifest_count_items(self->manifest, node, name, &n);
        if (r || n == 0)
                return r;
        if (n > MANIFEST_PODS_CONTAINERS_MAX)
                return manifest_refuse(self->manifest, node, "more than %u %s",
                                       MANIFEST_PODS_CONTAINERS_MAX, name);
        containers = arena_alloc_array(self->arena, n, sizeof(*containers));
        if (!containers)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; ++i)
                r = read_container(self, manifest_get_item(self->manifest, node, i),
                                   &containers[i]);
        if (r)
                return r;
        *ret = containers;
        *ret_n = n;
        return 0;
}

static int read_annotation(PodSpecReader *self,
                           const char *key,
                           yaml_node_t *value,
                           Slug__V1__Pod__AnnotationsEntry **entries,
                           size_t *n_entries) {
        Slug__V1__Pod__AnnotationsEntry *entry;
        const char *text;
        int r;

        for (size_t i = 0; i < *n_entries; ++i)
                if (strcmp(entries[i]->key, key) == 0)
                        return manifest_refuse(self->manifest, value,
                                               "'%.60s' is given twice; leave one out", key);
        if (*n_entries == MANIFEST_PODS_ANNOTATIONS_MAX || strlen(key) > MANIFEST_TEXT_MAX)
                return manifest_refuse(self->manifest, value,
                                       "too long, or more than %u annotations of slug",
                                       MANIFEST_PODS_ANNOTATIONS_MAX);
        r = manifest_get_text(self->manifest, value, "an annotation", &text);
        if (r)
                return r;
        entry = arena_alloc(self->arena, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        slug__v1__pod__annotations_entry__init(entry);
        entry->key = arena_strdup(self->arena, key);
        entry->value = arena_strdup(self->arena, text);
        if (!entry->key || !entry->value)
                return -ENOMEM;
        entries[(*n_entries)++] = entry;
        return 0;
}

/* Only ours: the others are large, and nobody reads them. */
static int read_annotations(PodSpecReader *self, yaml_node_t *node, Slug__V1__Pod *pod) {
        Slug__V1__Pod__AnnotationsEntry *entries[MANIFEST_PODS_ANNOTATIONS_MAX];
        size_t n_pairs, n = 0;
        int r;

        r = manifest_count_pairs(self->manifest, node, "annotations", &n_pairs);
        for (size_t i = 0; r == 0 && i < n_pairs; ++i) {
                yaml_node_t *value;
                const char *key;

                r = manifest_get_pair(self->manifest, node, i, &key, &value);
                if (r == 0 && strncmp(key, MANIFEST_PODS_ANNOTATIONS_PREFIX,
                                      strlen(MANIFEST_PODS_ANNOTATIONS_PREFIX)) == 0)
                        r = read_annotation(self, key, value, entries, &n);
        }
        if (r || n == 0)
                return r;
        pod->annotations = arena_alloc_array(self->arena, n, sizeof(entries[0]));
        if (!pod->annotations)
                return -ENOMEM;
        memcpy(pod->annotations, entries, n * sizeof(entries[0]));
        pod->n_annotations = n;
        return 0;
}

int pod_spec_read(PodSpecReader *self,
                  const yaml_node_t *object,
                  yaml_node_t *metadata,
                  yaml_node_t *spec,
                  Slug__V1__Pod *pod) {
        ManifestField of_metadata[] = { { .name = "annotations" } };
        ManifestField fields[] = { { .name = "containers" },
                                   { .name = "initContainers" },
                                   { .name = "resources" } };
        int r;

        r = manifest_bind(self->manifest, metadata, "metadata", of_metadata,
                          ELEMENTSOF(of_metadata));
        if (r == 0)
                r = read_annotations(self, of_metadata[0].node, pod);
        if (r == 0)
                r = manifest_bind(self->manifest, spec, "spec", fields, ELEMENTSOF(fields));
        if (r == 0)
                r = read_containers(self, fields[0].node, "containers", &pod->containers,
                                    &pod->n_containers);
        if (r == 0)
                r = read_containers(self, fields[1].node, "initContainers", &pod->init_containers,
                                    &pod->n_init_containers);
        if (r == 0)
                r = read_resources(self, fields[2].node, &pod->resources);
        if (r == 0 && pod->n_containers == 0)
                return manifest_refuse(self->manifest, spec ? spec : object,
                                       "a pod without containers; give it some: spec: "
                                       "{containers: [...]}");
        return r;
}
