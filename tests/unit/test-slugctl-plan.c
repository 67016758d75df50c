/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that show limits, without slugd: what is drawn of an answer, and what is asked before
 * limits are put back. */
#include <stdio.h>
#include <string.h>

#include "lib/test-main.h"
#include "rpc/json.h"
#include "slug/v1/node.pb-c.h"
#include "slugctl/cgroups.h"
#include "slugctl/describe-node.h"
#include "slugctl/knob.h"
#include "slugctl/plan.h"
#include "slugctl/uninstall.h"
#include "slugctl/verb.h"

static Arena *arena;
static Buffer buffer;

static void setup(void) {
        ck_assert_int_eq(arena_new(16 << 20, &arena), 0);
        buffer = (Buffer){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static const void *decode(const ProtobufCMessageDescriptor *descriptor, const char *json) {
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_msg(json_decode(json, strlen(json), descriptor, NULL, arena, &message, &diag) ==
                              0,
                      "%s", diag.text);
        return message;
}

static void is_text(const char *expected) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strcmp(buffer.data, expected) == 0, "drawn:\n%s\nexpected:\n%s", buffer.data,
                      expected);
        buffer_deinit(&buffer);
        buffer = (Buffer){};
}

#define BURSTABLE "\"level\":\"burstable\",\"path\":\"kubepods/burstable\","

/* One knob for each thing that may become of one. */
#define KNOBS                                                                                      \
        "{\"level\":\"kubepods\",\"path\":\"kubepods\",\"knob\":\"memory.max\","                   \
        "\"owner\":\"KNOB_OWNER_KUBELET\",\"current\":\"4117663744\","                             \
        "\"reason\":\"the kubelet writes it\",\"status\":\"KNOB_STATUS_UNMANAGED\"},"              \
        "{" BURSTABLE "\"knob\":\"memory.max\",\"owner\":\"KNOB_OWNER_SLUGD\","                    \
        "\"intended\":\"3221225472\",\"current\":\"max\",\"before\":\"max\","                      \
        "\"reason\":\"4Gi - 1Gi\",\"status\":\"KNOB_STATUS_PENDING\"},"                            \
        "{" BURSTABLE "\"knob\":\"memory.low\",\"owner\":\"KNOB_OWNER_SLUGD\","                    \
        "\"current\":\"0\",\"reason\":\"requests are not known\",\"isHeldBack\":true,"             \
        "\"status\":\"KNOB_STATUS_UNMANAGED\"},"                                                   \
        "{" BURSTABLE "\"knob\":\"cpuset.mems\",\"owner\":\"KNOB_OWNER_SLUGD\","                   \
        "\"intended\":\"0-1\",\"current\":\"\",\"before\":\"\","                                   \
        "\"reason\":\"as configured\",\"error\":\"writing the file: No space\","                   \
        "\"status\":\"KNOB_STATUS_REFUSED\"},"                                                     \
        "{\"level\":\"besteffort\",\"path\":\"kubepods/besteffort\",\"knob\":\"memory.max\","      \
        "\"owner\":\"KNOB_OWNER_SLUGD\",\"intended\":\"2147483648\","                              \
        "\"current\":\"2147483648\",\"before\":\"max\",\"reason\":\"4Gi - 2Gi\","                  \
        "\"status\":\"KNOB_STATUS_ACHIEVED\"},"                                                    \
        "{\"level\":\"kube-reserved\",\"path\":\"kube\",\"knob\":\"memory.max\","                  \
        "\"owner\":\"KNOB_OWNER_SLUGD\",\"intended\":\"1073741824\",\"reason\":\"1Gi\","           \
        "\"status\":\"KNOB_STATUS_ABSENT\"}"
#define REQUESTS                                                                                   \
        "\"requests\":{\"isKnown\":true,\"guaranteedBytes\":\"1073741824\","                       \
        "\"burstableBytes\":\"1073741824\",\"guaranteedPods\":\"1\",\"burstablePods\":\"2\"}"
#define PLAN "{\"driver\":\"cgroupfs\",\"knobs\":[" KNOBS "]," REQUESTS "}"

static const Slug__V1__PlanResponse *decode_plan(const char *json) {
        return decode(&slug__v1__plan_response__descriptor, json);
}

