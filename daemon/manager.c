/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager
 *
 * Stages run in one order only: root, configuration, rows, topology, capacity, view, socket. A new
 * look at the machine builds the next snapshot beside the current one and swaps when it is complete
 * and different; whoever asks in between is answered from the old one. What cannot be built for
 * want of memory leaves the old one in place.
 *
 * The modules take plain parameters of their own. This is where the configuration, which none of
 * them knows, is translated into those.
 */
#include "manager.h"

#include <assert.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/root.h"
#include "capacity/capacity.h"
#include "config/config.h"
#include "rpc/server.h"
#include "service/node-service.h"
#include "sysfs/sysfs.h"
#include "topology/topology.h"

/* The texts that the view borrows. */
typedef struct ViewTexts {
        char name[CONFIG_NAME_MAX];
        char system_reserved[CONFIG_SOURCE_TEXT_MAX];
        char kube_reserved[CONFIG_SOURCE_TEXT_MAX];
        char eviction[CONFIG_SOURCE_TEXT_MAX];
        char placement[CONFIG_SOURCE_TEXT_MAX];
        char kubelet_problem[DIAG_FORMATTED_MAX];
} ViewTexts;

struct Manager {
        Clock clock;
        Root root;
        Config *config;
        TopologyRule *rules;
        ReservedMemory *reserved_memory;
        CapacityParams capacity_params;

        sd_event *event;
        sd_event_source *refresh_timer;
        bool has_refresh_failed; /* said once, until it works again */

        Topology *topology;
        Capacity *capacity;
        ViewTexts texts;
        NodeService service;
        RpcServer *server;
};

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        rpc_server_free(manager->server);
        sd_event_source_unref(manager->refresh_timer);
        sd_event_unref(manager->event);
        capacity_free(manager->capacity);
        topology_unref(manager->topology);
        free(manager->reserved_memory);
        free(manager->rules);
        config_free(manager->config);
        root_deinit(&manager->root);
        free(manager);
        return NULL;
}

/* Configuration into the parameters of topology and capacity */

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

