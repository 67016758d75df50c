/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file as a tree
 */
#include "base/arena.h"
#include "base/root.h"
#include "config/yaml.h"

/* {} is no document. */
typedef struct Document {
        Arena *arena;
        const YamlNode *root; /* in the arena; NULL: no document */
} Document;

/* @root: NULL when @path is the host's. Return: 0, CONFIG_E_*, or -ENOMEM. */
_must_check_ int document_load(const Root *root, const char *path, Document *ret, Diag *reterr);
void document_deinit(Document *document);
DEFINE_DEINIT(Document, document_deinit);
