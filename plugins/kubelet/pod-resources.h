/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's pod-resources socket
 *
 * Which pods the kubelet has, what devices and memory it gave them, and what it could give at all.
 * It answers a hundred questions a second and no more; one that is refused for that is asked again.
 */
#include "k8s/podresources/v1/podresources.pb-c.h"
#include "kubelet/peer.h"
#include "slug/v1/pod.pb-c.h"

/* What a round gave; the client's, until the next one begins. */
typedef struct PodResourcesLook {
        Slug__V1__ReportSourceState state;
        char problem[DIAG_TEXT_MAX];
        V1__ListPodResourcesResponse *listed; /* NULL unless it is complete */
        /* Of the same kubelet, from this round or one before; NULL: it has not said it. */
        const V1__AllocatableResourcesResponse *allocatable;
} PodResourcesLook;

typedef struct PodResourcesParams {
        sd_event *event;
        const Root *root;
        const char *pod_namespace, *pod_name; /* of the only one that is asked about; NULL: all */
        void (*done)(void *userdata);         /* a round has ended */
        void *userdata;
} PodResourcesParams;

typedef struct PodResourcesClient PodResourcesClient;

_must_check_ int pod_resources_new(const PodResourcesParams *params, PodResourcesClient **ret);
PodResourcesClient *pod_resources_free(PodResourcesClient *client);
DEFINE_CLEANUP(PodResourcesClient *, pod_resources_free);

Peer *pod_resources_get_peer(PodResourcesClient *client);
const PodResourcesLook *pod_resources_get_look(const PodResourcesClient *client);
/* Begins a round. False: it is over at once, and done() is not called. */
_must_check_ bool pod_resources_ask(PodResourcesClient *client);
