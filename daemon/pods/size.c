/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/size.h"

#include <string.h>

/*
 * Whatever is not known for certain is rather too much than too little: what is free must not be
 * overstated. Sizes above what a claim can hold are cut there.
 */

typedef struct Sum {
        Size size;
        bool has_source[SIZE_MIXED + 1];
        bool counts_usage; /* of a container at least, for want of anything better */
} Sum;

static uint64_t round_up(uint64_t bytes) {
        return bytes_round_down(bytes_add_saturated(bytes, SIZE_STEP - 1), SIZE_STEP);
}

/* Amounts are by rising page size, plain memory first. */
static void add(Sum *sum, uint64_t page_bytes, uint64_t bytes, SizeSource source) {
        PodSize *size = &sum->size.worth;
        size_t i = 0;

        if (bytes == 0)
                return;
        while (i < size->n_amounts && size->amounts[i].page_bytes < page_bytes)
                ++i;
        if (i == size->n_amounts || size->amounts[i].page_bytes != page_bytes) {
                if (size->n_amounts == ELEMENTSOF(size->amounts))
                        return; /* more page sizes than any machine has */
                memmove(size->amounts + i + 1, size->amounts + i,
                        (size->n_amounts - i) * sizeof(*size->amounts));
                size->amounts[i] = (SizeAmount){ .page_bytes = page_bytes };
                ++size->n_amounts;
        }
        size->amounts[i].bytes =
                bytes_min(bytes_add_saturated(size->amounts[i].bytes, bytes), LEDGER_PART_MAX);
        sum->has_source[source] = true;
}

/* Claims */

/* A claim without bytes covers nothing, and a share of a claim that is gone does not either. */
static bool is_covering(const LedgerClaim *claim) {
        return claim->n_blocks > 0 && !claim->is_within_pod;
}

static const LedgerClaim *find_claim(const SizeParams *params, const char *container) {
        for (size_t i = 0; i < params->n_claims; ++i)
                if (is_covering(params->claims[i]) &&
                    strcmp(params->claims[i]->container, container) == 0)
                        return params->claims[i];
        return NULL;
}

static uint64_t sum_claimed(const SizeParams *params, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < params->n_claims; ++i)
                if (is_covering(params->claims[i]))
                        sum = bytes_add_saturated(
                                sum, ledger_claim_get_bytes(params->claims[i], page_bytes));
        return sum;
}

static bool has_chunk(const SizeParams *params, const ReportChunk *chunk) {
        if (params->has_chunk)
                return params->has_chunk(params->pod, chunk, params->userdata);
        for (size_t i = 0; i < params->n_claims; ++i)
                if (ledger_claim_has_chunk(params->claims[i], chunk->id))
                        return false;
        return true;
}

static uint64_t sum_chunks(const SizeParams *params, const ReportContainer *container, bool all) {
        uint64_t sum = 0;

        for (size_t i = 0; i < container->n_chunks; ++i)
                if (all || has_chunk(params, &container->chunks[i]))
                        sum = bytes_add_saturated(sum, container->chunks[i].bytes);
        return sum;
}

/* Containers */

static bool is_populated(const InventoryContainer *container) {
        return container->tree && container->tree->is_populated;
}

static bool has_ended(const InventoryContainer *container) {
        return container->report->state == REPORT_EXITED && !is_populated(container);
}

static OptU64 get_limit(const InventoryContainer *container) {
        if (container->report->limit_bytes.present || container->report->knows_limit)
                return container->report->limit_bytes;
        return container->tree ? container->tree->usage.max_bytes : (OptU64){};
}

static uint64_t get_plain(const InventoryContainer *container, SizeSource *ret_source) {
        const OptU64 request = container->report->request_bytes, limit = get_limit(container);
        const OptU64 usage = container->tree ? container->tree->usage.bytes : (OptU64){};

        *ret_source = request.value > 0 ? SIZE_REQUEST
                      : limit.value > 0 ? SIZE_LIMIT
                      : usage.present   ? SIZE_USAGE
                                        : SIZE_UNKNOWN;
        return request.value > 0 ? request.value
               : limit.value > 0 ? limit.value
                                 : round_up(usage.value);
}

/* @claim: NULL: it has none. */
static void add_pages(Sum *sum,
                      const LedgerClaim *claim,
                      uint64_t page_bytes,
                      uint64_t bytes,
                      SizeSource source) {
        const uint64_t claimed = claim ? ledger_claim_get_bytes(claim, page_bytes) : 0;

        add(sum, page_bytes, bytes_sub_clamped(bytes, claimed), source);
}

