/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers' splits are held, and by which means; and what the kernel says is free. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/pods-bed.h"
#include "lib/test-main.h"
#include "manager/enforce-follow.h"
#include "manager/enforce-sample.h"

#define POD   "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"
#define ID    "0000000000000000000000000000000000000000000000000000000000000001"

static PodsBed bed;
static Ledger *ledger;
static EnforceWanted *wanted;
static size_t n_wanted;

static const Split divided = { { GIB, 2 * GIB }, { GIB, GIB } };

static void setup(void) {
        bed = (PodsBed){};
        wanted = NULL;
        ck_assert_int_eq(ledger_new(&ledger), 0);
        pods_bed_new_tree(&bed);
        pods_bed_new_report(&bed);
}

static void teardown(void) {
        free(wanted);
        ledger = ledger_free(ledger);
        pods_bed_deinit(&bed);
}

static void put(LedgerClaim *claim) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};

        claims_put(&change, claim);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

static LedgerClaim *make(const char *uid, const char *container, const Split *split) {
        LedgerClaim *claim = claims_make(uid, container, 0, GIB);

        claim->split = *split;
        return claim;
}

static void list(void) {
        free(wanted);
        ck_assert_int_eq(enforce_list_wanted(ledger, pods_bed_join(&bed), &wanted, &n_wanted), 0);
}

/* Which claims */

static const struct {
        const char *what;
        Split split;
        ClaimState state;
        ClaimSource source;
        bool is_held;
} claims[] = {
        { "a split",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_ACTIVE,
          CLAIM_SOURCE_DEVICE_PLUGIN,
          true },
        { "one that is pending",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_PENDING,
          CLAIM_SOURCE_MEMORY_MANAGER,
          true },
        { "one of before the boot",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_UNCONFIRMED,
          CLAIM_SOURCE_OPERATOR,
          true },
        { "remote memory without a ceiling of local memory",
          { { GIB, SPLIT_UNLIMITED }, { 0, GIB } },
          CLAIM_ACTIVE,
          CLAIM_SOURCE_OPERATOR,
          true },
        { "local memory alone, with a ceiling",
          { { GIB, 2 * GIB }, { 0, 0 } },
          CLAIM_ACTIVE,
          CLAIM_SOURCE_OPERATOR,
          true },
        { "plain memory", { { 0, 0 }, { 0, 0 } }, CLAIM_ACTIVE, CLAIM_SOURCE_CHECKPOINT, false },
        { "local memory without a ceiling",
          { { GIB, SPLIT_UNLIMITED }, { 0, 0 } },
          CLAIM_ACTIVE,
          CLAIM_SOURCE_OPERATOR,
          false },
        { "one that is given up",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_RELEASING,
          CLAIM_SOURCE_OPERATOR,
          false },
        { "one that cannot be met",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_INVALID,
          CLAIM_SOURCE_OPERATOR,
          false },
        { "what is only seen",
          { { GIB, 2 * GIB }, { GIB, GIB } },
          CLAIM_OBSERVED,
          CLAIM_SOURCE_OBSERVED,
          false },
};

START_TEST(promises_with_a_split_are_held_and_nothing_else) {
        LedgerClaim *claim = make(POD, "app", &claims[_i].split);

        claim->state = claims[_i].state;
        claim->source = claims[_i].source;
        ck_assert_msg(enforce_is_held(claim) == claims[_i].is_held, "%s", claims[_i].what);
        ledger_claim_free(claim);
}
END_TEST

/* Which cgroup */

START_TEST(a_container_is_found_by_the_name_that_the_report_has) {
        TreePod *tree = pods_bed_cgroup(&bed, POD, true);
        const TreeContainer *leaf = pods_bed_leaf(tree, ID, GIB);
        ReportPod *pod = pods_bed_pod(&bed, POD);

        (void)leaf;
        (void)pods_bed_container(pod, "app", ID, REPORT_RUNNING);
        put(make(POD, "app", &divided));
        put(make(POD, "gone", &divided));
        put(make(OTHER, "app", &divided));
        list();
        ck_assert_uint_eq(n_wanted, 1);
        ck_assert_str_eq(wanted[0].claim->container, "app");
        ck_assert_str_eq(wanted[0].container_id, ID);
        ck_assert_ptr_nonnull(strstr(wanted[0].path, ID));
        ck_assert(!wanted[0].asked.is_asked);
}
END_TEST

