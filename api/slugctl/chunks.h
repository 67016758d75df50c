/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Remote memory as the kubelet counts it. */
#include "slug/v1/chunk.pb-c.h"
#include "slugctl/output.h"

/* A row for each NUMA node, the sums, and what is not as it was configured; the wide text has every
 * chunk with its holder, too. */
void chunks_append(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer);
/* A section of the node's description; nothing where there is nothing to say. */
void described_chunks_append(const Slug__V1__ChunkList *list, const Style *style, Buffer *buffer);
