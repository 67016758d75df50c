/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/allocations.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "kubelet/kept.h"
#include "split/chunk.h"

/*
 * The forms, told apart by their looks:
 *
 *   1.34 on    data: text of {"entries": {uid: {"ContainerResources": {name: resources},
 *              "PodLevelResources": resources or null}}}
 *   1.33       data: text of {"allocationEntries": {uid: {name: resources}}}
 *   1.27 on    the same, in another file; before 1.32 with amounts in place of resources, which
 *              were requests, and to begin with in the document itself
 *
 * resources: {"requests": {"memory": "1Gi"}, "limits": {...}, "claims": [...]}. A container's name
 * has no capital letter, so no container can be taken for a key of 1.34. Keys that are not known
 * are passed over where names of ours are, and refused where names of containers are.
 */
#define FORMER_NAME          "pod_status_manager_state"
#define CONTAINER_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* What allocations_free() gets is its beginning. */
typedef struct AllocationsMemory {
        Allocations allocations;
        Arena *arena;
} AllocationsMemory;

typedef struct Reading {
        Arena *arena;
        Diag *reterr;
        bool is_former; /* the form is one before 1.34 */
} Reading;

static size_t count_members(const Value *object) {
        ValueMember member = {};
        size_t n = 0;

        while (value_next_member(object, &member))
                ++n;
        return n;
}

static bool is_of_memory(const char *resource) {
        ChunkResourceName name;
        uint64_t bytes;

        return strcmp(resource, "memory") == 0 || pod_parse_hugepages(resource, &bytes) ||
               chunk_resource_parse(resource, &name);
}

/* Those that are not kept, too: one that is no amount is the mark of a damaged file. */
static int check_quantities(const Reading *reading, const Value *amounts, size_t *ret_n_kept) {
        ValueMember amount = {};
        Quantity quantity;
        const char *text;
        int r;

        *ret_n_kept = 0;
        while (value_next_member(amounts, &amount)) {
                r = value_read_text(&amount.value, &text, reading->reterr);
                if (r)
                        return r;
                if (quantity_parse(text, strlen(text), &quantity) != 0 || quantity.is_negative)
                        return value_complain(&amount.value, reading->reterr, "is no amount");
                *ret_n_kept += is_of_memory(amount.key);
        }
        if (*ret_n_kept > POD_RESOURCES_MAX)
                return value_complain(amounts, reading->reterr, "has too many resources");
        return 0;
}

static int read_quantity(const Reading *reading, const ValueMember *amount, PodQuantity *ret) {
        const char *text;
        int r;

        r = value_read_text(&amount->value, &text, reading->reterr);
        if (r)
                return r;
        r = kept_copy(reading->arena, &amount->value, amount->key, POD_NAME_MAX, &ret->name,
                      reading->reterr);
        if (r)
                return r;
        return kept_copy(reading->arena, &amount->value, text, QUANTITY_INPUT_MAX + 1,
                         &ret->quantity, reading->reterr);
}

static int read_quantities(const Reading *reading,
                           const Value *amounts,
                           const PodQuantity **ret,
                           size_t *ret_n) {
        PodQuantity *quantities;
        ValueMember amount = {};
        int r;

        r = amounts->json ? value_check_object(amounts, reading->reterr) : 0;
        if (r == 0)
                r = check_quantities(reading, amounts, ret_n);
        if (r)
                return r;
        quantities = arena_alloc_array(reading->arena, *ret_n, sizeof(*quantities));
        if (!quantities)
                return -ENOMEM;
        *ret = quantities;
        while (value_next_member(amounts, &amount)) {
                if (!is_of_memory(amount.key))
                        continue;
                r = read_quantity(reading, &amount, quantities++);
                if (r)
                        return r;
        }
        return 0;
}

static bool are_amounts(const Value *object) {
        ValueMember member = {};
        const char *text;

        while (value_next_member(object, &member))
                if (value_read_text(&member.value, &text, NULL) != 0)
                        return false;
        return true;
}

