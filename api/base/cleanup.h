/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ownership in scopes
 *
 * An owning local is declared with _cleanup_(), initialised in its declaration, and leaves its
 * scope through TAKE_PTR() or TAKE_FD(). Everything else is released on every path without a label.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)     __attribute__((__cleanup__(function)))
#define _must_check_            __attribute__((__warn_unused_result__))
#define _printf_(format, first) __attribute__((__format__(__printf__, format, first)))
#define _unused_                __attribute__((__unused__))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

/* Makes type_freep() out of "Type *type_free(Type *)", which takes NULL and returns NULL. */
#define DEFINE_CLEANUP(Pointer, destroy)                                                           \
        static inline void destroy##p(Pointer *pointer) {                                          \
                *pointer = destroy(*pointer);                                                      \
        }                                                                                          \
        struct slug_wants_semicolon

/* Makes type_deinitp() out of "void type_deinit(Type *)", for values that live in a scope. */
#define DEFINE_DEINIT(Type, destroy)                                                               \
        static inline void destroy##p(Type *value) {                                               \
                destroy(value);                                                                    \
        }                                                                                          \
        struct slug_wants_semicolon

#define TAKE_PTR(pointer)                                                                          \
        ({                                                                                         \
                __typeof__(pointer) taken_pointer = (pointer);                                     \
                (pointer) = NULL;                                                                  \
                taken_pointer;                                                                     \
        })

#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_fd = (fd);                                                               \
                (fd) = -EBADF;                                                                     \
                taken_fd;                                                                          \
        })

static inline void freep(void *pointer) {
        free(*(void **)pointer);
}

/* Closes and keeps errno: the reason that brought us here is worth more than close()'s. */
static inline int fd_close(int fd) {
        if (fd >= 0) {
                int saved = errno;

                (void)close(fd);
                errno = saved;
        }
        return -EBADF;
}

static inline void fd_closep(int *fd) {
        *fd = fd_close(*fd);
}
