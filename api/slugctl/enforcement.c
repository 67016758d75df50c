/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quantity.h"
#include "slugctl/call.h"
#include "slugctl/enforced.h"
#include "slugctl/request.h"
#include "slugctl/words.h"

/*
 * The containers first, because they are what was promised; then by which means they could be held,
 * and the settings of the machine that help or hinder.
 */
static const Option options[] = {
        { .name = "pod-uid", .argument = "UID", .help = "only containers of this pod" },
        { .name = "pod", .argument = "NAME", .help = "only containers of pods of this name" },
        { .name = "namespace",
          .letter = 'n',
          .argument = "NAME",
          .help = "only containers of this namespace" },
};

static int write_request(const VerbContext *context, Buffer *request, _unused_ Diag *reterr) {
        Slug__V1__ListEnforcedContainersRequest message =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_REQUEST__INIT;
        const struct {
                const char *option;
                char **to;
        } rows[] = {
                { "pod-uid", &message.pod_uid },
                { "pod", &message.pod },
                { "namespace", &message.namespace_ },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                const char *value = verb_find_option(context, rows[i].option);

                if (value)
                        *rows[i].to = (char *)value;
        }
        return request_encode(&message.base, request);
}

/* Containers */

static void add_lead(Table *table, const Slug__V1__EnforcedContainer *container) {
        table_add_or(table, container->namespace_, "-");
        table_add_or(table, container->pod[0] ? container->pod : container->pod_uid, "-");
        table_add_or(table,
                     container->container[0] ? container->container : container->container_id, "-");
        table_add(table, enforcement_state_tone(container->state),
                  enforcement_state_word(container->state));
        table_add(table, TONE_PLAIN, enforcement_backend_word(container->backend));
        if (!table->style->is_wide)
                return;
        table_add_or(table, container->pod_uid, "-");
        table_add_or(table, container->cgroup, "<none>");
}

static void append_containers(const Slug__V1__ListEnforcedContainersResponse *response,
                              const Style *style,
                              Buffer *buffer) {
        static const char *const plain[] = { "Namespace", "Pod",     "Container",
                                             "State",     "Backend", ENFORCED_HEADERS };
        static const char *const wide[] = { "Namespace", "Pod",     "Container", "State",
                                            "Backend",   "Pod UID", "Cgroup",    ENFORCED_HEADERS };
        const size_t n = style->is_wide ? ELEMENTSOF(wide) : ELEMENTSOF(plain);
        _cleanup_(table_deinitp) Table table = table_init(style, n);

        if (response->n_containers == 0) {
                buffer_append_text(buffer, "No containers with a split\n");
                return;
        }
        table_set_headers(&table, style->is_wide ? wide : plain);
        for (size_t i = 0; i < response->n_containers; ++i)
                enforced_add(&table, response->containers[i], add_lead, n - ENFORCED_COLUMNS);
        table_append(&table, 0, buffer);
}

/* Those that are not as they were promised, each with its reason. */
static bool is_at_rest(Slug__V1__EnforcementState state) {
        return state == SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_HELD ||
               state == SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_OBSERVED ||
               state == SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_ABSENT;
}

/* As 'slugctl explain container' takes it. */
static void
append_name(const Slug__V1__EnforcedContainer *container, const Style *style, Buffer *buffer) {
        if (container->pod[0]) {
                output_text(buffer, style, container->namespace_);
                buffer_append_char(buffer, '/');
        }
        output_text(buffer, style, container->pod[0] ? container->pod : container->pod_uid);
        buffer_append_char(buffer, '/');
        output_text(buffer, style, container->container);
}

static void append_reasons(const Slug__V1__ListEnforcedContainersResponse *response,
                           const Style *style,
                           Buffer *buffer) {
        bool has_one = false;

        for (size_t i = 0; i < response->n_containers; ++i) {
                const Slug__V1__EnforcedContainer *container = response->containers[i];

                if (is_at_rest(container->state) || !container->reason[0])
                        continue;
                buffer_append_text(buffer, has_one ? "" : "\n");
                has_one = true;
                append_name(container, style, buffer);
                buffer_append_text(buffer, ": ");
                output_text(buffer, style, container->reason);
                buffer_append_char(buffer, '\n');
        }
}

/* The node */