static int read_resources(const Reading *reading, const Value *object, PodResources *ret) {
        const Value requests = value_get(object, "requests");
        const Value limits = value_get(object, "limits");
        int r;

        r = value_check_object(object, reading->reterr);
        if (r)
                return r;
        if (!kept_has_member(object, "requests") && !kept_has_member(object, "limits") &&
            !kept_has_member(object, "claims")) {
                if (count_members(object) > 0 && !(reading->is_former && are_amounts(object)))
                        return value_complain(object, reading->reterr, "is of an unknown form");
                return read_quantities(reading, object, &ret->requests, &ret->n_requests);
        }
        r = read_quantities(reading, &requests, &ret->requests, &ret->n_requests);
        if (r)
                return r;
        return read_quantities(reading, &limits, &ret->limits, &ret->n_limits);
}

static int
read_container(const Reading *reading, const ValueMember *container, AllocatedContainer *ret) {
        int r;

        if (container->key[strspn(container->key, CONTAINER_CHARACTERS)])
                return value_complain(&container->value, reading->reterr,
                                      "is neither a container nor a known key");
        r = kept_copy(reading->arena, &container->value, container->key, POD_NAME_MAX, &ret->name,
                      reading->reterr);
        if (r)
                return r;
        return read_resources(reading, &container->value, &ret->resources);
}

static int compare_containers(const void *a, const void *b) {
        return strcmp(((const AllocatedContainer *)a)->name, ((const AllocatedContainer *)b)->name);
}

void allocated_pod_sort(AllocatedPod *pod) {
        if (pod->n_containers > 1)
                qsort(pod->containers, pod->n_containers, sizeof(*pod->containers),
                      compare_containers);
}

static int read_containers(const Reading *reading, const Value *containers, AllocatedPod *pod) {
        ValueMember container = {};
        int r;

        r = containers->json ? value_check_object(containers, reading->reterr) : 0;
        if (r)
                return r;
        pod->n_containers = count_members(containers);
        if (pod->n_containers > POD_CONTAINERS_MAX)
                return value_complain(containers, reading->reterr, "has too many containers");
        pod->containers =
                arena_alloc_array(reading->arena, pod->n_containers, sizeof(*pod->containers));
        if (!pod->containers)
                return -ENOMEM;
        for (size_t i = 0; value_next_member(containers, &container); ++i) {
                r = read_container(reading, &container, &pod->containers[i]);
                if (r)
                        return r;
        }
        allocated_pod_sort(pod);
        return 0;
}

static int read_pod(const Reading *reading, const ValueMember *member, AllocatedPod *pod) {
        const Value containers = value_get(&member->value, "ContainerResources");
        const Value resources = value_get(&member->value, "PodLevelResources");
        int r;

        r = kept_copy(reading->arena, &member->value, member->key, POD_UID_MAX, &pod->uid,
                      reading->reterr);
        if (r)
                return r;
        if (!kept_has_member(&member->value, "ContainerResources") &&
            !kept_has_member(&member->value, "PodLevelResources"))
                return read_containers(reading, &member->value, pod);
        r = read_containers(reading, &containers, pod);
        if (r || !resources.json)
                return r;
        return read_resources(reading, &resources, &pod->resources);
}

static int compare_pods(const void *a, const void *b) {
        return strcmp(((const AllocatedPod *)a)->uid, ((const AllocatedPod *)b)->uid);
}

static int read_pods(const Reading *reading, const Value *pods, Allocations *ret) {
        ValueMember pod = {};
        int r;

        r = pods->json ? value_check_object(pods, reading->reterr) : 0;
        if (r)
                return r;
        ret->n_pods = count_members(pods);
        if (ret->n_pods > ALLOCATIONS_PODS_MAX)
                return value_complain(pods, reading->reterr, "has too many pods");
        ret->pods = arena_alloc_array(reading->arena, ret->n_pods, sizeof(*ret->pods));
        if (!ret->pods)
                return -ENOMEM;
        for (size_t i = 0; value_next_member(pods, &pod); ++i) {
                r = read_pod(reading, &pod, &ret->pods[i]);
                if (r)
                        return r;
        }
        if (ret->n_pods > 1)
                qsort(ret->pods, ret->n_pods, sizeof(*ret->pods), compare_pods);
        return 0;
}

