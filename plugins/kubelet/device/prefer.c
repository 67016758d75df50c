/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/prefer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kubelet/device/advertise.h"

/* A place in slugd's list. */
typedef struct Listed {
        const char *id;
        size_t place;
} Listed;

/* A chunk that the kubelet offers. */
typedef struct Offer {
        char *id;
        size_t place; /* in slugd's list; SIZE_MAX: it is not there */
        bool is_taken;
} Offer;

/* Those of a NUMA node, or, as the last, those that nobody knows. */
typedef struct Group {
        const Slug__V1__ChunkNumaNode *node; /* NULL: unknown */
        uint64_t distance;                   /* near: to the CPUs; else 0 */
        size_t first, n_offers;              /* by rising number */
        size_t n_free;                       /* that are not taken */
        size_t n_taken;
} Group;

typedef struct Choice {
        const Slug__V1__ChunkList *list;
        Arena *arena;
        Offer *offers; /* by place, those that are not listed by id at the end */
        size_t n_offers;
        Group *groups; /* by NUMA node */
        size_t n_groups;
} Choice;

/* What is asked */

static int compare_texts(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static int invalid(Diag *reterr, const char *what, const char *id) {
        diag_set(reterr, NULL, 0, 0, "%s: '%.80s'", what, id);
        return PREFER_E_INVALID;
}

static int
sort_ids(Arena *arena, char **ids, size_t n, char ***ret, const char *what, Diag *reterr) {
        char **sorted = arena_alloc_array(arena, n + 1, sizeof(*sorted));

        if (!sorted)
                return -ENOMEM;
        if (n > 0)
                memcpy(sorted, ids, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), compare_texts);
        for (size_t i = 1; i < n; ++i)
                if (strcmp(sorted[i - 1], sorted[i]) == 0)
                        return invalid(reterr, what, sorted[i]);
        *ret = sorted;
        return 0;
}

static int check_numbers(const V1beta1__ContainerPreferredAllocationRequest *request,
                         Diag *reterr) {
        const size_t n_available = request->n_available_deviceids,
                     n_must = request->n_must_include_deviceids;

        if (n_available > PREFER_IDS_MAX || n_must > PREFER_IDS_MAX)
                diag_set(reterr, NULL, 0, 0, "more than %u ids", PREFER_IDS_MAX);
        else if (request->allocation_size < 0)
                diag_set(reterr, NULL, 0, 0, "allocation_size is %" PRId32,
                         request->allocation_size);
        else if ((size_t)request->allocation_size > n_available)
                diag_set(reterr, NULL, 0, 0, "%" PRId32 " are wanted and %zu are available",
                         request->allocation_size, n_available);
        else if ((size_t)request->allocation_size < n_must)
                diag_set(reterr, NULL, 0, 0, "%" PRId32 " are wanted and %zu must be among them",
                         request->allocation_size, n_must);
        else
                return 0;
        return PREFER_E_INVALID;
}

/* What is offered */

static int compare_listed(const void *a, const void *b) {
        return strcmp(((const Listed *)a)->id, ((const Listed *)b)->id);
}

static int compare_offers(const void *a, const void *b) {
        const Offer *one = a, *other = b;

        if (one->place != other->place)
                return one->place < other->place ? -1 : 1;
        return strcmp(one->id, other->id);
}

static Listed *index_list(const Choice *choice, size_t *ret_n) {
        const size_t n = choice->list ? choice->list->n_chunks : 0;
        Listed *index = arena_alloc_array(choice->arena, n + 1, sizeof(*index));

        if (!index)
                return NULL;
        for (size_t i = 0; i < n; ++i)
                index[i] = (Listed){ .id = choice->list->chunks[i]->id, .place = i };
        qsort(index, n, sizeof(*index), compare_listed);
        *ret_n = n;
        return index;
}

