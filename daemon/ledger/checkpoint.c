/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/whole.h"
#include "ledger/claim.h"
#include "ledger/filling.h"
#include "value/value.h"

/*
 * What is read: the policy's name, "entries" (pod, container, blocks) and "podEntries" (pod,
 * blocks). The machine's state in it is not: it says again what the blocks say, and slugd knows its
 * machine. Of V3 only what "data" has counts; what stands beside it is there for older kubelets.
 *
 * A block has a set of NUMA nodes and one size, all in bytes; how much of it lies on which node is
 * not written down. The kubelet takes from the lowest node first what is free there, and it never
 * lets sets of nodes overlap, so that doing the same again in any order gives the same sums.
 *
 * Only Guaranteed pods are in it. Containers that share their pod's memory are there without
 * blocks, and an init container whose memory was taken over has some of 0 bytes; the first are left
 * out, the second hold a place on their nodes and stay.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/memorymanager/state, read at 1.36.3.
 */
#define VALUES_MAX     262144u /* of a node with thousands of containers */
#define DEPTH_MAX      12u
#define BLOCK_SIZE_MAX (LEDGER_PART_MAX * 64)

static const DocumentLimits limits = { .depth = DEPTH_MAX, .n_values = VALUES_MAX };

/* Borrowed from the document. */
typedef struct Draft {
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        size_t n_blocks;
        LedgerPart *parts[LEDGER_BLOCKS_MAX];
} Draft;

static void draft_deinit(Draft *draft) {
        for (size_t i = 0; i < ELEMENTSOF(draft->parts); ++i)
                free(draft->parts[i]);
}
DEFINE_DEINIT(Draft, draft_deinit);

static int read_nodes(const Value *list, NodeSet *ret, Diag *reterr) {
        size_t n;
        int r;

        r = value_read_list(list, NODESET_MAX, &n, reterr);
        if (r)
                return r;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);
                uint64_t node;

                r = value_read_u64(&item, NODESET_MAX - 1, &node, reterr);
                if (r)
                        return r;
                nodeset_add(ret, (unsigned)node);
        }
        return n > 0 ? 0 : value_complain(list, reterr, "has no NUMA node");
}

static int read_resource(const Value *type, uint64_t *ret_page_bytes, Diag *reterr) {
        const char *text;
        int r;

        r = value_read_text(type, &text, reterr);
        if (r)
                return r;
        *ret_page_bytes = 0;
        if (strcmp(text, "memory") == 0 || pod_parse_hugepages(text, ret_page_bytes))
                return 0;
        return value_complain(type, reterr, "is neither memory nor hugepages");
}

static int read_block(const Value *object, LedgerBlock *block, Diag *reterr) {
        const Value nodes = value_get(object, "numaAffinity");
        const Value type = value_get(object, "type");
        const Value size = value_get(object, "size");
        int r;

        r = value_check_object(object, reterr);
        if (r)
                return r;
        r = read_nodes(&nodes, &block->nodes, reterr);
        if (r)
                return r;
        r = read_resource(&type, &block->page_bytes, reterr);
        if (r)
                return r;
        return value_read_u64(&size, BLOCK_SIZE_MAX, &block->bytes, reterr);
}

static int read_blocks(const Value *list, Draft *draft, Diag *reterr) {
        size_t n;
        int r;

        if (!list->json) /* nothing, as Go writes it */
                return 0;
        r = value_read_list(list, LEDGER_BLOCKS_MAX, &n, reterr);
        if (r)
                return r;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);
                LedgerBlock *block = &draft->blocks[i];

                r = read_block(&item, block, reterr);
                if (r)
                        return r;
                draft->parts[i] = calloc(nodeset_count(&block->nodes), sizeof(LedgerPart));
                if (!draft->parts[i])
                        return -ENOMEM;
        }
        draft->n_blocks = n;
        return 0;
}

/* The claims, while they are being read. */
typedef struct Reading {
        Checkpoint checkpoint;
        size_t n_pods; /* the first claims are those of whole pods, sorted */
        Filling filling;
        Diag *reterr;
} Reading;

