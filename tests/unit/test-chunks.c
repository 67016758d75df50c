/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of chunks: which there are, what becomes of them, and what is said about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chunks-bed.h"
#include "lib/failmalloc.h"
#include "lib/numa-bed.h"
#include "lib/test-main.h"

static NumaBed bed;
static Ledger *ledger;
static ChunkList *list;
static ChunksSettings settings;
static Buffer buffer;
static Diag diag;

static void setup(void) {
        bed = (NumaBed){};
        list = NULL;
        buffer = (Buffer){};
        settings = (ChunksSettings){ .bytes = GIB };
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        list = chunk_list_free(list);
        ledger = ledger_free(ledger);
        numa_bed_deinit(&bed);
        buffer_deinit(&buffer);
}

static ChunksParams get_params(void) {
        return (ChunksParams){ .topology = &bed.topology,
                               .capacity = &bed.capacity,
                               .machine = bed.machine,
                               .ledger = ledger,
                               .settings = settings };
}

static const char *make_list(void) {
        const ChunksParams params = get_params();
        char why[CHUNKS_BED_WHY_MAX];

        list = chunk_list_free(list);
        ck_assert_int_eq(chunk_list_new(&params, &list), 0);
        ck_assert_msg(chunks_bed_is_good(list, &params, why), "%s", why);
        buffer_deinit(&buffer);
        chunks_bed_describe(list, &buffer);
        return buffer.data;
}

/* Two sockets; NUMA node 2 is nearer to the first, NUMA node 3 to both alike. */
static const uint16_t distances[] = {
        10, 21, 14, 17, 21, 10, 24, 17, 14, 24, 10, 28, 17, 17, 28, 10
};

static void make_machine(uint64_t two_mib, uint64_t three_mib) {
        const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, 16 * GIB, 0, 0, 0, 0, NULL },
                { 1, LOCALITY_LOCAL, true, false, 16 * GIB, 0, 0, 0, 0, NULL },
                { 2, LOCALITY_REMOTE, false, false, two_mib * MIB, 0, 0, 0, 0, NULL },
                { 3, LOCALITY_REMOTE, false, false, three_mib * MIB, 0, 0, 0, 0, NULL },
        };

        numa_bed_deinit(&bed);
        numa_bed_init(&bed, nodes, ELEMENTSOF(nodes), distances);
        bed.sysfs.host.block_bytes = opt_u64(128 * MIB);
}

