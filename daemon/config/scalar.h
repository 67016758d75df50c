/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Words and numbers
 *
 * The text of one setting becomes a value. No files, no places, no messages.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum {
        _SCALAR_E_SUCCESS,
        SCALAR_E_MALFORMED, /* not of this form */
        SCALAR_E_RANGE,     /* of this form, but too large or too small */
};

/* true, false and what else YAML 1.1 takes for one of them; SCALAR_E_MALFORMED */
_must_check_ int scalar_parse_bool(const char *text, bool *ret);
/* 12, 0xc; no sign, no leading zeros in decimal */
_must_check_ int scalar_parse_u64(const char *text, uint64_t *ret);
/* 30s, 1m30s, 1.5h, 500ms: microseconds */
_must_check_ int scalar_parse_duration(const char *text, uint64_t *ret_usec);
/* 5%, 1.5%: 0..1 in the kubelet's 32-bit arithmetic */
_must_check_ int scalar_parse_percentage(const char *text, float *ret);
/* 50%: whole percents, 0..100 */
_must_check_ int scalar_parse_percent(const char *text, unsigned *ret);
/* A DNS-1123 subdomain: what Kubernetes takes for the name of a node */
bool scalar_is_node_name(const char *text);
