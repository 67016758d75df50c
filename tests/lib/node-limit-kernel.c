/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/node-limit-kernel.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define PAGES_OF_MIB UINT64_C(256)

void kernel_init(Kernel *kernel, const uint64_t size_mib[static CGROUP_NODE_LIMITS]) {
        *kernel = (Kernel){ .n_cgroups = 1 };
        kernel->cgroups[0] = (KernelCgroup){ .is_there = true };
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                kernel->size_mib[node] = size_mib[node];
                kernel->total_pages += size_mib[node] * PAGES_OF_MIB;
        }
}

KernelCgroup *kernel_add(Kernel *kernel, const char *path) {
        KernelCgroup *cgroup = NULL;

        for (size_t i = 1; i < kernel->n_cgroups && !cgroup; ++i)
                if (!kernel->cgroups[i].is_there)
                        cgroup = &kernel->cgroups[i];
        if (!cgroup && kernel->n_cgroups < KERNEL_CGROUPS_MAX)
                cgroup = &kernel->cgroups[kernel->n_cgroups++];
        if (!cgroup)
                return NULL;
        *cgroup = (KernelCgroup){ .is_there = true, .has_files = true };
        (void)snprintf(cgroup->path, sizeof(cgroup->path), "%s", path);
        return cgroup;
}

static bool is_below(const char *path, const char *folder) {
        const size_t n = strlen(folder);

        if (n == 0)
                return path[0] != '\0';
        return strncmp(path, folder, n) == 0 && path[n] == '/';
}

void kernel_remove(Kernel *kernel, const char *path) {
        for (size_t i = 1; i < kernel->n_cgroups; ++i)
                if (strcmp(kernel->cgroups[i].path, path) == 0 ||
                    is_below(kernel->cgroups[i].path, path))
                        kernel->cgroups[i].is_there = false;
}

KernelCgroup *kernel_find(Kernel *kernel, const char *path) {
        for (size_t i = 0; i < kernel->n_cgroups; ++i)
                if (kernel->cgroups[i].is_there && strcmp(kernel->cgroups[i].path, path) == 0)
                        return &kernel->cgroups[i];
        return NULL;
}

/* Where pages go */

static unsigned choose(const KernelCgroup *cgroup, const Kernel *kernel, unsigned preferred) {
        if (!kernel->is_obeying || !cgroup->has_files)
                return preferred;
        if (cgroup->mib[0] > cgroup->counted[0])
                return 0;
        if (cgroup->mib[preferred] > cgroup->counted[preferred])
                return preferred;
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                if (cgroup->mib[node] > cgroup->counted[node])
                        return node;
        return 0;
}

void kernel_allocate(KernelCgroup *cgroup, const Kernel *kernel, unsigned preferred, uint64_t mib) {
        for (uint64_t i = 0; i < mib; ++i)
                ++cgroup->used[choose(cgroup, kernel, preferred)];
}

const KernelCgroup *kernel_find_zero(const Kernel *kernel, bool with_new) {
        for (size_t i = 1; i < kernel->n_cgroups; ++i) {
                const KernelCgroup *cgroup = &kernel->cgroups[i];

                if (!cgroup->is_there || !cgroup->has_files || (!cgroup->is_old && !with_new))
                        continue;
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                        if (kernel->size_mib[node] > 0 && cgroup->mib[node] == 0)
                                return cgroup;
        }
        return NULL;
}

/* Its files */

static void breaks(Kernel *kernel, bool does, const char *rule) {
        if (does && !kernel->broken)
                kernel->broken = rule;
}

static int finish(Kernel *kernel, int r) {
        if (kernel->after)
                kernel->after(kernel);
        return r;
}

static int
list(void *userdata, const char *path, int (*found)(const char *, void *), void *found_userdata) {
        Kernel *kernel = userdata;
        int r = kernel_find(kernel, path) ? 0 : CGROUP_E_ABSENT;

        for (size_t i = 1; r == 0 && i < kernel->n_cgroups; ++i) {
                const KernelCgroup *cgroup = &kernel->cgroups[i];
                const char *name = cgroup->path + strlen(path) + (path[0] != '\0');

                if (cgroup->is_there && is_below(cgroup->path, path) && !strchr(name, '/'))
                        r = found(name, found_userdata);
        }
        return finish(kernel, r);
}

static int read_all(void *userdata, const char *path, CgroupNodeLimits *ret) {
        Kernel *kernel = userdata;
        const KernelCgroup *cgroup = kernel_find(kernel, path);

        breaks(kernel, path[0] == '\0', "the root has no such files");
        if (!cgroup)
                return finish(kernel, CGROUP_E_ABSENT);
        *ret = (CgroupNodeLimits){ .files = cgroup->has_files ? 0xf : 0 };
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                ret->mib[node] = cgroup->mib[node];
        return finish(kernel, 0);
}

static int take(Kernel *kernel, KernelCgroup *cgroup, unsigned node, uint64_t mib) {
        breaks(kernel, mib == 0, "0 was written");
        breaks(kernel, mib > INT_MAX, "what is no int was written");
        breaks(kernel, kernel->size_mib[node] == 0, "a NUMA node without memory got a limit");
        breaks(kernel, mib < kernel->size_mib[node] && kernel_find_zero(kernel, false) != NULL,
               "a limit was written while a cgroup had none");
        if (cgroup->error)
                return cgroup->error;
        if (mib == 0)
                return -EINVAL;
        if (mib > kernel->total_pages)
                return -ENOMEM;
        kernel->is_obeying = true;
        if (!cgroup->is_deaf)
                cgroup->mib[node] = mib;
        return 0;
}

static int
write_one(void *userdata, const char *path, unsigned node, uint64_t mib, uint64_t *ret_found) {
        Kernel *kernel = userdata;
        KernelCgroup *cgroup = kernel_find(kernel, path);
        int r = CGROUP_E_ABSENT;

        breaks(kernel, node >= CGROUP_NODE_LIMITS, "there is no such NUMA node");
        ++kernel->n_writes;
        if (cgroup && cgroup->has_files && node < CGROUP_NODE_LIMITS) {
                r = take(kernel, cgroup, node, mib);
                *ret_found = cgroup->mib[node];
        }
        return finish(kernel, r);
}

static int touch(void *userdata, const char *path) {
        Kernel *kernel = userdata;
        KernelCgroup *cgroup = kernel_find(kernel, path);

        ++kernel->n_touches;
        if (cgroup)
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                        cgroup->counted[node] = cgroup->used[node];
        return finish(kernel, cgroup ? 0 : CGROUP_E_ABSENT);
}

const CgroupNodeLimitOps kernel_ops = {
        .list = list,
        .read = read_all,
        .write = write_one,
        .touch = touch,
};
