/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/devices.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "kubelet/kept.h"
#include "split/chunk.h"
#include "split/pod.h"

/*
 * {"Data": {"PodDeviceEntries": [{"PodUID", "ContainerName", "ResourceName", "DeviceIDs",
 * "AllocResp"}], "RegisteredDevices": {...}}, "Checksum": 1}
 *
 * DeviceIDs: {"0": [id], "-1": [id]} by NUMA node (-1: of none; an id may stand at several), before
 * 1.20 a plain list. Which node a device is on is known better by those who made it up, and is not
 * kept. What is not known is refused where an entry of ours would be read wrongly by passing over
 * it; entries of others are not looked into at all.
 */
#define ENTRIES_MAX 65536u /* of all resources */
#define NODES_MAX   1025u  /* with -1 */
#define IDS_MAX     65536u /* of an entry */
#define ID_MAX      256u   /* with the NUL */

/* What devices_free() gets is its beginning. */
typedef struct DevicesMemory {
        Devices devices;
        Arena *arena;
} DevicesMemory;

typedef struct Reading {
        Arena *arena;
        Diag *reterr;
} Reading;

static int compare_ids(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_ids(DeviceEntry *entry) {
        size_t n = 0;

        if (entry->n_ids > 1)
                qsort(entry->ids, entry->n_ids, sizeof(*entry->ids), compare_ids);
        for (size_t i = 0; i < entry->n_ids; ++i)
                if (n == 0 || strcmp(entry->ids[n - 1], entry->ids[i]) != 0)
                        entry->ids[n++] = entry->ids[i];
        entry->n_ids = n;
}

/* Go writes null for a list that is empty. */
static int count_items(const Reading *reading, const Value *list, size_t max, size_t *ret_n) {
        *ret_n = 0;
        return list->json ? value_read_list(list, max, ret_n, reading->reterr) : 0;
}

static int read_ids(const Reading *reading, const Value *list, DeviceEntry *entry) {
        size_t n;
        int r;

        r = count_items(reading, list, IDS_MAX, &n);
        for (size_t i = 0; i < n && r == 0; ++i) {
                const Value item = value_get_item(list, i);
                const char *id;

                r = value_read_text(&item, &id, reading->reterr);
                if (r)
                        return r;
                r = kept_copy(reading->arena, &item, id, ID_MAX, &entry->ids[entry->n_ids],
                              reading->reterr);
                entry->n_ids += r == 0;
        }
        return r;
}

/* "0", or "-1" */
static bool is_node(const char *text) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t node;

        (void)scan_char(&scan, '-');
        return scan_u64(&scan, &node) && scan_is_done(&scan);
}

/* @ret_n: of all NUMA nodes, with those that come twice */
static int count_ids(const Reading *reading, const Value *nodes, size_t *ret_n) {
        ValueMember node = {};
        size_t n_nodes = 0;
        int r;

        *ret_n = 0;
        while (value_next_member(nodes, &node)) {
                size_t n;

                if (!is_node(node.key))
                        return value_complain(&node.value, reading->reterr, "is no NUMA node");
                r = count_items(reading, &node.value, IDS_MAX, &n);
                if (r)
                        return r;
                *ret_n += n;
                if (++n_nodes > NODES_MAX || *ret_n > IDS_MAX)
                        return value_complain(nodes, reading->reterr, "has too many devices");
        }
        return 0;
}

static int read_nodes(const Reading *reading, const Value *nodes, DeviceEntry *entry) {
        ValueMember node = {};
        int r;

        while (value_next_member(nodes, &node)) {
                r = read_ids(reading, &node.value, entry);
                if (r)
                        return r;
        }
        return 0;
}

static int read_devices(const Reading *reading, const Value *devices, DeviceEntry *entry) {
        const bool is_by_node = value_check_object(devices, NULL) == 0;
        size_t n;
        int r;

        r = is_by_node ? count_ids(reading, devices, &n)
                       : count_items(reading, devices, IDS_MAX, &n);
        if (r)
                return r;
        entry->ids = arena_alloc_array(reading->arena, n, sizeof(*entry->ids));
        if (!entry->ids)
                return -ENOMEM;
        r = is_by_node ? read_nodes(reading, devices, entry) : read_ids(reading, devices, entry);
        if (r == 0)
                sort_ids(entry);
        return r;
}

static int read_name(const Reading *reading,
                     const Value *object,
                     const char *key,
                     size_t size,
                     const char **ret) {
        const Value name = value_get(object, key);
        const char *text;
        int r;

        r = value_read_text(&name, &text, reading->reterr);
        if (r)
                return r;
        return kept_copy(reading->arena, &name, text, size, ret, reading->reterr);
}

