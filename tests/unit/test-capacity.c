/* SPDX-License-Identifier: Apache-2.0 */
/* Capacity: the kubelet's arithmetic to the byte, and the invariant of the placement. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capacity/capacity.h"
#include "lib/failmalloc.h"
#include "lib/test-main.h"

#define NODES_MAX 8u

typedef struct Given {
        Locality locality;
        uint64_t bytes;
        uint64_t n_hugepages; /* of 2 MiB */
} Given;

static Topology *topology;
static Capacity *capacity;

/* Node ids are 0, 2, 4, ...: never the index. */
static void make_topology(const Given *given, size_t n_given, OptU64 meminfo_bytes) {
        topology = calloc(1, sizeof(*topology));
        topology->n_refs = 1;
        topology->machine = calloc(1, sizeof(*topology->machine));
        topology->machine->host.memory_bytes = meminfo_bytes;
        topology->machine->nodes = calloc(NODES_MAX, sizeof(*topology->machine->nodes));
        topology->nodes = calloc(NODES_MAX, sizeof(*topology->nodes));
        topology->n_nodes = topology->machine->n_nodes = n_given;
        for (size_t i = 0; i < n_given; ++i) {
                SysfsNode *row = &topology->machine->nodes[i];

                row->id = (unsigned)(2 * i);
                row->n_hugepages = 1;
                row->hugepages[0] =
                        (SysfsHugepages){ .page_bytes = 2 * MIB, .n_pages = given[i].n_hugepages };
                topology->nodes[i] = (TopologyNode){
                        .id = row->id,
                        .locality = given[i].locality,
                        .capacity_bytes = given[i].bytes,
                        .row = row,
                };
        }
}

static void build(const CapacityParams *params) {
        CapacityParams complete = *params;

        if (!complete.page_bytes)
                complete.page_bytes = 4096;
        ck_assert_int_eq(capacity_build(topology, &complete, &capacity), 0);
}

static void setup(void) {
        topology = NULL;
        capacity = NULL;
}

static void teardown(void) {
        capacity = capacity_free(capacity);
        topology = topology_unref(topology);
}

/* The worked values that the kubelet's own code gives. */
static const struct {
        const char *percent;
        uint64_t capacity_bytes;
        uint64_t eviction_bytes;
} percentages[] = {
        { "5", 100 * GIB, 5368709200 },   { "10", UINT64_C(263842064) * KIB, 27017427756 },
        { "1.5", 512 * GIB, 8246337024 }, { "0", 100 * GIB, 0 },
        { "100", 100 * GIB, 100 * GIB },  { "100", UINT64_MAX, UINT64_MAX },
};

START_TEST(percentages_pass_through_a_32_bit_float) {
        const float fraction = strtof(percentages[_i].percent, NULL) / 100.0f;

        make_topology(&(const Given){ LOCALITY_LOCAL, percentages[_i].capacity_bytes, 0 }, 1,
                      opt_u64(percentages[_i].capacity_bytes));
        build(&(const CapacityParams){
                .eviction = { .is_percentage = true, .fraction = fraction } });
        ck_assert_uint_eq(capacity->eviction_bytes, percentages[_i].eviction_bytes);
}
END_TEST

START_TEST(two_allocatable_numbers_differ_by_eviction_and_hugepages) {
        make_topology(&(const Given){ LOCALITY_LOCAL, 10 * GIB, 512 }, 1, opt_u64(10 * GIB));
        build(&(const CapacityParams){
                .system_reserved_bytes = GIB,
                .kube_reserved_bytes = GIB / 2,
                .eviction = { .bytes = 100 * MIB },
                .enforces_pods = true,
        });
        ck_assert_uint_eq(capacity->reservation_bytes, GIB + GIB / 2 + 100 * MIB);
        ck_assert_uint_eq(capacity->kubepods_bytes, 10 * GIB - GIB - GIB / 2);
        ck_assert_uint_eq(capacity->allocatable_bytes,
                          10 * GIB - GIB - GIB / 2 - 100 * MIB - 512 * 2 * MIB);
        ck_assert_uint_eq(capacity->nodes[0].allocatable_bytes, capacity->allocatable_bytes);
}
END_TEST

