/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that a person names
 *
 * Whole, up to a cap; "-" is standard input.
 */
#include "base/buffer.h"
#include "base/error.h"

enum {
        _INPUT_E_SUCCESS,
        INPUT_E_UNREADABLE, /* @reterr says why */
        INPUT_E_TOO_LARGE,  /* the same */
};

/* @max: bytes. @ret_source: the file's name for messages, borrowed. @ret: appended. Return: 0,
 * INPUT_E_*, or -ENOMEM. */
_must_check_ int
input_read(const char *file, size_t max, const char **ret_source, Buffer *ret, Diag *reterr);
