/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubelet-look: what we read of the kubelet's files, for its own code to compare
 *
 * A line in is a folder that stands for a machine, a line out what is read there, as JSON.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubelet/allocations.h"
#include "kubelet/devices.h"

#define KUBELET_DIR "/var/lib/kubelet"

static void add(struct json_object *object, const char *key, struct json_object *value) {
        if (json_object_object_add(object, key, value) < 0)
                abort();
}

static struct json_object *make_quantities(const PodQuantity *quantities, size_t n) {
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < n; ++i)
                add(object, quantities[i].name, json_object_new_string(quantities[i].quantity));
        return object;
}

static struct json_object *make_resources(const PodResources *resources) {
        struct json_object *object = json_object_new_object();

        add(object, "requests", make_quantities(resources->requests, resources->n_requests));
        add(object, "limits", make_quantities(resources->limits, resources->n_limits));
        return object;
}

static struct json_object *make_pod(const AllocatedPod *pod) {
        struct json_object *object = json_object_new_object();
        struct json_object *containers = json_object_new_object();

        for (size_t i = 0; i < pod->n_containers; ++i)
                add(containers, pod->containers[i].name,
                    make_resources(&pod->containers[i].resources));
        add(object, "resources", make_resources(&pod->resources));
        add(object, "containers", containers);
        return object;
}

/* @invalid: the module's code for it */
static struct json_object *make_result(int r, int invalid, const Diag *diag) {
        struct json_object *object = json_object_new_object();
        char formatted[DIAG_FORMATTED_MAX];
        const char *result = "absent";

        if (r <= 0)
                result = r == 0 ? "read" : strerror(-r);
        else if (r == invalid)
                result = "invalid";
        add(object, "result", json_object_new_string(result));
        add(object, "problem", json_object_new_string(diag_format(diag, formatted)));
        return object;
}

static struct json_object *look_at_allocations(const Root *root) {
        _cleanup_(allocations_freep) Allocations *allocations = NULL;
        struct json_object *pods = json_object_new_object(), *object;
        Diag diag = {};
        const int r = allocations_read(root, KUBELET_DIR, &allocations, &diag);

        object = make_result(r, ALLOCATIONS_E_INVALID, &diag);
        for (size_t i = 0; allocations && i < allocations->n_pods; ++i)
                add(pods, allocations->pods[i].uid, make_pod(&allocations->pods[i]));
        add(object, "pods", pods);
        return object;
}

static struct json_object *make_entry(const DeviceEntry *entry) {
        struct json_object *object = json_object_new_object();
        struct json_object *ids = json_object_new_array();

        for (size_t i = 0; i < entry->n_ids; ++i)
                if (json_object_array_add(ids, json_object_new_string(entry->ids[i])) < 0)
                        abort();
        add(object, "pod", json_object_new_string(entry->pod_uid));
        add(object, "container", json_object_new_string(entry->container));
        add(object, "resource", json_object_new_string(entry->resource));
        add(object, "ids", ids);
        return object;
}

static struct json_object *look_at_devices(const Root *root) {
        _cleanup_(devices_freep) Devices *devices = NULL;
        struct json_object *entries = json_object_new_array(), *object;
        Diag diag = {};
        const int r = devices_read(root, &devices, &diag);

        object = make_result(r, DEVICES_E_INVALID, &diag);
        for (size_t i = 0; devices && i < devices->n_entries; ++i)
                if (json_object_array_add(entries, make_entry(&devices->entries[i])) < 0)
                        abort();
        add(object, "entries", entries);
        return object;
}

static int look(const char *path) {
        _cleanup_(root_deinitp) Root root = ROOT_NULL;
        struct json_object *object;
        const int r = root_init(&root, path);

        if (r) {
                (void)fprintf(stderr, "kubelet-look: %s: %s\n", path, strerror(-r));
                return r;
        }
        object = json_object_new_object();
        add(object, "allocations", look_at_allocations(&root));
        add(object, "devices", look_at_devices(&root));
        (void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
        (void)json_object_put(object);
        return fflush(stdout) < 0 ? -errno : 0;
}

int main(void) {
        _cleanup_(freep) char *line = NULL;
        size_t n_allocated = 0;
        ssize_t n;

        while ((n = getline(&line, &n_allocated, stdin)) > 0) {
                line[strcspn(line, "\n")] = '\0';
                if (look(line) != 0)
                        return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
