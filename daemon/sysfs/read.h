/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The readers behind sysfs_read(), one per family of files. Each appends its rows to the machine;
 * all return 0 or -ENOMEM. Inside this folder only.
 */
#include "sysfs/attr.h"
#include "sysfs/sysfs.h"

#define SYSFS_BLOCK_DIR "sys/devices/system/memory"

_must_check_ int sysfs_read_host(const AttrReader *reader, SysfsMachine *machine);
_must_check_ int sysfs_read_nodes(const AttrReader *reader, SysfsMachine *machine);
_must_check_ int sysfs_read_tiers(const AttrReader *reader, SysfsMachine *machine);
/* After the nodes: which block belongs to which node is said in the nodes' directories. */
_must_check_ int sysfs_read_blocks(const AttrReader *reader, SysfsMachine *machine);
_must_check_ int sysfs_read_cxl(const AttrReader *reader, SysfsMachine *machine);
_must_check_ int sysfs_read_daxes(const AttrReader *reader, SysfsMachine *machine);
_must_check_ int sysfs_read_gpus(const AttrReader *reader, SysfsMachine *machine);

/* Room for one more element of an array that is grown by doubling; NULL: out of memory. */
void *sysfs_array_add(void *array, size_t *n, size_t size);
