/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "worker/capabilities.h"
#include "worker/operation.h"
#include "worker/packet.h"
#include "worker/process.h"

/*
 * Receive, do, answer, again. It waits for as long as it takes: deadlines are the daemon's, and it
 * keeps them with SIGKILL.
 *
 * A request is believed when it has the form that the daemon gives it. One that has not comes from
 * a daemon that is broken, and the worker ends: its end is the one answer that cannot be
 * misunderstood. The data has to be sealed, because a file that shrinks under a mapping kills who
 * reads it.
 *
 * When the answer goes, nothing of the job is open here any more: who hears it may act on it.
 *
 * It ends by _exit(): what the daemon wants done at its own exit is not this process's business.
 */
#define SEALS_NEEDED  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define NAME_MAX_HERE 16u /* what PR_SET_NAME takes, with its NUL */

typedef struct Mapping {
        void *data; /* NULL: of nothing */
        size_t n_data;
} Mapping;

static void mapping_deinit(Mapping *mapping) {
        if (mapping->data)
                (void)munmap(mapping->data, mapping->n_data);
}
DEFINE_DEINIT(Mapping, mapping_deinit);

static int mapping_init(int fd, uint64_t n_data, Mapping *ret) {
        int seals = fcntl(fd, F_GET_SEALS);
        struct stat stat;
        void *data;

        if (seals < 0 || (seals & SEALS_NEEDED) != SEALS_NEEDED)
                return -EBADMSG;
        if (fstat(fd, &stat) < 0 || (uint64_t)stat.st_size != n_data)
                return -EBADMSG;
        if (n_data == 0)
                return 0;
        data = mmap(NULL, (size_t)n_data, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
                return -errno;
        *ret = (Mapping){ .data = data, .n_data = (size_t)n_data };
        return 0;
}

static int answer(int socket_fd, uint64_t id, int error, int fd) {
        const WorkerAnswer message = { .id = id, .error = error };

        return packet_send(socket_fd, &message, sizeof(message), &fd, fd >= 0 ? 1 : 0, 0);
}

/* @fds: released, whatever comes of it. Return: 0, or what made this no request. */
static int
do_request(const WorkerRequest *request, PacketFds *fds, int *ret_error, int *ret_result_fd) {
        _cleanup_(packet_fds_deinitp) PacketFds owned = *fds;
        _cleanup_(mapping_deinitp) Mapping mapping = {};
        int r;

        fds->n_items = 0;
        if (owned.n_items != 2 || operation_check(request) < 0)
                return -EBADMSG;
        r = mapping_init(owned.items[1], request->n_data, &mapping);
        if (r == -EBADMSG)
                return r;
        if (r == 0)
                r = operation_find(request->op)
                            ->run(&(const OperationInput){ .fd = owned.items[0],
                                                           .name = request->name,
                                                           .data = mapping.data,
                                                           .n_data = mapping.n_data,
                                                           .offset = request->offset,
                                                           .patience_usec =
                                                                   request->patience_usec },
                                  ret_result_fd);
        *ret_error = r;
        return 0;
}

int serve_one(int socket_fd) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        _cleanup_(fd_closep) int result_fd = -EBADF;
        WorkerRequest request;
        int error = 0;
        int r;

        r = packet_receive(socket_fd, &request, sizeof(request), &fds, 0);
        if (r == PACKET_E_END)
                return SERVE_E_END;
        if (r)
                return error_fold(r);
        r = do_request(&request, &fds, &error, &result_fd);
        if (r < 0)
                return r;
        return answer(socket_fd, request.id, error, result_fd);
}

_Noreturn void serve(unsigned lane, bool is_capable, int socket_fd) {
        char name[NAME_MAX_HERE];
        int r;

        (void)snprintf(name, sizeof(name), "slugd-worker%u", lane);
        r = process_begin(name, socket_fd, &socket_fd);
        /* A filter that refuses it is no reason to do nothing. */
        if (r == 0 && !is_capable && capabilities_drop() < 0)
                r = 0;
        while (r == 0)
                r = serve_one(socket_fd);
        _exit(r == SERVE_E_END ? EXIT_SUCCESS : EXIT_FAILURE);
}
