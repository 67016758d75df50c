/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The methods of CgroupManagerService. Inside this folder only.
 */
#include "service/answer.h"
#include "service/cgroup-service.h"
#include "service/cgroup-target.h"
#include "slug/v1/cgroup.pb-c.h"

/* What is common to them: false means that the call was failed. */

/* @r: CGROUP_E_* or an errno. @what: "/kubepods", or a file of it */
void cgroup_fail_read(RpcCall *call, int r, const char *path, const char *what);
bool cgroup_get_driver(RpcCall *call, const CgroupService *self, CgroupDriver *ret);
bool cgroup_get_target(RpcCall *call,
                       const CgroupService *self,
                       char *const *components,
                       size_t n,
                       CgroupTarget *ret);
/* What cgroup_target_find() and its like said. */
void cgroup_fail_target(RpcCall *call, int r, const Diag *diag);
/* What is asked of cgroup v2 alone. */
bool cgroup_want_v2(RpcCall *call, const CgroupService *self);

/* The controllers that the kubelet wants. */
#define CGROUP_CONTROLLERS_N 5u
extern const char *const cgroup_controllers[CGROUP_CONTROLLERS_N];
/* Those that @file, a list of words, has: a bit each. Return: 0, CGROUP_E_*, or an errno. */
_must_check_ int cgroup_read_controllers(int dir_fd, const char *file, unsigned *ret);
/* {}: it cannot be read; then it is what the kernel has for a new one. */
CgroupCpuMax cgroup_read_cpu_max(int dir_fd);

/* Handlers; @userdata is the service. */
void cgroup_validate(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_exists(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_name(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_name_of(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_pids(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_memory_usage(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_get_config(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_version(RpcCall *call, const ProtobufCMessage *request, void *userdata);

void cgroup_create(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_destroy(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_update(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_reduce_cpu(RpcCall *call, const ProtobufCMessage *request, void *userdata);
void cgroup_set_config(RpcCall *call, const ProtobufCMessage *request, void *userdata);
