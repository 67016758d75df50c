/* SPDX-License-Identifier: Apache-2.0 */
/* Splits as slugctl shows them: of the node, of a pod, in top, and explained. */
#include <string.h>

#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/describe-pod.h"
#include "slugctl/enforced.h"
#include "slugctl/explain.h"
#include "slugctl/top.h"
#include "slugctl/verb.h"

static Arena *arena;
static Buffer buffer;
static Diag diag;

static void setup(void) {
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
        buffer = (Buffer){};
        diag = (Diag){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static const void *decode(const char *json, const ProtobufCMessageDescriptor *descriptor) {
        ProtobufCMessage *message;

        ck_assert_msg(json_decode(json, strlen(json), descriptor, NULL, arena, &message, &diag) ==
                              0,
                      "%s", diag.text);
        return message;
}

static void is_text(const char *expected) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strcmp(buffer.data, expected) == 0, "drawn:\n%s\nexpected:\n%s", buffer.data,
                      expected);
}

static void has_text(const char *part) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strstr(buffer.data, part) != NULL, "drawn:\n%s\nexpected in it:\n%s",
                      buffer.data, part);
}

/* One that is over its ceiling, and one that is only watched. */
#define DB                                                                                         \
        "{\"podUid\":\"u1\",\"namespace\":\"default\",\"pod\":\"db-0\",\"container\":\"db\","      \
        "\"containerId\":\"c1\",\"cgroup\":\"kubepods/podu1/c1\",\"split\":{\"local\":{"           \
        "\"minBytes\":\"2147483648\",\"maxBytes\":\"4294967296\"},\"remote\":{"                    \
        "\"minBytes\":\"8589934592\",\"maxBytes\":\"8589934592\"}},"                               \
        "\"localBytes\":\"5368709120\",\"remoteBytes\":\"1073741824\","                            \
        "\"backend\":\"ENFORCEMENT_BACKEND_RECLAIM\",\"backendReason\":\"demotion is on\","        \
        "\"state\":\"ENFORCEMENT_STATE_DEMOTING\",\"reason\":\"1 GiB above its ceiling\","         \
        "\"demotedBytes\":\"67108864\",\"promotedBytes\":\"4096\","                                \
        "\"kernelDemotedBytes\":\"134217728\",\"overUsec\":\"1250000\","                           \
        "\"sampleAgeUsec\":\"340000\",\"notes\":[\"page cache goes first\"],"                      \
        "\"numaNodes\":[{\"numaNode\":0,\"bytes\":\"5368709120\"},"                                \
        "{\"numaNode\":2,\"bytes\":\"1073741824\"}]}"
#define WEB                                                                                        \
        "{\"podUid\":\"u2\",\"namespace\":\"default\",\"pod\":\"web\",\"container\":\"app\","      \
        "\"split\":{\"local\":{\"minBytes\":\"1073741824\"},\"remote\":{}},"                       \
        "\"localBytes\":\"1073741824\",\"otherBytes\":\"8192\","                                   \
        "\"backend\":\"ENFORCEMENT_BACKEND_OBSERVE\","                                             \
        "\"state\":\"ENFORCEMENT_STATE_OBSERVED\",\"reason\":\"as it was asked\"}"

/* The node */

static void render_list(const char *json, Style style) {
        verb_enforcement.render(decode(json, verb_enforcement.response), &style, &buffer);
}

