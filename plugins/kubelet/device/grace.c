/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/grace.h"

#include "base/clock.h"

void grace_note_list(Grace *grace, uint64_t grace_ms) {
        *grace = (Grace){ .state = GRACE_CURRENT,
                          .grace_usec = bytes_min(grace_ms, GRACE_MAX_MS) * USEC_PER_MSEC };
}

void grace_note_loss(Grace *grace, uint64_t now_usec) {
        if (grace->state != GRACE_CURRENT)
                return;
        grace->state = GRACE_KEPT;
        grace->lost_usec = now_usec;
}

bool grace_expire(Grace *grace, uint64_t now_usec) {
        if (grace->state != GRACE_KEPT || now_usec - grace->lost_usec < grace->grace_usec)
                return false;
        grace->state = GRACE_OVER;
        return true;
}

OptU64 grace_get_due(const Grace *grace) {
        return grace->state == GRACE_KEPT ? opt_u64(grace->lost_usec + grace->grace_usec)
                                          : (OptU64){};
}
