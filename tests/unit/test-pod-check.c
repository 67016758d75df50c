/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as they come from a peer: what is refused in which words, and their splits. */
#include <stdio.h>
#include <string.h>

#include "lib/pod-text.h"
#include "lib/test-main.h"
#include "split/pod.h"

static PodText bed;

static void setup(void) {
        bed = (PodText){};
}

static void teardown(void) {
        pod_text_deinit(&bed);
}

static const Pod *make_pod(const char *text) {
        ck_assert_msg(pod_text_parse(&bed, text), "%s", text);
        return &bed.pod;
}

/* Rules */

static const char *const right[] = {
        "app",
        "app:a",
        "app cpu=1/2 memory=1Gi/2Gi nvidia.com/gpu=1 ephemeral-storage=1Gi/-",
        "app cpu=500m memory=1.5Gi",
        "app memory=1500m",
        "app memory=2Gi/- cpu=-/1",
        "app hugepages-2Mi=64Mi hugepages-1Gi=0",
        "app hugepages-2Mi=0.5Gi/512Mi memory=1Gi",
        "app memory=1000m/1",
        "app memory=9223372036854775807",
        "app memory=8Gi sluglab.io/remote-memory-1gi=4",
        "app memory=8Gi sluglab.io/remote-memory-512mi=4; app sluglab.io/remote-memory-1gi=1",
        "app memory=8Gi sluglab.io/remote-memory-1gi=1k/1000",
        "app memory=8Gi sluglab.io/remote-memory-1gi-numa2=2 sluglab.io/remote-memory-1gi-numa3=1",
        "init; side; app",
        "pod cpu=1 memory=1Gi/2Gi hugepages-2Mi=2Mi; app hugepages-1Gi=1Gi",
        "app hugepages-1Mi=1Mi hugepages-2Mi=2Mi hugepages-4Mi=4Mi hugepages-8Mi=8Mi",
};

START_TEST(what_kubernetes_allows_passes) {
        Diag diag = {};

        ck_assert_msg(pod_check(make_pod(right[_i]), &diag) == 0, "%s: %s", right[_i], diag.text);
        ck_assert_str_eq(diag.text, "");
}
END_TEST

#define LONG_60 "123456789012345678901234567890123456789012345678901234567890"
#define LONG_63 LONG_60 "123"
#define LONG_64 LONG_60 "1234"
#define C0      "container 'c0': "

