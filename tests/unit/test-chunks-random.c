/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines and ledgers by chance. Every list keeps the rules of chunks_bed_is_good(), the same
 * question has the same answer, and what is healthy and nobody's can be given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chunks-bed.h"
#include "lib/numa-bed.h"
#include "lib/test-main.h"

#define NODES_MAX 6u
#define ROUNDS    400u
#define STEPS     12u
#define SIZE      (64 * MIB)

static NumaBed bed;
static Ledger *ledger;
static ChunkList *list;
static ChunksSettings settings;
static uint16_t distances[NODES_MAX * NODES_MAX];
static unsigned round_number;

static unsigned pick(unsigned n) {
        return (unsigned)rand() % n;
}

static void make_machine(void) {
        static const Locality localities[] = { LOCALITY_LOCAL, LOCALITY_REMOTE, LOCALITY_REMOTE,
                                               LOCALITY_EXCLUDED, LOCALITY_NONE };
        const unsigned n_nodes = 1 + pick(NODES_MAX);
        BedNode nodes[NODES_MAX];

        for (unsigned i = 0; i < n_nodes; ++i) {
                const Locality locality = localities[pick(ELEMENTSOF(localities))];

                nodes[i] = (BedNode){
                        .id = i + (pick(8) == 0 && i + 1 == n_nodes ? 62 : 0),
                        .locality = locality,
                        .has_cpus = locality == LOCALITY_LOCAL || pick(8) == 0,
                        .bytes = pick(20) * (SIZE / 4),
                };
        }
        for (unsigned i = 0; i < n_nodes * n_nodes; ++i)
                distances[i] = (uint16_t)(10 + pick(4) * 7);
        numa_bed_init(&bed, nodes, n_nodes, distances);
        bed.sysfs.host.block_bytes = opt_u64(SIZE / 2);
        for (unsigned i = 0; i < n_nodes; ++i) {
                bed.topology.nodes[i].n_offline_blocks = pick(3) ? 0 : pick(6);
                bed.capacity.nodes[i].poisoned_bytes = pick(3) ? 0 : pick(3) * (SIZE / 2);
        }
        settings = (ChunksSettings){
                .bytes = SIZE << pick(2),
                .is_per_node = pick(2),
                .topology = (ChunksTopology)pick(_CHUNKS_TOPOLOGY_N),
                .is_restricted = pick(2),
        };
}

/* One that nobody has yet, most of the time of the configured size and kind. */
static bool draw_chunk(char text[static CHUNK_ID_MAX]) {
        ChunkId id = {
                .resource.bytes = settings.bytes << (pick(10) == 0),
                .node = pick(10) ? bed.topology.nodes[pick((unsigned)bed.topology.n_nodes)].id : 9,
                .index = pick(8),
        };

        if (settings.is_per_node != (pick(16) == 0))
                id.resource.node = opt_u64(id.node);
        chunk_id_format(&id, text);
        return !ledger_find_chunk(ledger, text);
}

/* Of a pod that may be there already. Chunks have their bytes, now and then others as well. */
static void draw_claim(void) {
        static const char *const states[] = { "active",      "pending", "observed",
                                              "unconfirmed", "invalid", "releasing" };
        const char *state = states[pick(ELEMENTSOF(states))];
        char text[256], chunk[CHUNK_ID_MAX];
        int n = snprintf(text, sizeof(text), "pod-%u/%s %s", pick(12),
                         strcmp(state, "observed") == 0 || pick(3) == 0 ? "" : "c", state);
        ChunkId id;

        if (pick(3) > 0 && draw_chunk(chunk) && chunk_id_parse(chunk, &id))
                n += snprintf(text + n, sizeof(text) - (size_t)n, " %u=%u %s", id.node,
                              (unsigned)(id.resource.bytes / MIB) + (pick(4) ? 0 : pick(64)),
                              chunk);
        else
                n += snprintf(text + n, sizeof(text) - (size_t)n, " %u=%u",
                              bed.topology.nodes[pick((unsigned)bed.topology.n_nodes)].id,
                              1 + pick(150));
        ck_assert_uint_lt((size_t)n, sizeof(text));
        chunks_bed_claim(ledger, text);
}

static ChunkList *make_list(void) {
        const ChunksParams params = { .topology = &bed.topology,
                                      .capacity = &bed.capacity,
                                      .machine = bed.machine,
                                      .ledger = ledger,
                                      .settings = settings };
        char why[CHUNKS_BED_WHY_MAX];
        ChunkList *made = NULL;

        ck_assert_int_eq(chunk_list_new(&params, &made), 0);
        ck_assert_msg(chunks_bed_is_good(made, &params, why), "round %u: %s", round_number, why);
        return made;
}

