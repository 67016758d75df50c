/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/resource.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kubelet/device/door.h"
#include "split/chunk.h"

#define NEVER           UINT64_MAX
#define RETRY_MIN_USEC  (1 * USEC_PER_SEC)
#define RETRY_MAX_USEC  (30 * USEC_PER_SEC)
#define LASTING_USEC    (30 * USEC_PER_SEC) /* a watch that counts as a good one */
#define WATCH_USEC      (10 * USEC_PER_SEC) /* for the kubelet to begin to watch */
#define REGISTER_USEC   (30 * USEC_PER_SEC) /* it dials us in there, for 10 s at most */
#define FILE_MAX        (CHUNK_RESOURCE_MAX + 8u)
#define SOCKET_PATH_MAX 512u

struct DeviceResource {
        DeviceResourceParams params;
        char name[CHUNK_RESOURCE_MAX];
        char file[FILE_MAX];
        DeviceService service;
        Door door;
        unsigned folder_generation; /* that the door is in */
        bool pre_start_required;    /* as the kubelet was told */
        bool has_lost;              /* a watch has ended */
        bool kubelet_is_new;
        uint64_t watched_usec; /* when the last watch began */
        uint64_t retry_usec;   /* no door is opened, and nobody registered, before it */
        uint64_t back_off_usec;
        RpcClientCall *registration; /* that is under way */
        bool is_registered;
        uint64_t registered_usec;
        char problem[DIAG_FORMATTED_MAX]; /* that was said */
};

static uint64_t now_usec(void) {
        return clock_now_usec(&clock_monotonic);
}

static void want_step(const DeviceResource *resource) {
        resource->params.wanted(resource->params.userdata);
}

/* What is said */

static void say_problem(DeviceResource *resource, const char *message_id, const char *problem) {
        if (strncmp(resource->problem, problem, sizeof(resource->problem) - 1) == 0)
                return;
        (void)snprintf(resource->problem, sizeof(resource->problem), "%s", problem);
        log_entry(LOG_ERR, message_id, __FILE__, __LINE__, __func__,
                  LOG_WITH({ .name = "SLUG_REASON", .text = problem }), "%s: %s", resource->name,
                  problem);
}

static void say_unregistered(DeviceResource *resource, const char *reason) {
        char problem[DIAG_FORMATTED_MAX];

        (void)snprintf(problem, sizeof(problem),
                       "the kubelet does not take the resource (%.200s); its own log says more, "
                       "and --register of slug-kubelet has another way",
                       reason);
        say_problem(resource, SLUG_MESSAGE_DEVICE_REFUSED, problem);
}

/* The kubelet calls */

static void on_watched(void *userdata) {
        DeviceResource *resource = userdata;
        const Advertised *list = resource->service.list;

        resource->watched_usec = now_usec();
        resource->problem[0] = '\0';
        log_event(LOG_NOTICE, SLUG_MESSAGE_DEVICE_WATCHED,
                  LOG_WITH({ .name = "SLUG_COUNT", .number = list ? list->message.n_devices : 0 }),
                  "the kubelet watches %s: %zu chunks, %zu healthy", resource->name,
                  list ? list->message.n_devices : 0, list ? list->n_healthy : 0);
}

static void on_left(void *userdata) {
        DeviceResource *resource = userdata;

        resource->has_lost = true;
        want_step(resource);
}

static void on_status(const char *error, void *userdata) {
        DeviceResource *resource = userdata;

        resource->is_registered = !error[0];
        resource->registered_usec = now_usec();
        if (error[0])
                say_unregistered(resource, error);
        want_step(resource);
}

/* The door */

static void back_off(DeviceResource *resource, uint64_t now) {
        resource->back_off_usec = resource->back_off_usec == 0
                                          ? RETRY_MIN_USEC
                                          : bytes_min(2 * resource->back_off_usec, RETRY_MAX_USEC);
        resource->retry_usec = now + resource->back_off_usec;
}

