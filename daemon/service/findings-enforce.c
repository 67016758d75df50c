/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: splits that are not held, and what is in the way
 *
 * Only where there are containers with a split; what a node without them cannot do hurts nobody.
 */
#include "service/finder.h"

#define ASK_FOR_AUTO "annotation of the pod: memory.sluglab.io/enforce: auto"

typedef const EnforcedContainer *Container;

/* The first one from @index on that is of interest, or NULL. @index: behind it, afterwards. */
static Container
next(const Finder *finder, bool (*is_one)(const EnforceView *, Container), size_t *index) {
        const EnforceView *view = finder->view->enforce;

        while (view && *index < view->n_containers) {
                const EnforcedContainer *container = view->containers[(*index)++];

                if (is_one(view, container))
                        return container;
        }
        return NULL;
}

static size_t count(const Finder *finder, bool (*is_one)(const EnforceView *, Container)) {
        size_t index = 0, n = 0;

        while (next(finder, is_one, &index))
                ++n;
        return n;
}

static bool is_divided(_unused_ const EnforceView *view, Container container) {
        return enforce_is_divided(container);
}

/* "container app of pod default/web-0" */
static const char *name_container(Finder *finder, Container container) {
        const bool has_name = container->pod[0] != '\0';

        return finder_check(finder, arena_printf(finder->arena, "container %s of pod %s%s%s",
                                                 container->container,
                                                 has_name ? container->namespace_name : "",
                                                 has_name ? "/" : "",
                                                 has_name ? container->pod : container->pod_uid));
}

/* "3 containers" */
static const char *name_count(Finder *finder, size_t n) {
        return finder_check(finder,
                            arena_printf(finder->arena, "%zu container%s", n, n == 1 ? "" : "s"));
}

/* Backends */

static bool can_move(const EnforceView *view) {
        for (unsigned i = 0; i < ENFORCE_OBSERVE; ++i)
                if (view->backends[i].is_usable)
                        return true;
        return false;
}

/* What slugd.yaml names; false: it names none, or auto. */
static bool get_forced(const Finder *finder, EnforceBackend *ret) {
        const char *word = finder_get_setting(finder, "enforce.backend");

        return word && enforce_backend_parse(word, ret);
}

static const char *set_backend(const Finder *finder) {
        return finder_set_slugd(finder, "enforce.backend", "enforce: {backend: auto}");
}

/* Nothing of a container can be moved for want of a backend, and not by wish. */
static bool is_left(const EnforceView *view, Container container) {
        return enforce_is_divided(container) && container->status == ENFORCE_OBSERVED &&
               !container->is_refused && !can_move(view);
}

void find_no_backend(Finder *finder) {
        const size_t n = count(finder, is_left);
        const EnforceView *view = finder->view->enforce;
        EnforceBackend forced;
        const char *why;

        if (n == 0 || (get_forced(finder, &forced) && forced == ENFORCE_OBSERVE))
                return;
        why = view->problem[0] ? view->problem : view->backends[ENFORCE_MIGRATE].reason;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "%s with a split of local and remote memory, and nothing can move "
                                "memory here: %s",
                                name_count(finder, n), why),
                   "mend what 'slugctl enforcement' says of one of the backends, then: systemctl "
                   "reload slugd");
}

static bool is_refused(_unused_ const EnforceView *view, Container container) {
        return container->is_refused;
}

/* Of the whole node. What is the matter with DAMON has a finding of its own. */
static bool is_forced_unusable(const Finder *finder, EnforceBackend *ret) {
        const EnforceView *view = finder->view->enforce;

        return view && !view->problem[0] && get_forced(finder, ret) && *ret != ENFORCE_OBSERVE &&
               !view->backends[*ret].is_usable;
}

static const EnforceSetting *find_machine_setting(const EnforceView *view, const char *name) {
        for (size_t i = 0; view && i < view->n_settings; ++i)
                if (strcmp(view->settings[i].name, name) == 0)
                        return &view->settings[i];
        return NULL;
}

static bool is_on(const EnforceSetting *setting) {
        static const char *const words[] = { "Y", "y", "1", "true" };

        for (size_t i = 0; setting && i < ELEMENTSOF(words); ++i)
                if (strcmp(setting->value, words[i]) == 0)
                        return true;
        return false;
}

/* It could be used, were it not for DAMON_STAT, which has all that there is of DAMON. */
static bool is_damon_taken(const Finder *finder) {
        const EnforceView *view = finder->view->enforce;
        const EnforceSetting *setting = find_machine_setting(view, "damon_stat");

        return is_on(setting) && !setting->wanted[0] && !view->problem[0] &&
               !view->backends[ENFORCE_DAMOS].is_usable;
}

void find_damon_taken(Finder *finder) {
        EnforceBackend forced;
        const bool is_forced = is_forced_unusable(finder, &forced) && forced == ENFORCE_DAMOS;

        if (!is_damon_taken(finder) || (!is_forced && count(finder, is_left) == 0))
                return;
        finder_add(finder,
                   is_forced ? "enforce.backend is damos, and DAMON_STAT has DAMON, of which there "
                               "is one"
                             : "nothing can move memory here: damos could, and DAMON_STAT has "
                               "DAMON, of which there is one",
                   finder_set_slugd(finder, "enforce.settings.damonStat",
                                    "enforce: {settings: {damonStat: false}}"));
}

