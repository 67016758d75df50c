/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/simulate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest-pods.h"
#include "manifest/manifest.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/input.h"
#include "slugctl/private-daemon.h"
#include "slugctl/request.h"
#include "slugctl/words.h"

/*
 * The file is read before anybody is asked, so that a mistake in it costs nothing. With --root the
 * daemon is a private one: a captured machine has no claims but those that it was captured with.
 */
#define TIMEOUT_SEC 120u

static const Option options[] = {
        REQUEST_MODE_OPTION,
        { .name = "from-empty", .help = "as if nothing were claimed yet" },
        { .name = "root",
          .argument = "DIR",
          .is_path = true,
          .help = "on the machine whose files are below DIR; starts a slugd for it" },
};

static int read_file(const char *file, const char **ret_source, Buffer *ret, Diag *reterr) {
        const int r = input_read(file, MANIFEST_INPUT_MAX, ret_source, ret, reterr);

        if (r == INPUT_E_TOO_LARGE)
                diag_set(reterr, *ret_source, 0, 0,
                         "more than %u MiB; split it, or leave fields out",
                         MANIFEST_INPUT_MAX / (1024 * 1024));
        return r > 0 ? MANIFEST_PODS_E_INVALID : r;
}

static void tell_skipped(const ManifestPods *pods) {
        char text[DIAG_FORMATTED_MAX];

        if (pods->n_skipped == 0)
                return;
        (void)fprintf(stderr, "slugctl: %s\n", diag_format(&pods->first_skipped, text));
        if (pods->n_skipped > 1)
                (void)fprintf(stderr, "slugctl: and %zu more objects left out\n",
                              pods->n_skipped - 1);
}

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__SimulateRequest message = SLUG__V1__SIMULATE_REQUEST__INIT;
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        const char *source;
        ManifestPods pods;
        int r;

        r = read_file(context->arguments[0], &source, &text, reterr);
        if (r == 0)
                r = arena_new(MANIFEST_PODS_ARENA_MAX, &arena);
        if (r == 0)
                r = manifest_pods_read(arena, source, text.data ? text.data : "", text.n_data,
                                       &pods, reterr);
        if (r)
                return r > 0 ? VERB_E_INPUT : r;
        tell_skipped(&pods);
        message.pods = pods.items;
        message.n_pods = pods.n_items;
        message.mode = request_get_mode(context);
        message.from_empty = verb_find_option(context, "from-empty") != NULL;
        return request_encode(&message.base, request);
}

/* Text */

static void add_pod(Table *table, const Slug__V1__SimulatedPod *pod, NumaStates states) {
        _cleanup_(buffer_deinitp) Buffer nodes = {}, pages = {};
        ClaimAmounts amounts = {};

        for (size_t i = 0; i < pod->n_claims; ++i)
                if (!pod->claims[i]->within_pod)
                        claim_add_amounts(pod->claims[i], states, &amounts);
        claim_append_nodes(pod->claims, pod->n_claims, &nodes);
        claim_append_pages(&amounts, &pages);
        table_printf(table, TONE_PLAIN, "%s/%s", pod->namespace_, pod->name);
        table_add(table, pod->fits ? TONE_GOOD : TONE_BAD, pod->fits ? "yes" : "no");
        table_add_built(table, TONE_PLAIN, &nodes);
        table_add_bytes(table, amounts.local);
        table_add_bytes(table, amounts.remote);
        if (table->style->is_wide)
                table_add_built(table, TONE_PLAIN, &pages);
        table_add_or(table, pod->refusal, "-");
}

void simulation_append(const Slug__V1__SimulateResponse *response,
                       const Style *style,
                       Buffer *buffer) {
        static const char *const plain[] = { "Pod",   "Fits",   "NUMA Nodes",
                                             "Local", "Remote", "Why Not" };
        static const char *const wide[] = { "Pod",    "Fits",      "NUMA Nodes", "Local",
                                            "Remote", "Hugepages", "Why Not" };
        const NumaStates states = { response->numa_nodes, response->n_numa_nodes };
        _cleanup_(table_deinitp) Table table =
                table_init(style, style->is_wide ? ELEMENTSOF(wide) : ELEMENTSOF(plain));

        if (response->n_pods == 0) {
                buffer_append_text(buffer, "No pods\n");
                return;
        }
        table_set_headers(&table, style->is_wide ? wide : plain);
        for (size_t i = 0; i < response->n_pods; ++i)
                add_pod(&table, response->pods[i], states);
        table_append(&table, 0, buffer);
        buffer_printf(buffer, "\n%" PRIu32 " of %zu pod%s fit%s\n", response->fit_count,
                      response->n_pods, response->n_pods == 1 ? "" : "s",
                      response->n_pods == 1 ? "s" : "");
        numa_states_append(states, "What would be left:", style, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        simulation_append((const Slug__V1__SimulateResponse *)message, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        const Slug__V1__SimulateResponse *response = (const Slug__V1__SimulateResponse *)message;

        return response->fit_count == response->n_pods ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_private(const VerbContext *context, const char *root, const char *request) {
        _cleanup_(private_daemon_stopp) PrivateDaemon daemon = PRIVATE_DAEMON_NULL;
        VerbContext of_daemon = *context;
        Diag diag = {};
        int r;

        r = private_daemon_start(&daemon, root, &diag);
        if (r)
                return call_complain(r, &diag);
        of_daemon.socket = daemon.socket;
        of_daemon.wait_sec = 0;
        return call_send(&of_daemon, request);
}

static int run(const VerbContext *context) {
        const char *root = verb_find_option(context, "root");
        _cleanup_(buffer_deinitp) Buffer request = {};
        int status;

        if (!call_write(context, &request, &status))
                return status;
        return root ? run_private(context, root, request.data) : call_send(context, request.data);
}

const Verb verb_simulate = {
        .name = "simulate",
        .arguments = " FILE|-",
        .summary = "would these pods fit, and what would be left",
        .help = "Reads Kubernetes manifests and tells of each pod, in the order of the file, "
                "whether\n"
                "its memory would fit, on which NUMA nodes, and what is missing if not. Nothing "
                "is\n"
                "promised and nothing changes. If a pod does not fit the exit status is 1.\n"
                "\n"
                "FILE is YAML or JSON: pods and lists of pods, as kubectl prints them, and what "
                "makes\n"
                "pods of a template, with as many as it wants: Deployment, StatefulSet, "
                "ReplicaSet,\n"
                "Job and CronJob; DaemonSet makes one. At most 4096 pods.\n"
                "\n"
                "--root asks about another machine, whose files are below DIR, as 'slugctl "
                "capture'\n"
                "takes them.\n"
                "\n"
                "Examples:\n"
                "  slugctl simulate web.yaml\n"
                "  kubectl get pods -A -o json | slugctl simulate --from-empty -\n"
                "  mkdir node7 && tar -xf node7.tar -C node7 &&\n"
                "    slugctl simulate --root node7 web.yaml\n",
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .takes_path = true,
        .run = run,
        .path = "/slug.v1.MemoryManagerService/Simulate",
        .response = &slug__v1__simulate_response__descriptor,
        .write_request = write_request,
        .render = render,
        .get_status = get_status,
        .timeout_sec = TIMEOUT_SEC,
};
