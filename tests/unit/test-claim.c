/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: what one may be, and that it is a copy. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "lib/claims.h"

/* A claim on NUMA nodes 3 and 64, and everything that it points to. */
typedef struct Draft {
        LedgerClaim claim;
        LedgerBlock blocks[LEDGER_BLOCKS_MAX + 1];
        LedgerPart parts[3];
        const char *chunks[LEDGER_CHUNKS_MAX + 1];
} Draft;

static Draft draft;
static LedgerClaim *claim;

static void setup(void) {
        claim = NULL;
        draft = (Draft){
                .claim = { .pod_uid = "u",
                           .container = "c",
                           .namespace_name = "default",
                           .pod = "web",
                           .qos = QOS_GUARANTEED,
                           .state = CLAIM_ACTIVE,
                           .source = CLAIM_SOURCE_OPERATOR,
                           .split = { .local = { 3, 4 }, .remote = { 0, SPLIT_UNLIMITED } },
                           .blocks = draft.blocks,
                           .n_blocks = 1,
                           .chunks = draft.chunks,
                           .n_chunks = 1,
                           .container_id = "x1",
                           .reason = "because",
                           .created_usec = 7,
                           .generation = 99 },
                .parts = { { 3, 1 }, { 64, 2 }, { 65, 1 } },
        };
        for (size_t i = 0; i < ELEMENTSOF(draft.blocks); ++i) {
                draft.blocks[i] = (LedgerBlock){ .bytes = 3, .parts = draft.parts, .n_parts = 2 };
                nodeset_add(&draft.blocks[i].nodes, 3);
                nodeset_add(&draft.blocks[i].nodes, 64);
        }
        for (size_t i = 0; i < ELEMENTSOF(draft.chunks); ++i)
                draft.chunks[i] = "0-1";
}

static void teardown(void) {
        claim = ledger_claim_free(claim);
}

/* One thing at a time, that makes it another claim or none. */
static void change_uid(void) {
        draft.claim.pod_uid = "v";
}

static void change_container(void) {
        draft.claim.container = "";
}

static void change_namespace(void) {
        draft.claim.namespace_name = "";
}

static void change_pod(void) {
        draft.claim.pod = "db";
}

static void change_container_id(void) {
        draft.claim.container_id = "";
}

static void change_reason(void) {
        draft.claim.reason = "";
}

static void change_qos(void) {
        draft.claim.qos = QOS_UNKNOWN;
}

static void change_state(void) {
        draft.claim.state = CLAIM_INVALID;
}

static void change_source(void) {
        draft.claim.source = CLAIM_SOURCE_OBSERVED;
}

static void change_within(void) {
        draft.claim.is_within_pod = true;
}

static void change_min(void) {
        draft.claim.split.local.min = 4;
}

static void change_max(void) {
        draft.claim.split.remote.max = 0;
}

static void change_created(void) {
        draft.claim.created_usec = 0;
}

static void change_n_blocks(void) {
        draft.claim.n_blocks = LEDGER_BLOCKS_MAX;
}

static void change_to_no_blocks(void) {
        draft.claim.n_blocks = 0;
        draft.claim.blocks = NULL;
}

static void change_block_nodes(void) {
        nodeset_add(&draft.blocks[0].nodes, 65);
}

static void change_page(void) {
        draft.blocks[0].page_bytes = 2 * MIB;
}

static void change_part(void) {
        draft.parts[1].bytes = LEDGER_PART_MAX;
        draft.blocks[0].bytes = LEDGER_PART_MAX + 1;
}

static void change_parts_node(void) {
        draft.parts[1].node = 65;
        nodeset_add(&draft.blocks[0].nodes, 65);
}

static void change_to_no_parts(void) {
        draft.blocks[0].n_parts = 0;
        draft.blocks[0].parts = NULL;
        draft.blocks[0].bytes = 0;
}

static void change_n_chunks(void) {
        draft.claim.n_chunks = LEDGER_CHUNKS_MAX;
}

static void change_chunk(void) {
        draft.chunks[0] = "0-2";
}

static void (*const changes[])(void) = {
        change_uid,          change_container, change_namespace,    change_pod,
        change_container_id, change_reason,    change_qos,          change_state,
        change_source,       change_within,    change_min,          change_max,
        change_created,      change_n_blocks,  change_to_no_blocks, change_block_nodes,
        change_page,         change_part,      change_parts_node,   change_to_no_parts,
        change_n_chunks,     change_chunk,
};

