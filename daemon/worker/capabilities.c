/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own calls: they are two, and the library around them would be a dependency. They are
 * about one thread, and whoever calls has one. */
#define WANTED (UINT32_C(1) << CAP_SYS_PTRACE | UINT32_C(1) << CAP_SYS_NICE)

typedef struct __user_cap_data_struct Words[_LINUX_CAPABILITY_U32S_3];

static int get(Words ret) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

        return syscall(SYS_capget, &header, ret) < 0 ? -errno : 0;
}

static int set(const Words words) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

        return syscall(SYS_capset, &header, words) < 0 ? -errno : 0;
}

bool capabilities_are_there(void) {
        Words words = {};

        return get(words) == 0 && (words[0].effective & WANTED) == WANTED;
}

int capabilities_drop(void) {
        Words words = {};
        int r;

        r = get(words);
        if (r < 0)
                return r;
        if (!((words[0].effective | words[0].permitted | words[0].inheritable) & WANTED))
                return 0;
        words[0].effective &= ~WANTED;
        words[0].permitted &= ~WANTED;
        words[0].inheritable &= ~WANTED;
        return set(words);
}