START_TEST(kubepods_gets_everything_when_pods_are_not_enforced) {
        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, opt_u64(GIB));
        build(&(const CapacityParams){ .system_reserved_bytes = MIB });
        ck_assert_uint_eq(capacity->kubepods_bytes, GIB);
}
END_TEST

START_TEST(a_reservation_above_capacity_leaves_nothing_and_says_so) {
        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, opt_u64(GIB));
        build(&(const CapacityParams){ .system_reserved_bytes = UINT64_MAX,
                                       .kube_reserved_bytes = GIB,
                                       .enforces_pods = true });
        ck_assert(capacity->is_overreserved);
        ck_assert_uint_eq(capacity->allocatable_bytes, 0);
        ck_assert_uint_eq(capacity->kubepods_bytes, 0);
        ck_assert_uint_eq(capacity->nodes[0].reserved_bytes, GIB);
        ck_assert_uint_eq(capacity->unplaced_bytes, UINT64_MAX - GIB);
}
END_TEST

/* R of the kubelet's default on machines of two local and one or two remote nodes. */
static const struct {
        const char *name;
        Given given[4];
        size_t n_given;
        Placement placement;
        uint64_t reservation_bytes;
        uint64_t reserved[4];
        uint64_t unplaced_bytes;
} placements[] = {
        { "in proportion over local nodes, remainder on the lowest",
          { { LOCALITY_LOCAL, 1000 * MIB, 0 },
            { LOCALITY_LOCAL, 500 * MIB, 0 },
            { LOCALITY_REMOTE, 4000 * MIB, 0 } },
          3,
          PLACEMENT_LOCAL_FIRST,
          100 * MIB,
          { 69906432, 34951168, 0 },
          0 },
        { "hugepages are no room",
          { { LOCALITY_LOCAL, 1000 * MIB, 400 }, { LOCALITY_LOCAL, 200 * MIB, 0 } },
          2,
          PLACEMENT_LOCAL_FIRST,
          100 * MIB,
          { 50 * MIB, 50 * MIB },
          0 },
        { "what local nodes cannot hold goes to remote",
          { { LOCALITY_LOCAL, 64 * MIB, 0 },
            { LOCALITY_REMOTE, 300 * MIB, 0 },
            { LOCALITY_REMOTE, 100 * MIB, 0 } },
          3,
          PLACEMENT_LOCAL_FIRST,
          104 * MIB,
          { 64 * MIB, 30 * MIB, 10 * MIB },
          0 },
        { "what fits nowhere is unplaced",
          { { LOCALITY_LOCAL, 64 * MIB, 0 }, { LOCALITY_EXCLUDED, 300 * MIB, 0 } },
          2,
          PLACEMENT_LOCAL_FIRST,
          100 * MIB,
          { 64 * MIB, 0 },
          36 * MIB },
        { "proportional takes remote nodes along",
          { { LOCALITY_LOCAL, 100 * MIB, 0 }, { LOCALITY_REMOTE, 300 * MIB, 0 } },
          2,
          PLACEMENT_PROPORTIONAL,
          100 * MIB,
          { 25 * MIB, 75 * MIB },
          0 },
        { "a remainder larger than the lowest node's room moves on",
          { { LOCALITY_LOCAL, 100, 0 }, { LOCALITY_LOCAL, 100 * MIB, 0 } },
          2,
          PLACEMENT_LOCAL_FIRST,
          50 * MIB,
          { 100, 50 * MIB - 100 },
          0 },
        { "no nodes at all", { {} }, 0, PLACEMENT_LOCAL_FIRST, 100 * MIB, {}, 100 * MIB },
};

START_TEST(the_reservation_is_placed) {
        uint64_t sum = 0;

        for (size_t i = 0; i < placements[_i].n_given; ++i)
                sum += placements[_i].given[i].bytes;
        make_topology(placements[_i].given, placements[_i].n_given, opt_u64(sum));
        build(&(const CapacityParams){ .system_reserved_bytes = placements[_i].reservation_bytes,
                                       .placement = placements[_i].placement });
        for (size_t i = 0; i < placements[_i].n_given; ++i)
                ck_assert_msg(capacity->nodes[i].reserved_bytes == placements[_i].reserved[i],
                              "%s: node %zu has %" PRIu64, placements[_i].name, i,
                              capacity->nodes[i].reserved_bytes);
        ck_assert_uint_eq(capacity->unplaced_bytes, placements[_i].unplaced_bytes);
}
END_TEST

