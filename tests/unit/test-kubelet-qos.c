/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kubelet's managers were told, by its file, a drop-in, a flag and slugd.yaml: each key
 * from each place, and who wins.
 */
#include <stdio.h>
#include <string.h>

#include "lib/config-bed.h"
#include "lib/test-main.h"

/* @flags: separated by blanks */
static void run_kubelet(const char *flags) {
        char arguments[512];

        (void)snprintf(arguments, sizeof(arguments),
                       "--config=/" BED_KUBELET " --config-dir=/etc/kubelet.d %s", flags);
        config_bed_run_kubelet(42, "kubelet", "7", arguments);
        folder_write(&bed.folder, "etc/kubelet.d/README", "");
}

/* One key from everywhere: in a file, in a drop-in, as a flag, and in slugd.yaml. */
static const struct {
        const char *key;
        const char *by_default;
        const char *in_file, *file_value;
        const char *in_drop_in, *drop_in_value;
        const char *flag, *flag_value, *flag_source; /* NULL: there is no such flag */
        const char *in_slugd, *slugd_value;
} keys[] = {
        { "kubelet.featureGates.MemoryQoS", "", "featureGates: {MemoryQoS: true}", "true",
          "featureGates: {MemoryQoS: false}", "false", "--feature-gates=MemoryQoS=true", "true",
          "kubelet flag --feature-gates", "featureGates: {MemoryQoS: false}", "false" },
        { "kubelet.featureGates.QOSReserved", "false", "featureGates: {QOSReserved: true}", "true",
          "featureGates: {QOSReserved: false}", "false", "--feature-gates=QOSReserved=true", "true",
          "kubelet flag --feature-gates", "featureGates: {QOSReserved: false}", "false" },
        { "kubelet.qosReserved.memory", "", "qosReserved: {memory: 50%}", "50%",
          "qosReserved: {memory: 0%}", "0%", "--qos-reserved=memory=100%", "100%",
          "kubelet flag --qos-reserved", "qosReserved: {memory: 7%}", "7%" },
        { "kubelet.systemReservedCgroup", "", "systemReservedCgroup: /system.slice",
          "/system.slice", "systemReservedCgroup: /b", "/b", "--system-reserved-cgroup=/c", "/c",
          "kubelet flag --system-reserved-cgroup", "systemReservedCgroup: /d", "/d" },
        { "kubelet.kubeReservedCgroup", "", "kubeReservedCgroup: /kube", "/kube",
          "kubeReservedCgroup: /b", "/b", "--kube-reserved-cgroup /c", "/c",
          "kubelet flag --kube-reserved-cgroup", "kubeReservedCgroup: d", "d" },
        { "kubelet.topologyManagerPolicy", "none", "topologyManagerPolicy: best-effort",
          "best-effort", "topologyManagerPolicy: restricted", "restricted",
          "--topology-manager-policy=single-numa-node", "single-numa-node",
          "kubelet flag --topology-manager-policy", "topologyManagerPolicy: none", "none" },
        { "kubelet.topologyManagerPolicyOptions.max-allowable-numa-nodes", NULL,
          "topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"8\", other: x}", "8",
          "topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"9\"}", "9",
          "--topology-manager-policy-options=prefer-closest-numa-nodes=true,"
          "max-allowable-numa-nodes=16",
          "16", "kubelet flag --topology-manager-policy-options",
          "topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"32\"}", "32" },
        { "kubelet.cpuManagerPolicy", "none", "cpuManagerPolicy: static", "static",
          "cpuManagerPolicy: none", "none", "--cpu-manager-policy=static", "static",
          "kubelet flag --cpu-manager-policy", "cpuManagerPolicy: \"\"", "none" },
        { "kubelet.failSwapOn", "true", "failSwapOn: false", "false", "failSwapOn: true", "true",
          "--fail-swap-on=false", "false", "kubelet flag --fail-swap-on", "failSwapOn: yes",
          "true" },
        { "kubelet.memorySwap.swapBehavior", "NoSwap", "memorySwap: {swapBehavior: LimitedSwap}",
          "LimitedSwap", "memorySwap: {swapBehavior: NoSwap}", "NoSwap", NULL, NULL, NULL,
          "memorySwap: {swapBehavior: UnlimitedSwap}", "UnlimitedSwap" },
};

