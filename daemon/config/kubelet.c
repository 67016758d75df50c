/* SPDX-License-Identifier: Apache-2.0 */
#include "config/kubelet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "config/managers.h"
#include "config/reserved.h"
#include "config/scalar.h"

/*
 * The kubelet's fields, bound with the kubelet's own rules: what makes the kubelet refuse to
 * start is an error here, because whatever is read out of such a file describes no running
 * kubelet. Checked is each field by itself; that cgroupsPerQOS: false goes with no enforcement,
 * or that a reservation fits the machine, is not decided here.
 *
 * The same fields stand in two files, the kubelet's and slugd.yaml. In the first, unknown keys
 * and unknown eviction signals are left alone, because newer kubelets bring more of them; in the
 * second they are slips of the hand. A key of slugd.yaml replaces the kubelet's value as a whole.
 * What comes from where in the kubelet's own files is merged before it gets here (told.c).
 *
 * evictionHard has a default (memory.available 100Mi), and setting any of its signals removes the
 * defaults of all others, unless mergeDefaultEvictionSettings says otherwise. That switch may
 * come from another file than the map, so it is applied at the end. A threshold written "0%" or
 * "100%" is none at all; "0.0%" is one of nothing.
 *
 * Source: the kubelet's server.go (parseResourceList, loadConfigFile), eviction/helpers.go,
 * eviction/defaults_linux.go and config validation, read at 1.36.
 */
#define EVICTION_DEFAULT_BYTES   (100 * MIB)
#define EVICTION_DEFAULT_SETTING "100Mi"

void kubelet_set_defaults(KubeletConfig *config) {
        *config = (KubeletConfig){
                .file = CONFIG_DEFAULT_KUBELET_FILE,
                .file_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .process_name = CONFIG_DEFAULT_PROCESS_NAME,
                .dir_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .flags_file_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .process_name_source.origin = CONFIG_ORIGIN_SLUGD_DEFAULT,
                .eviction_hard = { .is_set = true,
                                   .bytes = EVICTION_DEFAULT_BYTES,
                                   .setting = EVICTION_DEFAULT_SETTING },
                .enforces_pods = true,
                .enforced = "pods",
                .cgroups_per_qos = true,
                .topology_policy = "none",
                .cpu_policy = "none",
                .fails_on_swap = true,
        };
}

/* systemReserved, kubeReserved */

static int
parse_reserved_bytes(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        ConfigBytes *bytes = ret;
        int r;

        r = reserved_parse_bytes(file, key, value, &bytes->bytes);
        if (r != 0)
                return r;
        memcpy(bytes->setting, value->text, value->n_text + 1);
        bytes->source = bind_source(file, key);
        return 0;
}

/* Of what is not memory, only that it is a quantity. */
static int check_quantity(const BindFile *file,
                          const YamlNode *key,
                          const YamlNode *value,
                          _unused_ void *ret) {
        Quantity quantity;

        return reserved_parse_quantity(file, key, value, &quantity);
}

static int
parse_reservation(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "cpu", check_quantity, 0, 0 },
                { "memory", parse_reserved_bytes, 0, 0 },
                { "ephemeral-storage", check_quantity, 0, 0 },
                { "pid", check_quantity, 0, 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };
        ConfigBytes bytes = { .source = bind_source(file, key) };
        int r;

        r = bind_mapping(file, key, value, &table, &bytes);
        if (r != 0)
                return r;
        *(ConfigBytes *)ret = bytes;
        return 0;
}

/* evictionHard */

static int parse_percentage(const BindFile *file,
                            const YamlNode *key,
                            const YamlNode *value,
                            ConfigThreshold *threshold) {
        int r;

        threshold->is_percentage = true;
        r = scalar_parse_percentage(value->text, &threshold->fraction);
        if (r == SCALAR_E_RANGE)
                return bind_expects(file, key, value, "a percentage from 0% to 100%");
        if (r != 0)
                return bind_expects(file, key, value, "a percentage such as 5%");
        return 0;
}

static int
parse_threshold(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        ConfigThreshold threshold = { .is_set = true, .source = bind_source(file, key) };
        int r = 0;

        if (value->type != YAML_TYPE_SCALAR)
                return bind_expects(file, key, value, "a quantity such as 100Mi or 5%");
        if (value->n_text >= sizeof(threshold.setting))
                return bind_refuse(file, value, "%s expects at most %zu characters, not %zu",
                                   key->text, sizeof(threshold.setting) - 1, value->n_text);
        if (yaml_is_text(value, "0%") || yaml_is_text(value, "100%"))
                threshold.is_set = false;
        else if (value->n_text > 0 && value->text[value->n_text - 1] == '%')
                r = parse_percentage(file, key, value, &threshold);
        else
                r = reserved_parse_positive(file, key, value, &threshold.bytes);
        if (r != 0)
                return r;
        memcpy(threshold.setting, value->text, value->n_text + 1);
        *(ConfigThreshold *)ret = threshold;
        return 0;
}

