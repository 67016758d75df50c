/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file and its drop-ins as one tree
 *
 * Documents that are read one after the other and merged in that order. What was looked at is
 * noted, with what became of it.
 */
#include "base/arena.h"
#include "base/root.h"
#include "config/config.h"
#include "config/merge.h"

#define DOCUMENTS_FILES_MAX   64u   /* of one set */
#define DOCUMENTS_ENTRIES_MAX 1024u /* of one directory */
#define DOCUMENTS_DEPTH_MAX   8u    /* directories inside each other */

/* {} has nothing in it. */
typedef struct Documents {
        Arena *arena;
        const YamlNode *tree; /* merged so far; NULL: nothing was read */
        unsigned weight;      /* of all that was read */
        unsigned n_files;
        ConfigFiles *files; /* borrowed: where each file is noted */
} Documents;

/* Looks at one document before it is merged. */
typedef int DocumentCheck(const YamlNode *document, Diag *reterr);

typedef struct DropIns {
        const char *suffix;   /* ".conf": files that end so */
        bool descends;        /* into directories, and takes hidden files */
        DocumentCheck *check; /* NULL: none */
} DropIns;

/* Notes what became of a file: @r as documents_add_file() returns it. Return: 0 or -ENOMEM. */
_must_check_ int config_files_add(ConfigFiles *files, const char *path, int r, const Diag *problem);

_must_check_ int documents_init(Documents *documents, ConfigFiles *files);
void documents_deinit(Documents *documents);
DEFINE_DEINIT(Documents, documents_deinit);

/*
 * All: @root is NULL when @path is the host's. Return: 0, CONFIG_E_* with @reterr set, or -ENOMEM.
 */
_must_check_ int documents_add_file(Documents *documents,
                                    const Root *root,
                                    const char *path,
                                    DocumentCheck *check,
                                    Diag *reterr);
/* In lexical order. CONFIG_E_ABSENT: there is no such directory. */
_must_check_ int documents_add_directory(Documents *documents,
                                         const Root *root,
                                         const char *path,
                                         const DropIns *drop_ins,
                                         Diag *reterr);
