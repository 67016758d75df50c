/* SPDX-License-Identifier: Apache-2.0 */
/* Tree and report, joined, and what pods are worth. */
#include "lib/test-main.h"

#include <string.h>

#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/pods-bed.h"

static const LedgerRoomRow rows[] = {
        { 0, 0, 30 * GIB },      { 0, 2 * MIB, 2 * GIB }, { 1, 0, 10 * GIB },
        { 1, 2 * MIB, 6 * GIB }, { 2, 0, 100 * GIB },     { 3, 0, 100 * GIB },
};

static PodsBed bed;
static Ledger *ledger;
static SizePlace place;
static LedgerBlock blocks[LEDGER_BLOCKS_MAX];
static LedgerPart parts[SIZE_PARTS_MAX];

static void setup(void) {
        bed = (PodsBed){};
        ledger = NULL;
        place = (SizePlace){ .room = { rows, ELEMENTSOF(rows) } };
        for (unsigned node = 0; node < 4; ++node)
                nodeset_add(node < 2 ? &place.local : &place.remote, node);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        pods_bed_new_tree(&bed);
}

static void teardown(void) {
        ledger = ledger_free(ledger);
        pods_bed_deinit(&bed);
}

static const InventoryPod *join(const char *uid) {
        return inventory_find(pods_bed_join(&bed), uid);
}

/* Joining */

START_TEST(tree_and_report_are_joined) {
        const InventoryPod *both, *seen, *told;
        ReportPod *pod;

        pods_bed_leaf(pods_bed_cgroup(&bed, "both", true), "id1", MIB);
        pods_bed_leaf(&bed.tree.pods[0], "sandbox", MIB);
        pods_bed_cgroup(&bed, "seen", false);
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "told");
        pods_bed_container(pod, "c", "id9", REPORT_RUNNING)->cgroup =
                "kubepods.slice/kubepods-besteffort.slice/x";
        pod = pods_bed_pod(&bed, "both");
        pods_bed_container(pod, "b", "", REPORT_NOT_STARTED);
        pods_bed_container(pod, "a", "id1", REPORT_RUNNING);
        both = join("both");
        seen = inventory_find(bed.inventory, "seen");
        told = inventory_find(bed.inventory, "told");
        ck_assert_uint_eq(bed.inventory->n_pods, 3);
        ck_assert_ptr_null(inventory_find(bed.inventory, "none"));
        ck_assert_uint_eq(both->n_containers, 3);
        ck_assert_ptr_null(inventory_pod_find(both, "b")->tree);
        ck_assert_str_eq(inventory_pod_find(both, "a")->tree->id, "id1");
        ck_assert_ptr_null(both->containers[2].report);
        ck_assert_str_eq(both->containers[2].tree->id, "sandbox");
        ck_assert_ptr_null(inventory_pod_find(both, "sandbox"));
        ck_assert_ptr_null(seen->report);
        ck_assert_ptr_null(told->tree);
        ck_assert_int_eq(both->qos, QOS_BURSTABLE);
        ck_assert_int_eq(told->qos, QOS_BEST_EFFORT);
}
END_TEST

START_TEST(a_container_is_found_by_its_cgroup_too) {
        TreePod *tree = pods_bed_cgroup(&bed, "u", true);

        pods_bed_leaf(tree, "other-name", MIB);
        pods_bed_new_report(&bed);
        pods_bed_container(pods_bed_pod(&bed, "u"), "c", "id", REPORT_RUNNING)->cgroup =
                "kubepods/other-name";
        ck_assert_ptr_eq(inventory_pod_find(join("u"), "c")->tree, &tree->containers[0]);
}
END_TEST

/* Phases */

typedef struct PhaseRow {
        bool has_cgroup, is_populated, has_report;
        ReportSandbox sandbox;
        ReportState state;
        bool is_listed, is_newer, is_unsettled, is_none;
        PodPhase phase;
} PhaseRow;

