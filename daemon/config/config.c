/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/bind.h"
#include "config/chunks.h"
#include "config/documents.h"
#include "config/enforce.h"
#include "config/kubelet.h"
#include "config/qos.h"
#include "config/roles.h"
#include "config/scalar.h"
#include "config/told.h"

/*
 * slugd.yaml, and the order in which everything is read: slugd.yaml and its drop-ins as a whole, so
 * that they name the kubelet's files; then what the kubelet was told, or its defaults in their
 * place; then slugd.yaml's word on the kubelet on top.
 *
 * A drop-in is a JSON merge patch of what was read before it: a mapping key by key, a list or a
 * value as a whole, null back to the default. All of it is optional, the file itself included when
 * nobody asked for it by name. Nothing else about it is: one key that is not known, one value of
 * the wrong kind, and all is refused, because a setting that silently does nothing is worse than a
 * daemon that says what it wants.
 *
 * "classify" is kept in the order of the file: the first entry that matches a NUMA node decides.
 */
#define REFRESH_DEFAULT_USEC (30 * USEC_PER_SEC)
#define PENDING_DEFAULT_USEC (600 * USEC_PER_SEC)

const char *config_source_format(const ConfigSource *source,
                                 char buffer[static CONFIG_SOURCE_TEXT_MAX]) {
        switch (source->origin) {
        case CONFIG_ORIGIN_KUBELET:
        case CONFIG_ORIGIN_SLUGD_FILE:
                if (source->line == 0)
                        (void)snprintf(buffer, CONFIG_SOURCE_TEXT_MAX, "%s", source->file);
                else
                        (void)snprintf(buffer, CONFIG_SOURCE_TEXT_MAX, "%s:%u", source->file,
                                       source->line);
                return buffer;
        case CONFIG_ORIGIN_SLUGD_DEFAULT:
                (void)snprintf(buffer, CONFIG_SOURCE_TEXT_MAX, "slugd default");
                return buffer;
        case CONFIG_ORIGIN_DEFAULT:
        case _CONFIG_ORIGIN_N:
                break;
        }
        (void)snprintf(buffer, CONFIG_SOURCE_TEXT_MAX, "kubelet default");
        return buffer;
}

/* Plain settings */

static int
parse_node_name(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        if (value->type != YAML_TYPE_SCALAR || !scalar_is_node_name(value->text))
                return bind_expects(file, key, value, "a DNS-1123 subdomain such as worker-1");
        memcpy(ret, value->text, value->n_text + 1);
        return 0;
}

static int
parse_socket(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        int r = bind_path(file, key, value, ret);

        if (r == 0 && value->n_text >= CONFIG_SOCKET_MAX)
                return bind_refuse(file, value, "%s expects a path of at most %u bytes, not %zu",
                                   key->text, CONFIG_SOCKET_MAX - 1, value->n_text);
        return r;
}

static int parse_refresh_interval(const BindFile *file,
                                  const YamlNode *key,
                                  const YamlNode *value,
                                  void *ret) {
        static const BindSpan span = { 100 * USEC_PER_MSEC, 3600 * USEC_PER_SEC,
                                       "a duration from 100ms to 1h" };

        return bind_duration(file, key, value, &span, ret);
}

/* pods */

static int
parse_pending_timeout(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindSpan span = { 10 * USEC_PER_SEC, 24 * 3600 * USEC_PER_SEC,
                                       "a duration from 10s to 24h" };

        return bind_duration(file, key, value, &span, ret);
}

static int parse_pods(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "pendingTimeout", parse_pending_timeout, offsetof(Config, pending_timeout_usec),
                  offsetof(Config, pending_source) },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

/* reservation */

static int
parse_placement(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "local-first", CONFIG_PLACEMENT_LOCAL_FIRST },
                { "proportional", CONFIG_PLACEMENT_PROPORTIONAL },
        };
        Config *config = ret;
        int placement = 0, r;

        r = bind_word(file, key, value, words, ELEMENTSOF(words), &placement);
        if (r != 0)
                return r;
        config->placement = (ConfigPlacement)placement;
        config->placement_source = bind_source(file, key);
        return 0;
}

