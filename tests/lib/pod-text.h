/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods as one line, for rows of tests
 *
 *      pod cpu=2 memory=4Gi; init memory=1Gi/-; side:proxy memory=-/1Gi; app cpu=1/2;
 *      note memory.sluglab.io/pod local=1Gi,remote=1Gi
 *
 * A part for the pod itself, for each container (kind and name; "c" and its index when it has none)
 * and for each annotation. A resource is "request/limit", "-" for one that is left out, or a single
 * amount for both.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "split/pod.h"

#define POD_TEXT_CONTAINERS_MAX  16u
#define POD_TEXT_QUANTITIES_MAX  256u
#define POD_TEXT_ANNOTATIONS_MAX 8u

/* Points into itself: it stays where it is. {} before. */
typedef struct PodText {
        Pod pod;
        char *copy;
        PodContainer containers[POD_TEXT_CONTAINERS_MAX];
        char names[POD_TEXT_CONTAINERS_MAX][8];
        PodQuantity requests[POD_TEXT_QUANTITIES_MAX];
        PodQuantity limits[POD_TEXT_QUANTITIES_MAX];
        size_t n_requests, n_limits;
        PodAnnotation annotations[POD_TEXT_ANNOTATIONS_MAX];
} PodText;

/* False: it has another form, or more of something than there is room for. */
bool pod_text_parse(PodText *self, const char *text);
void pod_text_deinit(PodText *self);
DEFINE_DEINIT(PodText, pod_text_deinit);
