/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The running kubelet
 */
#include "base/root.h"
#include "config/config.h"

#define PROCESS_COMMAND_LINE_MAX (128u * 1024) /* bytes */

/*
 * The process of that name, below @root; {} when there is none. @known: the one that was found last
 * time, asked first, because looking at all of them costs more.
 */
KubeletProcess process_find(const Root *root, const char *name, const KubeletProcess *known);
bool process_is_same(const KubeletProcess *a, const KubeletProcess *b);

/* Its arguments, each ended by NUL. @ret: malloc'ed. Return: 0, CONFIG_E_ABSENT when it has ended,
 * CONFIG_E_INVALID with @reterr set, or -ENOMEM. */
_must_check_ int process_read_command_line(const Root *root,
                                           const KubeletProcess *process,
                                           char **ret,
                                           size_t *ret_n,
                                           Diag *reterr);
