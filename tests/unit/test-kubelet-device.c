/* SPDX-License-Identifier: Apache-2.0 */
/* The device plugin between a kubelet and a slugd, all three in one loop: whoever waits for another
 * one without the loop waits for ever. */
#include "lib/test-main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kubelet/device/folder.h"
#include "kubelet/device/plugin.h"
#include "lib/chunk-text.h"
#include "lib/folder.h"
#include "lib/kubelet-double.h"
#include "rpc/watchers.h"

#define RESOURCE "sluglab.io/remote-memory-1gi"
#define FILE_    "sluglab.io-remote-memory-1gi.sock"
#define REGISTRY "var/lib/kubelet/plugins_registry"
#define PLUGINS  "var/lib/kubelet/device-plugins"

static sd_event *event;
static Folder folder;
static Root root;
static char slugd_path[128], dir[128];
static DevicePlugin *plugin;
static KubeletDouble kubelet;
static unsigned n_happened;

/* slugd */

static struct {
        RpcServer *server;
        Slug__V1__ChunkList *list;
        RpcCode code;   /* of AllocateChunks; RPC_OK: it is answered */
        bool is_silent; /* it is not even that */
        unsigned n_allocated;
        char ids[512], resource[80]; /* of the last one */
} slugd;

static bool push_list(RpcCall *call, RpcCookie *cookie _unused_, void *userdata _unused_) {
        return rpc_call_push(call, &slugd.list->base);
}

static RpcWatchers watchers = { .push = push_list };

static void
handle_watch(RpcCall *call, const ProtobufCMessage *request _unused_, void *userdata _unused_) {
        rpc_watchers_add(&watchers, call, (RpcCookie){});
}

static void forget_call(RpcCall *call _unused_, void *userdata _unused_) {
}

static void
handle_allocate(RpcCall *call, const ProtobufCMessage *message, void *userdata _unused_) {
        const Slug__V1__AllocateChunksRequest *request =
                (const Slug__V1__AllocateChunksRequest *)message;
        Slug__V1__AllocateChunksResponse response = SLUG__V1__ALLOCATE_CHUNKS_RESPONSE__INIT;
        size_t n = 0;

        ++slugd.n_allocated;
        slugd.ids[0] = '\0';
        for (size_t i = 0; i < request->n_ids && n < sizeof(slugd.ids) - 50; ++i)
                n += (size_t)snprintf(slugd.ids + n, sizeof(slugd.ids) - n, "%s%s",
                                      i > 0 ? " " : "", request->ids[i]);
        (void)snprintf(slugd.resource, sizeof(slugd.resource), "%s", request->resource);
        if (slugd.is_silent) {
                rpc_call_keep(call, forget_call, NULL, NULL);
                return;
        }
        if (slugd.code != RPC_OK) {
                rpc_call_fail(call, slugd.code, "chunk 7 is short");
                return;
        }
        response.claim = request->ids[0];
        rpc_call_finish(call, &response.base);
}

static const RpcMethod methods[] = {
        { .path = "/slug.v1.ChunkService/WatchChunks",
          .input = &slug__v1__watch_chunks_request__descriptor,
          .output = &slug__v1__chunk_list__descriptor,
          .handler = handle_watch,
          .kind = RPC_SERVER_STREAM },
        { .path = "/slug.v1.ChunkService/AllocateChunks",
          .input = &slug__v1__allocate_chunks_request__descriptor,
          .output = &slug__v1__allocate_chunks_response__descriptor,
          .handler = handle_allocate },
};
static const RpcService service = { .methods = methods, .n_methods = ELEMENTSOF(methods) };
static const RpcService *const services[] = { &service };
static const RpcTable table = { .services = services, .n_services = 1 };

static void start_slugd(void) {
        Diag diag = {};

        ck_assert_int_eq(rpc_server_new(&(const RpcServerParams){ .event = event, .table = &table },
                                        &slugd.server),
                         0);
        ck_assert_int_eq(rpc_server_listen(slugd.server, slugd_path, &diag), 0);
}

static void stop_slugd(void) {
        slugd.server = rpc_server_free(slugd.server);
}

static void set_list(Slug__V1__ChunkList *list) {
        slugd.list = list;
        rpc_watchers_notify(&watchers);
}

