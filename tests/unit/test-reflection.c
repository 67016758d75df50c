/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reflection and health as exchanges: no socket, no transport, a request goes in and an answer
 * comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "lib/test-main.h"
#include "rpc/envelope.h"
#include "rpc/exchange.h"
#include "rpc/health.h"
#include "rpc/reflection.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

#define REQUEST_IS(member) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##member
#define RESPONSE_IS(member)                                                                        \
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##member

static sd_event *event;
static RpcTable table;
static const RpcService *services[2];
static RpcHealth health;
static RpcReflection *reflection;
static RpcCall *call;
static RpcPeer peer = { .role = RPC_ROLE_READER };
static char answer[256 * 1024];
static size_t n_answer;

static void ignore_wake(void *userdata) {
        (void)userdata;
}

static void setup(void) {
        ck_assert_int_eq(sd_event_new(&event), 0);
        rpc_health_init(&health, &table);
        ck_assert_int_eq(
                rpc_reflection_new(&table, rpc_descriptors, n_rpc_descriptors, &reflection), 0);
        services[0] = &health.service;
        services[1] = rpc_reflection_get_service(reflection);
        table = (RpcTable){ .services = services, .n_services = ELEMENTSOF(services) };
        n_answer = 0;
}

static void teardown(void) {
        call = rpc_exchange_free(call);
        reflection = rpc_reflection_free(reflection);
        event = sd_event_unref(event);
}

static void begin(const char *path) {
        static const char type[] = "application/grpc";

        ck_assert_int_eq(rpc_exchange_new(event, &table, &peer,
                                          &(const RpcTransport){ .wake = ignore_wake }, &call),
                         0);
        ck_assert_int_eq(rpc_exchange_add_header(call, "content-type", 12, type, strlen(type)), 0);
        ck_assert_int_eq(rpc_exchange_begin(call, "POST", path, true, true), 0);
}

static void send_message(const ProtobufCMessage *message) {
        _cleanup_(buffer_deinitp) Buffer body = {};
        const size_t start = envelope_open(&body, 0);

        rpc_codec_proto.encode(message, NULL, &body);
        envelope_close(&body, start);
        ck_assert_int_eq(body.error, 0);
        rpc_exchange_take(call, body.data, body.n_data);
}

/* The next message of the answer, or NULL. */
static ProtobufCMessage *take_message(const ProtobufCMessageDescriptor *descriptor) {
        Envelope envelope;

        n_answer += rpc_exchange_read(call, answer + n_answer, sizeof(answer) - n_answer);
        if (!envelope_parse(answer, n_answer, &envelope) ||
            n_answer < ENVELOPE_HEAD_BYTES + envelope.length)
                return NULL;
        ProtobufCMessage *message = protobuf_c_message_unpack(
                descriptor, NULL, envelope.length, (const uint8_t *)answer + ENVELOPE_HEAD_BYTES);
        n_answer -= ENVELOPE_HEAD_BYTES + envelope.length;
        memmove(answer, answer + ENVELOPE_HEAD_BYTES + envelope.length, n_answer);
        return message;
}

static Response *ask(Request request) {
        send_message(&request.base);
        return (Response *)take_message(
                &grpc__reflection__v1__server_reflection_response__descriptor);
}

static Response *ask_symbol(const char *symbol) {
        Request request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

        request.message_request_case = REQUEST_IS(FILE_CONTAINING_SYMBOL);
        request.file_containing_symbol = (char *)symbol;
        return ask(request);
}

static void free_response(Response *response) {
        protobuf_c_message_free_unpacked(&response->base, NULL);
}

static bool holds(const ProtobufCBinaryData *data, const char *text) {
        return memmem(data->data, data->len, text, strlen(text)) != NULL;
}

START_TEST(services_are_listed_once) {
        Request request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
        Response *response;

        begin("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
        request.message_request_case = REQUEST_IS(LIST_SERVICES);
        request.list_services = (char *)"";
        request.host = (char *)"a host";
        response = ask(request);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->message_response_case, RESPONSE_IS(LIST_SERVICES_RESPONSE));
        ck_assert_uint_eq(response->list_services_response->n_service, 3);
        ck_assert_str_eq(response->list_services_response->service[0]->name,
                         "grpc.health.v1.Health");
        ck_assert_str_eq(response->valid_host, "a host");
        ck_assert_str_eq(response->original_request->host, "a host");
        free_response(response);
}
END_TEST

