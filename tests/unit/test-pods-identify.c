/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks and their containers: what a report that names them makes of claims
 */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/pods-bed.h"
#include "pods/reconcile.h"
#include "split/chunk.h"

#define TIMEOUT_USEC (600 * USEC_PER_SEC)

static const LedgerRoomRow rows[] = { { 0, 0, 64 * GIB },
                                      { 1, 0, 64 * GIB },
                                      { 2, 0, 128 * GIB },
                                      { 3, 0, 128 * GIB } };

static Ledger *ledger;
static ReconcileMemory *memory;
static PodsBed bed;
static SizePlace place;
static uint64_t now_usec, wall_usec, created_usec; /* created_usec: of claims that are put */
static char said[4096], reasons[4096];

static void setup(void) {
        ledger = NULL;
        memory = NULL;
        bed = (PodsBed){};
        now_usec = 1;
        wall_usec = 5;
        created_usec = 7;
        place = (SizePlace){ .room = { rows, ELEMENTSOF(rows) } };
        nodeset_add(&place.local, 0);
        nodeset_add(&place.local, 1);
        nodeset_add(&place.remote, 2);
        nodeset_add(&place.remote, 3);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(reconcile_memory_new(&memory), 0);
        pods_bed_new_tree(&bed);
        pods_bed_new_report(&bed);
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

static void put(const LedgerClaim *from) {
        LedgerChange change = {};
        LedgerClaim *claim = NULL;

        ck_assert_int_eq(ledger_claim_new(from, &claim), 0);
        claims_put(&change, claim);
        apply(&change);
}

#define CHUNKS_MAX_HERE 8u

static size_t split_ids(const char *ids, char texts[][CHUNK_ID_MAX], const char **ret) {
        size_t n = 0;

        for (const char *at = ids; *at; ++n) {
                const size_t length = strcspn(at, " ");

                ck_assert_uint_lt(n, CHUNKS_MAX_HERE);
                (void)snprintf(texts[n], CHUNK_ID_MAX, "%.*s", (int)length, at);
                ret[n] = texts[n];
                at += length + strspn(at + length, " ");
        }
        return n;
}

/* Of chunks of 1 GiB of one NUMA node, as they are claimed; @ids: with blanks between them. */
static void put_chunks(const char *uid, const char *container, const char *ids, ClaimState state) {
        char texts[CHUNKS_MAX_HERE][CHUNK_ID_MAX];
        const char *chunks[CHUNKS_MAX_HERE];
        const size_t n = split_ids(ids, texts, chunks);
        ChunkId id;
        LedgerPart part;
        LedgerBlock block;

        ck_assert(chunk_id_parse(chunks[0], &id));
        part = (LedgerPart){ id.node, n * GIB };
        block = (LedgerBlock){ .bytes = part.bytes, .parts = &part, .n_parts = 1 };
        nodeset_add(&block.nodes, id.node);
        put(&(LedgerClaim){
                .pod_uid = uid,
                .container = container,
                .namespace_name = "",
                .pod = "",
                .state = state,
                .source = CLAIM_SOURCE_DEVICE_PLUGIN,
                .split.remote = { n * GIB, n * GIB },
                .blocks = &block,
                .n_blocks = 1,
                .chunks = chunks,
                .n_chunks = n,
                .container_id = "",
                .reason = "",
                .created_usec = created_usec,
        });
}

static void put_unseen(const char *ids) {
        static unsigned n;
        char uid[POD_UID_MAX];

        (void)snprintf(uid, sizeof(uid), CHUNK_UNSEEN_PREFIX "%u", ++n);
        put_chunks(uid, "", ids, CLAIM_PENDING);
}

static const LedgerClaim *find(const char *uid, const char *container) {
        return ledger_find(ledger, uid, container);
}

/* "1gi-n2-0000 1gi-n2-0001" */
static const char *list_chunks(const LedgerClaim *claim) {
        static char text[512];
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; i < claim->n_chunks; ++i)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 ? " " : "",
                                      claim->chunks[i]);
        return text;
}

static uint64_t get_bytes(const LedgerClaim *claim, unsigned node) {
        uint64_t sum = 0;

        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        if (claim->blocks[i].parts[k].node == node &&
                            claim->blocks[i].page_bytes == 0)
                                sum += claim->blocks[i].parts[k].bytes;
        return sum;
}

static uint64_t get_local(const LedgerClaim *claim) {
        return get_bytes(claim, 0) + get_bytes(claim, 1);
}

/* All that the ledger has of plain memory. */
static uint64_t get_total(void) {
        uint64_t sum = 0;

        for (unsigned node = 0; node < 4; ++node)
                sum += ledger_get_claimed(ledger, node, 0);
        return sum;
}

/* Pods */

/* It waits for its sandbox, and asks for so much; @limit: 0: for no limit. */
static ReportContainer *
add_waiting(const char *uid, const char *container, uint64_t request, uint64_t limit) {
        ReportContainer *added =
                pods_bed_container(pods_bed_pod(&bed, uid), container, "", REPORT_NOT_STARTED);

        bed.report.pods[bed.report.n_pods - 1].sandbox = REPORT_SANDBOX_NONE;
        added->request_bytes = opt_u64(request);
        added->limit_bytes = limit > 0 ? opt_u64(limit) : (OptU64){};
        added->knows_limit = true;
        return added;
}

static ReportContainer *
add_running(const char *uid, const char *container, uint64_t request, uint64_t limit) {
        ReportContainer *added = add_waiting(uid, container, request, limit);

        pods_bed_leaf(pods_bed_cgroup(&bed, uid, true), "id", 0);
        bed.report.pods[bed.report.n_pods - 1].sandbox = REPORT_SANDBOX_READY;
        added->id = "id";
        added->state = REPORT_RUNNING;
        return added;
}

