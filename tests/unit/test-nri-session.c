/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nri-bed.h"

#define ALL 0x7ff /* events that every runtime knows */

static const NriDoubleAnswer *wait_for(uint32_t stream) {
        return nri_double_wait(&bed.runtime, stream);
}

static const NriSessionStats *stats(void) {
        return nri_session_get_stats(bed.session);
}

/* Beginnings */

START_TEST(plugin_registers_and_is_configured) {
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        ck_assert_str_eq(bed.runtime.name, "slug");
        ck_assert_str_eq(bed.runtime.index, "50");
        ck_assert_str_eq(bed.runtime.version, "v0.12.2");
        ck_assert_uint_eq(bed.n_connected, 0);
        ck_assert_int_eq(nri_bed_configure(), ALL);
        ck_assert_uint_eq(bed.n_connected, 1);
        ck_assert_str_eq(bed.runtime_name, "containerd");
        ck_assert_str_eq(bed.runtime_version, "v2.1.9");
        ck_assert_uint_eq(bed.n_told[NRI_CONFIGURE], 1);
        ck_assert_uint_eq(bed.n_lost, 0);
        ck_assert_uint_eq(stats()->n_connected, 1);
}
END_TEST

/* The runtime may call before it has answered the registration. */
START_TEST(configure_may_come_first) {
        bed.runtime.is_silent = true;
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        ck_assert_int_eq(nri_bed_configure(), ALL);
        nri_double_answer(&bed.runtime, 1, 0, NULL, NULL);
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.n_lost, 0);
}
END_TEST

START_TEST(only_what_is_wanted_is_asked_for) {
        bed.params.events = 1u << NRI_CREATE_CONTAINER | 1u << NRI_STOP_POD_SANDBOX;
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        ck_assert_int_eq(nri_bed_configure(), 0x8 | 0x2);
}
END_TEST

/* 0 would be all of them. */
START_TEST(who_wants_nothing_is_asked_as_little_as_can_be) {
        bed.params.events = 0;
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        ck_assert_int_eq(nri_bed_configure(), 0x400);
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.n_told_all, 0);
}
END_TEST

START_TEST(names_that_no_runtime_takes_are_refused) {
        bed.params.plugin_name = "sl ug";
        ck_assert_int_eq(nri_session_new(&bed.params, &bed.session), -EINVAL);
        bed.params.plugin_name = "";
        ck_assert_int_eq(nri_session_new(&bed.params, &bed.session), -EINVAL);
        bed.params.plugin_name = "slug";
        bed.params.plugin_index = "5";
        ck_assert_int_eq(nri_session_new(&bed.params, &bed.session), -EINVAL);
        bed.params.plugin_index = "5x";
        ck_assert_int_eq(nri_session_new(&bed.params, &bed.session), -EINVAL);
        bed.params.plugin_index = "50";
        bed.params.path = "/12345678901234567890123456789012345678901234567890"
                          "12345678901234567890123456789012345678901234567890123456789";
        ck_assert_int_eq(nri_session_new(&bed.params, &bed.session), -ENAMETOOLONG);
        ck_assert_ptr_null(bed.session);
}
END_TEST

/* Requests */

static const struct {
        const char *name;
        NriMethod method;
        bool has_container;
} events[] = {
        { "RunPodSandbox", NRI_RUN_POD_SANDBOX, false },
        { "StopPodSandbox", NRI_STOP_POD_SANDBOX, false },
        { "RemovePodSandbox", NRI_REMOVE_POD_SANDBOX, false },
        { "CreateContainer", NRI_CREATE_CONTAINER, true },
        { "PostCreateContainer", NRI_POST_CREATE_CONTAINER, true },
        { "StartContainer", NRI_START_CONTAINER, true },
        { "PostStartContainer", NRI_POST_START_CONTAINER, true },
        { "UpdateContainer", NRI_UPDATE_CONTAINER, true },
        { "PostUpdateContainer", NRI_POST_UPDATE_CONTAINER, true },
        { "StopContainer", NRI_STOP_CONTAINER, true },
        { "RemoveContainer", NRI_REMOVE_CONTAINER, true },
};

