/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slug mode on random machines, against trying every set
 *
 * What is said here again in other words than in the code: which sets hold a request, which are as
 * narrow as can be, what a pair of sets costs. Requests are allocated until the machine is full.
 */
#include "lib/test-main.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/claims.h"
#include "lib/numa-bed.h"
#include "lib/pod-text.h"

#define SEED       UINT64_C(0x51a9be7)
#define N_MACHINES 3000u
#define N_PODS     12u
#define N_MAX      7u
#define N_SETS     (1u << N_MAX)
#define N_KINDS    3u

static const uint64_t kinds[N_KINDS] = { 0, 2 * MIB, GIB };

static uint64_t seed, seed_of_machine;
static HintsMachine *machine;
static Ledger *ledger;
static HintsRequest request;

static void setup(void) {
        seed = SEED;
        machine = NULL;
        ledger = NULL;
}

static void teardown(void) {
        machine = hints_machine_free(machine);
        ledger = ledger_free(ledger);
}

#define CHECK(is_true, what) ck_assert_msg((is_true), "seed %#" PRIx64 ": " what, seed_of_machine)

static unsigned pick(unsigned n) {
        return (unsigned)(claims_random(&seed) >> 33) % n;
}

/* Machines */

static void make_machine(void) {
        const bool has_figures = pick(2), has_distances = pick(3) > 0;
        const unsigned n_nodes = pick(N_MAX) + 1;
        BedNode nodes[N_MAX] = {};
        uint16_t distances[N_MAX * N_MAX];
        unsigned id = pick(3) ? 0 : pick(70);

        for (unsigned i = 0; i < n_nodes; ++i) {
                const unsigned locality = pick(20);
                BedNode *node = &nodes[i];

                node->id = id;
                id += 1 + (pick(4) ? 0 : pick(100));
                node->locality = locality < 10   ? LOCALITY_LOCAL
                                 : locality < 17 ? LOCALITY_REMOTE
                                                 : LOCALITY_EXCLUDED;
                node->has_cpus = node->locality == LOCALITY_LOCAL ? pick(10) > 1 : pick(10) == 0;
                node->is_movable_only = pick(10) < (node->has_cpus ? 1 : 4);
                node->bytes = pick(50) * MIB;
                node->huge_bytes = pick(2) * pick(8) * 2 * MIB;
                node->giant_bytes = pick(4) ? 0 : pick(4) * GIB;
                if (has_figures && pick(6)) {
                        node->latency_ns = 80 + pick(300);
                        node->bandwidth_mbps = pick(3) ? 10000 + pick(200000) : 0;
                }
        }
        for (size_t i = 0; i < n_nodes * n_nodes; ++i)
                distances[i] = i % (n_nodes + 1) ? (uint16_t)(11 + pick(40)) : 10;
        machine = hints_machine_free(machine);
        machine = numa_bed_make(nodes, n_nodes, has_distances ? distances : NULL);
        ledger = ledger_free(ledger);
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void occupy(void) {
        char text[NODESET_TEXT_MAX], container[16];
        uint64_t bytes[N_MAX];

        for (unsigned n = pick(5); n > 0; --n) {
                NodeSet nodes = {};

                for (size_t i = 0; i < machine->n_nodes; ++i)
                        if (pick(2))
                                nodeset_add(&nodes, machine->nodes[i].id);
                if (nodeset_is_empty(&nodes))
                        continue;
                for (size_t i = 0; i < N_MAX; ++i)
                        bytes[i] = pick(12) * MIB; /* some more than there is */
                (void)snprintf(container, sizeof(container), "c%u", n);
                numa_bed_claim(ledger, container, nodeset_format(&nodes, text), kinds[pick(2)],
                               bytes);
        }
}

/* Some requests are for no byte of a kind. */
static void make_request(void) {
        request = (HintsRequest){};
        if (pick(4)) {
                request.split.local.min = (pick(3) ? pick(25) : pick(120)) * MIB;
                request.split.local.max = request.split.local.min;
        }
        if (pick(2)) {
                request.split.remote.min = (pick(3) ? pick(25) : pick(120)) * MIB;
                request.split.remote.max = request.split.remote.min;
        }
        for (unsigned i = 1; i < N_KINDS; ++i)
                if (pick(3) == 0 && (i == 1 || pick(3) == 0))
                        request.hugepages.items[request.hugepages.n_items++] =
                                (PodAmount){ kinds[i], kinds[i] * pick(i == 1 ? 9 : 4) };
}

/* Every set of one locality, as a mask of places */

typedef struct Tried {
        uint64_t asked[N_KINDS];
        bool is_asked;
        uint32_t all;         /* NUMA nodes of that locality */
        unsigned narrowest;   /* UINT_MAX: not even an empty machine holds it */
        bool is_good[N_SETS]; /* holds what is asked, and needs all its members */
} Tried;

static uint64_t count_free(size_t place, unsigned kind) {
        return hints_machine_get_free(machine, HINTS_SLUG, ledger, machine->nodes[place].id,
                                      kinds[kind]);
}

static bool does_hold(const Tried *tried, uint32_t set, bool on_empty) {
        for (unsigned kind = 0; kind < N_KINDS; ++kind) {
                uint64_t sum = 0;

                for (size_t i = 0; i < machine->n_nodes; ++i)
                        if (set >> i & 1)
                                sum += on_empty ? hints_machine_get_room(machine, HINTS_SLUG,
                                                                         machine->nodes[i].id,
                                                                         kinds[kind])
                                                : count_free(i, kind);
                if (sum < tried->asked[kind])
                        return false;
        }
        return true;
}

static bool needs_all(const Tried *tried, uint32_t set) {
        for (size_t i = 0; i < machine->n_nodes; ++i)
                if ((set >> i & 1) && does_hold(tried, set & ~(UINT32_C(1) << i), false))
                        return false;
        return true;
}

static void try_all(Locality locality, Tried *tried) {
        tried->all = 0;
        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (machine->nodes[i].locality == locality)
                        tried->all |= UINT32_C(1) << i;
        tried->is_asked = tried->asked[0] || tried->asked[1] || tried->asked[2];
        tried->narrowest = UINT32_MAX;
        for (uint32_t set = 0; set < N_SETS; ++set) {
                const unsigned width = (unsigned)__builtin_popcount(set);
                const bool is_inside = (set & ~tried->all) == 0;

                tried->is_good[set] =
                        is_inside && does_hold(tried, set, false) && needs_all(tried, set);
                if (is_inside && width < tried->narrowest && does_hold(tried, set, true))
                        tried->narrowest = width;
        }
}

static void try_request(Tried *local, Tried *remote) {
        *local = (Tried){ .asked = { request.split.local.min } };
        *remote = (Tried){ .asked = { request.split.remote.min } };
        for (size_t i = 0; i < request.hugepages.n_items; ++i)
                local->asked[request.hugepages.items[i].page_bytes == GIB ? 2 : 1] =
                        request.hugepages.items[i].bytes;
        try_all(LOCALITY_LOCAL, local);
        try_all(LOCALITY_REMOTE, remote);
}

/* What a pair of sets costs */

static uint32_t get_mask(const NodeSet *nodes) {
        uint32_t mask = 0;

        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (nodeset_contains(nodes, machine->nodes[i].id))
                        mask |= UINT32_C(1) << i;
        return mask;
}

static uint32_t find_homes(uint32_t set) {
        uint32_t homes = 0;

        for (size_t i = 0; i < machine->n_nodes; ++i)
                if ((set >> i & 1) && machine->nodes[i].has_cpus)
                        homes |= UINT32_C(1) << i;
        for (size_t i = 0; i < machine->n_nodes && !homes; ++i)
                for (size_t k = 0; k < machine->n_nodes; ++k)
                        if (set >> k & 1)
                                homes |= get_mask(&machine->nodes[k].near_cpus);
        return homes;
}

static uint64_t get_cost(uint32_t homes, size_t to) {
        uint64_t sum = 0, n = 0;

        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (homes >> i & 1) {
                        sum += hints_machine_get_cost(machine, &machine->nodes[i],
                                                      &machine->nodes[to]);
                        ++n;
                }
        return n ? sum / n : machine->nodes[to].base_permille;
}

/* Byte by byte from the cheapest that is left. */
static void fill(const Tried *tried, uint32_t set, uint32_t homes, uint64_t *cost, uint64_t *n) {
        for (unsigned kind = 0; kind < N_KINDS; ++kind) {
                uint64_t left = tried->asked[kind];
                uint32_t rest = set;

                while (left > 0 && rest) {
                        size_t best = N_MAX;
                        uint64_t bytes;

                        for (size_t i = 0; i < machine->n_nodes; ++i)
                                if ((rest >> i & 1) &&
                                    (best == N_MAX || get_cost(homes, i) < get_cost(homes, best)))
                                        best = i;
                        rest &= ~(UINT32_C(1) << best);
                        bytes = bytes_min(left, count_free(best, kind));
                        left -= bytes;
                        *n += bytes;
                        *cost += bytes * get_cost(homes, best);
                }
        }
}

static uint64_t get_pair_cost(const Tried *local, uint32_t l, const Tried *remote, uint32_t r) {
        const uint32_t homes = find_homes(l ? l : r);
        uint64_t cost = 0, n = 0;

        fill(local, l, homes, &cost, &n);
        fill(remote, r, homes, &cost, &n);
        return n ? cost / n : 0;
}

static bool is_movable(uint32_t set) {
        for (size_t i = 0; i < machine->n_nodes; ++i)
                if ((set >> i & 1) && !machine->nodes[i].is_movable_only)
                        return false;
        return true;
}

static uint32_t find_anchors(void) {
        uint32_t anchors = 0;

        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (machine->nodes[i].locality == LOCALITY_LOCAL &&
                    !machine->nodes[i].is_movable_only)
                        anchors |= UINT32_C(1) << i;
        return anchors;
}

typedef struct Optimum {
        bool is_any, is_preferred;
        bool is_narrow; /* of sets of one or two, all of which are looked at */
        uint64_t cost;
} Optimum;

static bool is_preferred(const Tried *local, uint32_t l, const Tried *remote, uint32_t r) {
        return (unsigned)__builtin_popcount(l) == local->narrowest &&
               (unsigned)__builtin_popcount(r) == remote->narrowest;
}

static void find_optimum(const Tried *local, const Tried *remote, Optimum *best) {
        *best = (Optimum){};
        for (uint32_t l = 0; l < N_SETS; ++l)
                for (uint32_t r = 0; local->is_good[l] && r < N_SETS; ++r) {
                        const Optimum one = {
                                .is_any = true,
                                .is_preferred = is_preferred(local, l, remote, r),
                                .is_narrow =
                                        __builtin_popcount(l) <= 2 && __builtin_popcount(r) <= 2,
                                .cost = remote->is_good[r] ? get_pair_cost(local, l, remote, r) : 0,
                        };

                        if (!remote->is_good[r] || (is_movable(l | r) && !find_anchors()))
                                continue;
                        if (!best->is_any ||
                            (one.is_preferred != best->is_preferred ? one.is_preferred
                             : one.cost != best->cost               ? one.cost < best->cost
                                                                    : one.is_narrow))
                                *best = one;
                }
}

/* Takes the one NUMA node out that is there for its normal memory only. */
static bool split_hint(const Tried *local,
                       const Tried *remote,
                       const NodeSet *nodes,
                       uint32_t *ret_local,
                       uint32_t *ret_remote) {
        const uint32_t mask = get_mask(nodes), anchors = mask & find_anchors();
        uint32_t l = mask & local->all, r = mask & remote->all;

        if (!remote->is_good[r] || (l | r) != mask ||
            nodeset_count(nodes) != (unsigned)__builtin_popcount(mask))
                return false;
        if (!local->is_good[l] && __builtin_popcount(anchors) == 1 && is_movable(mask & ~anchors))
                l &= ~anchors;
        *ret_local = l;
        *ret_remote = r;
        return local->is_good[l] && !is_movable(mask);
}

static int compare_ids(const NodeSet *a, const NodeSet *b) {
        for (unsigned node = 0; node < NODESET_MAX; ++node)
                if (nodeset_contains(a, node) != nodeset_contains(b, node))
                        return nodeset_contains(a, node) ? -1 : 1;
        return 0;
}

static bool is_sorted(const Hint *a, const Hint *b) {
        if (a->is_preferred != b->is_preferred)
                return a->is_preferred;
        if (a->cost_permille != b->cost_permille)
                return a->cost_permille < b->cost_permille;
        if (nodeset_count(&a->nodes) != nodeset_count(&b->nodes))
                return nodeset_count(&a->nodes) < nodeset_count(&b->nodes);
        return compare_ids(&a->nodes, &b->nodes) < 0; /* and not the same one twice */
}

static void check_hints(const Tried *local, const Tried *remote, const HintList *list) {
        CHECK(list->n_hints <= HINTS_MAX, "too many");
        for (size_t i = 0; i < list->n_hints; ++i) {
                const Hint *hint = &list->hints[i];
                uint32_t l = 0, r = 0;

                CHECK(split_hint(local, remote, &hint->nodes, &l, &r), "a set that is no answer");
                CHECK(hint->cost_permille == get_pair_cost(local, l, remote, r), "a wrong cost");
                CHECK(hint->is_preferred == is_preferred(local, l, remote, r), "wrongly preferred");
                CHECK(i == 0 || is_sorted(&list->hints[i - 1], hint), "a wrong order");
        }
}

static unsigned n_missed, n_optima;

static void check_best(const Optimum *best, const HintsAnswer *answer) {
        CHECK(answer->has_opinion, "no opinion");
        CHECK((answer->n_lists > 0) == best->is_any, "an answer that is none, or none that is one");
        CHECK((answer->lack.text[0] != '\0') == !best->is_any,
              "nothing said about what is missing");
        if (!best->is_any)
                return;
        ++n_optima;
        /* of sets of three or more not all are looked at */
        if (best->is_narrow) {
                CHECK(answer->hints[0].is_preferred == best->is_preferred, "the best is missed");
                CHECK(answer->hints[0].cost_permille == best->cost, "a cheaper one is missed");
        } else {
                n_missed += answer->hints[0].cost_permille != best->cost ||
                            answer->hints[0].is_preferred != best->is_preferred;
                CHECK(best->is_preferred || !answer->hints[0].is_preferred, "better than the best");
        }
}

/* Allocating */

static void format_pod(char *text, size_t size, unsigned n) {
        const Split *split = &request.split;
        size_t used;

        used = (size_t)snprintf(text, size, "app:c%u memory=%" PRIu64, n,
                                split->local.min + split->remote.min);
        for (size_t i = 0; i < request.hugepages.n_items; ++i)
                used += (size_t)snprintf(text + used, size - used, " hugepages-%s=%" PRIu64,
                                         request.hugepages.items[i].page_bytes == GIB ? "1Gi"
                                                                                      : "2Mi",
                                         request.hugepages.items[i].bytes);
        (void)snprintf(text + used, size - used,
                       "; note memory.sluglab.io/pod local=%" PRIu64 ",remote=%" PRIu64,
                       split->local.min, split->remote.min);
}

static void check_claim(const Tried *local,
                        const Tried *remote,
                        const Hint *hint,
                        const char *uid,
                        const char *container) {
        const LedgerClaim *claim = ledger_find(ledger, uid, container);
        const NodeSet nodes = claim ? ledger_claim_get_nodes(claim) : (NodeSet){};
        uint64_t sums[2][N_KINDS] = {};
        uint32_t l = 0, r = 0;

        CHECK(claim != NULL, "no claim");
        CHECK(nodeset_is_equal(&nodes, &hint->nodes), "a claim that is not where its hint is");
        CHECK(split_hint(local, remote, &hint->nodes, &l, &r), "a set that is no answer");
        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k) {
                        const LedgerPart *part = &claim->blocks[i].parts[k];
                        const HintsNode *node = hints_machine_find(machine, part->node);
                        const uint64_t page = claim->blocks[i].page_bytes;

                        CHECK((l | r) >> hints_machine_get_place(machine, node) & 1,
                              "bytes of a NUMA node that is there for its normal memory");
                        sums[node->locality == LOCALITY_REMOTE][page == 0     ? 0
                                                                : page == GIB ? 2
                                                                              : 1] += part->bytes;
                }
        CHECK(memcmp(sums[0], local->asked, sizeof(sums[0])) == 0, "other local bytes than asked");
        CHECK(memcmp(sums[1], remote->asked, sizeof(sums[1])) == 0, "other remote bytes");
}

