/* SPDX-License-Identifier: Apache-2.0 */
#include "split/chunk.h"

#include <stdio.h>
#include <string.h>

#include "base/nodeset.h"
#include "base/scan.h"

/*
 * A name is read loosely, as numbers with something between them, and written anew: it is one of
 * ours when it comes out as it went in. So there is one spelling, and the writer has it.
 *
 * Kubernetes has no capitals in the names of such resources, hence the lower case.
 */
static bool is_power_of_two(uint64_t n) {
        return n > 0 && (n & (n - 1)) == 0;
}

bool chunk_bytes_is_valid(uint64_t bytes) {
        return is_power_of_two(bytes) && bytes >= CHUNK_BYTES_MIN && bytes <= CHUNK_BYTES_MAX;
}

/* Longest: "512mi" */
#define SIZE_TEXT_MAX 16u

static const char *format_size(uint64_t bytes, char buffer[static SIZE_TEXT_MAX]) {
        const bool is_gib = bytes >= GIB;

        (void)snprintf(buffer, SIZE_TEXT_MAX, "%u%s", (unsigned)(bytes / (is_gib ? GIB : MIB)),
                       is_gib ? "gi" : "mi");
        return buffer;
}

static bool scan_size(Scan *scan, uint64_t *ret) {
        uint64_t n, bytes, unit;

        if (!scan_u64(scan, &n))
                return false;
        if (scan_literal(scan, "gi"))
                unit = GIB;
        else if (scan_literal(scan, "mi"))
                unit = MIB;
        else
                return false;
        if (bytes_mul(n, unit, &bytes) != 0 || !chunk_bytes_is_valid(bytes))
                return false;
        *ret = bytes;
        return true;
}

static bool scan_node(Scan *scan, uint64_t *ret) {
        return scan_u64(scan, ret) && *ret < NODESET_MAX;
}

/* Resources */

bool chunk_resource_parse(const char *text, ChunkResourceName *ret) {
        Scan scan = scan_init(text, strnlen(text, CHUNK_RESOURCE_MAX));
        char again[CHUNK_RESOURCE_MAX];
        ChunkResourceName name = {};

        if (!scan_literal(&scan, CHUNK_RESOURCE_PREFIX) || !scan_size(&scan, &name.bytes))
                return false;
        if (scan_literal(&scan, "-numa")) {
                if (!scan_node(&scan, &name.node.value))
                        return false;
                name.node.present = true;
        }
        if (strcmp(text, chunk_resource_format(&name, again)) != 0)
                return false;
        *ret = name;
        return true;
}

const char *chunk_resource_format(const ChunkResourceName *name,
                                  char buffer[static CHUNK_RESOURCE_MAX]) {
        char size[SIZE_TEXT_MAX];

        format_size(name->bytes, size);
        if (name->node.present)
                (void)snprintf(buffer, CHUNK_RESOURCE_MAX, CHUNK_RESOURCE_PREFIX "%s-numa%u", size,
                               (unsigned)name->node.value);
        else
                (void)snprintf(buffer, CHUNK_RESOURCE_MAX, CHUNK_RESOURCE_PREFIX "%s", size);
        return buffer;
}

bool chunk_resource_is_alike(const ChunkResourceName *a, const ChunkResourceName *b) {
        return a->bytes == b->bytes && a->node.present == b->node.present;
}

bool chunk_resource_is_equal(const ChunkResourceName *a, const ChunkResourceName *b) {
        return a->bytes == b->bytes && opt_u64_equal(a->node, b->node);
}

/* Ids */

bool chunk_id_parse(const char *text, ChunkId *ret) {
        Scan scan = scan_init(text, strnlen(text, CHUNK_ID_MAX));
        char again[CHUNK_ID_MAX];
        ChunkId id = {};
        uint64_t node, index;

        if (!scan_size(&scan, &id.resource.bytes))
                return false;
        id.resource.node.present = scan_literal(&scan, "-numa");
        if (!id.resource.node.present && !scan_literal(&scan, "-n"))
                return false;
        if (!scan_node(&scan, &node) || !scan_char(&scan, '-') || !scan_u64(&scan, &index) ||
            index > CHUNK_INDEX_MAX)
                return false;
        id.node = (unsigned)node;
        id.index = (unsigned)index;
        if (id.resource.node.present)
                id.resource.node.value = node;
        if (strcmp(text, chunk_id_format(&id, again)) != 0)
                return false;
        *ret = id;
        return true;
}

/* Four digits and more, so that ids of up to ten thousand chunks stand in a column. */
const char *chunk_id_format(const ChunkId *id, char buffer[static CHUNK_ID_MAX]) {
        char size[SIZE_TEXT_MAX];

        (void)snprintf(buffer, CHUNK_ID_MAX, "%s-%s%u-%04u", format_size(id->resource.bytes, size),
                       id->resource.node.present ? "numa" : "n", id->node, id->index);
        return buffer;
}

int chunk_id_compare(const ChunkId *a, const ChunkId *b) {
        const int by_node = (a->node > b->node) - (a->node < b->node);

        return by_node ? by_node : (a->index > b->index) - (a->index < b->index);
}
