/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "slugctl/claim.h"
#include "slugctl/describe-pod.h"
#include "slugctl/enforced.h"
#include "slugctl/listed-pod.h"

/* Keys stand at column 0 and sections below them, as `kubectl describe pod` has it. */
static void add_field(Table *table, const char *key, const char *value, const char *otherwise) {
        table_add(table, TONE_PLAIN, key);
        table_add_or(table, value, otherwise);
}

static void add_bytes_field(Table *table, const char *key, uint64_t bytes) {
        table_add(table, TONE_PLAIN, key);
        table_add_bytes(table, bytes);
}

static void
add_opt_bytes_field(Table *table, const char *key, OptU64 bytes, const char *otherwise) {
        if (bytes.present)
                add_bytes_field(table, key, bytes.value);
        else
                add_field(table, key, "", otherwise);
}

static void add_built_field(Table *table, const char *key, Buffer *value) {
        table_add(table, TONE_PLAIN, key);
        table_add_built(table, TONE_PLAIN, value);
}

/* Identity */

static void append_seers(const Slug__V1__ListedPod *pod, Buffer *buffer) {
        const struct {
                bool is_one;
                const char *name;
        } seers[] = {
                { pod->seen_in_cgroups, "slugd (its cgroup)" },
                { pod->seen_by_runtime, "container runtime" },
                { pod->listed_by_kubelet, "kubelet" },
        };
        bool has_one = false;

        for (size_t i = 0; i < ELEMENTSOF(seers); ++i) {
                if (!seers[i].is_one)
                        continue;
                buffer_printf(buffer, "%s%s", has_one ? ", " : "", seers[i].name);
                has_one = true;
        }
        if (!has_one)
                buffer_append_text(buffer, "<none>");
}

static const char *explain_size(Slug__V1__PodSizeSource source) {
        switch (source) {
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_CLAIM:
                return "what slugd has promised to it";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_REQUEST:
                return "what it requested and the kubelet admitted";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_LIMIT:
                return "its limit, because no request is known";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_USAGE:
                return "what it uses now, because neither request nor limit is known";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_UNSPECIFIED:
        case _SLUG__V1__POD_SIZE_SOURCE_IS_INT_SIZE:
                break;
        }
        return "nothing is known of it";
}

static void add_size(Table *table, const Slug__V1__ListedPod *pod) {
        _cleanup_(buffer_deinitp) Buffer size = {}, placement = {};
        char text[QUANTITY_TEXT_MAX];

        if (pod->state == SLUG__V1__POD_STATE__POD_STATE_FINISHED && pod->size_bytes == 0)
                buffer_append_text(&size, "0 (it has finished and holds nothing)");
        else
                buffer_printf(&size, "%s (%s; the confidence is %s)",
                              pod->size_source ? quantity_format_bytes(pod->size_bytes, text)
                                               : "<unknown>",
                              explain_size(pod->size_source),
                              pod->size_confidence ? pod_size_confidence_word(pod->size_confidence)
                                                   : "none");
        add_built_field(table, "Size:", &size);
        if (pod->n_size_numa_nodes == 0)
                return;
        placement_append(pod->size_numa_nodes, pod->n_size_numa_nodes, &placement);
        add_built_field(table, "Counted On:", &placement);
}

static void append_identity(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        const OptU64 request = MESSAGE_OPT(pod, request_bytes);
        const bool has_qos = pod->qos_class != SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED;
        _cleanup_(table_deinitp) Table table = table_init(style, 2);
        _cleanup_(buffer_deinitp) Buffer seers = {};

        append_seers(pod, &seers);
        add_field(&table, "Name:", pod->name, "<unknown>");
        add_field(&table, "Namespace:", pod->namespace_, "<unknown>");
        add_field(&table, "UID:", pod->uid, "<unknown>");
        add_field(&table, "QoS Class:", has_qos ? qos_class_word(pod->qos_class) : "", "<unknown>");
        table_add(&table, TONE_PLAIN, "State:");
        table_add(&table, pod_state_tone(pod->state), pod_state_word(pod->state));
        add_field(&table, "Static:", pod->is_static ? "yes" : "no", "");
        add_built_field(&table, "Seen By:", &seers);
        add_field(&table, "Cgroup:", pod->cgroup, "<none>");
        add_opt_bytes_field(&table, "Request:", request, "<unknown>");
        add_opt_bytes_field(&table, "Limit:", MESSAGE_OPT(pod, limit_bytes),
                            request.present ? "<none>" : "<unknown>");
        add_size(&table, pod);
        table_append(&table, 0, buffer);
}

