/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that the kubelet keeps
 *
 * What reading them has in common: text becomes a document, with caps on both, and what is kept of
 * it is copied to an arena, where it outlives the document. Inside this folder only.
 */
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"
#include "value/value.h"

enum {
        _KEPT_E_SUCCESS,
        KEPT_E_ABSENT,
        KEPT_E_INVALID, /* it is no file, or larger than @max */
};

/* @ret: owned. @reterr: says why, unless it is absent. Return: 0, KEPT_E_*, or an errno. */
_must_check_ int
kept_read(const Root *root, const char *path, size_t max, char **ret, size_t *ret_n, Diag *reterr);

/* Text as a document, of no more than a node has. Return: as document_parse(). */
_must_check_ int kept_parse(const char *text, size_t n_text, Document *ret, Diag *reterr);

/* True of a null, too, which Go writes for what is empty. */
bool kept_has_member(const Value *object, const char *key);

/* For all that is kept of one document; none that has passed kept_parse() needs more. */
_must_check_ int kept_arena_new(Arena **ret);

/*
 * A copy of @text, which is not empty and shorter than @size; @value is what a complaint names.
 * Return: 0, VALUE_E_WRONG, or -ENOMEM.
 */
_must_check_ int kept_copy(Arena *arena,
                           const Value *value,
                           const char *text,
                           size_t size,
                           const char **ret,
                           Diag *reterr);
