/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods that come and go
 *
 * inotify on the folders of the cgroup tree in which pods and containers are made: an event only
 * says "look again". Watches follow the tree: they are set anew for every tree that was read, so
 * that one which appeared between reading and watching is seen by being looked for once more.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/root.h"
#include "pods/tree.h"

typedef struct PodsWatch PodsWatch;

/* @root: borrowed, outlives it. Nothing is watched before the first pods_watch_follow(). Return: 0
 * or an errno; without inotify there is no watch. */
_must_check_ int pods_watch_new(const Root *root, const char *cgroup_root, PodsWatch **ret);
PodsWatch *pods_watch_free(PodsWatch *watch);
DEFINE_CLEANUP(PodsWatch *, pods_watch_free);

int pods_watch_get_fd(const PodsWatch *watch); /* readable when something happened */
/* Takes what happened. True: something did that makes a look worthwhile. */
bool pods_watch_dispatch(PodsWatch *watch);
/* Watches what @tree has, and nothing else. @ret_grew: there are folders now that were not watched
 * before, so that something in them may have been missed: look once more. Return: 0, or an errno
 * (-ENOSPC: no more watches are to be had; what is watched stays). */
_must_check_ int pods_watch_follow(PodsWatch *watch, const PodsTree *tree, bool *ret_grew);
