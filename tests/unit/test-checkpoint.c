/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet's checkpoint: its three forms, damage, and what importing it changes. */
#include "lib/test-main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "ledger/checkpoint.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"

#define TABLE(total, reserved)                                                                     \
        "{\"total\":" total ",\"systemReserved\":0,\"allocatable\":" total                         \
        ",\"reserved\":" reserved ",\"free\":0}"
#define MACHINE                                                                                    \
        "\"policyName\":\"Static\",\"machineState\":{\"0\":{\"numberOfAssignments\":3,"            \
        "\"memoryMap\":{\"hugepages-2Mi\":" TABLE("8388608", "4194304") ",\"memory\":" TABLE(      \
                "10737418240",                                                                     \
                "10737418240") "},\"cells\":[0,1]},"                                               \
                               "\"1\":{\"numberOfAssignments\":1,\"memoryMap\":"                   \
                               "{\"memory\":" TABLE("10737418240",                                 \
                                                    "1073741824") ""                               \
                                                                  "},\"cells\":[0,1]}}"
#define ENTRIES                                                                                    \
        "\"entries\":{"                                                                            \
        "\"uid-b\":{\"db\":[{\"numaAffinity\":[2],\"type\":\"memory\",\"size\":4096}]},"           \
        "\"uid-a\":{"                                                                              \
        "\"web\":[{\"numaAffinity\":[0,1],\"type\":\"memory\",\"size\":11811160064},"              \
        "{\"numaAffinity\":[0,1],\"type\":\"hugepages-2Mi\",\"size\":4194304}],"                   \
        "\"init\":[{\"numaAffinity\":[0,1],\"type\":\"memory\",\"size\":0}],"                      \
        "\"shared\":[],\"shared2\":null}}"
#define POD_ENTRIES                                                                                \
        "\"podEntries\":{"                                                                         \
        "\"uid-a\":{\"memoryBlocks\":[{\"numaAffinity\":[0,1],\"type\":\"memory\","                \
        "\"size\":12884901888},{\"numaAffinity\":[0,1],\"type\":\"hugepages-2Mi\","                \
        "\"size\":4194304}]},\"uid-c\":{}}"
#define V1 "{" MACHINE "," ENTRIES ",\"checksum\":3610638499}"
#define V2 "{" MACHINE "," ENTRIES "," POD_ENTRIES ",\"checksum\":3610638499}"

static const LedgerRoomRow rows[] = {
        { .node = 0, .page_bytes = 0, .bytes = 10 * GIB },
        { .node = 0, .page_bytes = 2 * MIB, .bytes = 2 * MIB },
        { .node = 1, .page_bytes = 0, .bytes = 10 * GIB },
        { .node = 1, .page_bytes = 2 * MIB, .bytes = 8 * MIB },
        { .node = 2, .page_bytes = 0, .bytes = GIB },
};
static const LedgerRoom room = { .rows = rows, .n_rows = ELEMENTSOF(rows) };

static Checkpoint checkpoint;
static Ledger *ledger;
static LedgerChange change;
static Buffer text;
static Diag diag;

static void setup(void) {
        checkpoint = (Checkpoint){};
        change = (LedgerChange){};
        text = (Buffer){};
        diag = (Diag){};
        ledger = NULL;
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        checkpoint_deinit(&checkpoint);
        ledger_change_deinit(&change);
        buffer_deinit(&text);
        ledger = ledger_free(ledger);
}

static int parse(const char *json) {
        checkpoint_deinit(&checkpoint);
        return checkpoint_parse(json, strlen(json), &room, &checkpoint, &diag);
}

static const char *make_v3(const char *outer, const char *data) {
        buffer_deinit(&text);
        buffer_printf(&text, "{%s,\"checksum\":1,\"data\":\"", outer);
        for (; *data; ++data) {
                if (*data == '"' || *data == '\\')
                        buffer_append_char(&text, '\\');
                buffer_append_char(&text, *data);
        }
        buffer_append_text(&text, "\",\"dataChecksum\":7}");
        ck_assert_int_eq(buffer_finish(&text), 0);
        return text.data;
}

