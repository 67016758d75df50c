/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/quantity.h"
#include "kubelet/collect-rows.h"
#include "split/chunk.h"

/*
 * Chunks of a container: resource by resource, and each id once. What the kubelet says now is newer
 * than its file, which has those of init containers, too.
 */
static int compare_texts(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Slug__V1__ReportedDevices *find_devices(const Slug__V1__ReportedContainer *message,
                                               const char *resource) {
        for (size_t i = 0; i < message->n_devices; ++i)
                if (strcmp(message->devices[i]->resource, resource) == 0)
                        return message->devices[i];
        return NULL;
}

typedef struct Filling {
        Arena *arena;
        Slug__V1__ReportedContainer *message;
        size_t n_room; /* ids of one resource */
} Filling;

/* @ret: NULL: there are too many resources. Return: 0 or -ENOMEM. */
static int
get_devices(const Filling *filling, const char *resource, Slug__V1__ReportedDevices **ret) {
        Slug__V1__ReportedContainer *message = filling->message;
        Slug__V1__ReportedDevices *devices = find_devices(message, resource);

        *ret = devices;
        if (devices || message->n_devices == COLLECT_DEVICES_MAX)
                return 0;
        if (!message->devices)
                message->devices = arena_alloc_array(filling->arena, COLLECT_DEVICES_MAX,
                                                     sizeof(*message->devices));
        devices = arena_alloc(filling->arena, sizeof(*devices));
        if (!message->devices || !devices)
                return -ENOMEM;
        slug__v1__reported_devices__init(devices);
        devices->resource = (char *)resource;
        devices->ids =
                arena_alloc_array(filling->arena, filling->n_room + 1, sizeof(*devices->ids));
        if (!devices->ids)
                return -ENOMEM;
        *ret = message->devices[message->n_devices++] = devices;
        return 0;
}

/* Return: 0, -ENOMEM, or -E2BIG: some are left out. */
static int
add_ids(const Filling *filling, const char *resource, const char *const *ids, size_t n_ids) {
        Slug__V1__ReportedDevices *devices;
        int r;

        if (!collect_is_text(resource, COLLECT_ID_MAX))
                return -E2BIG;
        r = get_devices(filling, resource, &devices);
        if (r || !devices)
                return r ? r : -E2BIG;
        for (size_t i = 0; i < n_ids; ++i) {
                if (devices->n_ids == filling->n_room || !collect_is_text(ids[i], COLLECT_ID_MAX))
                        return -E2BIG;
                devices->ids[devices->n_ids++] = (char *)ids[i];
        }
        return 0;
}

/* A device of several NUMA nodes comes once for each. */
static void sort_ids(Slug__V1__ReportedDevices *devices) {
        size_t n = 0;

        qsort(devices->ids, devices->n_ids, sizeof(*devices->ids), compare_texts);
        for (size_t i = 0; i < devices->n_ids; ++i)
                if (n == 0 || strcmp(devices->ids[n - 1], devices->ids[i]) != 0)
                        devices->ids[n++] = devices->ids[i];
        devices->n_ids = n;
}

static int compare_devices(const void *a, const void *b) {
        return strcmp((*(Slug__V1__ReportedDevices *const *)a)->resource,
                      (*(Slug__V1__ReportedDevices *const *)b)->resource);
}

static int add_listed(Filling *filling, const V1__ContainerResources *listed) {
        int r = 0;

        for (size_t i = 0; i < listed->n_devices; ++i)
                if (collect_is_ours(listed->devices[i]))
                        filling->n_room += listed->devices[i]->n_device_ids;
        if (filling->n_room > COLLECT_IDS_MAX)
                filling->n_room = COLLECT_IDS_MAX;
        for (size_t i = 0; r == 0 && i < listed->n_devices; ++i)
                if (collect_is_ours(listed->devices[i]))
                        r = add_ids(filling, listed->devices[i]->resource_name,
                                    (const char *const *)listed->devices[i]->device_ids,
                                    listed->devices[i]->n_device_ids);
        return r;
}

static int add_kept(Filling *filling, const DeviceEntry *entries, size_t n_entries) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < n_entries; ++i) {
                filling->n_room =
                        entries[i].n_ids < COLLECT_IDS_MAX ? entries[i].n_ids : COLLECT_IDS_MAX;
                r = add_ids(filling, entries[i].resource, entries[i].ids, entries[i].n_ids);
        }
        return r;
}

