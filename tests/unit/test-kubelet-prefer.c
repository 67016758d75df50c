/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks of those that are free: rows for each preference, and all that there is to choose
 * from on small machines. */
#include "lib/test-main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kubelet/device/prefer.h"
#include "lib/chunk-text.h"

#define PACK   SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_PACK
#define SPREAD SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_SPREAD
#define NEAR   SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_NEAR
#define IDS    64u

static Arena *arena;
static Diag diag;
static char *available[IDS], *must[IDS];
static V1beta1__ContainerPreferredAllocationRequest request;
static V1beta1__ContainerPreferredAllocationResponse response;

static void setup(void) {
        ck_assert_int_eq(arena_new(1u << 20, &arena), 0);
        diag = (Diag){};
        v1beta1__container_preferred_allocation_request__init(&request);
        v1beta1__container_preferred_allocation_response__init(&response);
        request.available_deviceids = available;
        request.must_include_deviceids = must;
}

static void teardown(void) {
        arena = arena_free(arena);
        chunk_text_clear();
}

static void offer(unsigned node, unsigned number) {
        available[request.n_available_deviceids++] = chunk_text_id(node, number);
}

static void offer_first(unsigned node, unsigned n) {
        for (unsigned i = 0; i < n; ++i)
                offer(node, i);
}

static void demand(unsigned node, unsigned number) {
        must[request.n_must_include_deviceids++] = chunk_text_id(node, number);
}

static int choose(const Slug__V1__ChunkList *list, int32_t n) {
        request.allocation_size = n;
        return prefer_chunks(list, &request, arena, &response, &diag);
}

/* "2:0,1 3:0" */
static const char *describe(void) {
        static char text[1024];
        unsigned last = UINT32_MAX;
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; i < response.n_deviceids; ++i) {
                unsigned node = 0, number = 0;

                if (sscanf(response.deviceids[i], "1gi-n%u-%u", &node, &number) != 2) {
                        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? " " : "",
                                              response.deviceids[i]);
                        last = UINT32_MAX;
                        continue;
                }
                if (node != last)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u:", n > 0 ? " " : "",
                                              node);
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", node == last ? "," : "",
                                      number);
                last = node;
        }
        return text;
}

/* Rows */

typedef struct Row {
        Slug__V1__ChunkPreference preference;
        unsigned n_offered[3]; /* of NUMA nodes 2, 3 and 4 */
        int demanded_node;     /* its last one must be included; 0: none must */
        int32_t n;
        const char *expected;
} Row;

/* NUMA node 2 is near CPU node 0, 3 near 1, 4 in the middle. */
static const ChunkTextNode nodes[] = {
        { .numa_node = 2, .n_free = 8, .topology = "01", .distances = { 17, 28 } },
        { .numa_node = 3, .n_free = 8, .topology = "1", .distances = { 28, 17 } },
        { .numa_node = 4, .n_free = 8, .topology = "01", .distances = { 20, 20 } },
};

static const Row rows[] = {
        { PACK, { 8, 8, 8 }, 0, 0, "" },
        { PACK, { 8, 8, 8 }, 0, 3, "2:0,1,2" },
        /* the tightest that holds all of it */
        { PACK, { 8, 4, 6 }, 0, 3, "3:0,1,2" },
        { PACK, { 8, 4, 6 }, 0, 5, "4:0,1,2,3,4" },
        /* none does: the largest, and the rest from the tightest */
        { PACK, { 8, 2, 6 }, 0, 10, "2:0,1,2,3,4,5,6,7 3:0,1" },
        { PACK, { 8, 2, 6 }, 0, 11, "2:0,1,2,3,4,5,6,7 4:0,1,2" },
        { PACK, { 8, 2, 6 }, 0, 16, "2:0,1,2,3,4,5,6,7 3:0,1 4:0,1,2,3,4,5" },
        /* what must be used anyway comes first, even if another one fits better */
        { PACK, { 8, 2, 6 }, 2, 3, "2:0,1,7" },
        { PACK, { 8, 2, 6 }, 3, 1, "3:1" },
        { PACK, { 8, 2, 6 }, 3, 4, "3:0,1 4:0,1" },
        { SPREAD, { 8, 8, 8 }, 0, 3, "2:0 3:0 4:0" },
        { SPREAD, { 8, 8, 8 }, 0, 7, "2:0,1,2 3:0,1 4:0,1" },
        { SPREAD, { 8, 1, 8 }, 0, 7, "2:0,1,2 3:0 4:0,1,2" },
        { SPREAD, { 8, 8, 8 }, 2, 3, "2:7 3:0 4:0" },
        { SPREAD, { 1, 0, 8 }, 0, 9, "2:0 4:0,1,2,3,4,5,6,7" },
        /* CPU node 1 is what all have in common */
        { NEAR, { 8, 8, 8 }, 0, 3, "3:0,1,2" },
        { NEAR, { 8, 8, 8 }, 0, 9, "3:0,1,2,3,4,5,6,7 4:0" },
        /* CPU nodes 0 and 1 are: 17 + 28 and 20 + 20 */
        { NEAR, { 8, 0, 8 }, 0, 3, "4:0,1,2" },
        { NEAR, { 8, 0, 2 }, 0, 3, "2:0 4:0,1" },
        { NEAR, { 8, 8, 8 }, 2, 2, "2:7 3:0" },
};

