/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest-pods.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "manifest/manifest.h"
#include "manifest/pod-spec.h"

/*
 * An object is a pod, a list, or something that makes pods of a template: which it is, and where
 * the template and the number of pods stand, is a row of a table. Pods of one template share all
 * but their names.
 *
 * Every pod has a uid of its own, because the ledger goes by them. One that is missing is made up.
 */
#define LIST_DEPTH_MAX    3u
#define LIST_SUFFIX       "List"
#define LARGEST_PIECE_MAX (64u * 1024) /* of the arena, but for the list of pods */

typedef struct Reader {
        Manifest manifest;
        PodSpecReader specs;
        ManifestPods *pods;
} Reader;

typedef struct Kind {
        const char *name;
        const char *count; /* the field that says how many pods; NULL: one */
        bool has_template;
        bool has_job; /* the template stands in that of a job */
} Kind;

static const Kind kinds[] = {
        { .name = "Pod" },
        { .name = "Deployment", .count = "replicas", .has_template = true },
        { .name = "StatefulSet", .count = "replicas", .has_template = true },
        { .name = "ReplicaSet", .count = "replicas", .has_template = true },
        { .name = "ReplicationController", .count = "replicas", .has_template = true },
        { .name = "DaemonSet", .has_template = true }, /* this is one node */
        { .name = "Job", .count = "parallelism", .has_template = true },
        { .name = "CronJob", .count = "parallelism", .has_template = true, .has_job = true },
};

static const Kind *find_kind(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); ++i)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return NULL;
}

static void skip(Reader *self, const yaml_node_t *node, const char *why, const char *what) {
        char quoted[MANIFEST_QUOTED_MAX];

        if (self->pods->n_skipped++ == 0)
                diag_set(&self->pods->first_skipped, self->manifest.source,
                         (unsigned)node->start_mark.line + 1, (unsigned)node->start_mark.column + 1,
                         "%s %s", manifest_quote(what, quoted), why);
}

/* Metadata */

typedef struct Names {
        const char *name;
        const char *namespace_name;
        const char *uid;
        bool is_prefix; /* the API server would add something to the name */
} Names;

static int read_names(Reader *self, yaml_node_t *metadata, const yaml_node_t *object, Names *ret) {
        ManifestField fields[] = { { .name = "name" },
                                   { .name = "generateName" },
                                   { .name = "namespace" },
                                   { .name = "uid" } };
        Names names = {};
        int r;

        r = manifest_bind(&self->manifest, metadata, "metadata", fields, ELEMENTSOF(fields));
        if (r == 0)
                r = manifest_get_text(&self->manifest, fields[0].node, "the name", &names.name);
        if (r == 0 && !names.name[0]) {
                r = manifest_get_text(&self->manifest, fields[1].node, "generateName", &names.name);
                names.is_prefix = true;
        }
        if (r == 0)
                r = manifest_get_text(&self->manifest, fields[2].node, "the namespace",
                                      &names.namespace_name);
        if (r == 0)
                r = manifest_get_text(&self->manifest, fields[3].node, "the uid", &names.uid);
        if (r)
                return r;
        if (!names.name[0])
                return manifest_refuse(&self->manifest, metadata ? metadata : object,
                                       "it has no name; give it one: metadata: {name: NAME}");
        *ret = names;
        return 0;
}

/* ManifestPods */

/* @number: of pods of a template; NULL: it is the only one. */
static int add_pod(Reader *self,
                   const Slug__V1__Pod *like,
                   const Names *names,
                   const uint64_t *number,
                   const yaml_node_t *node) {
        ManifestPods *pods = self->pods;
        Arena *arena = self->specs.arena;
        Slug__V1__Pod *pod;

        if (pods->n_items == MANIFEST_PODS_MAX)
                return manifest_refuse(&self->manifest, node, "more than %u pods in all",
                                       MANIFEST_PODS_MAX);
        pod = arena_alloc(arena, sizeof(*pod));
        if (!pod)
                return -ENOMEM;
        *pod = *like;
        if (number)
                pod->name = arena_printf(arena, "%s-%" PRIu64, names->name, *number);
        else if (names->is_prefix)
                pod->name = arena_printf(arena, "%s%zu", names->name, pods->n_items);
        else
                pod->name = arena_strdup(arena, names->name);
        pod->namespace_ =
                arena_strdup(arena, names->namespace_name[0] ? names->namespace_name : "default");
        if (names->uid[0] && !number)
                pod->uid = arena_strdup(arena, names->uid);
        else
                pod->uid = arena_printf(arena, "simulated-%zu", pods->n_items);
        if (!pod->name || !pod->namespace_ || !pod->uid)
                return -ENOMEM;
        pods->items[pods->n_items++] = pod;
        return 0;
}

