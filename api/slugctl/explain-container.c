/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "slugctl/claim.h"
#include "slugctl/enforced.h"
#include "slugctl/explain.h"
#include "slugctl/listed-pod.h"
#include "slugctl/request.h"

/*
 * What the controller wants now and by which means, then what is where, then what it did so far,
 * the newest last.
 */

/* "NAMESPACE/POD/CONTAINER", or "UID/CONTAINER". @text: its slashes become the ends of strings. */
static bool split_name(char *text, Slug__V1__ExplainContainerRequest *message) {
        char *first = strchr(text, '/'), *second = first ? strchr(first + 1, '/') : NULL;

        if (!first || (second && strchr(second + 1, '/')))
                return false;
        *first = '\0';
        if (!second) {
                message->pod_uid = text;
                message->container = first + 1;
        } else {
                *second = '\0';
                message->namespace_ = text;
                message->pod = first + 1;
                message->container = second + 1;
        }
        return text[0] && first[1] && (!second || second[1]);
}

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__ExplainContainerRequest message = SLUG__V1__EXPLAIN_CONTAINER_REQUEST__INIT;
        _cleanup_(freep) char *name = strdup(context->arguments[1]);

        if (!name)
                return -ENOMEM;
        if (!split_name(name, &message)) {
                diag_set(reterr, NULL, 0, 0,
                         "a container is NAMESPACE/POD/CONTAINER or UID/CONTAINER, not '%s'",
                         context->arguments[1]);
                return VERB_E_USAGE;
        }
        return request_encode(&message.base, request);
}

/* What it is */

static void add_field(Table *table, const char *key, const char *value, const char *otherwise) {
        table_add(table, TONE_PLAIN, key);
        table_add_or(table, value, otherwise);
}

static void add_built_field(Table *table, const char *key, Buffer *value) {
        table_add(table, TONE_PLAIN, key);
        table_add_built(table, TONE_PLAIN, value);
}

/* A word, and the sentence behind it. */
static void
add_explained(Table *table, const char *key, Tone tone, const char *word, const char *why) {
        table_add(table, TONE_PLAIN, key);
        table_printf(table, tone, "%s%s%s", word, why[0] ? ": " : "", why);
}

static void
add_seconds(Table *table, const char *key, const char *before, uint64_t usec, const char *behind) {
        table_add(table, TONE_PLAIN, key);
        table_printf(table, TONE_PLAIN, "%s%" PRIu64 ".%" PRIu64 " s%s", before,
                     usec / USEC_PER_SEC, usec % USEC_PER_SEC / (USEC_PER_SEC / 10), behind);
}

static void
append_identity(const Slug__V1__EnforcedContainer *container, const Style *style, Buffer *buffer) {
        const OptU64 over = MESSAGE_OPT(container, over_usec);
        _cleanup_(table_deinitp) Table table = table_init(style, 2);
        _cleanup_(buffer_deinitp) Buffer name = {}, nodes = {};

        if (container->namespace_[0] && container->pod[0])
                buffer_printf(&name, "%s/%s/", container->namespace_, container->pod);
        else
                buffer_printf(&name, "%s/", container->pod_uid);
        buffer_append_text(&name, container->container[0] ? container->container
                                                          : container->container_id);
        placement_append(container->numa_nodes, container->n_numa_nodes, &nodes);
        add_built_field(&table, "Container:", &name);
        add_field(&table, "Pod UID:", container->pod_uid, "<unknown>");
        add_explained(&table, "State:", enforcement_state_tone(container->state),
                      enforcement_state_word(container->state), container->reason);
        add_explained(&table, "Backend:", TONE_PLAIN, enforcement_backend_word(container->backend),
                      container->backend_reason);
        if (over.present)
                add_seconds(&table, "Over Ceiling:", "for ", over.value, "");
        add_field(&table, "Cgroup:", container->cgroup, "<none>");
        add_built_field(&table, "NUMA Nodes:", &nodes);
        add_seconds(&table, "Sampled:", "", container->sample_age_usec, " ago");
        table_append(&table, 0, buffer);
}

static void
append_split(const Slug__V1__EnforcedContainer *container, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { ENFORCED_HEADERS };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        enforced_add(&table, container, NULL, 0);
        output_heading(buffer, style, "Split:");
        table_append(&table, 2, buffer);
}

static void
append_notes(const Slug__V1__EnforcedContainer *container, const Style *style, Buffer *buffer) {
        if (container->n_notes == 0)
                return;
        output_heading(buffer, style, "Notes:");
        for (size_t i = 0; i < container->n_notes; ++i) {
                buffer_append_text(buffer, "  ");
                output_text(buffer, style, container->notes[i]);
                buffer_append_char(buffer, '\n');
        }
}

/* What was done */

static void add_decision(Table *table, const Slug__V1__EnforcementDecision *decision) {
        char time[TIME_TEXT_MAX], growth[GROWTH_TEXT_MAX];

        table_add(table, TONE_PLAIN, time_format(decision->time_usec, time));
        table_printf(table, TONE_PLAIN, "%" PRIu64, decision->count);
        table_add(table, enforcement_state_tone(decision->state),
                  enforcement_state_word(decision->state));
        table_add_bytes(table, decision->bytes);
        table_add_bytes(table, decision->moved_bytes);
        table_add_bytes(table, decision->local_bytes);
        table_add_bytes(table, decision->remote_bytes);
        table_add(table, TONE_PLAIN,
                  growth_format(decision->growth_bytes_per_second, false, growth));
        table_add_or(table, decision->reason, "-");
}

static void append_decisions(const Slug__V1__ExplainContainerResponse *response,
                             const Style *style,
                             Buffer *buffer) {
        static const char *const headers[] = { "Time",  "Count",  "State",  "To Move", "Moved",
                                               "Local", "Remote", "Growth", "Reason" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        output_heading(buffer, style, "Decisions:");
        if (response->n_decisions == 0) {
                buffer_append_text(buffer, "  <none>\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_decisions; ++i)
                add_decision(&table, response->decisions[i]);
        table_append(&table, 2, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__ExplainContainerResponse *response =
                (const Slug__V1__ExplainContainerResponse *)message;

        if (!response->container) {
                buffer_append_text(buffer, "No explanation\n");
                return;
        }
        append_identity(response->container, style, buffer);
        append_split(response->container, style, buffer);
        append_notes(response->container, style, buffer);
        append_decisions(response, style, buffer);
}

const ExplainSubject explain_container = {
        .name = "container",
        .n_arguments = 1,
        .usage = "container NAMESPACE/POD/CONTAINER|UID/CONTAINER",
        .path = "/slug.v1.EnforcementService/ExplainContainer",
        .response = &slug__v1__explain_container_response__descriptor,
        .write_request = write_request,
        .render = render,
};