START_TEST(a_plan_is_a_table) {
        plan_append(decode_plan(PLAN), &(const Style){}, &buffer);
        is_text("Level          Knob         Owner    Now          Intended  Status     Reason\n"
                "-----          ----         -----    ---          --------  ------     ------\n"
                "kubepods       memory.max   kubelet  4021156Ki    -         unmanaged  the "
                "kubelet writes it\n"
                "burstable      memory.max   slugd    max          3Gi       pending    4Gi - 1Gi\n"
                "burstable      memory.low   slugd    0            -         held back  requests "
                "are not known\n"
                "burstable      cpuset.mems  slugd    <inherited>  0-1       refused    writing "
                "the file: No space; as configured\n"
                "besteffort     memory.max   slugd    2Gi          2Gi       achieved   4Gi - 2Gi\n"
                "kube-reserved  memory.max   slugd    -            1Gi       absent     1Gi\n"
                "\n"
                "Driver: cgroupfs\n"
                "Requests: guaranteed 1Gi (1 pod), burstable 1Gi (2 pods), besteffort (0 pods)\n");
}
END_TEST

START_TEST(the_wide_plan_is_exact) {
        plan_append(decode_plan(PLAN), &(const Style){ .is_wide = true }, &buffer);
        is_text("Level          Knob         Owner    Now          Intended    Before slugd  "
                "Status     Cgroup               Reason\n"
                "-----          ----         -----    ---          --------    ------------  "
                "------     ------               ------\n"
                "kubepods       memory.max   kubelet  4117663744   -           -             "
                "unmanaged  kubepods             the kubelet writes it\n"
                "burstable      memory.max   slugd    max          3221225472  max           "
                "pending    kubepods/burstable   4Gi - 1Gi\n"
                "burstable      memory.low   slugd    0            -           -             held "
                "back  kubepods/burstable   requests are not known\n"
                "burstable      cpuset.mems  slugd    <inherited>  0-1         <inherited>   "
                "refused    kubepods/burstable   writing the file: No space; as configured\n"
                "besteffort     memory.max   slugd    2147483648   2147483648  max           "
                "achieved   kubepods/besteffort  4Gi - 2Gi\n"
                "kube-reserved  memory.max   slugd    -            1073741824  -             "
                "absent     kube                 1Gi\n"
                "\n"
                "Driver: cgroupfs\n"
                "Requests: guaranteed 1Gi (1 pod), burstable 1Gi (2 pods), besteffort (0 pods)\n");
}
END_TEST

START_TEST(what_keeps_slugd_from_writing_stands_below) {
        plan_append(decode_plan("{\"problem\":\"limits need cgroup v2\",\"requests\":{\"problem\":"
                                "\"nobody reports pods\"}}"),
                    &(const Style){}, &buffer);
        is_text("No limits are planned\n"
                "\n"
                "Driver: <none>  (no kubepods cgroup)\n"
                "Requests are not all known: nobody reports pods\n"
                "Nothing is written: limits need cgroup v2\n");
}
END_TEST

START_TEST(only_what_differs_is_in_the_diff) {
        const Slug__V1__PlanResponse *plan = decode_plan(PLAN);

        ck_assert_uint_eq(plan_append_diff(plan, &(const Style){}, &buffer), 3);
        is_text("--- /sys/fs/cgroup/kubepods/burstable/memory.max\n"
                "+++ /sys/fs/cgroup/kubepods/burstable/memory.max\n"
                "@@ -1 +1 @@ burstable: 4Gi - 1Gi\n"
                "-max\n"
                "+3221225472\n"
                "--- /sys/fs/cgroup/kubepods/burstable/cpuset.mems\n"
                "+++ /sys/fs/cgroup/kubepods/burstable/cpuset.mems\n"
                "@@ -1 +1 @@ burstable: as configured\n"
                "-\n"
                "+0-1\n"
                "--- /dev/null\n"
                "+++ /sys/fs/cgroup/kube/memory.max\n"
                "@@ -0,0 +1 @@ kube-reserved: 1Gi\n"
                "+1073741824\n");
}
END_TEST

START_TEST(a_diff_without_a_difference_is_empty) {
        ck_assert_uint_eq(plan_append_diff(decode_plan("{}"), &(const Style){}, &buffer), 0);
        is_text("");
        ck_assert_uint_eq(plan_append_diff(decode_plan("{\"problem\":\"withdrawn\"}"),
                                           &(const Style){}, &buffer),
                          0);
        is_text("# nothing is written: withdrawn\n");
}
END_TEST

