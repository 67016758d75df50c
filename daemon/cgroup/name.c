/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cgroups, both ways
 *
 * What the kubelet does with such a name is done here as well, and what makes no sense to it, or
 * would lead out, is refused: it panics, or makes a path that leads elsewhere.
 *
 * An underscore is where its two doors differ. A component that is added must have none, so that a
 * slice can be read back; a path such as cgroupRoot is taken apart and never looked at again. So
 * a cgroupRoot of "/a_b" is one, with both drivers, and pods are in it.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/cgroup_manager_linux.go and ExpandSlice() of
 * github.com/opencontainers/cgroups, read at 1.36.3; tests/peers/cgroup-names.sh asks them.
 */
#include "cgroup/name.h"

#include <stdio.h>
#include <string.h>

#define SLICE   ".slice"
#define N_SLICE (sizeof(SLICE) - 1)

const char *cgroup_driver_name(CgroupDriver driver) {
        static const char *const names[] = {
                [CGROUP_DRIVER_NONE] = "",
                [CGROUP_DRIVER_SYSTEMD] = "systemd",
                [CGROUP_DRIVER_CGROUPFS] = "cgroupfs",
        };

        return names[driver];
}

/* What leads to a folder right there. */
static bool is_plain(const char *text, size_t n_text) {
        return n_text > 0 && n_text < CGROUP_COMPONENT_MAX && !(n_text == 1 && text[0] == '.') &&
               !(n_text == 2 && memcmp(text, "..", 2) == 0);
}