START_TEST(claims_are_equal_when_all_of_them_is) {
        LedgerClaim *other = NULL, *same = NULL;

        ck_assert_int_eq(ledger_claim_new(&draft.claim, &claim), 0);
        draft.claim.generation = 5;
        ck_assert_int_eq(ledger_claim_new(&draft.claim, &same), 0);
        changes[_i]();
        ck_assert_int_eq(ledger_claim_new(&draft.claim, &other), 0);
        ck_assert(ledger_claim_is_equal(claim, same));
        ck_assert_msg(!ledger_claim_is_equal(claim, other), "change %d is not seen", _i);
        ck_assert(!ledger_claim_is_equal(other, claim));
        ledger_claim_free(other);
        ledger_claim_free(same);
}
END_TEST

static void spoil_state(void) {
        draft.claim.state = _CLAIM_STATE_N;
}

static void spoil_source(void) {
        draft.claim.source = _CLAIM_SOURCE_N;
}

static void spoil_qos(void) {
        draft.claim.qos = _QOS_N;
}

static void spoil_local(void) {
        draft.claim.split.local.min = 5;
}

static void spoil_remote(void) {
        draft.claim.split.remote = (SplitRange){ .min = 1 };
}

static void spoil_n_blocks(void) {
        draft.claim.n_blocks = LEDGER_BLOCKS_MAX + 1;
}

static void spoil_nodes(void) {
        draft.blocks[0] = (LedgerBlock){};
}

static void spoil_node(void) {
        draft.parts[1].node = 65;
}

static void spoil_node_range(void) {
        draft.parts[1].node = NODESET_MAX;
}

static void spoil_zero_part(void) {
        draft.parts[1].bytes = 0;
        draft.blocks[0].bytes = 1;
}

static void spoil_large_part(void) {
        draft.parts[1].bytes = LEDGER_PART_MAX + 1;
        draft.blocks[0].bytes = LEDGER_PART_MAX + 2;
}

static void spoil_order(void) {
        draft.parts[0] = (LedgerPart){ 64, 2 };
        draft.parts[1] = (LedgerPart){ 3, 1 };
}

static void spoil_twice(void) {
        draft.parts[1] = (LedgerPart){ 3, 2 };
}

static void spoil_sum(void) {
        draft.blocks[0].bytes = 4;
}

static void spoil_last_block(void) {
        draft.claim.n_blocks = 3;
        draft.blocks[2].bytes = 2;
}

static void spoil_n_parts(void) {
        draft.blocks[0].n_parts = NODESET_MAX + 1;
}

static void spoil_n_chunks(void) {
        draft.claim.n_chunks = LEDGER_CHUNKS_MAX + 1;
}

static void spoil_chunk(void) {
        draft.claim.n_chunks = 2;
        draft.chunks[1] = "";
}

static void spoil_long_chunk(void) {
        draft.chunks[0] = "0123456789012345678901234567890123456789012345678901234567890123";
}

static void (*const spoilers[])(void) = {
        spoil_state,      spoil_source,   spoil_qos,   spoil_local,      spoil_remote,
        spoil_n_blocks,   spoil_nodes,    spoil_node,  spoil_node_range, spoil_zero_part,
        spoil_large_part, spoil_order,    spoil_twice, spoil_sum,        spoil_last_block,
        spoil_n_parts,    spoil_n_chunks, spoil_chunk, spoil_long_chunk,
};

START_TEST(what_breaks_a_rule_is_no_claim) {
        spoilers[_i]();
        ck_assert_msg(ledger_claim_new(&draft.claim, &claim) == -EINVAL, "rule %d", _i);
        ck_assert_ptr_null(claim);
}
END_TEST

static const struct {
        const char *name;
        size_t offset;
        size_t max;
        bool may_be_empty;
} texts[] = {
        { "uid", offsetof(LedgerClaim, pod_uid), POD_UID_MAX, false },
        { "container", offsetof(LedgerClaim, container), POD_NAME_MAX, true },
        { "namespace", offsetof(LedgerClaim, namespace_name), POD_NAME_MAX, true },
        { "pod", offsetof(LedgerClaim, pod), POD_NAME_MAX, true },
        { "container id", offsetof(LedgerClaim, container_id), POD_NAME_MAX, true },
        { "reason", offsetof(LedgerClaim, reason), LEDGER_REASON_MAX, true },
};

