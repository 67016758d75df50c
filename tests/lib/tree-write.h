/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making files below a folder
 *
 * Paths are relative, plain and may not leave: no "..", and no link is ever followed.
 */
#include <stddef.h>

#include "base/cleanup.h"

#define TREE_PATH_MAX 512u

enum {
        _TREE_WRITE_E_SUCCESS,
        TREE_WRITE_E_LEAVES, /* "..", an empty part, or a link on the way */
        TREE_WRITE_E_EXISTS, /* something of that name is there already */
};

_must_check_ int tree_write_dir(int root_fd, const char *path);
_must_check_ int tree_write_link(int root_fd, const char *path, const char *target);
/* The @n_data bytes of @data, @n_times over. */
_must_check_ int
tree_write_file(int root_fd, const char *path, const char *data, size_t n_data, size_t n_times);

/* The text of a link at @path that leads to @target, both from the root. */
void tree_link_text(const char *path, const char *target, char buffer[static TREE_PATH_MAX * 3]);
