/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "base/sealed.h"
#include "ledger/record.h"
#include "value/value.h"

/*
 * Reading. A line is believed only as a whole: when its checksum is right, every key that is known
 * has the right type, and the claims made of it keep the rules of ledger_claim_new(). Keys that are
 * not known are passed over, so that a later slugd may add some without a new version.
 *
 * A version has one row in a table: how its head and its claims are read. What an old one does not
 * say gets a value there, once, and nothing above knows about versions.
 *
 *   0: a head without "boot" (so that it is of another boot), claims without "source" and "split"
 *   1: now
 */
#define PAGE_BYTES_MAX (UINT64_C(1) << 45)

/* A change has seven levels; a later slugd may nest what it adds. The length of a line is limit
 * enough: what could be written must be readable. */
static const DocumentLimits limits = { .depth = 16, .n_values = RECORD_LINE_MAX };

/* Borrowed from the document. */
typedef struct Draft {
        LedgerClaim claim;
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart *parts; /* of all blocks */
        size_t n_parts;
        const char **chunks;
} Draft;

static void draft_deinit(Draft *draft) {
        free(draft->parts);
        free(draft->chunks);
}
DEFINE_DEINIT(Draft, draft_deinit);

/* Texts that are not written when they are empty. */
static int read_text(const Value *object, const char *key, const char **ret, Diag *reterr) {
        const Value value = value_get(object, key);

        if (!value.json) {
                *ret = "";
                return 0;
        }
        return value_read_text(&value, ret, reterr);
}

static int read_number(const Value *object, const char *key, uint64_t *ret, Diag *reterr) {
        const Value value = value_get(object, key);

        if (!value.json) {
                *ret = 0;
                return 0;
        }
        return value_read_u64(&value, UINT64_MAX, ret, reterr);
}

static int read_texts(const Value *object, LedgerClaim *claim, Diag *reterr) {
        const struct {
                const char *key;
                const char **to;
        } texts[] = { { "container", &claim->container },
                      { "ns", &claim->namespace_name },
                      { "pod", &claim->pod },
                      { "id", &claim->container_id },
                      { "reason", &claim->reason } };
        const Value uid = value_get(object, "uid");
        int r;

        for (size_t i = 0; i < ELEMENTSOF(texts); ++i) {
                r = read_text(object, texts[i].key, texts[i].to, reterr);
                if (r)
                        return r;
        }
        return value_read_text(&uid, &claim->pod_uid, reterr);
}

static int read_kinds(const Value *object, LedgerClaim *claim, Diag *reterr) {
        const Value state = value_get(object, "state");
        const Value qos = value_get(object, "qos");
        const Value within = value_get(object, "within");
        const char *text;
        int r;

        r = value_read_text(&state, &text, reterr);
        if (r)
                return r;
        if (!claim_state_parse(text, &claim->state))
                return value_complain(&state, reterr, "is no state of a claim");
        if (qos.json) {
                r = value_read_text(&qos, &text, reterr);
                if (r)
                        return r;
                if (!qos_class_parse(text, &claim->qos))
                        return value_complain(&qos, reterr, "is no QoS class");
        }
        return within.json ? value_read_bool(&within, &claim->is_within_pod, reterr) : 0;
}

static int read_pair(const Value *pair, const uint64_t max[2], uint64_t ret[2], Diag *reterr) {
        size_t n;
        int r;

        r = value_read_list(pair, 2, &n, reterr);
        if (r)
                return r;
        if (n != 2)
                return value_complain(pair, reterr, "is not a pair");
        for (size_t i = 0; i < 2; ++i) {
                const Value item = value_get_item(pair, i);

                r = value_read_u64(&item, max[i], &ret[i], reterr);
                if (r)
                        return r;
        }
        return 0;
}

static int read_part(const Value *item, LedgerBlock *block, LedgerPart *part, Diag *reterr) {
        static const uint64_t max[2] = { NODESET_MAX - 1, LEDGER_PART_MAX };
        uint64_t pair[2];
        int r;

        r = read_pair(item, max, pair, reterr);
        if (r)
                return r;
        *part = (LedgerPart){ .node = (unsigned)pair[0], .bytes = pair[1] };
        block->bytes += pair[1];
        return 0;
}

static int read_parts(const Value *list, Draft *draft, LedgerBlock *block, Diag *reterr) {
        LedgerPart *parts = draft->parts + draft->n_parts;
        size_t n;
        int r;

        r = value_read_list(list, NODESET_MAX, &n, reterr);
        if (r)
                return r;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = read_part(&item, block, &parts[i], reterr);
                if (r)
                        return r;
        }
        block->parts = parts;
        block->n_parts = n;
        draft->n_parts += n;
        return 0;
}

