/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static pods that the kubelet has refused: which manifests have no pod, and when that is told.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "kubelet/missing.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/json.h"

static Folder folder;
static Root root;
static Arena *arena;
static Manifests *manifests;

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(arena_new(COLLECT_ARENA_MAX, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
        manifests = manifests_free(manifests);
        root_deinit(&root);
        folder_remove(&folder);
}

#define ONE "sluglab.io/remote-memory-1gi"
#define TWO "sluglab.io/remote-memory-2gi"

/* @containers: of a YAML list */
static void write_manifest(const char *file, const char *name, const char *containers) {
        char text[1024];

        (void)snprintf(text, sizeof(text),
                       "kind: Pod\nmetadata: {name: %s, namespace: n}\nspec: {containers: [%s]}\n",
                       name, containers);
        folder_write(&folder, file, text);
}

static const void *read_message(const char *text, const ProtobufCMessageDescriptor *descriptor) {
        ProtobufCMessage *message;
        Diag diag = {};

        if (!text)
                return NULL;
        ck_assert_msg(json_decode(text, strlen(text), descriptor, NULL, arena, &message, &diag) ==
                              0,
                      "%s: %s", text, diag.text);
        return message;
}

typedef struct Told {
        const char *sandboxes, *containers, *listed;
} Told;

static int collect_told(Arena *to, const Told *told, Collected *ret) {
        if (!manifests)
                ck_assert_int_eq(manifests_read(&root, "/m", &manifests), 0);
        return collect(to,
                       &(const CollectInput){
                               .sandboxes = read_message(
                                       told->sandboxes,
                                       &runtime__v1__list_pod_sandbox_response__descriptor),
                               .containers = read_message(
                                       told->containers,
                                       &runtime__v1__list_containers_response__descriptor),
                               .listed = read_message(told->listed,
                                                      &v1__list_pod_resources_response__descriptor),
                               .manifests = manifests,
                       },
                       ret);
}

/* "n/a of /m/a.yaml: 2 ..1gi; " */
static void describe(const Collected *collected, char text[static 512]) {
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; i < collected->n_missing && n < 512; ++i) {
                const Slug__V1__MissingStaticPod *pod = collected->missing[i];

                n += (size_t)snprintf(text + n, 512 - n, "%s/%s of %s:", pod->namespace_, pod->name,
                                      pod->file);
                for (size_t k = 0; k < pod->n_requested && n < 512; ++k)
                        n += (size_t)snprintf(text + n, 512 - n, " %llu %s",
                                              (unsigned long long)pod->requested[k]->n,
                                              pod->requested[k]->resource);
                if (n < 512)
                        n += (size_t)snprintf(text + n, 512 - n, "; ");
        }
}

/* Which are missing */

#define NONE "{}"
#define META(name, uid)                                                                            \
        "\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid "\",\"namespace\":\"n\"}"
#define STATIC(id, name, uid, state)                                                               \
        "{\"id\":\"" id                                                                            \
        "\"," META(name, uid) ",\"state\":\"" state                                                \
                              "\",\"annotations\":{\"kubernetes.io/config.source\":\"file\"}}"
#define READY(id, name, uid)  STATIC(id, name, uid, "SANDBOX_READY")
#define ENDED(id, name, uid)  STATIC(id, name, uid, "SANDBOX_NOTREADY")
#define OF_API(id, name, uid) "{\"id\":\"" id "\"," META(name, uid) "}"
#define ITEMS(items)          "{\"items\":[" items "]}"
#define EXITED(sandbox)                                                                            \
        "{\"containers\":[{\"id\":\"c1\",\"podSandboxId\":\"" sandbox                              \
        "\",\"metadata\":{\"name\":\"c\"},\"state\":\"CONTAINER_EXITED\"}]}"
#define LISTED(name, devices)                                                                      \
        "{\"podResources\":[{\"name\":\"" name "\",\"namespace\":\"n\",\"containers\":[{\"name\":" \
        "\"c\",\"devices\":[" devices "]}]}]}"
#define DEVICE "{\"resourceName\":\"" ONE "\",\"deviceIds\":[\"1gi-n2-0000\"]}"

