/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A report for a person
 *
 * As JSON on standard output.
 */
#include "kubelet/report.h"

/* Return: 0 or an errno; of the next one, too. */
_must_check_ int print_report(const Report *report);
/*
 * That pod alone, or both when one of that name has ended and another one has come. What could not
 * be asked for it is said on standard error.
 */
_must_check_ int
print_pod(const Report *report, const char *namespace_name, const char *name, bool *ret_is_there);
