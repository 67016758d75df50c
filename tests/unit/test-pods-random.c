/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciling against a model of the truth
 *
 * Pods come, run, crash, are resized, get chunks, lose them to others and go;
 * the kubelet asks for chunks of containers that it does not name, or of pods
 * that it refuses. slugd sees that through trees and reports that are late,
 * partial or unsettled, is started again, and so is the machine. What must hold
 * whatever it sees is checked after every look; what must follow once it can
 * see everything, now and then. SLUG_SEED and SLUG_STEPS make another run, or a
 * longer one.
 */
#include "lib/test-main.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/rest.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/pods-bed.h"
#include "pods/reconcile-memory.h"

#define SEED         UINT64_C(0x0dd5eed)
#define N_STEPS      12000u
#define N_PODS       10u
#define N_CONTAINERS 3u
#define N_PLAIN      3u /* chunks whose ids say nothing */
#define N_CHUNKS     9u
#define TIMEOUT_USEC UINT64_MAX /* the model's pods may wait for ever */

typedef struct ModelContainer {
        char id[24]; /* "": not started */
        ReportState state;
        uint64_t request; /* 0: it asks for none */
        uint64_t usage;
        unsigned node; /* where it uses it */
        bool is_claimed;
        bool is_releasing; /* once it does not run */
} ModelContainer;

typedef struct ModelPod {
        char uid[24]; /* "": there is none */
        bool has_cgroup, has_ended;
        ModelContainer containers[N_CONTAINERS];
        size_t n_containers;
        uint64_t counted; /* bytes of its claims when all was known; 0: it has changed
                       since */
} ModelPod;

/* A chunk is of pod / N_CONTAINERS, container % N_CONTAINERS, or nobody's. */
typedef struct Model {
        ModelPod pods[N_PODS];
        int owners[N_CHUNKS];
} Model;

static const char *const names[N_CONTAINERS] = { "a", "b", "c" };
static const char *const chunk_ids[N_CHUNKS] = {
        "k0",          "k1",          "k2",          "1gi-n2-0000", "1gi-n2-0001",
        "1gi-n2-0002", "1gi-n2-0003", "1gi-n2-0004", "1gi-n2-0005",
};
static const LedgerRoomRow rows[] = { { 0, 0, 64 * GIB }, { 1, 0, 64 * GIB }, { 2, 0, 128 * GIB } };

static Model now, reported; /* the second is what a report was made of that has
                               not come yet */
static bool has_reported;
static uint64_t reported_generation;
static uint64_t seed, first_seed;
static unsigned n_step, n_uids, n_ids, n_asked;
static unsigned n_adopted, n_released, n_taken, n_resized, n_matched, n_identified;
static Ledger *ledger;
static ReconcileMemory *memory;
static PodsBed bed;
static SizePlace place;

#define CHECK(is_true, text, ...)                                                                  \
        ck_assert_msg((is_true), "SLUG_SEED=%#" PRIx64 ", step %u: " text, first_seed, n_step,     \
                      ##__VA_ARGS__)

static uint64_t get_number(const char *name, uint64_t otherwise) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 0) : otherwise;
}

