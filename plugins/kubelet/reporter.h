/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who tells slugd
 *
 * The newest report and no other: one that slugd has not taken yet is dropped for the next. A slugd
 * that comes, or comes back, is seen at once, since a watch of its health waits for it.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "slug/v1/pod.pb-c.h"

/* After so long without one slugd is told again: it calls one old after three minutes. */
#define REPORTER_SILENCE_USEC (55 * USEC_PER_SEC)

typedef struct ReporterParams {
        sd_event *event;
        const char *socket;             /* slugd's; borrowed */
        void (*wanted)(void *userdata); /* slugd is there and has no report of ours */
        void *userdata;
} ReporterParams;

typedef struct Reporter Reporter;

/* Return: 0, -ENAMETOOLONG for the path of a socket that is too long, or an errno. */
_must_check_ int reporter_new(const ReporterParams *params, Reporter **ret);
Reporter *reporter_free(Reporter *reporter);
DEFINE_CLEANUP(Reporter *, reporter_free);

/* As slugd said it last; 0: it has not. */
uint64_t reporter_get_ledger_generation(const Reporter *reporter);
/*
 * Sends it, unless it says what the one before said and that is not long ago. Reporter and sequence
 * are filled in; nothing of it is kept. Return: 0, -EAGAIN, -E2BIG, or -ENOMEM.
 */
_must_check_ int
reporter_offer(Reporter *reporter, Slug__V1__ReportPodsRequest *report, uint64_t now_usec);
