/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports from messages
 *
 * Text becomes values here; what is missing is absent. What a report has to be as a whole is
 * checked where reports are made (pods/report.h); here it is what a message alone can have wrong:
 * quantities, and words that nobody knows.
 */
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "service/pod-messages.h"
#include "split/chunk.h"
#include "split/quote.h"

typedef struct Reading {
        Arena *arena;
        const Slug__V1__ReportedPod *pod;
        const char *container; /* NULL: it is about the pod itself */
        Diag *reterr;
} Reading;

/* @field: "requests" */
static int refuse(const Reading *reading,
                  const char *field,
                  const char *resource,
                  const char *expected,
                  const char *found) {
        const Slug__V1__ReportedPod *pod = reading->pod;
        char quoted[QUOTE_MAX];

        diag_set(reading->reterr, NULL, 0, 0,
                 "pod '%.40s/%.60s'%s%.40s%s: %s%s%.40s: expected %s, found %s", pod->namespace_,
                 pod->name[0] ? pod->name : pod->uid, reading->container ? ", container '" : "",
                 reading->container ? reading->container : "", reading->container ? "'" : "", field,
                 resource[0] ? "." : "", resource, expected,
                 quote_format(found, strlen(found), quoted));
        return MEMORY_E_INVALID;
}

/* Amounts */

typedef struct Amounts {
        OptU64 memory;
        PodAmounts hugepages;
} Amounts;

/* By rising page size. False: no room for one more. */
static bool add_hugepages(PodAmounts *amounts, uint64_t page_bytes, uint64_t bytes) {
        size_t i = amounts->n_items;

        for (size_t k = 0; k < amounts->n_items; ++k)
                if (amounts->items[k].page_bytes == page_bytes) {
                        amounts->items[k].bytes = bytes; /* a map's later value wins */
                        return true;
                }
        if (amounts->n_items == POD_PAGE_SIZES)
                return false;
        for (; i > 0 && amounts->items[i - 1].page_bytes > page_bytes; --i)
                amounts->items[i] = amounts->items[i - 1];
        amounts->items[i] = (PodAmount){ .page_bytes = page_bytes, .bytes = bytes };
        ++amounts->n_items;
        return true;
}

/* Memory that is no whole number is rounded up, as everywhere. */
static int read_amount(const Reading *reading,
                       const char *field,
                       const char *resource,
                       const char *text,
                       Amounts *amounts) {
        const bool is_memory = strcmp(resource, "memory") == 0;
        uint64_t page_bytes, bytes;
        Quantity quantity;

        if (!is_memory && !pod_parse_hugepages(resource, &page_bytes))
                return 0; /* CPUs, chunks, and whatever else there is */
        if (quantity_parse(text, strlen(text), &quantity) != 0 ||
            quantity_to_u64(&quantity, &bytes) != 0)
                return refuse(reading, field, resource, "an amount such as 4Gi", text);
        if (is_memory)
                amounts->memory = opt_u64(bytes);
        else if (!add_hugepages(&amounts->hugepages, page_bytes, bytes))
                return refuse(reading, field, resource, "fewer page sizes", text);
        return 0;
}

/* Huge pages stand in requests and limits alike: those of the requests are taken. */
static int read_resources(const Reading *reading,
                          const Slug__V1__PodResources *message,
                          Amounts *requests,
                          Amounts *limits) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < message->n_requests; ++i)
                r = read_amount(reading, "requests", message->requests[i]->key,
                                message->requests[i]->value, requests);
        for (size_t i = 0; r == 0 && i < message->n_limits; ++i)
                r = read_amount(reading, "limits", message->limits[i]->key,
                                message->limits[i]->value, limits);
        return r;
}

/* Containers */

