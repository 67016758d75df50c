/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knobs
 *
 * One row each. What the kernel prints is all that is taken for a value: digits, "max" where the
 * file has it, a list of NUMA nodes. The suffixes that it also takes ("1G") it never prints.
 *
 * Memory is counted in pages: page_counter_memparse() divides, and what is as many pages as it can
 * count, or more, is "max". So is the text of such a number, then, though it was no "max" before.
 *
 * Source: mm/page_counter.c, mm/memcontrol.c, kernel/cgroup/{cpuset,pids}.c of Linux 6.12;
 * systemd.resource-control(5).
 */
#include "cgroup/knob.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

#define MAX_TEXT "max"

static const struct {
        const char *file;
        const char *property;
        CgroupKnobType type;
        bool takes_max;
        uint64_t largest; /* other than "max" */
} knobs[_CGROUP_KNOB_N] = {
        [CGROUP_MEMORY_MAX] = { "memory.max", "MemoryMax", CGROUP_KNOB_BYTES, true, UINT64_MAX },
        [CGROUP_MEMORY_HIGH] = { "memory.high", "MemoryHigh", CGROUP_KNOB_BYTES, true, UINT64_MAX },
        [CGROUP_MEMORY_LOW] = { "memory.low", "MemoryLow", CGROUP_KNOB_BYTES, true, UINT64_MAX },
        [CGROUP_MEMORY_MIN] = { "memory.min", "MemoryMin", CGROUP_KNOB_BYTES, true, UINT64_MAX },
        [CGROUP_CPUSET_MEMS] = { "cpuset.mems", "AllowedMemoryNodes", CGROUP_KNOB_NODES, false, 0 },
        /* 0 is read where cpu.idle is set */
        [CGROUP_CPU_WEIGHT] = { "cpu.weight", "CPUWeight", CGROUP_KNOB_NUMBER, false, 10000 },
        /* PID_MAX_LIMIT of 64 bits */
        [CGROUP_PIDS_MAX] = { "pids.max", "TasksMax", CGROUP_KNOB_NUMBER, true, 4194304 },
};

const char *cgroup_knob_file(CgroupKnob knob) {
        return knobs[knob].file;
}

const char *cgroup_knob_property(CgroupKnob knob) {
        return knobs[knob].property;
}

CgroupKnobType cgroup_knob_type(CgroupKnob knob) {
        return knobs[knob].type;
}

bool cgroup_knob_find(const char *file, CgroupKnob *ret) {
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                if (strcmp(knobs[knob].file, file) == 0) {
                        *ret = knob;
                        return true;
                }
        return false;
}

static bool parse_number(CgroupKnob knob, Scan text, uint64_t *ret) {
        uint64_t number;

        if (knobs[knob].takes_max && scan_literal(&text, MAX_TEXT))
                number = CGROUP_MAX;
        else if (!scan_u64(&text, &number) || number > knobs[knob].largest)
                return false;
        if (!scan_is_done(&text))
                return false;
        *ret = number;
        return true;
}

int cgroup_value_parse(CgroupKnob knob, const char *text, size_t n_text, CgroupValue *ret) {
        CgroupValue value = {};
        bool is_one;

        if (n_text > 0 && text[n_text - 1] == '\n')
                --n_text;
        if (knobs[knob].type == CGROUP_KNOB_NODES)
                is_one = nodeset_parse(text, n_text, &value.nodes) == 0;
        else
                is_one = parse_number(knob, scan_init(text, n_text), &value.number);
        if (!is_one)
                return CGROUP_KNOB_E_MALFORMED;
        *ret = value;
        return 0;
}

const char *cgroup_value_format(CgroupKnob knob,
                                const CgroupValue *value,
                                char buffer[static CGROUP_VALUE_TEXT_MAX]) {
        if (knobs[knob].type == CGROUP_KNOB_NODES)
                return nodeset_format(&value->nodes, buffer);
        if (knobs[knob].takes_max && value->number == CGROUP_MAX)
                (void)snprintf(buffer, CGROUP_VALUE_TEXT_MAX, MAX_TEXT);
        else
                (void)snprintf(buffer, CGROUP_VALUE_TEXT_MAX, "%" PRIu64, value->number);
        return buffer;
}

const char *cgroup_value_describe(CgroupKnob knob,
                                  const CgroupValue *value,
                                  char buffer[static CGROUP_VALUE_WORDS_MAX]) {
        char text[CGROUP_VALUE_TEXT_MAX], bytes[BYTES_TEXT_MAX];

        (void)cgroup_value_format(knob, value, text);
        if (knobs[knob].type == CGROUP_KNOB_BYTES && value->number != CGROUP_MAX &&
            value->number >= MIB)
                (void)snprintf(buffer, CGROUP_VALUE_WORDS_MAX, "%s (%s)", text,
                               bytes_format(value->number, bytes));
        else
                (void)snprintf(buffer, CGROUP_VALUE_WORDS_MAX, "%s",
                               text[0] ? text : "<inherited>");
        return buffer;
}

CgroupValue cgroup_value_round(CgroupKnob knob, const CgroupValue *value, uint64_t page_bytes) {
        CgroupValue rounded = {};

        switch (knobs[knob].type) {
        case CGROUP_KNOB_NODES:
                rounded.nodes = value->nodes;
                break;
        case CGROUP_KNOB_BYTES:
                rounded.number = value->number / page_bytes >= (uint64_t)INT64_MAX / page_bytes
                                         ? CGROUP_MAX
                                         : bytes_round_down(value->number, page_bytes);
                break;
        case CGROUP_KNOB_NUMBER:
                rounded.number = value->number;
                break;
        }
        return rounded;
}

bool cgroup_value_is_equal(CgroupKnob knob,
                           const CgroupValue *a,
                           const CgroupValue *b,
                           uint64_t page_bytes) {
        const CgroupValue x = cgroup_value_round(knob, a, page_bytes),
                          y = cgroup_value_round(knob, b, page_bytes);

        return x.number == y.number && nodeset_is_equal(&x.nodes, &y.nodes);
}
