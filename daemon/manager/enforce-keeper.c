/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/enforce-keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "manager/enforce-parts.h"
#include "manager/timer.h"

/*
 * Whatever changes the ledger or what is known of pods need not tell it: the keeper looks for
 * itself at the end of a turn of the loop, by comparing two numbers. Containers that are seldom
 * looked at are looked at together, so that many of them wake nobody more often than one does.
 */
#define AFTER_OTHERS  (SD_EVENT_PRIORITY_NORMAL + 10)
#define ACCURACY_USEC USEC_PER_MSEC
#define LOOKS_MAX     64u /* in one turn of the loop */
#define SELDOM_USEC   (200 * USEC_PER_MSEC)
#define TOGETHER_USEC (100 * USEC_PER_MSEC)

/* When to look */

static uint64_t round_due(uint64_t due_usec, uint64_t now_usec) {
        if (due_usec == UINT64_MAX || due_usec < now_usec + SELDOM_USEC)
                return due_usec;
        return (due_usec / TOGETHER_USEC + 1) * TOGETHER_USEC;
}

void enforce_arm(EnforceKeeper *keeper) {
        uint64_t due_usec = TIMER_NEVER;

        for (size_t i = 0; i < keeper->n_items; ++i)
                due_usec = bytes_min(due_usec, keeper->items[i]->due_usec);
        timer_set(keeper->timer, due_usec);
}

/* Round and round, so that the last of many is not starved by the first. */
static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        EnforceKeeper *keeper = userdata;
        const uint64_t now_usec = clock_now_usec(&keeper->params.clock);
        unsigned n_looks = 0;

        for (size_t i = 0; i < keeper->n_items && n_looks < LOOKS_MAX; ++i) {
                Followed *item = keeper->items[(keeper->next_item + i) % keeper->n_items];

                if (item->due_usec > now_usec)
                        continue;
                enforce_look(item, now_usec);
                item->due_usec = round_due(item->due_usec, now_usec);
                ++n_looks;
                if (n_looks == LOOKS_MAX)
                        keeper->next_item = (keeper->next_item + i + 1) % keeper->n_items;
        }
        enforce_arm(keeper);
        return 0;
}

/* Following */

static Followed *followed_free(Followed *followed) {
        if (!followed)
                return NULL;
        enforce_abandon(followed);
        enforce_release(followed);
        enforce_files_close(&followed->files);
        free(followed);
        return NULL;
}
DEFINE_CLEANUP(Followed *, followed_free);

/* The same container, and not another one of its name. @hint: where it probably is: both lists are
 * in the order of the ledger. */
static Followed *
find_followed(const EnforceKeeper *keeper, const EnforceWanted *wanted, size_t *hint) {
        for (size_t i = 0; i < keeper->n_items; ++i) {
                const size_t at = (*hint + i) % keeper->n_items;
                const EnforcedContainer *shown = &keeper->items[at]->shown;

                if (strcmp(shown->pod_uid, wanted->claim->pod_uid) == 0 &&
                    strcmp(shown->container, wanted->claim->container) == 0 &&
                    strcmp(shown->path, wanted->path) == 0) {
                        *hint = at + 1;
                        return keeper->items[at];
                }
        }
        return NULL;
}

static Followed *followed_new(EnforceKeeper *keeper, const EnforceWanted *wanted) {
        const LedgerClaim *claim = wanted->claim;
        Followed *followed = calloc(1, sizeof(*followed));
        EnforcedContainer *shown;

        if (!followed)
                return NULL;
        shown = &followed->shown;
        followed->keeper = keeper;
        followed->lane = -1;
        followed->files = (EnforceFiles)ENFORCE_FILES_NULL;
        shown->status = ENFORCE_OBSERVED;
        (void)snprintf(shown->pod_uid, sizeof(shown->pod_uid), "%s", claim->pod_uid);
        (void)snprintf(shown->container, sizeof(shown->container), "%s", claim->container);
        (void)snprintf(shown->path, sizeof(shown->path), "%s", wanted->path);
        (void)snprintf(shown->reason, sizeof(shown->reason), "it was not looked at yet");
        return followed;
}

/* What may be another one with every claim and report. */
static void update(Followed *followed, const EnforceWanted *wanted) {
        const LedgerClaim *claim = wanted->claim;
        EnforcedContainer *shown = &followed->shown;

        (void)snprintf(shown->namespace_name, sizeof(shown->namespace_name), "%s",
                       claim->namespace_name);
        (void)snprintf(shown->pod, sizeof(shown->pod), "%s", claim->pod);
        (void)snprintf(shown->container_id, sizeof(shown->container_id), "%s",
                       wanted->container_id);
        followed->asked = wanted->asked;
        followed->claimed = ledger_claim_get_nodes(claim);
        if (!split_is_equal(&shown->target.split, &claim->split))
                followed->due_usec = 0;
        shown->target.split = claim->split;
        if (followed->files.dir_fd < 0 &&
            enforce_files_open(&followed->keeper->tree, shown->path, &followed->files) == 0)
                followed->due_usec = 0;
        enforce_assign(followed);
}

