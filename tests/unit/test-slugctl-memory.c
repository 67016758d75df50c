/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of the memory manager without slugd: the requests that are made of a command line, what
 * is drawn of an answer, and the exit status that it makes.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/claims.h"
#include "slugctl/explain.h"
#include "slugctl/verb.h"

static Arena *arena;
static Buffer buffer;
static Diag diag;

static void setup(void) {
        ck_assert_int_eq(arena_new(16 << 20, &arena), 0);
        buffer = (Buffer){};
        diag = (Diag){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static ProtobufCMessage *decode(const Verb *verb, const char *json) {
        ProtobufCMessage *message;

        ck_assert_msg(
                json_decode(json, strlen(json), verb->response, NULL, arena, &message, &diag) == 0,
                "%s", diag.text);
        return message;
}

static const char *render(const Verb *verb, const char *json, Style style) {
        verb->render(decode(verb, json), &style, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

/* Requests */

typedef struct Line {
        const char *argument; /* NULL: none */
        const VerbOption options[6];
} Line;

static int write_line(const Verb *verb,
                      int (*write_request)(const VerbContext *, Buffer *, Diag *),
                      const Line *line) {
        char *arguments[] = { (char *)line->argument, NULL };
        VerbContext context = { .verb = verb,
                                .arguments = arguments,
                                .n_arguments = line->argument ? 1 : 0,
                                .options = line->options };

        while (context.n_options < ELEMENTSOF(line->options) &&
               line->options[context.n_options].name)
                ++context.n_options;
        return write_request(&context, &buffer, &diag);
}

static const struct {
        const char *name;
        const Verb *verb;
        Line line;
        const char *request;
} requests[] = {
        { "hints: two localities",
          &verb_hints,
          { NULL, { { "local", "4Gi" }, { "remote", "8Gi..12Gi" } } },
          "{\"request\":{\"split\":{\"local\":{\"minBytes\":\"4294967296\",\"maxBytes\":"
          "\"4294967296\"},\"remote\":{\"minBytes\":\"8589934592\",\"maxBytes\":\"12884901888\"}}}"
          "}" },
        { "hints: pages, mode and number",
          &verb_hints,
          { NULL, { { "hugepages-2Mi", "64Mi" }, { "mode", "kubelet" }, { "max", "3" } } },
          "{\"request\":{\"split\":{\"local\":{\"maxBytes\":\"0\"},\"remote\":{\"maxBytes\":\"0\"}}"
          ","
          "\"hugepages\":[{\"pageSizeBytes\":\"2097152\",\"bytes\":\"67108864\"}]},\"mode\":"
          "\"HINT_MODE_KUBELET\",\"maxHints\":3}" },
        { "claims: all", &verb_claims, { NULL, {} }, "{}" },
        { "claims: NUMA node 0 is not none",
          &verb_claims,
          { NULL, { { "numa-node", "0" } } },
          "{\"numaNode\":0}" },
        { "claims: what is typed is text",
          &verb_claims,
          { NULL, { { "pod-uid", "a\",\"chunk\":\"b" }, { "chunk", "\\\n" } } },
          "{\"podUid\":\"a\\\",\\\"chunk\\\":\\\"b\",\"chunk\":\"\\\\\\n\"}" },
        { "allocate: a split",
          &verb_allocate,
          { "bench", { { "local", "1Gi" }, { "remote", "2Gi..3Gi" }, { "numa-nodes", "0,2" } } },
          "{\"pod\":{\"uid\":\"operator-bench\",\"namespace\":\"operator\",\"name\":\"bench\","
          "\"qosClass\":\"QOS_CLASS_GUARANTEED\",\"containers\":[{\"name\":\"bench\","
          "\"resources\":{\"requests\":{\"memory\":\"4Gi\"},\"limits\":{\"memory\":\"4Gi\"}}}],"
          "\"annotations\":{\"memory.sluglab.io/container.bench\":\"local=1Gi,remote=2Gi..3Gi\"}},"
          "\"container\":\"bench\",\"affinity\":{\"numaNodes\":\"0,2\",\"preferred\":true},"
          "\"forOperator\":true}" },
        { "allocate: pages only",
          &verb_allocate,
          { "b", { { "hugepages-1Gi", "2Gi" } } },
          "{\"pod\":{\"uid\":\"operator-b\",\"namespace\":\"operator\",\"name\":\"b\","
          "\"qosClass\":\"QOS_CLASS_GUARANTEED\",\"containers\":[{\"name\":\"b\",\"resources\":"
          "{\"requests\":{\"hugepages-1Gi\":\"2Gi\"},\"limits\":{\"hugepages-1Gi\":\"2Gi\"}}}],"
          "\"annotations\":{\"memory.sluglab.io/container.b\":\"local=0,remote=0\"}},"
          "\"container\":\"b\",\"forOperator\":true}" },
        { "allocate: no ceiling, no limit",
          &verb_allocate,
          { "b", { { "remote", "1Gi..max" }, { "hugepages-1Gi", "2Gi" } } },
          "{\"pod\":{\"uid\":\"operator-b\",\"namespace\":\"operator\",\"name\":\"b\","
          "\"qosClass\":\"QOS_CLASS_GUARANTEED\",\"containers\":[{\"name\":\"b\",\"resources\":"
          "{\"requests\":{\"memory\":\"1Gi\",\"hugepages-1Gi\":\"2Gi\"},\"limits\":"
          "{\"hugepages-1Gi\":\"2Gi\"}}}],\"annotations\":{\"memory.sluglab.io/container.b\":"
          "\"local=0,remote=1Gi..max\"}},\"container\":\"b\",\"forOperator\":true}" },
        { "release: by name",
          &verb_release,
          { "bench", {} },
          "{\"podUid\":\"operator-bench\",\"container\":\"bench\"}" },
        { "release: a pod", &verb_release, { NULL, { { "pod-uid", "u" } } }, "{\"podUid\":\"u\"}" },
        { "release: a container",
          &verb_release,
          { NULL, { { "pod-uid", "u" }, { "container", "c" } } },
          "{\"podUid\":\"u\",\"container\":\"c\"}" },
};

START_TEST(a_command_line_becomes_a_request) {
        const int r =
                write_line(requests[_i].verb, requests[_i].verb->write_request, &requests[_i].line);

        ck_assert_msg(r == 0, "%s: %d %s", requests[_i].name, r, diag.text);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strcmp(buffer.data, requests[_i].request) == 0, "%s: %s", requests[_i].name,
                      buffer.data);
}
END_TEST

static const struct {
        const Verb *verb;
        Line line;
        const char *says;
} refusals[] = {
        { &verb_hints, { NULL, {} }, "how much memory?" },
        { &verb_hints, { NULL, { { "local", "0" } } }, "how much memory?" },
        { &verb_hints, { NULL, { { "local", "4GB" } } }, "--local '4GB'" },
        { &verb_hints, { NULL, { { "remote", "3Gi..2Gi" } } }, "--remote '3Gi..2Gi'" },
        { &verb_hints, { NULL, { { "local", "1" }, { "max", "65" } } }, "0 to 64, not '65'" },
        { &verb_hints, { NULL, { { "hugepages-2Mi", "3Mi" } } }, "--hugepages-2Mi expects" },
        { &verb_claims, { NULL, { { "numa-node", "1024" } } }, "0 to 1023, not '1024'" },
        { &verb_claims, { NULL, { { "numa-node", "" } } }, "0 to 1023, not ''" },
        { &verb_allocate, { "A", { { "local", "1" } } }, "a-z, 0-9" },
        { &verb_allocate, { "a-", { { "local", "1" } } }, "a-z, 0-9" },
        { &verb_allocate, { "", { { "local", "1" } } }, "a-z, 0-9" },
        { &verb_allocate, { "a", { { "local", "1" }, { "numa-nodes", "x" } } }, "not 'x'" },
        { &verb_allocate, { "a", { { "local", "1" }, { "numa-nodes", "" } } }, "not ''" },
        { &verb_release, { NULL, {} }, "either a NAME, a CHUNK or" },
        { &verb_release, { "a", { { "pod-uid", "u" } } }, "either a NAME, a CHUNK or" },
        { &verb_release, { NULL, { { "pod-uid", "" } } }, "either a NAME, a CHUNK or" },
        { &verb_release, { "a", { { "container", "c" } } }, "with --pod-uid only" },
};

START_TEST(what_is_no_request_is_refused_by_name) {
        ck_assert_int_eq(
                write_line(refusals[_i].verb, refusals[_i].verb->write_request, &refusals[_i].line),
                VERB_E_USAGE);
        ck_assert_msg(strstr(diag.text, refusals[_i].says) != NULL, "%s", diag.text);
}
END_TEST

static const struct {
        const ExplainSubject *subject;
        const char *argument;
        const char *request; /* NULL: it is refused */
} explained[] = {
        { &explain_numa_node, "2", "{\"numaNode\":2}" },
        { &explain_numa_node, "1024", NULL },
        { &explain_numa_node, "2x", NULL },
        { &explain_claim, "bench", "{\"podUid\":\"operator-bench\",\"container\":\"bench\"}" },
        { &explain_claim, "u-1/app", "{\"podUid\":\"u-1\",\"container\":\"app\"}" },
        { &explain_claim, "u-1/", "{\"podUid\":\"u-1\"}" },
        { &explain_claim, "No", NULL },
};

START_TEST(a_subject_becomes_a_request) {
        char *arguments[] = { (char *)explained[_i].subject->name, (char *)explained[_i].argument };
        const VerbContext context = { .verb = &verb_explain,
                                      .arguments = arguments,
                                      .n_arguments = 2 };
        const int r = explained[_i].subject->write_request(&context, &buffer, &diag);

        if (!explained[_i].request) {
                ck_assert_int_eq(r, VERB_E_USAGE);
                return;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_str_eq(buffer.data, explained[_i].request);
}
END_TEST

START_TEST(explained_hints_are_those_of_hints) {
        const Line line = { NULL, { { "local", "1" }, { "mode", "slug" } } };

        ck_assert_int_eq(write_line(&verb_explain, explain_hints.write_request, &line), 0);
        ck_assert_str_eq(buffer.data,
                         "{\"hints\":{\"request\":{\"split\":{\"local\":{\"minBytes\":\"1\","
                         "\"maxBytes\":\"1\"},\"remote\":{\"maxBytes\":\"0\"}}},\"mode\":"
                         "\"HINT_MODE_SLUG\"}}");
}
END_TEST

/* Text */

#define HINTS                                                                                      \
        "{\"resources\":[{\"resource\":\"memory\",\"hints\":[{\"numaNodes\":\"0,2\",\"mask\":"     \
        "\"5\",\"preferred\":true,\"costPermille\":\"1335\",\"placement\":[{\"numaNode\":0,"       \
        "\"bytes\":\"4294967296\"},{\"numaNode\":2,\"bytes\":\"8589934592\"},{\"numaNode\":0,"     \
        "\"pageSizeBytes\":\"2097152\",\"bytes\":\"67108864\"}],\"cpuNumaNodes\":\"0\"},"          \
        "{\"numaNodes\":\"1\"}]}"

START_TEST(hints_are_a_table) {
        ck_assert_str_eq(
                render(&verb_hints, HINTS "]}", (Style){}),
                "NUMA Nodes  Preferred  Cost   Placement                          CPU Nodes\n"
                "----------  ---------  ----   ---------                          ---------\n"
                "0,2         yes        1.34x  0:4Gi, 2:8Gi, 0:64Mi of 2Mi pages  0\n"
                "1           no         -      -                                  -\n");
}
END_TEST

START_TEST(hints_of_two_resources_have_their_names) {
        const char *text = render(
                &verb_hints, HINTS ",{\"resource\":\"hugepages-2Mi\",\"hints\":[{}]}]}", (Style){});

        ck_assert_msg(strncmp(text, "memory:\n  NUMA Nodes", 20) == 0, "%s", text);
        ck_assert_msg(strstr(text, "\nhugepages-2Mi:\n  NUMA Nodes") != NULL, "%s", text);
}
END_TEST

#define CLAIM(name, more)                                                                          \
        "{\"podUid\":\"u-" name "\",\"namespace\":\"default\",\"pod\":\"" name                     \
        "\",\"container\":\"app\",\"state\":\"CLAIM_STATE_ACTIVE\",\"source\":"                    \
        "\"CLAIM_SOURCE_MEMORY_MANAGER\",\"split\":{\"local\":{\"minBytes\":\"1073741824\","       \
        "\"maxBytes\":\"1073741824\"},\"remote\":{\"minBytes\":\"2147483648\"}},\"createdUsec\":"  \
        "\"1000000\"" more "}"
#define BLOCKS                                                                                     \
        ",\"blocks\":[{\"type\":\"memory\",\"numaNodes\":\"0,2\",\"placement\":[{\"numaNode\":0,"  \
        "\"bytes\":\"1024\"},{\"numaNode\":2,\"bytes\":\"2048\"}]},{\"type\":\"hugepages-2Mi\","   \
        "\"numaNodes\":\"1\",\"placement\":[{\"numaNode\":1,\"pageSizeBytes\":\"2097152\","        \
        "\"bytes\":\"2097152\"}]}]"
#define STATES                                                                                     \
        "\"numaNodes\":[{\"id\":0,\"locality\":\"LOCALITY_LOCAL\",\"memory\":[{\"type\":"          \
        "\"memory\",\"allocatableBytes\":\"4096\",\"claimedBytes\":\"1024\",\"freeBytes\":"        \
        "\"3072\"}]},{\"id\":2,\"locality\":\"LOCALITY_REMOTE\",\"memory\":[{\"type\":\"memory\"," \
        "\"claimedBytes\":\"2048\",\"overcommittedBytes\":\"2048\"}]}]"

static const char *append_claims(const char *json, Style style) {
        claims_state_append((Slug__V1__GetStateResponse *)decode(&verb_claims, json),
                            3 * 60 * USEC_PER_SEC, &style, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

START_TEST(claims_are_a_table_with_a_sum) {
        ck_assert_str_eq(
                append_claims("{\"claims\":[" CLAIM("web", BLOCKS) "," CLAIM(
                                      "db", ",\"withinPod\":true") "],\"claimsTotal\":\"3\"," STATES
                                                                   "}",
                              (Style){}),
                "Namespace  Pod  Container  State   Source          Local  Remote  Hugepages  NUMA "
                "Nodes\n"
                "---------  ---  ---------  -----   ------          -----  ------  ---------  "
                "----------\n"
                "default    web  app        active  memory-manager  1Ki    2Ki     2Mi:2Mi    "
                "0-2\n"
                "default    db   app        active  memory-manager  (1Gi)  (2Gi)   -          "
                "<none>\n"
                "\n"
                "2 claims of 3: local 1Ki, remote 2Ki, hugepages 2Mi:2Mi\n");
}
END_TEST

START_TEST(a_claim_on_a_numa_node_that_is_gone_counts_as_it_was_asked) {
        const char *text = append_claims(
                "{\"claims\":[" CLAIM("web", BLOCKS) "],\"numaNodes\":[{\"id\":0,\"locality\":"
                                                     "\"LOCALITY_LOCAL\"}]}",
                (Style){});

        ck_assert_msg(strstr(text, "1 claim: local 1Gi, remote 2Gi") != NULL, "%s", text);
}
END_TEST

START_TEST(wide_claims_have_all_that_is_known) {
        const char *text = append_claims(
                "{\"claims\":[" CLAIM("web",
                                      ",\"containerId\":\"c1\",\"chunks\":[\"r0\",\"r1\"]") "]}",
                (Style){ .is_wide = true });

        ck_assert_msg(
                strstr(text, "u-web  c1            2m   local=1Gi,remote=2Gi..max  r0,r1\n") !=
                        NULL,
                "%s", text);
}
END_TEST

START_TEST(what_is_wrong_with_a_claim_stands_below) {
        const char *text = append_claims(
                "{\"claims\":[{\"podUid\":\"u\",\"pod\":\"p\",\"namespace\":\"n\",\"state\":"
                "\"CLAIM_STATE_INVALID\",\"reason\":\"no limit\"}],\"health\":"
                "\"LEDGER_HEALTH_FAILED\",\"problem\":\"disk full\"}",
                (Style){});

        ck_assert_msg(strstr(text, "\nn/p is invalid: no limit\n") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "Nothing new is promised: the ledger cannot be written: disk "
                                   "full\n") != NULL,
                      "%s", text);
        ck_assert_msg(strstr(text, "(pod)") != NULL, "%s", text);
}
END_TEST

static const struct {
        const char *pod, *namespace_name;
        size_t left;
} filters[] = {
        { NULL, NULL, 2 },       { "web", NULL, 1 }, { NULL, "default", 2 },
        { "web", "default", 1 }, { "x", NULL, 0 },   { "web", "x", 0 },
};

START_TEST(claims_are_chosen_by_name) {
        Slug__V1__GetStateResponse *response = (Slug__V1__GetStateResponse *)decode(
                &verb_claims, "{\"claims\":[" CLAIM("web", "") "," CLAIM("db", "") "]}");

        claims_filter(response, filters[_i].pod, filters[_i].namespace_name);
        ck_assert_uint_eq(response->n_claims, filters[_i].left);
}
END_TEST

START_TEST(a_claim_that_was_made_is_shown_in_full) {
        ck_assert_str_eq(render(&verb_allocate,
                                "{\"claim\":" CLAIM("web", BLOCKS) ",\"existed\":true}", (Style){}),
                         "It was claimed already, and stays as it is:\n"
                         "Claim:       default/web/app\n"
                         "UID:         u-web\n"
                         "State:       active\n"
                         "Source:      memory-manager\n"
                         "Split:       local=1Gi,remote=2Gi..max\n"
                         "Local:       1Gi\n"
                         "Remote:      2Gi\n"
                         "Hugepages:   2Mi:2Mi\n"
                         "NUMA Nodes:  0-2\n"
                         "Placement:   0:1Ki, 2:2Ki, 1:2Mi of 2Mi pages\n");
}
END_TEST

START_TEST(pods_that_fit_and_those_that_do_not) {
        ck_assert_str_eq(
                render(&verb_simulate,
                       "{\"pods\":[{\"namespace\":\"default\",\"name\":\"web\",\"fits\":true,"
                       "\"claims\":[" CLAIM("web", BLOCKS) "]},{\"namespace\":\"default\",\"name\":"
                                                           "\"db\",\"refusal\":\"NUMA node 2 lacks "
                                                           "1Gi\"}],\"fitCount\":1," STATES "}",
                       (Style){}),
                "Pod          Fits  NUMA Nodes  Local  Remote  Why Not\n"
                "---          ----  ----------  -----  ------  -------\n"
                "default/web  yes   0-2         1Ki    2Ki     -\n"
                "default/db   no    <none>      0      0       NUMA node 2 lacks 1Gi\n"
                "\n"
                "1 of 2 pods fit\n"
                "What would be left:\n"
                "  NUMA Node  Locality  Resource  Allocatable  Claimed  Free\n"
                "  ---------  --------  --------  -----------  -------  ----\n"
                "  0          local     memory    4Ki          1Ki      3Ki\n"
                "  2          remote    memory    0            2Ki      2Ki too many\n");
}
END_TEST

START_TEST(an_explanation_has_what_was_considered) {
        const Verb verb = { .response = explain_hints.response, .render = explain_hints.render };

        ck_assert_str_eq(
                render(&verb,
                       "{\"summary\":\"it fits\",\"sets\":[{\"numaNodes\":\"0\",\"chosen\":true,"
                       "\"fits\":true,\"preferred\":true,\"costPermille\":\"1000\",\"verdict\":"
                       "\"the cheapest\"},{\"numaNodes\":\"1\",\"verdict\":\"full\"}],\"kubelet\":"
                       "\"it would say 0\"}",
                       (Style){}),
                "it fits\n"
                "Considered:\n"
                "  NUMA Nodes  Fits  Preferred  Cost   Verdict\n"
                "  ----------  ----  ---------  ----   -------\n"
                "  0 (chosen)  yes   yes        1.00x  the cheapest\n"
                "  1           no    no         -      full\n"
                "Kubelet:  it would say 0\n");
}
END_TEST

/* The exit status */

static const struct {
        const Verb *verb;
        const char *answer;
        int status;
        const char *says;
} statuses[] = {
        { &verb_hints, "{\"noOpinion\":true}", 0, "No opinion" },
        { &verb_hints, "{\"lack\":\"NUMA node 2 lacks 1Gi\"}", 1,
          "No NUMA nodes can hold this: NUMA node 2 lacks 1Gi\n" },
        { &verb_hints, HINTS "]}", 0, "0,2" },
        { &verb_hints, HINTS ",{\"resource\":\"hugepages-2Mi\"}]}", 1, "No NUMA nodes can hold" },
        { &verb_allocate, "{}", 1, "No claim" },
        { &verb_allocate, "{\"claim\":{\"podUid\":\"u\"}}", 0, "-/u" },
        { &verb_release, "{}", 1, "No such claim" },
        { &verb_release, "{\"released\":[{\"podUid\":\"u\",\"pod\":\"p\"}]}", 0, "Released:" },
        { &verb_release, "{\"observed\":{\"podUid\":\"u\",\"namespace\":\"n\",\"pod\":\"p\"}}", 1,
          "What n/p holds without a promise cannot be released: slugd observes it" },
        { &verb_release,
          "{\"released\":[{\"podUid\":\"u\",\"pod\":\"p\"}],\"observed\":{\"podUid\":\"u\"}}", 0,
          "it goes when the pod does\n" },
        { &verb_simulate, "{\"pods\":[{\"fits\":true}],\"fitCount\":1}", 0, "1 of 1 pod fits\n" },
        { &verb_simulate, "{\"pods\":[{}]}", 1, "0 of 1 pod fits\n" },
};

START_TEST(an_answer_makes_the_exit_status) {
        ck_assert_int_eq(
                statuses[_i].verb->get_status(decode(statuses[_i].verb, statuses[_i].answer)),
                statuses[_i].status);
        ck_assert_msg(strstr(render(statuses[_i].verb, statuses[_i].answer, (Style){}),
                             statuses[_i].says) != NULL,
                      "%s", buffer.data);
}
END_TEST

/* describe-node */

START_TEST(allocated_resources_are_as_kubectl_has_them) {
        const char *text = render(
                &verb_describe_node,
                "{\"allocatedResources\":[{\"resource\":\"memory\",\"requestedBytes\":"
                "\"4294967296\",\"limitBytes\":\"36507222016\",\"allocatableBytes\":"
                "\"34359738368\"},{\"resource\":\"memory (remote)\",\"requestedBytes\":\"1\"},"
                "{\"resource\":\"hugepages-2Mi\",\"requestedBytes\":\"18446744073709551615\","
                "\"allocatableBytes\":\"1\"}],\"claimCount\":\"2\"}",
                (Style){});

        ck_assert_msg(strstr(text, "Allocated resources:\n"
                                   "  (Total limits may be over 100 percent, i.e., "
                                   "overcommitted.)\n"
                                   "  Resource         Requests") != NULL,
                      "%s", text);
        ck_assert_msg(strstr(text, "memory           4Gi (12%)") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "34Gi (106%)\n") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "memory (remote)  1 (0%)") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "18446744073709551615 (1000000000000000%)") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "(2 claims; 'slugctl claims' shows them)\n") != NULL, "%s",
                      text);
}
END_TEST

START_TEST(claimed_is_a_column_when_the_daemon_knows_it) {
        const char *text = render(
                &verb_describe_node,
                "{\"numaNodes\":[{\"numaNode\":{\"id\":0},\"amounts\":{\"allocatableBytes\":"
                "\"4096\",\"claimedBytes\":\"2048\",\"observedBytes\":\"1024\","
                "\"hugepagesClaimed\":[{\"pageSizeBytes\":"
                "\"2097152\",\"bytes\":\"4194304\"}]}},{\"numaNode\":{\"id\":1},\"amounts\":{}}]}",
                (Style){ .is_wide = true });

        ck_assert_msg(strstr(text, "Allocatable  Claimed  Observed  Allocatable Hugepages  "
                                   "Claimed Hugepages  ") != NULL,
                      "%s", text);
        ck_assert_msg(
                strstr(text, "4Ki          2Ki      1Ki       -                      2Mi:4Mi") !=
                        NULL,
                "%s", text);
        ck_assert_msg(strstr(text, "0            -        -         -                      -") !=
                              NULL,
                      "%s", text);
}
END_TEST

START_TEST(an_older_daemon_is_described_as_before) {
        const char *text = render(&verb_describe_node,
                                  "{\"numaNodes\":[{\"numaNode\":{\"id\":0},\"amounts\":{}}]}",
                                  (Style){ .is_wide = true });

        ck_assert_ptr_null(strstr(text, "Claimed"));
        ck_assert_msg(strstr(text, "Allocated resources:\n  <unknown>") != NULL, "%s", text);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-memory");
        TCase *t = tcase_create("slugctl-memory");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, a_command_line_becomes_a_request, 0, ELEMENTSOF(requests));
        tcase_add_loop_test(t, what_is_no_request_is_refused_by_name, 0, ELEMENTSOF(refusals));
        tcase_add_loop_test(t, a_subject_becomes_a_request, 0, ELEMENTSOF(explained));
        tcase_add_test(t, explained_hints_are_those_of_hints);
        tcase_add_test(t, hints_are_a_table);
        tcase_add_test(t, hints_of_two_resources_have_their_names);
        tcase_add_test(t, claims_are_a_table_with_a_sum);
        tcase_add_test(t, a_claim_on_a_numa_node_that_is_gone_counts_as_it_was_asked);
        tcase_add_test(t, wide_claims_have_all_that_is_known);
        tcase_add_test(t, what_is_wrong_with_a_claim_stands_below);
        tcase_add_loop_test(t, claims_are_chosen_by_name, 0, ELEMENTSOF(filters));
        tcase_add_test(t, a_claim_that_was_made_is_shown_in_full);
        tcase_add_test(t, pods_that_fit_and_those_that_do_not);
        tcase_add_test(t, an_explanation_has_what_was_considered);
        tcase_add_loop_test(t, an_answer_makes_the_exit_status, 0, ELEMENTSOF(statuses));
        tcase_add_test(t, allocated_resources_are_as_kubectl_has_them);
        tcase_add_test(t, claimed_is_a_column_when_the_daemon_knows_it);
        tcase_add_test(t, an_older_daemon_is_described_as_before);
        suite_add_tcase(s, t);
        return s;
}