static int read_state(const Reading *reading,
                      const Slug__V1__ReportedContainer *message,
                      ReportContainer *ret) {
        static const struct {
                Slug__V1__ReportedContainerState message;
                ReportState state;
        } states[] = {
                { SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNSPECIFIED,
                  REPORT_NOT_STARTED },
                { SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_CREATED,
                  REPORT_CREATED },
                { SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_RUNNING,
                  REPORT_RUNNING },
                { SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_EXITED,
                  REPORT_EXITED },
                { SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNKNOWN,
                  REPORT_UNKNOWN },
        };
        char text[16];

        for (size_t i = 0; i < ELEMENTSOF(states); ++i)
                if (states[i].message == message->state) {
                        ret->state = states[i].state;
                        return 0;
                }
        (void)snprintf(text, sizeof(text), "%d", (int)message->state);
        return refuse(reading, "state", "", "a state of a container", text);
}

/* What was admitted; then what the runtime was told, which wins: it is in force. */
static int read_memory(const Reading *reading,
                       const Slug__V1__ReportedContainer *message,
                       ReportContainer *ret) {
        Amounts requests = {}, limits = {};
        int r = 0;

        if (message->resources)
                r = read_resources(reading, message->resources, &requests, &limits);
        if (r)
                return r;
        if (message->resources) {
                /* a limit without a request is both, and none is a request of nothing */
                ret->request_bytes =
                        requests.memory.present ? requests.memory : opt_u64(limits.memory.value);
                ret->limit_bytes = limits.memory;
                ret->knows_limit = true;
                ret->hugepages = requests.hugepages;
        }
        if (message->_memory_limit_bytes_case !=
            SLUG__V1__REPORTED_CONTAINER___MEMORY_LIMIT_BYTES_MEMORY_LIMIT_BYTES)
                return 0;
        ret->limit_bytes =
                message->memory_limit_bytes ? opt_u64(message->memory_limit_bytes) : (OptU64){};
        ret->knows_limit = true;
        return 0;
}

static int read_chunks(const Reading *reading,
                       const Slug__V1__ReportedContainer *message,
                       ReportContainer *ret) {
        ChunkResourceName name;
        size_t n = 0;

        for (size_t i = 0; i < message->n_devices; ++i)
                n += message->devices[i]->n_ids;
        ret->chunks = arena_alloc_array(reading->arena, n + 1, sizeof(*ret->chunks));
        if (!ret->chunks)
                return -ENOMEM;
        for (size_t i = 0; i < message->n_devices; ++i) {
                const Slug__V1__ReportedDevices *devices = message->devices[i];

                if (!chunk_resource_parse(devices->resource, &name))
                        continue; /* somebody else's */
                for (size_t k = 0; k < devices->n_ids; ++k)
                        ret->chunks[ret->n_chunks++] =
                                (ReportChunk){ .id = devices->ids[k], .bytes = name.bytes };
        }
        return 0;
}

/* Those of somebody else, and a request of nothing, are passed over. */
static int read_requested(Arena *arena,
                          Slug__V1__RequestedChunks *const *messages,
                          size_t n,
                          ReportRequested **ret,
                          size_t *ret_n) {
        ReportRequested *rows = arena_alloc_array(arena, n + 1, sizeof(*rows));
        ChunkResourceName name;

        if (!rows)
                return -ENOMEM;
        *ret = rows;
        *ret_n = 0;
        for (size_t i = 0; i < n; ++i)
                if (messages[i]->n > 0 && chunk_resource_parse(messages[i]->resource, &name))
                        rows[(*ret_n)++] =
                                (ReportRequested){ messages[i]->resource, messages[i]->n };
        return 0;
}

static int read_container(const Reading *reading,
                          const Slug__V1__ReportedContainer *message,
                          ReportContainer *ret) {
        int r;

        *ret = (ReportContainer){
                .name = message->name,
                .id = message->id,
                .cgroup = message->cgroup,
        };
        r = read_state(reading, message, ret);
        if (r == 0)
                r = read_memory(reading, message, ret);
        if (r == 0)
                r = read_chunks(reading, message, ret);
        if (r)
                return r;
        return read_requested(reading->arena, message->requested_chunks,
                              message->n_requested_chunks, &ret->requested, &ret->n_requested);
}

/* Pods */