static void check_told(NriMethod method, bool has_container, unsigned n) {
        ck_assert_uint_eq(bed.n_told[method], n);
        ck_assert_str_eq(bed.pod, "pod");
        ck_assert_str_eq(bed.container, has_container ? "container" : "");
}

/* As NRI 0.12 calls. */
START_TEST(every_event_has_its_method) {
        Nri__Pkg__Api__V1alpha1__ContainerEvent event =
                NRI__PKG__API__V1ALPHA1__CONTAINER_EVENT__INIT;

        nri_bed_start();
        nri_bed_greet();
        for (unsigned i = 0; i < ELEMENTSOF(events); ++i) {
                event.pod = &nri_bed_pod;
                event.container = events[i].has_container ? &nri_bed_container : NULL;
                ck_assert_int_eq(wait_for(nri_double_call(&bed.runtime, events[i].name, 2000000,
                                                          &event.base))
                                         ->code,
                                 0);
                check_told(events[i].method, events[i].has_container, 1);
                ck_assert_str_eq(nri_method_name(events[i].method), events[i].name);
        }
        ck_assert_uint_eq(bed.n_told_all, ELEMENTSOF(events));
}
END_TEST

static const NriDoubleAnswer *change_state(int number, bool has_container) {
        Nri__Pkg__Api__V1alpha1__StateChangeEvent change =
                NRI__PKG__API__V1ALPHA1__STATE_CHANGE_EVENT__INIT;

        change.event = number;
        change.pod = &nri_bed_pod;
        change.container = has_container ? &nri_bed_container : NULL;
        return wait_for(nri_double_call(&bed.runtime, "StateChange", 2000000, &change.base));
}

/* As every NRI before calls. What has an answer of its own, and what is not known, is nobody's. */
START_TEST(every_event_has_its_number) {
        unsigned n = 0;

        nri_bed_start();
        nri_bed_greet();
        for (unsigned i = 0; i < ELEMENTSOF(events); ++i) {
                const bool has_answer = events[i].method == NRI_CREATE_CONTAINER ||
                                        events[i].method == NRI_UPDATE_CONTAINER ||
                                        events[i].method == NRI_STOP_CONTAINER;
                const NriDoubleAnswer *answer = change_state((int)i + 1, events[i].has_container);

                ck_assert_int_eq(answer->code, 0);
                ck_assert_uint_eq(answer->n_payload, 0);
                n += !has_answer;
                ck_assert_uint_eq(bed.n_told_all, n);
                if (!has_answer)
                        check_told(events[i].method, events[i].has_container, 1);
        }
        ck_assert_int_eq(change_state(0, false)->code, 0);
        ck_assert_int_eq(change_state(12, false)->code, 0);
        ck_assert_int_eq(change_state(-1, false)->code, 0);
        ck_assert_int_eq(change_state(INT32_MAX, false)->code, 0);
        ck_assert_uint_eq(bed.n_told_all, n);
}
END_TEST

START_TEST(answers_are_the_owners) {
        const NriDoubleAnswer *answer;

        nri_bed_start();
        nri_bed_greet();
        bed.response = nri_bed_make_response(10);
        answer = wait_for(nri_bed_create());
        ck_assert_int_eq(answer->code, 0);
        ck_assert_uint_eq(answer->n_payload, protobuf_c_message_get_packed_size(bed.response));
        bed.way = NRI_BED_FAIL;
        answer = wait_for(nri_bed_create());
        ck_assert_int_eq(answer->code, 9);
        ck_assert_str_eq(answer->message, "not now");
        /* not the type of this one */
        bed.way = NRI_BED_FINISH;
        answer = wait_for(nri_double_call(&bed.runtime, "StopContainer", 2000000, NULL));
        ck_assert_int_eq(answer->code, 0);
        ck_assert_uint_eq(answer->n_payload, 0);
}
END_TEST

