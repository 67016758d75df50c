/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of cgroups, both ways
 *
 * The kubelet thinks of a cgroup as a list of components ("kubepods", "burstable"); a driver makes
 * a path of it. cgroupfs: the components with slashes. systemd: slices, in which a dash is a level,
 * so that a dash inside a component becomes an underscore. Pure; whatever is no name stands for
 * nothing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define CGROUP_DIR            "sys/fs/cgroup" /* of cgroup v2, below the root */
#define CGROUP_PATH_MAX       512u /* below the cgroup root, no leading slash; with the NUL */
#define CGROUP_UNIT_MAX       256u /* of a systemd unit, with the NUL */
#define CGROUP_COMPONENT_MAX  256u /* with the NUL */
#define CGROUP_COMPONENTS_MAX 32u

typedef enum CgroupDriver {
        CGROUP_DRIVER_NONE, /* there is no kubepods cgroup */
        CGROUP_DRIVER_SYSTEMD,
        CGROUP_DRIVER_CGROUPFS,
} CgroupDriver;

const char *cgroup_driver_name(CgroupDriver driver); /* "systemd"; "" for none */

/* The kubelet's name of a cgroup. 0 components: the root of all. */
typedef struct CgroupName {
        char components[CGROUP_COMPONENTS_MAX][CGROUP_COMPONENT_MAX];
        size_t n_components;
} CgroupName;

enum {
        _CGROUP_NAME_E_SUCCESS,
        CGROUP_NAME_E_INVALID, /* no name of a cgroup; or what becomes of it is too long */
};

/* A component as the kubelet takes it: not empty, neither "." nor "..", no slash, no underscore
 * (the kubelet panics at it), no control character. @text need not end. */
bool cgroup_component_is_valid(const char *text, size_t n_text);

_must_check_ int cgroup_name_append(CgroupName *name, const char *component);
/* "/a/b", "a/b" and "/": components with slashes, as cgroupRoot is written; appended to @name.
 * Underscores are taken, as the kubelet takes them there. Untouched after a failure. */
_must_check_ int cgroup_name_append_path(CgroupName *name, const char *path);
/* That of kubepods. @cgroup_root: of the kubelet, as for cgroup_name_append_path(); NULL is "". */
_must_check_ int cgroup_name_make_kubepods(const char *cgroup_root, CgroupName *ret);

/* Below the cgroup root, no leading slash; "" for the root. "" after a failure. */
_must_check_ int
cgroup_name_format(const CgroupName *name, CgroupDriver driver, char path[static CGROUP_PATH_MAX]);
/* The other way: of a path as cgroup_name_format() makes it, with or without a leading slash. With
 * systemd only the last slice of it counts, as for the kubelet. @ret: untouched after a failure. */
_must_check_ int cgroup_name_parse(const char *path, CgroupDriver driver, CgroupName *ret);
/* A way down: no component is empty, "." or "..", or too long. Not the root. */
bool cgroup_path_is_plain(const char *path);
/* "a/b" of "a/b/c"; "", the root, of "a". */
const char *cgroup_path_get_parent(const char *path, char parent[static CGROUP_PATH_MAX]);
/* The slice: the last name of a path that cgroup_name_format() has made for systemd. NULL: the path
 * ends in no slice. Borrowed of @path. */
const char *cgroup_path_get_unit(const char *path);