static Slug__V1__ChunkList *make_list(unsigned n_free, unsigned n_offline) {
        const ChunkTextNode row = {
                .numa_node = 2, .n_free = n_free, .n_offline = n_offline, .topology = "01"
        };

        return chunk_text_list(&row, 1);
}

/* The world */

static void turn_until(bool (*is_so)(void)) {
        while (!is_so())
                ck_assert_int_ge(sd_event_run(event, 20 * USEC_PER_SEC), 1);
}

static void on_given(void *userdata _unused_) {
        ++n_happened;
}

static void setup(void) {
        ck_assert_int_ge(sd_event_new(&event), 0);
        folder = folder_new();
        root = (Root)ROOT_NULL;
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        (void)snprintf(slugd_path, sizeof(slugd_path), "%s/slugd.sock", folder.path);
        memset(&slugd, 0, sizeof(slugd));
        kubelet = (KubeletDouble){};
        n_happened = 0;
        set_list(make_list(2, 1));
        start_slugd();
}

static void stop_plugin(void) {
        plugin = device_plugin_free(plugin);
}

static void teardown(void) {
        kubelet_double_stop(&kubelet);
        stop_plugin();
        stop_slugd();
        root_deinit(&root);
        event = sd_event_unref(event);
        folder_remove(&folder);
        chunk_text_clear();
}

static void make_folder(const char *name) {
        folder_make(&folder, name);
        (void)snprintf(dir, sizeof(dir), "%s/%s", folder.path, name);
}

static void start_plugin(Registering registering) {
        ck_assert_int_eq(device_plugin_new(&(const DevicePluginParams){ .event = event,
                                                                        .root = &root,
                                                                        .socket = slugd_path,
                                                                        .registering = registering,
                                                                        .happened = on_given },
                                           &plugin),
                         0);
        device_plugin_set_kubelet_dir(plugin, "/var/lib/kubelet");
}

static void start_kubelet(bool is_registry) {
        kubelet_double_start(&kubelet, event, dir, is_registry);
}

static KubeletPlugin *find(void) {
        return kubelet_double_find(&kubelet, RESOURCE);
}

static size_t count_healthy(void) {
        const KubeletPlugin *found = find();
        size_t n = 0;

        for (size_t i = 0; found && found->list && i < found->list->n_devices; ++i)
                n += strcmp(found->list->devices[i]->health, "Healthy") == 0;
        return n;
}

/* In the registry way it is the test that tells the kubelet to look. */
static bool is_watching(void) {
        if (kubelet.is_registry)
                kubelet_double_look(&kubelet);
        return find() && find()->is_watching && find()->list;
}

/* @_i: 0 the registry way, 1 the other one */
static void start_all(int way) {
        make_folder(way == 0 ? REGISTRY : PLUGINS);
        start_kubelet(way == 0);
        start_plugin(way == 0 ? REGISTER_REGISTRY : REGISTER_DEVICE_PLUGINS);
        turn_until(is_watching);
}

/* Registration */

START_TEST(the_kubelet_is_told) {
        struct stat st;
        char path[256];

        start_all(_i);
        ck_assert_uint_eq(find()->list->n_devices, 3);
        ck_assert_uint_eq(count_healthy(), 2);
        ck_assert_uint_eq(find()->list->devices[0]->topology->n_nodes, 2);
        ck_assert(find()->options.get_preferred_allocation_available);
        ck_assert(!find()->options.pre_start_required);
        ck_assert_uint_eq(kubelet.n_registrations, 1);
        (void)snprintf(path, sizeof(path), "%s/%s", dir, FILE_);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        stop_plugin();
        ck_assert_int_lt(stat(path, &st), 0);
}
END_TEST

static bool is_watching_again(void) {
        return is_watching() && find()->n_watches > 1;
}

START_TEST(a_watch_that_is_lost_is_registered_again) {
        start_all(_i);
        kubelet_double_hang_up(find());
        turn_until(is_watching_again);
        ck_assert_uint_eq(kubelet.n_registrations, 2);
}
END_TEST

START_TEST(another_kubelet_is_told) {
        start_all(_i);
        kubelet_double_stop(&kubelet);
        /* in the other way it deletes our socket, too */
        start_kubelet(_i == 0);
        turn_until(is_watching);
        ck_assert_uint_eq(count_healthy(), 2);
}
END_TEST