START_TEST(a_key_comes_from_the_last_place_that_has_it) {
        char text[256];

        (void)config_bed_load_well(NULL);
        if (keys[_i].by_default)
                config_bed_expect_listed(keys[_i].key, keys[_i].by_default, "kubelet default");

        run_kubelet("");
        config_bed_write_kubelet(BED_KUBELET, keys[_i].in_file);
        config_bed_load_all_well();
        config_bed_expect_listed(keys[_i].key, keys[_i].file_value,
                                 "/var/lib/kubelet/config.yaml:3");

        config_bed_write_kubelet("etc/kubelet.d/10.conf", keys[_i].in_drop_in);
        config_bed_load_all_well();
        config_bed_expect_listed(keys[_i].key, keys[_i].drop_in_value, "/etc/kubelet.d/10.conf:3");

        if (keys[_i].flag) {
                run_kubelet(keys[_i].flag);
                config_bed_load_all_well();
                config_bed_expect_listed(keys[_i].key, keys[_i].flag_value, keys[_i].flag_source);
        }
        (void)snprintf(text, sizeof(text), "kubelet:\n  %s\n", keys[_i].in_slugd);
        folder_write(&bed.folder, BED_SLUGD, text);
        config_bed_load_all_well();
        config_bed_expect_listed(keys[_i].key, keys[_i].slugd_value, "/etc/slug/slugd.yaml:2");
}
END_TEST

/* Gates */

START_TEST(gates_of_flags_are_added_to_those_of_files) {
        run_kubelet("--feature-gates=QOSReserved=true,Other=false --feature-gates=More=true");
        config_bed_write_kubelet(BED_KUBELET,
                                 "featureGates:\n  MemoryQoS: false\n"
                                 "  PodLevelResourceManagers: true\n  QOSReserved: false\n");
        config_bed_load_all_well();
        ck_assert_int_eq(bed.config->kubelet.memory_qos, CONFIG_GATE_OFF);
        ck_assert_int_eq(bed.config->kubelet.qos_reserved, CONFIG_GATE_ON);
        ck_assert(bed.config->kubelet.pod_level_memory);
        config_bed_expect_listed("kubelet.featureGates.MemoryQoS", "false",
                                 "/var/lib/kubelet/config.yaml:4");
}
END_TEST

static const struct {
        const char *gates;
        ConfigGate memory_qos, qos_reserved;
        bool pod_level;
} all_gates[] = {
        { "{}", CONFIG_GATE_UNSET, CONFIG_GATE_UNSET, false },
        { "{AllAlpha: true}", CONFIG_GATE_ON, CONFIG_GATE_ON, true },
        { "{AllAlpha: true, MemoryQoS: false}", CONFIG_GATE_OFF, CONFIG_GATE_ON, true },
        { "{AllAlpha: false}", CONFIG_GATE_UNSET, CONFIG_GATE_OFF, false },
        /* on where it is beta, off where it is alpha */
        { "{AllBeta: true}", CONFIG_GATE_UNSET, CONFIG_GATE_UNSET, false },
        { "{AllBeta: false}", CONFIG_GATE_OFF, CONFIG_GATE_UNSET, false },
        { "{AllBeta: false, MemoryQoS: true}", CONFIG_GATE_ON, CONFIG_GATE_UNSET, false },
        { "{AllAlpha: true, AllBeta: false}", CONFIG_GATE_UNSET, CONFIG_GATE_ON, false },
        { "{MemoryQoS: null, QOSReserved: null}", CONFIG_GATE_UNSET, CONFIG_GATE_UNSET, false },
};

START_TEST(gates_of_a_kind_stand_for_what_is_not_named) {
        char text[256];

        (void)snprintf(text, sizeof(text), "featureGates: %s\n", all_gates[_i].gates);
        config_bed_write_kubelet(BED_KUBELET, text);
        config_bed_load_all_well();
        ck_assert_int_eq(bed.config->kubelet.memory_qos, all_gates[_i].memory_qos);
        ck_assert_int_eq(bed.config->kubelet.qos_reserved, all_gates[_i].qos_reserved);
        ck_assert(bed.config->kubelet.pod_level_memory == all_gates[_i].pod_level);
}
END_TEST

/* Enforcement */

static const struct {
        const char *text;
        bool pods, system_reserved, kube_reserved;
} enforcements[] = {
        { "[pods]", true, false, false },
        { "[pods, system-reserved]", true, true, false },
        { "[kube-reserved]", false, false, true },
        { "[system-reserved, kube-reserved]", false, true, true },
        { "[pods, system-reserved-compressible, kube-reserved-compressible]", true, false, false },
        { "[none]", false, false, false },
};

