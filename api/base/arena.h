/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Arenas
 *
 * Memory that lives as long as one request or one document and goes in one stroke. Nothing in it is
 * freed on its own. It has a cap, so that what a peer sends cannot grow it without end.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

typedef struct Arena Arena;

_must_check_ int arena_new(size_t max_bytes, Arena **ret);
Arena *arena_free(Arena *arena);
DEFINE_CLEANUP(Arena *, arena_free);

/* All give zeroed, aligned memory owned by the arena, or NULL when there is none left or the cap is
 * reached. */
void *arena_alloc(Arena *arena, size_t size);
void *arena_alloc_array(Arena *arena, size_t n, size_t size);
char *arena_strndup(Arena *arena, const char *text, size_t n_text);
char *arena_strdup(Arena *arena, const char *text);
char *arena_printf(Arena *arena, const char *format, ...) _printf_(2, 3);

/* False: a piece of @size would break the cap, so that NULL for it does not mean that memory has
 * run out. */
bool arena_has_room(const Arena *arena, size_t size);