static void setup(void) {
        now = reported = (Model){};
        for (size_t i = 0; i < N_CHUNKS; ++i)
                now.owners[i] = -1;
        has_reported = false;
        seed = first_seed = get_number("SLUG_SEED", SEED);
        n_step = n_asked = 0;
        ledger = NULL;
        memory = NULL;
        bed = (PodsBed){};
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

static unsigned pick(unsigned n) {
        return (unsigned)(claims_random(&seed) >> 33) % n;
}

static void apply(LedgerChange *change) {
        CHECK(ledger_apply(ledger, change, NULL, NULL, NULL) == 0, "no change");
}

/* What slugd is shown */

static void show_tree(void) {
        const bool is_partial = pick(6) == 0;

        pods_bed_new_tree(&bed);
        bed.tree.is_complete = !is_partial;
        for (size_t i = 0; i < N_PODS; ++i) {
                const ModelPod *pod = &now.pods[i];
                TreePod *tree;

                if (!pod->uid[0] || !pod->has_cgroup || (is_partial && pick(3) == 0))
                        continue;
                tree = pods_bed_cgroup(&bed, pod->uid, !pod->has_ended);
                for (size_t k = 0; k < pod->n_containers; ++k) {
                        const ModelContainer *container = &pod->containers[k];

                        if (container->state != REPORT_RUNNING)
                                continue;
                        pods_bed_leaf(tree, container->id, container->usage);
                        pods_bed_use(tree, container->node, container->usage);
                }
        }
}

static void show_container(ReportPod *report, const Model *model, size_t i, size_t k) {
        const ModelContainer *container = &model->pods[i].containers[k];
        ReportContainer *shown =
                pods_bed_container(report, names[k], container->id, container->state);

        if (pods_report_has(&bed.report, "allocations"))
                shown->request_bytes = opt_u64(container->request);
        shown->knows_limit = true;
        shown->limit_bytes = container->request > 0 ? opt_u64(container->request) : (OptU64){};
        for (size_t c = 0; pods_report_has(&bed.report, "devices") && c < N_CHUNKS; ++c)
                if (model->owners[c] == (int)(i * N_CONTAINERS + k))
                        pods_bed_chunk(shown, chunk_ids[c], GIB);
}

/* After a reboot the runtime has what was there before. */
static bool has_old_containers(const ModelPod *pod) {
        for (size_t k = 0; k < pod->n_containers; ++k)
                if (pod->containers[k].id[0])
                        return true;
        return false;
}

/* In any order. A pod that has ended is listed by some kubelets, and forgotten
 * by and by. */
static void show_report(const Model *from, uint64_t generation, bool is_all) {
        static Model shown_model; /* the report borrows its texts */
        const Model *model = &shown_model;
        const size_t first = pick(N_PODS);

        shown_model = *from;
        pods_bed_new_report(&bed);
        bed.report.ledger_generation = generation;
        bed.report.is_settled = is_all || pick(4) > 0;
        if (!is_all && pick(4) == 0)
                pods_bed_source(&bed, "allocations", REPORT_SOURCE_FAILED);
        if (!is_all && pick(4) == 0) {
                pods_bed_source(&bed, "devices", REPORT_SOURCE_FAILED);
                pods_bed_source(&bed, "pod-resources", REPORT_SOURCE_FAILED);
        }
        for (size_t n = 0; n < N_PODS; ++n) {
                const size_t i = (first + n) % N_PODS;
                const ModelPod *pod = &model->pods[i];
                ReportPod *shown;

                if (!pod->uid[0] || (!is_all && !pods_report_is_complete(&bed.report) && pick(3)))
                        continue;
                shown = pods_bed_pod(&bed, pod->uid);
                shown->sandbox = pod->has_cgroup && !pod->has_ended ? REPORT_SANDBOX_READY
                                 : has_old_containers(pod)          ? REPORT_SANDBOX_NOT_READY
                                                                    : REPORT_SANDBOX_NONE;
                shown->is_listed = pods_report_has(&bed.report, "pod-resources") &&
                                   (!pod->has_ended || (is_all ? i % 2 == 0 : pick(2)));
                for (size_t k = 0; k < pod->n_containers; ++k)
                        show_container(shown, model, i, k);
        }
}

/* Looks */

static void check_chunks(void) {
        for (size_t c = 0; c < N_CHUNKS; ++c) {
                unsigned n = 0;

                for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
                     claim = ledger_next(ledger, claim))
                        n += ledger_claim_has_chunk(claim, chunk_ids[c]);
                CHECK(n <= 1, "chunk %s is in %u claims", chunk_ids[c], n);
        }
}

static uint64_t sum_claims(const char *uid) {
        uint64_t sum = 0;

        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, uid, claim))
                sum += ledger_claim_get_bytes(claim, 0);
        return sum;
}

/* One that runs is not dropped, nor one that is to run unless it is being
 * released. */
static void check_claim(ModelPod *pod, size_t k) {
        const LedgerClaim *claim = ledger_find(ledger, pod->uid, names[k]);
        ModelContainer *container = &pod->containers[k];

        container->is_releasing |= claim && claim->state == CLAIM_RELEASING;
        if (!claim && container->is_releasing && container->state != REPORT_RUNNING)
                container->is_claimed = false;
        CHECK(claim || !container->is_claimed, "the claim of %s/%s is gone", pod->uid, names[k]);
}

