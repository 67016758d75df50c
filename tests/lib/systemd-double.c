/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/systemd-double.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define MANAGER "org.freedesktop.systemd1.Manager"

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "double of systemd: %s: %s\n", what, strerror(errno));
        abort();
}

static void must_do(int r, const char *what) {
        errno = r < 0 ? -r : 0;
        must(r >= 0, what);
}

/* What was asked, as text */

static void write_bytes(Buffer *text, sd_bus_message *m) {
        const uint8_t *bytes;
        size_t n;

        must_do(sd_bus_message_read_array(m, 'y', (const void **)&bytes, &n), "bytes");
        buffer_append_char(text, '{');
        for (size_t i = 0; i < n; ++i)
                buffer_printf(text, "%s%02x", i ? " " : "", bytes[i]);
        buffer_append_char(text, '}');
}

static void write_basic(Buffer *text, sd_bus_message *m, char type) {
        union {
                const char *text;
                uint64_t number;
                int is_true;
        } value = {};

        must_do(sd_bus_message_read_basic(m, type, &value), "a value");
        if (type == 's')
                buffer_printf(text, "\"%s\"", value.text);
        else if (type == 'b')
                buffer_append_text(text, value.is_true ? "true" : "false");
        else {
                must(type == 't', "a type that is not expected");
                buffer_printf(text, "%llu", (unsigned long long)value.number);
        }
}

static void write_values(Buffer *text, sd_bus_message *m);

static void write_container(Buffer *text, sd_bus_message *m, char type, const char *contents) {
        static const char opening[] = { ['a'] = '[', ['v'] = '<', ['r'] = '(' };
        static const char closing[] = { ['a'] = ']', ['v'] = '>', ['r'] = ')' };

        must_do(sd_bus_message_enter_container(m, type, contents), "a container");
        buffer_append_char(text, opening[(unsigned char)type]);
        if (type == 'v')
                buffer_printf(text, "%s ", contents);
        write_values(text, m);
        buffer_append_char(text, closing[(unsigned char)type]);
        must_do(sd_bus_message_exit_container(m), "the end of a container");
}

static void write_values(Buffer *text, sd_bus_message *m) {
        const char *contents;
        bool is_first = true;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                if (!is_first)
                        buffer_append_char(text, ' ');
                is_first = false;
                if (type == 'a' && strcmp(contents, "y") == 0)
                        write_bytes(text, m);
                else if (type == 'a' || type == 'v' || type == 'r')
                        write_container(text, m, type, contents);
                else
                        write_basic(text, m, type);
        }
        must_do(r, "a message");
}

static void write_down(SystemdDouble *self, sd_bus_message *m) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        must(self->n_calls < DOUBLE_CALLS_MAX, "room for calls");
        buffer_printf(&text, "%s %s ", sd_bus_message_get_member(m),
                      sd_bus_message_get_signature(m, true));
        write_values(&text, m);
        must_do(buffer_finish(&text), "text");
        (void)snprintf(self->calls[self->n_calls++], DOUBLE_TEXT_MAX, "%s", text.data);
}

/* Answers */

void double_end_job(SystemdDouble *self,
                    const char *job,
                    const char *unit,
                    const char *result,
                    const char *sender) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        must_do(sd_bus_message_new_signal(self->peer, &m, "/org/freedesktop/systemd1", MANAGER,
                                          "JobRemoved"),
                "a signal");
        must_do(sd_bus_message_append(m, "uoss", 42u, job, unit, result), "a signal");
        if (sender)
                must_do(sd_bus_message_set_sender(m, sender), "a sender");
        must_do(sd_bus_send(self->peer, m, NULL), "a signal");
}

static bool has_job(const sd_bus_message *m) {
        const char *member = sd_bus_message_get_member((sd_bus_message *)m);

        return strcmp(member, "SetUnitProperties") != 0;
}

static void answer(SystemdDouble *self, sd_bus_message *m) {
        const char *unit;

        if (!has_job(m)) {
                must_do(sd_bus_reply_method_return(m, NULL), "an answer");
                return;
        }
        must_do(sd_bus_reply_method_return(m, "o", DOUBLE_JOB), "an answer");
        if (!self->job_result)
                return;
        must_do(sd_bus_message_rewind(m, true), "a message");
        must_do(sd_bus_message_read(m, "s", &unit), "a unit");
        double_end_job(self, DOUBLE_JOB, unit, self->job_result, NULL);
}

void double_let_go(SystemdDouble *self) {
        for (unsigned i = 0; i < self->n_held; ++i) {
                answer(self, self->held[i]);
                self->held[i] = sd_bus_message_unref(self->held[i]);
        }
        self->n_held = 0;
}

static void forget_held(SystemdDouble *self) {
        while (self->n_held > 0)
                (void)sd_bus_message_unref(self->held[--self->n_held]);
}

static void talk_rubbish(int fd) {
        static const char rubbish[] = "\r\nl\xff\xff\xff\xff HTTP/1.1 400 Bad Request\r\n\r\n";
        char all[4096];

        for (size_t i = 0; i < sizeof(all); ++i)
                all[i] = rubbish[i % (sizeof(rubbish) - 1)];
        must(write(fd, all, sizeof(all)) > 0, "rubbish");
}

