/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pods/reconcile-look.h"
#include "pods/size.h"

/*
 * What nobody has asked for
 *
 * A pod has one observed claim of all that it holds beyond what it was promised. It is put again
 * when it is another one by enough, so that the log does not grow with every page, and it gets
 * smaller only when that is known as well as what it was.
 */
#define TOLERANCE_BYTES (2 * SIZE_STEP)

static const char *const source_texts[] = {
        [SIZE_UNKNOWN] = "chunks",
        [SIZE_REQUEST] = "request, as the kubelet admitted it",
        [SIZE_LIMIT] = "memory limit",
        [SIZE_USAGE] = "usage",
        [SIZE_MIXED] = "request where it is known, else limit or usage",
};
static const char no_request[] = "limit or usage, by container";

static const char *get_reason(const Size *size) {
        return size->worth.source == SIZE_MIXED && !size->has_request
                       ? no_request
                       : source_texts[size->worth.source];
}

/* One pod, its items, and what is to be observed of it. */
typedef struct Observation {
        Look *look;
        const InventoryPod *pod;
        LookItem *items;
        size_t n_items;
        LookItem *observed; /* NULL: nothing of it is */
        Size size;
        LedgerClaim wanted; /* in @blocks and in the arena */
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart *parts; /* SIZE_PARTS_MAX */
} Observation;

/* Pods */

static bool is_whole_promised(const Observation *o) {
        for (size_t i = 0; i < o->n_items; ++i)
                if (item_is_promised(&o->items[i]) && !item_get(&o->items[i])->container[0])
                        return true;
        return false;
}

/* An empty cgroup that the kubelet does not know is what is left of a pod. */
static bool is_there(const Look *look, const InventoryPod *pod) {
        return pod->phase != POD_PHASE_FINISHED &&
               !(evidence_of_tree(look->inventory, pod->tree) == TREE_EMPTY &&
                 evidence_of_report(look->inventory, pod->report, pod->tree) == REPORT_SAYS_ABSENT);
}

static int measure(Observation *o) {
        const LedgerClaim **claims =
                arena_alloc_array(o->look->arena, o->n_items, sizeof(LedgerClaim *));
        SizeParams params = {
                .pod = o->pod,
                .claims = claims,
                .has_chunk = look_has_chunk,
                .userdata = o->look,
        };

        if (!claims)
                return -ENOMEM;
        for (size_t i = 0; i < o->n_items; ++i)
                if (item_is_promised(&o->items[i]))
                        claims[params.n_claims++] = item_get(&o->items[i]);
        o->size = size_get(&params);
        return 0;
}

/* Chunks */

static int compare_texts(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Where nobody could say which chunks it has, it has those that it had. */
static bool knows_chunks(const Observation *o) {
        const PodsReport *report = o->look->inventory->report;

        return o->pod->report &&
               (pods_report_has(report, "pod-resources") || pods_report_has(report, "devices"));
}

static int keep_chunks(Observation *o) {
        const LedgerClaim *there = o->observed ? o->observed->before : NULL;
        const char **chunks;

        if (!there || there->n_chunks == 0)
                return 0;
        chunks = arena_alloc_array(o->look->arena, there->n_chunks, sizeof(*chunks));
        if (!chunks)
                return -ENOMEM;
        o->wanted.chunks = chunks;
        for (size_t i = 0; i < there->n_chunks; ++i)
                if (!look_is_lost(o->look, o->observed, there->chunks[i]))
                        chunks[o->wanted.n_chunks++] = there->chunks[i];
        return 0;
}

static int list_chunks(Observation *o) {
        const ReportPod *report = o->pod->report;
        const char **chunks;
        size_t n = 0;

        if (!knows_chunks(o))
                return keep_chunks(o);
        for (size_t i = 0; i < report->n_containers; ++i)
                n += report->containers[i].n_chunks;
        if (n == 0)
                return 0;
        chunks = arena_alloc_array(o->look->arena, n, sizeof(*chunks));
        if (!chunks)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < report->n_containers; ++i)
                for (size_t k = 0; k < report->containers[i].n_chunks; ++k)
                        if (look_has_chunk(o->pod, &report->containers[i].chunks[k], o->look))
                                chunks[n++] = report->containers[i].chunks[k].id;
        qsort(chunks, n, sizeof(*chunks), compare_texts);
        o->wanted.chunks = chunks;
        o->wanted.n_chunks = bytes_min(n, LEDGER_CHUNKS_MAX); /* the others are bytes alone */
        return 0;
}

/* What is wanted */

/* The first that is known: the report's, else what the claim had. */
static const char *get_name(const char *reported, const char *before) {
        return reported && reported[0] ? reported : before;
}