/* Of a promised claim, by the truth; -1: it does not run, or is not the chunk's
 * owner. */
static bool is_rightly_held(size_t chunk) {
        const LedgerClaim *claim = ledger_find_chunk(ledger, chunk_ids[chunk]);
        const int owner = now.owners[chunk];
        const ModelPod *pod = &now.pods[owner < 0 ? 0 : owner / (int)N_CONTAINERS];

        return owner >= 0 && claim && claim->source != CLAIM_SOURCE_OBSERVED && !pod->has_ended &&
               pod->has_cgroup && strcmp(claim->pod_uid, pod->uid) == 0;
}

/* What must hold whatever was seen. */
static void check_look(void) {
        CHECK(ledger_check(ledger), "the ledger does not add up");
        check_chunks();
        for (size_t i = 0; i < N_PODS; ++i) {
                ModelPod *pod = &now.pods[i];

                for (size_t k = 0; pod->uid[0] && !pod->has_ended && k < pod->n_containers; ++k)
                        check_claim(pod, k);
                if (pod->uid[0] && pod->counted > 0)
                        CHECK(sum_claims(pod->uid) + 2 * SIZE_STEP >= pod->counted,
                              "%s has %" PRIu64 " bytes, and had %" PRIu64, pod->uid,
                              sum_claims(pod->uid), pod->counted);
        }
}

static ReconcileParams get_params(void) {
        return (ReconcileParams){
                .ledger = ledger,
                .inventory = pods_bed_join(&bed),
                .place = place,
                .now_usec = ++bed.now_usec,
                .pending_timeout_usec = TIMEOUT_USEC,
        };
}

static bool is_memory_equal(const ReconcileMemory *a, const ReconcileMemory *b) {
        return a->n_claims == b->n_claims && a->n_pods == b->n_pods &&
               (a->n_claims == 0 ||
                memcmp(a->claims, b->claims, a->n_claims * sizeof(*a->claims)) == 0) &&
               (a->n_pods == 0 || memcmp(a->pods, b->pods, a->n_pods * sizeof(*a->pods)) == 0);
}

/* Fails at the first allocation, at the second, and so on, until it goes
 * through. */
static void reconcile_without_memory(const ReconcileParams *params, ReconcilePlan *plan) {
        _cleanup_(reconcile_memory_freep) ReconcileMemory *before = NULL;
        int r = -ENOMEM;

        CHECK(memory_copy(memory->claims, memory->n_claims, memory->pods, memory->n_pods,
                          &before) == 0,
              "no copy");
        for (unsigned n = 0; r; ++n) {
                bool has_failed;

                failmalloc_arm(n);
                r = reconcile(params, memory, false, plan);
                has_failed = failmalloc_disarm();
                CHECK(r == (has_failed ? -ENOMEM : 0) || r == 0, "%d", r);
                CHECK(r == 0 || is_memory_equal(memory, before), "memory has changed");
                CHECK(r == 0 || (!plan->notes && !plan->change.puts), "there is half a plan");
        }
}

static void forget_counted(const char *uid) {
        for (size_t i = 0; i < N_PODS; ++i)
                if (strcmp(now.pods[i].uid, uid) == 0)
                        now.pods[i].counted = 0;
}

static void count_notes(const ReconcilePlan *plan) {
        for (size_t i = 0; i < plan->n_notes; ++i) {
                n_adopted += plan->notes[i].act == RECONCILE_ADOPTED;
                n_released += plan->notes[i].act == RECONCILE_RELEASED;
                if (plan->notes[i].act == RECONCILE_TAKEN) {
                        forget_counted(plan->notes[i].key.pod_uid);
                        ++n_taken;
                }
                n_resized += plan->notes[i].act == RECONCILE_RESIZED;
                n_matched += plan->notes[i].act == RECONCILE_MATCHED;
                n_identified += plan->notes[i].act == RECONCILE_IDENTIFIED;
        }
}

