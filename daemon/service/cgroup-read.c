/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading cgroups for CgroupManagerService
 *
 * One cgroup in a few reads, or a walk with a cap. Cgroup v1 has its names and says what is there.
 *
 * Source: pkg/kubelet/cm/cgroup_v2_manager_linux.go of Kubernetes 1.36.3.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup/pids.h"
#include "service/cgroup-handlers.h"
#include "service/cgroup-resources.h"

/* Whether it exists */

/* @problem: "" when it is there with all that it should have. Return: 0 or -ENOMEM. */
static int
judge_v2(const CgroupService *self, Arena *arena, const char *path, const char **problem) {
        _cleanup_(fd_closep) int root_fd = -EBADF, fd = -EBADF;
        unsigned wanted, found;
        int r;

        r = cgroup_open(self->tree, path, &fd);
        if (r == 0)
                r = cgroup_open(self->tree, "", &root_fd);
        if (r == 0)
                r = cgroup_read_controllers(root_fd, "cgroup.controllers", &wanted);
        if (r == 0)
                r = cgroup_read_controllers(fd, "cgroup.controllers", &found);
        *problem = "";
        if (r)
                *problem = arena_printf(arena, "there is no cgroup '/%s'%s%s", path,
                                        r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
        for (unsigned i = 0; r == 0 && *problem && i < CGROUP_CONTROLLERS_N; ++i)
                if ((wanted & ~found) & 1u << i)
                        *problem = arena_printf(arena, "%s%s%s",
                                                **problem ? *problem : "it lacks controllers: ",
                                                **problem ? ", " : "", cgroup_controllers[i]);
        return *problem ? 0 : -ENOMEM;
}

static int
judge_v1(const CgroupService *self, Arena *arena, const char *path, const char **problem) {
        char whole[CGROUP_PATH_MAX + 32];

        (void)snprintf(whole, sizeof(whole), CGROUP_DIR "/memory/%s", path);
        *problem = root_exists(self->root, whole)
                           ? ""
                           : arena_printf(arena, "there is no cgroup '/%s' of memory", path);
        return *problem ? 0 : -ENOMEM;
}

/* False: the call was failed. */
static bool judge(RpcCall *call,
                  const CgroupService *self,
                  const ProtobufCMessage *message,
                  const char **problem) {
        const Slug__V1__CgroupNameRequest *request = (const Slug__V1__CgroupNameRequest *)message;
        Arena *arena = rpc_call_get_arena(call);
        CgroupTarget target;
        int r;

        if (!cgroup_get_target(call, self, request->name, request->n_name, &target))
                return false;
        r = self->tree->is_v2 ? judge_v2(self, arena, target.path, problem)
                              : judge_v1(self, arena, target.path, problem);
        if (r)
                answer_fail_memory(call);
        return r == 0;
}

void cgroup_validate(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Slug__V1__ValidateCgroupResponse response = SLUG__V1__VALIDATE_CGROUP_RESPONSE__INIT;
        const char *problem;

        if (!judge(call, userdata, request, &problem))
                return;
        response.is_valid = !problem[0];
        response.problem = (char *)problem;
        rpc_call_finish(call, &response.base);
}

void cgroup_exists(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Slug__V1__CgroupExistsResponse response = SLUG__V1__CGROUP_EXISTS_RESPONSE__INIT;
        const char *problem;

        if (!judge(call, userdata, request, &problem))
                return;
        response.exists = !problem[0];
        rpc_call_finish(call, &response.base);
}

/* Names. They touch no file, so that any name has its path. */

void cgroup_name(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__CgroupNameRequest *request = (const Slug__V1__CgroupNameRequest *)message;
        Slug__V1__NameResponse response = SLUG__V1__NAME_RESPONSE__INIT;
        char path[CGROUP_PATH_MAX];
        CgroupName name = {};
        CgroupDriver driver;
        int r = 0;

        if (!cgroup_get_driver(call, userdata, &driver))
                return;
        for (size_t i = 0; r == 0 && i < request->n_name; ++i)
                r = cgroup_name_append(&name, request->name[i]);
        if (r == 0)
                r = cgroup_name_format(&name, driver, path);
        if (r) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "this is no name of a cgroup: a name has at most %u components of 1 "
                              "to %u bytes, without slash, underscore and control characters, none "
                              "is '.' or '..', and all of them make a path of at most %u bytes",
                              CGROUP_COMPONENTS_MAX, CGROUP_COMPONENT_MAX - 1, CGROUP_PATH_MAX - 1);
                return;
        }
        response.path = arena_printf(rpc_call_get_arena(call), "/%s", path);
        if (response.path)
                rpc_call_finish(call, &response.base);
        else
                answer_fail_memory(call);
}

void cgroup_name_of(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__CgroupNameOfRequest *request =
                (const Slug__V1__CgroupNameOfRequest *)message;
        Slug__V1__CgroupNameResponse response = SLUG__V1__CGROUP_NAME_RESPONSE__INIT;
        CgroupDriver driver;
        CgroupName name;

        if (!cgroup_get_driver(call, userdata, &driver))
                return;
        if (cgroup_name_parse(request->path, driver, &name)) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "'%.128s' is no path of a cgroup as the driver %s makes it",
                              request->path, cgroup_driver_name(driver));
                return;
        }
        response.name = arena_alloc_array(rpc_call_get_arena(call), name.n_components + 1,
                                          sizeof(*response.name));
        if (!response.name) {
                answer_fail_memory(call);
                return;
        }
        for (; response.n_name < name.n_components; ++response.n_name)
                response.name[response.n_name] = name.components[response.n_name];
        rpc_call_finish(call, &response.base);
}

