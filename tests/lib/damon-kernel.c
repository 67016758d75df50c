/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/damon-kernel.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon/damon.h"

#define JOBS_MAX 8u
#define SCHEME   "/0/contexts/0/schemes/0/"

typedef struct Job {
        int fd;
        char text[WORKER_SET_MAX + 1];
        WorkerDone done;
        void *userdata;
} Job;

DamonKernel damon_kernel;
static Job jobs[JOBS_MAX];

static void make(const char *path) {
        char full[256];

        (void)snprintf(full, sizeof(full), DAMON_DIR "%s", path);
        folder_write(damon_kernel.folder, full, "0\n");
}

/* Of one kdamond, one context, one scheme; of lists as many as the tests need. */
static void make_kdamond(void) {
        static const char *const files[] = {
                "/0/state",
                "/0/contexts/nr_contexts",
                "/0/contexts/0/operations",
                "/0/contexts/0/monitoring_attrs/intervals/sample_us",
                "/0/contexts/0/monitoring_attrs/intervals/aggr_us",
                "/0/contexts/0/monitoring_attrs/nr_regions/min",
                "/0/contexts/0/monitoring_attrs/nr_regions/max",
                "/0/contexts/0/targets/nr_targets",
                "/0/contexts/0/targets/0/regions/nr_regions",
                "/0/contexts/0/schemes/nr_schemes",
                SCHEME "action",
                SCHEME "target_nid",
                SCHEME "apply_interval_us",
                SCHEME "access_pattern/sz/max",
                SCHEME "access_pattern/age/min",
                SCHEME "access_pattern/age/max",
                SCHEME "access_pattern/nr_accesses/min",
                SCHEME "access_pattern/nr_accesses/max",
                SCHEME "quotas/bytes",
                SCHEME "quotas/reset_interval_ms",
                SCHEME "stats/sz_tried",
        };
        static const char *const old_files[] = {
                SCHEME "filters/nr_filters",
                SCHEME "filters/0/type",
                SCHEME "filters/0/memcg_path",
                SCHEME "filters/0/matching",
        };
        static const char *const new_files[] = {
                SCHEME "ops_filters/nr_filters",   SCHEME "ops_filters/0/type",
                SCHEME "ops_filters/0/memcg_path", SCHEME "ops_filters/0/matching",
                SCHEME "ops_filters/0/allow",      SCHEME "ops_filters/1/type",
                SCHEME "ops_filters/1/memcg_path", SCHEME "ops_filters/1/matching",
                SCHEME "ops_filters/1/allow",      SCHEME "quotas/goal_tuner",
                SCHEME "quotas/fail_charge_num",   SCHEME "quotas/fail_charge_denom",
        };

        damon_kernel.n_regions = 0;
        for (size_t i = 0; i < ELEMENTSOF(files); ++i)
                make(files[i]);
        for (size_t i = 0; i < ELEMENTSOF(old_files) && !damon_kernel.is_new; ++i)
                make(old_files[i]);
        for (size_t i = 0; i < ELEMENTSOF(new_files) && damon_kernel.is_new; ++i)
                make(new_files[i]);
}

void damon_kernel_init(const Folder *folder, bool is_new) {
        memset(&damon_kernel, 0, sizeof(damon_kernel));
        damon_kernel.folder = folder;
        damon_kernel.is_new = is_new;
        folder_write(folder, "proc/sys/kernel/osrelease", is_new ? "7.2.13\n" : "6.12.117\n");
        make("/nr_kdamonds");
}

/* Those that are there stay: there are many, and each step names them anew. */
static void make_regions(unsigned long n) {
        for (unsigned long i = damon_kernel.n_regions; i < n; ++i) {
                char path[128];

                (void)snprintf(path, sizeof(path), "/0/contexts/0/targets/0/regions/%lu/start", i);
                make(path);
                (void)snprintf(path, sizeof(path), "/0/contexts/0/targets/0/regions/%lu/end", i);
                make(path);
                damon_kernel.n_regions = i + 1;
        }
}

/* The path of @fd below kdamonds. */
static const char *get_path(int fd, char buffer[static 1024]) {
        char link[64];
        const char *path;
        ssize_t n;

        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, buffer, 1023);
        ck_assert_int_gt(n, 0);
        buffer[n] = '\0';
        path = strstr(buffer, DAMON_DIR "/");
        ck_assert_ptr_nonnull(path);
        return path + strlen(DAMON_DIR "/");
}

