/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubles
 *
 *   double WHO SOCKET DIR
 *
 * Stands in for a container runtime (WHO: runtime), for the kubelet's pod-resources server
 * (pod-resources) or for slugd (slugd). What it answers are the files in DIR, read when it is
 * asked, so that a test changes the world by writing a file. A file holds a message as JSON; one
 * that is not there is an empty message.
 *
 *   runtime        version.json containers.json sandboxes.json, and status-ID.json of a container
 *   pod-resources  list.json, allocatable.json, get.json
 *   slugd          answer.json; what it is told goes to DIR/reports, a line each; chunks.json, and
 *                  claim.json, for which DIR/claims gets a line each
 *
 * DIR/calls gets the name of each method that is called. DIR/mode may hold words: "no-events",
 * "busy", "silent", "away", "forbidden" and "die" are what a call comes to. SIGHUP is an event of
 * the runtime, and another list of chunks. Ends at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/root.h"
#include "cri/runtime/v1/runtime.pb-c.h"
#include "k8s/podresources/v1/podresources.pb-c.h"
#include "rpc/health.h"
#include "rpc/server.h"
#include "rpc/watchers.h"
#include "slug/v1/chunk.pb-c.h"
#include "slug/v1/pod.pb-c.h"

#define FILE_MAX (8u * 1024 * 1024)

static const char *dir;
static uint64_t n_events;

_printf_(1, 2) __attribute__((__noreturn__)) static void die(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(1);
}

/* Files */

static void append_line(const char *name, const char *text) {
        char path[512];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        file = fopen(path, "ae");
        if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) != 0)
                die("cannot write %s: %s", path, strerror(errno));
}

/* "" when there is none. The caller frees. */
static char *read_text(const char *name) {
        char *text = calloc(1, FILE_MAX), path[512];
        size_t n = 0;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (!text)
                die("out of memory");
        if (fd >= 0 && root_read_fd(fd, text, FILE_MAX, &n))
                die("cannot read %s", path);
        fd_close(fd);
        return text;
}

static bool has_mode(const char *word) {
        _cleanup_(freep) char *text = read_text("mode");

        return strstr(text, word);
}

/* Answers */

static void on_ended(RpcCall *call, void *userdata) {
        (void)call;
        (void)userdata;
}

/* Return: it was answered. */
static bool answer_by_mode(RpcCall *call) {
        const char *name = strrchr(rpc_call_get_method(call)->path, '/') + 1;

        append_line("calls", name);
        if (has_mode("die"))
                _exit(1);
        if (has_mode("silent"))
                rpc_call_keep(call, on_ended, NULL, NULL);
        else if (has_mode("busy"))
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "rejected by rate limit");
        else if (has_mode("away"))
                rpc_call_fail(call, RPC_UNAVAILABLE, "not ready");
        else if (has_mode("forbidden"))
                rpc_call_fail(call, RPC_PERMISSION_DENIED, "not you");
        else
                return false;
        return true;
}

static ProtobufCMessage *read_message(RpcCall *call, const char *name) {
        _cleanup_(freep) char *file = read_text(name);
        const ProtobufCMessageDescriptor *output = rpc_call_get_method(call)->output;
        const char *text = file[0] ? file : "{}";
        ProtobufCMessage *message;
        Diag diag = {};

        if (json_decode(text, strlen(text), output, NULL, rpc_call_get_arena(call), &message,
                        &diag) != 0)
                die("%s/%s: %u: %s", dir, name, diag.column, diag.text);
        return message;
}

static void answer_file(RpcCall *call, const char *name) {
        rpc_call_finish(call, read_message(call, name));
}

#define DEFINE_ANSWER(function, file)                                                              \
        static void function(RpcCall *call, const ProtobufCMessage *request, void *userdata) {     \
                (void)request;                                                                     \
                (void)userdata;                                                                    \
                if (!answer_by_mode(call))                                                         \
                        answer_file(call, file);                                                   \
        }                                                                                          \
        struct slug_wants_semicolon

