/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The head of a record of what was there before
 *
 * Such a record is one JSON object, {"version":1,"boot":"...",...}, that one slugd leaves on the
 * disk for another one. What follows in it is its owner's.
 */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "ledger/record.h"
#include "value/value.h"

/* The object without its end. Failure is the buffer's. */
void before_append_head(const char *boot_id, Buffer *buffer);
/* Return: 0, or a code above 0: it is malformed or of another version, @reterr says where. */
_must_check_ int
before_read_head(const Value *root, char ret_boot_id[static RECORD_BOOT_MAX], Diag *reterr);