static int check_threshold(const BindFile *file,
                           const YamlNode *key,
                           const YamlNode *value,
                           _unused_ void *ret) {
        ConfigThreshold threshold;

        return parse_threshold(file, key, value, &threshold);
}

static int
parse_eviction(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "memory.available", parse_threshold, 0, 0 },
                { "nodefs.available", check_threshold, 0, 0 },
                { "nodefs.inodesFree", check_threshold, 0, 0 },
                { "imagefs.available", check_threshold, 0, 0 },
                { "imagefs.inodesFree", check_threshold, 0, 0 },
                { "containerfs.available", check_threshold, 0, 0 },
                { "containerfs.inodesFree", check_threshold, 0, 0 },
                { "allocatableMemory.available", check_threshold, 0, 0 },
                { "pid.available", check_threshold, 0, 0 },
        };
        const BindTable table = {
                BIND_FIELDS(fields),
                .ignores_unknown = file->origin == CONFIG_ORIGIN_KUBELET,
        };
        ConfigThreshold threshold = { .source = bind_source(file, key) };
        int r;

        r = bind_mapping(file, key, value, &table, &threshold);
        if (r != 0)
                return r;
        *(ConfigThreshold *)ret = threshold;
        return 0;
}

void kubelet_settle(KubeletConfig *config) {
        KubeletConfig defaults;

        /* Set, but without memory.available. */
        if (!config->merges_default_eviction || config->eviction_hard.setting[0] != '\0')
                return;
        kubelet_set_defaults(&defaults);
        config->eviction_hard = defaults.eviction_hard;
}

/* enforceNodeAllocatable */

enum {
        ENFORCE_PODS = 1 << 0,
        ENFORCE_SYSTEM = 1 << 1,
        ENFORCE_KUBE = 1 << 2,
        ENFORCE_SYSTEM_COMPRESSIBLE = 1 << 3,
        ENFORCE_KUBE_COMPRESSIBLE = 1 << 4,
        ENFORCE_NONE = 1 << 5,
};

static bool has_both(int mask, int a, int b) {
        return (mask & a) && (mask & b);
}

/* Says why @word does not go with @earlier; NULL when it does. */
static const char *find_conflict(int earlier, int word) {
        int all = earlier | word;

        if (earlier & word)
                return "is there twice";
        if (earlier && (all & ENFORCE_NONE))
                return "cannot go with others: none stands alone";
        if (has_both(all, ENFORCE_SYSTEM, ENFORCE_SYSTEM_COMPRESSIBLE))
                return "cannot go with the other form of system-reserved";
        if (has_both(all, ENFORCE_KUBE, ENFORCE_KUBE_COMPRESSIBLE))
                return "cannot go with the other form of kube-reserved";
        return NULL;
}

static int
parse_enforcement(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindWord words[] = {
                { "pods", ENFORCE_PODS },
                { "system-reserved", ENFORCE_SYSTEM },
                { "kube-reserved", ENFORCE_KUBE },
                { "system-reserved-compressible", ENFORCE_SYSTEM_COMPRESSIBLE },
                { "kube-reserved-compressible", ENFORCE_KUBE_COMPRESSIBLE },
                { "none", ENFORCE_NONE },
        };
        KubeletConfig *config = ret;
        char enforced[CONFIG_WORDS_MAX] = "";
        int mask = 0, r;

        r = bind_check_list(file, key, value, YAML_NODES_MAX);
        if (r != 0)
                return r;
        YAML_FOREACH (entry, value) {
                const char *conflict;
                int word = 0;

                r = bind_word(file, key, entry->value, words, ELEMENTSOF(words), &word);
                if (r != 0)
                        return r;
                conflict = find_conflict(mask, word);
                if (conflict)
                        return bind_refuse(file, entry->value, "%s: '%s' %s", key->text,
                                           entry->value->text, conflict);
                mask |= word;
                /* six words that cannot be given twice always fit */
                (void)snprintf(enforced + strlen(enforced), sizeof(enforced) - strlen(enforced),
                               "%s%s", enforced[0] ? ", " : "", entry->value->text);
        }
        memcpy(config->enforced, enforced, sizeof(enforced));
        config->enforces_pods = mask & ENFORCE_PODS;
        config->enforces_system_reserved = mask & ENFORCE_SYSTEM;
        config->enforces_kube_reserved = mask & ENFORCE_KUBE;
        config->enforce_source = bind_source(file, key);
        return 0;
}

/* The rest */

static int
parse_memory_policy(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        /* The empty word is the default, as in files written by tools. */
        static const BindWord words[] = { { "None", false }, { "Static", true }, { "", false } };
        int is_static = false, r;

        r = bind_word(file, key, value, words, ELEMENTSOF(words), &is_static);
        if (r != 0)
                return r;
        *(bool *)ret = is_static;
        return 0;
}

#define FIELD(key, parse, member, from)                                                            \
        { key, parse, offsetof(KubeletConfig, member), offsetof(KubeletConfig, from) }

