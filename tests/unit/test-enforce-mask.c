/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is given when it is created. */
#include "enforce/mask.h"
#include "lib/numa-bed.h"
#include "lib/test-main.h"

/* Two sockets, a slower NUMA node at each, a GPU's, and one whose memory is offline. The second of
 * the slower ones is movable only. */
static TopologyNode rows[] = {
        { .id = 0, .locality = LOCALITY_LOCAL, .capacity_bytes = GIB, .has_cpus = true },
        { .id = 1, .locality = LOCALITY_LOCAL, .capacity_bytes = GIB, .has_cpus = true },
        { .id = 4, .locality = LOCALITY_REMOTE, .capacity_bytes = GIB },
        { .id = 5, .locality = LOCALITY_REMOTE, .capacity_bytes = GIB, .is_movable_only = true },
        { .id = 8, .locality = LOCALITY_EXCLUDED, .capacity_bytes = GIB },
        { .id = 9, .locality = LOCALITY_NONE },
};
static const Topology topology = { .nodes = rows, .n_nodes = ELEMENTSOF(rows) };

static const struct {
        const char *split, *blocks, *cpus, *mems, *preferred;
        uint64_t low_bytes;
} cases[] = {
        /* the claim's own, of both */
        { "local=1Gi,remote=2Gi", "0,4", "", "0,4", "0", 3 * GIB },
        { "local=1Gi,remote=2Gi", "0-1,4-5", "0", "0-1,4-5", "0-1", 3 * GIB },
        { "local=1Gi..4Gi,remote=2Gi..8Gi", "1,5", "0-1", "1,5", "1", 3 * GIB },
        /* chunks: no local block, so those near to the CPUs */
        { "local=1Gi,remote=2Gi", "4", "1", "1,4", "1", 3 * GIB },
        { "local=1Gi,remote=2Gi", "4", "0-1", "0-1,4", "0-1", 3 * GIB },
        { "local=1Gi,remote=2Gi", "4", "", "0-1,4", "0-1", 3 * GIB },
        { "local=1Gi,remote=2Gi", "4", "9", "0-1,4", "0-1", 3 * GIB },
        /* no remote block, although it may have remote bytes: without them nothing can be moved */
        { "local=1Gi,remote=0..2Gi", "0", "0", "0,4-5", "0", GIB },
        /* local only */
        { "local=1Gi", "0", "0", "0", "", GIB },
        { "local=1Gi", "0,4", "0", "0", "", GIB },
        { "local=1Gi", "", "1", "1", "", GIB },
        /* remote only: what has normal memory does, else some local memory is added */
        { "remote=1Gi", "4", "0", "4", "", GIB },
        { "remote=1Gi", "4-5", "0", "4-5", "", GIB },
        { "remote=1Gi", "5", "1", "1,5", "5", GIB },
        { "remote=1Gi", "5", "", "0-1,5", "5", GIB },
        /* what is excluded, or has no memory, is not given */
        { "local=1Gi,remote=1Gi", "0,4,8", "0", "0,4", "0", 2 * GIB },
        { "local=1Gi,remote=1Gi", "8-9", "0", "0,4-5", "0", 2 * GIB },
        /* nothing promised, something allowed */
        { "local=0..1Gi,remote=0..1Gi", "", "0", "0,4-5", "0", 0 },
};

static LedgerClaim make_claim(const char *split, const char *blocks, LedgerBlock *block) {
        LedgerClaim claim = { .state = CLAIM_ACTIVE, .source = CLAIM_SOURCE_OPERATOR };
        SplitText text;

        ck_assert_int_eq(split_parse("test", split, strlen(split), &text, NULL), 0);
        claim.split = text.split;
        *block = (LedgerBlock){ .nodes = numa_bed_set(blocks) };
        claim.blocks = block;
        claim.n_blocks = blocks[0] ? 1 : 0;
        return claim;
}

START_TEST(a_split_becomes_a_placement) {
        const NodeSet cpus = numa_bed_set(cases[_i].cpus);
        EnforcePlacement placement;
        LedgerBlock block;
        const LedgerClaim claim = make_claim(cases[_i].split, cases[_i].blocks, &block);
        char mems[NODESET_TEXT_MAX], preferred[NODESET_TEXT_MAX];

        ck_assert(enforce_place(&topology, &claim, &cpus, &placement));
        ck_assert_str_eq(nodeset_format(&placement.mems, mems), cases[_i].mems);
        ck_assert_str_eq(nodeset_format(&placement.preferred, preferred), cases[_i].preferred);
        ck_assert_uint_eq(placement.low_bytes, cases[_i].low_bytes);
        ck_assert(topology_has_normal_memory(&topology, &placement.mems));
        ck_assert(nodeset_is_subset(&placement.preferred, &placement.mems));
}
END_TEST

START_TEST(without_a_split_it_is_left_alone) {
        EnforcePlacement placement;
        LedgerBlock block;
        LedgerClaim claim = make_claim("local=1Gi", "0", &block);
        const NodeSet cpus = {};

        claim.split = (Split){};
        ck_assert(!enforce_place(&topology, &claim, &cpus, &placement));
        claim = make_claim("local=1Gi", "0", &block);
        claim.source = CLAIM_SOURCE_OBSERVED;
        claim.state = CLAIM_OBSERVED;
        ck_assert(!enforce_place(&topology, &claim, &cpus, &placement));
}
END_TEST

START_TEST(an_unknown_machine_masks_nothing) {
        const Topology empty = {};
        EnforcePlacement placement;
        LedgerBlock block;
        const LedgerClaim claim = make_claim("local=1Gi,remote=1Gi", "0,4", &block);
        const NodeSet cpus = {};

        ck_assert(enforce_place(&empty, &claim, &cpus, &placement));
        ck_assert(nodeset_is_empty(&placement.mems) && nodeset_is_empty(&placement.preferred));
        ck_assert_uint_eq(placement.low_bytes, 2 * GIB);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-mask");
        TCase *tcase = tcase_create("mask");

        tcase_add_loop_test(tcase, a_split_becomes_a_placement, 0, ELEMENTSOF(cases));
        tcase_add_test(tcase, without_a_split_it_is_left_alone);
        tcase_add_test(tcase, an_unknown_machine_masks_nothing);
        suite_add_tcase(suite, tcase);
        return suite;
}
