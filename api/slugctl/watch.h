/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The node on one screen, and what became of it lately. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

#define WATCH_CHANGES_MAX 10u

/* The last lines of a list, oldest first, as they are shown. {}: none. */
typedef struct WatchLines {
        char lines[WATCH_CHANGES_MAX][320];
        size_t n_lines;
} WatchLines;

/* What happened lately. {}: nothing. */
typedef struct WatchNews {
        WatchLines changes;
        WatchLines events; /* of QoS cgroups */
        WatchLines splits; /* that could not be held, or are held again */
} WatchNews;

/* What is new in it since the one before. */
void watch_note(WatchNews *news, const Slug__V1__WatchResponse *response, const Style *style);
void watch_append(const Slug__V1__DescribeNodeResponse *node,
                  const WatchNews *news,
                  const Style *style,
                  Buffer *buffer);
