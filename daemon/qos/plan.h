/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The plan
 *
 * What the knobs of the QoS cgroups should be, and why: a pure function of what the node has, what
 * pods ask for, what was configured, and what the kubelet keeps for itself. A plan has one row for
 * each knob of each level, also for those that slugd leaves alone: the row says so and why.
 *
 * Rules that every plan keeps: what is below never exceeds what its parent allows, a protection
 * never exceeds the limit of the same cgroup, a mask has a NUMA node with normal memory, nothing is
 * negative, no limit is 0.
 */
#include "base/error.h"
#include "capacity/capacity.h"
#include "qos/level.h"
#include "qos/requests.h"
#include "topology/topology.h"

/* No limit is planned below it, so that a pod of that class can still start. */
#define QOS_LIMIT_MIN_BYTES (UINT64_C(64) * 1024 * 1024)

/* What slugd was told to own: qos.manage. A bit each. */
typedef enum QosManage {
        QOS_MANAGE_MEMORY_MAX = 1u << 0,          /* "memory.max" */
        QOS_MANAGE_MEMORY_MIN = 1u << 1,          /* "memory.min" of kubepods */
        QOS_MANAGE_MEMORY_LOW = 1u << 2,          /* "memory.low" of burstable */
        QOS_MANAGE_CPUSET_MEMS = 1u << 3,         /* "cpuset.mems" */
        QOS_MANAGE_RESERVED_MEMORY_MAX = 1u << 4, /* "reserved.memory.max" */
        QOS_MANAGE_RESERVED_MEMORY_MIN = 1u << 5, /* "reserved.memory.min" */
        QOS_MANAGE_NODE_LIMIT = 1u << 6,          /* "memory.node_limit", of a patched kernel */
} QosManage;
#define QOS_MANAGE_BITS 7u

typedef enum QosMaskKind {
        QOS_MASK_NONE, /* not configured */
        QOS_MASK_LOCAL,
        QOS_MASK_REMOTE,
        QOS_MASK_ALL,
        QOS_MASK_LIST,
} QosMaskKind;

typedef struct QosMask {
        QosMaskKind kind;
        NodeSet nodes; /* of LIST */
} QosMask;

typedef enum QosGate {
        QOS_GATE_UNKNOWN, /* nobody said: the kubelet's version decides, and it is not known */
        QOS_GATE_ON,
        QOS_GATE_OFF,
} QosGate;

/* What of it the kubelet writes itself (in its version and configuration). */
typedef struct QosKubelet {
        QosGate memory_qos;            /* writes memory.min of kubepods, memory.low of burstable */
        bool writes_qos_reserved;      /* gate QOSReserved, and qosReserved has memory */
        bool enforces_system_reserved; /* memory.max and memory.min of these are its own */
        bool enforces_kube_reserved;
        uint64_t system_reserved_bytes, kube_reserved_bytes;
} QosKubelet;

typedef struct QosParams {
        unsigned manage; /* QosManage */
        bool has_reserved_percent;
        unsigned reserved_percent; /* 0..100: qosReserved */
        QosMask masks[QOS_LEVEL_BESTEFFORT + 1];
        QosKubelet kubelet;
} QosParams;

typedef struct QosInput {
        const QosParams *params;
        const Topology *topology;
        const Capacity *capacity;
        const QosRequests *requests;
        const QosPlaces *places;
        uint64_t page_bytes; /* 0: 4 KiB */
} QosInput;

typedef enum QosOwner {
        QOS_OWNER_NOBODY, /* nobody was told to: what is there stays */
        QOS_OWNER_SLUGD,
        QOS_OWNER_KUBELET,
} QosOwner;

typedef struct QosRow {
        QosLevel level;
        CgroupKnob knob;
        QosOwner owner;
        bool has_value;    /* slugd wants @value there */
        CgroupValue value; /* rounded as the kernel does */
        bool is_held_back; /* slugd owns it and cannot say what it should be: @reason says why. What
                              is there stays */
        char reason[DIAG_TEXT_MAX]; /* the formula with its numbers, or why not; never "" */
} QosRow;

#define QOS_ROWS_MAX (_QOS_LEVEL_N * 4u)

typedef struct QosPlan {
        QosRow rows[QOS_ROWS_MAX]; /* by level, then knob: what contains comes before */
        size_t n_rows;
} QosPlan;

/* Rows of levels that are not configured are left out. The same input gives the same plan. */
void qos_plan_build(const QosInput *input, QosPlan *ret);
const QosRow *qos_plan_find(const QosPlan *plan, QosLevel level, CgroupKnob knob); /* or NULL */
const char *qos_manage_name(QosManage manage); /* "memory.max" */
