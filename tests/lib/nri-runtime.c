/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container runtime as a program
 *
 *   nri-runtime SOCKET DIR <COMMANDS
 *
 * What NRI plugins see of one: the double of nri-double.h, for shell tests. A plugin that registers
 * is told DIR/configure.json and DIR/synchronize.json (a file that is not there is an empty
 * message). A command is a line "METHOD REQUEST ANSWER": DIR/REQUEST is what the plugin is called
 * with, and DIR/ANSWER gets what it answers, as JSON, or "error CODE MESSAGE"; "hang-up" drops the
 * plugin. DIR/calls gets a line of all that happens, DIR/updates one of each UpdateContainers. The
 * answer to that is DIR/failed.json, or, when the text of DIR/refused is in it, an error, as
 * containerd has it. Ends at the end of its commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/root.h"
#include "containerd/nri/v1alpha1/nri.pb-c.h"
#include "lib/nri-double.h"
#include "rpc/json.h"

#define FILE_MAX  (8u * 1024 * 1024)
#define ARENA_MAX (64u * 1024 * 1024)
#define CALLS_MAX 16u

#define MESSAGE(name) nri__pkg__api__v1alpha1__##name##__descriptor

static const struct {
        const char *name;
        const ProtobufCMessageDescriptor *input, *output;
} methods[] = {
        { "Configure", &MESSAGE(configure_request), &MESSAGE(configure_response) },
        { "Synchronize", &MESSAGE(synchronize_request), &MESSAGE(synchronize_response) },
        { "CreateContainer", &MESSAGE(create_container_request),
          &MESSAGE(create_container_response) },
        { "UpdateContainer", &MESSAGE(update_container_request),
          &MESSAGE(update_container_response) },
        { "PostStartContainer", &MESSAGE(container_event), &MESSAGE(empty) },
        { "RemoveContainer", &MESSAGE(container_event), &MESSAGE(empty) },
        { "StateChange", &MESSAGE(state_change_event), &MESSAGE(empty) },
};

typedef struct Call {
        uint32_t stream; /* 0: free */
        size_t method;
        char file[128];
} Call;

static const char *dir;
static NriDouble runtime;
static Call calls[CALLS_MAX];
static unsigned n_greeted, n_answered;
static bool is_over;

_printf_(1, 2) __attribute__((__noreturn__)) static void die(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(1);
}

/* Files */

static void write_line(const char *name, const char *mode, const char *text) {
        char path[512];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        file = fopen(path, mode);
        if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) != 0)
                die("cannot write %s: %s", path, strerror(errno));
}

/* A reader that waits for it finds all of it. */
static void write_whole(const char *name, const char *text) {
        char from[512], to[512];

        write_line("whole", "we", text);
        (void)snprintf(from, sizeof(from), "%s/whole", dir);
        (void)snprintf(to, sizeof(to), "%s/%s", dir, name);
        if (rename(from, to) < 0)
                die("cannot write %s: %s", to, strerror(errno));
}

/* @ret: FILE_MAX bytes. Return: how many there are; 0: there is no such file, too. */
static size_t read_file(const char *name, char *ret) {
        char path[512];
        size_t n = 0;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && root_read_fd(fd, ret, FILE_MAX, &n))
                die("cannot read %s", path);
        fd_close(fd);
        return n;
}

static ProtobufCMessage *
read_message(const char *name, const ProtobufCMessageDescriptor *descriptor, Arena *arena) {
        char *text = arena_alloc(arena, FILE_MAX);
        ProtobufCMessage *message;
        Diag diag = {};
        size_t n;

        if (!text)
                die("out of memory");
        n = read_file(name, text);
        if (n == 0)
                n = (size_t)snprintf(text, FILE_MAX, "{}");
        if (json_decode(text, n, descriptor, NULL, arena, &message, &diag) != 0)
                die("%s: %u: %s", name, diag.column, diag.text);
        return message;
}

static Arena *make_arena(void) {
        Arena *arena;

        if (arena_new(ARENA_MAX, &arena) != 0)
                die("out of memory");
        return arena;
}

static char *to_json(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t n) {
        ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, n, data);
        Buffer buffer = {};

        if (!message)
                die("this is no %s", descriptor->name);
        json_encode(message, 0, NULL, &buffer);
        buffer_append(&buffer, "", 1);
        if (buffer.error)
                die("out of memory");
        protobuf_c_message_free_unpacked(message, NULL);
        return buffer.data;
}

/* Calls of the plugin */

