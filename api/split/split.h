/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Splits
 *
 * A request or limit stated per locality: how much memory near the CPUs, how much of the slower
 * kind, and how much of each is promised (min) and allowed (max). A value: copied by assignment,
 * owns nothing; {} asks for nothing and allows nothing.
 *
 * Text: "local=4Gi,remote=8Gi..12Gi". A single amount is both min and max; each locality stands at
 * most once, in any order, and at least one does; blanks may stand around names, amounts and
 * commas. Amounts are Kubernetes quantities of whole bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

/* Annotations of a pod. The second is followed by the name of a container. */
#define SPLIT_ANNOTATION_POD       "memory.sluglab.io/pod"
#define SPLIT_ANNOTATION_CONTAINER "memory.sluglab.io/container."
/* By which means its split is held: a name of a backend. Of all containers, or of one. */
#define SPLIT_ANNOTATION_ENFORCE           "memory.sluglab.io/enforce"
#define SPLIT_ANNOTATION_ENFORCE_CONTAINER "memory.sluglab.io/enforce."

#define SPLIT_INPUT_MAX 256u /* bytes of an annotation's value */
#define SPLIT_TEXT_MAX  192u

/* What "no ceiling" is: a container without a memory limit. */
#define SPLIT_UNLIMITED UINT64_MAX

/* Bytes, min <= max. */
typedef struct SplitRange {
        uint64_t min;
        uint64_t max; /* or SPLIT_UNLIMITED */
} SplitRange;

typedef struct Split {
        SplitRange local;
        SplitRange remote;
} Split;

/* What an annotation says; a locality that it does not name is absent. */
typedef struct SplitText {
        Split split;
        bool has_local;
        bool has_remote;
} SplitText;

enum {
        _SPLIT_E_SUCCESS,
        SPLIT_E_MALFORMED, /* @reterr has the column (from 1) and what was expected there */
        SPLIT_E_INVALID,   /* well-formed, and impossible: @reterr names the rule and the amounts */
};

/* @source: for the diag, the annotation's name. @text need not end in NUL. */
_must_check_ int
split_parse(const char *source, const char *text, size_t n_text, SplitText *ret, Diag *reterr);
/* "4Gi", "8Gi..12Gi": one locality's part. @source: for the diag. */
_must_check_ int split_range_parse(const char *source,
                                   const char *text,
                                   size_t n_text,
                                   SplitRange *ret,
                                   Diag *reterr);
bool split_is_equal(const Split *a, const Split *b);
/* "local=4Gi,remote=8Gi..12Gi"; a range of nothing is left out, an unlimited max is "..max". */
const char *split_format(const Split *split, char buffer[static SPLIT_TEXT_MAX]);

/* Without @bytes of remote memory that are somebody else's now; no ceiling stays none. */
void split_take_remote(Split *split, uint64_t bytes);

/* What a container asks for, before it is a split. */
typedef struct SplitRequest {
        uint64_t request_bytes; /* of memory; 0: none */
        uint64_t limit_bytes;   /* of memory; SPLIT_UNLIMITED: none */
        uint64_t n_chunks;
        uint64_t chunk_bytes;        /* not 0 when there are chunks */
        const SplitText *annotation; /* NULL: none */
} SplitRequest;

/*
 * split_resolve() - the split that a container is promised
 *
 * Chunks are a sub-quota of the memory limit: remote = n * chunk, local.max = limit - n * chunk,
 * local.min = request - n * chunk (not below 0). The annotation refines it within what was
 * admitted: with chunks its remote.max is n * chunk at the most; local.max + remote.max may exceed
 * the limit (each is a ceiling of its own), local.min + remote.min may not. What the annotation
 * does not name stays as it was, except that remote bytes it promises without chunks come off local
 * as chunks do. Its "max" is what was admitted: the chunks for remote, else the limit.
 *
 * Return: 0, or SPLIT_E_INVALID: no limit although there are chunks, chunks above the limit, an
 * annotation that does not fit.
 */
_must_check_ int split_resolve(const SplitRequest *request, Split *ret, Diag *reterr);
