/* SPDX-License-Identifier: Apache-2.0 */
/* What the kubelet is told of slugd's list, to the byte, and what it is not; what a container is
 * told; whether it may start; for how long a list counts. */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

#include "kubelet/device/advertise.h"
#include "kubelet/device/answer.h"
#include "kubelet/device/grace.h"
#include "kubelet/device/prestart.h"
#include "lib/chunk-text.h"
#include "lib/failmalloc.h"
#include "rpc/json.h"

static const ChunkTextNode nodes[] = {
        { .numa_node = 2, .n_free = 1, .n_claimed = 1, .topology = "01" },
        { .numa_node = 3, .n_offline = 1, .topology = "1" },
        { .numa_node = 4, .n_free = 1 },
};

static Advertised *advertised;
static Arena *arena;
static Diag diag;

static void setup(void) {
        ck_assert_int_eq(arena_new(1u << 20, &arena), 0);
        diag = (Diag){};
        advertised = NULL;
}

static void teardown(void) {
        advertised = advertise_free(advertised);
        arena = arena_free(arena);
        chunk_text_clear();
}

static Slug__V1__ChunkList *get_list(void) {
        return chunk_text_list(nodes, ELEMENTSOF(nodes));
}

/* "id health nodes;" */
static const char *describe(void) {
        static char text[1024];
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; i < advertised->message.n_devices; ++i) {
                const V1beta1__Device *device = advertised->message.devices[i];

                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", i > 0 ? "; " : "",
                                      device->id, device->health);
                for (size_t j = 0; device->topology && j < device->topology->n_nodes; ++j)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " %d",
                                              (int)device->topology->nodes[j]->id);
        }
        return text;
}

START_TEST(a_list_becomes_devices) {
        ck_assert_int_eq(advertise_check(get_list(), &diag), 0);
        ck_assert_int_eq(advertise_new(get_list(), 0, false, &advertised, &diag), 0);
        ck_assert_str_eq(describe(), "1gi-n2-0000 Healthy 0 1; 1gi-n2-0001 Healthy 0 1; "
                                     "1gi-n3-0000 Unhealthy 1; 1gi-n4-0000 Healthy");
        ck_assert_uint_eq(advertised->n_healthy, 3);
}
END_TEST

/* A NUMA node 0 is an empty message that is there, and no topology is none. */
START_TEST(numa_node_0_is_on_the_wire) {
        static const ChunkTextNode row[] = { { .numa_node = 2, .n_free = 1, .topology = "01" } };
        static const uint8_t expected[] = "\x0a\x1e"
                                          "\x0a\x0b"
                                          "1gi-n2-0000"
                                          "\x12\x07"
                                          "Healthy"
                                          "\x1a\x06"
                                          "\x0a\x00"
                                          "\x0a\x02\x08\x01";
        uint8_t data[64];

        ck_assert_int_eq(advertise_new(chunk_text_list(row, 1), 0, false, &advertised, &diag), 0);
        ck_assert_uint_eq(protobuf_c_message_pack(&advertised->message.base, data),
                          sizeof(expected) - 1);
        ck_assert_mem_eq(data, expected, sizeof(expected) - 1);
}
END_TEST

START_TEST(withdrawn_chunks_are_told_and_not_given) {
        ck_assert_int_eq(advertise_new(get_list(), 0, true, &advertised, &diag), 0);
        ck_assert_str_eq(describe(), "1gi-n2-0000 Unhealthy 0 1; 1gi-n2-0001 Unhealthy 0 1; "
                                     "1gi-n3-0000 Unhealthy 1; 1gi-n4-0000 Unhealthy");
        ck_assert_uint_eq(advertised->n_healthy, 0);
}
END_TEST

static Slug__V1__ChunkResource resources[2];
static Slug__V1__ChunkResource *both[] = { &resources[0], &resources[1] };

static Slug__V1__ChunkList *get_list_per_node(void) {
        Slug__V1__ChunkList *list = get_list();

        slug__v1__chunk_resource__init(&resources[0]);
        slug__v1__chunk_resource__init(&resources[1]);
        resources[0].name = (char *)"sluglab.io/remote-memory-1gi-numa2";
        resources[1].name = (char *)"sluglab.io/remote-memory-1gi-numa3";
        list->resources = both;
        list->n_resources = 2;
        list->chunks[2]->resource = 1;
        list->n_chunks = 3;
        return list;
}