static void close_door(DeviceResource *resource) {
        if (resource->registration)
                rpc_client_cancel(resource->registration);
        resource->registration = NULL;
        resource->is_registered = false;
        door_close(&resource->door);
        /* after it: closing ends watches, too */
        resource->has_lost = false;
}

/* Who was connected has to see that before it is asked again. */
static void reopen(DeviceResource *resource, uint64_t now) {
        const bool had_peers = resource->has_lost || door_count_connections(&resource->door) > 0;

        if (now - resource->watched_usec > LASTING_USEC)
                resource->back_off_usec = 0;
        close_door(resource);
        if (had_peers)
                back_off(resource, now);
}

static bool must_reopen(const DeviceResource *resource, uint64_t now) {
        if (resource->has_lost || !door_is_there(&resource->door) ||
            resource->folder_generation != device_folder_get_generation(resource->params.folder))
                return true;
        if (resource->pre_start_required !=
            (bool)device_service_get_options(resource->params.source).pre_start_required)
                return true;
        /* the kubelet has taken the end of an earlier stream for that of this one */
        if (resource->is_registered && resource->service.watchers.n_watchers == 0 &&
            now - resource->registered_usec >= WATCH_USEC)
                return true;
        return resource->kubelet_is_new && (resource->is_registered || resource->registration);
}

static int open_door(DeviceResource *resource, Diag *reterr) {
        const DeviceResourceParams *params = &resource->params;
        char path[SOCKET_PATH_MAX];
        int n;

        n = snprintf(path, sizeof(path), "%s%s/%s", params->root->is_host ? "" : params->root->path,
                     device_folder_get_path(params->folder), resource->file);
        if (n < 0 || (size_t)n >= sizeof(path))
                return -ENAMETOOLONG;
        return door_open(&resource->door,
                         &(const DoorParams){ .event = params->event,
                                              .table = &resource->service.table,
                                              .dir_fd = device_folder_get_fd(params->folder),
                                              .path = path },
                         reterr);
}

static const char *advise(int r, bool is_late) {
        if (r != -EROFS)
                return "";
        return is_late ? "; it came after this process, which ends, to be started anew with it"
                       : "; a drop-in of the unit has to add the folder to ReadWritePaths=";
}

static void say_no_door(DeviceResource *resource, int r, const Diag *diag) {
        const DeviceResourceParams *params = &resource->params;
        const bool is_late = device_folder_is_late(params->folder);
        char text[DIAG_FORMATTED_MAX];

        if (r == DOOR_E_REFUSED)
                (void)diag_format(diag, text);
        else
                (void)snprintf(text, sizeof(text), "no socket can be made in %.200s: %s%s",
                               device_folder_get_path(params->folder), strerror(-r),
                               advise(r, is_late));
        say_problem(resource, SLUG_MESSAGE_DEVICE_FOLDER, text);
        if (r == -EROFS && is_late)
                params->stuck(params->userdata);
}

static bool try_to_open(DeviceResource *resource, uint64_t now) {
        Diag diag = {};
        const int r = open_door(resource, &diag);

        if (r) {
                say_no_door(resource, r, &diag);
                back_off(resource, now);
                return false;
        }
        resource->folder_generation = device_folder_get_generation(resource->params.folder);
        resource->pre_start_required =
                device_service_get_options(resource->params.source).pre_start_required;
        return true;
}

/* The call of Register */

static void on_register_ended(const RpcResult *result, void *userdata) {
        DeviceResource *resource = userdata;
        const uint64_t now = now_usec();

        resource->registration = NULL;
        resource->is_registered = result->code == RPC_OK;
        resource->registered_usec = now;
        if (!resource->is_registered)
                back_off(resource, now);
        if (result->code == RPC_UNAVAILABLE)
                log_debug("%s: not registered: %s", resource->name, result->message);
        else if (result->code != RPC_OK)
                say_unregistered(resource, result->message[0] ? result->message
                                                              : rpc_code_name(result->code));
        want_step(resource);
}

