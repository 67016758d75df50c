/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a container or a pod asks for in slug mode. Inside this folder only.
 */
#include "hints/hints.h"

/* As hints_request_of_container(). */
_must_check_ int request_of_pod(const Pod *pod, HintsRequest *ret, Diag *reterr);
/* Nothing is promised. */
bool request_is_empty(const HintsRequest *request);
/* Both localities as one amount, as the kubelet sees it. */
PodAmounts request_get_amounts(const HintsRequest *request);
