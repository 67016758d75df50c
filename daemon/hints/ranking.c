/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/ranking.h"

/*
 * Preferred ones first, then by cost and width, which are one number; those that are alike come in
 * the order of their sets, which are compared word by word without being put together.
 */

static uint64_t get_word(const RankingItem *item, unsigned i) {
        uint64_t word = item->local->words[i] | item->remote->words[i];

        if (item->added / 64 == i)
                word |= UINT64_C(1) << item->added % 64;
        return word;
}

static int compare_sets(const RankingItem *a, const RankingItem *b) {
        for (unsigned i = 0; i < NODESET_WORDS; ++i) {
                const uint64_t word = get_word(a, i);
                const uint64_t different = word ^ get_word(b, i);

                /* the one that has the lowest id in which they differ comes first */
                if (different)
                        return word & (different & -different) ? -1 : 1;
        }
        return 0;
}

static bool is_better(const RankingEntry *a, const RankingEntry *b) {
        return a->key != b->key ? a->key < b->key : compare_sets(&a->item, &b->item) < 0;
}

static bool contains(const Ranking *ranking, const RankingItem *item) {
        for (size_t i = 0; i < ranking->n_entries; ++i)
                if (compare_sets(&ranking->entries[i].item, item) == 0)
                        return true;
        return false;
}

void ranking_insert(Ranking *ranking, const RankingItem *item) {
        const RankingEntry entry = {
                .key = ranking_get_key(item->is_preferred, item->cost_permille, item->width),
                .item = *item,
        };
        size_t i = ranking->n_entries;

        if (i == ranking->max && !is_better(&entry, &ranking->entries[i - 1]))
                return;
        ranking->has_additions |= item->added != RANKING_NONE_ADDED;
        if (ranking->has_additions && contains(ranking, item))
                return;
        if (i == ranking->max)
                --i;
        else
                ++ranking->n_entries;
        for (; i > 0 && is_better(&entry, &ranking->entries[i - 1]); --i)
                ranking->entries[i] = ranking->entries[i - 1];
        ranking->entries[i] = entry;
}

void ranking_get(const Ranking *ranking, Hint *hints) {
        for (size_t i = 0; i < ranking->n_entries; ++i) {
                const RankingItem *item = &ranking->entries[i].item;

                hints[i] = (Hint){
                        .nodes = nodeset_or(item->local, item->remote),
                        .is_preferred = item->is_preferred,
                        .cost_permille = item->cost_permille,
                };
                if (item->added != RANKING_NONE_ADDED)
                        nodeset_add(&hints[i].nodes, item->added);
        }
}
