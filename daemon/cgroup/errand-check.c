/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/errand-check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroup/event-counts.h"

static CgroupErrandProblem judge(int r) {
        if (r == 0)
                return CGROUP_ERRAND_DONE;
        if (r == CGROUP_E_ABSENT)
                return CGROUP_ERRAND_ABSENT;
        return r == CGROUP_E_INVALID ? CGROUP_ERRAND_INVALID : CGROUP_ERRAND_REFUSED;
}

CgroupErrandProblem cgroup_errand_find(const CgroupTree *tree, const char *path, int *ret_fd) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const int r = cgroup_open(tree, path, &fd);

        if (r == 0 && ret_fd)
                *ret_fd = TAKE_FD(fd);
        return judge(r);
}

CgroupErrandProblem cgroup_errand_check_usage(const CgroupTree *tree,
                                              const CgroupStep *step,
                                              uint64_t *ret_usage_bytes) {
        _cleanup_(fd_closep) int fd = -EBADF;

        if (!step->setting.is_knob || step->setting.knob != CGROUP_MEMORY_MAX)
                return CGROUP_ERRAND_DONE;
        /* Where usage cannot be read there is none that could be limited. */
        if (cgroup_errand_find(tree, step->path, &fd) ||
            cgroup_read_u64(fd, "memory.current", ret_usage_bytes))
                return CGROUP_ERRAND_DONE;
        return *ret_usage_bytes > step->setting.value.number ? CGROUP_ERRAND_IN_USE
                                                             : CGROUP_ERRAND_DONE;
}

/* One of an earlier step will be there by then. */
static bool is_made_before(const CgroupStep *steps, size_t i) {
        for (size_t k = 0; k < i; ++k)
                if (steps[k].kind == CGROUP_STEP_MAKE && strcmp(steps[k].path, steps[i].path) == 0)
                        return true;
        return false;
}

static CgroupErrandProblem
check_set(const CgroupTree *tree, const CgroupStep *step, uint64_t *ret_usage_bytes) {
        _cleanup_(fd_closep) int dir_fd = -EBADF, fd = -EBADF;
        CgroupErrandProblem problem;

        problem = cgroup_errand_find(tree, step->path, &dir_fd);
        if (problem == CGROUP_ERRAND_DONE)
                problem = judge(cgroup_open_file(dir_fd, step->setting.file, O_PATH, &fd));
        return problem ? problem : cgroup_errand_check_usage(tree, step, ret_usage_bytes);
}

static bool has_folder(int dir_fd) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct dirent *entry;
        bool is_found = false;
        DIR *dir;

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                (void)fd_close(fd);
                return false;
        }
        while (!is_found && (entry = readdir(dir)))
                is_found = entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
                           strcmp(entry->d_name, "..") != 0;
        (void)closedir(dir);
        return is_found;
}

/* The kernel decides; this is for whoever would else find half of it gone. */
static CgroupErrandProblem check_remove(const CgroupTree *tree, const CgroupStep *step) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[CGROUP_EVENT_COUNTS_TEXT_MAX];
        CgroupEventCounts counts = {};
        CgroupErrandProblem problem;
        size_t n;

        problem = cgroup_errand_find(tree, step->path, &fd);
        if (problem)
                return problem == CGROUP_ERRAND_ABSENT ? CGROUP_ERRAND_DONE : problem;
        if (cgroup_read_file(fd, "cgroup.events", text, sizeof(text), &n) == 0 &&
            cgroup_event_counts_parse_cgroup(&counts, text, n) == 0 && counts.is_populated)
                return CGROUP_ERRAND_OCCUPIED;
        return has_folder(fd) ? CGROUP_ERRAND_OCCUPIED : CGROUP_ERRAND_DONE;
}

static CgroupErrandProblem check_make(const CgroupTree *tree, const CgroupStep *step) {
        char parent[CGROUP_PATH_MAX];
        CgroupErrandProblem problem;

        problem = cgroup_errand_find(tree, step->path, NULL);
        if (problem != CGROUP_ERRAND_ABSENT)
                return problem;
        return cgroup_errand_find(tree, cgroup_path_get_parent(step->path, parent), NULL);
}

CgroupErrandProblem cgroup_errand_check(const CgroupTree *tree,
                                        const CgroupStep *steps,
                                        size_t n_steps,
                                        size_t *ret_n,
                                        uint64_t *ret_usage_bytes) {
        for (size_t i = 0; i < n_steps; ++i) {
                CgroupErrandProblem problem = CGROUP_ERRAND_DONE;

                *ret_n = i;
                switch (steps[i].kind) {
                case CGROUP_STEP_MAKE:
                        problem = check_make(tree, &steps[i]);
                        break;
                case CGROUP_STEP_REMOVE:
                        problem = check_remove(tree, &steps[i]);
                        break;
                case CGROUP_STEP_ENABLE:
                        problem = cgroup_errand_find(tree, steps[i].path, NULL);
                        break;
                case CGROUP_STEP_SET:
                        problem = check_set(tree, &steps[i], ret_usage_bytes);
                        if (problem == CGROUP_ERRAND_ABSENT && is_made_before(steps, i))
                                problem = CGROUP_ERRAND_DONE;
                        break;
                }
                if (problem)
                        return problem;
        }
        *ret_n = n_steps;
        return CGROUP_ERRAND_DONE;
}
