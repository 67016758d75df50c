/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/prestart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Wanted {
        const char *id;
        const Slug__V1__Chunk *chunk; /* NULL: it is not in the list */
} Wanted;

static int compare(const void *a, const void *b) {
        return strcmp(((const Wanted *)a)->id, ((const Wanted *)b)->id);
}

static const char *find_fault(const Slug__V1__Chunk *chunk, GraceState state) {
        if (!chunk)
                return "is not there any more";
        switch (chunk->state) {
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED:
                return NULL;
        case SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE:
                return state == GRACE_CURRENT ? "is not claimed any more" : NULL;
        default:
                return "is offline, poisoned, or somebody else has its memory";
        }
}

/* Only one of several that are the same is found; nobody asks for a chunk twice. */
static void look_up(const Slug__V1__ChunkList *list, Wanted *wanted, size_t n) {
        for (size_t i = 0; list && i < list->n_chunks; ++i) {
                Wanted *found = bsearch(&(const Wanted){ .id = list->chunks[i]->id }, wanted, n,
                                        sizeof(*wanted), compare);

                if (found)
                        found->chunk = list->chunks[i];
        }
}

int prestart_check(const PrestartParams *params, Arena *arena, Diag *reterr) {
        const size_t n = params->n_ids;
        Wanted *wanted;

        if (n > CHUNK_LIST_MAX) {
                diag_set(reterr, NULL, 0, 0, "%zu chunks, at most %u are expected", n,
                         CHUNK_LIST_MAX);
                return PRESTART_E_REFUSED;
        }
        wanted = arena_alloc_array(arena, n + 1, sizeof(*wanted));
        if (!wanted)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i)
                wanted[i].id = params->ids[i];
        qsort(wanted, n, sizeof(*wanted), compare);
        look_up(params->list, wanted, n);
        for (size_t i = 0; i < n; ++i) {
                const char *fault = find_fault(wanted[i].chunk, params->state);

                if (!fault)
                        continue;
                diag_set(reterr, NULL, 0, 0, "chunk '%.63s' %s: delete the pod", wanted[i].id,
                         fault);
                return PRESTART_E_REFUSED;
        }
        return 0;
}
