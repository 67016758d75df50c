/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/allocate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "kubelet/device/answer.h"
#include "slug/v1/chunk.pb-c.h"

#define RETRY_USEC  (100 * USEC_PER_MSEC)
#define REASON_MAX  256u
#define MINUTE_USEC (60 * USEC_PER_SEC)

struct Allocator {
        AllocatorParams params;
        uint64_t warned_usec; /* that it is many; 0: never */
};

/* One call of the kubelet's. Memory is the call's, but for the errand itself. */
typedef struct Errand {
        Allocator *allocator;
        RpcCall *call;
        char *resource, *cdi_device;
        V1beta1__ContainerAllocateRequest **requests;
        V1beta1__AllocateResponse response;
        size_t n_requests, n_done; /* requests that slugd has answered come first */
        uint64_t deadline_usec;
        RpcClientCall *question; /* that slugd has */
        sd_event_source *retry;
        bool is_answered;        /* the question was, and its answer is in the response */
        char reason[REASON_MAX]; /* why slugd did not, the last time */
} Errand;

static uint64_t now_usec(void) {
        return clock_now_usec(&clock_monotonic);
}

static void ask(Errand *errand);

/* The end */

static void free_errand(Errand *errand) {
        if (errand->question)
                rpc_client_cancel(errand->question);
        sd_event_source_disable_unref(errand->retry);
        free(errand);
}

/* The kubelet has gone. What slugd was asked for it may have done: a claim that nobody is seen with
 * expires there. */
static void on_gone(RpcCall *call _unused_, void *userdata) {
        free_errand(userdata);
}

static void fail(Errand *errand, RpcCode code, const char *reason) {
        RpcCall *call = errand->call;

        log_event(LOG_WARNING, SLUG_MESSAGE_DEVICE_FAILED,
                  LOG_WITH({ .name = "SLUG_REASON", .text = reason },
                           { .name = "SLUG_STATUS", .text = rpc_code_name(code) }),
                  "no chunks of %s for a container: %s", errand->resource, reason);
        rpc_call_fail(call, code, "%s: %s", errand->resource, reason);
        free_errand(errand);
}

static void finish(Errand *errand) {
        const AllocatorParams *params = &errand->allocator->params;
        RpcCall *call = errand->call;

        rpc_call_finish(call, &errand->response.base);
        free_errand(errand);
        params->happened(params->userdata);
}

/* One container */

static int add_answer(Errand *errand, const Slug__V1__AllocateChunksResponse *response) {
        Arena *arena = rpc_call_get_arena(errand->call);
        V1beta1__ContainerAllocateResponse *answer = arena_alloc(arena, sizeof(*answer));
        int r;

        if (!answer)
                return -ENOMEM;
        r = answer_container(response, errand->cdi_device, arena, answer);
        if (r)
                return r;
        errand->response.container_responses[errand->response.n_container_responses++] = answer;
        return 0;
}

static void on_answer(const ProtobufCMessage *message, void *userdata) {
        Errand *errand = userdata;

        errand->is_answered =
                add_answer(errand, (const Slug__V1__AllocateChunksResponse *)message) == 0;
}

/* Within the deadline there may be another slugd, or one that knows more. */
static bool try_again(Errand *errand, const RpcResult *result) {
        (void)snprintf(errand->reason, sizeof(errand->reason), "%.*s", (int)REASON_MAX - 1,
                       result->message);
        return result->code == RPC_UNAVAILABLE && now_usec() + RETRY_USEC < errand->deadline_usec &&
               sd_event_source_set_time_relative(errand->retry, RETRY_USEC) >= 0 &&
               sd_event_source_set_enabled(errand->retry, SD_EVENT_ONESHOT) >= 0;
}

static void on_ended(const RpcResult *result, void *userdata) {
        Errand *errand = userdata;
        char reason[REASON_MAX + 64];

        errand->question = NULL;
        if (result->code == RPC_OK && !errand->is_answered) {
                fail(errand, RPC_RESOURCE_EXHAUSTED, "out of memory");
        } else if (result->code == RPC_OK) {
                ++errand->n_done;
                ask(errand);
        } else if (result->code == RPC_DEADLINE_EXCEEDED) {
                (void)snprintf(reason, sizeof(reason), "slugd has not answered within 2 s%s%s",
                               errand->reason[0] ? ": " : "", errand->reason);
                fail(errand, RPC_UNAVAILABLE, reason);
        } else if (!try_again(errand, result)) {
                fail(errand, result->code, errand->reason);
        }
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        ask(userdata);
        return 0;
}

static void ask(Errand *errand) {
        Slug__V1__AllocateChunksRequest request = SLUG__V1__ALLOCATE_CHUNKS_REQUEST__INIT;
        const uint64_t now = now_usec();
        const V1beta1__ContainerAllocateRequest *container;
        int r;

        if (errand->n_done == errand->n_requests) {
                finish(errand);
                return;
        }
        container = errand->requests[errand->n_done];
        request.resource = errand->resource;
        request.ids = container->devices_ids;
        request.n_ids = container->n_devices_ids;
        errand->is_answered = false;
        r = rpc_client_call(errand->allocator->params.client,
                            &(const RpcClientCallParams){
                                    .path = "/slug.v1.ChunkService/AllocateChunks",
                                    .request = &request.base,
                                    .output = &slug__v1__allocate_chunks_response__descriptor,
                                    .waits_for_server = true,
                                    .timeout_usec = opt_u64(errand->deadline_usec > now
                                                                    ? errand->deadline_usec - now
                                                                    : 1),
                                    .message = on_answer,
                                    .ended = on_ended,
                                    .userdata = errand,
                            },
                            &errand->question);
        if (r)
                fail(errand, RPC_RESOURCE_EXHAUSTED, strerror(-r));
}

