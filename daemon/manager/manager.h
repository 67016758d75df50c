/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The manager
 *
 * The composition root: it owns the event loop, the configuration, the current snapshot and the
 * socket, and it alone knows the order of the stages.
 */
#include <stdbool.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

typedef struct Manager Manager;

typedef struct ManagerParams {
        const char *root;        /* below which the machine is read; "/" is this machine */
        const char *socket;      /* NULL: what the configuration says */
        const char *config_file; /* NULL: the default below the root, which may be missing */
        bool has_no_ledger;      /* claims are kept in memory only */
        bool has_fake_tree;      /* cgroups below @root are files to write limits into */
        bool only_withdraws;     /* for manager_withdraw(): nothing is looked at, written, served */
        Clock clock;             /* monotonic */
        Clock wall_clock;        /* for the history */
} ManagerParams;

enum {
        _MANAGER_E_SUCCESS,
        MANAGER_E_CONFIG, /* the configuration was refused */
        MANAGER_E_SOCKET, /* the socket cannot be served */
        MANAGER_E_ROOT,   /* the root cannot be used, or is no fake one */
        MANAGER_E_STORE,  /* only_withdraws: another slugd has the folder, or there is none */
};

/* Reads the configuration and the machine and binds the socket. @reterr: set on MANAGER_E_*. */
_must_check_ int manager_new(const ManagerParams *params, Manager **ret, Diag *reterr);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);

/* Says READY and serves until SIGTERM or SIGINT; SIGHUP reloads. Return: 0 or an errno. */
_must_check_ int manager_run(Manager *manager);

/* slugd --withdraw: puts back what the last slugd has written to cgroups. @buffer: what became of
 * each. Return: 0 or an errno. */
_must_check_ int manager_withdraw(Manager *manager, Buffer *buffer, size_t *ret_n_failures);