#define WEB "n/web of /m/web.yaml: 2 " ONE "; "
#define BIG "n/web-big of /m/big.yaml: 3 " ONE " 1 " TWO "; "

static const struct {
        Told told;
        const char *missing;
} rows[] = {
        { { NONE, NONE, NONE }, BIG WEB },
        /* who has not answered has not missed it */
        { { NULL, NULL, NONE }, "" },
        { { NONE, NONE, NULL }, "" },
        { { ITEMS(READY("s1", "web-node", "u1")), NONE, NONE }, BIG },
        { { ITEMS(READY("s1", "web-big-node", "u1")), NONE, NONE }, WEB },
        { { ITEMS(READY("s1", "web-node", "u1") "," READY("s2", "web-big-node", "u2")), NONE,
            NONE },
          "" },
        /* another one of the same name */
        { { ITEMS(OF_API("s1", "web-node", "u1")), NONE, NONE }, BIG WEB },
        { { ITEMS(READY("s1", "webs-node", "u1")), NONE, NONE }, BIG WEB },
        /* what is left of before a boot: with a container it can be told otherwise */
        { { ITEMS(ENDED("s1", "web-node", "u1")), NONE, NONE }, BIG WEB },
        { { ITEMS(ENDED("s1", "web-node", "u1")), EXITED("s1"), NONE }, BIG },
        /* the sandbox is made anew */
        { { ITEMS(ENDED("s1", "web-node", "u1")), NONE, LISTED("web-node", "") }, BIG },
        /* admitted, and there is no sandbox yet; and one that an old kubelet has refused */
        { { NONE, NONE, LISTED("web-node", DEVICE) }, BIG },
        { { NONE, NONE, LISTED("web-node", "") }, BIG WEB },
};

static void write_manifests(void) {
        write_manifest("m/big.yaml", "web-big",
                       "{name: c, resources: {limits: {" TWO ": 1, " ONE ": 1}}}, "
                       "{name: d, resources: {limits: {" ONE ": 2}}}");
        write_manifest("m/none.yaml", "none", "{name: c, resources: {limits: {memory: 1Gi}}}");
        write_manifest("m/web.yaml", "web", "{name: c, resources: {limits: {" ONE ": 2}}}");
}

START_TEST(a_manifest_that_asks_for_chunks_has_a_pod_or_is_missing) {
        Collected collected = {};
        char text[512];

        write_manifests();
        ck_assert_int_eq(collect_told(arena, &rows[_i].told, &collected), 0);
        describe(&collected, text);
        ck_assert_str_eq(text, rows[_i].missing);
}
END_TEST

/* Whoever of the two it is. */
START_TEST(a_name_that_two_manifests_have_is_there_for_both) {
        Collected collected = {};

        write_manifests();
        write_manifest("m/zweb.yaml", "web", "{name: c, resources: {limits: {" ONE ": 2}}}");
        ck_assert_int_eq(collect_told(arena, &rows[0].told, &collected), 0);
        ck_assert_uint_eq(collected.n_missing, 3);
        ck_assert_int_eq(collect_told(arena, &rows[3].told, &collected), 0);
        ck_assert_uint_eq(collected.n_missing, 1);
}
END_TEST

START_TEST(there_is_a_cap_and_names_are_plain) {
        Collected collected = {};
        char file[32], name[32];

        for (size_t i = 0; i <= COLLECT_MISSING_MAX; ++i) {
                (void)snprintf(file, sizeof(file), "m/%03zu\xff", i);
                (void)snprintf(name, sizeof(name), "p%zu", i);
                write_manifest(file, name, "{name: c, resources: {limits: {" ONE ": 1}}}");
        }
        ck_assert_int_eq(collect_told(arena, &rows[0].told, &collected), 0);
        ck_assert_uint_eq(collected.n_missing, COLLECT_MISSING_MAX);
        ck_assert_str_eq(collected.missing[1]->file, "/m/001?");
}
END_TEST

