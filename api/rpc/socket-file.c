/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/socket-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

/*
 * The socket is bound under a temporary name, made to listen, and then renamed: a client that sees
 * the file never gets ECONNREFUSED from it, and what stale file was there before is replaced in the
 * same step. All is done relative to one descriptor of the directory. bind() and connect() know no
 * such form, so they go through /proc/self/fd. (What "ss" shows as the address is therefore that
 * temporary path: the kernel keeps the name that was bound.) The name stays within the 107 bytes of
 * a socket address also for clients, which have nothing but the path.
 *
 * What is at the path before decides: nothing, or a socket that nobody listens on (ECONNREFUSED),
 * is ours to replace; everything else is left alone and named. Between looking and renaming, the
 * directory is locked, so that of two daemons that start together one sees the other. Whoever may
 * read the directory can hold that lock, so it is waited for only so long.
 */
#define PATH_LENGTH_MAX   (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define TEMPORARY_NAME    ".slug-new.sock"
#define SOCKET_MODE       0660
#define LOCK_TRIES        200u
#define LOCK_PAUSE_NSEC   (10L * 1000 * 1000)
#define OTHER_PATH_ADVICE "choose another path with --socket"

/* Where the file is to be. */
typedef struct Place {
        int dir_fd;
        const char *name;   /* in it */
        const char *path;   /* of both, as clients have it */
        const char *advice; /* what else can be done */
        mode_t mode;
        unsigned lock_tries;
} Place;

static int refuse(Diag *reterr, const Place *place, const char *text) {
        diag_set(reterr, place->path, 0, 0, "%s, or %s", text, place->advice);
        return SOCKET_FILE_E_REFUSED;
}

static int open_directory(const char *path, const char *slash, Diag *reterr, int *ret_fd) {
        size_t n = slash ? (size_t)(slash - path) : 1;
        char *directory _cleanup_(freep) = slash ? strndup(path, n > 0 ? n : 1) : strdup(".");
        int fd;

        if (!directory)
                return -ENOMEM;
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
                *ret_fd = fd;
                return 0;
        }
        switch (errno) {
        case ENOENT:
                diag_set(reterr, path, 0, 0, "the directory '%s' does not exist: create it, or %s",
                         directory, OTHER_PATH_ADVICE);
                return SOCKET_FILE_E_REFUSED;
        case ENOTDIR:
        case EACCES:
        case ELOOP:
                diag_set(reterr, path, 0, 0, "the directory '%s' cannot be opened (%s): %s",
                         directory, strerror(errno), OTHER_PATH_ADVICE);
                return SOCKET_FILE_E_REFUSED;
        default:
                return -errno;
        }
}

static int lock_directory(const Place *place, Diag *reterr) {
        const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NSEC };

        for (unsigned i = 0; i < place->lock_tries; ++i) {
                if (i > 0)
                        (void)nanosleep(&pause, NULL);
                if (flock(place->dir_fd, LOCK_EX | LOCK_NB) == 0)
                        return 0;
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
        }
        return refuse(reterr, place, "another process keeps the directory locked (flock): end it");
}

/* The address of a file in an open directory. */
static int make_address(int dir_fd, const char *name, struct sockaddr_un *ret) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir_fd,
                         name);

        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        *ret = address;
        return 0;
}

static int refuse_live(int fd, const Place *place, Diag *reterr) {
        struct ucred peer = {};
        socklen_t n = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0 || peer.pid <= 0)
                return refuse(reterr, place, "another daemon serves this socket: stop it");
        diag_set(reterr, place->path, 0, 0, "process %d serves this socket: stop it, or %s",
                 (int)peer.pid, place->advice);
        return SOCKET_FILE_E_REFUSED;
}

/* Return: 0 connected, or why not, as connect() has it. */
static int try_to_connect(int dir_fd, const char *name, int *ret_fd) {
        struct sockaddr_un address;
        int fd _cleanup_(fd_closep) =
                socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0)
                return -errno;
        r = make_address(dir_fd, name, &address);
        if (r)
                return r;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Does somebody listen? */
static int probe_socket(const Place *place, Diag *reterr) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r = try_to_connect(place->dir_fd, place->name, &fd);

        switch (-r) {
        case 0:
                return refuse_live(fd, place, reterr);
        case ECONNREFUSED:
        case ENOENT:
                return 0;
        case EAGAIN: /* somebody listens and is behind with accepting */
                return refuse(reterr, place, "another daemon serves this socket: stop it");
        case EACCES:
        case EPERM:
        case EPROTOTYPE:
                diag_set(reterr, place->path, 0, 0,
                         "there is a socket of somebody else (%s): remove it, or %s", strerror(-r),
                         place->advice);
                return SOCKET_FILE_E_REFUSED;
        default:
                return r;
        }
}

static const char *describe_type(mode_t mode) {
        if (S_ISLNK(mode))
                return "a symbolic link";
        if (S_ISDIR(mode))
                return "a directory";
        return S_ISREG(mode) ? "a file" : "a special file";
}