static void call_register(DeviceResource *resource, uint64_t now) {
        V1beta1__DevicePluginOptions options = device_service_get_options(resource->params.source);
        V1beta1__RegisterRequest request = V1BETA1__REGISTER_REQUEST__INIT;
        int r;

        request.version = (char *)"v1beta1";
        request.endpoint = resource->file;
        request.resource_name = resource->name;
        request.options = &options;
        r = rpc_client_call(resource->params.kubelet->client,
                            &(const RpcClientCallParams){
                                    .path = "/v1beta1.Registration/Register",
                                    .request = &request.base,
                                    .output = &v1beta1__empty__descriptor,
                                    .timeout_usec = opt_u64(REGISTER_USEC),
                                    .ended = on_register_ended,
                                    .userdata = resource,
                            },
                            &resource->registration);
        if (r)
                back_off(resource, now);
}

/* Return: when it is to be looked at again. */
static uint64_t step_registration(DeviceResource *resource, uint64_t now) {
        if (resource->is_registered)
                return resource->service.watchers.n_watchers > 0
                               ? NEVER
                               : resource->registered_usec + WATCH_USEC;
        if (resource->params.registering != REGISTER_DEVICE_PLUGINS || resource->registration)
                return NEVER;
        if (!peer_is_there(resource->params.kubelet))
                return NEVER; /* its coming is told */
        if (now < resource->retry_usec)
                return resource->retry_usec;
        call_register(resource, now);
        return resource->registration ? NEVER : resource->retry_usec;
}

uint64_t device_resource_step(DeviceResource *resource, uint64_t now) {
        const bool kubelet_is_new = resource->kubelet_is_new;

        if (kubelet_is_new)
                resource->back_off_usec = 0;
        if (door_is_open(&resource->door) && must_reopen(resource, now))
                reopen(resource, now);
        else if (kubelet_is_new) /* who had to see something end is gone */
                resource->retry_usec = now;
        resource->kubelet_is_new = false;
        if (!door_is_open(&resource->door)) {
                if (device_folder_get_fd(resource->params.folder) < 0)
                        return NEVER;
                if (now < resource->retry_usec || !try_to_open(resource, now))
                        return resource->retry_usec;
        }
        return step_registration(resource, now);
}

/* Its life */

int device_resource_new(const DeviceResourceParams *params,
                        const char *name,
                        DeviceResource **ret) {
        DeviceResource *resource = calloc(1, sizeof(*resource));

        if (!resource)
                return -ENOMEM;
        resource->params = *params;
        resource->door = (Door)DOOR_NULL;
        (void)snprintf(resource->name, sizeof(resource->name), "%s", name);
        (void)snprintf(resource->file, sizeof(resource->file), "%s%s", name, DEVICE_SOCKET_SUFFIX);
        for (char *c = strchr(resource->file, '/'); c; c = strchr(c, '/'))
                *c = '-';
        device_service_init(&resource->service, &(const DeviceServiceParams){
                                                        .resource = resource->name,
                                                        .source = params->source,
                                                        .allocator = params->allocator,
                                                        .watched = on_watched,
                                                        .left = on_left,
                                                        .registered = on_status,
                                                        .userdata = resource,
                                                });
        *ret = resource;
        return 0;
}

DeviceResource *device_resource_free(DeviceResource *resource) {
        if (!resource)
                return NULL;
        close_door(resource);
        device_service_deinit(&resource->service);
        free(resource);
        return NULL;
}

const char *device_resource_get_name(const DeviceResource *resource) {
        return resource->name;
}

void device_resource_set_list(DeviceResource *resource, Advertised *list) {
        device_service_set_list(&resource->service, list);
}

void device_resource_note_kubelet(DeviceResource *resource) {
        resource->kubelet_is_new = true;
}