/* Texts of the ids outlive the report. */
static void name(ReportContainer *container, const char *ids) {
        static char texts[64][CHUNK_ID_MAX];
        static size_t n_used;
        const char *found[CHUNKS_MAX_HERE];
        char(*const to)[CHUNK_ID_MAX] = &texts[n_used];
        size_t n;

        if (n_used + CHUNKS_MAX_HERE > ELEMENTSOF(texts))
                n_used = 0;
        n = split_ids(ids, to, found);
        n_used += n;
        for (size_t i = 0; i < n; ++i)
                pods_bed_chunk(container, found[i], GIB);
}

/* Looks */

static void say(const ReconcilePlan *plan) {
        size_t n = 0, n_reasons = 0;

        said[0] = reasons[0] = '\0';
        for (size_t i = 0; i < plan->n_notes; ++i) {
                const ReconcileNote *note = &plan->notes[i];

                n += (size_t)snprintf(said + n, sizeof(said) - n, "%s%s %s/%s", n > 0 ? ", " : "",
                                      reconcile_act_name(note->act), note->key.pod_uid,
                                      note->key.container);
                n_reasons += (size_t)snprintf(reasons + n_reasons, sizeof(reasons) - n_reasons,
                                              "%s%s", i > 0 ? "; " : "", note->reason);
        }
}

/* What it says. */
static const char *look(void) {
        const ReconcileParams params = {
                .ledger = ledger,
                .inventory = pods_bed_join(&bed),
                .place = place,
                .now_usec = now_usec,
                .wall_usec = wall_usec,
                .pending_timeout_usec = TIMEOUT_USEC,
        };
        ReconcilePlan plan = {};

        ck_assert_int_eq(reconcile(&params, memory, false, &plan), 0);
        ck_assert(!plan.is_incomplete && !plan.is_cut);
        say(&plan);
        apply(&plan.change);
        reconcile_plan_deinit(&plan);
        return said;
}

static const char *look_again(void) {
        bed.tree.usec = ++bed.now_usec;
        return look();
}

static void expect_nothing_more(void) {
        const uint64_t generation = ledger_get_generation(ledger);

        for (int i = 0; i < 3; ++i)
                ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_get_generation(ledger), generation);
}

/* Finding the container */

