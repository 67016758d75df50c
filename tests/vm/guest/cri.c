/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cri SOCKET: the container runtime, or the kubelet's pod-resources, asked by line
 *
 * A line of the input is a method and its request as JSON, "StartContainer {"containerId": "..."}".
 * One of another service than the runtime's is named with it, "v1.PodResourcesLister/List {}".
 * For every one of them a line of output tells what came of it: "ok " and the answer, or "no " and
 * why not. One call after the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "cri.pb-c.h"
#include "cri/runtime/v1/runtime.pb-c.h"
#include "k8s/podresources/v1/podresources.pb-c.h"
#include "rpc/client.h"
#include "rpc/json.h"

#define ARENA_MAX    (4u * 1024 * 1024)
#define TIMEOUT_USEC UINT64_C(240000000)

typedef struct Method {
        const char *name;
        const ProtobufCMessageDescriptor *request, *response;
} Method;

static const Method methods[] = {
        { "Version", &runtime__v1__version_request__descriptor,
          &runtime__v1__version_response__descriptor },
        { "RunPodSandbox", &cri__test__run_pod_sandbox_request__descriptor,
          &cri__test__run_pod_sandbox_response__descriptor },
        { "StopPodSandbox", &cri__test__stop_pod_sandbox_request__descriptor,
          &cri__test__empty__descriptor },
        { "RemovePodSandbox", &cri__test__remove_pod_sandbox_request__descriptor,
          &cri__test__empty__descriptor },
        { "ListPodSandbox", &runtime__v1__list_pod_sandbox_request__descriptor,
          &runtime__v1__list_pod_sandbox_response__descriptor },
        { "CreateContainer", &cri__test__create_container_request__descriptor,
          &cri__test__create_container_response__descriptor },
        { "StartContainer", &cri__test__start_container_request__descriptor,
          &cri__test__empty__descriptor },
        { "StopContainer", &cri__test__stop_container_request__descriptor,
          &cri__test__empty__descriptor },
        { "RemoveContainer", &cri__test__remove_container_request__descriptor,
          &cri__test__empty__descriptor },
        { "UpdateContainerResources", &cri__test__update_container_resources_request__descriptor,
          &cri__test__empty__descriptor },
        { "ListContainers", &runtime__v1__list_containers_request__descriptor,
          &runtime__v1__list_containers_response__descriptor },
        { "ContainerStatus", &runtime__v1__container_status_request__descriptor,
          &runtime__v1__container_status_response__descriptor },
        { "v1.PodResourcesLister/List", &v1__list_pod_resources_request__descriptor,
          &v1__list_pod_resources_response__descriptor },
        { "v1.PodResourcesLister/GetAllocatableResources",
          &v1__allocatable_resources_request__descriptor,
          &v1__allocatable_resources_response__descriptor },
};

typedef struct Cri {
        sd_event *event;
        RpcClient *client;
        Buffer answer; /* of the call that is under way */
        bool is_over;
} Cri;

static void on_message(const ProtobufCMessage *response, void *userdata) {
        Cri *self = userdata;

        buffer_append_text(&self->answer, "ok ");
        json_encode(response, 0, NULL, &self->answer);
}

static void on_ended(const RpcResult *result, void *userdata) {
        Cri *self = userdata;

        if (result->code != RPC_OK)
                buffer_printf(&self->answer, "no %s: %s", rpc_code_name(result->code),
                              result->message);
        self->is_over = true;
}

/* Return: 0, or an errno. */
static int call(Cri *self, const Method *method, const ProtobufCMessage *request) {
        char path[128];
        int r;

        (void)snprintf(path, sizeof(path), "/%s%s",
                       strchr(method->name, '/') ? "" : "runtime.v1.RuntimeService/", method->name);
        self->is_over = false;
        r = rpc_client_call(self->client,
                            &(const RpcClientCallParams){ .path = path,
                                                          .request = request,
                                                          .output = method->response,
                                                          .waits_for_server = true,
                                                          .timeout_usec = opt_u64(TIMEOUT_USEC),
                                                          .message = on_message,
                                                          .ended = on_ended,
                                                          .userdata = self },
                            NULL);
        while (r >= 0 && !self->is_over)
                r = sd_event_run(self->event, UINT64_MAX);
        return r < 0 ? r : 0;
}

static const Method *find_method(const char *name, size_t n_name) {
        for (size_t i = 0; i < ELEMENTSOF(methods); ++i)
                if (strlen(methods[i].name) == n_name &&
                    strncmp(methods[i].name, name, n_name) == 0)
                        return &methods[i];
        return NULL;
}

/* Return: 0, or an errno. */
static int take(Cri *self, const char *line) {
        const char *json = line + strcspn(line, " \n");
        const Method *method = find_method(line, (size_t)(json - line));
        _cleanup_(arena_freep) Arena *arena = NULL;
        ProtobufCMessage *request;
        char why[DIAG_FORMATTED_MAX];
        Diag diag = {};
        int r;

        if (!method) {
                buffer_append_text(&self->answer, "no such method");
                return 0;
        }
        r = arena_new(ARENA_MAX, &arena);
        if (r < 0)
                return r;
        r = json_decode(json, strlen(json), method->request, NULL, arena, &request, &diag);
        if (r < 0)
                return r;
        if (r > 0) {
                buffer_printf(&self->answer, "no %s", diag_format(&diag, why));
                return 0;
        }
        return call(self, method, request);
}

static int tell(Cri *self) {
        const int r = buffer_finish(&self->answer);

        if (r < 0)
                return r;
        if (printf("%s\n", self->answer.data) < 0 || fflush(stdout) != 0)
                return -EIO;
        buffer_deinit(&self->answer);
        self->answer = (Buffer){};
        return 0;
}

static int run(Cri *self, const char *socket) {
        _cleanup_(freep) char *line = NULL;
        size_t n_allocated = 0;
        int r;

        r = sd_event_new(&self->event);
        if (r < 0)
                return r;
        r = rpc_client_new(&(const RpcClientParams){ .event = self->event, .path = socket },
                           &self->client);
        while (r >= 0 && getline(&line, &n_allocated, stdin) > 0) {
                r = take(self, line);
                if (r >= 0)
                        r = tell(self);
        }
        return r;
}

int main(int argc, char **argv) {
        Cri self = {};
        int r;

        if (argc != 2) {
                (void)fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
                return EXIT_FAILURE;
        }
        r = run(&self, argv[1]);
        rpc_client_free(self.client);
        sd_event_unref(self.event);
        buffer_deinit(&self.answer);
        if (r < 0)
                (void)fprintf(stderr, "cri: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
