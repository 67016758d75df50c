/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cgroups both ways, and what the files that slugd writes say. The first byte says what
 * the rest is.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cgroup/knob.h"
#include "cgroup/name.h"

#define TEXT_MAX 8192u
#define PAGE     4096u

static const CgroupDriver drivers[] = { CGROUP_DRIVER_SYSTEMD, CGROUP_DRIVER_CGROUPFS };

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static bool is_equal(const CgroupName *a, const CgroupName *b) {
        if (a->n_components != b->n_components)
                return false;
        for (size_t i = 0; i < a->n_components; ++i)
                if (strcmp(a->components[i], b->components[i]) != 0)
                        return false;
        return true;
}

static bool has_underscore(const CgroupName *name) {
        for (size_t i = 0; i < name->n_components; ++i)
                if (strchr(name->components[i], '_'))
                        return true;
        return false;
}

/* It stays below where it begins, and fits. */
static void check_path(const char *path) {
        must(strnlen(path, CGROUP_PATH_MAX) < CGROUP_PATH_MAX);
        must(path[0] != '/');
        while (*path) {
                const size_t n = strcspn(path, "/");

                must(n > 0 && n < CGROUP_COMPONENT_MAX);
                must(!(n == 1 && path[0] == '.') && !(n == 2 && memcmp(path, "..", 2) == 0));
                must(path[n] == '\0' || path[n + 1] != '\0');
                path += n + (path[n] == '/');
        }
}

/* A name is what its path says. */
static void check_name(const CgroupName *name) {
        must(name->n_components <= CGROUP_COMPONENTS_MAX);
        for (size_t i = 0; i < ELEMENTSOF(drivers); ++i) {
                const bool is_systemd = drivers[i] == CGROUP_DRIVER_SYSTEMD;
                char path[CGROUP_PATH_MAX];
                CgroupName again;

                if (cgroup_name_format(name, drivers[i], path)) {
                        must(path[0] == '\0');
                        continue;
                }
                check_path(path);
                must((path[0] == '\0') == (name->n_components == 0));
                must(cgroup_name_parse(path, drivers[i], &again) == 0);
                must(is_equal(name, &again) || (is_systemd && has_underscore(name)));
                must(again.n_components == name->n_components);
                must(!is_systemd || name->n_components == 0 || cgroup_path_get_unit(path));
        }
}

/* Components with slashes in between, those that are none left out. */
static void try_components(const char *text, size_t n _unused_) {
        CgroupName name = {};

        for (;;) {
                char component[TEXT_MAX];
                const size_t length = strcspn(text, "/"), before = name.n_components;

                memcpy(component, text, length);
                component[length] = '\0';
                if (cgroup_name_append(&name, component) == 0)
                        must(cgroup_component_is_valid(text, length) &&
                             strcmp(name.components[before], component) == 0);
                else
                        must(name.n_components == before);
                if (text[length] == '\0')
                        break;
                text += length + 1;
        }
        must(!has_underscore(&name));
        check_name(&name);
}

static void try_cgroup_root(const char *text, size_t n _unused_) {
        CgroupName name = {};

        if (cgroup_name_append_path(&name, text)) {
                must(name.n_components == 0);
                must(cgroup_name_make_kubepods(text, &name) != 0 && name.n_components == 0);
                return;
        }
        check_name(&name);
        if (cgroup_name_make_kubepods(text, &name) == 0)
                check_name(&name);
}

static void try_systemd_path(const char *text, size_t n _unused_) {
        char path[CGROUP_PATH_MAX];
        CgroupName name;

        if (cgroup_name_parse(text, CGROUP_DRIVER_SYSTEMD, &name))
                return;
        must(!has_underscore(&name));
        check_name(&name);
        if (name.n_components > 0 && cgroup_name_format(&name, CGROUP_DRIVER_SYSTEMD, path) == 0)
                must(strcmp(cgroup_path_get_unit(path), cgroup_path_get_unit(text)) == 0);
}

static void try_cgroupfs_path(const char *text, size_t n _unused_) {
        char path[CGROUP_PATH_MAX];
        CgroupName name;

        if (cgroup_name_parse(text, CGROUP_DRIVER_CGROUPFS, &name))
                return;
        check_name(&name);
        must(cgroup_name_format(&name, CGROUP_DRIVER_CGROUPFS, path) == 0);
        must(strcmp(path, text + (text[0] == '/')) == 0);
}

static void try_value(const char *text, size_t n) {
        char buffer[CGROUP_VALUE_TEXT_MAX];
        CgroupValue value, again, rounded, twice;
        CgroupKnob knob;

        if (n == 0)
                return;
        knob = (CgroupKnob)((unsigned char)text[0] % _CGROUP_KNOB_N);
        if (cgroup_value_parse(knob, text + 1, n - 1, &value))
                return;
        (void)cgroup_value_format(knob, &value, buffer);
        must(strlen(buffer) < sizeof(buffer) && !strchr(buffer, '\n'));
        must(cgroup_value_parse(knob, buffer, strlen(buffer), &again) == 0);
        must(value.number == again.number && nodeset_is_equal(&value.nodes, &again.nodes));
        rounded = cgroup_value_round(knob, &value, PAGE);
        twice = cgroup_value_round(knob, &rounded, PAGE);
        must(rounded.number == twice.number && nodeset_is_equal(&rounded.nodes, &twice.nodes));
        must(rounded.number == CGROUP_MAX || rounded.number <= value.number);
        must(cgroup_value_is_equal(knob, &value, &rounded, PAGE));
}

static void try_knob(const char *text, size_t n _unused_) {
        CgroupKnob knob;

        if (cgroup_knob_find(text, &knob))
                must(knob < _CGROUP_KNOB_N && strcmp(cgroup_knob_file(knob), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static void (*const kinds[])(const char *, size_t) = {
                try_components,    try_cgroup_root, try_systemd_path,
                try_cgroupfs_path, try_value,       try_knob,
        };
        char text[TEXT_MAX];

        if (size < 1 || size > sizeof(text))
                return 0;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        kinds[data[0] % ELEMENTSOF(kinds)](text, size - 1);
        return 0;
}