static int translate_rules(Manager *manager) {
        const Config *config = manager->config;

        manager->rules = calloc(config->n_rules ? config->n_rules : 1, sizeof(*manager->rules));
        if (!manager->rules)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_rules; ++i) {
                const ConfigRule *from = &config->rules[i];
                TopologyRule *rule = &manager->rules[i];
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

static int translate_reserved_memory(Manager *manager) {
        const KubeletConfig *kubelet = &manager->config->kubelet;

        manager->reserved_memory =
                calloc(kubelet->n_reserved_memory ? kubelet->n_reserved_memory : 1,
                       sizeof(*manager->reserved_memory));
        if (!manager->reserved_memory)
                return -ENOMEM;
        for (size_t i = 0; i < kubelet->n_reserved_memory; ++i) {
                const ConfigReservedMemory *from = &kubelet->reserved_memory[i];
                ReservedMemory *entry = &manager->reserved_memory[i];

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

static void translate_capacity_params(Manager *manager) {
        const KubeletConfig *kubelet = &manager->config->kubelet;
        const ConfigThreshold *eviction = &kubelet->eviction_hard;

        manager->capacity_params = (CapacityParams){
                .system_reserved_bytes = kubelet->system_reserved.bytes,
                .kube_reserved_bytes = kubelet->kube_reserved.bytes,
                .eviction = { .is_percentage = eviction->is_set && eviction->is_percentage,
                              .bytes = eviction->is_set ? eviction->bytes : 0,
                              .fraction = eviction->fraction },
                .enforces_pods = kubelet->enforces_pods,
                .placement = manager->config->placement == CONFIG_PLACEMENT_PROPORTIONAL
                                     ? PLACEMENT_PROPORTIONAL
                                     : PLACEMENT_LOCAL_FIRST,
                .reserved_memory = manager->reserved_memory,
                .n_reserved_memory = kubelet->n_reserved_memory,
                .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
        };
}

static int translate_config(Manager *manager) {
        int r;

        r = translate_rules(manager);
        if (r)
                return r;
        r = translate_reserved_memory(manager);
        if (r)
                return r;
        translate_capacity_params(manager);
        return 0;
}

/* The view */

/* As the kubelet names its node: the host name in lower case, unless the configuration names it. */
static void set_name(Manager *manager) {
        const char *host_name = manager->topology->machine->host.host_name;
        char *name = manager->texts.name;
        size_t n = 0;

        if (manager->config->node_name[0])
                host_name = manager->config->node_name;
        for (; host_name[n] && n < sizeof(manager->texts.name) - 1; ++n)
                name[n] = (char)tolower((unsigned char)host_name[n]);
        name[n] = '\0';
}

static NodeSetting translate_setting(const ConfigBytes *from,
                                     char source[static CONFIG_SOURCE_TEXT_MAX]) {
        return (NodeSetting){
                .bytes = from->bytes,
                .setting = from->setting,
                .source = config_source_format(&from->source, source),
        };
}

static void set_view(Manager *manager) {
        const Config *config = manager->config;
        const KubeletConfig *kubelet = &config->kubelet;
        ViewTexts *texts = &manager->texts;

        set_name(manager);
        texts->kubelet_problem[0] = '\0';
        if (config->has_kubelet_problem)
                (void)diag_format(&config->kubelet_problem, texts->kubelet_problem);
        if (kubelet->n_reserved_memory > 0)
                (void)config_source_format(&kubelet->reserved_memory_source, texts->placement);
        else if (config->placement_source.origin == CONFIG_ORIGIN_DEFAULT)
                (void)snprintf(texts->placement, sizeof(texts->placement), "slugd default");
        else
                (void)config_source_format(&config->placement_source, texts->placement);

        node_service_set_view(
                &manager->service,
                &(const NodeView){
                        .name = texts->name,
                        .root = manager->root.path,
                        .topology = manager->topology,
                        .capacity = manager->capacity,
                        .system_reserved = translate_setting(&kubelet->system_reserved,
                                                             texts->system_reserved),
                        .kube_reserved =
                                translate_setting(&kubelet->kube_reserved, texts->kube_reserved),
                        .eviction = { .setting = kubelet->eviction_hard.setting,
                                      .source = config_source_format(&kubelet->eviction_hard.source,
                                                                     texts->eviction) },
                        .placement_source = texts->placement,
                        .kubelet_file = kubelet->file,
                        .kubelet_problem = texts->kubelet_problem,
                        .is_kubelet_file_missing = config->is_kubelet_file_missing,
                        .has_kubepods_cgroup = kubelet->cgroups_per_qos,
                        .is_static_memory_policy = kubelet->static_memory_policy,
                });
}

/* The snapshot */

static bool was_known(const DiagList *before, const Diag *diag) {
        for (size_t i = 0; before && i < before->n_items; ++i)
                if (strcmp(before->items[i].source, diag->source) == 0 &&
                    strcmp(before->items[i].text, diag->text) == 0)
                        return true;
        return false;
}

static void log_diagnostics(const SysfsMachine *before, const SysfsMachine *now) {
        for (size_t i = 0; i < now->diagnostics.n_items; ++i) {
                const Diag *diag = &now->diagnostics.items[i];

                if (was_known(before ? &before->diagnostics : NULL, diag))
                        continue;
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_DIAGNOSTIC,
                          LOG_WITH({ .name = "SLUG_FILE", .text = diag->source }), "/%s %s",
                          diag->source, diag->text);
        }
}

static void log_topology(const Topology *topology, const Capacity *capacity) {
        char local[BYTES_TEXT_MAX], remote[BYTES_TEXT_MAX];

        log_event(LOG_NOTICE, SLUG_MESSAGE_TOPOLOGY_CHANGED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = topology->generation },
                           { .name = "SLUG_NODE_COUNT", .number = topology->n_nodes },
                           { .name = "SLUG_LOCAL_BYTES", .number = capacity->capacity.local_bytes },
                           { .name = "SLUG_REMOTE_BYTES",
                             .number = capacity->capacity.remote_bytes }),
                  "Topology generation %llu: %zu NUMA node%s, %s local, %s remote",
                  (unsigned long long)topology->generation, topology->n_nodes,
                  topology->n_nodes == 1 ? "" : "s",
                  bytes_format(capacity->capacity.local_bytes, local),
                  bytes_format(capacity->capacity.remote_bytes, remote));
}

/* Looks at the machine again. Return: 0, also when nothing changed, or -ENOMEM with nothing
 * changed. */
static int refresh(Manager *manager) {
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = NULL;
        _cleanup_(topology_unrefp) Topology *topology = NULL;
        _cleanup_(capacity_freep) Capacity *capacity = NULL;
        const uint64_t start_usec = clock_now_usec(&manager->clock);
        int r;

        r = sysfs_read(&manager->root, &machine);
        if (r)
                return r;
        if (manager->topology && sysfs_machine_is_equal(manager->topology->machine, machine))
                return 0;
        r = topology_build(TAKE_PTR(machine), manager->rules, manager->config->n_rules,
                           manager->topology ? manager->topology->generation + 1 : 1, &topology);
        if (r)
                return r;
        r = capacity_build(topology, &manager->capacity_params, &capacity);
        if (r)
                return r;

        /* Nothing below can fail. */
        log_diagnostics(manager->topology ? manager->topology->machine : NULL, topology->machine);
        topology_unref(manager->topology);
        capacity_free(manager->capacity);
        manager->topology = TAKE_PTR(topology);
        manager->capacity = TAKE_PTR(capacity);
        set_view(manager);
        log_topology(manager->topology, manager->capacity);
        log_debug("Read the machine in %llu us",
                  (unsigned long long)(clock_now_usec(&manager->clock) - start_usec));
        return 0;
}