static void check_parts(const HintsContext *context, const Hint *hint) {
        static HintPart parts[HINTS_PARTS_MAX];
        const size_t n_parts = hints_place(context, &request, hint, parts);
        uint64_t asked = request.split.local.min + request.split.remote.min, placed = 0;

        for (size_t i = 0; i < request.hugepages.n_items; ++i)
                asked += request.hugepages.items[i].bytes;
        for (size_t i = 0; i < n_parts; ++i) {
                placed += parts[i].bytes;
                CHECK(nodeset_contains(&hint->nodes, parts[i].node), "a part outside of its hint");
                CHECK(parts[i].bytes <= hints_machine_get_free(machine, HINTS_SLUG, ledger,
                                                               parts[i].node, parts[i].page_bytes),
                      "a part that is not free");
        }
        CHECK(placed == asked, "not all is placed");
}

static void allocate(const HintsContext *context,
                     const Tried *local,
                     const Tried *remote,
                     const HintsAnswer *answer,
                     unsigned n) {
        _cleanup_(pod_text_deinitp) PodText pod = {};
        HintsClaimant claimant = { .pod = &pod.pod };
        LedgerChange change = {};
        LedgerLack lack;
        char text[256];
        Diag diag = {};
        int r;

        format_pod(text, sizeof(text), n);
        ck_assert(pod_text_parse(&pod, text));
        claimant.container = &pod.pod.containers[0];
        r = hints_allocate(context, &claimant, &change, &diag);
        if (!local->is_asked && !remote->is_asked) {
                CHECK(r == HINTS_E_NONE, "a claim for nothing");
                return;
        }
        if (answer->n_lists == 0) {
                CHECK(r == HINTS_E_REFUSED, "a claim for what does not fit");
                ck_assert_str_eq(diag.text, answer->lack.text);
                return;
        }
        CHECK(r == 0, "a refusal of what fits");
        CHECK(ledger_apply(ledger, &change, &machine->rooms[HINTS_SLUG], NULL, &lack) == 0,
              "a change that does not fit");
        check_claim(local, remote, &answer->hints[0], pod.pod.uid, claimant.container->name);
        CHECK(hints_allocate(context, &claimant, &change, &diag) == 0, "not again");
        CHECK(change.n_puts == 0 && change.n_drops == 0, "a second claim");
}

