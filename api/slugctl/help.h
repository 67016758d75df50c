/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What --help says, and the verb that says the same. */
#include "slugctl/verb.h"

/* On standard output. Return: the exit status. */
int help_print(void);
int help_print_verb(const Verb *verb);