/* What is in it */

/* False: the call was failed. */
static bool open_target(RpcCall *call,
                        const CgroupService *self,
                        char *const *components,
                        size_t n,
                        CgroupTarget *target,
                        int *ret_fd) {
        int r;

        if (!cgroup_want_v2(call, self) || !cgroup_get_target(call, self, components, n, target))
                return false;
        r = cgroup_open(self->tree, target->path, ret_fd);
        if (r)
                cgroup_fail_read(call, r, target->path, "");
        return r == 0;
}

void cgroup_pids(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__CgroupNameRequest *request = (const Slug__V1__CgroupNameRequest *)message;
        Slug__V1__PidsResponse response = SLUG__V1__PIDS_RESPONSE__INIT;
        _cleanup_(pids_deinitp) Pids pids = {};
        const CgroupService *self = userdata;
        CgroupTarget target;
        int r;

        if (!cgroup_want_v2(call, self) ||
            !cgroup_get_target(call, self, request->name, request->n_name, &target))
                return;
        r = cgroup_pids_read(self->tree, target.path, &pids);
        if (r == -E2BIG) {
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED,
                              "'/%s' has more than %u processes or %u cgroups; ask for parts of it",
                              target.path, PIDS_MAX, PIDS_FOLDERS_MAX);
                return;
        }
        /* for the kubelet one that is not there has none */
        if (r && r != CGROUP_E_ABSENT) {
                cgroup_fail_read(call, r, target.path, "");
                return;
        }
        response.n_pids = pids.n_items;
        response.pids = pids.items;
        rpc_call_finish(call, &response.base);
}

void cgroup_memory_usage(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__CgroupNameRequest *request = (const Slug__V1__CgroupNameRequest *)message;
        Slug__V1__MemoryUsageResponse response = SLUG__V1__MEMORY_USAGE_RESPONSE__INIT;
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupTarget target;
        uint64_t bytes;
        int r;

        if (!open_target(call, userdata, request->name, request->n_name, &target, &fd))
                return;
        r = cgroup_read_u64(fd, "memory.current", &bytes);
        if (r) {
                cgroup_fail_read(call, r, target.path, "memory.current");
                return;
        }
        response.bytes = cgroup_resources_limit(bytes);
        rpc_call_finish(call, &response.base);
}

/* @config: what is found is added. False: the call was failed. */
static bool read_memory(RpcCall *call, int fd, const char *path, Slug__V1__ResourceConfig *config) {
        uint64_t bytes;
        const int r = cgroup_read_u64(fd, "memory.max", &bytes);

        if (r) {
                cgroup_fail_read(call, r, path, "memory.max");
                return false;
        }
        config->_memory_case = SLUG__V1__RESOURCE_CONFIG___MEMORY_MEMORY;
        config->memory = cgroup_resources_limit(bytes);
        return true;
}

static bool read_cpu(RpcCall *call, int fd, const char *path, Slug__V1__ResourceConfig *config) {
        const CgroupCpuMax max = cgroup_read_cpu_max(fd);
        uint64_t weight;
        const int r = cgroup_read_u64(fd, "cpu.weight", &weight);

        if (r || weight < 1 || weight > CGROUP_WEIGHT_MAX) {
                cgroup_fail_read(call, r ? r : CGROUP_E_INVALID, path, "cpu.weight");
                return false;
        }
        config->_cpu_shares_case = SLUG__V1__RESOURCE_CONFIG___CPU_SHARES_CPU_SHARES;
        config->cpu_shares = cgroup_shares_of_weight(weight);
        config->_cpu_quota_case = SLUG__V1__RESOURCE_CONFIG___CPU_QUOTA_CPU_QUOTA;
        config->cpu_quota = cgroup_resources_limit(max.quota_usec);
        config->_cpu_period_case = SLUG__V1__RESOURCE_CONFIG___CPU_PERIOD_CPU_PERIOD;
        config->cpu_period = max.period_usec;
        return true;
}

void cgroup_get_config(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__GetCgroupConfigRequest *request =
                (const Slug__V1__GetCgroupConfigRequest *)message;
        Slug__V1__GetCgroupConfigResponse response = SLUG__V1__GET_CGROUP_CONFIG_RESPONSE__INIT;
        Slug__V1__ResourceConfig config = SLUG__V1__RESOURCE_CONFIG__INIT;
        const bool is_memory = strcmp(request->resource, "memory") == 0;
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupTarget target;

        if (!is_memory && strcmp(request->resource, "cpu") != 0) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "resource is \"memory\" or \"cpu\", not \"%.64s\"",
                              request->resource);
                return;
        }
        if (!open_target(call, userdata, request->name, request->n_name, &target, &fd))
                return;
        if (!(is_memory ? read_memory : read_cpu)(call, fd, target.path, &config))
                return;
        response.config = &config;
        rpc_call_finish(call, &response.base);
}

void cgroup_version(RpcCall *call, const ProtobufCMessage *request _unused_, void *userdata) {
        const CgroupService *self = userdata;
        Slug__V1__CgroupVersionResponse response = SLUG__V1__CGROUP_VERSION_RESPONSE__INIT;

        response.version = self->tree->is_v2 ? 2 : 1;
        rpc_call_finish(call, &response.base);
}