START_TEST(each_resource_has_its_own) {
        ck_assert_int_eq(advertise_check(get_list_per_node(), &diag), 0);
        ck_assert_int_eq(advertise_new(get_list_per_node(), 0, false, &advertised, &diag), 0);
        ck_assert_str_eq(describe(), "1gi-n2-0000 Healthy 0 1; 1gi-n2-0001 Healthy 0 1");
        advertised = advertise_free(advertised);
        ck_assert_int_eq(advertise_new(get_list_per_node(), 1, false, &advertised, &diag), 0);
        ck_assert_str_eq(describe(), "1gi-n3-0000 Unhealthy 1");
}
END_TEST

/* All that there can be is far from what the kubelet takes. */
START_TEST(the_largest_list_is_small_enough) {
        static const ChunkTextNode large[] = {
                { .numa_node = 1000, .n_free = CHUNK_LIST_MAX, .topology = "0123456789" },
        };
        Slug__V1__ChunkList *list = chunk_text_list(large, 1);

        ck_assert_int_eq(advertise_check(list, &diag), 0);
        ck_assert_int_eq(advertise_new(list, 0, false, &advertised, &diag), 0);
        ck_assert_uint_eq(advertised->message.n_devices, CHUNK_LIST_MAX);
        ck_assert_uint_lt(protobuf_c_message_get_packed_size(&advertised->message.base),
                          ADVERTISE_BYTES_MAX);
}
END_TEST

/* 64 NUMA nodes near to each of 8192 chunks are 3 MiB. */
START_TEST(a_list_that_is_too_large_is_refused) {
        static const ChunkTextNode large[] = {
                { .numa_node = 2, .n_free = CHUNK_LIST_MAX, .topology = "0" },
        };
        static uint32_t many[ADVERTISE_TOPOLOGY_MAX];
        Slug__V1__ChunkList *list = chunk_text_list(large, 1);

        for (unsigned i = 0; i < ADVERTISE_TOPOLOGY_MAX; ++i)
                many[i] = 500 + i;
        list->numa_nodes[0]->topology = many;
        list->numa_nodes[0]->n_topology = ADVERTISE_TOPOLOGY_MAX;
        ck_assert_int_eq(advertise_check(list, &diag), 0);
        ck_assert_int_eq(advertise_new(list, 0, false, &advertised, &diag), ADVERTISE_E_REFUSED);
        ck_assert_ptr_nonnull(strstr(diag.text, "configure larger chunks"));
}
END_TEST

START_TEST(what_differs_is_seen) {
        Slug__V1__ChunkList *list = get_list();
        _cleanup_(advertise_freep) Advertised *other = NULL;

        ck_assert_int_eq(advertise_new(list, 0, false, &advertised, &diag), 0);
        if (_i == 1)
                list->chunks[0]->state = SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED;
        else if (_i == 2)
                list->chunks[0]->state = SLUG__V1__CHUNK_STATE__CHUNK_STATE_SHORT;
        else if (_i == 3)
                list->n_chunks = 3;
        else if (_i == 4)
                list->chunks[0]->id = (char *)"1gi-n2-0007";
        else if (_i == 5)
                list->numa_nodes[0]->topology[0] = 5;
        else if (_i == 6)
                list->numa_nodes[0]->n_topology = 1;
        else if (_i == 7)
                list->numa_nodes[0]->n_topology = 0;
        ck_assert_int_eq(advertise_new(list, 0, false, &other, &diag), 0);
        /* who has a chunk is nothing that the kubelet is told */
        ck_assert_int_eq(advertise_is_equal(advertised, other), _i < 2);
        ck_assert_int_eq(advertise_is_equal(other, advertised), _i < 2);
}
END_TEST

static const struct {
        const char *resource, *id;
        const char *problem;
} bad[] = {
        { "sluglab.io/remote-memory-", "1gi-n2-0000",
          "not a resource of ours: 'sluglab.io/remote-memory-'" },
        { "sluglab.io/remote-memory-1gi/../../x", "1gi-n2-0000",
          "not a resource of ours: 'sluglab.io/remote-memory-1gi/../../x'" },
        { "other.io/remote-memory-1gi", "1gi-n2-0000",
          "not a resource of ours: 'other.io/remote-memory-1gi'" },
        { "", "1gi-n2-0000", "not a resource of ours: ''" },
        { "sluglab.io/remote-memory-1gi", "", "not an id of a chunk: ''" },
        { "sluglab.io/remote-memory-1gi", "a b", "not an id of a chunk: 'a b'" },
        { "sluglab.io/remote-memory-1gi",
          "a123456789a123456789a123456789a123456789a123456789a123456789a123",
          "not an id of a chunk: "
          "'a123456789a123456789a123456789a123456789a123456789a123456789a123'" },
};