START_TEST(answer_may_come_later) {
        uint32_t first, second;

        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        first = nri_bed_create();
        nri_bed_wait(&bed.n_told[NRI_CREATE_CONTAINER], 1);
        bed.way = NRI_BED_FINISH;
        second = nri_double_call(&bed.runtime, "StopContainer", 2000000, NULL);
        ck_assert_int_eq(wait_for(second)->code, 0);
        ck_assert_ptr_null(nri_double_find(&bed.runtime, first));
        nri_call_finish(bed.kept, nri_bed_make_response(1));
        ck_assert_uint_gt(wait_for(first)->n_payload, 0);
        ck_assert_uint_eq(bed.n_gone, 0);
        ck_assert_uint_eq(stats()->n_late, 0);
}
END_TEST

START_TEST(call_that_nobody_kept_is_answered_with_nothing) {
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_NEITHER;
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(stats()->n_unanswered, 1);
}
END_TEST

/* A late answer would be the end of the plugin. */
START_TEST(owner_that_is_late_is_answered_for) {
        bed.params.answer_usec = 1000;
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.n_gone, 1);
        ck_assert_uint_eq(stats()->n_late, 1);
        bed.way = NRI_BED_FINISH;
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.n_lost, 0);
}
END_TEST

/* A runtime that is configured to wait for less says so in the call. */
START_TEST(timeout_of_a_call_counts_too) {
        const Nri__Pkg__Api__V1alpha1__CreateContainerRequest request =
                NRI__PKG__API__V1ALPHA1__CREATE_CONTAINER_REQUEST__INIT;

        bed.params.answer_usec = UINT64_C(3600000000);
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        ck_assert_int_eq(
                wait_for(nri_double_call(&bed.runtime, "CreateContainer", 1000, &request.base))
                        ->code,
                0);
        ck_assert_uint_eq(stats()->n_late, 1);
}
END_TEST

START_TEST(answer_that_is_too_large_is_none) {
        nri_bed_start();
        nri_bed_greet();
        bed.response = nri_bed_make_response(5u * 1024 * 1024);
        ck_assert_uint_eq(wait_for(nri_bed_create())->n_payload, 0);
        ck_assert_uint_eq(bed.n_lost, 0);
}
END_TEST

/* Synchronize */

static const NriDoubleAnswer *synchronize(size_t n, bool has_more) {
        static NriPod *pods[NRI_STATE_ITEMS_MAX + 1];
        static NriContainer *containers[NRI_STATE_ITEMS_MAX + 1];
        Nri__Pkg__Api__V1alpha1__SynchronizeRequest request =
                NRI__PKG__API__V1ALPHA1__SYNCHRONIZE_REQUEST__INIT;

        for (size_t i = 0; i < ELEMENTSOF(pods); ++i) {
                pods[i] = &nri_bed_pod;
                containers[i] = &nri_bed_container;
        }
        request.pods = pods;
        request.n_pods = n / 2;
        request.containers = containers;
        request.n_containers = n;
        request.more = has_more;
        return wait_for(nri_double_call(&bed.runtime, "Synchronize", 2000000, &request.base));
}

static bool has_more(const NriDoubleAnswer *answer) {
        Nri__Pkg__Api__V1alpha1__SynchronizeResponse *response =
                nri__pkg__api__v1alpha1__synchronize_response__unpack(NULL, answer->n_payload,
                                                                      answer->payload);
        bool is_more;

        ck_assert_int_eq(answer->code, 0);
        ck_assert_ptr_nonnull(response);
        ck_assert_uint_eq(response->n_update, 0);
        is_more = response->more;
        nri__pkg__api__v1alpha1__synchronize_response__free_unpacked(response, NULL);
        return is_more;
}

START_TEST(parts_of_the_state_are_told_once) {
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        (void)nri_bed_configure();
        ck_assert(has_more(synchronize(100, true)));
        ck_assert(has_more(synchronize(0, true)));
        ck_assert(has_more(synchronize(30, true)));
        ck_assert_uint_eq(bed.n_told[NRI_SYNCHRONIZE], 0);
        ck_assert(!has_more(synchronize(4, false)));
        ck_assert_uint_eq(bed.n_told[NRI_SYNCHRONIZE], 1);
        ck_assert_uint_eq(bed.n_containers, 134);
        ck_assert_uint_eq(bed.n_pods, 67);
        /* and the next one begins anew */
        ck_assert(!has_more(synchronize(7, false)));
        ck_assert_uint_eq(bed.n_containers, 7);
}
END_TEST

