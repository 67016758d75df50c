/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "lib/claims.h"
#include "lib/pods-bed.h"
#include "pods/reconcile.h"

#define TIMEOUT_USEC 1000u

static const LedgerRoomRow rows[] = { { 0, 0, 64 * GIB }, { 1, 0, 64 * GIB }, { 2, 0, 128 * GIB } };

static Ledger *ledger;
static ReconcileMemory *memory;
static PodsBed bed;
static SizePlace place;
static uint64_t now_usec;
static char said[8192];
static bool is_cut; /* the last plan was */

static void setup(void) {
        ledger = NULL;
        memory = NULL;
        bed = (PodsBed){};
        now_usec = 1;
        place = (SizePlace){ .room = { rows, ELEMENTSOF(rows) } };
        nodeset_add(&place.local, 0);
        nodeset_add(&place.local, 1);
        nodeset_add(&place.remote, 2);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(reconcile_memory_new(&memory), 0);
        pods_bed_new_tree(&bed);
}

static void teardown(void) {
        ledger = ledger_free(ledger);
        memory = reconcile_memory_free(memory);
        pods_bed_deinit(&bed);
}

/* Claims */

static void apply(LedgerChange *change) {
        ck_assert_int_eq(ledger_apply(ledger, change, NULL, NULL, NULL), 0);
        ck_assert(ledger_check(ledger));
}

/* Taken. */
static void put(LedgerClaim *claim) {
        LedgerChange change = {};

        claims_put(&change, claim);
        apply(&change);
}

static void put_claim(const char *uid, const char *container, ClaimState state, uint64_t bytes) {
        LedgerClaim *claim = claims_make(uid, container, 0, bytes);

        claim->state = state;
        put(claim);
}

/* With bytes on NUMA nodes 0 (local) and 2 (remote), and chunks; as a device plugin has it. */
static void
put_split(const char *uid, uint64_t local, uint64_t remote, const char *const *chunks, size_t n) {
        const LedgerPart parts[] = { { 0, local }, { 2, remote } };
        LedgerBlock blocks[] = {
                { .bytes = local, .parts = &parts[0], .n_parts = local > 0 },
                { .bytes = remote, .parts = &parts[1], .n_parts = 1 },
        };
        LedgerClaim *base = claims_make(uid, "c", 0, 1), copy = *base, *claim = NULL;

        nodeset_add(&blocks[0].nodes, 0);
        nodeset_add(&blocks[1].nodes, 2);
        copy.split = (Split){ { local, 2 * local }, { remote, remote } };
        copy.blocks = blocks;
        copy.n_blocks = 2;
        copy.chunks = chunks;
        copy.n_chunks = n;
        ck_assert_int_eq(ledger_claim_new(&copy, &claim), 0);
        ledger_claim_free(base);
        put(claim);
}

/* Nobody's, and of generation 1. */
static void put_other(void) {
        LedgerClaim *claim = claims_make("other", "", 1, MIB);

        claim->source = CLAIM_SOURCE_OPERATOR;
        put(claim);
}

static const LedgerClaim *find(const char *uid, const char *container) {
        return ledger_find(ledger, uid, container);
}

/* Looks */

static void say(const ReconcilePlan *plan) {
        size_t n = 0;

        said[0] = '\0';
        for (size_t i = 0; i < plan->n_notes && n < sizeof(said); ++i)
                n += (size_t)snprintf(said + n, sizeof(said) - n, "%s%s %s/%s", n > 0 ? ", " : "",
                                      reconcile_act_name(plan->notes[i].act),
                                      plan->notes[i].key.pod_uid, plan->notes[i].key.container);
}

static bool plan_and_apply(bool is_same) {
        const ReconcileParams params = {
                .ledger = ledger,
                .inventory = pods_bed_join(&bed),
                .place = place,
                .now_usec = now_usec,
                .wall_usec = 5,
                .pending_timeout_usec = TIMEOUT_USEC,
        };
        ReconcilePlan plan = {};
        bool is_incomplete;

        ck_assert_int_eq(reconcile(&params, memory, is_same, &plan), 0);
        say(&plan);
        is_incomplete = plan.is_incomplete;
        is_cut = plan.is_cut;
        apply(&plan.change);
        reconcile_plan_deinit(&plan);
        return is_incomplete;
}

/* What the look says. */
static const char *look(void) {
        ck_assert(!plan_and_apply(false));
        return said;
}

/* The same pods in another tree, and nothing to be said. */
static const char *look_again(void) {
        bed.tree.usec = ++bed.now_usec;
        return look();
}

static void expect_nothing_more(void) {
        const uint64_t generation = ledger_get_generation(ledger);

        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_get_generation(ledger), generation);
}

/* Who is gone */

typedef enum TreeHas { POPULATED, EMPTY, NO_CGROUP, NOTHING_KNOWN } TreeHas;
typedef enum ReportHas {
        NO_REPORT,
        RUNNING,       /* older than the tree */
        RUNNING_SINCE, /* younger */
        WAITING,
        FINISHED,
        ENDED_LISTED, /* as kubelets before 1.34 do */
        ABSENT,
        ABSENT_UNSETTLED,
        ABSENT_PARTIAL,
        ABSENT_SIZELESS,  /* what tells sizes alone could not be read */
        ABSENT_UNKNOWING, /* made before the claim was */
        ABSENT_DEAF,      /* has not heard of any generation */
        ABSENT_RUNTIME,   /* nobody asked the kubelet */
} ReportHas;
typedef enum Outcome { HELD, GONE, ACTIVE } Outcome;

