/* SPDX-License-Identifier: Apache-2.0 */
/* A session whose runtime cuts its bytes anyhow, or sends what is no NRI. */
#include "lib/test-main.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/nri-bed.h"

#define SERVICE "nri.pkg.api.v1alpha1.Plugin"

static const NriDoubleAnswer *wait_for(uint32_t stream) {
        return nri_double_wait(&bed.runtime, stream);
}

static void start(void) {
        nri_bed_setup();
        nri_bed_start();
        nri_bed_greet();
}

/* The session goes on as if nothing had been. */
static void expect_peace(void) {
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
        ck_assert_str_eq(bed.runtime.broken, "");
        ck_assert_uint_eq(bed.n_lost, 0);
}

static void expect_loss(const char *reason) {
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_str_eq(bed.reason, reason);
        nri_bed_greet();
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
}

/* The framing trap: see plugins/nri/mux.c. */

START_TEST(large_answers_keep_to_the_rule) {
        static const size_t sizes[] = { 1,    4000, 4050, 4060,  4070,    4080,   4090,
                                        4096, 5000, 8192, 65536, 1000000, 4000000 };

        for (unsigned i = 0; i < ELEMENTSOF(sizes); ++i) {
                const NriDoubleAnswer *answer;

                bed.response = nri_bed_make_response(sizes[i]);
                answer = wait_for(nri_bed_create());
                ck_assert_uint_gt(answer->n_payload, sizes[i]);
                ck_assert_str_eq(bed.runtime.broken, "");
        }
}
END_TEST

/* Every length around the one that matters. */
START_TEST(no_length_breaks_the_rule) {
        size_t least = SIZE_MAX, most = 0;

        for (size_t n = 4040; n < 4110; ++n) {
                const NriDoubleAnswer *answer;

                bed.response = nri_bed_make_response(n);
                answer = wait_for(nri_bed_create());
                least = answer->n_message < least ? answer->n_message : least;
                most = answer->n_message > most ? answer->n_message : most;
        }
        ck_assert_str_eq(bed.runtime.broken, "");
        ck_assert_uint_lt(least, 4090);
        ck_assert_uint_gt(most, 4107);
}
END_TEST

START_TEST(large_updates_keep_to_the_rule) {
        ck_assert_int_eq(nri_bed_update(1000), 0);
        ck_assert_int_eq(nri_bed_update(100000), 0);
        ck_assert_int_eq(nri_bed_update(1), 0);
        nri_bed_wait(&bed.runtime.n_updates, 3);
        ck_assert_str_eq(bed.runtime.broken, "");
        expect_peace();
}
END_TEST

/* That the double would see it. */
START_TEST(rule_that_is_broken_is_seen) {
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_(buffer_deinitp) Buffer message = {}, frame = {};
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char text[5000];

        bed.session = nri_session_free(bed.session);
        memcpy(address.sun_path, bed.path, strlen(bed.path));
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        memset(text, 'x', sizeof(text));
        nri_double_put_message(&message, NRI_DOUBLE_RESPONSE, 0, 1, text, sizeof(text));
        nri_double_put_frame(&frame, NRI_DOUBLE_PLUGIN, message.data, 4097);
        ck_assert_int_eq(write(fd, frame.data, frame.n_data), frame.n_data);
        while (!bed.runtime.broken[0])
                nri_bed_turn();
        ck_assert_ptr_nonnull(strstr(bed.runtime.broken, "more than 4096"));
}
END_TEST

/* Cut anyhow */

static uint32_t call_large(size_t n_name) {
        _cleanup_(freep) char *name = malloc(n_name + 1);
        NriContainer container = nri_bed_container;
        Nri__Pkg__Api__V1alpha1__CreateContainerRequest request =
                NRI__PKG__API__V1ALPHA1__CREATE_CONTAINER_REQUEST__INIT;

        ck_assert_ptr_nonnull(name);
        memset(name, 'x', n_name);
        name[n_name] = '\0';
        container.name = name;
        request.pod = &nri_bed_pod;
        request.container = &container;
        return nri_double_call(&bed.runtime, "CreateContainer", 2000000, &request.base);
}