static const LedgerClaim *find(const char *uid, const char *container) {
        for (size_t i = 0; i < checkpoint.n_claims; ++i)
                if (strcmp(checkpoint.claims[i]->pod_uid, uid) == 0 &&
                    strcmp(checkpoint.claims[i]->container, container) == 0)
                        return checkpoint.claims[i];
        return NULL;
}

/* "0:10737418240 1:1073741824" */
static const char *format_parts(const LedgerClaim *claim, size_t block) {
        static char parts[256];

        parts[0] = '\0';
        for (size_t i = 0; i < claim->blocks[block].n_parts; ++i)
                (void)snprintf(parts + strlen(parts), sizeof(parts) - strlen(parts), "%s%u:%ju",
                               i > 0 ? " " : "", claim->blocks[block].parts[i].node,
                               (uintmax_t)claim->blocks[block].parts[i].bytes);
        return parts;
}

/* Reading */

START_TEST(v1_is_claims_of_containers) {
        const LedgerClaim *web;

        ck_assert_msg(parse(V1) == 0, "%s", diag.text);
        ck_assert_uint_eq(checkpoint.version, 1);
        ck_assert_str_eq(checkpoint.policy, "Static");
        ck_assert_uint_eq(checkpoint.n_claims, 3); /* not those that have nothing */
        web = find("uid-a", "web");
        ck_assert_int_eq(web->source, CLAIM_SOURCE_CHECKPOINT);
        ck_assert_int_eq(web->state, CLAIM_PENDING);
        ck_assert_int_eq(web->qos, QOS_GUARANTEED);
        ck_assert(!web->is_within_pod);
        ck_assert_uint_eq(web->n_blocks, 2);
        ck_assert_str_eq(format_parts(web, 0), "0:10737418240 1:1073741824");
        ck_assert_uint_eq(web->blocks[1].page_bytes, 2 * MIB);
        ck_assert_str_eq(format_parts(web, 1), "0:2097152 1:2097152");
        ck_assert_str_eq(format_parts(find("uid-b", "db"), 0), "2:4096");
        ck_assert_uint_eq(find("uid-a", "init")->blocks[0].n_parts, 0);
}
END_TEST

START_TEST(v2_has_pods_and_their_containers_are_shares) {
        ck_assert_msg(parse(V2) == 0, "%s", diag.text);
        ck_assert_uint_eq(checkpoint.version, 2);
        ck_assert_uint_eq(checkpoint.n_claims, 4);
        ck_assert(!find("uid-a", "")->is_within_pod);
        ck_assert_str_eq(format_parts(find("uid-a", ""), 0), "0:10737418240 1:2147483648");
        ck_assert(find("uid-a", "web")->is_within_pod);
        ck_assert_str_eq(format_parts(find("uid-a", "web"), 0), "0:10737418240 1:1073741824");
        ck_assert(!find("uid-b", "db")->is_within_pod);
}
END_TEST

START_TEST(of_v3_only_its_data_counts) {
        const char *json = make_v3(MACHINE, "{" MACHINE "," ENTRIES "," POD_ENTRIES "}");

        ck_assert_msg(parse(json) == 0, "%s", diag.text);
        ck_assert_uint_eq(checkpoint.version, 3);
        ck_assert_uint_eq(checkpoint.n_claims, 4);
        ck_assert(find("uid-a", "web")->is_within_pod);

        ck_assert_int_eq(parse(make_v3(MACHINE "," ENTRIES, "{" MACHINE "}")), 0);
        ck_assert_uint_eq(checkpoint.n_claims, 0);
}
END_TEST

START_TEST(claims_come_by_rising_key) {
        ck_assert_int_eq(parse(V2), 0);
        for (size_t i = 1; i < checkpoint.n_claims; ++i) {
                const LedgerClaim *a = checkpoint.claims[i - 1], *b = checkpoint.claims[i];
                const int by_uid = strcmp(a->pod_uid, b->pod_uid);

                ck_assert(by_uid < 0 || (by_uid == 0 && strcmp(a->container, b->container) < 0));
        }
}
END_TEST

