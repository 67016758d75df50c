/* SPDX-License-Identifier: Apache-2.0 */
/* slugd.yaml: what settings become, what is refused and how, and where files are looked for. */
#include "config/config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/scalar.h"
#include "lib/config-bed.h"
#include "lib/failmalloc.h"
#include "lib/test-main.h"

/* Scalars */

static const struct {
        const char *text;
        int r;
        uint64_t usec;
} durations[] = {
        { "30s", 0, 30000000 },
        { "500ms", 0, 500000 },
        { "2m", 0, 120000000 },
        { "1h", 0, UINT64_C(3600000000) },
        { "1m30s", 0, 90000000 },
        { "30s1m", 0, 90000000 },
        { "1h1m1s1ms", 0, UINT64_C(3661001000) },
        { "1.5h", 0, UINT64_C(5400000000) },
        { "0.25s", 0, 250000 },
        { "0.0005ms", 0, 0 },
        { "1.000001s", 0, 1000001 },
        { "1.0000000000000000000000009s", 0, 1000000 },
        { "0s", 0, 0 },
        { "1.", SCALAR_E_MALFORMED, 0 },
        { "1.s", SCALAR_E_MALFORMED, 0 },
        { ".5s", SCALAR_E_MALFORMED, 0 },
        { "", SCALAR_E_MALFORMED, 0 },
        { "30", SCALAR_E_MALFORMED, 0 },
        { "s", SCALAR_E_MALFORMED, 0 },
        { "-1s", SCALAR_E_MALFORMED, 0 },
        { "+1s", SCALAR_E_MALFORMED, 0 },
        { "1 s", SCALAR_E_MALFORMED, 0 },
        { "1s ", SCALAR_E_MALFORMED, 0 },
        { "1sm", SCALAR_E_MALFORMED, 0 },
        { "1us", SCALAR_E_MALFORMED, 0 },
        { "1d", SCALAR_E_MALFORMED, 0 },
        { "1e3s", SCALAR_E_MALFORMED, 0 },
        { "99999999999999999999s", SCALAR_E_RANGE, 0 },
        { "5124095577h", SCALAR_E_RANGE, 0 },
        { "5124095h5124095576h", SCALAR_E_RANGE, 0 },
        { "18446744073709s552ms", SCALAR_E_RANGE, 0 },
        { "99999999999999999999s!", SCALAR_E_MALFORMED, 0 },
};

START_TEST(durations_are_the_plain_part_of_the_ones_of_go) {
        uint64_t usec = 0;
        int r = scalar_parse_duration(durations[_i].text, &usec);

        ck_assert_msg(r == durations[_i].r, "'%s': %d", durations[_i].text, r);
        ck_assert_msg(usec == durations[_i].usec, "'%s': %llu", durations[_i].text,
                      (unsigned long long)usec);
}
END_TEST

static const struct {
        const char *text;
        int r;
        uint64_t value;
} numbers[] = {
        { "0", 0, 0 },
        { "7", 0, 7 },
        { "0xabc0", 0, 0xabc0 },
        { "0xABC0", 0, 0xabc0 },
        { "0x000abc", 0, 0xabc },
        { "18446744073709551615", 0, UINT64_MAX },
        { "0xffffffffffffffff", 0, UINT64_MAX },
        { "18446744073709551616", SCALAR_E_RANGE, 0 },
        { "0x10000000000000000", SCALAR_E_RANGE, 0 },
        { "", SCALAR_E_MALFORMED, 0 },
        { "0x", SCALAR_E_MALFORMED, 0 },
        { "0X1", SCALAR_E_MALFORMED, 0 },
        { "010", SCALAR_E_MALFORMED, 0 },
        { "-1", SCALAR_E_MALFORMED, 0 },
        { "+1", SCALAR_E_MALFORMED, 0 },
        { "1.0", SCALAR_E_MALFORMED, 0 },
        { "1 ", SCALAR_E_MALFORMED, 0 },
        { "abc0", SCALAR_E_MALFORMED, 0 },
        { "0xg", SCALAR_E_MALFORMED, 0 },
};

START_TEST(numbers_have_one_reading) {
        uint64_t value = 0;
        int r = scalar_parse_u64(numbers[_i].text, &value);

        ck_assert_msg(r == numbers[_i].r, "'%s': %d", numbers[_i].text, r);
        ck_assert_msg(value == numbers[_i].value, "'%s'", numbers[_i].text);
}
END_TEST

START_TEST(bools_are_the_ones_of_yaml_1_1) {
        static const char *const yes[] = { "true", "True", "TRUE", "yes", "on", "ON", "y", "Y" };
        static const char *const no[] = { "false", "False", "FALSE", "no", "off", "OFF", "n", "N" };
        static const char *const neither[] = { "", "tRUE", "1", "0", "null", "truth", "yess" };
        bool value;

        for (size_t i = 0; i < ELEMENTSOF(yes); ++i)
                ck_assert_msg(scalar_parse_bool(yes[i], &value) == 0 && value, "'%s'", yes[i]);
        for (size_t i = 0; i < ELEMENTSOF(no); ++i)
                ck_assert_msg(scalar_parse_bool(no[i], &value) == 0 && !value, "'%s'", no[i]);
        for (size_t i = 0; i < ELEMENTSOF(neither); ++i)
                ck_assert_msg(scalar_parse_bool(neither[i], &value) == SCALAR_E_MALFORMED, "'%s'",
                              neither[i]);
}
END_TEST