/* Return: whether anything was to be done or said. */
static bool look(void) {
        const ReconcileParams params = get_params();
        bool has_plan, was_held[N_CHUNKS];
        ReconcilePlan plan = {};

        for (size_t c = 0; c < N_CHUNKS; ++c)
                was_held[c] = is_rightly_held(c);
        if (pick(40) == 0)
                reconcile_without_memory(&params, &plan);
        else
                CHECK(reconcile(&params, memory, false, &plan) == 0, "no plan");
        has_plan = plan.n_notes + plan.change.n_puts + plan.change.n_drops > 0;
        count_notes(&plan);
        apply(&plan.change);
        reconcile_plan_deinit(&plan);
        check_look();
        for (size_t c = 0; c < N_CHUNKS; ++c)
                CHECK(!was_held[c] || is_rightly_held(c), "chunk %s was taken", chunk_ids[c]);
        return has_plan;
}

/* What happens */

static ModelPod *pick_pod(void) {
        return &now.pods[pick(N_PODS)];
}

static int get_owner(const ModelPod *pod, size_t container) {
        return (int)((size_t)(pod - now.pods) * N_CONTAINERS + container);
}

static unsigned count_chunks(const ModelPod *pod, size_t container) {
        unsigned n = 0;

        for (size_t c = 0; c < N_CHUNKS; ++c)
                n += now.owners[c] == get_owner(pod, container);
        return n;
}

static void free_chunks(const ModelPod *pod) {
        for (size_t c = 0; c < N_CHUNKS; ++c)
                if (now.owners[c] >= 0 &&
                    now.owners[c] / (int)N_CONTAINERS == (int)(pod - now.pods))
                        now.owners[c] = -1;
}

/* slugd is asked, and promises it. */
static void allocate(ModelPod *pod, size_t k) {
        ModelContainer *container = &pod->containers[k];
        const unsigned node = pick(2);
        LedgerPart parts[2];
        LedgerBlock blocks[2] = {};
        const char *chunks[N_CHUNKS];
        LedgerClaim *base = claims_make(pod->uid, names[k], 0, 1), copy = *base, *claim = NULL;
        LedgerChange change = {};
        uint64_t remote = 0;

        copy.n_chunks = 0;
        for (size_t c = 0; c < N_PLAIN; ++c)
                if (now.owners[c] == get_owner(pod, k) &&
                    !ledger_find_chunk(ledger, chunk_ids[c])) {
                        chunks[copy.n_chunks++] = chunk_ids[c];
                        remote += GIB;
                }
        parts[0] = (LedgerPart){ node, container->request - remote };
        parts[1] = (LedgerPart){ 2, remote };
        for (size_t i = 0; i < 2; ++i) {
                blocks[i] =
                        (LedgerBlock){ .bytes = parts[i].bytes, .parts = &parts[i], .n_parts = 1 };
                nodeset_add(&blocks[i].nodes, parts[i].node);
        }
        copy.state = CLAIM_PENDING;
        copy.chunks = chunks;
        copy.blocks = blocks;
        copy.n_blocks = remote > 0 ? 2 : 1;
        if (remote > 0)
                copy.split = (Split){ { parts[0].bytes, SPLIT_UNLIMITED }, { remote, remote } };
        CHECK(ledger_claim_new(&copy, &claim) == 0, "no claim");
        claims_put(&change, claim);
        apply(&change);
        ledger_claim_free(base);
        container->is_claimed = true;
}

/* The device plugin's part: whoever had a chunk is on the way out, and who asks
 * has no name. */

static bool is_asked(const char *chunk, void *userdata) {
        const char *const *chunks = userdata;

        while (*chunks && strcmp(*chunks, chunk) != 0)
                ++chunks;
        return *chunks;
}