static int
parse_reservation(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = { { "placement", parse_placement, 0, 0 } };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

/* classify */

static int
parse_rule_node(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        unsigned node = 0;
        int r;

        r = bind_node_id(file, key, value, &node);
        if (r != 0)
                return r;
        *(OptU64 *)ret = opt_u64(node);
        return 0;
}

static int
parse_rule_kind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "dram", CONFIG_KIND_DRAM }, { "hbm", CONFIG_KIND_HBM },
                { "cxl", CONFIG_KIND_CXL },   { "pmem", CONFIG_KIND_PMEM },
                { "gpu", CONFIG_KIND_GPU },   { "unknown", CONFIG_KIND_UNKNOWN },
        };
        int kind = 0, r;

        r = bind_word(file, key, value, words, ELEMENTSOF(words), &kind);
        if (r != 0)
                return r;
        *(ConfigKind *)ret = (ConfigKind)kind;
        return 0;
}

/* In quotes, too: JSON has no hexadecimal numbers. */
static int
parse_rule_serial(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        uint64_t serial = 0;

        if (value->type != YAML_TYPE_SCALAR || scalar_parse_u64(value->text, &serial) != 0)
                return bind_expects(file, key, value, "a 64-bit number such as 0xabc0");
        *(OptU64 *)ret = opt_u64(serial);
        return 0;
}

static int
parse_rule_locality(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "local", CONFIG_LOCALITY_LOCAL },
                { "remote", CONFIG_LOCALITY_REMOTE },
                { "excluded", CONFIG_LOCALITY_EXCLUDED },
        };
        int locality = 0, r;

        r = bind_word(file, key, value, words, ELEMENTSOF(words), &locality);
        if (r != 0)
                return r;
        *(ConfigLocality *)ret = (ConfigLocality)locality;
        return 0;
}

