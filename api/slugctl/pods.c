/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/pods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nodeset.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/listed-pod.h"
#include "slugctl/request.h"

/*
 * The columns are a list of functions, as those of NUMA nodes are; the wide table has one more for
 * each NUMA node that any pod uses. The plain one is kept within 100 columns for the names that
 * pods usually have, so the limit is in the wide one alone.
 */
#define PODS_MAX_AGE_MSEC 1000u /* a person who asks wants to see what is now */

static const Option options[] = {
        { .name = "namespace",
          .letter = 'n',
          .argument = "NAME",
          .help = "only pods of this namespace" },
        { .name = "sort",
          .argument = "KEY",
          .words = listed_pod_sort_words,
          .help = "name (the default), usage, local, remote, growth,\n"
                  "pressure or size; the largest first" },
};

static void add_namespace(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_or(table, pod->namespace_, "-");
}

static void add_name(Table *table, const Slug__V1__ListedPod *pod) {
        table_add(table, TONE_PLAIN, listed_pod_get_name(pod));
}

static void add_qos(Table *table, const Slug__V1__ListedPod *pod) {
        table_add(table, TONE_PLAIN, qos_class_word(pod->qos_class));
}

static void add_state(Table *table, const Slug__V1__ListedPod *pod) {
        table_add(table, pod_state_tone(pod->state), pod_state_word(pod->state));
}

static void add_request(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_opt_bytes(table, MESSAGE_OPT(pod, request_bytes));
}

static void add_limit(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_limit(table, MESSAGE_OPT(pod, request_bytes), MESSAGE_OPT(pod, limit_bytes));
}

static void add_local(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_opt_bytes(table, usage_get_local(pod->usage));
}

static void add_remote(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_opt_bytes(table, usage_get_remote(pod->usage));
}

static void add_claims(Table *table, const Slug__V1__ListedPod *pod) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        listed_pod_append_claims(pod, &text);
        table_add_built(table, listed_pod_get_claims_tone(pod), &text);
}

static void add_size(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_opt_bytes(table, pod->size_source ? opt_u64(pod->size_bytes) : (OptU64){});
}

static void add_source(Table *table, const Slug__V1__ListedPod *pod) {
        table_add(table, TONE_PLAIN, pod_size_source_word(pod->size_source));
}

static void add_confidence(Table *table, const Slug__V1__ListedPod *pod) {
        table_add(table, TONE_PLAIN, pod_size_confidence_word(pod->size_confidence));
}

static void add_uid(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_or(table, pod->uid, "-");
}

static void add_cgroup(Table *table, const Slug__V1__ListedPod *pod) {
        table_add_or(table, pod->cgroup, "<none>");
}

static const struct {
        const char *header;
        void (*add)(Table *table, const Slug__V1__ListedPod *pod); /* NULL: the NUMA nodes */
        bool is_wide_only;
} columns[] = {
        { "Namespace", add_namespace, false },
        { "Name", add_name, false },
        { "QoS", add_qos, false },
        { "State", add_state, false },
        { "Request", add_request, false },
        { "Limit", add_limit, true },
        { "Local", add_local, false },
        { "Remote", add_remote, false },
        { NULL, NULL, true },
        { "Claim", add_claims, false },
        { "Size", add_size, true },
        { "From", add_source, true },
        { "Confidence", add_confidence, true },
        { "UID", add_uid, true },
        { "Cgroup", add_cgroup, true },
};

static NodeSet find_numa_nodes(const Slug__V1__ListPodsResponse *response) {
        NodeSet nodes = {};

        for (size_t i = 0; i < response->n_pods; ++i) {
                const Slug__V1__PodUsage *usage = response->pods[i]->usage;

                for (size_t k = 0; usage && k < usage->n_numa_nodes; ++k)
                        if (usage->numa_nodes[k]->numa_node < NODESET_MAX)
                                nodeset_add(&nodes, usage->numa_nodes[k]->numa_node);
        }
        return nodes;
}

static size_t count_columns(const Style *style, const NodeSet *nodes) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(columns); ++i)
                if (style->is_wide || !columns[i].is_wide_only)
                        n += columns[i].add ? 1 : nodeset_count(nodes);
        return n;
}

