/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through a cgroup tree
 *
 * Cgroups come and go while they are read. One that is gone was not there; one that cannot be read
 * for another reason, or is one too many, makes the tree incomplete. A folder is opened once and
 * what is in it is read from there: the kernel would look up a long path for every file otherwise.
 */
#include "pods/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pods/names.h"

#define ENTRIES_MAX 4096u /* of one folder; the kernel's own files are some 100 */
#define FOLDERS_MAX 64u   /* that are neither a pod's nor of a QoS class */

/* One in which pods are looked for. */
typedef struct Folder {
        char path[PODS_PATH_MAX];
        QosClass qos; /* of the pods in it */
        bool is_kubepods;
        bool is_foreign; /* nobody's whom we know: nothing below it is looked into but pods */
} Folder;

void walk_complain(PodsTree *tree, const char *path, const char *format, ...) {
        char source[sizeof(CGROUP_DIR) + 1 + PODS_PATH_MAX], text[DIAG_TEXT_MAX];
        va_list args;

        if (!tree->is_complete)
                return;
        tree->is_complete = false;
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        (void)snprintf(source, sizeof(source), "/" CGROUP_DIR "%s%s", path[0] ? "/" : "", path);
        diag_set(&tree->problem, source, 0, 0, "%s", text);
}

static void leave_out(Walk *walk, const char *path, const char *what, unsigned max) {
        ++walk->tree->n_left_out;
        walk_complain(walk->tree, path, "has more than %u %s; the rest is left out", max, what);
}

void walk_pod_deinit(TreePod *pod) {
        usage_deinit(&pod->usage);
        for (size_t i = 0; i < pod->n_containers; ++i)
                usage_deinit(&pod->containers[i].usage);
        free(pod->containers);
        *pod = (TreePod){};
}

static void forget_containers(Walk *walk) {
        for (size_t i = 0; i < walk->n_containers; ++i)
                usage_deinit(&walk->containers[i].usage);
        walk->n_containers = 0;
}

/* False: it would be too long, which has then been said. */
static bool
join(Walk *walk, const char *path, const char *name, char joined[static PODS_PATH_MAX]) {
        if (snprintf(joined, PODS_PATH_MAX, "%s/%s", path, name) < (int)PODS_PATH_MAX)
                return true;
        ++walk->tree->n_left_out;
        walk_complain(walk->tree, path, "has a folder with a path of more than %u bytes",
                      PODS_PATH_MAX - 1);
        return false;
}

static bool is_gone_by(int error) {
        return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENODEV;
}

static int open_folder(int parent_fd, const char *name, DIR **ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        DIR *dir;

        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return is_gone_by(errno) ? ROOT_E_ABSENT : -errno;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        (void)TAKE_FD(fd); /* the stream's from here on */
        *ret = dir;
        return 0;
}

/* What keeps a folder from being listed; 0 when it is said, or when the folder is gone. */
static int fold_failure(Walk *walk, const char *path, int r) {
        if (r == -ENOMEM)
                return r;
        if (r < 0 && !is_gone_by(-r))
                walk_complain(walk->tree, path, "cannot be listed: %s", strerror(-r));
        return 0;
}

/* The next folder in a folder; 0 at its end, too, with @ret NULL. */
static int next_folder(Walk *walk, DIR *dir, const char *path, size_t *n_seen, const char **ret) {
        const struct dirent *entry;

        *ret = NULL;
        for (;;) {
                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return fold_failure(walk, path, -errno);
                if (++*n_seen > ENTRIES_MAX) {
                        leave_out(walk, path, "entries", ENTRIES_MAX);
                        return 0;
                }
                if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
                    strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                *ret = entry->d_name;
                return 0;
        }
}

/* A file system that does not tell kinds may have handed us a file. */
static bool is_folder(int parent_fd, const char *name) {
        struct stat stat;

        return fstatat(parent_fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode);
}

/* False: the cgroup has gone away meanwhile. */
static bool read_populated(Walk *walk, int parent_fd, const char *name, bool *ret_is_populated) {
        const OptU64 populated = usage_read_populated(&walk->scratch, parent_fd, name);

        *ret_is_populated = populated.value > 0;
        return populated.present || is_folder(parent_fd, name);
}

/* Where there is no usage, there may be no cgroup any more. */
static bool
is_still_there(const Walk *walk, int parent_fd, const char *name, const PodsUsage *usage) {
        return !walk->params->with_usage || usage->bytes.present || is_folder(parent_fd, name);
}

