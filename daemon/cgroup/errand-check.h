/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether an errand can be done, as far as looking tells. Inside this folder only.
 */
#include "cgroup/errand.h"

/* DONE: there is such a cgroup; ABSENT, INVALID, REFUSED. @ret_fd: of its folder; NULL: not wanted.
 */
CgroupErrandProblem cgroup_errand_find(const CgroupTree *tree, const char *path, int *ret_fd);
/* DONE, or IN_USE with @ret_usage_bytes: a memory.max that is less. */
CgroupErrandProblem cgroup_errand_check_usage(const CgroupTree *tree,
                                              const CgroupStep *step,
                                              uint64_t *ret_usage_bytes);
/* All steps. @ret_n: how many are good; the one behind them is not. */
CgroupErrandProblem cgroup_errand_check(const CgroupTree *tree,
                                        const CgroupStep *steps,
                                        size_t n_steps,
                                        size_t *ret_n,
                                        uint64_t *ret_usage_bytes);