/* Usage */

static void append_usage(const Slug__V1__PodUsage *usage, const Style *style, Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 2);
        _cleanup_(buffer_deinitp) Buffer nodes = {};
        char growth[GROWTH_TEXT_MAX], pressure[PRESSURE_TEXT_MAX];

        output_heading(buffer, style, "Usage:");
        if (!usage) {
                buffer_append_text(buffer, "  <none>  (it has no cgroup)\n");
                return;
        }
        placement_append(usage->numa_nodes, usage->n_numa_nodes, &nodes);
        add_bytes_field(&table, "Memory:", usage->bytes);
        add_bytes_field(&table, "Local:", usage->local_bytes);
        add_bytes_field(&table, "Remote:", usage->remote_bytes);
        if (usage->other_bytes)
                add_bytes_field(&table, "Neither:", usage->other_bytes);
        if (usage->uncounted_bytes)
                add_bytes_field(&table, "On No NUMA Node:", usage->uncounted_bytes);
        add_built_field(&table, "NUMA Nodes:", &nodes);
        add_field(&table, "Growth:",
                  usage->_growth_bytes_per_second_case ? usage_format_growth(usage, false, growth)
                                                       : "",
                  "<unknown>");
        add_field(&table, "Pressure:",
                  usage->_pressure_permille_case ? usage_format_pressure(usage, pressure) : "",
                  "<unknown>");
        table_add(&table, TONE_PLAIN, "OOM Kills:");
        table_printf(&table, usage->oom_kills ? TONE_BAD : TONE_PLAIN, "%" PRIu64,
                     usage->oom_kills);
        table_append(&table, 2, buffer);
}

/* Containers and claims */

static const char *container_state_word(Slug__V1__ReportedContainerState state) {
        switch (state) {
        case SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_CREATED:
                return "created";
        case SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_RUNNING:
                return "running";
        case SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_EXITED:
                return "exited";
        case SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNKNOWN:
                return "unknown";
        case SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNSPECIFIED:
        case _SLUG__V1__REPORTED_CONTAINER_STATE_IS_INT_SIZE:
                break;
        }
        return "-";
}

static void append_words(char *const *words, size_t n_words, Buffer *buffer) {
        for (size_t i = 0; i < n_words; ++i)
                buffer_printf(buffer, "%s%s", i ? "," : "", words[i]);
        if (n_words == 0)
                buffer_append_text(buffer, "<none>");
}

static void add_container(Table *table, const Slug__V1__ListedContainer *container) {
        const OptU64 request = MESSAGE_OPT(container, request_bytes);
        const Slug__V1__PodUsage *usage = container->usage;
        _cleanup_(buffer_deinitp) Buffer nodes = {}, chunks = {};

        placement_append(usage ? usage->numa_nodes : NULL, usage ? usage->n_numa_nodes : 0, &nodes);
        append_words(container->chunks, container->n_chunks, &chunks);
        /* until the runtime has told, its id is all that there is */
        table_add_or(table, container->name[0] ? container->name : container->id, "-");
        table_add(table, TONE_PLAIN, container_state_word(container->state));
        table_add_opt_bytes(table, request);
        table_add_limit(table, request, MESSAGE_OPT(container, limit_bytes));
        table_add_opt_bytes(table, usage_get_bytes(usage));
        table_add_built(table, TONE_PLAIN, &nodes);
        table_add_built(table, TONE_PLAIN, &chunks);
        if (!table->style->is_wide)
                return;
        table_add_or(table, container->id, "-");
        table_add_or(table, container->cgroup, "<none>");
}

