/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of an errand, to the caller and to the journal
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/messages.h"
#include "service/cgroup-change.h"

#define LABEL_MAX 96u
#define LIST_MAX  2048u /* bytes of what was done and what was not */

typedef struct Change {
        RpcCall *call; /* NULL: the caller is gone */
        const char *method;
        const ProtobufCMessage *answer;
        uint64_t uid; /* who asked */
        char path[CGROUP_PATH_MAX];
        size_t n_steps;
        char labels[CGROUP_ERRAND_STEPS_MAX][LABEL_MAX]; /* "memory.max 4096" */
} Change;

static void on_ended(RpcCall *call _unused_, void *userdata) {
        Change *change = userdata;

        change->call = NULL;
}

static void write_label(const CgroupStep *step, char label[static LABEL_MAX]) {
        switch (step->kind) {
        case CGROUP_STEP_MAKE:
                (void)snprintf(label, LABEL_MAX, "make");
                break;
        case CGROUP_STEP_REMOVE:
                (void)snprintf(label, LABEL_MAX, "remove");
                break;
        case CGROUP_STEP_ENABLE:
                (void)snprintf(label, LABEL_MAX, "%.64s above it", step->setting.text);
                break;
        case CGROUP_STEP_SET:
                (void)snprintf(label, LABEL_MAX, "%s %.48s", step->setting.file,
                               step->setting.text);
                break;
        }
}

/* "make, memory.max 4096"; "nothing". */
static void append_labels(const Change *change, size_t first, size_t end, Buffer *buffer) {
        for (size_t i = first; i < end; ++i)
                buffer_printf(buffer, "%s%s", i > first ? ", " : "", change->labels[i]);
        if (first == end)
                buffer_append_text(buffer, "nothing");
}

static RpcCode get_code(const CgroupErrandResult *result) {
        switch (result->problem) {
        case CGROUP_ERRAND_ABSENT:
                return RPC_NOT_FOUND;
        case CGROUP_ERRAND_REFUSED:
                return result->error == -EINVAL || result->error == -ERANGE
                               ? RPC_INVALID_ARGUMENT
                               : RPC_FAILED_PRECONDITION;
        case CGROUP_ERRAND_UNKNOWN:
        case CGROUP_ERRAND_NO_WORKER:
        case CGROUP_ERRAND_CANCELLED:
                return RPC_UNAVAILABLE;
        case CGROUP_ERRAND_DONE:
        case CGROUP_ERRAND_OCCUPIED:
        case CGROUP_ERRAND_IN_USE:
        case CGROUP_ERRAND_INVALID:
                break;
        }
        return RPC_FAILED_PRECONDITION;
}

static void append_reason(const CgroupErrandResult *result, Buffer *buffer) {
        switch (result->problem) {
        case CGROUP_ERRAND_DONE:
                break;
        case CGROUP_ERRAND_ABSENT:
                buffer_append_text(buffer, "there is no such cgroup, or no such file in it; its "
                                           "parent may lack the controller");
                break;
        case CGROUP_ERRAND_OCCUPIED:
                buffer_append_text(buffer, "it has processes, or cgroups in it; end and remove "
                                           "those first");
                break;
        case CGROUP_ERRAND_IN_USE:
                buffer_printf(buffer,
                              "%" PRIu64 " bytes are used now, and a limit below that could kill; "
                              "free them first, or ask for more",
                              result->usage_bytes);
                break;
        case CGROUP_ERRAND_INVALID:
                buffer_append_text(buffer, "a link or another file system is on its way, which is "
                                           "not followed");
                break;
        case CGROUP_ERRAND_REFUSED:
                buffer_printf(buffer, "%s%s%.256s", strerror(-result->error),
                              result->message[0] ? ": " : "", result->message);
                break;
        case CGROUP_ERRAND_UNKNOWN:
                buffer_append_text(buffer, "it was not answered in time, and may be done or not; "
                                           "look, and ask again");
                break;
        case CGROUP_ERRAND_NO_WORKER:
                buffer_append_text(buffer, "the worker hangs or has too much to do; ask again");
                break;
        case CGROUP_ERRAND_CANCELLED:
                buffer_append_text(buffer, "slugd is stopping");
                break;
        }
}

static void fail(const Change *change, const CgroupErrandResult *result) {
        const size_t n_done = result->is_checked ? result->n_done : 0;
        _cleanup_(buffer_deinitp) Buffer text = { .max = LIST_MAX };

        buffer_printf(&text, "'/%s': %s: ", change->path,
                      result->n_done < change->n_steps ? change->labels[result->n_done]
                                                       : change->method);
        append_reason(result, &text);
        buffer_append_text(&text, "; done: ");
        append_labels(change, 0, n_done, &text);
        if (change->n_steps > n_done + 1) {
                buffer_append_text(&text, "; not done: ");
                append_labels(change, n_done, change->n_steps, &text);
        }
        if (buffer_finish(&text) < 0)
                rpc_call_fail(change->call, get_code(result),
                              "'/%s': %s failed behind %zu of %zu steps", change->path,
                              change->method, n_done, change->n_steps);
        else
                rpc_call_fail(change->call, get_code(result), "%s", text.data);
}

/* What was done, by whom. */
static void announce(const Change *change, size_t n_done) {
        _cleanup_(buffer_deinitp) Buffer text = { .max = LIST_MAX };

        append_labels(change, 0, n_done, &text);
        if (n_done == 0 || buffer_finish(&text) < 0)
                return;
        log_event(LOG_NOTICE, SLUG_MESSAGE_CGROUP_ASKED,
                  LOG_WITH({ .name = "SLUG_CGROUP", .text = change->path },
                           { .name = "SLUG_METHOD", .text = change->method },
                           { .name = "SLUG_PEER_UID", .number = change->uid }),
                  "Asked by user %" PRIu64 ", %s of '/%s': %s", change->uid, change->method,
                  change->path, text.data);
}

static void on_done(const CgroupErrandResult *result, void *userdata) {
        Change *change = userdata;

        announce(change, result->is_checked ? result->n_done : 0);
        if (change->call && result->problem == CGROUP_ERRAND_DONE)
                rpc_call_finish(change->call, change->answer);
        else if (change->call)
                fail(change, result);
        free(change);
}

void cgroup_change_submit(RpcCall *call, CgroupErrands *errands, const CgroupChangeParams *params) {
        _cleanup_(freep) Change *change = calloc(1, sizeof(*change));
        Change *submitted = change;
        int r;

        if (!change) {
                answer_fail_memory(call);
                return;
        }
        change->call = call;
        change->method = params->method;
        change->answer = params->answer;
        change->uid = rpc_call_get_peer(call)->uid;
        change->n_steps = params->n_steps;
        (void)snprintf(change->path, sizeof(change->path), "%s", params->path);
        for (size_t i = 0; i < params->n_steps; ++i)
                write_label(&params->steps[i], change->labels[i]);
        rpc_call_keep(call, on_ended, NULL, change);
        change = NULL; /* it may be gone when the next one returns 0 */
        r = cgroup_errands_run(errands, params->steps, params->n_steps, on_done, submitted);
        if (r == 0)
                return;
        change = submitted;
        rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s",
                      r == -ENOBUFS ? "too many changes of cgroups wait already; ask again later"
                                    : "not enough memory");
}