static const struct {
        const char *name;
        uint64_t size_mib;
        bool is_per_node;
        uint64_t two_mib, three_mib; /* allocatable */
        uint64_t poisoned_mib;       /* of NUMA node 2 */
        unsigned n_offline;          /* blocks of 128 MiB of NUMA node 2 */
        Locality two;
        const char *claims[6];
        const char *list;
} lists[] = {
#define PLAIN 0, 0, LOCALITY_REMOTE
        { "whole chunks",
          1024,
          false,
          4096,
          2048,
          PLAIN,
          {},
          "1Gi aggregate nearest; 2: FFFF; 3: FF" },
        { "of one NUMA node each",
          1024,
          true,
          4096,
          2048,
          PLAIN,
          {},
          "1Gi numa-node nearest; 2: FFFF; 3: FF" },
        { "what fills no chunk is left over",
          1024,
          false,
          4095,
          512,
          PLAIN,
          {},
          "1Gi aggregate nearest; 2: FFF rest 1023; 3: rest 512" },
        { "less than a chunk of each",
          1024,
          false,
          1023,
          512,
          PLAIN,
          {},
          "none 1Gi aggregate nearest; 2: rest 1023; 3: rest 512" },
        { "small ones",
          64,
          false,
          200,
          64,
          PLAIN,
          {},
          "64Mi aggregate nearest; 2: FFF rest 8; 3: F" },
        { "claimed ones",
          1024,
          false,
          4096,
          2048,
          PLAIN,
          { "a/x 2=2048 1gi-n2-0001 1gi-n2-0003", "unseen-1/ pending 3=1024 1gi-n3-0000" },
          "1Gi aggregate nearest; 2: FCFC; 3: CF" },
        { "of every state",
          1024,
          false,
          6144,
          0,
          PLAIN,
          { "a/x active 2=1024 1gi-n2-0000", "b/x pending 2=1024 1gi-n2-0001",
            "c/ observed 2=1024 1gi-n2-0002", "d/x unconfirmed 2=1024 1gi-n2-0003",
            "e/x releasing 2=1024 1gi-n2-0004", "f/x invalid 2=1024 1gi-n2-0005" },
          "1Gi aggregate nearest; 2: CCCCCC; 3:" },
        { "bytes of others make the highest short",
          1024,
          false,
          4096,
          2048,
          PLAIN,
          { "a/x 2=1025", "b/x 3=1" },
          "1Gi aggregate nearest; 2: FFSS; 3: FS" },
        { "claimed ones are passed over",
          1024,
          false,
          5120,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000", "b/x 2=1024 1gi-n2-0004", "c/x 2=1024" },
          "1Gi aggregate nearest; 2: CFFSC; 3:" },
        { "more is claimed than there is",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=4096 1gi-n2-0001" },
          "1Gi aggregate nearest; 2: SC; 3:" },
        { "a chunk without bytes takes none",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 1gi-n2-0000" },
          "1Gi aggregate nearest; 2: CF; 3:" },
        { "claimed ones above the number that there are",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=2048 1gi-n2-0002 1gi-n2-0007" },
          "1Gi aggregate nearest; 2: SSC @7C; 3:" },
        { "memory that is poisoned",
          1024,
          false,
          4096,
          0,
          1,
          0,
          LOCALITY_REMOTE,
          {},
          "1Gi aggregate nearest; 2: FFFO rest 1023; 3:" },
        { "all of it is poisoned",
          1024,
          false,
          2048,
          0,
          9999,
          0,
          LOCALITY_REMOTE,
          {},
          "1Gi aggregate nearest; 2: OO; 3:" },
        { "memory that is poisoned, and claimed",
          1024,
          false,
          3072,
          0,
          1024,
          0,
          LOCALITY_REMOTE,
          { "a/x 2=1024 1gi-n2-0002" },
          "1Gi aggregate nearest; 2: FSC; 3:" },
        { "memory that is offline",
          1024,
          false,
          2560,
          0,
          0,
          4,
          LOCALITY_REMOTE,
          {},
          "1Gi aggregate nearest; 2: FFO rest 512; 3:" },
        { "offline memory that would make no chunk",
          1024,
          false,
          2560,
          0,
          0,
          3,
          LOCALITY_REMOTE,
          {},
          "1Gi aggregate nearest; 2: FF rest 512; 3:" },
        { "the NUMA node has no memory online",
          1024,
          false,
          0,
          1024,
          0,
          8,
          LOCALITY_NONE,
          { "a/x 2=1024 1gi-n2-0001" },
          "1Gi aggregate nearest; 2: @1O; 3: F" },
        { "it is not remote any more",
          1024,
          false,
          4096,
          1024,
          0,
          0,
          LOCALITY_EXCLUDED,
          { "a/x 2=1024 1gi-n2-0001" },
          "1Gi aggregate nearest; 2: @1O; 3: F" },
        { "it is not there any more",
          1024,
          false,
          0,
          1024,
          PLAIN,
          { "a/x 9=1024 1gi-n9-0001" },
          "1Gi aggregate nearest; 2:; 3: F; 9: @1O" },
        { "it is excluded, and nobody has any",
          1024,
          false,
          4096,
          1024,
          0,
          0,
          LOCALITY_EXCLUDED,
          {},
          "1Gi aggregate nearest; 3: F" },
        { "another size is held",
          512,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000" },
          "1Gi aggregate nearest held back; 2: CF; 3:" },
        { "the other kind is held",
          1024,
          true,
          2048,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000" },
          "1Gi aggregate nearest held back; 2: CF; 3:" },
        { "most are of another size",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000", "b/x 2=256 256mi-n2-0000",
            "c/x 2=512 256mi-n2-0002 256mi-n2-0001" },
          "256Mi aggregate nearest held back; 2: CCCFSSSS; 3:" },
        { "as many are of another size",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000", "b/x 2=256 256mi-n2-0000" },
          "1Gi aggregate nearest; 2: CS; 3:" },
        { "ids of others are no chunks",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=1 n2-0 1gi-n2-00001 256mi-n2-1" },
          "1Gi aggregate nearest; 2: FS; 3:" },
        { "one that was taken over is its new claim's",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x 2=1024 1gi-n2-0000", "b/x releasing 2=1024 1gi-n2-0000" },
          "1Gi aggregate nearest; 2: CS; 3:" },
        { "of two that give it up it is the first one's",
          1024,
          false,
          2048,
          0,
          PLAIN,
          { "a/x releasing 2=1024 1gi-n2-0000", "b/x releasing 2=1024 1gi-n2-0000" },
          "1Gi aggregate nearest; 2: CS; 3:" },
        { "more than the kubelet takes",
          64,
          false,
          4096 * 64,
          4097 * 64,
          PLAIN,
          {},
          "too-many 128Mi 64Mi aggregate nearest; 2:; 3:" },
        { "as many as it takes in larger ones",
          64,
          false,
          UINT64_C(8192) * 16384,
          0,
          PLAIN,
          {},
          "too-many 16Gi 64Mi aggregate nearest; 2:; 3:" },
        { "more than it takes of any size",
          64,
          false,
          UINT64_C(8193) * 16384,
          0,
          PLAIN,
          {},
          "too-many 0 64Mi aggregate nearest; 2:; 3:" },
        { "more with what is offline",
          64,
          false,
          8192 * 64,
          0,
          0,
          1,
          LOCALITY_REMOTE,
          {},
          "too-many 128Mi 64Mi aggregate nearest; 2:; 3:" },
};