START_TEST(each_preference_has_its_way) {
        const Row *row = &rows[_i];
        Slug__V1__ChunkList *list = chunk_text_list(nodes, ELEMENTSOF(nodes));

        list->preference = row->preference;
        for (unsigned i = 0; i < 3; ++i)
                offer_first(i + 2, row->n_offered[i]);
        if (row->demanded_node)
                demand((unsigned)row->demanded_node, row->n_offered[row->demanded_node - 2] - 1);
        ck_assert_int_eq(choose(list, row->n), 0);
        ck_assert_str_eq(describe(), row->expected);
}
END_TEST

START_TEST(the_order_of_a_request_makes_no_difference) {
        const Slug__V1__ChunkList *list = chunk_text_list(nodes, ELEMENTSOF(nodes));

        offer(4, 1), offer(2, 5), offer(3, 0), offer(2, 1), offer(4, 0);
        ck_assert_int_eq(choose(list, 3), 0);
        ck_assert_str_eq(describe(), "2:1,5 3:0");
}
END_TEST

START_TEST(near_without_topology_is_pack) {
        static const ChunkTextNode bare[] = { { .numa_node = 2, .n_free = 4 },
                                              { .numa_node = 3, .n_free = 2 } };
        Slug__V1__ChunkList *list = chunk_text_list(bare, ELEMENTSOF(bare));

        list->preference = NEAR;
        offer_first(2, 4), offer_first(3, 2);
        ck_assert_int_eq(choose(list, 2), 0);
        ck_assert_str_eq(describe(), "3:0,1");
}
END_TEST

START_TEST(what_is_not_listed_is_taken_last) {
        const Slug__V1__ChunkList *list = chunk_text_list(nodes, ELEMENTSOF(nodes));

        available[request.n_available_deviceids++] = (char *)"zz";
        available[request.n_available_deviceids++] = (char *)"aa";
        offer(2, 7);
        ck_assert_int_eq(choose(list, 1), 0);
        ck_assert_str_eq(describe(), "2:7");
        ck_assert_int_eq(choose(list, 2), 0);
        ck_assert_str_eq(describe(), "2:7 aa");
        must[request.n_must_include_deviceids++] = (char *)"zz";
        ck_assert_int_eq(choose(list, 2), 0);
        ck_assert_str_eq(describe(), "2:7 zz");
        /* nothing is listed */
        ck_assert_int_eq(choose(NULL, 2), 0);
        ck_assert_str_eq(describe(), "2:7 zz");
}
END_TEST

START_TEST(what_cannot_be_is_refused_by_name) {
        const Slug__V1__ChunkList *list = chunk_text_list(nodes, ELEMENTSOF(nodes));

        offer_first(2, 2);
        ck_assert_int_eq(choose(list, 3), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "3 are wanted and 2 are available");
        ck_assert_int_eq(choose(list, -1), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "allocation_size is -1");
        demand(3, 1);
        ck_assert_int_eq(choose(list, 0), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "0 are wanted and 1 must be among them");
        ck_assert_int_eq(choose(list, 1), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "must be included and is not available: '1gi-n3-0001'");
        must[0] = available[1], demand(2, 1);
        ck_assert_int_eq(choose(list, 2), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "must be included twice: '1gi-n2-0001'");
        offer(2, 0);
        ck_assert_int_eq(choose(list, 2), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "available twice: '1gi-n2-0000'");
        request.n_available_deviceids = PREFER_IDS_MAX + 1;
        ck_assert_int_eq(choose(list, 2), PREFER_E_INVALID);
        ck_assert_str_eq(diag.text, "more than 16384 ids");
}
END_TEST

/* All that there is to choose from */

#define NODES 4u

typedef struct World {
        unsigned n_must[NODES], n_free[NODES];
        unsigned distance[NODES];
        Slug__V1__ChunkPreference preference;
} World;

/* What a choice costs by its preference: the less the better. */
static unsigned get_cost(const World *world, const unsigned *n_more) {
        unsigned cost = 0;

        for (unsigned i = 0; i < NODES; ++i) {
                const unsigned n = world->n_must[i] + n_more[i];

                if (world->preference == PACK)
                        cost += n > 0;
                else if (world->preference == SPREAD)
                        cost += n * n;
                else
                        cost += n * world->distance[i];
        }
        return cost;
}