START_TEST(state_that_is_too_large_ends_the_session) {
        nri_bed_start();
        nri_bed_greet();
        ck_assert(!has_more(synchronize(NRI_STATE_ITEMS_MAX, false)));
        ck_assert_uint_eq(bed.n_containers, NRI_STATE_ITEMS_MAX);
        ck_assert(has_more(synchronize(NRI_STATE_ITEMS_MAX, true)));
        ck_assert_int_eq(synchronize(1, false)->code, 8);
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_ptr_nonnull(strstr(bed.reason, "more than 4096 containers"));
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_told[NRI_SYNCHRONIZE], 3);
}
END_TEST

/* What one session has heard in parts is nothing to the next one. */
START_TEST(parts_go_with_their_session) {
        nri_bed_start();
        nri_bed_greet();
        ck_assert(has_more(synchronize(100, true)));
        nri_double_hang_up(&bed.runtime);
        nri_bed_wait(&bed.n_lost, 1);
        nri_bed_wait(&bed.runtime.n_registered, 2);
        (void)nri_bed_configure();
        ck_assert(!has_more(synchronize(1, false)));
        ck_assert_uint_eq(bed.n_containers, 1);
}
END_TEST

/* All parts have their time together. */
START_TEST(state_has_the_time_of_its_first_part) {
        bed.params.answer_usec = 1000;
        nri_bed_start();
        nri_bed_greet();
        ck_assert(has_more(synchronize(1, true)));
        bed.way = NRI_BED_KEEP;
        ck_assert(!has_more(synchronize(1, false)));
        ck_assert_uint_eq(stats()->n_late, 1);
}
END_TEST

/* Updates */

static void answer_update(int code, size_t n_failed) {
        Nri__Pkg__Api__V1alpha1__UpdateContainersResponse response =
                NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINERS_RESPONSE__INIT;
        Nri__Pkg__Api__V1alpha1__ContainerUpdate update =
                NRI__PKG__API__V1ALPHA1__CONTAINER_UPDATE__INIT;
        Nri__Pkg__Api__V1alpha1__ContainerUpdate *failed[] = { &update, &update };

        response.failed = failed;
        response.n_failed = n_failed;
        nri_double_answer(&bed.runtime, bed.runtime.update_stream, code, "no cgroup",
                          code ? NULL : &response.base);
}

START_TEST(updates_are_answered) {
        nri_bed_start();
        nri_bed_greet();
        ck_assert_int_eq(nri_bed_update(3), 0);
        nri_bed_wait(&bed.runtime.n_updates, 1);
        ck_assert_uint_eq(bed.runtime.update.n_data, 3 * (2 + 2 + 32));
        ck_assert_uint_eq(bed.runtime.update_stream, 3);
        answer_update(0, 2);
        nri_bed_wait(&bed.n_done, 1);
        ck_assert(bed.was_connected);
        ck_assert_uint_eq(bed.n_failed, 2);
        ck_assert_str_eq(bed.problem, "");
        ck_assert_int_eq(nri_bed_update(1), 0);
        nri_bed_wait(&bed.runtime.n_updates, 2);
        ck_assert_uint_eq(bed.runtime.update_stream, 5);
        answer_update(3, 0);
        nri_bed_wait(&bed.n_done, 2);
        ck_assert_str_eq(bed.problem, "no cgroup (invalid_argument)");
        ck_assert_uint_eq(stats()->n_updates, 2);
        ck_assert_str_eq(bed.runtime.broken, "");
}
END_TEST

START_TEST(updates_that_cannot_be_sent_are_told_at_once) {
        nri_bed_start();
        ck_assert_int_eq(nri_bed_update(1), -ENOTCONN);
        nri_bed_greet();
        ck_assert_int_eq(nri_bed_update(200000), -E2BIG);
        for (unsigned i = 0; i < 64; ++i)
                ck_assert_int_eq(nri_bed_update(1), 0);
        ck_assert_int_eq(nri_bed_update(1), -EAGAIN);
        ck_assert_uint_eq(bed.n_done, 0);
}
END_TEST

