/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a program's loop begins
 *
 * Signals become events of the loop: blocked first, so that none comes in between.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct LoopSignal {
        int number;
        sd_event_signal_handler_t handler;
        void *userdata; /* not NULL without a handler: sd-event takes it for an exit status */
} LoopSignal;

/* Return: 0 or an errno. */
_must_check_ int loop_add_signals(sd_event *event, const LoopSignal *signals, size_t n_signals);
/* A loop of a service: with these signals, and fed to the service manager's watchdog where there is
 * one that wants to be. @ret: set as soon as there is one, also on failure. Return: 0 or an errno.
 */
_must_check_ int loop_new(const LoopSignal *signals, size_t n_signals, sd_event **ret);