static void add_hugepages(Sum *sum, const InventoryContainer *container, const LedgerClaim *claim) {
        const PodAmounts *asked = &container->report->hugepages;

        for (size_t i = 0; i < asked->n_items; ++i)
                add_pages(sum, claim, asked->items[i].page_bytes, asked->items[i].bytes,
                          SIZE_REQUEST);
        if (container->report->request_bytes.present || asked->n_items > 0 || !container->tree)
                return;
        for (size_t i = 0; i < container->tree->usage.n_hugepages; ++i)
                add_pages(sum, claim, container->tree->usage.hugepages[i].page_bytes,
                          container->tree->usage.hugepages[i].bytes, SIZE_USAGE);
}

static void add_remote(Sum *sum, uint64_t bytes) {
        sum->size.worth.remote_bytes = bytes_min(
                bytes_add_saturated(sum->size.worth.remote_bytes, bytes), LEDGER_PART_MAX);
}

/* Chunks that its claim knows nothing of: a claim of memory has their bytes, but not their ids,
 * when its split says so. */
static void add_covered(Sum *sum,
                        const SizeParams *params,
                        const ReportContainer *container,
                        const LedgerClaim *claim) {
        const uint64_t all = sum_chunks(params, container, true);
        const uint64_t bytes = bytes_min(sum_chunks(params, container, false),
                                         bytes_sub_clamped(all, claim->split.remote.min));

        add(sum, 0, bytes, SIZE_REQUEST);
        add_remote(sum, bytes);
}

/* Beyond what is claimed of its own. Chunks are promised, whether they are used or not. */
static void add_open(Sum *sum,
                     const SizeParams *params,
                     const InventoryContainer *container,
                     const LedgerClaim *claim) {
        const uint64_t remote = sum_chunks(params, container->report, false);
        SizeSource source;
        uint64_t bytes = get_plain(container, &source);

        bytes = bytes_sub_clamped(bytes, claim ? ledger_claim_get_bytes(claim, 0) : 0);
        sum->size.is_vague |= !container->report->request_bytes.present;
        sum->size.is_partial |= source == SIZE_UNKNOWN;
        sum->counts_usage |= source == SIZE_USAGE || source == SIZE_UNKNOWN;
        if (bytes < remote) {
                bytes = remote;
                source = SIZE_REQUEST;
        }
        add(sum, 0, bytes, source);
        add_remote(sum, remote);
        add_hugepages(sum, container, claim);
}

/* It has its chunks and nothing beside them: what the container asks for, or has, is more. */
static bool has_chunks_alone(const LedgerClaim *claim) {
        return claim->source == CLAIM_SOURCE_DEVICE_PLUGIN && claim->n_chunks > 0 &&
               claim->split.local.min == 0;
}

/* The kubelet leaves chunks with a container that has ended, until its pod has. */
static void add_named(Sum *sum, const SizeParams *params, const InventoryContainer *container) {
        static const LedgerClaim nothing = {};
        const LedgerClaim *claim = find_claim(params, container->report->name);

        if (has_ended(container) || (claim && !has_chunks_alone(claim)))
                add_covered(sum, params, container->report, claim ? claim : &nothing);
        else
                add_open(sum, params, container, claim);
        /* chunks are claimed with the plain memory that they are a part of, and nothing else */
        if (claim && claim->source == CLAIM_SOURCE_DEVICE_PLUGIN && !has_chunks_alone(claim) &&
            !has_ended(container))
                add_hugepages(sum, container, claim);
}

/*
 * A container that nobody has named is the sandbox's, which uses next to nothing, or one that was
 * started since the report. It may be a claimed container's next attempt: as many as there are of
 * those without processes count for nothing.
 */
static void add_unnamed(Sum *sum, const SizeParams *params) {
        const InventoryPod *pod = params->pod;
        size_t n_restarted = 0;

        for (size_t i = 0; i < pod->n_containers; ++i) {
                const InventoryContainer *container = &pod->containers[i];

                if (container->report) {
                        n_restarted += !is_populated(container) &&
                                       find_claim(params, container->report->name);
                } else if (container->tree->usage.bytes.value >= SIZE_STEP) {
                        if (n_restarted > 0)
                                --n_restarted;
                        else
                                add(sum, 0, round_up(container->tree->usage.bytes.value),
                                    SIZE_USAGE);
                }
        }
}

/*
 * What the pod uses beyond its containers: a volume in memory, and what containers that are gone
 * have left. Where usage is what counts, that counts, too; who has asked for memory has asked for
 * this.
 */
static void add_left(Sum *sum, const SizeParams *params) {
        const InventoryPod *pod = params->pod;
        uint64_t bytes = pod->tree ? pod->tree->usage.bytes.value : 0;

        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i].tree)
                        bytes = bytes_sub_clamped(bytes,
                                                  pod->containers[i].tree->usage.bytes.value);
        if (sum->counts_usage && bytes >= SIZE_STEP)
                add(sum, 0, round_up(bytes), SIZE_USAGE);
}