static int want(Observation *o) {
        const PodSize *worth = &o->size.worth;
        const LedgerClaim *before = o->observed ? o->observed->before : NULL;
        const ReportPod *report = o->pod->report;
        uint64_t plain = 0;

        o->wanted = (LedgerClaim){
                .pod_uid = o->pod->uid,
                .container = "",
                .namespace_name = get_name(report ? report->namespace_name : NULL,
                                           before ? before->namespace_name : ""),
                .pod = get_name(report ? report->name : NULL, before ? before->pod : ""),
                .qos = o->pod->qos == QOS_UNKNOWN && before ? before->qos : o->pod->qos,
                .state = CLAIM_OBSERVED,
                .source = CLAIM_SOURCE_OBSERVED,
                .blocks = o->blocks,
                .n_blocks = size_place(worth, o->pod, &o->look->params->place, o->blocks, o->parts),
                .container_id = "",
                .reason = get_reason(&o->size),
                .created_usec = before ? before->created_usec : o->look->params->wall_usec,
        };
        plain = ledger_claim_get_bytes(&o->wanted, 0);
        if (worth->remote_bytes > 0 && plain >= worth->remote_bytes) {
                const uint64_t local = plain - worth->remote_bytes;

                o->wanted.split = (Split){
                        .local = { local, local },
                        .remote = { worth->remote_bytes, worth->remote_bytes },
                };
        }
        return list_chunks(o);
}

/* What is there, against it */

static void add_parts(const LedgerClaim *claim, uint64_t page_bytes, bool is_plus, int64_t *sums) {
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const LedgerBlock *block = &claim->blocks[i];

                for (size_t k = 0; block->page_bytes == page_bytes && k < block->n_parts; ++k) {
                        const int64_t bytes = (int64_t)block->parts[k].bytes;

                        sums[block->parts[k].node] += is_plus ? bytes : -bytes;
                }
        }
}

/* On each NUMA node, and on all of them. */
static bool is_near(const LedgerClaim *there, const LedgerClaim *wanted, uint64_t page_bytes) {
        const int64_t tolerance = (int64_t)TOLERANCE_BYTES, step = (int64_t)SIZE_STEP;
        int64_t sums[NODESET_MAX] = {}, total = 0;

        add_parts(wanted, page_bytes, true, sums);
        add_parts(there, page_bytes, false, sums);
        for (unsigned node = 0; node < NODESET_MAX; ++node) {
                if (sums[node] > tolerance || sums[node] < -tolerance)
                        return false;
                total += sums[node];
        }
        return total <= step && total >= -tolerance;
}

static bool has_near_blocks(const LedgerClaim *there, const LedgerClaim *wanted) {
        for (size_t i = 0; i < there->n_blocks; ++i)
                if (!is_near(there, wanted, there->blocks[i].page_bytes))
                        return false;
        for (size_t i = 0; i < wanted->n_blocks; ++i)
                if (!is_near(there, wanted, wanted->blocks[i].page_bytes))
                        return false;
        return true;
}

static bool has_same_chunks(const LedgerClaim *a, const LedgerClaim *b) {
        if (a->n_chunks != b->n_chunks)
                return false;
        for (size_t i = 0; i < a->n_chunks; ++i)
                if (strcmp(a->chunks[i], b->chunks[i]) != 0)
                        return false;
        return true;
}

/* Who it is, and in which state. */
static bool has_same_head(const LedgerClaim *a, const LedgerClaim *b) {
        return a->state == b->state && a->qos == b->qos &&
               strcmp(a->namespace_name, b->namespace_name) == 0 && strcmp(a->pod, b->pod) == 0;
}

static bool is_reason(const char *reason, SizeSource source) {
        return strcmp(reason, source_texts[source]) == 0;
}

static bool is_of_requests(const char *reason) {
        return is_reason(reason, SIZE_REQUEST) || is_reason(reason, SIZE_MIXED);
}

/* The kubelet forgets what it admitted when it begins to end a pod; its processes are not told of
 * a larger request by that. */
static bool is_request_lost(const Observation *o, const LedgerClaim *there) {
        const SizeSource source = o->size.worth.source;

        return o->pod->report && (source == SIZE_LIMIT || source == SIZE_MIXED) &&
               !o->size.has_request && is_reason(there->reason, SIZE_REQUEST);
}

/*
 * Something was known that is not known now: the reporter is away, or could not read all. Then the
 * claim stays as large as it was. That a container has ended is knowledge, but for the requests of
 * the others.
 */
static bool is_better_known(const Observation *o, const LedgerClaim *there) {
        const PodsReport *report = o->look->inventory->report;

        if (!has_same_chunks(there, &o->wanted))
                return false;
        if (is_request_lost(o, there))
                return true;
        if (look_get_total(there) < look_get_total(&o->wanted))
                return false;
        if (o->size.is_partial || (there->n_chunks > 0 && !knows_chunks(o)))
                return true;
        /* one that has a name was measured container by container */
        if (!o->pod->report)
                return there->pod[0] || (is_reason(there->reason, SIZE_LIMIT) &&
                                         is_reason(o->wanted.reason, SIZE_USAGE));
        return o->size.is_vague && is_of_requests(there->reason) &&
               !pods_report_has(report, "allocations");
}

