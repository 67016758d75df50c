/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's flags
 *
 * As trees with the keys of a KubeletConfiguration, so that they are checked and bound like its
 * files.
 */
#include <stddef.h>

#include "base/arena.h"
#include "config/yaml.h"

typedef struct KubeletFlags {
        const YamlNode *names;    /* configFile, configDir, hostnameOverride; a mapping */
        const YamlNode *settings; /* keys that a file can have, too; a mapping */
} KubeletFlags;

/* @text: arguments, each ended by NUL, the first of them the program. Return: 0 or -ENOMEM. */
_must_check_ int flags_parse(Arena *arena, const char *text, size_t n_text, KubeletFlags *ret);

/* A file of flags: words, with quotes taken away, "#" beginning a comment, each ended by NUL, with
 * an empty one in front in place of the program. In place: @text has room for one byte more than
 * @n_text. Return: how many bytes there are now. */
size_t flags_split(char *text, size_t n_text);