static void reading_deinit(Reading *reading) {
        checkpoint_deinit(&reading->checkpoint);
        filling_deinit(&reading->filling);
}
DEFINE_DEINIT(Reading, reading_deinit);

static int compare_claims(const void *a, const void *b) {
        return claim_compare_keys(*(LedgerClaim *const *)a, *(LedgerClaim *const *)b);
}

static void sort_claims(Checkpoint *checkpoint) {
        if (checkpoint->n_claims > 1)
                qsort(checkpoint->claims, checkpoint->n_claims, sizeof(*checkpoint->claims),
                      compare_claims);
}

static const LedgerClaim *find_pod(const Reading *reading, const char *uid) {
        const LedgerClaim key = { .pod_uid = uid, .container = "" }, *wanted = &key;
        LedgerClaim **found = reading->n_pods > 0
                                      ? bsearch(&wanted, reading->checkpoint.claims,
                                                reading->n_pods, sizeof(*found), compare_claims)
                                      : NULL;

        return found ? *found : NULL;
}

static int append_claim(Reading *reading, const Value *value, const LedgerClaim *from) {
        Checkpoint *checkpoint = &reading->checkpoint;
        _cleanup_(ledger_claim_freep) LedgerClaim *claim = NULL;
        LedgerClaim **claims;
        int r;

        if (checkpoint->n_claims == LEDGER_CLAIMS_MAX)
                return value_complain(value, reading->reterr, "is one claim too many");
        r = ledger_claim_new(from, &claim);
        if (r == -EINVAL)
                return value_complain(value, reading->reterr, "is no claim that can be");
        if (r)
                return r;
        claims = reallocarray(checkpoint->claims, checkpoint->n_claims + 1, sizeof(*claims));
        if (!claims)
                return -ENOMEM;
        checkpoint->claims = claims;
        claims[checkpoint->n_claims++] = TAKE_PTR(claim);
        return 0;
}

/* @blocks: of the container, or of the pod when there is no container. */
static int
read_claim(Reading *reading, const Value *blocks, const char *uid, const char *container) {
        _cleanup_(draft_deinitp) Draft draft = {};
        const LedgerClaim *pod = *container ? find_pod(reading, uid) : NULL;
        LedgerClaim claim = {
                .pod_uid = uid,
                .container = container,
                .namespace_name = "",
                .pod = "",
                .qos = QOS_GUARANTEED,
                .state = CLAIM_PENDING,
                .source = CLAIM_SOURCE_CHECKPOINT,
                .is_within_pod = pod != NULL,
                .container_id = "",
                .reason = "",
        };
        int r;

        r = read_blocks(blocks, &draft, reading->reterr);
        if (r)
                return r;
        if (draft.n_blocks == 0)
                return 0;
        for (size_t i = 0; i < draft.n_blocks; ++i) {
                if (pod)
                        filling_share(pod, &draft.blocks[i], draft.parts[i]);
                else
                        filling_take(&reading->filling, &draft.blocks[i], draft.parts[i]);
        }
        claim.blocks = draft.blocks;
        claim.n_blocks = draft.n_blocks;
        return append_claim(reading, blocks, &claim);
}

static int read_pods(Reading *reading, const Value *root) {
        const Value pods = value_get(root, "podEntries");
        ValueMember pod = {};
        int r;

        r = pods.json ? value_check_object(&pods, reading->reterr) : 0;
        if (r)
                return r;
        while (value_next_member(&pods, &pod)) {
                const Value blocks = value_get(&pod.value, "memoryBlocks");

                r = value_check_object(&pod.value, reading->reterr);
                if (r == 0)
                        r = read_claim(reading, &blocks, pod.key, "");
                if (r)
                        return r;
        }
        sort_claims(&reading->checkpoint);
        reading->n_pods = reading->checkpoint.n_claims;
        return 0;
}

static int read_containers(Reading *reading, const Value *pod, const char *uid) {
        ValueMember container = {};
        int r;

        r = pod->json ? value_check_object(pod, reading->reterr) : 0;
        if (r)
                return r;
        while (value_next_member(pod, &container)) {
                if (!container.key[0])
                        return value_complain(&container.value, reading->reterr, "has no name");
                r = read_claim(reading, &container.value, uid, container.key);
                if (r)
                        return r;
        }
        return 0;
}