typedef struct EvidenceRow {
        ClaimState state;
        TreeHas tree;
        ReportHas report;
        Outcome outcome;
} EvidenceRow;

static const EvidenceRow evidence_rows[] = {
        { CLAIM_ACTIVE, POPULATED, NO_REPORT, HELD },
        { CLAIM_ACTIVE, POPULATED, ABSENT, HELD },
        { CLAIM_ACTIVE, POPULATED, FINISHED, HELD },
        { CLAIM_ACTIVE, EMPTY, NO_REPORT, HELD },
        { CLAIM_ACTIVE, EMPTY, RUNNING, ACTIVE },
        { CLAIM_ACTIVE, EMPTY, FINISHED, GONE },
        { CLAIM_ACTIVE, EMPTY, ENDED_LISTED, GONE },
        { CLAIM_ACTIVE, EMPTY, ABSENT, GONE },
        { CLAIM_ACTIVE, EMPTY, ABSENT_UNSETTLED, HELD },
        { CLAIM_ACTIVE, EMPTY, ABSENT_PARTIAL, HELD },
        { CLAIM_ACTIVE, EMPTY, ABSENT_SIZELESS, GONE },
        { CLAIM_ACTIVE, EMPTY, ABSENT_UNKNOWING, HELD },
        { CLAIM_ACTIVE, NO_CGROUP, NO_REPORT, GONE },
        { CLAIM_ACTIVE, NO_CGROUP, RUNNING, GONE },
        { CLAIM_ACTIVE, NO_CGROUP, RUNNING_SINCE, ACTIVE },
        { CLAIM_ACTIVE, NO_CGROUP, WAITING, GONE },
        { CLAIM_ACTIVE, NO_CGROUP, ENDED_LISTED, GONE },
        { CLAIM_ACTIVE, NO_CGROUP, ABSENT_UNSETTLED, GONE },
        { CLAIM_ACTIVE, NOTHING_KNOWN, NO_REPORT, HELD },
        { CLAIM_ACTIVE, NOTHING_KNOWN, RUNNING, ACTIVE },
        { CLAIM_ACTIVE, NOTHING_KNOWN, FINISHED, GONE },
        { CLAIM_ACTIVE, NOTHING_KNOWN, ABSENT, GONE },
        { CLAIM_ACTIVE, NOTHING_KNOWN, ABSENT_RUNTIME, GONE },
        { CLAIM_ACTIVE, NOTHING_KNOWN, ABSENT_DEAF, HELD },
        { CLAIM_ACTIVE, NOTHING_KNOWN, ABSENT_PARTIAL, HELD },
        { CLAIM_PENDING, POPULATED, NO_REPORT, HELD },
        { CLAIM_PENDING, POPULATED, RUNNING, ACTIVE },
        { CLAIM_PENDING, EMPTY, ABSENT, HELD },
        { CLAIM_PENDING, EMPTY, FINISHED, GONE },
        { CLAIM_PENDING, NO_CGROUP, NO_REPORT, HELD },
        { CLAIM_PENDING, NO_CGROUP, WAITING, HELD },
        { CLAIM_PENDING, NO_CGROUP, RUNNING, GONE },
        { CLAIM_PENDING, NO_CGROUP, RUNNING_SINCE, ACTIVE },
        { CLAIM_PENDING, NO_CGROUP, FINISHED, GONE },
        { CLAIM_PENDING, NO_CGROUP, ABSENT, GONE },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_RUNTIME, HELD },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_UNSETTLED, HELD },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_PARTIAL, HELD },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_SIZELESS, GONE },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_UNKNOWING, HELD },
        { CLAIM_PENDING, NO_CGROUP, ABSENT_DEAF, HELD },
        { CLAIM_PENDING, NOTHING_KNOWN, ABSENT, GONE },
        { CLAIM_UNCONFIRMED, NO_CGROUP, NO_REPORT, HELD },
        { CLAIM_UNCONFIRMED, NO_CGROUP, ABSENT_UNSETTLED, HELD },
        { CLAIM_UNCONFIRMED, NO_CGROUP, ABSENT, GONE },
        { CLAIM_UNCONFIRMED, NO_CGROUP, ABSENT_RUNTIME, GONE },
        { CLAIM_UNCONFIRMED, NO_CGROUP, FINISHED, GONE },
        { CLAIM_UNCONFIRMED, NO_CGROUP, WAITING, HELD },
        { CLAIM_UNCONFIRMED, NO_CGROUP, ENDED_LISTED, HELD },
        { CLAIM_UNCONFIRMED, POPULATED, RUNNING, ACTIVE },
        { CLAIM_UNCONFIRMED, POPULATED, ABSENT, HELD },
        { CLAIM_UNCONFIRMED, EMPTY, ABSENT, HELD },
        { CLAIM_UNCONFIRMED, EMPTY, FINISHED, GONE },
        { CLAIM_INVALID, POPULATED, ABSENT, HELD },
        { CLAIM_INVALID, NO_CGROUP, WAITING, HELD },
        { CLAIM_INVALID, NO_CGROUP, ABSENT, GONE },
        { CLAIM_RELEASING, POPULATED, ABSENT, HELD },
        { CLAIM_RELEASING, EMPTY, RUNNING, GONE },
        { CLAIM_RELEASING, NO_CGROUP, RUNNING, GONE },
        { CLAIM_RELEASING, NOTHING_KNOWN, NO_REPORT, HELD },
        { CLAIM_RELEASING, NOTHING_KNOWN, ABSENT, GONE },
};