#define BLOCK(nodes, type, size)                                                                   \
        "{\"numaAffinity\":[" nodes "],\"type\":\"" type "\",\"size\":" size "}"
#define ONE(blocks) "{\"policyName\":\"Static\",\"entries\":{\"u\":{\"c\":[" blocks "]}}}"

/* Two containers on the same nodes, and what does not fit. */
static const struct {
        const char *json;
        const char *parts;
} fillings[] = {
        { ONE(BLOCK("2", "memory", "5")), "2:5" },
        { ONE(BLOCK("1,0", "memory", "5")), "0:5" },
        { ONE(BLOCK("0,1", "memory", "32212254720")), "0:10737418240 1:21474836480" },
        { ONE(BLOCK("7,1", "memory", "10737418241")), "1:10737418240 7:1" },
        { ONE(BLOCK("5,6", "memory", "9")), "6:9" },
        { ONE(BLOCK("0,2", "hugepages-1Gi", "1073741824")), "2:1073741824" },
        { ONE(BLOCK("0,0", "memory", "3")), "0:3" },
        { ONE(BLOCK("0,1", "memory", "10737418240") "," BLOCK("0,1", "memory", "1")),
          "0:10737418240" },
};

START_TEST(blocks_lie_as_the_kubelet_fills_nodes) {
        ck_assert_msg(parse(fillings[_i].json) == 0, "%s", diag.text);
        ck_assert_str_eq(format_parts(checkpoint.claims[0], 0), fillings[_i].parts);
        ck_assert_uint_eq(checkpoint.claims[0]->n_blocks, _i == 7 ? 2 : 1);
        if (_i == 7) /* the second begins where the first ended */
                ck_assert_str_eq(format_parts(checkpoint.claims[0], 1), "1:1");
}
END_TEST

START_TEST(without_a_room_everything_lies_on_the_last_node) {
        const char *json = ONE(BLOCK("0,1", "memory", "5"));

        ck_assert_int_eq(checkpoint_parse(json, strlen(json), NULL, &checkpoint, NULL), 0);
        ck_assert_str_eq(format_parts(checkpoint.claims[0], 0), "1:5");
}
END_TEST

START_TEST(a_share_that_is_none_lies_on_its_last_node) {
        ck_assert_int_eq(
                parse("{\"policyName\":\"Static\",\"podEntries\":{\"u\":{\"memoryBlocks\":["
                      "{\"numaAffinity\":[0],\"type\":\"memory\",\"size\":5}]}},"
                      "\"entries\":{\"u\":{\"c\":[" BLOCK("0", "memory", "6") "],\"d\":[" BLOCK(
                              "0,1", "memory", "1") "]}}}"),
                0);
        ck_assert_str_eq(format_parts(find("u", "c"), 0), "0:6");
        ck_assert_str_eq(format_parts(find("u", "d"), 0), "1:1");
}
END_TEST