/* May what is at the path be replaced? */
static int probe(const Place *place, Diag *reterr) {
        struct stat st;

        if (fstatat(place->dir_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISSOCK(st.st_mode))
                return probe_socket(place, reterr);
        diag_set(reterr, place->path, 0, 0, "this is %s and no socket: remove it, or %s",
                 describe_type(st.st_mode), place->advice);
        return SOCKET_FILE_E_REFUSED;
}

/* What a daemon that was killed in here left behind goes first; the lock says that nobody
 * uses it. */
static int bind_temporary(const Place *place, int fd) {
        struct sockaddr_un address;
        int r = make_address(place->dir_fd, TEMPORARY_NAME, &address);

        if (r)
                return r;
        (void)unlinkat(place->dir_fd, TEMPORARY_NAME, 0);
        /* The mode of the socket becomes the mode of the file, less the umask: never more than it
         * should be, and the rest is given before the file gets its real name. */
        if (fchmod(fd, place->mode) < 0 ||
            bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        if (fchmodat(place->dir_fd, TEMPORARY_NAME, place->mode, 0) < 0 ||
            listen(fd, SOMAXCONN) < 0)
                return -errno;
        return 0;
}

static int make_socket(const Place *place, struct stat *ret_stat, int *ret_fd) {
        const int dir_fd = place->dir_fd;
        int fd _cleanup_(fd_closep) =
                socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0)
                return -errno;
        r = bind_temporary(place, fd);
        if (!r && (fstatat(dir_fd, TEMPORARY_NAME, ret_stat, AT_SYMLINK_NOFOLLOW) < 0 ||
                   renameat(dir_fd, TEMPORARY_NAME, dir_fd, place->name) < 0))
                r = -errno;
        if (r) {
                (void)unlinkat(dir_fd, TEMPORARY_NAME, 0);
                return r;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* @dir_fd of the place is taken on success. */
static int make_file(SocketFile *file, const Place *place, int *ret_fd, Diag *reterr) {
        char *name _cleanup_(freep) = strdup(place->name);
        struct stat st;
        int fd = -EBADF, r;

        if (!name)
                return -ENOMEM;
        r = lock_directory(place, reterr);
        if (r)
                return r;
        r = probe(place, reterr);
        if (!r)
                r = make_socket(place, &st, &fd);
        (void)flock(place->dir_fd, LOCK_UN);
        if (r)
                return r;
        *file = (SocketFile){ .dir_fd = place->dir_fd,
                              .name = TAKE_PTR(name),
                              .device = st.st_dev,
                              .inode = st.st_ino };
        *ret_fd = fd;
        return 0;
}

static int check_path(const Place *place, Diag *reterr) {
        const size_t n = strlen(place->path);

        if (n > PATH_LENGTH_MAX) {
                diag_set(reterr, place->path, 0, 0,
                         "the path is %zu bytes long and the kernel takes %zu for a socket: %s", n,
                         PATH_LENGTH_MAX, place->advice);
                return SOCKET_FILE_E_REFUSED;
        }
        if (place->name[0])
                return 0;
        diag_set(reterr, place->path, 0, 0, "this is no path of a socket: %s", place->advice);
        return SOCKET_FILE_E_REFUSED;
}

static const char *get_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

int socket_file_listen(SocketFile *file, const char *path, int *ret_fd, Diag *reterr) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        Place place = { .dir_fd = -EBADF,
                        .name = get_name(path),
                        .path = path,
                        .advice = OTHER_PATH_ADVICE,
                        .mode = SOCKET_MODE,
                        .lock_tries = LOCK_TRIES };
        int r = check_path(&place, reterr);

        if (r)
                return r;
        r = open_directory(path, strrchr(path, '/'), reterr, &dir_fd);
        if (r)
                return r;
        place.dir_fd = dir_fd;
        r = make_file(file, &place, ret_fd, reterr);
        if (!r)
                (void)TAKE_FD(dir_fd);
        return r;
}

int socket_file_listen_at(SocketFile *file,
                          const SocketFilePlace *params,
                          int *ret_fd,
                          Diag *reterr) {
        _cleanup_(fd_closep) int dir_fd = fcntl(params->dir_fd, F_DUPFD_CLOEXEC, 3);
        const Place place = { .dir_fd = dir_fd,
                              .name = get_name(params->path),
                              .path = params->path,
                              .advice = params->advice,
                              .mode = params->mode,
                              .lock_tries = 1 };
        int r;

        if (dir_fd < 0)
                return -errno;
        r = check_path(&place, reterr);
        if (r)
                return r;
        r = make_file(file, &place, ret_fd, reterr);
        if (!r)
                (void)TAKE_FD(dir_fd);
        return r;
}

bool socket_file_is_there(const SocketFile *file) {
        struct stat st;

        return file->name && fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_dev == file->device && st.st_ino == file->inode;
}

/* What is no socket refuses connections, too. */
static bool is_socket(int dir_fd, const char *name) {
        struct stat st;

        return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode);
}

bool socket_file_remove_dead(int dir_fd, const char *name) {
        _cleanup_(fd_closep) int fd = -EBADF;
        bool is_dead;

        if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
                return false;
        is_dead = is_socket(dir_fd, name) && try_to_connect(dir_fd, name, &fd) == -ECONNREFUSED &&
                  unlinkat(dir_fd, name, 0) == 0;
        (void)flock(dir_fd, LOCK_UN);
        return is_dead;
}

/* To be called before the socket is closed: as long as it is open its inode number is not given to
 * another file, so that equal numbers mean the same file. */
void socket_file_deinit(SocketFile *file) {
        if (socket_file_is_there(file))
                (void)unlinkat(file->dir_fd, file->name, 0);
        free(file->name);
        (void)fd_close(file->dir_fd);
        *file = (SocketFile)SOCKET_FILE_NULL;
}
