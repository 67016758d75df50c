/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A double of systemd, and of the bus before it
 *
 * Lives in the test's own event loop, so that who waits for it without the loop waits for ever.
 * Over a private socket it greets as a bus does; or it is a client of a real one. It writes down
 * every call to the Manager and behaves as it is told.
 */
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "lib/folder.h"

#define DOUBLE_CALLS_MAX 128u
#define DOUBLE_TEXT_MAX  2048u
#define DOUBLE_NAME      ":1.7" /* its own, where there is no real bus */
#define DOUBLE_JOB       "/org/freedesktop/systemd1/job/42"

typedef enum DoubleMood {
        DOUBLE_ANSWERS,
        DOUBLE_REFUSES,       /* calls, with .error_name and .error_text */
        DOUBLE_HOLDS,         /* calls, until double_let_go() */
        DOUBLE_CLOSES,        /* the connection, instead of an answer */
        DOUBLE_TALKS_RUBBISH, /* instead of an answer */
        DOUBLE_ANSWERS_ODDLY, /* with what nobody asked for */
        DOUBLE_NEVER_GREETS,  /* takes the connection, and says nothing at all */
        DOUBLE_SLAMS,         /* takes the connection and closes it */
        DOUBLE_GREETS_RUBBISH,
        DOUBLE_REFUSES_MATCHES,
} DoubleMood;

typedef struct SystemdDouble {
        sd_event *event;
        Folder folder;
        char address[128];
        DoubleMood mood;
        const char *error_name, *error_text;
        const char *job_result; /* NULL: the job does not end by itself */
        int listen_fd, mute_fd;
        sd_event_source *source;
        sd_bus *peer; /* the last one */
        sd_bus_message *held[DOUBLE_CALLS_MAX];
        unsigned n_held;
        unsigned n_accepted;
        bool is_cut; /* the connection, by itself: what was read already is not answered */
        /* "Member signature values" of each call to the Manager, and the matches that were asked
         * for. */
        char calls[DOUBLE_CALLS_MAX][DOUBLE_TEXT_MAX];
        unsigned n_calls;
        char match[512];
        unsigned n_matches;
} SystemdDouble;

void double_open(SystemdDouble *self, sd_event *event);
/* Nobody listens any more; what is connected is closed. */
void double_stop(SystemdDouble *self);
void double_listen(SystemdDouble *self);
/* Is a client of the bus at @address, and systemd by name. */
void double_join(SystemdDouble *self, const char *address);
void double_close(SystemdDouble *self);

/* Answers what was held. */
void double_let_go(SystemdDouble *self);
/* @sender: NULL: itself. */
void double_end_job(SystemdDouble *self,
                    const char *job,
                    const char *unit,
                    const char *result,
                    const char *sender);
