/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/spec.h"

#include <string.h>

#include "value/value.h"

/*
 * A specification is long where it has a seccomp profile and many mounts: some ten thousand values
 * are the most that is seen, and a text of more of them is not worth its memory.
 */
#define SPEC_DEPTH_MAX  32u
#define SPEC_VALUES_MAX 65536u

#define SLICE ".slice"
#define SCOPE ".scope"

/* A path that is written piece by piece; what finds no room makes it invalid. */
typedef struct Path {
        char *text;
        size_t n;
        bool is_too_long;
} Path;

static void append(Path *path, const char *text, size_t n_text) {
        if (n_text >= SPEC_CGROUP_MAX - path->n) {
                path->is_too_long = true;
                return;
        }
        memcpy(path->text + path->n, text, n_text);
        path->n += n_text;
        path->text[path->n] = '\0';
}

static void append_text(Path *path, const char *text) {
        append(path, text, strlen(text));
}

static bool is_plain(const char *text, size_t n_text) {
        for (size_t i = 0; i < n_text; ++i)
                if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
                        return false;
        return true;
}

static bool ends_in(const char *text, size_t n_text, const char *end) {
        const size_t n_end = strlen(end);

        return n_text > n_end && memcmp(text + n_text - n_end, end, n_end) == 0;
}

/* The name of a slice has those that it is in: "a-b.slice" is in "a.slice". */
static int append_slice(Path *path, const char *slice, size_t n_slice) {
        const size_t n_name = n_slice - strlen(SLICE);

        if (n_name == 1 && slice[0] == '-')
                return 0;
        for (size_t i = 0; i <= n_name; ++i) {
                if (i < n_name && slice[i] == '/')
                        return SPEC_E_INVALID;
                if (i < n_name && slice[i] != '-')
                        continue;
                if (i == 0 || slice[i - 1] == '-')
                        return SPEC_E_INVALID;
                append(path, slice, i);
                append_text(path, SLICE "/");
        }
        return 0;
}

/* @slice, @prefix and @name as in "slice:prefix:name"; a name that ends in ".slice" is one itself,
 * as runc and crun have it. */
static int normalise_systemd(Path *path, const char *slice, const char *prefix, const char *name) {
        const size_t n_slice = (size_t)(prefix - slice - 1), n_prefix = (size_t)(name - prefix - 1);
        int r;

        if (name[0] == '\0' || strchr(name, '/') || memchr(prefix, '/', n_prefix))
                return SPEC_E_INVALID;
        if (n_slice == 0)
                r = append_slice(path, "system" SLICE, strlen("system" SLICE));
        else
                r = append_slice(path, slice, n_slice);
        if (r)
                return r;
        if (ends_in(name, strlen(name), SLICE)) {
                append_text(path, name);
                return 0;
        }
        append(path, prefix, n_prefix);
        if (n_prefix > 0)
                append_text(path, "-");
        append_text(path, name);
        append_text(path, SCOPE);
        return 0;
}

static int normalise_cgroupfs(Path *path, const char *text) {
        while (*text) {
                const size_t n = strcspn(text, "/");

                if ((n == 1 && text[0] == '.') || (n == 2 && text[0] == '.' && text[1] == '.'))
                        return SPEC_E_INVALID;
                if (n > 0 && path->n > 0)
                        append_text(path, "/");
                append(path, text, n);
                text += n;
                text += strspn(text, "/");
        }
        return 0;
}

/* Two colons, and a slice or nothing before the first of them. */
static bool is_systemd(const char *path, const char **ret_prefix, const char **ret_name) {
        const char *first = strchr(path, ':');
        const char *second = first ? strchr(first + 1, ':') : NULL;

        if (!second || strchr(second + 1, ':'))
                return false;
        *ret_prefix = first + 1;
        *ret_name = second + 1;
        return first == path || ends_in(path, (size_t)(first - path), SLICE);
}

int spec_normalise_cgroup(const char *path, char ret[static SPEC_CGROUP_MAX]) {
        char text[SPEC_CGROUP_MAX] = "";
        Path made = { .text = text };
        const char *prefix, *name;
        int r;

        if (!is_plain(path, strlen(path)))
                return SPEC_E_INVALID;
        if (is_systemd(path, &prefix, &name))
                r = normalise_systemd(&made, path, prefix, name);
        else
                r = normalise_cgroupfs(&made, path);
        if (r || made.is_too_long || made.n == 0)
                return SPEC_E_INVALID;
        memcpy(ret, text, sizeof(text));
        return 0;
}

static int read_cgroup(const Value *of_linux, Spec *spec, Diag *reterr) {
        const Value value = value_get(of_linux, "cgroupsPath");
        const char *path;
        int r;

        if (!value.json)
                return 0;
        r = value_read_text(&value, &path, reterr);
        if (r)
                return SPEC_E_INVALID;
        /* the OCI runtime then takes a place of its own choice */
        if (path[0] == '\0')
                return 0;
        r = spec_normalise_cgroup(path, spec->cgroup);
        if (r)
                (void)value_complain(&value, reterr, "is no path of a cgroup");
        return r;
}

/* A limit that is not there is none; -1 is none, too, and out of range. */
static void read_limit(const Value *of_linux, Spec *spec) {
        const Value resources = value_get(of_linux, "resources");
        const Value memory = value_get(&resources, "memory");
        const Value limit = value_get(&memory, "limit");
        uint64_t bytes = 0;

        if (limit.json && value_read_u64(&limit, INT64_MAX, &bytes, NULL))
                bytes = 0;
        spec->memory_limit_bytes = opt_u64(bytes);
}

int spec_parse(const char *info, size_t n_info, Spec *ret, Diag *reterr) {
        static const DocumentLimits limits = { .depth = SPEC_DEPTH_MAX,
                                               .n_values = SPEC_VALUES_MAX };
        _cleanup_(document_deinitp) Document document = {};
        Spec spec = {};
        Value root, runtime_spec, of_linux;
        int r;

        if (n_info > SPEC_INFO_MAX) {
                diag_set(reterr, NULL, 0, 0, "more than %u bytes", SPEC_INFO_MAX);
                return SPEC_E_INVALID;
        }
        r = document_parse(info, n_info, &limits, &document, reterr);
        if (r)
                return r < 0 ? r : SPEC_E_INVALID;
        root = document_get_root(&document);
        runtime_spec = value_get(&root, "runtimeSpec");
        of_linux = value_get(&runtime_spec, "linux");
        if (value_check_object(&of_linux, reterr))
                return SPEC_E_INVALID;
        r = read_cgroup(&of_linux, &spec, reterr);
        if (r)
                return r;
        read_limit(&of_linux, &spec);
        *ret = spec;
        return 0;
}