START_TEST(node_names_are_subdomains) {
        static const char *const good[] = { "a", "0", "worker-1", "a.b", "a--b.c0", "1.2.3.4" };
        static const char *const bad[] = { "",   "A",    "a_b",  "-a",   "a-",  "a.",
                                           ".a", "a..b", "a.-b", "a-.b", "a b", "\xc3\xa4" };
        char name[256];

        for (size_t i = 0; i < ELEMENTSOF(good); ++i)
                ck_assert_msg(scalar_is_node_name(good[i]), "'%s'", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); ++i)
                ck_assert_msg(!scalar_is_node_name(bad[i]), "'%s'", bad[i]);
        memset(name, 'x', sizeof(name));
        name[253] = '\0';
        ck_assert(scalar_is_node_name(name));
        name[253] = 'x';
        name[254] = '\0';
        ck_assert(!scalar_is_node_name(name));
}
END_TEST

/* What is taken */

static void check_defaults(void) {
        ck_assert_str_eq(bed.config->node_name, "");
        ck_assert_str_eq(bed.config->socket, "/run/slug/slugd.sock");
        ck_assert_uint_eq(bed.config->refresh_interval_usec, 30000000);
        ck_assert_uint_eq(bed.config->pending_timeout_usec, 600000000);
        ck_assert_int_eq(bed.config->placement, CONFIG_PLACEMENT_LOCAL_FIRST);
        ck_assert_str_eq(config_bed_source(&bed.config->placement_source), "slugd default");
        ck_assert_uint_eq(bed.config->n_rules, 0);
        ck_assert_ptr_null(bed.config->rules);
        ck_assert(!bed.config->kubelet.is_found);
        ck_assert_str_eq(bed.config->kubelet.file, "/var/lib/kubelet/config.yaml");
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 0);
        ck_assert_str_eq(bed.config->kubelet.system_reserved.setting, "");
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 0);
        ck_assert(bed.config->kubelet.eviction_hard.is_set);
        ck_assert(!bed.config->kubelet.eviction_hard.is_percentage);
        ck_assert_uint_eq(bed.config->kubelet.eviction_hard.bytes, 100 * MIB);
        ck_assert_str_eq(bed.config->kubelet.eviction_hard.setting, "100Mi");
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.eviction_hard.source),
                         "kubelet default");
        ck_assert(bed.config->kubelet.enforces_pods);
        ck_assert(bed.config->kubelet.cgroups_per_qos);
        ck_assert_str_eq(bed.config->kubelet.cgroup_root, "");
        ck_assert(!bed.config->kubelet.static_memory_policy);
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, 0);
        ck_assert(bed.config->has_kubelet_problem);
        ck_assert(bed.config->is_kubelet_file_missing);
        ck_assert_str_eq(config_bed_problem(),
                         "no KubeletConfiguration at /var/lib/kubelet/config.yaml");
        ck_assert_str_eq(bed.diag.text, "");
}

START_TEST(no_file_at_all_gives_the_defaults) {
        (void)config_bed_load_well(NULL);
        check_defaults();
}
END_TEST

static const char *const empty_files[] = {
        "",
        "# nothing\n",
        "---\n",
        "{}\n",
        "null\n",
        "reservation:\nclassify:\nroles:\nkubelet:\n",
        "reservation: {}\nclassify: []\nroles: {reader: {}}\nkubelet: {}\n",
        "kubelet:\n  systemReserved:\n  kubeReserved: ~\n  evictionHard: null\n"
        "  enforceNodeAllocatable:\n  reservedMemory:\n  configFile:\n  cgroupsPerQOS:\n"
        "  cgroupRoot:\npods:\n",
};

START_TEST(an_empty_file_gives_the_defaults) {
        (void)config_bed_load_well(empty_files[_i]);
        check_defaults();
}
END_TEST

START_TEST(a_file_of_comments_gives_the_defaults) {
        (void)config_bed_load_well(config_bed_fixture("good/slugd-commented.yaml"));
        check_defaults();
}
END_TEST

static void check_rules(void) {
        ck_assert_uint_eq(bed.config->n_rules, 3);
        ck_assert(opt_u64_equal(bed.config->rules[0].node, opt_u64(3)));
        ck_assert_int_eq(bed.config->rules[0].kind, CONFIG_KIND_UNSET);
        ck_assert(!bed.config->rules[0].cxl_serial.present);
        ck_assert_int_eq(bed.config->rules[0].locality, CONFIG_LOCALITY_REMOTE);
        ck_assert(!bed.config->rules[1].node.present);
        ck_assert_int_eq(bed.config->rules[1].kind, CONFIG_KIND_HBM);
        ck_assert_int_eq(bed.config->rules[1].locality, CONFIG_LOCALITY_LOCAL);
        ck_assert(opt_u64_equal(bed.config->rules[2].cxl_serial, opt_u64(0xabc0)));
        ck_assert_int_eq(bed.config->rules[2].locality, CONFIG_LOCALITY_EXCLUDED);
}