static const struct {
        const char *pod;
        const char *message;
} wrong[] = {
        { "", "expected a container that is no init container, found nothing" },
        { "init; side", "expected a container that is no init container, found nothing" },
        { "app:", "expected a DNS label as the name of a container, found nothing" },
        { "app:Db", "expected a DNS label as the name of a container, found 'Db'" },
        { "app:-db", "expected a DNS label as the name of a container, found '-db'" },
        { "app:db-", "expected a DNS label as the name of a container, found 'db-'" },
        { "app:d.b", "expected a DNS label as the name of a container, found 'd.b'" },
        { "app:" LONG_64, "expected a DNS label as the name of a container, found "
                          "'123456789012345678901234567890123456789012...'" },
        { "init:db; app:db", "container 'db': expected each name of a container once, found 'db'" },
        { "app memory=x", C0 "requests.memory: expected an amount of 0 or more, found 'x'" },
        { "app memory=/1", C0 "requests.memory: expected an amount of 0 or more, found nothing" },
        { "app memory=1/", C0 "limits.memory: expected an amount of 0 or more, found nothing" },
        { "app memory=-/-1", C0 "limits.memory: expected an amount of 0 or more, found '-1'" },
        { "app cpu=1Gj", C0 "requests.cpu: expected an amount of 0 or more, found '1Gj'" },
        { "app cpu=10E", C0 "requests.cpu: expected at most 2^63-1, found '10E'" },
        { "app memory=-/1e999", C0 "limits.memory: expected at most 2^63-1, found '1e999'" },
        { "app memory=9223372036854775808",
          C0 "requests.memory: expected at most 2^63-1, found '9223372036854775808'" },
        { "app memory=5Gi/4Gi", C0 "requests.memory: expected at most the limit of '4Gi', found "
                                   "'5Gi'" },
        { "app cpu=1001m/1", C0 "requests.cpu: expected at most the limit of '1', found '1001m'" },
        { "app nvidia.com/gpu=2/1",
          C0 "requests.nvidia.com/gpu: expected at most the limit of '1', found '2'" },
        { "app memory=1 memory=1", C0 "requests.memory: expected each resource once, found "
                                      "'memory'" },
        { "app cpu=1 memory=-/1 memory=-/2",
          C0 "limits.memory: expected each resource once, found 'memory'" },
        { "app me*mory=1", C0 "expected the name of a resource, found 'me*mory'" },
        { "app =1", C0 "expected the name of a resource, found nothing" },
        /* huge pages */
        { "app hugepages-3Mi=3Mi", C0 "requests.hugepages-3Mi: expected a page size that is a "
                                      "power of two, such as 2Mi, found '3Mi'" },
        { "app hugepages-2048Ki=2Mi", C0 "requests.hugepages-2048Ki: expected a page size that is "
                                         "a power of two, such as 2Mi, found '2048Ki'" },
        { "app hugepages-=2Mi", C0 "requests.hugepages-: expected a page size that is a power of "
                                   "two, such as 2Mi, found nothing" },
        { "app hugepages-2Mi=3Mi", C0 "requests.hugepages-2Mi: expected whole pages, found '3Mi'" },
        { "app hugepages-2Mi=2Mi/4Mi",
          C0 "hugepages-2Mi: expected equal requests and limits, found '2Mi' and '4Mi'" },
        { "app hugepages-2Mi=2Mi/-",
          C0 "hugepages-2Mi: expected equal requests and limits, found '2Mi' and none" },
        { "app hugepages-2Mi=-/2Mi",
          C0 "hugepages-2Mi: expected equal requests and limits, found none and '2Mi'" },
        { "app hugepages-1Mi=1Mi hugepages-2Mi=2Mi hugepages-4Mi=4Mi; app hugepages-8Mi=8Mi "
          "hugepages-16Mi=16Mi",
          "container 'c1': requests.hugepages-16Mi: expected at most 4 page sizes in a pod, found "
          "one more" },
        /* chunks */
        { "app sluglab.io/remote-memory-1Gi=1",
          C0 "requests.sluglab.io/remote-memory-1Gi: expected a chunk size such as 1gi or 512mi, "
             "found '1Gi'" },
        { "app sluglab.io/remote-memory-1gi=1500m",
          C0 "requests.sluglab.io/remote-memory-1gi: expected a number of chunks, found '1500m'" },
        { "app sluglab.io/remote-memory-1gi=1/2",
          C0 "sluglab.io/remote-memory-1gi: expected equal requests and limits, found '1' and "
             "'2'" },
        { "app sluglab.io/remote-memory-1gi=-/2",
          C0 "sluglab.io/remote-memory-1gi: expected equal requests and limits, found none and "
             "'2'" },
        { "app sluglab.io/remote-memory-1gi=1 sluglab.io/remote-memory-512mi=1",
          C0 "requests.sluglab.io/remote-memory-1gi: expected chunks of one size and kind, "
             "found sluglab.io/remote-memory-512mi as well" },
        { "app sluglab.io/remote-memory-1gi-numa2=1 sluglab.io/remote-memory-1gi=1",
          C0 "requests.sluglab.io/remote-memory-1gi-numa2: expected chunks of one size and kind, "
             "found sluglab.io/remote-memory-1gi as well" },
        { "app sluglab.io/remote-memory-1gi-numa2=1 sluglab.io/remote-memory-512mi-numa3=1",
          C0 "requests.sluglab.io/remote-memory-1gi-numa2: expected chunks of one size and kind, "
             "found sluglab.io/remote-memory-512mi-numa3 as well" },
        { "app sluglab.io/remote-memory-1gi-numa02=1",
          C0 "requests.sluglab.io/remote-memory-1gi-numa02: expected a chunk size such as 1gi or "
             "512mi, found '1gi-numa02'" },
        /* of the pod itself */
        { "pod memory=2Gi/1Gi; app", "requests.memory: expected at most the limit of '1Gi', found "
                                     "'2Gi'" },
        { "pod sluglab.io/remote-memory-1gi=1; app",
          "requests.sluglab.io/remote-memory-1gi: expected chunks in a container, found them in "
          "the "
          "pod itself" },
};