static void call(const char *name, const char *request, const char *file) {
        _cleanup_(arena_freep) Arena *arena = make_arena();
        size_t i = 0, k = 0;

        while (i < ELEMENTSOF(methods) && strcmp(methods[i].name, name) != 0)
                ++i;
        while (k < CALLS_MAX && calls[k].stream)
                ++k;
        if (i == ELEMENTSOF(methods) || k == CALLS_MAX)
                die("%s cannot be called", name);
        if (runtime.fd < 0) {
                write_whole(file, "error 0 there is no plugin");
                return;
        }
        calls[k].method = i;
        (void)snprintf(calls[k].file, sizeof(calls[k].file), "%s", file);
        calls[k].stream = nri_double_call(&runtime, name, 2000000,
                                          read_message(request, methods[i].input, arena));
}

static void take_answer(Call *of, const NriDoubleAnswer *answer) {
        char line[256];
        char *json;

        if (answer->code) {
                (void)snprintf(line, sizeof(line), "error %d %s", answer->code, answer->message);
                write_whole(of->file, line);
        } else {
                json = to_json(methods[of->method].output, answer->payload, answer->n_payload);
                write_whole(of->file, json);
                free(json);
        }
        write_line("calls", "ae", of->file);
        of->stream = 0;
}

static void take_answers(void) {
        for (size_t i = 0; i < CALLS_MAX; ++i) {
                const NriDoubleAnswer *answer =
                        calls[i].stream ? nri_double_find(&runtime, calls[i].stream) : NULL;

                if (answer)
                        take_answer(&calls[i], answer);
                else if (calls[i].stream && runtime.fd < 0)
                        calls[i].stream = 0;
        }
}

/* What the plugin calls */

static void greet(void) {
        char line[256];

        (void)snprintf(line, sizeof(line), "registered %s %s", runtime.name, runtime.index);
        write_line("calls", "ae", line);
        memset(calls, 0, sizeof(calls));
        call("Configure", "configure.json", "configured");
        call("Synchronize", "synchronize.json", "synchronized");
}

static void answer_update(void) {
        _cleanup_(arena_freep) Arena *arena = make_arena();
        char *json = to_json(&MESSAGE(update_containers_request), runtime.update.data,
                             runtime.update.n_data);

        char *refused = arena_alloc(arena, FILE_MAX);
        size_t n;

        if (!refused)
                die("out of memory");
        n = read_file("refused", refused);
        refused[n > 0 && refused[n - 1] == '\n' ? n - 1 : n] = '\0';
        write_line("updates", "ae", json);
        if (n > 0 && strstr(json, refused)) {
                free(json);
                nri_double_answer(&runtime, runtime.update_stream, 2,
                                  "NRI update of some containers failed", NULL);
                return;
        }
        free(json);
        nri_double_answer(&runtime, runtime.update_stream, 0, "",
                          read_message("failed.json", &MESSAGE(update_containers_response), arena));
}

/* Commands */

static void obey(char *line) {
        char *words[3] = {}, *place = NULL;

        for (size_t i = 0; i < 3; ++i)
                words[i] = strtok_r(i == 0 ? line : NULL, " ", &place);
        if (words[0] && strcmp(words[0], "hang-up") == 0)
                nri_double_hang_up(&runtime);
        else if (words[2])
                call(words[0], words[1], words[2]);
}

static int on_command(sd_event_source *source _unused_,
                      int fd,
                      uint32_t events _unused_,
                      void *userdata _unused_) {
        static char text[4096];
        static size_t n_text;
        ssize_t n = read(fd, text + n_text, sizeof(text) - 1 - n_text);
        char *end;

        if (n <= 0) {
                is_over = true;
                return 0;
        }
        n_text += (size_t)n;
        text[n_text] = '\0';
        while ((end = strchr(text, '\n'))) {
                *end = '\0';
                obey(text);
                n_text -= (size_t)(end + 1 - text);
                memmove(text, end + 1, n_text + 1);
        }
        return 0;
}

int main(int argc, char **argv) {
        sd_event *event = NULL;

        if (argc != 3)
                die("usage: nri-runtime SOCKET DIR");
        dir = argv[2];
        if (sd_event_new(&event) < 0 ||
            sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_command, NULL) < 0)
                die("no event loop");
        (void)unlink(argv[1]);
        nri_double_start(&runtime, event, argv[1]);
        write_line("calls", "ae", "listening");
        while (!is_over) {
                if (sd_event_run(event, UINT64_MAX) < 0)
                        die("the loop ends");
                if (runtime.n_registered != n_greeted) {
                        n_greeted = runtime.n_registered;
                        greet();
                }
                if (runtime.n_updates != n_answered) {
                        n_answered = runtime.n_updates;
                        answer_update();
                }
                take_answers();
                if (runtime.broken[0])
                        die("the plugin breaks a rule: %s", runtime.broken);
        }
        nri_double_stop(&runtime);
        sd_event_unref(event);
        return 0;
}