static void make_tree(TreeHas has) {
        pods_bed_new_tree(&bed);
        if (has == POPULATED || has == EMPTY)
                pods_bed_leaf(pods_bed_cgroup(&bed, "u", has == POPULATED), "id", GIB);
        bed.tree.is_complete = has != NOTHING_KNOWN;
}

static void make_pod(ReportHas has) {
        const bool is_running = has == RUNNING || has == RUNNING_SINCE;
        ReportPod *pod = pods_bed_pod(&bed, "u");
        ReportContainer *container = pods_bed_container(pod, "c", has == WAITING ? "" : "id",
                                                        is_running       ? REPORT_RUNNING
                                                        : has == WAITING ? REPORT_NOT_STARTED
                                                                         : REPORT_EXITED);

        container->request_bytes = opt_u64(GIB);
        pod->sandbox = is_running       ? REPORT_SANDBOX_READY
                       : has == WAITING ? REPORT_SANDBOX_NONE
                                        : REPORT_SANDBOX_NOT_READY;
        pod->is_listed = has != FINISHED;
}

static void make_report(ReportHas has) {
        if (has == NO_REPORT)
                return;
        pods_bed_new_report(&bed);
        if (has < ABSENT)
                make_pod(has);
        bed.report.is_settled = has != ABSENT_UNSETTLED;
        if (has == ABSENT_PARTIAL)
                pods_bed_source(&bed, "devices", REPORT_SOURCE_FAILED);
        if (has == ABSENT_SIZELESS) {
                pods_bed_source(&bed, "allocations", REPORT_SOURCE_FAILED);
                pods_bed_source(&bed, "manifests", REPORT_SOURCE_ABSENT);
        }
        if (has == ABSENT_UNKNOWING || has == ABSENT_DEAF)
                bed.report.ledger_generation = has == ABSENT_UNKNOWING;
        if (has == ABSENT_RUNTIME)
                pods_bed_source(&bed, "pod-resources", REPORT_SOURCE_UNUSED);
        bed.report.usec = has == RUNNING_SINCE ? UINT64_MAX : 1;
}

START_TEST(claims_go_by_evidence_and_at_the_second_look) {
        const EvidenceRow *row = &evidence_rows[_i];
        const LedgerClaim *claim;

        put_other();
        put_claim("u", "c", row->state, GIB);
        make_tree(row->tree);
        make_report(row->report);
        (void)look();
        claim = find("u", "c");
        ck_assert_msg(claim, "row %d: gone at the first look", _i);
        ck_assert_int_eq(reconcile_memory_is_missed(memory, "u", "c"), row->outcome == GONE);
        (void)look_again();
        claim = find("u", "c");
        ck_assert_msg(row->outcome == GONE ? !claim : claim != NULL, "row %d", _i);
        if (row->outcome == ACTIVE) {
                ck_assert_int_eq(claim->state, CLAIM_ACTIVE);
                ck_assert_str_eq(claim->container_id, "id");
        } else if (row->outcome == HELD) {
                ck_assert_int_eq(claim->state, row->state);
        }
        expect_nothing_more();
}
END_TEST

/* As a checkpoint has it, which knows uids alone. */
static void put_nameless(void) {
        LedgerClaim *base = claims_make("u", "c", 0, GIB), copy = *base, *claim = NULL;

        copy.namespace_name = copy.pod = "";
        copy.source = CLAIM_SOURCE_CHECKPOINT;
        copy.state = CLAIM_PENDING;
        ck_assert_int_eq(ledger_claim_new(&copy, &claim), 0);
        ledger_claim_free(base);
        put(claim);
}

START_TEST(a_claim_without_names_gets_those_of_the_report) {
        put_nameless();
        make_tree(EMPTY);
        (void)look();
        ck_assert_str_eq(find("u", "c")->pod, "");
        make_report(WAITING);
        ck_assert_str_eq(look_again(), "");
        ck_assert_str_eq(find("u", "c")->namespace_name, bed.report.pods[0].namespace_name);
        ck_assert_str_eq(find("u", "c")->pod, bed.report.pods[0].name);
        ck_assert_int_eq(find("u", "c")->state, CLAIM_PENDING);
        expect_nothing_more();
}
END_TEST

START_TEST(a_pod_that_ends_keeps_the_size_of_its_request) {
        ReportContainer *container;

        make_tree(POPULATED);
        make_report(RUNNING);
        container = &bed.report.pods[0].containers[0];
        container->limit_bytes = opt_u64(4 * GIB);
        ck_assert_str_eq(look(), "adopted u/");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), GIB);
        /* the kubelet has forgotten what it admitted, and the processes are still there */
        container->request_bytes = (OptU64){};
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(a_look_that_does_not_miss_begins_anew) {
        put_claim("u", "c", CLAIM_ACTIVE, GIB);
        ck_assert_str_eq(look(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 1);
        make_tree(POPULATED);
        ck_assert_str_eq(look(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 0);
        make_tree(NO_CGROUP);
        ck_assert_str_eq(look(), "");
        ck_assert_str_eq(look_again(), "released u/c");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 0);
}
END_TEST

START_TEST(the_same_look_and_the_same_tree_count_once) {
        put_claim("u", "c", CLAIM_ACTIVE, GIB);
        ck_assert_str_eq(look(), "");
        (void)plan_and_apply(true);
        ck_assert_ptr_nonnull(find("u", "c"));
        /* a report, and the tree that was looked at already */
        make_report(ABSENT_UNSETTLED);
        ck_assert_str_eq(look(), "");
        ck_assert_str_eq(look_again(), "released u/c");
}
END_TEST

START_TEST(pending_claims_wait_for_so_long) {
        put_claim("u", "c", CLAIM_PENDING, GIB);
        ck_assert_str_eq(look(), "");
        now_usec += TIMEOUT_USEC - 1;
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 0);
        ++now_usec;
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 1);
        ck_assert_str_eq(look_again(), "released u/c");
}
END_TEST

