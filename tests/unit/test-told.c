/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kubelet was told: files, drop-ins and the flags of a process, below a root of files.
 * What wins, and where each value says it comes from.
 */
#include <stdio.h>
#include <string.h>

#include "config/flags.h"
#include "config/merge.h"
#include "config/process.h"
#include "lib/config-bed.h"
#include "lib/failmalloc.h"
#include "lib/test-main.h"

#define DROPINS "etc/kubelet.d/"

static Arena *arena;

static void setup(void) {
        config_bed_setup();
        ck_assert_int_eq(arena_new(4 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
        config_bed_teardown();
}

/* Merging */

/* RFC 7396, appendix A: the cases that are mappings on both sides, and those that are not. */
static const struct {
        const char *base, *patch, *result;
} merges[] = {
        { "{a: b}", "{a: c}", "{a: c}" },
        { "{a: b}", "{b: c}", "{a: b, b: c}" },
        { "{a: b}", "{a: null}", "{}" },
        { "{a: b, b: c}", "{a: null}", "{b: c}" },
        { "{a: [b]}", "{a: c}", "{a: c}" },
        { "{a: c}", "{a: [b]}", "{a: [b]}" },
        { "{a: {b: c}}", "{a: {b: d, c: null}}", "{a: {b: d}}" },
        { "{a: [{b: c}]}", "{a: [1]}", "{a: [1]}" },
        { "[a, b]", "[c, d]", "[c, d]" },
        { "{a: b}", "[c]", "[c]" },
        { "{a: foo}", "bar", "bar" },
        { "{e: null}", "{a: 1}", "{e: null, a: 1}" },
        { "[1, 2]", "{a: b, c: null}", "{a: b}" },
        { "{}", "{a: {bb: {ccc: null}}}", "{a: {bb: {}}}" },
};

static const YamlNode *parse(const char *text) {
        const YamlNode *node;

        ck_assert_msg(yaml_parse(arena, "f", text, strlen(text), &node, &bed.diag) == 0, "%s: %s",
                      text, bed.diag.text);
        return node;
}

static bool is_equal(const YamlNode *a, const YamlNode *b) {
        const YamlEntry *other = b->entries;

        if (a->type != b->type || a->n_entries != b->n_entries)
                return false;
        if (a->type == YAML_TYPE_SCALAR)
                return strcmp(a->text, b->text) == 0;
        YAML_FOREACH (entry, a) {
                if ((entry->key && !yaml_is_text(other->key, entry->key->text)) ||
                    !is_equal(entry->value, other->value))
                        return false;
                other = other->next;
        }
        return true;
}

START_TEST(merging_is_json_merge_patch) {
        const YamlNode *merged = yaml_merge(arena, parse(merges[_i].base), parse(merges[_i].patch));

        ck_assert_msg(is_equal(merged, parse(merges[_i].result)), "%s + %s", merges[_i].base,
                      merges[_i].patch);
}
END_TEST

/* Flags */

static const struct {
        const char *arguments;
        uint64_t system_bytes, eviction_bytes;
        const char *problem; /* NULL: none */
} flag_rows[] = {
        { "--system-reserved=memory=1Gi", GIB, 100 * MIB, NULL },
        { "--system-reserved memory=1Gi", GIB, 100 * MIB, NULL },
        { "--system-reserved=cpu=1,memory=1Gi", GIB, 100 * MIB, NULL },
        { "--system-reserved=memory=2Gi --system-reserved=memory=1Gi", GIB, 100 * MIB, NULL },
        { "--system-reserved=memory=1Gi --system-reserved=cpu=1", GIB, 100 * MIB, NULL },
        { "--system-reserved=cpu=1", 0, 100 * MIB, NULL },
        { "--system-reserved=", 0, 100 * MIB, NULL },
        { "--eviction-hard=memory.available<200Mi,nodefs.available<5%", 0, 200 * MIB, NULL },
        { "--eviction-hard=nodefs.available<5%", 0, 0, NULL },
        { "--v 5 --unknown --system-reserved memory=1Gi --bool", GIB, 100 * MIB, NULL },
        { "--unknown=--system-reserved=memory=9Gi", 0, 100 * MIB, NULL },
        { "-- --system-reserved=memory=9Gi", 0, 100 * MIB, NULL },
        { "-system-reserved=memory=9Gi", 0, 100 * MIB, NULL },
        { "--system-reserved", 0, 100 * MIB, NULL },
        { "--system-reserved=1Gi", 0, 100 * MIB,
          "kubelet flag --system-reserved: systemReserved expects a mapping, not '1Gi'" },
        { "--system-reserved=memory=lots", 0, 100 * MIB,
          "kubelet flag --system-reserved: memory expects a quantity" },
        { "--eviction-hard=memory.available=1Gi", 0, 100 * MIB,
          "kubelet flag --eviction-hard: evictionHard expects a mapping" },
        { "--config=relative.yaml", 0, 100 * MIB,
          "kubelet flag --config: configFile expects an absolute path, not 'relative.yaml'" },
        { "--cgroups-per-qos=perhaps", 0, 100 * MIB,
          "kubelet flag --cgroups-per-qos: cgroupsPerQOS expects true or false" },
};

START_TEST(flags_are_taken_as_the_kubelet_takes_them) {
        config_bed_run_kubelet(4242, "kubelet", "1000", flag_rows[_i].arguments);
        (void)config_bed_load_well(NULL);
        ck_assert_msg(bed.config->has_kubelet_problem == (flag_rows[_i].problem != NULL), "%s: %s",
                      flag_rows[_i].arguments, config_bed_problem());
        if (flag_rows[_i].problem)
                ck_assert_msg(strstr(config_bed_problem(), flag_rows[_i].problem) != NULL, "%s",
                              bed.message);
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, flag_rows[_i].system_bytes);
        ck_assert_uint_eq(bed.config->kubelet.eviction_hard.bytes, flag_rows[_i].eviction_bytes);
}
END_TEST

START_TEST(every_flag_has_its_place_and_says_so) {
        config_bed_run_kubelet(4242, "kubelet", "1000",
                               "--cgroups-per-qos=false --cgroup-root=/pods "
                               "--enforce-node-allocatable=system-reserved,pods "
                               "--memory-manager-policy=Static --kube-reserved=memory=2Gi "
                               "--hostname-override=Worker-7 "
                               "--reserved-memory=0:memory=1Gi,hugepages-2Mi=4Mi;1:memory=2Gi "
                               "--reserved-memory=3:memory=3Gi");
        config_bed_load_all_well();
        ck_assert(!bed.config->kubelet.cgroups_per_qos && bed.config->kubelet.static_memory_policy);
        ck_assert_str_eq(bed.config->kubelet.cgroup_root, "/pods");
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.cgroup_root_source),
                         "kubelet flag --cgroup-root");
        ck_assert(bed.config->kubelet.enforces_pods);
        ck_assert_str_eq(bed.config->kubelet.enforced, "system-reserved, pods");
        ck_assert_str_eq(bed.config->kubelet.host_name, "Worker-7");
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 2 * GIB);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.kube_reserved.source),
                         "kubelet flag --kube-reserved");
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.cgroups_source),
                         "kubelet flag --cgroups-per-qos");
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, 3);
        ck_assert_uint_eq(bed.config->kubelet.reserved_memory[0].hugepages[0].bytes, 4 * MIB);
        ck_assert_uint_eq(bed.config->kubelet.reserved_memory[1].bytes, 2 * GIB);
        ck_assert_uint_eq(bed.config->kubelet.reserved_memory[2].node, 3);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.reserved_memory_source),
                         "kubelet flag --reserved-memory");
        ck_assert_uint_eq(bed.config->kubelet.process.pid, 4242);
        ck_assert_uint_eq(bed.config->kubelet.process.start_ticks, 1000);
        ck_assert_str_eq(bed.config->kubelet.file, "");
}
END_TEST

