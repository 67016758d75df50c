/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Quoted text
 *
 * A string of JSON that stays on one line: UTF-8 as it is, with only quotes, backslashes and
 * control characters escaped. Bytes that are not UTF-8 have no form in JSON that would come back as
 * the same bytes: they are refused.
 */
#include "base/buffer.h"

/* Failure is the buffer's, and -EILSEQ. */
void quoted_append(Buffer *buffer, const char *text);