DEFINE_ANSWER(handle_version, "version.json");
DEFINE_ANSWER(handle_containers, "containers.json");
DEFINE_ANSWER(handle_sandboxes, "sandboxes.json");
DEFINE_ANSWER(handle_list, "list.json");
DEFINE_ANSWER(handle_allocatable, "allocatable.json");

static void handle_status(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Runtime__V1__ContainerStatusRequest *request =
                (const Runtime__V1__ContainerStatusRequest *)message;
        char name[256];

        (void)userdata;
        if (answer_by_mode(call))
                return;
        (void)snprintf(name, sizeof(name), "status-%s.json", request->container_id);
        answer_file(call, name);
}

/* The kubelet has one code for what it does not know and what it was not asked for. */
static void handle_get(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        _cleanup_(freep) char *text = read_text("get.json");

        (void)request;
        (void)userdata;
        if (answer_by_mode(call))
                return;
        if (text[0])
                answer_file(call, "get.json");
        else
                rpc_call_fail(call, RPC_UNKNOWN, "PodResources API Get method disabled");
}

/* Events */

static bool push_event(RpcCall *call, RpcCookie *cookie, void *userdata) {
        Runtime__V1__ContainerEventResponse event = RUNTIME__V1__CONTAINER_EVENT_RESPONSE__INIT;

        (void)userdata;
        if (cookie->first == n_events)
                return true;
        cookie->first = n_events;
        event.container_id = (char *)"some";
        return rpc_call_push(call, &event.base);
}

static RpcWatchers watchers = { .push = push_event };

static void handle_events(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        (void)userdata;
        append_line("calls", "GetContainerEvents");
        if (has_mode("no-events"))
                rpc_call_fail(call, RPC_UNIMPLEMENTED, "no events here");
        else
                rpc_watchers_add(&watchers, call, (RpcCookie){ .first = n_events });
}

static bool push_chunks(RpcCall *call, RpcCookie *cookie, void *userdata) {
        (void)cookie;
        (void)userdata;
        return rpc_call_push(call, read_message(call, "chunks.json"));
}

static RpcWatchers chunk_watchers = { .push = push_chunks };

static void handle_chunks(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        (void)userdata;
        if (!answer_by_mode(call))
                rpc_watchers_add(&chunk_watchers, call, (RpcCookie){});
}

static int on_event(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        (void)source;
        (void)info;
        (void)userdata;
        ++n_events;
        rpc_watchers_notify(&watchers);
        rpc_watchers_notify(&chunk_watchers);
        return 0;
}

/* slugd */

static void append_message(const char *name, const ProtobufCMessage *message) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        json_encode(message, 0, NULL, &text);
        if (buffer_finish(&text))
                die("out of memory");
        append_line(name, text.data);
}

static void handle_report(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)userdata;
        if (answer_by_mode(call))
                return;
        append_message("reports", request);
        answer_file(call, "answer.json");
}

static void handle_claim(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)userdata;
        if (answer_by_mode(call))
                return;
        append_message("claims", request);
        answer_file(call, "claim.json");
}

/* The program */

#define METHOD(Path, function, in, out, ...)                                                       \
        {                                                                                          \
                .path = (Path), .input = &in##__descriptor, .output = &out##__descriptor,          \
                .handler = (function), .max_request_bytes = FILE_MAX, __VA_ARGS__                  \
        }
