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

/* The part of a slice's name between two dashes, in which an underscore is a dash. */
static int append_part(CgroupName *name, const char *part, size_t n_part) {
        char component[CGROUP_COMPONENT_MAX];

        if (n_part >= sizeof(component))
                return CGROUP_NAME_E_INVALID;
        for (size_t i = 0; i < n_part; ++i)
                component[i] = part[i] == '_' ? '-' : part[i];
        component[n_part] = '\0';
        return cgroup_name_append(name, component);
}

/* With systemd the kubelet takes the last name of the path, whether it ends in ".slice" or not, and
 * what is before it does not count. */
static int make_slice(const char *text, char path[static CGROUP_PATH_MAX]) {
        size_t n = strlen(text);
        const char *part, *end;
        CgroupName name = {};
        int r = 0;

        while (n > 0 && text[n - 1] == '/')
                --n;
        end = text + n;
        for (part = end; part > text && part[-1] != '/';)
                --part;
        if ((size_t)(end - part) >= strlen(SLICE) &&
            memcmp(end - strlen(SLICE), SLICE, strlen(SLICE)) == 0)
                end -= strlen(SLICE);
        while (r == 0 && part < end) {
                const char *dash = memchr(part, '-', (size_t)(end - part));
                const char *stop = dash ? dash : end;

                r = append_part(&name, part, (size_t)(stop - part));
                part = dash ? dash + 1 : end;
                if (dash && part == end)
                        r = CGROUP_NAME_E_INVALID; /* it ends in a dash */
        }
        if (r == 0 && name.n_components == 0)
                r = CGROUP_NAME_E_INVALID; /* the root of all is not reserved */
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
