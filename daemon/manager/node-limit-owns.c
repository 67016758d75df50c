/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/node-limit-owns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void node_limit_owns_deinit(NodeLimitOwns *owns) {
        free(owns->items);
        *owns = (NodeLimitOwns){};
}

static NodeLimitOwn *find(const NodeLimitOwns *owns, const char *path) {
        for (size_t i = 0; i < owns->n_items; ++i)
                if (strcmp(owns->items[i].path, path) == 0)
                        return &owns->items[i];
        return NULL;
}

static NodeLimitOwn *add(NodeLimitOwns *owns, const char *path) {
        NodeLimitOwn *own;

        if (owns->n_items == owns->n_room) {
                const size_t n_room = owns->n_room ? 2 * owns->n_room : 16;
                NodeLimitOwn *items = reallocarray(owns->items, n_room, sizeof(*items));

                if (!items)
                        return NULL;
                owns->items = items;
                owns->n_room = n_room;
        }
        own = &owns->items[owns->n_items++];
        *own = (NodeLimitOwn){};
        (void)snprintf(own->path, sizeof(own->path), "%s", path);
        return own;
}

int node_limit_owns_set(NodeLimitOwns *owns,
                        const char *path,
                        const uint64_t mib[static CGROUP_NODE_LIMITS]) {
        NodeLimitOwn *own = find(owns, path);

        if (own && memcmp(own->mib, mib, sizeof(own->mib)) == 0)
                return 0;
        if (!own)
                own = add(owns, path);
        if (!own)
                return -ENOMEM;
        memcpy(own->mib, mib, sizeof(own->mib));
        return 1;
}

bool node_limit_owns_remove(NodeLimitOwns *owns, const char *path) {
        NodeLimitOwn *own = find(owns, path);

        if (own)
                *own = owns->items[--owns->n_items];
        return own;
}

const NodeLimitOwn *node_limit_owns_find(const NodeLimitOwns *owns, const char *path) {
        for (size_t i = 0; owns && i < owns->n_items; ++i) {
                const size_t n = strlen(owns->items[i].path);

                if (strncmp(path, owns->items[i].path, n) == 0 &&
                    (path[n] == '\0' || path[n] == '/'))
                        return &owns->items[i];
        }
        return NULL;
}
