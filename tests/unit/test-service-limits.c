/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as they are served: which one is told as the worst, plan, cgroups and withdrawal as
 * messages, metrics, and what slugd --plan prints. */
#include <string.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "service/limits.h"
#include "service/plan-text.h"
#include "service/qos-messages.h"
#include "service/qos-metrics.h"
#include "service/withdraw-text.h"

#define UID_DB "6d3f7a52-53d8-4f0e-8a2f-0c7a5a4b1d01"

static QosPlan plan;
static QosPlaces places;
static QosRequests requests;
static QosKnob knobs[QOS_ROWS_MAX];
static QosRecord record;
static QosView view;
static NodeView node;
static Arena *arena;
static Buffer buffer;

static void add_row(QosLevel level, CgroupKnob knob, QosOwner owner, const uint64_t *bytes) {
        QosRow *row = &plan.rows[plan.n_rows++];

        *row = (QosRow){ .level = level,
                         .knob = knob,
                         .owner = owner,
                         .has_value = bytes != NULL,
                         .value.number = bytes ? *bytes : 0,
                         .reason = "4 - 1" };
}

static void set_place(QosLevel level, const char *path, uint64_t max_bytes) {
        QosPlace *place = &places.items[level];

        memcpy(place->path, path, strlen(path) + 1);
        place->state = (CgroupState){ .is_there = true, .current_bytes = opt_u64(8 * MIB) };
        place->state.has[CGROUP_MEMORY_MAX] = true;
        place->state.values[CGROUP_MEMORY_MAX].number = max_bytes;
}

/* memory.max of three levels, of which the two below kubepods are slugd's. */
static void setup(void) {
        static const uint64_t burstable = 3 * GIB, besteffort = 2 * GIB;

        plan = (QosPlan){};
        places = (QosPlaces){ .driver = CGROUP_DRIVER_CGROUPFS };
        requests = (QosRequests){ .is_known = true, .guaranteed_bytes = GIB, .n_guaranteed = 1 };
        memset(knobs, 0, sizeof(knobs));
        record = (QosRecord){};
        add_row(QOS_LEVEL_KUBEPODS, CGROUP_MEMORY_MAX, QOS_OWNER_KUBELET, NULL);
        add_row(QOS_LEVEL_BURSTABLE, CGROUP_MEMORY_MAX, QOS_OWNER_SLUGD, &burstable);
        add_row(QOS_LEVEL_BESTEFFORT, CGROUP_MEMORY_MAX, QOS_OWNER_SLUGD, &besteffort);
        set_place(QOS_LEVEL_KUBEPODS, "kubepods", 4 * GIB);
        set_place(QOS_LEVEL_BURSTABLE, "kubepods/burstable", 3 * GIB);
        set_place(QOS_LEVEL_BESTEFFORT, "kubepods/besteffort", CGROUP_MAX);
        knobs[1].status = knobs[2].status = QOS_STATUS_ACHIEVED;
        view = (QosView){ .plan = &plan,
                          .places = &places,
                          .requests = &requests,
                          .knobs = knobs,
                          .record = &record,
                          .problem = "",
                          .n_writes = 3,
                          .clock = clock_monotonic };
        node = (NodeView){ .qos = &view };
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
        buffer = (Buffer){};
}

static void teardown(void) {
        arena = arena_free(arena);
        buffer_deinit(&buffer);
}

