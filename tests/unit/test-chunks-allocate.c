/* SPDX-License-Identifier: Apache-2.0 */
/* Claiming chunks: what is refused, the claim, and what other claims are without them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chunks-bed.h"
#include "lib/failmalloc.h"
#include "lib/numa-bed.h"
#include "lib/test-main.h"

#define RESOURCE "sluglab.io/remote-memory-1gi"
#define NOW      0xabcdef012345u
#define UNSEEN   "unseen-abcdef012345"

static NumaBed bed;
static Ledger *ledger;
static ChunkList *list;
static ChunksSettings settings;
static LedgerChange change;
static ChunksGrant grant;
static Buffer buffer;
static Diag diag;

/* NUMA node 2 has four chunks, NUMA node 3 two and a bit. */
static void setup(void) {
        const BedNode nodes[] = {
                { 0, LOCALITY_LOCAL, true, false, 16 * GIB, 0, 0, 0, 0, NULL },
                { 2, LOCALITY_REMOTE, false, false, 4 * GIB, 0, 0, 0, 0, NULL },
                { 3, LOCALITY_REMOTE, false, false, 2 * GIB + MIB, 0, 0, 0, 0, NULL },
        };

        numa_bed_init(&bed, nodes, ELEMENTSOF(nodes), NULL);
        list = NULL;
        buffer = (Buffer){};
        change = (LedgerChange){};
        settings = (ChunksSettings){ .bytes = GIB };
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        list = chunk_list_free(list);
        ledger_change_deinit(&change);
        ck_assert(ledger_check(ledger));
        ledger = ledger_free(ledger);
        numa_bed_deinit(&bed);
        buffer_deinit(&buffer);
}

static void make_list(void) {
        const ChunksParams params = { .topology = &bed.topology,
                                      .capacity = &bed.capacity,
                                      .machine = bed.machine,
                                      .ledger = ledger,
                                      .settings = settings };
        char why[CHUNKS_BED_WHY_MAX];

        list = chunk_list_free(list);
        ck_assert_int_eq(chunk_list_new(&params, &list), 0);
        ck_assert_msg(chunks_bed_is_good(list, &params, why), "%s", why);
}

#define WORDS_MAX 8u

/* @ids: with blanks between them */
static int allocate(const char *resource, const char *ids) {
        const char *words[WORDS_MAX];
        char copy[256], *rest = NULL;
        ChunksRequest request = { .resource = resource, .ids = words, .now_usec = NOW };

        (void)snprintf(copy, sizeof(copy), "%s", ids);
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                words[request.n_ids++] = word;
        ledger_change_deinit(&change);
        make_list();
        return chunks_allocate(list, ledger, &request, &change, &grant, &diag);
}

static void apply(void) {
        ck_assert_int_eq(ledger_apply(ledger, &change, &bed.machine->rooms[HINTS_SLUG], NULL, NULL),
                         0);
}

static const char *describe(const char *uid, const char *container) {
        buffer_deinit(&buffer);
        chunks_bed_describe_claim(ledger_find(ledger, uid, container), &buffer);
        return buffer.data;
}

/* Refusals */

