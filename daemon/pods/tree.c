/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup tree of pods
 *
 * Which driver the kubelet has is seen by what is there: kubepods.slice or kubepods. Both are when
 * somebody has changed it without a reboot; pods may still run in either, so both are read, and a
 * pod that is in both counts where it has processes.
 */
#include "pods/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pods/walk.h"

PodsTree *pods_tree_free(PodsTree *tree) {
        if (!tree)
                return NULL;
        for (size_t i = 0; i < tree->n_pods; ++i)
                walk_pod_deinit(&tree->pods[i]);
        free(tree->pods);
        free(tree);
        return NULL;
}

static int compare_uid(const void *uid, const void *pod) {
        return strcmp(uid, ((const TreePod *)pod)->uid);
}

const TreePod *pods_tree_find(const PodsTree *tree, const char *uid) {
        return tree->n_pods > 0
                       ? bsearch(uid, tree->pods, tree->n_pods, sizeof(*tree->pods), compare_uid)
                       : NULL;
}

/* By uid; of two with one uid, first the one that counts. */
static int compare_pods(const void *a, const void *b) {
        const TreePod *x = a, *y = b;
        const int by_uid = strcmp(x->uid, y->uid);

        if (by_uid)
                return by_uid;
        if (x->is_populated != y->is_populated)
                return x->is_populated ? -1 : 1;
        return strcmp(x->path, y->path);
}

static void sort_pods(PodsTree *tree) {
        size_t n = 0;

        if (tree->n_pods > 1)
                qsort(tree->pods, tree->n_pods, sizeof(*tree->pods), compare_pods);
        for (size_t i = 0; i < tree->n_pods; ++i)
                if (n > 0 && strcmp(tree->pods[n - 1].uid, tree->pods[i].uid) == 0)
                        walk_pod_deinit(&tree->pods[i]);
                else
                        tree->pods[n++] = tree->pods[i];
        tree->n_pods = n;
}

/* The room that was made for PODS_MAX is given back, when that can be done. */
static void shrink(PodsTree *tree) {
        TreePod *pods;

        if (tree->n_pods == 0) {
                free(tree->pods);
                tree->pods = NULL;
                return;
        }
        pods = reallocarray(tree->pods, tree->n_pods, sizeof(*pods));
        if (pods)
                tree->pods = pods;
}

/* The pods of one driver, which becomes the tree's when it has more than the one before. */
static int read_driver(Walk *walk, CgroupDriver driver, const char *path, size_t *n_most) {
        const size_t n_before = walk->tree->n_pods;
        bool is_there = false;
        size_t n;
        int r;

        walk->driver = driver;
        r = walk_kubepods(walk, path, &is_there);
        if (r)
                return r;
        n = walk->tree->n_pods - n_before;
        if (is_there && (walk->tree->driver == CGROUP_DRIVER_NONE || n > *n_most)) {
                walk->tree->driver = driver;
                *n_most = n;
        }
        return 0;
}

/* A slice's name has its parents' in it, so a path may be too long for one driver alone. */
static int read_drivers(Walk *walk) {
        static const CgroupDriver drivers[] = { CGROUP_DRIVER_SYSTEMD, CGROUP_DRIVER_CGROUPFS };
        const char *cgroup_root = walk->params->cgroup_root;
        size_t n_most = 0, n_refused = 0;
        char path[PODS_PATH_MAX];
        CgroupName name;
        const bool has_name = cgroup_name_make_kubepods(cgroup_root, &name) == 0;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(drivers); ++i) {
                if (!has_name || cgroup_name_format(&name, drivers[i], path)) {
                        ++n_refused;
                        continue;
                }
                r = read_driver(walk, drivers[i], path, &n_most);
                if (r)
                        return r;
        }
        if (n_refused == ELEMENTSOF(drivers))
                walk_complain(walk->tree, "",
                              "has no cgroup for the kubelet's cgroupRoot '%.100s'; it is a path "
                              "such as /a/b",
                              cgroup_root);
        return 0;
}

int pods_tree_read(const TreeParams *params, PodsTree **ret) {
        _cleanup_(pods_tree_freep) PodsTree *tree = calloc(1, sizeof(*tree));
        _cleanup_(freep) Walk *walk = calloc(1, sizeof(*walk));
        int r;

        if (!tree || !walk)
                return -ENOMEM;
        /* Room for all at once: what is not used is never touched. */
        tree->pods = calloc(PODS_MAX, sizeof(*tree->pods));
        if (!tree->pods)
                return -ENOMEM;
        tree->is_complete = true;
        walk->params = params;
        walk->tree = tree;
        r = read_drivers(walk);
        if (r)
                return r;
        /* a v1 hierarchy; without any there are no cgroups at all, and no pods */
        if (tree->driver == CGROUP_DRIVER_NONE &&
            !root_exists(params->root, CGROUP_DIR "/cgroup.controllers") &&
            root_exists(params->root, CGROUP_DIR "/memory"))
                walk_complain(tree, "",
                              "is no cgroup v2, and pods are looked for in nothing else; boot with "
                              "systemd.unified_cgroup_hierarchy=1");
        sort_pods(tree);
        shrink(tree);
        *ret = TAKE_PTR(tree);
        return 0;
}
