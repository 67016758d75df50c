/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int is_true, const char *what, const char *path) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s %s: %s\n", what, path, strerror(errno));
        abort();
}

static void full_path(const Folder *folder, const char *path, char buffer[static 512]) {
        must(snprintf(buffer, 512, "%s/%s", folder->path, path) < 512, "long path", path);
}

Folder folder_new(void) {
        Folder folder = { .path = "/tmp/slug-test-XXXXXX" };

        must(mkdtemp(folder.path) != NULL, "mkdtemp", folder.path);
        return folder;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        (void)st;
        (void)flag;
        (void)ftw;
        return remove(path);
}

void folder_remove(Folder *folder) {
        must(nftw(folder->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove",
             folder->path);
        folder->path[0] = '\0';
}

static void make_parents(const char *path) {
        char parent[512];

        (void)snprintf(parent, sizeof(parent), "%s", path);
        for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                must(mkdir(parent, 0755) == 0 || errno == EEXIST, "mkdir", parent);
                *slash = '/';
        }
}

void folder_write_bytes(const Folder *folder, const char *path, const void *data, size_t n_data) {
        char full[512];
        int fd;

        full_path(folder, path, full);
        make_parents(full);
        fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        must(fd >= 0, "open", full);
        must(write(fd, data, n_data) == (ssize_t)n_data, "write", full);
        must(close(fd) == 0, "close", full);
}

void folder_write(const Folder *folder, const char *path, const char *text) {
        folder_write_bytes(folder, path, text, strlen(text));
}

void folder_link(const Folder *folder, const char *path, const char *target) {
        char full[512];

        full_path(folder, path, full);
        make_parents(full);
        must(symlink(target, full) == 0, "symlink", full);
}

void folder_make(const Folder *folder, const char *path) {
        char full[512];

        full_path(folder, path, full);
        make_parents(full);
        must(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir", full);
}

void folder_delete(const Folder *folder, const char *path) {
        char full[512];

        full_path(folder, path, full);
        must(nftw(full, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove", full);
}
