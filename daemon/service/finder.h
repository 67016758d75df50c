/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Looking for findings. Inside this folder only: a function looks for one type and adds what it
 * finds; what a text costs is the arena's, and NULL for one ends the whole with -ENOMEM.
 */
#include <string.h>

#include "service/findings.h"

typedef struct Finder {
        const NodeView *view;
        Arena *arena;
        const char *type; /* that is being looked for */
        FindingSeverity severity;
        Findings *findings;
        int error;
} Finder;

void finder_add(Finder *finder, const char *message, const char *fix);
/* A text that goes into a message: "" for NULL, and then nothing of the whole is told. */
const char *finder_check(Finder *finder, const char *text);

/* What was told */
bool finder_has_kubelet(const Finder *finder); /* its configuration was read, or it runs */
unsigned finder_get_manage(const Finder *finder);
/* A value as the configuration lists it; NULL: it does not. */
const char *finder_get_setting(const Finder *finder, const char *key);
/* "FILE: LINE" for a person to write: where @key was set, else where the kubelet's file is. */
const char *finder_set_kubelet(const Finder *finder, const char *key, const char *line);
/* "FILE: qos: {manage: [...]}": slugd's words without @without and with @with. */
const char *finder_set_manage(const Finder *finder, unsigned without, unsigned with);
/* "FILE: LINE" of slugd's configuration. */
const char *finder_set_slugd(const Finder *finder, const char *key, const char *line);
static inline bool finder_is_word(const char *text, const char *word) {
        return text && strcmp(text, word) == 0;
}

/* The machine */
NodeSet
finder_get_demotion_targets(const Finder *finder); /* {}: demotion is off, or moves nothing */
/* Remote memory that the kernel would demote to. */
NodeSet finder_get_slower(const Finder *finder);
/* Remote memory whose pages NUMA balancing takes back to local memory. */
NodeSet finder_get_balanced(const Finder *finder);
/* "NUMA node 2", "NUMA nodes 2-3" */
const char *finder_name_nodes(Finder *finder, const NodeSet *nodes);

/* Of the kubelet */
void find_reserved_memory(Finder *finder);
void find_too_many_nodes(Finder *finder);
void find_swap_refused(Finder *finder);
void find_cpuless_refusals(Finder *finder);
void find_cpuless_pins(Finder *finder);
/* Of the kernel */
void find_demotion_through_masks(Finder *finder);
void find_demotion_unprotected(Finder *finder);
void find_balancing_over_limits(Finder *finder);
void find_balancing(Finder *finder);
void find_unmovable(Finder *finder);
void find_swap_below(Finder *finder);
/* Of chunks */
void find_many_chunks(Finder *finder);
void find_large_chunk(Finder *finder);
void find_held_chunks(Finder *finder);
void find_invalid_chunks(Finder *finder);
void find_lost_chunks(Finder *finder);
void find_chunkless(Finder *finder);
void find_missing(Finder *finder);
/* Of limits */
void find_no_cgroup2(Finder *finder);
void find_nothing_written(Finder *finder);
void find_node_limits(Finder *finder);
void find_owned_knobs(Finder *finder);
void find_unclear_knobs(Finder *finder);
void find_refused(Finder *finder);
void find_contended(Finder *finder);
void find_pending(Finder *finder);
/* Of splits */
void find_broken_splits(Finder *finder);
void find_no_backend(Finder *finder);
void find_forced_unusable(Finder *finder);
void find_damon_taken(Finder *finder);
void find_unmanaged(Finder *finder);
void find_demotion_disabled(Finder *finder);
void find_balancing_over_splits(Finder *finder);
void find_unset_settings(Finder *finder);
