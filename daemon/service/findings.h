/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Findings
 *
 * What on this node is at odds with what slugd or the kubelet was told to do, each with the one
 * line that mends it. A pure function of the view. What concerns nothing that was configured, and
 * no remote memory, is no finding.
 */
#include "base/arena.h"
#include "service/node-service.h"

#define FINDINGS_MAX 64u /* of a node; more are counted */

typedef enum FindingSeverity {
        FINDING_NOTE,
        FINDING_WARNING, /* something that was told to is not done, or undone */
        FINDING_ERROR,   /* the kubelet does not start, or limits are not set at all */
        _FINDING_SEVERITY_N,
} FindingSeverity;

typedef struct Finding {
        const char *type; /* one CamelCase word */
        FindingSeverity severity;
        const char *message; /* one sentence */
        const char *fix;     /* one line: a command, or "FILE: SETTING" */
} Finding;

typedef struct Findings {
        Finding items[FINDINGS_MAX]; /* the worst first */
        size_t n_items;
        size_t n_dropped;
} Findings;

/* Texts are of the arena, or are the view's. Return: 0 or -ENOMEM. */
_must_check_ int findings_build(Arena *arena, const NodeView *view, Findings *ret);
const char *finding_severity_name(FindingSeverity severity); /* "warning" */

/* Every type there is, with its severity; the worst first. */
size_t finding_type_count(void);
const char *finding_type_name(size_t index, FindingSeverity *ret_severity);
