/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chunks/chunks.h"
#include "chunks/take-over.h"
#include "split/quote.h"

/*
 * The claim has remote bytes and nothing else: what its container has of local memory is told with
 * its name, later. Until then nothing local is promised, and no ceiling is known. Its bytes are one
 * block with a part for each NUMA node, so that there is room for the block that comes with the
 * name, however many NUMA nodes there are.
 */
typedef struct Asking {
        const ChunkList *list;
        const ChunksRequest *request;
        ChunkResourceName resource;
        ChunkId *ids; /* sorted */
        const Chunk **chunks;
        LedgerPart *parts; /* by NUMA node */
        size_t n_parts;
        char (*texts)[CHUNK_ID_MAX];
        const char **names;
        Diag *reterr;
} Asking;

static void asking_deinit(Asking *asking) {
        free(asking->ids);
        free(asking->chunks);
        free(asking->parts);
        free(asking->texts);
        free(asking->names);
}
DEFINE_DEINIT(Asking, asking_deinit);

/* What is asked for */

static int refuse(const Asking *asking, int code, const char *what, const char *found) {
        char quoted[QUOTE_MAX];

        diag_set(asking->reterr, NULL, 0, 0, "%s: %s", quote_format(found, strlen(found), quoted),
                 what);
        return code;
}

static int read_resource(Asking *asking) {
        const ChunkList *list = asking->list;
        const char *text = asking->request->resource;

        if (!chunk_resource_parse(text, &asking->resource))
                return refuse(asking, CHUNKS_E_INVALID, "is no resource of chunks", text);
        for (size_t i = 0; i < list->n_resources; ++i)
                if (chunk_resource_is_equal(&list->resources[i], &asking->resource))
                        return 0;
        return refuse(asking, CHUNKS_E_UNKNOWN, "there is no such resource on this node now", text);
}

static int read_ids(Asking *asking) {
        const ChunksRequest *request = asking->request;

        for (size_t i = 0; i < request->n_ids; ++i) {
                ChunkId *id = &asking->ids[i];

                if (!chunk_id_parse(request->ids[i], id))
                        return refuse(asking, CHUNKS_E_INVALID, "is no id of a chunk",
                                      request->ids[i]);
                if (!chunk_resource_is_equal(&id->resource, &asking->resource))
                        return refuse(asking, CHUNKS_E_INVALID,
                                      "is a chunk of another resource than the one asked for",
                                      request->ids[i]);
        }
        return 0;
}

static int compare_ids(const void *a, const void *b) {
        return chunk_id_compare(a, b);
}

static int find_chunks(Asking *asking) {
        const size_t n = asking->request->n_ids;

        qsort(asking->ids, n, sizeof(*asking->ids), compare_ids);
        for (size_t i = 0; i < n; ++i) {
                const Chunk *chunk = chunk_list_find(asking->list, &asking->ids[i]);

                chunk_id_format(&asking->ids[i], asking->texts[i]);
                asking->names[i] = asking->texts[i];
                if (i > 0 && chunk_id_compare(&asking->ids[i - 1], &asking->ids[i]) == 0)
                        return refuse(asking, CHUNKS_E_INVALID, "is asked for twice",
                                      asking->names[i]);
                if (!chunk)
                        return refuse(asking, CHUNKS_E_UNKNOWN, "there is no such chunk now",
                                      asking->names[i]);
                if (!chunk_state_is_healthy(chunk->state))
                        return refuse(asking, CHUNKS_E_UNHEALTHY,
                                      chunk->state == CHUNK_SHORT
                                              ? "its bytes are claimed by somebody else"
                                              : "its memory is offline, poisoned, or not remote",
                                      asking->names[i]);
                asking->chunks[i] = chunk;
        }
        return 0;
}