static const PhaseRow phase_rows[] = {
        { .has_cgroup = true, .is_populated = true, .phase = POD_PHASE_RUNNING },
        { .has_cgroup = true, .phase = POD_PHASE_UNKNOWN },
        { .has_report = true, .is_listed = true, .phase = POD_PHASE_PENDING },
        { .has_report = true,
          .is_listed = true,
          .sandbox = REPORT_SANDBOX_READY,
          .state = REPORT_RUNNING,
          .is_newer = true,
          .phase = POD_PHASE_RUNNING },
        /* gone since it was reported */
        { .has_report = true,
          .is_listed = true,
          .sandbox = REPORT_SANDBOX_READY,
          .state = REPORT_RUNNING,
          .phase = POD_PHASE_FINISHED },
        /* without cgroupsPerQOS there is nothing in the tree to go by */
        { .has_report = true,
          .is_listed = true,
          .sandbox = REPORT_SANDBOX_READY,
          .state = REPORT_RUNNING,
          .is_none = true,
          .phase = POD_PHASE_RUNNING },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_NOT_READY,
          .state = REPORT_EXITED,
          .phase = POD_PHASE_FINISHED },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_NOT_READY,
          .state = REPORT_EXITED,
          .is_unsettled = true,
          .phase = POD_PHASE_PENDING },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_NOT_READY,
          .state = REPORT_EXITED,
          .is_listed = true,
          .phase = POD_PHASE_FINISHED },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_NOT_READY,
          .state = REPORT_EXITED,
          .is_listed = true,
          .has_cgroup = true,
          .is_populated = true,
          .phase = POD_PHASE_RUNNING },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_READY,
          .state = REPORT_EXITED,
          .has_cgroup = true,
          .phase = POD_PHASE_PENDING },
        { .has_report = true,
          .sandbox = REPORT_SANDBOX_NOT_READY,
          .state = REPORT_UNKNOWN,
          .has_cgroup = true,
          .phase = POD_PHASE_PENDING },
        /* what is left in the kubelet's checkpoint */
        { .has_report = true, .phase = POD_PHASE_FINISHED },
};

START_TEST(phases_are_what_the_evidence_says) {
        const PhaseRow *row = &phase_rows[_i];

        if (row->has_cgroup)
                pods_bed_cgroup(&bed, "u", row->is_populated);
        if (row->is_none)
                bed.tree.driver = CGROUP_DRIVER_NONE;
        if (row->has_report) {
                ReportPod *pod;

                pods_bed_new_report(&bed);
                pod = pods_bed_pod(&bed, "u");
                pod->sandbox = row->sandbox;
                pod->is_listed = row->is_listed;
                pods_bed_container(pod, "c", "id", row->state);
                bed.report.is_settled = !row->is_unsettled;
                bed.report.usec = row->is_newer ? bed.tree.usec + 1 : bed.tree.usec;
        }
        ck_assert_int_eq(join("u")->phase, row->phase);
}
END_TEST

/* Sizes */

typedef struct SizedContainer {
        const char *name; /* NULL: nobody has named it */
        ReportState state;
        uint64_t request, limit; /* 0: not known; 1: none */
        uint64_t usage;          /* 0: it has no cgroup */
        uint64_t claimed;
        unsigned n_chunks; /* of 1 GiB */
} SizedContainer;

typedef struct SizeRow {
        SizedContainer containers[3];
        uint64_t pod_request, pod_limit, pod_usage, pod_claimed;
        uint64_t left;    /* that the pod uses beyond its containers */
        bool is_observed; /* pod_claimed is */
        uint64_t bytes, remote;
        SizeSource source;
} SizeRow;

