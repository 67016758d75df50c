/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What --mask hides
 *
 * Serial numbers and PCI addresses are numbered anew, the same one always the same; names of the
 * host, network addresses and whatever else a kubelet was told are left out. Lines stay lines, so
 * that a place in a file is the same place.
 */
#include <stddef.h>

#include "base/buffer.h"

#define MASK_ENTRIES_MAX 4096u
#define MASK_WORD_MAX    24u

typedef struct MaskEntry {
        char word[MASK_WORD_MAX];
} MaskEntry;

/* {}: nothing was met yet. */
typedef struct CaptureMask {
        MaskEntry *addresses; /* of PCI, in the order in which they were met */
        size_t n_addresses;
        MaskEntry *serials; /* as hexadecimal numbers */
        size_t n_serials;
} CaptureMask;

void capture_mask_deinit(CaptureMask *mask);
DEFINE_DEINIT(CaptureMask, capture_mask_deinit);

/* Appends the masked text. Failure is the buffer's, and the caps': -ENOSPC. */
typedef void CaptureTransform(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret);

CaptureTransform mask_paths;        /* PCI addresses; file names and link targets */
CaptureTransform mask_serial;       /* a file that holds one */
CaptureTransform mask_host_name;    /* a file that holds it */
CaptureTransform mask_nothing_left; /* a file that holds what only identifies */
CaptureTransform mask_command_line; /* of the kubelet: flags that slugd does not read */
CaptureTransform mask_kubelet_file; /* keys that slugd does not read */
CaptureTransform mask_slugd_file;   /* nodeName, cxlSerial */
