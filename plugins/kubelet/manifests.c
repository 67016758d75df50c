/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/manifests.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/quantity.h"
#include "base/whole.h"
#include "manifest/manifest-pods.h"
#include "split/chunk.h"

/*
 * People write these files, and they are read while they write: one that is no pod is a problem of
 * its own. What slugd would refuse is refused here, since it would refuse the report with it.
 *
 * The arena has room for more than any node runs; a pod that finds none in it is left out.
 */
#define ARENA_MAX         (32u * 1024 * 1024)
#define LARGEST_PIECE_MAX (64u * 1024) /* of it */
/* memory, each size of huge pages, and chunks */
#define RESOURCES_MAX (1 + POD_PAGE_SIZES + 8)

enum { E_INVALID = 1 }; /* the file is left out; diag says why */

/* What manifests_free() gets is its beginning. */
typedef struct ManifestsMemory {
        Manifests manifests;
        Arena *arena;
} ManifestsMemory;

typedef struct Reading {
        const Root *root;
        const char *dir;
        Arena *arena;
        Manifests *manifests;
        size_t n_bytes;   /* of all files so far */
        const char *path; /* of the file */
        Diag diag;
} Reading;

/* Problems */

static void make_plain(char *text) {
        for (; *text; ++text)
                if (*text < ' ' || *text >= 0x7f)
                        *text = '?';
}

static void note_problem(Reading *reading) {
        Manifests *manifests = reading->manifests;

        if (manifests->n_problems++ > 0)
                return;
        manifests->problem = reading->diag;
        make_plain(manifests->problem.source);
        make_plain(manifests->problem.text);
}

static _printf_(2, 3) int refuse(Reading *reading, const char *format, ...) {
        char text[DIAG_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        diag_set(&reading->diag, reading->path, 0, 0, "%s", text);
        return E_INVALID;
}

/* Pods */

static bool is_kept(const char *resource) {
        ChunkResourceName name;
        uint64_t page_bytes;

        return strcmp(resource, "memory") == 0 || pod_parse_hugepages(resource, &page_bytes) ||
               chunk_resource_parse(resource, &name);
}

static int keep_quantity(Reading *reading,
                         const char *resource,
                         const char *text,
                         PodQuantity *quantities,
                         size_t *n) {
        Quantity quantity;
        uint64_t bytes;

        if (!is_kept(resource))
                return 0;
        if (*n == RESOURCES_MAX)
                return refuse(reading,
                              "more sizes of huge pages, or kinds of chunks, than there are");
        if (quantity_parse(text, strlen(text), &quantity) || quantity_to_u64(&quantity, &bytes))
                return refuse(reading, "'%s' of %s is more than any machine has", text, resource);
        quantities[*n] = (PodQuantity){
                .name = arena_strdup(reading->arena, resource),
                .quantity = arena_strdup(reading->arena, text),
        };
        return quantities[*n].name && quantities[(*n)++].quantity ? 0 : -ENOMEM;
}

/* @from: NULL: it has none. */
static int keep_resources(Reading *reading, const Slug__V1__PodResources *from, PodResources *ret) {
        PodQuantity *requests, *limits;
        int r = 0;

        if (!from)
                return 0;
        requests = arena_alloc_array(reading->arena, from->n_requests, sizeof(*requests));
        limits = arena_alloc_array(reading->arena, from->n_limits, sizeof(*limits));
        if (!requests || !limits)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < from->n_requests; ++i)
                r = keep_quantity(reading, from->requests[i]->key, from->requests[i]->value,
                                  requests, &ret->n_requests);
        for (size_t i = 0; r == 0 && i < from->n_limits; ++i)
                r = keep_quantity(reading, from->limits[i]->key, from->limits[i]->value, limits,
                                  &ret->n_limits);
        ret->requests = requests;
        ret->limits = limits;
        return r;
}

static int keep_container(Reading *reading, const Slug__V1__PodContainer *from, AllocatedPod *pod) {
        AllocatedContainer *container = &pod->containers[pod->n_containers++];

        container->name = arena_strdup(reading->arena, from->name);
        if (!container->name)
                return -ENOMEM;
        return keep_resources(reading, from->resources, &container->resources);
}

static int keep_containers(Reading *reading, const Slug__V1__Pod *from, AllocatedPod *pod) {
        int r = 0;

        pod->containers =
                arena_alloc_array(reading->arena, from->n_containers + from->n_init_containers,
                                  sizeof(*pod->containers));
        if (!pod->containers)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < from->n_containers; ++i)
                r = keep_container(reading, from->containers[i], pod);
        for (size_t i = 0; r == 0 && i < from->n_init_containers; ++i)
                if (strcmp(from->init_containers[i]->restart_policy, "Always") == 0)
                        r = keep_container(reading, from->init_containers[i], pod);
        if (r == 0)
                allocated_pod_sort(pod);
        return r;
}

static int keep_pod(Reading *reading, const Slug__V1__Pod *from) {
        Manifests *manifests = reading->manifests;
        char *file = arena_strdup(reading->arena, reading->path);
        StaticPod pod = {
                .namespace_name = arena_strdup(reading->arena, from->namespace_),
                .name = arena_strdup(reading->arena, from->name),
                .file = file,
                .asked = { .uid = "" },
        };
        int r;

        if (!pod.namespace_name || !pod.name || !file)
                return -ENOMEM;
        make_plain(file);
        r = keep_resources(reading, from->resources, &pod.asked.resources);
        if (r == 0)
                r = keep_containers(reading, from, &pod.asked);
        if (r == 0)
                manifests->pods[manifests->n_pods++] = pod;
        return r;
}