static const SizeRow size_rows[] = {
        /* request, else limit, else usage */
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB, 4 * GIB, GIB } },
          .bytes = 3 * GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, 1, 4 * GIB, GIB } },
          .bytes = 4 * GIB,
          .source = SIZE_LIMIT },
        { .containers = { { "a", REPORT_RUNNING, 0, 4 * GIB, GIB } },
          .bytes = 4 * GIB,
          .source = SIZE_LIMIT },
        { .containers = { { "a", REPORT_RUNNING, 1, 1, GIB } },
          .bytes = GIB,
          .source = SIZE_USAGE },
        { .containers = { { "a", REPORT_RUNNING, 0, 0, GIB + 1 } },
          .bytes = GIB + SIZE_STEP,
          .source = SIZE_USAGE },
        { .containers = { { "a", REPORT_RUNNING, 0, 0, 0 } }, .source = SIZE_UNKNOWN },
        { .containers = { { "a", REPORT_RUNNING, GIB }, { "b", REPORT_RUNNING, 2 * GIB } },
          .bytes = 3 * GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, GIB }, { "b", REPORT_RUNNING, 1, 1, GIB } },
          .bytes = 2 * GIB,
          .source = SIZE_MIXED },
        /* a volume in memory is nobody's request, but where usage counts */
        { .containers = { { "a", REPORT_RUNNING, 1, 1, GIB } },
          .left = 4 * GIB,
          .bytes = 5 * GIB,
          .source = SIZE_USAGE },
        { .containers = { { "a", REPORT_NOT_STARTED, 1, 1 }, { "b", REPORT_EXITED, GIB } },
          .left = 4 * GIB,
          .bytes = 4 * GIB,
          .source = SIZE_USAGE },
        { .containers = { { "a", REPORT_RUNNING, 1, 1, GIB } },
          .left = SIZE_STEP - 1,
          .bytes = GIB,
          .source = SIZE_USAGE },
        { .containers = { { "a", REPORT_RUNNING, GIB, 1, MIB } },
          .left = 4 * GIB,
          .bytes = GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, 0, 0, GIB, 2 * GIB } }, .left = 4 * GIB },
        /* not started counts, ended does not */
        { .containers = { { "a", REPORT_NOT_STARTED, GIB }, { "b", REPORT_EXITED, GIB } },
          .bytes = GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_UNKNOWN, GIB }, { "b", REPORT_CREATED, GIB } },
          .bytes = 2 * GIB,
          .source = SIZE_REQUEST },
        /* exited when it was reported, and running now */
        { .containers = { { "a", REPORT_EXITED, GIB, 0, MIB } },
          .bytes = GIB,
          .source = SIZE_REQUEST },
        /* claims */
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB, 0, 0, 2 * GIB },
                          { "b", REPORT_RUNNING, GIB } },
          .bytes = GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB } }, .pod_claimed = GIB },
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB } },
          .pod_claimed = GIB,
          .is_observed = true,
          .bytes = 3 * GIB,
          .source = SIZE_REQUEST },
        /* chunks are promised, used or not, as long as their pod is there */
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB, 0, 0, 0, 2 } },
          .bytes = 3 * GIB,
          .remote = 2 * GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, 1, 1, MIB, 0, 2 } },
          .bytes = 2 * GIB,
          .remote = 2 * GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_EXITED, 3 * GIB, 0, 0, 0, 2 } },
          .bytes = 2 * GIB,
          .remote = 2 * GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, 3 * GIB, 0, 0, 3 * GIB, 2 } },
          .bytes = 2 * GIB,
          .remote = 2 * GIB,
          .source = SIZE_REQUEST },
        /* the sandbox is none of the pod's, what was started since the report is */
        { .containers = { { "a", REPORT_RUNNING, GIB, 0, MIB }, { NULL, 0, 0, 0, MIB } },
          .bytes = GIB,
          .source = SIZE_REQUEST },
        { .containers = { { "a", REPORT_RUNNING, GIB, 0, MIB }, { NULL, 0, 0, 0, GIB } },
          .bytes = 2 * GIB,
          .source = SIZE_MIXED },
        { .containers = { { "a", REPORT_EXITED, GIB, 0, 0, GIB }, { NULL, 0, 0, 0, GIB } } },
        /* no container is known */
        { .pod_limit = 4 * GIB, .pod_usage = GIB, .bytes = 4 * GIB, .source = SIZE_LIMIT },
        { .pod_usage = GIB, .bytes = GIB, .source = SIZE_USAGE },
        { .containers = { { .name = "a", .claimed = GIB } },
          .pod_usage = 3 * GIB,
          .bytes = 2 * GIB,
          .source = SIZE_USAGE },
        { .pod_usage = UINT64_MAX, .bytes = LEDGER_PART_MAX, .source = SIZE_USAGE },
        /* a request of the pod itself is what its containers share */
        { .containers = { { "a", REPORT_RUNNING, GIB }, { "b", REPORT_RUNNING, 1, 1, GIB } },
          .pod_request = 5 * GIB,
          .bytes = 5 * GIB,
          .source = SIZE_MIXED },
        { .containers = { { "a", REPORT_RUNNING, GIB, 0, 0, GIB } },
          .pod_request = 5 * GIB,
          .bytes = 4 * GIB,
          .source = SIZE_REQUEST },
};

