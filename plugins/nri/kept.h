/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The containers that ask for something
 *
 * What slugd is asked of each, what it is to have by slugd's answer and what it has, as far as it
 * is known. Nothing of it is on a disk: whoever begins anew is told of all containers by the
 * runtime.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "nri/adjust.h"

#define KEPT_MAX      4096u
#define KEPT_MEMS_MAX 256u /* with the NUL; a list that is longer is not taken for one */
#define KEPT_LOW_MAX  32u

typedef struct KeptGiven {
        char mems[KEPT_MEMS_MAX];
        char low[KEPT_LOW_MAX];
} KeptGiven;

typedef struct KeptContainer {
        Admitted *asked; /* owned; its container_id is never "" */
        KeptGiven wants; /* "": slugd has said nothing of it */
        KeptGiven has;
        bool is_unlisted; /* between kept_begin_list() and kept_end_list(): not told so far */
        bool is_due;      /* slugd is to be asked */
        bool is_asked;    /* it is being asked, in a round */
        bool is_creating; /* the runtime waits with it: it is nobody's to change */
        bool is_updating; /* the runtime is being asked to change it */
        /*
         * Its start was not told. A runtime takes an update of a container that it is creating for
         * one of nothing, and one of a container that it is starting for one of its next start, and
         * says of both that all is well.
         */
        bool is_unstarted;
        bool is_tried;    /* since slugd's last answer, although it is unstarted */
        unsigned n_tries; /* that are left: a start may be missed, see kept_begin_list() */
        bool is_open;     /* slugd was asked and has not answered */
        bool is_found;    /* it was there before us, and slugd has not answered since */
        bool keeps_low;   /* it was created with a memory.low of somebody else's */
        /*
         * Whether it has a memory.low is not known: NRI 0.8 tells of cpuset.mems, and of no file of
         * cgroup v2 (0.12.5 does). Both are given together, so that one which has the first is
         * taken to have the second; else all containers would be changed, one by one, whenever
         * slug-nri or the runtime starts again.
         */
        bool is_low_untold;
        bool has_claim;  /* by slugd's last answer */
        bool is_refused; /* the runtime did not take what it is to have: once is enough */
        char refusal[DIAG_TEXT_MAX]; /* slugd's, that was said; or "" */
} KeptContainer;

/* {} is empty. */
typedef struct Kept {
        KeptContainer *items;
        size_t n_items, n_room;
} Kept;

void kept_deinit(Kept *kept);
DEFINE_DEINIT(Kept, kept_deinit);

/* Owned by the caller, who frees it with its free_unpacked(). NULL: no memory. */
Admitted *kept_copy(const Admitted *asked);
/* @asked: copied. In the place of one with that id. Return: NULL: no memory, no room, no id. */
KeptContainer *kept_put(Kept *kept, const Admitted *asked);
/* NULL: there is none. Valid until the next change of the list. */
KeptContainer *kept_find(const Kept *kept, const char *container_id);
void kept_remove(Kept *kept, const char *container_id);
/* Those of the same name in the same pod: a container is created anew when it has ended. */
void kept_remove_namesakes(Kept *kept, const Admitted *asked);
void kept_make_due(Kept *kept);
size_t kept_count_open(const Kept *kept);

/* slugd's answer. What is somebody else's memory.low stays that. */
void kept_take(KeptContainer *item, const Placement *placement);
/* The runtime gives it what it is to have. */
void kept_note_given(KeptContainer *item);
/* It is unstarted, and the runtime is told to change it all the same. */
void kept_note_tried(KeptContainer *item);
/* What the runtime's list of all containers says of one. */
typedef struct KeptListed {
        const Admitted *asked; /* copied */
        Given has;
        bool is_low_untold; /* see KeptContainer */
        bool is_unstarted;
} KeptListed;

/*
 * The runtime tells of all containers: those that kept_list() is not called for in between are
 * forgotten. What slugd has said of the others stays, and so does what is known to be better than
 * the list, which tells of what a container was made of: one that was changed before it had started
 * has there what it may not have got. One that is new and @is_unstarted may start just after the
 * list was made, and NRI before 0.8 loses that news while it lets the plugin in. So it is changed
 * all the same, and a few times more until its start is told.
 */
void kept_begin_list(Kept *kept);
/* NULL: no memory, no room, no id. */
KeptContainer *kept_list(Kept *kept, const KeptListed *listed);
void kept_end_list(Kept *kept);
/* It runs, and what it was told before may not have reached it. */
void kept_note_started(KeptContainer *item);
/* False: a text is longer than any that is one; then nothing is set. */
bool kept_set(KeptGiven *to, Given given);
static inline Given kept_get(const KeptGiven *given) {
        return (Given){ .mems = given->mems, .low = given->low };
}
/* What it is to have and has not, and the runtime may be asked for. */
bool kept_is_behind(const KeptContainer *item);
