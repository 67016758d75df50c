/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Node sets
 *
 * A set of NUMA node ids, 0..1023 (CONFIG_NODES_SHIFT is 10 at the most). A value: copied by
 * assignment, owns nothing, {} is the empty set. Ids may have holes and may exceed 63.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define NODESET_MAX   1024u
#define NODESET_WORDS (NODESET_MAX / 64)
/* longest list: 512 separate ids of at most 4 digits, a comma each */
#define NODESET_TEXT_MAX 2560u

typedef struct NodeSet {
        uint64_t words[NODESET_WORDS];
} NodeSet;

enum {
        _NODESET_E_SUCCESS,
        NODESET_E_MALFORMED, /* not a kernel list */
        NODESET_E_RANGE,     /* an id above 1023 */
};

/* Text */
_must_check_ int nodeset_parse(const char *text, size_t n_text, NodeSet *ret);
const char *nodeset_format(const NodeSet *set, char buffer[static NODESET_TEXT_MAX]);

/* Members */
static inline bool nodeset_contains(const NodeSet *set, unsigned node) {
        return node < NODESET_MAX && (set->words[node / 64] >> (node % 64) & 1);
}

static inline void nodeset_add(NodeSet *set, unsigned node) {
        set->words[node / 64] |= UINT64_C(1) << (node % 64);
}

static inline void nodeset_remove(NodeSet *set, unsigned node) {
        set->words[node / 64] &= ~(UINT64_C(1) << (node % 64));
}

/* Whole sets */
bool nodeset_is_empty(const NodeSet *set);
bool nodeset_is_equal(const NodeSet *a, const NodeSet *b);
bool nodeset_is_subset(const NodeSet *part, const NodeSet *whole);
unsigned nodeset_count(const NodeSet *set);
NodeSet nodeset_and(const NodeSet *a, const NodeSet *b);
NodeSet nodeset_or(const NodeSet *a, const NodeSet *b);
NodeSet nodeset_and_not(const NodeSet *a, const NodeSet *b);

/* The smallest member not below @from, or NODESET_MAX. */
unsigned nodeset_next(const NodeSet *set, unsigned from);

#define NODESET_FOREACH(node, set)                                                                 \
        for (unsigned node = nodeset_next((set), 0); node < NODESET_MAX;                           \
             node = nodeset_next((set), node + 1))
