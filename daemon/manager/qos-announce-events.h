/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the journal is told of events of cgroups
 */
#include "manager/event-lines.h"

/* @path: of the level's cgroup, below the cgroup root */
void qos_announce_event(const EventLine *line, const char *path);