static void add_headers(Table *table, const NodeSet *nodes) {
        for (size_t i = 0; i < ELEMENTSOF(columns); ++i) {
                if (columns[i].is_wide_only && !table->style->is_wide)
                        continue;
                if (columns[i].add)
                        table_add(table, TONE_BOLD, columns[i].header);
                else
                        NODESET_FOREACH (node, nodes)
                                table_printf(table, TONE_BOLD, "N%u", node);
        }
        table_end_headers(table);
}

static void add_pod(Table *table, const Slug__V1__ListedPod *pod, const NodeSet *nodes) {
        for (size_t i = 0; i < ELEMENTSOF(columns); ++i) {
                if (columns[i].is_wide_only && !table->style->is_wide)
                        continue;
                if (columns[i].add)
                        columns[i].add(table, pod);
                else
                        NODESET_FOREACH (node, nodes)
                                table_add_opt_bytes(table, usage_get_numa_node(pod->usage, node));
        }
}

void pods_append(const Slug__V1__ListPodsResponse *response, const Style *style, Buffer *buffer) {
        const NodeSet nodes = find_numa_nodes(response);
        _cleanup_(table_deinitp) Table table = table_init(style, count_columns(style, &nodes));

        add_headers(&table, &nodes);
        for (size_t i = 0; i < response->n_pods; ++i)
                add_pod(&table, response->pods[i], &nodes);
        if (response->n_pods > 0)
                table_append(&table, 0, buffer);
        else
                buffer_append_text(buffer, "No pods found\n");
        pods_problems_append(response, style, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        pods_append((const Slug__V1__ListPodsResponse *)message, style, buffer);
}

static int write_request(const VerbContext *context, Buffer *request, _unused_ Diag *reterr) {
        Slug__V1__ListPodsRequest message = SLUG__V1__LIST_PODS_REQUEST__INIT;
        const char *namespace_name = verb_find_option(context, "namespace");

        if (namespace_name)
                message.namespace_ = (char *)namespace_name;
        message.max_age_ms = PODS_MAX_AGE_MSEC;
        return request_encode(&message.base, request);
}

/* @answer becomes the same in another order; slugd's own is that of names. */
static int sort(const VerbContext *context, Buffer *answer, Diag *reterr) {
        const char *word = verb_find_option(context, "sort");
        _cleanup_(arena_freep) Arena *arena = NULL;
        Slug__V1__ListPodsResponse *response;
        ProtobufCMessage *message;
        int r;

        if (!word)
                return 0;
        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(context->verb, answer, arena, &message, reterr);
        if (r)
                return r;
        response = (Slug__V1__ListPodsResponse *)message;
        listed_pods_sort(response->pods, response->n_pods,
                         (PodSortKey)option_find_word(
                                 option_find(options, ELEMENTSOF(options), "sort"), word));
        buffer_deinit(answer);
        *answer = (Buffer){};
        return request_encode(message, answer);
}

static int sort_and_print(const VerbContext *context, Buffer *answer, Diag *reterr) {
        const int r = sort(context, answer, reterr);

        return r ? r : call_print(context, answer, reterr);
}

static int run(const VerbContext *context) {
        return call_run_and(context, sort_and_print);
}

const Verb verb_pods = {
        .name = "pods",
        .arguments = "",
        .summary = "every pod on this node, what it asked for, holds and uses",
        .help = "Lists every pod on this node, those that never asked slugd for memory, too: its\n"
                "request, what it uses of local and remote memory now, and its claim. A pod whose\n"
                "name nobody has told goes by its uid. The claim is the memory that was promised\n"
                "to it; 'observed' means that it holds memory and was promised none.\n"
                "\n"
                "-o wide adds the limit, what is used of each NUMA node (N0, N1, ...), the size\n"
                "that slugd reckons with, where that comes from and how sure it is, uid and\n"
                "cgroup. Below the list stands what makes it less than it could be.\n"
                "\n"
                "Examples:\n"
                "  slugctl pods\n"
                "  slugctl pods -n kube-system -o wide | less -S\n"
                "  slugctl pods --sort remote\n"
                "  slugctl pods -o json | jq '.pods[] | select(.sizeSource | test(\"USAGE\"))'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
        .path = "/slug.v1.PodService/ListPods",
        .response = &slug__v1__list_pods_response__descriptor,
        .write_request = write_request,
        .render = render,
};