START_TEST(a_claim_moves_to_the_container_that_is_named) {
        const LedgerClaim *claim;

        put_unseen("1gi-n2-0000 1gi-n2-0001");
        name(add_waiting("u", "c", 5 * GIB, 6 * GIB), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        claim = find("u", "c");
        ck_assert_int_eq(claim->state, CLAIM_PENDING);
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_DEVICE_PLUGIN);
        ck_assert_str_eq(claim->namespace_name, "default");
        ck_assert_str_eq(claim->pod, "u");
        ck_assert_str_eq(claim->container_id, "");
        ck_assert_uint_eq(claim->created_usec, 7);
        ck_assert_str_eq(list_chunks(claim), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_uint_eq(get_bytes(claim, 2), 2 * GIB);
        ck_assert_uint_eq(get_local(claim), 3 * GIB);
        ck_assert_uint_eq(claim->split.local.min, 3 * GIB);
        ck_assert_uint_eq(claim->split.local.max, 4 * GIB);
        ck_assert_uint_eq(claim->split.remote.min, 2 * GIB);
        ck_assert_uint_eq(claim->split.remote.max, 2 * GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(the_claim_of_one_that_runs_is_active) {
        const LedgerClaim *claim;

        put_unseen("1gi-n2-0000");
        name(add_running("u", "c", 5 * GIB, 6 * GIB), "1gi-n2-0000");
        ck_assert_str_eq(look(), "identified u/c");
        claim = find("u", "c");
        ck_assert_int_eq(claim->state, CLAIM_ACTIVE);
        ck_assert_str_eq(claim->container_id, "id");
        ck_assert_int_eq(claim->qos, QOS_BURSTABLE);
        expect_nothing_more();
}
END_TEST

START_TEST(one_that_waits_becomes_active_when_it_starts) {
        put_unseen("1gi-n2-0000");
        name(add_waiting("u", "c", 5 * GIB, 6 * GIB), "1gi-n2-0000");
        (void)look();
        pods_bed_new_report(&bed);
        name(add_running("u", "c", 5 * GIB, 6 * GIB), "1gi-n2-0000");
        ck_assert_str_eq(look_again(), "matched u/c");
        ck_assert_str_eq(find("u", "c")->container_id, "id");
        ck_assert_uint_eq(get_total(), 5 * GIB);
        expect_nothing_more();
}
END_TEST

/* The kubelet asks for each of its resources by itself. */
START_TEST(several_claims_of_one_container_become_one) {
        const LedgerClaim *claim;

        put_unseen("1gi-numa3-0004");
        put_unseen("1gi-numa2-0000 1gi-numa2-0001");
        put_unseen("1gi-numa2-0007");
        name(add_waiting("u", "c", 5 * GIB, 5 * GIB),
             "1gi-numa2-0000 1gi-numa2-0001 1gi-numa2-0007 1gi-numa3-0004");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        claim = find("u", "c");
        ck_assert_str_eq(list_chunks(claim),
                         "1gi-numa2-0000 1gi-numa2-0001 1gi-numa2-0007 1gi-numa3-0004");
        ck_assert_uint_eq(get_bytes(claim, 2), 3 * GIB);
        ck_assert_uint_eq(get_bytes(claim, 3), GIB);
        ck_assert_uint_eq(get_total(), 5 * GIB);
        ck_assert_uint_eq(claim->n_blocks, 2);
        expect_nothing_more();
}
END_TEST

START_TEST(what_comes_later_is_a_part_of_the_request_too) {
        ReportContainer *container;

        put_unseen("1gi-n2-0000");
        container = add_waiting("u", "c", 5 * GIB, 5 * GIB);
        name(container, "1gi-n2-0000");
        (void)look();
        put_unseen("1gi-n3-0000");
        name(container, "1gi-n3-0000");
        ck_assert_str_eq(look_again(), "identified u/c");
        ck_assert_uint_eq(get_local(find("u", "c")), 3 * GIB);
        ck_assert_uint_eq(find("u", "c")->split.local.min, 3 * GIB);
        ck_assert_uint_eq(find("u", "c")->split.remote.min, 2 * GIB);
        ck_assert_uint_eq(get_total(), 5 * GIB);
        expect_nothing_more();
}
END_TEST

START_TEST(each_container_gets_its_own) {
        ReportPod *pod;
        ReportContainer *other;

        put_unseen("1gi-n2-0000");
        put_unseen("1gi-n2-0001");
        name(add_waiting("u", "c", 5 * GIB, 5 * GIB), "1gi-n2-0000");
        pod = &bed.report.pods[0];
        other = pods_bed_container(pod, "d", "", REPORT_NOT_STARTED);
        other->request_bytes = other->limit_bytes = opt_u64(2 * GIB);
        other->knows_limit = true;
        name(other, "1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c, identified u/d");
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0000");
        ck_assert_str_eq(list_chunks(find("u", "d")), "1gi-n2-0001");
        ck_assert_uint_eq(get_total(), 7 * GIB);
        expect_nothing_more();
}
END_TEST

/* The kubelet has given the chunk to somebody else since. */
START_TEST(a_report_from_before_the_claim_moves_nothing) {
        put_unseen("1gi-n2-0001");
        put_unseen("1gi-n2-0000");
        name(add_running("u", "c", 5 * GIB, 5 * GIB), "1gi-n2-0000");
        bed.report.ledger_generation = 1;
        ck_assert_str_eq(look(), "adopted u/");
        ck_assert_ptr_null(find("u", "c"));
        ck_assert_uint_eq(find("u", "")->n_chunks, 0);
        ck_assert(ledger_claim_is_unseen(ledger_find_chunk(ledger, "1gi-n2-0000")));
        bed.report.ledger_generation = 2;
        ck_assert_str_eq(look_again(), "identified u/c");
        ck_assert_uint_eq(get_total(), 5 * GIB + GIB);
}
END_TEST

START_TEST(a_pod_that_has_ended_is_nobody) {
        ReportContainer *container;

        put_unseen("1gi-n2-0000");
        container = add_waiting("u", "c", 5 * GIB, 5 * GIB);
        name(container, "1gi-n2-0000");
        container->id = "id";
        container->state = REPORT_EXITED;
        bed.report.pods[0].is_listed = false;
        bed.report.pods[0].sandbox = REPORT_SANDBOX_NOT_READY;
        ck_assert_str_eq(look(), "");
        ck_assert(ledger_claim_is_unseen(ledger_find_chunk(ledger, "1gi-n2-0000")));
        ck_assert_uint_eq(get_total(), GIB);
}
END_TEST

START_TEST(what_is_named_in_part_stays_unseen_in_part) {
        put_unseen("1gi-n2-0000 1gi-n2-0001 1gi-n2-0002");
        name(add_waiting("u", "c", GIB, 2 * GIB), "1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0001");
        ck_assert_str_eq(list_chunks(ledger_find_chunk(ledger, "1gi-n2-0000")),
                         "1gi-n2-0000 1gi-n2-0002");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 3 * GIB);
        expect_nothing_more();
}
END_TEST

/* Local part and limits */

typedef struct FitRow {
        uint64_t request, limit; /* limit 0: none */
        const char *annotation;  /* NULL: none */
        bool is_of_pod;          /* the annotation */
        ClaimState state;
        uint64_t local, local_min, local_max, remote_min;
        const char *reason;
} FitRow;

/* Of two chunks of 1 GiB. */
static const FitRow fit_rows[] = {
        { 6 * GIB, 8 * GIB, NULL, false, CLAIM_PENDING, 4 * GIB, 4 * GIB, 6 * GIB, 2 * GIB, "" },
        { 2 * GIB, 2 * GIB, NULL, false, CLAIM_PENDING, 0, 0, 0, 2 * GIB, "" },
        { 0, 4 * GIB, NULL, false, CLAIM_PENDING, 0, 0, 2 * GIB, 2 * GIB, "" },
        { GIB, 4 * GIB, NULL, false, CLAIM_PENDING, 0, 0, 2 * GIB, 2 * GIB, "" },
        { GIB, GIB, NULL, false, CLAIM_INVALID, 0, 0, SPLIT_UNLIMITED, 2 * GIB,
          "2 remote chunks of 1Gi are more than the memory limit of 1Gi" },
        { 0, 0, NULL, false, CLAIM_INVALID, 0, 0, SPLIT_UNLIMITED, 2 * GIB,
          "remote chunks are a part of the memory limit, and there is none" },
        { 6 * GIB, 8 * GIB, "local=1Gi..3Gi", false, CLAIM_PENDING, GIB, GIB, 3 * GIB, 2 * GIB,
          "" },
        { 6 * GIB, 8 * GIB, "remote=1Gi..max", true, CLAIM_PENDING, 4 * GIB, 4 * GIB, 6 * GIB, GIB,
          "" },
        { 6 * GIB, 8 * GIB, "remote=3Gi", false, CLAIM_INVALID, 4 * GIB, 4 * GIB, 6 * GIB, 2 * GIB,
          "remote memory of 3Gi is more than the chunks of 2Gi" },
        { 6 * GIB, 8 * GIB, "far=3Gi", false, CLAIM_INVALID, 4 * GIB, 4 * GIB, 6 * GIB, 2 * GIB,
          "expected " },
        /* the request of a resize that has not reached the runtime yet */
        { 9 * GIB, 8 * GIB, NULL, false, CLAIM_PENDING, 6 * GIB, 6 * GIB, 6 * GIB, 2 * GIB, "" },
};

START_TEST(chunks_are_a_part_of_the_limit) {
        const FitRow *row = &fit_rows[_i];
        PodAnnotation annotation = {
                .name = row->is_of_pod ? SPLIT_ANNOTATION_POD : SPLIT_ANNOTATION_CONTAINER "c",
                .value = row->annotation,
        };
        const LedgerClaim *claim;

        put_unseen("1gi-n2-0000 1gi-n3-0000");
        name(add_waiting("u", "c", row->request, row->limit), "1gi-n2-0000 1gi-n3-0000");
        if (row->annotation) {
                bed.report.pods[0].annotations = &annotation;
                bed.report.pods[0].n_annotations = 1;
        }
        (void)look();
        claim = find("u", "c");
        ck_assert_int_eq(claim->state, row->state);
        ck_assert_msg(row->reason[0] ? strstr(claim->reason, row->reason) != NULL
                                     : !claim->reason[0],
                      "%s", claim->reason);
        ck_assert_uint_eq(get_local(claim), row->local);
        ck_assert_uint_eq(claim->split.local.min, row->local_min);
        ck_assert_uint_eq(claim->split.local.max, row->local_max);
        ck_assert_uint_eq(claim->split.remote.min, row->remote_min);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), row->local + 2 * GIB);
        ck_assert_int_eq(strstr(said, "identified u/c") != NULL, true);
        ck_assert_int_eq(strstr(said, "flagged u/c") != NULL, row->state == CLAIM_INVALID);
        /* who asks for nothing may use what its limit is */
        ck_assert_int_eq(find("u", "") != NULL, row->request == 0 && row->limit > 0);
        expect_nothing_more();
        bed.report.pods[0].annotations = NULL;
}
END_TEST