START_TEST(the_node_is_told_with_its_containers_backends_and_settings) {
        render_list("{\"containers\":[" DB "," WEB "],\"backends\":["
                    "{\"backend\":\"ENFORCEMENT_BACKEND_NODE_LIMIT\",\"reason\":\"no such kernel\"}"
                    ",{\"backend\":\"ENFORCEMENT_BACKEND_RECLAIM\",\"usable\":true,\"chosen\":true,"
                    "\"reason\":\"demotion is on\"}],\"settings\":[{\"name\":\"demotion_enabled\","
                    "\"path\":\"/d\",\"value\":\"true\",\"wanted\":\"true\",\"before\":\"false\"},"
                    "{\"name\":\"numa_balancing\",\"path\":\"/n\",\"value\":\"2\","
                    "\"problem\":\"it is read-only\"}],\"budgetBytesPerSecond\":\"1073741824\","
                    "\"demotedBytes\":\"67108864\"}",
                    (Style){});
        is_text("Namespace  Pod   Container  State     Backend  Locality  Promised  Ceiling  "
                "Achieved  Moved Here  Moved by Kernel\n"
                "---------  ---   ---------  -----     -------  --------  --------  -------  "
                "--------  ----------  ---------------\n"
                "default    db-0  db         demoting  reclaim  local     2Gi       4Gi      5Gi "
                "      4Ki         -\n"
                "                                               remote    8Gi       8Gi      1Gi "
                "      64Mi        128Mi\n"
                "default    web   app        observed  observe  local     1Gi       <none>   1Gi "
                "      0           -\n"
                "                                               remote    0         <none>   0   "
                "      0           -\n"
                "                                               neither   -         -        8Ki "
                "      -           -\n"
                "\n"
                "default/db-0/db: 1 GiB above its ceiling\n"
                "\n"
                "Backends:\n"
                "  Backend           Usable  Reason\n"
                "  -------           ------  ------\n"
                "  node_limit        no      no such kernel\n"
                "  reclaim (chosen)  yes     demotion is on\n"
                "Machine Settings:\n"
                "  Setting           Value  Wanted         Before  Problem\n"
                "  -------           -----  ------         ------  -------\n"
                "  demotion_enabled  true   true           false   -\n"
                "  numa_balancing    2      (not slugd's)  -       it is read-only\n"
                "Moved:  64Mi to remote and 0 to local memory since slugd started, at most "
                "1Gi/s\n");
}
END_TEST

START_TEST(a_node_without_splits_says_so) {
        render_list("{\"problem\":\"there is no remote memory\"}", (Style){});
        is_text("No containers with a split\n\nthere is no remote memory\n");
}
END_TEST

START_TEST(the_wide_list_has_uids_cgroups_and_files) {
        render_list("{\"containers\":[" DB "],\"settings\":[{\"name\":\"x\",\"path\":\"/sys/x\"}]}",
                    (Style){ .is_wide = true });
        has_text("  u1       kubepods/podu1/c1  local ");
        has_text("  x        <none>  (not slugd's)  -       -        /sys/x\n");
}
END_TEST

START_TEST(colour_tells_how_urgent_it_is) {
        render_list("{\"containers\":[" DB "]}", (Style){ .has_colour = true });
        has_text("\033");
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        render_list("{\"containers\":[" DB "]}", (Style){});
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_null(strchr(buffer.data, '\033'));
}
END_TEST

/* Of what comes from outside nothing reaches the terminal as it is. */
START_TEST(a_hostile_answer_does_not_steer_the_terminal) {
        render_list("{\"containers\":[{\"pod\":\"\\u001b[2J\",\"container\":\"\\u001b\","
                    "\"state\":\"ENFORCEMENT_STATE_FAILED\",\"reason\":\"\\u001b[1m\"},"
                    "{\"state\":99,\"backend\":99}],\"backends\":[{\"backend\":99,"
                    "\"reason\":\"\\u001b\"}],\"settings\":[{\"name\":\"\\u001b\"}],"
                    "\"problem\":\"\\u001b[2J\"}",
                    (Style){});
        has_text("unknown");
        ck_assert_ptr_null(strchr(buffer.data, '\033'));
}
END_TEST