START_TEST(spilling_to_remote_is_a_number_of_its_own) {
        static const Given given[] = { { LOCALITY_LOCAL, 64 * MIB, 0 },
                                       { LOCALITY_REMOTE, 300 * MIB, 0 } };

        make_topology(given, 2, opt_u64(364 * MIB));
        build(&(const CapacityParams){ .system_reserved_bytes = 100 * MIB });
        ck_assert_uint_eq(capacity->remote_placed_bytes, 36 * MIB);
}
END_TEST

START_TEST(reserved_memory_is_placed_exactly_where_it_says) {
        static const Given given[] = { { LOCALITY_LOCAL, GIB, 512 },
                                       { LOCALITY_REMOTE, GIB, 0 },
                                       { LOCALITY_EXCLUDED, GIB, 0 } };
        static const ReservedMemory reserved[] = {
                { .node = 0,
                  .bytes = 10 * MIB,
                  .hugepages = { { .page_bytes = 2 * MIB, .bytes = 4 * MIB } },
                  .n_hugepages = 1 },
                { .node = 2, .bytes = 20 * MIB },
                { .node = 4, .bytes = 70 * MIB },
        };

        make_topology(given, 3, opt_u64(3 * GIB));
        build(&(const CapacityParams){ .eviction = { .bytes = 100 * MIB },
                                       .reserved_memory = reserved,
                                       .n_reserved_memory = ELEMENTSOF(reserved) });
        ck_assert_int_eq(capacity->placement, PLACEMENT_EXPLICIT);
        ck_assert_uint_eq(capacity->nodes[0].reserved_bytes, 0); /* all its memory is hugepages */
        ck_assert_uint_eq(capacity->nodes[0].hugepages[0].bytes, 1020 * MIB);
        ck_assert_uint_eq(capacity->nodes[1].reserved_bytes, 20 * MIB);
        ck_assert_uint_eq(capacity->nodes[2].reserved_bytes, 70 * MIB);
        ck_assert_uint_eq(capacity->nodes[2].withheld_bytes, GIB - 70 * MIB);
        ck_assert_uint_eq(capacity->nodes[2].allocatable_bytes, 0);
        ck_assert_uint_eq(capacity->explicit_bytes.value, 100 * MIB);
        ck_assert_uint_eq(capacity->unplaced_bytes, 10 * MIB);
}
END_TEST

START_TEST(reserved_memory_of_an_unknown_node_is_unplaced) {
        static const ReservedMemory reserved[] = { { .node = 1, .bytes = 100 * MIB } };

        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, opt_u64(GIB));
        build(&(const CapacityParams){ .eviction = { .bytes = 100 * MIB },
                                       .reserved_memory = reserved,
                                       .n_reserved_memory = 1 });
        ck_assert(capacity->is_node_missing);
        ck_assert_uint_eq(capacity->unplaced_bytes, 100 * MIB);
}
END_TEST

START_TEST(more_hugepages_than_memory_are_counted_up_to_it) {
        make_topology(&(const Given){ LOCALITY_LOCAL, 3 * MIB, 4 }, 1, opt_u64(3 * MIB));
        build(&(const CapacityParams){ .eviction = { .bytes = MIB } });
        ck_assert(capacity->is_hugepages_excessive);
        ck_assert_uint_eq(capacity->nodes[0].hugepages_bytes, 3 * MIB);
        ck_assert_uint_eq(capacity->nodes[0].allocatable_bytes, 0);
        ck_assert_uint_eq(capacity->unplaced_bytes, MIB);
}
END_TEST

