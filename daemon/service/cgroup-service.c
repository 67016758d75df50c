/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cgroup-service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "service/cgroup-handlers.h"

/* The table of methods, and what their handlers share. */
#define WORDS_MAX 1024u /* bytes of a list of controllers, and of cpu.max */

const char *const cgroup_controllers[CGROUP_CONTROLLERS_N] = { "cpu", "cpuset", "memory", "hugetlb",
                                                               "pids" };

void cgroup_fail_read(RpcCall *call, int r, const char *path, const char *what) {
        if (r == CGROUP_E_ABSENT)
                rpc_call_fail(call, RPC_NOT_FOUND, "there is no cgroup '/%s'%s%s", path,
                              what[0] ? " with a " : "", what);
        else if (r == CGROUP_E_INVALID)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION,
                              "'/%s' has a link or another file system on its way, or no value in "
                              "'%s'; nothing is followed",
                              path, what);
        else if (r == -ENOMEM)
                answer_fail_memory(call);
        else
                rpc_call_fail(call, RPC_INTERNAL, "cannot read %s%sof cgroup '/%s': %s", what,
                              what[0] ? " " : "", path, strerror(-r));
}

/* Which cgroup v1 has: its folder of memory stands for all. */
static CgroupDriver find_v1_driver(const CgroupService *self) {
        static const CgroupDriver drivers[] = { CGROUP_DRIVER_SYSTEMD, CGROUP_DRIVER_CGROUPFS };
        CgroupName name;

        if (cgroup_name_make_kubepods(self->cgroup_root, &name))
                return CGROUP_DRIVER_NONE;
        for (size_t i = 0; i < ELEMENTSOF(drivers); ++i) {
                char path[CGROUP_PATH_MAX], whole[CGROUP_PATH_MAX + 32];

                if (cgroup_name_format(&name, drivers[i], path))
                        continue;
                (void)snprintf(whole, sizeof(whole), CGROUP_DIR "/memory/%s", path);
                if (root_exists(self->root, whole))
                        return drivers[i];
        }
        return CGROUP_DRIVER_NONE;
}

static CgroupDriver find_driver(const CgroupService *self) {
        if (!self->tree->is_v2)
                return find_v1_driver(self);
        return self->qos->places ? self->qos->places->driver : CGROUP_DRIVER_NONE;
}

bool cgroup_get_driver(RpcCall *call, const CgroupService *self, CgroupDriver *ret) {
        *ret = find_driver(self);
        if (*ret == CGROUP_DRIVER_NONE)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION,
                              "there is no kubepods cgroup, so that the kubelet's cgroup driver is "
                              "not known; start the kubelet, with cgroupsPerQOS");
        return *ret != CGROUP_DRIVER_NONE;
}

static RpcCode get_code(int r) {
        switch (r) {
        case CGROUP_TARGET_E_INVALID:
                return RPC_INVALID_ARGUMENT;
        case CGROUP_TARGET_E_OUTSIDE:
                return RPC_PERMISSION_DENIED;
        default:
                return RPC_FAILED_PRECONDITION;
        }
}

void cgroup_fail_target(RpcCall *call, int r, const Diag *diag) {
        rpc_call_fail(call, get_code(r), "%s", diag->text);
}

bool cgroup_get_target(RpcCall *call,
                       const CgroupService *self,
                       char *const *components,
                       size_t n,
                       CgroupTarget *ret) {
        const QosPlaces *places = self->qos->places;
        QosPlaces of_v1;
        Diag diag = {};
        int r;

        if (!self->tree->is_v2 || !places) {
                r = qos_places_make(find_driver(self), self->cgroup_root, "", "", &of_v1);
                if (r)
                        of_v1 = (QosPlaces){}; /* of no driver */
                places = &of_v1;
        }
        r = cgroup_target_find(places, (const char *const *)components, n, ret, &diag);
        if (r)
                cgroup_fail_target(call, r, &diag);
        return r == 0;
}

bool cgroup_want_v2(RpcCall *call, const CgroupService *self) {
        if (!self->tree->is_v2)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION,
                              "limits need cgroup v2, and this machine has v1 or none at "
                              "/sys/fs/cgroup; boot with systemd.unified_cgroup_hierarchy=1");
        return self->tree->is_v2;
}

int cgroup_read_controllers(int dir_fd, const char *file, unsigned *ret) {
        char text[WORDS_MAX];
        Scan scan, word;
        size_t n;
        int r;

        *ret = 0;
        r = cgroup_read_file(dir_fd, file, text, sizeof(text), &n);
        if (r)
                return r;
        for (size_t i = 0; i < n; ++i)
                if (text[i] == '\n')
                        text[i] = ' ';
        text[n++] = ' '; /* where its NUL was */
        scan = scan_init(text, n);
        while (scan_until(&scan, ' ', &word))
                for (unsigned i = 0; i < CGROUP_CONTROLLERS_N; ++i) {
                        Scan ahead = word;

                        if (scan_literal(&ahead, cgroup_controllers[i]) && scan_is_done(&ahead))
                                *ret |= 1u << i;
                }
        return 0;
}

CgroupCpuMax cgroup_read_cpu_max(int dir_fd) {
        CgroupCpuMax max = { .quota_usec = CGROUP_MAX, .period_usec = CGROUP_PERIOD_USUAL };
        char text[WORDS_MAX];
        size_t n;

        if (cgroup_read_file(dir_fd, "cpu.max", text, sizeof(text), &n) == 0)
                (void)cgroup_cpu_max_parse(text, n, &max);
        return max;
}

#define METHOD(name, in, out, on_call, ...)                                                        \
        {                                                                                          \
                .path = "/slug.v1.CgroupManagerService/" name,                                     \
                .input = &slug__v1__##in##__descriptor, .output = &slug__v1__##out##__descriptor,  \
                .handler = on_call, .role = RPC_ROLE_ADMIN, __VA_ARGS__                            \
        }
#define READS .has_no_side_effects = true

void cgroup_service_init(CgroupService *service) {
        static const RpcMethod methods[] = {
                METHOD("Create", cgroup_config, create_cgroup_response, cgroup_create, ),
                METHOD("Destroy", cgroup_config, destroy_cgroup_response, cgroup_destroy, ),
                METHOD("Update", cgroup_config, update_cgroup_response, cgroup_update, ),
                METHOD("Validate", cgroup_name_request, validate_cgroup_response, cgroup_validate,
                       READS),
                METHOD("Exists", cgroup_name_request, cgroup_exists_response, cgroup_exists, READS),
                METHOD("Name", cgroup_name_request, name_response, cgroup_name, READS),
                METHOD("CgroupName", cgroup_name_of_request, cgroup_name_response, cgroup_name_of,
                       READS),
                METHOD("Pids", cgroup_name_request, pids_response, cgroup_pids, READS),
                METHOD("ReduceCPULimits", cgroup_name_request, reduce_cpulimits_response,
                       cgroup_reduce_cpu, ),
                METHOD("MemoryUsage", cgroup_name_request, memory_usage_response,
                       cgroup_memory_usage, READS),
                METHOD("GetCgroupConfig", get_cgroup_config_request, get_cgroup_config_response,
                       cgroup_get_config, READS),
                METHOD("SetCgroupConfig", set_cgroup_config_request, set_cgroup_config_response,
                       cgroup_set_config, ),
                METHOD("Version", cgroup_version_request, cgroup_version_response, cgroup_version,
                       READS),
        };

        service->service = (RpcService){
                .methods = methods,
                .n_methods = ELEMENTSOF(methods),
                .userdata = service,
        };
}