START_TEST(a_socket_that_is_removed_is_made_again) {
        char path[256];

        start_all(_i);
        (void)snprintf(path, sizeof(path), "%s/%s", dir, FILE_);
        ck_assert_int_eq(unlink(path), 0);
        turn_until(is_watching_again);
        ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_kubelet_that_comes_later_is_told) {
        make_folder(_i == 0 ? REGISTRY : PLUGINS);
        start_plugin(_i == 0 ? REGISTER_REGISTRY : REGISTER_DEVICE_PLUGINS);
        /* a turn or two with nobody there */
        for (unsigned i = 0; i < 5; ++i)
                (void)sd_event_run(event, 0);
        start_kubelet(_i == 0);
        turn_until(is_watching);
        ck_assert_uint_eq(count_healthy(), 2);
}
END_TEST

static bool has_socket(void) {
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/%s", dir, FILE_);
        return access(path, F_OK) == 0;
}

START_TEST(a_folder_that_comes_later_or_anew_is_found) {
        char old[160];

        start_plugin(_i == 0 ? REGISTER_REGISTRY : REGISTER_DEVICE_PLUGINS);
        for (unsigned i = 0; i < 5; ++i)
                (void)sd_event_run(event, 0);
        make_folder(_i == 0 ? REGISTRY : PLUGINS);
        turn_until(has_socket);
        /* the kubelet is installed anew */
        (void)snprintf(old, sizeof(old), "%s.old", dir);
        ck_assert_int_eq(rename(dir, old), 0);
        ck_assert_int_eq(mkdir(dir, 0755), 0);
        turn_until(has_socket);
}
END_TEST

static void ignore(const char *came _unused_, void *userdata _unused_) {
}

static DeviceFolder *find_folder(const Root *in) {
        const DeviceFolderParams params = { .event = event, .root = in, .happened = ignore };
        DeviceFolder *found = NULL;

        ck_assert_int_eq(device_folder_new(&params, &found), 0);
        return found;
}

/* It is there by the time of the first look. */
START_TEST(a_folder_that_is_younger_than_the_process_is_late) {
        DeviceFolder *found;
        Root host;

        ck_assert_int_eq(root_init(&host, "/"), 0);
        found = find_folder(&host);
        device_folder_set_path(found, "/proc");
        ck_assert_int_ge(device_folder_get_fd(found), 0);
        ck_assert(!device_folder_is_late(found));
        device_folder_free(found);
        found = find_folder(&root);
        make_folder(REGISTRY);
        device_folder_set_path(found, "/" REGISTRY);
        ck_assert_int_ge(device_folder_get_fd(found), 0);
        ck_assert(device_folder_is_late(found));
        device_folder_free(found);
        root_deinit(&host);
}
END_TEST

static bool has_refused(void) {
        if (kubelet.is_registry)
                kubelet_double_look(&kubelet);
        return kubelet.n_registrations > 0;
}

START_TEST(a_kubelet_that_refuses_is_asked_again) {
        make_folder(PLUGINS);
        kubelet.refuses = "not today";
        start_kubelet(false);
        start_plugin(REGISTER_DEVICE_PLUGINS);
        turn_until(has_refused);
        kubelet.refuses = NULL;
        turn_until(is_watching);
}
END_TEST

