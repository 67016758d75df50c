/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chunks-bed.h"
#include "lib/numa-bed.h"

/*
 * Lines of words. The first is six numbers: which size and kind are configured, the MiB of two
 * remote NUMA nodes, what of the first is poisoned, and how many blocks of it are offline. Each
 * other is a claim as tests/lib/chunks-bed.h has them or, after a "?", ids of chunks to be given.
 *
 * Every word is also tried as a name: one that is taken is written as it was read. Whatever claims
 * there are, the list keeps its rules; what can be given leaves a ledger that adds up.
 */
#define LINES_MAX 64u
#define IDS_MAX   64u

typedef struct World {
        NumaBed bed;
        Ledger *ledger;
        ChunksSettings settings;
} World;

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static void check_names(const char *word) {
        char resource_text[CHUNK_RESOURCE_MAX], id_text[CHUNK_ID_MAX];
        ChunkResourceName resource;
        ChunkId id;

        if (chunk_resource_parse(word, &resource)) {
                must(chunk_bytes_is_valid(resource.bytes));
                must(strcmp(chunk_resource_format(&resource, resource_text), word) == 0);
        }
        if (chunk_id_parse(word, &id)) {
                must(chunk_bytes_is_valid(id.resource.bytes) && id.index <= CHUNK_INDEX_MAX);
                must(!id.resource.node.present || id.resource.node.value == id.node);
                must(strcmp(chunk_id_format(&id, id_text), word) == 0);
        }
}

static void make_world(World *world, const char *line) {
        unsigned size = 0, kind = 0, two = 0, three = 0, poisoned = 0, offline = 0;
        BedNode nodes[] = {
                { .id = 0, .locality = LOCALITY_LOCAL, .has_cpus = true, .bytes = GIB },
                { .id = 2, .locality = LOCALITY_REMOTE },
                { .id = 3, .locality = LOCALITY_REMOTE },
        };

        (void)sscanf(line, "%u %u %u %u %u %u", &size, &kind, &two, &three, &poisoned, &offline);
        nodes[1].bytes = two % (1u << 20) * MIB;
        nodes[2].bytes = three % (1u << 20) * MIB;
        numa_bed_init(&world->bed, nodes, ELEMENTSOF(nodes), NULL);
        world->bed.sysfs.host.block_bytes = opt_u64(128 * MIB);
        world->bed.capacity.nodes[1].poisoned_bytes = poisoned * MIB;
        world->bed.topology.nodes[1].n_offline_blocks = offline % 4096;
        world->settings = (ChunksSettings){
                .bytes = CHUNK_BYTES_MIN << size % 9,
                .is_per_node = kind % 2,
                .topology = (ChunksTopology)(kind / 2 % _CHUNKS_TOPOLOGY_N),
        };
        must(ledger_new(&world->ledger) == 0);
}

static void world_deinit(World *world) {
        must(ledger_check(world->ledger));
        world->ledger = ledger_free(world->ledger);
        numa_bed_deinit(&world->bed);
}
DEFINE_DEINIT(World, world_deinit);

static ChunkList *make_list(const World *world) {
        const ChunksParams params = {
                .topology = &world->bed.topology,
                .capacity = &world->bed.capacity,
                .machine = world->bed.machine,
                .ledger = world->ledger,
                .settings = world->settings,
        };
        char why[CHUNKS_BED_WHY_MAX];
        ChunkList *list = NULL;
        Diag diag = {};

        must(chunk_list_new(&params, &list) == 0);
        if (!chunks_bed_is_good(list, &params, why)) {
                (void)fprintf(stderr, "%s\n", why);
                abort();
        }
        must(chunk_list_get_problem(list, &params.settings, &diag) == (diag.text[0] != '\0'));
        must(list->state == CHUNKS_ADVERTISED || diag.text[0]);
        return list;
}

/* All ids are asked for under the resource of the first. */
static void give(World *world, char *line) {
        _cleanup_(chunk_list_freep) ChunkList *list = make_list(world);
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        const char *ids[IDS_MAX];
        char resource[CHUNK_RESOURCE_MAX] = "", *rest = NULL;
        ChunksRequest request = { .resource = resource, .ids = ids, .now_usec = 1 };
        ChunksGrant grant;
        Diag diag = {};
        ChunkId id;
        int r;

        for (char *word = strtok_r(line, " ", &rest); word && request.n_ids < IDS_MAX;
             word = strtok_r(NULL, " ", &rest))
                ids[request.n_ids++] = word;
        if (request.n_ids > 0 && chunk_id_parse(ids[0], &id))
                chunk_resource_format(&id.resource, resource);
        r = chunks_allocate(list, world->ledger, &request, &change, &grant, &diag);
        must(r >= 0 && (r > 0) == (diag.text[0] != '\0'));
        if (r > 0)
                return;
        r = ledger_apply(world->ledger, &change, &world->bed.machine->rooms[HINTS_SLUG], NULL,
                         NULL);
        must(r == 0 || (r == LEDGER_E_NO_SPACE && grant.n_taken > 0));
        must(r > 0 || ledger_find_chunk(world->ledger, grant.claim) ==
                              ledger_find(world->ledger, grant.pod_uid, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *text = strndup((const char *)data, size);
        _cleanup_(world_deinitp) World world = {};
        char *rest = NULL, *line = text ? strtok_r(text, "\n", &rest) : NULL;

        make_world(&world, line ? line : "");
        for (unsigned n = 0; line && n < LINES_MAX; ++n) {
                _cleanup_(freep) char *copy = NULL;
                char *words = NULL;

                line = strtok_r(NULL, "\n", &rest);
                copy = line ? strdup(line) : NULL;
                for (char *word = copy ? strtok_r(copy, " ", &words) : NULL; word;
                     word = strtok_r(NULL, " ", &words))
                        check_names(word);
                if (line && line[0] == '?')
                        give(&world, line + 1);
                else if (line)
                        (void)chunks_bed_try_claim(world.ledger, line);
        }
        chunk_list_free(make_list(&world));
        return 0;
}