static void on_call(SystemdDouble *self, sd_bus_message *m) {
        write_down(self, m);
        if (self->is_cut)
                return;
        switch (self->mood) {
        case DOUBLE_HOLDS:
                must(self->n_held < DOUBLE_CALLS_MAX, "room for what is held");
                self->held[self->n_held++] = sd_bus_message_ref(m);
                return;
        case DOUBLE_REFUSES:
                must_do(sd_bus_reply_method_errorf(m, self->error_name, "%s", self->error_text),
                        "an error");
                return;
        case DOUBLE_CLOSES:
                self->is_cut = true;
                (void)shutdown(sd_bus_get_fd(self->peer), SHUT_RDWR);
                return;
        case DOUBLE_TALKS_RUBBISH:
                talk_rubbish(sd_bus_get_fd(self->peer));
                return;
        case DOUBLE_ANSWERS_ODDLY:
                must_do(sd_bus_reply_method_return(m, "ay", 3, 1, 2, 3), "an answer");
                return;
        default:
                answer(self, m);
        }
}

/* The bus */

static void on_bus_call(SystemdDouble *self, sd_bus_message *m) {
        const char *match;

        if (self->is_cut)
                return;
        if (sd_bus_message_is_method_call(m, NULL, "Hello") > 0) {
                must_do(sd_bus_reply_method_return(m, "s", ":1.1"), "a greeting");
                return;
        }
        if (sd_bus_message_is_method_call(m, NULL, "AddMatch") > 0) {
                must_do(sd_bus_message_read(m, "s", &match), "a match");
                (void)snprintf(self->match, sizeof(self->match), "%s", match);
                ++self->n_matches;
        }
        if (sd_bus_message_is_method_call(m, NULL, "RemoveMatch") > 0)
                --self->n_matches;
        if (self->mood == DOUBLE_REFUSES_MATCHES)
                must_do(sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many"),
                        "an error");
        else
                must_do(sd_bus_reply_method_return(m, NULL), "an answer");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *reterr _unused_) {
        SystemdDouble *self = userdata;

        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", NULL) > 0)
                on_bus_call(self, m);
        else if (sd_bus_message_is_method_call(m, MANAGER, NULL) > 0)
                on_call(self, m);
        else
                return 0;
        return 1;
}

static void drop_peer(SystemdDouble *self) {
        forget_held(self);
        if (!self->peer)
                return;
        (void)sd_bus_detach_event(self->peer);
        self->peer = sd_bus_close_unref(self->peer);
        self->n_matches = 0;
}

static void serve(SystemdDouble *self, int fd) {
        const sd_id128_t id =
                SD_ID128_MAKE(5a, 1b, 2c, 3d, 4e, 5f, 60, 71, 82, 93, a4, b5, c6, d7, e8, f9);

        must_do(sd_bus_new(&self->peer), "a connection");
        must_do(sd_bus_set_fd(self->peer, fd, fd), "a connection");
        must_do(sd_bus_set_server(self->peer, true, id), "a connection");
        must_do(sd_bus_set_sender(self->peer, DOUBLE_NAME), "a name");
        must_do(sd_bus_add_filter(self->peer, NULL, on_message, self), "a filter");
        must_do(sd_bus_start(self->peer), "a start");
        must_do(sd_bus_attach_event(self->peer, self->event, 0), "an event loop");
}

static int on_connection(sd_event_source *source _unused_,
                         int listen_fd,
                         uint32_t events _unused_,
                         void *userdata) {
        SystemdDouble *self = userdata;
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        must(fd >= 0, "accept");
        ++self->n_accepted;
        drop_peer(self);
        self->is_cut = false;
        self->mute_fd = fd_close(self->mute_fd);
        if (self->mood == DOUBLE_GREETS_RUBBISH)
                talk_rubbish(fd);
        if (self->mood == DOUBLE_SLAMS)
                (void)close(fd);
        else if (self->mood == DOUBLE_NEVER_GREETS || self->mood == DOUBLE_GREETS_RUBBISH)
                self->mute_fd = fd;
        else
                serve(self, fd);
        return 0;
}

void double_listen(SystemdDouble *self) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/bus", self->folder.path);
        (void)unlink(address.sun_path);
        self->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        must(self->listen_fd >= 0, "a socket");
        must(bind(self->listen_fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
        must(listen(self->listen_fd, 8) == 0, "listen");
        must_do(sd_event_add_io(self->event, &self->source, self->listen_fd, EPOLLIN, on_connection,
                                self),
                "an event loop");
}

void double_open(SystemdDouble *self, sd_event *event) {
        *self = (SystemdDouble){
                .event = event,
                .folder = folder_new(),
                .job_result = "done",
                .listen_fd = -EBADF,
                .mute_fd = -EBADF,
        };
        (void)snprintf(self->address, sizeof(self->address), "unix:path=%s/bus", self->folder.path);
        double_listen(self);
}

void double_join(SystemdDouble *self, const char *address) {
        drop_peer(self);
        must_do(sd_bus_new(&self->peer), "a connection");
        must_do(sd_bus_set_address(self->peer, address), "an address");
        must_do(sd_bus_set_bus_client(self->peer, true), "a client");
        must_do(sd_bus_add_filter(self->peer, NULL, on_message, self), "a filter");
        must_do(sd_bus_start(self->peer), "a start");
        must_do(sd_bus_request_name(self->peer, "org.freedesktop.systemd1", 0), "a name");
        must_do(sd_bus_attach_event(self->peer, self->event, 0), "an event loop");
}

void double_stop(SystemdDouble *self) {
        drop_peer(self);
        self->mute_fd = fd_close(self->mute_fd);
        self->source = sd_event_source_disable_unref(self->source);
        self->listen_fd = fd_close(self->listen_fd);
}

void double_close(SystemdDouble *self) {
        double_stop(self);
        folder_remove(&self->folder);
}