START_TEST(claims_of_operators_are_not_touched) {
        LedgerClaim *claim = claims_make("u", "c", 0, GIB);

        claim->source = CLAIM_SOURCE_OPERATOR;
        put(claim);
        make_report(ABSENT);
        for (unsigned i = 0; i < 4; ++i)
                ck_assert_str_eq(look_again(), "");
        ck_assert_ptr_nonnull(find("u", "c"));
}
END_TEST

START_TEST(a_pod_without_cgroups_is_the_reports) {
        /* cgroupsPerQOS is off */
        put_claim("u", "c", CLAIM_ACTIVE, GIB);
        bed.tree.driver = CGROUP_DRIVER_NONE;
        make_report(RUNNING);
        (void)look();
        ck_assert_str_eq(look_again(), "");
        ck_assert_ptr_nonnull(find("u", "c"));
}
END_TEST

/* Pods as a whole */

static void put_whole(ClaimState state) {
        put_claim("u", "", state, 2 * GIB);
        for (unsigned i = 0; i < 2; ++i) {
                LedgerClaim *claim = claims_make("u", i ? "b" : "a", 0, GIB);

                claim->is_within_pod = true;
                put(claim);
        }
}

START_TEST(the_claim_of_a_pod_goes_with_its_last_share) {
        put_whole(CLAIM_PENDING);
        make_tree(POPULATED);
        ck_assert_str_eq(look(), "");
        make_tree(NO_CGROUP);
        ck_assert_str_eq(look(), "");
        ck_assert_str_eq(look_again(), "released u/, released u/a, released u/b");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(the_claim_of_a_pod_does_not_time_out_before_its_shares) {
        put_whole(CLAIM_PENDING);
        bed.tree.is_complete = false;
        ck_assert_str_eq(look(), "");
        now_usec += 2 * TIMEOUT_USEC;
        for (unsigned i = 0; i < 3; ++i)
                ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 3);
}
END_TEST

START_TEST(nothing_is_observed_of_a_pod_that_is_wholly_claimed) {
        put_whole(CLAIM_PENDING);
        make_tree(POPULATED);
        make_report(RUNNING);
        ck_assert_str_eq(look(), "matched u/");
        ck_assert_str_eq(find("u", "")->container_id, "");
        expect_nothing_more();
}
END_TEST

/* Containers that come again */

START_TEST(a_container_that_was_restarted_is_no_news) {
        ReportPod *pod;

        put_claim("u", "c", CLAIM_PENDING, GIB);
        make_tree(POPULATED);
        make_report(RUNNING);
        ck_assert_str_eq(look(), "matched u/c");
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "u");
        pods_bed_container(pod, "c", "id2", REPORT_RUNNING);
        ck_assert_str_eq(look(), "");
        ck_assert_str_eq(find("u", "c")->container_id, "id2");
        /* what the kubelet has said since is newer than the report */
        put_claim("u", "c", CLAIM_ACTIVE, GIB);
        bed.report.ledger_generation = 1;
        ck_assert_str_eq(look_again(), "");
        ck_assert_str_eq(find("u", "c")->container_id, "");
}
END_TEST

START_TEST(a_container_that_crashes_keeps_its_claim) {
        ReportPod *pod;

        put_claim("u", "c", CLAIM_ACTIVE, GIB);
        make_tree(POPULATED);
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "u");
        pods_bed_container(pod, "c", "id", REPORT_EXITED);
        ck_assert_str_eq(look(), "");
        expect_nothing_more();
        ck_assert_ptr_nonnull(find("u", "c"));
}
END_TEST

/* Static pods */

static void make_static(void) {
        ReportPod *pod;

        pods_bed_new_tree(&bed);
        pods_bed_leaf(pods_bed_cgroup(&bed, "static", true), "id", GIB);
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "static");
        pod->name = "web";
        pod->is_static = true;
        pods_bed_container(pod, "c", "id", REPORT_RUNNING)->request_bytes = opt_u64(GIB);
}

START_TEST(a_mirror_pods_claim_is_its_static_pods) {
        make_static();
        ck_assert_str_eq(look(), "adopted static/");
        put_claim("mirror", "c", CLAIM_PENDING, GIB);
        bed.tree.usec = ++bed.now_usec;
        ck_assert_str_eq(look(), "renamed static/c, matched static/c");
        ck_assert_ptr_null(find("mirror", "c"));
        ck_assert_int_eq(find("static", "c")->state, CLAIM_ACTIVE);
        ck_assert_ptr_null(find("static", "")); /* all of it is claimed now */
        expect_nothing_more();
        /* another mirror of it has nothing left to take */
        put_claim("mirror2", "c", CLAIM_ACTIVE, GIB);
        ck_assert_str_eq(look_again(), "");
        ck_assert_str_eq(look_again(), "released mirror2/c");
}
END_TEST

