/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as what the kubelet keeps: allocated_pods_state as it is, its inner document, or the
 * device manager's checkpoint; the first byte says which. What is accepted is sorted, within its
 * limits, and found by its names.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/quantity.h"
#include "kubelet/allocations.h"
#include "kubelet/devices.h"

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static void check_quantities(const PodQuantity *quantities, size_t n) {
        must(n <= POD_RESOURCES_MAX);
        for (size_t i = 0; i < n; ++i) {
                Quantity quantity;

                must(quantities[i].name[0] != '\0');
                must(quantity_parse(quantities[i].quantity, strlen(quantities[i].quantity),
                                    &quantity) == 0);
                must(!quantity.is_negative);
        }
}

static void check_resources(const PodResources *resources) {
        check_quantities(resources->requests, resources->n_requests);
        check_quantities(resources->limits, resources->n_limits);
}

static void check_pod(const AllocatedPod *pod) {
        must(pod->uid[0] != '\0' && strlen(pod->uid) < POD_UID_MAX);
        must(pod->n_containers <= POD_CONTAINERS_MAX);
        check_resources(&pod->resources);
        for (size_t i = 0; i < pod->n_containers; ++i) {
                const AllocatedContainer *container = &pod->containers[i];

                must(i == 0 || strcmp(container[-1].name, container->name) < 0);
                must(allocated_pod_find(pod, container->name) == container);
                check_resources(&container->resources);
        }
}

static void check_allocations(const char *text, size_t n_text) {
        _cleanup_(allocations_freep) Allocations *allocations = NULL;
        Diag diag = {};
        const int r = allocations_parse("state", text, n_text, &allocations, &diag);

        must(r == 0 || r == ALLOCATIONS_E_INVALID);
        must((r == 0) == !diag.text[0] && (r == 0) == (allocations != NULL));
        if (r)
                return;
        must(allocations->n_pods <= ALLOCATIONS_PODS_MAX);
        for (size_t i = 0; i < allocations->n_pods; ++i) {
                const AllocatedPod *pod = &allocations->pods[i];

                must(i == 0 || strcmp(pod[-1].uid, pod->uid) < 0);
                must(allocations_find(allocations, pod->uid) == pod);
                check_pod(pod);
        }
}

/* As Go writes text into a document. */
static void check_data(const char *text, size_t n_text) {
        _cleanup_(buffer_deinitp) Buffer document = {};

        buffer_append_text(&document, "{\"data\":\"");
        for (size_t i = 0; i < n_text; ++i) {
                if ((unsigned char)text[i] < ' ') {
                        buffer_printf(&document, "\\u%04x", (unsigned)text[i]);
                        continue;
                }
                if (text[i] == '"' || text[i] == '\\')
                        buffer_append_char(&document, '\\');
                buffer_append_char(&document, text[i]);
        }
        buffer_append_text(&document, "\",\"checksum\":1}");
        must(buffer_finish(&document) == 0);
        check_allocations(document.data, document.n_data);
}

static void check_devices(const char *text, size_t n_text) {
        _cleanup_(devices_freep) Devices *devices = NULL;
        Diag diag = {};
        const int r = devices_parse("state", text, n_text, &devices, &diag);

        must(r == 0 || r == DEVICES_E_INVALID);
        must((r == 0) == !diag.text[0] && (r == 0) == (devices != NULL));
        for (size_t i = 0; devices && i < devices->n_entries; ++i) {
                const DeviceEntry *entry = &devices->entries[i], *first;
                size_t n;

                first = devices_find(devices, entry->pod_uid, entry->container, &n);
                must(first && first <= entry && entry < first + n);
                must(first == devices->entries || strcmp(first[-1].pod_uid, entry->pod_uid) != 0 ||
                     strcmp(first[-1].container, entry->container) != 0);
                for (size_t j = 1; j < entry->n_ids; ++j)
                        must(strcmp(entry->ids[j - 1], entry->ids[j]) < 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *)data + 1;

        if (size < 1)
                return 0;
        switch (data[0] % 3) {
        case 0:
                check_allocations(text, size - 1);
                break;
        case 1:
                check_data(text, size - 1);
                break;
        default:
                check_devices(text, size - 1);
        }
        return 0;
}