static const struct {
        const char *json;
        const char *text;
} damaged[] = {
        { "", "the text ends in the middle" },
        { "{", "the text ends in the middle" },
        { "[]", "is not an object" },
        { "{}", "policyName: is missing" },
        { "{\"policyName\":7}", "policyName: is not text" },
        { "{\"policyName\":\"0123456789abcdef\"}", "policyName: is too long" },
        { "{\"policyName\":\"Static\",\"entries\":[]}", "entries: is not an object" },
        { "{\"policyName\":\"Static\",\"entries\":{\"u\":[]}}", "entries.u: is not an object" },
        { "{\"policyName\":\"Static\",\"entries\":{\"u\":{\"c\":{}}}}",
          "entries.u.c: is not a list" },
        { "{\"policyName\":\"Static\",\"entries\":{\"u\":{\"\":[]}}}", "entries.u.: has no name" },
        { "{\"policyName\":\"Static\",\"entries\":{\"\":{\"c\":[" BLOCK("0", "memory", "1") "]}}}",
          "entries..c: is no claim that can be" },
        { ONE("7"), "entries.u.c[0]: is not an object" },
        { ONE("{}"), "entries.u.c[0].numaAffinity: is missing" },
        { ONE(BLOCK("", "memory", "1")), "entries.u.c[0].numaAffinity: has no NUMA node" },
        { ONE(BLOCK("-1", "memory", "1")), "entries.u.c[0].numaAffinity[0]: is out of range" },
        { ONE(BLOCK("0,1024", "memory", "1")), "entries.u.c[0].numaAffinity[1]: is out of range" },
        { ONE(BLOCK("0", "cpu", "1")), "entries.u.c[0].type: is neither memory nor hugepages" },
        { ONE(BLOCK("0", "hugepages-", "1")),
          "entries.u.c[0].type: is neither memory nor hugepages" },
        { ONE(BLOCK("0", "memory", "\"1\"")), "entries.u.c[0].size: is not a whole number" },
        { ONE(BLOCK("0", "memory", "-1")), "entries.u.c[0].size: is out of range" },
        { ONE(BLOCK("0", "memory", "18446744073709551616")),
          "entries.u.c[0].size: is out of range" },
        { ONE(BLOCK("0", "memory", "35184372088833")), "entries.u.c: is no claim that can be" },
        { ONE("{},{},{},{},{},{},{},{},{}"), "entries.u.c: has too many items" },
        { "{\"policyName\":\"Static\",\"entries\":{\"u\\n\xc3\xbc\":{\"c\":[1]}}}",
          "entries.u?\xc3\xbc.c[0]: is not an object" },
        { "{\"policyName\":\"Static\",\"podEntries\":{\"u\":[]}}",
          "podEntries.u: is not an object" },
        { "{\"policyName\":\"Static\",\"podEntries\":{\"u\":{\"memoryBlocks\":[1]}}}",
          "podEntries.u.memoryBlocks[0]: is not an object" },
        { "{\"data\":7}", "data: is not text" },
        { "{\"data\":\"{\"}", "data: the text ends in the middle" },
        { "{\"data\":\"{\\\"policyName\\\":\\\"Static\\\",\\\"entries\\\":[]}\"}",
          "data.entries: is not an object" },
        { "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "nesting too deep" },
};

START_TEST(damage_is_told_with_its_place) {
        ck_assert_msg(parse(damaged[_i].json) == CHECKPOINT_E_MALFORMED, "%s", damaged[_i].json);
        ck_assert_str_eq(diag.text, damaged[_i].text);
        ck_assert_uint_eq(checkpoint.n_claims, 0);
}
END_TEST

START_TEST(a_cut_checkpoint_is_damaged_and_a_flipped_one_never_kills) {
        char json[] = V2;
        const size_t n = strlen(json);

        for (size_t i = 0; i < n; ++i)
                ck_assert_int_eq(checkpoint_parse(json, i, &room, &checkpoint, &diag),
                                 CHECKPOINT_E_MALFORMED);
        for (size_t i = 0; i < n * 8; ++i) {
                int r;

                json[i / 8] ^= (char)(1 << i % 8);
                r = checkpoint_parse(json, n, &room, &checkpoint, &diag);
                ck_assert_msg(r == 0 || r == CHECKPOINT_E_MALFORMED, "bit %zu", i);
                checkpoint_deinit(&checkpoint);
                json[i / 8] ^= (char)(1 << i % 8);
        }
}
END_TEST

START_TEST(more_than_a_kubelet_writes_is_refused) {
        buffer_append_text(&text, "{\"policyName\":\"Static\",\"more\":[{}");
        for (unsigned i = 0; i < 262144; ++i)
                buffer_append_text(&text, ",{}");
        buffer_append_text(&text, "]}");
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_int_eq(parse(text.data), CHECKPOINT_E_MALFORMED);
        ck_assert_str_eq(diag.text, "there is more in it than is read");
}
END_TEST

START_TEST(more_claims_than_a_ledger_can_hold_are_refused) {
        buffer_append_text(&text, "{\"policyName\":\"Static\",\"entries\":{\"u\":{");
        for (unsigned i = 0; i <= LEDGER_CLAIMS_MAX; ++i)
                buffer_printf(&text, "%s\"c%u\":[" BLOCK("0", "memory", "1") "]", i > 0 ? "," : "",
                              i);
        buffer_append_text(&text, "}}}");
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_int_eq(parse(text.data), CHECKPOINT_E_MALFORMED);
        ck_assert_str_eq(diag.text, "entries.u.c8192: is one claim too many");
}
END_TEST

START_TEST(parsing_without_memory_gives_nothing) {
        const char *json = make_v3(MACHINE, "{" MACHINE "," ENTRIES "," POD_ENTRIES "}");
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = checkpoint_parse(json, strlen(json), &room, &checkpoint, &diag);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_uint_eq(checkpoint.n_claims, 0);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 12);
}
END_TEST