START_TEST(a_diff_has_its_colours) {
        const char *json = "{\"knobs\":[{\"path\":\"a\",\"knob\":\"memory.max\",\"current\":\"1\","
                           "\"intended\":\"2\",\"level\":\"b\",\"reason\":\"c\"}]}";

        (void)plan_append_diff(decode_plan(json), &(const Style){ .has_colour = true }, &buffer);
        is_text("--- /sys/fs/cgroup/a/memory.max\n"
                "+++ /sys/fs/cgroup/a/memory.max\n"
                "@@ -1 +1 @@ b: c\n"
                "\033[31m-1\033[0m\n"
                "\033[32m+2\033[0m\n");
}
END_TEST

START_TEST(a_value_is_read_as_what_it_is) {
        static const struct {
                const char *knob, *value, *text;
        } rows[] = {
                { "memory.max", "max", "max" },
                { "memory.max", "1073741824", "1Gi" },
                { "memory.min", "0", "0" },
                { "memory.max", "4117663744", "4021156Ki" },
                { "memory.max", "18446744073709551615", "18446744073709551615" },
                { "memory.max", "99999999999999999999", "99999999999999999999" },
                { "memory.max", "1 2", "1 2" },
                { "cpuset.mems", "", "<inherited>" },
                { "cpuset.mems", "0", "0" },
                { "pids.max", "1024", "1024" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                knob_append_value(rows[i].knob, rows[i].value, &buffer);
                is_text(rows[i].text);
        }
}
END_TEST

/* Cgroups */

#define CGROUPS                                                                                    \
        "{\"driver\":\"systemd\",\"cgroups\":["                                                    \
        "{\"path\":\"kubepods.slice\",\"level\":\"kubepods\","                                     \
        "\"memoryCurrentBytes\":\"8388608\",\"numaNodes\":[{\"bytes\":\"4194304\"},"               \
        "{\"numaNode\":2,\"bytes\":\"2097152\"}],\"knobs\":["                                      \
        "{\"knob\":\"memory.max\",\"value\":\"4117663744\",\"owner\":\"KNOB_OWNER_KUBELET\"},"     \
        "{\"knob\":\"memory.min\",\"value\":\"0\",\"owner\":\"KNOB_OWNER_NOBODY\"}]},"             \
        "{\"path\":\"kubepods.slice/p1\",\"podUid\":\"u1\",\"podName\":\"default/db\","            \
        "\"depth\":1,\"memoryCurrentBytes\":\"2097152\",\"numaNodes\":[{\"bytes\":\"1048576\"}]}," \
        "{\"path\":\"kubepods.slice/p1/c\",\"podUid\":\"u1\","                                     \
        "\"container\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","      \
        "\"depth\":2,\"memoryCurrentBytes\":\"2097152\",\"knobs\":[{\"knob\":\"memory.max\","      \
        "\"value\":\"max\",\"owner\":\"KNOB_OWNER_KUBELET\"}]},"                                   \
        "{\"path\":\"kubepods.slice/kubepods-burstable.slice\",\"level\":\"burstable\","           \
        "\"depth\":1,\"memoryCurrentBytes\":\"4194304\",\"knobs\":[{\"knob\":\"memory.max\","      \
        "\"value\":\"max\",\"owner\":\"KNOB_OWNER_SLUGD\",\"status\":\"KNOB_STATUS_REFUSED\"},"    \
        "{\"knob\":\"cpuset.mems\",\"value\":\"0-1\",\"owner\":\"KNOB_OWNER_SLUGD\","              \
        "\"status\":\"KNOB_STATUS_ACHIEVED\"},{\"knob\":\"memory.low\",\"value\":\"4096\","        \
        "\"owner\":\"KNOB_OWNER_SLUGD\",\"status\":\"KNOB_STATUS_UNMANAGED\","                     \
        "\"isHeldBack\":true},{\"knob\":\"memory.min\",\"value\":\"0\","                           \
        "\"owner\":\"KNOB_OWNER_SLUGD\",\"status\":\"KNOB_STATUS_UNMANAGED\"}]},"                  \
        "{\"path\":\"kubepods.slice/kubepods-burstable.slice/p2\",\"podUid\":\"u2\",\"depth\":2}," \
        "{\"path\":\"kubelet.slice\",\"level\":\"kube-reserved\"}]}"

static const Slug__V1__ListCgroupsResponse *decode_cgroups(const char *json) {
        return decode(&slug__v1__list_cgroups_response__descriptor, json);
}

START_TEST(cgroups_are_a_tree) {
        cgroups_append(decode_cgroups(CGROUPS), &(const Style){}, &buffer);
        is_text("Cgroup                       Memory  N0   N2   Limits\n"
                "------                       ------  --   --   ------\n"
                "kubepods.slice               8Mi     4Mi  2Mi  memory.max=4021156Ki (kubelet)\n"
                "├─ default/db                2Mi     1Mi  0    <none>\n"
                "│  └─ 0123456789ab           2Mi     -    -    <none>\n"
                "└─ kubepods-burstable.slice  4Mi     -    -    memory.max=max (slugd: "
                "refused), cpuset.mems=0-1 (slugd), memory.low=4Ki (slugd: held back)\n"
                "   └─ u2                     -       -    -    <none>\n"
                "kubelet.slice                -       -    -    <none>\n");
}
END_TEST

START_TEST(the_tree_can_be_ascii) {
        cgroups_append(decode_cgroups(CGROUPS), &(const Style){ .is_ascii = true, .is_wide = true },
                       &buffer);
        is_text("Cgroup                                                                    Memory  "
                "N0   N2   Limits                                                                  "
                "                                                       Path\n"
                "------                                                                    ------  "
                "--   --   ------                                                                  "
                "                                                       ----\n"
                "kubepods.slice                                                            8Mi     "
                "4Mi  2Mi  memory.max=4117663744 (kubelet), memory.min=0                           "
                "                                                       kubepods.slice\n"
                "|-- default/db                                                            2Mi     "
                "1Mi  0    <none>                                                                  "
                "                                                       kubepods.slice/p1\n"
                "|   `-- 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  2Mi     "
                "-    -    memory.max=max (kubelet)                                                "
                "                                                       kubepods.slice/p1/c\n"
                "`-- kubepods-burstable.slice                                              4Mi     "
                "-    -    memory.max=max (slugd: refused), cpuset.mems=0-1 (slugd), "
                "memory.low=4096 (slugd: held back), memory.min=0 (slugd: unmanaged)  "
                "kubepods.slice/kubepods-burstable.slice\n"
                "    `-- u2                                                                -       "
                "-    -    <none>                                                                  "
                "                                                       "
                "kubepods.slice/kubepods-burstable.slice/p2\n"
                "kubelet.slice                                                             -       "
                "-    -    <none>                                                                  "
                "                                                       kubelet.slice\n");
}
END_TEST

START_TEST(there_may_be_no_cgroups) {
        cgroups_append(decode_cgroups("{}"), &(const Style){}, &buffer);
        is_text("No QoS cgroups: no kubelet has made any on this machine, or it has no cgroup "
                "v2\n");
}
END_TEST

/* A daemon that is not ours may tell any depth. */
START_TEST(no_depth_breaks_the_tree) {
        cgroups_append(decode_cgroups("{\"cgroups\":[{\"path\":\"a\",\"depth\":4294967295},"
                                      "{\"path\":\"b\\u001b[2J\",\"depth\":3}]}"),
                       &(const Style){ .is_ascii = true }, &buffer);
        is_text("Cgroup                             Memory  Limits\n"
                "------                             ------  ------\n"
                "        |                   `-- a  -       <none>\n"
                "        `-- b\\x1b[2J               -       <none>\n");
}
END_TEST

/* Uninstall */

START_TEST(it_is_told_what_will_be_put_back) {
        ck_assert_uint_eq(uninstall_append_question(decode_plan(PLAN), &(const Style){}, &buffer),
                          3);
        is_text("Cgroup               Knob         Now          Becomes\n"
                "------               ----         ---          -------\n"
                "kubepods/burstable   memory.max   max          max\n"
                "kubepods/burstable   cpuset.mems  <inherited>  <inherited>\n"
                "kubepods/besteffort  memory.max   2Gi          max\n"
                "slugd then sets no limits until it is reloaded or started anew. Go on? [y/N] ");
        ck_assert_uint_eq(uninstall_append_question(decode_plan("{}"), &(const Style){}, &buffer),
                          0);
        is_text("slugd has written no limit that has to be put back.\n"
                "slugd then sets no limits until it is reloaded or started anew. Go on? [y/N] ");
}
END_TEST

static const Slug__V1__WithdrawResponse *decode_withdrawal(const char *json) {
        return decode(&slug__v1__withdraw_response__descriptor, json);
}

#define DONE                                                                                       \
        "{\"path\":\"kubepods\",\"knob\":\"memory.min\",\"before\":\"0\","                         \
        "\"written\":\"1073741824\"},"                                                             \
        "{\"path\":\"gone\",\"knob\":\"memory.max\",\"before\":\"max\",\"written\":\"4096\","      \
        "\"isGone\":true}"

START_TEST(what_was_put_back_is_told) {
        const Slug__V1__WithdrawResponse *response = decode_withdrawal("{\"knobs\":[" DONE "]}");

        uninstall_append(response, &(const Style){}, &buffer);
        is_text("Cgroup    Knob        Before slugd  By slugd  Now\n"
                "------    ----        ------------  --------  ---\n"
                "kubepods  memory.min  0             1Gi       0\n"
                "gone      memory.max  max           4Ki       <cgroup is gone>\n"
                "\n"
                "slugd writes nothing more until it is reloaded or started anew. What is left to "
                "do:\n"
                "  systemctl disable --now slugd.socket slugd.service\n"
                "  remove the package (\"./bootstrap uninstall\" where slug was built here)\n");
        ck_assert_int_eq(verb_uninstall.get_status(&response->base), 0);
}
END_TEST

START_TEST(what_could_not_be_put_back_is_a_failure) {
        const Slug__V1__WithdrawResponse *response =
                decode_withdrawal("{\"knobs\":[{\"path\":\"kubepods\",\"knob\":\"memory.max\","
                                  "\"before\":\"4096\",\"written\":\"8192\","
                                  "\"error\":\"Device or resource busy\"}]}");

        uninstall_append(response, &(const Style){}, &buffer);
        is_text("Cgroup    Knob        Before slugd  By slugd  Now\n"
                "------    ----        ------------  --------  ---\n"
                "kubepods  memory.max  4Ki           8Ki       not put back: Device or resource "
                "busy\n"
                "\n"
                "1 could not be put back: what is said above stands in the way. Mend that and run\n"
                "this again, or write the old value to the file by hand.\n");
        ck_assert_int_eq(verb_uninstall.get_status(&response->base), 1);
}
END_TEST

START_TEST(nothing_may_have_been_written) {
        uninstall_append(decode_withdrawal("{}"), &(const Style){}, &buffer);
        is_text("slugd had written no limit\n"
                "\n"
                "slugd writes nothing more until it is reloaded or started anew. What is left to "
                "do:\n"
                "  systemctl disable --now slugd.socket slugd.service\n"
                "  remove the package (\"./bootstrap uninstall\" where slug was built here)\n");
}
END_TEST

/* The node */

static const Slug__V1__LimitCounts *decode_counts(const char *json) {
        return decode(&slug__v1__limit_counts__descriptor, json);
}

START_TEST(limits_of_the_node_are_counted) {
        described_limits_append(decode_counts("{\"managed\":4,\"achieved\":2,\"pending\":1,"
                                              "\"heldBack\":1,\"worst\":\"memory.max\\u0007\"}"),
                                &(const Style){}, &buffer);
        is_text("Limits:\n"
                "  Managed:  4  (2 achieved, 1 pending, 1 held back)\n"
                "  Worst:    memory.max\\x07\n");
        described_limits_append(decode_counts("{\"managed\":2,\"achieved\":2}"), &(const Style){},
                                &buffer);
        is_text("Limits:\n"
                "  Managed:  2  (2 achieved)\n");
        described_limits_append(decode_counts("{}"), &(const Style){}, &buffer);
        is_text("Limits:\n"
                "  <none>  (slugd was told to set none)\n");
        described_limits_append(NULL, &(const Style){}, &buffer);
        is_text("");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("slugctl-plan");
        TCase *t = tcase_create("slugctl-plan");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_plan_is_a_table);
        tcase_add_test(t, the_wide_plan_is_exact);
        tcase_add_test(t, what_keeps_slugd_from_writing_stands_below);
        tcase_add_test(t, only_what_differs_is_in_the_diff);
        tcase_add_test(t, a_diff_without_a_difference_is_empty);
        tcase_add_test(t, a_diff_has_its_colours);
        tcase_add_test(t, a_value_is_read_as_what_it_is);
        tcase_add_test(t, cgroups_are_a_tree);
        tcase_add_test(t, the_tree_can_be_ascii);
        tcase_add_test(t, there_may_be_no_cgroups);
        tcase_add_test(t, no_depth_breaks_the_tree);
        tcase_add_test(t, it_is_told_what_will_be_put_back);
        tcase_add_test(t, what_was_put_back_is_told);
        tcase_add_test(t, what_could_not_be_put_back_is_a_failure);
        tcase_add_test(t, nothing_may_have_been_written);
        tcase_add_test(t, limits_of_the_node_are_counted);
        suite_add_tcase(s, t);
        return s;
}
