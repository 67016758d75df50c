/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The agent
 *
 * The composition root of slug-kubelet: when to collect, whom to ask, what is made of the answers,
 * and who is told.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kubelet/device/plugin.h"
#include "kubelet/endpoints.h"

typedef struct AgentParams {
        const char *root;   /* of all paths but slugd's */
        const char *socket; /* slugd's */
        EndpointsParams endpoints;
        const char *manifests;   /* the folder of static pods' manifests; NULL: it is not read */
        bool has_no_kubelet;     /* it is not asked, not waited for, and told nothing */
        Registering registering; /* how the kubelet is told of chunks */
        bool is_once;            /* one round, printed, and no slugd */
        const char *pod_namespace, *pod_name; /* once: the only pod that is printed; NULL: all */
        uint64_t interval_usec;
        uint64_t settle_usec;
} AgentParams;

enum {
        _AGENT_E_SUCCESS,
        AGENT_E_REFUSED,    /* @reterr says what cannot be used, and what to do */
        AGENT_E_INCOMPLETE, /* a round that was printed is not all there is, or has no such pod */
};

typedef struct Agent Agent;

/* @params: what they point to outlives the agent. Return: 0, AGENT_E_REFUSED, or an errno. */
_must_check_ int agent_new(const AgentParams *params, Agent **ret, Diag *reterr);
Agent *agent_free(Agent *agent);
DEFINE_CLEANUP(Agent *, agent_free);
/* Until it is asked to stop, or has printed its round. Return: 0, AGENT_E_INCOMPLETE, or an
 * errno. */
_must_check_ int agent_run(Agent *agent);
