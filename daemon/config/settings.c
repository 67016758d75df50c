/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "config/chunks.h"

/*
 * The list is made of the bound values and not of the text of the files, so that it shows what is
 * in force. Two lists are compared by their keys: that is what a reload has changed.
 */

typedef struct Lister {
        ConfigSettings settings;
        int error;
} Lister;

_printf_(4, 5) static void add(Lister *self,
                               const char *key,
                               const ConfigSource *source,
                               const char *format,
                               ...) {
        ConfigSetting *items, *item;
        va_list args;

        if (self->error)
                return;
        items = reallocarray(self->settings.items, self->settings.n_items + 1, sizeof(*items));
        if (!items) {
                self->error = -ENOMEM;
                return;
        }
        self->settings.items = items;
        item = &items[self->settings.n_items++];
        (void)snprintf(item->key, sizeof(item->key), "%s", key);
        (void)config_source_format(source, item->source);
        va_start(args, format);
        (void)vsnprintf(item->value, sizeof(item->value), format, args);
        va_end(args);
}

static const char *format_interval(uint64_t usec, char text[static 32]) {
        if (usec % USEC_PER_SEC == 0)
                (void)snprintf(text, 32, "%" PRIu64 "s", usec / USEC_PER_SEC);
        else
                (void)snprintf(text, 32, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
        return text;
}

static void list_rule(Lister *self, const ConfigRule *rule, size_t index) {
        static const char *const kinds[] = {
                [CONFIG_KIND_UNSET] = "",          [CONFIG_KIND_DRAM] = "dram",
                [CONFIG_KIND_HBM] = "hbm",         [CONFIG_KIND_CXL] = "cxl",
                [CONFIG_KIND_PMEM] = "pmem",       [CONFIG_KIND_GPU] = "gpu",
                [CONFIG_KIND_UNKNOWN] = "unknown",
        };
        static const char *const localities[] = {
                [CONFIG_LOCALITY_UNSET] = "",
                [CONFIG_LOCALITY_LOCAL] = "local",
                [CONFIG_LOCALITY_REMOTE] = "remote",
                [CONFIG_LOCALITY_EXCLUDED] = "excluded",
        };
        char key[SETTING_KEY_MAX], selector[64];

        (void)snprintf(key, sizeof(key), "classify[%zu]", index);
        if (rule->node.present)
                (void)snprintf(selector, sizeof(selector), "numaNode: %" PRIu64, rule->node.value);
        else if (rule->cxl_serial.present)
                (void)snprintf(selector, sizeof(selector), "cxlSerial: 0x%" PRIx64,
                               rule->cxl_serial.value);
        else
                (void)snprintf(selector, sizeof(selector), "kind: %s", kinds[rule->kind]);
        add(self, key, &rule->source, "{%s, locality: %s}", selector, localities[rule->locality]);
}

static void list_names(Lister *self, const char *role, const char *what, const ConfigNames *names) {
        char key[SETTING_KEY_MAX], value[SETTING_VALUE_MAX] = "";
        size_t n = 0;

        for (size_t i = 0; i < names->n_items && n < sizeof(value); ++i)
                n += (size_t)snprintf(value + n, sizeof(value) - n, "%s%s", i > 0 ? ", " : "",
                                      names->items[i]);
        (void)snprintf(key, sizeof(key), "roles.%s.%s", role, what);
        add(self, key, &names->source, "[%s]", value);
}

static void list_role(Lister *self, const char *name, const ConfigRole *role) {
        list_names(self, name, "users", &role->users);
        list_names(self, name, "groups", &role->groups);
}

static void list_percent(Lister *self, const char *key, const ConfigPercent *percent) {
        if (percent->is_set)
                add(self, key, &percent->source, "%u%%", percent->percent);
        else
                add(self, key, &percent->source, "%s", "");
}

static void list_mask(Lister *self, const ConfigMask *mask, const char *level) {
        static const char *const words[] = {
                [CONFIG_MASK_UNSET] = "",
                [CONFIG_MASK_LOCAL] = "local",
                [CONFIG_MASK_REMOTE] = "remote",
                [CONFIG_MASK_ALL] = "all",
        };
        char key[SETTING_KEY_MAX], nodes[NODESET_TEXT_MAX];

        (void)snprintf(key, sizeof(key), "qos.cpusetMems.%s", level);
        add(self, key, &mask->source, "%s",
            mask->kind == CONFIG_MASK_LIST ? nodeset_format(&mask->nodes, nodes)
                                           : words[mask->kind]);
}

static void list_qos(Lister *self, const ConfigQos *qos) {
        static const char *const mask_levels[] = { "kubepods", "burstable", "besteffort" };
        static const char *const limit_levels[] = { "guaranteed", "burstable", "besteffort" };
        char key[SETTING_KEY_MAX], bytes[QUANTITY_TEXT_MAX], interval[32];

        add(self, "qos.manage", &qos->manage_source, "[%s]", qos->manage);
        list_percent(self, "qos.reserved.memory", &qos->reserved_memory);
        for (size_t i = 0; i < ELEMENTSOF(qos->masks); ++i)
                list_mask(self, &qos->masks[i], mask_levels[i]);
        for (size_t i = 0; i < qos->n_node_limits; ++i) {
                const ConfigNodeLimit *limit = &qos->node_limits[i];

                (void)snprintf(key, sizeof(key), "qos.nodeLimits.%s.%u", limit_levels[limit->level],
                               limit->node);
                add(self, key, &limit->source, "%s", quantity_format_bytes(limit->bytes, bytes));
        }
        add(self, "qos.nodeLimitInterval", &qos->node_limit_interval_source, "%s",
            format_interval(qos->node_limit_interval_usec, interval));
}

static void list_chunks(Lister *self, const ConfigChunks *chunks) {
        char bytes[QUANTITY_TEXT_MAX], interval[32];

        add(self, "chunks.size", &chunks->bytes_source, "%s",
            quantity_format_bytes(chunks->bytes, bytes));
        add(self, "chunks.resources", &chunks->resources_source, "%s",
            chunks->is_per_node ? "numa-node" : "aggregate");
        add(self, "chunks.topology", &chunks->topology_source, "%s",
            config_chunk_topology_name(chunks->topology));
        add(self, "chunks.preferred", &chunks->preference_source, "%s",
            config_chunk_preference_name(chunks->preference));
        add(self, "chunks.grace", &chunks->grace_source, "%s",
            format_interval(chunks->grace_usec, interval));
        add(self, "chunks.preStartContainer", &chunks->pre_start_source, "%s",
            chunks->pre_start ? "true" : "false");
        add(self, "chunks.cdiDevice", &chunks->cdi_source, "%s", chunks->cdi_device);
}

static void list_handed(Lister *self, const ConfigEnforce *enforce) {
        /* one that the mapping does not have is as if there were no mapping */
        const ConfigSource unsaid = { .origin = CONFIG_ORIGIN_SLUGD_DEFAULT };
        const struct {
                const char *key;
                OptU64 value;
                bool is_switch;
        } items[] = {
                { "enforce.settings.demotionEnabled", enforce->demotion_enabled, true },
                { "enforce.settings.numaBalancing", enforce->numa_balancing, false },
                { "enforce.settings.damonStat", enforce->damon_stat, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(items); ++i)
                if (!items[i].value.present)
                        add(self, items[i].key, &unsaid, "%s", "");
                else if (items[i].is_switch)
                        add(self, items[i].key, &enforce->settings_source, "%s",
                            items[i].value.value ? "true" : "false");
                else
                        add(self, items[i].key, &enforce->settings_source, "%" PRIu64,
                            items[i].value.value);
}

static void list_enforce(Lister *self, const ConfigEnforce *enforce) {
        char bytes[QUANTITY_TEXT_MAX], interval[32];

        add(self, "enforce.backend", &enforce->backend_source, "%s",
            config_backend_name(enforce->backend));
        add(self, "enforce.budget", &enforce->budget_source, "%s",
            enforce->budget == CONFIG_BUDGET_UNLIMITED
                    ? "unlimited"
                    : quantity_format_bytes(enforce->budget, bytes));
        add(self, "enforce.interval.min", &enforce->interval_source, "%s",
            format_interval(enforce->interval_min_usec, interval));
        add(self, "enforce.interval.max", &enforce->interval_source, "%s",
            format_interval(enforce->interval_max_usec, interval));
        list_percent(self, "enforce.pressure", &enforce->pressure);
        add(self, "enforce.promote", &enforce->promotes_source, "%s",
            enforce->promotes ? "true" : "false");
        list_handed(self, enforce);
}

static void list_slugd(Lister *self, const Config *config) {
        char interval[32];

        add(self, "nodeName", &config->node_name_source, "%s", config->node_name);
        add(self, "socket", &config->socket_source, "%s", config->socket);
        add(self, "refreshInterval", &config->refresh_source, "%s",
            format_interval(config->refresh_interval_usec, interval));
        add(self, "pods.pendingTimeout", &config->pending_source, "%s",
            format_interval(config->pending_timeout_usec, interval));
        add(self, "reservation.placement", &config->placement_source, "%s",
            config->placement == CONFIG_PLACEMENT_PROPORTIONAL ? "proportional" : "local-first");
        for (size_t i = 0; i < config->n_rules; ++i)
                list_rule(self, &config->rules[i], i);
        list_role(self, "reader", &config->roles.reader);
        list_role(self, "claimer", &config->roles.claimer);
        list_role(self, "admin", &config->roles.admin);
        list_qos(self, &config->qos);
        list_chunks(self, &config->chunks);
        list_enforce(self, &config->enforce);
}

static void list_reserved_memory(Lister *self, const KubeletConfig *kubelet, size_t index) {
        const ConfigReservedMemory *entry = &kubelet->reserved_memory[index];
        char key[SETTING_KEY_MAX], limits[SETTING_VALUE_MAX] = "";
        char size[QUANTITY_TEXT_MAX], bytes[QUANTITY_TEXT_MAX];
        size_t n = 0;

        if (entry->bytes)
                n += (size_t)snprintf(limits, sizeof(limits), "memory: %s",
                                      quantity_format_bytes(entry->bytes, bytes));
        for (size_t i = 0; i < entry->n_hugepages && n < sizeof(limits); ++i)
                n += (size_t)snprintf(limits + n, sizeof(limits) - n, "%shugepages-%s: %s",
                                      n ? ", " : "",
                                      quantity_format_bytes(entry->hugepages[i].page_bytes, size),
                                      quantity_format_bytes(entry->hugepages[i].bytes, bytes));
        (void)snprintf(key, sizeof(key), "kubelet.reservedMemory[%zu]", index);
        add(self, key, &kubelet->reserved_memory_source, "{numaNode: %u, limits: {%s}}",
            entry->node, limits);
}

static const char *gate_word(ConfigGate gate) {
        return gate == CONFIG_GATE_ON ? "true" : gate == CONFIG_GATE_OFF ? "false" : "";
}

/* What its managers were told. */
static void list_managers(Lister *self, const KubeletConfig *kubelet) {
        add(self, "kubelet.featureGates.MemoryQoS", &kubelet->memory_qos_source, "%s",
            gate_word(kubelet->memory_qos));
        add(self, "kubelet.featureGates.QOSReserved", &kubelet->qos_reserved_source, "%s",
            kubelet->qos_reserved == CONFIG_GATE_ON ? "true" : "false");
        list_percent(self, "kubelet.qosReserved.memory", &kubelet->qos_reserved_memory);
        add(self, "kubelet.systemReservedCgroup", &kubelet->system_reserved_cgroup_source, "%s",
            kubelet->system_reserved_cgroup);
        add(self, "kubelet.kubeReservedCgroup", &kubelet->kube_reserved_cgroup_source, "%s",
            kubelet->kube_reserved_cgroup);
        add(self, "kubelet.topologyManagerPolicy", &kubelet->topology_policy_source, "%s",
            kubelet->topology_policy);
        if (kubelet->max_numa_nodes.present)
                add(self, "kubelet.topologyManagerPolicyOptions.max-allowable-numa-nodes",
                    &kubelet->topology_options_source, "%" PRIu64, kubelet->max_numa_nodes.value);
        add(self, "kubelet.cpuManagerPolicy", &kubelet->cpu_policy_source, "%s",
            kubelet->cpu_policy);
        add(self, "kubelet.failSwapOn", &kubelet->fails_on_swap_source, "%s",
            kubelet->fails_on_swap ? "true" : "false");
        add(self, "kubelet.memorySwap.swapBehavior", &kubelet->swap_behavior_source, "%s",
            kubelet->swap_behavior[0] ? kubelet->swap_behavior : "NoSwap");
}

static void list_kubelet(Lister *self, const KubeletConfig *kubelet) {
        add(self, "kubelet.processName", &kubelet->process_name_source, "%s",
            kubelet->process_name);
        add(self, "kubelet.configFile", &kubelet->file_source, "%s", kubelet->file);
        add(self, "kubelet.configDir", &kubelet->dir_source, "%s", kubelet->dir);
        add(self, "kubelet.flagsFile", &kubelet->flags_file_source, "%s", kubelet->flags_file);
        if (kubelet->host_name[0])
                add(self, "kubelet --hostname-override", &kubelet->host_name_source, "%s",
                    kubelet->host_name);
        add(self, "kubelet.systemReserved.memory", &kubelet->system_reserved.source, "%s",
            kubelet->system_reserved.setting);
        add(self, "kubelet.kubeReserved.memory", &kubelet->kube_reserved.source, "%s",
            kubelet->kube_reserved.setting);
        add(self, "kubelet.evictionHard.memory.available", &kubelet->eviction_hard.source, "%s",
            kubelet->eviction_hard.setting);
        add(self, "kubelet.mergeDefaultEvictionSettings", &kubelet->merges_source, "%s",
            kubelet->merges_default_eviction ? "true" : "false");
        add(self, "kubelet.enforceNodeAllocatable", &kubelet->enforce_source, "%s",
            kubelet->enforced);
        add(self, "kubelet.cgroupsPerQOS", &kubelet->cgroups_source, "%s",
            kubelet->cgroups_per_qos ? "true" : "false");
        add(self, "kubelet.cgroupRoot", &kubelet->cgroup_root_source, "%s", kubelet->cgroup_root);
        add(self, "kubelet.memoryManagerPolicy", &kubelet->policy_source, "%s",
            kubelet->static_memory_policy ? "Static" : "None");
        add(self, "kubelet.featureGates.PodLevelResourceManagers", &kubelet->gates_source, "%s",
            kubelet->pod_level_memory ? "true" : "false");
        list_managers(self, kubelet);
        for (size_t i = 0; i < kubelet->n_reserved_memory; ++i)
                list_reserved_memory(self, kubelet, i);
}

int config_settings_list(const Config *config, ConfigSettings *ret) {
        Lister self = {};

        list_slugd(&self, config);
        list_kubelet(&self, &config->kubelet);
        if (self.error) {
                config_settings_deinit(&self.settings);
                return self.error;
        }
        *ret = self.settings;
        return 0;
}

void config_settings_deinit(ConfigSettings *settings) {
        free(settings->items);
        *settings = (ConfigSettings){};
}

const ConfigSetting *config_settings_find(const ConfigSettings *settings, const char *key) {
        for (size_t i = 0; i < settings->n_items; ++i)
                if (strcmp(settings->items[i].key, key) == 0)
                        return &settings->items[i];
        return NULL;
}

bool config_setting_is_equal(const ConfigSetting *a, const ConfigSetting *b) {
        return strcmp(a->value, b->value) == 0 && strcmp(a->source, b->source) == 0;
}
