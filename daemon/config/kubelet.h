/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What slugd needs of a KubeletConfiguration
 */
#include "config/bind.h"
#include "config/config.h"

void kubelet_set_defaults(KubeletConfig *config);

/*
 * The kubelet's own file, at @config's file below @root. Return: 0, CONFIG_E_* with @reterr set and
 * @config as it was, or -ENOMEM.
 */
_must_check_ int kubelet_load(const Root *root, KubeletConfig *config, Diag *reterr);

/* slugd.yaml's "kubelet", in two steps: where the kubelet's file is, and what wins over it. */
_must_check_ int kubelet_bind_file_name(const BindFile *file,
                                        const YamlNode *key,
                                        const YamlNode *section,
                                        KubeletConfig *config);
_must_check_ int kubelet_bind_section(const BindFile *file,
                                      const YamlNode *key,
                                      const YamlNode *section,
                                      KubeletConfig *config);

/* Last: what depends on more than one key. */
void kubelet_settle(KubeletConfig *config);

void kubelet_deinit(KubeletConfig *config);
DEFINE_DEINIT(KubeletConfig, kubelet_deinit);