START_TEST(a_file_of_flags_is_words_with_quotes_and_comments) {
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {flagsFile: /args/kubelet}\n");
        folder_write(&bed.folder, "args/kubelet",
                     "# what MicroK8s has\n--eviction-hard=\"memory.available<300Mi\"\n"
                     "  --system-reserved='memory=1Gi' # more\n--kube-reserved memory=2Gi");
        config_bed_write_kubelet(BED_KUBELET, "");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.eviction_hard.bytes, 300 * MIB);
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, GIB);
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 2 * GIB);
        /* A kubelet that was not told of a file has none. */
        folder_delete(&bed.folder, BED_KUBELET);
        config_bed_run_kubelet(77, "kubelite", "1000", "");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, GIB);
        folder_delete(&bed.folder, "args/kubelet");
        (void)config_bed_load_well(NULL);
        ck_assert_str_eq(bed.config->kubelet_problem.text, "no such file");
}
END_TEST

/* Processes */

START_TEST(the_kubelet_is_the_oldest_process_of_that_name) {
        config_bed_run_kubelet(77, "kubelet", "3000", "--system-reserved=memory=3Gi");
        config_bed_run_kubelet(88, "kubelet", "2000", "--system-reserved=memory=2Gi");
        config_bed_run_kubelet(99, "kubelet2", "1000", "--system-reserved=memory=1Gi");
        folder_write(&bed.folder, "proc/self/comm", "kubelet\n");
        folder_write(&bed.folder, "proc/55/comm", "kubelet\n"); /* without a stat */
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.process.pid, 88);
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 2 * GIB);
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {processName: kubelet2}\n");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.process.pid, 99);
}
END_TEST