/* Its other half may be as well as ever: what would never end is ended here. */
START_TEST(update_without_an_answer_ends_the_session) {
        bed.params.update_usec = 1000;
        nri_bed_start();
        nri_bed_greet();
        ck_assert_int_eq(nri_bed_update(1), 0);
        nri_bed_wait(&bed.n_done, 1);
        ck_assert_str_eq(bed.problem, "the runtime does not answer");
        ck_assert(!bed.was_connected);
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_str_eq(bed.reason, "the runtime does not answer");
        nri_bed_greet();
}
END_TEST

/* Ends */

START_TEST(session_that_is_lost_is_made_anew) {
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        (void)nri_bed_create();
        nri_bed_wait(&bed.n_told[NRI_CREATE_CONTAINER], 1);
        ck_assert_int_eq(nri_bed_update(1), 0);
        nri_bed_wait(&bed.runtime.n_updates, 1);
        nri_double_hang_up(&bed.runtime);
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_str_eq(bed.reason, "the runtime has closed the connection");
        ck_assert_uint_eq(bed.n_gone, 1);
        ck_assert_uint_eq(bed.n_done, 1);
        ck_assert_ptr_nonnull(strstr(bed.problem, "lost"));
        bed.way = NRI_BED_FINISH;
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_connected, 2);
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.runtime.last_stream, 5);
}
END_TEST

START_TEST(session_is_renewed_when_nobody_waits) {
        uint32_t stream, other;

        nri_bed_start();
        nri_session_renew(bed.session); /* of none there is nothing to be renewed */
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        stream = nri_bed_create();
        nri_bed_wait(&bed.n_told[NRI_CREATE_CONTAINER], 1);
        nri_session_renew(bed.session);
        bed.way = NRI_BED_FINISH;
        other = nri_double_call(&bed.runtime, "StopContainer", 2000000, NULL);
        ck_assert_int_eq(wait_for(other)->code, 0);
        ck_assert_uint_eq(bed.runtime.n_closed, 0);
        nri_call_finish(bed.kept, nri_bed_make_response(1));
        ck_assert_uint_gt(wait_for(stream)->n_payload, 0);
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_connected, 2);
        ck_assert_uint_eq(bed.n_told[NRI_SYNCHRONIZE], 2);
        ck_assert_uint_eq(bed.n_lost, 0);
        ck_assert_uint_eq(bed.n_gone, 0);
        /* once is enough */
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.runtime.n_connections, 2);
}
END_TEST

START_TEST(session_that_is_lost_instead_of_renewed_is_lost) {
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        (void)nri_bed_create();
        nri_bed_wait(&bed.n_told[NRI_CREATE_CONTAINER], 1);
        nri_session_renew(bed.session);
        nri_double_hang_up(&bed.runtime);
        nri_bed_wait(&bed.n_lost, 1);
        bed.way = NRI_BED_FINISH;
        nri_bed_greet();
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_uint_eq(bed.runtime.n_connections, 2);
}
END_TEST

/* Nobody looks for it every now and then: who waits is woken, however deep it is made. */
START_TEST(socket_that_comes_is_found) {
        char path[100], dir[100], above[100];

        (void)snprintf(above, sizeof(above), "%s/run", bed.folder.path);
        (void)snprintf(dir, sizeof(dir), "%s/run/nri", bed.folder.path);
        (void)snprintf(path, sizeof(path), "%s/run/nri/nri.sock", bed.folder.path);
        nri_double_stop(&bed.runtime);
        bed.params.path = path;
        bed.params.min_back_off_usec = bed.params.max_back_off_usec = UINT64_C(3600000000);
        nri_bed_start();
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_ptr_nonnull(strstr(bed.reason, "No such file"));
        ck_assert_int_eq(mkdir(above, 0700), 0);
        nri_bed_turn();
        ck_assert_int_eq(mkdir(dir, 0700), 0);
        nri_bed_turn();
        bed.runtime = (NriDouble){};
        nri_double_start(&bed.runtime, bed.event, path);
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_lost, 1);
        /* and again, when the runtime is another one */
        nri_double_stop(&bed.runtime);
        nri_bed_wait(&bed.n_lost, 2);
        bed.runtime = (NriDouble){};
        nri_double_start(&bed.runtime, bed.event, path);
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_connected, 2);
}
END_TEST

