/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whole files of any size up to a cap
 *
 * A file that is replaced by another one meanwhile is read as what it was.
 */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/root.h"

/* @ret: owned, ends in NUL. Return: as root_read(). */
_must_check_ int
whole_read(const Root *root, const char *path, size_t max, char **ret, size_t *ret_n);
