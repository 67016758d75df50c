/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing files, whole
 *
 * A reader sees the old file or the new one, whole, also after a crash: a temporary file beside it
 * is written and synced, renamed over it, and the directory is synced.
 */
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* All of it, at the file's position. Return: 0 or an errno. */
_must_check_ int file_write(int fd, const void *data, size_t n_data);

/*
 * @name: a plain name inside @dir_fd. Return: 0 or an errno; on failure the old file is untouched,
 * unless it was the last step, syncing the directory, that failed.
 */
_must_check_ int
file_replace(int dir_fd, const char *name, const void *data, size_t n_data, mode_t mode);

/* Removes the temporary files that crashes have left in the folder; for who alone replaces files
 * there. One that cannot be removed stays. Return: 0 or an errno. */
_must_check_ int file_replace_sweep(int dir_fd);