static void append_backends(const Slug__V1__ListEnforcedContainersResponse *response,
                            const Style *style,
                            Buffer *buffer) {
        static const char *const headers[] = { "Backend", "Usable", "Reason" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (response->n_backends == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_backends; ++i) {
                const Slug__V1__EnforcementBackendStatus *backend = response->backends[i];

                table_printf(&table, backend->chosen ? TONE_BOLD : TONE_PLAIN, "%s%s",
                             enforcement_backend_word(backend->backend),
                             backend->chosen ? " (chosen)" : "");
                table_add(&table, backend->usable ? TONE_GOOD : TONE_PLAIN,
                          backend->usable ? "yes" : "no");
                table_add_or(&table, backend->reason, "-");
        }
        output_heading(buffer, style, "Backends:");
        table_append(&table, 2, buffer);
}

static void append_settings(const Slug__V1__ListEnforcedContainersResponse *response,
                            const Style *style,
                            Buffer *buffer) {
        static const char *const headers[] = { "Setting", "Value",   "Wanted",
                                               "Before",  "Problem", "File" };
        const size_t n = ELEMENTSOF(headers) - !style->is_wide;
        _cleanup_(table_deinitp) Table table = table_init(style, n);

        if (response->n_settings == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_settings; ++i) {
                const Slug__V1__MachineSetting *setting = response->settings[i];

                table_add_or(&table, setting->name, "-");
                table_add_or(&table, setting->value, "<none>");
                table_add_or(&table, setting->wanted, "(not slugd's)");
                table_add_or(&table, setting->before, "-");
                table_add(&table, setting->problem[0] ? TONE_BAD : TONE_PLAIN,
                          setting->problem[0] ? setting->problem : "-");
                if (style->is_wide)
                        table_add_or(&table, setting->path, "-");
        }
        output_heading(buffer, style, "Machine Settings:");
        table_append(&table, 2, buffer);
}

static void append_moved(const Slug__V1__ListEnforcedContainersResponse *response,
                         const Style *style,
                         Buffer *buffer) {
        const OptU64 budget = MESSAGE_OPT(response, budget_bytes_per_second);
        char down[QUANTITY_TEXT_MAX], up[QUANTITY_TEXT_MAX], most[QUANTITY_TEXT_MAX];

        output_toned(buffer, style, TONE_BOLD, "Moved:");
        buffer_printf(buffer, "  %s to remote and %s to local memory since slugd started, ",
                      quantity_format_bytes(response->demoted_bytes, down),
                      quantity_format_bytes(response->promoted_bytes, up));
        if (budget.present)
                buffer_printf(buffer, "at most %s/s\n", quantity_format_bytes(budget.value, most));
        else
                buffer_append_text(buffer, "as fast as it goes\n");
}

void enforcement_append(const Slug__V1__ListEnforcedContainersResponse *response,
                        const Style *style,
                        Buffer *buffer) {
        append_containers(response, style, buffer);
        append_reasons(response, style, buffer);
        buffer_append_char(buffer, '\n');
        append_backends(response, style, buffer);
        append_settings(response, style, buffer);
        if (response->n_backends > 0)
                append_moved(response, style, buffer);
        if (!response->problem[0])
                return;
        output_toned(buffer, style, TONE_NOTICE, response->problem);
        buffer_append_char(buffer, '\n');
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        enforcement_append((const Slug__V1__ListEnforcedContainersResponse *)message, style,
                           buffer);
}

const Verb verb_enforcement = {
        .name = "enforcement",
        .arguments = "",
        .summary = "splits of local and remote memory: promised against achieved",
        .help = "Shows every container that was promised local and remote bytes: what it was\n"
                "promised of each, how much it may have at the most, how much is there, and what\n"
                "slugd and the kernel have moved there. slugd counts since it follows the\n"
                "container, the kernel since the cgroup was made. Below it stand the means by\n"
                "which bytes can be moved on this machine, with the one that is used where a\n"
                "container asks for no other, and the settings of the machine that decide where\n"
                "memory is: what slugd.yaml wants of them, and what was there before.\n"
                "\n"
                "-o wide adds uids, cgroups and files. 'slugctl explain container' has what was\n"
                "done for one of them, and why.\n"
                "\n"
                "Examples:\n"
                "  slugctl enforcement\n"
                "  slugctl enforcement -n default --pod web-0\n"
                "  slugctl enforcement -o json | jq -r '.containers[] | select(.overUsec) | "
                ".pod'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = call_run,
        .path = "/slug.v1.EnforcementService/ListContainers",
        .response = &slug__v1__list_enforced_containers_response__descriptor,
        .write_request = write_request,
        .render = render,
};