static int read_policy(Reading *reading, const Value *root) {
        const Value policy = value_get(root, "policyName");
        const char *text;
        int r;

        r = value_read_text(&policy, &text, reading->reterr);
        if (r)
                return r;
        if (strlen(text) >= sizeof(reading->checkpoint.policy))
                return value_complain(&policy, reading->reterr, "is too long");
        (void)snprintf(reading->checkpoint.policy, sizeof(reading->checkpoint.policy), "%s", text);
        return 0;
}

static int read_state(Reading *reading, const Value *root) {
        const Value pods = value_get(root, "entries");
        ValueMember pod = {};
        int r;

        r = read_policy(reading, root);
        if (r)
                return r;
        r = read_pods(reading, root);
        if (r)
                return r;
        r = pods.json ? value_check_object(&pods, reading->reterr) : 0;
        if (r)
                return r;
        while (value_next_member(&pods, &pod)) {
                r = read_containers(reading, &pod.value, pod.key);
                if (r)
                        return r;
        }
        sort_claims(&reading->checkpoint);
        return 0;
}

/* Complaints about what is inside of "data" say so. */
static int read_data(Reading *reading, const Value *data) {
        _cleanup_(document_deinitp) Document document = {};
        Diag diag = {};
        Value inner;
        const char *text;
        int r;

        r = value_read_text(data, &text, reading->reterr);
        if (r)
                return r;
        r = document_parse(text, strlen(text), &limits, &document, &diag);
        if (r > 0)
                return value_complain(data, reading->reterr, diag.text);
        if (r)
                return r;
        inner = document_get_root(&document);
        inner.parent = data->parent;
        inner.key = data->key;
        reading->checkpoint.version = 3;
        return read_state(reading, &inner);
}

int checkpoint_parse(const char *text,
                     size_t n_text,
                     const LedgerRoom *room,
                     Checkpoint *ret,
                     Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        _cleanup_(reading_deinitp) Reading reading = { .reterr = reterr };
        Value root, data, pods;
        int r;

        r = document_parse(text, n_text, &limits, &document, reterr);
        if (r)
                return r > 0 ? CHECKPOINT_E_MALFORMED : r;
        r = filling_init(&reading.filling, room ? room : &(const LedgerRoom){});
        if (r)
                return r;
        root = document_get_root(&document);
        data = value_get(&root, "data");
        pods = value_get(&root, "podEntries");
        reading.checkpoint.version = pods.json ? 2 : 1;
        r = data.json ? read_data(&reading, &data) : read_state(&reading, &root);
        if (r)
                return r > 0 ? CHECKPOINT_E_MALFORMED : r;
        *ret = reading.checkpoint;
        reading.checkpoint = (Checkpoint){};
        return 0;
}

int checkpoint_read(const Root *root,
                    const char *path,
                    const LedgerRoom *room,
                    Checkpoint *ret,
                    Diag *reterr) {
        _cleanup_(freep) char *text = NULL;
        Diag diag = {};
        size_t n_text;
        int r;

        r = whole_read(root, path, CHECKPOINT_MAX, &text, &n_text);
        if (r == ROOT_E_ABSENT)
                return CHECKPOINT_E_ABSENT;
        if (r == -ENOMEM)
                return r;
        if (r) {
                diag_set(reterr, path, 0, 0, "cannot be read: %s",
                         r > 0 ? "larger than slugd reads" : strerror(-r));
                return CHECKPOINT_E_MALFORMED;
        }
        (void)snprintf(diag.source, sizeof(diag.source), "%s", path);
        r = checkpoint_parse(text, n_text, room, ret, &diag);
        if (r > 0 && reterr)
                *reterr = diag;
        return r;
}

void checkpoint_deinit(Checkpoint *checkpoint) {
        for (size_t i = 0; i < checkpoint->n_claims; ++i)
                ledger_claim_free(checkpoint->claims[i]);
        free(checkpoint->claims);
        *checkpoint = (Checkpoint){};
}