START_TEST(an_invalid_claim_holds_its_bytes_and_may_become_valid) {
        ReportContainer *container;

        put_unseen("1gi-n2-0000 1gi-n2-0001");
        container = add_running("u", "c", GIB, GIB);
        name(container, "1gi-n2-0000 1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c, flagged u/c");
        ck_assert_uint_eq(get_total(), 2 * GIB);
        container->request_bytes = container->limit_bytes = opt_u64(5 * GIB);
        ck_assert_str_eq(look_again(), "matched u/c");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_ACTIVE);
        ck_assert_str_eq(find("u", "c")->container_id, "id");
        ck_assert_str_eq(find("u", "c")->reason, "");
        ck_assert_uint_eq(get_local(find("u", "c")), 3 * GIB);
        container->request_bytes = container->limit_bytes = opt_u64(GIB);
        ck_assert_str_eq(look_again(), "flagged u/c");
        ck_assert_uint_eq(get_total(), 5 * GIB);
        expect_nothing_more();
        pods_bed_new_tree(&bed);
        pods_bed_new_report(&bed);
        ck_assert_str_eq(look_again(), "");
        ck_assert_str_eq(look_again(), "released u/c");
        ck_assert_uint_eq(get_total(), 0);
}
END_TEST

START_TEST(a_limit_of_the_pod_is_one) {
        put_unseen("1gi-n2-0000");
        name(add_waiting("u", "c", 0, 0), "1gi-n2-0000");
        bed.report.pods[0].limit_bytes = opt_u64(4 * GIB);
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_PENDING);
        ck_assert_uint_eq(find("u", "c")->split.local.max, 3 * GIB);
}
END_TEST

/* Nobody has said the request yet: what the container holds beside its chunks is observed. */
START_TEST(what_is_not_known_yet_is_observed) {
        ReportContainer *container = add_running("u", "c", 0, 0);

        container->request_bytes = (OptU64){};
        container->knows_limit = false;
        container->hugepages.items[0] = (PodAmount){ 2 * MIB, 64 * MIB };
        container->hugepages.n_items = 1;
        name(container, "1gi-n2-0000");
        bed.tree.pods[0].containers[0].usage.max_bytes = opt_u64(6 * GIB);
        put_unseen("1gi-n2-0000");
        ck_assert_str_eq(look(), "adopted u/, identified u/c");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", "c"), 0), GIB);
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 0), 5 * GIB);
        ck_assert_uint_eq(find("u", "")->n_chunks, 0);
        expect_nothing_more();
        container->request_bytes = opt_u64(4 * GIB);
        container->limit_bytes = opt_u64(6 * GIB);
        container->knows_limit = true;
        ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", "c"), 0), 4 * GIB);
        ck_assert_uint_eq(get_total(), 4 * GIB);
        /* a chunk brings plain memory alone */
        ck_assert_uint_eq(ledger_claim_get_bytes(find("u", ""), 2 * MIB), 64 * MIB);
        expect_nothing_more();
}
END_TEST

START_TEST(a_resize_moves_the_local_part) {
        ReportContainer *container = add_running("u", "c", 5 * GIB, 6 * GIB);

        put_unseen("1gi-n2-0000");
        name(container, "1gi-n2-0000");
        (void)look();
        container->request_bytes = container->limit_bytes = opt_u64(8 * GIB);
        ck_assert_str_eq(look_again(), "resized u/c");
        ck_assert_uint_eq(get_local(find("u", "c")), 7 * GIB);
        ck_assert_uint_eq(find("u", "c")->split.local.min, 7 * GIB);
        ck_assert_uint_eq(find("u", "c")->split.local.max, 7 * GIB);
        ck_assert_uint_eq(get_bytes(find("u", "c"), 2), GIB);
        expect_nothing_more();
}
END_TEST

