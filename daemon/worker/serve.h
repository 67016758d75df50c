/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The worker's side
 */
#include <stdbool.h>

#include "base/cleanup.h"

enum {
        SERVE_E_END = 1, /* nobody is there any more */
};

/*
 * Waits for one request, does it, answers. What a request asks for may fail, and that is an answer;
 * what is no request at all is not answered. Return: 0, SERVE_E_END, -EBADMSG, or an errno.
 */
_must_check_ int serve_one(int socket_fd);
/* The life of the worker of @lane; ends the process. @is_capable: it keeps what moving pages takes.
 * @socket_fd: taken. */
_Noreturn void serve(unsigned lane, bool is_capable, int socket_fd);
