/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hints [TO FROM]
 *
 * What finding NUMA nodes costs, without a socket: microseconds of a call for a few sizes of
 * machine and ledger. Every round measures every case for a moment, so that the cases can be
 * compared when the machine's speed drifts. TO and FROM are named pipes to a memory-oracle -bench,
 * which has the kubelet's own policy do the same in the same rounds: one container that asks for
 * 64 MiB, of a machine whose NUMA nodes are alike, with claims on one NUMA node each.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/memory/bed.h"
#include "bench/memory/numbers.h"
#include "bench/memory/rival.h"

#define ROUNDS     101u
#define MOMENT_SEC 0.001

static const unsigned claims[] = { 0, 100, 1000 };
#define N_CLAIMS ELEMENTSOF(claims)

static const unsigned kubelet_nodes[] = { 2, 4, 8 };
static const unsigned slug_nodes[] = { 2, 4, 8, 16, 64 };

/* What is asked in slug mode, of each kind of memory. */
typedef enum Ask {
        ASK_CONTAINER, /* 64 MiB of local memory, by a pod */
        ASK_ONE,       /* what every NUMA node holds alone */
        ASK_TWO,       /* what it takes two for */
        ASK_HALF,      /* what it takes half of them for */
        _ASK_N,
} Ask;

static const char *const ask_names[_ASK_N] = {
        [ASK_CONTAINER] = "a container, local",
        [ASK_ONE] = "local and remote, one each",
        [ASK_TWO] = "local and remote, two each",
        [ASK_HALF] = "local and remote, half of all",
};

typedef struct Case {
        Bed bed;
        HintsMode mode;
        Ask ask;
        unsigned n_nodes, n_claims;
        HintsRequest request;
        double seconds[ROUNDS]; /* of a call */
        double rival[ROUNDS];   /* the kubelet's */
        double times[ROUNDS];
        size_t n_rival;
} Case;

static Case *cases;
static size_t n_cases;

static void fail(const char *what, int r) {
        (void)fprintf(stderr, "hints: %s: %s\n", what, strerror(-r));
        exit(EXIT_FAILURE);
}

static const PodQuantity quantities[] = { { "cpu", "1" }, { "memory", "64Mi" } };
static const PodContainer container = {
        .name = "app",
        .resources = { .requests = quantities,
                       .n_requests = ELEMENTSOF(quantities),
                       .limits = quantities,
                       .n_limits = ELEMENTSOF(quantities) },
};
static const Pod pod = {
        .uid = "00000000-0000-4000-8000-999999999999",
        .namespace_name = "default",
        .name = "bench",
        .containers = &container,
        .n_containers = 1,
};

/* Cases */

static uint64_t get_bytes(const Case *one) {
        const uint64_t half = BED_NODE_BYTES / 2;

        switch (one->ask) {
        case ASK_TWO:
                return 3 * half;
        case ASK_HALF:
                return (one->n_nodes / 4 * 2 - 1) * half;
        case ASK_CONTAINER:
        case ASK_ONE:
        case _ASK_N:
                break;
        }
        return BED_CLAIM_BYTES;
}

static void add_case(HintsMode mode, Ask ask, unsigned n_nodes, unsigned n_claims) {
        Case *one = &cases[n_cases++];
        SplitRange range;
        int r;

        one->mode = mode;
        one->ask = ask;
        one->n_nodes = n_nodes;
        one->n_claims = n_claims;
        range.min = range.max = get_bytes(one);
        one->request.split = (Split){ .local = range, .remote = range };
        r = bed_init(&one->bed, mode, n_nodes, n_claims);
        if (r)
                fail("preparing", r);
}

/* Two of a kind need four NUMA nodes; half of four is two again. */
static bool is_possible(Ask ask, unsigned n_nodes) {
        return ask < ASK_TWO || (ask == ASK_TWO && n_nodes >= 4) || n_nodes >= 16;
}

static void add_cases(void) {
        const size_t most =
                N_CLAIMS * (ELEMENTSOF(kubelet_nodes) + ELEMENTSOF(slug_nodes) * _ASK_N);

        cases = calloc(most, sizeof(*cases));
        if (!cases)
                fail("preparing", -ENOMEM);
        for (size_t i = 0; i < ELEMENTSOF(kubelet_nodes); ++i)
                for (size_t k = 0; k < N_CLAIMS; ++k)
                        add_case(HINTS_KUBELET, ASK_CONTAINER, kubelet_nodes[i], claims[k]);
        for (size_t i = 0; i < ELEMENTSOF(slug_nodes); ++i)
                for (unsigned ask = 0; ask < _ASK_N; ++ask)
                        for (size_t k = 0; k < N_CLAIMS && is_possible(ask, slug_nodes[i]); ++k)
                                add_case(HINTS_SLUG, (Ask)ask, slug_nodes[i], claims[k]);
}

