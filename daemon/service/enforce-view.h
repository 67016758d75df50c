/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Enforcement as it is served
 *
 * Borrowed from whoever enforces. It stays where it is; what it points to is valid until the next
 * turn of the loop.
 */
#include "base/clock.h"
#include "cgroup/name.h"
#include "enforce/enforce.h"
#include "enforce/usage.h"
#include "ledger/ledger.h"
#include "service/split-history.h"

#define ENFORCE_CONTAINERS_MAX 4096u
#define ENFORCE_DECISIONS_MAX  32u /* of one container */
#define ENFORCE_NOTES_MAX      4u
#define ENFORCE_SETTINGS_MAX   20u /* three, and weights of 17 NUMA nodes */

/* What is the same again and again is one, and counted. */
typedef struct EnforceDecided {
        uint64_t usec; /* wall clock, of the last */
        uint64_t count;
        EnforceStatus status;
        uint64_t bytes, moved_bytes, local_bytes, remote_bytes;
        int64_t growth;
        char reason[DIAG_TEXT_MAX];
} EnforceDecided;

typedef struct EnforcedContainer {
        char pod_uid[POD_UID_MAX];
        char namespace_name[POD_NAME_MAX], pod[POD_NAME_MAX], container[POD_NAME_MAX];
        char container_id[128];
        char path[CGROUP_PATH_MAX];
        EnforceTarget target;
        char backend_reason[DIAG_TEXT_MAX];
        EnforceMemory memory;
        EnforceUsageNodes nodes;
        EnforceStatus status;
        char reason[DIAG_TEXT_MAX];
        const char *notes[ENFORCE_NOTES_MAX]; /* what makes it less precise; static texts */
        size_t n_notes;
        bool is_refused; /* it asks for a backend that cannot be used; backend_reason says which */
        bool is_unmanaged; /* its cpuset.mems has none of its claim's remote NUMA nodes */
        EnforceDecided decided[ENFORCE_DECISIONS_MAX]; /* a ring */
        size_t first_decided, n_decided;
} EnforcedContainer;

typedef struct EnforceBackendStatus {
        bool is_usable, is_chosen;
        char reason[DIAG_TEXT_MAX];
} EnforceBackendStatus;

typedef struct EnforceSetting {
        const char *name, *path;
        char value[32], wanted[32], before[32]; /* "" as in the .proto file */
        char problem[DIAG_TEXT_MAX];
} EnforceSetting;

typedef struct EnforceView {
        const EnforcedContainer *const *containers;
        size_t n_containers;
        EnforceBackendStatus backends[_ENFORCE_BACKEND_N];
        EnforceSetting settings[ENFORCE_SETTINGS_MAX];
        size_t n_settings;
        uint64_t budget; /* bytes a second; UINT64_MAX: no limit */
        uint64_t demoted, promoted;
        uint64_t n_steps, n_failed_steps, n_samples;
        const SplitHistory *history; /* NULL: nobody keeps it */
        char problem[DIAG_TEXT_MAX];
        Clock clock, wall_clock; /* the first is monotonic */
} EnforceView;

/* NULL: slugd follows no such container. */
const EnforcedContainer *
enforce_view_find(const EnforceView *view, const char *pod_uid, const char *container);
/* It may have remote memory, too. One that may not has nothing that could be moved there. */
bool enforce_is_divided(const EnforcedContainer *container);
/* It is not within what was promised, and not about to be: for longer than it takes to move pages,
 * or because it cannot be. */
bool enforce_view_is_broken(const EnforceView *view, const EnforcedContainer *container);

/* It has the value that is wanted, however that is spelled ("Y" is "true"); so has one that nobody
 * wants anything of. */
bool enforce_setting_is_right(const EnforceSetting *setting);
/* How well all splits of the node are held, in a word. */
typedef enum EnforceHeld {
        ENFORCE_ALL_HELD,
        ENFORCE_NONE,     /* no container was promised a split */
        ENFORCE_DISABLED, /* containers were, of remote memory, too, and nothing at all is done */
        ENFORCE_BROKEN,   /* of one at least */
        _ENFORCE_HELD_N,
} EnforceHeld;

/* @ret_message: a sentence. */
EnforceHeld enforce_view_judge(const EnforceView *view, Diag *ret_message);