static const char *finish(void) {
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

static bool has(const char *part) {
        return strstr(finish(), part) != NULL;
}

/* The worst */

static const struct {
        QosStatus statuses[2]; /* of burstable and besteffort */
        bool is_held_back;     /* besteffort */
        LimitsState state;
        const char *part; /* of the sentence */
} judgements[] = {
        { { QOS_STATUS_ACHIEVED, QOS_STATUS_ACHIEVED }, false, LIMITS_ACHIEVED, "is there" },
        { { QOS_STATUS_UNMANAGED, QOS_STATUS_ACHIEVED }, false, LIMITS_WRITING, "of burstable" },
        { { QOS_STATUS_ACHIEVED, QOS_STATUS_WRITING }, false, LIMITS_WRITING, "of besteffort" },
        { { QOS_STATUS_WRITING, QOS_STATUS_ABSENT },
          false,
          LIMITS_NO_CGROUP,
          "kubepods/besteffort" },
        { { QOS_STATUS_PENDING, QOS_STATUS_ABSENT },
          false,
          LIMITS_PENDING,
          "memory.max of burstable is pending: 3221225472 bytes are wanted and 8388608 are in "
          "use" },
        { { QOS_STATUS_PENDING, QOS_STATUS_UNMANAGED },
          true,
          LIMITS_HELD_BACK,
          "memory.max of besteffort is held back: 4 - 1" },
        { { QOS_STATUS_CONTENDED, QOS_STATUS_UNMANAGED },
          true,
          LIMITS_CONTENDED,
          "systemctl reload slugd" },
        { { QOS_STATUS_CONTENDED, QOS_STATUS_REFUSED },
          false,
          LIMITS_REFUSED,
          "memory.max of besteffort is refused (writing the file: Invalid argument)" },
        { { QOS_STATUS_REFUSED, QOS_STATUS_REFUSED }, false, LIMITS_REFUSED, "of burstable" },
};

START_TEST(the_worst_is_told) {
        Limits limits;

        for (unsigned i = 0; i < 2; ++i) {
                knobs[1 + i].status = judgements[_i].statuses[i];
                knobs[1 + i].error = -EINVAL;
                knobs[1 + i].error_step = CGROUP_WRITE_FILE;
        }
        plan.rows[2].is_held_back = judgements[_i].is_held_back;
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, judgements[_i].state);
        ck_assert_ptr_nonnull(strstr(limits.message, judgements[_i].part));
        ck_assert_uint_eq(limits.n_managed, 2);
        ck_assert_uint_eq(limits.n_held_back, judgements[_i].is_held_back);
}
END_TEST

START_TEST(what_keeps_all_of_them_comes_first) {
        Limits limits;

        limits_judge(NULL, &limits);
        ck_assert_int_eq(limits.state, LIMITS_NOT_SEEN);
        view.problem = "limits need cgroup v2";
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, LIMITS_NOT_WRITTEN);
        ck_assert_str_eq(limits.message, "none is set: limits need cgroup v2");
        view.is_withdrawn = true;
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, LIMITS_WITHDRAWN);
        /* who sets none lacks none */
        plan.rows[1].owner = QOS_OWNER_NOBODY;
        plan.rows[2].owner = QOS_OWNER_KUBELET;
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, LIMITS_NOT_MANAGED);
}
END_TEST

/* Limits by NUMA node */

static QosNodeLimitPlan by_node;
static NodeLimitsView node_limits;

static void add_node_limits(QosStatus first, QosStatus second) {
        by_node = (QosNodeLimitPlan){ .is_managed = true, .n_rows = 2 };
        by_node.rows[0] = (QosNodeLimitRow){ .level = QOS_LEVEL_BURSTABLE,
                                             .node = 0,
                                             .has_value = true,
                                             .mib = 512,
                                             .reason = "experimental: one" };
        by_node.rows[1] = (QosNodeLimitRow){ .level = QOS_LEVEL_BURSTABLE,
                                             .node = 2,
                                             .has_value = first != QOS_STATUS_UNMANAGED,
                                             .mib = 4096,
                                             .reason = "experimental: two" };
        node_limits = (NodeLimitsView){ .plan = &by_node,
                                        .statuses = { first, second },
                                        .problem = "the kernel says no" };
        view.node_limits = &node_limits;
}