/* Of an earlier list: numbers that there are memory for, as they were. */
static void check_ids_stay(const ChunkList *before) {
        if (before->bytes != list->bytes || before->is_per_node != list->is_per_node)
                return;
        for (size_t i = 0; i < before->n_chunks; ++i)
                ck_assert_msg(chunk_list_find(list, &before->chunks[i].id) ||
                                      before->chunks[i].state == CHUNK_CLAIMED ||
                                      before->chunks[i].state == CHUNK_OFFLINE,
                              "round %u: a chunk is gone with a claim", round_number);
}

/* Asks for chunks of one resource by chance, and sometimes for those that others have. Return:
 * how many. */
static size_t draw_request(const ChunkResourceName *resource,
                           bool may_take,
                           char texts[][CHUNK_ID_MAX],
                           const char **ids,
                           size_t n_max) {
        size_t n = 0;

        for (size_t i = 0; i < list->n_chunks && n < n_max; ++i) {
                const Chunk *chunk = &list->chunks[i];

                if (!chunk_state_is_healthy(chunk->state) || pick(3) == 0 ||
                    (chunk->claim && !may_take) ||
                    !opt_u64_equal(chunk->id.resource.node, resource->node))
                        continue;
                ids[n] = chunk_id_format(&chunk->id, texts[n]);
                ++n;
        }
        return n;
}

static void check_given(const ChunksRequest *request, const ChunksGrant *grant) {
        const LedgerClaim *claim = ledger_find(ledger, grant->pod_uid, "");

        ck_assert_ptr_nonnull(claim);
        ck_assert_uint_eq(ledger_claim_get_bytes(claim, 0), request->n_ids * list->bytes);
        ck_assert_uint_eq(claim->n_chunks, request->n_ids);
        for (size_t i = 0; i < request->n_ids; ++i)
                ck_assert_ptr_eq(ledger_find_chunk(ledger, request->ids[i]), claim);
}

/* Gives and, every other time, takes back: then all is as it was. */
static void give(bool may_take) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {}, undone = {};
        char texts[64][CHUNK_ID_MAX], resource[CHUNK_RESOURCE_MAX];
        const char *ids[64];
        ChunksRequest request = { .ids = ids, .resource = resource, .now_usec = 1 };
        _cleanup_(chunk_list_freep) ChunkList *before = NULL;
        ChunksGrant grant;
        Diag diag;
        int r;

        if (list->n_resources == 0)
                return;
        {
                const ChunkResourceName *name = &list->resources[pick((unsigned)list->n_resources)];

                chunk_resource_format(name, resource);
                request.n_ids = draw_request(name, may_take, texts, ids, ELEMENTSOF(ids));
        }
        if (request.n_ids == 0)
                return;
        ck_assert_int_eq(chunks_allocate(list, ledger, &request, &change, &grant, &diag), 0);
        r = ledger_apply(ledger, &change, &bed.machine->rooms[HINTS_SLUG], &undone, NULL);
        if (may_take && r == LEDGER_E_NO_SPACE)
                return; /* somebody had a chunk without its bytes */
        ck_assert_msg(r == 0, "round %u: %d", round_number, r);
        ck_assert(ledger_check(ledger));
        ck_assert(may_take || grant.n_taken == 0);
        check_given(&request, &grant);
        before = TAKE_PTR(list);
        list = make_list();
        ck_assert(!chunks_bed_is_equal(before, list));
        check_ids_stay(before);
        if (pick(2))
                return;
        ck_assert_int_eq(ledger_apply(ledger, &undone, NULL, NULL, NULL), 0);
        list = chunk_list_free(list);
        list = make_list();
        ck_assert_msg(chunks_bed_is_equal(before, list), "round %u: not as before", round_number);
}

static void play(void) {
        ck_assert_int_eq(ledger_new(&ledger), 0);
        make_machine();
        list = make_list();
        for (unsigned i = 0; i < STEPS; ++i) {
                _cleanup_(chunk_list_freep) ChunkList *before = TAKE_PTR(list), *again = NULL;

                if (pick(3) > 0)
                        draw_claim();
                list = make_list();
                again = make_list();
                ck_assert(chunks_bed_is_equal(list, again));
                check_ids_stay(before);
                if (pick(2))
                        give(pick(2));
        }
        list = chunk_list_free(list);
        ledger = ledger_free(ledger);
        numa_bed_deinit(&bed);
}

START_TEST(rules_are_kept_whatever_there_is) {
        srand(7 + (unsigned)_i);
        for (round_number = 0; round_number < ROUNDS; ++round_number)
                play();
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("chunks-random");
        TCase *tcase = tcase_create("random");

        tcase_add_loop_test(tcase, rules_are_kept_whatever_there_is, 0, 4);
        suite_add_tcase(suite, tcase);
        return suite;
}