static void claim(const char *container, uint64_t bytes, bool is_observed) {
        LedgerClaim *made = claims_make("u", container, 0, bytes);
        LedgerChange change = {};

        made->source = is_observed ? CLAIM_SOURCE_OBSERVED : CLAIM_SOURCE_MEMORY_MANAGER;
        claims_put(&change, made);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

static OptU64 get_known(uint64_t bytes) {
        return bytes > 1 ? opt_u64(bytes) : bytes == 1 ? opt_u64(0) : (OptU64){};
}

static void report_container(const SizedContainer *from) {
        static const char *const chunks[] = { "chunk-1", "chunk-2" };
        ReportContainer *container =
                pods_bed_container(&bed.report.pods[0], from->name, from->name, from->state);

        container->request_bytes = get_known(from->request);
        container->limit_bytes = from->limit > 1 ? opt_u64(from->limit) : (OptU64){};
        container->knows_limit = from->limit > 0;
        for (unsigned i = 0; i < from->n_chunks; ++i)
                pods_bed_chunk(container, chunks[i], GIB);
}

static void make_sized(const SizeRow *row) {
        const bool has_report = row->containers[0].name && row->pod_usage == 0;
        TreePod *tree = pods_bed_cgroup(&bed, "u", true);
        uint64_t usage = row->pod_usage + row->left;

        for (size_t i = 0; row->left > 0 && i < ELEMENTSOF(row->containers); ++i)
                usage += row->containers[i].usage;
        tree->usage.max_bytes = get_known(row->pod_limit);
        tree->usage.bytes = get_known(usage);
        if (has_report) {
                pods_bed_new_report(&bed);
                pods_bed_pod(&bed, "u")->request_bytes = get_known(row->pod_request);
        }
        for (size_t i = 0; i < ELEMENTSOF(row->containers); ++i) {
                const SizedContainer *from = &row->containers[i];

                if (from->usage > 0)
                        pods_bed_leaf(tree, from->name ? from->name : "unnamed", from->usage);
                if (from->name && has_report)
                        report_container(from);
                if (from->claimed > 0)
                        claim(from->name, from->claimed, false);
        }
        if (row->pod_claimed > 0)
                claim("", row->pod_claimed, row->is_observed);
}

START_TEST(sizes_are_the_best_that_is_known) {
        const SizeRow *row = &size_rows[_i];
        PodSize size;

        make_sized(row);
        size = inventory_get_size(join("u"), ledger);
        ck_assert_msg(row->bytes == 0 ? size.n_amounts == 0
                                      : size.n_amounts == 1 && size.amounts[0].page_bytes == 0 &&
                                                size.amounts[0].bytes == row->bytes,
                      "row %d: %llu", _i, (unsigned long long)size.amounts[0].bytes);
        ck_assert_uint_eq(size.remote_bytes, row->remote);
        ck_assert_msg(size.source == row->source, "row %d: %d", _i, size.source);
}
END_TEST

START_TEST(huge_pages_are_counted_by_their_size) {
        ReportContainer *container;
        PodSize size;

        pods_bed_new_report(&bed);
        container = pods_bed_container(pods_bed_pod(&bed, "u"), "a", "", REPORT_NOT_STARTED);
        container->request_bytes = opt_u64(GIB);
        container->hugepages = (PodAmounts){ { { 2 * MIB, 64 * MIB }, { GIB, 2 * GIB } }, 2 };
        size = inventory_get_size(join("u"), ledger);
        ck_assert_uint_eq(size.n_amounts, 3);
        ck_assert_uint_eq(size.amounts[0].bytes, GIB);
        ck_assert_uint_eq(size.amounts[1].page_bytes, 2 * MIB);
        ck_assert_uint_eq(size.amounts[1].bytes, 64 * MIB);
        ck_assert_uint_eq(size.amounts[2].bytes, 2 * GIB);
        /* without a report, those that are used */
        pods_bed_no_report(&bed);
        pods_bed_cgroup(&bed, "u", true)->usage = (PodsUsage){
                .bytes = opt_u64(GIB),
                .hugepages = { { 2 * MIB, 8 * MIB } },
                .n_hugepages = 1,
                .nodes = bed.tree.pods[0].usage.nodes,
        };
        size = inventory_get_size(join("u"), ledger);
        ck_assert_uint_eq(size.n_amounts, 2);
        ck_assert_uint_eq(size.amounts[1].bytes, 8 * MIB);
}
END_TEST

/* Placing */

#define N_NODES 5u

typedef struct PlaceRow {
        uint64_t bytes, remote, huge;
        uint64_t used[N_NODES];
        bool has_no_local, has_no_remote, has_no_room;
        uint64_t expected[N_NODES]; /* of plain memory */
        uint64_t expected_huge[N_NODES];
} PlaceRow;

static const PlaceRow place_rows[] = {
        /* by room: 3 to 1 */
        { .bytes = 8 * GIB, .expected = { 6 * GIB, 2 * GIB } },
        { .bytes = 4097, .expected = { 1, 4096 } },
        /* where it is used, and the rest by room */
        { .bytes = 8 * GIB, .used = { 0, 4 * GIB }, .expected = { 3 * GIB, 5 * GIB } },
        { .bytes = 2 * GIB, .used = { GIB, 3 * GIB }, .expected = { GIB / 2, 3 * GIB / 2 } },
        /* what is used elsewhere is there */
        { .bytes = 4 * GIB,
          .used = { 0, 0, 2 * GIB, 0, 2 * GIB },
          .expected = { 0, 0, 2 * GIB, 0, 2 * GIB } },
        /* chunks */
        { .bytes = 8 * GIB, .remote = 4 * GIB, .expected = { 3 * GIB, GIB, 2 * GIB, 2 * GIB } },
        { .bytes = 8 * GIB,
          .remote = 4 * GIB,
          .used = { 0, 0, 0, 4 * GIB },
          .expected = { 3 * GIB, GIB, 0, 4 * GIB } },
        { .bytes = 8 * GIB,
          .remote = 2 * GIB,
          .used = { 0, 0, 0, 4 * GIB },
          .expected = { 3 * GIB, GIB, 0, 4 * GIB } },
        { .bytes = 2 * GIB, .remote = 4 * GIB, .expected = { 0, 0, GIB, GIB } },
        /* NUMA nodes that are not there */
        { .bytes = 4 * GIB, .has_no_local = true, .expected = { 0, 0, 2 * GIB, 2 * GIB } },
        { .bytes = 4 * GIB,
          .remote = 4 * GIB,
          .has_no_remote = true,
          .expected = { 3 * GIB, GIB } },
        { .bytes = 4 * GIB, .has_no_room = true, .expected = { 2 * GIB, 2 * GIB } },
        { .bytes = 4 * GIB, .has_no_local = true, .has_no_remote = true },
        { .bytes = 4 * GIB,
          .used = { 0, 0, 0, 0, MIB },
          .has_no_local = true,
          .has_no_remote = true,
          .expected = { 0, 0, 0, 0, 4 * GIB } },
        /* huge pages */
        { .huge = 8 * 2 * MIB, .expected_huge = { 4 * MIB, 12 * MIB } },
        { .huge = 2 * MIB, .expected_huge = { 0, 2 * MIB } },
};

static void check_blocks(const PlaceRow *row, size_t n_blocks) {
        uint64_t sums[2][N_NODES] = {};

        for (size_t i = 0; i < n_blocks; ++i) {
                uint64_t sum = 0;

                for (size_t k = 0; k < blocks[i].n_parts; ++k) {
                        const LedgerPart *part = &blocks[i].parts[k];

                        ck_assert(nodeset_contains(&blocks[i].nodes, part->node));
                        ck_assert(k == 0 || part->node > blocks[i].parts[k - 1].node);
                        ck_assert_uint_gt(part->bytes, 0);
                        ck_assert_uint_lt(part->node, N_NODES);
                        sums[blocks[i].page_bytes > 0][part->node] += part->bytes;
                        sum += part->bytes;
                }
                ck_assert_uint_eq(sum, blocks[i].bytes);
        }
        for (unsigned node = 0; node < N_NODES; ++node) {
                ck_assert_msg(sums[0][node] == row->expected[node], "row %d, NUMA node %u: %llu",
                              (int)(row - place_rows), node, (unsigned long long)sums[0][node]);
                ck_assert_uint_eq(sums[1][node], row->expected_huge[node]);
        }
}

START_TEST(sizes_lie_where_they_are_used_and_where_there_is_room) {
        const PlaceRow *row = &place_rows[_i];
        TreePod *tree = pods_bed_cgroup(&bed, "u", true);
        PodSize size = { .source = SIZE_REQUEST, .remote_bytes = row->remote };

        for (unsigned node = 0; node < N_NODES; ++node)
                if (row->used[node] > 0)
                        pods_bed_use(tree, node, row->used[node]);
        if (row->bytes > 0)
                size.amounts[size.n_amounts++] = (SizeAmount){ 0, row->bytes };
        if (row->huge > 0)
                size.amounts[size.n_amounts++] = (SizeAmount){ 2 * MIB, row->huge };
        if (row->has_no_local)
                place.local = (NodeSet){};
        if (row->has_no_remote)
                place.remote = (NodeSet){};
        if (row->has_no_room)
                place.room = (LedgerRoom){};
        check_blocks(row, size_place(&size, join("u"), &place, blocks, parts));
}
END_TEST

START_TEST(no_byte_is_lost_whatever_the_numbers) {
        const InventoryPod *pod;
        uint64_t seed = 7;
        TreePod *tree = pods_bed_cgroup(&bed, "u", true);

        for (unsigned node = 0; node < 7; ++node)
                pods_bed_use(tree, node * 100, 1);
        pod = join("u");
        for (unsigned i = 0; i < 20000; ++i) {
                const uint64_t bytes = claims_random(&seed) % (LEDGER_PART_MAX + 1);
                const PodSize size = {
                        .amounts = { { 0, bytes } },
                        .n_amounts = 1,
                        .remote_bytes = claims_random(&seed) % (bytes + 1),
                };
                uint64_t sum = 0;
                size_t n;

                for (unsigned node = 0; node < 7; ++node)
                        tree->usage.nodes[node].bytes =
                                claims_random(&seed) >> (claims_random(&seed) % 64);
                n = size_place(&size, pod, &place, blocks, parts);
                for (size_t k = 0; k < n; ++k)
                        sum += blocks[k].bytes;
                ck_assert_uint_eq(sum, bytes);
        }
}
END_TEST

START_TEST(without_memory_there_is_no_inventory) {
        Inventory *made = NULL;
        int r;

        pods_bed_cgroup(&bed, "u", true);
        failmalloc_arm(0);
        r = inventory_new(&bed.tree, NULL, &made);
        failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pods-inventory");
        TCase *tcase = tcase_create("pods-inventory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, tree_and_report_are_joined);
        tcase_add_test(tcase, a_container_is_found_by_its_cgroup_too);
        tcase_add_loop_test(tcase, phases_are_what_the_evidence_says, 0, ELEMENTSOF(phase_rows));
        tcase_add_loop_test(tcase, sizes_are_the_best_that_is_known, 0, ELEMENTSOF(size_rows));
        tcase_add_test(tcase, huge_pages_are_counted_by_their_size);
        tcase_add_loop_test(tcase, sizes_lie_where_they_are_used_and_where_there_is_room, 0,
                            ELEMENTSOF(place_rows));
        tcase_add_test(tcase, no_byte_is_lost_whatever_the_numbers);
        tcase_add_test(tcase, without_memory_there_is_no_inventory);
        suite_add_tcase(suite, tcase);
        return suite;
}
