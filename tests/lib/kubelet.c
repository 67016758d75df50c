/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kubelet for shell tests
 *
 *   kubelet registry|device-plugins FOLDER DIR
 *
 * What it hears goes to DIR/calls, a line each: "listening", "registered RESOURCE",
 * "list RESOURCE COUNT HEALTHY", "end RESOURCE". DIR/list-NAME has the last list of the resource
 * sluglab.io/NAME: an id, its health, and NUMA nodes, a line each. What is written to the pipe
 * DIR/commands is asked, and DIR/answers gets a line for it, JSON or "CODE: text":
 *
 *   allocate RESOURCE ID...
 *   prestart RESOURCE ID...
 *   prefer RESOURCE COUNT ID... [-- ID...]     those that must be included last
 *   hang-up RESOURCE                           drops the watch; there is no answer
 *
 * Ends at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/inotify.h"
#include "lib/kubelet-double.h"

#define WORDS_MAX 1024u
#define LINE_MAX_ 65536u

static const char *dir;
static KubeletDouble kubelet;
static int watch_fd = -EBADF;
static char line[LINE_MAX_];
static size_t n_line;

_printf_(1, 2) __attribute__((__noreturn__)) static void die(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(1);
}

static FILE *open_file(const char *name, const char *mode) {
        char path[512];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        file = fopen(path, mode);
        if (!file)
                die("cannot write %s: %s", path, strerror(errno));
        return file;
}

_printf_(2, 3) static void append(const char *name, const char *format, ...) {
        FILE *file = open_file(name, "ae");
        va_list args;

        va_start(args, format);
        (void)vfprintf(file, format, args);
        va_end(args);
        (void)fputc('\n', file);
        (void)fclose(file);
}

/* What it hears */

static size_t write_list(const KubeletPlugin *plugin) {
        const char *slash = strrchr(plugin->resource, '/');
        char name[128], path[512], new_path[512];
        size_t n_healthy = 0;
        FILE *file;

        (void)snprintf(name, sizeof(name), "list-%s.new", slash ? slash + 1 : "");
        (void)snprintf(new_path, sizeof(new_path), "%s/%s", dir, name);
        (void)snprintf(path, sizeof(path), "%.*s", (int)strlen(new_path) - 4, new_path);
        file = open_file(name, "we");
        for (size_t i = 0; i < plugin->list->n_devices; ++i) {
                const V1beta1__Device *device = plugin->list->devices[i];

                n_healthy += strcmp(device->health, "Healthy") == 0;
                (void)fprintf(file, "%s %s", device->id, device->health);
                for (size_t j = 0; device->topology && j < device->topology->n_nodes; ++j)
                        (void)fprintf(file, " %lld", (long long)device->topology->nodes[j]->id);
                (void)fputc('\n', file);
        }
        if (fclose(file) != 0 || rename(new_path, path) < 0)
                die("cannot write %s", path);
        return n_healthy;
}

static void on_happened(const KubeletPlugin *plugin, const char *what, void *userdata) {
        (void)userdata;
        if (strcmp(what, "list") == 0) {
                const size_t n_healthy = write_list(plugin);

                append("calls", "list %s %zu %zu", plugin->resource, plugin->list->n_devices,
                       n_healthy);
        } else
                append("calls", "%s %s", what, plugin->resource);
}

/* What it asks */

static void on_message(const ProtobufCMessage *message, void *userdata) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        (void)userdata;
        json_encode(message, 0, NULL, &text);
        if (buffer_finish(&text))
                die("out of memory");
        append("answers", "%s", text.data);
}

static void on_ended(const RpcResult *result, void *userdata) {
        (void)userdata;
        if (result->code != RPC_OK)
                append("answers", "%s: %s", rpc_code_name(result->code), result->message);
}

static void ask(KubeletPlugin *plugin,
                const char *path,
                const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *output) {
        if (rpc_client_call(plugin->client,
                            &(const RpcClientCallParams){ .path = path,
                                                          .request = request,
                                                          .output = output,
                                                          .message = on_message,
                                                          .ended = on_ended },
                            NULL))
                die("no call");
}

static void allocate(KubeletPlugin *plugin, char **ids, size_t n) {
        V1beta1__ContainerAllocateRequest container = V1BETA1__CONTAINER_ALLOCATE_REQUEST__INIT;
        V1beta1__ContainerAllocateRequest *containers[] = { &container };
        V1beta1__AllocateRequest request = V1BETA1__ALLOCATE_REQUEST__INIT;

        container.devices_ids = ids;
        container.n_devices_ids = n;
        request.container_requests = containers;
        request.n_container_requests = 1;
        ask(plugin, "/v1beta1.DevicePlugin/Allocate", &request.base,
            &v1beta1__allocate_response__descriptor);
}