/* Of a node without pods Go writes no entries. */
static int read_entries(Reading *reading, const Value *root, Allocations *ret) {
        Value pods;

        reading->is_former = kept_has_member(root, "allocationEntries");
        if (reading->is_former && kept_has_member(root, "entries"))
                return value_complain(root, reading->reterr,
                                      "has both entries and allocationEntries");
        pods = value_get(root, reading->is_former ? "allocationEntries" : "entries");
        return read_pods(reading, &pods, ret);
}

/* Complaints about what is inside of "data" say so. */
static int read_data(Reading *reading, const Value *data, Allocations *ret) {
        _cleanup_(document_deinitp) Document document = {};
        Diag diag = {};
        Value inner;
        const char *text;
        int r;

        r = value_read_text(data, &text, reading->reterr);
        if (r)
                return r;
        r = kept_parse(text, strlen(text), &document, &diag);
        if (r > 0)
                return value_complain(data, reading->reterr, diag.text);
        if (r)
                return r;
        inner = document_get_root(&document);
        inner.parent = data->parent;
        inner.key = data->key;
        return read_entries(reading, &inner, ret);
}

/* The oldest form of a node without pods has nothing else. */
static bool is_checksum_alone(const Value *root) {
        return count_members(root) == 1 && kept_has_member(root, "checksum");
}

static int read_document(Reading *reading, const Document *document, Allocations *ret) {
        const Value root = document_get_root(document);
        const Value data = value_get(&root, "data");

        if (kept_has_member(&root, "data"))
                return read_data(reading, &data, ret);
        if (kept_has_member(&root, "allocationEntries") || is_checksum_alone(&root))
                return read_entries(reading, &root, ret);
        return value_complain(&data, reading->reterr, "is missing");
}

int allocations_parse(const char *source,
                      const char *text,
                      size_t n_text,
                      Allocations **ret,
                      Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        AllocationsMemory *memory;
        Diag diag = {};
        Reading reading = { .reterr = &diag };
        int r;

        (void)snprintf(diag.source, sizeof(diag.source), "%s", source);
        r = kept_arena_new(&arena);
        if (r)
                return r;
        reading.arena = arena;
        memory = arena_alloc(arena, sizeof(*memory));
        if (!memory)
                return -ENOMEM;
        r = kept_parse(text, n_text, &document, &diag);
        if (r == 0)
                r = read_document(&reading, &document, &memory->allocations);
        if (r > 0 && reterr)
                *reterr = diag;
        if (r)
                return r > 0 ? ALLOCATIONS_E_INVALID : r;
        memory->arena = TAKE_PTR(arena);
        *ret = &memory->allocations;
        return 0;
}

static int
read_file(const Root *root, const char *dir, const char *name, Allocations **ret, Diag *reterr) {
        _cleanup_(freep) char *text = NULL;
        char path[PATH_MAX];
        size_t n_text;
        int r;

        if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        r = kept_read(root, path, ALLOCATIONS_FILE_MAX, &text, &n_text, reterr);
        if (r == KEPT_E_ABSENT)
                return ALLOCATIONS_E_ABSENT;
        if (r)
                return r > 0 ? ALLOCATIONS_E_INVALID : r;
        return allocations_parse(path, text, n_text, ret, reterr);
}

int allocations_read(const Root *root, const char *dir, Allocations **ret, Diag *reterr) {
        const int r = read_file(root, dir, ALLOCATIONS_NAME, ret, reterr);

        return r == ALLOCATIONS_E_ABSENT ? read_file(root, dir, FORMER_NAME, ret, reterr) : r;
}

Allocations *allocations_free(Allocations *allocations) {
        if (allocations)
                arena_free(((AllocationsMemory *)allocations)->arena);
        return NULL;
}

const AllocatedPod *allocations_find(const Allocations *allocations, const char *uid) {
        const AllocatedPod key = { .uid = uid };

        return allocations->n_pods > 0 ? bsearch(&key, allocations->pods, allocations->n_pods,
                                                 sizeof(key), compare_pods)
                                       : NULL;
}

const AllocatedContainer *allocated_pod_find(const AllocatedPod *pod, const char *container) {
        const AllocatedContainer key = { .name = container };

        return pod->n_containers > 0 ? bsearch(&key, pod->containers, pod->n_containers,
                                               sizeof(key), compare_containers)
                                     : NULL;
}
