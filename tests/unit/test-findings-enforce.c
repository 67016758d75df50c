/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about splits: what is in the way of them, and the line that mends it. */
#include <stdio.h>
#include <string.h>

#include "lib/enforce-view-bed.h"
#include "lib/test-main.h"
#include "service/findings.h"

enum { KEY_BACKEND, KEY_DEMOTION, KEY_BALANCING, KEY_DAMON, _KEY_N };

static SysfsMachine machine;
static TopologyNode nodes[2];
static Topology topology;
static Capacity capacity;
static QosParams params;
static NodeConfigEntry settings[_KEY_N];
static EnforceBed enforce;
static EnforcedContainer *container;
static NodeView view;
static Arena *arena;
static Findings findings;

/* DRAM and a slower tier, demotion on; one container whose split is held. Nothing is at odds. */
static void setup(void) {
        machine = (SysfsMachine){ .host.is_demotion_enabled = opt_u64(1) };
        nodes[0] = (TopologyNode){ .id = 0,
                                   .locality = LOCALITY_LOCAL,
                                   .has_cpus = true,
                                   .capacity_bytes = GIB,
                                   .tier = opt_u64(4) };
        nodes[1] = (TopologyNode){
                .id = 2, .locality = LOCALITY_REMOTE, .capacity_bytes = GIB, .tier = opt_u64(22)
        };
        topology = (Topology){ .machine = &machine, .nodes = nodes, .n_nodes = 2 };
        capacity = (Capacity){};
        params = (QosParams){ .manage = QOS_MANAGE_MEMORY_MIN, .kubelet.memory_qos = QOS_GATE_OFF };
        settings[KEY_BACKEND] =
                (NodeConfigEntry){ "enforce.backend", "auto", "/etc/slug/slugd.yaml:3" };
        settings[KEY_DEMOTION] =
                (NodeConfigEntry){ "enforce.settings.demotionEnabled", "", "slugd default" };
        settings[KEY_BALANCING] =
                (NodeConfigEntry){ "enforce.settings.numaBalancing", "", "slugd default" };
        settings[KEY_DAMON] =
                (NodeConfigEntry){ "enforce.settings.damonStat", "", "slugd default" };
        enforce_bed_init(&enforce);
        enforce_bed_set(&enforce, "damon_stat", "N", "");
        container = enforce_bed_add(&enforce, "u1", "default", "db-0", "db");
        (void)snprintf(machine.host.cgroup_version, sizeof(machine.host.cgroup_version), "v2");
        view = (NodeView){ .topology = &topology,
                           .capacity = &capacity,
                           .qos_params = &params,
                           .settings = settings,
                           .n_settings = ELEMENTSOF(settings),
                           .enforce = &enforce.view };
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        enforce_bed_deinit(&enforce);
        arena = arena_free(arena);
}

static const Finding *find(const char *type) {
        ck_assert_int_eq(findings_build(arena, &view, &findings), 0);
        for (size_t i = 0; i < findings.n_items; ++i)
                if (strcmp(findings.items[i].type, type) == 0)
                        return &findings.items[i];
        return NULL;
}

static void check(const char *type, const char *message, const char *fix) {
        const Finding *finding = find(type);

        ck_assert_msg(finding != NULL, "%s", type);
        ck_assert_str_eq(finding->message, message);
        ck_assert_str_eq(finding->fix, fix);
}

static void check_none(const char *type) {
        ck_assert_ptr_null(find(type));
}

static void set_unusable(EnforceBackend backend, const char *why) {
        enforce.view.backends[backend].is_usable = false;
        (void)snprintf(enforce.view.backends[backend].reason, DIAG_TEXT_MAX, "%s", why);
}

START_TEST(nothing_is_at_odds_where_splits_are_held) {
        ck_assert_int_eq(findings_build(arena, &view, &findings), 0);
        ck_assert_msg(findings.n_items == 0, "%s", findings.items[0].message);
}
END_TEST

START_TEST(a_split_that_is_not_held_is_found) {
        container->status = ENFORCE_FAILED;
        (void)snprintf(container->reason, sizeof(container->reason), "it does not move");
        check("SplitNotHeld",
              "the split of container db of pod default/db-0 is not held: it does not move",
              "mend what it says: slugctl explain container default/db-0/db");
        container->pod[0] = '\0';
        check("SplitNotHeld", "the split of container db of pod u1 is not held: it does not move",
              "mend what it says: slugctl explain container u1/db");
        container->status = ENFORCE_HELD;
        check_none("SplitNotHeld");
}
END_TEST