START_TEST(what_it_does_not_is_refused_by_name) {
        const Pod *pod = make_pod(wrong[_i].pod);
        Diag diag = {};

        ck_assert_msg(pod_check(pod, &diag) == POD_E_INVALID, "%s", wrong[_i].pod);
        ck_assert_str_eq(diag.text, wrong[_i].message);
        ck_assert_str_eq(diag.source, "default/web");
        ck_assert_int_eq(pod_check(pod, NULL), POD_E_INVALID);
}
END_TEST

static const struct {
        const char *uid, *namespace_name, *name;
        const char *message; /* NULL: it is right */
} identities[] = {
        { "0a1B2c-3", "default", "web", NULL },
        { "123e4567-e89b-12d3-a456-426614174000", "kube-system", "etcd.node-1.example", NULL },
        { "0123456789abcdef0123456789abcdef", NULL, NULL, NULL },
        { LONG_63, LONG_63, LONG_60 "." LONG_60 "." LONG_60 "." LONG_60 ".123456789", NULL },
        { NULL, "default", "web",
          "default/web: expected a UID of 1 to 63 letters, digits and hyphens, found nothing" },
        { "", "default", "",
          "default/: expected a UID of 1 to 63 letters, digits and hyphens, "
          "found nothing" },
        { "a/b", "", "",
          "a/b: expected a UID of 1 to 63 letters, digits and hyphens, found "
          "'a/b'" },
        { "a\n\xff", "", "",
          "a\?\?: expected a UID of 1 to 63 letters, digits and hyphens, found "
          "'a\?\?'" },
        { LONG_64, "", "web",
          "web: expected a UID of 1 to 63 letters, digits and hyphens, found "
          "'123456789012345678901234567890123456789012...'" },
        { "a", "Default", "web",
          "Default/web: expected a DNS label as the namespace, found 'Default'" },
        { "a", "a.b", "", "a.b/a: expected a DNS label as the namespace, found 'a.b'" },
        { "a", LONG_64, "web",
          LONG_64 "/web: expected a DNS label as the namespace, found "
                  "'123456789012345678901234567890123456789012...'" },
        { "a", "", "we_b", "we_b: expected a DNS subdomain as the name of the pod, found 'we_b'" },
        { "a", "", "a..b", "a..b: expected a DNS subdomain as the name of the pod, found 'a..b'" },
        { "a", "", "a.", "a.: expected a DNS subdomain as the name of the pod, found 'a.'" },
        { "a", "", LONG_60 "." LONG_60 "." LONG_60 "." LONG_60 ".1234567890",
          LONG_60 "." LONG_60 "." LONG_60 "." LONG_60 ".1234567890"
                  ": expected a DNS subdomain as the name of the pod, found "
                  "'123456789012345678901234567890123456789012...'" },
};

START_TEST(a_pod_is_named_as_kubernetes_names_it) {
        char line[DIAG_FORMATTED_MAX];
        Diag diag = {};
        int r;

        (void)make_pod("app");
        bed.pod.uid = identities[_i].uid;
        bed.pod.namespace_name = identities[_i].namespace_name;
        bed.pod.name = identities[_i].name;
        r = pod_check(&bed.pod, &diag);
        ck_assert_int_eq(r, identities[_i].message ? POD_E_INVALID : 0);
        ck_assert_str_eq(diag_format(&diag, line),
                         identities[_i].message ? identities[_i].message : "");
}
END_TEST

/* "c7", "example.org/r7"; a fixed place for each */
static const char *get_name(const char *prefix, size_t i) {
        static char names[2 * (POD_CONTAINERS_MAX + 1)][24];
        static size_t n;
        char *name = names[n++ % ELEMENTSOF(names)];

        (void)snprintf(name, sizeof(names[0]), "%s%zu", prefix, i);
        return name;
}

START_TEST(lists_have_caps) {
        PodContainer containers[POD_CONTAINERS_MAX + 1];
        PodQuantity quantities[POD_RESOURCES_MAX + 1];
        Pod pod = { .uid = "a", .containers = containers, .n_containers = POD_CONTAINERS_MAX };
        Diag diag = {};

        for (size_t i = 0; i < ELEMENTSOF(containers); ++i)
                containers[i] = (PodContainer){ .name = get_name("c", i) };
        for (size_t i = 0; i < ELEMENTSOF(quantities); ++i)
                quantities[i] = (PodQuantity){ get_name("example.org/r", i), "1" };
        ck_assert_int_eq(pod_check(&pod, &diag), 0);
        ++pod.n_containers;
        ck_assert_int_eq(pod_check(&pod, &diag), POD_E_INVALID);
        ck_assert_str_eq(diag.text, "expected at most 256 containers, found 257");
        pod.n_containers = 1;
        containers[0].resources =
                (PodResources){ .limits = quantities, .n_limits = POD_RESOURCES_MAX };
        ck_assert_int_eq(pod_check(&pod, &diag), 0);
        ++containers[0].resources.n_limits;
        ck_assert_int_eq(pod_check(&pod, &diag), POD_E_INVALID);
        ck_assert_str_eq(diag.text,
                         "container 'c0': limits: expected at most 32 resources, found 33");
}
END_TEST