static void take_over(const char *const *chunks, LedgerChange *change) {
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                _cleanup_(ledger_rest_deinitp) LedgerRest rest = {};

                CHECK(ledger_rest_init(&rest, claim) == 0, "no rest");
                for (size_t i = 0; chunks[i]; ++i)
                        if (ledger_claim_has_chunk(claim, chunks[i])) {
                                (void)ledger_rest_take(&rest, 2, 0, GIB);
                                split_take_remote(&rest.claim.split, GIB);
                        }
                ledger_rest_take_chunks(&rest, is_asked, (void *)chunks);
                if (rest.claim.n_chunks == claim->n_chunks)
                        continue;
                if (!ledger_claim_is_observed(claim))
                        rest.claim.state = CLAIM_RELEASING;
                forget_counted(claim->pod_uid);
                CHECK(ledger_rest_put(&rest, change) == 0, "no rest is put");
        }
}

/* @chunks: NULL ends them */
static void ask(const char *const *chunks, size_t n) {
        const LedgerPart part = { 2, n * GIB };
        LedgerBlock block = { .bytes = part.bytes, .parts = &part, .n_parts = 1 };
        LedgerChange change = {};
        char uid[POD_UID_MAX];
        LedgerClaim *claim;

        (void)snprintf(uid, sizeof(uid), CHUNK_UNSEEN_PREFIX "%u", n_asked++);
        nodeset_add(&block.nodes, 2);
        CHECK(ledger_claim_new(&(const LedgerClaim){ .pod_uid = uid,
                                                     .container = "",
                                                     .namespace_name = "",
                                                     .pod = "",
                                                     .state = CLAIM_PENDING,
                                                     .source = CLAIM_SOURCE_DEVICE_PLUGIN,
                                                     .split.local.max = SPLIT_UNLIMITED,
                                                     .split.remote = { part.bytes, part.bytes },
                                                     .blocks = &block,
                                                     .n_blocks = 1,
                                                     .chunks = chunks,
                                                     .n_chunks = n,
                                                     .container_id = "",
                                                     .reason = "" },
                               &claim) == 0,
              "no claim");
        claims_put(&change, claim);
        take_over(chunks, &change);
        apply(&change);
}

/* In one call, or one for each resource; or slugd hears of none. */
static void ask_for(const ModelPod *pod, size_t k) {
        const char *chunks[N_CHUNKS + 1] = {};
        const bool is_apart = pick(3) == 0, is_heard = pick(6) > 0;
        size_t n = 0;

        for (size_t c = N_PLAIN; is_heard && c < N_CHUNKS; ++c) {
                if (now.owners[c] != get_owner(pod, k))
                        continue;
                chunks[n++] = chunk_ids[c];
                if (is_apart) {
                        ask(chunks, n);
                        n = 0;
                        chunks[0] = NULL;
                }
        }
        if (n > 0)
                ask(chunks, n);
}

/* The kubelet asks, and refuses the pod after that. */
static void ask_in_vain(void) {
        const size_t c = N_PLAIN + pick(N_CHUNKS - N_PLAIN);
        const char *const chunks[] = { chunk_ids[c], NULL };

        if (now.owners[c] < 0)
                ask(chunks, 1);
}

/* Of one kind: a node whose chunks are called otherwise now has none of those before. */
static void give_chunks(const ModelPod *pod, size_t k) {
        const bool is_plain = pick(3) == 0;
        const size_t first = is_plain ? 0 : N_PLAIN, end = is_plain ? N_PLAIN : N_CHUNKS;

        for (size_t c = first; c < end; ++c)
                if (now.owners[c] < 0 && pick(6) == 0 && count_chunks(pod, k) < 2)
                        now.owners[c] = get_owner(pod, k);
}

static void create_pod(ModelPod *pod) {
        *pod = (ModelPod){ .n_containers = 1 + pick(N_CONTAINERS) };
        (void)snprintf(pod->uid, sizeof(pod->uid), "pod%u", n_uids++);
        for (size_t k = 0; k < pod->n_containers; ++k) {
                ModelContainer *container = &pod->containers[k];

                container->request = pick(4) ? (3 + pick(6)) * GIB : 0;
                container->usage = (1 + pick(100)) * 8 * MIB;
                container->node = pick(2);
                if (container->request > 0)
                        give_chunks(pod, k);
                if (pick(2))
                        ask_for(pod, k);
                if (container->request > 0 && pick(2))
                        allocate(pod, k);
                else
                        ask_for(pod, k);
        }
}

