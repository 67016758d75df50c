/* SPDX-License-Identifier: Apache-2.0 */
/* Splits into messages, metrics and a condition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/enforce-view-bed.h"
#include "lib/test-main.h"
#include "service/condition.h"
#include "service/enforce-messages.h"
#include "service/enforce-metrics.h"
#include "service/pod-messages.h"

static EnforceBed enforce;
static Arena *arena;
static Buffer buffer;

static void setup(void) {
        enforce_bed_init(&enforce);
        buffer = (Buffer){};
        ck_assert_int_eq(arena_new(8 << 20, &arena), 0);
}

static void teardown(void) {
        enforce_bed_deinit(&enforce);
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

static EnforcedContainer *add(const char *uid, const char *pod, const char *container) {
        return enforce_bed_add(&enforce, uid, "default", pod, container);
}

static const Slug__V1__EnforcedContainer *build(const EnforcedContainer *container) {
        Slug__V1__EnforcedContainer *message;

        ck_assert_int_eq(enforce_build_container(arena, &enforce.view, container, &message), 0);
        return message;
}

/* Messages */

START_TEST(a_container_is_told_with_all_that_is_known) {
        EnforcedContainer *container = add("u1", "db-0", "db");
        const Slug__V1__EnforcedContainer *message;

        container->status = ENFORCE_DEMOTING;
        (void)snprintf(container->reason, sizeof(container->reason), "too much");
        container->memory.last.other = 5;
        container->memory.demoted = 7;
        container->memory.promoted = 8;
        container->memory.last.kernel_demoted = opt_u64(9);
        container->memory.over_since_usec = enforce.now_usec - 3;
        container->notes[container->n_notes++] = "a note";
        message = build(container);
        ck_assert_str_eq(message->pod_uid, "u1");
        ck_assert_str_eq(message->namespace_, "default");
        ck_assert_str_eq(message->pod, "db-0");
        ck_assert_str_eq(message->container, "db");
        ck_assert_str_eq(message->container_id, "id-db");
        ck_assert_str_eq(message->cgroup, "kubepods/podu1/id");
        ck_assert_uint_eq(message->split->local->max_bytes, 4 * GIB);
        ck_assert_uint_eq(message->split->remote->min_bytes, 8 * GIB);
        ck_assert_uint_eq(message->local_bytes, 3 * GIB);
        ck_assert_uint_eq(message->remote_bytes, 8 * GIB);
        ck_assert_uint_eq(message->other_bytes, 5);
        ck_assert_int_eq(message->backend,
                         SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_RECLAIM);
        ck_assert_str_eq(message->backend_reason, "demotion is on");
        ck_assert_int_eq(message->state, SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_DEMOTING);
        ck_assert_str_eq(message->reason, "too much");
        ck_assert_uint_eq(message->demoted_bytes, 7);
        ck_assert_uint_eq(message->promoted_bytes, 8);
        ck_assert_uint_eq(message->kernel_demoted_bytes, 9);
        ck_assert(!message->_kernel_promoted_bytes_case);
        ck_assert_uint_eq(message->over_usec, 3);
        ck_assert_uint_eq(message->sample_age_usec, USEC_PER_SEC / 2);
        ck_assert_uint_eq(message->n_notes, 1);
        ck_assert_uint_eq(message->n_numa_nodes, 2);
        ck_assert_uint_eq(message->numa_nodes[1]->numa_node, 2);
        ck_assert_uint_eq(message->numa_nodes[1]->bytes, 8 * GIB);
}
END_TEST

START_TEST(what_is_not_known_is_left_out) {
        EnforcedContainer *container = add("u1", "db-0", "db");
        const Slug__V1__EnforcedContainer *message;

        container->target.split.local.max = SPLIT_UNLIMITED;
        container->memory = (EnforceMemory){};
        container->status = ENFORCE_ABSENT;
        message = build(container);
        ck_assert(!message->split->local->_max_bytes_case);
        ck_assert(!message->_over_usec_case);
        ck_assert(!message->_kernel_demoted_bytes_case);
        ck_assert_uint_eq(message->sample_age_usec, 0);
}
END_TEST

static const Slug__V1__ListEnforcedContainersResponse *
list(Slug__V1__ListEnforcedContainersRequest request) {
        static Slug__V1__ListEnforcedContainersResponse response;

        slug__v1__list_enforced_containers_response__init(&response);
        ck_assert_int_eq(enforce_build_list(arena, &enforce.view, &request, &response), 0);
        return &response;
}

