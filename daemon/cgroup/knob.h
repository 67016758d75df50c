/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Knobs
 *
 * The files of a cgroup that slugd may write, in one table: what their text means, what systemd
 * calls them, and how the kernel rounds what is written. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/nodeset.h"

typedef enum CgroupKnob {
        CGROUP_MEMORY_MAX,
        CGROUP_MEMORY_HIGH,
        CGROUP_MEMORY_LOW,
        CGROUP_MEMORY_MIN,
        CGROUP_CPUSET_MEMS,
        CGROUP_CPU_WEIGHT,
        CGROUP_PIDS_MAX,
        _CGROUP_KNOB_N,
} CgroupKnob;

typedef enum CgroupKnobType {
        CGROUP_KNOB_BYTES,  /* a number of bytes or "max" */
        CGROUP_KNOB_NODES,  /* a list of NUMA nodes, "" for all of the parent */
        CGROUP_KNOB_NUMBER, /* a number, or "max" where the kernel takes it */
} CgroupKnobType;

#define CGROUP_MAX UINT64_MAX /* "max" */

/* The value of a knob. {}: 0, or no NUMA node. */
typedef struct CgroupValue {
        uint64_t number; /* of BYTES and NUMBER; CGROUP_MAX: "max" */
        NodeSet nodes;   /* of NODES */
} CgroupValue;

#define CGROUP_VALUE_TEXT_MAX NODESET_TEXT_MAX

const char *cgroup_knob_file(CgroupKnob knob);     /* "memory.max" */
const char *cgroup_knob_property(CgroupKnob knob); /* "MemoryMax", of systemd; never NULL */
CgroupKnobType cgroup_knob_type(CgroupKnob knob);
/* The file's name. Return: false when it is none of them. */
bool cgroup_knob_find(const char *file, CgroupKnob *ret);

enum {
        _CGROUP_KNOB_E_SUCCESS,
        CGROUP_KNOB_E_MALFORMED, /* no value of that knob */
};

/* @text: what the file has, with or without its newline. */
_must_check_ int
cgroup_value_parse(CgroupKnob knob, const char *text, size_t n_text, CgroupValue *ret);
/* As it is written, but for the newline that has to come after it: without one no NUMA nodes would
 * be no bytes at all, and the kernel would not see them. */
const char *cgroup_value_format(CgroupKnob knob,
                                const CgroupValue *value,
                                char buffer[static CGROUP_VALUE_TEXT_MAX]);
#define CGROUP_VALUE_WORDS_MAX (CGROUP_VALUE_TEXT_MAX + BYTES_TEXT_MAX + 4u)
/* For a person: "1073741824 (1.00 GiB)", "max", "0-1", "<inherited>" for no NUMA nodes. */
const char *cgroup_value_describe(CgroupKnob knob,
                                  const CgroupValue *value,
                                  char buffer[static CGROUP_VALUE_WORDS_MAX]);
/* What the kernel makes of it: bytes are rounded down to pages, and more than it can count is
 * "max". @page_bytes: not 0. */
CgroupValue cgroup_value_round(CgroupKnob knob, const CgroupValue *value, uint64_t page_bytes);
/* After rounding. */
bool cgroup_value_is_equal(CgroupKnob knob,
                           const CgroupValue *a,
                           const CgroupValue *b,
                           uint64_t page_bytes);
