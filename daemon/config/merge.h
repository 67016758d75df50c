/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Trees that are made, not read
 *
 * Two documents as one (JSON merge patch), and nodes for what does not stand in a file.
 */
#include "config/yaml.h"

/*
 * What @patch makes of @base, which may be NULL: mappings per key, everything else is replaced,
 * null takes a key away. Every node keeps the place it came from. Neither tree changes; the result
 * shares their nodes. NULL: out of memory.
 */
const YamlNode *yaml_merge(Arena *arena, const YamlNode *base, const YamlNode *patch);

/* A scalar whose text decides its type. @file: borrowed by the node. NULL: out of memory. */
YamlNode *yaml_new_scalar(Arena *arena, const char *file, const char *text, size_t n_text);
/* An empty sequence or mapping. */
YamlNode *yaml_new_node(Arena *arena, const char *file, YamlType type);
/* Appends to it; a key that is there already is given the new value. @key: NULL in a sequence.
 * Return: 0 or -ENOMEM. */
_must_check_ int yaml_add(Arena *arena, YamlNode *node, const YamlNode *key, const YamlNode *value);
