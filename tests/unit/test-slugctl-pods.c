/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs that show pods, without slugd: what is drawn of an answer, in which order, and which
 * pod a person means.
 */
#include <stdio.h>
#include <string.h>

#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/describe-node.h"
#include "slugctl/describe-pod.h"
#include "slugctl/listed-pod.h"
#include "slugctl/pods.h"
#include "slugctl/screen.h"
#include "slugctl/top.h"
#include "slugctl/verb.h"

#define N_MANY   1000u
#define COLUMNS  100u
#define UID_WEB  "6d3f7a52-53d8-4f0e-8a2f-0c7a5a4b1d01"
#define UID_BARE "0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11"

static Arena *arena;
static Buffer buffer;

static void setup(void) {
        ck_assert_int_eq(arena_new(64 << 20, &arena), 0);
        buffer = (Buffer){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static Slug__V1__ListPodsResponse *decode(const char *json) {
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_msg(json_decode(json, strlen(json), &slug__v1__list_pods_response__descriptor,
                                  NULL, arena, &message, &diag) == 0,
                      "%s", diag.text);
        return (Slug__V1__ListPodsResponse *)message;
}

static const char *finish(void) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

static void is_text(const char *expected) {
        ck_assert_msg(strcmp(finish(), expected) == 0, "drawn:\n%s\nexpected:\n%s", buffer.data,
                      expected);
}

/* Four pods: one that runs and never asked, one with a claim, one that only its cgroup tells of,
 * and one that has ended. */
#define COREDNS                                                                                    \
        "{\"uid\":\"c0\",\"namespace\":\"kube-system\",\"name\":\"coredns-5d78c9869d-7xkqz\","     \
        "\"qosClass\":\"QOS_CLASS_BURSTABLE\",\"state\":\"POD_STATE_RUNNING\","                    \
        "\"cgroup\":\"kubepods.slice/c0\",\"requestBytes\":\"73400320\","                          \
        "\"limitBytes\":\"178257920\",\"sizeBytes\":\"73400320\","                                 \
        "\"sizeSource\":\"POD_SIZE_SOURCE_REQUEST\","                                              \
        "\"sizeConfidence\":\"POD_SIZE_CONFIDENCE_HIGH\","                                         \
        "\"sizeNumaNodes\":[{\"numaNode\":0,\"bytes\":\"73400320\"}],"                             \
        "\"usage\":{\"bytes\":\"16777216\",\"localBytes\":\"12582912\","                           \
        "\"uncountedBytes\":\"4194304\",\"growthBytesPerSecond\":\"-4096\","                       \
        "\"pressurePermille\":0,"                                                                  \
        "\"numaNodes\":[{\"numaNode\":0,\"bytes\":\"12582912\"}]},"                                \
        "\"containers\":[{\"name\":\"coredns\",\"id\":\"a1\","                                     \
        "\"state\":\"REPORTED_CONTAINER_STATE_RUNNING\",\"requestBytes\":\"73400320\","            \
        "\"limitBytes\":\"178257920\",\"cgroup\":\"kubepods.slice/c0/a1\"}],"                      \
        "\"claims\":[{\"state\":\"CLAIM_STATE_OBSERVED\",\"source\":\"CLAIM_SOURCE_OBSERVED\","    \
        "\"blocks\":[{\"type\":\"memory\",\"sizeBytes\":\"73400320\"}]}],"                         \
        "\"seenInCgroups\":true,\"seenByRuntime\":true,\"listedByKubelet\":true}"
#define WEB                                                                                        \
        "{\"uid\":\"" UID_WEB "\",\"namespace\":\"default\",\"name\":\"web-0\","                   \
        "\"qosClass\":\"QOS_CLASS_GUARANTEED\",\"state\":\"POD_STATE_PENDING\","                   \
        "\"isStatic\":true,\"requestBytes\":\"3221225472\",\"limitBytes\":\"3221225472\","         \
        "\"sizeBytes\":\"3221225472\",\"sizeSource\":\"POD_SIZE_SOURCE_CLAIM\","                   \
        "\"sizeConfidence\":\"POD_SIZE_CONFIDENCE_HIGH\","                                         \
        "\"usage\":{\"bytes\":\"2147483648\",\"localBytes\":\"1073741824\","                       \
        "\"remoteBytes\":\"1073741824\",\"growthBytesPerSecond\":\"1048576\","                     \
        "\"pressurePermille\":15,\"oomKills\":\"2\",\"numaNodes\":["                               \
        "{\"numaNode\":0,\"bytes\":\"1073741824\"},{\"numaNode\":2,\"bytes\":\"1073741824\"}]},"   \
        "\"containers\":[{\"name\":\"app\",\"chunks\":[\"n2-0\",\"n2-1\"]},{\"id\":\"b2\"}],"      \
        "\"claims\":[{\"container\":\"app\",\"state\":\"CLAIM_STATE_ACTIVE\","                     \
        "\"source\":\"CLAIM_SOURCE_MEMORY_MANAGER\",\"blocks\":[{\"type\":\"memory\","             \
        "\"sizeBytes\":\"2147483648\",\"placement\":[{\"numaNode\":0,"                             \
        "\"bytes\":\"2147483648\"}]}]},{\"container\":\"app2\","                                   \
        "\"state\":\"CLAIM_STATE_UNCONFIRMED\",\"source\":\"CLAIM_SOURCE_DEVICE_PLUGIN\","         \
        "\"reason\":\"not seen since the reboot\",\"blocks\":[{\"type\":\"memory\","               \
        "\"sizeBytes\":\"1073741824\",\"placement\":[{\"numaNode\":2,"                             \
        "\"bytes\":\"1073741824\"}]}]}],"                                                          \
        "\"notes\":[\"its claim is smaller than its request\"],"                                   \
        "\"annotations\":{\"memory.sluglab.io/container.app\":\"local=2Gi,remote=1Gi\"}}"
#define BARE                                                                                       \
        "{\"uid\":\"" UID_BARE "\",\"qosClass\":\"QOS_CLASS_BEST_EFFORT\","                        \
        "\"state\":\"POD_STATE_RUNNING\",\"sizeBytes\":\"4194304\","                               \
        "\"sizeSource\":\"POD_SIZE_SOURCE_USAGE\","                                                \
        "\"sizeConfidence\":\"POD_SIZE_CONFIDENCE_LOW\",\"usage\":{\"bytes\":\"4194304\","         \
        "\"remoteBytes\":\"4194304\",\"numaNodes\":[{\"numaNode\":2,\"bytes\":\"4194304\"}]},"     \
        "\"seenInCgroups\":true}"
#define ENDED                                                                                      \
        "{\"uid\":\"e0\",\"namespace\":\"default\",\"name\":\"job-1\","                            \
        "\"state\":\"POD_STATE_FINISHED\",\"requestBytes\":\"0\"}"
#define SETTLED "\"report\":{\"hasReport\":true,\"settled\":true}"
#define ALL     "{\"pods\":[" BARE "," ENDED "," WEB "," COREDNS "]," SETTLED "}"

/* Lists */

START_TEST(the_list_is_a_table) {
        pods_append(decode(ALL), &(const Style){}, &buffer);
        is_text("Namespace    Name                                  QoS         State     Request  "
                "Local  Remote  Claim\n"
                "---------    ----                                  ---         -----     -------  "
                "-----  ------  -----\n"
                "-            0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11  BestEffort  running   -        "
                "0      4Mi     <none>\n"
                "default      job-1                                 -           finished  0        "
                "-      -       <none>\n"
                "default      web-0                                 Guaranteed  pending   3Gi      "
                "1Gi    1Gi     3Gi unconfirmed\n"
                "kube-system  coredns-5d78c9869d-7xkqz              Burstable   running   70Mi     "
                "12Mi   0       observed\n");
}
END_TEST

START_TEST(the_wide_list_has_the_numa_nodes_that_are_used) {
        pods_append(decode(ALL), &(const Style){ .is_wide = true }, &buffer);
        is_text("Namespace    Name                                  QoS         State     Request  "
                "Limit   Local  Remote  N0    N2   Claim            Size  From     Confidence  UID "
                "                                  Cgroup\n"
                "---------    ----                                  ---         -----     -------  "
                "-----   -----  ------  --    --   -----            ----  ----     ----------  --- "
                "                                  ------\n"
                "-            0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11  BestEffort  running   -        "
                "-       0      4Mi     0     4Mi  <none>           4Mi   usage    low         "
                "0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11  <none>\n"
                "default      job-1                                 -           finished  0        "
                "<none>  -      -       -     -    <none>           -     -        -           e0  "
                "                                  <none>\n"
                "default      web-0                                 Guaranteed  pending   3Gi      "
                "3Gi     1Gi    1Gi     1Gi   1Gi  3Gi unconfirmed  3Gi   claim    high        "
                "6d3f7a52-53d8-4f0e-8a2f-0c7a5a4b1d01  <none>\n"
                "kube-system  coredns-5d78c9869d-7xkqz              Burstable   running   70Mi     "
                "170Mi   12Mi   0       12Mi  0    observed         70Mi  request  high        c0  "
                "                                  kubepods.slice/c0\n");
}
END_TEST

START_TEST(names_as_they_usually_are_fit_a_hundred_columns) {
        pods_append(decode("{\"pods\":[" WEB "," COREDNS "]}"), &(const Style){}, &buffer);
        for (const char *line = finish(); *line; line += strcspn(line, "\n") + 1)
                ck_assert_msg(strcspn(line, "\n") <= COLUMNS, "%s", line);
}
END_TEST

/* What is below the list, of a report and of slugd's own looking. */
static const struct {
        const char *answer;
        const char *text;
} problems[] = {
        { "{}", "No pods found\n"
                "Names and requests are not known: no slug-kubelet has reported; systemctl enable "
                "--now slug-kubelet\n" },
        { "{" SETTLED "}", "No pods found\n" },
        { "{\"report\":{\"hasReport\":true,\"unsettledReason\":\"the kubelet is starting\"}}",
          "No pods found\n"
          "The report of slug-kubelet is not settled yet: the kubelet is starting\n" },
        { "{\"report\":{\"hasReport\":true,\"settled\":true,\"sources\":[{\"name\":\"runtime\","
          "\"state\":\"REPORT_SOURCE_STATE_FAILED\",\"endpoint\":\"/run/c.sock\",\"problem\":"
          "\"nobody listens\"},{\"name\":\"devices\",\"state\":\"REPORT_SOURCE_STATE_ABSENT\"}]}}",
          "No pods found\n"
          "slug-kubelet cannot read runtime at /run/c.sock: nobody listens\n" },
        { "{\"report\":{\"hasReport\":true,\"settled\":true,\"ageUsec\":\"240000000\"}}",
          "No pods found\n"
          "slug-kubelet has not reported for 4 minutes; see 'systemctl status slug-kubelet'\n" },
        { "{" SETTLED ",\"cgroupProblem\":\"no cgroup is mounted\",\"leftOutCount\":\"3\"}",
          "No pods found\n"
          "Usage is not known: no cgroup is mounted\n"
          "3 more pods are not shown: slugd cannot follow more\n" },
};

START_TEST(what_is_missing_is_said_below_the_list) {
        pods_append(decode(problems[_i].answer), &(const Style){}, &buffer);
        is_text(problems[_i].text);
}
END_TEST

/* The state that deserves attention most is the one of the list. */
static const struct {
        const char *claims;
        const char *text;
} claims[] = {
        { "", "<none>" },
        { "{\"state\":\"CLAIM_STATE_OBSERVED\",\"blocks\":[{\"sizeBytes\":\"4096\"}]}",
          "observed" },
        { "{\"state\":\"CLAIM_STATE_OBSERVED\",\"blocks\":[{\"sizeBytes\":\"4096\"}]},"
          "{\"state\":\"CLAIM_STATE_ACTIVE\",\"blocks\":[{\"sizeBytes\":\"8192\"}]}",
          "8Ki active" },
        { "{\"state\":\"CLAIM_STATE_ACTIVE\",\"blocks\":[{\"sizeBytes\":\"8192\"}]},"
          "{\"state\":\"CLAIM_STATE_ACTIVE\",\"withinPod\":true,\"blocks\":[{\"sizeBytes\":"
          "\"4096\"}]}",
          "8Ki active" },
        { "{\"state\":\"CLAIM_STATE_PENDING\",\"blocks\":[{\"sizeBytes\":\"8192\"}]},"
          "{\"state\":\"CLAIM_STATE_INVALID\"},{\"state\":\"CLAIM_STATE_RELEASING\"}",
          "8Ki invalid" },
        { "{\"state\":\"CLAIM_STATE_ACTIVE\",\"blocks\":[{\"sizeBytes\":"
          "\"18446744073709551615\"},{\"sizeBytes\":\"1\"}]}",
          "18446744073709551615 active" },
        { "{\"state\":77}", "0 unknown" },
};

START_TEST(claims_are_summed_up_in_two_words) {
        buffer_printf(&buffer, "{\"pods\":[{\"claims\":[%s]}]}", claims[_i].claims);
        {
                const Slug__V1__ListPodsResponse *response = decode(finish());

                buffer_deinit(&buffer);
                buffer = (Buffer){};
                listed_pod_append_claims(response->pods[0], &buffer);
        }
        is_text(claims[_i].text);
}
END_TEST

static const struct {
        PodSortKey key;
        const char *order; /* uids */
} orders[] = {
        { POD_SORT_NAME, "bare e0 web c0 " },   { POD_SORT_USAGE, "web c0 bare e0 " },
        { POD_SORT_LOCAL, "web c0 bare e0 " },  { POD_SORT_REMOTE, "web bare c0 e0 " },
        { POD_SORT_GROWTH, "web c0 bare e0 " }, { POD_SORT_PRESSURE, "web c0 bare e0 " },
        { POD_SORT_SIZE, "web c0 bare e0 " },
};

START_TEST(the_largest_stands_first_and_what_is_unknown_last) {
        Slug__V1__ListPodsResponse *response = decode(ALL);

        listed_pods_sort(response->pods, response->n_pods, orders[_i].key);
        for (size_t i = 0; i < response->n_pods; ++i) {
                const char *uid = response->pods[i]->uid;

                buffer_printf(&buffer, "%s ",
                              strcmp(uid, UID_WEB) == 0    ? "web"
                              : strcmp(uid, UID_BARE) == 0 ? "bare"
                                                           : uid);
        }
        is_text(orders[_i].order);
        listed_pods_sort(NULL, 0, orders[_i].key);
}
END_TEST

START_TEST(there_is_a_word_for_every_order) {
        ck_assert_str_eq(listed_pod_sort_words[POD_SORT_NAME], "name");
        ck_assert_str_eq(listed_pod_sort_words[POD_SORT_GROWTH], "growth");
        ck_assert_str_eq(listed_pod_sort_words[POD_SORT_SIZE], "size");
        ck_assert_ptr_null(listed_pod_sort_words[POD_SORT_SIZE + 1]);
}
END_TEST

static size_t count_lines(const char *text) {
        size_t n = 0;

        for (; *text; ++text)
                n += *text == '\n';
        return n;
}

START_TEST(a_thousand_pods_are_a_thousand_lines) {
        Slug__V1__ListPodsResponse *response;

        buffer_append_text(&buffer, "{\"pods\":[");
        for (unsigned i = 0; i < N_MANY; ++i)
                buffer_printf(&buffer, "%s{\"uid\":\"u%u\",\"usage\":{\"bytes\":\"%u\"}}",
                              i ? "," : "", i, i % 7);
        buffer_append_text(&buffer, "]," SETTLED "}");
        response = decode(finish());
        listed_pods_sort(response->pods, response->n_pods, POD_SORT_USAGE);
        for (size_t i = 1; i < N_MANY; ++i)
                ck_assert_uint_ge(response->pods[i - 1]->usage->bytes,
                                  response->pods[i]->usage->bytes);
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        pods_append(response, &(const Style){ .is_wide = true }, &buffer);
        ck_assert_uint_eq(count_lines(finish()), N_MANY + 2);
}
END_TEST

/* One pod */

static const Slug__V1__ListedPod *find(const char *json, const char *words, int expected) {
        const Slug__V1__ListedPod *pod = NULL;

        ck_assert_int_eq(describe_pod_find(decode(json), words, &pod, &(const Style){}, &buffer),
                         expected);
        return pod;
}

START_TEST(a_pod_is_described) {
        describe_pod_append(find(ALL, "web-0", 0), &(const Style){}, &buffer);
        is_text("Name:       web-0\n"
                "Namespace:  default\n"
                "UID:        6d3f7a52-53d8-4f0e-8a2f-0c7a5a4b1d01\n"
                "QoS Class:  Guaranteed\n"
                "State:      pending\n"
                "Static:     yes\n"
                "Seen By:    <none>\n"
                "Cgroup:     <none>\n"
                "Request:    3Gi\n"
                "Limit:      3Gi\n"
                "Size:       3Gi (what slugd has promised to it; the confidence is high)\n"
                "Usage:\n"
                "  Memory:      2Gi\n"
                "  Local:       1Gi\n"
                "  Remote:      1Gi\n"
                "  NUMA Nodes:  0:1Gi, 2:1Gi\n"
                "  Growth:      +1Mi/s\n"
                "  Pressure:    1.5%\n"
                "  OOM Kills:   2\n"
                "Containers:\n"
                "  Name  State  Request  Limit  Usage  NUMA Nodes  Chunks\n"
                "  ----  -----  -------  -----  -----  ----------  ------\n"
                "  app   -      -        -      -      -           n2-0,n2-1\n"
                "  b2    -      -        -      -      -           <none>\n"
                "Claims:\n"
                "  Container  State        Source          Placement  Reason\n"
                "  ---------  -----        ------          ---------  ------\n"
                "  app        active       memory-manager  0:2Gi      -\n"
                "  app2       unconfirmed  device-plugin   2:1Gi      not seen since the reboot\n"
                "Notes:\n"
                "  its claim is smaller than its request\n"
                "Annotations:\n"
                "  memory.sluglab.io/container.app: local=2Gi,remote=1Gi\n");
}
END_TEST

START_TEST(a_pod_of_which_little_is_known_is_described) {
        describe_pod_append(find(ALL, UID_BARE, 0), &(const Style){}, &buffer);
        is_text("Name:       <unknown>\n"
                "Namespace:  <unknown>\n"
                "UID:        0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11\n"
                "QoS Class:  BestEffort\n"
                "State:      running\n"
                "Static:     no\n"
                "Seen By:    slugd (its cgroup)\n"
                "Cgroup:     <none>\n"
                "Request:    <unknown>\n"
                "Limit:      <unknown>\n"
                "Size:       4Mi (what it uses now, because neither request nor limit is known; "
                "the confidence is low)\n"
                "Usage:\n"
                "  Memory:      4Mi\n"
                "  Local:       0\n"
                "  Remote:      4Mi\n"
                "  NUMA Nodes:  2:4Mi\n"
                "  Growth:      <unknown>\n"
                "  Pressure:    <unknown>\n"
                "  OOM Kills:   0\n"
                "Containers:\n"
                "  <none>\n"
                "Claims:\n"
                "  <none>\n");
}
END_TEST

/* Where a size comes from, one sentence each. */
static const struct {
        const char *pod;
        const char *line;
} sizes[] = {
        { COREDNS,
          "\nSize:        70Mi (what it requested and the kubelet admitted; the confidence "
          "is high)\nCounted On:  0:70Mi\n" },
        { WEB, "\nSize:       3Gi (what slugd has promised to it; the confidence is high)\n" },
};

START_TEST(a_size_tells_where_it_comes_from) {
        const Slug__V1__ListPodsResponse *response;

        buffer_printf(&buffer, "{\"pods\":[%s]}", sizes[_i].pod);
        response = decode(finish());
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        describe_pod_append(response->pods[0], &(const Style){}, &buffer);
        ck_assert_msg(strstr(finish(), sizes[_i].line), "%s", buffer.data);
}
END_TEST

#define TWINS                                                                                      \
        "{\"pods\":[{\"uid\":\"u1\",\"namespace\":\"a\",\"name\":\"web-0\"},"                      \
        "{\"uid\":\"u2\",\"namespace\":\"b\",\"name\":\"web-0\"},"                                 \
        "{\"uid\":\"u3\",\"namespace\":\"b\",\"name\":\"web-0\"},"                                 \
        "{\"uid\":\"u4\",\"namespace\":\"b\",\"name\":\"db-7f9c-x2\"},{\"uid\":\"u5\"}]}"

static const struct {
        const char *words;
        int expected;
        const char *uid; /* that is found, or: */
        const char *complaint;
} searches[] = {
        { "u2", 0, "u2", "" },
        { "u5", 0, "u5", "" },
        { "a/web-0", 0, "u1", "" },
        { "db-7f9c-x2", 0, "u4", "" },
        { "web-0", DESCRIBE_POD_E_AMBIGUOUS, NULL,
          "several pods are called web-0; one of\n"
          "  slugctl describe-pod a/web-0\n"
          "  slugctl describe-pod u2\n"
          "  slugctl describe-pod u3\n" },
        { "b/web-0", DESCRIBE_POD_E_AMBIGUOUS, NULL,
          "several pods are called b/web-0; one of\n"
          "  slugctl describe-pod u2\n"
          "  slugctl describe-pod u3\n" },
        { "db", DESCRIBE_POD_E_UNKNOWN, NULL,
          "no pod is called db; did you mean\n"
          "  slugctl describe-pod b/db-7f9c-x2\n" },
        { "c/db-7f9c-x3", DESCRIBE_POD_E_UNKNOWN, NULL,
          "no pod is called c/db-7f9c-x3; did you mean\n"
          "  slugctl describe-pod b/db-7f9c-x2\n" },
        { "xyzzy\033[31m", DESCRIBE_POD_E_UNKNOWN, NULL,
          "no pod is called xyzzy\\x1b[31m; 'slugctl pods' lists those that are there\n" },
        { "", DESCRIBE_POD_E_UNKNOWN, NULL,
          "no pod is called ; 'slugctl pods' lists those that are there\n" },
        { "b/", DESCRIBE_POD_E_UNKNOWN, NULL,
          "no pod is called b/; 'slugctl pods' lists those that are there\n" },
};

START_TEST(a_pod_goes_by_what_people_call_it) {
        const Slug__V1__ListedPod *pod = find(TWINS, searches[_i].words, searches[_i].expected);

        is_text(searches[_i].complaint);
        if (searches[_i].uid)
                ck_assert_str_eq(pod->uid, searches[_i].uid);
}
END_TEST

/* The node */

START_TEST(the_node_has_the_pods_that_have_not_ended) {
        described_pods_append(decode(ALL), UINT64_C(4) << 30, &(const Style){}, &buffer);
        is_text("Non-terminated Pods:  (3 in total)\n"
                "  Namespace    Name                                  Memory Requests  Memory "
                "Limits  Local Used  Remote Used\n"
                "  ---------    ----                                  ---------------  "
                "-------------  ----------  -----------\n"
                "  -            0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11  -                -           "
                "   0           4Mi\n"
                "  default      web-0                                 3Gi (75%)        3Gi (75%)   "
                "   1Gi         1Gi\n"
                "  kube-system  coredns-5d78c9869d-7xkqz              70Mi (1%)        170Mi (4%)  "
                "   12Mi        0\n");
}
END_TEST

START_TEST(a_node_without_pods_says_so) {
        described_pods_append(decode("{\"pods\":[" ENDED "]}"), 0, &(const Style){}, &buffer);
        is_text("Non-terminated Pods:  (0 in total)\n");
}
END_TEST

/* top */

START_TEST(top_is_a_page) {
        const TopHead head = { .now_usec = UINT64_C(1769861096123456),
                               .interval_sec = 2,
                               .sort = POD_SORT_USAGE,
                               .n_pods = 4 };
        const TopTotals totals = { .local_allocatable = opt_u64(UINT64_C(4) << 30),
                                   .local_claimed = opt_u64(UINT64_C(2) << 30) };
        Slug__V1__ListPodsResponse *response = decode(ALL);

        listed_pods_sort(response->pods, response->n_pods, POD_SORT_USAGE);
        top_append_head(&head, &(const Style){}, &buffer);
        top_append(response, &totals, &(const Style){}, &buffer);
        is_text("Pods:  4, by usage, every 2s, 2026-01-31T12:04:56.123Z\n"
                "Memory  Used      Claimed   Allocatable\n"
                "------  ----      -------   -----------\n"
                "local   1.01 GiB  2.00 GiB  4.00 GiB\n"
                "remote  1.00 GiB  -         -\n"
                "\n"
                "Namespace    Name                                  Usage      Local      Remote   "
                " Growth       Pressure\n"
                "---------    ----                                  -----      -----      ------   "
                " ------       --------\n"
                "default      web-0                                 2.00 GiB   1.00 GiB   1.00 GiB "
                " +1.00 MiB/s  1.5%\n"
                "kube-system  coredns-5d78c9869d-7xkqz              16.00 MiB  12.00 MiB  0 B      "
                " -4.00 KiB/s  0.0%\n"
                "-            0b1f6a0e-3c57-4a8e-9d55-0f2f5f5b7e11  4.00 MiB   0 B        4.00 MiB "
                " -            -\n"
                "default      job-1                                 -          -          -        "
                " -            -\n");
}
END_TEST

START_TEST(top_says_above_all_that_nobody_answers) {
        top_append_head(&(const TopHead){ .interval_sec = 60, .problem = "gone" }, &(const Style){},
                        &buffer);
        is_text("Pods:  0, by name, every 60s, 1970-01-01T00:00:00.000Z\ngone\n");
}
END_TEST

START_TEST(totals_are_those_of_the_node) {
        static const char json[] =
                "{\"allocatedResources\":[{\"resource\":\"memory\",\"allocatableBytes\":\"9\"},"
                "{\"resource\":\"memory (remote)\",\"requestedBytes\":\"1\","
                "\"allocatableBytes\":\"2\"}]}";
        ProtobufCMessage *message;
        Diag diag = {};
        TopTotals totals;

        ck_assert_int_eq(json_decode(json, strlen(json),
                                     &slug__v1__describe_node_response__descriptor, NULL, arena,
                                     &message, &diag),
                         0);
        totals = top_get_totals((const Slug__V1__DescribeNodeResponse *)message);
        ck_assert(!totals.local_allocatable.present && !totals.local_claimed.present);
        ck_assert(opt_u64_equal(totals.remote_claimed, opt_u64(1)));
        ck_assert(opt_u64_equal(totals.remote_allocatable, opt_u64(2)));
}
END_TEST

static const struct {
        const char *growth;
        const char *exact, *rounded;
} growths[] = {
        { "0", "0/s", "0 B/s" },
        { "4096", "+4Ki/s", "+4.00 KiB/s" },
        { "-1536", "-1536/s", "-1.50 KiB/s" },
        { "-9223372036854775808", "-9223372036854775808/s", "-8.00 EiB/s" },
};

START_TEST(growth_has_a_sign) {
        char text[GROWTH_TEXT_MAX];
        const Slug__V1__PodUsage *usage;

        buffer_printf(&buffer, "{\"pods\":[{\"usage\":{\"growthBytesPerSecond\":\"%s\"}}]}",
                      growths[_i].growth);
        usage = decode(finish())->pods[0]->usage;
        ck_assert_str_eq(usage_format_growth(usage, false, text), growths[_i].exact);
        ck_assert_str_eq(usage_format_growth(usage, true, text), growths[_i].rounded);
        ck_assert_str_eq(usage_format_growth(NULL, true, text), "-");
}
END_TEST

/* The screen */

static const struct {
        const char *text;
        unsigned rows, columns;
        const char *page;
} pages[] = {
        { "", 3, 5, "\033[H\n\033[J" },
        { "a\n", 3, 5, "\033[Ha\033[K\n\033[J" },
        { "a\nb\nc\n", 3, 5, "\033[Ha\033[K\nb\033[K\nc\033[K" },
        { "a\nb\nc\nd\n", 3, 20, "\033[Ha\033[K\nb\033[K\n(2 more)\033[K" },
        { "a\nb\n", 1, 20, "\033[H(2 more)\033[K" },
        { "abcdef\n", 1, 4, "\033[Habcd\033[K" },
        /* a character is one column, whatever its bytes, and colour none */
        { "\xc3\xa4\xc3\xb6\xc3\xbcx\n", 1, 3, "\033[H\xc3\xa4\xc3\xb6\xc3\xbc\033[K" },
        { "\033[31mabc\033[0md\n", 1, 2, "\033[H\033[31mab\033[0m\033[K" },
        { "x\033[3\n", 1, 9, "\033[Hx\033[3\033[K" },
};

START_TEST(a_page_ends_where_the_window_does) {
        screen_append(pages[_i].text, pages[_i].rows, pages[_i].columns, &buffer);
        is_text(pages[_i].page);
}
END_TEST

/* Harmless text, in every verb */

#define HOSTILE "\\u001b[31mred\\u009b\\u0007\\n"
#define HOSTILE_PODS                                                                               \
        "{\"pods\":[{\"uid\":\"" HOSTILE "\",\"namespace\":\"" HOSTILE "\",\"name\":\"" HOSTILE    \
        "\",\"cgroup\":\"" HOSTILE "\",\"notes\":[\"" HOSTILE "\"],\"annotations\":{\"" HOSTILE    \
        "\":\"" HOSTILE "\"},\"containers\":[{\"name\":\"" HOSTILE "\",\"id\":\"" HOSTILE          \
        "\",\"cgroup\":\"" HOSTILE "\",\"chunks\":[\"" HOSTILE "\"]}],\"claims\":[{"               \
        "\"container\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}]},{\"uid\":\"" HOSTILE "\"}],"  \
        "\"cgroupProblem\":\"" HOSTILE                                                             \
        "\",\"report\":{\"hasReport\":true,\"unsettledReason\":\"" HOSTILE                         \
        "\",\"sources\":[{\"state\":\"REPORT_SOURCE_STATE_FAILED\",\"name\":\"" HOSTILE            \
        "\",\"endpoint\":\"" HOSTILE "\",\"problem\":\"" HOSTILE "\"}]}}"

static void draw_everything(const Slug__V1__ListPodsResponse *response, const Style *style) {
        const Slug__V1__ListedPod *pod;

        pods_append(response, style, &buffer);
        top_append(response, &(const TopTotals){}, style, &buffer);
        describe_pod_append(response->pods[0], style, &buffer);
        described_pods_append(response, 0, style, &buffer);
        ck_assert_int_ne(describe_pod_find(response, "red", &pod, style, &buffer), 0);
}

START_TEST(no_pod_steers_the_terminal) {
        draw_everything(decode(HOSTILE_PODS), &(const Style){ .is_wide = true });
        ck_assert(strstr(finish(), "red") != NULL);
        for (const char *c = buffer.data; *c; ++c)
                ck_assert_msg(*c == '\n' || (unsigned char)*c >= ' ', "a control character %d", *c);
        ck_assert_ptr_null(strstr(buffer.data, "\xc2\x9b"));
}
END_TEST

START_TEST(colour_is_drawn_only_where_it_is_wanted) {
        const Slug__V1__ListPodsResponse *response = decode(ALL);

        draw_everything(response, &(const Style){});
        ck_assert_ptr_null(strchr(finish(), '\033'));
        draw_everything(response, &(const Style){ .has_colour = true });
        ck_assert_ptr_nonnull(strchr(finish(), '\033'));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-pods");
        TCase *t = tcase_create("slugctl-pods");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_list_is_a_table);
        tcase_add_test(t, the_wide_list_has_the_numa_nodes_that_are_used);
        tcase_add_test(t, names_as_they_usually_are_fit_a_hundred_columns);
        tcase_add_loop_test(t, what_is_missing_is_said_below_the_list, 0, ELEMENTSOF(problems));
        tcase_add_loop_test(t, claims_are_summed_up_in_two_words, 0, ELEMENTSOF(claims));
        tcase_add_loop_test(t, the_largest_stands_first_and_what_is_unknown_last, 0,
                            ELEMENTSOF(orders));
        tcase_add_test(t, there_is_a_word_for_every_order);
        tcase_add_test(t, a_thousand_pods_are_a_thousand_lines);
        tcase_add_test(t, a_pod_is_described);
        tcase_add_test(t, a_pod_of_which_little_is_known_is_described);
        tcase_add_loop_test(t, a_size_tells_where_it_comes_from, 0, ELEMENTSOF(sizes));
        tcase_add_loop_test(t, a_pod_goes_by_what_people_call_it, 0, ELEMENTSOF(searches));
        tcase_add_test(t, the_node_has_the_pods_that_have_not_ended);
        tcase_add_test(t, a_node_without_pods_says_so);
        tcase_add_test(t, top_is_a_page);
        tcase_add_test(t, top_says_above_all_that_nobody_answers);
        tcase_add_test(t, totals_are_those_of_the_node);
        tcase_add_loop_test(t, growth_has_a_sign, 0, ELEMENTSOF(growths));
        tcase_add_loop_test(t, a_page_ends_where_the_window_does, 0, ELEMENTSOF(pages));
        tcase_add_test(t, no_pod_steers_the_terminal);
        tcase_add_test(t, colour_is_drawn_only_where_it_is_wanted);
        suite_add_tcase(s, t);
        return s;
}
