/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who answers: the versions of slugctl and slugd, and whether slugd reads this machine. */
#include "slugctl/verb.h"

/*
 * One line on standard error when the daemon describes a captured machine, and the output is one
 * for people; nothing when it does not, or does not tell.
 */
void version_tell_captured(const VerbContext *context);