static const struct {
        QosStatus statuses[2]; /* UNMANAGED for the first: the second is held back */
        LimitsState state;
        const char *part;
} node_judgements[] = {
        { { QOS_STATUS_ACHIEVED, QOS_STATUS_ACHIEVED },
          LIMITS_ACHIEVED,
          "every limit that slugd was told to set is there" },
        { { QOS_STATUS_ACHIEVED, QOS_STATUS_WRITING },
          LIMITS_WRITING,
          "memory.node_limit3 of pods of burstable is being written" },
        { { QOS_STATUS_ABSENT, QOS_STATUS_WRITING },
          LIMITS_NO_CGROUP,
          "memory.node_limit1 of pods of burstable is set as soon as" },
        { { QOS_STATUS_UNMANAGED, QOS_STATUS_UNMANAGED },
          LIMITS_HELD_BACK,
          "memory.node_limit3 of pods of burstable is held back: experimental: two" },
        { { QOS_STATUS_ACHIEVED, QOS_STATUS_REFUSED },
          LIMITS_REFUSED,
          "memory.node_limit3 of pods of burstable is refused: the kernel says no; take" },
};

START_TEST(the_worst_by_numa_node_is_told) {
        Limits limits;

        knobs[1].status = knobs[2].status = QOS_STATUS_ACHIEVED;
        add_node_limits(node_judgements[_i].statuses[0], node_judgements[_i].statuses[1]);
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, node_judgements[_i].state);
        ck_assert_ptr_nonnull(strstr(limits.message, node_judgements[_i].part));
        ck_assert_uint_eq(limits.n_managed, 4);
        /* a knob of a level that is as bad comes first */
        knobs[1].status = QOS_STATUS_REFUSED;
        knobs[1].error = -EINVAL;
        limits_judge(&view, &limits);
        ck_assert_int_eq(limits.state, LIMITS_REFUSED);
        ck_assert_ptr_nonnull(strstr(limits.message, "memory.max of burstable"));
}
END_TEST

START_TEST(limits_by_numa_node_are_rows_of_the_plan) {
        Slug__V1__PlanResponse *message;

        add_node_limits(QOS_STATUS_ACHIEVED, QOS_STATUS_REFUSED);
        ck_assert_int_eq(qos_build_plan(arena, &view, &message), 0);
        ck_assert_uint_eq(message->n_knobs, 5);
        ck_assert_str_eq(message->knobs[3]->knob, "memory.node_limit1");
        ck_assert_str_eq(message->knobs[3]->path, "kubepods/burstable");
        ck_assert_str_eq(message->knobs[3]->intended, "512");
        ck_assert_str_eq(message->knobs[3]->current, "512");
        ck_assert_str_eq(message->knobs[3]->error, "");
        ck_assert_str_eq(message->knobs[4]->knob, "memory.node_limit3");
        ck_assert_str_eq(message->knobs[4]->error, "the kernel says no");
        ck_assert_str_eq(message->knobs[4]->reason, "experimental: two");
}
END_TEST

/* The plan */

static const Slug__V1__PlannedKnob *build_knob(size_t i) {
        Slug__V1__PlanResponse *message;

        ck_assert_int_eq(qos_build_plan(arena, &view, &message), 0);
        ck_assert_uint_eq(message->n_knobs, 3);
        return message->knobs[i];
}

START_TEST(a_row_is_a_knob) {
        const CgroupValue before = { .number = CGROUP_MAX }, written = { .number = 3 * GIB };
        const Slug__V1__PlannedKnob *knob;
        bool is_changed;

        ck_assert_int_eq(qos_record_put(&record, "kubepods/burstable", CGROUP_MEMORY_MAX, &before,
                                        &written, &is_changed),
                         0);
        knob = build_knob(1);
        ck_assert_str_eq(knob->level, "burstable");
        ck_assert_str_eq(knob->path, "kubepods/burstable");
        ck_assert_str_eq(knob->knob, "memory.max");
        ck_assert_str_eq(knob->reason, "4 - 1");
        ck_assert_int_eq(knob->owner, SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD);
        ck_assert_int_eq(knob->status, SLUG__V1__KNOB_STATUS__KNOB_STATUS_ACHIEVED);
        ck_assert_str_eq(knob->intended, "3221225472");
        ck_assert_str_eq(knob->current, "3221225472");
        ck_assert_str_eq(knob->before, "max");
        ck_assert_str_eq(knob->error, "");
}
END_TEST

