/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/parts.h"
#include "service/withdraw-text.h"

/*
 * slugd --withdraw
 *
 * The manager without a socket, for one thing: the keepers of limits and settings put back what
 * their records have. It holds the ledger's folder meanwhile, so that no other slugd writes.
 */
typedef struct Once {
        sd_event *event;
        Buffer *buffer;
        size_t n_failures;
        bool is_done;
} Once;

static void on_withdrawn(const QosWithdrawal *withdrawal, void *userdata) {
        Once *once = userdata;

        once->n_failures = withdraw_text_append(withdrawal, once->buffer);
        once->is_done = true;
        (void)sd_event_exit(once->event, 0);
}

int manager_withdraw(Manager *manager, Buffer *buffer, size_t *ret_n_failures) {
        Once once = { .event = manager->event, .buffer = buffer };
        int r;

        r = manager_put_back(manager, on_withdrawn, &once);
        if (r)
                return r;
        r = sd_event_loop(manager->event);
        if (r < 0)
                return r;
        /* somebody has stopped it: what was put back until then is out of the record */
        if (!once.is_done)
                return -EINTR;
        *ret_n_failures = once.n_failures;
        return buffer_finish(buffer);
}
