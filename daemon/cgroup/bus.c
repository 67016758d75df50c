/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd over D-Bus
 *
 * sd-bus never waits here: the socket is connected without blocking, everything is sent and heard
 * in the event loop, and what would wait (a flush at the loop's exit, an address that is looked up)
 * is switched off or refused. A bus that takes the connection and says nothing, while it is greeted
 * or later, costs the deadline of the calls and no more. That deadline is kept by a timer of ours,
 * since sd-bus counts time only when it has been greeted.
 *
 *   call --> connect, when there is no connection --> sent --> answered ------------------> ended
 *                                                                   `--> job --> job removed --^
 *
 * When a call was not answered in time and nothing else was heard since it was sent, the connection
 * counts as dead and goes, with what waits in it. Otherwise the call is forgotten and its answer is
 * dropped. A connection on which nothing was ever answered is not made anew before a pause, twice
 * as long each time, so that a dead bus costs a comparison.
 *
 * Ends are told from an event source of their own: a callback may call again, and never finds
 * sd-bus, or whoever asked, in the middle of something.
 *
 * That a job has ended is said by a signal. It has to come from who answered, because anybody on
 * the bus can send one that looks like it. Signals of other jobs come, too, while one is waited
 * for: sd-bus compares no arguments behind one that is a number.
 *
 * sd-bus reads one message at a time and takes none above 128 MiB (the system bus itself passes on
 * 32 MiB); of what it says a bounded text is kept.
 */
#include "cgroup/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "cgroup/bus-message.h"

#define ADDRESS_SYSTEM     "unix:path=/run/dbus/system_bus_socket"
#define TIMEOUT_USEC       (5 * USEC_PER_SEC)
#define PAUSE_MIN_USEC     (100 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC     (5 * USEC_PER_SEC)
#define TIMER_SLACK_USEC   (10 * USEC_PER_MSEC)
#define CALLS_MAX          64u  /* that are under way */
#define NAME_MAX_BYTES     256u /* of names on the bus and of paths of jobs, with the NUL */
#define CALL_TIMEOUT_NEVER UINT64_MAX

#define TEXT_LOST "The connection to the bus was lost"

typedef struct Call {
        struct Call *next;
        CgroupBus *bus;
        sd_bus_slot *answer, *removal; /* NULL: nothing is waited for */
        char job[NAME_MAX_BYTES];      /* "": it has not begun */
        char sender[NAME_MAX_BYTES];   /* who began it; "" where there are no names */
        uint64_t due_usec;
        uint64_t n_heard; /* by the connection, when it was sent */
        bool has_job;
        bool has_ended;
        int error;
        char text[BUS_TEXT_MAX];
        CgroupBusDone done;
        void *userdata;
} Call;

struct CgroupBus {
        sd_event *event;
        char *address;
        uint64_t timeout_usec;
        sd_bus *connection;      /* NULL: there is none */
        bool is_lost;            /* the connection; it goes when sd-bus is not at work */
        uint64_t n_heard;        /* answers and signals of this connection */
        uint64_t pause_usec;     /* after the next failure; 0: the last connection was good */
        uint64_t retry_usec;     /* no connection is made before */
        sd_event_source *timer;  /* the earliest deadline */
        sd_event_source *teller; /* on while an end is to be told */
        Call *calls;             /* in the order of asking */
        size_t n_calls;
        bool is_closing;
        CgroupBusStats stats;
};

static uint64_t now(void) {
        return clock_now_usec(&clock_monotonic);
}

/* Ends */

static void unref_slots(Call *call) {
        call->answer = sd_bus_slot_unref(call->answer);
        call->removal = sd_bus_slot_unref(call->removal);
}

static Call *call_free(Call *call) {
        if (!call)
                return NULL;
        unref_slots(call);
        free(call);
        return NULL;
}
DEFINE_CLEANUP(Call *, call_free);

static void end(Call *call, int error, const char *text) {
        if (call->has_ended)
                return;
        call->has_ended = true;
        call->error = error;
        bus_text_copy(text, call->text);
        unref_slots(call);
        if (error)
                ++call->bus->stats.n_failures;
        (void)sd_event_source_set_enabled(call->bus->teller, SD_EVENT_ON);
}

static Call *take_ended(CgroupBus *bus) {
        for (Call **at = &bus->calls; *at; at = &(*at)->next) {
                Call *call = *at;

                if (!call->has_ended)
                        continue;
                *at = call->next;
                --bus->n_calls;
                return call;
        }
        return NULL;
}

static void tell(Call *call) {
        call->done(call->error, call->text, call->userdata);
        (void)call_free(call);
}

/* The connection */

static void drop_connection(CgroupBus *bus) {
        bus->is_lost = false;
        if (!bus->connection)
                return;
        (void)sd_bus_detach_event(bus->connection);
        bus->connection = sd_bus_close_unref(bus->connection);
}

/* Makes the next connection wait, unless the last one was good for something. */
static void note_failure(CgroupBus *bus) {
        if (bus->n_heard > 0) {
                bus->pause_usec = 0;
                bus->retry_usec = 0;
                return;
        }
        bus->pause_usec = bus->pause_usec ? bus->pause_usec * 2 : PAUSE_MIN_USEC;
        if (bus->pause_usec > PAUSE_MAX_USEC)
                bus->pause_usec = PAUSE_MAX_USEC;
        bus->retry_usec = now() + bus->pause_usec;
}

static void lose(CgroupBus *bus) {
        if (!bus->connection || bus->is_lost)
                return;
        bus->is_lost = true;
        note_failure(bus);
        for (Call *call = bus->calls; call; call = call->next)
                end(call, -ECONNRESET, TEXT_LOST);
        (void)sd_event_source_set_enabled(bus->teller, SD_EVENT_ON);
}

static int
on_disconnected(sd_bus_message *m _unused_, void *userdata, sd_bus_error *reterr _unused_) {
        lose(userdata);
        return 0;
}

static int configure(CgroupBus *bus, sd_bus *connection) {
        int r;

        r = sd_bus_set_address(connection, bus->address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(connection, true);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(connection, false);
        if (r < 0)
                return r;
        /* It would be flushed first, and that blocks. */
        r = sd_bus_set_close_on_exit(connection, false);
        if (r < 0)
                return r;
        r = sd_bus_set_method_call_timeout(connection, bus->timeout_usec); /* of its own calls */
        if (r < 0)
                return r;
        /* Local: the bus is not asked. */
        return sd_bus_match_signal(connection, NULL, "org.freedesktop.DBus.Local",
                                   "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                   "Disconnected", on_disconnected, bus);
}

static int open_connection(CgroupBus *bus, sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *connection = NULL;
        int r;

        r = sd_bus_new(&connection);
        if (r < 0)
                return r;
        r = configure(bus, connection);
        if (r < 0)
                return r;
        r = sd_bus_start(connection);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(connection, bus->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(connection);
        return 0;
}

/* Return: 0, -ENOMEM, or -ENOTCONN. */
static int connect_to_bus(CgroupBus *bus) {
        int r;

        if (bus->is_lost)
                drop_connection(bus);
        if (bus->connection)
                return 0;
        if (bus->retry_usec > 0 && now() < bus->retry_usec)
                return -ENOTCONN;
        bus->n_heard = 0;
        r = open_connection(bus, &bus->connection);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                note_failure(bus);
                return -ENOTCONN;
        }
        ++bus->stats.n_connections;
        return 0;
}

/* Deadlines */

static void arm(CgroupBus *bus) {
        uint64_t due_usec = UINT64_MAX;

        for (const Call *call = bus->calls; call; call = call->next)
                if (!call->has_ended && call->due_usec < due_usec)
                        due_usec = call->due_usec;
        (void)sd_event_source_set_time(bus->timer, due_usec);
        (void)sd_event_source_set_enabled(bus->timer,
                                          due_usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        CgroupBus *bus = userdata;
        const uint64_t now_usec = now();
        bool is_dead = false;

        for (Call *call = bus->calls; call; call = call->next) {
                if (call->has_ended || call->due_usec > now_usec)
                        continue;
                is_dead |= call->n_heard == bus->n_heard;
                end(call, -ETIMEDOUT,
                    call->job[0] ? "The job did not end in time" : "There was no answer in time");
        }
        if (is_dead)
                lose(bus);
        arm(bus);
        return 0;
}

static int on_tell(sd_event_source *source, void *userdata) {
        CgroupBus *bus = userdata;
        Call *call;

        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (bus->is_lost)
                drop_connection(bus);
        arm(bus);
        while ((call = take_ended(bus)))
                tell(call);
        return 0;
}

/* Answers */

/* False, and the call has ended: it is an error, the connection's end included. */
static bool take_answer(Call *call, sd_bus_message *m) {
        const sd_bus_error *error = sd_bus_message_get_error(m);

        if (sd_bus_is_open(sd_bus_message_get_bus(m)) <= 0) {
                lose(call->bus);
                return false;
        }
        ++call->bus->n_heard;
        if (!error)
                return true;
        end(call, bus_error_read(error), error->message ? error->message : error->name);
        return false;
}

static bool copy_name(const char *name, char ret[static NAME_MAX_BYTES]) {
        const size_t n = name ? strnlen(name, NAME_MAX_BYTES) : 0;

        if (n >= NAME_MAX_BYTES)
                return false;
        if (n > 0)
                memcpy(ret, name, n);
        ret[n] = '\0';
        return true;
}

static void note_job(Call *call, sd_bus_message *m) {
        const char *job;

        if (sd_bus_message_read(m, "o", &job) < 0 || !copy_name(job, call->job) ||
            !copy_name(sd_bus_message_get_sender(m), call->sender))
                end(call, -EBADMSG, "The answer names no job");
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_) {
        Call *call = userdata;

        if (!take_answer(call, m))
                return 0;
        if (call->has_job)
                note_job(call, m);
        else
                end(call, 0, NULL);
        return 0;
}

static int on_match(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_) {
        (void)take_answer(userdata, m);
        return 0;
}

static int on_removal(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_) {
        const char *job, *unit, *result, *sender = sd_bus_message_get_sender(m);
        Call *call = userdata;
        uint32_t id;
        int error;

        if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0)
                return 0;
        if (!call->job[0] || strcmp(call->job, job) != 0 ||
            strcmp(call->sender, sender ? sender : "") != 0)
                return 0;
        ++call->bus->n_heard;
        error = bus_result_read(result);
        end(call, error, error ? result : NULL);
        return 0;
}

/* Asking */

typedef struct Question {
        const char *unit;
        const CgroupProperty *properties;
        size_t n_properties;
        bool has_job;
        int (*build)(sd_bus *bus, const struct Question *question, sd_bus_message **ret);
} Question;

static int build_set(sd_bus *bus, const Question *q, sd_bus_message **ret) {
        return bus_message_set_properties(bus, q->unit, q->properties, q->n_properties, ret);
}

static int build_start(sd_bus *bus, const Question *q, sd_bus_message **ret) {
        return bus_message_start_slice(bus, q->unit, q->properties, q->n_properties, ret);
}

static int build_stop(sd_bus *bus, const Question *q, sd_bus_message **ret) {
        return bus_message_stop_unit(bus, q->unit, ret);
}

/* The match goes first, so that no end of a job can be missed. */
static int send_question(CgroupBus *bus, const Question *question, Call *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = question->build(bus->connection, question, &m);
        if (r < 0)
                return r;
        if (question->has_job) {
                r = sd_bus_match_signal_async(bus->connection, &call->removal, BUS_SYSTEMD_NAME,
                                              BUS_SYSTEMD_PATH, BUS_SYSTEMD_INTERFACE, "JobRemoved",
                                              on_removal, on_match, call);
                if (r < 0)
                        return r;
        }
        r = sd_bus_call_async(bus->connection, &call->answer, m, on_answer, call,
                              CALL_TIMEOUT_NEVER);
        return r < 0 ? r : 0;
}

static void append(CgroupBus *bus, Call *call) {
        Call **at = &bus->calls;

        while (*at)
                at = &(*at)->next;
        *at = call;
        ++bus->n_calls;
        ++bus->stats.n_calls;
}

static int ask(CgroupBus *bus, const Question *question, CgroupBusDone done, void *userdata) {
        _cleanup_(call_freep) Call *call = NULL;
        int r;

        if (!bus_unit_is_valid(question->unit))
                return -EINVAL;
        if (bus->is_closing)
                return -ESHUTDOWN;
        if (bus->n_calls >= CALLS_MAX)
                return -ENOBUFS;
        r = connect_to_bus(bus);
        if (r < 0)
                return r;
        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        call->bus = bus;
        call->has_job = question->has_job;
        call->due_usec = now() + bus->timeout_usec;
        call->n_heard = bus->n_heard;
        call->done = done;
        call->userdata = userdata;
        r = send_question(bus, question, call);
        if (r < 0)
                return r;
        append(bus, TAKE_PTR(call));
        arm(bus);
        return 0;
}

int cgroup_bus_set_properties(CgroupBus *bus,
                              const char *unit,
                              const CgroupProperty *properties,
                              size_t n_properties,
                              CgroupBusDone done,
                              void *userdata) {
        const Question question = {
                .unit = unit,
                .properties = properties,
                .n_properties = n_properties,
                .build = build_set,
        };

        return ask(bus, &question, done, userdata);
}

int cgroup_bus_start_slice(CgroupBus *bus,
                           const char *unit,
                           const CgroupProperty *properties,
                           size_t n_properties,
                           CgroupBusDone done,
                           void *userdata) {
        const Question question = {
                .unit = unit,
                .properties = properties,
                .n_properties = n_properties,
                .has_job = true,
                .build = build_start,
        };

        return ask(bus, &question, done, userdata);
}

int cgroup_bus_stop_unit(CgroupBus *bus, const char *unit, CgroupBusDone done, void *userdata) {
        const Question question = { .unit = unit, .has_job = true, .build = build_stop };

        return ask(bus, &question, done, userdata);
}

CgroupBusStats cgroup_bus_get_stats(const CgroupBus *bus) {
        CgroupBusStats stats = bus->stats;

        stats.is_connected =
                bus->connection && !bus->is_lost && sd_bus_is_ready(bus->connection) > 0;
        return stats;
}

/* Making and ending */

/* What sd-bus would look up in the network, or start, is none of ours. */
static bool is_socket(const char *address) {
        return strncmp(address, "unix:", strlen("unix:")) == 0 && !strchr(address, ';');
}

int cgroup_bus_new(const CgroupBusParams *params, CgroupBus **ret) {
        _cleanup_(cgroup_bus_freep) CgroupBus *bus = NULL;
        const char *address = params->address ? params->address : ADDRESS_SYSTEM;
        int r;

        if (!is_socket(address))
                return -EINVAL;
        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;
        bus->event = sd_event_ref(params->event);
        bus->timeout_usec = params->timeout_usec ? params->timeout_usec : TIMEOUT_USEC;
        bus->address = strdup(address);
        if (!bus->address)
                return -ENOMEM;
        r = sd_event_add_time(bus->event, &bus->timer, CLOCK_MONOTONIC, UINT64_MAX,
                              TIMER_SLACK_USEC, on_timer, bus);
        if (r < 0)
                return r;
        r = sd_event_add_defer(bus->event, &bus->teller, on_tell, bus);
        if (r < 0)
                return r;
        arm(bus);
        r = sd_event_source_set_enabled(bus->teller, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

CgroupBus *cgroup_bus_free(CgroupBus *bus) {
        Call *call;

        if (!bus)
                return NULL;
        bus->is_closing = true;
        for (call = bus->calls; call; call = call->next)
                end(call, -ECANCELED, NULL);
        while ((call = take_ended(bus)))
                tell(call);
        drop_connection(bus);
        bus->timer = sd_event_source_disable_unref(bus->timer);
        bus->teller = sd_event_source_disable_unref(bus->teller);
        bus->event = sd_event_unref(bus->event);
        free(bus->address);
        free(bus);
        return NULL;
}
