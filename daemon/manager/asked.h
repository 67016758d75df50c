/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What CgroupManagerService works with
 *
 * A way to the cgroups and to systemd of its own, and a lane of its own: what is asked for neither
 * waits for the limits nor holds them up.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "manager/crew.h"
#include "service/cgroup-service.h"

typedef struct Asked Asked;

typedef struct AskedParams {
        sd_event *event;
        const Root *root; /* borrowed, as are the next two */
        const Crew *crew;
        const QosView *view;
        bool may_write; /* this machine, or a tree that is explicitly a fake one */
} AskedParams;

/* @service: is given all but what comes with each snapshot. Return: 0 or an errno. */
_must_check_ int asked_new(const AskedParams *params, CgroupService *service, Asked **ret);
/* Before the crew goes, and after those who asked. */
Asked *asked_free(Asked *asked);
DEFINE_CLEANUP(Asked *, asked_free);