static const char *request_of(const Verb *verb, const VerbOption *options, size_t n_options) {
        const VerbContext context = { .verb = verb, .options = options, .n_options = n_options };

        ck_assert_int_eq(verb->write_request(&context, &buffer, &diag), 0);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

START_TEST(options_narrow_the_list) {
        const VerbOption options[] = { { "pod-uid", "u1" },
                                       { "pod", "db-0" },
                                       { "namespace", "default" } };

        ck_assert_str_eq(request_of(&verb_enforcement, options, ELEMENTSOF(options)),
                         "{\"podUid\":\"u1\",\"namespace\":\"default\",\"pod\":\"db-0\"}");
}
END_TEST

/* One container */

START_TEST(a_container_is_explained_with_its_decisions) {
        explain_container.render(
                decode("{\"container\":" DB ",\"decisions\":[{\"timeUsec\":\"1000000\","
                       "\"count\":\"3\",\"state\":\"ENFORCEMENT_STATE_DEMOTING\","
                       "\"bytes\":\"67108864\",\"movedBytes\":\"33554432\","
                       "\"localBytes\":\"5368709120\",\"remoteBytes\":\"1073741824\","
                       "\"growthBytesPerSecond\":\"-4096\",\"reason\":\"a step\"}]}",
                       explain_container.response),
                &(const Style){}, &buffer);
        is_text("Container:     default/db-0/db\n"
                "Pod UID:       u1\n"
                "State:         demoting: 1 GiB above its ceiling\n"
                "Backend:       reclaim: demotion is on\n"
                "Over Ceiling:  for 1.2 s\n"
                "Cgroup:        kubepods/podu1/c1\n"
                "NUMA Nodes:    0:5Gi, 2:1Gi\n"
                "Sampled:       0.3 s ago\n"
                "Split:\n"
                "  Locality  Promised  Ceiling  Achieved  Moved Here  Moved by Kernel\n"
                "  --------  --------  -------  --------  ----------  ---------------\n"
                "  local     2Gi       4Gi      5Gi       4Ki         -\n"
                "  remote    8Gi       8Gi      1Gi       64Mi        128Mi\n"
                "Notes:\n"
                "  page cache goes first\n"
                "Decisions:\n"
                "  Time                      Count  State     To Move  Moved  Local  Remote  "
                "Growth  Reason\n"
                "  ----                      -----  -----     -------  -----  -----  ------  "
                "------  ------\n"
                "  1970-01-01T00:00:01.000Z  3      demoting  64Mi     32Mi   5Gi    1Gi     "
                "-4Ki/s  a step\n");
}
END_TEST

START_TEST(an_empty_explanation_is_no_crash) {
        explain_container.render(decode("{}", explain_container.response), &(const Style){},
                                 &buffer);
        is_text("No explanation\n");
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        explain_container.render(decode("{\"container\":{}}", explain_container.response),
                                 &(const Style){}, &buffer);
        has_text("Decisions:\n  <none>\n");
        has_text("local     0         0        0 ");
}
END_TEST

static const struct {
        const char *name;
        const char *request; /* NULL: it is refused */
} names[] = {
        { "default/db-0/db", "{\"container\":\"db\",\"namespace\":\"default\",\"pod\":\"db-0\"}" },
        { "u1/db", "{\"podUid\":\"u1\",\"container\":\"db\"}" },
        { "db", NULL },
        { "/db", NULL },
        { "u1/", NULL },
        { "a//c", NULL },
        { "a/b/", NULL },
        { "/b/c", NULL },
        { "a/b/c/d", NULL },
        { "", NULL },
};

START_TEST(a_container_goes_by_its_pod) {
        char *arguments[] = { (char *)"container", (char *)names[_i].name };
        const VerbContext context = { .arguments = arguments, .n_arguments = 2 };
        const int r = explain_container.write_request(&context, &buffer, &diag);

        if (!names[_i].request) {
                ck_assert_msg(r == VERB_E_USAGE, "%s", names[_i].name);
                ck_assert(strstr(diag.text, "NAMESPACE/POD/CONTAINER or UID/CONTAINER"));
                return;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, names[_i].request);
}
END_TEST

/* Pods */

#define PODS                                                                                       \
        "{\"pods\":[{\"uid\":\"u1\",\"namespace\":\"default\",\"name\":\"db-0\",\"containers\":["  \
        "{\"name\":\"db\",\"enforcement\":" DB "},{\"name\":\"side\"}]},"                          \
        "{\"uid\":\"u9\",\"namespace\":\"default\",\"name\":\"plain\"}],"                          \
        "\"report\":{\"hasReport\":true,\"settled\":true}}"

START_TEST(a_pod_is_described_with_its_splits) {
        const Slug__V1__ListPodsResponse *pods =
                decode(PODS, &slug__v1__list_pods_response__descriptor);

        describe_pod_append(pods->pods[0], &(const Style){}, &buffer);
        has_text("Splits:\n"
                 "  Container  State     Backend  Locality  Promised  Ceiling  Achieved  Moved "
                 "Here  Moved by Kernel\n"
                 "  ---------  -----     -------  --------  --------  -------  --------  "
                 "----------  ---------------\n"
                 "  db         demoting  reclaim  local     2Gi       4Gi      5Gi       4Ki       "
                 "  -\n"
                 "                                remote    8Gi       8Gi      1Gi       64Mi      "
                 "  128Mi\n"
                 "  db: 1 GiB above its ceiling\n"
                 "  db: page cache goes first\n");
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        describe_pod_append(pods->pods[1], &(const Style){}, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_null(strstr(buffer.data, "Splits"));
}
END_TEST

START_TEST(top_shows_splits_where_there_are_some) {
        const TopTotals totals = {};

        top_append(decode(PODS, &slug__v1__list_pods_response__descriptor), &totals,
                   &(const Style){}, &buffer);
        has_text("Namespace  Name   Usage  Local  Remote  Growth  Pressure  Local Split         "
                 "Remote Split  Held      Backend  Moved               Moved by Kernel\n");
        has_text("default    db-0   -      -      -       -       -         2.00 GiB..4.00 GiB  "
                 "8.00 GiB      demoting  reclaim  64.00 MiB/4.00 KiB  128.00 MiB/-\n");
        has_text("default    plain  -      -      -       -       -         -                   "
                 "-             -         -        -                   -\n");
}
END_TEST

START_TEST(top_adds_up_the_containers_of_a_pod) {
        const TopTotals totals = {};

        top_append(decode("{\"pods\":[{\"namespace\":\"n\",\"name\":\"p\",\"containers\":["
                          "{\"enforcement\":" WEB "},{\"enforcement\":" DB "}]}]}",
                          &slug__v1__list_pods_response__descriptor),
                   &totals, &(const Style){}, &buffer);
        has_text("3.00 GiB..max  8.00 GiB..max  demoting  several  64.00 MiB/4.00 KiB  "
                 "128.00 MiB/-\n");
}
END_TEST

START_TEST(top_is_as_it_was_where_there_are_none) {
        const TopTotals totals = {};

        top_append(decode("{\"pods\":[{\"namespace\":\"n\",\"name\":\"p\"}]}",
                          &slug__v1__list_pods_response__descriptor),
                   &totals, &(const Style){}, &buffer);
        has_text("Namespace  Name  Usage  Local  Remote  Growth  Pressure\n");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-enforcement");
        TCase *t = tcase_create("slugctl-enforcement");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_node_is_told_with_its_containers_backends_and_settings);
        tcase_add_test(t, a_node_without_splits_says_so);
        tcase_add_test(t, the_wide_list_has_uids_cgroups_and_files);
        tcase_add_test(t, colour_tells_how_urgent_it_is);
        tcase_add_test(t, a_hostile_answer_does_not_steer_the_terminal);
        tcase_add_test(t, options_narrow_the_list);
        tcase_add_test(t, a_container_is_explained_with_its_decisions);
        tcase_add_test(t, an_empty_explanation_is_no_crash);
        tcase_add_loop_test(t, a_container_goes_by_its_pod, 0, ELEMENTSOF(names));
        tcase_add_test(t, a_pod_is_described_with_its_splits);
        tcase_add_test(t, top_shows_splits_where_there_are_some);
        tcase_add_test(t, top_adds_up_the_containers_of_a_pod);
        tcase_add_test(t, top_is_as_it_was_where_there_are_none);
        suite_add_tcase(s, t);
        return s;
}