static bool ends_with(const char *text, const char *end) {
        const size_t n = strlen(text), n_end = strlen(end);

        return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static bool has_kdamond(void) {
        char full[256];

        (void)snprintf(full, sizeof(full), "%s/" DAMON_DIR "/0", damon_kernel.folder->path);
        return access(full, F_OK) == 0;
}

static int do_write(int fd, const char *text) {
        char buffer[1024];
        const char *path = get_path(fd, buffer);
        const size_t n = strlen(text);

        damon_kernel.n_log += (size_t)snprintf(damon_kernel.log + damon_kernel.n_log,
                                               sizeof(damon_kernel.log) - damon_kernel.n_log,
                                               "\n%s=%.*s", path, (int)strcspn(text, "\n"), text);
        if (damon_kernel.n_failures > 0 && ends_with(path, damon_kernel.fails_at)) {
                --damon_kernel.n_failures;
                return damon_kernel.failure;
        }
        if (strncmp(text, "update_schemes_stats", strlen("update_schemes_stats")) == 0) {
                (void)snprintf(buffer, sizeof(buffer), "%" PRIu64 "\n", damon_kernel.looked_bytes);
                folder_write(damon_kernel.folder, DAMON_DIR SCHEME "stats/sz_tried", buffer);
                return 0;
        }
        ck_assert_int_eq(ftruncate(fd, 0), 0);
        ck_assert_int_eq(pwrite(fd, text, n, 0), n);
        if (strcmp(path, "nr_kdamonds") == 0 && text[0] == '1')
                make_kdamond();
        else if (ends_with(path, "/nr_regions"))
                make_regions(strtoul(text, NULL, 10));
        else if (strcmp(path, "nr_kdamonds") == 0 && has_kdamond())
                folder_delete(damon_kernel.folder, DAMON_DIR "/0");
        return 0;
}

bool damon_kernel_work(void) {
        const Job job = jobs[0];
        int error;

        if (damon_kernel.n_jobs == 0)
                return false;
        --damon_kernel.n_jobs;
        memmove(&jobs[0], &jobs[1], damon_kernel.n_jobs * sizeof(jobs[0]));
        error = do_write(job.fd, job.text);
        (void)close(job.fd);
        job.done(error, -EBADF, job.userdata);
        return true;
}

void damon_kernel_work_all(void) {
        unsigned n = 0;

        while (damon_kernel_work())
                ck_assert_uint_lt(++n, 1000);
}

bool damon_kernel_has(const char *written) {
        char line[1024];

        (void)snprintf(line, sizeof(line), "\n%s\n", written);
        damon_kernel.log[damon_kernel.n_log] = '\n';
        damon_kernel.log[damon_kernel.n_log + 1] = '\0';
        return strstr(damon_kernel.log, line);
}

void damon_kernel_assert(const char *path, const char *text) {
        char full[512], buffer[1024] = "";
        int fd;

        (void)snprintf(full, sizeof(full), "%s/" DAMON_DIR "/%s", damon_kernel.folder->path, path);
        fd = open(full, O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(read(fd, buffer, sizeof(buffer) - 1), 0);
        (void)close(fd);
        buffer[strcspn(buffer, "\n")] = '\0';
        ck_assert_str_eq(buffer, text);
}

/* Doubles */

int damon_write(int fd, const char *value) {
        return do_write(fd, value);
}

Workers *crew_get_workers(const Crew *crew _unused_) {
        return NULL;
}

int worker_submit(Workers *workers _unused_,
                  unsigned lane,
                  const WorkerJob *job,
                  WorkerDone done,
                  void *userdata) {
        Job *copy = &jobs[damon_kernel.n_jobs];

        ck_assert(lane == CREW_PAGES || lane == CREW_PAGES_2);
        ck_assert_int_eq(job->op, WORKER_OP_SET);
        ck_assert_uint_lt(damon_kernel.n_jobs++, JOBS_MAX);
        *copy = (Job){ .fd = fcntl(job->fd, F_DUPFD_CLOEXEC, 3),
                       .done = done,
                       .userdata = userdata };
        memcpy(copy->text, job->data, job->n_data);
        return 0;
}

void worker_disown(Workers *workers _unused_, const void *userdata _unused_) {
        for (size_t i = 0; i < damon_kernel.n_jobs; ++i)
                (void)close(jobs[i].fd);
        damon_kernel.n_jobs = 0;
}