static void append_containers(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Name",       "State",  "Request", "Limit", "Usage",
                                               "NUMA Nodes", "Chunks", "ID",      "Cgroup" };
        static const size_t n_plain = 7;
        _cleanup_(table_deinitp) Table table =
                table_init(style, style->is_wide ? ELEMENTSOF(headers) : n_plain);

        output_heading(buffer, style, "Containers:");
        if (pod->n_containers == 0) {
                buffer_append_text(buffer, "  <none>\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < pod->n_containers; ++i)
                add_container(&table, pod->containers[i]);
        table_append(&table, 2, buffer);
}

static void add_claim(Table *table, const Slug__V1__Claim *claim) {
        _cleanup_(buffer_deinitp) Buffer placement = {};

        for (size_t i = 0; i < claim->n_blocks; ++i) {
                buffer_append_text(&placement, i ? ", " : "");
                placement_append(claim->blocks[i]->placement, claim->blocks[i]->n_placement,
                                 &placement);
        }
        if (claim->n_blocks == 0)
                buffer_append_char(&placement, '-');
        table_add_or(table, claim->container, "(pod)");
        table_add(table, claim_state_tone(claim->state), claim_state_word(claim->state));
        table_add(table, TONE_PLAIN, claim_source_word(claim->source));
        table_add_built(table, TONE_PLAIN, &placement);
        table_add_or(table, claim->reason, "-");
}

static void append_claims(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Container", "State", "Source", "Placement",
                                               "Reason" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        output_heading(buffer, style, "Claims:");
        if (pod->n_claims == 0) {
                buffer_append_text(buffer, "  <none>\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < pod->n_claims; ++i)
                add_claim(&table, pod->claims[i]);
        table_append(&table, 2, buffer);
}

/* Splits */

static void add_split_lead(Table *table, const Slug__V1__EnforcedContainer *container) {
        table_add_or(table,
                     container->container[0] ? container->container : container->container_id, "-");
        table_add(table, enforcement_state_tone(container->state),
                  enforcement_state_word(container->state));
        table_add(table, TONE_PLAIN, enforcement_backend_word(container->backend));
}

/* What the controller wants, and what makes it less precise. */
static void append_split_lines(const Slug__V1__EnforcedContainer *container,
                               const Style *style,
                               Buffer *buffer) {
        for (size_t i = 0; i < 1 + container->n_notes; ++i) {
                const char *line = i == 0 ? container->reason : container->notes[i - 1];

                if (!line[0])
                        continue;
                buffer_append_text(buffer, "  ");
                output_text(buffer, style, container->container);
                buffer_append_text(buffer, ": ");
                output_text(buffer, style, line);
                buffer_append_char(buffer, '\n');
        }
}

/* Only of those that have one: most pods were promised no split. */
static void append_splits(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Container", "State", "Backend", ENFORCED_HEADERS };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));
        size_t n = 0;

        table_set_headers(&table, headers);
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i]->enforcement) {
                        enforced_add(&table, pod->containers[i]->enforcement, add_split_lead,
                                     ELEMENTSOF(headers) - ENFORCED_COLUMNS);
                        ++n;
                }
        if (n == 0)
                return;
        output_heading(buffer, style, "Splits:");
        table_append(&table, 2, buffer);
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i]->enforcement)
                        append_split_lines(pod->containers[i]->enforcement, style, buffer);
}

/* Notes and annotations */

static void append_notes(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        if (pod->n_notes == 0)
                return;
        output_heading(buffer, style, "Notes:");
        for (size_t i = 0; i < pod->n_notes; ++i) {
                buffer_append_text(buffer, "  ");
                output_toned(buffer, style, TONE_NOTICE, pod->notes[i]);
                buffer_append_char(buffer, '\n');
        }
}

static void append_annotations(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        if (pod->n_annotations == 0)
                return;
        output_heading(buffer, style, "Annotations:");
        for (size_t i = 0; i < pod->n_annotations; ++i) {
                buffer_append_text(buffer, "  ");
                output_text(buffer, style, pod->annotations[i]->key);
                buffer_append_text(buffer, ": ");
                output_text(buffer, style, pod->annotations[i]->value);
                buffer_append_char(buffer, '\n');
        }
}

void describe_pod_append(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer) {
        append_identity(pod, style, buffer);
        append_usage(pod->usage, style, buffer);
        append_containers(pod, style, buffer);
        append_claims(pod, style, buffer);
        append_splits(pod, style, buffer);
        append_notes(pod, style, buffer);
        append_annotations(pod, style, buffer);
}