START_TEST(pages_with_errors_are_counted_and_taken_off_nowhere) {
        const Given given[] = { { LOCALITY_LOCAL, 8 * GIB, 0 },
                                { LOCALITY_REMOTE, 4 * GIB, 0 },
                                { LOCALITY_REMOTE, 4 * GIB, 0 } };

        make_topology(given, ELEMENTSOF(given), opt_u64(16 * GIB));
        topology->machine->nodes[1].failures.total = opt_u64(3);
        topology->machine->nodes[2].failures.total = opt_u64(UINT64_MAX);
        build(&(const CapacityParams){ .page_bytes = 65536 });
        ck_assert_uint_eq(capacity->nodes[0].poisoned_bytes, 0);
        ck_assert_uint_eq(capacity->nodes[1].poisoned_bytes, UINT64_C(3) * 65536);
        ck_assert_uint_eq(capacity->nodes[1].allocatable_bytes, 4 * GIB);
        ck_assert_uint_eq(capacity->nodes[2].poisoned_bytes, 4 * GIB);
}
END_TEST

START_TEST(nodes_that_do_not_add_up_are_told) {
        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, opt_u64(GIB + KIB));
        build(&(const CapacityParams){});
        ck_assert(capacity->is_sum_different);
        ck_assert_uint_eq(capacity->allocatable_bytes, GIB + KIB);
}
END_TEST

START_TEST(without_meminfo_the_nodes_are_the_capacity) {
        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, (OptU64){});
        build(&(const CapacityParams){});
        ck_assert_uint_eq(capacity->total_bytes, GIB);
        ck_assert(!capacity->is_sum_different);
}
END_TEST

/* A seeded generator of its own: the same machines everywhere, for ever. */
static uint64_t random_state;

static uint64_t next_random(void) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return random_state;
}

/* Mostly ordinary sizes, some odd ones, some absurd ones. */
static uint64_t random_bytes(void) {
        switch (next_random() % 6) {
        case 0:
                return 0;
        case 1:
                return next_random() % 10000;
        case 2:
                return next_random();
        default:
                return next_random() % (64 * GIB) / KIB * KIB;
        }
}

static void check_invariants(uint64_t seed) {
        uint64_t placed = 0, local = 0, remote = 0, expected;

        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                const CapacityNode *node = &capacity->nodes[i];
                const unsigned __int128 sum = (unsigned __int128)node->hugepages_bytes +
                                              node->reserved_bytes + node->allocatable_bytes +
                                              node->withheld_bytes;

                ck_assert_msg(sum == node->capacity_bytes, "seed %" PRIu64 ": node %u", seed,
                              node->id);
                ck_assert_msg(!node->allocatable_bytes || !node->withheld_bytes,
                              "seed %" PRIu64 ": node %u is promised and withheld", seed, node->id);
                ck_assert_msg(node->locality != LOCALITY_EXCLUDED || !node->allocatable_bytes,
                              "seed %" PRIu64 ": excluded node %u is promised", seed, node->id);
                placed += node->reserved_bytes;
                local += node->locality == LOCALITY_LOCAL ? node->allocatable_bytes : 0;
                remote += node->locality == LOCALITY_REMOTE ? node->allocatable_bytes : 0;
        }
        expected = capacity->reservation_bytes;
        if (capacity->explicit_bytes.present && capacity->explicit_bytes.value > expected)
                expected = capacity->explicit_bytes.value;
        ck_assert_msg(placed == capacity->placed_bytes, "seed %" PRIu64 ": placed", seed);
        ck_assert_msg((unsigned __int128)placed + capacity->unplaced_bytes == expected,
                      "seed %" PRIu64 ": placed + unplaced", seed);
        ck_assert_uint_eq(local, capacity->allocatable.local_bytes);
        ck_assert_uint_eq(remote, capacity->allocatable.remote_bytes);
        ck_assert_uint_le(capacity->allocatable_bytes, capacity->total_bytes);
        ck_assert_uint_le(capacity->kubepods_bytes, capacity->total_bytes);
}

/* Local-first takes nothing from remote nodes while a local one has room. */
static void check_local_first(uint64_t seed) {
        bool has_local_room = false, is_on_remote = false;

        if (capacity->placement != PLACEMENT_LOCAL_FIRST)
                return;
        for (size_t i = 0; i < capacity->n_nodes; ++i) {
                const CapacityNode *node = &capacity->nodes[i];

                has_local_room |= node->locality == LOCALITY_LOCAL && node->allocatable_bytes > 0;
                is_on_remote |= node->locality == LOCALITY_REMOTE && node->reserved_bytes > 0;
        }
        ck_assert_msg(!has_local_room || !is_on_remote, "seed %" PRIu64, seed);
}