static int
parse_rule(const BindFile *file, const YamlNode *key, const YamlNode *value, ConfigRule *ret) {
        static const BindField fields[] = {
                { "numaNode", parse_rule_node, offsetof(ConfigRule, node), 0 },
                { "kind", parse_rule_kind, offsetof(ConfigRule, kind), 0 },
                { "cxlSerial", parse_rule_serial, offsetof(ConfigRule, cxl_serial), 0 },
                { "locality", parse_rule_locality, offsetof(ConfigRule, locality), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };
        ConfigRule rule = { .source = bind_source(file, value) };
        unsigned n_selectors;
        int r;

        if (value->type != YAML_TYPE_MAPPING)
                return bind_expects(file, key, value, "mappings with a selector and a locality");
        r = bind_mapping(file, key, value, &table, &rule);
        if (r != 0)
                return r;
        n_selectors = (unsigned)rule.node.present + (rule.kind != CONFIG_KIND_UNSET) +
                      (unsigned)rule.cxl_serial.present;
        if (n_selectors != 1)
                return bind_refuse(
                        file, value,
                        "an entry of classify expects one of numaNode, kind and cxlSerial, not %u",
                        n_selectors);
        if (rule.locality == CONFIG_LOCALITY_UNSET)
                return bind_refuse(file, value,
                                   "locality is missing, expected one of local, remote, excluded");
        *ret = rule;
        return 0;
}

static int
parse_rules(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        Config *config = ret;
        int r;

        r = bind_check_list(file, key, value, CONFIG_RULES_MAX);
        if (r != 0 || value->n_entries == 0)
                return r;
        config->rules = calloc(value->n_entries, sizeof(*config->rules));
        if (!config->rules)
                return -ENOMEM;
        YAML_FOREACH (entry, value) {
                r = parse_rule(file, key, entry->value, &config->rules[config->n_rules]);
                if (r != 0)
                        return r;
                ++config->n_rules;
        }
        return 0;
}

/* kubelet: only where its files are; the rest comes when those were read. */
static int
parse_kubelet(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        return kubelet_bind_places(file, key, value, ret);
}

static int bind_slugd(const BindFile *file, const YamlNode *document, Config *config) {
        static const BindField fields[] = {
                { "nodeName", parse_node_name, offsetof(Config, node_name),
                  offsetof(Config, node_name_source) },
                { "socket", parse_socket, offsetof(Config, socket),
                  offsetof(Config, socket_source) },
                { "refreshInterval", parse_refresh_interval,
                  offsetof(Config, refresh_interval_usec), offsetof(Config, refresh_source) },
                { "pods", parse_pods, 0, 0 },
                { "reservation", parse_reservation, 0, 0 },
                { "classify", parse_rules, 0, 0 },
                { "roles", roles_bind, offsetof(Config, roles), 0 },
                { "qos", config_qos_bind, offsetof(Config, qos), 0 },
                { "chunks", config_chunks_bind, offsetof(Config, chunks), 0 },
                { "enforce", config_enforce_bind, offsetof(Config, enforce), 0 },
                { "kubelet", parse_kubelet, offsetof(Config, kubelet), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, NULL, document, &table, config);
}

/* slugd.yaml's word on the kubelet. */
static int bind_kubelet(const BindFile *file, const YamlNode *document, KubeletConfig *kubelet) {
        YAML_FOREACH (entry, document)
                if (yaml_is_text(entry->key, "kubelet"))
                        return kubelet_bind_section(file, entry->key, entry->value, kubelet);
        return 0;
}

/* What the kubelet was told, and slugd.yaml's word on it. @document: slugd.yaml. */
static int
load_kubelet(const Root *root, const BindFile *file, const YamlNode *document, Config *config) {
        int r;

        r = told_load(root, &config->kubelet, &config->files, &config->kubelet_problem);
        if (r < 0)
                return r;
        config->has_kubelet_problem = r > 0;
        config->is_kubelet_file_missing = r == CONFIG_E_ABSENT;
        r = bind_kubelet(file, document, &config->kubelet);
        if (r != 0)
                return r;
        kubelet_settle(&config->kubelet);
        return 0;
}

static void set_defaults(Config *config) {
        *config = (Config){
                .socket = CONFIG_DEFAULT_SOCKET,
                .node_name_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .socket_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .refresh_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .refresh_interval_usec = REFRESH_DEFAULT_USEC,
                .pending_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .pending_timeout_usec = PENDING_DEFAULT_USEC,
                .placement = CONFIG_PLACEMENT_LOCAL_FIRST,
                .placement_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
        };
        roles_set_defaults(&config->roles);
        config_qos_set_defaults(&config->qos);
        config_chunks_set_defaults(&config->chunks);
        config_enforce_set_defaults(&config->enforce);
        kubelet_set_defaults(&config->kubelet);
}

/* slugd.yaml and its drop-ins. @root: NULL when @file is the host's, and has to be there. */
static int read_slugd(const Root *root, const char *file, Documents *documents, Diag *reterr) {
        static const DropIns drop_ins = { .suffix = ".yaml" };
        char directory[CONFIG_PATH_MAX];
        int r;

        if ((size_t)snprintf(directory, sizeof(directory), "%s%s", file, CONFIG_DROP_INS) >=
            sizeof(directory)) {
                diag_set(reterr, file, 0, 0, "a path of more than %zu bytes",
                         sizeof(directory) - sizeof(CONFIG_DROP_INS));
                return CONFIG_E_INVALID;
        }
        r = documents_add_file(documents, root, file, NULL, reterr);
        if (r != 0 && (r != CONFIG_E_ABSENT || !root))
                return r;
        /* The first drop-in is a patch, too, whether or not there is a file to be patched. */
        if (!documents->tree)
                documents->tree = yaml_new_node(documents->arena, file, YAML_TYPE_MAPPING);
        if (!documents->tree)
                return -ENOMEM;
        r = documents_add_directory(documents, root, directory, &drop_ins, reterr);
        if (r != 0 && r != CONFIG_E_ABSENT)
                return r;
        if (reterr)
                *reterr = (Diag){};
        return 0;
}

/* @host_file: NULL: the default below @root. @root: NULL: what the kubelet was told is not asked
 * for. */
static int
load(const Root *root, const char *host_file, Documents *documents, Config *config, Diag *reterr) {
        const BindFile slugd = { .origin = CONFIG_ORIGIN_SLUGD_FILE, .reterr = reterr };
        int r;

        r = read_slugd(host_file ? NULL : root, host_file ? host_file : CONFIG_DEFAULT_FILE,
                       documents, reterr);
        if (r != 0)
                return r;
        r = bind_slugd(&slugd, documents->tree, config);
        if (r != 0)
                return r;
        return root ? load_kubelet(root, &slugd, documents->tree, config)
                    : bind_kubelet(&slugd, documents->tree, &config->kubelet);
}

int config_load(const Root *root, const char *file, Config **ret, Diag *reterr) {
        _cleanup_(documents_deinitp) Documents documents = {};
        _cleanup_(config_freep) Config *config = malloc(sizeof(*config));
        int r;

        if (!config)
                return -ENOMEM;
        set_defaults(config);
        r = documents_init(&documents, &config->files);
        if (r)
                return r;
        r = load(root, file, &documents, config, reterr);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(config);
        return 0;
}

int config_check(const char *file, Diag *reterr) {
        _cleanup_(config_freep) Config *config = NULL;

        return config_load(NULL, file, &config, reterr);
}

Config *config_free(Config *config) {
        if (!config)
                return NULL;
        kubelet_deinit(&config->kubelet);
        free(config->files.items);
        free(config->rules);
        free(config);
        return NULL;
}
