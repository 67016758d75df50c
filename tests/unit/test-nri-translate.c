/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime tells into what slugd is asked, and back; and what is kept of it. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "lib/test-main.h"
#include "nri/kept.h"
#include "nri/request.h"
#include "rpc/json.h"

#define MAX (64u * 1024)

static Arena *arena;
static char json[MAX];

static void setup(void) {
        ck_assert_int_eq(arena_new(1 << 22, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

/* @text: with ' for ". */
static ProtobufCMessage *parse(const char *text, const ProtobufCMessageDescriptor *descriptor) {
        char quoted[4096];
        ProtobufCMessage *message;
        Diag diag = {};

        ck_assert_uint_lt(strlen(text), sizeof(quoted));
        for (size_t i = 0; i <= strlen(text); ++i)
                quoted[i] = text[i] == '\'' ? '"' : text[i];
        ck_assert_msg(
                json_decode(quoted, strlen(quoted), descriptor, NULL, arena, &message, &diag) == 0,
                "%s: %s", text, diag.text);
        return message;
}

/* Back, with ' for ". */
static const char *format(const ProtobufCMessage *message) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};

        json_encode(message, 0, NULL, &buffer);
        ck_assert_uint_lt(buffer.n_data, sizeof(json));
        for (size_t i = 0; i < buffer.n_data; ++i)
                json[i] = buffer.data[i] == '"' ? '\'' : buffer.data[i];
        json[buffer.n_data] = '\0';
        return json;
}

static const NriPod *read_pod(const char *text) {
        return (const NriPod *)parse(text, &nri__pkg__api__v1alpha1__pod_sandbox__descriptor);
}

static const NriContainer *read_container(const char *text) {
        return (const NriContainer *)parse(text, &nri__pkg__api__v1alpha1__container__descriptor);
}

static const Placement *read_placement(const char *text) {
        return (const Placement *)parse(text, &slug__v1__container_placement__descriptor);
}

/* Who asks */

static const struct {
        const char *pod, *container;
        bool asks;
} asking[] = {
        { "{}", "{'name':'c'}", false },
        { "{'annotations':{'memory.sluglab.io/container.c':''}}", "{'name':'c'}", true },
        { "{'annotations':{'memory.sluglab.io/container.c2':'x'}}", "{'name':'c'}", false },
        { "{'annotations':{'memory.sluglab.io/container.':'x'}}", "{'name':'c'}", false },
        { "{'annotations':{'memory.sluglab.io/pod':'x'}}", "{'name':'c'}", true },
        { "{'annotations':{'memory.sluglab.io/podx':'x','other/pod':'x'}}", "{'name':'c'}", false },
        { "{}", "{'name':'c','annotations':{'memory.sluglab.io/claim':'1gi-n2-0000'}}", true },
        { "{}", "{'name':'c','annotations':{'memory.sluglab.io/claim':''}}", false },
        /* a pod cannot say whose chunks it has */
        { "{'annotations':{'memory.sluglab.io/claim':'1gi-n2-0000'}}", "{'name':'c'}", false },
};

START_TEST(who_asks) {
        ck_assert_int_eq(
                request_asks(read_pod(asking[_i].pod), read_container(asking[_i].container)),
                asking[_i].asks);
}
END_TEST

/* What is asked */

static const struct {
        const char *pod, *container, *asked;
} questions[] = {
        { "{}", "{}", "{'pod':{'containers':[{'resources':{}}]}}" },
        { "{'uid':'u','namespace':'n','name':'p','annotations':{'a/b':'c',"
          "'memory.sluglab.io/container.c':'local=1Gi','memory.sluglab.io/container.d':'x'}}",
          "{'id':'i','name':'c','annotations':{'memory.sluglab.io/claim':'k'},'linux':{'resources':"
          "{'memory':{'limit':{'value':'5'}},'cpu':{'cpus':'0-3','mems':'0'}}}}",
          "{'pod':{'uid':'u','namespace':'n','name':'p','containers':[{'name':'c','resources':"
          "{'limits':{'memory':'5'}}}],'annotations':{'memory.sluglab.io/"
          "container.c':'local=1Gi'}},"
          "'container':'c','containerId':'i','claim':'k','cpus':'0-3','numaNodes':'0'}" },
        /* classes by the cgroup that the kubelet names; a guaranteed pod requests its limit */
        { "{'linux':{'cgroupParent':'/kubepods/podx'}}",
          "{'linux':{'resources':{'memory':{'limit':{'value':'5'}}}}}",
          "{'pod':{'qosClass':'QOS_CLASS_GUARANTEED','containers':[{'resources':{'requests':"
          "{'memory':'5'},'limits':{'memory':'5'}}}]}}" },
        { "{'linux':{'cgroupParent':'kubepods-burstable-podx.slice'}}",
          "{'linux':{'resources':{'memory':{'limit':{'value':'5'}}}}}",
          "{'pod':{'qosClass':'QOS_CLASS_BURSTABLE','containers':[{'resources':{'limits':"
          "{'memory':'5'}}}]}}" },
        { "{'linux':{'cgroupParent':'/kubepods/besteffort/podx'}}", "{}",
          "{'pod':{'qosClass':'QOS_CLASS_BEST_EFFORT','containers':[{'resources':{}}]}}" },
        /* no limit */
        { "{}", "{'linux':{'resources':{'memory':{'limit':{'value':'-1'}}}}}",
          "{'pod':{'containers':[{'resources':{}}]}}" },
        { "{}", "{'linux':{'resources':{'memory':{}}}}",
          "{'pod':{'containers':[{'resources':{}}]}}" },
};

START_TEST(what_is_asked) {
        Admitted *asked;

        ck_assert_int_eq(request_build(arena, read_pod(questions[_i].pod),
                                       read_container(questions[_i].container), &asked),
                         0);
        ck_assert_str_eq(format(&asked->base), questions[_i].asked);
}
END_TEST

/* What is answered */

static const struct {
        const char *placement, *preferred, *creation;
} answers[] = {
        { "{}", "", "{}" },
        { "{'numaNodes':'0,2'}", "", "{'adjust':{'linux':{'resources':{'cpu':{'mems':'0,2'}}}}}" },
        { "{'unified':{'memory.low':'7'}}", "",
          "{'adjust':{'linux':{'resources':{'unified':{'memory.low':'7'}}}}}" },
        /* what slug-nri does not know it does not pass on */
        { "{'unified':{'memory.max':'7'}}", "", "{}" },
        { "{'numaNodes':'0,2','unified':{'memory.low':'7'}}", "0",
          "{'adjust':{'linux':{'resources':{'cpu':{'mems':'0,2'},'unified':{'memory.low':'7'}},"
          "'memoryPolicy':{'mode':5,'nodes':'0'}}}}" },
};

START_TEST(what_is_answered) {
        Nri__Pkg__Api__V1alpha1__CreateContainerResponse response;

        ck_assert_int_eq(adjust_build_creation(
                                 arena, adjust_get_given(read_placement(answers[_i].placement)),
                                 answers[_i].preferred, &response),
                         0);
        ck_assert_str_eq(format(&response.base), answers[_i].creation);
}
END_TEST

START_TEST(an_update_has_what_is_wanted) {
        NriUpdate *update;

        ck_assert_int_eq(
                adjust_build_update(arena, "c1", (Given){ .mems = "0,2", .low = "" }, &update), 0);
        ck_assert_str_eq(format(&update->base),
                         "{'containerId':'c1','linux':{'resources':{'cpu':{'mems':'0,2'}}}}");
}
END_TEST

START_TEST(a_runtime_takes_a_policy_since_0_12) {
        static const char *const takes[] = { "0.12.0", "v0.12.2", "v0.13", "1.0.0" };
        static const char *const does_not[] = { "", "v", "0.11.9", "v0.8.0", "0", "x.12", "0.x" };

        for (size_t i = 0; i < ELEMENTSOF(takes); ++i)
                ck_assert_msg(adjust_has_policy(takes[i]), "%s", takes[i]);
        for (size_t i = 0; i < ELEMENTSOF(does_not); ++i)
                ck_assert_msg(!adjust_has_policy(does_not[i]), "%s", does_not[i]);
}
END_TEST

START_TEST(a_runtime_may_be_called_since_0_12_1) {
        static const char *const may[] = { "0.12.1", "v0.12.10", "v0.13", "v0.13.0", "1.0" };
        static const char *const may_not[] = { "", "v0.12.0", "v0.12", "0.8.0", "v0.6.1", "0.12." };

        for (size_t i = 0; i < ELEMENTSOF(may); ++i)
                ck_assert_msg(adjust_has_calls(may[i]), "%s", may[i]);
        for (size_t i = 0; i < ELEMENTSOF(may_not); ++i)
                ck_assert_msg(!adjust_has_calls(may_not[i]), "%s", may_not[i]);
}
END_TEST

/* What is kept */

static Kept kept;

static KeptContainer *put(const char *id) {
        Admitted asked = SLUG__V1__ADMITTED_CONTAINER__INIT;

        asked.container_id = (char *)id;
        return kept_put(&kept, &asked);
}

/* @mems: that it has by the list. */
static KeptContainer *list(const char *id, const char *mems, bool is_unstarted) {
        Admitted asked = SLUG__V1__ADMITTED_CONTAINER__INIT;

        asked.container_id = (char *)id;
        return kept_list(&kept, &(const KeptListed){ .asked = &asked,
                                                     .has = { .mems = mems, .low = "" },
                                                     .is_unstarted = is_unstarted });
}

START_TEST(containers_are_found_by_their_id) {
        char id[16];

        ck_assert_ptr_null(put(""));
        for (unsigned i = 0; i < KEPT_MAX; ++i) {
                (void)snprintf(id, sizeof(id), "%u", i);
                ck_assert_ptr_nonnull(put(id));
        }
        ck_assert_ptr_null(put("one more"));
        ck_assert_ptr_nonnull(put("17")); /* in its place */
        ck_assert_uint_eq(kept.n_items, KEPT_MAX);
        kept_remove(&kept, "0");
        kept_remove(&kept, "0");
        ck_assert_ptr_null(kept_find(&kept, "0"));
        ck_assert_str_eq(kept_find(&kept, "4095")->asked->container_id, "4095");
        ck_assert_ptr_nonnull(put("one more"));
        kept_deinit(&kept);
        ck_assert_uint_eq(kept.n_items, 0);
}
END_TEST

START_TEST(one_that_is_created_anew_takes_the_place_of_the_old_one) {
        Slug__V1__Pod pods[2] = { SLUG__V1__POD__INIT, SLUG__V1__POD__INIT };
        Admitted asked = SLUG__V1__ADMITTED_CONTAINER__INIT;
        static const char *const ids[] = { "a", "b", "c", "d" };

        pods[0].uid = (char *)"u";
        pods[1].uid = (char *)"v";
        for (size_t i = 0; i < ELEMENTSOF(ids); ++i) {
                asked.pod = &pods[i / 2];
                asked.container = (char *)(i % 2 ? "c" : "d");
                asked.container_id = (char *)ids[i];
                ck_assert_ptr_nonnull(kept_put(&kept, &asked));
        }
        kept_remove_namesakes(&kept, &asked);
        ck_assert_uint_eq(kept.n_items, 3);
        ck_assert_ptr_null(kept_find(&kept, "d"));
        kept_deinit(&kept);
}
END_TEST

START_TEST(a_container_is_behind_until_it_is_given) {
        KeptContainer *item = put("c");

        ck_assert(!kept_is_behind(item));
        ck_assert(kept_set(&item->has, (Given){ .mems = "0", .low = "" }));
        kept_take(item, read_placement("{'numaNodes':'0,2','unified':{'memory.low':'7'}}"));
        ck_assert(kept_is_behind(item));
        item->is_creating = true;
        ck_assert(!kept_is_behind(item));
        item->is_creating = false;
        kept_note_given(item);
        ck_assert(!kept_is_behind(item));
        /* what slugd says nothing of is left alone */
        kept_take(item, read_placement("{}"));
        ck_assert(!kept_is_behind(item));
        ck_assert_str_eq(item->has.mems, "0,2");
        /* what the runtime did not do is not asked again, unless it is something else */
        kept_take(item, read_placement("{'numaNodes':'0-2'}"));
        item->is_refused = true;
        kept_take(item, read_placement("{'numaNodes':'0-2'}"));
        ck_assert(!kept_is_behind(item));
        kept_take(item, read_placement("{'numaNodes':'0-3'}"));
        ck_assert(kept_is_behind(item));
        /* somebody else's protection */
        item->keeps_low = true;
        kept_take(item, read_placement("{'numaNodes':'0-3','unified':{'memory.low':'9'}}"));
        ck_assert_str_eq(item->wants.low, "");
        kept_deinit(&kept);
}
END_TEST

/* What a list of containers does not tell is taken from what it does. */
START_TEST(a_protection_that_is_not_told_comes_with_the_mask) {
        const char *placement = "{'numaNodes':'0,2','unified':{'memory.low':'7'}}";
        KeptContainer *item = put("c");

        ck_assert(kept_set(&item->has, (Given){ .mems = "0,2", .low = "" }));
        item->is_low_untold = true;
        kept_take(item, read_placement(placement));
        ck_assert(!kept_is_behind(item));
        /* what it has is known from then on */
        kept_take(item, read_placement("{'numaNodes':'0,2','unified':{'memory.low':'8'}}"));
        ck_assert(kept_is_behind(item));
        /* with another mask it was given neither, and one without it may have been told */
        ck_assert(kept_set(&item->has, (Given){ .mems = "0", .low = "" }));
        item->is_low_untold = true;
        kept_take(item, read_placement(placement));
        ck_assert(kept_is_behind(item));
        ck_assert_str_eq(item->has.low, "");
        ck_assert(kept_set(&item->has, (Given){ .mems = "0,2", .low = "6" }));
        kept_take(item, read_placement(placement));
        ck_assert(kept_is_behind(item));
        kept_deinit(&kept);
}
END_TEST

/* A runtime says of an update that all is well when the container is not there yet. */
START_TEST(a_container_that_was_created_is_not_changed_before_it_starts) {
        KeptContainer *item = put("c");

        item->is_unstarted = true;
        kept_take(item, read_placement("{'numaNodes':'0,2'}"));
        ck_assert(!kept_is_behind(item));
        kept_note_started(item);
        ck_assert(kept_is_behind(item));
        kept_note_given(item);
        ck_assert(!kept_is_behind(item));
        kept_deinit(&kept);
}
END_TEST

START_TEST(a_container_that_was_listed_before_its_start_is_changed_until_it_is_told) {
        KeptContainer *item = list("c", "", true);
        unsigned n = 0;

        ck_assert(item->is_found && item->is_due);
        /* once for each answer of slugd's, and not for ever */
        for (unsigned i = 0; i < 10; ++i) {
                kept_take(item, read_placement("{'numaNodes':'0,2'}"));
                n += kept_is_behind(item);
                if (kept_is_behind(item))
                        kept_note_tried(item);
                ck_assert(!kept_is_behind(item));
        }
        ck_assert_uint_eq(n, 3);
        /* none of them may have reached it */
        kept_note_started(item);
        ck_assert(kept_is_behind(item));
        kept_note_given(item);
        ck_assert(!kept_is_behind(item));
        item = list("c", "0,2", false);
        kept_take(item, read_placement("{'numaNodes':'0-2'}"));
        ck_assert(kept_is_behind(item));
        kept_deinit(&kept);
}
END_TEST

START_TEST(what_slugd_has_said_outlives_a_list) {
        const char *placement = "{'numaNodes':'0,2','unified':{'memory.low':'7'}}";
        KeptContainer *item;

        (void)put("gone");
        kept_take(put("c"), read_placement(placement));
        kept_find(&kept, "c")->is_refused = true;
        kept_begin_list(&kept);
        item = list("c", "0", false);
        ck_assert_ptr_nonnull(list("new", "", false));
        kept_end_list(&kept);
        ck_assert_uint_eq(kept.n_items, 2);
        ck_assert_ptr_null(kept_find(&kept, "gone"));
        ck_assert(kept_find(&kept, "new")->is_found);
        ck_assert(!item->is_found && item->is_due && !item->is_refused);
        ck_assert_str_eq(item->wants.mems, "0,2");
        ck_assert(kept_is_behind(item));
        kept_note_given(item);
        /* what somebody else has changed meanwhile is seen */
        item = list("c", "0", false);
        ck_assert(kept_is_behind(item));
        kept_note_given(item);
        item = list("c", "0,2", false);
        ck_assert(kept_is_behind(item)); /* by the list it has no memory.low */
        kept_deinit(&kept);
}
END_TEST

/* A list tells of what a container was made of: that it was changed in time is not said. */
START_TEST(what_is_known_better_outlives_a_list) {
        KeptContainer *item = list("c", "", true);

        kept_take(item, read_placement("{'numaNodes':'0,2'}"));
        ck_assert(kept_is_behind(item));
        kept_note_tried(item);
        item = list("c", "0,2", true);
        ck_assert_uint_eq(item->n_tries, 2);
        item = list("c", "0,2", false);
        ck_assert(!item->is_unstarted);
        ck_assert(kept_is_behind(item));
        item = list("c", "0,2", false); /* it was not changed so far */
        ck_assert(kept_is_behind(item));
        kept_note_given(item);
        item = list("c", "0,2", false);
        ck_assert(!kept_is_behind(item));
        /* one that the runtime waited with when the session was lost was created as it is listed */
        item->is_creating = item->is_unstarted = true;
        item = list("c", "0", false);
        ck_assert(kept_is_behind(item));
        kept_deinit(&kept);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_none) {
        KeptContainer *item = put("c");
        char mems[KEPT_MEMS_MAX + 1];

        memset(mems, '1', sizeof(mems) - 1);
        mems[sizeof(mems) - 1] = '\0';
        ck_assert(!kept_set(&item->wants, (Given){ .mems = mems, .low = "" }));
        ck_assert_str_eq(item->wants.mems, "");
        kept_deinit(&kept);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("nri-translate");
        TCase *tcase = tcase_create("translate");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, who_asks, 0, ELEMENTSOF(asking));
        tcase_add_loop_test(tcase, what_is_asked, 0, ELEMENTSOF(questions));
        tcase_add_loop_test(tcase, what_is_answered, 0, ELEMENTSOF(answers));
        tcase_add_test(tcase, an_update_has_what_is_wanted);
        tcase_add_test(tcase, a_runtime_takes_a_policy_since_0_12);
        tcase_add_test(tcase, a_runtime_may_be_called_since_0_12_1);
        tcase_add_test(tcase, containers_are_found_by_their_id);
        tcase_add_test(tcase, one_that_is_created_anew_takes_the_place_of_the_old_one);
        tcase_add_test(tcase, a_container_is_behind_until_it_is_given);
        tcase_add_test(tcase, a_protection_that_is_not_told_comes_with_the_mask);
        tcase_add_test(tcase, a_container_that_was_created_is_not_changed_before_it_starts);
        tcase_add_test(tcase,
                       a_container_that_was_listed_before_its_start_is_changed_until_it_is_told);
        tcase_add_test(tcase, what_slugd_has_said_outlives_a_list);
        tcase_add_test(tcase, what_is_known_better_outlives_a_list);
        tcase_add_test(tcase, a_text_that_is_too_long_is_none);
        suite_add_tcase(suite, tcase);
        return suite;
}