static void check_kubelet(void) {
        const KubeletConfig *kubelet = &bed.config->kubelet;

        ck_assert_str_eq(kubelet->file, "/etc/kubernetes/kubelet.yaml");
        ck_assert_uint_eq(kubelet->system_reserved.bytes, GIB);
        ck_assert_uint_eq(kubelet->kube_reserved.bytes, 512 * MIB);
        ck_assert(kubelet->eviction_hard.is_set && kubelet->eviction_hard.is_percentage);
        ck_assert_str_eq(kubelet->eviction_hard.setting, "5%");
        ck_assert(!kubelet->merges_default_eviction);
        ck_assert(kubelet->enforces_pods);
        ck_assert(kubelet->cgroups_per_qos);
        ck_assert_str_eq(kubelet->cgroup_root, "/pods");
        ck_assert(kubelet->static_memory_policy);
        ck_assert_uint_eq(kubelet->n_reserved_memory, 2);
        ck_assert_uint_eq(kubelet->reserved_memory[0].node, 0);
        ck_assert_uint_eq(kubelet->reserved_memory[0].bytes, GIB);
        ck_assert_uint_eq(kubelet->reserved_memory[0].n_hugepages, 1);
        ck_assert_uint_eq(kubelet->reserved_memory[0].hugepages[0].page_bytes, 2 * MIB);
        ck_assert_uint_eq(kubelet->reserved_memory[0].hugepages[0].bytes, 64 * MIB);
        ck_assert_uint_eq(kubelet->reserved_memory[1].node, 1);
        ck_assert_uint_eq(kubelet->reserved_memory[1].bytes, 512 * MIB);
        ck_assert_uint_eq(kubelet->reserved_memory[1].n_hugepages, 0);
}

static const char *const full_files[] = { "good/slugd-full.yaml", "good/slugd.json" };

START_TEST(every_setting_is_taken_from_yaml_and_json_alike) {
        (void)config_bed_load_well(config_bed_fixture(full_files[_i]));
        ck_assert_str_eq(bed.config->node_name, "worker-1.rack-7.example.org");
        ck_assert_str_eq(bed.config->socket, "/run/slug/other.sock");
        ck_assert_uint_eq(bed.config->refresh_interval_usec, 90000000);
        ck_assert_uint_eq(bed.config->pending_timeout_usec, 300000000);
        ck_assert_int_eq(bed.config->placement, CONFIG_PLACEMENT_PROPORTIONAL);
        check_rules();
        check_kubelet();
        ck_assert(bed.config->has_kubelet_problem);
        ck_assert_str_eq(config_bed_problem(),
                         "no KubeletConfiguration at /etc/kubernetes/kubelet.yaml");
}
END_TEST

START_TEST(values_know_the_line_that_they_come_from) {
        const KubeletConfig *kubelet;

        (void)config_bed_load_well(config_bed_fixture("good/slugd-full.yaml"));
        kubelet = &bed.config->kubelet;
        ck_assert_str_eq(config_bed_source(&bed.config->placement_source),
                         "/etc/slug/slugd.yaml:8");
        ck_assert_str_eq(config_bed_source(&bed.config->rules[0].source),
                         "/etc/slug/slugd.yaml:10");
        ck_assert_str_eq(config_bed_source(&bed.config->rules[2].source),
                         "/etc/slug/slugd.yaml:14");
        ck_assert_str_eq(config_bed_source(&kubelet->system_reserved.source),
                         "/etc/slug/slugd.yaml:18");
        ck_assert_str_eq(config_bed_source(&kubelet->eviction_hard.source),
                         "/etc/slug/slugd.yaml:20");
        ck_assert_str_eq(config_bed_source(&kubelet->enforce_source), "/etc/slug/slugd.yaml:22");
        ck_assert_str_eq(config_bed_source(&kubelet->reserved_memory_source),
                         "/etc/slug/slugd.yaml:26");
        ck_assert_uint_eq(kubelet->reserved_memory[1].line, 29);
        ck_assert_int_eq(kubelet->reserved_memory_source.origin, CONFIG_ORIGIN_SLUGD_FILE);
}
END_TEST