/* @entry: its resource stays NULL when it is none of ours. */
static int read_entry(const Reading *reading, const Value *object, DeviceEntry *entry) {
        const Value resource = value_get(object, "ResourceName");
        const Value devices = value_get(object, "DeviceIDs");
        ChunkResourceName name;
        const char *text;
        int r;

        r = value_check_object(object, reading->reterr);
        if (r == 0)
                r = value_read_text(&resource, &text, reading->reterr);
        if (r || !chunk_resource_parse(text, &name))
                return r;
        r = read_name(reading, object, "PodUID", POD_UID_MAX, &entry->pod_uid);
        if (r)
                return r;
        r = read_name(reading, object, "ContainerName", POD_NAME_MAX, &entry->container);
        if (r)
                return r;
        if (!kept_has_member(object, "DeviceIDs"))
                return value_complain(&devices, reading->reterr, "is missing");
        r = read_devices(reading, &devices, entry);
        if (r)
                return r;
        return read_name(reading, object, "ResourceName", POD_NAME_MAX, &entry->resource);
}

/* Of one container entries are the same, whatever the resource. */
static int compare_containers(const void *a, const void *b) {
        const DeviceEntry *left = a, *right = b;
        const int r = strcmp(left->pod_uid, right->pod_uid);

        return r ? r : strcmp(left->container, right->container);
}

static int compare_entries(const void *a, const void *b) {
        const DeviceEntry *left = a, *right = b;
        const int r = compare_containers(left, right);

        return r ? r : strcmp(left->resource, right->resource);
}

static int sort_entries(const Reading *reading, const Value *list, Devices *devices) {
        if (devices->n_entries > 1)
                qsort(devices->entries, devices->n_entries, sizeof(*devices->entries),
                      compare_entries);
        for (size_t i = 1; i < devices->n_entries; ++i)
                if (compare_entries(&devices->entries[i - 1], &devices->entries[i]) == 0)
                        return value_complain(list, reading->reterr,
                                              "has a container's resource twice");
        return 0;
}

static int read_entries(const Reading *reading, const Value *list, Devices *ret) {
        size_t n;
        int r;

        r = count_items(reading, list, ENTRIES_MAX, &n);
        if (r)
                return r;
        ret->entries = arena_alloc_array(reading->arena, n, sizeof(*ret->entries));
        if (!ret->entries)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = read_entry(reading, &item, &ret->entries[ret->n_entries]);
                if (r)
                        return r;
                ret->n_entries += ret->entries[ret->n_entries].resource != NULL;
        }
        return sort_entries(reading, list, ret);
}

static int read_document(const Reading *reading, const Document *document, Devices *ret) {
        const Value root = document_get_root(document);
        const Value data = value_get(&root, "Data");
        const Value entries = value_get(&data, "PodDeviceEntries");
        int r;

        r = value_check_object(&data, reading->reterr);
        if (r)
                return r;
        if (!kept_has_member(&data, "PodDeviceEntries"))
                return value_complain(&entries, reading->reterr, "is missing");
        return read_entries(reading, &entries, ret);
}

int devices_parse(const char *source,
                  const char *text,
                  size_t n_text,
                  Devices **ret,
                  Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        DevicesMemory *memory;
        Diag diag = {};
        int r;

        (void)snprintf(diag.source, sizeof(diag.source), "%s", source);
        r = kept_arena_new(&arena);
        if (r)
                return r;
        memory = arena_alloc(arena, sizeof(*memory));
        if (!memory)
                return -ENOMEM;
        r = kept_parse(text, n_text, &document, &diag);
        if (r == 0)
                r = read_document(&(const Reading){ .arena = arena, .reterr = &diag }, &document,
                                  &memory->devices);
        if (r > 0 && reterr)
                *reterr = diag;
        if (r)
                return r > 0 ? DEVICES_E_INVALID : r;
        memory->arena = TAKE_PTR(arena);
        *ret = &memory->devices;
        return 0;
}

int devices_read(const Root *root, Devices **ret, Diag *reterr) {
        _cleanup_(freep) char *text = NULL;
        size_t n_text;
        int r;

        r = kept_read(root, DEVICES_DIR "/" DEVICES_NAME, DEVICES_FILE_MAX, &text, &n_text, reterr);
        if (r == KEPT_E_ABSENT)
                return DEVICES_E_ABSENT;
        if (r)
                return r > 0 ? DEVICES_E_INVALID : r;
        return devices_parse(DEVICES_DIR "/" DEVICES_NAME, text, n_text, ret, reterr);
}

Devices *devices_free(Devices *devices) {
        if (devices)
                arena_free(((DevicesMemory *)devices)->arena);
        return NULL;
}

const DeviceEntry *
devices_find(const Devices *devices, const char *pod_uid, const char *container, size_t *ret_n) {
        const DeviceEntry key = { .pod_uid = pod_uid, .container = container };
        const DeviceEntry *end = devices->entries + devices->n_entries, *found, *first, *last;

        *ret_n = 0;
        if (devices->n_entries == 0)
                return NULL;
        found = bsearch(&key, devices->entries, devices->n_entries, sizeof(key),
                        compare_containers);
        if (!found)
                return NULL;
        for (first = found; first > devices->entries; --first)
                if (compare_containers(&key, first - 1) != 0)
                        break;
        for (last = found + 1; last < end && compare_containers(&key, last) == 0;)
                ++last;
        *ret_n = (size_t)(last - first);
        return first;
}