START_TEST(the_list_is_in_order_and_can_be_narrowed) {
        Slug__V1__ListEnforcedContainersRequest request =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_REQUEST__INIT;
        const Slug__V1__ListEnforcedContainersResponse *response;
        char uid[] = "u1", pod[] = "a", namespace_name[] = "other";

        add("u2", "b", "x");
        add("u1", "a", "z");
        add("u1", "a", "y");
        enforce_bed_add(&enforce, "u3", "other", "a", "w");
        response = list(request);
        ck_assert_uint_eq(response->n_containers, 4);
        ck_assert_str_eq(response->containers[0]->container, "y");
        ck_assert_str_eq(response->containers[1]->container, "z");
        ck_assert_str_eq(response->containers[2]->container, "x");
        ck_assert_str_eq(response->containers[3]->container, "w");
        request.pod = pod;
        ck_assert_uint_eq(list(request)->n_containers, 3);
        request.pod_uid = uid;
        ck_assert_uint_eq(list(request)->n_containers, 2);
        request.namespace_ = namespace_name;
        ck_assert_uint_eq(list(request)->n_containers, 0);
}
END_TEST

START_TEST(the_list_tells_what_the_node_can_do) {
        const Slug__V1__ListEnforcedContainersRequest request =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_REQUEST__INIT;
        const Slug__V1__ListEnforcedContainersResponse *response;

        enforce_bed_set(&enforce, "demotion_enabled", "true", "true");
        enforce.view.demoted = 5;
        response = list(request);
        ck_assert_uint_eq(response->n_backends, 5);
        ck_assert(response->backends[1]->usable && response->backends[1]->chosen);
        ck_assert(!response->backends[2]->usable);
        ck_assert_str_eq(response->backends[2]->reason, "DAMON_STAT has DAMON");
        ck_assert_uint_eq(response->n_settings, 1);
        ck_assert_str_eq(response->settings[0]->name, "demotion_enabled");
        ck_assert(!response->_budget_bytes_per_second_case);
        ck_assert_uint_eq(response->demoted_bytes, 5);
        enforce.view.budget = 6;
        ck_assert_uint_eq(list(request)->budget_bytes_per_second, 6);
}
END_TEST

START_TEST(decisions_are_told_oldest_first_though_the_ring_has_turned) {
        Slug__V1__ExplainContainerResponse response = SLUG__V1__EXPLAIN_CONTAINER_RESPONSE__INIT;
        EnforcedContainer *container = add("u1", "db-0", "db");

        for (uint64_t i = 1; i <= ENFORCE_DECISIONS_MAX + 3; ++i)
                enforce_bed_decide(container, &(const EnforceDecided){ .usec = i,
                                                                       .count = 2,
                                                                       .status = ENFORCE_WAITING,
                                                                       .growth = -4,
                                                                       .reason = "so" });
        ck_assert_int_eq(enforce_build_decisions(arena, container, &response), 0);
        ck_assert_uint_eq(response.n_decisions, ENFORCE_DECISIONS_MAX);
        ck_assert_uint_eq(response.decisions[0]->time_usec, 4);
        ck_assert_uint_eq(response.decisions[ENFORCE_DECISIONS_MAX - 1]->time_usec,
                          ENFORCE_DECISIONS_MAX + 3);
        ck_assert_uint_eq(response.decisions[0]->count, 2);
        ck_assert_int_eq(response.decisions[0]->growth_bytes_per_second, -4);
        ck_assert_str_eq(response.decisions[0]->reason, "so");
        ck_assert_int_eq(response.decisions[0]->state,
                         SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_WAITING);
}
END_TEST

START_TEST(an_arena_that_is_too_small_is_said) {
        const Slug__V1__ListEnforcedContainersRequest request =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_REQUEST__INIT;
        Slug__V1__ListEnforcedContainersResponse response =
                SLUG__V1__LIST_ENFORCED_CONTAINERS_RESPONSE__INIT;
        _cleanup_(arena_freep) Arena *small = NULL;

        for (int i = 0; i < 100; ++i)
                add("u", "p", "c");
        ck_assert_int_eq(arena_new(4096, &small), 0);
        ck_assert_int_eq(enforce_build_list(small, &enforce.view, &request, &response), -ENOMEM);
}
END_TEST