/* Files */

static const struct {
        const char *content; /* NULL: a folder */
        int expected;
        const char *problem;
} files[] = {
        { V1, 0, NULL },
        { NULL, CHECKPOINT_E_MALFORMED, "/state: cannot be read: Is a directory" },
        { "{\"policyName\":7}", CHECKPOINT_E_MALFORMED, "/state: policyName: is not text" },
};

START_TEST(a_file_is_read_below_the_root) {
        Folder folder = folder_new();
        Root root = ROOT_NULL;
        char formatted[DIAG_FORMATTED_MAX];

        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(checkpoint_read(&root, "/state", &room, &checkpoint, &diag),
                         CHECKPOINT_E_ABSENT);
        if (files[_i].content)
                folder_write(&folder, "state", files[_i].content);
        else
                folder_make(&folder, "state");
        ck_assert_int_eq(checkpoint_read(&root, "/state", &room, &checkpoint, &diag),
                         files[_i].expected);
        if (files[_i].problem)
                ck_assert_str_eq(diag_format(&diag, formatted), files[_i].problem);
        else
                ck_assert_str_eq(diag.source, "");
        root_deinit(&root);
        folder_remove(&folder);
}
END_TEST

/* Planning */

static void plan(void) {
        ledger_change_deinit(&change);
        ck_assert_int_eq(checkpoint_plan(&checkpoint, ledger, &change), 0);
}

/* Imports @json, until nothing is left to do. Return: changes that it took. */
static unsigned import(const char *json) {
        unsigned n = 0;

        ck_assert_msg(parse(json) == 0, "%s", diag.text);
        for (plan(); change.n_puts + change.n_drops > 0; plan()) {
                ck_assert_uint_le(change.n_puts, CHECKPOINT_PLAN_MAX);
                ck_assert_uint_le(change.n_drops, CHECKPOINT_PLAN_MAX);
                ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
                ck_assert_uint_lt(++n, 1000);
        }
        ck_assert(ledger_check(ledger));
        return n;
}

static void apply_claim(LedgerClaim *claim) {
        LedgerChange put = {};

        claims_put(&put, claim);
        ck_assert_int_eq(ledger_apply(ledger, &put, NULL, NULL, NULL), 0);
}

static uint64_t get_claimed(void) {
        uint64_t bytes = 0;

        for (unsigned node = 0; node < 8; ++node)
                bytes += ledger_get_claimed(ledger, node, 0);
        return bytes;
}

START_TEST(importing_again_changes_nothing) {
        ck_assert_uint_eq(import(V2), 1);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 4);
        ck_assert_uint_eq(import(V2), 0);
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
}
END_TEST

START_TEST(what_is_no_longer_in_it_is_dropped) {
        (void)import(V2);
        apply_claim(claims_make("uid-z", "c", 0, 5)); /* not from a checkpoint */
        (void)import(ONE(BLOCK("0", "memory", "7")));
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 2);
        ck_assert_uint_eq(get_claimed(), 12);
}
END_TEST