/* Claims of others under the same key */

typedef struct MergeRow {
        ClaimSource source, source_after;
        uint64_t local, remote; /* of NUMA nodes 0 and 3 */
        bool is_split;
        uint64_t local_after, remote_after, chunk_after; /* of NUMA nodes 0, 3 and 2 */
} MergeRow;

/* Of a container that requests 6 GiB, and has two chunks of NUMA node 2. */
static const MergeRow merge_rows[] = {
        { CLAIM_SOURCE_CHECKPOINT, CLAIM_SOURCE_DEVICE_PLUGIN, 6 * GIB, 0, false, 4 * GIB, 0,
          2 * GIB },
        { CLAIM_SOURCE_OPERATOR, CLAIM_SOURCE_DEVICE_PLUGIN, 6 * GIB, 0, false, 4 * GIB, 0,
          2 * GIB },
        { CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_SOURCE_MEMORY_MANAGER, 4 * GIB, 2 * GIB, true, 4 * GIB,
          0, 2 * GIB },
        { CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_SOURCE_MEMORY_MANAGER, 5 * GIB, GIB, true, 4 * GIB, 0,
          2 * GIB },
        { CLAIM_SOURCE_MEMORY_MANAGER, CLAIM_SOURCE_MEMORY_MANAGER, 2 * GIB, 4 * GIB, true, 2 * GIB,
          2 * GIB, 2 * GIB },
        { CLAIM_SOURCE_CHECKPOINT, CLAIM_SOURCE_DEVICE_PLUGIN, GIB, 0, false, 4 * GIB, 0, 2 * GIB },
};