static void start_container(ModelPod *pod) {
        ModelContainer *container = &pod->containers[pick((unsigned)pod->n_containers)];

        if (pod->has_ended)
                return;
        pod->has_cgroup = true;
        pod->counted = 0;
        container->state = REPORT_RUNNING;
        (void)snprintf(container->id, sizeof(container->id), "id%u", n_ids++);
}

static void exit_container(ModelPod *pod) {
        ModelContainer *container = &pod->containers[pick((unsigned)pod->n_containers)];

        if (container->state != REPORT_RUNNING)
                return;
        container->state = REPORT_EXITED;
        pod->counted = 0;
}

/* Its containers have exited; its cgroup goes now, or with the pod. */
static void end_pod(ModelPod *pod) {
        if (!pod->has_cgroup)
                return;
        pod->has_ended = true;
        pod->has_cgroup = pick(2);
        pod->counted = 0;
        for (size_t k = 0; k < pod->n_containers; ++k)
                if (pod->containers[k].id[0])
                        pod->containers[k].state = REPORT_EXITED;
        if (pick(2))
                free_chunks(pod);
}

static void remove_pod(ModelPod *pod) {
        free_chunks(pod);
        *pod = (ModelPod){};
}

static void resize_container(ModelPod *pod) {
        const size_t k = pick((unsigned)pod->n_containers);
        ModelContainer *container = &pod->containers[k];

        if (container->request == 0 || container->state != REPORT_RUNNING || pod->has_ended)
                return;
        container->request = (3 + pick(6)) * GIB;
        pod->counted = 0;
}

/* The kubelet has lost its memory, and gives a chunk of one that runs to
 * another. Not there and back while a report is under way: nobody could tell
 * that from a chunk that has moved once. */
static void move_chunk(void) {
        int *owner = &now.owners[pick(N_CHUNKS)];
        ModelPod *to = pick_pod();

        if (has_reported || *owner < 0 || !to->uid[0] || to->has_ended ||
            to->containers[0].request == 0 || count_chunks(to, 0) > 0)
                return;
        now.pods[*owner / (int)N_CONTAINERS].counted = 0;
        to->counted = 0;
        *owner = get_owner(to, 0);
}

static void restart_slugd(void) {
        memory = reconcile_memory_free(memory);
        ck_assert_int_eq(reconcile_memory_new(&memory), 0);
        pods_bed_no_report(&bed);
        has_reported = false;
}

/* As journal_load() does it. */
static void unconfirm(void) {
        LedgerChange change = {};

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                LedgerClaim copy = *claim, *put = NULL;

                if (claim->state != CLAIM_PENDING && claim->state != CLAIM_ACTIVE)
                        continue;
                copy.state = CLAIM_UNCONFIRMED;
                CHECK(ledger_claim_new(&copy, &put) == 0, "no claim");
                claims_put(&change, put);
        }
        apply(&change);
}

/* Some pods come back, and are started again; others were deleted meanwhile. */
static void reboot(void) {
        for (size_t i = 0; i < N_PODS; ++i) {
                ModelPod *pod = &now.pods[i];

                pod->has_cgroup = false;
                pod->counted = 0;
                if (pod->has_ended || pick(3) == 0)
                        remove_pod(pod);
                for (size_t k = 0; k < pod->n_containers; ++k)
                        if (pod->containers[k].id[0])
                                pod->containers[k].state = REPORT_EXITED;
        }
        unconfirm();
        restart_slugd();
        show_tree();
}

/* The kubelet says that a container was created, as it does where it asks for
 * memory. */
static void confirm_container(ModelPod *pod) {
        for (size_t k = 0; k < pod->n_containers; ++k) {
                const LedgerClaim *claim = ledger_find(ledger, pod->uid, names[k]);
                LedgerChange change = {};
                LedgerClaim copy, *put = NULL;

                if (!claim || claim->state != CLAIM_PENDING ||
                    pod->containers[k].state != REPORT_RUNNING)
                        continue;
                copy = *claim;
                copy.state = CLAIM_ACTIVE;
                copy.container_id = pod->containers[k].id;
                CHECK(ledger_claim_new(&copy, &put) == 0, "no claim");
                claims_put(&change, put);
                apply(&change);
        }
}

