/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings
 *
 * The configuration, translated into the parameters that topology and capacity take. Built as a
 * whole and never changed: a reload builds others.
 */
#include "base/cleanup.h"
#include "capacity/capacity.h"
#include "config/config.h"
#include "config/settings.h"
#include "manager/roles.h"
#include "qos/node-limit.h"
#include "qos/plan.h"
#include "service/chunks-view.h"
#include "service/node-service.h"
#include "topology/topology.h"

typedef struct Settings {
        Config *config;
        TopologyRule *rules; /* config->n_rules of them */
        ReservedMemory *reserved_memory;
        CapacityParams capacity;
        QosParams qos;
        QosNodeLimitParams node_limits;
        ChunksSettings chunks;
        ChunkAdvice chunk_advice;
        Roles roles;
        ConfigSettings list;      /* all of it, for people */
        NodeConfigEntry *entries; /* the same, as the service takes it: list.n_items */
        NodeConfigFile *files;    /* config->files.n_items */
} Settings;

/* @config: taken, also on failure. Return: 0 or -ENOMEM. */
_must_check_ int settings_new(Config *config, Settings **ret);
/* Every setting has the same value from the same place. */
bool settings_is_equal(const Settings *a, const Settings *b);
Settings *settings_free(Settings *settings);
DEFINE_CLEANUP(Settings *, settings_free);
