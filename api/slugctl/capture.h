/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Capturing a machine
 *
 * The files that slugd reads of a machine, as a tar that "slugd --root" can be given.
 */
#include <archive.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/root.h"
#include "slugctl/capture-mask.h"

#define CAPTURE_PATH_MAX  1024u
#define CAPTURE_FILE_MAX  (1u << 20) /* bytes of one file */
#define CAPTURE_TOTAL_MAX (512u << 20)
#define CAPTURE_DEPTH_MAX 16u

enum {
        _CAPTURE_E_SUCCESS,
        CAPTURE_E_REFUSED, /* the diag says what, and what to do */
};

typedef struct Capture {
        const Root *root;
        struct archive *tar;
        CaptureMask *mask; /* NULL: everything as it is */
        void *seen;        /* a tree (tsearch) of the paths that are in it */
        size_t n_files;
        size_t n_unreadable; /* that are there and could not be read */
        uint64_t n_bytes;
        bool shows_progress;
        uint64_t shown_usec; /* when progress was shown last; 0: not yet */
        uint64_t start_usec;
        Diag *reterr;
} Capture;

void capture_deinit(Capture *capture);
DEFINE_DEINIT(Capture, capture_deinit);

/* All return 0, CAPTURE_E_REFUSED with @reterr set, or -ENOMEM. What is not there is no mistake. */

/* A file, through links, under its own name. @transform: what --mask does to it, or NULL. */
_must_check_ int capture_add_file(Capture *capture, const char *path, CaptureTransform *transform);
/* A directory by itself. */
_must_check_ int capture_add_directory(Capture *capture, const char *path);
/* A directory and all below it; links are kept and not followed. @names: only files and links of
 * these names or beginnings ("node*"), ended by NULL; NULL: all. */
_must_check_ int capture_add_tree(Capture *capture, const char *path, const char *const *names);
/* A directory of links to devices: the links, and the trees that they lead to. */
_must_check_ int capture_add_devices(Capture *capture, const char *path);

/* The whole list. */
_must_check_ int capture_add_machine(Capture *capture);