START_TEST(only_the_full_form_of_enforcement_limits_memory) {
        char text[256];

        (void)snprintf(text, sizeof(text), "enforceNodeAllocatable: %s\n", enforcements[_i].text);
        config_bed_write_kubelet(BED_KUBELET, text);
        config_bed_load_all_well();
        ck_assert(bed.config->kubelet.enforces_pods == enforcements[_i].pods);
        ck_assert(bed.config->kubelet.enforces_system_reserved == enforcements[_i].system_reserved);
        ck_assert(bed.config->kubelet.enforces_kube_reserved == enforcements[_i].kube_reserved);
}
END_TEST

/* What is refused */

static const struct {
        const char *text;    /* in slugd.yaml's kubelet */
        const char *message; /* behind "/etc/slug/slugd.yaml:2:" */
        bool is_kubelets;    /* it is refused in the kubelet's file as well */
} refusals[] = {
        { "featureGates: {MemoryQoS: 1}", "29: MemoryQoS expects true or false, not '1'", true },
        { "qosReserved: {cpu: 50%}", "17: unknown key 'cpu'; known keys here: memory", true },
        { "qosReserved: {memory: 1Gi}",
          "25: memory expects whole percents from 0% to 100%, not '1Gi'", true },
        { "qosReserved: 50%", "16: qosReserved expects a mapping, not '50%'", true },
        { "systemReservedCgroup: /a/../b",
          "25: systemReservedCgroup expects the path of a cgroup such as /pods, not '/a/../b'",
          true },
        { "kubeReservedCgroup: [a]",
          "23: kubeReservedCgroup expects the path of a cgroup such as /pods, not a list", true },
        { "topologyManagerPolicy: Restricted",
          "26: topologyManagerPolicy expects one of none, best-effort, restricted, "
          "single-numa-node, not 'Restricted'",
          true },
        { "topologyManagerPolicyOptions: {max-allowable-numa-nodes: \"7\"}",
          "60: max-allowable-numa-nodes expects a number of NUMA nodes, 8 or more, not '7'", true },
        { "topologyManagerPolicyOptions: {max-allowable-numa-nodes: many}",
          "60: max-allowable-numa-nodes expects a number of NUMA nodes, 8 or more, not 'many'",
          true },
        { "topologyManagerPolicyOptions: {max-numa-nodes: \"9\"}",
          "34: unknown key 'max-numa-nodes'; known keys here: max-allowable-numa-nodes, "
          "prefer-closest-numa-nodes",
          false },
        { "cpuManagerPolicy: Static",
          "21: cpuManagerPolicy expects one of none, static, "
          "not 'Static'",
          true },
        { "failSwapOn: maybe", "15: failSwapOn expects true or false, not 'maybe'", true },
        { "memorySwap: {swapBehavior: Swap}",
          "30: swapBehavior expects one of NoSwap, LimitedSwap, UnlimitedSwap, not 'Swap'", true },
        { "memorySwap: {behavior: NoSwap}",
          "16: unknown key 'behavior'; known keys here: swapBehavior", false },
};

START_TEST(mistakes_of_slugd_are_refused) {
        char text[256], expected[DIAG_FORMATTED_MAX];

        (void)snprintf(text, sizeof(text), "kubelet:\n  %s\n", refusals[_i].text);
        (void)snprintf(expected, sizeof(expected), "2:%s", refusals[_i].message);
        config_bed_expect_refused(text, expected);
}
END_TEST

START_TEST(mistakes_of_the_kubelet_are_its_problem) {
        config_bed_write_kubelet(BED_KUBELET, refusals[_i].text);
        (void)config_bed_load_well(NULL);
        ck_assert(bed.config->has_kubelet_problem == refusals[_i].is_kubelets);
        ck_assert_str_eq(bed.config->kubelet.topology_policy, "none");
        ck_assert(bed.config->kubelet.fails_on_swap);
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("kubelet-qos");
        TCase *files = tcase_create("files");

        tcase_add_checked_fixture(files, config_bed_setup, config_bed_teardown);
        tcase_add_loop_test(files, a_key_comes_from_the_last_place_that_has_it, 0,
                            ELEMENTSOF(keys));
        tcase_add_test(files, gates_of_flags_are_added_to_those_of_files);
        tcase_add_loop_test(files, gates_of_a_kind_stand_for_what_is_not_named, 0,
                            ELEMENTSOF(all_gates));
        tcase_add_loop_test(files, only_the_full_form_of_enforcement_limits_memory, 0,
                            ELEMENTSOF(enforcements));
        tcase_add_loop_test(files, mistakes_of_slugd_are_refused, 0, ELEMENTSOF(refusals));
        tcase_add_loop_test(files, mistakes_of_the_kubelet_are_its_problem, 0,
                            ELEMENTSOF(refusals));
        suite_add_tcase(all, files);
        return all;
}