START_TEST(what_is_not_there_is_absent) {
        const Slug__V1__PlannedKnob *knob;

        places.items[QOS_LEVEL_KUBEPODS].state = (CgroupState){};
        knob = build_knob(0);
        ck_assert_int_eq((int)knob->_intended_case, 0);
        ck_assert_int_eq((int)knob->_current_case, 0);
        ck_assert_int_eq((int)knob->_before_case, 0);
        ck_assert_int_eq(knob->owner, SLUG__V1__KNOB_OWNER__KNOB_OWNER_KUBELET);
}
END_TEST

START_TEST(a_plan_that_nobody_has_made_says_so) {
        Slug__V1__PlanResponse *message;

        ck_assert_int_eq(qos_build_plan(arena, NULL, &message), 0);
        ck_assert_uint_eq(message->n_knobs, 0);
        ck_assert_str_ne(message->problem, "");
        view.plan = NULL;
        ck_assert_int_eq(qos_build_plan(arena, &view, &message), 0);
        ck_assert_str_ne(message->problem, "");
}
END_TEST

START_TEST(requests_tell_why_they_are_not_known) {
        Slug__V1__PlanResponse *message;

        requests = (QosRequests){ .problem.text = "nobody reports pods" };
        ck_assert_int_eq(qos_build_plan(arena, &view, &message), 0);
        ck_assert(!message->requests->is_known);
        ck_assert_str_eq(message->requests->problem, "nobody reports pods");
}
END_TEST

/* In every arena that is too small nothing is made, and nothing breaks. */
START_TEST(an_arena_may_be_too_small) {
        int last = -ENOMEM;

        for (size_t n = 256; last != 0; n += 64) {
                _cleanup_(arena_freep) Arena *small = NULL;
                Slug__V1__ListCgroupsResponse *cgroups;
                Slug__V1__PlanResponse *message;

                ck_assert_uint_lt(n, 1 << 20);
                ck_assert_int_eq(arena_new(n, &small), 0);
                last = qos_build_plan(small, &view, &message);
                ck_assert(last == 0 || last == -ENOMEM);
                if (last == 0)
                        last = qos_build_cgroups(small, &node, NULL, true, &cgroups);
                ck_assert(last == 0 || last == -ENOMEM);
        }
}
END_TEST

/* Cgroups */