/* What may be a folder's name, whoever chose it. */
static bool is_folder(const char *text, size_t n_text) {
        for (size_t i = 0; i < n_text; ++i)
                if (text[i] == '/' || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
                        return false;
        return is_plain(text, n_text);
}

bool cgroup_component_is_valid(const char *text, size_t n_text) {
        return is_folder(text, n_text) && !memchr(text, '_', n_text);
}

/* Names as lists */

/* @text: checked. Return: false when there are too many. */
static bool push(CgroupName *name, const char *text, size_t n_text) {
        char *component;

        if (name->n_components >= CGROUP_COMPONENTS_MAX)
                return false;
        component = name->components[name->n_components++];
        memcpy(component, text, n_text);
        component[n_text] = '\0';
        return true;
}

int cgroup_name_append(CgroupName *name, const char *component) {
        const size_t n = strnlen(component, CGROUP_COMPONENT_MAX);

        if (!cgroup_component_is_valid(component, n) || !push(name, component, n))
                return CGROUP_NAME_E_INVALID;
        return 0;
}

/* @is_lax: slashes may be doubled, and be at the end; and there may be nothing at all. @name has
 * grown by some after a failure. */
static int push_path(CgroupName *name, const char *path, bool is_lax) {
        for (;;) {
                const size_t n = strcspn(path, "/");

                if ((n > 0 || !is_lax) && (!is_folder(path, n) || !push(name, path, n)))
                        return CGROUP_NAME_E_INVALID;
                if (path[n] == '\0')
                        return 0;
                path += n + 1;
        }
}

/* Nothing that is longer is a cgroup's path, and need not be read to its end. */
static bool is_short(const char *path) {
        return strnlen(path, CGROUP_PATH_MAX) < CGROUP_PATH_MAX;
}

int cgroup_name_append_path(CgroupName *name, const char *path) {
        const size_t n_before = name->n_components;
        int r;

        if (!is_short(path))
                return CGROUP_NAME_E_INVALID;
        r = push_path(name, path, true);
        if (r)
                name->n_components = n_before;
        return r;
}

int cgroup_name_make_kubepods(const char *cgroup_root, CgroupName *ret) {
        ret->n_components = 0;
        if (cgroup_name_append_path(ret, cgroup_root ? cgroup_root : "") ||
            cgroup_name_append(ret, "kubepods")) {
                ret->n_components = 0;
                return CGROUP_NAME_E_INVALID;
        }
        return 0;
}

/* Names as paths */

static bool is_sound(const CgroupName *name) {
        if (name->n_components > CGROUP_COMPONENTS_MAX)
                return false;
        for (size_t i = 0; i < name->n_components; ++i)
                if (!is_folder(name->components[i],
                               strnlen(name->components[i], CGROUP_COMPONENT_MAX)))
                        return false;
        return true;
}

/* Return: false when it is too long. */
static bool grow(char path[static CGROUP_PATH_MAX], size_t *n_path, const char *folder) {
        const int n = snprintf(path + *n_path, CGROUP_PATH_MAX - *n_path, "%s%s",
                               *n_path > 0 ? "/" : "", folder);

        *n_path += (size_t)n;
        return *n_path < CGROUP_PATH_MAX;
}

static bool format_cgroupfs(const CgroupName *name, char path[static CGROUP_PATH_MAX]) {
        size_t n_path = 0;

        for (size_t i = 0; i < name->n_components; ++i)
                if (!grow(path, &n_path, name->components[i]))
                        return false;
        return true;
}

/* A slice has the names of those around it in its own. */
static bool format_systemd(const CgroupName *name, char path[static CGROUP_PATH_MAX]) {
        char unit[CGROUP_UNIT_MAX];
        size_t n_path = 0, n_stem = 0;

        for (size_t i = 0; i < name->n_components; ++i) {
                const char *component = name->components[i];
                const size_t n = strlen(component), n_dash = i > 0 ? 1 : 0;

                if (n_stem + n_dash + n + sizeof(SLICE) > sizeof(unit))
                        return false;
                if (n_dash)
                        unit[n_stem++] = '-';
                for (size_t j = 0; j < n; ++j)
                        unit[n_stem++] = component[j] == '-' ? '_' : component[j];
                memcpy(unit + n_stem, SLICE, sizeof(SLICE));
                if (!grow(path, &n_path, unit))
                        return false;
        }
        return true;
}

int cgroup_name_format(const CgroupName *name,
                       CgroupDriver driver,
                       char path[static CGROUP_PATH_MAX]) {
        bool is_done = false;

        path[0] = '\0';
        if (is_sound(name)) {
                if (driver == CGROUP_DRIVER_SYSTEMD)
                        is_done = format_systemd(name, path);
                else if (driver == CGROUP_DRIVER_CGROUPFS)
                        is_done = format_cgroupfs(name, path);
        }
        if (!is_done)
                path[0] = '\0';
        return is_done ? 0 : CGROUP_NAME_E_INVALID;
}

/* Paths */

bool cgroup_path_is_plain(const char *path) {
        if (!is_short(path))
                return false;
        for (;;) {
                const size_t n = strcspn(path, "/");

                if (!is_plain(path, n))
                        return false;
                if (path[n] == '\0')
                        return true;
                path += n + 1;
        }
}

const char *cgroup_path_get_parent(const char *path, char parent[static CGROUP_PATH_MAX]) {
        const char *slash = strrchr(path, '/');

        (void)snprintf(parent, CGROUP_PATH_MAX, "%.*s", slash ? (int)(slash - path) : 0, path);
        return parent;
}

/* Paths as names */

const char *cgroup_path_get_unit(const char *path) {
        const char *slash = strrchr(path, '/'), *unit = slash ? slash + 1 : path;
        const size_t n = strlen(unit);

        if (n <= N_SLICE || n >= CGROUP_UNIT_MAX || strcmp(unit + n - N_SLICE, SLICE) != 0)
                return NULL;
        return unit;
}

/* "a-b_c" of "a-b_c.slice" is "a" and "b-c". */
static int push_slice(CgroupName *name, const char *unit) {
        const char *end = unit + strlen(unit) - N_SLICE;

        for (;;) {
                const char *dash = memchr(unit, '-', (size_t)(end - unit));
                const size_t n = (size_t)((dash ? dash : end) - unit);

                if (!is_folder(unit, n) || !push(name, unit, n))
                        return CGROUP_NAME_E_INVALID;
                for (char *c = name->components[name->n_components - 1]; *c; ++c)
                        if (*c == '_')
                                *c = '-';
                if (!dash)
                        return 0;
                unit = dash + 1;
        }
}

int cgroup_name_parse(const char *path, CgroupDriver driver, CgroupName *ret) {
        const char *unit = cgroup_path_get_unit(path);
        CgroupName name = {};
        int r;

        if (!is_short(path) || driver == CGROUP_DRIVER_NONE)
                return CGROUP_NAME_E_INVALID;
        if (path[0] == '/')
                ++path;
        if (path[0] == '\0')
                r = 0;
        else if (driver == CGROUP_DRIVER_CGROUPFS)
                r = push_path(&name, path, false);
        else
                r = unit ? push_slice(&name, unit) : CGROUP_NAME_E_INVALID;
        if (r == 0)
                *ret = name;
        return r;
}