START_TEST(a_number_that_is_given_again_is_another_process) {
        KubeletProcess first, again;

        config_bed_run_kubelet(77, "kubelet", "3000", "");
        first = process_find(&bed.root, "kubelet", &(const KubeletProcess){});
        again = process_find(&bed.root, "kubelet", &first);
        ck_assert(process_is_same(&first, &again));
        config_bed_run_kubelet(77, "kubelet", "4000", "");
        again = process_find(&bed.root, "kubelet", &first);
        ck_assert_uint_eq(again.pid, 77);
        ck_assert(!process_is_same(&first, &again));
        folder_write(&bed.folder, "proc/77/stat", "77 (kubelet) S 1\n");
        again = process_find(&bed.root, "kubelet", &first);
        ck_assert_uint_eq(again.pid, 0);
}
END_TEST

START_TEST(a_name_may_hold_what_separates_the_fields) {
        config_bed_run_kubelet(77, "a) S (b", "3000", "--system-reserved=memory=1Gi");
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {processName: 'a) S (b'}\n");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.process.start_ticks, 3000);
}
END_TEST

/* Files */

START_TEST(a_flag_wins_over_a_drop_in_and_that_over_the_file) {
        config_bed_write_kubelet("etc/k.yaml",
                                 "systemReserved: {memory: 1Gi}\n"
                                 "kubeReserved: {memory: 1Gi, cpu: 1}\ncgroupsPerQOS: false\n");
        config_bed_write_kubelet(DROPINS "10.conf",
                                 "kubeReserved: {memory: 2Gi}\nsystemReserved: {memory: 2Gi}\n"
                                 "cgroupsPerQOS: null\n");
        folder_write(&bed.folder, DROPINS "20.conf",
                     "{\"apiVersion\":\"kubelet.config.k8s.io/v1beta1\","
                     "\"kind\":\"KubeletConfiguration\","
                     "\"kubeReserved\":{\"cpu\":\"2\"}}");
        folder_write(&bed.folder, DROPINS "90.yaml", "not read: [");
        config_bed_run_kubelet(1234, "kubelet", "5",
                               "--config=/etc/k.yaml --config-dir=/etc/kubelet.d "
                               "--system-reserved=memory=3Gi");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 3 * GIB);
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 2 * GIB);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.kube_reserved.source),
                         "/etc/kubelet.d/10.conf:3");
        ck_assert(bed.config->kubelet.cgroups_per_qos);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.file_source),
                         "kubelet flag --config");
        /* slugd.yaml, which is absent, and three */
        ck_assert_uint_eq(bed.config->files.n_items, 4);
        ck_assert_int_eq(bed.config->files.items[0].state, CONFIG_FILE_ABSENT);
        ck_assert_str_eq(bed.config->files.items[3].path, "/etc/kubelet.d/20.conf");
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {systemReserved: {memory: 4Gi}}\n");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 4 * GIB);
}
END_TEST

START_TEST(drop_ins_are_walked_in_the_order_of_their_names) {
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {configDir: /etc/kubelet.d}\n");
        config_bed_write_kubelet(DROPINS "a.conf", "systemReserved: {memory: 1Gi}\n");
        config_bed_write_kubelet(DROPINS "a/z.conf", "systemReserved: {memory: 2Gi}\n"
                                                     "kubeReserved: {memory: 2Gi}\n");
        config_bed_write_kubelet(DROPINS "b/.hidden.conf", "kubeReserved: {memory: 3Gi}\n");
        config_bed_load_all_well(); /* no file at the usual place, which nobody named: no mistake */
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, GIB);
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 3 * GIB);
        ck_assert(bed.config->kubelet.is_found);
}
END_TEST