/* The beginning */

/* A request is there until the handler returns, and its answer comes later. */
static V1beta1__ContainerAllocateRequest *
copy_container(Arena *arena, const V1beta1__ContainerAllocateRequest *container) {
        V1beta1__ContainerAllocateRequest *copy = arena_alloc(arena, sizeof(*copy));

        if (!copy)
                return NULL;
        *copy = *container;
        copy->devices_ids =
                arena_alloc_array(arena, container->n_devices_ids + 1, sizeof(*copy->devices_ids));
        for (size_t i = 0; copy->devices_ids && i < container->n_devices_ids; ++i) {
                copy->devices_ids[i] = arena_strdup(arena, container->devices_ids[i]);
                if (!copy->devices_ids[i])
                        return NULL;
        }
        return copy->devices_ids ? copy : NULL;
}

static bool copy_request(Errand *errand,
                         const char *resource,
                         const char *cdi_device,
                         const V1beta1__AllocateRequest *request) {
        const size_t n = request->n_container_requests;
        Arena *arena = rpc_call_get_arena(errand->call);

        v1beta1__allocate_response__init(&errand->response);
        errand->resource = arena_strdup(arena, resource);
        errand->cdi_device = arena_strdup(arena, cdi_device);
        errand->requests = arena_alloc_array(arena, n + 1, sizeof(*errand->requests));
        errand->response.container_responses =
                arena_alloc_array(arena, n + 1, sizeof(*errand->response.container_responses));
        if (!errand->resource || !errand->cdi_device || !errand->requests ||
            !errand->response.container_responses)
                return false;
        for (size_t i = 0; i < n; ++i) {
                errand->requests[i] = copy_container(arena, request->container_requests[i]);
                if (!errand->requests[i])
                        return false;
        }
        errand->n_requests = n;
        return true;
}

static bool check(const V1beta1__AllocateRequest *request, Diag *reterr) {
        if (request->n_container_requests == 0 ||
            request->n_container_requests > ALLOCATE_REQUESTS_MAX) {
                diag_set(reterr, NULL, 0, 0, "%zu containers in one request, 1 to %u are expected",
                         request->n_container_requests, ALLOCATE_REQUESTS_MAX);
                return false;
        }
        for (size_t i = 0; i < request->n_container_requests; ++i) {
                const size_t n = request->container_requests[i]->n_devices_ids;

                if (n > 0 && n <= CHUNK_LIST_MAX)
                        continue;
                diag_set(reterr, NULL, 0, 0, "%zu chunks for a container, 1 to %u are expected", n,
                         CHUNK_LIST_MAX);
                return false;
        }
        return true;
}

static void
warn_if_many(Allocator *allocator, const char *resource, const V1beta1__AllocateRequest *request) {
        const uint64_t now = now_usec();

        for (size_t i = 0; i < request->n_container_requests; ++i) {
                const size_t n = request->container_requests[i]->n_devices_ids;

                if (n <= ALLOCATE_MANY ||
                    (allocator->warned_usec > 0 && now - allocator->warned_usec < MINUTE_USEC))
                        continue;
                allocator->warned_usec = now;
                log_event(LOG_WARNING, SLUG_MESSAGE_DEVICE_MANY,
                          LOG_WITH({ .name = "SLUG_COUNT", .number = n }),
                          "%zu chunks of %s for one container: the kubelet writes an entry for "
                          "each into the pod's status, which etcd keeps in 1.5 MiB; larger chunks "
                          "keep it small",
                          n, resource);
        }
}

void allocator_start(Allocator *allocator,
                     RpcCall *call,
                     const char *resource,
                     const char *cdi_device,
                     const V1beta1__AllocateRequest *request) {
        Errand *errand;
        Diag diag = {};

        if (!check(request, &diag)) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%s: %s", resource, diag.text);
                return;
        }
        warn_if_many(allocator, resource, request);
        errand = calloc(1, sizeof(*errand));
        if (!errand) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s: out of memory", resource);
                return;
        }
        errand->allocator = allocator;
        errand->call = call;
        errand->deadline_usec = now_usec() + ALLOCATE_USEC;
        if (!copy_request(errand, resource, cdi_device, request) ||
            sd_event_add_time(allocator->params.event, &errand->retry, CLOCK_MONOTONIC, 0, 1,
                              on_retry, errand) < 0 ||
            sd_event_source_set_enabled(errand->retry, SD_EVENT_OFF) < 0) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s: out of memory", resource);
                free_errand(errand);
                return;
        }
        rpc_call_keep(call, on_gone, NULL, errand);
        ask(errand);
}

int allocator_new(const AllocatorParams *params, Allocator **ret) {
        Allocator *allocator = calloc(1, sizeof(*allocator));

        if (!allocator)
                return -ENOMEM;
        allocator->params = *params;
        *ret = allocator;
        return 0;
}

Allocator *allocator_free(Allocator *allocator) {
        free(allocator);
        return NULL;
}
