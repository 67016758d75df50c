/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lists of chunks for tests: claims from text, lists as text, and the rules that every list keeps.
 * Whatever fails here is a broken test bed and aborts.
 */
#include "base/buffer.h"
#include "chunks/chunks.h"

#define CHUNKS_BED_WHY_MAX 256u

/*
 * Puts a claim, as a fact: words with blanks between them. The first is its key, "web/main" or
 * "web/" for the pod as a whole; "2=1024" are MiB on a NUMA node; a word of a state is its state
 * (else active), "observed" its source, too; "unlimited": its split has no ceiling; "within": it is
 * a share of its pod's. All else is the id of a chunk, and makes it the device plugin's.
 */
void chunks_bed_claim(Ledger *ledger, const char *text);
/* The same of any text; false: it is no claim, and nothing has changed. */
bool chunks_bed_try_claim(Ledger *ledger, const char *text);
/* The same words, and the reason behind them. NULL: "none". */
void chunks_bed_describe_claim(const LedgerClaim *claim, Buffer *buffer);

/*
 * "1Gi aggregate nearest; 2: FFCSO @7C rest 512; 3: F": size, kind and topology, then for each
 * NUMA node what its chunks are (free, claimed, short, offline), where numbers are left out the
 * next one, and what is left over in MiB. In front of it "none" or "too-many", with the size that
 * fits.
 */
void chunks_bed_describe(const ChunkList *list, Buffer *buffer);

/* Whether @list is one that @params may have; @why: if not. */
bool chunks_bed_is_good(const ChunkList *list,
                        const ChunksParams *params,
                        char why[static CHUNKS_BED_WHY_MAX]);

/* The same in all, but for where their claims lie: the ledger may have moved on. */
bool chunks_bed_is_equal(const ChunkList *a, const ChunkList *b);
