/* SPDX-License-Identifier: Apache-2.0 */
#include "config/qos.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/reserved.h"
#include "config/scalar.h"

/*
 * slugd writes nothing to cgroups until it is told to: qos.manage is empty by default, and every
 * other key of the section only says what a word of it would write.
 *
 * What the machine has is not known here. A NUMA node that is not there, or a mask without normal
 * memory, is found where the plan is made; a NUMA node that the patched kernel has no limit for is
 * found here, because no machine has one.
 */
#define NODE_LIMIT_NODES            4u /* of the patched kernel: node_limit[4] */
#define NODE_LIMIT_INTERVAL_DEFAULT USEC_PER_SEC

void config_qos_set_defaults(ConfigQos *qos) {
        *qos = (ConfigQos){
                .manage_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .reserved_memory.source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .node_limit_interval_usec = NODE_LIMIT_INTERVAL_DEFAULT,
                .node_limit_interval_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
        };
        for (size_t i = 0; i < ELEMENTSOF(qos->masks); ++i)
                qos->masks[i].source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT;
}

/* manage */

static int
parse_manage(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "memory.max", 1 << 0 },          { "memory.min", 1 << 1 },
                { "memory.low", 1 << 2 },          { "cpuset.mems", 1 << 3 },
                { "reserved.memory.max", 1 << 4 }, { "reserved.memory.min", 1 << 5 },
                { "memory.node_limit", 1 << 6 },
        };
        ConfigQos *qos = ret;
        int r;

        r = bind_check_list(file, key, value, ELEMENTSOF(words));
        if (r != 0)
                return r;
        YAML_FOREACH (entry, value) {
                size_t n = strlen(qos->manage);
                int bit = 0;

                r = bind_word(file, key, entry->value, words, ELEMENTSOF(words), &bit);
                if (r != 0)
                        return r;
                if (qos->manages & (unsigned)bit)
                        return bind_refuse(file, entry->value, "%s: '%s' is there twice", key->text,
                                           entry->value->text);
                qos->manages |= (unsigned)bit;
                /* all words, each once, always fit */
                (void)snprintf(qos->manage + n, sizeof(qos->manage) - n, "%s%s", n ? ", " : "",
                               entry->value->text);
        }
        return 0;
}

/* reserved */

static int
parse_reserved(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = { { "memory", bind_percent, 0, 0 } };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

/* cpusetMems */

static int parse_mask(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "local", CONFIG_MASK_LOCAL },
                { "remote", CONFIG_MASK_REMOTE },
                { "all", CONFIG_MASK_ALL },
        };
        ConfigMask mask = { .kind = CONFIG_MASK_LIST, .source = bind_source(file, key) };

        for (size_t i = 0; i < ELEMENTSOF(words); ++i)
                if (yaml_is_text(value, words[i].word))
                        mask.kind = (ConfigMaskKind)words[i].value;
        if (mask.kind == CONFIG_MASK_LIST &&
            (value->type != YAML_TYPE_SCALAR ||
             nodeset_parse(value->text, value->n_text, &mask.nodes) != 0 ||
             nodeset_is_empty(&mask.nodes)))
                return bind_expects(file, key, value,
                                    "local, remote, all, or ids of NUMA nodes such as 0-1,3");
        *(ConfigMask *)ret = mask;
        return 0;
}

static int
parse_masks(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "kubepods", parse_mask, 0 * sizeof(ConfigMask), 0 },
                { "burstable", parse_mask, 1 * sizeof(ConfigMask), 0 },
                { "besteffort", parse_mask, 2 * sizeof(ConfigMask), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

/* nodeLimits */

static int parse_limit_node(const BindFile *file, const YamlNode *key, unsigned *ret) {
        char quoted[YAML_QUOTED_MAX];
        uint64_t node = 0;

        if (scalar_parse_u64(key->text, &node) != 0)
                return bind_refuse(file, key, "expected the id of a NUMA node, 0 to %u, not %s",
                                   NODE_LIMIT_NODES - 1, yaml_quote(key->text, quoted));
        if (node >= NODE_LIMIT_NODES)
                return bind_refuse(file, key,
                                   "NUMA node %" PRIu64 " can have no limit: the kernel has room "
                                   "for those of NUMA nodes 0 to %u",
                                   node, NODE_LIMIT_NODES - 1);
        *ret = (unsigned)node;
        return 0;
}

static int add_limit(const BindFile *file, const YamlEntry *entry, unsigned level, ConfigQos *qos) {
        ConfigNodeLimit limit = { .level = level, .source = bind_source(file, entry->key) };
        int r;

        r = parse_limit_node(file, entry->key, &limit.node);
        if (r != 0)
                return r;
        for (size_t i = 0; i < qos->n_node_limits; ++i)
                if (qos->node_limits[i].level == level && qos->node_limits[i].node == limit.node)
                        return bind_refuse(file, entry->key, "NUMA node %u is there twice",
                                           limit.node);
        r = reserved_parse_positive(file, entry->key, entry->value, &limit.bytes);
        if (r != 0)
                return r;
        if (limit.bytes % MIB != 0)
                return bind_expects(file, entry->key, entry->value,
                                    "whole mebibytes, such as 512Mi");
        /* three levels of four NUMA nodes, each once, always fit */
        qos->node_limits[qos->n_node_limits++] = limit;
        return 0;
}

static int parse_limits(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *value,
                        ConfigQos *qos,
                        unsigned level) {
        if (yaml_is_null(value))
                return 0;
        if (value->type != YAML_TYPE_MAPPING)
                return bind_expects(file, key, value, "a mapping from NUMA nodes to quantities");
        YAML_FOREACH (entry, value) {
                int r = add_limit(file, entry, level, qos);

                if (r != 0)
                        return r;
        }
        return 0;
}

static int
parse_guaranteed(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        return parse_limits(file, key, value, ret, 0);
}

static int
parse_burstable(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        return parse_limits(file, key, value, ret, 1);
}

static int
parse_besteffort(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        return parse_limits(file, key, value, ret, 2);
}

static int
parse_node_limits(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "guaranteed", parse_guaranteed, 0, 0 },
                { "burstable", parse_burstable, 0, 0 },
                { "besteffort", parse_besteffort, 0, 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

static int
parse_interval(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindSpan span = { 100 * USEC_PER_MSEC, 60 * USEC_PER_SEC,
                                       "a duration from 100ms to 1m" };

        return bind_duration(file, key, value, &span, ret);
}

int config_qos_bind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "manage", parse_manage, 0, offsetof(ConfigQos, manage_source) },
                { "reserved", parse_reserved, offsetof(ConfigQos, reserved_memory), 0 },
                { "cpusetMems", parse_masks, offsetof(ConfigQos, masks), 0 },
                { "nodeLimits", parse_node_limits, 0, 0 },
                { "nodeLimitInterval", parse_interval,
                  offsetof(ConfigQos, node_limit_interval_usec),
                  offsetof(ConfigQos, node_limit_interval_source) },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}