static int read_block(const Value *object, Draft *draft, LedgerBlock *block, Diag *reterr) {
        const Value nodes = value_get(object, "nodes");
        const Value page = value_get(object, "page");
        const Value parts = value_get(object, "parts");
        const char *text;
        int r;

        r = value_read_text(&nodes, &text, reterr);
        if (r)
                return r;
        if (nodeset_parse(text, strlen(text), &block->nodes))
                return value_complain(&nodes, reterr, "is no set of NUMA nodes");
        r = value_read_u64(&page, PAGE_BYTES_MAX, &block->page_bytes, reterr);
        if (r)
                return r;
        return read_parts(&parts, draft, block, reterr);
}

/* Room for the parts of all blocks, so that none of them moves. */
static int make_room(const Value *list, size_t n_blocks, Draft *draft, Diag *reterr) {
        size_t n_all = 0;

        for (size_t i = 0; i < n_blocks; ++i) {
                const Value item = value_get_item(list, i);
                const Value parts = value_get(&item, "parts");
                size_t n;
                const int r = value_read_list(&parts, NODESET_MAX, &n, reterr);

                if (r)
                        return r;
                n_all += n;
        }
        draft->parts = calloc(n_all + 1, sizeof(*draft->parts));
        return draft->parts ? 0 : -ENOMEM;
}

static int read_blocks(const Value *list, Draft *draft, Diag *reterr) {
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, LEDGER_BLOCKS_MAX, &n, reterr);
        if (r)
                return r;
        r = make_room(list, n, draft, reterr);
        if (r)
                return r;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = read_block(&item, draft, &draft->blocks[i], reterr);
                if (r)
                        return r;
        }
        draft->claim.blocks = draft->blocks;
        draft->claim.n_blocks = n;
        return 0;
}

static int read_chunks(const Value *list, Draft *draft, Diag *reterr) {
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, LEDGER_CHUNKS_MAX, &n, reterr);
        if (r)
                return r;
        draft->chunks = calloc(n + 1, sizeof(*draft->chunks));
        if (!draft->chunks)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = value_read_text(&item, &draft->chunks[i], reterr);
                if (r)
                        return r;
        }
        draft->claim.chunks = draft->chunks;
        draft->claim.n_chunks = n;
        return 0;
}

/* Versions */

static int read_claim_0(const Value *object, Draft *draft, Diag *reterr) {
        const Value blocks = value_get(object, "blocks");
        const Value chunks = value_get(object, "chunks");
        int r;

        draft->claim.source = CLAIM_SOURCE_MEMORY_MANAGER;
        r = read_texts(object, &draft->claim, reterr);
        if (r)
                return r;
        r = read_kinds(object, &draft->claim, reterr);
        if (r)
                return r;
        r = read_number(object, "created", &draft->claim.created_usec, reterr);
        if (r)
                return r;
        r = read_blocks(&blocks, draft, reterr);
        if (r)
                return r;
        return read_chunks(&chunks, draft, reterr);
}

static int read_range(const Value *split, const char *key, SplitRange *ret, Diag *reterr) {
        static const uint64_t max[2] = { UINT64_MAX, UINT64_MAX };
        const Value range = value_get(split, key);
        uint64_t pair[2];
        int r;

        r = read_pair(&range, max, pair, reterr);
        if (r)
                return r;
        *ret = (SplitRange){ .min = pair[0], .max = pair[1] };
        return 0;
}

static int read_claim_1(const Value *object, Draft *draft, Diag *reterr) {
        const Value source = value_get(object, "source");
        const Value split = value_get(object, "split");
        const char *text;
        int r;

        r = read_claim_0(object, draft, reterr);
        if (r)
                return r;
        r = value_read_text(&source, &text, reterr);
        if (r)
                return r;
        if (!claim_source_parse(text, &draft->claim.source))
                return value_complain(&source, reterr, "is no source of a claim");
        if (!split.json)
                return 0;
        r = read_range(&split, "local", &draft->claim.split.local, reterr);
        if (r)
                return r;
        return read_range(&split, "remote", &draft->claim.split.remote, reterr);
}

static int read_head_0(const Value *object, RecordHead *head, Diag *reterr) {
        return read_number(object, "created", &head->created_usec, reterr);
}

static int read_head_1(const Value *object, RecordHead *head, Diag *reterr) {
        const Value boot = value_get(object, "boot");
        const char *text;
        int r;

        r = read_head_0(object, head, reterr);
        if (r)
                return r;
        r = value_read_text(&boot, &text, reterr);
        if (r)
                return r;
        if (strlen(text) >= sizeof(head->boot_id))
                return value_complain(&boot, reterr, "is too long");
        (void)snprintf(head->boot_id, sizeof(head->boot_id), "%s", text);
        return 0;
}