START_TEST(the_bounds_of_settings_are_taken) {
        char text[1024], socket[CONFIG_SOCKET_MAX];

        memset(socket, 's', sizeof(socket));
        socket[0] = '/';
        socket[sizeof(socket) - 1] = '\0';
        (void)snprintf(text, sizeof(text),
                       "socket: %s\nrefreshInterval: 100ms\nclassify:\n"
                       "- {numaNode: 0, locality: local}\n- {numaNode: 1023, locality: local}\n"
                       "- {cxlSerial: 18446744073709551615, locality: local}\n",
                       socket);
        (void)config_bed_load_well(text);
        ck_assert_str_eq(bed.config->socket, socket);
        ck_assert_uint_eq(bed.config->refresh_interval_usec, 100000);
        ck_assert(opt_u64_equal(bed.config->rules[0].node, opt_u64(0)));
        ck_assert(opt_u64_equal(bed.config->rules[1].node, opt_u64(1023)));
        ck_assert(opt_u64_equal(bed.config->rules[2].cxl_serial, opt_u64(UINT64_MAX)));
        (void)config_bed_load_well("refreshInterval: 1h\n");
        ck_assert_uint_eq(bed.config->refresh_interval_usec, UINT64_C(3600000000));
        (void)config_bed_load_well("pods: {pendingTimeout: 10s}\n");
        ck_assert_uint_eq(bed.config->pending_timeout_usec, 10000000);
        (void)config_bed_load_well("pods: {pendingTimeout: 24h}\n");
        ck_assert_uint_eq(bed.config->pending_timeout_usec, UINT64_C(86400000000));
}
END_TEST

START_TEST(all_kinds_and_localities_have_their_word) {
        static const char *const kinds[] = { "dram", "hbm", "cxl", "pmem", "gpu", "unknown" };
        static const ConfigKind values[] = {
                CONFIG_KIND_DRAM, CONFIG_KIND_HBM, CONFIG_KIND_CXL,
                CONFIG_KIND_PMEM, CONFIG_KIND_GPU, CONFIG_KIND_UNKNOWN
        };
        char text[1024] = "classify:\n";

        for (size_t i = 0; i < ELEMENTSOF(kinds); ++i) {
                size_t n = strlen(text);

                (void)snprintf(text + n, sizeof(text) - n, "- {kind: %s, locality: remote}\n",
                               kinds[i]);
        }
        (void)config_bed_load_well(text);
        ck_assert_uint_eq(bed.config->n_rules, ELEMENTSOF(values));
        for (size_t i = 0; i < ELEMENTSOF(values); ++i)
                ck_assert_int_eq(bed.config->rules[i].kind, values[i]);
}
END_TEST

START_TEST(roles_have_users_and_groups) {
        (void)config_bed_load_well("refreshInterval: 30s\n");
        ck_assert_uint_eq(bed.config->roles.reader.groups.n_items, 1);
        ck_assert_str_eq(bed.config->roles.reader.groups.items[0], "slug");
        ck_assert_str_eq(bed.config->roles.claimer.groups.items[0], "slug-claimer");
        ck_assert_uint_eq(bed.config->roles.admin.users.n_items, 0);
        (void)config_bed_load_well("roles:\n  reader: {groups: [], users: [1000, prometheus]}\n");
        ck_assert_uint_eq(bed.config->roles.reader.groups.n_items, 0);
        ck_assert_uint_eq(bed.config->roles.reader.users.n_items, 2);
        ck_assert_str_eq(bed.config->roles.reader.users.items[0], "1000");
        ck_assert_uint_eq(bed.config->roles.reader.users.source.line, 2);
        ck_assert_str_eq(bed.config->roles.claimer.groups.items[0], "slug-claimer");
}
END_TEST

/* What is refused */

#define KEYS_OF_SLUGD                                                                              \
        "known keys here: nodeName, socket, refreshInterval, pods, reservation, classify, roles, " \
        "qos, chunks, enforce, kubelet"
#define KEYS_OF_KUBELET                                                                            \
        "known keys here: configFile, configDir, flagsFile, processName, "                         \
        "systemReserved, kubeReserved, evictionHard, "                                             \
        "mergeDefaultEvictionSettings, enforceNodeAllocatable, cgroupsPerQOS, cgroupRoot, "        \
        "memoryManagerPolicy, featureGates, ..."
#define LONG_60 "123456789012345678901234567890123456789012345678901234567890"