START_TEST(what_the_ledger_knows_stays_what_it_is) {
        apply_claim(claims_make("u", "c", 3, 5));
        ck_assert_uint_eq(import(ONE(BLOCK("0", "memory", "7"))), 0);
        ck_assert_int_eq(ledger_find(ledger, "u", "c")->source, CLAIM_SOURCE_MEMORY_MANAGER);
        ck_assert_uint_eq(get_claimed(), 5);
}
END_TEST

START_TEST(blocks_follow_the_checkpoint_and_the_rest_of_the_claim_stays) {
        const LedgerClaim *claim;
        LedgerClaim known, *copy;

        (void)import(ONE(BLOCK("0", "memory", "7")));
        known = *ledger_find(ledger, "u", "c");
        known.container_id = "containerd://1";
        known.pod = "web";
        known.state = CLAIM_RELEASING;
        ck_assert_int_eq(ledger_claim_new(&known, &copy), 0);
        apply_claim(copy);
        ck_assert_uint_eq(import(ONE(BLOCK("0", "memory", "7"))), 0);
        ck_assert_uint_eq(import(ONE(BLOCK("1", "memory", "8"))), 1);
        claim = ledger_find(ledger, "u", "c");
        ck_assert_str_eq(claim->container_id, "containerd://1");
        ck_assert_int_eq(claim->state, CLAIM_RELEASING);
        ck_assert_str_eq(format_parts(claim, 0), "1:8");
}
END_TEST

START_TEST(a_pod_that_somebody_claimed_whole_is_counted_once) {
        apply_claim(claims_make("uid-a", "", 0, 12 * GIB));
        (void)import(V1);
        ck_assert(ledger_find(ledger, "uid-a", "web")->is_within_pod);
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
        ledger_change_deinit(&change);
        (void)import(V2);
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
}
END_TEST

START_TEST(a_container_that_somebody_claimed_by_itself_is_counted_once) {
        LedgerChange drop = {};

        apply_claim(claims_make("uid-a", "web", 0, 11 * GIB));
        (void)import(V2);
        ck_assert_ptr_null(ledger_find(ledger, "uid-a", ""));
        ck_assert(!ledger_find(ledger, "uid-a", "init")->is_within_pod);
        ck_assert_uint_eq(get_claimed(), 11 * GIB + 4096);

        claims_drop(&drop, "uid-a", "web"); /* then the pod is a whole again */
        ck_assert_int_eq(ledger_apply(ledger, &drop, NULL, NULL, NULL), 0);
        (void)import(V2);
        ck_assert(ledger_find(ledger, "uid-a", "web")->is_within_pod);
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
        apply_claim(claims_make("uid-a", "web", 0, 11 * GIB)); /* and divided again */
        (void)import(V2);
        ck_assert_ptr_null(ledger_find(ledger, "uid-a", ""));
        ck_assert_uint_eq(get_claimed(), 11 * GIB + 4096);
}
END_TEST

START_TEST(a_share_of_somebody_elses_divides_no_pod) {
        LedgerClaim *share = claims_make("uid-a", "web", 0, GIB);

        share->is_within_pod = true;
        apply_claim(share);
        (void)import(V2);
        ck_assert_ptr_nonnull(ledger_find(ledger, "uid-a", ""));
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
}
END_TEST

START_TEST(what_was_observed_of_a_pod_makes_way) {
        apply_claim(claims_make_observed("u", 0, 10));
        apply_claim(claims_make_observed("v", 0, 5));
        ck_assert_uint_eq(import(ONE(BLOCK("0", "memory", "7"))), 1);
        ck_assert(!ledger_find(ledger, "u", "c")->is_within_pod);
        ck_assert_uint_eq(ledger_find_observed(ledger, "u")->blocks[0].bytes, 3);
        ck_assert_uint_eq(ledger_find_observed(ledger, "v")->blocks[0].bytes, 5);
        ck_assert_uint_eq(get_claimed(), 15);
        ck_assert_uint_eq(import(ONE(BLOCK("0", "memory", "7"))), 0);
        ck_assert_uint_eq(import("{\"policyName\":\"None\"}"), 1);
        ck_assert_uint_eq(get_claimed(), 8); /* what is observed is no claim of a checkpoint */
}
END_TEST