int collect_devices(Collection *collection,
                    const CollectPod *pod,
                    const CollectContainer *container,
                    Slug__V1__ReportedContainer *message) {
        const Devices *kept = collection->input->devices;
        Filling filling = { .arena = collection->arena, .message = message };
        const DeviceEntry *entries = NULL;
        size_t n_entries = 0;
        int r;

        if (kept && !container->listed)
                entries = devices_find(kept, pod->uid, container->name, &n_entries);
        if (container->listed)
                r = add_listed(&filling, container->listed);
        else
                r = add_kept(&filling, entries, entries ? n_entries : 0);
        for (size_t i = 0; i < message->n_devices; ++i)
                sort_ids(message->devices[i]);
        if (message->n_devices > 0)
                qsort(message->devices, message->n_devices, sizeof(Slug__V1__ReportedDevices *),
                      compare_devices);
        if (r != -E2BIG)
                return r;
        collect_complain(collection->collected->kubelet_problem,
                         "devices of %.60s/%.60s are left out: there are too many, or they have no "
                         "such name",
                         pod->namespace_name, pod->name);
        return 0;
}

/* Requests */

static int compare_requested(const void *a, const void *b) {
        return strcmp((*(Slug__V1__RequestedChunks *const *)a)->resource,
                      (*(Slug__V1__RequestedChunks *const *)b)->resource);
}

/* An extended resource is an integer. */
static bool read_n(const PodQuantity *limit, uint64_t *ret) {
        ChunkResourceName name;
        Quantity quantity;

        return chunk_resource_parse(limit->name, &name) &&
               quantity_parse(limit->quantity, strlen(limit->quantity), &quantity) == 0 &&
               quantity_to_u64(&quantity, ret) == 0 && *ret > 0;
}

static Slug__V1__RequestedChunks *
find_requested(Slug__V1__RequestedChunks *const *rows, size_t n, const char *resource) {
        for (size_t i = 0; i < n; ++i)
                if (strcmp(rows[i]->resource, resource) == 0)
                        return rows[i];
        return NULL;
}

/* @ret: NULL: there is no room for one more. */
static int get_requested(Arena *arena,
                         const char *resource,
                         Slug__V1__RequestedChunks ***rows,
                         size_t *n,
                         Slug__V1__RequestedChunks **ret) {
        *ret = find_requested(*rows, *n, resource);
        if (*ret || *n == COLLECT_DEVICES_MAX)
                return 0;
        if (!*rows)
                *rows = arena_alloc_array(arena, COLLECT_DEVICES_MAX, sizeof(**rows));
        *ret = arena_alloc(arena, sizeof(**ret));
        if (!*rows || !*ret)
                return -ENOMEM;
        slug__v1__requested_chunks__init(*ret);
        (*ret)->resource = (char *)resource;
        (*rows)[(*n)++] = *ret;
        return 0;
}

/* Of such resources request and limit are the same, and the limit has to be there. */
int collect_add_requested(Arena *arena,
                          const PodResources *asked,
                          Slug__V1__RequestedChunks ***rows,
                          size_t *n) {
        uint64_t n_chunks;

        for (size_t i = 0; i < asked->n_limits; ++i) {
                Slug__V1__RequestedChunks *row;
                int r;

                if (!read_n(&asked->limits[i], &n_chunks))
                        continue;
                r = get_requested(arena, asked->limits[i].name, rows, n, &row);
                if (r)
                        return r;
                if (row && __builtin_add_overflow(row->n, n_chunks, &row->n))
                        row->n = UINT64_MAX;
        }
        if (*n > 0)
                qsort(*rows, *n, sizeof(**rows), compare_requested);
        return 0;
}

int collect_requested(Collection *collection,
                      const CollectContainer *container,
                      Slug__V1__ReportedContainer *message) {
        if (!container->allocated)
                return 0;
        return collect_add_requested(collection->arena, &container->allocated->resources,
                                     &message->requested_chunks, &message->n_requested_chunks);
}
