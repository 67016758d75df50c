/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NodeService.Withdraw
 *
 * The call waits until all was tried; whoever puts back is above. One at a time: the second caller
 * is refused. A caller that has left changes nothing about what is under way.
 */
#include <string.h>

#include "service/qos-messages.h"

static int fill_item(Arena *arena, const QosWithdrawnItem *item, Slug__V1__WithdrawnKnob *message) {
        message->path = arena_strdup(arena, item->item.path);
        message->knob = (char *)cgroup_knob_file(item->item.knob);
        message->before = qos_format_value(arena, item->item.knob, &item->item.before);
        message->written = qos_format_value(arena, item->item.knob, &item->item.written);
        message->is_gone = item->error == -ENOENT;
        if (item->error && !message->is_gone)
                message->error = arena_strdup(arena, strerror(-item->error));
        return message->path && message->before && message->written && message->error ? 0 : -ENOMEM;
}

static int
fill_setting(Arena *arena, const SettingWithdrawn *item, Slug__V1__WithdrawnSetting *message) {
        char before[SETTINGS_VALUE_MAX], written[SETTINGS_VALUE_MAX];

        (void)machine_setting_format(item->setting, item->before, before);
        (void)machine_setting_format(item->setting, item->written, written);
        message->name = (char *)machine_setting_name(item->setting);
        message->path = arena_printf(arena, "/%s", machine_setting_path(item->setting));
        message->before = arena_strdup(arena, before);
        message->written = arena_strdup(arena, written);
        message->is_foreign = item->is_foreign;
        if (item->error)
                message->error = arena_strdup(arena, strerror(-item->error));
        return message->path && message->before && message->written && message->error ? 0 : -ENOMEM;
}

static int
fill_settings(Arena *arena, const QosWithdrawal *withdrawal, Slug__V1__WithdrawResponse *message) {
        message->settings = MESSAGE_LIST(arena, withdrawal->n_settings, Slug__V1__WithdrawnSetting,
                                         SLUG__V1__WITHDRAWN_SETTING__INIT);
        if (!message->settings)
                return -ENOMEM;
        message->n_settings = withdrawal->n_settings;
        for (size_t i = 0; i < withdrawal->n_settings; ++i) {
                const int r = fill_setting(arena, &withdrawal->settings[i], message->settings[i]);

                if (r)
                        return r;
        }
        return 0;
}

int qos_build_withdrawal(Arena *arena,
                         const QosWithdrawal *withdrawal,
                         Slug__V1__WithdrawResponse **ret) {
        Slug__V1__WithdrawResponse **list = MESSAGE_LIST(arena, 1, Slug__V1__WithdrawResponse,
                                                         SLUG__V1__WITHDRAW_RESPONSE__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        list[0]->knobs = MESSAGE_LIST(arena, withdrawal->n_items, Slug__V1__WithdrawnKnob,
                                      SLUG__V1__WITHDRAWN_KNOB__INIT);
        if (!list[0]->knobs)
                return -ENOMEM;
        list[0]->n_knobs = withdrawal->n_items;
        for (size_t i = 0; i < withdrawal->n_items; ++i) {
                r = fill_item(arena, &withdrawal->items[i], list[0]->knobs[i]);
                if (r)
                        return r;
        }
        r = fill_settings(arena, withdrawal, list[0]);
        if (r)
                return r;
        *ret = list[0];
        return 0;
}

static int add_node_limits(Arena *arena, const QosView *view, Slug__V1__WithdrawResponse *message) {
        if (view && view->node_limits)
                message->node_limits = arena_strdup(arena, view->node_limits->withdrawn);
        return message->node_limits ? 0 : -ENOMEM;
}

static void on_ended(RpcCall *call _unused_, void *userdata) {
        NodeService *self = userdata;

        self->withdraw_call = NULL;
}

static void on_withdrawn(const QosWithdrawal *withdrawal, void *userdata) {
        NodeService *self = userdata;
        RpcCall *call = self->withdraw_call;
        Slug__V1__WithdrawResponse *response;

        if (!call)
                return;
        self->withdraw_call = NULL;
        if (qos_build_withdrawal(rpc_call_get_arena(call), withdrawal, &response) < 0 ||
            add_node_limits(rpc_call_get_arena(call), self->view.qos, response) < 0)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED,
                              "done, but there is not enough memory for the answer");
        else
                rpc_call_finish(call, &response->base);
}

static void fail(RpcCall *call, int r) {
        if (r == -EALREADY)
                rpc_call_fail(call, RPC_ABORTED,
                              "limits are being put back for somebody else; ask again when that "
                              "is done");
        else
                rpc_call_fail(call, RPC_UNAVAILABLE, "limits cannot be put back: %s",
                              strerror(r < 0 ? -r : EIO));
}

void node_withdraw(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        NodeService *self = userdata;
        int r = -EOPNOTSUPP;

        (void)request; /* it has no fields */
        if (self->hooks.withdraw)
                r = self->withdraw_call
                            ? -EALREADY
                            : self->hooks.withdraw(on_withdrawn, self, self->hooks.userdata);
        if (r) {
                fail(call, r);
                return;
        }
        self->withdraw_call = call;
        rpc_call_keep(call, on_ended, NULL, self);
}