START_TEST(one_signal_in_a_drop_in_adds_to_the_defaults_and_in_the_file_replaces_them) {
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {configDir: /etc/kubelet.d}\n");
        config_bed_write_kubelet(BED_KUBELET, "");
        config_bed_write_kubelet(DROPINS "a.conf", "evictionHard: {nodefs.available: 5%}\n");
        config_bed_load_all_well();
        ck_assert(bed.config->kubelet.eviction_hard.is_set);
        ck_assert_uint_eq(bed.config->kubelet.eviction_hard.bytes, 100 * MIB);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.eviction_hard.source),
                         "kubelet default");
        config_bed_write_kubelet(BED_KUBELET, "evictionHard: {imagefs.available: 5%}\n");
        config_bed_load_all_well();
        ck_assert(!bed.config->kubelet.eviction_hard.is_set);
        config_bed_write_kubelet(DROPINS "b.conf", "evictionHard: null\n");
        config_bed_load_all_well();
        ck_assert_uint_eq(bed.config->kubelet.eviction_hard.bytes, 100 * MIB);
}
END_TEST

static const struct {
        const char *drop_in, *problem;
} bad_drop_ins[] = {
        { "kind: KubeletConfiguration\n", "/etc/kubelet.d/a.conf:1:1: apiVersion is missing" },
        { BED_HEAD "systemReserved: 1Gi\n",
          "/etc/kubelet.d/a.conf:3:17: systemReserved expects a mapping, not '1Gi'" },
        { BED_HEAD "systemReserved: {memory: [\n", "/etc/kubelet.d/a.conf:4:1: not YAML" },
        { "- a\n", "/etc/kubelet.d/a.conf:1:1: expected a mapping" },
};

START_TEST(one_bad_drop_in_and_the_defaults_stand_in) {
        folder_write(&bed.folder, BED_SLUGD, "kubelet: {configDir: /etc/kubelet.d}\n");
        config_bed_write_kubelet(BED_KUBELET, "systemReserved: {memory: 1Gi}\n");
        folder_write(&bed.folder, DROPINS "a.conf", bad_drop_ins[_i].drop_in);
        (void)config_bed_load_well(NULL);
        ck_assert(bed.config->has_kubelet_problem && !bed.config->is_kubelet_file_missing);
        ck_assert_msg(strncmp(config_bed_problem(), bad_drop_ins[_i].problem,
                              strlen(bad_drop_ins[_i].problem)) == 0,
                      "%s", bed.message);
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 0);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_a_problem) {
        config_bed_write_kubelet(BED_KUBELET, "");
        config_bed_run_kubelet(1, "kubelet", "1", "--config=/" BED_KUBELET " --config-dir=/none");
        (void)config_bed_load_well(NULL);
        ck_assert_str_eq(config_bed_problem(), "/none: no such directory");
}
END_TEST

/* slugd.yaml's own drop-ins */

START_TEST(slugds_drop_ins_change_it_key_by_key) {
        folder_write(&bed.folder, BED_SLUGD,
                     "nodeName: a\nrefreshInterval: 10s\n"
                     "kubelet: {systemReserved: {memory: 1Gi}}\n"
                     "classify: [{numaNode: 1, locality: remote}]\n");
        folder_write(&bed.folder, BED_SLUGD ".d/20.yaml", "refreshInterval: null\nclassify: []\n");
        folder_write(&bed.folder, BED_SLUGD ".d/10.yaml",
                     "nodeName: b\n"
                     "kubelet: {kubeReserved: {memory: 2Gi}}\n");
        folder_write(&bed.folder, BED_SLUGD ".d/.30.yaml", "nodeName: hidden\n");
        folder_write(&bed.folder, BED_SLUGD ".d/30.conf", "nodeName: other\n");
        config_bed_write_kubelet(BED_KUBELET, "");
        config_bed_load_all_well();
        ck_assert_str_eq(bed.config->node_name, "b");
        ck_assert_str_eq(config_bed_source(&bed.config->node_name_source),
                         "/" BED_SLUGD ".d/10.yaml:1");
        ck_assert_uint_eq(bed.config->refresh_interval_usec, 30000000);
        ck_assert_uint_eq(bed.config->n_rules, 0);
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, GIB);
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 2 * GIB);
        folder_delete(&bed.folder, BED_SLUGD); /* a null still means the default, and is no value */
        config_bed_load_all_well();
        ck_assert_str_eq(bed.config->node_name, "b");
        ck_assert_uint_eq(bed.config->refresh_interval_usec, 30000000);
}
END_TEST