START_TEST(containers_are_found_by_their_names_and_by_their_ids) {
        const EnforcedContainer *first = add("u1", "a", "c"), *second = add("u2", "a", "d");

        ck_assert_ptr_eq(enforce_view_find(&enforce.view, "u1", "c"), first);
        ck_assert_ptr_eq(enforce_view_find(&enforce.view, "u2", "d"), second);
        ck_assert_ptr_null(enforce_view_find(&enforce.view, "u1", "d"));
        ck_assert_ptr_eq(enforce_find_id(&enforce.view, "id-d"), second);
        ck_assert_ptr_null(enforce_find_id(&enforce.view, "id-e"));
}
END_TEST

/* Events */

START_TEST(events_are_told_to_who_does_not_know_them) {
        static SplitHistory history;
        Slug__V1__SplitEvent **list;
        SplitEvent event = { .time_usec = 7, .pod_uid = "u1", .container = "db" };
        size_t n;

        ck_assert_int_eq(message_build_split_events(arena, &history, 0, &n, &list), 0);
        ck_assert_uint_eq(n, 0);
        (void)snprintf(event.reason, sizeof(event.reason), "it does not move");
        split_history_add(&history, &event);
        event = (SplitEvent){ .pod_uid = "u2", .is_held = true };
        split_history_add(&history, &event);
        ck_assert_int_eq(message_build_split_events(arena, &history, 0, &n, &list), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert_uint_eq(list[0]->time_usec, 7);
        ck_assert_str_eq(list[0]->pod_uid, "u1");
        ck_assert_str_eq(list[0]->container, "db");
        ck_assert_str_eq(list[0]->reason, "it does not move");
        ck_assert(!list[0]->held && list[1]->held);
        ck_assert_int_eq(message_build_split_events(arena, &history, 1, &n, &list), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(list[0]->pod_uid, "u2");
        for (unsigned i = 0; i < SPLIT_HISTORY_MAX + 3; ++i)
                split_history_add(&history, &event);
        ck_assert_int_eq(message_build_split_events(arena, &history, 0, &n, &list), 0);
        ck_assert_uint_eq(n, SPLIT_HISTORY_MAX);
        ck_assert_uint_eq(split_history_get(&history, 0)->number, 6);
        ck_assert_int_eq(
                message_build_split_events(arena, &history, history.last_number, &n, &list), 0);
        ck_assert_uint_eq(n, 0);
}
END_TEST

/* The list of pods */

START_TEST(a_pod_has_the_splits_of_its_containers) {
        const Slug__V1__ListPodsRequest request = SLUG__V1__LIST_PODS_REQUEST__INIT;
        Slug__V1__ListPodsResponse response = SLUG__V1__LIST_PODS_RESPONSE__INIT;
        ReportContainer reported[2] = { { .name = "db", .id = "", .cgroup = "" },
                                        { .name = "side", .id = "", .cgroup = "" } };
        TreeContainer unnamed = { .id = "id-late", .path = "kubepods/podu1/late" };
        ReportPod report = { .uid = "u1", .namespace_name = "default", .name = "db-0" };
        InventoryContainer containers[3] = { { .report = &reported[0] },
                                             { .report = &reported[1] },
                                             { .tree = &unnamed } };
        InventoryPod pod = {
                .uid = "u1", .report = &report, .containers = containers, .n_containers = 3
        };
        PodsTree tree = { .is_complete = true };
        const Inventory inventory = { .tree = &tree, .pods = &pod, .n_pods = 1 };
        const PodsView pods = { .inventory = &inventory, .problem = "", .clock = clock_monotonic };
        const HintsMachine machine = {};
        PodService service = { .pods = &pods, .machine = &machine, .boot_id = "" };
        Ledger *ledger;

        ck_assert_int_eq(ledger_new(&ledger), 0);
        service.ledger = ledger;
        add("u1", "db-0", "db");
        add("u1", "db-0", "late");
        add("u2", "db-0", "side");
        ck_assert_int_eq(pod_build_list(arena, &service, &request, &response), 0);
        ck_assert_ptr_null(response.pods[0]->containers[0]->enforcement);
        service.enforce = &enforce.view;
        ck_assert_int_eq(pod_build_list(arena, &service, &request, &response), 0);
        ck_assert_str_eq(response.pods[0]->containers[0]->enforcement->container, "db");
        ck_assert_ptr_null(response.pods[0]->containers[1]->enforcement);
        ck_assert_str_eq(response.pods[0]->containers[2]->enforcement->container, "late");
        ledger_free(ledger);
}
END_TEST

/* The condition */

static void
check_condition(Slug__V1__ConditionStatus status, const char *reason, const char *text) {
        const NodeView view = { .enforce = &enforce.view };
        const Condition condition = condition_tell_splits(arena, &view);

        ck_assert_int_eq(condition.status, status);
        ck_assert_str_eq(condition.reason, reason);
        ck_assert_str_eq(condition.message, text);
}

#define IS_TRUE  SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE
#define IS_FALSE SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE

START_TEST(the_condition_counts_what_is_not_held) {
        EnforcedContainer *container;

        (void)snprintf(enforce.view.problem, sizeof(enforce.view.problem), "no remote memory");
        check_condition(IS_TRUE, "NoSplits",
                        "no container was promised a split of local and remote memory");
        container = add("u1", "db-0", "db");
        add("u2", "", "web");
        check_condition(IS_FALSE, "NotEnforced",
                        "2 containers with a split of local and remote memory, and nothing is "
                        "moved: no remote memory");
        enforce.view.problem[0] = '\0';
        check_condition(IS_TRUE, "Held", "2 splits are held");
        container->status = ENFORCE_FAILED;
        (void)snprintf(container->reason, sizeof(container->reason), "it does not move");
        check_condition(IS_FALSE, "NotHeld",
                        "1 of 2 splits are not held, that of db-0/db: it does not move");
        container->status = ENFORCE_ABSENT;
        check_condition(IS_TRUE, "Held", "2 splits are held");
}
END_TEST

START_TEST(what_may_have_no_remote_memory_needs_nobody_to_move_it) {
        EnforcedContainer *container = add("u1", "db-0", "db");

        container->target.split.remote = (SplitRange){};
        (void)snprintf(enforce.view.problem, sizeof(enforce.view.problem), "no remote memory");
        check_condition(IS_TRUE, "Held", "1 split is held");
}
END_TEST

START_TEST(a_moment_over_the_ceiling_breaks_no_split) {
        EnforcedContainer *container = add("u1", "db-0", "db");

        container->status = ENFORCE_DEMOTING;
        container->memory.over_since_usec = enforce.now_usec;
        ck_assert(!enforce_view_is_broken(&enforce.view, container));
        enforce.now_usec += 30 * USEC_PER_SEC - 1;
        ck_assert(!enforce_view_is_broken(&enforce.view, container));
        ++enforce.now_usec;
        ck_assert(enforce_view_is_broken(&enforce.view, container));
        container->status = ENFORCE_OBSERVED;
        ck_assert(enforce_view_is_broken(&enforce.view, container));
}
END_TEST

START_TEST(nobody_who_holds_splits_is_unknown) {
        const Condition condition = condition_tell_splits(arena, &(const NodeView){});

        ck_assert_int_eq(condition.status, SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN);
}
END_TEST

/* Metrics */

static const char *write_metrics(void) {
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        enforce_metrics_write(&enforce.view, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        return buffer.data;
}

static void has_line(const char *line) {
        ck_assert_msg(strstr(buffer.data, line) != NULL, "%s is not in:\n%s", line, buffer.data);
}

static size_t count_lines(const char *beginning) {
        size_t n = 0;

        for (const char *at = buffer.data; (at = strstr(at, beginning)); ++at)
                n += at == buffer.data || at[-1] == '\n';
        return n;
}

START_TEST(metrics_tell_of_containers_and_of_the_node) {
        EnforcedContainer *container = add("u1", "db-0", "db");

        container->status = ENFORCE_FAILED;
        container->target.split.local.max = SPLIT_UNLIMITED;
        enforce_bed_set(&enforce, "numa_balancing", "2", "0");
        enforce_bed_set(&enforce, "demotion_enabled", "true", "");
        enforce_bed_set(&enforce, "damon_stat", "N", "false");
        enforce.view.demoted = 11;
        enforce.view.promoted = 12;
        enforce.view.n_steps = 10;
        enforce.view.n_failed_steps = 3;
        enforce.view.n_samples = 99;
        write_metrics();
        has_line("slug_enforced_containers{backend=\"reclaim\",state=\"failed\"} 1\n");
        has_line("slug_enforced_containers{backend=\"damos\",state=\"held\"} 0\n");
        has_line("slug_enforcement_backend_usable{backend=\"migrate\"} 1\n");
        has_line("slug_enforcement_backend_usable{backend=\"damos\"} 0\n");
        has_line("slug_moved_bytes_total{by=\"slugd\",direction=\"down\"} 11\n");
        has_line("slug_moved_bytes_total{by=\"slugd\",direction=\"up\"} 12\n");
        has_line("slug_enforcement_steps_total{result=\"done\"} 7\n");
        has_line("slug_enforcement_steps_total{result=\"failed\"} 3\n");
        has_line("slug_enforcement_samples_total 99\n");
        has_line("slug_machine_setting{setting=\"numa_balancing\",value=\"2\",wanted=\"0\"} 0\n");
        has_line("slug_machine_setting{setting=\"demotion_enabled\",value=\"true\",wanted=\"\"} "
                 "1\n");
        has_line("slug_machine_setting{setting=\"damon_stat\",value=\"N\",wanted=\"false\"} 1\n");
        has_line("slug_enforced_bytes{namespace=\"default\",pod=\"db-0\",uid=\"u1\","
                 "container=\"db\",locality=\"local\",what=\"promised\"} 4294967296\n");
        has_line("locality=\"local\",what=\"achieved\"} 3221225472\n");
        has_line("locality=\"remote\",what=\"ceiling\"} 12884901888\n");
        ck_assert_ptr_null(strstr(buffer.data, "locality=\"local\",what=\"ceiling\""));
        has_line("slug_enforced_containers_left_out 0\n");
}
END_TEST

START_TEST(what_was_never_read_has_no_achieved_bytes) {
        add("u1", "db-0", "db")->memory.has_last = false;
        ck_assert_ptr_null(strstr(write_metrics(), "achieved"));
}
END_TEST

START_TEST(there_are_only_so_many_series) {
        char uid[24];

        for (unsigned i = 0; i < ENFORCE_BED_CONTAINERS; ++i) {
                (void)snprintf(uid, sizeof(uid), "u%u", i);
                add(uid, "p", "c");
        }
        write_metrics();
        ck_assert_uint_eq(count_lines("slug_enforced_bytes{"), 6 * ENFORCE_METRICS_CONTAINERS);
        has_line("slug_enforced_containers_left_out 88\n");
        has_line("slug_enforced_containers{backend=\"reclaim\",state=\"held\"} 600\n");
}
END_TEST

START_TEST(nobody_who_holds_splits_has_no_metrics) {
        enforce_metrics_write(NULL, &buffer);
        ck_assert_uint_eq(buffer.n_data, 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("enforce-view");
        TCase *t = tcase_create("enforce-view");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_container_is_told_with_all_that_is_known);
        tcase_add_test(t, what_is_not_known_is_left_out);
        tcase_add_test(t, the_list_is_in_order_and_can_be_narrowed);
        tcase_add_test(t, the_list_tells_what_the_node_can_do);
        tcase_add_test(t, decisions_are_told_oldest_first_though_the_ring_has_turned);
        tcase_add_test(t, an_arena_that_is_too_small_is_said);
        tcase_add_test(t, containers_are_found_by_their_names_and_by_their_ids);
        tcase_add_test(t, events_are_told_to_who_does_not_know_them);
        tcase_add_test(t, a_pod_has_the_splits_of_its_containers);
        tcase_add_test(t, the_condition_counts_what_is_not_held);
        tcase_add_test(t, what_may_have_no_remote_memory_needs_nobody_to_move_it);
        tcase_add_test(t, a_moment_over_the_ceiling_breaks_no_split);
        tcase_add_test(t, nobody_who_holds_splits_is_unknown);
        tcase_add_test(t, metrics_tell_of_containers_and_of_the_node);
        tcase_add_test(t, what_was_never_read_has_no_achieved_bytes);
        tcase_add_test(t, there_are_only_so_many_series);
        tcase_add_test(t, nobody_who_holds_splits_has_no_metrics);
        suite_add_tcase(s, t);
        return s;
}
