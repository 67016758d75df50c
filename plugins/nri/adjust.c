/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/adjust.h"

#include <errno.h>
#include <string.h>

#include "base/scan.h"
#include "nri/request.h"

/* nri.pkg.api.v1alpha1.MpolMode, since 0.12 */
#define POLICY_PREFERRED_MANY 5

typedef Nri__Pkg__Api__V1alpha1__LinuxResources__UnifiedEntry UnifiedEntry;

Given adjust_get_given(const Placement *placement) {
        Given given = { .mems = placement->numa_nodes, .low = "" };

        for (size_t i = 0; i < placement->n_unified; ++i)
                if (strcmp(placement->unified[i]->key, REQUEST_LOW) == 0)
                        given.low = placement->unified[i]->value;
        return given;
}

static bool is_one_met(const char *has, const char *wants) {
        return !wants[0] || strcmp(has, wants) == 0;
}

bool adjust_is_met(Given has, Given wants) {
        return is_one_met(has.mems, wants.mems) && is_one_met(has.low, wants.low);
}

static int add_low(Arena *arena, const char *low, NriResources *message) {
        UnifiedEntry *entry = arena_alloc(arena, sizeof(*entry));

        message->unified = arena_alloc(arena, sizeof(*message->unified));
        if (!entry || !message->unified)
                return -ENOMEM;
        nri__pkg__api__v1alpha1__linux_resources__unified_entry__init(entry);
        entry->key = (char *)REQUEST_LOW;
        entry->value = (char *)low;
        message->unified[0] = entry;
        message->n_unified = 1;
        return 0;
}

static NriResources *build_resources(Arena *arena, Given wants) {
        NriResources *message = arena_alloc(arena, sizeof(*message));

        if (!message)
                return NULL;
        nri__pkg__api__v1alpha1__linux_resources__init(message);
        if (wants.mems[0]) {
                message->cpu = arena_alloc(arena, sizeof(*message->cpu));
                if (!message->cpu)
                        return NULL;
                nri__pkg__api__v1alpha1__linux_cpu__init(message->cpu);
                message->cpu->mems = (char *)wants.mems;
        }
        return wants.low[0] && add_low(arena, wants.low, message) < 0 ? NULL : message;
}

static int add_policy(Arena *arena,
                      const char *nodes,
                      Nri__Pkg__Api__V1alpha1__LinuxContainerAdjustment *message) {
        message->memory_policy = arena_alloc(arena, sizeof(*message->memory_policy));
        if (!message->memory_policy)
                return -ENOMEM;
        nri__pkg__api__v1alpha1__linux_memory_policy__init(message->memory_policy);
        message->memory_policy->mode = POLICY_PREFERRED_MANY;
        message->memory_policy->nodes = (char *)nodes;
        return 0;
}

int adjust_build_creation(Arena *arena,
                          Given wants,
                          const char *preferred,
                          Nri__Pkg__Api__V1alpha1__CreateContainerResponse *ret) {
        Nri__Pkg__Api__V1alpha1__LinuxContainerAdjustment *os;

        nri__pkg__api__v1alpha1__create_container_response__init(ret);
        if (!wants.mems[0] && !wants.low[0] && !preferred[0])
                return 0;
        ret->adjust = arena_alloc(arena, sizeof(*ret->adjust));
        os = arena_alloc(arena, sizeof(*os));
        if (!ret->adjust || !os)
                return -ENOMEM;
        nri__pkg__api__v1alpha1__container_adjustment__init(ret->adjust);
        nri__pkg__api__v1alpha1__linux_container_adjustment__init(os);
        ret->adjust->linux = os;
        os->resources = build_resources(arena, wants);
        if (!os->resources)
                return -ENOMEM;
        return preferred[0] ? add_policy(arena, preferred, os) : 0;
}

int adjust_build_update(Arena *arena, const char *container_id, Given wants, NriUpdate **ret) {
        NriUpdate *update = arena_alloc(arena, sizeof(*update));

        if (!update)
                return -ENOMEM;
        nri__pkg__api__v1alpha1__container_update__init(update);
        update->container_id = (char *)container_id;
        update->linux = arena_alloc(arena, sizeof(*update->linux));
        if (!update->linux)
                return -ENOMEM;
        nri__pkg__api__v1alpha1__linux_container_update__init(update->linux);
        update->linux->resources = build_resources(arena, wants);
        *ret = update;
        return update->linux->resources ? 0 : -ENOMEM;
}

/* @patch: 0 where it is not said. */
static bool is_since(const char *version, uint64_t minor_since, uint64_t patch_since) {
        Scan scan = scan_init(version, strlen(version));
        uint64_t major, minor, patch = 0;

        (void)scan_char(&scan, 'v');
        if (!scan_u64(&scan, &major) || !scan_char(&scan, '.') || !scan_u64(&scan, &minor))
                return false;
        if (scan_char(&scan, '.') && !scan_u64(&scan, &patch))
                return false;
        return major > 0 || minor > minor_since || (minor == minor_since && patch >= patch_since);
}

bool adjust_has_policy(const char *nri_version) {
        return is_since(nri_version, 12, 0);
}

bool adjust_has_calls(const char *nri_version) {
        return is_since(nri_version, 12, 1);
}