static bool is_good(const Observation *o, const LedgerClaim *there) {
        if (is_better_known(o, there))
                return true;
        return strcmp(there->reason, o->wanted.reason) == 0 && has_same_chunks(there, &o->wanted) &&
               has_near_blocks(there, &o->wanted);
}

/* Putting */

static int keep_blocks(Look *look, LedgerClaim *claim) {
        LedgerBlock *blocks = arena_alloc_array(look->arena, claim->n_blocks, sizeof(*blocks));

        for (size_t i = 0; blocks && i < claim->n_blocks; ++i) {
                const LedgerBlock *from = &claim->blocks[i];
                LedgerPart *parts = arena_alloc_array(look->arena, from->n_parts, sizeof(*parts));

                if (!parts)
                        return -ENOMEM;
                memcpy(parts, from->parts, from->n_parts * sizeof(*parts));
                blocks[i] = *from;
                blocks[i].parts = parts;
        }
        claim->blocks = blocks;
        return blocks ? 0 : -ENOMEM;
}

static int put(Observation *o) {
        Look *look = o->look;
        LookItem *item = o->observed;
        int r = 0;

        if (!item) {
                item = &look->items[look->n_items++];
                *item = (LookItem){ .pod = o->pod };
                r = look_note(look, item, RECONCILE_ADOPTED, o->wanted.reason);
        }
        item->now = arena_alloc(look->arena, sizeof(*item->now));
        if (r || !item->now)
                return -ENOMEM;
        *item->now = o->wanted;
        item->gains_chunks = o->wanted.n_chunks > 0;
        return keep_blocks(look, item->now);
}

/* The blocks that are there, with what else is known better. */
static int put_head(Observation *o) {
        const LedgerClaim *there = o->observed->before;

        o->wanted.blocks = there->blocks;
        o->wanted.n_blocks = there->n_blocks;
        o->wanted.split = there->split;
        o->wanted.reason = there->reason;
        return put(o);
}

/* A pod that is there. */
static int observe(Observation *o) {
        int r;

        r = measure(o);
        if (r == 0)
                r = want(o);
        if (r)
                return r;
        if (o->wanted.n_blocks == 0 && o->wanted.n_chunks == 0) {
                /* all of it is claimed, and not gone; or less is known than was */
                if (o->observed && !is_better_known(o, o->observed->before))
                        o->observed->is_gone = true;
                return 0;
        }
        if (!o->observed || !is_good(o, o->observed->before))
                return put(o);
        return has_same_head(o->observed->before, &o->wanted) ? 0 : put_head(o);
}

/* Pods that are not there */

static const char *judge(const Look *look, const LookItem *item) {
        const Inventory *inventory = look->inventory;
        const InventoryPod *pod = item->pod;
        const TreeEvidence tree = evidence_of_tree(inventory, pod ? pod->tree : NULL);
        const ReportEvidence report =
                evidence_of_report(inventory, pod ? pod->report : NULL, pod ? pod->tree : NULL);

        if (tree == TREE_ABSENT)
                return look_no_cgroup;
        if (tree == TREE_POPULATED || report == REPORT_SAYS_ACTIVE ||
            report == REPORT_SAYS_NOTHING || !look_could_know(look, item))
                return NULL;
        return report == REPORT_SAYS_FINISHED ? "its pod has ended"
                                              : "neither the kubelet nor the runtime has its pod";
}

static int miss(Look *look, LookItem *item) {
        int r = 0;

        item->missed = judge(look, item);
        look_count(look, item);
        if (item->is_gone)
                return look_note(look, item, RECONCILE_RELEASED, item->missed);
        if (!item->now)
                r = look_lose_chunks(look, item);
        return r;
}

static LookItem *find_observed(LookItem *items, size_t n_items) {
        for (size_t i = 0; i < n_items; ++i)
                if (item_is_observed(&items[i]) && !items[i].is_replaced)
                        return &items[i];
        return NULL;
}

static int observe_pod(Look *look, const InventoryPod *pod, LedgerPart *parts) {
        const size_t first = look_find_first(look, pod->uid);
        Observation o = { .look = look, .pod = pod, .items = &look->items[first], .parts = parts };

        while (first + o.n_items < look->n_claims &&
               strcmp(item_get(&o.items[o.n_items])->pod_uid, pod->uid) == 0)
                ++o.n_items;
        o.observed = find_observed(o.items, o.n_items);
        if (!is_there(look, pod))
                return o.observed ? miss(look, o.observed) : 0;
        return is_whole_promised(&o) ? 0 : observe(&o);
}

int look_observe(Look *look) {
        LedgerPart *parts = arena_alloc_array(look->arena, SIZE_PARTS_MAX, sizeof(*parts));
        int r = parts ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && i < look->inventory->n_pods; ++i)
                r = observe_pod(look, &look->inventory->pods[i], parts);
        for (size_t i = 0; r == 0 && i < look->n_claims; ++i) {
                LookItem *item = &look->items[i];

                if (!item->pod && item_is_observed(item) && !item->is_replaced)
                        r = miss(look, item);
        }
        return r;
}
