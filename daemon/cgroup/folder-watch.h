/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cgroups that come
 *
 * inotify on any number of folders of the cgroup file system up to a cap: it tells the paths of
 * folders that were made in one of them. Where there are too many it says so, and whoever needs to
 * know looks again by itself.
 */
#include <stdbool.h>

#include "cgroup/group.h"

#define FOLDER_WATCHES_MAX 8192u

typedef struct CgroupFolderWatch CgroupFolderWatch;

/* Return: 0 or an errno. */
_must_check_ int folder_watch_new(CgroupFolderWatch **ret);
CgroupFolderWatch *folder_watch_free(CgroupFolderWatch *watch);
DEFINE_CLEANUP(CgroupFolderWatch *, folder_watch_free);

int folder_watch_get_fd(const CgroupFolderWatch *watch);
/* @fd: of the folder that is at @path. One that is watched already is watched at that path. */
void folder_watch_add(CgroupFolderWatch *watch, int fd, const char *path);
/* Takes what happened. @came: for each folder that was made. True: some of it was lost, so that all
 * has to be looked at. */
bool folder_watch_dispatch(CgroupFolderWatch *watch,
                           void (*came)(const char *path, void *userdata),
                           void *userdata);
/* Why not all that were added are watched: an errno above 0 (ENOSPC: there are too many), or 0. */
int folder_watch_get_problem(const CgroupFolderWatch *watch);
