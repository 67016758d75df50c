/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Knobs of cgroups in words and cells
 *
 * What the verbs that show limits say alike.
 */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

const char *knob_owner_word(Slug__V1__KnobOwner owner);
const char *knob_status_word(Slug__V1__KnobStatus status);
Tone knob_status_tone(Slug__V1__KnobStatus status);

/* The optional text of that name; NULL: it is not set. */
#define MESSAGE_TEXT(message, field) ((message)->_##field##_case ? (message)->field : NULL)

/* A value as a person reads it: bytes as a quantity, which is exact. @value: as the kernel shows
 * it. */
void knob_append_value(const char *knob, const char *value, Buffer *buffer);
/* The same as a cell, or as it is when all is to be seen; "-" for NULL. */
void table_add_knob(Table *table, const char *knob, const char *value);