START_TEST(a_mirror_pods_own_claim_takes_the_place_of_what_was_observed) {
        make_static();
        ck_assert_str_eq(look(), "adopted static/");
        put_claim("mirror", "", CLAIM_ACTIVE, 2 * GIB);
        ck_assert_str_eq(look_again(), "renamed static/");
        ck_assert_int_eq(find("static", "")->source, CLAIM_SOURCE_MEMORY_MANAGER);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        expect_nothing_more();
}
END_TEST

START_TEST(two_mirrors_do_not_take_the_same_name) {
        make_static();
        put_claim("mirror1", "c", CLAIM_ACTIVE, GIB);
        put_claim("mirror2", "c", CLAIM_ACTIVE, GIB);
        ck_assert_str_eq(look(), "renamed static/c");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 2);
        ck_assert_str_eq(look_again(), "released mirror2/c");
        expect_nothing_more();
}
END_TEST

/* Chunks */

static const char *const two_chunks[] = { "chunk-1", "chunk-2" };

/* Pod "v" runs, and has chunk-1. */
static void make_takeover(void) {
        ReportPod *pod;
        ReportContainer *container;

        pods_bed_new_tree(&bed);
        pods_bed_leaf(pods_bed_cgroup(&bed, "u", true), "id", GIB);
        pods_bed_leaf(pods_bed_cgroup(&bed, "v", true), "id2", GIB);
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "u");
        container = pods_bed_container(pod, "c", "id", REPORT_RUNNING);
        container->request_bytes = opt_u64(5 * GIB);
        pods_bed_chunk(container, "chunk-2", GIB);
        pod = pods_bed_pod(&bed, "v");
        container = pods_bed_container(pod, "d", "id2", REPORT_RUNNING);
        container->request_bytes = opt_u64(3 * GIB);
        pods_bed_chunk(container, "chunk-1", GIB);
}

START_TEST(a_chunk_is_whose_the_kubelet_says_it_is) {
        const LedgerClaim *claim;

        put_split("u", 3 * GIB, 2 * GIB, two_chunks, 2);
        make_takeover();
        ck_assert_str_eq(look(), "taken u/c, adopted v/");
        claim = find("u", "c");
        ck_assert_int_eq(claim->state, CLAIM_RELEASING);
        ck_assert_str_eq(claim->reason, "chunk chunk-1 is pod v's now");
        ck_assert_uint_eq(claim->n_chunks, 1);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), 4 * GIB);
        ck_assert_uint_eq(claim->split.remote.min, GIB);
        claim = find("v", "");
        ck_assert_uint_eq(claim->n_chunks, 1);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), 3 * GIB);
        ck_assert_uint_eq(claim->split.remote.min, GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 2 * GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(a_chunk_that_was_promised_since_the_report_stays) {
        put_other();
        put_split("u", 3 * GIB, 2 * GIB, two_chunks, 2);
        make_takeover();
        bed.report.ledger_generation = 1;
        ck_assert_str_eq(look(), "adopted v/");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_ACTIVE);
        ck_assert_uint_eq(find("v", "")->n_chunks, 0);
}
END_TEST

START_TEST(a_chunk_of_an_init_container_and_of_those_after_it_is_counted_once) {
        ReportPod *pod;

        make_tree(POPULATED);
        pods_bed_new_report(&bed);
        pod = pods_bed_pod(&bed, "u");
        pods_bed_chunk(pods_bed_container(pod, "init", "id0", REPORT_EXITED), "chunk-1", GIB);
        pods_bed_container(pod, "c", "id", REPORT_RUNNING)->request_bytes = opt_u64(3 * GIB);
        pods_bed_chunk(&pod->containers[1], "chunk-1", GIB);
        ck_assert_str_eq(look(), "adopted u/");
        ck_assert_uint_eq(find("u", "")->n_chunks, 1);
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), 3 * GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(an_observed_chunk_moves_with_the_report) {
        make_takeover();
        ck_assert_str_eq(look(), "adopted u/, adopted v/");
        bed.report.pods[0].containers[0].n_chunks = 0;
        pods_bed_chunk(&bed.report.pods[1].containers[0], "chunk-2", GIB);
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(find("u", "")->n_chunks, 0);
        ck_assert_uint_eq(find("v", "")->n_chunks, 2);
        expect_nothing_more();
}
END_TEST

START_TEST(a_vanished_pods_chunk_is_taken_at_once) {
        ReportContainer *container;

        make_takeover();
        ck_assert_str_eq(look(), "adopted u/, adopted v/");
        pods_bed_new_tree(&bed);
        pods_bed_leaf(pods_bed_cgroup(&bed, "v", true), "id2", GIB);
        pods_bed_new_report(&bed);
        container = pods_bed_container(pods_bed_pod(&bed, "v"), "d", "id2", REPORT_RUNNING);
        container->request_bytes = opt_u64(3 * GIB);
        pods_bed_chunk(container, "chunk-1", GIB);
        pods_bed_chunk(container, "chunk-2", GIB);
        ck_assert_str_eq(look(), "taken u/");
        ck_assert_uint_eq(find("u", "")->n_chunks, 0);
        ck_assert_uint_eq(find("v", "")->n_chunks, 2);
        ck_assert_str_eq(look_again(), "released u/");
}
END_TEST