static const RpcMethod runtime_methods[] = {
        METHOD("/runtime.v1.RuntimeService/Version",
               handle_version,
               runtime__v1__version_request,
               runtime__v1__version_response,
               .kind = RPC_UNARY),
        METHOD("/runtime.v1.RuntimeService/ListContainers",
               handle_containers,
               runtime__v1__list_containers_request,
               runtime__v1__list_containers_response,
               .kind = RPC_UNARY),
        METHOD("/runtime.v1.RuntimeService/ListPodSandbox",
               handle_sandboxes,
               runtime__v1__list_pod_sandbox_request,
               runtime__v1__list_pod_sandbox_response,
               .kind = RPC_UNARY),
        METHOD("/runtime.v1.RuntimeService/ContainerStatus",
               handle_status,
               runtime__v1__container_status_request,
               runtime__v1__container_status_response,
               .kind = RPC_UNARY),
        METHOD("/runtime.v1.RuntimeService/GetContainerEvents",
               handle_events,
               runtime__v1__get_events_request,
               runtime__v1__container_event_response,
               .kind = RPC_SERVER_STREAM),
};
static const RpcMethod pod_resources_methods[] = {
        METHOD("/v1.PodResourcesLister/List",
               handle_list,
               v1__list_pod_resources_request,
               v1__list_pod_resources_response,
               .kind = RPC_UNARY),
        METHOD("/v1.PodResourcesLister/GetAllocatableResources",
               handle_allocatable,
               v1__allocatable_resources_request,
               v1__allocatable_resources_response,
               .kind = RPC_UNARY),
        METHOD("/v1.PodResourcesLister/Get",
               handle_get,
               v1__get_pod_resources_request,
               v1__get_pod_resources_response,
               .kind = RPC_UNARY),
};
static const RpcMethod slugd_methods[] = {
        METHOD("/slug.v1.PodService/ReportPods",
               handle_report,
               slug__v1__report_pods_request,
               slug__v1__report_pods_response,
               .kind = RPC_UNARY),
        METHOD("/slug.v1.ChunkService/WatchChunks",
               handle_chunks,
               slug__v1__watch_chunks_request,
               slug__v1__chunk_list,
               .kind = RPC_SERVER_STREAM),
        METHOD("/slug.v1.ChunkService/AllocateChunks",
               handle_claim,
               slug__v1__allocate_chunks_request,
               slug__v1__allocate_chunks_response,
               .kind = RPC_UNARY),
};
static const RpcService runtime_service = { .methods = runtime_methods,
                                            .n_methods = ELEMENTSOF(runtime_methods) };
static const RpcService pod_resources_service = { .methods = pod_resources_methods,
                                                  .n_methods = ELEMENTSOF(pod_resources_methods) };
static const RpcService slugd_service = { .methods = slugd_methods,
                                          .n_methods = ELEMENTSOF(slugd_methods) };

static const RpcService *find_service(const char *who) {
        if (strcmp(who, "runtime") == 0)
                return &runtime_service;
        if (strcmp(who, "pod-resources") == 0)
                return &pod_resources_service;
        if (strcmp(who, "slugd") == 0)
                return &slugd_service;
        die("who is %s?", who);
}

static void add_signals(sd_event *event) {
        sigset_t blocked;

        (void)sigemptyset(&blocked);
        (void)sigaddset(&blocked, SIGHUP);
        (void)sigaddset(&blocked, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
        if (sd_event_add_signal(event, NULL, SIGHUP, on_event, NULL) < 0 ||
            sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0)
                die("no signals");
}

int main(int argc, char **argv) {
        const RpcService *services[2] = {};
        RpcHealth health;
        RpcTable table = { .services = services, .n_services = ELEMENTSOF(services) };
        RpcServer *server;
        sd_event *event;
        Diag diag = {};

        if (argc != 4)
                die("Usage: double runtime|pod-resources|slugd SOCKET DIR");
        dir = argv[3];
        services[0] = find_service(argv[1]);
        services[1] = &health.service;
        rpc_health_init(&health, &table);
        rpc_health_set_serving(&health, true);
        (void)signal(SIGPIPE, SIG_IGN);
        if (sd_event_new(&event) < 0)
                die("no loop");
        add_signals(event);
        if (rpc_server_new(&(const RpcServerParams){ .event = event, .table = &table }, &server))
                die("no server");
        if (rpc_server_listen(server, argv[2], &diag))
                die("%s", diag.text);
        append_line("calls", "listening");
        return sd_event_loop(event) < 0;
}
