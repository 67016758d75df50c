/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod.h"

#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "split/chunk.h"
#include "split/pod-amounts.h"
#include "split/pod-name.h"
#include "split/pod-quantity.h"
#include "split/quote.h"

/*
 * What a pod must be
 *
 * A pod comes from a peer. The kubelet's have passed the API server, those of others have not, so
 * the API server's rules about names and about what counts for memory are kept here, and those who
 * come after may rely on them. Resources that nobody here knows are taken as they are.
 *
 * Stricter than Kubernetes: a huge page resource has one spelling, since the kubelet compares
 * names; huge pages and chunks stand in requests and in limits, as they do in every pod that the
 * API server has completed; no quantity is above 2^63-1. More lenient: namespace and name may be
 * left out, the UID says which pod it is.
 *
 * Source: pkg/apis/core/validation of Kubernetes, read at 1.36.3.
 */
#define HUGEPAGES_PREFIX  "hugepages-"
#define RESOURCE_NAME_MAX 317u /* a subdomain, a slash and 63 more */
#define NANOS_PER_UNIT    1000000000u

typedef struct Check {
        const Pod *pod;
        const char *container; /* NULL: it is about the pod */
        PodAmounts amounts;    /* a row for every page size that was met */
        Diag *reterr;
} Check;

static const char *get_text(const char *text) {
        return text ? text : "";
}

static bool is_letter_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Looser than Kubernetes about where its marks stand: nothing depends on that. */
static bool is_resource_name(const char *text) {
        const size_t n = strlen(text);

        for (size_t i = 0; i < n; ++i)
                if (!is_letter_or_digit(text[i]) && !strchr("-_./", text[i]))
                        return false;
        return n > 0 && n <= RESOURCE_NAME_MAX;
}

static int refuse_text(const Check *check, const char *expected, const char *found) {
        char quoted[QUOTE_MAX];

        pod_diag_set(check->reterr, check->pod, check->container, "expected %s, found %s", expected,
                     found[0] ? quote_format(found, strlen(found), quoted) : "nothing");
        return POD_E_INVALID;
}

/* @field: "requests"; @resource: a checked name */
static int refuse_quantity(const Check *check,
                           const char *field,
                           const char *resource,
                           const char *expected,
                           const char *found) {
        char quoted[QUOTE_MAX];

        pod_diag_set(check->reterr, check->pod, check->container, "%s.%s: expected %s, found %s",
                     field, resource, expected,
                     found[0] ? quote_format(found, strlen(found), quoted) : "nothing");
        return POD_E_INVALID;
}

static bool is_hugepages(const char *resource) {
        return strncmp(resource, HUGEPAGES_PREFIX, strlen(HUGEPAGES_PREFIX)) == 0;
}

static bool is_chunk(const char *resource) {
        return strncmp(resource, CHUNK_RESOURCE_PREFIX, strlen(CHUNK_RESOURCE_PREFIX)) == 0;
}

static int check_pages(Check *check,
                       const char *field,
                       const char *resource,
                       const char *text,
                       PodNanos nanos) {
        uint64_t page_bytes;

        if (!pod_parse_hugepages(resource, &page_bytes))
                return refuse_quantity(check, field, resource,
                                       "a page size that is a power of two, such as 2Mi",
                                       resource + strlen(HUGEPAGES_PREFIX));
        if (nanos % ((PodNanos)page_bytes * NANOS_PER_UNIT) != 0)
                return refuse_quantity(check, field, resource, "whole pages", text);
        if (!pod_amounts_get_row(&check->amounts, page_bytes)) {
                pod_diag_set(check->reterr, check->pod, check->container,
                             "%s.%s: expected at most %u page sizes in a pod, found one more",
                             field, resource, POD_PAGE_SIZES);
                return POD_E_INVALID;
        }
        return 0;
}

static int check_chunks(const Check *check,
                        const char *field,
                        const char *resource,
                        const char *text,
                        PodNanos nanos) {
        ChunkResourceName name;

        if (!chunk_resource_parse(resource, &name))
                return refuse_quantity(check, field, resource, "a chunk size such as 1gi or 512mi",
                                       resource + strlen(CHUNK_RESOURCE_PREFIX));
        if (!check->container) {
                pod_diag_set(check->reterr, check->pod, NULL,
                             "%s.%s: expected chunks in a container, found them in the pod itself",
                             field, resource);
                return POD_E_INVALID;
        }
        if (nanos % NANOS_PER_UNIT != 0)
                return refuse_quantity(check, field, resource, "a number of chunks", text);
        return 0;
}

static int check_quantity(Check *check, const char *field, const char *resource, const char *text) {
        PodNanos nanos;

        if (!pod_nanos_parse(text, &nanos))
                return refuse_quantity(check, field, resource, "an amount of 0 or more", text);
        if (nanos / NANOS_PER_UNIT > INT64_MAX)
                return refuse_quantity(check, field, resource, "at most 2^63-1", text);
        if (is_hugepages(resource))
                return check_pages(check, field, resource, text, nanos);
        if (is_chunk(resource))
                return check_chunks(check, field, resource, text, nanos);
        return 0;
}

