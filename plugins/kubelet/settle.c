/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/settle.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"

_printf_(2, 3) static void say_why_not(Settle *settle, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(settle->reason, sizeof(settle->reason), format, args);
        va_end(args);
        settle->is_settled = false;
}

static void begin_again(Settle *settle) {
        settle->has_begun = false;
        settle->is_settled = false;
        settle->n_rounds = 0;
}

static bool has_both(Settle *settle, const SettleLook *look) {
        if (!look->runtime.is_complete)
                say_why_not(settle, "the runtime does not answer completely");
        else if (settle->params.needs_kubelet && !look->kubelet.is_complete)
                say_why_not(settle, "the kubelet does not answer completely");
        else
                return true;
        return false;
}

static bool has_other_peer(const Settle *settle, const SettleLook *look) {
        return settle->runtime_generation != look->runtime.generation ||
               (settle->params.needs_kubelet &&
                settle->kubelet_generation != look->kubelet.generation);
}

static void take(Settle *settle, const SettleLook *look) {
        const bool is_first = !settle->has_begun || has_other_peer(settle, look);

        if (is_first) {
                begin_again(settle);
                settle->begun_usec = look->usec;
        }
        if (is_first || settle->fingerprint != look->fingerprint) {
                settle->stable_usec = look->usec;
                settle->n_rounds = 0;
        }
        ++settle->n_rounds;
        settle->has_begun = true;
        settle->runtime_generation = look->runtime.generation;
        settle->kubelet_generation = look->kubelet.generation;
        settle->fingerprint = look->fingerprint;
}

static bool is_long_enough(const Settle *settle, const SettleLook *look) {
        return settle->n_rounds >= SETTLE_ROUNDS_MIN &&
               look->usec - settle->stable_usec >= settle->params.settle_usec;
}

static bool has_waited(const Settle *settle, const SettleLook *look) {
        uint64_t patience;

        if (bytes_mul(settle->params.settle_usec, SETTLE_PATIENCE, &patience))
                return false;
        return settle->n_rounds > 0 && look->usec - settle->begun_usec >= patience;
}

static void judge(Settle *settle, const SettleLook *look) {
        if (settle->params.needs_kubelet && look->ready_unlisted)
                say_why_not(settle, "the kubelet does not list %s yet, which runs",
                            look->ready_unlisted);
        else if (has_waited(settle, look))
                settle->is_settled = true;
        else if (settle->params.needs_kubelet && look->lists_none)
                say_why_not(settle, "the kubelet lists no pod, and the runtime has some");
        else if (settle->params.needs_kubelet && look->lists_static_alone)
                say_why_not(settle,
                            "the kubelet lists no pod of the API server, and the runtime has some");
        else if (!is_long_enough(settle, look))
                say_why_not(settle, "for less than %llu s the same pods have been seen",
                            (unsigned long long)((settle->params.settle_usec + USEC_PER_SEC - 1) /
                                                 USEC_PER_SEC));
        else
                settle->is_settled = true;
}

void settle_look(Settle *settle, const SettleLook *look) {
        if (!has_both(settle, look)) {
                begin_again(settle);
                return;
        }
        take(settle, look);
        if (!settle->is_settled)
                judge(settle, look);
        if (settle->is_settled)
                settle->reason[0] = '\0';
}
