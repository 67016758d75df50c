/* SPDX-License-Identifier: Apache-2.0 */
/* Slug mode where trying everything is out of the question. */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>

#include "lib/numa-bed.h"
#include "lib/pod-text.h"

static HintsMachine *machine;
static Ledger *ledger;
static HintsContext context;
static HintsAnswer answer;
static Diag diag;

static void setup(void) {
        machine = NULL;
        ledger = NULL;
        answer = (HintsAnswer){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        hints_answer_deinit(&answer);
        machine = hints_machine_free(machine);
        ledger = ledger_free(ledger);
}

/* Every third one is remote; ids rise by @stride, and are as far from each other as they differ. */
static void make_machine(size_t n_nodes, unsigned stride) {
        BedNode *nodes = calloc(n_nodes, sizeof(*nodes));
        uint16_t *distances = calloc(n_nodes * n_nodes, sizeof(*distances));

        for (size_t i = 0; i < n_nodes; ++i) {
                nodes[i] = (BedNode){
                        .id = (unsigned)i * stride,
                        .locality = i % 3 == 2 ? LOCALITY_REMOTE : LOCALITY_LOCAL,
                        .has_cpus = i % 3 != 2,
                        .bytes = (64 + i % 7) * GIB,
                        .huge_bytes = (i % 5) * GIB,
                };
                for (size_t k = 0; k < n_nodes; ++k)
                        distances[i * n_nodes + k] =
                                (uint16_t)(10 + 8 * (i > k ? i - k : k - i) % 200);
        }
        machine = numa_bed_make(nodes, n_nodes, distances);
        context = (HintsContext){ .machine = machine, .ledger = ledger };
        free(distances);
        free(nodes);
}

static void ask(uint64_t local, uint64_t remote, uint64_t huge) {
        const HintsRequest request = {
                .split = { .local = { local, local }, .remote = { remote, remote } },
                .hugepages = { .items = { { 2 * MIB, huge } }, .n_items = huge > 0 },
        };

        hints_answer_deinit(&answer);
        ck_assert_int_eq(hints_for_request(&context, &request, &answer, &diag), 0);
}

static void check_holds(uint64_t local, uint64_t remote, uint64_t huge) {
        ck_assert_uint_gt(answer.n_lists, 0);
        ck_assert_uint_le(answer.lists[0].n_hints, HINTS_MAX);
        for (size_t i = 0; i < answer.lists[0].n_hints; ++i) {
                uint64_t sums[2] = {}, huge_sum = 0;

                NODESET_FOREACH (id, &answer.hints[i].nodes) {
                        const HintsNode *node = hints_machine_find(machine, id);

                        ck_assert_ptr_nonnull(node);
                        sums[node->locality == LOCALITY_REMOTE] +=
                                hints_machine_get_free(machine, HINTS_SLUG, ledger, id, 0);
                        huge_sum +=
                                hints_machine_get_free(machine, HINTS_SLUG, ledger, id, 2 * MIB);
                }
                ck_assert_uint_ge(sums[0], local);
                ck_assert_uint_ge(sums[1], remote);
                ck_assert_uint_ge(huge_sum, huge);
        }
}

/* On an empty machine of as many NUMA nodes. */
static const struct {
        size_t n_nodes;
        unsigned stride;
        uint64_t local, remote, huge; /* in GiB */
} sizes[] = {
        { 64, 1, 1, 0, 0 },
        { 64, 3, 100, 100, 6 },
        { 64, 16, 2000, 1000, 40 },
        { 1024, 1, 1, 0, 0 },
        { 1024, 1, 64, 64, 0 },
        { 1024, 1, 120, 120, 7 },
        { 1024, 1, 700, 700, 30 },
        { 1024, 1, 40000, 0, 0 },
        { 1024, 1, 0, 20000, 0 },
        { 1024, 1, 20000, 10000, 0 },
        { 1024, 1, 20000, 10000, 500 },
        { 1024, 1, 45000, 22000, 1300 },
};

START_TEST(large_machines_have_hints_in_time) {
        const uint64_t local = sizes[_i].local * GIB, remote = sizes[_i].remote * GIB,
                       huge = sizes[_i].huge * GIB;

        make_machine(sizes[_i].n_nodes, sizes[_i].stride);
        ask(local, remote, huge);
        check_holds(local, remote, huge);
}
END_TEST

/* Until nothing fits: 64 NUMA nodes and a thousand claims. */
START_TEST(a_large_machine_fills_up) {
        uint64_t claimed = 0, room = 0;
        unsigned n = 0;
        int r;

        make_machine(64, 16);
        for (;; ++n) {
                _cleanup_(pod_text_deinitp) PodText pod = {};
                const HintsClaimant claimant = { .pod = &pod.pod, .container = &pod.containers[0] };
                LedgerChange change = {};
                char text[128];

                (void)snprintf(text, sizeof(text),
                               "app:c%u memory=%uGi; note memory.sluglab.io/pod remote=1Gi", n,
                               2 + n % 4);
                ck_assert(pod_text_parse(&pod, text));
                r = hints_allocate(&context, &claimant, &change, &diag);
                if (r)
                        break;
                ck_assert_int_eq(ledger_apply(ledger, &change, &machine->rooms[HINTS_SLUG], NULL,
                                              &(LedgerLack){}),
                                 0);
        }
        ck_assert_int_eq(r, HINTS_E_REFUSED);
        ck_assert_uint_gt(n, 1000);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), n);
        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (machine->nodes[i].locality == LOCALITY_LOCAL) {
                        claimed += ledger_get_claimed(ledger, machine->nodes[i].id, 0);
                        room += hints_machine_get_room(machine, HINTS_SLUG, machine->nodes[i].id,
                                                       0);
                }
        ck_assert_uint_lt(room - claimed, 4 * GIB); /* no byte is lost to fragments */
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-large");
        TCase *tcase = tcase_create("hints-large");

        tcase_set_timeout(tcase, 200);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, large_machines_have_hints_in_time, 0, ELEMENTSOF(sizes));
        tcase_add_test(tcase, a_large_machine_fills_up);
        suite_add_tcase(suite, tcase);
        return suite;
}
