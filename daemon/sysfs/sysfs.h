/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the machine
 *
 * /sys and /proc below a root become rows. Reading never fails over what it finds: a file that is
 * missing is absent, one that is garbage becomes a diagnostic that names it, and the rest is read.
 */
#include "base/root.h"
#include "sysfs/rows.h"

/* Files of the nodes, from the root; whoever explains a node names them. */
#define SYSFS_NODE_DIR "sys/devices/system/node"

_must_check_ int sysfs_read(const Root *root, SysfsMachine **ret);
SysfsMachine *sysfs_machine_free(SysfsMachine *machine);
DEFINE_CLEANUP(SysfsMachine *, sysfs_machine_free);

const SysfsMemdev *sysfs_find_memdev(const SysfsMachine *machine, const char *name);
const SysfsDecoder *sysfs_find_decoder(const SysfsMachine *machine, const char *name);

/* All that is said of the machine is the same; diagnostics count, too. */
bool sysfs_machine_is_equal(const SysfsMachine *a, const SysfsMachine *b);
