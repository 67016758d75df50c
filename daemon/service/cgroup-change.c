/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing cgroups for CgroupManagerService
 *
 * A handler checks what was asked for and makes steps of it; the errand does them, and the answer
 * says what was done. The caller may be gone by then: the errand goes on, and the journal has it.
 *
 * What slugd keeps itself is not changed here, because it would be put back at once, and a limit
 * is not set below what is used now: both are refused with what is in the way.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service/cgroup-change.h"

/* What steps there are */

typedef struct Plan {
        RpcCall *call;
        const CgroupService *self;
        CgroupTarget target;
        CgroupResources *resources;
        CgroupStep *steps;
        size_t n_steps;
} Plan;

static CgroupStep *add_step(Plan *plan, CgroupStepKind kind, const char *path) {
        CgroupStep *step = &plan->steps[plan->n_steps++];

        *step = (CgroupStep){ .kind = kind, .is_unit = plan->target.is_unit };
        (void)snprintf(step->path, sizeof(step->path), "%s", path);
        return step;
}

/* False: the call was failed. */
static bool check_setting(const Plan *plan, const CgroupSetting *setting) {
        const QosPlan *kept = plan->self->qos->plan;
        const QosRow *row = NULL;

        if (!setting->is_knob)
                return true;
        if (kept && plan->target.is_level)
                row = qos_plan_find(kept, plan->target.level, setting->knob);
        if (row && row->owner == QOS_OWNER_SLUGD) {
                rpc_call_fail(plan->call, RPC_FAILED_PRECONDITION,
                              "slugd itself keeps %s of %s, by \"qos\" in slugd.yaml(5), and would "
                              "put it back; take it out of qos.manage first",
                              setting->file, qos_level_name(row->level));
                return false;
        }
        if (setting->knob == CGROUP_CPUSET_MEMS && setting->text[0] &&
            !topology_has_normal_memory(plan->self->topology, &setting->value.nodes)) {
                rpc_call_fail(plan->call, RPC_FAILED_PRECONDITION,
                              "no NUMA node of cpuset.mems '%s' has normal memory, without which "
                              "processes are killed; add one",
                              setting->text);
                return false;
        }
        return true;
}

/* False: the call was failed. */
static bool add_settings(Plan *plan) {
        for (size_t i = 0; i < plan->resources->n_settings; ++i) {
                if (!check_setting(plan, &plan->resources->settings[i]))
                        return false;
                add_step(plan, CGROUP_STEP_SET, plan->target.path)->setting =
                        plan->resources->settings[i];
        }
        return true;
}

/* False: the call was failed. */
static bool
begin(RpcCall *call, const CgroupService *self, char *const *components, size_t n, Plan *plan) {
        Arena *arena = rpc_call_get_arena(call);

        *plan = (Plan){ .call = call, .self = self };
        if (!cgroup_want_v2(call, self))
                return false;
        if (!self->errands) {
                rpc_call_fail(call, RPC_FAILED_PRECONDITION,
                              "this is a captured machine, in which nothing is written");
                return false;
        }
        if (!cgroup_get_target(call, self, components, n, &plan->target))
                return false;
        plan->resources = arena_alloc(arena, sizeof(*plan->resources));
        plan->steps = arena_alloc_array(arena, CGROUP_ERRAND_STEPS_MAX, sizeof(*plan->steps));
        if (!plan->resources || !plan->steps)
                cgroup_fail_memory(call);
        return plan->resources && plan->steps;
}

/* False: the call was failed. */
static bool read_resources(Plan *plan, const Slug__V1__ResourceConfig *message) {
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupCpuMax now = { .quota_usec = CGROUP_MAX, .period_usec = CGROUP_PERIOD_USUAL };
        Diag diag = {};

        if (cgroup_open(plan->self->tree, plan->target.path, &fd) == 0)
                now = cgroup_read_cpu_max(fd);
        if (cgroup_resources_read(message, &now, plan->resources, &diag) == 0)
                return true;
        rpc_call_fail(plan->call, RPC_INVALID_ARGUMENT, "%s", diag.text);
        return false;
}

static void submit(Plan *plan, const char *method, const ProtobufCMessage *answer) {
        cgroup_change_submit(plan->call, plan->self->errands,
                             &(const CgroupChangeParams){ .method = method,
                                                          .path = plan->target.path,
                                                          .answer = answer,
                                                          .steps = plan->steps,
                                                          .n_steps = plan->n_steps });
}

/* Methods */

static void update(RpcCall *call,
                   const CgroupService *self,
                   char *const *components,
                   size_t n,
                   const Slug__V1__ResourceConfig *resources,
                   const char *method,
                   const ProtobufCMessage *answer) {
        _cleanup_(fd_closep) int fd = -EBADF;
        Plan plan;
        int r;

        if (!begin(call, self, components, n, &plan))
                return;
        r = cgroup_open(self->tree, plan.target.path, &fd);
        if (r) {
                cgroup_fail_read(call, r, plan.target.path, "");
                return;
        }
        if (read_resources(&plan, resources) && add_settings(&plan))
                submit(&plan, method, answer);
}

