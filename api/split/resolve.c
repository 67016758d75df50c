/* SPDX-License-Identifier: Apache-2.0 */
#include "split/split.h"

#include <inttypes.h>

#include "base/quantity.h"

/*
 * From a request to a split
 *
 * With R requested, L the limit and C = n * chunk, what is known without an annotation is
 *
 *      local = max(R - C, 0)..L - C        remote = C..C
 *
 * An annotation puts its own range in the place of each that it names. Without chunks the bytes
 * that it promises remotely are bytes of the same limit, so they come off a local range that it
 * does not name, as C does. Its "max" means all that was admitted: C of remote memory when there
 * are chunks, else L. A number above that is refused rather than lowered: whoever wrote it counts
 * on it.
 *
 * Always: min <= max in each locality, and local.min + remote.min <= L.
 */
static int count_chunks(const SplitRequest *request, uint64_t *ret, Diag *reterr) {
        char chunks_text[QUANTITY_TEXT_MAX], limit_text[QUANTITY_TEXT_MAX];
        uint64_t bytes;

        if (request->n_chunks == 0) {
                *ret = 0;
                return 0;
        }
        if (request->limit_bytes == SPLIT_UNLIMITED) {
                diag_set(reterr, NULL, 0, 0,
                         "remote chunks are a part of the memory limit, and there is none");
                return SPLIT_E_INVALID;
        }
        if (bytes_mul(request->n_chunks, request->chunk_bytes, &bytes) != 0 ||
            bytes > request->limit_bytes) {
                diag_set(reterr, NULL, 0, 0,
                         "%" PRIu64 " remote chunks of %s are more than the memory limit of %s",
                         request->n_chunks,
                         quantity_format_bytes(request->chunk_bytes, chunks_text),
                         quantity_format_bytes(request->limit_bytes, limit_text));
                return SPLIT_E_INVALID;
        }
        *ret = bytes;
        return 0;
}

/* What is left of a ceiling. */
static uint64_t sub_from_limit(uint64_t limit, uint64_t bytes) {
        return limit == SPLIT_UNLIMITED ? SPLIT_UNLIMITED : limit - bytes;
}

/* @what: "local"; @ceiling: what was admitted, @whose says by what */
static int fit_range(const char *what,
                     SplitRange range,
                     uint64_t ceiling,
                     const char *whose,
                     SplitRange *ret,
                     Diag *reterr) {
        char text[QUANTITY_TEXT_MAX], ceiling_text[QUANTITY_TEXT_MAX];
        const bool is_open = range.max == SPLIT_UNLIMITED;
        const uint64_t largest = is_open ? range.min : range.max;

        if (largest > ceiling) {
                diag_set(reterr, NULL, 0, 0, "%s memory of %s is more than the %s of %s", what,
                         quantity_format_bytes(largest, text), whose,
                         quantity_format_bytes(ceiling, ceiling_text));
                return SPLIT_E_INVALID;
        }
        if (is_open)
                range.max = ceiling;
        *ret = range;
        return 0;
}

static int refine(const SplitRequest *request, uint64_t chunks, Split *split, Diag *reterr) {
        const SplitText *annotation = request->annotation;
        const uint64_t limit = request->limit_bytes;
        int r;

        if (annotation->has_remote) {
                r = fit_range("remote", annotation->split.remote, chunks > 0 ? chunks : limit,
                              chunks > 0 ? "chunks" : "memory limit", &split->remote, reterr);
                if (r != 0)
                        return r;
                if (chunks == 0)
                        split->local = (SplitRange){
                                .min = bytes_sub_clamped(request->request_bytes, split->remote.min),
                                .max = sub_from_limit(limit, split->remote.min),
                        };
        }
        if (annotation->has_local)
                return fit_range("local", annotation->split.local, limit, "memory limit",
                                 &split->local, reterr);
        return 0;
}

static int check_sum(const Split *split, uint64_t limit, Diag *reterr) {
        char local[QUANTITY_TEXT_MAX], remote[QUANTITY_TEXT_MAX], text[QUANTITY_TEXT_MAX];
        uint64_t sum;

        if (bytes_add(split->local.min, split->remote.min, &sum) == 0 && sum <= limit)
                return 0;
        diag_set(reterr, NULL, 0, 0,
                 "a minimum of %s local and %s remote memory is more than the memory limit of %s",
                 quantity_format_bytes(split->local.min, local),
                 quantity_format_bytes(split->remote.min, remote),
                 limit == SPLIT_UNLIMITED ? "2^64-1" : quantity_format_bytes(limit, text));
        return SPLIT_E_INVALID;
}

int split_resolve(const SplitRequest *request, Split *ret, Diag *reterr) {
        char request_text[QUANTITY_TEXT_MAX], limit_text[QUANTITY_TEXT_MAX];
        uint64_t chunks;
        Split split;
        int r;

        if (request->request_bytes > request->limit_bytes) {
                diag_set(reterr, NULL, 0, 0,
                         "a memory request of %s is more than the memory limit of %s",
                         quantity_format_bytes(request->request_bytes, request_text),
                         quantity_format_bytes(request->limit_bytes, limit_text));
                return SPLIT_E_INVALID;
        }
        r = count_chunks(request, &chunks, reterr);
        if (r != 0)
                return r;
        split = (Split){
                .local = { .min = bytes_sub_clamped(request->request_bytes, chunks),
                           .max = sub_from_limit(request->limit_bytes, chunks) },
                .remote = { .min = chunks, .max = chunks },
        };
        if (request->annotation) {
                r = refine(request, chunks, &split, reterr);
                if (r != 0)
                        return r;
        }
        r = check_sum(&split, request->limit_bytes, reterr);
        if (r != 0)
                return r;
        *ret = split;
        return 0;
}
