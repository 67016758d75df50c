/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims of a person
 *
 * They have a name instead of a pod. To the daemon, NAME is the container NAME of a pod that nobody
 * but slugd knows: "operator-NAME" is its uid, "operator" its namespace.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"
#include "slug/v1/memory.pb-c.h"
#include "slugctl/request.h"
#include "split/split.h"

#define OPERATOR_NAMESPACE  "operator"
#define OPERATOR_UID_PREFIX "operator-"
#define OPERATOR_NAME_MAX   48u /* without the NUL; the uid of a pod has 63 at the most */
#define OPERATOR_UID_MAX    (sizeof(OPERATOR_UID_PREFIX) + OPERATOR_NAME_MAX)

/* VERB_E_USAGE with @reterr set: it is not what a container may be called. */
_must_check_ int
operator_get_uid(const char *name, char ret[static OPERATOR_UID_MAX], Diag *reterr);

#define OPERATOR_ANNOTATION_MAX (sizeof(SPLIT_ANNOTATION_CONTAINER) + OPERATOR_NAME_MAX)
#define OPERATOR_SPLIT_MAX      (4 * QUANTITY_TEXT_MAX + sizeof("local=..,remote=.."))
#define OPERATOR_RESOURCES_MAX  (1 + REQUEST_PAGE_SIZES)

/* The pod and all that it points to; it does not move. */
typedef struct OperatorPod {
        char uid[OPERATOR_UID_MAX];
        char annotation_key[OPERATOR_ANNOTATION_MAX];
        char annotation_value[OPERATOR_SPLIT_MAX];
        char keys[OPERATOR_RESOURCES_MAX][32];
        char values[OPERATOR_RESOURCES_MAX][QUANTITY_TEXT_MAX];
        Slug__V1__Pod__AnnotationsEntry annotation;
        Slug__V1__Pod__AnnotationsEntry *annotations[1];
        Slug__V1__PodResources__RequestsEntry requests[OPERATOR_RESOURCES_MAX];
        Slug__V1__PodResources__RequestsEntry *request_list[OPERATOR_RESOURCES_MAX];
        Slug__V1__PodResources__LimitsEntry limits[OPERATOR_RESOURCES_MAX];
        Slug__V1__PodResources__LimitsEntry *limit_list[OPERATOR_RESOURCES_MAX];
        size_t n_resources;
        Slug__V1__PodResources resources;
        Slug__V1__PodContainer container;
        Slug__V1__PodContainer *containers[1];
        Slug__V1__Pod message;
} OperatorPod;

/* @self: {} */
_must_check_ int
operator_pod_init(OperatorPod *self, const char *name, const RequestAmounts *amounts, Diag *reterr);