START_TEST(cgroups_stand_before_what_is_in_them) {
        static PodsNodeBytes bytes[] = { { .node = 2, .bytes = MIB } };
        static TreeContainer container = { .id = "c1", .path = "kubepods/pod1/c1" };
        static TreePod tree_pod = { .path = "kubepods/pod1",
                                    .qos = QOS_GUARANTEED,
                                    .usage = { .bytes = { 2 * MIB, true },
                                               .max_bytes = { 4 * MIB, true },
                                               .nodes = bytes,
                                               .n_nodes = 1 } };
        static PodsTree tree = { .is_complete = true };
        ReportPod report = { .namespace_name = "default", .name = "db" };
        InventoryContainer containers[] = { { .tree = &container } };
        InventoryPod pod = { .uid = UID_DB,
                             .tree = &tree_pod,
                             .report = &report,
                             .qos = QOS_GUARANTEED,
                             .containers = containers,
                             .n_containers = 1 };
        const Inventory inventory = { .tree = &tree, .pods = &pod, .n_pods = 1 };
        const PodsView pods = { .inventory = &inventory, .problem = "" };
        static const struct {
                const char *path;
                uint32_t depth;
        } expected[] = { { "kubepods", 0 },
                         { "kubepods/pod1", 1 },
                         { "kubepods/pod1/c1", 2 },
                         { "kubepods/burstable", 1 },
                         { "kubepods/besteffort", 1 } };
        Slug__V1__ListCgroupsResponse *message;

        node.pods = &pods;
        ck_assert_int_eq(qos_build_cgroups(arena, &node, NULL, true, &message), 0);
        ck_assert_uint_eq(message->n_cgroups, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i) {
                ck_assert_str_eq(message->cgroups[i]->path, expected[i].path);
                ck_assert_uint_eq(message->cgroups[i]->depth, expected[i].depth);
        }
        ck_assert_str_eq(message->cgroups[1]->pod_name, "default/db");
        ck_assert_str_eq(message->cgroups[1]->pod_uid, UID_DB);
        ck_assert_uint_eq(message->cgroups[1]->numa_nodes[0]->numa_node, 2);
        ck_assert_str_eq(message->cgroups[1]->knobs[0]->value, "4194304");
        ck_assert_str_eq(message->cgroups[2]->container, "c1");
        ck_assert_str_eq(message->cgroups[3]->knobs[0]->value, "3221225472");
        ck_assert_int_eq(message->cgroups[3]->knobs[0]->owner,
                         SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD);
        ck_assert_str_eq(message->cgroups[4]->knobs[0]->value, "max");
        ck_assert_uint_eq(message->cgroups[3]->memory_current_bytes, 8 * MIB);

        ck_assert_int_eq(qos_build_cgroups(arena, &node, NULL, false, &message), 0);
        ck_assert_uint_eq(message->n_cgroups, 3);
}
END_TEST

START_TEST(a_reserved_cgroup_is_listed_where_somebody_has_named_it) {
        Slug__V1__ListCgroupsResponse *message;

        places.items[QOS_LEVEL_KUBE_RESERVED] =
                (QosPlace){ .is_configured = true, .path = "kubelet.slice" };
        places.items[QOS_LEVEL_BESTEFFORT].state = (CgroupState){};
        ck_assert_int_eq(qos_build_cgroups(arena, &node, NULL, false, &message), 0);
        ck_assert_uint_eq(message->n_cgroups, 3);
        ck_assert_str_eq(message->cgroups[2]->path, "kubelet.slice");
        ck_assert_uint_eq(message->cgroups[2]->n_knobs, 0);
}
END_TEST

/* Time that a test moves. */
static uint64_t now_usec;

static uint64_t get_now(const void *cookie _unused_) {
        return now_usec;
}

