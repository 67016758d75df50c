/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings
 *
 * The modules take plain parameters of their own, and none of them knows the configuration. What a
 * word of the configuration means to them is said here, and nothing else is decided.
 */
#include "manager/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static MemoryKind translate_kind(ConfigKind kind) {
        switch (kind) {
        case CONFIG_KIND_DRAM:
                return MEMORY_KIND_DRAM;
        case CONFIG_KIND_HBM:
                return MEMORY_KIND_HBM;
        case CONFIG_KIND_CXL:
                return MEMORY_KIND_CXL;
        case CONFIG_KIND_PMEM:
                return MEMORY_KIND_PMEM;
        case CONFIG_KIND_GPU:
                return MEMORY_KIND_GPU;
        case CONFIG_KIND_UNSET:
        case CONFIG_KIND_UNKNOWN:
                break;
        }
        return MEMORY_KIND_UNKNOWN;
}

static Locality translate_locality(ConfigLocality locality) {
        switch (locality) {
        case CONFIG_LOCALITY_LOCAL:
                return LOCALITY_LOCAL;
        case CONFIG_LOCALITY_REMOTE:
                return LOCALITY_REMOTE;
        case CONFIG_LOCALITY_UNSET:
        case CONFIG_LOCALITY_EXCLUDED:
                break;
        }
        return LOCALITY_EXCLUDED;
}

static int translate_rules(Settings *settings) {
        const Config *config = settings->config;

        settings->rules = calloc(config->n_rules ? config->n_rules : 1, sizeof(*settings->rules));
        if (!settings->rules)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_rules; ++i) {
                const ConfigRule *from = &config->rules[i];
                TopologyRule *rule = &settings->rules[i];
                char source[CONFIG_SOURCE_TEXT_MAX];

                rule->node = from->node;
                if (from->kind != CONFIG_KIND_UNSET)
                        rule->kind = opt_u64(translate_kind(from->kind));
                rule->cxl_serial = from->cxl_serial;
                rule->locality = translate_locality(from->locality);
                config_source_format(&from->source, source);
                /* a path longer than the field is cut; the line of a rule is only for people */
                (void)snprintf(rule->source, sizeof(rule->source), "%.*s",
                               (int)sizeof(rule->source) - 1, source);
        }
        return 0;
}

static int translate_reserved_memory(Settings *settings) {
        const KubeletConfig *kubelet = &settings->config->kubelet;

        settings->reserved_memory =
                calloc(kubelet->n_reserved_memory ? kubelet->n_reserved_memory : 1,
                       sizeof(*settings->reserved_memory));
        if (!settings->reserved_memory)
                return -ENOMEM;
        for (size_t i = 0; i < kubelet->n_reserved_memory; ++i) {
                const ConfigReservedMemory *from = &kubelet->reserved_memory[i];
                ReservedMemory *entry = &settings->reserved_memory[i];

                static_assert(ELEMENTSOF(from->hugepages) <= ELEMENTSOF(entry->hugepages),
                              "every page size of the configuration has a place");
                entry->node = from->node;
                entry->bytes = from->bytes;
                entry->n_hugepages = from->n_hugepages;
                for (size_t h = 0; h < from->n_hugepages; ++h)
                        entry->hugepages[h] = (HugepageBytes){
                                .page_bytes = from->hugepages[h].page_bytes,
                                .bytes = from->hugepages[h].bytes,
                        };
        }
        return 0;
}

static void translate_capacity(Settings *settings) {
        const KubeletConfig *kubelet = &settings->config->kubelet;
        const ConfigThreshold *eviction = &kubelet->eviction_hard;

        settings->capacity = (CapacityParams){
                .system_reserved_bytes = kubelet->system_reserved.bytes,
                .kube_reserved_bytes = kubelet->kube_reserved.bytes,
                .eviction = { .is_percentage = eviction->is_set && eviction->is_percentage,
                              .bytes = eviction->is_set ? eviction->bytes : 0,
                              .fraction = eviction->fraction },
                .enforces_pods = kubelet->enforces_pods,
                .placement = settings->config->placement == CONFIG_PLACEMENT_PROPORTIONAL
                                     ? PLACEMENT_PROPORTIONAL
                                     : PLACEMENT_LOCAL_FIRST,
                .reserved_memory = settings->reserved_memory,
                .n_reserved_memory = kubelet->n_reserved_memory,
                .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
        };
}

