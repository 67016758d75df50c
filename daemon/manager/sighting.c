/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/sighting.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/replace.h"
#include "base/scan.h"
#include "config/process.h"

/*
 * One line in /run/slug: the process, when it started, and the bytes. It goes with the boot, as the
 * process does, and is no state that anything depends on: without it a condition is unknown. A file
 * that does not read as it should, or is about another process, is no sighting.
 */
#define SIGHTING_DIR  "run/slug"
#define SIGHTING_FILE "kubelet-seen"
#define SIGHTING_MAX  96u

static bool parse(const char *text, size_t n_text, Sighting *ret) {
        Scan scan = scan_init(text, n_text);
        uint64_t pid, start_ticks, bytes;

        if (!scan_u64(&scan, &pid) || !scan_char(&scan, ' ') || !scan_u64(&scan, &start_ticks) ||
            !scan_char(&scan, ' ') || !scan_u64(&scan, &bytes) || !scan_char(&scan, '\n') ||
            !scan_is_done(&scan) || pid > UINT32_MAX)
                return false;
        *ret = (Sighting){ .process = { .pid = (unsigned)pid, .start_ticks = start_ticks },
                           .bytes = opt_u64(bytes) };
        return true;
}

Sighting sighting_load(const Root *root, const KubeletProcess *process) {
        const Sighting nothing = { .process = *process };
        char text[SIGHTING_MAX];
        Sighting sighting;
        size_t n;

        if (process->pid == 0 ||
            root_read(root, SIGHTING_DIR "/" SIGHTING_FILE, text, sizeof(text), &n) != 0 ||
            !parse(text, n, &sighting) || !process_is_same(&sighting.process, process))
                return nothing;
        return sighting;
}

int sighting_store(const Root *root, const Sighting *sighting) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        char text[SIGHTING_MAX];
        int n, r;

        if (!root->is_host || !sighting->bytes.present)
                return 0;
        r = root_open(root, SIGHTING_DIR, O_RDONLY | O_DIRECTORY, &dir_fd);
        if (r)
                return r < 0 ? r : -ENOENT;
        n = snprintf(text, sizeof(text), "%u %" PRIu64 " %" PRIu64 "\n", sighting->process.pid,
                     sighting->process.start_ticks, sighting->bytes.value);
        return file_replace(dir_fd, SIGHTING_FILE, text, (size_t)n, 0644);
}
