/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin on slug's session, for the container runtimes' own code to be its counterpart: what it
 * is told it says, a line each, and what it answers stands in the annotations of the container that
 * it is asked about.
 *
 *     nri-peer [--one-frame] SOCKET
 *
 * answer: bytes of an annotation that the container gets; update: so many containers are changed
 * when it starts; silent: there is no answer. With --one-frame every message is one frame of the
 * mux, which is what the rule in mux.c is about.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nri/mux.h"
#include "nri/session.h"

#define BYTES_MAX   (4u * 1024 * 1024)
#define UPDATES_MAX 100000u
#define UPDATE_USEC UINT64_C(5000000)

#define NRI(name) Nri__Pkg__Api__V1alpha1__##name

static NriSession *session;
static bool is_one_frame;

void __real_mux_write(Buffer *out, uint32_t id, const void *message, size_t n_message);
void __wrap_mux_write(Buffer *out, uint32_t id, const void *message, size_t n_message);

void __wrap_mux_write(Buffer *out, uint32_t id, const void *message, size_t n_message) {
        const uint8_t header[MUX_HEADER_BYTES] = { 0,
                                                   0,
                                                   0,
                                                   (uint8_t)id,
                                                   (uint8_t)(n_message >> 24),
                                                   (uint8_t)(n_message >> 16),
                                                   (uint8_t)(n_message >> 8),
                                                   (uint8_t)n_message };

        if (!is_one_frame) {
                __real_mux_write(out, id, message, n_message);
                return;
        }
        buffer_append(out, header, sizeof(header));
        buffer_append(out, message, n_message);
}

static const char *find_annotation(const NRI(Container) * container, const char *key) {
        for (size_t i = 0; container && i < container->n_annotations; ++i)
                if (strcmp(container->annotations[i]->key, key) == 0)
                        return container->annotations[i]->value;
        return NULL;
}

static size_t find_number(const NRI(Container) * container, const char *key, size_t max) {
        const char *text = find_annotation(container, key);
        const unsigned long number = text ? strtoul(text, NULL, 10) : 0;

        return number < max ? number : max;
}

static void answer_create(NriCall *call, const NRI(Container) * container) {
        static char value[BYTES_MAX + 1];
        NRI(CreateContainerResponse)
        response = NRI__PKG__API__V1ALPHA1__CREATE_CONTAINER_RESPONSE__INIT;
        NRI(ContainerAdjustment) adjust = NRI__PKG__API__V1ALPHA1__CONTAINER_ADJUSTMENT__INIT;
        NRI(ContainerAdjustment__AnnotationsEntry)
        entry = NRI__PKG__API__V1ALPHA1__CONTAINER_ADJUSTMENT__ANNOTATIONS_ENTRY__INIT;
        NRI(ContainerAdjustment__AnnotationsEntry) * entries[] = { &entry };
        const size_t n = find_number(container, "answer", BYTES_MAX);

        for (size_t i = 0; i < n; ++i)
                value[i] = (char)('a' + i % 26);
        value[n] = '\0';
        entry.key = (char *)"answered";
        entry.value = value;
        adjust.annotations = entries;
        adjust.n_annotations = 1;
        response.adjust = &adjust;
        nri_call_finish(call, &response.base);
}

static void on_updated(const NRI(UpdateContainersResponse) * response,
                       const char *problem,
                       void *userdata _unused_) {
        if (response)
                printf("updated, %zu failed\n", response->n_failed);
        else
                printf("not updated: %s\n", problem);
}

static void update(size_t n) {
        NRI(UpdateContainersRequest)
        request = NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINERS_REQUEST__INIT;
        NRI(ContainerUpdate) *items = calloc(n, sizeof(*items));
        NRI(ContainerUpdate) **updates = calloc(n, sizeof(*updates));
        char(*ids)[16] = calloc(n, sizeof(*ids));
        int r = -ENOMEM;

        for (size_t i = 0; items && updates && ids && i < n; ++i) {
                nri__pkg__api__v1alpha1__container_update__init(&items[i]);
                (void)snprintf(ids[i], sizeof(ids[i]), "container-%zu", i);
                items[i].container_id = ids[i];
                updates[i] = &items[i];
        }
        request.n_update = n;
        request.update = updates;
        if (items && updates && ids)
                r = nri_session_update(session, &request, on_updated, NULL);
        if (r)
                printf("not updated: %s\n", strerror(-r));
        free(items);
        free(updates);
        free(ids);
}

static void on_gone(void *userdata _unused_) {
        printf("a call is gone\n");
}

static void on_requested(NriCall *call,
                         NriMethod method,
                         const ProtobufCMessage *request,
                         void *userdata _unused_) {
        /* pod and container stand where they stand in an event, in all that have them */
        const NRI(SynchronizeRequest) *state = (const NRI(SynchronizeRequest) *)request;
        const NRI(CreateContainerRequest) *create = (const NRI(CreateContainerRequest) *)request;
        const NRI(UpdateContainerRequest) *changed = (const NRI(UpdateContainerRequest) *)request;
        const NRI(ContainerEvent) *event = (const NRI(ContainerEvent) *)request;
        const NRI(Container) *container = NULL;

        switch (method) {
        case NRI_CONFIGURE:
                return;
        case NRI_SYNCHRONIZE:
                printf("Synchronize %zu %zu\n", state->n_pods, state->n_containers);
                nri_call_finish(call, NULL);
                return;
        case NRI_CREATE_CONTAINER:
                container = create->container;
                break;
        case NRI_UPDATE_CONTAINER:
                container = changed->container;
                break;
        case NRI_STOP_CONTAINER:
                container = ((const NRI(StopContainerRequest) *)request)->container;
                break;
        default:
                container = event->container;
                if (!container)
                        printf("%s %s\n", nri_method_name(method), event->pod->id);
        }
        if (container)
                printf("%s %s\n", nri_method_name(method), container->id);
        if (find_annotation(container, "silent"))
                nri_call_keep(call, on_gone, NULL);
        else if (method == NRI_CREATE_CONTAINER)
                answer_create(call, container);
        else
                nri_call_finish(call, NULL);
        if (method == NRI_START_CONTAINER && find_annotation(container, "update"))
                update(find_number(container, "update", UPDATES_MAX));
}

static void on_connected(const char *runtime, const char *version, void *userdata _unused_) {
        printf("connected %s %s\n", runtime, version);
}

static void on_lost(const char *reason, void *userdata _unused_) {
        printf("lost: %s\n", reason);
}

int main(int argc, char **argv) {
        sd_event *event = NULL;
        int r;

        is_one_frame = argc > 2 && strcmp(argv[1], "--one-frame") == 0;
        if (argc != (is_one_frame ? 3 : 2)) {
                (void)fprintf(stderr, "usage: nri-peer [--one-frame] SOCKET\n");
                return EXIT_FAILURE;
        }
        log_init("nri-peer", LOG_TARGET_TEXT, LOG_WARNING);
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        r = sd_event_new(&event);
        if (r >= 0)
                r = nri_session_new(&(const NriSessionParams){ .event = event,
                                                               .path = argv[argc - 1],
                                                               .plugin_name = "slug",
                                                               .plugin_index = "50",
                                                               .events = UINT32_MAX,
                                                               .requested = on_requested,
                                                               .connected = on_connected,
                                                               .lost = on_lost,
                                                               .update_usec = UPDATE_USEC },
                                    &session);
        if (r >= 0)
                r = sd_event_loop(event);
        session = nri_session_free(session);
        sd_event_unref(event);
        (void)fprintf(stderr, "nri-peer: %s\n", strerror(-r));
        return EXIT_FAILURE;
}