static int make_with_text(size_t offset, const char *text) {
        claim = ledger_claim_free(claim);
        (void)memcpy((char *)&draft.claim + offset, &text, sizeof(text));
        return ledger_claim_new(&draft.claim, &claim);
}

START_TEST(texts_have_limits) {
        const size_t offset = texts[_i].offset;
        char text[512];

        memset(text, 'x', sizeof(text));
        text[texts[_i].max] = '\0';
        ck_assert_msg(make_with_text(offset, text) == -EINVAL, "%s: too long", texts[_i].name);
        text[texts[_i].max - 1] = '\0';
        ck_assert_msg(make_with_text(offset, text) == 0, "%s: longest", texts[_i].name);
        ck_assert_msg(make_with_text(offset, "") == (texts[_i].may_be_empty ? 0 : -EINVAL),
                      "%s: empty", texts[_i].name);
        ck_assert_msg(make_with_text(offset, NULL) == -EINVAL, "%s: none", texts[_i].name);
}
END_TEST

START_TEST(a_claim_is_a_copy_of_everything) {
        char uid[] = "u", chunk[] = "0-1";
        LedgerClaim *other = NULL;

        draft.claim.pod_uid = uid;
        draft.chunks[0] = chunk;
        ck_assert_int_eq(ledger_claim_new(&draft.claim, &claim), 0);
        ck_assert_uint_eq(claim->generation, 0);
        uid[0] = chunk[0] = 'z';
        draft.parts[0].bytes = 1000;
        draft.blocks[0].page_bytes = GIB;
        ck_assert_str_eq(claim->pod_uid, "u");
        ck_assert_str_eq(claim->chunks[0], "0-1");
        ck_assert_uint_eq(claim->blocks[0].parts[0].bytes, 1);
        ck_assert_uint_eq(claim->blocks[0].page_bytes, 0);
        ck_assert_int_eq(ledger_claim_new(claim, &other), 0);
        ck_assert(ledger_claim_is_equal(claim, other));
        ledger_claim_free(other);
}
END_TEST

START_TEST(sums_are_by_page_size) {
        NodeSet nodes;
        char text[NODESET_TEXT_MAX];

        draft.claim.n_blocks = 3;
        draft.blocks[2].page_bytes = 2 * MIB;
        nodeset_add(&draft.blocks[1].nodes, 1000);
        ck_assert_int_eq(ledger_claim_new(&draft.claim, &claim), 0);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), 6);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 2 * MIB), 3);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, GIB), 0);
        nodes = ledger_claim_get_nodes(claim);
        ck_assert_str_eq(nodeset_format(&nodes, text), "3,64,1000");
}
END_TEST

START_TEST(names_are_read_as_they_are_written) {
        ClaimSource source;
        ClaimState state;

        for (unsigned i = 0; i < _CLAIM_STATE_N; ++i) {
                ck_assert(claim_state_parse(claim_state_name((ClaimState)i), &state));
                ck_assert_uint_eq(state, i);
        }
        for (unsigned i = 0; i < _CLAIM_SOURCE_N; ++i) {
                ck_assert(claim_source_parse(claim_source_name((ClaimSource)i), &source));
                ck_assert_uint_eq(source, i);
        }
        ck_assert(!claim_state_parse("", &state));
        ck_assert(!claim_source_parse("Operator", &source));
        ck_assert_str_eq(claim_state_name(_CLAIM_STATE_N), "");
        ck_assert_str_eq(claim_source_name(_CLAIM_SOURCE_N), "");
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("claim");
        TCase *tcase = tcase_create("claim");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, claims_are_equal_when_all_of_them_is, 0, ELEMENTSOF(changes));
        tcase_add_loop_test(tcase, what_breaks_a_rule_is_no_claim, 0, ELEMENTSOF(spoilers));
        tcase_add_loop_test(tcase, texts_have_limits, 0, ELEMENTSOF(texts));
        tcase_add_test(tcase, a_claim_is_a_copy_of_everything);
        tcase_add_test(tcase, sums_are_by_page_size);
        tcase_add_test(tcase, names_are_read_as_they_are_written);
        suite_add_tcase(suite, tcase);
        return suite;
}
