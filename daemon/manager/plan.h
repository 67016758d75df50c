/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd --plan
 *
 * One look at the machine and its cgroups, and what slugd would do about the limits: printed, and
 * nothing else. No socket, no worker, no lock; a slugd that runs does not notice.
 */
#include "manager/manager.h"
#include "service/plan-text.h"

/* @params: root and config_file count. @buffer: what is to be printed. @ret_is_running: another
 * slugd keeps the ledger of this root, and knows more. Return: as manager_new(). */
_must_check_ int manager_plan(const ManagerParams *params,
                              PlanFormat format,
                              Buffer *buffer,
                              bool *ret_is_running,
                              Diag *reterr);