START_TEST(what_there_is_is_listed) {
        make_machine(lists[_i].two_mib, lists[_i].three_mib);
        bed.topology.nodes[2].locality = lists[_i].two;
        bed.topology.nodes[2].n_offline_blocks = lists[_i].n_offline;
        bed.capacity.nodes[2].poisoned_bytes = lists[_i].poisoned_mib * MIB;
        settings.bytes = lists[_i].size_mib * MIB;
        settings.is_per_node = lists[_i].is_per_node;
        settings.topology = CHUNKS_TOPOLOGY_NEAREST;
        for (size_t i = 0; i < ELEMENTSOF(lists[_i].claims) && lists[_i].claims[i]; ++i)
                chunks_bed_claim(ledger, lists[_i].claims[i]);
        ck_assert_msg(strcmp(make_list(), lists[_i].list) == 0, "%s: %s", lists[_i].name,
                      buffer.data);
}
END_TEST

START_TEST(as_many_as_there_may_be) {
        make_machine(UINT64_C(8192) * 64, 0);
        settings.bytes = 64 * MIB;
        (void)make_list();
        ck_assert_int_eq(list->state, CHUNKS_ADVERTISED);
        ck_assert_uint_eq(list->n_chunks, CHUNK_LIST_MAX);
        ck_assert_uint_eq(list->n_resources, 1);
}
END_TEST

START_TEST(a_claim_above_the_number_counts_to_what_there_may_be) {
        make_machine(UINT64_C(8192) * 64, 0);
        settings.bytes = 64 * MIB;
        chunks_bed_claim(ledger, "a/x 2=64 64mi-n2-999999");
        (void)make_list();
        ck_assert_int_eq(list->state, CHUNKS_TOO_MANY);
        ck_assert_uint_eq(list->fitting_bytes, 128 * MIB);
        /* what a pod has stays in the list, and it alone */
        ck_assert_uint_eq(list->n_chunks, 1);
        ck_assert_uint_eq(list->n_resources, 1);
        ck_assert_int_eq(list->chunks[0].state, CHUNK_CLAIMED);
}
END_TEST

/* Resources */

