/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a fuzz target defines: one entry point, called with one input; it aborts on what must not
 * be.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
