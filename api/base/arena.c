/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A list of chunks; the first in the list is the one that small pieces are cut from. Chunks start
 * at 4 KiB and double up to 256 KiB, so that a small request costs one page and a large one few
 * calls. A piece larger than the chunk that would come next gets a chunk of its own, put behind the
 * first one, which stays in use: one long string does not waste what is left beside it.
 *
 * Chunks come from calloc() and bytes are handed out once, so every piece is zeroed without
 * touching it here. Every piece starts on 16 bytes and takes a multiple of 16, at least 16: a piece
 * of size 0 has an address of its own. The cap counts those rounded sizes; otherwise a peer's
 * million empty strings would cost it nothing.
 *
 * A failed allocation leaves the arena as it was. There is no way to give a piece back.
 */
#define ARENA_ALIGN     16u
#define ARENA_CHUNK_MIN (4u * 1024)
#define ARENA_CHUNK_MAX (256u * 1024)

typedef struct Chunk Chunk;

struct Chunk {
        Chunk *next;
        size_t n_free; /* bytes, at the end of data */
        size_t size;   /* bytes in data */
        _Alignas(ARENA_ALIGN) unsigned char data[];
};

struct Arena {
        Chunk *chunks;
        size_t next_chunk; /* bytes */
        size_t n_left;     /* bytes below the cap */
};

/**
 * arena_new() - an empty arena
 * @max_bytes: how much it may hand out in all, every piece rounded up to 16 bytes
 */
int arena_new(size_t max_bytes, Arena **ret) {
        Arena *arena = malloc(sizeof(*arena));

        if (!arena)
                return -ENOMEM;
        *arena = (Arena){ .next_chunk = ARENA_CHUNK_MIN, .n_left = max_bytes };
        *ret = arena;
        return 0;
}

Arena *arena_free(Arena *arena) {
        if (!arena)
                return NULL;
        for (Chunk *chunk = arena->chunks; chunk;) {
                Chunk *next = chunk->next;

                free(chunk);
                chunk = next;
        }
        free(arena);
        return NULL;
}

static Chunk *chunk_new(size_t size) {
        Chunk *chunk = size <= SIZE_MAX - sizeof(*chunk) ? calloc(1, sizeof(*chunk) + size) : NULL;

        if (chunk)
                chunk->n_free = chunk->size = size;
        return chunk;
}

static Chunk *chunk_for_large(Arena *arena, size_t size) {
        Chunk *chunk = chunk_new(size);
        Chunk **place = arena->chunks ? &arena->chunks->next : &arena->chunks;

        if (!chunk)
                return NULL;
        chunk->next = *place;
        *place = chunk;
        return chunk;
}

static Chunk *chunk_for_small(Arena *arena) {
        Chunk *chunk = chunk_new(arena->next_chunk);

        if (!chunk)
                return NULL;
        if (arena->next_chunk < ARENA_CHUNK_MAX)
                arena->next_chunk *= 2;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        return chunk;
}

/* What a piece of @size takes; @size at most SIZE_MAX - ARENA_ALIGN. */
static size_t round_up(size_t size) {
        return size == 0 ? ARENA_ALIGN : (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

bool arena_has_room(const Arena *arena, size_t size) {
        return size <= SIZE_MAX - ARENA_ALIGN && round_up(size) <= arena->n_left;
}

void *arena_alloc(Arena *arena, size_t size) {
        Chunk *chunk = arena->chunks;
        void *piece;

        if (!arena_has_room(arena, size))
                return NULL;
        size = round_up(size);
        if (!chunk || chunk->n_free < size)
                chunk = size > arena->next_chunk ? chunk_for_large(arena, size)
                                                 : chunk_for_small(arena);
        if (!chunk)
                return NULL;
        piece = chunk->data + (chunk->size - chunk->n_free);
        chunk->n_free -= size;
        arena->n_left -= size;
        return piece;
}

void *arena_alloc_array(Arena *arena, size_t n, size_t size) {
        size_t total;

        if (__builtin_mul_overflow(n, size, &total))
                return NULL;
        return arena_alloc(arena, total);
}

/* Ends at the first NUL within @n_text, as strndup() does; @text may be NULL when @n_text is 0. */
char *arena_strndup(Arena *arena, const char *text, size_t n_text) {
        size_t n = n_text > 0 ? strnlen(text, n_text) : 0;
        char *copy = n < SIZE_MAX ? arena_alloc(arena, n + 1) : NULL;

        if (copy && n > 0)
                memcpy(copy, text, n);
        return copy;
}

char *arena_strdup(Arena *arena, const char *text) {
        return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(Arena *arena, const char *format, ...) {
        va_list args;
        char *text;
        int n;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (n < 0)
                return NULL;
        text = arena_alloc(arena, (size_t)n + 1);
        if (!text)
                return NULL;
        va_start(args, format);
        (void)vsnprintf(text, (size_t)n + 1, format, args);
        va_end(args);
        return text;
}
