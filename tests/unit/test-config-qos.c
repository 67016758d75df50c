/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugd.yaml's qos: what becomes of each key, what is refused and how, and what the parameters of
 * the plan are made of.
 */
#include <stdio.h>
#include <string.h>

#include "config/settings.h"
#include "lib/config-bed.h"
#include "lib/test-main.h"
#include "manager/settings.h"

static Settings *settings;

static void setup(void) {
        config_bed_setup();
        settings = NULL;
}

static void teardown(void) {
        settings = settings_free(settings);
        config_bed_teardown();
}

static const QosParams *translate(const char *slugd) {
        (void)config_bed_load_well(slugd);
        settings = settings_free(settings);
        ck_assert_int_eq(settings_new(bed.config, &settings), 0);
        bed.config = NULL; /* taken */
        return &settings->qos;
}

/* What is said */

START_TEST(nothing_is_managed_by_default) {
        const ConfigQos *qos = &config_bed_load_well("")->qos;

        ck_assert_uint_eq(qos->manages, 0);
        ck_assert_str_eq(qos->manage, "");
        ck_assert(!qos->reserved_memory.is_set);
        ck_assert_uint_eq(qos->n_node_limits, 0);
        ck_assert_uint_eq(qos->node_limit_interval_usec, 1000000);
        for (size_t i = 0; i < ELEMENTSOF(qos->masks); ++i)
                ck_assert_int_eq(qos->masks[i].kind, CONFIG_MASK_UNSET);
        ck_assert_str_eq(config_bed_source(&qos->manage_source), "slugd default");
        ck_assert_str_eq(config_bed_source(&qos->masks[2].source), "slugd default");
}
END_TEST

static const struct {
        const char *word;
        unsigned bit;
} words[] = {
        { "memory.max", QOS_MANAGE_MEMORY_MAX },
        { "memory.min", QOS_MANAGE_MEMORY_MIN },
        { "memory.low", QOS_MANAGE_MEMORY_LOW },
        { "cpuset.mems", QOS_MANAGE_CPUSET_MEMS },
        { "reserved.memory.max", QOS_MANAGE_RESERVED_MEMORY_MAX },
        { "reserved.memory.min", QOS_MANAGE_RESERVED_MEMORY_MIN },
        { "memory.node_limit", QOS_MANAGE_NODE_LIMIT },
};

START_TEST(every_word_of_manage_is_a_bit_of_the_plan) {
        char text[128];

        (void)snprintf(text, sizeof(text), "qos: {manage: [%s]}", words[_i].word);
        ck_assert_uint_eq(translate(text)->manage, words[_i].bit);
        ck_assert_str_eq(settings->config->qos.manage, words[_i].word);
}
END_TEST

START_TEST(all_words_fit) {
        (void)config_bed_load_well(
                "qos:\n  manage: [memory.node_limit, memory.max, memory.min, memory.low, "
                "cpuset.mems, reserved.memory.max, reserved.memory.min]\n");
        ck_assert_uint_eq(bed.config->qos.manages, (1u << ELEMENTSOF(words)) - 1);
        ck_assert_str_eq(bed.config->qos.manage, "memory.node_limit, memory.max, memory.min, "
                                                 "memory.low, cpuset.mems, reserved.memory.max, "
                                                 "reserved.memory.min");
        ck_assert_str_eq(config_bed_source(&bed.config->qos.manage_source),
                         "/etc/slug/slugd.yaml:2");
}
END_TEST

static const struct {
        const char *text;
        ConfigMaskKind kind;
        QosMaskKind planned;
        const char *nodes;
} masks[] = {
        { "local", CONFIG_MASK_LOCAL, QOS_MASK_LOCAL, "" },
        { "remote", CONFIG_MASK_REMOTE, QOS_MASK_REMOTE, "" },
        { "all", CONFIG_MASK_ALL, QOS_MASK_ALL, "" },
        { "0", CONFIG_MASK_LIST, QOS_MASK_LIST, "0" },
        { "\"3\"", CONFIG_MASK_LIST, QOS_MASK_LIST, "3" },
        { "\"0-1,3\"", CONFIG_MASK_LIST, QOS_MASK_LIST, "0-1,3" },
        { "\"1023\"", CONFIG_MASK_LIST, QOS_MASK_LIST, "1023" },
};