/* @must: sorted. Return: 0, PREFER_E_INVALID when one of them is not offered, or -ENOMEM. */
static int
make_offers(Choice *choice, char **ids, size_t n, char **must, size_t n_must, Diag *reterr) {
        size_t n_index = 0, n_found = 0;
        const Listed *index = index_list(choice, &n_index);

        choice->offers = arena_alloc_array(choice->arena, n + 1, sizeof(*choice->offers));
        choice->n_offers = n;
        if (!index || !choice->offers)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Listed *listed = bsearch(&(const Listed){ .id = ids[i] }, index, n_index,
                                               sizeof(*index), compare_listed);
                const bool is_must = n_found < n_must && strcmp(must[n_found], ids[i]) == 0;

                choice->offers[i] = (Offer){ .id = ids[i],
                                             .place = listed ? listed->place : SIZE_MAX,
                                             .is_taken = is_must };
                n_found += is_must;
        }
        if (n_found < n_must)
                return invalid(reterr, "must be included and is not available", must[n_found]);
        qsort(choice->offers, n, sizeof(*choice->offers), compare_offers);
        return 0;
}

/* slugd's list is by NUMA node, so each of them is one piece of it. */
static int make_groups(Choice *choice) {
        const size_t n_max = (choice->list ? choice->list->n_numa_nodes : 0) + 1;
        uint32_t last = 0;

        choice->groups =
                arena_alloc_array(choice->arena, n_max + choice->n_offers, sizeof(*choice->groups));
        if (!choice->groups)
                return -ENOMEM;
        for (size_t i = 0; i < choice->n_offers; ++i) {
                const Offer *offer = &choice->offers[i];
                const bool is_known = offer->place != SIZE_MAX;
                const uint32_t node =
                        is_known ? choice->list->chunks[offer->place]->numa_node : UINT32_MAX;
                Group *group;

                if (choice->n_groups == 0 || node != last)
                        choice->groups[choice->n_groups++] =
                                (Group){ .node = is_known ? advertise_find_node(choice->list, node)
                                                          : NULL,
                                         .first = i };
                last = node;
                group = &choice->groups[choice->n_groups - 1];
                ++group->n_offers;
                group->n_taken += offer->is_taken;
                group->n_free += !offer->is_taken;
        }
        return 0;
}

/* Near to what */

static bool is_near(const Slug__V1__ChunkNumaNode *node, uint32_t cpu_node) {
        for (size_t i = 0; i < node->n_topology; ++i)
                if (node->topology[i] == cpu_node)
                        return true;
        return false;
}

static bool is_common(const Choice *choice, uint32_t cpu_node) {
        for (size_t i = 0; i < choice->n_groups; ++i)
                if (choice->groups[i].node && !is_near(choice->groups[i].node, cpu_node))
                        return false;
        return true;
}

static uint64_t get_distance(const Slug__V1__ChunkNumaNode *node, uint32_t cpu_node) {
        for (size_t i = 0; i < node->n_distances; ++i)
                if (node->distances[i]->numa_node == cpu_node)
                        return node->distances[i]->distance;
        return UINT32_MAX; /* it does not say */
}

static const Slug__V1__ChunkNumaNode *get_first_node(const Choice *choice) {
        for (size_t i = 0; i < choice->n_groups; ++i)
                if (choice->groups[i].node)
                        return choice->groups[i].node;
        return NULL;
}

static void measure(Choice *choice) {
        const Slug__V1__ChunkNumaNode *first = get_first_node(choice);

        for (size_t i = 0; first && i < first->n_topology; ++i) {
                if (!is_common(choice, first->topology[i]))
                        continue;
                for (size_t j = 0; j < choice->n_groups; ++j)
                        if (choice->groups[j].node)
                                choice->groups[j].distance +=
                                        get_distance(choice->groups[j].node, first->topology[i]);
        }
}

/* Taking */

static void take(Choice *choice, Group *group, size_t n) {
        for (size_t i = group->first; n > 0; ++i) {
                Offer *offer = &choice->offers[i];

                if (offer->is_taken)
                        continue;
                offer->is_taken = true;
                --group->n_free;
                ++group->n_taken;
                --n;
        }
}

