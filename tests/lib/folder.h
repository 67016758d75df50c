/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A temporary folder with files, for tests that need a machine of three files. Whatever fails here
 * is a broken test bed and aborts.
 */
#include <stddef.h>

typedef struct Folder {
        char path[64];
} Folder;

Folder folder_new(void);
void folder_remove(Folder *folder);

/* @path: below the folder; the directories on the way are made. */
void folder_write(const Folder *folder, const char *path, const char *text);
void folder_write_bytes(const Folder *folder, const char *path, const void *data, size_t n_data);
void folder_link(const Folder *folder, const char *path, const char *target);
void folder_make(const Folder *folder, const char *path);
void folder_delete(const Folder *folder, const char *path);
