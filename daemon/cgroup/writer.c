/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing knobs
 *
 *   opened here --> worker: write --> bus: SetUnitProperties --> read back here --> told
 *                      | failed          ^ where a unit stands behind it   ^
 *                      `---------------------------------------------------'
 *
 * What blocks is the write alone: a limit below usage reclaims, a mask of NUMA nodes moves pages.
 * A worker that hangs in it is seen and replaced. Process 1 would write the same file, and nobody
 * replaces that; so it is told afterwards, when there is nothing left to be done. It has to be
 * told: it sets the files of a slice to what it was told last whenever it sets up one of them.
 *
 * Whatever failed, the file is read again, below the path and not through the folder that was
 * opened: what counts is what is there now. A folder with another inode is another cgroup, and what
 * it has says nothing of this write.
 *
 * A mask of NUMA nodes has no file before the cpuset controller is enabled, which a cgroup's parent
 * has to say. systemd says so when it is told of a mask; it is told of the one that counts already,
 * so that no page has to move, and then the file is written as any other.
 *
 * A write that is with a worker or the bus belongs to it and is in the list; after the writer's end
 * a worker does not tell, and the bus tells nobody.
 */
#include "cgroup/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

#define DEADLINE_USEC (10 * USEC_PER_SEC)

typedef struct Write {
        struct Write *next;
        CgroupWriter *writer; /* NULL: gone */
        bool is_at_bus;       /* no more at the worker */
        char path[CGROUP_PATH_MAX];
        uint64_t inode;
        CgroupKnob knob;
        CgroupValue value;
        char unit[CGROUP_UNIT_MAX]; /* "": nobody is told */
        CgroupWriteDone done;
        void *userdata;
} Write;

static Write *write_free(Write *write) {
        free(write);
        return NULL;
}
DEFINE_CLEANUP(Write *, write_free);

struct CgroupWriter {
        CgroupWriterParams params;
        Write *writes; /* that are under way */
};

static void unlink_write(CgroupWriter *writer, const Write *write) {
        Write **at = &writer->writes;

        while (*at != write)
                at = &(*at)->next;
        *at = write->next;
}

/* Reading back */

static int read_knob(const Write *write, CgroupValue *ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = cgroup_open_same(write->writer->params.tree, write->path, write->inode, &fd);
        if (r == 0)
                r = cgroup_read_knob(fd, write->knob, ret);
        if (r == CGROUP_E_ABSENT)
                return -ENOENT;
        return r > 0 ? -EBADMSG : r;
}

/* The end of a write. @error: of @step; 0: all is well so far. */
static void finish(Write *write, int error, CgroupWriteStep step, const char *message) {
        CgroupWriteResult result = { .error = error, .step = step, .message = message };
        int r;

        r = read_knob(write, &result.found);
        result.has_found = r == 0;
        if (r && error == 0) {
                result.error = r;
                result.step = CGROUP_WRITE_READ_BACK;
        }
        unlink_write(write->writer, write);
        write->done(&result, write->userdata);
        (void)write_free(write);
}

/* The steps */

static void on_told(int error, const char *message, void *userdata) {
        Write *write = userdata;

        if (!write->writer)
                (void)write_free(write);
        else
                finish(write, error, CGROUP_WRITE_SYSTEMD, message);
}

/* The file has been written, or not. */
static void tell_systemd(Write *write, int error) {
        CgroupBus *bus = write->writer->params.bus;
        const CgroupProperty property = { .knob = write->knob, .value = write->value };
        int r;

        if (error || !bus || !write->unit[0]) {
                finish(write, error, CGROUP_WRITE_FILE, "");
                return;
        }
        r = cgroup_bus_set_properties(bus, write->unit, &property, 1, on_told, write);
        if (r)
                finish(write, r, CGROUP_WRITE_SYSTEMD, "");
        else
                write->is_at_bus = true;
}

static int submit(Write *write, const CgroupValue *value, int fd, WorkerDone done) {
        const CgroupWriterParams *params = &write->writer->params;
        char text[CGROUP_VALUE_TEXT_MAX + 1];
        WorkerJob job = {
                .op = WORKER_OP_SET,
                .fd = fd,
                .data = text,
                .deadline_usec = params->deadline_usec,
        };

        (void)cgroup_value_format(write->knob, value, text);
        job.n_data = strlen(text);
        /* No NUMA nodes are no text, and nothing written is no write. */
        text[job.n_data++] = '\n';
        return worker_submit(params->workers,
                             write->knob == CGROUP_CPUSET_MEMS ? params->cpuset_lane : params->lane,
                             &job, done, write);
}

/* @write->inode: 0: whatever is there; then it is what was found. Return: 0, CGROUP_E_*, or an
 * errno. */
static int open_knob(const CgroupWriter *writer, Write *write, int *ret_fd) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        struct stat stat;
        int r;

        r = write->inode ? cgroup_open_same(writer->params.tree, write->path, write->inode, &dir_fd)
                         : cgroup_open(writer->params.tree, write->path, &dir_fd);
        if (r)
                return r;
        if (fstat(dir_fd, &stat) < 0)
                return -errno;
        write->inode = stat.st_ino;
        return cgroup_open_file(dir_fd, cgroup_knob_file(write->knob), O_WRONLY, ret_fd);
}

/* Return: 0, CGROUP_E_*, CGROUP_KNOB_E_MALFORMED, or an errno. */
static int read_effective_mask(const CgroupTree *tree, const char *path, CgroupValue *ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[CGROUP_VALUE_TEXT_MAX + 1];
        size_t n_text;
        int r;

        r = cgroup_open(tree, path, &fd);
        if (r == 0)
                r = cgroup_read_file(fd, "cpuset.mems.effective", text, sizeof(text), &n_text);
        return r ? r : cgroup_value_parse(CGROUP_CPUSET_MEMS, text, n_text, ret);
}

/* What the nearest cgroup above that has the controller may use. */
static int read_parent_mask(const Write *write, CgroupValue *ret) {
        char path[CGROUP_PATH_MAX], parent[CGROUP_PATH_MAX];
        int r;

        (void)snprintf(path, sizeof(path), "%s", write->path);
        do {
                (void)cgroup_path_get_parent(path, parent);
                r = read_effective_mask(write->writer->params.tree, parent, ret);
                memcpy(path, parent, sizeof(path));
        } while (r == CGROUP_E_ABSENT && path[0]);
        return r;
}

/* A mask that is to be none: before 7.2 the kernel refuses that to a cgroup with processes. What
 * the parent may use is as much. */

static void on_written_instead(int error, int fd, void *userdata) {
        (void)fd_close(fd);
        tell_systemd(userdata, error);
}

/* Return: false when it cannot be tried. */
static bool write_parent_mask(Write *write) {
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupValue mask;

        return write->knob == CGROUP_CPUSET_MEMS && nodeset_is_empty(&write->value.nodes) &&
               read_parent_mask(write, &mask) == 0 && open_knob(write->writer, write, &fd) == 0 &&
               submit(write, &mask, fd, on_written_instead) == 0;
}

static void on_written(int error, int fd, void *userdata) {
        Write *write = userdata;

        (void)fd_close(fd);
        if (error != -ENOSPC || !write_parent_mask(write))
                tell_systemd(write, error);
}

static int new_write(CgroupWriter *writer,
                     const CgroupWrite *what,
                     CgroupWriteDone done,
                     void *userdata,
                     Write **ret) {
        Write *write;

        if ((unsigned)what->knob >= _CGROUP_KNOB_N ||
            (what->unit && strnlen(what->unit, CGROUP_UNIT_MAX) == CGROUP_UNIT_MAX))
                return -EINVAL;
        write = calloc(1, sizeof(*write));
        if (!write)
                return -ENOMEM;
        *write = (Write){
                .writer = writer,
                .inode = what->inode,
                .knob = what->knob,
                .value = what->value,
                .done = done,
                .userdata = userdata,
        };
        memcpy(write->path, what->path, sizeof(write->path));
        (void)snprintf(write->unit, sizeof(write->unit), "%s", what->unit ? what->unit : "");
        *ret = write;
        return 0;
}

/* A mask that has no file yet */

static void on_enabled(int error, const char *message, void *userdata) {
        Write *write = userdata;
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        if (!write->writer) {
                (void)write_free(write);
                return;
        }
        write->is_at_bus = false;
        if (error) {
                finish(write, error, CGROUP_WRITE_ENABLE, message);
                return;
        }
        r = open_knob(write->writer, write, &fd);
        if (r) {
                finish(write, r < 0 ? r : -EOPNOTSUPP, CGROUP_WRITE_ENABLE, "");
                return;
        }
        r = submit(write, &write->value, fd, on_written);
        if (r)
                finish(write, r, CGROUP_WRITE_OPEN, "");
}

/* Return: 0, CGROUP_E_ABSENT when there is nobody to do it, or an errno. */
static int enable_mask(Write *write) {
        CgroupProperty property = { .knob = CGROUP_CPUSET_MEMS };
        CgroupBus *bus = write->writer->params.bus;
        int r;

        if (write->knob != CGROUP_CPUSET_MEMS || !write->inode || !bus || !write->unit[0])
                return CGROUP_E_ABSENT;
        r = read_parent_mask(write, &property.value);
        if (r)
                return r < 0 ? r : CGROUP_E_ABSENT;
        r = cgroup_bus_set_properties(bus, write->unit, &property, 1, on_enabled, write);
        if (r == 0)
                write->is_at_bus = true;
        return r;
}

int cgroup_writer_write(CgroupWriter *writer,
                        const CgroupWrite *write,
                        CgroupWriteDone done,
                        void *userdata) {
        _cleanup_(write_freep) Write *owned = NULL;
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = new_write(writer, write, done, userdata, &owned);
        if (r)
                return r;
        r = open_knob(writer, owned, &fd);
        if (r == CGROUP_E_ABSENT)
                r = enable_mask(owned);
        else if (r == 0)
                r = submit(owned, &owned->value, fd, on_written);
        if (r)
                return r;
        /* Nothing below can fail. */
        owned->next = writer->writes;
        writer->writes = TAKE_PTR(owned);
        return 0;
}

/* Making and ending */

int cgroup_writer_new(const CgroupWriterParams *params, CgroupWriter **ret) {
        CgroupWriter *writer = calloc(1, sizeof(*writer));

        if (!writer)
                return -ENOMEM;
        writer->params = *params;
        if (writer->params.deadline_usec == 0)
                writer->params.deadline_usec = DEADLINE_USEC;
        *ret = writer;
        return 0;
}

CgroupWriter *cgroup_writer_free(CgroupWriter *writer) {
        Write *write;

        if (!writer)
                return NULL;
        while ((write = writer->writes)) {
                writer->writes = write->next;
                write->writer = NULL;
                if (write->is_at_bus)
                        continue;
                worker_disown(writer->params.workers, write);
                (void)write_free(write);
        }
        free(writer);
        return NULL;
}