START_TEST(a_container_has_one_claim) {
        const MergeRow *row = &merge_rows[_i];
        const LedgerPart parts[] = { { 0, row->local }, { 3, row->remote } };
        LedgerBlock blocks[] = {
                { .bytes = row->local, .parts = &parts[0], .n_parts = 1 },
                { .bytes = row->remote, .parts = &parts[1], .n_parts = 1 },
        };
        const LedgerClaim *claim;

        nodeset_add(&blocks[0].nodes, 0);
        nodeset_add(&blocks[1].nodes, 3);
        put(&(LedgerClaim){
                .pod_uid = "u",
                .container = "c",
                .namespace_name = "default",
                .pod = "u",
                .state = CLAIM_PENDING,
                .source = row->source,
                .split = row->is_split
                                 ? (Split){ { row->local, 7 * GIB }, { row->remote, row->remote } }
                                 : (Split){},
                .blocks = blocks,
                .n_blocks = row->remote > 0 ? 2 : 1,
                .container_id = "",
                .reason = "",
        });
        put_unseen("1gi-n2-0000 1gi-n2-0001");
        name(add_waiting("u", "c", 6 * GIB, 8 * GIB), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        claim = find("u", "c");
        ck_assert_int_eq(claim->source, row->source_after);
        ck_assert_str_eq(list_chunks(claim), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_uint_eq(get_local(claim), row->local_after);
        ck_assert_uint_eq(get_bytes(claim, 3), row->remote_after);
        ck_assert_uint_eq(get_bytes(claim, 2), row->chunk_after);
        ck_assert_uint_eq(claim->split.remote.min, row->chunk_after + row->remote_after);
        expect_nothing_more();
}
END_TEST

/* The pod's claim has the bytes of all its containers. */
START_TEST(chunks_of_a_share_are_the_pods) {
        const LedgerPart part = { 0, 6 * GIB };
        LedgerBlock block = { .bytes = part.bytes, .parts = &part, .n_parts = 1 };

        nodeset_add(&block.nodes, 0);
        put(&(LedgerClaim){
                .pod_uid = "u",
                .container = "",
                .namespace_name = "default",
                .pod = "u",
                .state = CLAIM_PENDING,
                .source = CLAIM_SOURCE_MEMORY_MANAGER,
                .blocks = &block,
                .n_blocks = 1,
                .container_id = "",
                .reason = "",
        });
        put_unseen("1gi-n2-0000");
        put_unseen("1gi-n3-0000");
        name(add_waiting("u", "c", 6 * GIB, 6 * GIB), "1gi-n2-0000 1gi-n3-0000");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert(find("u", "c")->is_within_pod);
        ck_assert_uint_eq(get_bytes(find("u", ""), 0), 4 * GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 3, 0), GIB);
        ck_assert_uint_eq(get_total(), 6 * GIB);
        expect_nothing_more();
}
END_TEST

/* It was counted in the pod's claim alone. */
START_TEST(a_chunk_that_a_share_loses_leaves_the_pods_claim) {
        const LedgerPart part = { 0, 6 * GIB };
        LedgerBlock block = { .bytes = part.bytes, .parts = &part, .n_parts = 1 };

        nodeset_add(&block.nodes, 0);
        put(&(LedgerClaim){
                .pod_uid = "u",
                .container = "",
                .namespace_name = "default",
                .pod = "u",
                .state = CLAIM_PENDING,
                .source = CLAIM_SOURCE_MEMORY_MANAGER,
                .blocks = &block,
                .n_blocks = 1,
                .container_id = "",
                .reason = "",
        });
        put_unseen("1gi-n2-0000 1gi-n2-0001");
        name(add_waiting("u", "c", 6 * GIB, 6 * GIB), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_str_eq(look(), "identified u/c");
        bed.report.pods[0].containers[0].n_chunks = 1;
        bed.report.ledger_generation = ledger_get_generation(ledger);
        name(add_running("v", "c", GIB, GIB), "1gi-n2-0001");
        ck_assert_str_eq(look_again(), "taken u/c, adopted v/c");
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0000");
        ck_assert_uint_eq(get_bytes(find("u", ""), 2), GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 2 * GIB);
}
END_TEST

/* Chunks that nobody has claimed */

START_TEST(after_a_lost_ledger_claims_are_what_the_kubelet_says) {
        ReportContainer *container = add_running("u", "c", 5 * GIB, 6 * GIB);

        name(container, "1gi-n2-0000 1gi-n3-0003");
        ck_assert_str_eq(look(), "adopted u/c");
        ck_assert_str_eq(reasons, "chunks that the kubelet says it has, 1gi-n2-0000 and more");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_ACTIVE);
        ck_assert_uint_eq(find("u", "c")->created_usec, 5);
        ck_assert_uint_eq(get_bytes(find("u", "c"), 3), GIB);
        ck_assert_uint_eq(get_total(), 5 * GIB);
        expect_nothing_more();
}
END_TEST

/* They were observed before anybody could tell what they are. */
START_TEST(ids_that_cannot_be_read_stay_observed) {
        ReportContainer *container = add_running("u", "c", 7 * GIB, 8 * GIB);

        name(container, "1gi-n2-0000");
        pods_bed_chunk(container, "chunk-1", GIB);
        pods_bed_chunk(container, "512mi-n2-0001", GIB); /* its resource says something else */
        ck_assert_str_eq(look(), "adopted u/c, adopted u/");
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0000");
        ck_assert_str_eq(list_chunks(find("u", "")), "512mi-n2-0001 chunk-1");
        expect_nothing_more();
}
END_TEST

#define MANY (LEDGER_CHUNKS_MAX + 1u)

/* From @first on, instead of what it has. */
static void name_many(ReportContainer *container, unsigned first, char (*texts)[CHUNK_ID_MAX]) {
        ReportChunk *chunks = reallocarray(container->chunks, MANY, sizeof(*chunks));

        ck_assert_ptr_nonnull(chunks);
        for (unsigned i = 0; i < MANY; ++i) {
                (void)snprintf(texts[i], CHUNK_ID_MAX, "64mi-n2-%04u", first + i);
                chunks[i] = (ReportChunk){ texts[i], 64 * MIB };
        }
        container->chunks = chunks;
        container->n_chunks = MANY;
}

/* Two resources of one container, and two containers of one pod, may be more than a claim takes. */
START_TEST(chunks_that_a_claim_has_no_place_for_are_observed) {
        static char texts[2][MANY][CHUNK_ID_MAX];
        ReportContainer *first = add_running("u", "a", 512 * GIB, 512 * GIB), *next;

        next = pods_bed_container(&bed.report.pods[0], "b", "", REPORT_NOT_STARTED);
        next->request_bytes = next->limit_bytes = opt_u64(512 * GIB);
        next->knows_limit = true;
        name_many(first, 0, texts[0]);
        name_many(next, MANY, texts[1]);
        ck_assert_str_eq(look(), "adopted u/a, adopted u/b, adopted u/");
        ck_assert_uint_eq(find("u", "a")->n_chunks, LEDGER_CHUNKS_MAX);
        ck_assert_uint_eq(find("u", "b")->n_chunks, LEDGER_CHUNKS_MAX);
        ck_assert_uint_eq(find("u", "")->n_chunks, 2);
        expect_nothing_more();
}
END_TEST

START_TEST(what_another_pod_loses_is_claimed_in_the_same_look) {
        put_chunks("u", "c", "1gi-n2-0000 1gi-n2-0001", CLAIM_ACTIVE);
        name(add_running("u", "c", 2 * GIB, 2 * GIB), "1gi-n2-0001");
        name(add_running("v", "c", 3 * GIB, 3 * GIB), "1gi-n2-0000");
        /* what u asks for is not less than before */
        ck_assert_str_eq(look(), "taken u/c, adopted u/, adopted v/c");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_RELEASING);
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0001");
        ck_assert_str_eq(list_chunks(find("v", "c")), "1gi-n2-0000");
        ck_assert_uint_eq(get_bytes(find("u", "c"), 2), GIB);
        ck_assert_uint_eq(get_bytes(find("v", "c"), 2), GIB);
        ck_assert_uint_eq(get_local(find("v", "c")), 2 * GIB);
}
END_TEST

/* Init containers */

START_TEST(chunks_of_an_init_container_go_to_the_next) {
        ReportContainer *first, *next;

        put_unseen("1gi-n2-0000 1gi-n2-0001");
        first = add_running("u", "a", 0, 4 * GIB);
        next = pods_bed_container(&bed.report.pods[0], "b", "", REPORT_NOT_STARTED);
        next->request_bytes = next->limit_bytes = opt_u64(5 * GIB);
        next->knows_limit = true;
        name(first, "1gi-n2-0000 1gi-n2-0001");
        name(next, "1gi-n2-0000 1gi-n2-0001");
        (void)look();
        ck_assert_str_eq(list_chunks(find("u", "a")), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_ptr_null(find("u", "b"));
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 2 * GIB);
        expect_nothing_more();
        first->state = REPORT_EXITED;
        next->id = "id2";
        next->state = REPORT_RUNNING;
        pods_bed_new_tree(&bed);
        pods_bed_leaf(pods_bed_cgroup(&bed, "u", true), "id2", 0);
        (void)look();
        ck_assert_ptr_null(find("u", "a"));
        ck_assert_int_eq(find("u", "b")->state, CLAIM_ACTIVE);
        ck_assert_str_eq(list_chunks(find("u", "b")), "1gi-n2-0000 1gi-n2-0001");
        ck_assert_uint_eq(get_local(find("u", "b")), 3 * GIB);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 2 * GIB);
        (void)look_again();
        ck_assert_uint_eq(get_total(), 5 * GIB);
        expect_nothing_more();
}
END_TEST