/* Resize */

typedef struct ResizeRow {
        uint64_t request;
        uint64_t local, remote; /* of a split; 0: a plain claim of 4 GiB */
        bool is_waiting, is_annotated, is_unsettled, is_unknowing;
        uint64_t bytes;     /* of plain memory, after it */
        uint64_t local_min; /* after it */
} ResizeRow;

static const ResizeRow resize_rows[] = {
        { .request = 4 * GIB, .bytes = 4 * GIB },
        { .request = 6 * GIB, .bytes = 6 * GIB },
        { .request = GIB, .bytes = GIB },
        { .request = 100 * GIB, .bytes = 100 * GIB },
        { .request = UINT64_MAX, .bytes = 4 * GIB },
        { .request = 6 * GIB, .is_waiting = true, .bytes = 4 * GIB },
        { .request = 6 * GIB, .is_unsettled = true, .bytes = 4 * GIB },
        { .request = 6 * GIB, .is_unknowing = true, .bytes = 4 * GIB },
        { .request = 6 * GIB,
          .local = 3 * GIB,
          .remote = 2 * GIB,
          .bytes = 6 * GIB,
          .local_min = 4 * GIB },
        { .request = 20 * GIB,
          .local = 3 * GIB,
          .remote = 2 * GIB,
          .bytes = 20 * GIB,
          .local_min = 18 * GIB },
        { .request = 4 * GIB,
          .local = 3 * GIB,
          .remote = 2 * GIB,
          .bytes = 4 * GIB,
          .local_min = 2 * GIB },
        { .request = GIB, .local = 3 * GIB, .remote = 2 * GIB, .bytes = 2 * GIB },
        { .request = 6 * GIB,
          .local = 3 * GIB,
          .remote = 2 * GIB,
          .is_annotated = true,
          .bytes = 5 * GIB,
          .local_min = 3 * GIB },
};

START_TEST(a_claim_follows_what_the_kubelet_has_resized) {
        const ResizeRow *row = &resize_rows[_i];
        PodAnnotation annotation = { SPLIT_ANNOTATION_CONTAINER "c", "local=3Gi" };
        const uint64_t before = row->local > 0 ? row->local + row->remote : 4 * GIB;
        const LedgerClaim *claim;
        ReportPod *pod;

        put_other();
        if (row->local > 0)
                put_split("u", row->local, row->remote, NULL, 0);
        else
                put_claim("u", "c", CLAIM_ACTIVE, before);
        make_tree(POPULATED);
        make_report(RUNNING);
        pod = &bed.report.pods[0];
        pod->containers[0].request_bytes = opt_u64(row->request);
        if (row->is_waiting)
                pods_bed_container(pod, "d", "", REPORT_NOT_STARTED);
        if (row->is_annotated) {
                pod->annotations = &annotation;
                pod->n_annotations = 1;
        }
        bed.report.is_settled = !row->is_unsettled;
        if (row->is_unknowing)
                bed.report.ledger_generation = 1;
        ck_assert_int_eq(strcmp(look(), row->bytes != before ? "resized u/c" : ""), 0);
        claim = find("u", "c");
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), row->bytes);
        ck_assert_uint_eq(claim->split.local.min, row->local_min);
        ck_assert_uint_le(claim->split.local.min, claim->split.local.max);
        ck_assert_uint_eq(claim->split.remote.min, row->remote);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), row->remote);
        expect_nothing_more();
}
END_TEST

START_TEST(a_claim_shrinks_from_its_last_numa_node_and_grows_where_there_is_room) {
        const LedgerPart parts[] = { { 0, 2 * GIB }, { 1, 2 * GIB } };
        LedgerBlock block = { .bytes = 4 * GIB, .parts = parts, .n_parts = 2 };
        LedgerClaim *base = claims_make("u", "c", 0, 1), copy = *base, *claim = NULL;

        nodeset_add(&block.nodes, 0);
        nodeset_add(&block.nodes, 1);
        copy.blocks = &block;
        ck_assert_int_eq(ledger_claim_new(&copy, &claim), 0);
        ledger_claim_free(base);
        put(claim);
        make_tree(POPULATED);
        make_report(RUNNING);
        bed.report.pods[0].containers[0].request_bytes = opt_u64(GIB);
        ck_assert_str_eq(look(), "resized u/c");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1, 0), 0);
        bed.report.pods[0].containers[0].request_bytes = opt_u64(70 * GIB);
        ck_assert_str_eq(look_again(), "resized u/c");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 64 * GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1, 0), 6 * GIB);
        bed.report.pods[0].containers[0].request_bytes = opt_u64(200 * GIB);
        ck_assert_str_eq(look_again(), "resized u/c");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 136 * GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1, 0), 64 * GIB);
}
END_TEST

/* Observing */