START_TEST(requests_may_be_cut_anywhere) {
        static const size_t sizes[] = { 1, 2, 3, 7, 8, 9, 4095, 4097 };

        for (unsigned i = 0; i < ELEMENTSOF(sizes); ++i)
                for (unsigned k = 0; k < ELEMENTSOF(sizes); ++k) {
                        bed.runtime.n_frame = sizes[i];
                        bed.runtime.n_piece = sizes[k];
                        ck_assert_int_eq(wait_for(call_large(i < 3 || k < 3 ? 100 : 5000))->code,
                                         0);
                        ck_assert_str_eq(bed.container, "container");
                }
        bed.runtime.n_frame = bed.runtime.n_piece = 0;
        expect_peace();
}
END_TEST

START_TEST(large_requests_may_be_one_frame) {
        bed.runtime.n_frame = 4u * 1024 * 1024 + 10;
        ck_assert_int_eq(wait_for(call_large(5000))->code, 0);
        ck_assert_int_eq(wait_for(call_large(2u * 1024 * 1024))->code, 0);
        bed.runtime.n_frame = 0;
        ck_assert_int_eq(wait_for(call_large(4000000))->code, 0);
        expect_peace();
}
END_TEST

START_TEST(messages_may_share_a_frame) {
        _cleanup_(buffer_deinitp) Buffer messages = {}, frames = {};

        for (uint32_t i = 0; i < 100; ++i)
                nri_double_put_request(&messages, 1001 + 2 * i, SERVICE, "StopContainer", 0, NULL);
        nri_double_put_frame(&frames, NRI_DOUBLE_PLUGIN, messages.data, messages.n_data);
        nri_double_say(&bed.runtime, frames.data, frames.n_data);
        ck_assert_int_eq(wait_for(1199)->code, 0);
        for (uint32_t i = 0; i < 100; ++i)
                ck_assert_ptr_nonnull(nri_double_find(&bed.runtime, 1001 + 2 * i));
        ck_assert_uint_eq(bed.n_told[NRI_STOP_CONTAINER], 100);
        expect_peace();
}
END_TEST

/* Half a message on one connection, a whole one on the other, and frames of nobody's between. */
START_TEST(connections_are_apart) {
        _cleanup_(buffer_deinitp) Buffer message = {}, bytes = {};

        ck_assert_int_eq(nri_bed_update(1), 0);
        nri_bed_wait(&bed.runtime.n_updates, 1);
        nri_double_put_request(&message, 1001, SERVICE, "StopContainer", 0, NULL);
        nri_double_put_frame(&bytes, NRI_DOUBLE_PLUGIN, message.data, 13);
        nri_double_put_frame(&bytes, 0, "reserved", 8);
        nri_double_put_frame(&bytes, 3, "who", 3);
        nri_double_put_frame(&bytes, UINT32_MAX, message.data, message.n_data);
        nri_double_put_frame(&bytes, NRI_DOUBLE_PLUGIN, NULL, 0);
        nri_double_say(&bed.runtime, bytes.data, bytes.n_data);
        nri_double_answer(&bed.runtime, bed.runtime.update_stream, 0, NULL, NULL);
        nri_bed_wait(&bed.n_done, 1);
        ck_assert_ptr_null(nri_double_find(&bed.runtime, 1001));
        bytes.n_data = 0;
        nri_double_put_frame(&bytes, NRI_DOUBLE_PLUGIN, message.data + 13, message.n_data - 13);
        nri_double_say(&bed.runtime, bytes.data, bytes.n_data);
        ck_assert_int_eq(wait_for(1001)->code, 0);
        expect_peace();
}
END_TEST

/* Refused, and the session goes on */