/* Return: 0 or -ENOMEM with nothing changed. */
static int replace(EnforceKeeper *keeper, const EnforceWanted *wanted, size_t n_wanted) {
        Followed **items = calloc(n_wanted + 1, sizeof(*items));
        const EnforcedContainer **shown = calloc(n_wanted + 1, sizeof(*shown));
        size_t n = 0, hint = 0;

        if (!items || !shown) {
                free(items);
                free(shown);
                return -ENOMEM;
        }
        for (size_t i = 0; i < keeper->n_items; ++i)
                keeper->items[i]->is_wanted = false;
        for (size_t i = 0; i < n_wanted; ++i) {
                Followed *item = find_followed(keeper, &wanted[i], &hint);

                if (!item)
                        item = followed_new(keeper, &wanted[i]);
                if (!item)
                        continue; /* out of memory: it is found anew with the next change */
                item->is_wanted = true;
                shown[n] = &item->shown;
                items[n++] = item;
        }
        for (size_t i = 0; i < keeper->n_items; ++i)
                if (!keeper->items[i]->is_wanted)
                        followed_free(keeper->items[i]);
        free(keeper->items);
        free(keeper->shown);
        keeper->items = items;
        keeper->shown = shown;
        keeper->n_items = n;
        keeper->next_item = 0;
        keeper->view.containers = shown;
        keeper->view.n_containers = n;
        return 0;
}

/* Return: whether it was done; if not, it is tried again. */
static bool follow(EnforceKeeper *keeper) {
        const Inventory *inventory = keeper->params.pods->inventory;
        EnforceWanted *wanted = NULL;
        size_t n_wanted = 0;
        int r;

        r = enforce_list_wanted(keeper->params.ledger, inventory, &wanted, &n_wanted);
        if (r == 0)
                r = replace(keeper, wanted, n_wanted);
        for (size_t i = 0, w = 0; r == 0 && i < keeper->n_items; ++i) {
                while (strcmp(wanted[w].claim->pod_uid, keeper->items[i]->shown.pod_uid) != 0 ||
                       strcmp(wanted[w].claim->container, keeper->items[i]->shown.container) != 0)
                        ++w; /* there was no memory for that one */
                update(keeper->items[i], &wanted[w++]);
        }
        free(wanted);
        if (r)
                log_debug("Cannot follow containers: %s", strerror(-r));
        else
                enforce_arm(keeper);
        return r == 0;
}

static int on_post(sd_event_source *source _unused_, void *userdata) {
        EnforceKeeper *keeper = userdata;
        const Inventory *inventory = keeper->params.pods->inventory;
        const uint64_t generation = ledger_get_generation(keeper->params.ledger);

        if (!inventory || !keeper->means.snapshot)
                return 0;
        if (!keeper->must_follow && keeper->generation == generation &&
            keeper->inventory == inventory && keeper->tree_usec == inventory->tree->usec)
                return 0;
        keeper->generation = generation;
        keeper->inventory = inventory;
        keeper->tree_usec = inventory->tree->usec;
        keeper->must_follow = !follow(keeper);
        return 0;
}

/* Making */

static int add_sources(EnforceKeeper *keeper) {
        int r;

        r = timer_new(keeper->params.event, ACCURACY_USEC, on_timer, keeper, &keeper->timer);
        if (r < 0)
                return r;
        r = sd_event_add_post(keeper->params.event, &keeper->post, on_post, keeper);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(keeper->post, AFTER_OTHERS);
        return r < 0 ? r : 0;
}

int enforce_keeper_new(const EnforceKeeperParams *params, EnforceKeeper **ret) {
        _cleanup_(enforce_keeper_freep) EnforceKeeper *keeper = calloc(1, sizeof(*keeper));
        int r;

        if (!keeper)
                return -ENOMEM;
        keeper->params = *params;
        keeper->tree = (CgroupTree)CGROUP_TREE_NULL;
        keeper->view.clock = params->clock;
        keeper->view.wall_clock = params->wall_clock;
        keeper->view.history = &keeper->history;
        keeper->means = (EnforceMeans){
                .event = params->event,
                .root = params->root,
                .crew = params->crew,
                .node_limits = params->node_limits,
                .clock = params->clock,
                .may_write = params->may_write,
                .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
                .free = &keeper->free,
        };
        keeper->text = malloc(ENFORCE_TEXT_MAX);
        if (!keeper->text)
                return -ENOMEM;
        r = enforce_backends_open(keeper);
        if (r)
                return r;
        r = add_sources(keeper);
        if (r)
                return r;
        *ret = TAKE_PTR(keeper);
        return 0;
}

EnforceKeeper *enforce_keeper_free(EnforceKeeper *keeper) {
        if (!keeper)
                return NULL;
        sd_event_source_disable_unref(keeper->post);
        sd_event_source_disable_unref(keeper->timer);
        for (size_t i = 0; i < keeper->n_items; ++i)
                followed_free(keeper->items[i]);
        enforce_backends_close(keeper);
        free(keeper->items);
        free(keeper->shown);
        free(keeper->text);
        cgroup_tree_deinit(&keeper->tree);
        free(keeper);
        return NULL;
}

void enforce_keeper_set(EnforceKeeper *keeper, const Settings *settings, const Snapshot *snapshot) {
        keeper->means.settings = settings;
        keeper->means.snapshot = snapshot;
        if (settings->config->enforce.budget != keeper->view.budget)
                keeper->budget = enforce_budget_make(settings->config->enforce.budget,
                                                     clock_now_usec(&keeper->params.clock));
        keeper->view.budget = settings->config->enforce.budget;
        enforce_probe(keeper);
        for (size_t i = 0; i < keeper->n_items; ++i)
                keeper->items[i]->due_usec = 0;
        enforce_arm(keeper);
}

void enforce_keeper_follow(EnforceKeeper *keeper) {
        keeper->must_follow = true;
}

void enforce_keeper_look(EnforceKeeper *keeper) {
        enforce_probe(keeper);
        keeper->must_follow = true;
}

void enforce_keeper_show_settings(EnforceKeeper *keeper,
                                  const EnforceSetting *settings,
                                  size_t n_settings) {
        memcpy(keeper->view.settings, settings, n_settings * sizeof(*settings));
        keeper->view.n_settings = n_settings;
}

const EnforceView *enforce_keeper_get_view(const EnforceKeeper *keeper) {
        return &keeper->view;
}
