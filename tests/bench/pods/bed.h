/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The bed of benchmarks of pods
 *
 * A cgroup tree as systemd's driver makes it, in a folder, and the report that fits it: burstable
 * pods of two containers each, on a machine of four NUMA nodes.
 */
#include "pods/report.h"

#define BED_NODES      4u
#define BED_CONTAINERS 2u

/* Ends the program. */
void bed_fail(const char *what, int r);
void bed_write_file(const char *folder, const char *name, const char *text);
void bed_make_tree(const char *dir, unsigned n_pods);
PodsReport *bed_make_report(unsigned n_pods);
