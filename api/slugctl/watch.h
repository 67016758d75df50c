/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The node on one screen, and what became of it lately. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

#define WATCH_CHANGES_MAX 10u

/* The last changes, oldest first, as they are shown. {}: none. */
typedef struct WatchChanges {
        char lines[WATCH_CHANGES_MAX][320];
        size_t n_lines;
} WatchChanges;

void watch_note_changes(WatchChanges *changes,
                        const Slug__V1__ListChangesResponse *response,
                        const Style *style);
void watch_append(const Slug__V1__DescribeNodeResponse *node,
                  const WatchChanges *changes,
                  const Style *style,
                  Buffer *buffer);