/* When all can be seen */

static uint64_t get_size(const ModelPod *pod, size_t k) {
        const ModelContainer *container = &pod->containers[k];

        return container->state == REPORT_EXITED    ? 0
               : container->request > 0             ? container->request
               : container->state == REPORT_RUNNING ? container->usage
                                                    : 0;
}

static bool is_releasing(const ModelPod *pod, size_t k) {
        const LedgerClaim *claim = ledger_find(ledger, pod->uid, names[k]);

        return claim && claim->state == CLAIM_RELEASING;
}

/* A claim that gives a chunk away does not follow resizes; one waits for the
 * others to start. */
static bool is_settled(const ModelPod *pod) {
        for (size_t k = 0; k < pod->n_containers; ++k)
                if (is_releasing(pod, k) || pod->containers[k].state == REPORT_NOT_STARTED)
                        return false;
        return true;
}

/* Nothing of it is a guess: all of it runs and has asked for memory, and nobody
 * but the kubelet has promised it any. */
static bool is_whole(const ModelPod *pod) {
        for (size_t k = 0; k < pod->n_containers; ++k) {
                const ModelContainer *container = &pod->containers[k];

                if (container->state != REPORT_RUNNING || container->request == 0 ||
                    container->is_claimed || is_releasing(pod, k))
                        return false;
        }
        return pod->has_cgroup;
}

static void check_settled_pod(ModelPod *pod, uint64_t used[static 3]) {
        uint64_t size = 0;
        bool is_observed = true;

        if (!pod->uid[0] || pod->has_ended)
                return;
        for (size_t k = 0; k < pod->n_containers; ++k) {
                size += get_size(pod, k);
                is_observed = is_observed && !pod->containers[k].is_claimed;
        }
        for (size_t k = 0; is_observed && k < pod->n_containers; ++k)
                if (pod->containers[k].state == REPORT_RUNNING)
                        used[pod->containers[k].node] += pod->containers[k].usage;
        if (is_settled(pod))
                CHECK(sum_claims(pod->uid) + 2 * SIZE_STEP >= size,
                      "%s has %" PRIu64 " bytes, and holds %" PRIu64, pod->uid,
                      sum_claims(pod->uid), size);
        /* what is counted beyond that, for want of knowledge, may go */
        pod->counted = pod->has_cgroup ? bytes_min(sum_claims(pod->uid), size) : 0;
        if (is_whole(pod))
                CHECK(sum_claims(pod->uid) <= size + 2 * SIZE_STEP,
                      "%s has %" PRIu64 " bytes, and holds only %" PRIu64, pod->uid,
                      sum_claims(pod->uid), size);
}

static const ModelPod *find_pod(const char *uid) {
        for (size_t i = 0; i < N_PODS; ++i)
                if (strcmp(now.pods[i].uid, uid) == 0)
                        return &now.pods[i];
        return NULL;
}

/* What the kubelet says, container by container. */
static void check_owners(void) {
        for (size_t c = N_PLAIN; c < N_CHUNKS; ++c) {
                const LedgerClaim *claim = ledger_find_chunk(ledger, chunk_ids[c]);
                const int owner = now.owners[c];
                const ModelPod *pod = &now.pods[owner < 0 ? 0 : owner / (int)N_CONTAINERS];

                /* after a reboot the runtime says that a pod has ended until it is started
     * again */
                if (owner < 0 || pod->has_ended || (!pod->has_cgroup && has_old_containers(pod)))
                        continue;
                CHECK(claim && strcmp(claim->pod_uid, pod->uid) == 0 &&
                              strcmp(claim->container, names[owner % (int)N_CONTAINERS]) == 0,
                      "chunk %s is %s/%s's and not in %s/%s", chunk_ids[c], pod->uid,
                      names[owner % (int)N_CONTAINERS], claim ? claim->pod_uid : "",
                      claim ? claim->container : "");
                CHECK(claim->source != CLAIM_SOURCE_DEVICE_PLUGIN || claim->state != CLAIM_INVALID,
                      "%s/%s is invalid: %s", claim->pod_uid, claim->container, claim->reason);
        }
}