/* Another kubelet would find what nobody serves, and dial it for ever. */
START_TEST(dead_sockets_of_ours_are_cleared_away) {
        const char *names[] = { "sluglab.io-remote-memory-2gi.sock", "other.io-thing.sock",
                                "sluglab.io-remote-memory-4gi.sock" };
        int fds[3];
        char path[256];

        make_folder(REGISTRY);
        for (unsigned i = 0; i < 3; ++i) {
                struct sockaddr_un address = { .sun_family = AF_UNIX };

                fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
                ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
                memcpy(address.sun_path, path, strlen(path) + 1);
                ck_assert_int_eq(bind(fds[i], (struct sockaddr *)&address, sizeof(address)), 0);
                ck_assert_int_eq(listen(fds[i], 1), 0);
        }
        (void)close(fds[0]);
        (void)close(fds[1]);
        start_plugin(REGISTER_REGISTRY);
        turn_until(has_socket);
        for (unsigned i = 0; i < 3; ++i) {
                (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
                /* ours that is dead is gone; what is another's stays, and what is served */
                ck_assert_int_eq(access(path, F_OK) == 0, i > 0);
        }
        (void)close(fds[2]);
}
END_TEST

/* A person's file, and a link to a socket, refuse connections as a dead socket does. */
START_TEST(what_is_no_socket_is_not_cleared_away) {
        char file[256], link[256];

        make_folder(REGISTRY);
        (void)snprintf(file, sizeof(file), "%s/sluglab.io-remote-memory-2gi.sock", dir);
        (void)snprintf(link, sizeof(link), "%s/sluglab.io-remote-memory-4gi.sock", dir);
        ck_assert_int_eq(mknod(file, S_IFREG | 0600, 0), 0);
        ck_assert_int_eq(symlink("sluglab.io-remote-memory-2gi.sock", link), 0);
        start_plugin(REGISTER_REGISTRY);
        turn_until(has_socket);
        ck_assert_int_eq(unlink(file), 0);
        ck_assert_int_eq(unlink(link), 0);
}
END_TEST

/* Lists */

static unsigned n_lists_before;

static bool has_new_list(void) {
        return find()->n_lists > n_lists_before;
}

START_TEST(another_list_is_told_and_an_equal_one_is_not) {
        Slug__V1__ChunkList *list;

        start_all(0);
        n_lists_before = find()->n_lists;
        list = make_list(2, 1);
        /* who has one is nothing to the kubelet */
        list->chunks[0]->state = SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED;
        set_list(list);
        set_list(make_list(4, 0));
        turn_until(has_new_list);
        ck_assert_uint_eq(find()->n_lists, n_lists_before + 1);
        ck_assert_uint_eq(count_healthy(), 4);
        ck_assert_uint_eq(find()->n_watches, 1);
}
END_TEST

static bool has_none_healthy(void) {
        return count_healthy() == 0;
}

static bool has_some_healthy(void) {
        return count_healthy() > 0;
}

static bool is_slugd_watched(void) {
        return watchers.n_watchers > 0;
}

START_TEST(a_slugd_that_comes_back_in_time_is_not_noticed) {
        Slug__V1__ChunkList *waiting = make_list(0, 0);

        start_all(0);
        n_lists_before = find()->n_lists;
        stop_slugd();
        for (unsigned i = 0; i < 20; ++i)
                (void)sd_event_run(event, 10000);
        /* it is there, and does not know yet */
        waiting->state = SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_WAITING;
        waiting->n_resources = 0;
        slugd.list = waiting;
        start_slugd();
        turn_until(is_slugd_watched);
        set_list(make_list(2, 1));
        set_list(make_list(3, 0));
        turn_until(has_new_list);
        /* nothing but the last one, which differs */
        ck_assert_uint_eq(find()->n_lists, n_lists_before + 1);
        ck_assert_uint_eq(count_healthy(), 3);
        ck_assert_uint_eq(find()->n_watches, 1);
}
END_TEST

START_TEST(without_slugd_nothing_can_be_given_after_the_grace) {
        Slug__V1__ChunkList *list = make_list(2, 1);

        list->grace_ms = 300;
        set_list(list);
        start_all(0);
        stop_slugd();
        turn_until(has_none_healthy);
        ck_assert_uint_eq(find()->list->n_devices, 3);
        start_slugd();
        turn_until(has_some_healthy);
        ck_assert_uint_eq(find()->n_watches, 1);
}
END_TEST

static bool has_no_socket(void) {
        return !has_socket();
}

static bool has_other_socket(void) {
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/sluglab.io-remote-memory-2gi.sock", dir);
        return access(path, F_OK) == 0;
}

START_TEST(another_resource_is_another_socket_and_none_is_none) {
        Slug__V1__ChunkList *list = make_list(1, 0), *none = make_list(0, 0);

        start_all(0);
        list->resources[0]->name = (char *)"sluglab.io/remote-memory-2gi";
        set_list(list);
        turn_until(has_other_socket);
        ck_assert(has_no_socket());
        none->state = SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_NONE;
        none->n_resources = 0;
        set_list(none);
        while (has_other_socket())
                ck_assert_int_ge(sd_event_run(event, 20 * USEC_PER_SEC), 1);
        set_list(make_list(2, 0));
        turn_until(is_watching_again);
}
END_TEST

START_TEST(a_list_that_cannot_be_told_leaves_the_one_before) {
        Slug__V1__ChunkList *list = make_list(4, 0);

        start_all(0);
        n_lists_before = find()->n_lists;
        list->resources[0]->name = (char *)"sluglab.io/remote-memory-../x";
        set_list(list);
        for (unsigned i = 0; i < 20; ++i)
                (void)sd_event_run(event, 10000);
        ck_assert_uint_eq(find()->n_lists, n_lists_before);
        ck_assert(has_socket());
}
END_TEST

static bool wants_prestart(void) {
        return is_watching() && find()->options.pre_start_required;
}

START_TEST(options_are_told_anew_by_another_registration) {
        Slug__V1__ChunkList *list = make_list(2, 1);

        start_all(_i);
        list->pre_start_container = true;
        set_list(list);
        turn_until(wants_prestart);
        ck_assert_uint_eq(kubelet.n_registrations, 2);
}
END_TEST

/* Allocations */

static struct {
        bool has_ended;
        RpcCode code;
        char message[512];
        char claim[80];
        size_t n_responses;
} answer;

static void on_allocated(const ProtobufCMessage *message, void *userdata _unused_) {
        const V1beta1__AllocateResponse *response = (const V1beta1__AllocateResponse *)message;

        answer.n_responses = response->n_container_responses;
        (void)snprintf(answer.claim, sizeof(answer.claim), "%s",
                       response->container_responses[0]->envs[0]->value);
}

static void on_ended(const RpcResult *result, void *userdata _unused_) {
        answer.has_ended = true;
        answer.code = result->code;
        (void)snprintf(answer.message, sizeof(answer.message), "%s", result->message);
}

static bool has_ended(void) {
        return answer.has_ended;
}

static RpcClientCall *ask(size_t n_containers) {
        char *ids[] = { (char *)"1gi-n2-0000", (char *)"1gi-n2-0001" };
        V1beta1__ContainerAllocateRequest containers[2];
        V1beta1__ContainerAllocateRequest *both[] = { &containers[0], &containers[1] };
        V1beta1__AllocateRequest request = V1BETA1__ALLOCATE_REQUEST__INIT;
        RpcClientCall *call;

        for (size_t i = 0; i < 2; ++i) {
                v1beta1__container_allocate_request__init(&containers[i]);
                containers[i].devices_ids = ids + i;
                containers[i].n_devices_ids = 2 - i;
        }
        request.container_requests = both;
        request.n_container_requests = n_containers;
        memset(&answer, 0, sizeof(answer));
        ck_assert_int_eq(rpc_client_call(find()->client,
                                         &(const RpcClientCallParams){
                                                 .path = "/v1beta1.DevicePlugin/Allocate",
                                                 .request = &request.base,
                                                 .output = &v1beta1__allocate_response__descriptor,
                                                 .message = on_allocated,
                                                 .ended = on_ended },
                                         &call),
                         0);
        return call;
}

START_TEST(chunks_are_claimed_one_container_after_the_other) {
        start_all(0);
        (void)ask(1);
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_OK);
        ck_assert_str_eq(answer.claim, "1gi-n2-0000");
        ck_assert_str_eq(slugd.ids, "1gi-n2-0000 1gi-n2-0001");
        ck_assert_str_eq(slugd.resource, RESOURCE);
        ck_assert_uint_eq(n_happened, 1);
        (void)ask(2);
        turn_until(has_ended);
        ck_assert_uint_eq(answer.n_responses, 2);
        ck_assert_str_eq(slugd.ids, "1gi-n2-0001");
        ck_assert_uint_eq(slugd.n_allocated, 3);
}
END_TEST