static int asking_init(Asking *asking) {
        const size_t n = asking->request->n_ids;

        if (n == 0 || n > LEDGER_CHUNKS_MAX) {
                diag_set(asking->reterr, NULL, 0, 0, "expected 1 to %u chunks, found %zu",
                         LEDGER_CHUNKS_MAX, n);
                return CHUNKS_E_INVALID;
        }
        asking->ids = calloc(n, sizeof(*asking->ids));
        asking->chunks = calloc(n, sizeof(*asking->chunks));
        asking->parts = calloc(n, sizeof(*asking->parts));
        asking->texts = calloc(n, sizeof(*asking->texts));
        asking->names = calloc(n, sizeof(*asking->names));
        if (!asking->ids || !asking->chunks || !asking->parts || !asking->texts || !asking->names)
                return -ENOMEM;
        return 0;
}

static int check(Asking *asking) {
        int r;

        r = asking_init(asking);
        if (r == 0)
                r = read_resource(asking);
        if (r == 0)
                r = read_ids(asking);
        return r ? r : find_chunks(asking);
}

/* The claim */

/* Chunks are sorted by NUMA node, and so are the parts. */
static LedgerBlock add_up(Asking *asking) {
        LedgerBlock block = { .parts = asking->parts };

        for (size_t i = 0; i < asking->request->n_ids; ++i) {
                const unsigned node = asking->ids[i].node;

                if (asking->n_parts == 0 || asking->parts[asking->n_parts - 1].node != node)
                        asking->parts[asking->n_parts++] = (LedgerPart){ .node = node };
                asking->parts[asking->n_parts - 1].bytes += asking->resource.bytes;
                block.bytes += asking->resource.bytes;
                nodeset_add(&block.nodes, node);
        }
        block.n_parts = asking->n_parts;
        return block;
}

/* The time makes it unique, but for two in the same microsecond, or a clock that was set back. */
static void name_unseen(const Ledger *ledger, uint64_t now_usec, char uid[static POD_UID_MAX]) {
        do
                (void)snprintf(uid, POD_UID_MAX, CHUNK_UNSEEN_PREFIX "%" PRIx64, now_usec++);
        while (ledger_next_of_pod(ledger, uid, NULL));
}

static int put_claim(Asking *asking, const char *uid, LedgerChange *change) {
        const LedgerBlock block = add_up(asking);
        LedgerClaim *claim;
        int r;

        r = ledger_claim_new(
                &(const LedgerClaim){
                        .pod_uid = uid,
                        .container = "",
                        .namespace_name = "",
                        .pod = "",
                        .state = CLAIM_PENDING,
                        .source = CLAIM_SOURCE_DEVICE_PLUGIN,
                        .split = { .local = { 0, SPLIT_UNLIMITED },
                                   .remote = { block.bytes, block.bytes } },
                        .blocks = &block,
                        .n_blocks = 1,
                        .chunks = asking->names,
                        .n_chunks = asking->request->n_ids,
                        .container_id = "",
                        .reason = "",
                        .created_usec = asking->request->now_usec,
                },
                &claim);
        return r ? r : ledger_change_put(change, claim);
}

int chunks_allocate(const ChunkList *list,
                    const Ledger *ledger,
                    const ChunksRequest *request,
                    LedgerChange *ret,
                    ChunksGrant *ret_grant,
                    Diag *reterr) {
        _cleanup_(asking_deinitp)
                Asking asking = { .list = list, .request = request, .reterr = reterr };
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        ChunksGrant grant = {};
        int r;

        r = check(&asking);
        if (r != 0)
                return r;
        (void)snprintf(grant.claim, sizeof(grant.claim), "%s", asking.names[0]);
        name_unseen(ledger, request->now_usec, grant.pod_uid);
        r = put_claim(&asking, grant.pod_uid, &change);
        if (r)
                return r;
        r = take_over(ledger, asking.chunks, request->n_ids, &change, &grant.n_taken);
        if (r)
                return r;
        *ret = change;
        change = (LedgerChange){};
        *ret_grant = grant;
        return 0;
}