static const struct {
        const char *resource, *ids;
        int code;
        const char *message;
} refused[] = {
        { RESOURCE, "", CHUNKS_E_INVALID, "expected 1 to 4096 chunks, found 0" },
        { "cpu", "1gi-n2-0000", CHUNKS_E_INVALID, "'cpu': is no resource of chunks" },
        { RESOURCE "-numa2", "1gi-numa2-0000", CHUNKS_E_UNKNOWN,
          "'" RESOURCE "-numa2': there is no such resource on this node now" },
        { "sluglab.io/remote-memory-2gi", "2gi-n2-0000", CHUNKS_E_UNKNOWN,
          "'sluglab.io/remote-memory-2gi': there is no such resource on this node now" },
        { RESOURCE, "1gi-n2-0000 1gi-n2-0", CHUNKS_E_INVALID, "'1gi-n2-0': is no id of a chunk" },
        { RESOURCE, "1gi-n2-0000 512mi-n2-0001", CHUNKS_E_INVALID,
          "'512mi-n2-0001': is a chunk of another resource than the one asked for" },
        { RESOURCE, "1gi-numa2-0000", CHUNKS_E_INVALID,
          "'1gi-numa2-0000': is a chunk of another resource than the one asked for" },
        { RESOURCE, "1gi-n2-0000 1gi-n3-0000 1gi-n2-0000", CHUNKS_E_INVALID,
          "'1gi-n2-0000': is asked for twice" },
        { RESOURCE, "1gi-n2-0004", CHUNKS_E_UNKNOWN, "'1gi-n2-0004': there is no such chunk now" },
        { RESOURCE, "1gi-n9-0000", CHUNKS_E_UNKNOWN, "'1gi-n9-0000': there is no such chunk now" },
        { RESOURCE, "1gi-n3-0001", CHUNKS_E_UNHEALTHY,
          "'1gi-n3-0001': its bytes are claimed by somebody else" },
        { RESOURCE, "1gi-n2-0003", CHUNKS_E_UNHEALTHY,
          "'1gi-n2-0003': its memory is offline, poisoned, or not remote" },
};

START_TEST(what_cannot_be_given_is_refused) {
        chunks_bed_claim(ledger, "a/x 3=1024");
        bed.capacity.nodes[1].poisoned_bytes = 1;
        ck_assert_int_eq(allocate(refused[_i].resource, refused[_i].ids), refused[_i].code);
        ck_assert_str_eq(diag.text, refused[_i].message);
        ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
}
END_TEST

START_TEST(more_chunks_than_a_claim_may_have_are_refused) {
        ChunksRequest request = { .resource = RESOURCE, .n_ids = LEDGER_CHUNKS_MAX + 1 };

        make_list();
        ck_assert_int_eq(chunks_allocate(list, ledger, &request, &change, &grant, &diag),
                         CHUNKS_E_INVALID);
        ck_assert_str_eq(diag.text, "expected 1 to 4096 chunks, found 4097");
}
END_TEST

START_TEST(of_one_numa_node_each_another_one_is_refused) {
        settings.is_per_node = true;
        ck_assert_int_eq(allocate(RESOURCE "-numa2", "1gi-numa3-0000"), CHUNKS_E_INVALID);
        ck_assert_int_eq(allocate(RESOURCE "-numa2", "1gi-n2-0000"), CHUNKS_E_INVALID);
        ck_assert_int_eq(allocate(RESOURCE "-numa4", "1gi-numa4-0000"), CHUNKS_E_UNKNOWN);
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0000"), CHUNKS_E_UNKNOWN);
        ck_assert_int_eq(allocate(RESOURCE "-numa3", "1gi-numa3-0000"), 0);
        ck_assert_str_eq(grant.claim, "1gi-numa3-0000");
}
END_TEST

/* The claim */

START_TEST(a_claim_is_pending_and_unseen) {
        const LedgerClaim *claim;

        ck_assert_int_eq(allocate(RESOURCE, "1gi-n3-0001 1gi-n2-0002 1gi-n2-0000"), 0);
        ck_assert_str_eq(grant.claim, "1gi-n2-0000");
        ck_assert_str_eq(grant.pod_uid, UNSEEN);
        ck_assert_uint_eq(grant.n_taken, 0);
        apply();
        ck_assert_str_eq(describe(UNSEEN, ""),
                         UNSEEN "/ pending 2=2048 3=1024 1gi-n2-0000 1gi-n2-0002 1gi-n3-0001 "
                                "local=0..max,remote=3Gi");
        claim = ledger_find(ledger, UNSEEN, "");
        ck_assert(ledger_claim_is_unseen(claim));
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_DEVICE_PLUGIN);
        ck_assert_uint_eq(claim->n_blocks, 1);
        ck_assert(numa_bed_is_set(&claim->blocks[0].nodes, "2-3"));
        ck_assert_uint_eq(claim->created_usec, NOW);
        make_list();
        ck_assert_uint_eq(list->nodes[0].counts[CHUNK_CLAIMED], 2);
        ck_assert_uint_eq(list->nodes[1].counts[CHUNK_CLAIMED], 1);
}
END_TEST

