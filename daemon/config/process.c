/* SPDX-License-Identifier: Apache-2.0 */
#include "config/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

/*
 * A process is told by its number and the time at which it started, so that a number that is given
 * again is another process. The kubelet is the process with its name; of several (a kubelet that
 * starts a helper is two for a moment, between fork and exec) the oldest.
 *
 * Only what everybody may read of a process is read: comm, stat, cmdline. On a captured machine
 * they are plain files, and everything here works the same.
 *
 * Source: proc(5): stat's second field is in parentheses and may hold any character, parentheses
 * too; the 22nd is the start time.
 */
#define STAT_MAX         1024u
#define COMM_MAX         (CONFIG_PROCESS_NAME_MAX + 1) /* its newline */
#define START_FIELD      22u
#define STATE_FIELD      3u /* the first behind the name */
#define PATH_MAX_IN_PROC 48u

/* "42 (kubelet) S 1 42 ... 12345 ..." */
static bool parse_start(const char *text, size_t n_text, uint64_t *ret) {
        const char *end = memrchr(text, ')', n_text);
        Scan scan, field;

        if (!end || end + 2 > text + n_text)
                return false;
        scan = scan_init(end + 2, (size_t)(text + n_text - (end + 2)));
        for (unsigned i = STATE_FIELD; i < START_FIELD; ++i)
                if (!scan_until(&scan, ' ', &field))
                        return false;
        return scan_u64(&scan, ret);
}

static bool has_name(const Root *root, const char *pid, const char *name) {
        char path[PATH_MAX_IN_PROC], comm[COMM_MAX + 1];
        size_t n;

        (void)snprintf(path, sizeof(path), "proc/%s/comm", pid);
        if (root_read(root, path, comm, sizeof(comm), &n) != 0)
                return false;
        if (n > 0 && comm[n - 1] == '\n')
                --n;
        return n == strlen(name) && memcmp(comm, name, n) == 0;
}

static bool read_start(const Root *root, const char *pid, uint64_t *ret) {
        char path[PATH_MAX_IN_PROC], stat[STAT_MAX];
        size_t n;

        (void)snprintf(path, sizeof(path), "proc/%s/stat", pid);
        return root_read(root, path, stat, sizeof(stat), &n) == 0 && parse_start(stat, n, ret);
}

static bool is_known(const Root *root, const char *name, const KubeletProcess *known) {
        uint64_t start_ticks;
        char pid[16];

        if (known->pid == 0)
                return false;
        (void)snprintf(pid, sizeof(pid), "%u", known->pid);
        return has_name(root, pid, name) && read_start(root, pid, &start_ticks) &&
               start_ticks == known->start_ticks;
}

static bool parse_pid(const char *text, unsigned *ret) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t pid;

        if (!scan_u64(&scan, &pid) || !scan_is_done(&scan) || pid == 0 || pid > INT32_MAX)
                return false;
        *ret = (unsigned)pid;
        return true;
}

KubeletProcess process_find(const Root *root, const char *name, const KubeletProcess *known) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        KubeletProcess found = {};
        const struct dirent *entry;

        if (is_known(root, name, known))
                return *known;
        if (root_open_dir(root, "proc", &dir) != 0)
                return found;
        while ((entry = readdir(dir))) {
                KubeletProcess process;

                if (!parse_pid(entry->d_name, &process.pid) ||
                    !has_name(root, entry->d_name, name) ||
                    !read_start(root, entry->d_name, &process.start_ticks))
                        continue;
                if (found.pid == 0 || process.start_ticks < found.start_ticks ||
                    (process.start_ticks == found.start_ticks && process.pid < found.pid))
                        found = process;
        }
        return found;
}

bool process_is_same(const KubeletProcess *a, const KubeletProcess *b) {
        return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

int process_read_command_line(const Root *root,
                              const KubeletProcess *process,
                              char **ret,
                              size_t *ret_n,
                              Diag *reterr) {
        _cleanup_(freep) char *text = malloc(PROCESS_COMMAND_LINE_MAX);
        char path[PATH_MAX_IN_PROC];
        int r;

        if (!text)
                return -ENOMEM;
        (void)snprintf(path, sizeof(path), "/proc/%u/cmdline", process->pid);
        r = root_read(root, path, text, PROCESS_COMMAND_LINE_MAX, ret_n);
        if (r == ROOT_E_ABSENT)
                return CONFIG_E_ABSENT;
        if (r == -ENOMEM)
                return r;
        if (r != 0) {
                diag_set(reterr, path, 0, 0, "%s",
                         r == ROOT_E_TOO_LARGE ? "larger than slugd reads" : strerror(-r));
                return CONFIG_E_INVALID;
        }
        *ret = TAKE_PTR(text);
        return 0;
}