static int read_sandbox(const Reading *reading, ReportPod *ret) {
        char text[16];

        switch (reading->pod->sandbox) {
        case SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_UNSPECIFIED:
                ret->sandbox = REPORT_SANDBOX_NONE;
                return 0;
        case SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_READY:
                ret->sandbox = REPORT_SANDBOX_READY;
                return 0;
        case SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_NOT_READY:
                ret->sandbox = REPORT_SANDBOX_NOT_READY;
                return 0;
        case _SLUG__V1__SANDBOX_STATE_IS_INT_SIZE:
                break;
        }
        (void)snprintf(text, sizeof(text), "%d", (int)reading->pod->sandbox);
        return refuse(reading, "sandbox", "", "a state of a sandbox", text);
}

static int read_parts(Reading *reading, ReportPod *ret) {
        const Slug__V1__ReportedPod *message = reading->pod;
        int r = 0;

        ret->containers = arena_alloc_array(reading->arena, message->n_containers + 1,
                                            sizeof(*ret->containers));
        ret->annotations = arena_alloc_array(reading->arena, message->n_annotations + 1,
                                             sizeof(*ret->annotations));
        if (!ret->containers || !ret->annotations)
                return -ENOMEM;
        ret->n_containers = message->n_containers;
        ret->n_annotations = message->n_annotations;
        for (size_t i = 0; r == 0 && i < message->n_containers; ++i) {
                reading->container = message->containers[i]->name;
                r = read_container(reading, message->containers[i], &ret->containers[i]);
        }
        for (size_t i = 0; i < message->n_annotations; ++i)
                ret->annotations[i] = (PodAnnotation){ .name = message->annotations[i]->key,
                                                       .value = message->annotations[i]->value };
        return r;
}

static int
read_pod(Arena *arena, const Slug__V1__ReportedPod *message, ReportPod *ret, Diag *reterr) {
        Reading reading = { .arena = arena, .pod = message, .reterr = reterr };
        Amounts requests = {}, limits = {};
        int r;

        *ret = (ReportPod){
                .uid = message->uid,
                .namespace_name = message->namespace_,
                .name = message->name,
                .is_static = message->is_static,
                .is_listed = message->listed_by_kubelet,
        };
        r = read_sandbox(&reading, ret);
        if (r == 0 && message->resources)
                r = read_resources(&reading, message->resources, &requests, &limits);
        ret->request_bytes = requests.memory;
        ret->limit_bytes = limits.memory;
        return r ? r : read_parts(&reading, ret);
}

/* Sources */

static int read_source(const Slug__V1__ReportSource *message, ReportSource *ret, Diag *reterr) {
        static const struct {
                Slug__V1__ReportSourceState message;
                ReportSourceState state;
        } states[] = {
                { SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE,
                  REPORT_SOURCE_COMPLETE },
                { SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED, REPORT_SOURCE_FAILED },
                { SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT, REPORT_SOURCE_ABSENT },
                { SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_UNUSED, REPORT_SOURCE_UNUSED },
        };

        *ret = (ReportSource){
                .name = message->name,
                .endpoint = message->endpoint,
                .version = message->version,
                .problem = message->problem,
        };
        for (size_t i = 0; i < ELEMENTSOF(states); ++i)
                if (states[i].message == message->state) {
                        ret->state = states[i].state;
                        return 0;
                }
        diag_set(reterr, NULL, 0, 0, "source '%.40s' has no state that is known", message->name);
        return MEMORY_E_INVALID;
}

/* Amounts of NUMA nodes */

/* Kinds of memory that nobody here counts are passed over, and so is nothing at all. */
static int
read_block(const Slug__V1__MemoryBlock *message, LedgerRoomRow *rows, size_t *n, Diag *reterr) {
        LedgerRoomRow row = { .bytes = message->size_bytes };
        char quoted[QUOTE_MAX];
        NodeSet nodes;

        if (message->size_bytes == 0 || (strcmp(message->type, "memory") != 0 &&
                                         !pod_parse_hugepages(message->type, &row.page_bytes)))
                return 0;
        if (nodeset_parse(message->numa_nodes, strlen(message->numa_nodes), &nodes) != 0 ||
            nodeset_count(&nodes) != 1) {
                diag_set(reterr, NULL, 0, 0,
                         "kubelet_allocatable: expected one NUMA node, found %s",
                         quote_format(message->numa_nodes, strlen(message->numa_nodes), quoted));
                return MEMORY_E_INVALID;
        }
        row.node = nodeset_next(&nodes, 0);
        rows[(*n)++] = row;
        return 0;
}