START_TEST(two_at_the_same_time_are_two) {
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0000"), 0);
        apply();
        chunks_bed_claim(ledger, "unseen-abcdef012346/c 2=1024"); /* of a container, all the same */
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0001"), 0);
        ck_assert_str_eq(grant.pod_uid, "unseen-abcdef012347");
        apply();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 3);
}
END_TEST

START_TEST(all_that_is_healthy_can_be_given) {
        chunks_bed_claim(ledger, "a/x 2=1500");
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0000 1gi-n2-0001 1gi-n3-0000 1gi-n3-0001"), 0);
        apply();
        make_list();
        ck_assert_uint_eq(list->nodes[0].counts[CHUNK_FREE], 0);
        ck_assert_uint_eq(list->nodes[0].counts[CHUNK_SHORT], 2);
        ck_assert_uint_eq(list->nodes[1].counts[CHUNK_FREE], 0);
}
END_TEST

/* Taking over */

static const struct {
        const char *name;
        const char *claims[3];
        const char *ids;
        const char *uid, *container;
        const char *left; /* of that claim */
        size_t n_taken;
} taken[] = {
        { "all of it",
          { "a/x 2=2048 1gi-n2-0000 1gi-n2-0001" },
          "1gi-n2-0000 1gi-n2-0001",
          "a",
          "x",
          "none",
          2 },
        { "one of two",
          { "a/x 2=2048 1gi-n2-0000 1gi-n2-0001" },
          "1gi-n2-0001",
          "a",
          "x",
          "a/x releasing 2=1024 1gi-n2-0000 local=0..max,remote=1Gi (the kubelet has given chunk "
          "1gi-n2-0001 to another container)",
          1 },
        { "two of three on two NUMA nodes",
          { "a/x pending 2=2048 3=1024 1gi-n2-0000 1gi-n3-0001 1gi-n2-0001" },
          "1gi-n3-0001 1gi-n2-0000",
          "a",
          "x",
          "a/x releasing 2=1024 1gi-n2-0001 local=0..max,remote=1Gi (the kubelet has given chunk "
          "1gi-n2-0000 and 1 more to another container)",
          2 },
        { "local bytes stay",
          { "a/x 0=512 2=1024 1gi-n2-0000" },
          "1gi-n2-0000",
          "a",
          "x",
          "a/x releasing 0=512 local=0..max,remote=512Mi (the kubelet has given chunk 1gi-n2-0000 "
          "to another container)",
          1 },
        { "no ceiling stays none",
          { "a/x unlimited 2=2048 1gi-n2-0000" },
          "1gi-n2-0000",
          "a",
          "x",
          "a/x releasing 2=1024 local=0..max,remote=1Gi..max (the kubelet has given chunk "
          "1gi-n2-0000 to another container)",
          1 },
        { "of an invalid one",
          { "a/x invalid 2=1024 1gi-n2-0000 1gi-n2-0001" },
          "1gi-n2-0001",
          "a",
          "x",
          "a/x releasing 1gi-n2-0000 local=0..max (the kubelet has given chunk "
          "1gi-n2-0001 to another container)",
          1 },
        { "what it has not there is not taken elsewhere",
          { "a/x 3=1024 1gi-n2-0000" },
          "1gi-n2-0000",
          "a",
          "x",
          "a/x releasing 3=1024 local=0..max (the kubelet has given chunk 1gi-n2-0000 "
          "to another container)",
          1 },
        { "of an unseen one",
          { "unseen-1/ pending 2=2048 1gi-n2-0000 1gi-n2-0003" },
          "1gi-n2-0000",
          "unseen-1",
          "",
          "unseen-1/ releasing 2=1024 1gi-n2-0003 local=0..max,remote=1Gi (the kubelet has given "
          "chunk 1gi-n2-0000 to another container)",
          1 },
        { "of one on its way out, which is the last that is said of it",
          { "a/x releasing 2=2048 1gi-n2-0000 1gi-n2-0001" },
          "1gi-n2-0000",
          "a",
          "x",
          "a/x releasing 2=1024 1gi-n2-0001 local=0..max,remote=1Gi (the kubelet has given chunk "
          "1gi-n2-0000 to another container)",
          1 },
        { "of what is observed, which is only less",
          { "a/ observed 2=1536 1gi-n2-0000" },
          "1gi-n2-0000",
          "a",
          "",
          "a/ observed 2=512 local=0..max,remote=512Mi",
          1 },
        { "of two claims, and nobody's",
          { "a/x 2=1024 1gi-n2-0000", "b/y 3=1024 1gi-n3-0000" },
          "1gi-n2-0000 1gi-n3-0000 1gi-n2-0003",
          "b",
          "y",
          "none",
          2 },
};