static int on_refresh(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        int r;

        (void)usec;
        r = refresh(manager);
        if (r < 0 && !manager->has_refresh_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_KEPT,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "Cannot look at the machine again: %s, keeping the previous topology",
                          strerror(-r));
        manager->has_refresh_failed = r < 0;
        r = sd_event_source_set_time_relative(source, manager->config->refresh_interval_usec);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Construction */

static int setup_event(Manager *manager) {
        static const int signals[] = { SIGTERM, SIGINT };
        sigset_t blocked;
        int r;

        r = sd_event_new(&manager->event);
        if (r < 0)
                return r;
        (void)sigemptyset(&blocked);
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i)
                (void)sigaddset(&blocked, signals[i]);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i) {
                /* no handler of our own: the loop then ends with success */
                r = sd_event_add_signal(manager->event, NULL, signals[i], NULL, NULL);
                if (r < 0)
                        return r;
        }
        /* accuracy 0 is sd-event's default of 250 ms, which lets wake-ups be shared */
        r = sd_event_add_time_relative(manager->event, &manager->refresh_timer, CLOCK_MONOTONIC,
                                       manager->config->refresh_interval_usec, 0, on_refresh,
                                       manager);
        return r < 0 ? r : 0;
}

static int setup_socket(Manager *manager, const char *socket, Diag *reterr) {
        int r;

        if (!socket && !manager->root.is_host) {
                diag_set(reterr, NULL, 0, 0,
                         "a captured machine is not served on this machine's own socket; name one "
                         "with --socket PATH");
                return MANAGER_E_SOCKET;
        }
        r = rpc_server_new(manager->event, &manager->service.table, &manager->server);
        if (r)
                return error_fold(r);
        r = rpc_server_listen(manager->server, socket ? socket : manager->config->socket, reterr);
        if (r == RPC_SERVER_E_REFUSED)
                return MANAGER_E_SOCKET;
        return error_fold(r);
}

static int load(Manager *manager, const ManagerParams *params, Diag *reterr) {
        int r;

        r = root_init(&manager->root, params->root);
        if (r) {
                diag_set(reterr, NULL, 0, 0, "cannot use '%s' as root: %s", params->root,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return r == -ENOMEM ? r : MANAGER_E_ROOT;
        }
        r = config_load(&manager->root, params->config_file, &manager->config, reterr);
        if (r == CONFIG_E_INVALID || r == CONFIG_E_ABSENT)
                return MANAGER_E_CONFIG;
        if (r)
                return error_fold(r);
        r = translate_config(manager);
        if (r)
                return r;
        return refresh(manager);
}

int manager_new(const ManagerParams *params, Manager **ret, Diag *reterr) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->clock = params->clock;
        manager->root = (Root)ROOT_NULL;
        node_service_init(&manager->service);
        r = load(manager, params, reterr);
        if (r)
                return r;
        r = setup_event(manager);
        if (r)
                return r;
        r = setup_socket(manager, params->socket, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}

int manager_run(Manager *manager) {
        int r;

        if (manager->config->has_kubelet_problem)
                log_event(LOG_WARNING, SLUG_MESSAGE_KUBELET_CONFIG,
                          LOG_WITH({ .name = "SLUG_FILE", .text = manager->config->kubelet.file }),
                          "%s, using the kubelet's defaults", manager->texts.kubelet_problem);
        log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED,
                  LOG_WITH({ .name = "SLUG_GENERATION", .number = manager->topology->generation },
                           { .name = "SLUG_VERSION", .text = PACKAGE_VERSION }),
                  "slugd %s is ready", PACKAGE_VERSION);
        /* Failing to tell systemd is no reason not to serve; systemd will time out and say so. */
        (void)sd_notify(0, "READY=1");
        r = sd_event_loop(manager->event);
        (void)sd_notify(0, "STOPPING=1");
        log_event(LOG_NOTICE, SLUG_MESSAGE_STOPPED, LOG_PLAIN, "slugd is stopping");
        return r < 0 ? r : 0;
}