START_TEST(resources_are_those_that_have_chunks) {
        char name[CHUNK_RESOURCE_MAX];

        make_machine(2048, 512);
        (void)make_list();
        ck_assert_uint_eq(list->n_resources, 1);
        ck_assert_str_eq(chunk_resource_format(&list->resources[0], name),
                         "sluglab.io/remote-memory-1gi");
        settings.is_per_node = true;
        (void)make_list();
        ck_assert_uint_eq(list->n_resources, 1);
        ck_assert_str_eq(chunk_resource_format(&list->resources[0], name),
                         "sluglab.io/remote-memory-1gi-numa2");
        settings.bytes = 256 * MIB;
        (void)make_list();
        ck_assert_uint_eq(list->n_resources, 2);
        ck_assert_str_eq(chunk_resource_format(&list->resources[1], name),
                         "sluglab.io/remote-memory-256mi-numa3");
        ck_assert_uint_eq(list->chunks[9].id.resource.node.value, 3);
        ck_assert_ptr_eq(chunk_list_find_node(list, 3), &list->nodes[1]);
        ck_assert_ptr_null(chunk_list_find_node(list, 4));
}
END_TEST

START_TEST(a_chunk_is_found_by_its_whole_name) {
        ChunkId id;

        make_machine(2048, 2048);
        (void)make_list();
        ck_assert(chunk_id_parse("1gi-n3-0001", &id));
        ck_assert_ptr_eq(chunk_list_find(list, &id), &list->chunks[3]);
        ck_assert(chunk_id_parse("1gi-numa3-0001", &id));
        ck_assert_ptr_null(chunk_list_find(list, &id));
        ck_assert(chunk_id_parse("512mi-n3-0001", &id));
        ck_assert_ptr_null(chunk_list_find(list, &id));
        ck_assert(chunk_id_parse("1gi-n3-0002", &id));
        ck_assert_ptr_null(chunk_list_find(list, &id));
}
END_TEST

/* Topology */

static const struct {
        ChunksTopology setting;
        bool is_restricted;
        ChunksTopology in_effect;
        const char *two, *three;
} topologies[] = {
        { CHUNKS_TOPOLOGY_AUTO, false, CHUNKS_TOPOLOGY_NEAREST, "0", "0-1" },
        { CHUNKS_TOPOLOGY_AUTO, true, CHUNKS_TOPOLOGY_NONE, "", "" },
        { CHUNKS_TOPOLOGY_NEAREST, false, CHUNKS_TOPOLOGY_NEAREST, "0", "0-1" },
        { CHUNKS_TOPOLOGY_NEAREST, true, CHUNKS_TOPOLOGY_NEAREST, "0", "0-1" },
        { CHUNKS_TOPOLOGY_ALL_CPU_NODES, false, CHUNKS_TOPOLOGY_ALL_CPU_NODES, "0-1", "0-1" },
        { CHUNKS_TOPOLOGY_ALL_CPU_NODES, true, CHUNKS_TOPOLOGY_ALL_CPU_NODES, "0-1", "0-1" },
        { CHUNKS_TOPOLOGY_NONE, false, CHUNKS_TOPOLOGY_NONE, "", "" },
};

START_TEST(the_kubelet_is_told_numa_nodes_with_cpus) {
        make_machine(2048, 2048);
        settings.topology = topologies[_i].setting;
        settings.is_restricted = topologies[_i].is_restricted;
        (void)make_list();
        ck_assert_int_eq(list->in_effect, topologies[_i].in_effect);
        ck_assert(numa_bed_is_set(&list->nodes[0].topology, topologies[_i].two));
        ck_assert(numa_bed_is_set(&list->nodes[1].topology, topologies[_i].three));
}
END_TEST

