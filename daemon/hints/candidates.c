/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/candidates.h"

#include <errno.h>
#include <string.h>

#include "ledger/lifecycle.h"

/*
 * All NUMA nodes that hold the request alone; all pairs of the others that hold it together; and,
 * for wider ones, two chains from every NUMA node: one that takes in what is nearest, and one that
 * takes in what has the most free, until the request is held. Members that turn out to be needless
 * are left out again. That is at most n + n*n/2 + 2n sets, each found in n log n steps. The best
 * CANDIDATES_MAX stay.
 *
 * It finds the narrowest set of one kind of page, since taking the largest first does, and every
 * set of one or two. It may miss wider ones; there are too many to look at all.
 */
#define PAIRS_NODES_MAX     256u /* beyond, pairs come from the chains */
#define ESTIMATE_NODES_MAX  64u
#define NARROWEST_NODES_MAX 12u /* beyond, each kind of page is asked for the narrowest alone */

static uint64_t
count_reusable(const Ledger *ledger, const SideAsker *asker, unsigned node, uint64_t page_bytes) {
        const LedgerClaim *claim;
        uint64_t sum = 0;
        size_t place = 0;

        while (asker->pod &&
               (claim = lifecycle_next_init(ledger, asker->pod, asker->container, &place)))
                for (size_t k = 0; !claim->is_within_pod && k < claim->n_blocks; ++k)
                        for (size_t p = 0; p < claim->blocks[k].n_parts; ++p)
                                if (claim->blocks[k].page_bytes == page_bytes &&
                                    claim->blocks[k].parts[p].node == node)
                                        sum += claim->blocks[k].parts[p].bytes;
        return sum;
}

static void
fill(SideNode *node, const Side *side, const HintsContext *context, const SideAsker *asker) {
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                const uint64_t page_bytes = side->amounts.items[k].page_bytes;

                node->allocatable[k] = hints_machine_get_room(side->machine, HINTS_SLUG,
                                                              node->node->id, page_bytes);
                node->free[k] = bytes_add_saturated(
                        hints_machine_get_free(side->machine, HINTS_SLUG, context->ledger,
                                               node->node->id, page_bytes),
                        count_reusable(context->ledger, asker, node->node->id, page_bytes));
        }
}

int side_init(Side *side,
              const HintsContext *context,
              Locality locality,
              const PodAmounts *amounts,
              const SideAsker *asker,
              const NodeSet *within) {
        const HintsMachine *machine = context->machine;

        *side = (Side){ .machine = machine, .locality = locality, .amounts = *amounts };
        side->nodes = calloc(machine->n_nodes + 1, sizeof(*side->nodes));
        if (!side->nodes)
                return -ENOMEM;
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                const HintsNode *node = &machine->nodes[i];

                if (node->locality != locality || (within && !nodeset_contains(within, node->id)))
                        continue;
                side->nodes[side->n_nodes].node = node;
                side->nodes[side->n_nodes].place = i;
                fill(&side->nodes[side->n_nodes++], side, context, asker);
        }
        return 0;
}

void side_deinit(Side *side) {
        free(side->nodes);
        *side = (Side){};
}

const SideNode *side_find(const Side *side, unsigned id) {
        for (size_t i = 0; i < side->n_nodes; ++i)
                if (side->nodes[i].node->id == id)
                        return &side->nodes[i];
        return NULL;
}

/* Members as places, so that sets are tried without looking for their nodes. */
typedef struct Members {
        uint16_t places[NODESET_MAX];
        size_t n_places;
} Members;

/* What some NUMA nodes have free together. */
typedef struct Sums {
        unsigned __int128 bytes[SIDE_AMOUNTS_MAX];
} Sums;

static void add_place(const Side *side, size_t place, Sums *sums) {
        for (size_t k = 0; k < side->amounts.n_items; ++k)
                sums->bytes[k] += side->nodes[place].free[k];
}

static bool is_enough(const Side *side, const Sums *sums) {
        for (size_t k = 0; k < side->amounts.n_items; ++k)
                if (sums->bytes[k] < side->amounts.items[k].bytes)
                        return false;
        return true;
}

static bool holds(const Side *side, const Members *members) {
        Sums sums = {};

        for (size_t i = 0; i < members->n_places; ++i)
                add_place(side, members->places[i], &sums);
        return is_enough(side, &sums);
}

bool side_holds(const Side *side, const NodeSet *nodes) {
        Members members = {};

        for (size_t i = 0; i < side->n_nodes; ++i)
                if (nodeset_contains(nodes, side->nodes[i].node->id))
                        members.places[members.n_places++] = (uint16_t)i;
        return holds(side, &members);
}

