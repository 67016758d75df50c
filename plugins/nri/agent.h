/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The agent
 *
 * The composition root of slug-nri: the session with the runtime, slugd, the containers that ask
 * for something, and who is told what of them.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

/* What becomes of a container that asks for a split while slugd does not answer. */
typedef enum AgentAway {
        AGENT_OPEN,   /* it is created with nothing of it */
        AGENT_CLOSED, /* it is not created; the kubelet tries again */
} AgentAway;

typedef enum AgentPolicy {
        AGENT_POLICY_AUTO, /* where the runtime takes one */
        AGENT_POLICY_NONE,
} AgentPolicy;

typedef struct AgentParams {
        const char *socket;     /* slugd's */
        const char *nri_socket; /* the runtime's */
        const char *index;      /* two digits: the place among the runtime's plugins */
        unsigned away;          /* AgentAway */
        unsigned policy;        /* AgentPolicy: of memory, MPOL_PREFERRED_MANY */
} AgentParams;

enum {
        _AGENT_E_SUCCESS,
        AGENT_E_REFUSED, /* @reterr says what cannot be used */
};

typedef struct Agent Agent;

/* @params: what they point to outlives the agent. Return: 0, AGENT_E_REFUSED, or an errno. */
_must_check_ int agent_new(const AgentParams *params, Agent **ret, Diag *reterr);
Agent *agent_free(Agent *agent);
DEFINE_CLEANUP(Agent *, agent_free);
/* Until it is asked to stop. Return: 0 or an errno. */
_must_check_ int agent_run(Agent *agent);
