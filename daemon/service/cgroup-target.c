/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cgroup-target.h"

#include <stdio.h>
#include <string.h>

/*
 * Source: pkg/kubelet/cm/pod_container_manager_linux.go of Kubernetes 1.36.3: what is a folder
 * right below a QoS level and has "pod" in its name is a pod, and one that nobody knows is killed.
 */
#define POD_PART "pod"

static bool is_used(const QosPlaces *places, QosLevel level) {
        const QosPlace *place = &places->items[level];

        return place->path[0] && (level <= QOS_LEVEL_BESTEFFORT || place->is_configured);
}

static bool is_in(const char *path, const char *root) {
        const size_t n = strlen(root);

        return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static int make_path(const QosPlaces *places,
                     const char *const *components,
                     size_t n,
                     char path[static CGROUP_PATH_MAX],
                     Diag *reterr) {
        CgroupName name = {};

        for (size_t i = 0; i < n; ++i)
                if (cgroup_name_append(&name, components[i])) {
                        diag_set(reterr, NULL, 0, 0,
                                 "component %zu of the name, '%.64s', cannot be one: a name has at "
                                 "most %u components of 1 to %u bytes, without slash, underscore "
                                 "and control characters, and none is '.' or '..'",
                                 i + 1, components[i], CGROUP_COMPONENTS_MAX,
                                 CGROUP_COMPONENT_MAX - 1);
                        return CGROUP_TARGET_E_INVALID;
                }
        if (cgroup_name_format(&name, places->driver, path) == 0)
                return 0;
        diag_set(reterr, NULL, 0, 0,
                 "the name makes too long a path: at most %u bytes, and %u of one slice",
                 CGROUP_PATH_MAX - 1, CGROUP_UNIT_MAX - 1);
        return CGROUP_TARGET_E_INVALID;
}

/* Roots may be in each other; the level is that whose own cgroup it is. */
static bool find_root(const QosPlaces *places, CgroupTarget *target) {
        bool is_found = false;

        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level) {
                const char *root = places->items[level].path;

                if (!is_used(places, level) || !is_in(target->path, root))
                        continue;
                is_found = true;
                if (strcmp(target->path, root) != 0)
                        continue;
                target->is_level = true;
                target->level = level;
                return true;
        }
        return is_found;
}

int cgroup_target_find(const QosPlaces *places,
                       const char *const *components,
                       size_t n,
                       CgroupTarget *ret,
                       Diag *reterr) {
        CgroupTarget target = { .is_unit = places->driver == CGROUP_DRIVER_SYSTEMD };
        int r;

        if (places->driver == CGROUP_DRIVER_NONE) {
                diag_set(reterr, NULL, 0, 0,
                         "there is no kubepods cgroup, so that the kubelet's cgroup driver is not "
                         "known; start the kubelet, with cgroupsPerQOS");
                return CGROUP_TARGET_E_UNKNOWN;
        }
        r = make_path(places, components, n, target.path, reterr);
        if (r)
                return r;
        if (target.path[0] && find_root(places, &target)) {
                (void)snprintf(target.name, sizeof(target.name), "%s", components[n - 1]);
                *ret = target;
                return 0;
        }
        diag_set(reterr, NULL, 0, 0,
                 "'/%.128s' is not below '/%.64s' or a reserved cgroup that the kubelet was told "
                 "of, and nothing else is touched here",
                 target.path, places->items[QOS_LEVEL_KUBEPODS].path);
        return CGROUP_TARGET_E_OUTSIDE;
}

int cgroup_target_check_removing(const CgroupTarget *target, Diag *reterr) {
        if (!target->is_level)
                return 0;
        diag_set(reterr, NULL, 0, 0,
                 "'/%.128s' is the cgroup of %s; such are neither made nor removed here",
                 target->path, qos_level_name(target->level));
        return CGROUP_TARGET_E_OUTSIDE;
}

/* The kernel has, or may have, files of such names. */
static bool is_name_of_file(const char *name) {
        static const char *const prefixes[] = {
                "cgroup.", "cpu.",  "cpuset.", "hugetlb.", "io.",
                "memory.", "misc.", "pids.",   "rdma.",    "dmem."
        };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); ++i)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

static bool is_right_below(const char *path, const char *parent) {
        return is_in(path, parent) && strrchr(path, '/') == path + strlen(parent);
}

int cgroup_target_check_making(const QosPlaces *places, const CgroupTarget *target, Diag *reterr) {
        int r;

        r = cgroup_target_check_removing(target, reterr);
        if (r)
                return r;
        if (is_name_of_file(target->name)) {
                diag_set(
                        reterr, NULL, 0, 0,
                        "'%.64s' could be the name of one of the kernel's files; name it otherwise",
                        target->name);
                return CGROUP_TARGET_E_INVALID;
        }
        for (QosLevel level = QOS_LEVEL_KUBEPODS; level <= QOS_LEVEL_BESTEFFORT; ++level) {
                if (!is_used(places, level) || !strstr(target->name, POD_PART) ||
                    !is_right_below(target->path, places->items[level].path))
                        continue;
                diag_set(reterr, NULL, 0, 0,
                         "right below %s the kubelet would take '%.64s' for a pod that it does not "
                         "know, and kill what is in it; choose a name without \"" POD_PART "\"",
                         qos_level_name(level), target->name);
                return CGROUP_TARGET_E_OUTSIDE;
        }
        return 0;
}