/* The largest come first, until they are enough. */
static unsigned count_needed(const Side *side, size_t amount) {
        uint64_t ceiling = UINT64_MAX, sum = 0;
        unsigned n = 0;

        while (sum < side->amounts.items[amount].bytes && n < side->n_nodes) {
                uint64_t largest = 0;
                unsigned n_largest = 0;

                for (size_t i = 0; i < side->n_nodes; ++i) {
                        const uint64_t bytes = side->nodes[i].allocatable[amount];

                        if (bytes >= ceiling || bytes < largest)
                                continue;
                        n_largest = bytes > largest ? 1 : n_largest + 1;
                        largest = bytes;
                }
                if (largest == 0)
                        break;
                for (; n_largest > 0 && sum < side->amounts.items[amount].bytes; --n_largest, ++n)
                        sum = bytes_add_saturated(sum, largest);
                ceiling = largest;
        }
        return n;
}

static bool holds_on_empty(const Side *side, uint32_t set) {
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                uint64_t sum = 0;

                for (uint32_t rest = set; rest; rest &= rest - 1)
                        sum = bytes_add_saturated(sum,
                                                  side->nodes[__builtin_ctz(rest)].allocatable[k]);
                if (sum < side->amounts.items[k].bytes)
                        return false;
        }
        return true;
}

/* Several kinds of pages may lie on different NUMA nodes: then only trying tells. */
static unsigned try_narrowest(const Side *side, unsigned lower_bound) {
        unsigned narrowest = (unsigned)side->n_nodes;

        for (uint32_t set = 1; set < UINT32_C(1) << side->n_nodes; ++set) {
                const unsigned width = (unsigned)__builtin_popcount(set);

                if (width >= lower_bound && width < narrowest && holds_on_empty(side, set))
                        narrowest = width;
        }
        return narrowest;
}

unsigned side_get_narrowest(const Side *side) {
        unsigned narrowest = side->amounts.n_items > 0 ? 2 : 0;

        for (size_t i = 0; i < side->n_nodes && narrowest > 0; ++i) {
                bool is_alone_enough = true;

                for (size_t k = 0; k < side->amounts.n_items; ++k)
                        is_alone_enough = is_alone_enough && side->nodes[i].allocatable[k] >=
                                                                     side->amounts.items[k].bytes;
                if (is_alone_enough)
                        return 1;
        }
        for (size_t k = 0; k < side->amounts.n_items; ++k) {
                const unsigned needed = count_needed(side, k);

                narrowest = needed > narrowest ? needed : narrowest;
        }
        return side->amounts.n_items > 1 && side->n_nodes <= NARROWEST_NODES_MAX
                       ? try_narrowest(side, narrowest)
                       : narrowest;
}

/* Keeping the best. Sets stay where they are, and only their order changes. */

typedef struct Kept {
        NodeSet sets[CANDIDATES_MAX];
        struct {
                uint64_t key; /* width, then the estimate */
                size_t slot;
        } order[CANDIDATES_MAX];
        size_t n_sets;
} Kept;

static NodeSet get_set(const Side *side, const Members *members) {
        NodeSet set = {};

        for (size_t i = 0; i < members->n_places; ++i)
                nodeset_add(&set, side->nodes[members->places[i]].node->id);
        return set;
}

/* How far apart its members are, and how slow each is: cheap to tell, and in the order in which the
 * real cost will be. Of a wide set its first members stand for all. */
static uint64_t estimate(const Side *side, const Members *members) {
        const size_t n =
                members->n_places < ESTIMATE_NODES_MAX ? members->n_places : ESTIMATE_NODES_MAX;
        uint64_t sum = 0;

        for (size_t i = 0; i < n; ++i) {
                const uint32_t *costs = side->nodes[members->places[i]].node->costs;

                for (size_t k = 0; k < n; ++k)
                        sum += costs[side->nodes[members->places[k]].place];
        }
        return sum / n;
}

static void keep(const Side *side, const Members *members, Kept *kept) {
        const uint64_t cost = estimate(side, members);
        const uint64_t key =
                (uint64_t)members->n_places << 48 | bytes_min(cost, (UINT64_C(1) << 48) - 1);
        size_t i = kept->n_sets, slot = i;
        NodeSet set;

        if (i == CANDIDATES_MAX && kept->order[i - 1].key <= key)
                return;
        set = get_set(side, members);
        for (size_t k = 0; k < kept->n_sets; ++k)
                if (nodeset_is_equal(&kept->sets[k], &set))
                        return;
        if (i == CANDIDATES_MAX)
                slot = kept->order[--i].slot;
        else
                ++kept->n_sets;
        for (; i > 0 && kept->order[i - 1].key > key; --i)
                kept->order[i] = kept->order[i - 1];
        kept->sets[slot] = set;
        kept->order[i].key = key;
        kept->order[i].slot = slot;
}

/* Singles, pairs and chains */

typedef enum ChainOrder { CHAIN_NEAREST, CHAIN_LARGEST } ChainOrder;

/* What is looked up once for all sets of a side, and room for the one that is being made. */
typedef struct Search {
        bool is_alone[NODESET_MAX];     /* by place: holds the request alone, is in no wider set */
        bool is_empty[NODESET_MAX];     /* has nothing to give */
        uint16_t n_larger[NODESET_MAX]; /* how many have more free */
        uint64_t links[NODESET_MAX];    /* what a chain may take in: an order, and a place */
        size_t n_links;
        Members members;
} Search;

