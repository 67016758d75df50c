/* SPDX-License-Identifier: Apache-2.0 */
#include "service/chunks-view.h"

/* The generation of the ledger rises with every change, also with one that takes another back. */

void chunks_view_deinit(ChunksView *view) {
        view->list = chunk_list_free(view->list);
}

void chunks_view_set(ChunksView *view, const ChunksParams *params, const ChunkAdvice *advice) {
        chunks_view_deinit(view);
        view->params = *params;
        view->advice = *advice;
}

const ChunkList *chunks_view_get(ChunksView *view) {
        const Ledger *ledger = view->params.ledger;

        if (!ledger)
                return NULL;
        if (view->list && view->generation == ledger_get_generation(ledger))
                return view->list;
        chunks_view_deinit(view);
        view->generation = ledger_get_generation(ledger);
        return chunk_list_new(&view->params, &view->list) == 0 ? view->list : NULL;
}

const char *chunks_view_get_wait(const ChunksView *view) {
        return view->pods ? view->pods->problem : "";
}