/* Names of mirror pods */

START_TEST(a_claim_of_a_mirror_pod_follows_its_static_pod) {
        put_chunks("mirror", "c", "1gi-n2-0000", CLAIM_PENDING);
        {
                LedgerClaim copy = *find("mirror", "c");

                copy.namespace_name = "default";
                copy.pod = "u";
                put(&copy);
        }
        name(add_waiting("u", "c", 2 * GIB, 2 * GIB), "1gi-n2-0000");
        bed.report.pods[0].is_static = true;
        ck_assert_str_eq(look(), "renamed u/c");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 1);
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0000");
        ck_assert_uint_eq(get_total(), 2 * GIB);
        expect_nothing_more();
}
END_TEST

/* Expiry */

typedef struct ExpiryRow {
        ClaimState state;
        uint64_t age_usec;    /* at the look */
        uint64_t report_usec; /* age when the report came */
        bool is_unsettled, is_partial, is_unknowing, is_deaf;
        const char *reason; /* NULL: it stays */
} ExpiryRow;

#define SECOND USEC_PER_SEC
static const char no_name[] = "the kubelet names nobody with its chunks";
static const char no_time[] = "nobody was named with its chunks in time";

static const ExpiryRow expiry_rows[] = {
        { CLAIM_PENDING, SECOND, SECOND, .reason = NULL },
        { CLAIM_PENDING, 59 * SECOND, 59 * SECOND, .reason = NULL },
        { CLAIM_PENDING, 60 * SECOND, 60 * SECOND, .reason = no_name },
        { CLAIM_PENDING, 90 * SECOND, 30 * SECOND, .reason = NULL },
        { CLAIM_PENDING, 90 * SECOND, 90 * SECOND, .is_unsettled = true, .reason = NULL },
        { CLAIM_PENDING, 90 * SECOND, 90 * SECOND, .is_partial = true, .reason = NULL },
        { CLAIM_PENDING, 90 * SECOND, 90 * SECOND, .is_unknowing = true, .reason = NULL },
        { CLAIM_PENDING, 90 * SECOND, 90 * SECOND, .is_deaf = true, .reason = NULL },
        { CLAIM_PENDING, 599 * SECOND, 30 * SECOND, .reason = NULL },
        { CLAIM_PENDING, 600 * SECOND, 30 * SECOND, .reason = no_time },
        { CLAIM_PENDING, 600 * SECOND, 600 * SECOND, .is_unsettled = true, .reason = no_time },
        { CLAIM_RELEASING, 60 * SECOND, 60 * SECOND, .reason = no_name },
        { CLAIM_UNCONFIRMED, SECOND, SECOND, .reason = no_name },
        { CLAIM_UNCONFIRMED, SECOND, SECOND, .is_unsettled = true, .reason = NULL },
        { CLAIM_UNCONFIRMED, 600 * SECOND, SECOND, .is_unsettled = true, .reason = no_time },
};

START_TEST(what_nobody_is_named_with_goes) {
        const ExpiryRow *row = &expiry_rows[_i];
        const uint64_t start_usec = 1000 * SECOND;

        put_unseen("1gi-n3-0007");
        put_chunks("unseen-x", "", "1gi-n2-0000", row->state);
        name(add_waiting("other", "c", GIB, GIB), "1gi-n3-0007");
        bed.report.is_settled = false;
        now_usec = start_usec;
        (void)look();
        now_usec = start_usec + row->age_usec;
        bed.report.usec = start_usec + row->report_usec;
        bed.report.is_settled = !row->is_unsettled;
        if (row->is_partial)
                pods_bed_source(&bed, "devices", REPORT_SOURCE_FAILED);
        if (row->is_unknowing || row->is_deaf)
                bed.report.ledger_generation = row->is_unknowing;
        ck_assert_str_eq(look_again(), "");
        ck_assert_int_eq(reconcile_memory_is_missed(memory, "unseen-x", ""), row->reason != NULL);
        ck_assert_str_eq(look_again(), row->reason ? "released unseen-x/" : "");
        if (row->reason)
                ck_assert_str_eq(reasons, row->reason);
        ck_assert_int_eq(find("unseen-x", "") == NULL, row->reason != NULL);
        ck_assert_ptr_nonnull(ledger_find_chunk(ledger, "1gi-n3-0007"));
}
END_TEST

/* Slugds that end */

static void put_unseen_now(const char *ids) {
        wall_usec = created_usec = 7200 * SECOND;
        put_unseen(ids);
}

/* What a slugd remembers of looks ends with it; the ledger stays. */
static void restart(uint64_t later_usec) {
        reconcile_memory_free(memory);
        ck_assert_int_eq(reconcile_memory_new(&memory), 0);
        now_usec += later_usec;
        wall_usec += later_usec;
        bed.report.usec = now_usec;
}

START_TEST(slugds_that_end_soon_do_not_keep_what_nobody_is_named_with) {
        put_unseen_now("1gi-n2-0000");
        for (uint64_t age_usec = 0; age_usec < RECONCILE_UNSEEN_USEC; age_usec += 20 * SECOND) {
                for (int i = 0; i < 5; ++i)
                        ck_assert_str_eq(look_again(), "");
                ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 0);
                restart(20 * SECOND);
        }
        for (int i = 0; i < 2; ++i)
                ck_assert_str_eq(look_again(),
                                 ""); /* the first of these has seen that it is there */
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), 1);
        ck_assert(strncmp(look_again(), "released unseen-", 16) == 0);
        ck_assert_str_eq(reasons, no_name);
        ck_assert_ptr_null(ledger_find_chunk(ledger, "1gi-n2-0000"));
}
END_TEST

