/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Verbs that ask the daemon
 *
 * One call, one text. call_run() is the whole of it; a verb that asks more than once, or has more
 * to say, is made of the other two.
 */
#include "slugctl/verb.h"

/* Return: the exit status. */
int call_run(const VerbContext *context);

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

/* Says on standard error what went wrong. Return: the exit status. */
int call_complain(int r, const Diag *diag);