static int
check_list(Check *check, const char *field, const PodQuantity *quantities, size_t n_quantities) {
        if (n_quantities > POD_RESOURCES_MAX) {
                pod_diag_set(check->reterr, check->pod, check->container,
                             "%s: expected at most %u resources, found %zu", field,
                             POD_RESOURCES_MAX, n_quantities);
                return POD_E_INVALID;
        }
        for (size_t i = 0; i < n_quantities; ++i) {
                const char *resource = get_text(quantities[i].name);
                int r;

                if (!is_resource_name(resource))
                        return refuse_text(check, "the name of a resource", resource);
                if (pod_quantities_find(quantities, i, resource))
                        return refuse_quantity(check, field, resource, "each resource once",
                                               resource);
                r = check_quantity(check, field, resource, get_text(quantities[i].quantity));
                if (r != 0)
                        return r;
        }
        return 0;
}

/* @resource: one that stands in requests, in limits or in both; all of them were checked */
static int check_pair(const Check *check, const PodResources *resources, const char *resource) {
        const char *request =
                pod_quantities_find(resources->requests, resources->n_requests, resource);
        const char *limit = pod_quantities_find(resources->limits, resources->n_limits, resource);
        PodNanos request_nanos = 0, limit_nanos = 0;
        char quoted[2][QUOTE_MAX];
        bool must_be_equal = is_hugepages(resource) || is_chunk(resource);

        if (request)
                (void)pod_nanos_parse(request, &request_nanos);
        if (limit)
                (void)pod_nanos_parse(limit, &limit_nanos);
        if (must_be_equal && (!request || !limit || request_nanos != limit_nanos)) {
                pod_diag_set(check->reterr, check->pod, check->container,
                             "%s: expected equal requests and limits, found %s and %s", resource,
                             request ? quote_format(request, strlen(request), quoted[0]) : "none",
                             limit ? quote_format(limit, strlen(limit), quoted[1]) : "none");
                return POD_E_INVALID;
        }
        if (request && limit && request_nanos > limit_nanos) {
                pod_diag_set(check->reterr, check->pod, check->container,
                             "requests.%s: expected at most the limit of %s, found %s", resource,
                             quote_format(limit, strlen(limit), quoted[1]),
                             quote_format(request, strlen(request), quoted[0]));
                return POD_E_INVALID;
        }
        return 0;
}

/* Of one size; of several NUMA nodes only by their own resources, which are then all of them that.
 * @resources: every pair was checked, so that requests have all that limits have */
static int check_chunk_sizes(const Check *check, const PodResources *resources) {
        ChunkResourceName first_name, name;
        const char *first = NULL;

        for (size_t i = 0; i < resources->n_requests; ++i) {
                const char *resource = resources->requests[i].name;

                if (!chunk_resource_parse(resource, &name))
                        continue;
                if (first && !chunk_resource_is_alike(&first_name, &name)) {
                        pod_diag_set(check->reterr, check->pod, check->container,
                                     "requests.%s: expected chunks of one size and kind, found %s "
                                     "as well",
                                     first, resource);
                        return POD_E_INVALID;
                }
                if (!first)
                        first_name = name;
                first = first ? first : resource;
        }
        return 0;
}

static int check_resources(Check *check, const PodResources *resources) {
        int r;

        r = check_list(check, "requests", resources->requests, resources->n_requests);
        if (r == 0)
                r = check_list(check, "limits", resources->limits, resources->n_limits);
        for (size_t i = 0; i < resources->n_requests && r == 0; ++i)
                r = check_pair(check, resources, resources->requests[i].name);
        for (size_t i = 0; i < resources->n_limits && r == 0; ++i)
                r = check_pair(check, resources, resources->limits[i].name);
        return r == 0 ? check_chunk_sizes(check, resources) : r;
}

static int check_names(const Check *check) {
        const char *namespace_name = get_text(check->pod->namespace_name);
        const char *name = get_text(check->pod->name);

        if (!pod_is_uid(get_text(check->pod->uid)))
                return refuse_text(check, "a UID of 1 to 63 letters, digits and hyphens",
                                   get_text(check->pod->uid));
        if (namespace_name[0] && !pod_is_namespace(namespace_name))
                return refuse_text(check, "a DNS label as the namespace", namespace_name);
        if (name[0] && !pod_is_name(name))
                return refuse_text(check, "a DNS subdomain as the name of the pod", name);
        return 0;
}

/* The container at @i; those before it were checked. */
static int check_container(Check *check, size_t i) {
        const PodContainer *container = &check->pod->containers[i];
        const char *name = get_text(container->name);

        if (!pod_is_container_name(name))
                return refuse_text(check, "a DNS label as the name of a container", name);
        check->container = name;
        for (size_t before = 0; before < i; ++before)
                if (strcmp(check->pod->containers[before].name, name) == 0)
                        return refuse_text(check, "each name of a container once", name);
        return check_resources(check, &container->resources);
}

int pod_check(const Pod *pod, Diag *reterr) {
        Check check = { .pod = pod, .reterr = reterr };
        bool has_app = false;
        int r;

        r = check_names(&check);
        if (r != 0)
                return r;
        if (pod->n_containers > POD_CONTAINERS_MAX) {
                pod_diag_set(reterr, pod, NULL, "expected at most %u containers, found %zu",
                             POD_CONTAINERS_MAX, pod->n_containers);
                return POD_E_INVALID;
        }
        r = check_resources(&check, &pod->resources);
        for (size_t i = 0; i < pod->n_containers && r == 0; ++i) {
                has_app = has_app || !pod->containers[i].is_init;
                r = check_container(&check, i);
                check.container = NULL;
        }
        if (r == 0 && !has_app)
                return refuse_text(&check, "a container that is no init container", "");
        return r;
}