static int read_usage(Walk *walk, const UsageParams *params, const char *path, PodsUsage *ret) {
        bool is_cut = false;
        int r;

        if (!walk->params->with_usage)
                return 0;
        r = usage_read(&walk->scratch, params, ret, &is_cut);
        if (is_cut)
                walk_complain(walk->tree, path,
                              "has memory on more NUMA nodes than %u, or a file of %u bytes; its "
                              "usage is not all of it",
                              PODS_USAGE_NODES, USAGE_FILE_MAX);
        return r;
}

static int add_container(Walk *walk, const TreePod *pod, int pod_fd, TreeContainer *container) {
        const char *name = container->path + strlen(pod->path) + 1;
        const UsageParams params = {
                .dir_fd = pod_fd,
                .folder = name,
                .of_pod = &pod->usage,
                .page_sizes = walk->page_sizes,
                .n_page_sizes = walk->n_page_sizes,
        };
        int r;

        if (!read_populated(walk, pod_fd, name, &container->is_populated))
                return 0;
        r = read_usage(walk, &params, container->path, &container->usage);
        if (r)
                return r;
        if (is_still_there(walk, pod_fd, name, &container->usage))
                walk->containers[walk->n_containers++] = *container;
        else
                usage_deinit(&container->usage);
        return 0;
}

static int read_container(Walk *walk, const TreePod *pod, int pod_fd, const char *name) {
        TreeContainer container = {};

        if (!pods_name_parse_container(name, container.id))
                return 0;
        if (walk->n_containers == PODS_CONTAINERS_MAX) {
                leave_out(walk, pod->path, "containers", PODS_CONTAINERS_MAX);
                return 0;
        }
        return join(walk, pod->path, name, container.path)
                       ? add_container(walk, pod, pod_fd, &container)
                       : 0;
}

static int read_containers(Walk *walk, const TreePod *pod, DIR *dir) {
        const char *name;
        size_t n_seen = 0;
        int r;

        do {
                r = next_folder(walk, dir, pod->path, &n_seen, &name);
                if (r == 0 && name)
                        r = read_container(walk, pod, dirfd(dir), name);
        } while (r == 0 && name);
        return r;
}

static int compare_containers(const void *a, const void *b) {
        return strcmp(((const TreeContainer *)a)->path, ((const TreeContainer *)b)->path);
}

/* What was found becomes the pod's. */
static int take_containers(Walk *walk, TreePod *pod) {
        const size_t n = walk->n_containers;

        if (n == 0)
                return 0;
        qsort(walk->containers, n, sizeof(*walk->containers), compare_containers);
        pod->containers = reallocarray(NULL, n, sizeof(*pod->containers));
        if (!pod->containers)
                return -ENOMEM;
        memcpy(pod->containers, walk->containers, n * sizeof(*pod->containers));
        pod->n_containers = n;
        walk->n_containers = 0;
        return 0;
}

/* ROOT_E_ABSENT: it is gone. One that cannot be listed is there all the same. */
static int read_inside(Walk *walk, TreePod *pod, int parent_fd, const char *name) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        UsageParams params = {
                .folder = ".",
                .page_sizes = walk->page_sizes,
                .n_page_sizes = walk->n_page_sizes,
        };
        int r;

        r = open_folder(parent_fd, name, &dir);
        if (r)
                return r == ROOT_E_ABSENT ? r : fold_failure(walk, pod->path, r);
        params.dir_fd = dirfd(dir);
        if (!read_populated(walk, parent_fd, name, &pod->is_populated))
                return ROOT_E_ABSENT;
        r = read_usage(walk, &params, pod->path, &pod->usage);
        if (r)
                return r;
        if (!is_still_there(walk, parent_fd, name, &pod->usage))
                return ROOT_E_ABSENT;
        r = read_containers(walk, pod, dir);
        return r ? r : take_containers(walk, pod);
}

