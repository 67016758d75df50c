/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kubelet's managers were told
 *
 * Its feature gates, and its managers of QoS cgroups, topology, CPUs and swap. Each is a BindParse;
 * @ret is the KubeletConfig, unless it says otherwise.
 */
#include "config/bind.h"

int managers_parse_gates(const BindFile *file,
                         const YamlNode *key,
                         const YamlNode *value,
                         void *ret);
int managers_parse_qos_reserved(const BindFile *file,
                                const YamlNode *key,
                                const YamlNode *value,
                                void *ret);
/* @ret is char[CONFIG_SETTING_MAX], as that of the CPU manager */
int managers_parse_topology_policy(const BindFile *file,
                                   const YamlNode *key,
                                   const YamlNode *value,
                                   void *ret);
int managers_parse_cpu_policy(const BindFile *file,
                              const YamlNode *key,
                              const YamlNode *value,
                              void *ret);
int managers_parse_topology_options(const BindFile *file,
                                    const YamlNode *key,
                                    const YamlNode *value,
                                    void *ret);
int managers_parse_swap(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *value,
                        void *ret);
