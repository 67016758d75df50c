/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of splits
 */
#include "service/enforce-view.h"

/* A split that cannot be held for so long is told. */
#define ENFORCE_FAILED_USEC (10 * USEC_PER_SEC)

/* What was told of one container. {} is nothing. */
typedef struct EnforceSaid {
        uint64_t failed_usec; /* since when it fails; 0: it does not */
        bool has_failed;      /* that was told */
        bool has_unknown;     /* an annotation that is no word was */
} EnforceSaid;

/* After each look. Return: whether it was told that it is held, or that it is not. */
bool enforce_announce_status(EnforceSaid *said,
                             const EnforcedContainer *container,
                             uint64_t now_usec);
void enforce_announce_unknown(EnforceSaid *said, const EnforcedContainer *container);
/* Of containers that ask for none. */
void enforce_announce_backend(EnforceBackend backend, const char *reason, bool is_first);