START_TEST(a_mask_is_a_word_or_a_list) {
        static const char *const levels[] = { "kubepods", "burstable", "besteffort" };

        for (size_t i = 0; i < ELEMENTSOF(levels); ++i) {
                char text[128], nodes[NODESET_TEXT_MAX];
                const ConfigMask *mask;

                (void)snprintf(text, sizeof(text), "qos:\n  cpusetMems:\n    %s: %s\n", levels[i],
                               masks[_i].text);
                (void)translate(text);
                mask = &settings->config->qos.masks[i];
                ck_assert_int_eq(mask->kind, masks[_i].kind);
                ck_assert_str_eq(nodeset_format(&mask->nodes, nodes), masks[_i].nodes);
                ck_assert_str_eq(config_bed_source(&mask->source), "/etc/slug/slugd.yaml:3");
                for (size_t j = 0; j < ELEMENTSOF(levels); ++j)
                        ck_assert_int_eq(settings->qos.masks[j].kind,
                                         i == j ? masks[_i].planned : QOS_MASK_NONE);
                ck_assert(nodeset_is_equal(&settings->qos.masks[i].nodes, &mask->nodes));
        }
}
END_TEST

START_TEST(node_limits_are_kept_with_level_and_place) {
        const ConfigQos *qos;

        (void)config_bed_load_well("qos:\n"
                                   "  nodeLimits:\n"
                                   "    guaranteed: {0: 1Mi, 1: 2Mi, 2: 3Mi, 3: 4Gi}\n"
                                   "    burstable: {\"0\": 1Mi, 1: 2Mi, 2: 3Mi, 3: 4Mi}\n"
                                   "    besteffort:\n"
                                   "      3: 512Mi\n"
                                   "      2: 1Gi\n"
                                   "      1: 1048576\n"
                                   "      0: 0.5Gi\n");
        qos = &bed.config->qos;
        ck_assert_uint_eq(qos->n_node_limits, CONFIG_NODE_LIMITS_MAX);
        ck_assert_uint_eq(qos->node_limits[3].level, 0);
        ck_assert_uint_eq(qos->node_limits[3].node, 3);
        ck_assert_uint_eq(qos->node_limits[3].bytes, 4 * GIB);
        ck_assert_uint_eq(qos->node_limits[4].level, 1);
        ck_assert_uint_eq(qos->node_limits[8].level, 2);
        ck_assert_uint_eq(qos->node_limits[8].node, 3);
        ck_assert_uint_eq(qos->node_limits[11].bytes, 512 * MIB);
        ck_assert_str_eq(config_bed_source(&qos->node_limits[8].source), "/etc/slug/slugd.yaml:6");
}
END_TEST

static const char *const full_files[] = { "good/slugd-full.yaml", "good/slugd.json" };

START_TEST(yaml_and_json_say_the_same) {
        const ConfigQos *qos = &config_bed_load_fixture(full_files[_i])->qos;

        ck_assert_str_eq(qos->manage, "memory.max, cpuset.mems, reserved.memory.max, "
                                      "memory.node_limit");
        ck_assert_uint_eq(qos->reserved_memory.percent, 50);
        ck_assert_int_eq(qos->masks[1].kind, CONFIG_MASK_REMOTE);
        ck_assert_uint_eq(nodeset_count(&qos->masks[2].nodes), 3);
        ck_assert_uint_eq(qos->n_node_limits, 3);
        ck_assert_uint_eq(qos->node_limits[1].bytes, 8 * GIB);
        ck_assert_uint_eq(qos->node_limit_interval_usec, 500000);
        ck_assert_uint_eq(bed.config->kubelet.qos_reserved_memory.percent, 40);
        ck_assert_uint_eq(bed.config->kubelet.max_numa_nodes.value, 12);
        ck_assert_str_eq(bed.config->kubelet.swap_behavior, "LimitedSwap");
}
END_TEST

START_TEST(the_interval_has_its_bounds) {
        (void)config_bed_load_well("qos: {nodeLimitInterval: 100ms}");
        ck_assert_uint_eq(bed.config->qos.node_limit_interval_usec, 100000);
        (void)config_bed_load_well("qos: {nodeLimitInterval: 1m}");
        ck_assert_uint_eq(bed.config->qos.node_limit_interval_usec, 60000000);
}
END_TEST

START_TEST(a_drop_in_changes_a_level_and_leaves_the_others) {
        folder_write(&bed.folder, "etc/slug/slugd.yaml.d/10.yaml",
                     "qos:\n  manage: []\n  cpusetMems: {burstable: null}\n"
                     "  nodeLimits: {burstable: {0: 2Mi}}\n");
        (void)config_bed_load_well("qos:\n  manage: [memory.max]\n"
                                   "  cpusetMems: {burstable: local, besteffort: remote}\n"
                                   "  nodeLimits: {burstable: {0: 1Mi, 1: 1Mi}}\n");
        ck_assert_uint_eq(bed.config->qos.manages, 0);
        ck_assert_int_eq(bed.config->qos.masks[1].kind, CONFIG_MASK_UNSET);
        ck_assert_int_eq(bed.config->qos.masks[2].kind, CONFIG_MASK_REMOTE);
        ck_assert_uint_eq(bed.config->qos.n_node_limits, 2);
        ck_assert_uint_eq(bed.config->qos.node_limits[0].bytes, 2 * MIB);
        ck_assert_uint_eq(bed.config->qos.node_limits[1].bytes, 1 * MIB);
}
END_TEST

