/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/level.h"

#include <stdio.h>
#include <string.h>

#define SLICE ".slice"

const char *qos_level_name(QosLevel level) {
        static const char *const names[_QOS_LEVEL_N] = {
                [QOS_LEVEL_KUBEPODS] = "kubepods",
                [QOS_LEVEL_BURSTABLE] = "burstable",
                [QOS_LEVEL_BESTEFFORT] = "besteffort",
                [QOS_LEVEL_SYSTEM_RESERVED] = "system-reserved",
                [QOS_LEVEL_KUBE_RESERVED] = "kube-reserved",
        };

        return names[level];
}

QosLevel qos_level_parent(QosLevel level) {
        return level == QOS_LEVEL_BURSTABLE || level == QOS_LEVEL_BESTEFFORT ? QOS_LEVEL_KUBEPODS
                                                                             : level;
}

/* The levels of pods */

static int make_pods(const char *cgroup_root, QosPlaces *places) {
        CgroupName kubepods = {};
        int r;

        r = cgroup_name_make_kubepods(cgroup_root, &kubepods);
        if (r)
                return r;
        for (QosLevel level = QOS_LEVEL_KUBEPODS; level <= QOS_LEVEL_BESTEFFORT; ++level) {
                CgroupName name = kubepods;

                if (level != QOS_LEVEL_KUBEPODS)
                        r = cgroup_name_append(&name, qos_level_name(level));
                if (r == 0)
                        r = cgroup_name_format(&name, places->driver, places->items[level].path);
                if (r)
                        return r;
        }
        return 0;
}

/* Reserved ones. The kubelet looks for them at the top and not below cgroupRoot. */

/* With systemd the kubelet takes the last name of the path, whether it ends in ".slice" or not, and
 * what is before it does not count. The root of all is not reserved. */
static int make_slice(const char *text, char path[static CGROUP_PATH_MAX]) {
        const char *end = text + strlen(text), *start;
        char unit[CGROUP_UNIT_MAX];
        CgroupName name;
        bool has_suffix;
        int n, r;

        while (end > text && end[-1] == '/')
                --end;
        for (start = end; start > text && start[-1] != '/';)
                --start;
        if ((size_t)(end - start) >= sizeof(unit))
                return CGROUP_NAME_E_INVALID;
        has_suffix = (size_t)(end - start) >= strlen(SLICE) &&
                     memcmp(end - strlen(SLICE), SLICE, strlen(SLICE)) == 0;
        n = snprintf(unit, sizeof(unit), "%.*s%s", (int)(end - start), start,
                     has_suffix ? "" : SLICE);
        if ((size_t)n >= sizeof(unit))
                return CGROUP_NAME_E_INVALID;
        r = cgroup_name_parse(unit, CGROUP_DRIVER_SYSTEMD, &name);
        return r ? r : cgroup_name_format(&name, CGROUP_DRIVER_SYSTEMD, path);
}

static int make_folder(const char *text, char path[static CGROUP_PATH_MAX]) {
        CgroupName name = {};
        int r;

        r = cgroup_name_append_path(&name, text);
        if (r == 0 && name.n_components == 0)
                r = CGROUP_NAME_E_INVALID;
        return r ? r : cgroup_name_format(&name, CGROUP_DRIVER_CGROUPFS, path);
}

static int make_reserved(CgroupDriver driver, const char *text, QosPlace *ret) {
        int r;

        if (!*text)
                return 0;
        ret->is_configured = true;
        r = driver == CGROUP_DRIVER_SYSTEMD ? make_slice(text, ret->path)
                                            : make_folder(text, ret->path);
        if (r)
                ret->path[0] = '\0';
        return r;
}

int qos_places_make(CgroupDriver driver,
                    const char *cgroup_root,
                    const char *system_reserved,
                    const char *kube_reserved,
                    QosPlaces *ret) {
        int r[3] = {};

        *ret = (QosPlaces){ .driver = driver };
        if (driver == CGROUP_DRIVER_NONE)
                return 0;
        r[0] = make_pods(cgroup_root, ret);
        r[1] = make_reserved(driver, system_reserved, &ret->items[QOS_LEVEL_SYSTEM_RESERVED]);
        r[2] = make_reserved(driver, kube_reserved, &ret->items[QOS_LEVEL_KUBE_RESERVED]);
        for (size_t i = 0; i < ELEMENTSOF(r); ++i)
                if (r[i])
                        return r[i];
        return 0;
}