static size_t smaller(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Of those that hold all of it the one with the least room, or else the one with the most. */
static bool fits_better(const Group *a, const Group *b, size_t n) {
        if ((a->n_free >= n) != (b->n_free >= n))
                return a->n_free >= n;
        return a->n_free >= n ? a->n_free < b->n_free : a->n_free > b->n_free;
}

typedef struct Stage {
        uint64_t distance;
        bool is_used;  /* of NUMA nodes that something is taken from */
        bool is_known; /* of NUMA nodes that slugd has listed */
} Stage;

static bool is_in(const Group *group, const Stage *stage) {
        return group->n_free > 0 && group->distance == stage->distance &&
               (!stage->is_used || group->n_taken > 0) && (group->node != NULL) == stage->is_known;
}

/* Return: how many are still wanted. */
static size_t pack(Choice *choice, const Stage *stage, size_t n) {
        while (n > 0) {
                Group *best = NULL;
                size_t n_some;

                for (size_t i = 0; i < choice->n_groups; ++i) {
                        Group *group = &choice->groups[i];

                        if (is_in(group, stage) && (!best || fits_better(group, best, n)))
                                best = group;
                }
                if (!best)
                        break;
                n_some = smaller(n, best->n_free);
                take(choice, best, n_some);
                n -= n_some;
        }
        return n;
}

/* The smallest one that is above @above and has something; false: there is none. */
static bool get_next_distance(const Choice *choice, const uint64_t *above, uint64_t *ret) {
        bool is_found = false;

        for (size_t i = 0; i < choice->n_groups; ++i) {
                const uint64_t distance = choice->groups[i].distance;

                if (choice->groups[i].n_free == 0 || (above && distance <= *above) ||
                    (is_found && distance >= *ret))
                        continue;
                *ret = distance;
                is_found = true;
        }
        return is_found;
}

/* From near to far; where nothing is near or far, all is in one go. */
static size_t pack_by_distance(Choice *choice, size_t n) {
        uint64_t distance = 0, above;
        bool is_more = get_next_distance(choice, NULL, &distance);

        while (is_more && n > 0) {
                n = pack(choice,
                         &(const Stage){ .distance = distance, .is_used = true, .is_known = true },
                         n);
                n = pack(choice, &(const Stage){ .distance = distance, .is_known = true }, n);
                above = distance;
                is_more = get_next_distance(choice, &above, &distance);
        }
        return n;
}

static size_t spread(Choice *choice, size_t n) {
        while (n > 0) {
                Group *best = NULL;

                for (size_t i = 0; i < choice->n_groups; ++i) {
                        Group *group = &choice->groups[i];

                        if (!group->node || group->n_free == 0)
                                continue;
                        if (!best || group->n_taken < best->n_taken ||
                            (group->n_taken == best->n_taken && group->n_free > best->n_free))
                                best = group;
                }
                if (!best)
                        break;
                take(choice, best, 1);
                --n;
        }
        return n;
}

static void choose(Choice *choice, size_t n) {
        const Slug__V1__ChunkPreference preference =
                choice->list ? choice->list->preference
                             : SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_PACK;

        if (preference == SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_SPREAD)
                n = spread(choice, n);
        if (preference == SLUG__V1__CHUNK_PREFERENCE__CHUNK_PREFERENCE_NEAR)
                measure(choice);
        n = pack_by_distance(choice, n);
        n = pack(choice, &(const Stage){ .is_known = false }, n);
        assert(n == 0);
}

int prefer_chunks(const Slug__V1__ChunkList *list,
                  const V1beta1__ContainerPreferredAllocationRequest *request,
                  Arena *arena,
                  V1beta1__ContainerPreferredAllocationResponse *ret,
                  Diag *reterr) {
        Choice choice = { .list = list, .arena = arena };
        const size_t n_must = request->n_must_include_deviceids;
        char **available, **must;
        int r = check_numbers(request, reterr);

        if (r)
                return r;
        r = sort_ids(arena, request->available_deviceids, request->n_available_deviceids,
                     &available, "available twice", reterr);
        if (!r)
                r = sort_ids(arena, request->must_include_deviceids, n_must, &must,
                             "must be included twice", reterr);
        if (!r)
                r = make_offers(&choice, available, request->n_available_deviceids, must, n_must,
                                reterr);
        if (!r)
                r = make_groups(&choice);
        if (r)
                return r;
        choose(&choice, (size_t)request->allocation_size - n_must);
        ret->deviceids = available; /* sorted, and not needed any more */
        ret->n_deviceids = 0;
        for (size_t i = 0; i < choice.n_offers; ++i)
                if (choice.offers[i].is_taken)
                        ret->deviceids[ret->n_deviceids++] = choice.offers[i].id;
        return 0;
}
