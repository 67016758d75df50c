/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Verbs that ask the daemon
 *
 * One call, one text. call_run() is the whole of it; a verb that asks more than once, or has more
 * to say, is made of the others.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "slugctl/verb.h"

#define CALL_ARENA_MAX (64u * 1024 * 1024)

/* Return: the exit status. */
int call_run(const VerbContext *context);

/* As call_run(), with something else to do with the answer than call_print(). @take: Return: as
 * call_print(); a code above 0 without a text says that it has told what is wrong itself. */
typedef int CallTake(const VerbContext *context, Buffer *answer, Diag *reterr);
int call_run_and(const VerbContext *context, CallTake *take);

/* Its two halves, for a verb that has something to do between them. False: there is no request; why
 * is said, and @ret_status set. */
_must_check_ bool call_write(const VerbContext *context, Buffer *request, int *ret_status);
/* Return: the exit status. */
int call_send(const VerbContext *context, const char *request);

/*
 * @request: JSON; NULL: it has no fields. @answer: appended. Waits for the daemon as --wait says.
 * Return: 0, CLIENT_E_* with @reterr set, or an errno.
 */
_must_check_ int call_ask(const VerbContext *context,
                          const char *path,
                          const char *request,
                          Buffer *answer,
                          Diag *reterr);
/*
 * As --output says, on standard output. Return: 0, a code above 0 with @reterr set when the answer
 * cannot be understood, or an errno.
 */
_must_check_ int call_print(const VerbContext *context, const Buffer *answer, Diag *reterr);

/* The answer as the verb's message, of @arena. Return: as call_print(). */
_must_check_ int call_decode(const Verb *verb,
                             const Buffer *answer,
                             Arena *arena,
                             ProtobufCMessage **ret,
                             Diag *reterr);

/* For a verb that then asks again and again: says what is wrong when nobody answers. Return: the
 * exit status, EXIT_SUCCESS when somebody does. */
int call_find_daemon(const VerbContext *context);

/* Says on standard error what went wrong. Return: the exit status. */
int call_complain(int r, const Diag *diag);
