/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/failmalloc.h"

#include <stddef.h>
#include <stdlib.h>

/* The linker's names: __real_x is libc's, __wrap_x is called instead of it. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__wrap_reallocarray(void *pointer, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static bool is_armed, has_failed;
static unsigned n_left;

void failmalloc_arm(unsigned n) {
        n_left = n;
        has_failed = false;
        is_armed = true;
}

bool failmalloc_disarm(void) {
        is_armed = false;
        return has_failed;
}

static bool must_fail(void) {
        if (!is_armed)
                return false;
        if (n_left > 0) {
                --n_left;
                return false;
        }
        has_failed = true;
        return true;
}

void *__wrap_malloc(size_t size) {
        return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
        return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *pointer, size_t size) {
        return must_fail() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t n, size_t size) {
        return must_fail() ? NULL : __real_reallocarray(pointer, n, size);
}

char *__wrap_strdup(const char *text) {
        return must_fail() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n) {
        return must_fail() ? NULL : __real_strndup(text, n);
}
