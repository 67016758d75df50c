/* SPDX-License-Identifier: Apache-2.0 */
#include "config/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

/*
 * A configuration file is a regular file of at most 1 MiB, read whole and then parsed. Anything
 * else that a path may name, a FIFO above all, could hang the daemon at its start.
 *
 * Two doors: a path below a root, for what has a fixed place on a node, and a path of the host,
 * for what somebody typed on the command line. Both answer alike.
 *
 * Whatever keeps the file from being read is told to a person, who can mend it; only running out
 * of memory is passed on as an errno.
 */

/* What all caps of yaml.h together can ask for, twice. */
#define ARENA_BYTES_MAX (8u << 20)

/* root_read() for a path of the host. */
static int read_host(const char *path, char *buffer, size_t size, size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? ROOT_E_ABSENT : -errno;
        return root_read_fd(fd, buffer, size, ret_n);
}

static int refuse_read(int r, const char *path, Diag *reterr) {
        if (r == ROOT_E_ABSENT) {
                diag_set(reterr, path, 0, 0, "no such file");
                return CONFIG_E_ABSENT;
        }
        if (r == ROOT_E_TOO_LARGE)
                diag_set(reterr, path, 0, 0, "larger than %u bytes", CONFIG_FILE_MAX);
        else if (r == -EINVAL || r == -EISDIR || r == -ENXIO)
                diag_set(reterr, path, 0, 0, "not a regular file");
        else
                diag_set(reterr, path, 0, 0, "cannot be read: %s", strerror(-r));
        return CONFIG_E_INVALID;
}

int document_load(const Root *root, const char *path, Document *ret, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        _cleanup_(freep) char *text = malloc(CONFIG_FILE_MAX + 1);
        size_t n_text = 0;
        int r;

        if (!text)
                return -ENOMEM;
        r = root ? root_read(root, path, text, CONFIG_FILE_MAX + 1, &n_text)
                 : read_host(path, text, CONFIG_FILE_MAX + 1, &n_text);
        if (r == -ENOMEM)
                return r;
        if (r != 0)
                return refuse_read(r, path, reterr);
        r = arena_new(ARENA_BYTES_MAX, &document.arena);
        if (r < 0)
                return r;
        r = yaml_parse(document.arena, path, text, n_text, &document.root, reterr);
        if (r != 0)
                return r;
        *ret = document;
        document = (Document){};
        return 0;
}

void document_deinit(Document *document) {
        document->arena = arena_free(document->arena);
        document->root = NULL;
}