START_TEST(without_memory_none_is_missing) {
        Collected collected = {};
        int r = -ENOMEM;

        write_manifests();
        for (size_t room = 0; r == -ENOMEM; room += 256) {
                _cleanup_(arena_freep) Arena *small = NULL;

                ck_assert_int_eq(arena_new(room, &small), 0);
                r = collect_told(small, &rows[0].told, &collected);
                ck_assert(r == 0 || (r == -ENOMEM && collected.n_missing == 0));
        }
        ck_assert_uint_eq(collected.n_missing, 2);
}
END_TEST

/* When it is told: time turned by hand */

static Settle settle;
static Missing missing;

/* Of the manifests in @names, one letter each. Return: those that are told. */
static const char *look(uint64_t sec, const char *names) {
        static char told[8];
        Slug__V1__MissingStaticPod pods[4], *items[4];
        char text[4][2];
        size_t n;

        for (n = 0; names[n]; ++n) {
                (void)snprintf(text[n], sizeof(text[n]), "%c", names[n]);
                slug__v1__missing_static_pod__init(&pods[n]);
                pods[n].name = text[n];
                items[n] = &pods[n];
        }
        n = missing_look(&missing, &settle, sec * USEC_PER_SEC, items, n);
        told[n] = '\0';
        while (n-- > 0)
                told[n] = items[n]->name[0];
        return told;
}

static void setup_time(void) {
        missing = (Missing){};
        settle = (Settle){ .params.settle_usec = 30 * USEC_PER_SEC,
                           .has_begun = true,
                           .is_settled = true,
                           .begun_usec = 1 * USEC_PER_SEC };
}

START_TEST(it_stays_away_for_the_settle_time) {
        ck_assert_str_eq(look(100, "a"), "");
        ck_assert_str_eq(look(129, "a"), "");
        ck_assert_str_eq(look(130, "a"), "a");
        ck_assert_str_eq(look(131, "a"), "a");
}
END_TEST

START_TEST(one_that_came_begins_anew) {
        look(100, "a");
        look(120, "");
        ck_assert_str_eq(look(130, "a"), "");
        ck_assert_str_eq(look(160, "a"), "a");
}
END_TEST

START_TEST(each_has_its_own_time) {
        look(100, "a");
        look(110, "ba");
        ck_assert_str_eq(look(130, "ba"), "a");
        ck_assert_str_eq(look(140, "ba"), "ba");
}
END_TEST

START_TEST(it_is_told_when_all_is_settled) {
        settle.is_settled = false;
        look(100, "a");
        ck_assert_str_eq(look(150, "a"), "");
        settle.is_settled = true; /* what was seen before counts */
        ck_assert_str_eq(look(151, "a"), "a");
}
END_TEST

START_TEST(another_kubelet_has_to_miss_it_itself) {
        look(100, "a");
        settle.begun_usec = 120 * USEC_PER_SEC;
        ck_assert_str_eq(look(140, "a"), "");
        ck_assert_str_eq(look(150, "a"), "a");
        settle.has_begun = settle.is_settled = false; /* it does not answer */
        ck_assert_str_eq(look(160, "a"), "");
        settle.has_begun = settle.is_settled = true;
        ck_assert_str_eq(look(161, "a"), "");
        ck_assert_str_eq(look(191, "a"), "a");
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-missing");
        TCase *which = tcase_create("which"), *when = tcase_create("when");

        tcase_add_checked_fixture(which, setup, teardown);
        tcase_add_loop_test(which, a_manifest_that_asks_for_chunks_has_a_pod_or_is_missing, 0,
                            ELEMENTSOF(rows));
        tcase_add_test(which, a_name_that_two_manifests_have_is_there_for_both);
        tcase_add_test(which, there_is_a_cap_and_names_are_plain);
        tcase_add_test(which, without_memory_none_is_missing);
        suite_add_tcase(suite, which);
        tcase_add_checked_fixture(when, setup_time, NULL);
        tcase_add_test(when, it_stays_away_for_the_settle_time);
        tcase_add_test(when, one_that_came_begins_anew);
        tcase_add_test(when, each_has_its_own_time);
        tcase_add_test(when, it_is_told_when_all_is_settled);
        tcase_add_test(when, another_kubelet_has_to_miss_it_itself);
        suite_add_tcase(suite, when);
        return suite;
}