START_TEST(what_cannot_be_told_is_refused_by_name) {
        Slug__V1__ChunkList *list = get_list();

        list->resources[0]->name = (char *)bad[_i].resource;
        list->chunks[1]->id = (char *)bad[_i].id;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        ck_assert_str_eq(diag.text, bad[_i].problem);
}
END_TEST

START_TEST(what_does_not_fit_together_is_refused) {
        Slug__V1__ChunkList *list = get_list();

        list->chunks[1]->resource = 1;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        ck_assert_str_eq(diag.text, "a chunk of no resource: '1gi-n2-0001'");
        list = get_list();
        list->n_chunks = CHUNK_LIST_MAX + 1;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        list = get_list();
        list->n_resources = ADVERTISE_RESOURCES_MAX + 1;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        list = get_list();
        list->numa_nodes[0]->topology[1] = 1024;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        list = get_list();
        list->numa_nodes[1]->numa_node = 2;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
        list = get_list_per_node();
        list->resources[1]->name = list->resources[0]->name;
        ck_assert_int_eq(advertise_check(list, &diag), ADVERTISE_E_REFUSED);
}
END_TEST

START_TEST(without_memory_there_is_no_list) {
        const Slug__V1__ChunkList *list = get_list();

        for (unsigned i = 0;; ++i) {
                bool has_failed;
                int r;

                failmalloc_arm(i);
                r = advertise_new(list, 0, false, &advertised, &diag);
                has_failed = failmalloc_disarm();
                if (!has_failed) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(advertised);
        }
}
END_TEST

/* Answers */

static const struct {
        const char *response, *cdi_device;
        const char *expected;
} answers[] = {
        { "{\"claim\":\"1gi-n2-0017\",\"split\":{\"remote\":{\"minBytes\":\"8589934592\","
          "\"maxBytes\":\"8589934592\"}},\"numaNodes\":[{\"numaNode\":2,\"bytes\":\"4294967296\"},"
          "{\"numaNode\":3,\"bytes\":\"4294967296\"},{\"numaNode\":9,\"bytes\":\"0\"}]}",
          "",
          "{\"envs\":{\"SLUG_CLAIM\":\"1gi-n2-0017\",\"SLUG_REMOTE_BYTES\":\"8589934592\","
          "\"SLUG_REMOTE_NUMA_NODES\":\"2-3,9\"},\"annotations\":{\"memory.sluglab.io/claim\":"
          "\"1gi-n2-0017\",\"memory.sluglab.io/split\":\"remote=8Gi\"}}" },
        { "{\"claim\":\"64mi-numa0-0000\",\"split\":{\"local\":{\"minBytes\":\"0\"},\"remote\":"
          "{\"minBytes\":\"67108864\",\"maxBytes\":\"67108864\"}},\"numaNodes\":[{\"bytes\":"
          "\"67108864\"}]}",
          "sluglab.io/memory=remote",
          "{\"envs\":{\"SLUG_CLAIM\":\"64mi-numa0-0000\",\"SLUG_REMOTE_BYTES\":\"67108864\","
          "\"SLUG_REMOTE_NUMA_NODES\":\"0\"},\"annotations\":{\"memory.sluglab.io/claim\":"
          "\"64mi-numa0-0000\",\"memory.sluglab.io/split\":\"local=0..max,remote=64Mi\"},"
          "\"cdiDevices\":[{\"name\":\"sluglab.io/memory=remote\"}]}" },
};

START_TEST(a_container_is_told_what_it_has) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        V1beta1__ContainerAllocateResponse answer;
        ProtobufCMessage *response;

        ck_assert_int_eq(json_decode(answers[_i].response, strlen(answers[_i].response),
                                     &slug__v1__allocate_chunks_response__descriptor, NULL, arena,
                                     &response, &diag),
                         0);
        ck_assert_int_eq(answer_container((const Slug__V1__AllocateChunksResponse *)response,
                                          answers[_i].cdi_device, arena, &answer),
                         0);
        json_encode(&answer.base, 0, NULL, &text);
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_str_eq(text.data, answers[_i].expected);
}
END_TEST

