/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What slugd needs of a KubeletConfiguration
 */
#include "config/bind.h"
#include "config/config.h"

void kubelet_set_defaults(KubeletConfig *config);

/* slugd.yaml's "kubelet", in two steps: where the kubelet's files and flags are, and what wins over
 * them. */
_must_check_ int kubelet_bind_places(const BindFile *file,
                                     const YamlNode *key,
                                     const YamlNode *section,
                                     KubeletConfig *config);
_must_check_ int kubelet_bind_section(const BindFile *file,
                                      const YamlNode *key,
                                      const YamlNode *section,
                                      KubeletConfig *config);

/* The KubeletConfiguration of all files and flags. Return: 0, CONFIG_E_INVALID with @config spoilt,
 * or -ENOMEM. */
_must_check_ int
kubelet_bind_document(const BindFile *file, const YamlNode *document, KubeletConfig *config);
/* What the kubelet is told of places on its command line: its file, its drop-ins, its name. */
_must_check_ int
kubelet_bind_names(const BindFile *file, const YamlNode *names, KubeletConfig *config);

/* Last: what depends on more than one key. */
void kubelet_settle(KubeletConfig *config);

void kubelet_deinit(KubeletConfig *config);
DEFINE_DEINIT(KubeletConfig, kubelet_deinit);
