/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/operator.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/*
 * A claim for a person goes the way of any other: a pod is made up that asks for it. Its requests
 * are its limits, so that it is a Guaranteed one for whoever computes with it, and an annotation
 * says how its memory is split. Both localities stand there, also one of no bytes: what an
 * annotation leaves out would be reckoned from the other. Where a locality has no ceiling, memory
 * has no limit, because that would be one.
 */
int operator_get_uid(const char *name, char ret[static OPERATOR_UID_MAX], Diag *reterr) {
        const size_t n = strlen(name);

        if (n == 0 || n > OPERATOR_NAME_MAX ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n || name[0] == '-' ||
            name[n - 1] == '-') {
                diag_set(reterr, NULL, 0, 0,
                         "a name is made of 1 to %u of a-z, 0-9 and, inside, '-', not '%s'",
                         OPERATOR_NAME_MAX, name);
                return VERB_E_USAGE;
        }
        (void)snprintf(ret, OPERATOR_UID_MAX, OPERATOR_UID_PREFIX "%s", name);
        return 0;
}

static void append_range(const char *name, SplitRange range, Buffer *text) {
        char min[QUANTITY_TEXT_MAX], max[QUANTITY_TEXT_MAX];

        buffer_printf(text, "%s=%s", name, quantity_format_bytes(range.min, min));
        if (range.max == SPLIT_UNLIMITED)
                buffer_append_text(text, "..max");
        else if (range.max != range.min)
                buffer_printf(text, "..%s", quantity_format_bytes(range.max, max));
}

static int set_annotation(OperatorPod *self, const char *name, const Split *split) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        append_range("local", split->local, &text);
        append_range(",remote", split->remote, &text);
        r = buffer_finish(&text);
        if (r)
                return r;
        (void)snprintf(self->annotation_key, sizeof(self->annotation_key),
                       SPLIT_ANNOTATION_CONTAINER "%s", name);
        (void)snprintf(self->annotation_value, sizeof(self->annotation_value), "%s", text.data);
        slug__v1__pod__annotations_entry__init(&self->annotation);
        self->annotation.key = self->annotation_key;
        self->annotation.value = self->annotation_value;
        self->annotations[0] = &self->annotation;
        return 0;
}

static void add_resource(OperatorPod *self, const char *key, uint64_t bytes) {
        const size_t i = self->n_resources++;

        (void)snprintf(self->keys[i], sizeof(self->keys[i]), "%s", key);
        (void)quantity_format_bytes(bytes, self->values[i]);
        slug__v1__pod_resources__requests_entry__init(&self->requests[i]);
        slug__v1__pod_resources__limits_entry__init(&self->limits[i]);
        self->requests[i].key = self->limits[i].key = self->keys[i];
        self->requests[i].value = self->limits[i].value = self->values[i];
        self->request_list[i] = &self->requests[i];
        self->limit_list[i] = &self->limits[i];
}

/* What a locality may hold; of one without a ceiling, what it is promised. */
static uint64_t get_ceiling(SplitRange range) {
        return range.max == SPLIT_UNLIMITED ? range.min : range.max;
}

static void set_resources(OperatorPod *self, const RequestAmounts *amounts) {
        const uint64_t memory = bytes_add_saturated(get_ceiling(amounts->split.local),
                                                    get_ceiling(amounts->split.remote));

        const bool has_ceiling = amounts->split.local.max != SPLIT_UNLIMITED &&
                                 amounts->split.remote.max != SPLIT_UNLIMITED;

        if (memory > 0)
                add_resource(self, "memory", memory);
        for (size_t i = 0; i < amounts->n_hugepages; ++i) {
                char size[QUANTITY_TEXT_MAX], key[sizeof(self->keys[0])];

                (void)snprintf(key, sizeof(key), "hugepages-%.16s",
                               quantity_format_bytes(amounts->hugepages[i].page_bytes, size));
                add_resource(self, key, amounts->hugepages[i].bytes);
        }
        slug__v1__pod_resources__init(&self->resources);
        self->resources.requests = self->request_list;
        self->resources.n_requests = self->n_resources;
        self->resources.limits = self->limit_list;
        self->resources.n_limits = self->n_resources;
        /* the first is memory, if there is any */
        if (memory > 0 && !has_ceiling) {
                ++self->resources.limits;
                --self->resources.n_limits;
        }
}

int operator_pod_init(OperatorPod *self,
                      const char *name,
                      const RequestAmounts *amounts,
                      Diag *reterr) {
        int r;

        r = operator_get_uid(name, self->uid, reterr);
        if (r == 0)
                r = set_annotation(self, name, &amounts->split);
        if (r)
                return r;
        set_resources(self, amounts);
        slug__v1__pod_container__init(&self->container);
        self->container.name = (char *)name;
        self->container.resources = &self->resources;
        self->containers[0] = &self->container;
        slug__v1__pod__init(&self->message);
        self->message.uid = self->uid;
        self->message.namespace_ = (char *)OPERATOR_NAMESPACE;
        self->message.name = (char *)name;
        self->message.qos_class = SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED;
        self->message.containers = self->containers;
        self->message.n_containers = 1;
        self->message.annotations = self->annotations;
        self->message.n_annotations = 1;
        return 0;
}