/* What is refused */

static const struct {
        const char *text;
        const char *message; /* behind "/etc/slug/slugd.yaml:" */
} refusals[] = {
        { "qos: [memory.max]", "1:6: qos expects a mapping, not a list" },
        { "qos: {manages: []}", "1:7: unknown key 'manages'; did you mean 'manage'? known keys "
                                "here: manage, reserved, cpusetMems, nodeLimits, "
                                "nodeLimitInterval" },
        { "qos: {manage: memory.max}", "1:15: manage expects a list, not 'memory.max'" },
        { "qos: {manage: [memory.high]}",
          "1:16: manage expects one of memory.max, memory.min, memory.low, cpuset.mems, "
          "reserved.memory.max, reserved.memory.min, memory.node_limit, not 'memory.high'" },
        { "qos: {manage: [memory.max, memory.max]}", "1:28: manage: 'memory.max' is there twice" },
        { "qos: {reserved: {cpu: 50%}}", "1:18: unknown key 'cpu'; known keys here: memory" },
        { "qos: {reserved: {memory: 50}}",
          "1:26: memory expects whole percents from 0% to 100%, not '50'" },
        { "qos: {reserved: {memory: 50.5%}}",
          "1:26: memory expects whole percents from 0% to 100%, not '50.5%'" },
        { "qos: {reserved: {memory: 101%}}",
          "1:26: memory expects whole percents from 0% to 100%, not '101%'" },
        { "qos: {reserved: {memory: -1%}}",
          "1:26: memory expects whole percents from 0% to 100%, not '-1%'" },
        { "qos: {cpusetMems: local}", "1:19: cpusetMems expects a mapping, not 'local'" },
        { "qos: {cpusetMems: {guaranteed: local}}",
          "1:20: unknown key 'guaranteed'; known keys here: kubepods, burstable, besteffort" },
        { "qos: {cpusetMems: {kubepods: near}}",
          "1:30: kubepods expects local, remote, all, or ids of NUMA nodes such as 0-1,3, "
          "not 'near'" },
        { "qos: {cpusetMems: {kubepods: \"\"}}",
          "1:30: kubepods expects local, remote, all, or ids of NUMA nodes such as 0-1,3, "
          "not ''" },
        { "qos: {cpusetMems: {kubepods: [0, 1]}}",
          "1:30: kubepods expects local, remote, all, or ids of NUMA nodes such as 0-1,3, "
          "not a list" },
        { "qos: {cpusetMems: {kubepods: 1024}}",
          "1:30: kubepods expects local, remote, all, or ids of NUMA nodes such as 0-1,3, "
          "not '1024'" },
        { "qos: {nodeLimits: {kubepods: {0: 1Mi}}}",
          "1:20: unknown key 'kubepods'; known keys here: guaranteed, burstable, besteffort" },
        { "qos: {nodeLimits: {burstable: 1Mi}}",
          "1:31: burstable expects a mapping from NUMA nodes to quantities, not '1Mi'" },
        { "qos: {nodeLimits: {burstable: {4: 1Mi}}}",
          "1:32: NUMA node 4 can have no limit: the kernel has room for those of NUMA nodes "
          "0 to 3" },
        { "qos: {nodeLimits: {burstable: {node0: 1Mi}}}",
          "1:32: expected the id of a NUMA node, 0 to 3, not 'node0'" },
        { "qos: {nodeLimits: {burstable: {0: 1Mi, 0x0: 1Mi}}}",
          "1:40: NUMA node 0 is there twice" },
        { "qos: {nodeLimits: {burstable: {0: 0}}}",
          "1:35: 0 expects a quantity above zero, not '0'" },
        { "qos: {nodeLimits: {burstable: {0: 1M}}}",
          "1:35: 0 expects whole mebibytes, such as 512Mi, not '1M'" },
        { "qos: {nodeLimits: {burstable: {0: 1.5Mi}}}",
          "1:35: 0 expects whole mebibytes, such as 512Mi, not '1.5Mi'" },
        { "qos: {nodeLimitInterval: 99ms}",
          "1:26: nodeLimitInterval expects a duration from 100ms to 1m, not '99ms'" },
        { "qos: {nodeLimitInterval: 61s}",
          "1:26: nodeLimitInterval expects a duration from 100ms to 1m, not '61s'" },
        { "qos: {nodeLimitInterval: 1}",
          "1:26: nodeLimitInterval expects a duration such as 30s, 500ms or 2m, not '1'" },
};

START_TEST(mistakes_are_refused_with_place_and_expectation) {
        config_bed_expect_refused(refusals[_i].text, refusals[_i].message);
}
END_TEST

