/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Limits and cgroups as messages. Inside this folder only. Everything is allocated from the arena;
 * -ENOMEM when it is full.
 */
#include "service/level-usage.h"
#include "service/messages.h"

/* @view: may be NULL. */
_must_check_ int qos_build_plan(Arena *arena, const QosView *view, Slug__V1__PlanResponse **ret);
_must_check_ int qos_build_withdrawal(Arena *arena,
                                      const QosWithdrawal *withdrawal,
                                      Slug__V1__WithdrawResponse **ret);
/* @usage: of the levels; NULL: nobody has read it. */
_must_check_ int qos_build_cgroups(Arena *arena,
                                   const NodeView *view,
                                   const LevelUsage *usage,
                                   bool with_pods,
                                   Slug__V1__ListCgroupsResponse **ret);
Slug__V1__KnobOwner qos_encode_owner(QosOwner owner);
Slug__V1__KnobStatus qos_encode_status(QosStatus status);
/* Of a row of the view's plan, which counts for itself only where anything is written at all. */
Slug__V1__KnobStatus qos_encode_row_status(const QosView *view, const QosRow *row);
/* As the kernel shows it. NULL: no memory. */
char *qos_format_value(Arena *arena, CgroupKnob knob, const CgroupValue *value);

/* Handlers of NodeService, whose userdata they have. */
void node_plan(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void node_withdraw(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void node_list_cgroups(RpcCall *call, const ProtobufCMessage *request, void *userdata);
