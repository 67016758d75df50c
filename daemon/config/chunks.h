/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd.yaml's "chunks": remote memory as the kubelet counts it
 */
#include "config/bind.h"
#include "config/config.h"

void config_chunks_set_defaults(ConfigChunks *chunks);
/* @ret is ConfigChunks */
int config_chunks_bind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);

const char *config_chunk_topology_name(ConfigChunkTopology topology);       /* "all-cpu-nodes" */
const char *config_chunk_preference_name(ConfigChunkPreference preference); /* "pack" */
