/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a fuzz target defines: one entry point, called with one input; it aborts on what must not
 * be.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may bring its own mutations, and libFuzzer has some to build them on. */
#ifdef SLUG_FUZZING
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
#endif