void find_forced_unusable(Finder *finder) {
        EnforceBackend forced;
        Container container;
        size_t index = 0;

        if (is_forced_unusable(finder, &forced)) {
                if (forced == ENFORCE_DAMOS && is_damon_taken(finder))
                        return;
                finder_add(finder,
                           arena_printf(finder->arena,
                                        "enforce.backend is %s, which cannot be used here, and "
                                        "nothing is moved: %s",
                                        enforce_backend_name(forced),
                                        finder->view->enforce->backends[forced].reason),
                           set_backend(finder));
                return;
        }
        while ((container = next(finder, is_refused, &index))) {
                const char *name = name_container(finder, container);

                finder_add(finder,
                           arena_printf(finder->arena, "nothing is moved of %s: %s", name,
                                        container->backend_reason),
                           ASK_FOR_AUTO);
        }
}

/* Splits */

/* Those that have no finding of their own. */
static bool is_broken(const EnforceView *view, Container container) {
        return enforce_view_is_broken(view, container) && !container->is_refused &&
               !is_left(view, container);
}

/* Of one that is only watched, whoever has asked for that mends it; else it says so itself. */
static const char *mend_broken(const Finder *finder, Container container) {
        const bool has_name = container->pod[0] != '\0';
        EnforceBackend forced;

        if (container->status == ENFORCE_OBSERVED)
                return get_forced(finder, &forced) && forced == ENFORCE_OBSERVE
                               ? set_backend(finder)
                               : ASK_FOR_AUTO;
        return arena_printf(finder->arena,
                            "mend what it says: slugctl explain container "
                            "%s%s%s/%s",
                            has_name ? container->namespace_name : "", has_name ? "/" : "",
                            has_name ? container->pod : container->pod_uid, container->container);
}

void find_broken_splits(Finder *finder) {
        Container container;
        size_t index = 0;

        while ((container = next(finder, is_broken, &index))) {
                const char *name = name_container(finder, container);

                finder_add(finder,
                           arena_printf(finder->arena, "the split of %s is not held: %s", name,
                                        container->reason),
                           mend_broken(finder, container));
        }
}

static bool is_unmanaged(_unused_ const EnforceView *view, Container container) {
        return container->is_unmanaged && enforce_is_divided(container);
}

void find_unmanaged(Finder *finder) {
        Container container;
        size_t index = 0;

        while ((container = next(finder, is_unmanaged, &index))) {
                const char *name = name_container(finder, container);

                finder_add(finder,
                           arena_printf(finder->arena,
                                        "cpuset.mems of %s has no remote NUMA node of its claim: "
                                        "nobody has given it the NUMA nodes that it was promised",
                                        name),
                           "systemctl enable --now slug-nri, and make the pod anew");
        }
}

/* Settings of the machine */

/* The kernel does not demote, so that reclaim would drop and swap. */
void find_demotion_disabled(Finder *finder) {
        const OptU64 demotion = finder->view->topology->machine->host.is_demotion_enabled;
        const char *handed = finder_get_setting(finder, "enforce.settings.demotionEnabled");
        const NodeSet slower = finder_get_slower(finder);
        const EnforceView *view = finder->view->enforce;

        if (!demotion.present || demotion.value || nodeset_is_empty(&slower) ||
            (handed && handed[0]) || count(finder, is_divided) == 0 ||
            view->backends[ENFORCE_RECLAIM].is_usable)
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "demotion is off: %s with a split, and memory.reclaim cannot move "
                                "their memory to %s",
                                name_count(finder, count(finder, is_divided)),
                                finder_name_nodes(finder, &slower)),
                   finder_set_slugd(finder, "enforce.settings.demotionEnabled",
                                    "enforce: {settings: {demotionEnabled: true}}"));
}

void find_balancing_over_splits(Finder *finder) {
        const NodeSet nodes = finder_get_balanced(finder);
        const size_t n = count(finder, is_divided);

        if (nodeset_is_empty(&nodes) || n == 0 ||
            (finder_get_manage(finder) & QOS_MANAGE_NODE_LIMIT))
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "numa_balancing is %llu: what slugd moves to %s for %s with a "
                                "split, the kernel takes back to local memory when it is used",
                                (unsigned long long)
                                        finder->view->topology->machine->host.numa_balancing.value,
                                finder_name_nodes(finder, &nodes), name_count(finder, n)),
                   finder_set_slugd(finder, "enforce.settings.numaBalancing",
                                    "enforce: {settings: {numaBalancing: 0}}"));
}

void find_unset_settings(Finder *finder) {
        const EnforceView *view = finder->view->enforce;

        for (size_t i = 0; view && i < view->n_settings; ++i) {
                const EnforceSetting *setting = &view->settings[i];

                if (!setting->problem[0])
                        continue;
                finder_add(finder,
                           arena_printf(finder->arena, "%s is %s and should be %s: %s",
                                        setting->name,
                                        setting->value[0] ? setting->value : "absent",
                                        setting->wanted, setting->problem),
                           "mend that, then: systemctl reload slugd");
        }
}
