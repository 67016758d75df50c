/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A cgroup v2 folder
 *
 * Opened below the cgroup root and nowhere else: no link is followed, no ".." is taken, no other
 * file system is entered. What is read is capped; what is missing is absent. Nothing here writes.
 */
#include "base/error.h"
#include "base/root.h"
#include "cgroup/knob.h"
#include "cgroup/name.h"

/* The cgroup file system of a root. */
typedef struct CgroupTree {
        int fd;          /* of CGROUP_DIR; -EBADF: there is none */
        bool is_v2;      /* its root has cgroup.controllers */
        bool is_unified; /* it is cgroup2 of the kernel's; false in a fake tree of files */
        uint64_t page_bytes;
} CgroupTree;

#define CGROUP_TREE_NULL                                                                           \
        { .fd = -EBADF }

/* Return: 0 (there may be no cgroup v2, see is_v2), or an errno. */
_must_check_ int cgroup_tree_open(const Root *root, CgroupTree *ret);
void cgroup_tree_deinit(CgroupTree *tree);
DEFINE_DEINIT(CgroupTree, cgroup_tree_deinit);

enum {
        _CGROUP_E_SUCCESS,
        CGROUP_E_ABSENT,  /* there is no such cgroup, or no such file in it */
        CGROUP_E_INVALID, /* a path that leads out or is none, or what is there has no value */
};

/* @path: below the cgroup root; "" is the root. Plain components only. @ret_fd: of a folder that
 * can be listed. Return: 0, CGROUP_E_*, or an errno. */
_must_check_ int cgroup_open(const CgroupTree *tree, const char *path, int *ret_fd);
/* The same, and the very cgroup that is meant: its folder has that @inode. Return: also -ESTALE:
 * another one is there. */
_must_check_ int
cgroup_open_same(const CgroupTree *tree, const char *path, uint64_t inode, int *ret_fd);
/* A file of an open cgroup. @file: a plain name. @flags: O_PATH, O_RDONLY, O_WRONLY or O_RDWR. What
 * is no file is not opened for writing (INVALID); a write may block then, as it always may. */
_must_check_ int cgroup_open_file(int dir_fd, const char *file, int flags, int *ret_fd);
/* @size: of @buffer; what is there ends in NUL. Longer files: -EFBIG. */
_must_check_ int
cgroup_read_file(int dir_fd, const char *file, char *buffer, size_t size, size_t *ret_n);
_must_check_ int cgroup_read_knob(int dir_fd, CgroupKnob knob, CgroupValue *ret);
/* A number, or CGROUP_MAX for "max". */
_must_check_ int cgroup_read_u64(int dir_fd, const char *file, uint64_t *ret);

/* All that is looked at of a managed cgroup, in one go: one read a file. */
typedef struct CgroupState {
        bool is_there;
        bool has[_CGROUP_KNOB_N]; /* the file is there and has a value */
        CgroupValue values[_CGROUP_KNOB_N];
        /* There is no cpuset.mems, and systemd makes one when it is told of a mask: until then the
         * parent's counts, and that is the value that it "has". Set by who knows of systemd. */
        bool makes_mask;
        OptU64 current_bytes; /* memory.current */
        bool is_populated;    /* cgroup.events */
        uint64_t inode;       /* of the folder: another one is another cgroup */
} CgroupState;

/* @knobs: which ones are read, a bit each (1u << knob). Return: 0, also when it is not there or
 * went meanwhile; -EINVAL for a path that leads out, or another errno; @ret is {} then. */
_must_check_ int
cgroup_read_state(const CgroupTree *tree, const char *path, unsigned knobs, CgroupState *ret);

/* Which driver made the kubelet's cgroups: of kubepods below @cgroup_root. NONE: there are none.
 * Both are there: the one that has processes, else systemd's. */
CgroupDriver cgroup_detect_driver(const CgroupTree *tree, const char *cgroup_root);