static int
parse_reserved_memory(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        KubeletConfig *config = ret;
        ConfigReservedMemory *entries = NULL;
        size_t n_entries = 0;
        int r;

        r = reserved_parse_memory(file, key, value, &entries, &n_entries);
        if (r != 0)
                return r;
        free(config->reserved_memory);
        config->reserved_memory = entries;
        config->n_reserved_memory = n_entries;
        config->reserved_memory_source = bind_source(file, key);
        return 0;
}

static int
parse_process_name(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        if (value->type != YAML_TYPE_SCALAR || value->n_text == 0 ||
            value->n_text >= CONFIG_PROCESS_NAME_MAX || strchr(value->text, '/'))
                return bind_expects(file, key, value,
                                    "the name of a process, of at most 15 characters");
        memcpy(ret, value->text, value->n_text + 1);
        return 0;
}

/* In upper case, too: the kubelet takes it so, and makes it lower case. */
static int
parse_host_name(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        if (value->type != YAML_TYPE_SCALAR || value->n_text == 0 ||
            value->n_text >= CONFIG_NAME_MAX)
                return bind_expects(file, key, value, "a name such as worker-1");
        memcpy(ret, value->text, value->n_text + 1);
        return 0;
}

/* Without a slash in front, too: the kubelet takes it so. */
static int
parse_cgroup(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        if (value->type != YAML_TYPE_SCALAR || value->n_text >= CONFIG_PATH_MAX ||
            strstr(value->text, ".."))
                return bind_expects(file, key, value, "the path of a cgroup such as /pods");
        memcpy(ret, value->text, value->n_text + 1);
        return 0;
}

/* The first are slugd's own and not the kubelet's. */
#define N_PLACES 4u
static const BindField kubelet_fields[] = {
        FIELD("configFile", bind_path, file, file_source),
        FIELD("configDir", bind_path, dir, dir_source),
        FIELD("flagsFile", bind_path, flags_file, flags_file_source),
        FIELD("processName", parse_process_name, process_name, process_name_source),
        { "systemReserved", parse_reservation, offsetof(KubeletConfig, system_reserved), 0 },
        { "kubeReserved", parse_reservation, offsetof(KubeletConfig, kube_reserved), 0 },
        { "evictionHard", parse_eviction, offsetof(KubeletConfig, eviction_hard), 0 },
        FIELD("mergeDefaultEvictionSettings", bind_bool, merges_default_eviction, merges_source),
        { "enforceNodeAllocatable", parse_enforcement, 0, 0 },
        FIELD("cgroupsPerQOS", bind_bool, cgroups_per_qos, cgroups_source),
        FIELD("cgroupRoot", parse_cgroup, cgroup_root, cgroup_root_source),
        FIELD("memoryManagerPolicy", parse_memory_policy, static_memory_policy, policy_source),
        { "featureGates", managers_parse_gates, 0, 0 },
        { "reservedMemory", parse_reserved_memory, 0, 0 },
        { "qosReserved", managers_parse_qos_reserved, 0, 0 },
        FIELD("systemReservedCgroup",
              parse_cgroup,
              system_reserved_cgroup,
              system_reserved_cgroup_source),
        FIELD("kubeReservedCgroup",
              parse_cgroup,
              kube_reserved_cgroup,
              kube_reserved_cgroup_source),
        FIELD("topologyManagerPolicy",
              managers_parse_topology_policy,
              topology_policy,
              topology_policy_source),
        { "topologyManagerPolicyOptions", managers_parse_topology_options, 0, 0 },
        FIELD("cpuManagerPolicy", managers_parse_cpu_policy, cpu_policy, cpu_policy_source),
        FIELD("failSwapOn", bind_bool, fails_on_swap, fails_on_swap_source),
        { "memorySwap", managers_parse_swap, 0, 0 },
};

int kubelet_bind_places(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *section,
                        KubeletConfig *config) {
        static const BindTable table = {
                .fields = kubelet_fields,
                .n_fields = N_PLACES,
                .ignores_unknown = true,
                .ignores_null = true,
        };

        return bind_mapping(file, key, section, &table, config);
}

int kubelet_bind_section(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *section,
                         KubeletConfig *config) {
        static const BindTable table = { BIND_FIELDS(kubelet_fields), .ignores_null = true };

        return bind_mapping(file, key, section, &table, config);
}

int kubelet_bind_document(const BindFile *file, const YamlNode *document, KubeletConfig *config) {
        static const BindTable table = {
                .fields = kubelet_fields + N_PLACES,
                .n_fields = ELEMENTSOF(kubelet_fields) - N_PLACES,
                .ignores_unknown = true,
                .ignores_null = true,
        };

        return bind_mapping(file, NULL, document, &table, config);
}

int kubelet_bind_names(const BindFile *file, const YamlNode *names, KubeletConfig *config) {
        static const BindField fields[] = {
                FIELD("configFile", bind_path, file, file_source),
                FIELD("configDir", bind_path, dir, dir_source),
                FIELD("hostnameOverride", parse_host_name, host_name, host_name_source),
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, NULL, names, &table, config);
}

void kubelet_deinit(KubeletConfig *config) {
        free(config->reserved_memory);
        config->reserved_memory = NULL;
        config->n_reserved_memory = 0;
}
