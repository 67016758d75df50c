/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pod-service.h"

#include <string.h>

#include "service/answer.h"
#include "service/pod-messages.h"

/*
 * A report of 1024 pods with all that they can say is about 2 MiB; it has to be whole before it is
 * read, and a connection holds 4 MiB (RpcLimits), its answers among them.
 */
#define REPORT_REQUEST_MAX (3u * 1024 * 1024)

/* Reports */

/* One of another boot came late, or from another machine. False: @reterr says why not. */
static bool is_wanted(const PodService *self,
                      const Slug__V1__ReportPodsRequest *request,
                      const PodsReport *report,
                      Diag *reterr) {
        const Inventory *inventory = self->pods->inventory;

        if (request->boot_id[0] && self->boot_id[0] &&
            strcmp(request->boot_id, self->boot_id) != 0) {
                diag_set(reterr, NULL, 0, 0, "it is of boot %.40s, and this is boot %.40s",
                         request->boot_id, self->boot_id);
                return false;
        }
        return pods_report_is_newer(inventory ? inventory->report : NULL, report, reterr);
}

static void report_pods(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ReportPodsRequest *request = (const Slug__V1__ReportPodsRequest *)message;
        Slug__V1__ReportPodsResponse response = SLUG__V1__REPORT_PODS_RESPONSE__INIT;
        _cleanup_(pods_report_freep) PodsReport *report = NULL;
        const PodService *self = userdata;
        Diag diag = {};
        int r;

        r = pod_read_report(rpc_call_get_arena(call), request, clock_now_usec(&self->pods->clock),
                            &report, &diag);
        if (r < 0) {
                answer_fail_memory(call);
                return;
        }
        if (r > 0) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%s", diag.text);
                return;
        }
        response.taken = is_wanted(self, request, report, &diag);
        if (response.taken && self->take(TAKE_PTR(report), self->userdata) < 0) {
                answer_fail_memory(call);
                return;
        }
        if (!response.taken)
                response.refusal = diag.text;
        response.ledger_generation = ledger_get_generation(self->ledger);
        rpc_call_finish(call, &response.base);
}

/* Lists */

static void list_pods(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ListPodsRequest *request = (const Slug__V1__ListPodsRequest *)message;
        Slug__V1__ListPodsResponse response = SLUG__V1__LIST_PODS_RESPONSE__INIT;
        const PodService *self = userdata;

        if (request->max_age_ms > 0)
                self->refresh(request->max_age_ms * USEC_PER_MSEC, self->userdata);
        if (pod_build_list(rpc_call_get_arena(call), self, request, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

void pod_service_init(PodService *service) {
        static const RpcMethod methods[] = {
                {
                        .path = "/slug.v1.PodService/ReportPods",
                        .input = &slug__v1__report_pods_request__descriptor,
                        .output = &slug__v1__report_pods_response__descriptor,
                        .handler = report_pods,
                        .role = RPC_ROLE_CLAIMER,
                        .max_request_bytes = REPORT_REQUEST_MAX,
                },
                {
                        .path = "/slug.v1.PodService/ListPods",
                        .input = &slug__v1__list_pods_request__descriptor,
                        .output = &slug__v1__list_pods_response__descriptor,
                        .handler = list_pods,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
        };

        service->service = (RpcService){
                .methods = methods,
                .n_methods = ELEMENTSOF(methods),
                .userdata = service,
        };
}
