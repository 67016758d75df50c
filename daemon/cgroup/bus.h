/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * systemd over D-Bus
 *
 * Unit properties at run time, transient slices, and their end: asynchronous, with a deadline, over
 * a connection that is made when it is needed and made again when it is lost. The only user of
 * D-Bus in slugd.
 */
#include <stdint.h>

#include "base/cleanup.h"
#include "cgroup/knob.h"

struct sd_event;

typedef struct CgroupBus CgroupBus;

typedef struct CgroupBusParams {
        struct sd_event *event;
        const char *address;   /* NULL: the system bus; for tests, of a Unix socket */
        uint64_t timeout_usec; /* of one call; 0: 5 s */
} CgroupBusParams;

/* Connects to nobody yet. Return: 0, -EINVAL (no address of a Unix socket), or an errno. */
_must_check_ int cgroup_bus_new(const CgroupBusParams *params, CgroupBus **ret);
/* Calls that are under way are answered with -ECANCELED before it returns. Not to be called from a
 * callback. */
CgroupBus *cgroup_bus_free(CgroupBus *bus);
DEFINE_CLEANUP(CgroupBus *, cgroup_bus_free);

/* @error: 0, or an errno below 0: what systemd said; -ECONNRESET: the connection was lost, and
 * -ETIMEDOUT: there was no answer, and whether it was done is not known. @message: what systemd or
 * the bus said, "" for nothing. Never called from the function that was asked. */
typedef void (*CgroupBusDone)(int error, const char *message, void *userdata);

typedef struct CgroupProperty {
        CgroupKnob knob;
        CgroupValue value;
} CgroupProperty;

/* SetUnitProperties(unit, runtime=true). @error -ENOENT: no such unit. Return: 0, or an errno; then
 * @done is not called: -EINVAL (no slice, or the root of all), -ENOTCONN (nobody is there; a bus
 * that is dead is not asked again for a while), -ENOBUFS (too many wait). */
_must_check_ int cgroup_bus_set_properties(CgroupBus *bus,
                                           const char *unit,
                                           const CgroupProperty *properties,
                                           size_t n_properties,
                                           CgroupBusDone done,
                                           void *userdata);
/* StartTransientUnit of a slice, with the properties; done when the job is. @error -EEXIST. */
_must_check_ int cgroup_bus_start_slice(CgroupBus *bus,
                                        const char *unit,
                                        const CgroupProperty *properties,
                                        size_t n_properties,
                                        CgroupBusDone done,
                                        void *userdata);
/* StopUnit; done when the job is. */
_must_check_ int
cgroup_bus_stop_unit(CgroupBus *bus, const char *unit, CgroupBusDone done, void *userdata);

typedef struct CgroupBusStats {
        uint64_t n_calls, n_failures, n_connections; /* since the start */
        bool is_connected;
} CgroupBusStats;
CgroupBusStats cgroup_bus_get_stats(const CgroupBus *bus);
