/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests made of options
 *
 * What a person asks for stands in options; here it becomes messages of slug.v1, and those become
 * JSON. A message points into its RequestMemory, which therefore does not move.
 */
#include <protobuf-c/protobuf-c.h>

#include "base/cleanup.h"
#include "slug/v1/memory.pb-c.h"
#include "slugctl/verb.h"
#include "split/split.h"

#define REQUEST_PAGE_SIZES 2u

extern const char *const request_mode_words[];

/* Rows of an option table */
#define REQUEST_MEMORY_OPTIONS                                                                     \
        { .name = "local",                                                                         \
          .argument = "SIZE",                                                                      \
          .help = "memory near the CPUs: 4Gi, or promised..allowed as in 2Gi..4Gi" },              \
                { .name = "remote",                                                                \
                  .argument = "SIZE",                                                              \
                  .help = "memory of the slower kind, in the same form" },                         \
                { .name = "hugepages-2Mi",                                                         \
                  .argument = "SIZE",                                                              \
                  .help = "memory in huge pages of 2Mi" },                                         \
        {                                                                                          \
                .name = "hugepages-1Gi", .argument = "SIZE", .help = "in huge pages of 1Gi"        \
        }
#define REQUEST_MODE_OPTION                                                                        \
        {                                                                                          \
                .name = "mode", .argument = "MODE", .words = request_mode_words,                   \
                .help = "how NUMA nodes are found: slug (the default), or kubelet, as its\n"       \
                        "Static memory manager does it"                                            \
        }

/* What the options ask for; {}: nothing. */
typedef struct RequestAmounts {
        Split split;
        struct {
                uint64_t page_bytes;
                uint64_t bytes;
        } hugepages[REQUEST_PAGE_SIZES]; /* those that are not 0 */
        size_t n_hugepages;
} RequestAmounts;

/* VERB_E_USAGE: an amount is none, or there is none at all; @reterr says which. */
_must_check_ int
request_read_amounts(const VerbContext *context, RequestAmounts *ret, Diag *reterr);
Slug__V1__HintMode request_get_mode(const VerbContext *context);
/* The name of the first of these options that is on the command line, or NULL. */
const char *request_find_option(const VerbContext *context);

/* A MemoryRequest with all that it points to. */
typedef struct RequestMemory {
        Slug__V1__MemoryRequest message;
        Slug__V1__MemorySplit split;
        Slug__V1__MemoryRange local;
        Slug__V1__MemoryRange remote;
        Slug__V1__HugepageRequest hugepages[REQUEST_PAGE_SIZES];
        Slug__V1__HugepageRequest *hugepage_list[REQUEST_PAGE_SIZES];
} RequestMemory;

void request_memory_init(RequestMemory *self, const RequestAmounts *amounts);

/* The message as the JSON of a request. Return: 0, or the buffer's error. */
_must_check_ int request_encode(const ProtobufCMessage *message, Buffer *request);

/* The whole option as a number up to @max; absent: @ret stays as it is. */
_must_check_ int request_read_number(const VerbContext *context,
                                     const char *option,
                                     uint64_t max,
                                     uint64_t *ret,
                                     Diag *reterr);