/* The least that any choice of @n more costs. */
static unsigned get_least(const World *world, unsigned i, unsigned *n_more, unsigned n) {
        unsigned least = UINT32_MAX;

        if (i == NODES)
                return n == 0 ? get_cost(world, n_more) : UINT32_MAX;
        for (n_more[i] = 0; n_more[i] <= world->n_free[i] && n_more[i] <= n; ++n_more[i]) {
                const unsigned cost = get_least(world, i + 1, n_more, n - n_more[i]);

                least = cost < least ? cost : least;
        }
        n_more[i] = 0;
        return least;
}

static unsigned pick(unsigned n) {
        return (unsigned)rand() % n;
}

static unsigned make_world(World *world, ChunkTextNode *listed) {
        unsigned n_must = 0, n_free = 0, left = 2;

        *world = (World){ .preference = (Slug__V1__ChunkPreference)(PACK + pick(3)) };
        for (unsigned i = 0; i < NODES; ++i) {
                world->n_free[i] = pick(5);
                world->n_must[i] = left > 0 ? pick(left + 1) : 0;
                left -= world->n_must[i];
                world->distance[i] = 10 + pick(3);
                n_must += world->n_must[i];
                n_free += world->n_free[i];
                listed[i] = (ChunkTextNode){ .numa_node = i + 2,
                                             .n_free = 8,
                                             .topology = "0",
                                             .distances = { world->distance[i] } };
                offer_first(i + 2, world->n_must[i] + world->n_free[i]);
                for (unsigned j = 0; j < world->n_must[i]; ++j)
                        demand(i + 2, j);
        }
        return n_must + pick(n_free + 1);
}

static bool is_in(const char *id, char *const *ids, size_t n) {
        for (size_t i = 0; i < n; ++i)
                if (strcmp(ids[i], id) == 0)
                        return true;
        return false;
}

static void check_choice(const World *world, unsigned n) {
        unsigned n_more[NODES] = {}, none[NODES] = {};

        ck_assert_uint_eq(response.n_deviceids, n);
        for (size_t i = 0; i < n; ++i) {
                unsigned node = 0;

                ck_assert(is_in(response.deviceids[i], available, request.n_available_deviceids));
                ck_assert(!is_in(response.deviceids[i], response.deviceids, i));
                ck_assert_int_eq(sscanf(response.deviceids[i], "1gi-n%u", &node), 1);
                n_more[node - 2] +=
                        !is_in(response.deviceids[i], must, request.n_must_include_deviceids);
        }
        for (size_t i = 0; i < request.n_must_include_deviceids; ++i)
                ck_assert(is_in(must[i], response.deviceids, n));
        ck_assert_uint_eq(
                get_cost(world, n_more),
                get_least(world, 0, none, n - (unsigned)request.n_must_include_deviceids));
}

START_TEST(no_choice_is_better) {
        srand((unsigned)_i);
        for (unsigned i = 0; i < 200; ++i) {
                ChunkTextNode listed[NODES];
                Slug__V1__ChunkList *list;
                World world;
                unsigned n;

                request.n_available_deviceids = request.n_must_include_deviceids = 0;
                n = make_world(&world, listed);
                list = chunk_text_list(listed, NODES);
                list->preference = world.preference;
                ck_assert_int_eq(choose(list, (int32_t)n), 0);
                check_choice(&world, n);
                teardown();
                ck_assert_int_eq(arena_new(1u << 20, &arena), 0);
        }
}
END_TEST

/* The real chunk count, in time that a pod's admission can wait. */
START_TEST(all_chunks_of_a_large_node) {
        static const ChunkTextNode large[] = { { .numa_node = 2, .n_free = 2048 },
                                               { .numa_node = 3, .n_free = 2048 },
                                               { .numa_node = 4, .n_free = 2048 },
                                               { .numa_node = 5, .n_free = 2048 } };
        Slug__V1__ChunkList *list = chunk_text_list(large, ELEMENTSOF(large));
        Arena *roomy;

        ck_assert_int_eq(arena_new(16u << 20, &roomy), 0);
        list->preference = (Slug__V1__ChunkPreference)(PACK + (unsigned)_i);
        request.available_deviceids = arena_alloc_array(roomy, 8192, sizeof(char *));
        for (size_t i = 0; i < list->n_chunks; ++i)
                request.available_deviceids[request.n_available_deviceids++] = list->chunks[i]->id;
        request.allocation_size = 8000;
        ck_assert_int_eq(prefer_chunks(list, &request, roomy, &response, &diag), 0);
        ck_assert_uint_eq(response.n_deviceids, 8000);
        arena_free(roomy);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-prefer");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, each_preference_has_its_way, 0, ELEMENTSOF(rows));
        tcase_add_test(tcase, the_order_of_a_request_makes_no_difference);
        tcase_add_test(tcase, near_without_topology_is_pack);
        tcase_add_test(tcase, what_is_not_listed_is_taken_last);
        tcase_add_test(tcase, what_cannot_be_is_refused_by_name);
        tcase_add_loop_test(tcase, no_choice_is_better, 0, 5);
        tcase_add_loop_test(tcase, all_chunks_of_a_large_node, 0, 3);
        suite_add_tcase(suite, tcase);
        return suite;
}