static const struct {
        const char *text;
        const char *expected; /* without the file */
} refusals[] = {
        /* shape */
        { "hello\n", "1:1: expected a mapping, not 'hello'" },
        { "- nodeName: x\n", "1:1: expected a mapping, not a list" },
        { "nodeName: x\nnodeName: y\n", "2:1: duplicate key 'nodeName'; the first is on line 1" },
        { "a: 1\n---\nb: 1\n", "2:1: a second document; a file holds one" },
        { "nodeName: [x\n",
          "2:1: not YAML: while parsing a flow sequence: did not find expected ',' or ']'" },
        /* unknown keys */
        { "refreshIntervall: 30s\n",
          "1:1: unknown key 'refreshIntervall'; did you mean 'refreshInterval'? " KEYS_OF_SLUGD },
        { "nodename: x\n", "1:1: unknown key 'nodename'; did you mean 'nodeName'? " KEYS_OF_SLUGD },
        { "ndoeName: x\n", "1:1: unknown key 'ndoeName'; did you mean 'nodeName'? " KEYS_OF_SLUGD },
        { "interval: 30s\n", "1:1: unknown key 'interval'; " KEYS_OF_SLUGD },
        { "'': 30s\n", "1:1: unknown key ''; " KEYS_OF_SLUGD },
        { "\"a\\nb\\e[0m\\x85z\": 30s\n", "1:1: unknown key 'a?b?[0m?z'; " KEYS_OF_SLUGD },
        { LONG_60 LONG_60 ": 1\n", "1:1: unknown key '" LONG_60 "123456...'; " KEYS_OF_SLUGD },
        { "reservation: {place: x}\n", "1:15: unknown key 'place'; known keys here: placement" },
        { "kubelet:\n  file: /x\n", "2:3: unknown key 'file'; " KEYS_OF_KUBELET },
        { "kubelet:\n  kind: KubeletConfiguration\n", "2:3: unknown key 'kind'; " KEYS_OF_KUBELET },
        { "kubelet: {systemReserved: {mem: 1Gi}}\n",
          "1:28: unknown key 'mem'; known keys here: cpu, memory, ephemeral-storage, pid" },
        { "kubelet: {kubeReserved: {hugepages-2Mi: 1Gi}}\n",
          "1:26: unknown key 'hugepages-2Mi'; "
          "known keys here: cpu, memory, ephemeral-storage, pid" },
        { "kubelet: {evictionHard: {swap.available: 1Gi}}\n",
          "1:26: unknown key 'swap.available'; known keys here: memory.available, "
          "nodefs.available, nodefs.inodesFree, imagefs.available, imagefs.inodesFree, "
          "containerfs.available, containerfs.inodesFree, allocatableMemory.available, "
          "pid.available" },
        { "classify: [{numanode: 1, locality: local}]\n",
          "1:13: unknown key 'numanode'; did you mean 'numaNode'? "
          "known keys here: numaNode, kind, cxlSerial, locality" },
        /* nodeName */
        { "nodeName: Worker\n",
          "1:11: nodeName expects a DNS-1123 subdomain such as worker-1, not 'Worker'" },
        { "nodeName:\n",
          "1:10: nodeName expects a DNS-1123 subdomain such as worker-1, not an empty value" },
        { "nodeName: ''\n",
          "1:11: nodeName expects a DNS-1123 subdomain such as worker-1, not ''" },
        { "nodeName: [a]\n",
          "1:11: nodeName expects a DNS-1123 subdomain such as worker-1, not a list" },
        /* socket */
        { "socket: slugd.sock\n", "1:9: socket expects an absolute path, not 'slugd.sock'" },
        { "socket: {}\n", "1:9: socket expects an absolute path, not a mapping" },
        { "socket: null\n", "1:9: socket expects an absolute path, not 'null'" },
        { "socket: \"/a\\tb\"\n",
          "1:9: socket expects a path without control characters, not '/a?b'" },
        { "socket: /" LONG_60 LONG_60 "\n",
          "1:9: socket expects a path of at most 107 bytes, not 121" },
        /* refreshInterval */
        { "nodeName: a\n\nrefreshInterval: 3 parsecs\n",
          "3:18: refreshInterval expects a duration such as 30s, 500ms or 2m, not '3 parsecs'" },
        { "refreshInterval: 30\n",
          "1:18: refreshInterval expects a duration such as 30s, 500ms or 2m, not '30'" },
        { "refreshInterval: {s: 30}\n",
          "1:18: refreshInterval expects a duration such as 30s, 500ms or 2m, not a mapping" },
        { "refreshInterval: 99ms\n",
          "1:18: refreshInterval expects a duration from 100ms to 1h, not '99ms'" },
        { "refreshInterval: 1h1ms\n",
          "1:18: refreshInterval expects a duration from 100ms to 1h, not '1h1ms'" },
        { "pods: {pendingTimeout: 9s}\n",
          "1:24: pendingTimeout expects a duration from 10s to 24h, not '9s'" },
        { "pods: {pendingTimeout: 25h}\n",
          "1:24: pendingTimeout expects a duration from 10s to 24h, not '25h'" },
        { "pods: {pendingTimeout: never}\n",
          "1:24: pendingTimeout expects a duration such as 30s, 500ms or 2m, not 'never'" },
        { "pods: {timeout: 10s}\n", "1:8: unknown key 'timeout'; known keys here: pendingTimeout" },
        { "refreshInterval: 99999999999999999999h\n",
          "1:18: refreshInterval expects a duration from 100ms to 1h, "
          "not '99999999999999999999h'" },
        /* reservation */
        { "reservation: local-first\n", "1:14: reservation expects a mapping, not 'local-first'" },
        { "reservation: {placement: even}\n",
          "1:26: placement expects one of local-first, proportional, not 'even'" },
        { "reservation: {placement: }\n",
          "1:26: placement expects one of local-first, proportional, not an empty value" },
        /* classify */
        { "classify: {numaNode: 1}\n", "1:11: classify expects a list, not a mapping" },
        { "roles: {reader: {users: root}}\n", "1:25: users expects a list, not 'root'" },
        { "roles: {reader: {users: [a b]}}\n",
          "1:26: users expects names or numbers such as slug or 1000, not 'a b'" },
        { "roles: {writer: {}}\n",
          "1:9: unknown key 'writer'; known keys here: reader, claimer, admin" },
        { "classify: none\n", "1:11: classify expects a list, not 'none'" },
        { "classify: [3]\n",
          "1:12: classify expects mappings with a selector and a locality, not '3'" },
        { "classify:\n-\n",
          "2:2: classify expects mappings with a selector and a locality, not an empty value" },
        { "classify:\n- locality: local\n",
          "2:3: an entry of classify expects one of numaNode, kind and cxlSerial, not 0" },
        { "classify:\n- {numaNode: 1, kind: cxl, locality: local}\n",
          "2:3: an entry of classify expects one of numaNode, kind and cxlSerial, not 2" },
        { "classify:\n- {numaNode: 1, kind: cxl, cxlSerial: 1, locality: local}\n",
          "2:3: an entry of classify expects one of numaNode, kind and cxlSerial, not 3" },
        { "classify:\n- numaNode: 1\n",
          "2:3: locality is missing, expected one of local, remote, excluded" },
        { "classify: [{numaNode: 1024, locality: local}]\n",
          "1:23: numaNode expects the id of a NUMA node, 0 to 1023, not '1024'" },
        { "classify: [{numaNode: -1, locality: local}]\n",
          "1:23: numaNode expects the id of a NUMA node, 0 to 1023, not '-1'" },
        { "classify: [{numaNode: '1', locality: local}]\n",
          "1:23: numaNode expects the id of a NUMA node, 0 to 1023, not '1'" },
        { "classify: [{numaNode: 1.5, locality: local}]\n",
          "1:23: numaNode expects the id of a NUMA node, 0 to 1023, not '1.5'" },
        { "classify: [{numaNode: 18446744073709551616, locality: local}]\n",
          "1:23: numaNode expects the id of a NUMA node, 0 to 1023, not '18446744073709551616'" },
        { "classify: [{kind: ram, locality: local}]\n",
          "1:19: kind expects one of dram, hbm, cxl, pmem, gpu, unknown, not 'ram'" },
        { "classify: [{cxlSerial: abc0, locality: local}]\n",
          "1:24: cxlSerial expects a 64-bit number such as 0xabc0, not 'abc0'" },
        { "classify: [{cxlSerial: 0x1ffffffffffffffff, locality: local}]\n",
          "1:24: cxlSerial expects a 64-bit number such as 0xabc0, not '0x1ffffffffffffffff'" },
        { "classify: [{numaNode: 1, locality: near}]\n",
          "1:36: locality expects one of local, remote, excluded, not 'near'" },
        /* kubelet: the file; more of it in test-kubelet-config */
        { "kubelet: /var/lib/kubelet/config.yaml\n",
          "1:10: kubelet expects a mapping, not '/var/lib/kubelet/config.yaml'" },
        { "kubelet: {configFile: config.yaml}\n",
          "1:23: configFile expects an absolute path, not 'config.yaml'" },
        { "kubelet: {configFile: /" LONG_60 LONG_60 LONG_60 LONG_60 LONG_60 "}\n",
          "1:23: configFile expects a path of at most 255 bytes, not 301" },
        { "kubelet: {cgroupsPerQOS: 'true'}\n",
          "1:26: cgroupsPerQOS expects true or false, not 'true'" },
        { "kubelet: {cgroupRoot: /a/../b}\n",
          "1:23: cgroupRoot expects the path of a cgroup such as /pods, not '/a/../b'" },
        { "kubelet: {cgroupRoot: [a]}\n",
          "1:23: cgroupRoot expects the path of a cgroup such as /pods, not a list" },
        { "kubelet: {memoryManagerPolicy: static}\n",
          "1:32: memoryManagerPolicy expects one of None, Static, not 'static'" },
};

