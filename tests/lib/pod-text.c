/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pod-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "memory=1Gi/2Gi" */
static bool add_resource(PodText *self, PodResources *resources, char *word) {
        char *limit = word, *request, *name = strsep(&limit, "=");

        if (!limit || self->n_requests == POD_TEXT_QUANTITIES_MAX ||
            self->n_limits == POD_TEXT_QUANTITIES_MAX)
                return false;
        request = strsep(&limit, "/");
        if (!limit)
                limit = request;
        if (strcmp(request, "-") != 0) {
                self->requests[self->n_requests++] = (PodQuantity){ name, request };
                ++resources->n_requests;
        }
        if (strcmp(limit, "-") != 0) {
                self->limits[self->n_limits++] = (PodQuantity){ name, limit };
                ++resources->n_limits;
        }
        return true;
}

static bool add_resources(PodText *self, PodResources *resources, char *words) {
        char *word;

        *resources = (PodResources){ .requests = &self->requests[self->n_requests],
                                     .limits = &self->limits[self->n_limits] };
        while ((word = strsep(&words, " ")) != NULL)
                if (word[0] && !add_resource(self, resources, word))
                        return false;
        return true;
}

static bool add_annotation(PodText *self, char *words) {
        char *value = words, *name = strsep(&value, " ");

        if (!value || self->pod.n_annotations == POD_TEXT_ANNOTATIONS_MAX)
                return false;
        self->annotations[self->pod.n_annotations++] = (PodAnnotation){ name, value };
        return true;
}

/* @kind: "app" or "app:name" */
static bool add_container(PodText *self, char *kind, char *words) {
        const size_t i = self->pod.n_containers;
        char *name = kind;
        PodContainer *container;

        if (i == POD_TEXT_CONTAINERS_MAX)
                return false;
        container = &self->containers[i];
        (void)strsep(&name, ":");
        (void)snprintf(self->names[i], sizeof(self->names[i]), "c%zu", i);
        *container = (PodContainer){
                .name = name ? name : self->names[i],
                .is_init = strcmp(kind, "app") != 0,
                .is_restartable = strcmp(kind, "side") == 0,
        };
        if (container->is_init && !container->is_restartable && strcmp(kind, "init") != 0)
                return false;
        ++self->pod.n_containers;
        return add_resources(self, &container->resources, words);
}

static bool add_part(PodText *self, char *part) {
        char *kind;

        part += strspn(part, " ");
        kind = strsep(&part, " ");
        if (!part)
                part = kind + strlen(kind);
        if (strcmp(kind, "pod") == 0)
                return add_resources(self, &self->pod.resources, part);
        if (strcmp(kind, "note") == 0)
                return add_annotation(self, part);
        return add_container(self, kind, part);
}

bool pod_text_parse(PodText *self, const char *text) {
        char *rest, *part;

        pod_text_deinit(self);
        self->copy = rest = strdup(text);
        if (!rest)
                return false;
        self->pod = (Pod){ .uid = "5eed", .namespace_name = "default", .name = "web" };
        self->pod.containers = self->containers;
        self->pod.annotations = self->annotations;
        while ((part = strsep(&rest, ";")) != NULL)
                if (part[strspn(part, " ")] && !add_part(self, part))
                        return false;
        return true;
}

void pod_text_deinit(PodText *self) {
        free(self->copy);
        *self = (PodText){};
}
