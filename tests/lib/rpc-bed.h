/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A server to be tested
 *
 * On a Unix socket in a temporary folder, with one method of every kind, and clients that say bytes
 * and hear bytes. The server and all of its clients live in one loop, which turns while a client
 * listens. Whatever fails here is a broken test bed and aborts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/folder.h"
#include "rpc/server.h"
#include "rpc/watchers.h"

/*
 * Methods, all of numa_node -> GetVersionResponse:
 *   /t.S/M      unary, at most 100 bytes; fails with failed_precondition when bed.fails
 *   /t.S/Get    unary without side effects
 *   /t.S/Large  unary; the answer has bed.n_large bytes
 *   /t.S/Never  unary; is never answered
 *   /t.S/Watch  server stream; the state is bed.n_state, as text
 *   /t.S/Flood  server stream; one message of bed.n_large bytes after another, for as long as there
 *               is somebody to take it
 *   /t.S/Few    server stream; bed.n_few such messages, each when the one before was taken, and
 * then
 *               the end, which is aborted when bed.fails
 *   /t.S/Echo   bidi; an answer for every request
 *   /t.S/Collect client stream; one answer when all requests have come
 *   /t.S/Admin  unary; wants the role admin
 */
typedef struct Bed {
        sd_event *event;
        Folder folder;
        char path[100];
        RpcLimits limits;
        RpcRole role; /* that every peer has */
        RpcServer *server;
        RpcWatchers watchers;
        bool fails;
        size_t n_large;
        int n_few;
        unsigned n_state;
        unsigned n_kept;  /* calls that Never, Flood and Few have now */
        unsigned n_ended; /* of those that ended under it */
        unsigned n_observed, n_ok;
        RpcCode last_code;
} Bed;

extern Bed bed;

void bed_setup(void);
/* There is no path then, and no file is made. */
void bed_setup_without_folder(void);
void bed_teardown(void);
/* With bed.limits and bed.role as they are. */
void bed_start(void);
/* The same on a listening socket, which is taken. */
void bed_start_on(int fd);

int bed_open(void);
void bed_say(int fd, const char *text);
void bed_say_bytes(int fd, const void *data, size_t n_data);
/* Turns the loop until the answer holds @part, or the peer has closed. False: closed. @answer: a
 * text that is added to; NUL bytes become '0'. */
bool bed_hear(int fd, char *answer, size_t size, const char *part);
/* The same for bytes. @until: bytes that are wanted in all. Return: how many there are. */
size_t bed_hear_bytes(int fd, unsigned char *answer, size_t size, size_t until);
void bed_turn(void);
/* Until the server has that many connections. */
void bed_wait_connections(size_t n);
