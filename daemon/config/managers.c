/* SPDX-License-Identifier: Apache-2.0 */
#include "config/managers.h"

#include <stdio.h>
#include <string.h>

#include "config/scalar.h"

/*
 * Gates are set one by one: whoever sets some leaves the others alone. AllAlpha and AllBeta are
 * gates, too, and mean every gate of that kind that is not named itself. Which kind MemoryQoS is
 * depends on the kubelet's version (alpha up to 1.36, then beta), which is not known here, so only
 * what both versions take the same way is taken from them.
 *
 * Only memory can be had by qosReserved; the kubelet does not start with any other key in it. An
 * empty word is a default, as in files written by tools.
 *
 * Source: the kubelet's container_manager.go (ParseQOSReserved), policy_options.go of the topology
 * manager, config validation, and component-base's featuregate, read at 1.36. UnlimitedSwap was
 * taken before 1.30.
 */
#define NUMA_NODES_MIN 8u /* of max-allowable-numa-nodes */

#define FIELD(key, parse, member, from)                                                            \
        { key, parse, offsetof(KubeletConfig, member), offsetof(KubeletConfig, from) }

/* Gates */

typedef struct Gate {
        ConfigGate state;
        ConfigSource source;
} Gate;

typedef struct Gates {
        Gate pod_level, memory_qos, qos_reserved, all_alpha, all_beta;
} Gates;

static int parse_gate(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        bool is_on = false;
        int r;

        r = bind_bool(file, key, value, &is_on);
        if (r != 0)
                return r;
        *(Gate *)ret = (Gate){
                .state = is_on ? CONFIG_GATE_ON : CONFIG_GATE_OFF,
                .source = bind_source(file, key),
        };
        return 0;
}

/* What it is where it is alpha in some versions, and in those after them beta and on. */
static const Gate *settle_gate(const Gates *gates, const Gate *gate) {
        if (gate->state != CONFIG_GATE_UNSET)
                return gate;
        if (gates->all_alpha.state == CONFIG_GATE_ON && gates->all_beta.state != CONFIG_GATE_OFF)
                return &gates->all_alpha;
        if (gates->all_beta.state == CONFIG_GATE_OFF && gates->all_alpha.state != CONFIG_GATE_ON)
                return &gates->all_beta;
        return gate;
}

int managers_parse_gates(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *value,
                         void *ret) {
        static const BindField fields[] = {
                { "PodLevelResourceManagers", parse_gate, offsetof(Gates, pod_level), 0 },
                { "MemoryQoS", parse_gate, offsetof(Gates, memory_qos), 0 },
                { "QOSReserved", parse_gate, offsetof(Gates, qos_reserved), 0 },
                { "AllAlpha", parse_gate, offsetof(Gates, all_alpha), 0 },
                { "AllBeta", parse_gate, offsetof(Gates, all_beta), 0 },
        };
        static const BindTable table = {
                BIND_FIELDS(fields),
                .ignores_unknown = true,
                .ignores_null = true,
        };
        KubeletConfig *config = ret;
        Gates gates = {};
        const Gate *gate;
        int r;

        r = bind_mapping(file, key, value, &table, &gates);
        if (r != 0)
                return r;
        gate = settle_gate(&gates, &gates.pod_level);
        if (gate->state != CONFIG_GATE_UNSET) {
                config->pod_level_memory = gate->state == CONFIG_GATE_ON;
                config->gates_source = gate->source;
        }
        gate = settle_gate(&gates, &gates.memory_qos);
        if (gate->state != CONFIG_GATE_UNSET) {
                config->memory_qos = gate->state;
                config->memory_qos_source = gate->source;
        }
        /* alpha in every version so far */
        gate = gates.qos_reserved.state != CONFIG_GATE_UNSET ? &gates.qos_reserved
                                                             : &gates.all_alpha;
        if (gate->state != CONFIG_GATE_UNSET) {
                config->qos_reserved = gate->state;
                config->qos_reserved_source = gate->source;
        }
        return 0;
}