START_TEST(what_is_missing_is_refused_like_what_is_empty) {
        PodQuantity quantity = {};
        PodContainer container = {};
        const Pod pod = { .uid = "a", .containers = &container, .n_containers = 1 };
        Diag diag = {};

        ck_assert_int_eq(pod_check(&pod, &diag), POD_E_INVALID);
        ck_assert_str_eq(diag.text, "expected a DNS label as the name of a container, found "
                                    "nothing");
        container.name = "db";
        container.resources = (PodResources){ .requests = &quantity, .n_requests = 1 };
        ck_assert_int_eq(pod_check(&pod, &diag), POD_E_INVALID);
        ck_assert_str_eq(diag.text, "container 'db': expected the name of a resource, found "
                                    "nothing");
        quantity.name = "memory";
        ck_assert_int_eq(pod_check(&pod, &diag), POD_E_INVALID);
        ck_assert_str_eq(diag.text, "container 'db': requests.memory: expected an amount of 0 or "
                                    "more, found nothing");
}
END_TEST

/* Splits */

#define CHUNKS "sluglab.io/remote-memory-1gi"
#define NOTE   "; note memory.sluglab.io/"

static const struct {
        const char *pod; /* it is about 'db' */
        const char *split;
        const char *message;
} splits[] = {
        { "app:db", "local=0..max", "" },
        { "app:db memory=1Gi/2Gi", "local=1Gi..2Gi", "" },
        { "app:db memory=1Gi/0", "local=1Gi..max", "" },
        { "app:db memory=-/2Gi", "local=0..2Gi", "" },
        { "app:db memory=1500m/1.5Gi", "local=2..1536Mi", "" },
        { "app:db memory=16Gi " CHUNKS "=4", "local=12Gi,remote=4Gi", "" },
        { "app:db memory=16Gi " CHUNKS "=-/4", "local=12Gi,remote=4Gi", "" },
        { "app:db memory=16Gi sluglab.io/remote-memory-512mi=4", "local=14Gi,remote=2Gi", "" },
        { "app:db memory=16Gi " CHUNKS "=0 sluglab.io/remote-memory-512mi=4",
          "local=14Gi,remote=2Gi", "" },
        { "app:db memory=16Gi " CHUNKS "-numa2=3 " CHUNKS "-numa3=1", "local=12Gi,remote=4Gi", "" },
        { "app:db memory=16Gi " CHUNKS "-numa2=-/3 " CHUNKS "-numa3=1", "local=12Gi,remote=4Gi",
          "" },
        { "app:db memory=16Gi " CHUNKS "-numa2=9223372036854775807 " CHUNKS
          "-numa3=9223372036854775807 " CHUNKS "-numa4=9223372036854775807",
          NULL,
          "default/web: container 'db': 18446744073709551615 remote chunks of 1Gi are more than "
          "the memory limit of 16Gi" },
        { "app:db " CHUNKS "=4", NULL,
          "default/web: container 'db': remote chunks are a part of the memory limit, and there is "
          "none" },
        { "app:db memory=1Gi " CHUNKS "=4", NULL,
          "default/web: container 'db': 4 remote chunks of 1Gi are more than the memory limit of "
          "1Gi" },
        { "app:db memory=1Gi " CHUNKS "=1 sluglab.io/remote-memory-512mi=1", NULL,
          "default/web: container 'db': requests.sluglab.io/remote-memory-512mi: chunks of another "
          "size stand there already" },
        { "app:db memory=1Gi " CHUNKS "=0.5", NULL,
          "default/web: container 'db': requests." CHUNKS
          ": expected a number of chunks, found '0.5'" },
        { "app:db memory=1Gi/x", NULL,
          "default/web: container 'db': limits.memory: expected an amount of bytes such as 4Gi, "
          "found 'x'" },
        /* annotations */
        { "app:db memory=8Gi" NOTE "container.db local=6Gi,remote=2Gi..4Gi",
          "local=6Gi,remote=2Gi..4Gi", "" },
        { "app:db memory=8Gi" NOTE "pod remote=2Gi", "local=6Gi,remote=2Gi", "" },
        { "app:db memory=8Gi" NOTE "pod remote=x" NOTE "container.db remote=1Gi",
          "local=7Gi,remote=1Gi", "" },
        { "app:db memory=8Gi" NOTE "container.db-2 remote=1Gi" NOTE "container. remote=1Gi",
          "local=8Gi", "" },
        { "app:db memory=8Gi; app" NOTE "container.db remote=1Gi" NOTE "pod remote=2Gi",
          "local=7Gi,remote=1Gi", "" },
        { "app:db memory=8Gi; app" NOTE "pod remote=2Gi", NULL,
          "default/web: container 'db': annotation memory.sluglab.io/pod: expected one for each of "
          "2 containers, memory.sluglab.io/container.NAME" },
        { "side; app:db memory=8Gi" NOTE "pod remote=2Gi", NULL,
          "default/web: container 'db': annotation memory.sluglab.io/pod: expected one for each of "
          "2 containers, memory.sluglab.io/container.NAME" },
        { "init; app:db memory=8Gi" NOTE "pod remote=2Gi", "local=6Gi,remote=2Gi", "" },
        { "init:db memory=8Gi; app" NOTE "pod remote=2Gi", "local=8Gi", "" },
        { "init:db memory=8Gi; app; app" NOTE "pod remote=2Gi", "local=8Gi", "" },
        { "init:db memory=8Gi; app" NOTE "container.db remote=2Gi", "local=6Gi,remote=2Gi", "" },
        { "app:db memory=8Gi" NOTE "container.db remote= x", NULL,
          "memory.sluglab.io/container.db:1:9: expected an amount of bytes such as 4Gi, found "
          "'x'" },
        { "app:db memory=8Gi" NOTE "pod remote=2..1", NULL,
          "memory.sluglab.io/pod:1:11: expected a maximum of 2 or more, as the minimum is, found "
          "1" },
        { "app:db memory=8Gi" NOTE "pod ", NULL,
          "memory.sluglab.io/pod:1:1: expected 'local' or 'remote', found the end" },
        { "app:db memory=8Gi " CHUNKS "=2" NOTE "pod remote=1Gi..max", "local=6Gi,remote=1Gi..2Gi",
          "" },
        { "app:db memory=8Gi " CHUNKS "=2" NOTE "pod remote=3Gi", NULL,
          "default/web: container 'db': remote memory of 3Gi is more than the chunks of 2Gi" },
};