START_TEST(registration_that_is_refused_is_tried_again) {
        bed.runtime.refuses = "invalid plugin index";
        nri_bed_start();
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_str_eq(bed.reason, "the runtime does not register the plugin: "
                                     "invalid plugin index (unknown)");
        nri_bed_wait(&bed.runtime.n_registered, 4);
        ck_assert_uint_eq(bed.n_lost, 1); /* it is said once */
        bed.runtime.refuses = NULL;
        nri_bed_greet();
        ck_assert_uint_eq(bed.n_connected, 1);
}
END_TEST

START_TEST(runtime_that_says_nothing_is_left) {
        bed.runtime.is_silent = true;
        bed.params.register_usec = 1000;
        nri_bed_start();
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_ptr_nonnull(strstr(bed.reason, "does not"));
        nri_bed_wait(&bed.runtime.n_registered, 2);
}
END_TEST

/* It would call the plugin for nothing else, and not say so. */
START_TEST(runtime_that_tells_of_no_containers_is_left) {
        bed.params.synchronize_usec = 1000;
        nri_bed_start();
        nri_bed_wait(&bed.runtime.n_registered, 1);
        (void)nri_bed_configure();
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_ptr_nonnull(strstr(bed.reason, "does not tell of its containers"));
        nri_bed_wait(&bed.runtime.n_registered, 2);
        (void)nri_bed_configure();
        nri_bed_wait(&bed.n_lost, 2);
}
END_TEST

START_TEST(session_may_be_freed_at_any_time) {
        nri_bed_start();
        bed.session = nri_session_free(bed.session);
        nri_bed_start();
        nri_bed_greet();
        bed.way = NRI_BED_KEEP;
        (void)nri_bed_create();
        nri_bed_wait(&bed.n_told[NRI_CREATE_CONTAINER], 1);
        ck_assert_int_eq(nri_bed_update(1), 0);
        bed.session = nri_session_free(bed.session);
        ck_assert_uint_eq(bed.n_gone + bed.n_done + bed.n_lost, 0);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t n) {
        TCase *tcase = tcase_create(name);

        tcase_add_checked_fixture(tcase, nri_bed_setup, nri_bed_teardown);
        for (size_t i = 0; i < n; ++i)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
}

Suite *suite(void) {
        const TTest *const beginnings[] = {
                plugin_registers_and_is_configured,
                configure_may_come_first,
                only_what_is_wanted_is_asked_for,
                who_wants_nothing_is_asked_as_little_as_can_be,
                names_that_no_runtime_takes_are_refused,
        };
        const TTest *const requests[] = {
                every_event_has_its_method,
                every_event_has_its_number,
                answers_are_the_owners,
                answer_may_come_later,
                call_that_nobody_kept_is_answered_with_nothing,
                owner_that_is_late_is_answered_for,
                timeout_of_a_call_counts_too,
                answer_that_is_too_large_is_none,
                parts_of_the_state_are_told_once,
                state_that_is_too_large_ends_the_session,
                parts_go_with_their_session,
                state_has_the_time_of_its_first_part,
                updates_are_answered,
                updates_that_cannot_be_sent_are_told_at_once,
                update_without_an_answer_ends_the_session,
        };
        const TTest *const ends[] = {
                session_that_is_lost_is_made_anew,
                session_is_renewed_when_nobody_waits,
                session_that_is_lost_instead_of_renewed_is_lost,
                socket_that_comes_is_found,
                registration_that_is_refused_is_tried_again,
                runtime_that_says_nothing_is_left,
                runtime_that_tells_of_no_containers_is_left,
                session_may_be_freed_at_any_time,
        };
        Suite *suite = suite_create("nri-session");

        add(suite, "beginnings", beginnings, ELEMENTSOF(beginnings));
        add(suite, "requests", requests, ELEMENTSOF(requests));
        add(suite, "ends", ends, ELEMENTSOF(ends));
        return suite;
}