static const NriDoubleAnswer *
send_message(unsigned type, unsigned flags, uint32_t stream, const Buffer *data) {
        _cleanup_(buffer_deinitp) Buffer message = {}, frames = {};

        nri_double_put_message(&message, type, flags, stream, data->data, data->n_data);
        nri_double_put_frames(&bed.runtime, &frames, NRI_DOUBLE_PLUGIN, &message);
        nri_double_say(&bed.runtime, frames.data, frames.n_data);
        return type == NRI_DOUBLE_REQUEST ? wait_for(stream) : NULL;
}

static const NriDoubleAnswer *call(const char *service, const char *method, uint32_t stream) {
        _cleanup_(buffer_deinitp) Buffer message = {}, frames = {};

        nri_double_put_request(&message, stream, service, method, 0, NULL);
        nri_double_put_frames(&bed.runtime, &frames, NRI_DOUBLE_PLUGIN, &message);
        nri_double_say(&bed.runtime, frames.data, frames.n_data);
        return wait_for(stream);
}

/* NRI 0.12 falls back to StateChange on exactly this code. */
START_TEST(methods_that_are_not_there_are_unimplemented) {
        ck_assert_int_eq(call(SERVICE, "UpdatePodSandbox", 1001)->code, 12);
        ck_assert_int_eq(call(SERVICE, "ValidateContainerAdjustment", 1003)->code, 12);
        ck_assert_int_eq(call(SERVICE, "", 1005)->code, 12);
        ck_assert_int_eq(call("", "", 1007)->code, 12);
        ck_assert_int_eq(call("nri.pkg.api.v1alpha1.Runtime", "Configure", 1009)->code, 12);
        ck_assert_int_eq(call(SERVICE, "Shutdown", 1011)->code, 0);
        expect_peace();
}
END_TEST

START_TEST(what_is_no_request_is_refused) {
        static char garbage[] = "\377\377\377\377\377";
        static char no_text[] = "\12\1\377";
        const Buffer nothing = {};
        const Buffer bad = { .data = garbage, .n_data = 5 };
        const Buffer bad_text = { .data = no_text, .n_data = 3 };

        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1001, &bad)->code, 3);
        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1003, &bad_text)->code, 3);
        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1005, &nothing)->code, 12);
        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1006, &nothing)->code, 3);
        expect_peace();
}
END_TEST

START_TEST(streams_are_refused_and_their_data_dropped) {
        const Buffer nothing = {};
        static char data[] = "abc";
        const Buffer some = { .data = data, .n_data = 3 };

        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 2, 1001, &nothing)->code, 12);
        (void)send_message(NRI_DOUBLE_DATA, 0, 1001, &some);
        (void)send_message(NRI_DOUBLE_DATA, 5, 1001, &nothing);
        (void)send_message(NRI_DOUBLE_RESPONSE, 0, 1003, &some);
        (void)send_message(77, 255, 1005, &some);
        expect_peace();
}
END_TEST

START_TEST(request_that_is_too_large_is_refused) {
        _cleanup_(freep) char *zeros = calloc(1, 5u * 1024 * 1024);
        const Buffer large = { .data = zeros, .n_data = 5u * 1024 * 1024 };

        bed.runtime.n_frame = 100000;
        ck_assert_ptr_nonnull(zeros);
        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1001, &large)->code, 8);
        expect_peace();
}
END_TEST

/* A payload that is not understood changes nothing: its container would fail. */
START_TEST(request_that_is_not_understood_is_answered_with_nothing) {
        static const char service[] = SERVICE, method[] = "CreateContainer";
        _cleanup_(buffer_deinitp) Buffer request = {};

        buffer_printf(&request, "\12%c%s\22%c%s\32\3\377\377\377", (int)strlen(service), service,
                      (int)strlen(method), method);
        ck_assert_int_eq(send_message(NRI_DOUBLE_REQUEST, 0, 1001, &request)->code, 0);
        ck_assert_uint_eq(bed.n_told_all, 0);
        ck_assert_uint_eq(nri_session_get_stats(bed.session)->n_unanswered, 1);
        expect_peace();
}
END_TEST

