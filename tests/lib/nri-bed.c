/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/nri-bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_USEC (10u * 1000 * 1000)

NriBed bed;
NriPod nri_bed_pod;
NriContainer nri_bed_container;

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "nri-bed: %s\n", what);
        abort();
}

static void on_gone(void *userdata) {
        must(userdata == &bed, "another one's call is gone");
        bed.kept = NULL;
        ++bed.n_gone;
}

static void end(NriCall *call) {
        switch (bed.way) {
        case NRI_BED_FINISH:
                nri_call_finish(call, bed.response);
                break;
        case NRI_BED_FAIL:
                nri_call_fail(call, 9, "not now");
                break;
        case NRI_BED_KEEP:
                nri_call_keep(call, on_gone, &bed);
                bed.kept = call;
                break;
        case NRI_BED_NEITHER:
                break;
        }
}

static void take_event(const NriPod *pod, const NriContainer *container) {
        ++bed.n_told_all;
        (void)snprintf(bed.pod, sizeof(bed.pod), "%s", pod ? pod->id : "");
        (void)snprintf(bed.container, sizeof(bed.container), "%s", container ? container->id : "");
}

#define TAKE(type, request)                                                                        \
        take_event(((const Nri__Pkg__Api__V1alpha1__##type *)(request))->pod,                      \
                   ((const Nri__Pkg__Api__V1alpha1__##type *)(request))->container)

static void on_requested(NriCall *call,
                         NriMethod method,
                         const ProtobufCMessage *request,
                         void *userdata _unused_) {
        const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *state;

        ++bed.n_told[method];
        switch (method) {
        case NRI_CONFIGURE:
                must(!call, "Configure has a call");
                return;
        case NRI_SYNCHRONIZE:
                state = (const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *)request;
                must(!state->more, "there is more to come");
                bed.n_pods = state->n_pods;
                bed.n_containers = state->n_containers;
                break;
        case NRI_CREATE_CONTAINER:
                TAKE(CreateContainerRequest, request);
                break;
        case NRI_UPDATE_CONTAINER:
                TAKE(UpdateContainerRequest, request);
                break;
        case NRI_STOP_CONTAINER:
                TAKE(StopContainerRequest, request);
                break;
        default:
                must(request->descriptor == &nri__pkg__api__v1alpha1__container_event__descriptor,
                     "an event is of another type");
                TAKE(ContainerEvent, request);
        }
        end(call);
}

static void on_connected(const char *runtime, const char *version, void *userdata _unused_) {
        ++bed.n_connected;
        (void)snprintf(bed.runtime_name, sizeof(bed.runtime_name), "%s", runtime);
        (void)snprintf(bed.runtime_version, sizeof(bed.runtime_version), "%s", version);
}

static void on_lost(const char *reason, void *userdata _unused_) {
        ++bed.n_lost;
        (void)snprintf(bed.reason, sizeof(bed.reason), "%s", reason);
        must(nri_bed_update(1) == -ENOTCONN, "an update is sent to nobody");
}

void nri_bed_setup(void) {
        static char pod_id[] = "pod", container_id[] = "container";

        bed = (NriBed){ .folder = folder_new() };
        (void)snprintf(bed.path, sizeof(bed.path), "%s/nri.sock", bed.folder.path);
        must(sd_event_new(&bed.event) >= 0, "there is no loop");
        nri_double_start(&bed.runtime, bed.event, bed.path);
        nri__pkg__api__v1alpha1__pod_sandbox__init(&nri_bed_pod);
        nri__pkg__api__v1alpha1__container__init(&nri_bed_container);
        nri_bed_pod.id = pod_id;
        nri_bed_container.id = container_id;
        bed.params = (NriSessionParams){ .event = bed.event,
                                         .path = bed.path,
                                         .plugin_name = "slug",
                                         .plugin_index = "50",
                                         .events = UINT32_MAX,
                                         .requested = on_requested,
                                         .connected = on_connected,
                                         .lost = on_lost,
                                         .min_back_off_usec = 1,
                                         .max_back_off_usec = 1000 };
}

void nri_bed_teardown(void) {
        bed.session = nri_session_free(bed.session);
        nri_double_stop(&bed.runtime);
        bed.event = sd_event_unref(bed.event);
        folder_remove(&bed.folder);
}

void nri_bed_start(void) {
        must(nri_session_new(&bed.params, &bed.session) == 0, "there is no session");
}

void nri_bed_turn(void) {
        must(sd_event_run(bed.event, TURN_USEC) > 0, "nothing happens");
}

void nri_bed_wait(const unsigned *number, unsigned n) {
        while (*number < n)
                nri_bed_turn();
}

int32_t nri_bed_configure(void) {
        Nri__Pkg__Api__V1alpha1__ConfigureRequest request =
                NRI__PKG__API__V1ALPHA1__CONFIGURE_REQUEST__INIT;
        Nri__Pkg__Api__V1alpha1__ConfigureResponse *response;
        const NriDoubleAnswer *answer;
        int32_t events;

        request.runtime_name = (char *)"containerd";
        request.runtime_version = (char *)"v2.1.9";
        answer = nri_double_wait(
                &bed.runtime, nri_double_call(&bed.runtime, "Configure", 2000000, &request.base));
        must(answer->code == 0, "Configure fails");
        response = nri__pkg__api__v1alpha1__configure_response__unpack(NULL, answer->n_payload,
                                                                       answer->payload);
        must(response, "no ConfigureResponse");
        events = response->events;
        nri__pkg__api__v1alpha1__configure_response__free_unpacked(response, NULL);
        return events;
}

void nri_bed_greet(void) {
        const unsigned n = bed.runtime.n_registered + 1;
        const NriDoubleAnswer *answer;

        nri_bed_wait(&bed.runtime.n_registered, n);
        (void)nri_bed_configure();
        answer = nri_double_wait(&bed.runtime,
                                 nri_double_call(&bed.runtime, "Synchronize", 2000000, NULL));
        must(answer->code == 0, "Synchronize fails");
}

uint32_t nri_bed_create(void) {
        Nri__Pkg__Api__V1alpha1__CreateContainerRequest request =
                NRI__PKG__API__V1ALPHA1__CREATE_CONTAINER_REQUEST__INIT;

        request.pod = &nri_bed_pod;
        request.container = &nri_bed_container;
        return nri_double_call(&bed.runtime, "CreateContainer", 2000000, &request.base);
}

const ProtobufCMessage *nri_bed_make_response(size_t n) {
        static Nri__Pkg__Api__V1alpha1__CreateContainerResponse response;
        static Nri__Pkg__Api__V1alpha1__ContainerAdjustment adjust;
        static Nri__Pkg__Api__V1alpha1__ContainerAdjustment__AnnotationsEntry entry, *entries[1];
        static char value[8u * 1024 * 1024];

        nri__pkg__api__v1alpha1__create_container_response__init(&response);
        nri__pkg__api__v1alpha1__container_adjustment__init(&adjust);
        nri__pkg__api__v1alpha1__container_adjustment__annotations_entry__init(&entry);
        must(n < sizeof(value), "the message is too large");
        memset(value, 'x', n);
        value[n] = '\0';
        entry.key = (char *)"k";
        entry.value = value;
        entries[0] = &entry;
        adjust.annotations = entries;
        adjust.n_annotations = 1;
        response.adjust = &adjust;
        return &response.base;
}

static void on_done(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                    const char *problem,
                    void *userdata) {
        must(userdata == &bed && !response == !!problem, "neither an answer nor a problem");
        ++bed.n_done;
        bed.was_connected = nri_session_is_connected(bed.session);
        bed.n_failed = response ? response->n_failed : 0;
        (void)snprintf(bed.problem, sizeof(bed.problem), "%s", problem ? problem : "");
}

int nri_bed_update(size_t n) {
        Nri__Pkg__Api__V1alpha1__UpdateContainersRequest request =
                NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINERS_REQUEST__INIT;
        Nri__Pkg__Api__V1alpha1__ContainerUpdate update =
                NRI__PKG__API__V1ALPHA1__CONTAINER_UPDATE__INIT;
        Nri__Pkg__Api__V1alpha1__ContainerUpdate **updates = calloc(n, sizeof(*updates));
        int r;

        must(updates || n == 0, "no memory");
        update.container_id = (char *)"0123456789abcdef0123456789abcdef";
        for (size_t i = 0; i < n; ++i)
                updates[i] = &update;
        request.n_update = n;
        request.update = updates;
        r = nri_session_update(bed.session, &request, on_done, &bed);
        free(updates);
        return r;
}