/* QoS */

int managers_parse_qos_reserved(const BindFile *file,
                                const YamlNode *key,
                                const YamlNode *value,
                                void *ret) {
        static const BindField fields[] = { { "memory", bind_percent, 0, 0 } };
        static const BindTable table = { BIND_FIELDS(fields) };
        KubeletConfig *config = ret;
        ConfigPercent percent = { .source = bind_source(file, key) };
        int r;

        r = bind_mapping(file, key, value, &table, &percent);
        if (r != 0)
                return r;
        config->qos_reserved_memory = percent;
        return 0;
}

/* Topology and CPUs */

/* The empty word is the first one. */
static int keep_word(const BindFile *file,
                     const YamlNode *key,
                     const YamlNode *value,
                     const BindWord *words,
                     size_t n_words,
                     char ret[static CONFIG_SETTING_MAX]) {
        int unused = 0, r;

        r = bind_word(file, key, value, words, n_words, &unused);
        if (r != 0)
                return r;
        (void)snprintf(ret, CONFIG_SETTING_MAX, "%s", value->n_text ? value->text : words[0].word);
        return 0;
}

int managers_parse_topology_policy(const BindFile *file,
                                   const YamlNode *key,
                                   const YamlNode *value,
                                   void *ret) {
        static const BindWord words[] = {
                { "none", 0 }, { "best-effort", 0 }, { "restricted", 0 }, { "single-numa-node", 0 },
                { "", 0 },
        };

        return keep_word(file, key, value, words, ELEMENTSOF(words), ret);
}

int managers_parse_cpu_policy(const BindFile *file,
                              const YamlNode *key,
                              const YamlNode *value,
                              void *ret) {
        static const BindWord words[] = { { "none", 0 }, { "static", 0 }, { "", 0 } };

        return keep_word(file, key, value, words, ELEMENTSOF(words), ret);
}

static int
parse_max_nodes(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        uint64_t n = 0;

        if (value->type != YAML_TYPE_SCALAR || scalar_parse_u64(value->text, &n) != 0 ||
            n < NUMA_NODES_MIN || n > INT32_MAX)
                return bind_expects(file, key, value, "a number of NUMA nodes, 8 or more");
        *(OptU64 *)ret = opt_u64(n);
        return 0;
}

static int check_closest(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *value,
                         _unused_ void *ret) {
        if (value->type != YAML_TYPE_SCALAR)
                return bind_expects(file, key, value, "true or false");
        return 0;
}

int managers_parse_topology_options(const BindFile *file,
                                    const YamlNode *key,
                                    const YamlNode *value,
                                    void *ret) {
        static const BindField fields[] = {
                { "max-allowable-numa-nodes", parse_max_nodes, 0, 0 },
                { "prefer-closest-numa-nodes", check_closest, 0, 0 },
        };
        const BindTable table = {
                BIND_FIELDS(fields),
                .ignores_unknown = file->origin == CONFIG_ORIGIN_KUBELET,
        };
        KubeletConfig *config = ret;
        OptU64 n = {};
        int r;

        r = bind_mapping(file, key, value, &table, &n);
        if (r != 0)
                return r;
        config->max_numa_nodes = n;
        config->topology_options_source = bind_source(file, key);
        return 0;
}

/* Swap */

static int
parse_swap_behavior(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "NoSwap", 0 },
                { "LimitedSwap", 0 },
                { "UnlimitedSwap", 0 },
                { "", 0 },
        };

        return keep_word(file, key, value, words, ELEMENTSOF(words), ret);
}

int managers_parse_swap(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *value,
                        void *ret) {
        static const BindField fields[] = {
                FIELD("swapBehavior", parse_swap_behavior, swap_behavior, swap_behavior_source),
        };
        const BindTable table = {
                BIND_FIELDS(fields),
                .ignores_unknown = file->origin == CONFIG_ORIGIN_KUBELET,
                .ignores_null = true,
        };

        return bind_mapping(file, key, value, &table, ret);
}