START_TEST(answers_that_nobody_waits_for_are_dropped) {
        nri_double_answer(&bed.runtime, 1, 0, NULL, NULL);
        nri_double_answer(&bed.runtime, 99, 3, "what", NULL);
        nri_double_answer(&bed.runtime, 2, 0, NULL, NULL);
        expect_peace();
}
END_TEST

/* The end of the session, and the next one is as good */

START_TEST(what_is_no_mux_ends_the_session) {
        nri_double_say(&bed.runtime, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        expect_loss("what the runtime sends is not NRI");
}
END_TEST

START_TEST(runtime_that_does_not_read_is_left) {
        bed.response = nri_bed_make_response(4000000);
        bed.runtime.is_deaf = true;
        for (uint32_t i = 0; i < 6 && bed.n_lost == 0; ++i)
                (void)nri_bed_create();
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_str_eq(bed.reason, "the runtime does not read what it is told");
        bed.response = NULL;
        bed.runtime.is_deaf = false;
        nri_bed_greet();
        ck_assert_int_eq(wait_for(nri_bed_create())->code, 0);
}
END_TEST

/* Of more calls than are kept for their owner each has an answer. */
START_TEST(calls_without_end_have_a_cap) {
        _cleanup_(buffer_deinitp) Buffer messages = {}, frames = {};
        const unsigned n = NRI_REQUESTS_MAX + 100;

        bed.way = NRI_BED_KEEP;
        for (uint32_t i = 0; i < n; ++i)
                nri_double_put_request(&messages, 1001 + 2 * i, SERVICE, "StopContainer", 0, NULL);
        nri_double_put_frame(&frames, NRI_DOUBLE_PLUGIN, messages.data, messages.n_data);
        nri_double_say(&bed.runtime, frames.data, frames.n_data);
        ck_assert_int_eq(wait_for(1001 + 2 * (n - 1))->code, 0);
        ck_assert_uint_eq(bed.n_told[NRI_STOP_CONTAINER], NRI_REQUESTS_MAX);
        nri_double_hang_up(&bed.runtime);
        nri_bed_wait(&bed.n_lost, 1);
        ck_assert_uint_eq(bed.n_gone, NRI_REQUESTS_MAX);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t n) {
        TCase *tcase = tcase_create(name);

        tcase_add_checked_fixture(tcase, start, nri_bed_teardown);
        for (size_t i = 0; i < n; ++i)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
}

Suite *suite(void) {
        const TTest *const rule[] = {
                large_answers_keep_to_the_rule,
                no_length_breaks_the_rule,
                large_updates_keep_to_the_rule,
                rule_that_is_broken_is_seen,
        };
        const TTest *const cuts[] = {
                requests_may_be_cut_anywhere,
                large_requests_may_be_one_frame,
                messages_may_share_a_frame,
                connections_are_apart,
        };
        const TTest *const refusals[] = {
                methods_that_are_not_there_are_unimplemented,
                what_is_no_request_is_refused,
                streams_are_refused_and_their_data_dropped,
                request_that_is_too_large_is_refused,
                request_that_is_not_understood_is_answered_with_nothing,
                answers_that_nobody_waits_for_are_dropped,
        };
        const TTest *const ends[] = {
                what_is_no_mux_ends_the_session,
                runtime_that_does_not_read_is_left,
                calls_without_end_have_a_cap,
        };
        Suite *suite = suite_create("nri-hostile");

        add(suite, "the framing rule", rule, ELEMENTSOF(rule));
        add(suite, "cuts", cuts, ELEMENTSOF(cuts));
        add(suite, "refusals", refusals, ELEMENTSOF(refusals));
        add(suite, "ends", ends, ELEMENTSOF(ends));
        return suite;
}