static int read_allocatable(Arena *arena,
                            const Slug__V1__ReportPodsRequest *message,
                            PodsReport *ret,
                            Diag *reterr) {
        int r = 0;

        ret->knows_allocatable = message->has_kubelet_allocatable;
        if (!ret->knows_allocatable)
                return 0;
        ret->allocatable = arena_alloc_array(arena, message->n_kubelet_allocatable + 1,
                                             sizeof(*ret->allocatable));
        if (!ret->allocatable)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < message->n_kubelet_allocatable; ++i)
                r = read_block(message->kubelet_allocatable[i], ret->allocatable,
                               &ret->n_allocatable, reterr);
        return r;
}

static int read_missing(Arena *arena, const Slug__V1__ReportPodsRequest *message, PodsReport *ret) {
        int r = 0;

        ret->missing =
                arena_alloc_array(arena, message->n_missing_static_pods + 1, sizeof(*ret->missing));
        if (!ret->missing)
                return -ENOMEM;
        ret->n_missing = message->n_missing_static_pods;
        for (size_t i = 0; r == 0 && i < ret->n_missing; ++i) {
                const Slug__V1__MissingStaticPod *from = message->missing_static_pods[i];
                ReportMissing *missing = &ret->missing[i];

                *missing = (ReportMissing){
                        .namespace_name = from->namespace_,
                        .name = from->name,
                        .file = from->file,
                };
                r = read_requested(arena, from->requested, from->n_requested, &missing->requested,
                                   &missing->n_requested);
        }
        return r;
}

static int
read_all(Arena *arena, const Slug__V1__ReportPodsRequest *message, PodsReport *ret, Diag *reterr) {
        int r = 0;

        ret->sources = arena_alloc_array(arena, message->n_sources + 1, sizeof(*ret->sources));
        ret->pods = arena_alloc_array(arena, message->n_pods + 1, sizeof(*ret->pods));
        if (!ret->sources || !ret->pods)
                return -ENOMEM;
        ret->n_sources = message->n_sources;
        ret->n_pods = message->n_pods;
        for (size_t i = 0; r == 0 && i < message->n_sources; ++i)
                r = read_source(message->sources[i], &ret->sources[i], reterr);
        for (size_t i = 0; r == 0 && i < message->n_pods; ++i)
                r = read_pod(arena, message->pods[i], &ret->pods[i], reterr);
        if (r == 0)
                r = read_missing(arena, message, ret);
        return r ? r : read_allocatable(arena, message, ret, reterr);
}

int pod_read_report(Arena *arena,
                    const Slug__V1__ReportPodsRequest *message,
                    uint64_t usec,
                    PodsReport **ret,
                    Diag *reterr) {
        PodsReport report = {
                .sequence = message->sequence,
                .ledger_generation = message->ledger_generation,
                .is_settled = message->settled,
                .unsettled_reason = message->unsettled_reason,
                .usec = usec,
        };
        int r;

        if (!message->reporter[0] || strlen(message->reporter) >= sizeof(report.reporter)) {
                diag_set(reterr, NULL, 0, 0, "reporter: expected a name of 1 to %zu bytes",
                         sizeof(report.reporter) - 1);
                return MEMORY_E_INVALID;
        }
        (void)snprintf(report.reporter, sizeof(report.reporter), "%s", message->reporter);
        r = read_all(arena, message, &report, reterr);
        if (r)
                return r;
        r = pods_report_new(&report, ret, reterr);
        return r > 0 ? MEMORY_E_INVALID : r;
}
