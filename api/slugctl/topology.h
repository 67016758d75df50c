/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The machine's memory in full, for people. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void topology_append(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer);

/* Its parts */
void topology_append_cxl(const Slug__V1__Topology *topology, const Style *style, Buffer *buffer);
void topology_append_distances(const Slug__V1__Topology *topology,
                               const Style *style,
                               Buffer *buffer);
/* What only -o wide shows: access figures, memory blocks, caches, failures. */
void topology_append_figures(const Slug__V1__Topology *topology,
                             const Style *style,
                             Buffer *buffer);