START_TEST(mistakes_are_refused_with_place_and_expectation) {
        config_bed_expect_refused(refusals[_i].text, refusals[_i].expected);
}
END_TEST

static const struct {
        const char *name;
        const char *expected;
} bad_files[] = {
        { "slugd-typo.yaml",
          "3:1: unknown key 'refreshIntervall'; did you mean 'refreshInterval'? " KEYS_OF_SLUGD },
        { "slugd-unit.yaml",
          "3:18: refreshInterval expects a duration such as 30s, 500ms or 2m, not '3 parsecs'" },
        { "slugd-two-selectors.yaml",
          "4:5: an entry of classify expects one of numaNode, kind and cxlSerial, not 2" },
        { "slugd-kubelet-typo.yaml",
          "3:5: unknown key 'memory.avialable'; did you mean 'memory.available'? known keys here: "
          "memory.available, nodefs.available, nodefs.inodesFree, imagefs.available, "
          "imagefs.inodesFree, containerfs.available, containerfs.inodesFree, "
          "allocatableMemory.available, ..." },
        { "slugd-merge.yaml", "5:5: merge keys are not supported; write the keys out" },
        { "slugd-bomb.yaml", "5:8: more than 10000 values, aliases counted in full" },
        { "slugd-tabs.yaml", "2:1: not YAML: while scanning for the next token: "
                             "found character that cannot start any token" },
};

