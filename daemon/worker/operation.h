/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a worker can do
 *
 * An operation is a row of one table: what a request of its kind looks like, which both sides
 * check, and what the worker does with it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "worker/packet.h"

typedef struct OperationInput {
        int fd;
        const char *name;
        const void *data;
        size_t n_data;
        uint64_t offset;
        uint64_t patience_usec; /* 0: any */
} OperationInput;

typedef struct Operation {
        bool gives_fd; /* with success, always; never with an error */
        /* Pure. @request has a name that ends and data of a permitted size. Return: 0 or -EINVAL.
         */
        int (*validate)(const WorkerRequest *request);
        /* In the worker; may block. Return: 0 or an errno. */
        int (*run)(const OperationInput *input, int *ret_fd);
} Operation;

/* Of a WorkerOp, or of any number that a peer sends; NULL: there is none. */
const Operation *operation_find(uint32_t op);
/* Everything but the descriptors. Return: 0 or -EINVAL. */
_must_check_ int operation_check(const WorkerRequest *request);
