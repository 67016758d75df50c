/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The daemon's answer for machines: as JSON or as YAML, field by field as it came.
 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"

enum {
        _DOCUMENT_E_SUCCESS,
        DOCUMENT_E_MALFORMED, /* not a JSON object */
};

_must_check_ int document_print_json(const char *text, FILE *stream, Diag *reterr);
_must_check_ int document_print_yaml(const char *text, FILE *stream, Diag *reterr);