START_TEST(a_pod_that_never_asked_is_observed) {
        const LedgerClaim *claim;

        make_tree(POPULATED);
        pods_bed_use(&bed.tree.pods[0], 1, 100 * MIB);
        ck_assert_str_eq(look(), "adopted u/");
        claim = find("u", "");
        ck_assert_int_eq(claim->state, CLAIM_OBSERVED);
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_OBSERVED);
        ck_assert_int_eq(claim->qos, QOS_BURSTABLE);
        ck_assert_str_eq(claim->reason, "usage");
        ck_assert_str_eq(claim->pod, "");
        ck_assert_uint_eq(claim->created_usec, 5);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), 112 * MIB); /* whole steps */
        ck_assert_uint_ge(ledger_get_claimed(ledger, 1, 0), 100 * MIB);
        expect_nothing_more();
        /* its name and its request come with a report */
        make_report(RUNNING);
        ck_assert_str_eq(look_again(), "");
        claim = find("u", "");
        ck_assert_str_eq(claim->pod, "u");
        ck_assert_str_eq(claim->namespace_name, "default");
        ck_assert_str_eq(claim->reason, "request, as the kubelet admitted it");
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(what_is_observed_is_put_again_when_it_differs_by_enough) {
        uint64_t generation;

        make_tree(POPULATED);
        pods_bed_use(&bed.tree.pods[0], 0, 160 * MIB);
        ck_assert_str_eq(look(), "adopted u/");
        generation = ledger_get_generation(ledger);
        bed.tree.pods[0].usage.bytes = opt_u64(170 * MIB); /* 11 steps */
        bed.tree.pods[0].usage.nodes[0].bytes = 170 * MIB;
        expect_nothing_more();
        bed.tree.pods[0].usage.bytes = opt_u64(130 * MIB);
        bed.tree.pods[0].usage.nodes[0].bytes = 130 * MIB;
        expect_nothing_more();
        ck_assert_uint_eq(ledger_get_generation(ledger), generation);
        bed.tree.pods[0].usage.bytes = opt_u64(180 * MIB); /* 12 steps */
        bed.tree.pods[0].usage.nodes[0].bytes = 180 * MIB;
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), 192 * MIB);
        bed.tree.pods[0].usage.bytes = opt_u64(140 * MIB);
        bed.tree.pods[0].usage.nodes[0].bytes = 140 * MIB;
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), 144 * MIB);
}
END_TEST

START_TEST(less_knowledge_takes_nothing_away) {
        make_tree(POPULATED);
        make_report(RUNNING);
        ck_assert_str_eq(look(), "adopted u/");
        /* slugd was started again, and nobody has reported yet */
        pods_bed_no_report(&bed);
        expect_nothing_more();
        /* the kubelet's requests cannot be read */
        make_report(RUNNING);
        pods_bed_source(&bed, "allocations", REPORT_SOURCE_FAILED);
        bed.report.pods[0].containers[0].request_bytes = (OptU64){};
        bed.report.pods[0].containers[0].limit_bytes = opt_u64(64 * MIB);
        expect_nothing_more();
        /* a look without usage */
        pods_bed_no_report(&bed);
        bed.tree.pods[0].containers[0].usage = (PodsUsage){};
        bed.tree.pods[0].usage.bytes = (OptU64){};
        expect_nothing_more();
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), GIB);
        ck_assert_str_eq(find("u", "")->pod, "u");
        /* more is more, whoever says it */
        bed.tree.pods[0].usage.bytes = opt_u64(2 * GIB);
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), 2 * GIB);
}
END_TEST

START_TEST(what_is_claimed_is_not_observed_twice) {
        make_tree(POPULATED);
        make_report(RUNNING);
        ck_assert_str_eq(look(), "adopted u/");
        put_claim("u", "c", CLAIM_PENDING, GIB);
        ck_assert_str_eq(look_again(), "matched u/c");
        ck_assert_ptr_null(find("u", ""));
        expect_nothing_more();
}
END_TEST

START_TEST(observed_pods_go_as_others_do) {
        make_tree(POPULATED);
        make_report(RUNNING);
        (void)look();
        make_tree(NO_CGROUP);
        ck_assert_str_eq(look(), "");
        ck_assert(reconcile_memory_is_missed(memory, "u", ""));
        ck_assert_str_eq(look_again(), "released u/");
        expect_nothing_more();
}
END_TEST

START_TEST(finished_pods_hold_nothing) {
        make_tree(NO_CGROUP);
        make_report(FINISHED);
        expect_nothing_more();
        make_tree(EMPTY);
        make_report(ENDED_LISTED);
        expect_nothing_more();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(a_pod_that_waits_is_counted) {
        make_tree(NO_CGROUP);
        make_report(WAITING);
        ck_assert_str_eq(look(), "adopted u/");
        expect_nothing_more();
        expect_nothing_more();
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), GIB);
}
END_TEST

START_TEST(an_unconfirmed_observed_claim_is_what_is_observed_now) {
        LedgerClaim *claim = claims_make("u", "", 0, GIB);

        claim->source = CLAIM_SOURCE_OBSERVED;
        claim->state = CLAIM_UNCONFIRMED;
        put(claim);
        make_tree(POPULATED);
        make_report(RUNNING);
        ck_assert_str_eq(look(), "");
        ck_assert_int_eq(find("u", "")->state, CLAIM_OBSERVED);
        expect_nothing_more();
}
END_TEST

START_TEST(an_orphan_is_observed_and_flagged_once) {
        make_tree(POPULATED);
        make_report(ABSENT);
        bed.report.usec = bed.tree.usec + 1;
        bed.tree.pods[0].usage.bytes = opt_u64(GIB);
        ck_assert_str_eq(look(), "adopted u/, flagged u/");
        expect_nothing_more(); /* the tree is newer now */
        bed.report.usec = bed.tree.usec + 2;
        expect_nothing_more();
        make_report(RUNNING);
        ck_assert_str_eq(look_again(), "");
        make_report(ABSENT);
        bed.report.usec = bed.now_usec + 9;
        ck_assert_str_eq(look_again(), "flagged u/");
}
END_TEST

