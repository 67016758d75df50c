/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks as slugctl shows them: tables, the section of the node, and claims named by a chunk. */
#include <string.h>

#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/chunks.h"
#include "slugctl/explain.h"
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

static const Slug__V1__ChunkList *decode(const char *json) {
        ProtobufCMessage *message;

        ck_assert_msg(json_decode(json, strlen(json), verb_chunks.response, NULL, arena, &message,
                                  &diag) == 0,
                      "%s", diag.text);
        return (const Slug__V1__ChunkList *)message;
}

static const char *render(const char *json, Style style) {
        chunks_append(decode(json), &style, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

static const char *describe(const char *json) {
        described_chunks_append(decode(json), &(Style){}, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data ? buffer.data : "";
}

#define RESOURCE "sluglab.io/remote-memory-1gi"
#define LIST                                                                                       \
        "{\"state\":\"CHUNKS_STATE_ADVERTISED\",\"chunkBytes\":\"1073741824\","                    \
        "\"topologySetting\":\"CHUNK_TOPOLOGY_AUTO\",\"topology\":\"CHUNK_TOPOLOGY_NEAREST\","     \
        "\"preference\":\"CHUNK_PREFERENCE_PACK\",\"resources\":[{\"name\":\"" RESOURCE "\"}],"    \
        "\"numaNodes\":[{\"numaNode\":2,\"free\":1,\"claimed\":2,\"short\":3,"                     \
        "\"remainderBytes\":\"536870912\",\"topology\":[0,1]},{\"numaNode\":3,\"offline\":4}],"    \
        "\"chunks\":[{\"id\":\"1gi-n2-0000\",\"numaNode\":2,\"state\":\"CHUNK_STATE_CLAIMED\","    \
        "\"podUid\":\"unseen-7\"},{\"id\":\"1gi-n2-0001\",\"numaNode\":2,"                         \
        "\"state\":\"CHUNK_STATE_CLAIMED\",\"podUid\":\"u\",\"container\":\"app\"},"               \
        "{\"id\":\"1gi-n2-0002\",\"numaNode\":2,\"state\":\"CHUNK_STATE_SHORT\"}]"

START_TEST(a_row_for_each_numa_node_and_the_sums) {
        ck_assert_str_eq(render(LIST "}", (Style){}),
                         "Resource                      NUMA Node  Size  Free  Claimed  Short  "
                         "Offline  Remainder  Topology\n"
                         "--------                      ---------  ----  ----  -------  -----  "
                         "-------  ---------  --------\n" RESOURCE
                         "  2          1Gi   1     2        3      0        512Mi      "
                         "0-1\n" RESOURCE
                         "  3          1Gi   0     0        0      4        0          "
                         "<none>\n"
                         "\n"
                         "10 chunks of 1Gi: 1 free, 2 claimed, 7 not to be given; topology nearest "
                         "(auto), preferred pack\n");
}
END_TEST

START_TEST(the_wide_text_has_every_chunk_and_its_holder) {
        const char *text = render(LIST "}", (Style){ .is_wide = true });

        ck_assert_msg(strstr(text, "1gi-n2-0000  2          claimed  unseen-7 (not named yet)  "
                                   "<none>\n") != NULL,
                      "%s", text);
        ck_assert_msg(strstr(text, "1gi-n2-0001  2          claimed  u                         "
                                   "app\n") != NULL,
                      "%s", text);
        ck_assert_msg(strstr(text, "1gi-n2-0002  2          short    <none>                    "
                                   "<none>\n") != NULL,
                      "%s", text);
}
END_TEST

START_TEST(a_problem_stands_below) {
        const char *text = render(LIST ",\"problem\":\"chunks stay 1Gi\"}", (Style){});

        ck_assert_msg(strstr(text, "preferred pack\nchunks stay 1Gi\n") != NULL, "%s", text);
}
END_TEST

START_TEST(a_resource_of_each_numa_node_stands_in_its_row) {
        const char *text =
                render("{\"state\":\"CHUNKS_STATE_ADVERTISED\",\"chunkBytes\":\"67108864\","
                       "\"resources\":[{\"name\":\"r-numa0\",\"numaNode\":0},{\"name\":"
                       "\"r-numa2\",\"numaNode\":2}],\"numaNodes\":[{\"numaNode\":0,"
                       "\"free\":1},{\"numaNode\":2},{\"numaNode\":5}]}",
                       (Style){});

        ck_assert_msg(strstr(text, "r-numa0   0 ") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "r-numa2   2 ") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "-         5 ") != NULL, "%s", text);
        ck_assert_msg(strstr(text, "1 chunk of 64Mi: 1 free, 0 claimed;") != NULL, "%s", text);
}
END_TEST

START_TEST(where_there_are_none_the_reason_is_told) {
        ck_assert_str_eq(
                render("{\"state\":\"CHUNKS_STATE_NONE\",\"problem\":\"no remote memory\"}",
                       (Style){}),
                "no remote memory\n");
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ck_assert_str_eq(render("{}", (Style){}), "No chunks\n");
}
END_TEST

/* Of what comes from outside nothing reaches the terminal as it is. */
START_TEST(a_hostile_list_does_not_steer_the_terminal) {
        const char *text =
                render("{\"state\":\"CHUNKS_STATE_ADVERTISED\",\"problem\":\"\\u001b[2J\","
                       "\"numaNodes\":[{\"numaNode\":4000000000,\"topology\":[4000000000]}],"
                       "\"chunks\":[{\"id\":\"\\u001b[1m\",\"state\":99,\"podUid\":\"\\u001b\"}]}",
                       (Style){ .is_wide = true });

        ck_assert_ptr_null(strchr(text, '\033'));
        ck_assert_msg(strstr(text, "unknown") != NULL, "%s", text);
}
END_TEST

START_TEST(the_node_has_a_section_where_there_is_something_to_say) {
        ck_assert_str_eq(describe("{\"state\":\"CHUNKS_STATE_NONE\",\"problem\":\"no remote\"}"),
                         "");
        ck_assert_str_eq(describe("{\"state\":\"CHUNKS_STATE_TOO_MANY\",\"problem\":\"too many\","
                                  "\"numaNodes\":[{\"numaNode\":2}],\"chunkBytes\":\"1\"}"),
                         "Chunks:\n  <none>  too many\n");
        ck_assert_msg(strstr(describe(LIST "}"), "Chunks:\n  Resource ") != NULL, "%s",
                      buffer.data);
}
END_TEST

/* Claims by a chunk */

static const char *request_of(const Verb *verb,
                              int (*write_request)(const VerbContext *, Buffer *, Diag *),
                              char *name) {
        char *arguments[] = { (char *)"claim", name, NULL };
        const VerbContext context = { .verb = verb,
                                      .arguments =
                                              verb == &verb_release ? arguments + 1 : arguments,
                                      .n_arguments = verb == &verb_release ? 1 : 2 };

        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ck_assert_msg(write_request(&context, &buffer, &diag) == 0, "%s", diag.text);
        return buffer.data;
}

START_TEST(a_chunk_names_the_claim_that_holds_it) {
        char chunk[] = "1gi-n2-0017", name[] = "bench", other[] = "3gi-n2-0017";

        ck_assert_str_eq(request_of(&verb_release, verb_release.write_request, chunk),
                         "{\"chunk\":\"1gi-n2-0017\"}");
        ck_assert_str_eq(request_of(&verb_explain, explain_claim.write_request, chunk),
                         "{\"chunk\":\"1gi-n2-0017\"}");
        ck_assert_str_eq(request_of(&verb_release, verb_release.write_request, name),
                         "{\"podUid\":\"operator-bench\",\"container\":\"bench\"}");
        /* no size of a chunk: a name */
        ck_assert_str_eq(request_of(&verb_explain, explain_claim.write_request, other),
                         "{\"podUid\":\"operator-3gi-n2-0017\",\"container\":\"3gi-n2-0017\"}");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-chunks");
        TCase *t = tcase_create("slugctl-chunks");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_row_for_each_numa_node_and_the_sums);
        tcase_add_test(t, the_wide_text_has_every_chunk_and_its_holder);
        tcase_add_test(t, a_problem_stands_below);
        tcase_add_test(t, a_resource_of_each_numa_node_stands_in_its_row);
        tcase_add_test(t, where_there_are_none_the_reason_is_told);
        tcase_add_test(t, a_hostile_list_does_not_steer_the_terminal);
        tcase_add_test(t, the_node_has_a_section_where_there_is_something_to_say);
        tcase_add_test(t, a_chunk_names_the_claim_that_holds_it);
        suite_add_tcase(s, t);
        return s;
}