static QosMask translate_mask(const ConfigMask *from) {
        static const QosMaskKind kinds[] = {
                [CONFIG_MASK_UNSET] = QOS_MASK_NONE,    [CONFIG_MASK_LOCAL] = QOS_MASK_LOCAL,
                [CONFIG_MASK_REMOTE] = QOS_MASK_REMOTE, [CONFIG_MASK_ALL] = QOS_MASK_ALL,
                [CONFIG_MASK_LIST] = QOS_MASK_LIST,
        };

        return (QosMask){ .kind = kinds[from->kind], .nodes = from->nodes };
}

static QosGate translate_gate(ConfigGate gate) {
        switch (gate) {
        case CONFIG_GATE_ON:
                return QOS_GATE_ON;
        case CONFIG_GATE_OFF:
                return QOS_GATE_OFF;
        case CONFIG_GATE_UNSET:
                break;
        }
        return QOS_GATE_UNKNOWN;
}

/* The words of the configuration as bits of the plan. */
static unsigned translate_manage(unsigned manages) {
        static const QosManage bits[] = {
                QOS_MANAGE_MEMORY_MAX,          QOS_MANAGE_MEMORY_MIN,
                QOS_MANAGE_MEMORY_LOW,          QOS_MANAGE_CPUSET_MEMS,
                QOS_MANAGE_RESERVED_MEMORY_MAX, QOS_MANAGE_RESERVED_MEMORY_MIN,
                QOS_MANAGE_NODE_LIMIT,
        };
        unsigned manage = 0;

        for (size_t i = 0; i < ELEMENTSOF(bits); ++i)
                if (manages >> i & 1)
                        manage |= bits[i];
        return manage;
}

static void translate_qos(Settings *settings) {
        const ConfigQos *qos = &settings->config->qos;
        const KubeletConfig *kubelet = &settings->config->kubelet;
        const ConfigPercent *reserved =
                qos->reserved_memory.is_set ? &qos->reserved_memory : &kubelet->qos_reserved_memory;

        settings->qos = (QosParams){
                .manage = translate_manage(qos->manages),
                .has_reserved_percent = reserved->is_set,
                .reserved_percent = reserved->percent,
                .kubelet = {
                        .memory_qos = translate_gate(kubelet->memory_qos),
                        .writes_qos_reserved = kubelet->qos_reserved == CONFIG_GATE_ON &&
                                               kubelet->qos_reserved_memory.is_set,
                        .enforces_system_reserved = kubelet->enforces_system_reserved,
                        .enforces_kube_reserved = kubelet->enforces_kube_reserved,
                        .system_reserved_bytes = kubelet->system_reserved.bytes,
                        .kube_reserved_bytes = kubelet->kube_reserved.bytes,
                },
        };
        static_assert(ELEMENTSOF(qos->masks) == ELEMENTSOF(settings->qos.masks),
                      "every level of the configuration has a mask");
        for (size_t i = 0; i < ELEMENTSOF(qos->masks); ++i)
                settings->qos.masks[i] = translate_mask(&qos->masks[i]);
}

/* Levels of the configuration stand for classes of pods, as those of the plan do. */
static void translate_node_limits(Settings *settings) {
        const ConfigQos *qos = &settings->config->qos;
        QosNodeLimitParams *params = &settings->node_limits;

        static_assert(ELEMENTSOF(qos->node_limits) == ELEMENTSOF(params->items),
                      "every limit of the configuration has a place");
        params->interval_usec = qos->node_limit_interval_usec;
        params->n_items = qos->n_node_limits;
        for (size_t i = 0; i < qos->n_node_limits; ++i)
                params->items[i] = (QosNodeLimit){ .level = (QosLevel)qos->node_limits[i].level,
                                                   .node = qos->node_limits[i].node,
                                                   .bytes = qos->node_limits[i].bytes };
}