START_TEST(an_observed_pod_that_was_promised_whole_is_counted_once) {
        const LedgerClaim *claim;

        apply_claim(claims_make_observed("uid-a", 0, 10 * GIB));
        (void)import(V2);
        claim = ledger_find(ledger, "uid-a", "");
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_CHECKPOINT);
        ck_assert_int_eq(claim->state, CLAIM_PENDING);
        ck_assert_str_eq(claim->pod, "web"); /* a checkpoint has no names */
        ck_assert(ledger_find(ledger, "uid-a", "web")->is_within_pod);
        ck_assert_uint_eq(get_claimed(), 12 * GIB + 4096);
}
END_TEST

START_TEST(a_large_import_takes_several_changes) {
        const unsigned n = 3 * CHECKPOINT_PLAN_MAX - 1;

        buffer_append_text(&text, "{\"policyName\":\"Static\",\"entries\":{\"u\":{");
        for (unsigned i = 0; i < n; ++i)
                buffer_printf(&text, "%s\"c%u\":[" BLOCK("0", "memory", "1") "]", i > 0 ? "," : "",
                              i);
        buffer_append_text(&text, "}}}");
        ck_assert_int_eq(buffer_finish(&text), 0);
        ck_assert_uint_eq(import(text.data), 3);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), n);
        ck_assert_uint_eq(import("{\"policyName\":\"None\"}"), 3);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(planning_without_memory_gives_nothing) {
        unsigned n = 0;
        int r;

        (void)import(ONE(BLOCK("0", "memory", "7")));
        ck_assert_int_eq(parse(V2), 0);
        do {
                failmalloc_arm(n++);
                r = checkpoint_plan(&checkpoint, ledger, &change);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(change.n_puts, 4);
        ck_assert_uint_eq(change.n_drops, 1);
        ck_assert_uint_ge(n, 9);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("checkpoint");
        TCase *t = tcase_create("parse");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, v1_is_claims_of_containers);
        tcase_add_test(t, v2_has_pods_and_their_containers_are_shares);
        tcase_add_test(t, of_v3_only_its_data_counts);
        tcase_add_test(t, claims_come_by_rising_key);
        tcase_add_loop_test(t, blocks_lie_as_the_kubelet_fills_nodes, 0, ELEMENTSOF(fillings));
        tcase_add_test(t, without_a_room_everything_lies_on_the_last_node);
        tcase_add_test(t, a_share_that_is_none_lies_on_its_last_node);
        tcase_add_loop_test(t, damage_is_told_with_its_place, 0, ELEMENTSOF(damaged));
        tcase_add_test(t, a_cut_checkpoint_is_damaged_and_a_flipped_one_never_kills);
        tcase_add_test(t, more_than_a_kubelet_writes_is_refused);
        tcase_add_test(t, more_claims_than_a_ledger_can_hold_are_refused);
        tcase_add_test(t, parsing_without_memory_gives_nothing);
        tcase_add_loop_test(t, a_file_is_read_below_the_root, 0, ELEMENTSOF(files));
        suite_add_tcase(s, t);

        t = tcase_create("plan");
        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, importing_again_changes_nothing);
        tcase_add_test(t, what_is_no_longer_in_it_is_dropped);
        tcase_add_test(t, what_the_ledger_knows_stays_what_it_is);
        tcase_add_test(t, blocks_follow_the_checkpoint_and_the_rest_of_the_claim_stays);
        tcase_add_test(t, a_pod_that_somebody_claimed_whole_is_counted_once);
        tcase_add_test(t, a_container_that_somebody_claimed_by_itself_is_counted_once);
        tcase_add_test(t, a_share_of_somebody_elses_divides_no_pod);
        tcase_add_test(t, what_was_observed_of_a_pod_makes_way);
        tcase_add_test(t, an_observed_pod_that_was_promised_whole_is_counted_once);
        tcase_add_test(t, a_large_import_takes_several_changes);
        tcase_add_test(t, planning_without_memory_gives_nothing);
        suite_add_tcase(s, t);
        return s;
}