/* Limits */

static void make_many(size_t n) {
        static char uids[PODS_MAX][16];

        pods_bed_new_tree(&bed);
        for (size_t i = 0; i < n; ++i) {
                (void)snprintf(uids[i], sizeof(uids[i]), "pod%04zu", i);
                pods_bed_cgroup(&bed, uids[i], true)->usage.bytes = opt_u64((i + 1) * SIZE_STEP);
        }
}

START_TEST(a_change_that_is_full_goes_on_at_once) {
        unsigned n = 1;

        make_many(PODS_MAX);
        for (bool is_incomplete = plan_and_apply(false); is_incomplete; ++n)
                is_incomplete = plan_and_apply(true);
        ck_assert_uint_eq(n, PODS_MAX / LEDGER_CHANGE_MAX);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), PODS_MAX);
        expect_nothing_more();
        make_many(0);
        ck_assert_str_eq(look(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), PODS_MAX);
        bed.tree.usec = ++bed.now_usec;
        ck_assert(plan_and_apply(false));
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 0);
        while (plan_and_apply(true))
                ;
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(a_full_ledger_takes_the_largest) {
        LedgerChange change = {};
        char name[16];

        for (size_t i = 0; i < LEDGER_CLAIMS_MAX - 2; ++i) {
                LedgerClaim *claim;

                (void)snprintf(name, sizeof(name), "x%zu", i);
                claim = claims_make(name, "c", 0, MIB);
                claim->source = CLAIM_SOURCE_OPERATOR;
                claims_put(&change, claim);
                if (change.n_puts == LEDGER_CHANGE_MAX || i == LEDGER_CLAIMS_MAX - 3)
                        apply(&change);
        }
        make_many(4);
        ck_assert_str_eq(look(),
                         "adopted pod0002/, adopted pod0003/, flagged pod0000/, flagged pod0001/");
        ck_assert(is_cut);
        expect_nothing_more();
        ck_assert(is_cut);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pods-reconcile");
        TCase *tcase = tcase_create("pods-reconcile");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, claims_go_by_evidence_and_at_the_second_look, 0,
                            ELEMENTSOF(evidence_rows));
        tcase_add_test(tcase, a_claim_without_names_gets_those_of_the_report);
        tcase_add_test(tcase, a_pod_that_ends_keeps_the_size_of_its_request);
        tcase_add_test(tcase, a_look_that_does_not_miss_begins_anew);
        tcase_add_test(tcase, the_same_look_and_the_same_tree_count_once);
        tcase_add_test(tcase, pending_claims_wait_for_so_long);
        tcase_add_test(tcase, claims_of_operators_are_not_touched);
        tcase_add_test(tcase, a_pod_without_cgroups_is_the_reports);
        tcase_add_test(tcase, the_claim_of_a_pod_goes_with_its_last_share);
        tcase_add_test(tcase, the_claim_of_a_pod_does_not_time_out_before_its_shares);
        tcase_add_test(tcase, nothing_is_observed_of_a_pod_that_is_wholly_claimed);
        tcase_add_test(tcase, a_container_that_was_restarted_is_no_news);
        tcase_add_test(tcase, a_container_that_crashes_keeps_its_claim);
        tcase_add_test(tcase, a_mirror_pods_claim_is_its_static_pods);
        tcase_add_test(tcase, a_mirror_pods_own_claim_takes_the_place_of_what_was_observed);
        tcase_add_test(tcase, two_mirrors_do_not_take_the_same_name);
        tcase_add_test(tcase, a_chunk_is_whose_the_kubelet_says_it_is);
        tcase_add_test(tcase, a_chunk_that_was_promised_since_the_report_stays);
        tcase_add_test(tcase, a_chunk_of_an_init_container_and_of_those_after_it_is_counted_once);
        tcase_add_test(tcase, an_observed_chunk_moves_with_the_report);
        tcase_add_test(tcase, a_vanished_pods_chunk_is_taken_at_once);
        tcase_add_loop_test(tcase, a_claim_follows_what_the_kubelet_has_resized, 0,
                            ELEMENTSOF(resize_rows));
        tcase_add_test(tcase,
                       a_claim_shrinks_from_its_last_numa_node_and_grows_where_there_is_room);
        tcase_add_test(tcase, a_pod_that_never_asked_is_observed);
        tcase_add_test(tcase, what_is_observed_is_put_again_when_it_differs_by_enough);
        tcase_add_test(tcase, less_knowledge_takes_nothing_away);
        tcase_add_test(tcase, what_is_claimed_is_not_observed_twice);
        tcase_add_test(tcase, observed_pods_go_as_others_do);
        tcase_add_test(tcase, finished_pods_hold_nothing);
        tcase_add_test(tcase, a_pod_that_waits_is_counted);
        tcase_add_test(tcase, an_unconfirmed_observed_claim_is_what_is_observed_now);
        tcase_add_test(tcase, an_orphan_is_observed_and_flagged_once);
        tcase_add_test(tcase, a_change_that_is_full_goes_on_at_once);
        tcase_add_test(tcase, a_full_ledger_takes_the_largest);
        suite_add_tcase(suite, tcase);
        return suite;
}