/* What it means */

static const struct {
        const char *text;
        bool has_percent, is_kubelets;
        unsigned percent;
} reserves[] = {
        { "", false, false, 0 },
        { "qos: {reserved: {memory: 0%}}", true, false, 0 },
        { "qos: {reserved: {memory: 50%}}", true, false, 50 },
        { "kubelet: {qosReserved: {memory: 30%}}", true, false, 30 },
        { "kubelet: {qosReserved: {memory: 30%}, featureGates: {QOSReserved: true}}", true, true,
          30 },
        { "kubelet: {featureGates: {QOSReserved: true}}", false, false, 0 },
        { "kubelet: {qosReserved: {memory: 30%}, featureGates: {QOSReserved: true}}\n"
          "qos: {reserved: {memory: 60%}}",
          true, true, 60 },
};

START_TEST(the_share_is_slugds_and_else_the_kubelets) {
        const QosParams *params = translate(reserves[_i].text);

        ck_assert(params->has_reserved_percent == reserves[_i].has_percent);
        ck_assert_uint_eq(params->reserved_percent, reserves[_i].percent);
        ck_assert(params->kubelet.writes_qos_reserved == reserves[_i].is_kubelets);
}
END_TEST

START_TEST(what_the_kubelet_enforces_is_told_to_the_plan) {
        const QosKubelet *kubelet =
                &translate("kubelet:\n"
                           "  systemReserved: {memory: 1Gi}\n  kubeReserved: {memory: 2Gi}\n"
                           "  enforceNodeAllocatable: [pods, system-reserved, "
                           "kube-reserved-compressible]\n"
                           "  featureGates: {MemoryQoS: true}\n")
                         ->kubelet;

        ck_assert_int_eq(kubelet->memory_qos, QOS_GATE_ON);
        ck_assert(kubelet->enforces_system_reserved);
        ck_assert(!kubelet->enforces_kube_reserved);
        ck_assert_uint_eq(kubelet->system_reserved_bytes, GIB);
        ck_assert_uint_eq(kubelet->kube_reserved_bytes, 2 * GIB);
}
END_TEST

START_TEST(all_of_it_is_listed) {
        static const struct {
                const char *key, *value;
        } rows[] = {
                { "qos.manage", "[memory.max, cpuset.mems]" },
                { "qos.reserved.memory", "50%" },
                { "qos.cpusetMems.kubepods", "" },
                { "qos.cpusetMems.burstable", "local" },
                { "qos.cpusetMems.besteffort", "0-1,3" },
                { "qos.nodeLimits.burstable.3", "8Gi" },
                { "qos.nodeLimitInterval", "500ms" },
        };

        (void)translate("qos:\n  manage: [memory.max, cpuset.mems]\n  reserved: {memory: 50%}\n"
                        "  cpusetMems: {burstable: local, besteffort: \"0-1,3\"}\n"
                        "  nodeLimits: {burstable: {3: 8Gi}}\n  nodeLimitInterval: 500ms\n");
        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                const ConfigSetting *setting = config_settings_find(&settings->list, rows[i].key);

                ck_assert_msg(setting != NULL, "%s", rows[i].key);
                ck_assert_str_eq(setting->value, rows[i].value);
        }
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("config-qos");
        TCase *keys = tcase_create("keys"), *meaning = tcase_create("meaning");

        tcase_add_checked_fixture(keys, setup, teardown);
        tcase_add_test(keys, nothing_is_managed_by_default);
        tcase_add_loop_test(keys, every_word_of_manage_is_a_bit_of_the_plan, 0, ELEMENTSOF(words));
        tcase_add_test(keys, all_words_fit);
        tcase_add_loop_test(keys, a_mask_is_a_word_or_a_list, 0, ELEMENTSOF(masks));
        tcase_add_test(keys, node_limits_are_kept_with_level_and_place);
        tcase_add_loop_test(keys, yaml_and_json_say_the_same, 0, ELEMENTSOF(full_files));
        tcase_add_test(keys, the_interval_has_its_bounds);
        tcase_add_test(keys, a_drop_in_changes_a_level_and_leaves_the_others);
        tcase_add_loop_test(keys, mistakes_are_refused_with_place_and_expectation, 0,
                            ELEMENTSOF(refusals));
        suite_add_tcase(all, keys);

        tcase_add_checked_fixture(meaning, setup, teardown);
        tcase_add_loop_test(meaning, the_share_is_slugds_and_else_the_kubelets, 0,
                            ELEMENTSOF(reserves));
        tcase_add_test(meaning, what_the_kubelet_enforces_is_told_to_the_plan);
        tcase_add_test(meaning, all_of_it_is_listed);
        suite_add_tcase(all, meaning);
        return all;
}
