/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Within api/split: a pod's quantities as numbers, and complaints about them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "split/pod.h"

/* Billionths, the finest that a quantity has. Saturates far above all that a machine has. */
typedef unsigned __int128 PodNanos;

const char *
pod_quantities_find(const PodQuantity *quantities, size_t n_quantities, const char *name);

/* False: it is no quantity, or below 0. */
bool pod_nanos_parse(const char *text, PodNanos *ret);
/* 0 when there is no such resource, or no such quantity. */
PodNanos
pod_quantities_get_nanos(const PodQuantity *quantities, size_t n_quantities, const char *name);

/*
 * What the kubelet's library calls "represented as int64": a narrower thing than a whole number
 * that fits. False, too, when it is no quantity.
 */
bool pod_quantity_to_int64(const char *text, int64_t *ret);

/* "namespace/name: container 'db': ..."; @container NULL: it is about the pod. */
void pod_diag_set(Diag *diag, const Pod *pod, const char *container, const char *format, ...)
        _printf_(4, 5);
