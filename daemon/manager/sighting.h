/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sighting
 *
 * How much memory the machine had when the running kubelet started, as far as slugd was there to
 * see it. The kubelet looks once, at its start, and never again.
 */
#include "base/bytes.h"
#include "base/root.h"
#include "config/config.h"

/* {}: no kubelet was seen starting. */
typedef struct Sighting {
        KubeletProcess process;
        OptU64 bytes; /* absent: it ran already when slugd came */
} Sighting;

/* Of this process, as an earlier slugd of this boot has left it; otherwise without bytes. */
Sighting sighting_load(const Root *root, const KubeletProcess *process);
/* For slugds to come; only on this machine itself. Return: 0 or an errno. */
_must_check_ int sighting_store(const Root *root, const Sighting *sighting);