typedef struct ClockRow {
        int64_t wall_usec; /* that the clock on the wall has gone on at the restart */
        bool is_unsettled;
        bool goes_at_once;
} ClockRow;

static const ClockRow clock_rows[] = {
        { 60 * SECOND, false, true },
        { 60 * SECOND - 1, false, false },
        { -3600 * (int64_t)SECOND, false, false },
        { 3600 * SECOND, true, false }, /* more than the timeout: nobody has been heard yet */
};

START_TEST(of_an_earlier_slugd_the_clock_on_the_wall_is_believed) {
        const ClockRow *row = &clock_rows[_i];

        put_unseen_now("1gi-n2-0000");
        ck_assert_str_eq(look_again(), "");
        restart(0);
        wall_usec += (uint64_t)row->wall_usec;
        bed.report.is_settled = !row->is_unsettled;
        for (int i = 0; i < 2; ++i)
                ck_assert_str_eq(look_again(), "");
        ck_assert_uint_eq(reconcile_memory_get_n_missed(memory), row->goes_at_once);
        wall_usec += 3600 * SECOND; /* while it runs it is no measure */
        (void)look_again();
        ck_assert_int_eq(!ledger_find_chunk(ledger, "1gi-n2-0000"), row->goes_at_once);
}
END_TEST

/* A reboot */

typedef struct RebootRow {
        bool is_named, is_listed, is_unknowing;
        ClaimState state;
} RebootRow;

static const RebootRow reboot_rows[] = {
        { true, true, false, CLAIM_PENDING },
        { true, false, false, CLAIM_UNCONFIRMED },
        { true, true, true, CLAIM_UNCONFIRMED },
        { false, true, false, CLAIM_UNCONFIRMED },
};

START_TEST(the_kubelet_confirms_what_it_names) {
        const RebootRow *row = &reboot_rows[_i];
        ReportContainer *container = add_waiting("u", "c", 2 * GIB, 2 * GIB);

        put_chunks("u", "c", "1gi-n2-0000", CLAIM_UNCONFIRMED);
        bed.report.pods[0].is_listed = row->is_listed;
        bed.report.is_settled = row->is_listed;
        if (row->is_named)
                name(container, "1gi-n2-0000");
        if (row->is_unknowing)
                bed.report.ledger_generation = 0;
        (void)look();
        ck_assert_int_eq(find("u", "c")->state, row->state);
        ck_assert_str_eq(list_chunks(find("u", "c")), "1gi-n2-0000");
}
END_TEST

START_TEST(a_claim_of_before_a_reboot_finds_its_container) {
        put_chunks("unseen-9", "", "1gi-n2-0000", CLAIM_UNCONFIRMED);
        name(add_waiting("u", "c", 2 * GIB, 2 * GIB), "1gi-n2-0000");
        ck_assert_str_eq(look(), "identified u/c");
        ck_assert_int_eq(find("u", "c")->state, CLAIM_PENDING);
        ck_assert_uint_eq(get_total(), 2 * GIB);
        expect_nothing_more();
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pods-identify");
        TCase *tcase = tcase_create("pods-identify");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_claim_moves_to_the_container_that_is_named);
        tcase_add_test(tcase, the_claim_of_one_that_runs_is_active);
        tcase_add_test(tcase, one_that_waits_becomes_active_when_it_starts);
        tcase_add_test(tcase, several_claims_of_one_container_become_one);
        tcase_add_test(tcase, what_comes_later_is_a_part_of_the_request_too);
        tcase_add_test(tcase, each_container_gets_its_own);
        tcase_add_test(tcase, a_report_from_before_the_claim_moves_nothing);
        tcase_add_test(tcase, a_pod_that_has_ended_is_nobody);
        tcase_add_test(tcase, what_is_named_in_part_stays_unseen_in_part);
        tcase_add_loop_test(tcase, chunks_are_a_part_of_the_limit, 0, ELEMENTSOF(fit_rows));
        tcase_add_test(tcase, an_invalid_claim_holds_its_bytes_and_may_become_valid);
        tcase_add_test(tcase, a_limit_of_the_pod_is_one);
        tcase_add_test(tcase, what_is_not_known_yet_is_observed);
        tcase_add_test(tcase, a_resize_moves_the_local_part);
        tcase_add_loop_test(tcase, a_container_has_one_claim, 0, ELEMENTSOF(merge_rows));
        tcase_add_test(tcase, chunks_of_a_share_are_the_pods);
        tcase_add_test(tcase, a_chunk_that_a_share_loses_leaves_the_pods_claim);
        tcase_add_test(tcase, after_a_lost_ledger_claims_are_what_the_kubelet_says);
        tcase_add_test(tcase, ids_that_cannot_be_read_stay_observed);
        tcase_add_test(tcase, chunks_that_a_claim_has_no_place_for_are_observed);
        tcase_add_test(tcase, what_another_pod_loses_is_claimed_in_the_same_look);
        tcase_add_test(tcase, chunks_of_an_init_container_go_to_the_next);
        tcase_add_test(tcase, a_claim_of_a_mirror_pod_follows_its_static_pod);
        tcase_add_loop_test(tcase, what_nobody_is_named_with_goes, 0, ELEMENTSOF(expiry_rows));
        tcase_add_test(tcase, slugds_that_end_soon_do_not_keep_what_nobody_is_named_with);
        tcase_add_loop_test(tcase, of_an_earlier_slugd_the_clock_on_the_wall_is_believed, 0,
                            ELEMENTSOF(clock_rows));
        tcase_add_loop_test(tcase, the_kubelet_confirms_what_it_names, 0, ELEMENTSOF(reboot_rows));
        tcase_add_test(tcase, a_claim_of_before_a_reboot_finds_its_container);
        suite_add_tcase(suite, tcase);
        return suite;
}