static const struct {
        const char *symbol, *file;
        size_t n_files;
} symbols[] = {
        { "slug.v1.NodeService", "slug/v1/node.proto", 2 },
        { "slug.v1.NodeService.Watch", "slug/v1/node.proto", 2 },
        { "slug.v1.Topology", "slug/v1/topology.proto", 1 },
        { "slug.v1.MemoryKind", "slug/v1/topology.proto", 1 },
        { "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto", 1 },
        { "grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto",
          1 },
};

START_TEST(a_symbol_has_its_file_and_what_that_imports) {
        Response *response;

        begin("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
        response = ask_symbol(symbols[_i].symbol);
        ck_assert_ptr_nonnull(response);
        ck_assert_int_eq(response->message_response_case, RESPONSE_IS(FILE_DESCRIPTOR_RESPONSE));
        ck_assert_uint_eq(response->file_descriptor_response->n_file_descriptor_proto,
                          symbols[_i].n_files);
        ck_assert(holds(&response->file_descriptor_response->file_descriptor_proto[0],
                        symbols[_i].file));
        free_response(response);
}
END_TEST

START_TEST(a_stream_answers_one_question_after_the_other) {
        Response *response;

        begin("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
        response = ask_symbol("no.such.Thing");
        ck_assert_int_eq(response->message_response_case, RESPONSE_IS(ERROR_RESPONSE));
        ck_assert_int_eq(response->error_response->error_code, RPC_NOT_FOUND);
        free_response(response);
        response = ask_symbol("slug.v1.NodeService");
        ck_assert_int_eq(response->message_response_case, RESPONSE_IS(FILE_DESCRIPTOR_RESPONSE));
        free_response(response);
        response = ask((Request)GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT);
        ck_assert_int_eq(response->error_response->error_code, RPC_INVALID_ARGUMENT);
        free_response(response);
        ck_assert(!rpc_exchange_get_reply(call)->is_complete);
        rpc_exchange_end(call);
        ck_assert(rpc_exchange_get_reply(call)->is_complete);
        ck_assert_str_eq(metadata_find(&rpc_exchange_get_reply(call)->trailers, "grpc-status"),
                         "0");
}
END_TEST

START_TEST(bad_descriptors_are_refused) {
        RpcReflection *other;

        ck_assert_int_eq(rpc_reflection_new(&table, (const unsigned char *)"\x0a\xff", 2, &other),
                         -EBADMSG);
        ck_assert_int_eq(
                rpc_reflection_new(&table, (const unsigned char *)"\x0a\x02\xff\xff", 4, &other),
                -EBADMSG);
}
END_TEST

static int take_status(void) {
        Grpc__Health__V1__HealthCheckResponse *response =
                (void *)take_message(&grpc__health__v1__health_check_response__descriptor);
        int status = -1;

        if (response) {
                status = (int)response->status;
                protobuf_c_message_free_unpacked(&response->base, NULL);
        }
        return status;
}

START_TEST(health_is_watched) {
        Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

        begin("/grpc.health.v1.Health/Watch");
        request.service = (char *)"grpc.health.v1.Health";
        send_message(&request.base);
        rpc_exchange_end(call);
        ck_assert_int_eq(take_status(), 2); /* NOT_SERVING */
        rpc_health_set_serving(&health, true);
        ck_assert_int_eq(take_status(), 1);
        rpc_health_set_serving(&health, true);
        ck_assert_int_eq(take_status(), -1); /* no news */
        rpc_exchange_drain(call);
        ck_assert_str_eq(metadata_find(&rpc_exchange_get_reply(call)->trailers, "grpc-status"),
                         "14");
        ck_assert_uint_eq(health.watchers.n_watchers, 0);
}
END_TEST

START_TEST(a_watch_of_what_is_not_there_stays_open) {
        Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

        begin("/grpc.health.v1.Health/Watch");
        /* the beginning of a name is no name */
        request.service = (char *)"grpc.health.v1.Heal";
        send_message(&request.base);
        rpc_exchange_end(call);
        ck_assert_int_eq(take_status(), 3);
        ck_assert(!rpc_exchange_get_reply(call)->is_complete);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("reflection");
        TCase *t = tcase_create("reflection");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, services_are_listed_once);
        tcase_add_loop_test(t, a_symbol_has_its_file_and_what_that_imports, 0, ELEMENTSOF(symbols));
        tcase_add_test(t, a_stream_answers_one_question_after_the_other);
        tcase_add_test(t, bad_descriptors_are_refused);
        tcase_add_test(t, health_is_watched);
        tcase_add_test(t, a_watch_of_what_is_not_there_stays_open);
        suite_add_tcase(s, t);
        return s;
}