START_TEST(usage_of_levels_is_read_now_and_then) {
        Folder folder = folder_new();
        _cleanup_(root_deinitp) Root root = ROOT_NULL;
        LevelUsage usage = {};

        view.clock = (Clock){ .now_usec = get_now };
        now_usec = USEC_PER_SEC;
        folder_write(&folder, "sys/fs/cgroup/cgroup.controllers", "memory\n");
        folder_write(&folder, "sys/fs/cgroup/kubepods/memory.current", "8192\n");
        folder_write(&folder, "sys/fs/cgroup/kubepods/memory.numa_stat",
                     "anon N0=4096 N3=0\nfile N0=4096 N3=8192\nshmem N0=4096 N3=0\n");
        folder_write(&folder, "sys/fs/cgroup/kubepods/burstable/memory.current", "4096\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);

        level_usage_refresh(&usage, &root, &view);
        ck_assert_uint_eq(usage.bytes[QOS_LEVEL_KUBEPODS].value, 8192);
        ck_assert(usage.nodes[QOS_LEVEL_KUBEPODS].is_known);
        ck_assert_uint_eq(usage.nodes[QOS_LEVEL_KUBEPODS].n_items, 2);
        ck_assert_uint_eq(usage.nodes[QOS_LEVEL_KUBEPODS].items[0].bytes, 8192);
        ck_assert_uint_eq(usage.nodes[QOS_LEVEL_KUBEPODS].items[1].node, 3);
        ck_assert_uint_eq(usage.nodes[QOS_LEVEL_KUBEPODS].items[1].bytes, 8192);
        ck_assert_uint_eq(usage.bytes[QOS_LEVEL_BURSTABLE].value, 4096);
        ck_assert(!usage.nodes[QOS_LEVEL_BURSTABLE].is_known);
        ck_assert(!usage.bytes[QOS_LEVEL_BESTEFFORT].present);

        folder_write(&folder, "sys/fs/cgroup/kubepods/memory.current", "16384\n");
        now_usec += 100 * USEC_PER_MSEC;
        level_usage_refresh(&usage, &root, &view);
        ck_assert_uint_eq(usage.bytes[QOS_LEVEL_KUBEPODS].value, 8192);
        now_usec += 150 * USEC_PER_MSEC;
        level_usage_refresh(&usage, &root, &view);
        ck_assert_uint_eq(usage.bytes[QOS_LEVEL_KUBEPODS].value, 16384);
        folder_remove(&folder);
}
END_TEST

/* Withdrawal */

static const QosWithdrawal withdrawal = {
        .items = { { .item = { .path = "kubepods",
                               .knob = CGROUP_MEMORY_MAX,
                               .before = { .number = CGROUP_MAX },
                               .written = { .number = GIB } } },
                   { .item = { .path = "gone", .knob = CGROUP_CPUSET_MEMS }, .error = -ENOENT },
                   { .item = { .path = "busy", .knob = CGROUP_MEMORY_MIN }, .error = -EBUSY } },
        .n_items = 3,
};

START_TEST(what_was_put_back_is_a_message) {
        Slug__V1__WithdrawResponse *message;

        ck_assert_int_eq(qos_build_withdrawal(arena, &withdrawal, &message), 0);
        ck_assert_uint_eq(message->n_knobs, 3);
        ck_assert_str_eq(message->knobs[0]->before, "max");
        ck_assert_str_eq(message->knobs[0]->written, "1073741824");
        ck_assert_str_eq(message->knobs[0]->error, "");
        ck_assert(message->knobs[1]->is_gone);
        ck_assert_str_eq(message->knobs[1]->error, "");
        ck_assert(!message->knobs[2]->is_gone);
        ck_assert_str_eq(message->knobs[2]->error, "Device or resource busy");
}
END_TEST

START_TEST(what_was_put_back_is_text) {
        ck_assert_uint_eq(withdraw_text_append(&withdrawal, &buffer), 1);
        ck_assert_str_eq(
                finish(),
                "/sys/fs/cgroup/kubepods/memory.max: was max, slugd wrote 1073741824, and it is "
                "again what it was\n"
                "/sys/fs/cgroup/gone/cpuset.mems: was empty, slugd wrote empty, and the cgroup is "
                "gone\n"
                "/sys/fs/cgroup/busy/memory.min: was 0, slugd wrote 0, and it could not be put "
                "back: Device or resource busy\n");
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ck_assert_uint_eq(withdraw_text_append(&(const QosWithdrawal){}, &buffer), 0);
        ck_assert_str_eq(finish(), "No slugd has written a limit since this boot\n");
}
END_TEST

/* Metrics */

START_TEST(limits_have_metrics) {
        knobs[2].status = QOS_STATUS_PENDING;
        qos_metrics_write(&view, &buffer);
        ck_assert(has("slug_limit_bytes{level=\"burstable\",knob=\"memory.max\","
                      "kind=\"intended\"} 3221225472\n"));
        ck_assert(has("slug_limit_bytes{level=\"kubepods\",knob=\"memory.max\","
                      "kind=\"current\"} 4294967296\n"));
        /* max is no number */
        ck_assert(!has("level=\"besteffort\",knob=\"memory.max\",kind=\"current\""));
        ck_assert(has("slug_limit_status{level=\"besteffort\",knob=\"memory.max\","
                      "status=\"pending\"} 1\n"));
        ck_assert(has("slug_limit_status{level=\"besteffort\",knob=\"memory.max\","
                      "status=\"achieved\"} 0\n"));
        ck_assert(!has("slug_limit_status{level=\"kubepods\""));
        ck_assert(has("slug_limit_writes_total 3\n"));
        ck_assert(has("slug_limit_repairs_total 0\n"));
}
END_TEST

START_TEST(metrics_wait_for_a_look) {
        qos_metrics_write(NULL, &buffer);
        view.plan = NULL;
        qos_metrics_write(&view, &buffer);
        ck_assert_str_eq(finish(), "");
}
END_TEST

/* Text */

START_TEST(a_plan_is_text) {
        knobs[2].status = QOS_STATUS_WRITING;
        ck_assert_int_eq(plan_text_append(&view, PLAN_TEXT, &buffer), 0);
        ck_assert_str_eq(finish(),
                         "kubepods  /sys/fs/cgroup/kubepods\n"
                         "  leave  memory.max   4294967296 (4.00 GiB)\n"
                         "         4 - 1\n"
                         "burstable  /sys/fs/cgroup/kubepods/burstable\n"
                         "  keep   memory.max   3221225472 (3.00 GiB)\n"
                         "         4 - 1\n"
                         "besteffort  /sys/fs/cgroup/kubepods/besteffort\n"
                         "  write  memory.max   max -> 2147483648 (2.00 GiB)\n"
                         "         4 - 1\n"
                         "Driver: cgroupfs\n"
                         "Requests: guaranteed 1.00 GiB (1), burstable 0 B (0), besteffort (0)\n"
                         "1 to be written, 0 held back; this was a look alone\n");
}
END_TEST

START_TEST(text_steers_no_terminal) {
        memcpy(places.items[QOS_LEVEL_KUBEPODS].path, "a\033[2J", 6);
        view.problem = "b\033[2J";
        ck_assert_int_eq(plan_text_append(&view, PLAN_TEXT, &buffer), 0);
        ck_assert(!has("\033"));
}
END_TEST

START_TEST(a_plan_is_json) {
        ck_assert_int_eq(plan_text_append(&view, PLAN_JSON, &buffer), 0);
        ck_assert(has("\"driver\": \"cgroupfs\""));
        ck_assert(has("\"intended\": \"2147483648\""));
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("service-limits");
        TCase *t = tcase_create("service-limits");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, the_worst_is_told, 0, ELEMENTSOF(judgements));
        tcase_add_test(t, what_keeps_all_of_them_comes_first);
        tcase_add_loop_test(t, the_worst_by_numa_node_is_told, 0, ELEMENTSOF(node_judgements));
        tcase_add_test(t, limits_by_numa_node_are_rows_of_the_plan);
        tcase_add_test(t, a_row_is_a_knob);
        tcase_add_test(t, what_is_not_there_is_absent);
        tcase_add_test(t, a_plan_that_nobody_has_made_says_so);
        tcase_add_test(t, requests_tell_why_they_are_not_known);
        tcase_add_test(t, an_arena_may_be_too_small);
        tcase_add_test(t, cgroups_stand_before_what_is_in_them);
        tcase_add_test(t, a_reserved_cgroup_is_listed_where_somebody_has_named_it);
        tcase_add_test(t, usage_of_levels_is_read_now_and_then);
        tcase_add_test(t, what_was_put_back_is_a_message);
        tcase_add_test(t, what_was_put_back_is_text);
        tcase_add_test(t, limits_have_metrics);
        tcase_add_test(t, metrics_wait_for_a_look);
        tcase_add_test(t, a_plan_is_text);
        tcase_add_test(t, text_steers_no_terminal);
        tcase_add_test(t, a_plan_is_json);
        suite_add_tcase(s, t);
        return s;
}