START_TEST(a_refusal_names_resource_and_reason) {
        start_all(0);
        slugd.code = RPC_FAILED_PRECONDITION;
        (void)ask(1);
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_FAILED_PRECONDITION);
        ck_assert_str_eq(answer.message, RESOURCE ": chunk 7 is short");
        ck_assert_uint_eq(slugd.n_allocated, 1);
        ck_assert_uint_eq(n_happened, 0);
        (void)ask(0);
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_INVALID_ARGUMENT);
        ck_assert_str_eq(answer.message,
                         RESOURCE ": 0 containers in one request, 1 to 64 are expected");
}
END_TEST

static bool has_been_asked(void) {
        return slugd.n_allocated > 0;
}

START_TEST(a_slugd_that_is_not_ready_is_tried_again) {
        start_all(0);
        slugd.code = RPC_UNAVAILABLE;
        (void)ask(1);
        turn_until(has_been_asked);
        slugd.code = RPC_OK;
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_OK);
}
END_TEST

START_TEST(a_slugd_that_comes_back_in_time_answers) {
        start_all(0);
        stop_slugd();
        (void)ask(1);
        for (unsigned i = 0; i < 20; ++i)
                (void)sd_event_run(event, 10000);
        ck_assert(!answer.has_ended);
        start_slugd();
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_OK);
}
END_TEST