/* Files */

static int parse(Reading *reading, const char *text, size_t n_text) {
        _cleanup_(arena_freep) Arena *scratch = NULL;
        ManifestPods pods;
        int r;

        r = arena_new(MANIFEST_PODS_ARENA_MAX, &scratch);
        if (r)
                return r;
        r = manifest_pods_read(scratch, reading->path, text, n_text, &pods, &reading->diag);
        if (r)
                return r < 0 ? r : E_INVALID;
        r = keep_pod(reading, pods.items[0]);
        if (r == -ENOMEM && !arena_has_room(reading->arena, LARGEST_PIECE_MAX))
                return refuse(reading, "more names and amounts than are kept");
        return r;
}

/* A name may go, or be that of a folder; neither is a file that should have been read. */
static int read_file(Reading *reading) {
        _cleanup_(freep) char *text = NULL;
        size_t n_text;
        int r;

        r = whole_read(reading->root, reading->path, MANIFESTS_FILE_MAX, &text, &n_text);
        if (r == ROOT_E_ABSENT || r == -EISDIR)
                return 0;
        if (r < 0 && r != -ENOMEM)
                return refuse(reading, "cannot be read: %s", strerror(-r));
        if (r > 0 || (r == 0 && n_text > MANIFESTS_BYTES_MAX - reading->n_bytes))
                return refuse(reading, "larger than %u MiB, or than %u MiB with the others",
                              MANIFESTS_FILE_MAX / (1024 * 1024),
                              MANIFESTS_BYTES_MAX / (1024 * 1024));
        if (r)
                return r;
        reading->n_bytes += n_text;
        return parse(reading, text, n_text);
}

static int take_file(Reading *reading, const char *name) {
        char path[PATH_MAX];
        int r;

        if (snprintf(path, sizeof(path), "%s/%s", reading->dir, name) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        reading->path = path;
        r = read_file(reading);
        if (r > 0)
                note_problem(reading);
        return r < 0 ? r : 0;
}

/* The folder */

static int compare_names(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In their order, as the kubelet reads them, so that the same file is the first problem each
 * time. */
static int list_files(Reading *reading, char **names, size_t *ret_n) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        size_t n = 0;
        int r;

        r = root_open_dir(reading->root, reading->dir, &dir);
        if (r)
                return r;
        for (errno = 0; (entry = readdir(dir)); errno = 0) {
                if (entry->d_name[0] == '.')
                        continue;
                if (n == MANIFESTS_FILES_MAX) {
                        (void)refuse(reading, "more than %u files; some are left out",
                                     MANIFESTS_FILES_MAX);
                        note_problem(reading);
                        break;
                }
                names[n] = arena_strdup(reading->arena, entry->d_name);
                if (!names[n++])
                        return -ENOMEM;
        }
        if (errno)
                return -errno;
        qsort(names, n, sizeof(*names), compare_names);
        *ret_n = n;
        return 0;
}

static int read_folder(Reading *reading) {
        char *names[MANIFESTS_FILES_MAX];
        size_t n;
        int r;

        reading->manifests->pods = arena_alloc_array(reading->arena, MANIFESTS_FILES_MAX,
                                                     sizeof(*reading->manifests->pods));
        if (!reading->manifests->pods)
                return -ENOMEM;
        reading->path = reading->dir;
        r = list_files(reading, names, &n);
        for (size_t i = 0; r == 0 && i < n; ++i)
                r = take_file(reading, names[i]);
        return r;
}

int manifests_read(const Root *root, const char *dir, Manifests **ret) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        ManifestsMemory *memory;
        int r;

        r = arena_new(ARENA_MAX, &arena);
        if (r)
                return r;
        memory = arena_alloc(arena, sizeof(*memory));
        if (!memory)
                return -ENOMEM;
        r = read_folder(&(Reading){
                .root = root, .dir = dir, .arena = arena, .manifests = &memory->manifests });
        if (r)
                return r > 0 ? MANIFESTS_E_ABSENT : r;
        memory->arena = TAKE_PTR(arena);
        *ret = &memory->manifests;
        return 0;
}

Manifests *manifests_free(Manifests *manifests) {
        if (manifests)
                arena_free(((ManifestsMemory *)manifests)->arena);
        return NULL;
}

/* Finding */

static bool is_called_by(const StaticPod *pod, const char *namespace_name, const char *name) {
        const size_t n = strlen(pod->name);

        return strcmp(pod->namespace_name, namespace_name) == 0 &&
               strncmp(pod->name, name, n) == 0 && name[n] == '-' && name[n + 1] != '\0';
}

const StaticPod *
manifests_find(const Manifests *manifests, const char *namespace_name, const char *name) {
        const StaticPod *found = NULL;
        bool is_twice = false;
        size_t n_found = 0;

        for (size_t i = 0; i < manifests->n_pods; ++i) {
                const StaticPod *pod = &manifests->pods[i];
                const size_t n = strlen(pod->name);

                if (n < n_found || !is_called_by(pod, namespace_name, name))
                        continue;
                is_twice = n == n_found;
                found = pod;
                n_found = n;
        }
        return is_twice ? NULL : found;
}

bool manifests_may_be(const Manifests *manifests,
                      const StaticPod *pod,
                      const char *namespace_name,
                      const char *name) {
        const size_t n = strlen(pod->name);

        if (!is_called_by(pod, namespace_name, name))
                return false;
        for (size_t i = 0; i < manifests->n_pods; ++i)
                if (strlen(manifests->pods[i].name) > n &&
                    is_called_by(&manifests->pods[i], namespace_name, name))
                        return false;
        return true;
}
