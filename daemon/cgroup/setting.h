/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What may be set when somebody asks
 *
 * The files of cgroup v2 that the kubelet writes, and no others: nothing that moves, freezes or
 * kills processes, reclaims memory or opens a way below. A setting has its value checked and
 * written anew, so that no text of a caller's reaches a file of the kernel's. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cgroup/knob.h"

#define CGROUP_SETTING_FILE_MAX 32u   /* with the NUL */
#define CGROUP_SETTING_TEXT_MAX 2048u /* with the NUL */

#define CGROUP_SHARES_MIN   UINT64_C(2)
#define CGROUP_SHARES_MAX   UINT64_C(262144)
#define CGROUP_WEIGHT_MAX   UINT64_C(10000)
#define CGROUP_PERIOD_MIN   UINT64_C(1000) /* microseconds, as the next ones */
#define CGROUP_PERIOD_MAX   UINT64_C(1000000)
#define CGROUP_PERIOD_USUAL UINT64_C(100000)
#define CGROUP_QUOTA_MIN    UINT64_C(1000)

typedef struct CgroupSetting {
        char file[CGROUP_SETTING_FILE_MAX];
        char text[CGROUP_SETTING_TEXT_MAX]; /* without a newline */
        bool is_knob;                       /* @knob and @value say the same */
        CgroupKnob knob;
        CgroupValue value;
} CgroupSetting;

enum {
        _CGROUP_SETTING_E_SUCCESS,
        CGROUP_SETTING_E_REFUSED, /* @reterr: no file that may be set, or no value of it */
};

_must_check_ int
cgroup_setting_make(const char *file, const char *value, CgroupSetting *ret, Diag *reterr);

/* The kubelet's arithmetic: shares of cgroup v1 and weights of cgroup v2. */
uint64_t cgroup_weight_of_shares(uint64_t shares); /* not below CGROUP_SHARES_MIN */
uint64_t cgroup_shares_of_weight(uint64_t weight); /* 1..CGROUP_WEIGHT_MAX */

/* What cpu.max has: "max 100000". */
typedef struct CgroupCpuMax {
        uint64_t quota_usec; /* CGROUP_MAX: none */
        uint64_t period_usec;
} CgroupCpuMax;
/* Return: false when it is none. */
bool cgroup_cpu_max_parse(const char *text, size_t n_text, CgroupCpuMax *ret);