START_TEST(who_was_told_only_to_watch_is_told_what_that_costs) {
        settings[KEY_BACKEND].value = "observe";
        container->status = ENFORCE_OBSERVED;
        (void)snprintf(container->reason, sizeof(container->reason), "1 GiB too much");
        check_none("SplitNotHeld");
        container->memory.over_since_usec = enforce.now_usec - 31 * USEC_PER_SEC;
        check("SplitNotHeld",
              "the split of container db of pod default/db-0 is not held: 1 GiB too much",
              "/etc/slug/slugd.yaml: enforce: {backend: auto}");
        check_none("NoBackend");
        settings[KEY_BACKEND].value = "auto";
        check("SplitNotHeld",
              "the split of container db of pod default/db-0 is not held: 1 GiB too much",
              "annotation of the pod: memory.sluglab.io/enforce: auto");
}
END_TEST

START_TEST(a_node_that_can_move_nothing_is_found) {
        container->status = ENFORCE_OBSERVED;
        container->memory.over_since_usec = 1;
        set_unusable(ENFORCE_RECLAIM, "demotion is off");
        set_unusable(ENFORCE_MIGRATE, "CAP_SYS_NICE is missing");
        check("NoBackend",
              "1 container with a split of local and remote memory, and nothing can move memory "
              "here: CAP_SYS_NICE is missing",
              "mend what 'slugctl enforcement' says of one of the backends, then: systemctl reload "
              "slugd");
        check_none("SplitNotHeld");
        (void)snprintf(enforce.view.problem, sizeof(enforce.view.problem), "there is no cgroup v2");
        check("NoBackend",
              "1 container with a split of local and remote memory, and nothing can move memory "
              "here: there is no cgroup v2",
              "mend what 'slugctl enforcement' says of one of the backends, then: systemctl reload "
              "slugd");
        container->target.split.remote = (SplitRange){};
        check_none("NoBackend");
}
END_TEST

START_TEST(a_backend_that_is_forced_and_cannot_be_used_is_found) {
        settings[KEY_BACKEND].value = "node_limit";
        container->status = ENFORCE_OBSERVED;
        container->is_refused = true;
        container->memory.over_since_usec = 1;
        check("EnforcementForcedUnusable",
              "enforce.backend is node_limit, which cannot be used here, and nothing is moved: "
              "this kernel has no memory.node_limit",
              "/etc/slug/slugd.yaml: enforce: {backend: auto}");
        check_none("SplitNotHeld");
        settings[KEY_BACKEND].value = "auto";
        (void)snprintf(container->backend_reason, DIAG_TEXT_MAX,
                       "the pod's annotation says damos, and it cannot");
        check("EnforcementForcedUnusable",
              "nothing is moved of container db of pod default/db-0: the pod's annotation says "
              "damos, and it cannot",
              "annotation of the pod: memory.sluglab.io/enforce: auto");
        check_none("SplitNotHeld");
        check_none("NoBackend");
        container->is_refused = false;
        check_none("EnforcementForcedUnusable");
}
END_TEST

START_TEST(a_backend_that_can_be_used_may_be_forced) {
        settings[KEY_BACKEND].value = "migrate";
        check_none("EnforcementForcedUnusable");
        set_unusable(ENFORCE_MIGRATE, "this is a captured machine");
        (void)snprintf(enforce.view.problem, sizeof(enforce.view.problem),
                       "this is a captured machine");
        check_none("EnforcementForcedUnusable");
}
END_TEST

START_TEST(damon_that_somebody_else_has_is_found_where_it_is_wanted) {
        (void)snprintf(enforce.view.settings[0].value, sizeof(enforce.view.settings[0].value), "Y");
        check_none("DamonTaken");
        settings[KEY_BACKEND].value = "damos";
        check("DamonTaken",
              "enforce.backend is damos, and DAMON_STAT has DAMON, of which there is one",
              "slugd.yaml: enforce: {settings: {damonStat: false}}");
        check_none("EnforcementForcedUnusable");
        settings[KEY_BACKEND].value = "auto";
        container->status = ENFORCE_OBSERVED;
        set_unusable(ENFORCE_RECLAIM, "");
        set_unusable(ENFORCE_MIGRATE, "");
        ck_assert_ptr_nonnull(find("DamonTaken"));
        (void)snprintf(enforce.view.settings[0].value, sizeof(enforce.view.settings[0].value), "N");
        check_none("DamonTaken");
}
END_TEST