static bool is_same_list(const HintList *a, const HintList *b) {
        bool is_same = a->n_hints == b->n_hints;

        for (size_t i = 0; is_same && i < a->n_hints; ++i)
                is_same = nodeset_is_equal(&a->hints[i].nodes, &b->hints[i].nodes) &&
                          a->hints[i].is_preferred == b->hints[i].is_preferred &&
                          a->hints[i].cost_permille == b->hints[i].cost_permille;
        return is_same;
}

static void step(unsigned n) {
        const HintsContext context = { .machine = machine, .ledger = ledger };
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {}, again = {};
        static Tried local, remote;
        Optimum best;
        Diag diag;

        make_request();
        try_request(&local, &remote);
        CHECK(hints_for_request(&context, &request, &answer, &diag) == 0, "no answer");
        if (local.is_asked || remote.is_asked) {
                find_optimum(&local, &remote, &best);
                check_best(&best, &answer);
                if (answer.n_lists > 0) {
                        check_hints(&local, &remote, &answer.lists[0]);
                        check_parts(&context, &answer.hints[0]);
                        CHECK(hints_for_request(&context, &request, &again, &diag) == 0, "no");
                        CHECK(is_same_list(&answer.lists[0], &again.lists[0]),
                              "another answer to the same question");
                }
        } else {
                CHECK(!answer.has_opinion, "an opinion on nothing");
        }
        allocate(&context, &local, &remote, &answer, n);
}

START_TEST(hints_are_what_trying_every_set_gives) {
        n_missed = n_optima = 0;
        for (unsigned i = 0; i < N_MACHINES; ++i) {
                seed_of_machine = seed;
                make_machine();
                occupy();
                for (unsigned n = 0; n < N_PODS; ++n)
                        step(n);
                CHECK(ledger_check(ledger), "a ledger that does not add up");
        }
        ck_assert_uint_gt(n_optima, N_MACHINES * 2);
        ck_assert_uint_lt(n_missed, n_optima / 1000);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("hints-random");
        TCase *tcase = tcase_create("hints-random");

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, hints_are_what_trying_every_set_gives);
        suite_add_tcase(suite, tcase);
        return suite;
}
