/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/reconcile-memory.h"

#include <stdio.h>
#include <string.h>

int reconcile_memory_new(ReconcileMemory **ret) {
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

ReconcileMemory *reconcile_memory_free(ReconcileMemory *memory) {
        if (!memory)
                return NULL;
        free(memory->claims);
        free(memory->pods);
        free(memory);
        return NULL;
}

/* NULL, which asks for no memory, is what there is of nothing. */
static bool copy(const void *from, size_t n, size_t size, void *ret) {
        void *copied = n > 0 ? reallocarray(NULL, n, size) : NULL;

        if (copied)
                memcpy(copied, from, n * size);
        *(void **)ret = copied;
        return copied || n == 0;
}

int memory_copy(const MemoryClaim *claims,
                size_t n_claims,
                const MemoryPod *pods,
                size_t n_pods,
                ReconcileMemory **ret) {
        _cleanup_(reconcile_memory_freep) ReconcileMemory *memory = NULL;
        int r;

        r = reconcile_memory_new(&memory);
        if (r)
                return r;
        if (!copy(claims, n_claims, sizeof(*claims), &memory->claims) ||
            !copy(pods, n_pods, sizeof(*pods), &memory->pods))
                return -ENOMEM;
        memory->n_claims = n_claims;
        memory->n_pods = n_pods;
        *ret = TAKE_PTR(memory);
        return 0;
}

void memory_swap(ReconcileMemory *a, ReconcileMemory *b) {
        const ReconcileMemory was = *a;

        *a = *b;
        *b = was;
}

static int compare_claims(const void *a, const void *b) {
        const LedgerKey *left = &((const MemoryClaim *)a)->key;
        const LedgerKey *right = &((const MemoryClaim *)b)->key;
        const int by_pod = strcmp(left->pod_uid, right->pod_uid);

        return by_pod ? by_pod : strcmp(left->container, right->container);
}

static int compare_pods(const void *a, const void *b) {
        return strcmp(((const MemoryPod *)a)->uid, ((const MemoryPod *)b)->uid);
}

const MemoryClaim *
memory_find_claim(const ReconcileMemory *memory, const char *pod_uid, const char *container) {
        MemoryClaim key = {};

        if (memory->n_claims == 0)
                return NULL;
        (void)snprintf(key.key.pod_uid, sizeof(key.key.pod_uid), "%s", pod_uid);
        (void)snprintf(key.key.container, sizeof(key.key.container), "%s", container);
        return bsearch(&key, memory->claims, memory->n_claims, sizeof(key), compare_claims);
}

unsigned memory_get_flags(const ReconcileMemory *memory, const char *uid) {
        const MemoryPod *found = NULL;
        MemoryPod key = {};

        (void)snprintf(key.uid, sizeof(key.uid), "%s", uid);
        if (memory->n_pods > 0)
                found = bsearch(&key, memory->pods, memory->n_pods, sizeof(key), compare_pods);
        return found ? found->flags : 0;
}

/* Those that were missed twice went with that look. */
size_t reconcile_memory_get_n_missed(const ReconcileMemory *memory) {
        size_t n = 0;

        for (size_t i = 0; i < memory->n_claims; ++i)
                n += memory->claims[i].n_missed > 0 && memory->claims[i].n_missed < MEMORY_MISSES;
        return n;
}

bool reconcile_memory_is_missed(const ReconcileMemory *memory,
                                const char *pod_uid,
                                const char *container) {
        const MemoryClaim *found = memory_find_claim(memory, pod_uid, container);

        return found && found->n_missed > 0;
}