static void check_settled(void) {
        uint64_t used[3] = {};

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                const ModelPod *pod = find_pod(claim->pod_uid);

                /* one that the kubelet lists may be started again, for all that is known */
                CHECK(pod && (!pod->has_ended || claim->state == CLAIM_UNCONFIRMED),
                      "%s/%s is still held, %s", claim->pod_uid, claim->container,
                      claim_state_name(claim->state));
        }
        for (size_t i = 0; i < N_PODS; ++i)
                check_settled_pod(&now.pods[i], used);
        for (unsigned node = 0; node < 2; ++node)
                CHECK(ledger_get_claimed(ledger, node, 0) + N_PODS * 2 * SIZE_STEP >= used[node],
                      "NUMA node %u has %" PRIu64 " bytes, and %" PRIu64 " are used", node,
                      ledger_get_claimed(ledger, node, 0), used[node]);
}

static void settle(void) {
        has_reported = false;
        for (int i = 0; i < 5; ++i) {
                const unsigned n_taken_before = n_taken;
                bool has_plan;

                do
                        show_tree();
                while (!bed.tree.is_complete);
                show_report(&now, ledger_get_generation(ledger), true);
                has_plan = look();
                if (n_taken > n_taken_before) {
                        i = -1; /* what is released now may go at the next two */
                        continue;
                }
                /* so long it takes until a claim that nobody is named with is missed, twice
     */
                bed.now_usec += RECONCILE_UNSEEN_USEC;
                CHECK(i < 4 || !has_plan, "there is more to be done at the fifth look");
                if (i >= 2)
                        check_owners();
        }
        check_settled();
}

/* Steps */

static void change_pod(ModelPod *pod) {
        if (!pod->uid[0]) {
                create_pod(pod);
                return;
        }
        switch (pick(16)) {
        case 0:
                end_pod(pod);
                break;
        case 1:
                remove_pod(pod);
                break;
        case 2:
        case 3:
                exit_container(pod);
                break;
        case 4:
        case 5:
                resize_container(pod);
                break;
        case 6:
                confirm_container(pod);
                break;
        default:
                start_container(pod);
        }
}

static void take_report(void) {
        if (!has_reported) {
                reported = now;
                reported_generation = pick(8) ? ledger_get_generation(ledger) : 0;
                has_reported = true;
        }
        if (pick(2))
                return;
        show_report(&reported, reported_generation, false);
        if (pick(8) == 0)
                (void)snprintf(bed.report.reporter, sizeof(bed.report.reporter), "other");
        has_reported = false;
        (void)look();
}

static void step(void) {
        const unsigned what = pick(100);

        if (what < 55) {
                change_pod(pick_pod());
        } else if (what < 75) {
                show_tree();
                (void)look();
        } else if (what < 90) {
                take_report();
        } else if (what < 93) {
                move_chunk();
        } else if (what < 94) {
                restart_slugd();
        } else if (what == 94 && pick(4) == 0) {
                reboot();
        } else if (what == 95) {
                ask_in_vain();
        } else if (what >= 96) {
                settle();
        }
}

START_TEST(what_runs_is_held_and_what_is_gone_is_not) {
        const unsigned n_steps = (unsigned)get_number("SLUG_STEPS", N_STEPS);

        printf("# SLUG_SEED=%#" PRIx64 "\n", first_seed);
        for (n_step = 0; n_step < n_steps; ++n_step)
                step();
        settle();
        if (n_steps < N_STEPS)
                return;
        CHECK(n_adopted > 100 && n_released > 100 && n_taken > 10 && n_resized > 10 &&
                      n_matched > 100 && n_identified > 100,
              "%u adopted, %u released, %u taken, %u resized, %u matched, %u "
              "identified: too tame",
              n_adopted, n_released, n_taken, n_resized, n_matched, n_identified);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pods-random");
        TCase *tcase = tcase_create("pods-random");

        tcase_set_timeout(tcase, 3600);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, what_runs_is_held_and_what_is_gone_is_not);
        suite_add_tcase(suite, tcase);
        return suite;
}