/* Starting */

static const struct {
        GraceState state;
        const char *ids[3];
        const char *problem; /* NULL: it may start */
} starts[] = {
        { GRACE_CURRENT, {}, NULL },
        { GRACE_CURRENT, { "1gi-n2-0001" }, NULL },
        { GRACE_CURRENT,
          { "1gi-n2-0001", "1gi-n2-0000" },
          "chunk '1gi-n2-0000' is not claimed any more: delete the pod" },
        { GRACE_KEPT, { "1gi-n2-0001", "1gi-n2-0000" }, NULL },
        { GRACE_CURRENT,
          { "1gi-n3-0000", "1gi-n2-0001" },
          "chunk '1gi-n3-0000' is offline, poisoned, or somebody else has its memory: delete the "
          "pod" },
        { GRACE_OVER,
          { "1gi-n2-0001", "1gi-n2-0100" },
          "chunk '1gi-n2-0100' is not there any more: delete the pod" },
};

START_TEST(what_is_not_claimed_does_not_start) {
        PrestartParams params = { .list = get_list(),
                                  .state = starts[_i].state,
                                  .ids = (char *const *)starts[_i].ids };

        while (params.n_ids < 3 && starts[_i].ids[params.n_ids])
                ++params.n_ids;
        ck_assert_int_eq(prestart_check(&params, arena, &diag),
                         starts[_i].problem ? PRESTART_E_REFUSED : 0);
        ck_assert_str_eq(diag.text, starts[_i].problem ? starts[_i].problem : "");
}
END_TEST

/* Grace */

START_TEST(a_list_counts_for_a_grace) {
        Grace grace = {};

        grace_note_loss(&grace, 5);
        ck_assert(!grace_expire(&grace, UINT64_MAX));
        ck_assert_int_eq(grace.state, GRACE_NOTHING);
        grace_note_list(&grace, 7);
        ck_assert_int_eq(grace.state, GRACE_CURRENT);
        ck_assert(!grace_get_due(&grace).present);
        grace_note_loss(&grace, 1000);
        ck_assert_int_eq(grace.state, GRACE_KEPT);
        /* away, and back without knowing: still since then */
        grace_note_loss(&grace, 5000);
        ck_assert_uint_eq(grace_get_due(&grace).value, 8000);
        ck_assert(!grace_expire(&grace, 7999));
        ck_assert(grace_expire(&grace, 8000));
        ck_assert_int_eq(grace.state, GRACE_OVER);
        ck_assert(!grace_expire(&grace, 9000));
        ck_assert(!grace_get_due(&grace).present);
        grace_note_loss(&grace, 9000);
        ck_assert_int_eq(grace.state, GRACE_OVER);
        grace_note_list(&grace, UINT64_MAX);
        ck_assert_int_eq(grace.state, GRACE_CURRENT);
        grace_note_loss(&grace, 1);
        ck_assert_uint_eq(grace_get_due(&grace).value, UINT64_C(86400000001));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-advertise");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_list_becomes_devices);
        tcase_add_test(tcase, numa_node_0_is_on_the_wire);
        tcase_add_test(tcase, withdrawn_chunks_are_told_and_not_given);
        tcase_add_test(tcase, each_resource_has_its_own);
        tcase_add_test(tcase, the_largest_list_is_small_enough);
        tcase_add_test(tcase, a_list_that_is_too_large_is_refused);
        tcase_add_loop_test(tcase, what_differs_is_seen, 0, 8);
        tcase_add_loop_test(tcase, what_cannot_be_told_is_refused_by_name, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, what_does_not_fit_together_is_refused);
        tcase_add_test(tcase, without_memory_there_is_no_list);
        tcase_add_loop_test(tcase, a_container_is_told_what_it_has, 0, ELEMENTSOF(answers));
        tcase_add_loop_test(tcase, what_is_not_claimed_does_not_start, 0, ELEMENTSOF(starts));
        tcase_add_test(tcase, a_list_counts_for_a_grace);
        suite_add_tcase(suite, tcase);
        return suite;
}