START_TEST(the_kubelet_is_told_no_more_than_it_can_know) {
        BedNode nodes[40];

        for (unsigned i = 0; i < 39; ++i)
                nodes[i] = (BedNode){ .id = i < 20 ? i : i + 40,
                                      .locality = LOCALITY_LOCAL,
                                      .has_cpus = i != 3,
                                      .bytes = GIB };
        nodes[39] = (BedNode){ .id = 90, .locality = LOCALITY_REMOTE, .bytes = 2 * GIB };
        numa_bed_init(&bed, nodes, 40, NULL);
        settings.topology = CHUNKS_TOPOLOGY_ALL_CPU_NODES;
        (void)make_list();
        ck_assert(numa_bed_is_set(&list->nodes[0].topology, "0-2,4-16"));
        settings.topology = CHUNKS_TOPOLOGY_NEAREST; /* nothing is known: all are as near */
        (void)make_list();
        ck_assert(numa_bed_is_set(&list->nodes[0].topology, "0-2,4-16"));
}
END_TEST

START_TEST(numa_nodes_that_the_kubelet_cannot_know_are_not_told) {
        const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL },
                { 64, LOCALITY_LOCAL, true, false, GIB, 0, 0, 0, 0, NULL },
                { 65, LOCALITY_REMOTE, false, false, GIB, 0, 0, 0, 0, "64" },
        };

        numa_bed_init(&bed, nodes, ELEMENTSOF(nodes), NULL);
        (void)make_list();
        ck_assert(nodeset_is_empty(&list->nodes[0].topology));
        settings.topology = CHUNKS_TOPOLOGY_ALL_CPU_NODES;
        (void)make_list();
        ck_assert(numa_bed_is_set(&list->nodes[0].topology, "0"));
}
END_TEST

/* Offline memory is in no amount, and may make a larger size the smallest that fits. */
START_TEST(offline_memory_counts_for_the_size_that_fits) {
        uint64_t before;

        make_machine(UINT64_C(8193) * 64, 0);
        settings.bytes = 64 * MIB;
        (void)make_list();
        before = list->fitting_bytes;
        bed.topology.nodes[2].n_offline_blocks = 8192;
        (void)make_list();
        ck_assert_uint_gt(list->fitting_bytes, before);
}
END_TEST

/* Problems */

static const struct {
        uint64_t size_mib;
        bool is_per_node;
        uint64_t two_mib;
        Locality locality;
        const char *claims[2];
        const char *problem; /* NULL: none */
} problems[] = {
        { 1024, false, 2048, LOCALITY_REMOTE, {}, NULL },
        { 1024, false, 2048, LOCALITY_REMOTE, { "a/x 2=1024 1gi-n2-0000" }, NULL },
        { 1024,
          false,
          2048,
          LOCALITY_EXCLUDED,
          {},
          "there is no remote memory: no chunks; where a NUMA node should be remote and is not, "
          "see 'slugctl explain numa-node' and classify" },
        { 4096,
          false,
          2048,
          LOCALITY_REMOTE,
          {},
          "no NUMA node with remote memory has 4Gi of it for pods: no chunks; set chunks.size to "
          "less, or reserve less" },
        { 64,
          false,
          UINT64_C(8193) * 64,
          LOCALITY_REMOTE,
          {},
          "remote memory is more than 8192 chunks of 64Mi, which is what the kubelet can be told "
          "of: no chunks; set chunks.size to 128Mi" },
        { 1024,
          false,
          UINT64_C(8193) * 64,
          LOCALITY_REMOTE,
          { "a/x 2=64 64mi-n2-0000" },
          "remote memory is more than 8192 chunks of 64Mi, which is what the kubelet can be told "
          "of: no chunks; drain the pods that have chunks, and set chunks.size to 128Mi" },
        { 64,
          false,
          UINT64_C(8193) * 16384,
          LOCALITY_REMOTE,
          {},
          "there is more remote memory than 8192 chunks of any size, which is what the kubelet can "
          "be told of: no chunks; exclude some of it with classify" },
        { 512,
          true,
          2048,
          LOCALITY_REMOTE,
          { "a/x 2=1024 1gi-n2-0000" },
          "chunks stay 1Gi, as pods have them, although chunks.size is 512Mi: drain the node, or "
          "set it back to 1Gi" },
        { 1024,
          true,
          2048,
          LOCALITY_REMOTE,
          { "a/x 2=1024 1gi-n2-0000" },
          "chunks stay those of resources \"aggregate\", as pods have them, although "
          "chunks.resources is \"numa-node\": drain the node, or set it back to \"aggregate\"" },
        { 1024,
          false,
          2048,
          LOCALITY_REMOTE,
          { "a/x 2=1024 1gi-n2-0000", "b/x 2=512 512mi-n2-0000" },
          "chunks that are not of the size and kind of most (1Gi, aggregate) are not listed, and "
          "claims have 1 of them: drain the node" },
};