static void prestart(KubeletPlugin *plugin, char **ids, size_t n) {
        V1beta1__PreStartContainerRequest request = V1BETA1__PRE_START_CONTAINER_REQUEST__INIT;

        request.devices_ids = ids;
        request.n_devices_ids = n;
        ask(plugin, "/v1beta1.DevicePlugin/PreStartContainer", &request.base,
            &v1beta1__pre_start_container_response__descriptor);
}

static void prefer(KubeletPlugin *plugin, char **words, size_t n) {
        V1beta1__ContainerPreferredAllocationRequest container =
                V1BETA1__CONTAINER_PREFERRED_ALLOCATION_REQUEST__INIT;
        V1beta1__ContainerPreferredAllocationRequest *containers[] = { &container };
        V1beta1__PreferredAllocationRequest request = V1BETA1__PREFERRED_ALLOCATION_REQUEST__INIT;
        size_t i = 1;

        if (n == 0)
                die("prefer: how many?");
        container.allocation_size = (int32_t)strtol(words[0], NULL, 10);
        container.available_deviceids = words + 1;
        for (; i < n && strcmp(words[i], "--") != 0; ++i)
                ++container.n_available_deviceids;
        if (i < n) {
                container.must_include_deviceids = words + i + 1;
                container.n_must_include_deviceids = n - i - 1;
        }
        request.container_requests = containers;
        request.n_container_requests = 1;
        ask(plugin, "/v1beta1.DevicePlugin/GetPreferredAllocation", &request.base,
            &v1beta1__preferred_allocation_response__descriptor);
}

static void obey(char *command) {
        char *words[WORDS_MAX], *state = NULL;
        KubeletPlugin *plugin;
        size_t n = 0;

        for (char *word = strtok_r(command, " ", &state); word; word = strtok_r(NULL, " ", &state))
                if (n < WORDS_MAX)
                        words[n++] = word;
        plugin = n >= 2 ? kubelet_double_find(&kubelet, words[1]) : NULL;
        if (!plugin)
                append("answers", "no such resource");
        else if (strcmp(words[0], "allocate") == 0)
                allocate(plugin, words + 2, n - 2);
        else if (strcmp(words[0], "prestart") == 0)
                prestart(plugin, words + 2, n - 2);
        else if (strcmp(words[0], "prefer") == 0)
                prefer(plugin, words + 2, n - 2);
        else if (strcmp(words[0], "hang-up") == 0)
                kubelet_double_hang_up(plugin);
        else
                die("what is %s?", words[0]);
}

static int on_commands(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        const ssize_t n = read(fd, line + n_line, sizeof(line) - n_line);
        char *end;

        (void)source;
        (void)events;
        (void)userdata;
        if (n > 0)
                n_line += (size_t)n;
        while ((end = memchr(line, '\n', n_line))) {
                const size_t n_taken = (size_t)(end - line) + 1;

                *end = '\0';
                obey(line);
                n_line -= n_taken;
                memmove(line, line + n_taken, n_line);
        }
        return 0;
}

static bool take(const struct inotify_event *event, void *userdata) {
        (void)event;
        (void)userdata;
        return true;
}

static int on_folder(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        (void)source;
        (void)events;
        (void)userdata;
        (void)inotify_drain(fd, take, NULL);
        kubelet_double_look(&kubelet);
        return 0;
}

/* The program */

static void watch_folder(sd_event *event, const char *folder) {
        const int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int wd;

        if (fd < 0 || inotify_new(&watch_fd) ||
            inotify_add(watch_fd, fd, IN_CREATE | IN_MOVED_TO | IN_DELETE, &wd) ||
            sd_event_add_io(event, NULL, watch_fd, EPOLLIN, on_folder, NULL) < 0)
                die("cannot watch %s", folder);
        fd_close(fd);
}

static void read_commands(sd_event *event) {
        char path[512];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/commands", dir);
        (void)unlink(path);
        if (mkfifo(path, 0600) < 0)
                die("cannot make %s: %s", path, strerror(errno));
        /* for writing, too, so that it never ends */
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || sd_event_add_io(event, NULL, fd, EPOLLIN, on_commands, NULL) < 0)
                die("cannot read %s", path);
}

int main(int argc, char **argv) {
        sigset_t blocked;
        sd_event *event;
        bool is_registry;

        if (argc != 4)
                die("Usage: kubelet registry|device-plugins FOLDER DIR");
        is_registry = strcmp(argv[1], "registry") == 0;
        dir = argv[3];
        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&blocked);
        (void)sigaddset(&blocked, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
        if (sd_event_new(&event) < 0 || sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0)
                die("no loop");
        read_commands(event);
        kubelet.happened = on_happened;
        if (is_registry)
                watch_folder(event, argv[2]);
        kubelet_double_start(&kubelet, event, argv[2], is_registry);
        append("calls", "listening");
        return sd_event_loop(event) < 0;
}