START_TEST(bad_files_are_refused_with_place_and_expectation) {
        char name[64];

        (void)snprintf(name, sizeof(name), "bad/%s", bad_files[_i].name);
        config_bed_expect_refused(config_bed_fixture(name), bad_files[_i].expected);
}
END_TEST

START_TEST(every_bad_file_has_its_message) {
        DIR *dir = opendir(config_bed_fixture_path("bad"));
        struct dirent *entry;
        size_t n = 0;

        ck_assert_ptr_nonnull(dir);
        while ((entry = readdir(dir)))
                n += strncmp(entry->d_name, "slugd-", 6) == 0;
        (void)closedir(dir);
        ck_assert_uint_eq(n, ELEMENTSOF(bad_files));
}
END_TEST

START_TEST(long_lists_are_refused) {
        char text[65536] = "classify:\n";
        size_t n = strlen(text);

        for (unsigned i = 0; i < CONFIG_RULES_MAX; ++i)
                n += (size_t)snprintf(text + n, sizeof(text) - n,
                                      "- {numaNode: 1, locality: local}\n");
        (void)config_bed_load_well(text);
        ck_assert_uint_eq(bed.config->n_rules, CONFIG_RULES_MAX);
        (void)snprintf(text + n, sizeof(text) - n, "- {numaNode: 1, locality: local}\n");
        config_bed_expect_refused(text, "2:1: classify has 257 entries, which is more than 256");
}
END_TEST

START_TEST(a_refusal_needs_no_listener) {
        folder_write(&bed.folder, BED_SLUGD, "nonsense: 1\n");
        ck_assert_int_eq(config_load(&bed.root, NULL, &bed.config, NULL), CONFIG_E_INVALID);
        ck_assert_int_eq(config_load(&bed.root, "/nowhere/at/all", &bed.config, NULL),
                         CONFIG_E_ABSENT);
        ck_assert_ptr_null(bed.config);
}
END_TEST

/* Files */

