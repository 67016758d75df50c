/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CRC-32C (Castagnoli), as iSCSI and ext4 have it.
 */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t n_data);