START_TEST(without_a_report_it_is_found_by_the_id_of_the_claim) {
        TreePod *tree = pods_bed_cgroup(&bed, POD, true);
        LedgerClaim *claim = make(POD, "app", &divided), *known;

        (void)pods_bed_leaf(tree, ID, GIB);
        pods_bed_no_report(&bed);
        claim->container_id = ID;
        ck_assert_int_eq(ledger_claim_new(claim, &known), 0);
        claim->container_id = "";
        ledger_claim_free(claim);
        put(known);
        list();
        ck_assert_uint_eq(n_wanted, 1);
        ck_assert_ptr_nonnull(strstr(wanted[0].path, ID));
}
END_TEST

START_TEST(a_share_is_held_with_its_pod) {
        TreePod *tree = pods_bed_cgroup(&bed, POD, true);
        ReportPod *pod = pods_bed_pod(&bed, POD);
        LedgerClaim *share = make(POD, "app", &divided);

        (void)pods_bed_leaf(tree, ID, GIB);
        (void)pods_bed_container(pod, "app", ID, REPORT_RUNNING);
        share->is_within_pod = true;
        put(make(POD, "", &divided));
        put(share);
        list();
        ck_assert_uint_eq(n_wanted, 1);
        ck_assert_str_eq(wanted[0].claim->container, "");
        ck_assert_str_eq(wanted[0].container_id, "");
        ck_assert_ptr_null(strstr(wanted[0].path, ID));
}
END_TEST

/* By which means */

static const struct {
        PodAnnotation annotations[2];
        bool is_asked, is_unknown;
        EnforceBackend backend;
} annotated[] = {
        { { { "memory.sluglab.io/pod", "local=1Gi" } }, false, false, 0 },
        { { { SPLIT_ANNOTATION_ENFORCE, "migrate" } }, true, false, ENFORCE_MIGRATE },
        { { { SPLIT_ANNOTATION_ENFORCE, "migrate" },
            { SPLIT_ANNOTATION_ENFORCE_CONTAINER "app", "observe" } },
          true,
          false,
          ENFORCE_OBSERVE },
        { { { SPLIT_ANNOTATION_ENFORCE, "migrate" },
            { SPLIT_ANNOTATION_ENFORCE_CONTAINER "app", "auto" } },
          false,
          false,
          0 },
        { { { SPLIT_ANNOTATION_ENFORCE_CONTAINER "ap", "observe" } }, false, false, 0 },
        { { { SPLIT_ANNOTATION_ENFORCE, "memory.high" } }, false, true, 0 },
        { { { SPLIT_ANNOTATION_ENFORCE, "" } }, false, true, 0 },
};

START_TEST(a_pod_says_by_which_means) {
        ReportPod pod = { .annotations = (PodAnnotation *)annotated[_i].annotations,
                          .n_annotations = annotated[_i].annotations[1].name ? 2 : 1 };
        const BackendAsked asked = enforce_read_annotations(&pod, "app");

        ck_assert(asked.is_asked == annotated[_i].is_asked);
        ck_assert(asked.is_unknown == annotated[_i].is_unknown);
        if (asked.is_asked)
                ck_assert_int_eq(asked.backend, annotated[_i].backend);
        ck_assert(!enforce_read_annotations(NULL, "app").is_asked);
}
END_TEST

static const BackendAsked nothing = {}, migrate = { true, ENFORCE_MIGRATE, false },
                          damos = { true, ENFORCE_DAMOS, false };

static const struct {
        unsigned usable; /* a bit each */
        const BackendAsked *by_pod;
        ConfigBackend configured;
        EnforceBackend backend;
        const char *reason;
} choices[] = {
        { 1 << ENFORCE_RECLAIM | 1 << ENFORCE_MIGRATE, &nothing, CONFIG_BACKEND_AUTO,
          ENFORCE_RECLAIM, "of reclaim" },
        { 1 << ENFORCE_MIGRATE | 1 << ENFORCE_DAMOS, &nothing, CONFIG_BACKEND_AUTO, ENFORCE_DAMOS,
          "of damos" },
        { 1 << ENFORCE_MIGRATE, &nothing, CONFIG_BACKEND_AUTO, ENFORCE_MIGRATE, "of migrate" },
        { 0, &nothing, CONFIG_BACKEND_AUTO, ENFORCE_OBSERVE,
          "nothing else can be used here: of migrate" },
        { 1 << ENFORCE_RECLAIM | 1 << ENFORCE_MIGRATE, &nothing, CONFIG_BACKEND_MIGRATE,
          ENFORCE_MIGRATE, "enforce.backend says so" },
        { 1 << ENFORCE_RECLAIM, &nothing, CONFIG_BACKEND_OBSERVE, ENFORCE_OBSERVE,
          "enforce.backend says so" },
        { 1 << ENFORCE_RECLAIM, &nothing, CONFIG_BACKEND_NODE_LIMIT, ENFORCE_OBSERVE,
          "enforce.backend says node_limit, and of node_limit" },
        { 1 << ENFORCE_RECLAIM | 1 << ENFORCE_MIGRATE, &migrate, CONFIG_BACKEND_OBSERVE,
          ENFORCE_MIGRATE, "the pod's annotation says so" },
        { 1 << ENFORCE_RECLAIM | 1 << ENFORCE_MIGRATE, &damos, CONFIG_BACKEND_AUTO, ENFORCE_OBSERVE,
          "the pod's annotation says damos, and of damos" },
};

