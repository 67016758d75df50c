/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/compete.h"

#define WHOLE     UINT64_C(1000) /* of what is its own */
#define WAIT_USEC (10 * USEC_PER_SEC / WHOLE)

static uint64_t get_need(const EnforceContender *contender, uint64_t now_usec) {
        const uint64_t whole = contender->promised > 0 ? contender->promised : 1;
        const uint64_t missing = bytes_share(bytes_min(contender->wanted, whole), WHOLE, whole);
        const uint64_t down = contender->action == ENFORCE_DEMOTE ? WHOLE : 0;

        return missing + down + bytes_sub_clamped(now_usec, contender->since_usec) / WAIT_USEC;
}

size_t enforce_compete(const EnforceContender *contenders, size_t n_contenders, uint64_t now_usec) {
        size_t first = n_contenders;
        uint64_t most = 0;

        for (size_t i = 0; i < n_contenders; ++i) {
                uint64_t need;

                if (contenders[i].action == ENFORCE_LEAVE)
                        continue;
                need = get_need(&contenders[i], now_usec);
                if (first == n_contenders || need > most ||
                    (need == most && contenders[i].since_usec < contenders[first].since_usec)) {
                        first = i;
                        most = need;
                }
        }
        return first;
}