void cgroup_update(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Slug__V1__UpdateCgroupResponse answer = SLUG__V1__UPDATE_CGROUP_RESPONSE__INIT;
        const Slug__V1__CgroupConfig *request = (const Slug__V1__CgroupConfig *)message;

        update(call, userdata, request->name, request->n_name, request->resource_parameters,
               "Update", &answer.base);
}

void cgroup_set_config(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Slug__V1__SetCgroupConfigResponse answer =
                SLUG__V1__SET_CGROUP_CONFIG_RESPONSE__INIT;
        const Slug__V1__SetCgroupConfigRequest *request =
                (const Slug__V1__SetCgroupConfigRequest *)message;

        update(call, userdata, request->name, request->n_name, request->resource_config,
               "SetCgroupConfig", &answer.base);
}

void cgroup_reduce_cpu(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Slug__V1__ReduceCPULimitsResponse answer =
                SLUG__V1__REDUCE_CPULIMITS_RESPONSE__INIT;
        const Slug__V1__CgroupNameRequest *request = (const Slug__V1__CgroupNameRequest *)message;
        Slug__V1__ResourceConfig least = SLUG__V1__RESOURCE_CONFIG__INIT;

        least._cpu_shares_case = SLUG__V1__RESOURCE_CONFIG___CPU_SHARES_CPU_SHARES;
        least.cpu_shares = CGROUP_SHARES_MIN;
        update(call, userdata, request->name, request->n_name, &least, "ReduceCPULimits",
               &answer.base);
}

/* Controllers that the new cgroup would lack; with systemd they are its own to turn on. */
static void add_controllers(Plan *plan, const char *parent) {
        _cleanup_(fd_closep) int fd = -EBADF;
        unsigned there, enabled, lacking;
        size_t n = 0;

        if (plan->target.is_unit || cgroup_open(plan->self->tree, parent, &fd) ||
            cgroup_read_controllers(fd, "cgroup.controllers", &there) ||
            cgroup_read_controllers(fd, "cgroup.subtree_control", &enabled))
                return;
        lacking = there & ~enabled;
        if (lacking) {
                CgroupSetting *setting = &add_step(plan, CGROUP_STEP_ENABLE, parent)->setting;

                for (unsigned i = 0; i < CGROUP_CONTROLLERS_N; ++i)
                        if (lacking & 1u << i)
                                n += (size_t)snprintf(setting->text + n, sizeof(setting->text) - n,
                                                      "%s+%s", n > 0 ? " " : "",
                                                      cgroup_controllers[i]);
        }
}

void cgroup_create(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Slug__V1__CreateCgroupResponse answer = SLUG__V1__CREATE_CGROUP_RESPONSE__INIT;
        const Slug__V1__CgroupConfig *request = (const Slug__V1__CgroupConfig *)message;
        const CgroupService *self = userdata;
        _cleanup_(fd_closep) int fd = -EBADF;
        char parent[CGROUP_PATH_MAX];
        Diag diag = {};
        Plan plan;
        int r;

        if (!begin(call, self, request->name, request->n_name, &plan))
                return;
        r = cgroup_target_check_making(self->qos->places, &plan.target, &diag);
        if (r) {
                cgroup_fail_target(call, r, &diag);
                return;
        }
        /* one that is made is below a root, so that it has a parent */
        r = cgroup_open(self->tree, cgroup_path_get_parent(plan.target.path, parent), &fd);
        if (r) {
                cgroup_fail_read(call, r, parent, "");
                return;
        }
        if (!read_resources(&plan, request->resource_parameters))
                return;
        add_controllers(&plan, parent);
        (void)add_step(&plan, CGROUP_STEP_MAKE, plan.target.path);
        if (add_settings(&plan))
                submit(&plan, "Create", &answer.base);
}

void cgroup_destroy(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Slug__V1__DestroyCgroupResponse answer =
                SLUG__V1__DESTROY_CGROUP_RESPONSE__INIT;
        const Slug__V1__CgroupConfig *request = (const Slug__V1__CgroupConfig *)message;
        Diag diag = {};
        Plan plan;
        int r;

        if (!begin(call, userdata, request->name, request->n_name, &plan))
                return;
        r = cgroup_target_check_removing(&plan.target, &diag);
        if (r) {
                cgroup_fail_target(call, r, &diag);
                return;
        }
        (void)add_step(&plan, CGROUP_STEP_REMOVE, plan.target.path);
        submit(&plan, "Destroy", &answer.base);
}
