/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Following the daemon
 *
 * NodeService.Watch for as long as somebody wants it: a daemon that goes away is waited for, and
 * one that comes back is followed from its beginning.
 */
#include "slug/v1/node.pb-c.h"
#include "slugctl/verb.h"

typedef struct FollowParams {
        const VerbContext *context;
        uint64_t after_generation; /* changes after it come with the first message */
        /* The state, and the changes since the one before. Return: 0, or what ends it: a code above
         * 0 ends it without a word, an errno is said. */
        int (*take)(const Slug__V1__WatchResponse *response, void *userdata);
        void *userdata;
} FollowParams;

/* Return: the exit status, when it ends at all. */
int follow(const FollowParams *params);