START_TEST(a_mistake_in_a_drop_in_is_refused_with_its_place) {
        folder_write(&bed.folder, BED_SLUGD, "nodeName: a\n");
        folder_write(&bed.folder, BED_SLUGD ".d/10.yaml", "\n\nnodeNam: b\n");
        ck_assert_int_eq(config_bed_load(NULL), CONFIG_E_INVALID);
        ck_assert_msg(strncmp(config_bed_message(),
                              "/" BED_SLUGD ".d/10.yaml:3:1: unknown key 'nodeNam'",
                              strlen("/" BED_SLUGD ".d/10.yaml:3:1: unknown key 'nodeNam'")) == 0,
                      "%s", bed.message);
}
END_TEST

START_TEST(more_drop_ins_than_the_cap_are_refused) {
        char path[64];

        for (unsigned i = 0; i < 70; ++i) {
                (void)snprintf(path, sizeof(path), BED_SLUGD ".d/%02u.yaml", i);
                folder_write(&bed.folder, path, "nodeName: a\n");
        }
        ck_assert_int_eq(config_bed_load(NULL), CONFIG_E_INVALID);
        ck_assert_str_eq(bed.diag.text, "more than 64 files");
}
END_TEST

START_TEST(loading_without_memory_gives_nothing) {
        unsigned n = 0;
        int r;

        folder_write(&bed.folder, BED_SLUGD, "kubelet: {configDir: /etc/kubelet.d}\n");
        folder_write(&bed.folder, BED_SLUGD ".d/10.yaml", "nodeName: b\n");
        config_bed_write_kubelet(BED_KUBELET, "systemReserved: {memory: 1Gi}\n");
        config_bed_write_kubelet(DROPINS "a.conf", "systemReserved: {memory: 1Gi}\n");
        config_bed_run_kubelet(1234, "kubelet", "5",
                               "--reserved-memory=0:memory=1Gi --kube-reserved=cpu=1");
        do {
                bool has_failed;

                failmalloc_arm(n++);
                r = config_bed_load(NULL);
                has_failed = failmalloc_disarm();
                ck_assert(r == -ENOMEM || !has_failed || r == 0);
                if (r)
                        ck_assert_ptr_null(bed.config);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(n, 12);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("told");
        TCase *t = tcase_create("told");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, merging_is_json_merge_patch, 0, ELEMENTSOF(merges));
        tcase_add_loop_test(t, flags_are_taken_as_the_kubelet_takes_them, 0, ELEMENTSOF(flag_rows));
        tcase_add_test(t, every_flag_has_its_place_and_says_so);
        tcase_add_test(t, a_file_of_flags_is_words_with_quotes_and_comments);
        tcase_add_test(t, the_kubelet_is_the_oldest_process_of_that_name);
        tcase_add_test(t, a_number_that_is_given_again_is_another_process);
        tcase_add_test(t, a_name_may_hold_what_separates_the_fields);
        tcase_add_test(t, a_flag_wins_over_a_drop_in_and_that_over_the_file);
        tcase_add_test(t, drop_ins_are_walked_in_the_order_of_their_names);
        tcase_add_test(t,
                       one_signal_in_a_drop_in_adds_to_the_defaults_and_in_the_file_replaces_them);
        tcase_add_loop_test(t, one_bad_drop_in_and_the_defaults_stand_in, 0,
                            ELEMENTSOF(bad_drop_ins));
        tcase_add_test(t, a_directory_that_is_not_there_is_a_problem);
        tcase_add_test(t, slugds_drop_ins_change_it_key_by_key);
        tcase_add_test(t, a_mistake_in_a_drop_in_is_refused_with_its_place);
        tcase_add_test(t, more_drop_ins_than_the_cap_are_refused);
        tcase_add_test(t, loading_without_memory_gives_nothing);
        suite_add_tcase(s, t);
        return s;
}
