/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgwatch DIR [UNIT PID-FILE]
 *
 * Every write to a cgroup file system, by anybody, and every cgroup that comes or goes: a line on
 * standard output each, "ready" before them.
 *
 *     USEC PID CGROUP NAME KIND PATH VALUE
 *
 * USEC: since 1970, when it was heard. CGROUP, NAME: of who did it, "?" when it has ended and was
 * never seen before. KIND: w (written), + (made), - (removed). PATH: below DIR. VALUE: the first
 * line that the file has when it is heard of, "?" for none.
 *
 * fanotify tells who, which inotify does not, and the whole file system at once, so that no cgroup
 * is missed for being new. Events name the folder by its handle: all folders that are there are
 * known by theirs at the start, new ones as they come.
 *
 * With UNIT: when something in that cgroup writes, and PID-FILE is there, the process that it names
 * is killed and the file removed. That is as close to the middle of many writes as one can get from
 * outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <time.h>
#include <unistd.h>

#ifndef FAN_REPORT_DFID_NAME
#        define FAN_REPORT_DFID_NAME 0x00000c00
#endif
#define FAN_WANTED (FAN_MODIFY | FAN_CREATE | FAN_DELETE | FAN_ONDIR)
#define PATH_LEN   4096
#define N_BUCKETS  4096u

/* A folder, by its handle; a process, by its id. Kept for ever: a guest lives for minutes. */
typedef struct Known {
        struct Known *next;
        uint64_t key;
        char *first, *second;
} Known;

static Known *folders[N_BUCKETS], *processes[N_BUCKETS];
static const char *top, *unit, *pid_file;
static size_t n_top;

__attribute__((__noreturn__)) static void die(const char *what) {
        perror(what);
        exit(EXIT_FAILURE);
}

static Known *find(Known **table, uint64_t key) {
        Known *known = table[key % N_BUCKETS];

        while (known && known->key != key)
                known = known->next;
        return known;
}

static void keep(Known **table, uint64_t key, const char *first, const char *second) {
        Known *known = find(table, key);

        if (!known) {
                known = calloc(1, sizeof(*known));
                if (!known)
                        die("calloc");
                known->key = key;
                known->next = table[key % N_BUCKETS];
                table[key % N_BUCKETS] = known;
        }
        free(known->first);
        free(known->second);
        known->first = strdup(first);
        known->second = strdup(second);
        if (!known->first || !known->second)
                die("strdup");
}

/* kernfs' handles are 64 bits. Return: 0 when it is none. */
static uint64_t get_key(const struct file_handle *handle) {
        uint64_t key = 0;

        if (handle->handle_bytes == sizeof(key))
                memcpy(&key, handle->f_handle, sizeof(key));
        return key;
}

static void keep_folder(const char *path) {
        union {
                struct file_handle handle;
                char room[sizeof(struct file_handle) + 128];
        } u = { .handle.handle_bytes = 128 };
        int mount;

        if (name_to_handle_at(AT_FDCWD, path, &u.handle, &mount, 0) == 0)
                keep(folders, get_key(&u.handle), path + n_top, "");
}

static int on_path(const char *path, const struct stat *status, int type, struct FTW *place) {
        (void)status;
        (void)place;
        if (type == FTW_D)
                keep_folder(path);
        return 0;
}

/* The first line of a file, spaces made visible. Return: false when there is none. */
static bool read_line(const char *path, char *line, size_t size) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t n;

        if (fd < 0)
                return false;
        n = read(fd, line, size - 1);
        (void)close(fd);
        if (n <= 0)
                return false;
        line[n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        for (char *c = line; *c; ++c)
                if (*c == ' ')
                        *c = '_';
        return true;
}

/* Who it is now; when it has ended, who it was when it was seen last. */
static const Known *find_process(int pid) {
        char path[64], cgroup[PATH_LEN], name[64];

        (void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
        if (read_line(path, cgroup, sizeof(cgroup))) {
                (void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
                if (read_line(path, name, sizeof(name)))
                        keep(processes, (uint64_t)pid,
                             strncmp(cgroup, "0::", 3) == 0 ? cgroup + 3 : cgroup, name);
        }
        return find(processes, (uint64_t)pid);
}

static void kill_process(void) {
        char line[32];
        const bool is_wanted = read_line(pid_file, line, sizeof(line)) && unlink(pid_file) == 0;

        if (is_wanted)
                (void)kill((pid_t)strtol(line, NULL, 10), SIGKILL);
}

static void
tell(const struct fanotify_event_metadata *event, const char *folder, const char *name) {
        char path[2 * PATH_LEN], value[128];
        const Known *who = find_process(event->pid);
        struct timespec now;
        const char *kind = event->mask & FAN_CREATE ? "+" : event->mask & FAN_DELETE ? "-" : "w";

        if (unit && *kind == 'w' && who && strcmp(who->first, unit) == 0)
                kill_process();
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)snprintf(path, sizeof(path), "%s%s/%s", top, folder, name);
        if (*kind == '+')
                keep_folder(path);
        if (*kind != 'w' || !read_line(path, value, sizeof(value)))
                (void)snprintf(value, sizeof(value), "?");
        (void)printf("%" PRId64 " %d %s %s %s %s %s\n",
                     (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, event->pid,
                     who ? who->first : "?", who ? who->second : "?", kind, path + n_top,
                     *value ? value : "-");
}

/* The kernel's own counters are modified by the kernel, and by nobody else. */
static bool is_counter(const char *name) {
        const size_t n = strlen(name);

        return strstr(name, ".events") || (n > 5 && strcmp(name + n - 5, ".stat") == 0);
}

static void take(const struct fanotify_event_metadata *event) {
        const char *end = (const char *)event + event->event_len, *at = (const char *)(event + 1);

        if (event->mask & FAN_Q_OVERFLOW) {
                (void)fprintf(stderr, "cgwatch: something was missed\n");
                exit(EXIT_FAILURE);
        }
        while (at < end) {
                const struct fanotify_event_info_fid *info = (const void *)at;

                at += info->hdr.len;
                if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME) {
                        const struct file_handle *handle = (const void *)info->handle;
                        const char *name = (const char *)handle->f_handle + handle->handle_bytes;
                        const Known *folder = find(folders, get_key(handle));

                        if (!is_counter(name))
                                tell(event, folder ? folder->first : "/?", name);
                }
        }
        (void)fflush(stdout);
}

static void watch(int fd) {
        /* as aligned as events are */
        static struct fanotify_event_metadata buffer[4096];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
                const struct fanotify_event_metadata *event = buffer;

                for (; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n))
                        take(event);
        }
        die("read");
}

int main(int argc, char **argv) {
        int fd;

        if (argc != 2 && argc != 4) {
                (void)fprintf(stderr, "usage: %s DIR [UNIT PID-FILE]\n", argv[0]);
                return EXIT_FAILURE;
        }
        top = argv[1];
        n_top = strlen(top);
        unit = argc == 4 ? argv[2] : NULL;
        pid_file = argc == 4 ? argv[3] : NULL;
        fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_REPORT_DFID_NAME |
                                   FAN_UNLIMITED_QUEUE,
                           O_RDONLY);
        if (fd < 0 ||
            fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_WANTED, AT_FDCWD, top) < 0)
                die("fanotify");
        /* after the mark: what comes meanwhile is told as an event, too */
        if (nftw(top, on_path, 16, FTW_PHYS) != 0)
                die(top);
        if (puts("ready") < 0 || fflush(stdout) != 0)
                die("stdout");
        watch(fd);
}
