/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods as they ask for memory
 *
 * What of a pod's specification counts for memory, borrowed from whoever read it, and the kubelet's
 * arithmetic on it: its QoS class, what a container and what the pod as a whole request.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/policy_static.go and
 * pkg/apis/core/v1/helper/qos, read at 1.36.3.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "split/split.h"

typedef enum QosClass {
        QOS_UNKNOWN,
        QOS_GUARANTEED,
        QOS_BURSTABLE,
        QOS_BEST_EFFORT,
        _QOS_N,
} QosClass;

#define POD_CONTAINERS_MAX 256u
#define POD_RESOURCES_MAX  32u
#define POD_PAGE_SIZES     4u
#define POD_UID_MAX        64u  /* with the NUL */
#define POD_NAME_MAX       256u /* with the NUL; of namespaces, pods and containers */

/* "memory", "4Gi" */
typedef struct PodQuantity {
        const char *name;
        const char *quantity;
} PodQuantity;

typedef struct PodResources {
        const PodQuantity *requests;
        size_t n_requests;
        const PodQuantity *limits;
        size_t n_limits;
} PodResources;

typedef struct PodContainer {
        const char *name;
        PodResources resources;
        bool is_init;        /* runs before the others */
        bool is_restartable; /* an init container that stays: a sidecar */
} PodContainer;

typedef struct PodAnnotation {
        const char *name;
        const char *value;
} PodAnnotation;

typedef struct Pod {
        const char *uid;
        const char *namespace_name;
        const char *name;
        QosClass qos;                   /* as its status says; QOS_UNKNOWN: it is computed */
        const PodContainer *containers; /* init containers first, each kind in the pod's order */
        size_t n_containers;
        PodResources resources; /* of the pod itself */
        const PodAnnotation *annotations;
        size_t n_annotations;
} Pod;

/* What is requested of one kind of page. page_bytes 0 is plain memory. */
typedef struct PodAmount {
        uint64_t page_bytes;
        uint64_t bytes;
} PodAmount;

/* Plain memory first when there is any, then huge pages by rising size. */
typedef struct PodAmounts {
        PodAmount items[1 + POD_PAGE_SIZES];
        size_t n_items;
} PodAmounts;

enum {
        _POD_E_SUCCESS,
        POD_E_INVALID, /* @reterr names pod, container, resource and what is wrong with it */
};

/*
 * Every name and quantity is what Kubernetes allows, within the limits above, and no pointer that
 * is to have text is NULL. Namespace and name may be NULL or "": not known. What is below wants a
 * pod that passed.
 */
_must_check_ int pod_check(const Pod *pod, Diag *reterr);

QosClass pod_get_qos(const Pod *pod);
bool pod_has_resources(const Pod *pod); /* pod-level ones that count, as the kubelet sees it */
const PodContainer *pod_find_container(const Pod *pod, const char *name);

/*
 * The annotation whose name is @name and right after it @suffix, which may be "": the ones of a
 * container end with its name.
 */
const PodAnnotation *pod_find_annotation(const PodAnnotation *annotations,
                                         size_t n_annotations,
                                         const char *name,
                                         const char *suffix);

/*
 * What the Static policy counts. @with_pod_level: the kubelet's gate PodLevelResourceManagers.
 * POD_E_INVALID: a quantity that does not fit int64, as the kubelet refuses it ("1.5Gi" and "100Ti"
 * among them), or a sum that does not fit 64 bits. A container's request of 0 is an item of 0
 * bytes: the kubelet gives hints for it, too.
 */
_must_check_ int pod_get_container_amounts(const Pod *pod,
                                           const PodContainer *container,
                                           bool with_pod_level,
                                           PodAmounts *ret,
                                           Diag *reterr);
_must_check_ int
pod_get_amounts(const Pod *pod, bool with_pod_level, PodAmounts *ret, Diag *reterr);

/*
 * The split of a container: its memory request and limit, its chunks, and the annotations; the
 * container's own wins over the pod's, and the pod's counts for a pod of one container only
 * (otherwise POD_E_INVALID: nobody could say whose bytes they are).
 */
_must_check_ int
pod_get_container_split(const Pod *pod, const PodContainer *container, Split *ret, Diag *reterr);

/* "hugepages-2Mi": bytes of a page. False: it is not a huge page resource in its one spelling. */
bool pod_parse_hugepages(const char *resource, uint64_t *ret_page_bytes);
/* "memory" or "hugepages-2Mi" */
#define POD_RESOURCE_NAME_MAX 96u
const char *pod_format_resource(uint64_t page_bytes, char buffer[static POD_RESOURCE_NAME_MAX]);
const char *qos_class_name(QosClass qos); /* "Guaranteed"; "" for QOS_UNKNOWN */
bool qos_class_parse(const char *text, QosClass *ret);
