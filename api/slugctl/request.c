/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/request.h"

#include <inttypes.h>
#include <string.h>

#include "base/quantity.h"
#include "base/scan.h"
#include "rpc/json.h"

/*
 * Nothing of what a person types is ever pasted into JSON: requests are messages, and the encoder
 * that the daemon uses writes them.
 */
const char *const request_mode_words[] = { "slug", "kubelet", NULL };

static const struct {
        const char *option;
        uint64_t page_bytes;
} page_sizes[REQUEST_PAGE_SIZES] = {
        { "hugepages-2Mi", 2 * MIB },
        { "hugepages-1Gi", GIB },
};

const char *request_find_option(const VerbContext *context) {
        static const char *const names[] = { "local", "remote", "hugepages-2Mi", "hugepages-1Gi" };

        for (size_t i = 0; i < ELEMENTSOF(names); ++i)
                if (verb_find_option(context, names[i]))
                        return names[i];
        return NULL;
}

/* @ret: {} when the option is not given */
static int
read_range(const VerbContext *context, const char *option, SplitRange *ret, Diag *reterr) {
        const char *text = verb_find_option(context, option);
        Diag diag = {};
        int r;

        if (!text)
                return 0;
        r = split_range_parse(NULL, text, strlen(text), ret, &diag);
        if (r <= 0)
                return r;
        if (diag.column)
                diag_set(reterr, NULL, 0, 0, "--%s '%s', column %u: %s", option, text, diag.column,
                         diag.text);
        else
                diag_set(reterr, NULL, 0, 0, "--%s '%s': %s", option, text, diag.text);
        return VERB_E_USAGE;
}

static int read_hugepages(const VerbContext *context, RequestAmounts *amounts, Diag *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(page_sizes); ++i) {
                const char *text = verb_find_option(context, page_sizes[i].option);
                Quantity quantity;
                uint64_t bytes;

                if (!text)
                        continue;
                if (quantity_parse(text, strlen(text), &quantity) ||
                    quantity_to_u64(&quantity, &bytes) || bytes % page_sizes[i].page_bytes) {
                        diag_set(reterr, NULL, 0, 0,
                                 "--%s expects a size that is made of such pages, not '%s'",
                                 page_sizes[i].option, text);
                        return VERB_E_USAGE;
                }
                if (bytes == 0)
                        continue;
                amounts->hugepages[amounts->n_hugepages].page_bytes = page_sizes[i].page_bytes;
                amounts->hugepages[amounts->n_hugepages++].bytes = bytes;
        }
        return 0;
}

int request_read_amounts(const VerbContext *context, RequestAmounts *ret, Diag *reterr) {
        RequestAmounts amounts = {};
        int r;

        r = read_range(context, "local", &amounts.split.local, reterr);
        if (r == 0)
                r = read_range(context, "remote", &amounts.split.remote, reterr);
        if (r == 0)
                r = read_hugepages(context, &amounts, reterr);
        if (r)
                return r;
        if (amounts.split.local.max == 0 && amounts.split.remote.max == 0 &&
            amounts.n_hugepages == 0) {
                diag_set(reterr, NULL, 0, 0,
                         "how much memory? Say --local SIZE, --remote SIZE or both");
                return VERB_E_USAGE;
        }
        *ret = amounts;
        return 0;
}

Slug__V1__HintMode request_get_mode(const VerbContext *context) {
        const char *mode = verb_find_option(context, "mode");

        if (!mode)
                return SLUG__V1__HINT_MODE__HINT_MODE_UNSPECIFIED;
        return strcmp(mode, "kubelet") == 0 ? SLUG__V1__HINT_MODE__HINT_MODE_KUBELET
                                            : SLUG__V1__HINT_MODE__HINT_MODE_SLUG;
}

static void range_init(Slug__V1__MemoryRange *message, SplitRange range) {
        slug__v1__memory_range__init(message);
        message->min_bytes = range.min;
        if (range.max == SPLIT_UNLIMITED)
                return;
        message->_max_bytes_case = SLUG__V1__MEMORY_RANGE___MAX_BYTES_MAX_BYTES;
        message->max_bytes = range.max;
}

void request_memory_init(RequestMemory *self, const RequestAmounts *amounts) {
        slug__v1__memory_request__init(&self->message);
        slug__v1__memory_split__init(&self->split);
        range_init(&self->local, amounts->split.local);
        range_init(&self->remote, amounts->split.remote);
        self->split.local = &self->local;
        self->split.remote = &self->remote;
        self->message.split = &self->split;
        for (size_t i = 0; i < amounts->n_hugepages; ++i) {
                slug__v1__hugepage_request__init(&self->hugepages[i]);
                self->hugepages[i].page_size_bytes = amounts->hugepages[i].page_bytes;
                self->hugepages[i].bytes = amounts->hugepages[i].bytes;
                self->hugepage_list[i] = &self->hugepages[i];
        }
        self->message.hugepages = self->hugepage_list;
        self->message.n_hugepages = amounts->n_hugepages;
}

int request_encode(const ProtobufCMessage *message, Buffer *request) {
        json_encode(message, 0, NULL, request);
        return buffer_finish(request);
}

int request_read_number(const VerbContext *context,
                        const char *option,
                        uint64_t max,
                        uint64_t *ret,
                        Diag *reterr) {
        const char *text = verb_find_option(context, option);
        Scan scan = scan_init(text, text ? strlen(text) : 0);
        uint64_t value;

        if (!text)
                return 0;
        if (scan_u64(&scan, &value) && scan_is_done(&scan) && value <= max) {
                *ret = value;
                return 0;
        }
        diag_set(reterr, NULL, 0, 0, "--%s expects a number from 0 to %" PRIu64 ", not '%s'",
                 option, max, text);
        return VERB_E_USAGE;
}