static ChunksTopology translate_chunk_topology(ConfigChunkTopology topology) {
        switch (topology) {
        case CONFIG_CHUNK_TOPOLOGY_NEAREST:
                return CHUNKS_TOPOLOGY_NEAREST;
        case CONFIG_CHUNK_TOPOLOGY_ALL_CPU_NODES:
                return CHUNKS_TOPOLOGY_ALL_CPU_NODES;
        case CONFIG_CHUNK_TOPOLOGY_NONE:
                return CHUNKS_TOPOLOGY_NONE;
        case CONFIG_CHUNK_TOPOLOGY_AUTO:
                break;
        }
        return CHUNKS_TOPOLOGY_AUTO;
}

static ChunkPreference translate_chunk_preference(ConfigChunkPreference preference) {
        switch (preference) {
        case CONFIG_CHUNK_PREFERENCE_SPREAD:
                return CHUNK_PREFERENCE_SPREAD;
        case CONFIG_CHUNK_PREFERENCE_NEAR:
                return CHUNK_PREFERENCE_NEAR;
        case CONFIG_CHUNK_PREFERENCE_PACK:
                break;
        }
        return CHUNK_PREFERENCE_PACK;
}

static void translate_chunks(Settings *settings) {
        const ConfigChunks *chunks = &settings->config->chunks;

        settings->chunks = (ChunksSettings){
                .bytes = chunks->bytes,
                .is_per_node = chunks->is_per_node,
                .topology = translate_chunk_topology(chunks->topology),
                .is_restricted =
                        strcmp(settings->config->kubelet.topology_policy, "restricted") == 0,
        };
        settings->chunk_advice = (ChunkAdvice){
                .preference = translate_chunk_preference(chunks->preference),
                .grace_usec = chunks->grace_usec,
                .pre_start = chunks->pre_start,
                .cdi_device = chunks->cdi_device,
        };
}

static int translate_list(Settings *settings) {
        const ConfigFiles *files = &settings->config->files;
        int r;

        r = config_settings_list(settings->config, &settings->list);
        if (r)
                return r;
        settings->entries = calloc(settings->list.n_items + 1, sizeof(*settings->entries));
        settings->files = calloc(files->n_items + 1, sizeof(*settings->files));
        if (!settings->entries || !settings->files)
                return -ENOMEM;
        for (size_t i = 0; i < settings->list.n_items; ++i)
                settings->entries[i] = (NodeConfigEntry){
                        .key = settings->list.items[i].key,
                        .value = settings->list.items[i].value,
                        .source = settings->list.items[i].source,
                };
        for (size_t i = 0; i < files->n_items; ++i)
                settings->files[i] = (NodeConfigFile){
                        .path = files->items[i].path,
                        .is_read = files->items[i].state == CONFIG_FILE_READ,
                        .is_absent = files->items[i].state == CONFIG_FILE_ABSENT,
                        .problem = files->items[i].problem,
                };
        return 0;
}

int settings_new(Config *config, Settings **ret) {
        _cleanup_(config_freep) Config *taken = config;
        _cleanup_(settings_freep) Settings *settings = calloc(1, sizeof(*settings));
        int r;

        if (!settings)
                return -ENOMEM;
        settings->config = TAKE_PTR(taken);
        r = translate_rules(settings);
        if (r)
                return r;
        r = translate_reserved_memory(settings);
        if (r)
                return r;
        translate_capacity(settings);
        translate_qos(settings);
        translate_node_limits(settings);
        translate_chunks(settings);
        settings->roles = roles_resolve(&settings->config->roles);
        r = translate_list(settings);
        if (r)
                return r;
        *ret = TAKE_PTR(settings);
        return 0;
}

bool settings_is_equal(const Settings *a, const Settings *b) {
        bool is_equal = a->list.n_items == b->list.n_items;

        for (size_t i = 0; is_equal && i < a->list.n_items; ++i)
                is_equal = strcmp(a->list.items[i].key, b->list.items[i].key) == 0 &&
                           config_setting_is_equal(&a->list.items[i], &b->list.items[i]);
        return is_equal;
}

Settings *settings_free(Settings *settings) {
        if (!settings)
                return NULL;
        free(settings->files);
        free(settings->entries);
        config_settings_deinit(&settings->list);
        free(settings->reserved_memory);
        free(settings->rules);
        config_free(settings->config);
        free(settings);
        return NULL;
}
