/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A container runtime as far as NRI plugins see it
 *
 * Listens, takes a plugin's registration, and calls it, in bytes that a test may cut as it likes.
 * What it hears it reads as strictly as the real one does: a frame of the mux that begins a message
 * has at most 4096 bytes, the rest of the message is one frame, and no frame has two. Lives in the
 * test's own event loop. Whatever fails here is a broken test bed and aborts.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buffer.h"

#define NRI_DOUBLE_ANSWERS_MAX 256u

enum { NRI_DOUBLE_PLUGIN = 1, NRI_DOUBLE_RUNTIME = 2 };
enum { NRI_DOUBLE_REQUEST = 1, NRI_DOUBLE_RESPONSE = 2, NRI_DOUBLE_DATA = 3 };

typedef struct NriDouble NriDouble;

typedef struct NriDoubleAnswer {
        uint32_t stream;
        int code;
        char message[128];
        uint8_t *payload;
        size_t n_payload, n_message; /* bytes; of the whole message of ttrpc */
} NriDoubleAnswer;

typedef struct NriDoubleConn {
        Buffer message;  /* of ttrpc, from its header on */
        size_t n_wanted; /* bytes; 0: a message is about to begin */
} NriDoubleConn;

struct NriDouble {
        sd_event *event;
        char path[108];
        int listen_fd, fd; /* below 0: there is none */
        sd_event_source *coming, *ready;
        Buffer in;
        NriDoubleConn conns[2];
        char broken[128]; /* the first rule that the plugin broke; "": none */
        unsigned n_connections, n_registered, n_closed;
        char name[64], index[8], version[32]; /* of the plugin */
        const char *refuses;                  /* registrations, with these words; NULL: none */
        bool is_silent;                       /* registrations are not answered */
        bool is_deaf;                         /* nothing is read */
        uint32_t last_stream;
        NriDoubleAnswer answers[NRI_DOUBLE_ANSWERS_MAX];
        size_t n_answers;
        /* UpdateContainers: its payload. Answered by the test. */
        uint32_t update_stream;
        Buffer update;
        unsigned n_updates;
        /* How what is said is cut: bytes of a message in one frame (0: as the real one does), bytes
         * in one write (0: all at once). */
        size_t n_frame, n_piece;
};

void nri_double_start(NriDouble *runtime, sd_event *event, const char *path);
void nri_double_stop(NriDouble *runtime);
/* As a runtime that drops the plugin. */
void nri_double_hang_up(NriDouble *runtime);

/* Bytes to be said: a message of ttrpc, a Request or Response in one, a frame of the mux. */
void nri_double_put_message(Buffer *to,
                            unsigned type,
                            unsigned flags,
                            uint32_t stream,
                            const void *data,
                            size_t n_data);
void nri_double_put_request(Buffer *to,
                            uint32_t stream,
                            const char *service,
                            const char *method,
                            uint64_t timeout_usec,
                            const ProtobufCMessage *payload);
void nri_double_put_frame(Buffer *to, uint32_t id, const void *data, size_t n_data);
/* A message of ttrpc in frames, cut as the double cuts. */
void nri_double_put_frames(const NriDouble *runtime,
                           Buffer *to,
                           uint32_t id,
                           const Buffer *message);
/* Says all of it; the loop turns meanwhile. */
void nri_double_say(NriDouble *runtime, const void *data, size_t n_data);

/* Calls a method of the Plugin service. @timeout_usec: 0: none is named. Return: its stream. */
uint32_t nri_double_call(NriDouble *runtime,
                         const char *method,
                         uint64_t timeout_usec,
                         const ProtobufCMessage *payload);
/* Turns the loop until it is there. */
const NriDoubleAnswer *nri_double_wait(NriDouble *runtime, uint32_t stream);
/* NULL: it is not there. */
const NriDoubleAnswer *nri_double_find(const NriDouble *runtime, uint32_t stream);
/* To a call of the plugin's. */
void nri_double_answer(NriDouble *runtime,
                       uint32_t stream,
                       int code,
                       const char *message,
                       const ProtobufCMessage *payload);
