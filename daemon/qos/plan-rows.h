/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows while a plan is made. Inside this folder only.
 */
#include "qos/plan.h"

typedef struct Planner {
        const QosInput *input;
        QosPlan *plan;
        uint64_t page_bytes;
} Planner;

/* A row of nobody's, with no reason yet. Rows come by level, then knob. */
QosRow *planner_add(Planner *planner, QosLevel level, CgroupKnob knob);
bool planner_manages(const Planner *planner, QosManage manage);
/* What is in the file of a level now; NULL: nothing that is known. */
const CgroupValue *planner_get_actual(const Planner *planner, QosLevel level, CgroupKnob knob);
/* What @level can have at the most, as it is and as it is planned so far, what contains it
 * included. */
uint64_t planner_get_limit(const Planner *planner, QosLevel level);

/* Whose it is */
void row_leave(QosRow *row, QosOwner owner, const char *format, ...) _printf_(3, 4);
void row_leave_unmanaged(QosRow *row, QosManage manage);
/* Takes no value: what is there stays. */
void row_hold_back(QosRow *row, const char *format, ...) _printf_(2, 3);
/* @bytes: rounded down to pages. */
void row_set_bytes(QosRow *row, uint64_t bytes, uint64_t page_bytes);
void row_set_nodes(QosRow *row, const NodeSet *nodes);
/* Adds to what the reason says. */
void row_say(QosRow *row, const char *format, ...) _printf_(2, 3);

/* Each adds its rows. */
void plan_limit(Planner *planner, QosLevel level);          /* memory.max of pods' levels */
void plan_protection(Planner *planner, QosLevel level);     /* memory.min, memory.low */
void plan_mask(Planner *planner, QosLevel level);           /* cpuset.mems */
void plan_reserved_level(Planner *planner, QosLevel level); /* of a reserved one all */
