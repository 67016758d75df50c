/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod.h"

#include <stdio.h>
#include <string.h>

#include "base/quantity.h"

/*
 * Names
 *
 * What Kubernetes calls its QoS classes and resources, both ways, and looking things up in a pod by
 * name.
 *
 * A huge page resource has one spelling here: the prefix and the canonical quantity of a power of
 * two. The kubelet names the pages that a node has like that and compares names, not sizes, so that
 * "hugepages-2048Ki" is a resource that no node has.
 */
#define HUGEPAGES_PREFIX "hugepages-"

const PodContainer *pod_find_container(const Pod *pod, const char *name) {
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].name && strcmp(pod->containers[i].name, name) == 0)
                        return &pod->containers[i];
        return NULL;
}

const PodAnnotation *pod_find_annotation(const PodAnnotation *annotations,
                                         size_t n_annotations,
                                         const char *name,
                                         const char *suffix) {
        const size_t n_name = strlen(name);

        for (size_t i = 0; i < n_annotations; ++i)
                if (annotations[i].name && strncmp(annotations[i].name, name, n_name) == 0 &&
                    strcmp(annotations[i].name + n_name, suffix) == 0)
                        return &annotations[i];
        return NULL;
}

bool pod_parse_hugepages(const char *resource, uint64_t *ret_page_bytes) {
        const size_t n_prefix = strlen(HUGEPAGES_PREFIX);
        char canonical[QUANTITY_TEXT_MAX];
        Quantity quantity;
        uint64_t bytes;

        if (strncmp(resource, HUGEPAGES_PREFIX, n_prefix) != 0)
                return false;
        resource += n_prefix;
        if (quantity_parse(resource, strlen(resource), &quantity) != 0 ||
            quantity_to_u64(&quantity, &bytes) != 0)
                return false;
        if (bytes == 0 || (bytes & (bytes - 1)) != 0 || bytes > INT64_MAX)
                return false;
        if (strcmp(quantity_format_bytes(bytes, canonical), resource) != 0)
                return false;
        *ret_page_bytes = bytes;
        return true;
}

const char *pod_format_resource(uint64_t page_bytes, char buffer[static POD_RESOURCE_NAME_MAX]) {
        char text[QUANTITY_TEXT_MAX];

        if (page_bytes == 0)
                (void)snprintf(buffer, POD_RESOURCE_NAME_MAX, "memory");
        else
                (void)snprintf(buffer, POD_RESOURCE_NAME_MAX, HUGEPAGES_PREFIX "%s",
                               quantity_format_bytes(page_bytes, text));
        return buffer;
}

static const char *const qos_names[_QOS_N] = {
        [QOS_UNKNOWN] = "",
        [QOS_GUARANTEED] = "Guaranteed",
        [QOS_BURSTABLE] = "Burstable",
        [QOS_BEST_EFFORT] = "BestEffort",
};

const char *qos_class_name(QosClass qos) {
        return (unsigned)qos < _QOS_N ? qos_names[qos] : "";
}

/* The empty text is QOS_UNKNOWN. */
bool qos_class_parse(const char *text, QosClass *ret) {
        for (unsigned i = 0; i < _QOS_N; ++i)
                if (strcmp(text, qos_names[i]) == 0) {
                        *ret = (QosClass)i;
                        return true;
                }
        return false;
}
