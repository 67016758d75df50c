/* SPDX-License-Identifier: Apache-2.0 */
#include "service/memory-service.h"

#include <errno.h>
#include <string.h>

#include "ledger/lifecycle.h"
#include "service/memory-handlers.h"

/* The table of methods, and what their handlers share. */
#define POD_REQUEST_MAX      (256u * 1024)
#define SIMULATE_REQUEST_MAX (8u * 1024 * 1024)
#define IMPORT_REQUEST_MAX   (16u * 1024 * 1024)

void memory_fail(RpcCall *call, int r, const Diag *diag) {
        if (r < 0)
                answer_fail_memory(call);
        else
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%s", diag->text);
}

bool memory_get_context(RpcCall *call,
                        const MemoryService *self,
                        Slug__V1__HintMode mode,
                        HintsContext *ret) {
        *ret = (HintsContext){
                .machine = self->machine,
                .ledger = self->ledger,
                .with_pod_level = self->with_pod_level,
        };
        if (memory_read_mode(mode, &ret->mode))
                return true;
        rpc_call_fail(call, RPC_INVALID_ARGUMENT, "there is no hint mode %d", (int)mode);
        return false;
}

const PodContainer *memory_get_container(RpcCall *call, const Pod *pod, const char *name) {
        const PodContainer *container = pod_find_container(pod, name);

        if (!container)
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "pod '%s' has no container '%.64s'",
                              pod->name && pod->name[0] ? pod->name : pod->uid, name);
        return container;
}

static int allocate(const HintsContext *context,
                    Ledger *ledger,
                    const HintsClaimant *claimant,
                    LedgerChange *ret,
                    Diag *reterr) {
        _cleanup_(ledger_regardp) Ledger *disregarding =
                ledger_disregard(ledger, claimant->pod->uid);

        return hints_allocate(context, claimant, ret, reterr);
}

int memory_plan_allocation(const HintsContext *context,
                           Ledger *ledger,
                           const HintsClaimant *claimant,
                           LedgerChange *ret,
                           Diag *reterr) {
        const int r = allocate(context, ledger, claimant, ret, reterr);

        return r ? r : lifecycle_yield(ledger, ret);
}

static bool is_active(const char *pod_uid, const char *container, void *userdata) {
        const Slug__V1__ActivePods *active = userdata;

        for (size_t i = 0; i < active->n_pods; ++i) {
                const Slug__V1__ActivePod *pod = active->pods[i];

                if (strcmp(pod->uid, pod_uid) != 0)
                        continue;
                for (size_t k = 0; k < pod->n_containers; ++k)
                        if (strcmp(pod->containers[k], container) == 0)
                                return true;
        }
        return false;
}

/* One change's worth. @ret: how many claims went. */
static int drop_some(MemoryService *self, const Slug__V1__ActivePods *active, size_t *ret) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        int r;

        r = lifecycle_drop_stale(self->ledger, is_active, (void *)active, &change);
        *ret = change.n_drops;
        if (r == 0 && change.n_drops > 0)
                r = journal_apply(self->journal, &change, NULL, false, NULL, NULL, NULL);
        return r;
}

bool memory_drop_stale(RpcCall *call, MemoryService *self, const Slug__V1__ActivePods *active) {
        size_t n, n_all = 0;
        int r;

        if (!active)
                return true;
        if (rpc_call_get_peer(call)->role < RPC_ROLE_CLAIMER) {
                rpc_call_fail(call, RPC_PERMISSION_DENIED,
                              "active_pods lets claims go, which wants the role claimer");
                return false;
        }
        do {
                r = drop_some(self, active, &n);
                n_all += n;
        } while (r == 0 && n > 0);
        if (n_all > 0)
                self->changed(self->userdata);
        if (r)
                answer_fail_memory(call);
        return r == 0;
}

const char *memory_get_wait(const MemoryService *self) {
        return self->pods ? self->pods->problem : "";
}

/* False: the call was failed. */
static bool may_promise(RpcCall *call, const MemoryService *self) {
        const char *wait = memory_get_wait(self);

        if (!wait[0])
                return true;
        rpc_call_fail(call, RPC_UNAVAILABLE, "nothing new is promised: %s", wait);
        return false;
}

static void on_allocate(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        if (may_promise(call, userdata))
                memory_allocate(call, request, userdata);
}

static void on_allocate_pod(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        if (may_promise(call, userdata))
                memory_allocate_pod(call, request, userdata);
}

#define METHOD(name, in, out, on_call, wants, ...)                                                 \
        {                                                                                          \
                .path = "/slug.v1.MemoryManagerService/" name,                                     \
                .input = &slug__v1__##in##__descriptor, .output = &slug__v1__##out##__descriptor,  \
                .handler = on_call, .role = wants, __VA_ARGS__                                     \
        }
#define READS   .has_no_side_effects = true, .max_request_bytes = POD_REQUEST_MAX
#define CHANGES .max_request_bytes = POD_REQUEST_MAX

void memory_service_init(MemoryService *service) {
        static const RpcMethod methods[] = {
                METHOD("Allocate", allocate_request, allocate_response, on_allocate,
                       RPC_ROLE_CLAIMER, CHANGES),
                METHOD("AllocatePod", allocate_pod_request, allocate_pod_response, on_allocate_pod,
                       RPC_ROLE_CLAIMER, CHANGES),
                METHOD("AddContainer", add_container_request, add_container_response,
                       memory_add_container, RPC_ROLE_CLAIMER, CHANGES),
                METHOD("RemoveContainer", remove_container_request, remove_container_response,
                       memory_remove_container, RPC_ROLE_CLAIMER, CHANGES),
                METHOD("GetTopologyHints", get_topology_hints_request, get_topology_hints_response,
                       memory_get_hints, RPC_ROLE_READER, CHANGES),
                METHOD("GetPodTopologyHints", get_pod_topology_hints_request,
                       get_pod_topology_hints_response, memory_get_pod_hints, RPC_ROLE_READER,
                       CHANGES),
                METHOD("GetMemoryNUMANodes", get_memory_numanodes_request,
                       get_memory_numanodes_response, memory_get_numa_nodes, RPC_ROLE_READER,
                       READS),
                METHOD("GetAllocatableMemory", get_allocatable_memory_request,
                       get_allocatable_memory_response, memory_get_allocatable, RPC_ROLE_READER,
                       READS),
                METHOD("GetMemory", get_memory_request, get_memory_response, memory_get_memory,
                       RPC_ROLE_READER, READS),
                METHOD("GetState", get_state_request, get_state_response, memory_get_state,
                       RPC_ROLE_READER, READS),
                METHOD("Explain", explain_memory_request, explain_memory_response, memory_explain,
                       RPC_ROLE_READER, READS),
                METHOD("ImportClaims", import_claims_request, import_claims_response,
                       memory_import_claims, RPC_ROLE_ADMIN,
                       .max_request_bytes = IMPORT_REQUEST_MAX),
                METHOD("Simulate", simulate_request, simulate_response, memory_simulate,
                       RPC_ROLE_READER, .has_no_side_effects = true,
                       .max_request_bytes = SIMULATE_REQUEST_MAX),
        };

        service->service = (RpcService){
                .methods = methods,
                .n_methods = ELEMENTSOF(methods),
                .userdata = service,
        };
}
