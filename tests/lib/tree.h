/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Machines as text
 *
 * A .tree file describes the files of one small machine: what /sys and /proc hold that tells of its
 * memory. The format is documented at the head of tree.c.
 */
#include "base/cleanup.h"
#include "base/error.h"

enum {
        _TREE_E_SUCCESS,
        TREE_E_MALFORMED, /* the diag has file, line, column and what was expected */
};

/*
 * tree_materialise() - make the files that a .tree file describes
 * @tree_file:  read whole, at most 1 MiB
 * @target_dir: must exist; nothing outside it is made, whatever the file says
 * @reterr:     set on TREE_E_MALFORMED
 *
 * What was made before a failure stays.
 *
 * Return: 0, TREE_E_MALFORMED, or an errno.
 */
_must_check_ int tree_materialise(const char *tree_file, const char *target_dir, Diag *reterr);
