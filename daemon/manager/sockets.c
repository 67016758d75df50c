/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/sockets.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

/*
 * A socket that was passed outlives slugd: clients that connect while it restarts wait in the
 * kernel's queue. Its path is the unit's business, so slugd.yaml's "socket" is not bound then;
 * a --socket that somebody typed is bound all the same.
 *
 * A captured machine has no place on this machine's own socket: whoever asks there wants to know
 * about this one.
 */

static int adopt(RpcServer *server, int fd, Diag *reterr) {
        int r = sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0);

        if (r == 0) {
                diag_set(reterr, NULL, 0, 0,
                         "descriptor %d, passed by the service manager, is no listening Unix "
                         "stream socket; look at slugd.socket",
                         fd);
                return SOCKETS_E_REFUSED;
        }
        if (r < 0)
                return r;
        return error_fold(rpc_server_listen_fd(server, fd));
}

static int bind_path(RpcServer *server, const char *path, Diag *reterr) {
        int r = rpc_server_listen(server, path, reterr);

        return r == RPC_SERVER_E_REFUSED ? SOCKETS_E_REFUSED : error_fold(r);
}

int sockets_listen(RpcServer *server, const SocketsParams *params, Diag *reterr) {
        const int n_passed = sd_listen_fds(true);
        int r;

        if (n_passed < 0)
                return n_passed;
        for (int i = 0; i < n_passed; ++i) {
                r = adopt(server, SD_LISTEN_FDS_START + i, reterr);
                if (r)
                        return r;
        }
        if (params->asked_for)
                return bind_path(server, params->asked_for, reterr);
        if (n_passed > 0)
                return 0;
        if (!params->is_host) {
                diag_set(reterr, NULL, 0, 0,
                         "a captured machine is not served on this machine's own socket; name one "
                         "with --socket PATH");
                return SOCKETS_E_REFUSED;
        }
        return bind_path(server, params->configured, reterr);
}
