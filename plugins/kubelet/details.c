/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/details.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static Detail *detail_free(Detail *detail) {
        if (!detail)
                return NULL;
        free(detail->id);
        free(detail);
        return NULL;
}
DEFINE_CLEANUP(Detail *, detail_free);

void details_deinit(Details *details) {
        for (size_t i = 0; i < details->n_items; ++i)
                detail_free(details->items[i]);
        free(details->items);
        *details = (Details){};
}

/* Where @id is, or would be. */
static size_t find_place(const Details *details, const char *id, bool *ret_is_there) {
        size_t low = 0, high = details->n_items;

        *ret_is_there = false;
        while (low < high && !*ret_is_there) {
                const size_t middle = low + (high - low) / 2;
                const int order = strcmp(id, details->items[middle]->id);

                if (order < 0)
                        high = middle;
                else if (order > 0)
                        low = middle + 1;
                else
                        low = middle;
                *ret_is_there = order == 0;
        }
        return low;
}

const Detail *details_find(const Details *details, const char *id) {
        bool is_there;
        const size_t place = find_place(details, id, &is_there);

        return is_there ? details->items[place] : NULL;
}

bool details_wants(const Details *details, const char *id, uint64_t now_usec) {
        const Detail *detail = details_find(details, id);

        if (!detail)
                return details->n_items < DETAILS_MAX;
        return now_usec - detail->asked_usec >= DETAILS_AGE_USEC;
}

static int detail_new(const char *id, Detail **ret) {
        _cleanup_(detail_freep) Detail *detail = calloc(1, sizeof(*detail));

        if (!detail)
                return -ENOMEM;
        detail->id = strdup(id);
        if (!detail->id)
                return -ENOMEM;
        *ret = TAKE_PTR(detail);
        return 0;
}

/* @ret: NULL: there is no room for one more. */
static int make_room(Details *details, const char *id, Detail **ret) {
        bool is_there;
        const size_t place = find_place(details, id, &is_there);
        Detail *detail;
        void *items;
        int r;

        *ret = is_there ? details->items[place] : NULL;
        if (is_there || details->n_items == DETAILS_MAX)
                return 0;
        items = reallocarray(details->items, details->n_items + 1, sizeof(Detail *));
        if (!items)
                return -ENOMEM;
        details->items = items;
        r = detail_new(id, &detail);
        if (r)
                return r;

        /* Nothing below can fail. */
        memmove(details->items + place + 1, details->items + place,
                (details->n_items - place) * sizeof(Detail *));
        details->items[place] = *ret = detail;
        ++details->n_items;
        return 0;
}

/* What is wrong with it is the runtime's, and costs a path that slugd can do without. */
static int take_info(Detail *detail, const Runtime__V1__ContainerStatusResponse *response) {
        for (size_t i = 0; i < response->n_info; ++i) {
                const char *text = response->info[i]->value;
                char buffer[DIAG_FORMATTED_MAX];
                Diag diag = {};
                int r;

                if (strcmp(response->info[i]->key, "info") != 0)
                        continue;
                r = spec_parse(text, strlen(text), &detail->spec, &diag);
                if (r > 0)
                        log_debug("container %s: %s", detail->id, diag_format(&diag, buffer));
                return r < 0 ? r : 0;
        }
        return 0;
}

int details_put(Details *details,
                const char *id,
                const Runtime__V1__ContainerStatusResponse *response,
                uint64_t now_usec) {
        const Runtime__V1__LinuxContainerResources *resources = NULL;
        Detail *detail;
        int r;

        r = make_room(details, id, &detail);
        if (r || !detail)
                return r;
        detail->asked_usec = now_usec;
        if (!response)
                return 0;
        r = take_info(detail, response);
        if (r)
                return r;
        if (response->status && response->status->resources)
                resources = response->status->resources->linux;
        if (!resources)
                return 0;
        /* the runtime's own word is newer than the specification, which is of the start */
        detail->spec.memory_limit_bytes = opt_u64(
                resources->memory_limit_in_bytes > 0 ? (uint64_t)resources->memory_limit_in_bytes
                                                     : 0);
        detail->has_oom_score_adj = true;
        detail->oom_score_adj = resources->oom_score_adj;
        return 0;
}

static int compare_ids(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void details_keep(Details *details, const Runtime__V1__ListContainersResponse *listed) {
        const char **ids = calloc(listed->n_containers + 1, sizeof(*ids));
        size_t n = 0;

        /* then they are forgotten another time */
        if (!ids)
                return;
        for (size_t i = 0; i < listed->n_containers; ++i)
                ids[i] = listed->containers[i]->id;
        qsort(ids, listed->n_containers, sizeof(*ids), compare_ids);
        for (size_t i = 0; i < details->n_items; ++i) {
                Detail *detail = details->items[i];

                if (bsearch(&detail->id, ids, listed->n_containers, sizeof(*ids), compare_ids))
                        details->items[n++] = detail;
                else
                        detail_free(detail);
        }
        details->n_items = n;
        free(ids);
}
