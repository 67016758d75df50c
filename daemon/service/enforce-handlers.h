/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Handlers of slug.v1.EnforcementService; @userdata is the service. Inside this folder only.
 */
#include "service/answer.h"
#include "service/enforce-service.h"
#include "slug/v1/enforce.pb-c.h"

/* enforce-list.c: what is held */
void enforce_list_containers(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void enforce_explain_container(RpcCall *call, const ProtobufCMessage *request, void *userdata);

/* enforce-admit.c: what containers are given */
void enforce_admit_containers(RpcCall *call, const ProtobufCMessage *request, void *userdata);