static int
read_pod(Walk *walk, const Folder *folder, int folder_fd, const char *name, const char *uid) {
        TreePod pod = { .qos = folder->qos };
        int r;

        if (walk->tree->n_pods == PODS_MAX) {
                leave_out(walk, folder->path, "pods", PODS_MAX);
                return 0;
        }
        if (!join(walk, folder->path, name, pod.path))
                return 0;
        (void)snprintf(pod.uid, sizeof(pod.uid), "%s", uid);
        r = read_inside(walk, &pod, folder_fd, name);
        forget_containers(walk);
        if (r) {
                walk_pod_deinit(&pod);
                return r == ROOT_E_ABSENT ? 0 : r;
        }
        walk->tree->pods[walk->tree->n_pods++] = pod;
        return 0;
}

static int read_folder(Walk *walk, const Folder *folder, DIR *dir);

static int enter(Walk *walk, const Folder *child, int folder_fd, const char *name) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        int r;

        r = open_folder(folder_fd, name, &dir);
        if (r)
                return fold_failure(walk, child->path, r);
        return read_folder(walk, child, dir);
}

/* A folder that somebody has put in between. A pod may be in there, and none deeper. */
static int enter_foreign(Walk *walk, const Folder *folder, int folder_fd, const char *name) {
        Folder child = {
                .qos = folder->is_kubepods ? QOS_UNKNOWN : folder->qos,
                .is_foreign = true,
        };

        if (!is_folder(folder_fd, name) || !join(walk, folder->path, name, child.path))
                return 0;
        if (folder->is_foreign) {
                ++walk->tree->n_left_out;
                walk_complain(walk->tree, child.path,
                              "is deeper than pods are; what is in it is left out");
                return 0;
        }
        if (walk->n_folders == FOLDERS_MAX) {
                leave_out(walk, folder->path, "folders that are no pods", FOLDERS_MAX);
                return 0;
        }
        ++walk->n_folders;
        return enter(walk, &child, folder_fd, name);
}

static int read_entry(Walk *walk, const Folder *folder, int folder_fd, const char *name) {
        const PodsName parsed = pods_name_parse(walk->driver, name);
        Folder child = { .qos = parsed.qos };

        if (parsed.kind == PODS_NAME_NONE)
                return 0;
        if (parsed.kind == PODS_NAME_POD)
                return read_pod(walk, folder, folder_fd, name, parsed.uid);
        if (parsed.kind == PODS_NAME_OTHER || !folder->is_kubepods)
                return enter_foreign(walk, folder, folder_fd, name);
        return join(walk, folder->path, name, child.path) ? enter(walk, &child, folder_fd, name)
                                                          : 0;
}

static int read_folder(Walk *walk, const Folder *folder, DIR *dir) {
        const char *name;
        size_t n_seen = 0;
        int r;

        do {
                r = next_folder(walk, dir, folder->path, &n_seen, &name);
                if (r == 0 && name)
                        r = read_entry(walk, folder, dirfd(dir), name);
        } while (r == 0 && name);
        return r;
}

static int compare_sizes(const void *a, const void *b) {
        const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

/* kubepods has a file for every page size of the kernel, if it has the controller at all. */
static void find_page_sizes(Walk *walk, const char *path, DIR *dir) {
        const struct dirent *entry;
        uint64_t page_bytes;

        walk->n_page_sizes = 0;
        for (size_t n_seen = 0; n_seen < ENTRIES_MAX && (entry = readdir(dir)); ++n_seen) {
                if (!usage_parse_page_size(entry->d_name, &page_bytes))
                        continue;
                if (walk->n_page_sizes == POD_PAGE_SIZES) {
                        leave_out(walk, path, "sizes of huge pages", POD_PAGE_SIZES);
                        break;
                }
                walk->page_sizes[walk->n_page_sizes++] = page_bytes;
        }
        qsort(walk->page_sizes, walk->n_page_sizes, sizeof(*walk->page_sizes), compare_sizes);
        rewinddir(dir);
}

int walk_kubepods(Walk *walk, const char *path, bool *ret_is_there) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        Folder folder = { .qos = QOS_GUARANTEED, .is_kubepods = true };
        char whole[sizeof(CGROUP_DIR) + 1 + PODS_PATH_MAX];
        int r;

        (void)snprintf(whole, sizeof(whole), CGROUP_DIR "/%s", path);
        (void)snprintf(folder.path, sizeof(folder.path), "%s", path);
        r = root_open_dir(walk->params->root, whole, &dir);
        *ret_is_there = r != ROOT_E_ABSENT;
        if (r)
                return fold_failure(walk, path, r);
        if (walk->params->with_usage)
                find_page_sizes(walk, path, dir);
        return read_folder(walk, &folder, dir);
}