START_TEST(the_pods_word_goes_before_the_configurations_and_that_before_the_best) {
        EnforceBackendStatus backends[_ENFORCE_BACKEND_N] = {};
        EnforceChoice choice;

        for (EnforceBackend i = 0; i < _ENFORCE_BACKEND_N; ++i) {
                backends[i].is_usable = choices[_i].usable >> i & 1;
                (void)snprintf(backends[i].reason, sizeof(backends[i].reason), "of %s",
                               enforce_backend_name(i));
        }
        enforce_choose(backends, choices[_i].by_pod, choices[_i].configured, &choice);
        ck_assert_int_eq(choice.backend, choices[_i].backend);
        ck_assert_str_eq(choice.reason, choices[_i].reason);
}
END_TEST

/* What is free */

#define ZONE(node, name, free, low)                                                                \
        "Node " node ", zone " name "\n"                                                           \
        "  pages free     " free "\n"                                                              \
        "        boost    0\n"                                                                     \
        "        min      1\n"                                                                     \
        "        low      " low "\n"                                                               \
        "        high     9999\n"                                                                  \
        "  pagesets\n"                                                                             \
        "    cpu: 0\n"                                                                             \
        "              count:    1\n"                                                              \
        "              high:     2\n"

static const struct {
        const char *text;
        unsigned node;
        uint64_t pages;
} zones[] = {
        { ZONE("0", "  Normal", "100", "30"), 0, 70 },
        { ZONE("0", "     DMA", "10", "3") ZONE("0", "  Normal", "100", "30"), 0, 77 },
        { ZONE("0", "     DMA", "10", "30") ZONE("0", "  Normal", "100", "30"), 0, 70 },
        { ZONE("0", "  Normal", "9", "0") ZONE("2", " Movable", "100", "30"), 2, 70 },
        { ZONE("0", "  Normal", "9", "0") ZONE("2", " Movable", "100", "30"), 1, 0 },
        { ZONE("1024", "  Normal", "100", "30"), 1023, 0 },
        { ZONE("0", "  Normal", "x", "30"), 0, 0 },
        { "Node 0, zone Normal\n  pages free 100\n", 0, 0 },
        { "  pages free 100\n        low 1\n", 0, 0 },
        { "Node 0, zone Normal\n  pages free 18446744073709551615\n        low 1\n", 0, 0 },
        { "", 0, 0 },
};

START_TEST(what_is_free_is_above_the_low_watermark) {
        static EnforceFree free_bytes;

        memset(&free_bytes, 0xff, sizeof(free_bytes));
        enforce_parse_zoneinfo(scan_init(zones[_i].text, strlen(zones[_i].text)), 4096,
                               &free_bytes);
        ck_assert_uint_eq(free_bytes.bytes[zones[_i].node], zones[_i].pages * 4096);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-follow");
        TCase *tcase = tcase_create("enforce-follow");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, promises_with_a_split_are_held_and_nothing_else, 0,
                            ELEMENTSOF(claims));
        tcase_add_test(tcase, a_container_is_found_by_the_name_that_the_report_has);
        tcase_add_test(tcase, without_a_report_it_is_found_by_the_id_of_the_claim);
        tcase_add_test(tcase, a_share_is_held_with_its_pod);
        tcase_add_loop_test(tcase, a_pod_says_by_which_means, 0, ELEMENTSOF(annotated));
        tcase_add_loop_test(tcase,
                            the_pods_word_goes_before_the_configurations_and_that_before_the_best,
                            0, ELEMENTSOF(choices));
        tcase_add_loop_test(tcase, what_is_free_is_above_the_low_watermark, 0, ELEMENTSOF(zones));
        suite_add_tcase(suite, tcase);
        return suite;
}