#define LINK_PLACE_MASK UINT64_C(0xffff)
_Static_assert(NODESET_MAX <= LINK_PLACE_MASK, "a place fits into a link");

static uint64_t sum_free(const Side *side, size_t place) {
        uint64_t sum = 0;

        for (size_t k = 0; k < side->amounts.n_items; ++k)
                sum = bytes_add_saturated(sum, side->nodes[place].free[k]);
        return sum;
}

static void count_larger(const Side *side, Search *search) {
        uint64_t sums[NODESET_MAX];

        for (size_t i = 0; i < side->n_nodes; ++i) {
                sums[i] = sum_free(side, i);
                search->is_empty[i] = sums[i] == 0;
        }
        for (size_t i = 0; i < side->n_nodes; ++i)
                for (size_t k = 0; k < side->n_nodes; ++k)
                        search->n_larger[i] = (uint16_t)(search->n_larger[i] + (sums[k] > sums[i]));
}

/* What is near first, and of that the largest; or the other way round. */
static uint64_t get_link(const Search *search, ChainOrder order, size_t place, uint64_t cost) {
        const uint64_t n_larger = search->n_larger[place];

        return place |
               (order == CHAIN_NEAREST ? cost << 32 | n_larger << 16 : n_larger << 48 | cost << 16);
}

static int compare_links(const void *a, const void *b) {
        const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

static void list_links(const Side *side, ChainOrder order, size_t seed, Search *search) {
        const uint32_t *costs = side->nodes[seed].node->costs;

        search->n_links = 0;
        for (size_t i = 0; i < side->n_nodes; ++i)
                if (i != seed && !search->is_alone[i] && !search->is_empty[i])
                        search->links[search->n_links++] =
                                get_link(search, order, i, costs[side->nodes[i].place]);
        qsort(search->links, search->n_links, sizeof(search->links[0]), compare_links);
}

/* Last in, first out: what was farthest goes first. */
static void leave_out_needless(const Side *side, Members *members, Sums *sums) {
        for (size_t i = members->n_places; i-- > 0 && members->n_places > 1;) {
                Sums rest = *sums;

                for (size_t k = 0; k < side->amounts.n_items; ++k)
                        rest.bytes[k] -= side->nodes[members->places[i]].free[k];
                if (!is_enough(side, &rest))
                        continue;
                *sums = rest;
                --members->n_places;
                memmove(&members->places[i], &members->places[i + 1],
                        (members->n_places - i) * sizeof(members->places[0]));
        }
}

static void
find_chain(const Side *side, ChainOrder order, size_t seed, Search *search, Kept *kept) {
        Members *members = &search->members;
        Sums sums = {};

        list_links(side, order, seed, search);
        members->places[0] = (uint16_t)seed;
        members->n_places = 1;
        add_place(side, seed, &sums);
        for (size_t i = 0; !is_enough(side, &sums); ++i) {
                size_t place;

                if (i == search->n_links)
                        return;
                place = search->links[i] & LINK_PLACE_MASK;
                members->places[members->n_places++] = (uint16_t)place;
                add_place(side, place, &sums);
        }
        leave_out_needless(side, members, &sums);
        keep(side, members, kept);
}

static void find_pairs(const Side *side, Search *search, Kept *kept) {
        Members *pair = &search->members;

        pair->n_places = 2;
        for (size_t i = 0; i < side->n_nodes; ++i)
                for (size_t k = i + 1; !search->is_alone[i] && k < side->n_nodes; ++k) {
                        pair->places[0] = (uint16_t)i;
                        pair->places[1] = (uint16_t)k;
                        if (!search->is_alone[k] && holds(side, pair))
                                keep(side, pair, kept);
                }
}

static void find_singles(const Side *side, Search *search, Kept *kept) {
        search->members.n_places = 1;
        for (size_t i = 0; i < side->n_nodes; ++i) {
                search->members.places[0] = (uint16_t)i;
                search->is_alone[i] = holds(side, &search->members);
                if (search->is_alone[i])
                        keep(side, &search->members, kept);
        }
}

static void find_sets(const Side *side, Kept *kept) {
        Search search = {};

        find_singles(side, &search, kept);
        if (kept->n_sets < CANDIDATES_MAX && side->n_nodes <= PAIRS_NODES_MAX)
                find_pairs(side, &search, kept);
        if (kept->n_sets == CANDIDATES_MAX)
                return;
        count_larger(side, &search);
        for (size_t i = 0; i < side->n_nodes; ++i) {
                if (search.is_alone[i] || search.is_empty[i])
                        continue;
                find_chain(side, CHAIN_NEAREST, i, &search, kept);
                find_chain(side, CHAIN_LARGEST, i, &search, kept);
        }
}

void candidates_find(const Side *side, Candidates *ret) {
        Kept kept = {};

        find_sets(side, &kept);
        for (size_t i = 0; i < kept.n_sets; ++i)
                ret->sets[i] = kept.sets[kept.order[i].slot];
        ret->n_sets = kept.n_sets;
}