START_TEST(a_container_without_its_numa_nodes_is_found) {
        container->is_unmanaged = true;
        check("ContainerUnmanaged",
              "cpuset.mems of container db of pod default/db-0 has no remote NUMA node of its "
              "claim: nobody has given it the NUMA nodes that it was promised",
              "systemctl enable --now slug-nri, and make the pod anew");
        container->target.split.remote = (SplitRange){};
        check_none("ContainerUnmanaged");
}
END_TEST

START_TEST(demotion_that_is_off_is_found_where_reclaim_wants_it) {
        machine.host.is_demotion_enabled = opt_u64(0);
        check_none("DemotionDisabled");
        set_unusable(ENFORCE_RECLAIM, "demotion is off");
        check("DemotionDisabled",
              "demotion is off: 1 container with a split, and memory.reclaim cannot move their "
              "memory to NUMA node 2",
              "slugd.yaml: enforce: {settings: {demotionEnabled: true}}");
        settings[KEY_DEMOTION].value = "true";
        check_none("DemotionDisabled");
        settings[KEY_DEMOTION].value = "";
        nodes[1].tier = opt_u64(4);
        check_none("DemotionDisabled");
        nodes[1].tier = opt_u64(22);
        machine.host.is_demotion_enabled = (OptU64){};
        check_none("DemotionDisabled");
}
END_TEST

START_TEST(balancing_that_undoes_splits_is_found) {
        machine.host.numa_balancing = opt_u64(2);
        settings[KEY_BALANCING].source = "/etc/slug/slugd.yaml:9";
        check("NumaBalancingOn",
              "numa_balancing is 2: what slugd moves to NUMA node 2 for 1 container with a split, "
              "the kernel takes back to local memory when it is used",
              "/etc/slug/slugd.yaml: enforce: {settings: {numaBalancing: 0}}");
        check_none("BalancingMovesMemory");
        /* between NUMA nodes of one tier alone */
        machine.host.numa_balancing = opt_u64(1);
        check_none("NumaBalancingOn");
        machine.host.numa_balancing = opt_u64(2);
        enforce_bed_deinit(&enforce);
        check_none("NumaBalancingOn");
        ck_assert_ptr_nonnull(find("BalancingMovesMemory"));
}
END_TEST

START_TEST(a_setting_that_could_not_be_set_is_found) {
        EnforceSetting *setting = &enforce.view.settings[0];

        (void)snprintf(setting->value, sizeof(setting->value), "Y");
        (void)snprintf(setting->wanted, sizeof(setting->wanted), "N");
        (void)snprintf(setting->problem, sizeof(setting->problem), "Read-only file system");
        check("MachineSettingNotSet", "damon_stat is Y and should be N: Read-only file system",
              "mend that, then: systemctl reload slugd");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("findings-enforce");
        TCase *t = tcase_create("findings-enforce");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_is_at_odds_where_splits_are_held);
        tcase_add_test(t, a_split_that_is_not_held_is_found);
        tcase_add_test(t, who_was_told_only_to_watch_is_told_what_that_costs);
        tcase_add_test(t, a_node_that_can_move_nothing_is_found);
        tcase_add_test(t, a_backend_that_is_forced_and_cannot_be_used_is_found);
        tcase_add_test(t, a_backend_that_can_be_used_may_be_forced);
        tcase_add_test(t, damon_that_somebody_else_has_is_found_where_it_is_wanted);
        tcase_add_test(t, a_container_without_its_numa_nodes_is_found);
        tcase_add_test(t, demotion_that_is_off_is_found_where_reclaim_wants_it);
        tcase_add_test(t, balancing_that_undoes_splits_is_found);
        tcase_add_test(t, a_setting_that_could_not_be_set_is_found);
        suite_add_tcase(s, t);
        return s;
}