START_TEST(nothing_is_lost_and_nothing_is_counted_twice) {
        for (uint64_t seed = 1; seed <= 20000; ++seed) {
                Given given[NODES_MAX];
                ReservedMemory reserved[4] = {};
                size_t n_given, n_reserved;
                uint64_t budget = UINT64_MAX;

                random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
                n_given = next_random() % (NODES_MAX + 1);
                for (size_t i = 0; i < n_given; ++i) {
                        /* a machine as a whole has less than 2^64 bytes */
                        const uint64_t bytes = bytes_min(random_bytes(), budget);

                        budget -= bytes;
                        given[i] = (Given){ (Locality)(next_random() % _LOCALITY_N), bytes,
                                            next_random() % 3 ? 0 : next_random() % 4096 };
                        if (given[i].locality == LOCALITY_NONE)
                                given[i].bytes = given[i].n_hugepages = 0;
                }
                n_reserved = next_random() % 3 ? 0 : next_random() % 5;
                for (size_t i = 0; i < n_reserved; ++i)
                        reserved[i] = (ReservedMemory){ .node = (unsigned)(next_random() % 20),
                                                        .bytes = random_bytes() / 8 };
                make_topology(given, n_given,
                              next_random() % 4 ? opt_u64(random_bytes()) : (OptU64){});
                build(&(const CapacityParams){
                        .system_reserved_bytes = random_bytes() / 4,
                        .kube_reserved_bytes = random_bytes() / 4,
                        .eviction = { .is_percentage = next_random() % 2,
                                      .bytes = random_bytes() / 4,
                                      .fraction = (float)(next_random() % 1000) / 1000.0f },
                        .enforces_pods = next_random() % 2,
                        .placement =
                                next_random() % 2 ? PLACEMENT_LOCAL_FIRST : PLACEMENT_PROPORTIONAL,
                        .reserved_memory = reserved,
                        .n_reserved_memory = n_reserved,
                        .page_bytes = next_random() % 2 ? 4096 : 65536,
                });
                check_invariants(seed);
                check_local_first(seed);
                teardown();
                setup();
        }
}
END_TEST

START_TEST(building_without_memory_gives_nothing) {
        unsigned n = 0;
        int r;

        make_topology(&(const Given){ LOCALITY_LOCAL, GIB, 0 }, 1, opt_u64(GIB));
        do {
                failmalloc_arm(n++);
                r = capacity_build(topology, &(const CapacityParams){ .page_bytes = 4096 },
                                   &capacity);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_ptr_null(capacity);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(n, 3);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("capacity");
        TCase *t = tcase_create("build");

        tcase_set_timeout(t, 30);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, percentages_pass_through_a_32_bit_float, 0, ELEMENTSOF(percentages));
        tcase_add_test(t, two_allocatable_numbers_differ_by_eviction_and_hugepages);
        tcase_add_test(t, kubepods_gets_everything_when_pods_are_not_enforced);
        tcase_add_test(t, a_reservation_above_capacity_leaves_nothing_and_says_so);
        tcase_add_loop_test(t, the_reservation_is_placed, 0, ELEMENTSOF(placements));
        tcase_add_test(t, spilling_to_remote_is_a_number_of_its_own);
        tcase_add_test(t, reserved_memory_is_placed_exactly_where_it_says);
        tcase_add_test(t, reserved_memory_of_an_unknown_node_is_unplaced);
        tcase_add_test(t, more_hugepages_than_memory_are_counted_up_to_it);
        tcase_add_test(t, pages_with_errors_are_counted_and_taken_off_nowhere);
        tcase_add_test(t, nodes_that_do_not_add_up_are_told);
        tcase_add_test(t, without_meminfo_the_nodes_are_the_capacity);
        tcase_add_test(t, nothing_is_lost_and_nothing_is_counted_twice);
        tcase_add_test(t, building_without_memory_gives_nothing);
        suite_add_tcase(s, t);
        return s;
}