static bool has_ended(const char *phase) {
        return strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

static Slug__V1__QosClass parse_qos(const char *text) {
        if (strcmp(text, "Guaranteed") == 0)
                return SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED;
        if (strcmp(text, "Burstable") == 0)
                return SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE;
        if (strcmp(text, "BestEffort") == 0)
                return SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT;
        return SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED;
}

static int read_pod(Reader *self, yaml_node_t *object) {
        ManifestField fields[] = { { .name = "metadata" },
                                   { .name = "spec" },
                                   { .name = "status" } };
        ManifestField status[] = { { .name = "phase" }, { .name = "qosClass" } };
        Slug__V1__Pod pod = SLUG__V1__POD__INIT;
        const char *phase, *qos;
        Names names;
        int r;

        r = manifest_bind(&self->manifest, object, "a pod", fields, ELEMENTSOF(fields));
        if (r == 0)
                r = read_names(self, fields[0].node, object, &names);
        if (r == 0)
                r = manifest_bind(&self->manifest, fields[2].node, "status", status,
                                  ELEMENTSOF(status));
        if (r == 0)
                r = manifest_get_text(&self->manifest, status[0].node, "the phase", &phase);
        if (r == 0)
                r = manifest_get_text(&self->manifest, status[1].node, "qosClass", &qos);
        if (r)
                return r;
        if (has_ended(phase)) {
                skip(self, object, "has ended and holds no memory; left out", names.name);
                return 0;
        }
        r = pod_spec_read(&self->specs, object, fields[0].node, fields[1].node, &pod);
        if (r)
                return r;
        pod.qos_class = parse_qos(qos);
        return add_pod(self, &pod, &names, NULL, object);
}

/* Templates */

/* From the spec of a CronJob to that of its job. */
static int enter_job(Reader *self, yaml_node_t **spec) {
        ManifestField outer[] = { { .name = "jobTemplate" } }, inner[] = { { .name = "spec" } };
        int r;

        r = manifest_bind(&self->manifest, *spec, "spec", outer, ELEMENTSOF(outer));
        if (r == 0)
                r = manifest_bind(&self->manifest, outer[0].node, "jobTemplate", inner,
                                  ELEMENTSOF(inner));
        if (r == 0)
                *spec = inner[0].node;
        return r;
}

static int read_template(Reader *self,
                         const Kind *kind,
                         yaml_node_t *object,
                         yaml_node_t *spec,
                         const Names *names) {
        ManifestField fields[] = { { .name = "template" },
                                   { .name = kind->count ? kind->count : "" } };
        ManifestField parts[] = { { .name = "metadata" }, { .name = "spec" } };
        Slug__V1__Pod pod = SLUG__V1__POD__INIT;
        uint64_t n = 1;
        int r = 0;

        if (kind->has_job)
                r = enter_job(self, &spec);
        if (r == 0)
                r = manifest_bind(&self->manifest, spec, "spec", fields, kind->count ? 2 : 1);
        if (r == 0)
                r = manifest_get_number(&self->manifest, fields[1].node, fields[1].name, &n);
        if (r == 0)
                r = manifest_bind(&self->manifest, fields[0].node, "template", parts,
                                  ELEMENTSOF(parts));
        if (r == 0)
                r = pod_spec_read(&self->specs, fields[0].node ? fields[0].node : object,
                                  parts[0].node, parts[1].node, &pod);
        for (uint64_t i = 0; r == 0 && i < n; ++i)
                r = add_pod(self, &pod, names, kind->count ? &i : NULL,
                            fields[1].node ? fields[1].node : object);
        return r;
}

static int read_owner(Reader *self, const Kind *kind, yaml_node_t *object) {
        ManifestField fields[] = { { .name = "metadata" }, { .name = "spec" } };
        Names names;
        int r;

        r = manifest_bind(&self->manifest, object, kind->name, fields, ELEMENTSOF(fields));
        if (r == 0)
                r = read_names(self, fields[0].node, object, &names);
        if (r)
                return r;
        names.uid = "";
        return read_template(self, kind, object, fields[1].node, &names);
}

/* Objects */

/* "PodList": what its items are when they do not say; "List" says nothing. */
static int read_list(Reader *self, yaml_node_t *object, const char *kind, unsigned depth);

/* @usual: the kind of an object that has none; "" when it must have one. */
static int read_object(Reader *self, yaml_node_t *object, const char *usual, unsigned depth) {
        ManifestField fields[] = { { .name = "kind" } };
        const Kind *known;
        const char *kind;
        int r;

        r = manifest_bind(&self->manifest, object, "an object", fields, ELEMENTSOF(fields));
        if (r == 0)
                r = manifest_get_text(&self->manifest, fields[0].node, "the kind", &kind);
        if (r)
                return r;
        kind = kind[0] ? kind : usual;
        if (!kind[0])
                return manifest_refuse(&self->manifest, object,
                                       "it has no kind; an object of Kubernetes has one, as "
                                       "'kind: Pod'");
        known = find_kind(kind);
        if (known)
                return known->has_template ? read_owner(self, known, object)
                                           : read_pod(self, object);
        if (strlen(kind) >= strlen(LIST_SUFFIX) &&
            strcmp(kind + strlen(kind) - strlen(LIST_SUFFIX), LIST_SUFFIX) == 0)
                return read_list(self, object, kind, depth);
        skip(self, object, "makes no pods; left out", kind);
        return 0;
}

static int read_list(Reader *self, yaml_node_t *object, const char *kind, unsigned depth) {
        ManifestField fields[] = { { .name = "items" } };
        char usual[MANIFEST_QUOTED_MAX];
        size_t n_items;
        int r;

        if (depth == LIST_DEPTH_MAX)
                return manifest_refuse(&self->manifest, object, "lists nested deeper than %u",
                                       LIST_DEPTH_MAX);
        (void)snprintf(usual, sizeof(usual), "%.*s", (int)(strlen(kind) - strlen(LIST_SUFFIX)),
                       kind);
        r = manifest_bind(&self->manifest, object, kind, fields, ELEMENTSOF(fields));
        if (r == 0)
                r = manifest_count_items(&self->manifest, fields[0].node, "items", &n_items);
        for (size_t i = 0; r == 0 && i < n_items; ++i)
                r = read_object(self, manifest_get_item(&self->manifest, fields[0].node, i), usual,
                                depth + 1);
        return r;
}

static int read_documents(Reader *self) {
        yaml_node_t *root;
        int r;

        for (;;) {
                r = manifest_next(&self->manifest, &root);
                if (r || !root)
                        return r;
                r = read_object(self, root, "", 0);
                if (r)
                        return r;
        }
}

int manifest_pods_read(Arena *arena,
                       const char *source,
                       const char *data,
                       size_t n_data,
                       ManifestPods *ret,
                       Diag *reterr) {
        ManifestPods pods = { .items = arena_alloc_array(arena, MANIFEST_PODS_MAX,
                                                         sizeof(Slug__V1__Pod *)) };
        Reader self = { .pods = &pods };
        int r;

        if (!pods.items)
                return -ENOMEM;
        r = manifest_open(&self.manifest, source, data, n_data, reterr);
        self.specs = (PodSpecReader){ .manifest = &self.manifest, .arena = arena };
        if (r == 0)
                r = read_documents(&self);
        manifest_deinit(&self.manifest);
        if (r == -ENOMEM && !arena_has_room(arena, LARGEST_PIECE_MAX)) {
                diag_set(reterr, source, 0, 0, "more than %u MiB of pods; split it",
                         MANIFEST_PODS_ARENA_MAX / (1024 * 1024));
                return MANIFEST_PODS_E_INVALID;
        }
        if (r)
                return r < 0 ? r : MANIFEST_PODS_E_INVALID;
        if (pods.n_items == 0) {
                diag_set(reterr, source, 0, 0, "there are no pods in it");
                return MANIFEST_PODS_E_INVALID;
        }
        *ret = pods;
        return 0;
}