START_TEST(what_other_claims_have_is_taken_over_with_its_bytes) {
        uint64_t before;

        for (size_t i = 0; i < ELEMENTSOF(taken[_i].claims) && taken[_i].claims[i]; ++i)
                chunks_bed_claim(ledger, taken[_i].claims[i]);
        before = ledger_get_claimed(ledger, 2, 0);
        ck_assert_int_eq(allocate(RESOURCE, taken[_i].ids), 0);
        ck_assert_uint_eq(grant.n_taken, taken[_i].n_taken);
        apply();
        ck_assert_msg(strcmp(describe(taken[_i].uid, taken[_i].container), taken[_i].left) == 0,
                      "%s: %s", taken[_i].name, buffer.data);
        ck_assert(ledger_check(ledger));
        ck_assert_uint_ge(ledger_get_claimed(ledger, 2, 0), before);
        make_list();
        for (size_t i = 0; i < list->n_chunks; ++i)
                if (list->chunks[i].claim)
                        ck_assert(strcmp(list->chunks[i].holder->pod_uid, UNSEEN) == 0 ||
                                  list->chunks[i].claim->state == CLAIM_RELEASING);
}
END_TEST

START_TEST(a_numa_node_of_which_nothing_is_left_is_left) {
        chunks_bed_claim(ledger, "a/x 2=2048 3=1024 1gi-n2-0000 1gi-n3-0000");
        ck_assert(numa_bed_is_set(&ledger_find(ledger, "a", "x")->blocks[0].nodes, "2-3"));
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n3-0000"), 0);
        apply();
        ck_assert(numa_bed_is_set(&ledger_find(ledger, "a", "x")->blocks[0].nodes, "2"));
}
END_TEST

START_TEST(taking_over_needs_no_room) {
        chunks_bed_claim(ledger, "a/x 2=4096 1gi-n2-0000 1gi-n2-0001 1gi-n2-0002 1gi-n2-0003");
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0001 1gi-n2-0002"), 0);
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 4 * GIB);
}
END_TEST

/* Those of a share are its pod's: all of NUMA node 2 is taken. */
START_TEST(taking_over_from_shares_needs_no_room) {
        chunks_bed_claim(ledger, "a/ 0=512 2=3072");
        chunks_bed_claim(ledger, "a/x within 0=512 2=2048 1gi-n2-0000 1gi-n2-0003");
        chunks_bed_claim(ledger, "a/y within 2=1024 1gi-n2-0002");
        chunks_bed_claim(ledger, "b/z 2=1024 1gi-n2-0001");
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0000 1gi-n2-0001 1gi-n2-0002"), 0);
        ck_assert_uint_eq(grant.n_taken, 3);
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 4 * GIB);
        ck_assert_str_eq(describe("a", ""), "a/ active 0=512 2=1024 local=0..max,remote=1536Mi");
        ck_assert_ptr_null(ledger_find(ledger, "a", "y"));
        ck_assert_int_eq(ledger_find(ledger, "a", "x")->state, CLAIM_RELEASING);
        ck_assert_uint_eq(ledger_find(ledger, "a", "x")->n_chunks, 1);
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0003"), 0);
        apply();
        ck_assert_str_eq(describe("a", ""), "a/ active 0=512 local=0..max,remote=512Mi");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 4 * GIB);
}
END_TEST

