/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the cgroup tree of pods
 *
 * How the kubelet's names become paths is in cgroup/name.c. Here is the other way, a folder at a
 * time: with the systemd driver its slice's last part, where '_' stands for a dash.
 *
 * A static pod whose manifest has a uid keeps it, so a uid need not be a UUID or 32 hexadecimal
 * digits. Whatever may be one is taken for one: a pod that is overlooked would be a pod that is
 * gone.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/cgroup_manager_linux.go and
 * pod_container_manager_linux.go, read at 1.36.3.
 */
#include "pods/names.h"

#include <stdio.h>
#include <string.h>

#define SLICE    ".slice"
#define SCOPE    ".scope"
#define HEX_ID_N 64u /* how long every runtime's ids are */

static bool is_alphanumeric(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_hex(const char *text) {
        return text[strspn(text, "0123456789abcdef")] == '\0';
}

static bool ends_with(const char *text, size_t n_text, const char *end) {
        const size_t n_end = strlen(end);

        return n_text > n_end && memcmp(text + n_text - n_end, end, n_end) == 0;
}

/* The last component of a slice's name, as the kubelet thinks of it. */
static bool take_from_slice(const char *name, char component[static PODS_PATH_MAX]) {
        size_t n = strlen(name), begin;

        if (!ends_with(name, n, SLICE) || n >= PODS_PATH_MAX)
                return false;
        n -= strlen(SLICE);
        for (begin = n; begin > 0 && name[begin - 1] != '-';)
                --begin;
        for (size_t i = begin; i < n; ++i)
                component[i - begin] = name[i] == '_' ? '-' : name[i];
        component[n - begin] = '\0';
        return n > begin;
}

/* As split/pod.h has it: letters, digits, hyphens. */
static bool take_uid(const char *text, char uid[static POD_UID_MAX]) {
        size_t n = 0;

        while (is_alphanumeric(text[n]) || text[n] == '-')
                ++n;
        if (text[n] != '\0' || !is_alphanumeric(text[0]) || n >= POD_UID_MAX)
                return false;
        memcpy(uid, text, n + 1);
        return true;
}

PodsName pods_name_parse(CgroupDriver driver, const char *name) {
        char component[PODS_PATH_MAX];
        PodsName parsed = { .kind = PODS_NAME_OTHER };

        if (driver == CGROUP_DRIVER_SYSTEMD) {
                if (!take_from_slice(name, component))
                        return (PodsName){};
                name = component;
        }
        if (strcmp(name, "burstable") == 0)
                return (PodsName){ .kind = PODS_NAME_QOS, .qos = QOS_BURSTABLE };
        if (strcmp(name, "besteffort") == 0)
                return (PodsName){ .kind = PODS_NAME_QOS, .qos = QOS_BEST_EFFORT };
        if (strncmp(name, "pod", 3) == 0 && take_uid(name + 3, parsed.uid))
                parsed.kind = PODS_NAME_POD;
        return parsed;
}

/* The id without what a runtime puts before it; NULL: this is no container. */
static const char *skip_prefix(const char *name) {
        static const char *const prefixes[] = { "cri-containerd-", "crio-", "docker-" };
        const char *last;

        /* CRI-O's process that looks after a container */
        if (strncmp(name, "crio-conmon-", strlen("crio-conmon-")) == 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(prefixes); ++i)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return name + strlen(prefixes[i]);
        /* Of a runtime that is not known here: all of them have ids of one form. */
        last = strrchr(name, '-');
        return last && strlen(last + 1) == HEX_ID_N && is_hex(last + 1) ? last + 1 : name;
}

static bool is_plain(const char *text) {
        return is_alphanumeric(text[0]) && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                             "0123456789-_")] == '\0';
}

bool pods_name_parse_container(const char *name, char id[static PODS_ID_MAX]) {
        char stem[256]; /* a folder's name is not longer */
        size_t n = strlen(name);
        const char *found;

        id[0] = '\0';
        if (n >= sizeof(stem))
                return false;
        if (ends_with(name, n, SCOPE))
                n -= strlen(SCOPE);
        memcpy(stem, name, n);
        stem[n] = '\0';
        found = skip_prefix(stem);
        /* A dot that is left is another kind of unit's: ".slice", ".service", ".mount". */
        if (!found || !is_plain(found) || strlen(found) >= PODS_ID_MAX)
                return false;
        memcpy(id, found, strlen(found) + 1);
        return true;
}