static const struct {
        int (*read_head)(const Value *object, RecordHead *head, Diag *reterr);
        int (*read_claim)(const Value *object, Draft *draft, Diag *reterr);
} versions[RECORD_VERSION + 1] = {
        [0] = { read_head_0, read_claim_0 },
        [1] = { read_head_1, read_claim_1 },
};

/* Lines */

bool record_is_whole(const char *line, size_t n_line) {
        Scan text;

        return sealed_open(line, n_line, RECORD_LINE_MAX, &text);
}

static int parse_line(const char *line, size_t n_line, Document *ret, Diag *reterr) {
        Scan text;
        int r;

        if (!sealed_open(line, n_line, RECORD_LINE_MAX, &text))
                return value_complain(&(const Value){}, reterr, "the checksum is wrong");
        r = document_parse(text.cursor, scan_left(&text), &limits, ret, reterr);
        if (r > 0 && reterr && reterr->column > 0)
                reterr->column += SEALED_ROOM;
        return r;
}

/* A wrong value is a damaged record. */
static int fold(int r) {
        return r > 0 ? RECORD_E_DAMAGED : r;
}

int record_parse_head(const char *line, size_t n_line, RecordHead *ret, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        RecordHead head = {};
        uint64_t version_number;
        Value root, version;
        int r;

        r = parse_line(line, n_line, &document, reterr);
        if (r)
                return fold(r);
        root = document_get_root(&document);
        version = value_get(&root, "version");
        r = value_read_u64(&version, UINT32_MAX, &version_number, reterr);
        if (r)
                return fold(r);
        if (version_number > RECORD_VERSION) {
                (void)value_complain(&version, reterr, "is of a later slugd");
                return RECORD_E_VERSION;
        }
        head.version = (unsigned)version_number;
        r = versions[head.version].read_head(&root, &head, reterr);
        if (r)
                return fold(r);
        *ret = head;
        return 0;
}

static int parse_put(unsigned version, const Value *object, LedgerChange *change, Diag *reterr) {
        _cleanup_(draft_deinitp) Draft draft = {};
        _cleanup_(ledger_claim_freep) LedgerClaim *claim = NULL;
        int r;

        r = value_check_object(object, reterr);
        if (r)
                return r;
        r = versions[version].read_claim(object, &draft, reterr);
        if (r)
                return r;
        r = ledger_claim_new(&draft.claim, &claim);
        if (r == -EINVAL)
                return value_complain(object, reterr, "is no claim that can be");
        if (r)
                return r;
        r = ledger_change_put(change, TAKE_PTR(claim));
        return r == -E2BIG ? value_complain(object, reterr, "is one claim too many") : r;
}

static int parse_drop(const Value *object, LedgerChange *change, Diag *reterr) {
        const Value uid = value_get(object, "uid");
        const char *pod_uid, *container;
        int r;

        r = value_check_object(object, reterr);
        if (r)
                return r;
        r = value_read_text(&uid, &pod_uid, reterr);
        if (r)
                return r;
        r = read_text(object, "container", &container, reterr);
        if (r)
                return r;
        if (strlen(pod_uid) >= POD_UID_MAX || strlen(container) >= POD_NAME_MAX)
                return value_complain(object, reterr, "is no claim that can be");
        r = ledger_change_drop(change, pod_uid, container);
        return r == -E2BIG ? value_complain(object, reterr, "is one claim too many") : r;
}

static int parse_lists(unsigned version, const Value *root, LedgerChange *change, Diag *reterr) {
        const Value puts = value_get(root, "put");
        const Value drops = value_get(root, "drop");
        size_t n_puts = 0, n_drops = 0;
        int r = 0;

        if (puts.json)
                r = value_read_list(&puts, LEDGER_CHANGE_MAX, &n_puts, reterr);
        if (r == 0 && drops.json)
                r = value_read_list(&drops, LEDGER_CHANGE_MAX, &n_drops, reterr);
        for (size_t i = 0; r == 0 && i < n_drops; ++i) {
                const Value item = value_get_item(&drops, i);

                r = parse_drop(&item, change, reterr);
        }
        for (size_t i = 0; r == 0 && i < n_puts; ++i) {
                const Value item = value_get_item(&puts, i);

                r = parse_put(version, &item, change, reterr);
        }
        return r;
}

int record_parse_change(unsigned version,
                        const char *line,
                        size_t n_line,
                        LedgerChange *ret,
                        Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Value root;
        int r;

        if (version > RECORD_VERSION)
                return RECORD_E_VERSION;
        r = parse_line(line, n_line, &document, reterr);
        if (r)
                return fold(r);
        root = document_get_root(&document);
        r = parse_lists(version, &root, &change, reterr);
        if (r)
                return fold(r);
        *ret = change;
        change = (LedgerChange){};
        return 0;
}