/* Measuring */

static void call(const Case *one) {
        _cleanup_(hints_answer_deinitp) HintsAnswer answer = {};
        Diag diag;
        int r;

        if (one->ask == ASK_CONTAINER)
                r = hints_for_container(&one->bed.context, &pod, &container, &answer, &diag);
        else
                r = hints_for_request(&one->bed.context, &one->request, &answer, &diag);
        if (r || answer.n_lists == 0) {
                (void)fprintf(stderr, "hints: no hints for %s, %u NUMA nodes, %u claims\n",
                              ask_names[one->ask], one->n_nodes, one->n_claims);
                exit(EXIT_FAILURE);
        }
}

static double measure(const Case *one) {
        const double begin = numbers_now();
        double sec = 0;
        unsigned n = 0;

        do {
                /* looking at the clock must not be what is measured, nor must a slow one be called
                 * more often than it takes */
                for (unsigned more = n + 1; more > 0; --more, ++n)
                        call(one);
                sec = numbers_now() - begin;
        } while (sec < MOMENT_SEC);
        return sec / n;
}

static void take_rival(unsigned round, const RivalRow *row) {
        for (size_t i = 0; i < n_cases; ++i) {
                Case *one = &cases[i];

                if (one->mode != HINTS_KUBELET || one->n_nodes != row->n_nodes ||
                    one->n_claims != row->n_claims)
                        continue;
                one->rival[one->n_rival] = row->nanoseconds / 1e9;
                one->times[one->n_rival++] = row->nanoseconds / 1e9 / one->seconds[round];
        }
}

static void measure_all(Rival *rival) {
        RivalRow rows[RIVAL_ROWS_MAX];

        for (unsigned round = 0; round < ROUNDS; ++round) {
                size_t n_rows;

                for (size_t i = 0; i < n_cases; ++i)
                        cases[i].seconds[round] = measure(&cases[i]);
                n_rows = rival_ask(rival, rows);
                for (size_t i = 0; i < n_rows; ++i)
                        take_rival(round, &rows[i]);
                if (rival->from && n_rows == 0) {
                        (void)printf("The kubelet's policy has stopped to answer.\n");
                        rival_close(rival);
                }
        }
}

/* Telling */

static void tell_kubelet_mode(void) {
        (void)printf(
                "\nmode kubelet, NUMA nodes    claims     median        p99    kubelet  times\n");
        for (size_t i = 0; i < n_cases; ++i) {
                Case *one = &cases[i];

                if (one->mode != HINTS_KUBELET)
                        continue;
                (void)printf("%-25u%9u%11.2f%11.2f", one->n_nodes, one->n_claims,
                             numbers_get(one->seconds, ROUNDS, 0.5) * 1e6,
                             numbers_get(one->seconds, ROUNDS, 0.99) * 1e6);
                if (one->n_rival == 0)
                        (void)printf("%11s%7s\n", "-", "-");
                else
                        (void)printf("%11.1f%7.0f\n",
                                     numbers_get(one->rival, one->n_rival, 0.5) * 1e6,
                                     numbers_get(one->times, one->n_rival, 0.5));
        }
}

static void tell_slug_mode(void) {
        (void)printf("\nmode slug, NUMA nodes, what is asked");
        for (size_t k = 0; k < N_CLAIMS; ++k)
                (void)printf("%13u claims", claims[k]);
        (void)printf("\n%36s", "");
        for (size_t k = 0; k < N_CLAIMS; ++k)
                (void)printf("%10s%10s", "median", "p99");
        for (size_t i = 0; i < n_cases; ++i) {
                Case *one = &cases[i];

                if (one->mode != HINTS_SLUG)
                        continue;
                if (one->n_claims == claims[0])
                        (void)printf("\n%2u  %-32s", one->n_nodes, ask_names[one->ask]);
                (void)printf("%10.2f%10.2f", numbers_get(one->seconds, ROUNDS, 0.5) * 1e6,
                             numbers_get(one->seconds, ROUNDS, 0.99) * 1e6);
        }
        (void)printf("\n");
}

int main(int argc, char **argv) {
        Rival rival = {};

        if (argc != 1 && argc != 3) {
                (void)fprintf(stderr, "usage: hints [TO FROM]\n");
                return 2;
        }
        if (argc == 3 && !rival_open(&rival, argv[1], argv[2]))
                fail("the kubelet's policy", -errno);
        add_cases();
        measure_all(&rival);
        rival_close(&rival);
        (void)printf("Hints: microseconds of a call, %u rounds in turn\n", ROUNDS);
        tell_kubelet_mode();
        tell_slug_mode();
        for (size_t i = 0; i < n_cases; ++i)
                bed_deinit(&cases[i].bed);
        free(cases);
        return EXIT_SUCCESS;
}