START_TEST(a_problem_is_said_with_its_mend) {
        make_machine(problems[_i].two_mib, 0);
        bed.topology.nodes[2].locality = problems[_i].locality;
        bed.topology.nodes[3].locality = LOCALITY_NONE;
        settings.bytes = problems[_i].size_mib * MIB;
        settings.is_per_node = problems[_i].is_per_node;
        for (size_t i = 0; i < ELEMENTSOF(problems[_i].claims) && problems[_i].claims[i]; ++i)
                chunks_bed_claim(ledger, problems[_i].claims[i]);
        (void)make_list();
        ck_assert(chunk_list_get_problem(list, &settings, &diag) == (problems[_i].problem != NULL));
        if (problems[_i].problem)
                ck_assert_str_eq(diag.text, problems[_i].problem);
}
END_TEST

/* The largest, and without memory */

START_TEST(as_many_claims_as_a_ledger_takes) {
        make_machine(UINT64_C(8192) * 64, 0);
        settings.bytes = 64 * MIB;
        for (unsigned i = 0; i < LEDGER_CLAIMS_MAX; ++i) {
                char text[64];

                (void)snprintf(text, sizeof(text), "pod-%u/c 2=64 64mi-n2-%04u", i, i);
                chunks_bed_claim(ledger, text);
        }
        {
                const ChunksParams params = get_params();

                ck_assert_int_eq(chunk_list_new(&params, &list), 0);
        }
        ck_assert_uint_eq(list->n_chunks, CHUNK_LIST_MAX);
        ck_assert_uint_eq(list->n_holders, LEDGER_CLAIMS_MAX);
        ck_assert_uint_eq(list->nodes[0].counts[CHUNK_CLAIMED], CHUNK_LIST_MAX);
        ck_assert_str_eq(list->chunks[4711].holder->pod_uid, "pod-4711");
}
END_TEST

START_TEST(without_memory_there_is_no_list) {
        unsigned n = 0;
        bool has_failed;
        int r;

        make_machine(2048, 2048);
        chunks_bed_claim(ledger, "a/x 2=1024 1gi-n2-0000");
        do {
                const ChunksParams params = get_params();

                failmalloc_arm(n++);
                r = chunk_list_new(&params, &list);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
        } while (has_failed);
        ck_assert_uint_gt(n, 5);
        ck_assert_uint_eq(list->n_chunks, 4);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("chunks");
        TCase *tcase = tcase_create("list");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_there_is_is_listed, 0, ELEMENTSOF(lists));
        tcase_add_test(tcase, as_many_as_there_may_be);
        tcase_add_test(tcase, a_claim_above_the_number_counts_to_what_there_may_be);
        tcase_add_test(tcase, resources_are_those_that_have_chunks);
        tcase_add_test(tcase, a_chunk_is_found_by_its_whole_name);
        tcase_add_loop_test(tcase, the_kubelet_is_told_numa_nodes_with_cpus, 0,
                            ELEMENTSOF(topologies));
        tcase_add_test(tcase, the_kubelet_is_told_no_more_than_it_can_know);
        tcase_add_test(tcase, numa_nodes_that_the_kubelet_cannot_know_are_not_told);
        tcase_add_test(tcase, offline_memory_counts_for_the_size_that_fits);
        tcase_add_loop_test(tcase, a_problem_is_said_with_its_mend, 0, ELEMENTSOF(problems));
        tcase_add_test(tcase, as_many_claims_as_a_ledger_takes);
        tcase_add_test(tcase, without_memory_there_is_no_list);
        suite_add_tcase(suite, tcase);
        return suite;
}
