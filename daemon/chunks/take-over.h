/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks that other claims had. Inside this folder only.
 */
#include "chunks/chunks.h"

/*
 * take_over() - adds to @change what other claims are without these chunks
 *
 * @chunks: of the list, in any order; those that nobody has are passed over. Sorted anew
 *
 * Return: 0, -E2BIG or -ENOMEM
 */
_must_check_ int take_over(const Ledger *ledger,
                           const Chunk **chunks,
                           size_t n_chunks,
                           LedgerChange *change,
                           size_t *ret_n_taken);