/* Pods */

static void add_whole_hugepages(Sum *sum, const SizeParams *params) {
        const PodsUsage *usage = &params->pod->tree->usage;

        for (size_t i = 0; i < usage->n_hugepages; ++i)
                add(sum, usage->hugepages[i].page_bytes,
                    bytes_sub_clamped(usage->hugepages[i].bytes,
                                      sum_claimed(params, usage->hugepages[i].page_bytes)),
                    SIZE_USAGE);
}

/* No container of it is known. */
static void add_whole(Sum *sum, const SizeParams *params) {
        const InventoryPod *pod = params->pod;
        const uint64_t claimed = sum_claimed(params, 0);
        const OptU64 usage = pod->tree ? pod->tree->usage.bytes : (OptU64){};
        OptU64 limit = pod->report ? pod->report->limit_bytes : (OptU64){};

        if (!limit.present && pod->tree)
                limit = pod->tree->usage.max_bytes;
        sum->size.is_vague = true;
        sum->size.is_partial = !limit.present && !usage.present;
        sum->has_source[limit.value > 0 ? SIZE_LIMIT : SIZE_USAGE] = true;
        if (limit.value > 0)
                add(sum, 0, bytes_sub_clamped(limit.value, claimed), SIZE_LIMIT);
        else
                add(sum, 0, bytes_sub_clamped(round_up(usage.value), claimed), SIZE_USAGE);
        if (pod->tree)
                add_whole_hugepages(sum, params);
}

/* What the pod asks for itself is no less than what its containers do, and is what counts. */
static void add_pod_level(Sum *sum, const SizeParams *params) {
        const uint64_t asked = params->pod->report->request_bytes.value;
        const uint64_t wanted =
                bytes_sub_clamped(bytes_min(asked, LEDGER_PART_MAX), sum_claimed(params, 0));
        const PodSize *size = &sum->size.worth;
        const uint64_t open = size->n_amounts > 0 && size->amounts[0].page_bytes == 0
                                      ? size->amounts[0].bytes
                                      : 0;

        if (asked == 0)
                return;
        sum->size.is_vague = sum->size.is_partial = false;
        add(sum, 0, bytes_sub_clamped(wanted, open), SIZE_REQUEST);
}

static SizeSource get_source(const Sum *sum) {
        SizeSource source = SIZE_UNKNOWN;

        for (unsigned i = SIZE_REQUEST; i < SIZE_MIXED; ++i)
                if (sum->has_source[i])
                        source = source == SIZE_UNKNOWN ? (SizeSource)i : SIZE_MIXED;
        return source;
}

Size size_get(const SizeParams *params) {
        const InventoryPod *pod = params->pod;
        Sum sum = {};

        if (pod->phase == POD_PHASE_FINISHED)
                return sum.size;
        if (pod->report && pod->report->n_containers > 0) {
                for (size_t i = 0; i < pod->report->n_containers; ++i)
                        add_named(&sum, params, &pod->containers[i]);
                add_unnamed(&sum, params);
                add_left(&sum, params);
        } else {
                add_whole(&sum, params);
        }
        if (pod->report)
                add_pod_level(&sum, params);
        sum.size.worth.source = get_source(&sum);
        sum.size.has_request = sum.has_source[SIZE_REQUEST];
        return sum.size;
}

/* Every claim of the pod that was not observed, up to what a pod may have. */
static size_t list_claims(const InventoryPod *pod,
                          const Ledger *ledger,
                          const LedgerClaim *claims[static PODS_CONTAINERS_MAX]) {
        size_t n = 0;

        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, pod->uid, NULL);
             claim && n < PODS_CONTAINERS_MAX; claim = ledger_next_of_pod(ledger, pod->uid, claim))
                if (claim->source != CLAIM_SOURCE_OBSERVED)
                        claims[n++] = claim;
        return n;
}

/* Those of containers that are known. */
static size_t find_claims(const InventoryPod *pod,
                          const Ledger *ledger,
                          const LedgerClaim *claims[static PODS_CONTAINERS_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < pod->report->n_containers; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, pod->uid, pod->report->containers[i].name);

                if (claim)
                        claims[n++] = claim;
        }
        return n;
}

PodSize inventory_get_size(const InventoryPod *pod, const Ledger *ledger) {
        const LedgerClaim *whole = ledger_find(ledger, pod->uid, "");
        const LedgerClaim *claims[PODS_CONTAINERS_MAX];
        SizeParams params = { .pod = pod, .claims = claims };

        if (whole && whole->source != CLAIM_SOURCE_OBSERVED)
                return (PodSize){};
        params.n_claims = pod->report && pod->report->n_containers > 0
                                  ? find_claims(pod, ledger, claims)
                                  : list_claims(pod, ledger, claims);
        return size_get(&params).worth;
}
