/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "slugctl/describe-pod.h"
#include "slugctl/similar.h"

/*
 * A pod by what a person calls it. A uid is exact; a name may stand in several namespaces, and
 * while a pod is replaced even twice in one. What somebody types of a Deployment's pod is often
 * the beginning of its name, so that counts as similar before slips of the finger do.
 */
#define CANDIDATES_MAX 10u

static bool is_called(const Slug__V1__ListedPod *pod, const char *words) {
        const char *slash = strchr(words, '/');
        const size_t n_namespace = slash ? (size_t)(slash - words) : 0;

        if (!pod->name[0])
                return false;
        if (!slash)
                return strcmp(pod->name, words) == 0;
        return strcmp(pod->name, slash + 1) == 0 && strlen(pod->namespace_) == n_namespace &&
               strncmp(pod->namespace_, words, n_namespace) == 0;
}

static void
append_candidate(const Slug__V1__ListedPod *pod, bool by_uid, const Style *style, Buffer *buffer) {
        buffer_append_text(buffer, "  slugctl describe-pod ");
        if (by_uid || !pod->name[0]) {
                output_text(buffer, style, pod->uid);
        } else {
                output_text(buffer, style, pod->namespace_);
                buffer_append_char(buffer, '/');
                output_text(buffer, style, pod->name);
        }
        buffer_append_char(buffer, '\n');
}

/* Another pod has the same namespace and name. */
static bool has_double(const Slug__V1__ListPodsResponse *response, const Slug__V1__ListedPod *pod) {
        size_t n = 0;

        for (size_t i = 0; i < response->n_pods; ++i)
                n += strcmp(response->pods[i]->name, pod->name) == 0 &&
                     strcmp(response->pods[i]->namespace_, pod->namespace_) == 0;
        return n > 1;
}

static void tell_ambiguous(const Slug__V1__ListPodsResponse *response,
                           const char *words,
                           const Style *style,
                           Buffer *complaint) {
        size_t n = 0;

        buffer_append_text(complaint, "several pods are called ");
        output_text(complaint, style, words);
        buffer_append_text(complaint, "; one of\n");
        for (size_t i = 0; i < response->n_pods && n < CANDIDATES_MAX; ++i) {
                const Slug__V1__ListedPod *pod = response->pods[i];

                if (!is_called(pod, words))
                        continue;
                append_candidate(pod, has_double(response, pod), style, complaint);
                ++n;
        }
}

static bool is_similar(const Slug__V1__ListedPod *pod, const char *words) {
        const char *slash = strchr(words, '/'), *name = slash ? slash + 1 : words;

        if (!name[0])
                return false;
        return strstr(pod->name, name) || strncmp(pod->uid, name, strlen(name)) == 0 ||
               similar_count_edits(name, pod->name) != SIZE_MAX;
}

static void tell_unknown(const Slug__V1__ListPodsResponse *response,
                         const char *words,
                         const Style *style,
                         Buffer *complaint) {
        size_t n = 0;

        buffer_append_text(complaint, "no pod is called ");
        output_text(complaint, style, words);
        for (size_t i = 0; i < response->n_pods && n < CANDIDATES_MAX; ++i) {
                if (!is_similar(response->pods[i], words))
                        continue;
                buffer_append_text(complaint, n == 0 ? "; did you mean\n" : "");
                append_candidate(response->pods[i], has_double(response, response->pods[i]), style,
                                 complaint);
                ++n;
        }
        if (n == 0)
                buffer_append_text(complaint, "; 'slugctl pods' lists those that are there\n");
}

int describe_pod_find(const Slug__V1__ListPodsResponse *response,
                      const char *words,
                      const Slug__V1__ListedPod **ret,
                      const Style *style,
                      Buffer *complaint) {
        const Slug__V1__ListedPod *found = NULL;
        size_t n = 0;

        for (size_t i = 0; i < response->n_pods; ++i) {
                if (strcmp(response->pods[i]->uid, words) == 0) {
                        *ret = response->pods[i];
                        return 0;
                }
                if (!is_called(response->pods[i], words))
                        continue;
                found = response->pods[i];
                ++n;
        }
        if (n == 1) {
                *ret = found;
                return 0;
        }
        if (n > 1)
                tell_ambiguous(response, words, style, complaint);
        else
                tell_unknown(response, words, style, complaint);
        return n > 1 ? DESCRIBE_POD_E_AMBIGUOUS : DESCRIBE_POD_E_UNKNOWN;
}