START_TEST(nobody_waits_for_ever) {
        start_all(0);
        if (_i == 0)
                slugd.is_silent = true;
        else if (_i == 1)
                slugd.code = RPC_UNAVAILABLE;
        else
                stop_slugd();
        (void)ask(1);
        turn_until(has_ended);
        ck_assert_int_eq(answer.code, RPC_UNAVAILABLE);
        ck_assert_ptr_eq(strstr(answer.message, RESOURCE ": "), answer.message);
        if (_i == 1)
                ck_assert_ptr_nonnull(strstr(answer.message, "chunk 7 is short"));
        else
                ck_assert_ptr_nonnull(strstr(answer.message, "slugd has not answered within 2 s"));
}
END_TEST

/* Nothing is left of it, which a sanitizer would tell. */
START_TEST(a_kubelet_that_leaves_meanwhile_is_forgotten) {
        start_all(0);
        slugd.is_silent = true;
        (void)ask(1);
        turn_until(has_been_asked);
        if (_i == 0)
                kubelet_double_stop(&kubelet);
        else
                stop_plugin();
        for (unsigned i = 0; i < 20; ++i)
                (void)sd_event_run(event, 10000);
}
END_TEST

START_TEST(ways_have_names) {
        Registering way;

        ck_assert(device_registering_parse("registry", &way) && way == REGISTER_REGISTRY);
        ck_assert(device_registering_parse("device-plugins", &way) &&
                  way == REGISTER_DEVICE_PLUGINS);
        ck_assert(device_registering_parse("none", &way) && way == REGISTER_NONE);
        ck_assert(!device_registering_parse("", &way));
        ck_assert(!device_registering_parse("Registry", &way));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-device");
        TCase *tcase = tcase_create("all");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, the_kubelet_is_told, 0, 2);
        tcase_add_loop_test(tcase, a_watch_that_is_lost_is_registered_again, 0, 2);
        tcase_add_loop_test(tcase, another_kubelet_is_told, 0, 2);
        tcase_add_loop_test(tcase, a_socket_that_is_removed_is_made_again, 0, 2);
        tcase_add_loop_test(tcase, a_kubelet_that_comes_later_is_told, 0, 2);
        tcase_add_loop_test(tcase, a_folder_that_comes_later_or_anew_is_found, 0, 2);
        tcase_add_test(tcase, a_kubelet_that_refuses_is_asked_again);
        tcase_add_test(tcase, a_folder_that_is_younger_than_the_process_is_late);
        tcase_add_test(tcase, dead_sockets_of_ours_are_cleared_away);
        tcase_add_test(tcase, what_is_no_socket_is_not_cleared_away);
        tcase_add_test(tcase, another_list_is_told_and_an_equal_one_is_not);
        tcase_add_test(tcase, a_slugd_that_comes_back_in_time_is_not_noticed);
        tcase_add_test(tcase, without_slugd_nothing_can_be_given_after_the_grace);
        tcase_add_test(tcase, another_resource_is_another_socket_and_none_is_none);
        tcase_add_test(tcase, a_list_that_cannot_be_told_leaves_the_one_before);
        tcase_add_loop_test(tcase, options_are_told_anew_by_another_registration, 0, 2);
        tcase_add_test(tcase, chunks_are_claimed_one_container_after_the_other);
        tcase_add_test(tcase, a_refusal_names_resource_and_reason);
        tcase_add_test(tcase, a_slugd_that_is_not_ready_is_tried_again);
        tcase_add_test(tcase, a_slugd_that_comes_back_in_time_answers);
        tcase_add_loop_test(tcase, nobody_waits_for_ever, 0, 3);
        tcase_add_loop_test(tcase, a_kubelet_that_leaves_meanwhile_is_forgotten, 0, 2);
        tcase_add_test(tcase, ways_have_names);
        suite_add_tcase(suite, tcase);
        return suite;
}