static const char *host_path(const char *name) {
        static char path[CONFIG_PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", bed.folder.path, name);
        return path;
}

static int load_file(const char *path) {
        bed.config = config_free(bed.config);
        bed.diag = (Diag){};
        return config_load(&bed.root, path, &bed.config, &bed.diag);
}

START_TEST(a_file_by_name_is_the_hosts_and_must_exist) {
        char expected[512];

        folder_write(&bed.folder, BED_SLUGD, "nonsense: 1\n");
        folder_write(&bed.folder, "mine.yaml", "nodeName: mine\n");
        ck_assert_int_eq(load_file(host_path("mine.yaml")), 0);
        ck_assert_str_eq(bed.config->node_name, "mine");

        ck_assert_int_eq(load_file(host_path("none.yaml")), CONFIG_E_ABSENT);
        (void)snprintf(expected, sizeof(expected), "%s: no such file", host_path("none.yaml"));
        ck_assert_str_eq(config_bed_message(), expected);
        ck_assert_int_eq(load_file(host_path("mine.yaml/x")), CONFIG_E_ABSENT);
        /* Not below the root. */
        ck_assert_int_eq(load_file("/" BED_SLUGD "-not-here"), CONFIG_E_ABSENT);
        ck_assert_ptr_null(bed.config);
}
END_TEST

START_TEST(messages_name_the_file_as_it_was_given) {
        char expected[512];

        folder_write(&bed.folder, "mine.yaml", "\nsocket: x\n");
        ck_assert_int_eq(load_file(host_path("mine.yaml")), CONFIG_E_INVALID);
        (void)snprintf(expected, sizeof(expected),
                       "%s:2:9: socket expects an absolute path, not 'x'", host_path("mine.yaml"));
        ck_assert_str_eq(config_bed_message(), expected);
}
END_TEST

static void check_no_regular_file(const char *name) {
        char expected[512];

        ck_assert_int_eq(load_file(host_path(name)), CONFIG_E_INVALID);
        (void)snprintf(expected, sizeof(expected), "%s: not a regular file", host_path(name));
        ck_assert_str_eq(config_bed_message(), expected);
}

START_TEST(what_is_no_regular_file_is_refused_at_once) {
        folder_make(&bed.folder, "dir");
        ck_assert_int_eq(mkfifo(host_path("fifo"), 0600), 0);
        check_no_regular_file("dir");
        check_no_regular_file("fifo");

        folder_make(&bed.folder, "etc/slug");
        ck_assert_int_eq(mkfifo(host_path(BED_SLUGD), 0600), 0);
        config_bed_expect_refused(NULL, " not a regular file");
        folder_delete(&bed.folder, BED_SLUGD);
        folder_make(&bed.folder, BED_SLUGD);
        config_bed_expect_refused(NULL, " not a regular file");
}
END_TEST

START_TEST(a_file_in_a_circle_of_links_cannot_be_read) {
        folder_link(&bed.folder, BED_SLUGD, "slugd.yaml");
        config_bed_expect_refused(NULL, " cannot be read: Too many levels of symbolic links");
}
END_TEST

START_TEST(links_are_followed_inside_the_root) {
        folder_link(&bed.folder, BED_SLUGD, "/srv/slug.yaml");
        folder_write(&bed.folder, "srv/slug.yaml", "nodeName: linked\n");
        (void)config_bed_load_well(NULL);
        ck_assert_str_eq(bed.config->node_name, "linked");
}
END_TEST

START_TEST(a_file_of_the_greatest_size_is_taken_and_one_more_byte_is_not) {
        static char text[CONFIG_FILE_MAX + 2];

        memset(text, '#', CONFIG_FILE_MAX);
        folder_write(&bed.folder, BED_SLUGD, text);
        folder_write(&bed.folder, "mine.yaml", text);
        (void)config_bed_load_well(NULL);
        ck_assert_int_eq(load_file(host_path("mine.yaml")), 0);
        text[CONFIG_FILE_MAX] = '#';
        folder_write(&bed.folder, BED_SLUGD, text);
        folder_write(&bed.folder, "mine.yaml", text);
        config_bed_expect_refused(NULL, " larger than 1048576 bytes");
        ck_assert_int_eq(load_file(host_path("mine.yaml")), CONFIG_E_INVALID);
        ck_assert_str_eq(bed.diag.text, "larger than 1048576 bytes");
}
END_TEST

START_TEST(a_file_with_too_long_a_name_is_refused) {
        char path[CONFIG_PATH_MAX + 1];

        memset(path, 'x', sizeof(path));
        path[0] = '/';
        path[CONFIG_PATH_MAX] = '\0';
        ck_assert_int_eq(load_file(path), CONFIG_E_INVALID);
        ck_assert_str_eq(bed.diag.text, "a path of more than 253 bytes");
}
END_TEST

START_TEST(a_load_without_memory_changes_nothing) {
        folder_write(&bed.folder, BED_SLUGD, config_bed_fixture("good/slugd-full.yaml"));
        folder_write(&bed.folder, "etc/kubernetes/kubelet.yaml",
                     config_bed_fixture("good/kubelet-static.yaml"));
        for (unsigned n = 0;; ++n) {
                bool has_failed;
                int r;

                failmalloc_arm(n);
                r = config_bed_load(NULL);
                has_failed = failmalloc_disarm();
                ck_assert_str_eq(bed.diag.text, "");
                if (!has_failed) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 8);
                        break;
                }
                ck_assert_msg(r == -ENOMEM, "%u: %d", n, r);
                ck_assert_ptr_null(bed.config);
        }
        ck_assert(!bed.config->has_kubelet_problem);
        check_rules();
        check_kubelet();
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("config");
        TCase *scalars = tcase_create("scalars"), *files = tcase_create("files");

        tcase_add_loop_test(scalars, durations_are_the_plain_part_of_the_ones_of_go, 0,
                            ELEMENTSOF(durations));
        tcase_add_loop_test(scalars, numbers_have_one_reading, 0, ELEMENTSOF(numbers));
        tcase_add_test(scalars, bools_are_the_ones_of_yaml_1_1);
        tcase_add_test(scalars, node_names_are_subdomains);
        suite_add_tcase(all, scalars);

        tcase_add_checked_fixture(files, config_bed_setup, config_bed_teardown);
        tcase_add_test(files, no_file_at_all_gives_the_defaults);
        tcase_add_loop_test(files, an_empty_file_gives_the_defaults, 0, ELEMENTSOF(empty_files));
        tcase_add_test(files, a_file_of_comments_gives_the_defaults);
        tcase_add_loop_test(files, every_setting_is_taken_from_yaml_and_json_alike, 0,
                            ELEMENTSOF(full_files));
        tcase_add_test(files, values_know_the_line_that_they_come_from);
        tcase_add_test(files, the_bounds_of_settings_are_taken);
        tcase_add_test(files, all_kinds_and_localities_have_their_word);
        tcase_add_test(files, roles_have_users_and_groups);
        tcase_add_loop_test(files, mistakes_are_refused_with_place_and_expectation, 0,
                            ELEMENTSOF(refusals));
        tcase_add_loop_test(files, bad_files_are_refused_with_place_and_expectation, 0,
                            ELEMENTSOF(bad_files));
        tcase_add_test(files, every_bad_file_has_its_message);
        tcase_add_test(files, long_lists_are_refused);
        tcase_add_test(files, a_refusal_needs_no_listener);
        tcase_add_test(files, a_file_by_name_is_the_hosts_and_must_exist);
        tcase_add_test(files, messages_name_the_file_as_it_was_given);
        tcase_add_test(files, what_is_no_regular_file_is_refused_at_once);
        tcase_add_test(files, a_file_in_a_circle_of_links_cannot_be_read);
        tcase_add_test(files, links_are_followed_inside_the_root);
        tcase_add_test(files, a_file_of_the_greatest_size_is_taken_and_one_more_byte_is_not);
        tcase_add_test(files, a_file_with_too_long_a_name_is_refused);
        tcase_add_test(files, a_load_without_memory_changes_nothing);
        suite_add_tcase(all, files);
        return all;
}
