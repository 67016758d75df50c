/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is said to systemd, and what its answers mean
 */
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "cgroup/bus.h"
#include "cgroup/name.h"

#define BUS_SYSTEMD_NAME      "org.freedesktop.systemd1"
#define BUS_SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define BUS_SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

#define BUS_TEXT_MAX 256u /* of what is kept of an error's text, with the NUL */

/* A slice as systemd takes it, but for the root of all. */
bool bus_unit_is_valid(const char *unit);

/* Of valid units. Return: 0, -EINVAL (too many properties, or one that there is none of), or an
 * errno. */
_must_check_ int bus_message_set_properties(sd_bus *bus,
                                            const char *unit,
                                            const CgroupProperty *properties,
                                            size_t n_properties,
                                            sd_bus_message **ret);
_must_check_ int bus_message_start_slice(sd_bus *bus,
                                         const char *unit,
                                         const CgroupProperty *properties,
                                         size_t n_properties,
                                         sd_bus_message **ret);
_must_check_ int bus_message_stop_unit(sd_bus *bus, const char *unit, sd_bus_message **ret);

/* An errno below 0, whatever @error is. */
int bus_error_read(const sd_bus_error *error);
/* 0 for a job that did what it was to do, or an errno. */
int bus_result_read(const char *result);
/* As much as there is room for, in whole characters, without control characters. @text: NULL: "" */
void bus_text_copy(const char *text, char ret[static BUS_TEXT_MAX]);