START_TEST(a_container_has_the_split_that_it_asks_for) {
        const Pod *pod = make_pod(splits[_i].pod);
        char text[SPLIT_TEXT_MAX], line[DIAG_FORMATTED_MAX];
        Split split = { .local = { 1, 2 } };
        Diag diag = {};
        int r = pod_get_container_split(pod, pod_find_container(pod, "db"), &split, &diag);

        ck_assert_msg(r == (splits[_i].split ? 0 : POD_E_INVALID), "%s: %s", splits[_i].pod,
                      diag.text);
        ck_assert_str_eq(split_format(&split, text),
                         splits[_i].split ? splits[_i].split : "local=1..2");
        ck_assert_str_eq(diag_format(&diag, line), splits[_i].message);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("pod-check");
        TCase *rules = tcase_create("rules");

        tcase_add_checked_fixture(rules, setup, teardown);
        tcase_add_loop_test(rules, what_kubernetes_allows_passes, 0, ELEMENTSOF(right));
        tcase_add_loop_test(rules, what_it_does_not_is_refused_by_name, 0, ELEMENTSOF(wrong));
        tcase_add_loop_test(rules, a_pod_is_named_as_kubernetes_names_it, 0,
                            ELEMENTSOF(identities));
        tcase_add_test(rules, lists_have_caps);
        tcase_add_test(rules, what_is_missing_is_refused_like_what_is_empty);
        tcase_add_loop_test(rules, a_container_has_the_split_that_it_asks_for, 0,
                            ELEMENTSOF(splits));
        suite_add_tcase(suite, rules);
        return suite;
}