/* The chunk is named, and its bytes are on another NUMA node; those of the chunk's own are gone. */
START_TEST(room_is_the_ledgers_to_check) {
        LedgerLack lack = {};

        chunks_bed_claim(ledger, "a/x 3=1024 1gi-n2-0000");
        chunks_bed_claim(ledger, "b/x 2=4096");
        ck_assert_int_eq(allocate(RESOURCE, "1gi-n2-0000"), 0);
        ck_assert_int_eq(
                ledger_apply(ledger, &change, &bed.machine->rooms[HINTS_SLUG], NULL, &lack),
                LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.node, 2);
        ck_assert_uint_eq(lack.bytes, GIB);
}
END_TEST

/* Limits */

START_TEST(a_change_has_no_more_claims_than_it_may) {
        static char texts[LEDGER_CHANGE_MAX + 1][CHUNK_ID_MAX];
        const char *ids[LEDGER_CHANGE_MAX + 1];
        ChunksRequest request = { .resource = "sluglab.io/remote-memory-64mi",
                                  .ids = ids,
                                  .now_usec = NOW };

        settings.bytes = 64 * MIB;
        bed.capacity.nodes[1].allocatable_bytes = UINT64_C(1024) * 64 * MIB;
        for (unsigned i = 0; i < ELEMENTSOF(ids); ++i) {
                char text[96];

                (void)snprintf(texts[i], sizeof(texts[i]), "64mi-n2-%04u", i);
                (void)snprintf(text, sizeof(text), "pod-%u/c 2=128 %s", i, texts[i]);
                chunks_bed_claim(ledger, text);
                ids[i] = texts[i];
        }
        make_list();
        request.n_ids = LEDGER_CHANGE_MAX;
        ck_assert_int_eq(chunks_allocate(list, ledger, &request, &change, &grant, &diag), -E2BIG);
        ck_assert_uint_eq(change.n_puts, 0);
        request.n_ids = LEDGER_CHANGE_MAX - 1;
        ck_assert_int_eq(chunks_allocate(list, ledger, &request, &change, &grant, &diag), 0);
        ck_assert_uint_eq(change.n_puts, LEDGER_CHANGE_MAX);
}
END_TEST

START_TEST(without_memory_there_is_no_change) {
        static const char *const ids[] = { "1gi-n2-0000", "1gi-n3-0001", "1gi-n2-0003" };
        const ChunksRequest request = {
                .resource = RESOURCE, .ids = ids, .n_ids = ELEMENTSOF(ids), .now_usec = NOW
        };
        unsigned n = 0;
        bool has_failed;
        int r;

        chunks_bed_claim(ledger, "a/x 2=2048 1gi-n2-0000 1gi-n2-0001");
        chunks_bed_claim(ledger, "b/x 3=1024 1gi-n3-0001");
        make_list();
        do {
                failmalloc_arm(n++);
                r = chunks_allocate(list, ledger, &request, &change, &grant, &diag);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                ck_assert_uint_eq(change.n_puts, has_failed ? 0 : 2);
        } while (has_failed);
        ck_assert_uint_gt(n, 8);
        ck_assert_uint_eq(change.n_drops, 1);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("chunks-allocate");
        TCase *tcase = tcase_create("allocate");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_cannot_be_given_is_refused, 0, ELEMENTSOF(refused));
        tcase_add_test(tcase, more_chunks_than_a_claim_may_have_are_refused);
        tcase_add_test(tcase, of_one_numa_node_each_another_one_is_refused);
        tcase_add_test(tcase, a_claim_is_pending_and_unseen);
        tcase_add_test(tcase, two_at_the_same_time_are_two);
        tcase_add_test(tcase, all_that_is_healthy_can_be_given);
        tcase_add_loop_test(tcase, what_other_claims_have_is_taken_over_with_its_bytes, 0,
                            ELEMENTSOF(taken));
        tcase_add_test(tcase, a_numa_node_of_which_nothing_is_left_is_left);
        tcase_add_test(tcase, taking_over_needs_no_room);
        tcase_add_test(tcase, taking_over_from_shares_needs_no_room);
        tcase_add_test(tcase, room_is_the_ledgers_to_check);
        tcase_add_test(tcase, a_change_has_no_more_claims_than_it_may);
        tcase_add_test(tcase, without_memory_there_is_no_change);
        suite_add_tcase(suite, tcase);
        return suite;
}
