/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Within api/split: amounts while they are put together. */
#include <stdint.h>

#include "split/pod.h"

/* The bytes of that kind of page, a new row of 0 when there is none; NULL: no room for one more. */
uint64_t *pod_amounts_get_row(PodAmounts *amounts, uint64_t page_bytes);
