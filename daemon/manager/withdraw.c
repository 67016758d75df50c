/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/parts.h"
#include "service/withdraw-text.h"

/*
 * slugd --withdraw
 *
 * The manager without a socket, for one thing: settings of the machine and limits are put back, as
 * their records have it.
 * It holds the ledger's folder meanwhile, so that no other slugd writes.
 */
typedef struct Once {
        Manager *manager;
        sd_event *event;
        Buffer *buffer;
        size_t n_failures;
        bool is_done;
        int error;
} Once;

static void on_withdrawn(const QosWithdrawal *withdrawal, void *userdata) {
        Once *once = userdata;

        once->n_failures += withdraw_text_append(withdrawal, once->buffer);
        once->is_done = true;
        (void)sd_event_exit(once->event, 0);
}

static void on_settings_withdrawn(void *userdata) {
        Once *once = userdata;
        const EnforceView *view = enforce_keeper_get_view(once->manager->splits);

        buffer_append_text(once->buffer, view->withdrawn);
        once->n_failures += view->n_failed_settings;
        once->error = qos_keeper_withdraw(once->manager->limits, on_withdrawn, once);
        if (once->error)
                (void)sd_event_exit(once->event, 0);
}

int manager_withdraw(Manager *manager, Buffer *buffer, size_t *ret_n_failures) {
        Once once = { .manager = manager, .event = manager->event, .buffer = buffer };
        int r;

        if (!enforce_keeper_withdraw(manager->splits, on_settings_withdrawn, &once))
                return -EALREADY;
        r = sd_event_loop(manager->event);
        if (r < 0)
                return r;
        if (once.error)
                return once.error;
        /* somebody has stopped it: what was put back until then is out of the record */
        if (!once.is_done)
                return -EINTR;
        *ret_n_failures = once.n_failures;
        return buffer_finish(buffer);
}
