/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet's settings, from its own file and from slugd.yaml, and which of the two wins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config-bed.h"
#include "lib/test-main.h"

static void load_kubelet(const char *text) {
        folder_write(&bed.folder, BED_KUBELET, text);
        (void)config_bed_load_well(NULL);
}

/* @slugd: NULL: there is none; @fields: from line 3 on */
static void load_fields(const char *slugd, const char *fields) {
        config_bed_write_kubelet(BED_KUBELET, fields);
        (void)config_bed_load_well(slugd);
}

static void check_good(const char *name) {
        ck_assert_msg(!bed.config->has_kubelet_problem, "%s: %s", name, config_bed_problem());
        ck_assert_msg(!bed.config->is_kubelet_file_missing, "%s", name);
        ck_assert_msg(bed.config->kubelet_problem.text[0] == '\0', "%s", name);
        ck_assert_msg(bed.config->kubelet.is_found, "%s", name);
        ck_assert_str_eq(bed.config->kubelet.file, "/var/lib/kubelet/config.yaml");
}

/* Whole files */

START_TEST(a_file_of_kubeadm_is_taken) {
        const KubeletConfig *kubelet;

        load_kubelet(config_bed_fixture("good/kubelet-kubeadm.yaml"));
        check_good("kubeadm");
        kubelet = &bed.config->kubelet;
        ck_assert_uint_eq(kubelet->system_reserved.bytes, 512 * MIB);
        ck_assert_str_eq(kubelet->system_reserved.setting, "512Mi");
        ck_assert_str_eq(config_bed_source(&kubelet->system_reserved.source),
                         "/var/lib/kubelet/config.yaml:54");
        ck_assert_int_eq(kubelet->system_reserved.source.origin, CONFIG_ORIGIN_KUBELET);
        ck_assert_uint_eq(kubelet->kube_reserved.bytes, 1500 * MIB);
        ck_assert_str_eq(config_bed_source(&kubelet->kube_reserved.source),
                         "/var/lib/kubelet/config.yaml:32");
        ck_assert_uint_eq(kubelet->eviction_hard.bytes, 100 * MIB);
        ck_assert_str_eq(config_bed_source(&kubelet->eviction_hard.source), "kubelet default");
        ck_assert(kubelet->enforces_pods && kubelet->cgroups_per_qos);
        ck_assert_str_eq(config_bed_source(&kubelet->enforce_source), "kubelet default");
        ck_assert(!kubelet->static_memory_policy);
        ck_assert_uint_eq(kubelet->n_reserved_memory, 0);
}
END_TEST

START_TEST(a_file_with_a_static_policy_is_taken) {
        const KubeletConfig *kubelet;

        load_kubelet(config_bed_fixture("good/kubelet-static.yaml"));
        check_good("static");
        kubelet = &bed.config->kubelet;
        ck_assert_uint_eq(kubelet->system_reserved.bytes, GIB);
        ck_assert_uint_eq(kubelet->kube_reserved.bytes, GIB);
        ck_assert(kubelet->eviction_hard.is_set && !kubelet->eviction_hard.is_percentage);
        ck_assert_uint_eq(kubelet->eviction_hard.bytes, 100 * MIB);
        ck_assert_str_eq(config_bed_source(&kubelet->eviction_hard.source),
                         "/var/lib/kubelet/config.yaml:13");
        ck_assert(kubelet->enforces_pods && kubelet->static_memory_policy);
        ck_assert_uint_eq(kubelet->n_reserved_memory, 3);
        ck_assert_uint_eq(kubelet->reserved_memory[0].bytes, 1124 * MIB);
        ck_assert_uint_eq(kubelet->reserved_memory[0].hugepages[0].page_bytes, GIB);
        ck_assert_uint_eq(kubelet->reserved_memory[0].hugepages[0].bytes, 2 * GIB);
        ck_assert_uint_eq(kubelet->reserved_memory[1].node, 1);
        ck_assert_uint_eq(kubelet->reserved_memory[1].n_hugepages, 0);
        ck_assert_uint_eq(kubelet->reserved_memory[2].node, 1);
        ck_assert_uint_eq(kubelet->reserved_memory[2].bytes, 0);
        ck_assert_uint_eq(kubelet->reserved_memory[2].hugepages[0].bytes, 8 * MIB);
        ck_assert_str_eq(config_bed_source(&kubelet->reserved_memory_source),
                         "/var/lib/kubelet/config.yaml:19");
}
END_TEST

START_TEST(a_json_file_is_taken) {
        load_kubelet(config_bed_fixture("good/kubelet.json"));
        check_good("json");
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, GIB);
        ck_assert_str_eq(bed.config->kubelet.system_reserved.setting, "1073741824");
        ck_assert_uint_eq(bed.config->kubelet.kube_reserved.bytes, 0);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.kube_reserved.source),
                         "kubelet default");
        ck_assert(bed.config->kubelet.eviction_hard.is_percentage);
        ck_assert(!bed.config->kubelet.enforces_pods);
        ck_assert(!bed.config->kubelet.cgroups_per_qos);
        ck_assert(!bed.config->kubelet.static_memory_policy);
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, 0);
}
END_TEST

/* Fields that are taken */

static const struct {
        const char *fields;
        uint64_t system_bytes;
        const char *setting;
} reservations[] = {
        { "", 0, "" },
        { "systemReserved: {}\n", 0, "" },
        { "systemReserved: null\n", 0, "" },
        { "systemReserved: {cpu: 500m}\n", 0, "" },
        { "systemReserved: {memory: 1Gi}\n", GIB, "1Gi" },
        { "systemReserved: {memory: \"1Gi\"}\n", GIB, "1Gi" },
        { "systemReserved: {memory: 1073741824}\n", GIB, "1073741824" },
        { "systemReserved: {memory: 1e9}\n", 1000000000, "1e9" },
        { "systemReserved: {memory: 1.5Gi}\n", 3 * GIB / 2, "1.5Gi" },
        { "systemReserved: {memory: 1500m}\n", 2, "1500m" },
        { "systemReserved: {memory: 0}\n", 0, "0" },
        { "systemReserved: {memory: -0}\n", 0, "-0" },
        { "systemReserved: {memory: 18446744073709551615}\n", UINT64_MAX, "18446744073709551615" },
        { "systemReserved: {memory: 000000000000000000000000000000000000001}\n", 1,
          "000000000000000000000000000000000000001" },
        { "systemReserved: {ephemeral-storage: 10Gi, pid: '1000', memory: 1k, cpu: 100m}\n", 1000,
          "1k" },
};

START_TEST(reservations_are_quantities) {
        const ConfigBytes *system;

        load_fields(NULL, reservations[_i].fields);
        check_good(reservations[_i].fields);
        system = &bed.config->kubelet.system_reserved;
        ck_assert_msg(system->bytes == reservations[_i].system_bytes, "%s",
                      reservations[_i].fields);
        ck_assert_str_eq(system->setting, reservations[_i].setting);
}
END_TEST

static const struct {
        const char *fields;
        bool is_set;
        uint64_t bytes; /* 0: a percentage */
        const char *setting;
        const char *source;
} thresholds[] = {
        { "", true, 100 * MIB, "100Mi", "kubelet default" },
        { "evictionHard: null\n", true, 100 * MIB, "100Mi", "kubelet default" },
        { "mergeDefaultEvictionSettings: true\n", true, 100 * MIB, "100Mi", "kubelet default" },
        { "evictionHard: {memory.available: 200Mi}\n", true, 200 * MIB, "200Mi",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {memory.available: 1500m}\n", true, 2, "1500m",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard:\n  nodefs.available: 10%\n  memory.available: 5%\n", true, 0, "5%",
          "/var/lib/kubelet/config.yaml:5" },
        /* Any key replaces the map. */
        { "evictionHard: {nodefs.available: 10%}\n", false, 0, "",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {}\n", false, 0, "", "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {nodefs.available: 10%}\nmergeDefaultEvictionSettings: true\n", true,
          100 * MIB, "100Mi", "kubelet default" },
        { "mergeDefaultEvictionSettings: true\nevictionHard: {memory.available: 1Gi}\n", true, GIB,
          "1Gi", "/var/lib/kubelet/config.yaml:4" },
        { "mergeDefaultEvictionSettings: false\nevictionHard: {pid.available: 1000}\n", false, 0,
          "", "/var/lib/kubelet/config.yaml:4" },
        /* No threshold, in two words and no others. */
        { "evictionHard: {memory.available: 0%}\n", false, 0, "0%",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {memory.available: '100%'}\n", false, 0, "100%",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {memory.available: 0%}\nmergeDefaultEvictionSettings: true\n", false, 0,
          "0%", "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {memory.available: 0.0%}\n", true, 0, "0.0%",
          "/var/lib/kubelet/config.yaml:3" },
        { "evictionHard: {memory.available: 100.0%}\n", true, 0, "100.0%",
          "/var/lib/kubelet/config.yaml:3" },
        /* A signal of a kubelet to come. */
        { "evictionHard: {memory.available: 1Gi, swap.available: [what]}\n", true, GIB, "1Gi",
          "/var/lib/kubelet/config.yaml:3" },
};

START_TEST(thresholds_follow_the_rules_of_the_kubelet) {
        const char *fields = thresholds[_i].fields;
        const ConfigThreshold *threshold;

        load_fields(NULL, fields);
        check_good(fields);
        threshold = &bed.config->kubelet.eviction_hard;
        ck_assert_msg(threshold->is_set == thresholds[_i].is_set, "%s", fields);
        ck_assert_msg(threshold->is_percentage ==
                              (thresholds[_i].is_set && thresholds[_i].bytes == 0),
                      "%s", fields);
        ck_assert_msg(threshold->bytes == thresholds[_i].bytes, "%s", fields);
        ck_assert_msg(strcmp(threshold->setting, thresholds[_i].setting) == 0, "%s: %s", fields,
                      threshold->setting);
        ck_assert_msg(strcmp(config_bed_source(&threshold->source), thresholds[_i].source) == 0,
                      "%s: %s", fields, config_bed_source(&threshold->source));
}
END_TEST

/* The kubelet's own results for these. */
static const struct {
        const char *setting;
        uint64_t capacity_bytes;
        uint64_t eviction_bytes;
} percentages[] = {
        { "5%", 100 * GIB, 5368709200 },
        { "10%", UINT64_C(263842064) * KIB, 27017427756 },
        { "1.5%", 512 * GIB, 8246337024 },
        { "+5%", 100 * GIB, 5368709200 },
        { "5.%", 100 * GIB, 5368709200 },
        { ".5e1%", 100 * GIB, 5368709200 },
        { "50E-1%", 100 * GIB, 5368709200 },
        { "0.0%", 100 * GIB, 0 },
        { "-0%", 100 * GIB, 0 },
        { "100.0%", 100 * GIB, 100 * GIB },
        { "1e-99%", 100 * GIB, 0 },
};

START_TEST(percentages_are_the_kubelets_to_the_byte) {
        char fields[128];
        double capacity;
        float fraction;

        (void)snprintf(fields, sizeof(fields), "evictionHard: {memory.available: %s}\n",
                       percentages[_i].setting);
        load_fields(NULL, fields);
        check_good(fields);
        ck_assert(bed.config->kubelet.eviction_hard.is_percentage);
        fraction = bed.config->kubelet.eviction_hard.fraction;
        capacity = (double)percentages[_i].capacity_bytes;
        ck_assert_msg((uint64_t)(capacity * (double)fraction) == percentages[_i].eviction_bytes,
                      "%s", percentages[_i].setting);
}
END_TEST

static const struct {
        const char *fields;
        bool enforces_pods;
} enforcements[] = {
        { "enforceNodeAllocatable: [pods]\n", true },
        { "enforceNodeAllocatable: null\n", true },
        { "enforceNodeAllocatable: []\n", false },
        { "enforceNodeAllocatable: [none]\n", false },
        { "enforceNodeAllocatable: [system-reserved]\n", false },
        { "enforceNodeAllocatable: [kube-reserved, pods, system-reserved]\n", true },
        { "enforceNodeAllocatable:\n- pods\n- kube-reserved-compressible\n- system-reserved\n",
          true },
};

START_TEST(pods_are_enforced_when_they_are_named) {
        load_fields(NULL, enforcements[_i].fields);
        check_good(enforcements[_i].fields);
        ck_assert_msg(bed.config->kubelet.enforces_pods == enforcements[_i].enforces_pods, "%s",
                      enforcements[_i].fields);
}
END_TEST

START_TEST(every_page_size_may_be_reserved) {
        const ConfigReservedMemory *memory;

        load_fields(NULL,
                    "reservedMemory:\n"
                    "- numaNode: 1023\n"
                    "  limits: {hugepages-64Ki: 1Mi, hugepages-1Mi: 2Mi, hugepages-2Mi: 4Mi,\n"
                    "           hugepages-32Mi: 64Mi, hugepages-512Mi: 1Gi,\n"
                    "           hugepages-1073741824: 1Gi, hugepages-16Gi: 16Gi,\n"
                    "           hugepages-4Ei: 1, memory: 1}\n"
                    "- numaNode: 0\n"
                    "- limits:\n"
                    "  numaNode: 0\n");
        check_good("page sizes");
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, 3);
        memory = bed.config->kubelet.reserved_memory;
        ck_assert_uint_eq(memory->node, 1023);
        ck_assert_uint_eq(memory->line, 4);
        ck_assert_uint_eq(memory->bytes, 1);
        ck_assert_uint_eq(memory->n_hugepages, CONFIG_HUGEPAGE_LIMITS_MAX);
        ck_assert_uint_eq(memory->hugepages[0].page_bytes, 64 * KIB);
        ck_assert_uint_eq(memory->hugepages[5].page_bytes, GIB);
        ck_assert_uint_eq(memory->hugepages[7].page_bytes, UINT64_C(1) << 62);
        ck_assert_uint_eq(memory[1].n_hugepages, 0);
}
END_TEST

/* Files that are refused */

#define LONG_40 "1000000000000000000000000000000000000000"

static const struct {
        const char *fields;
        const char *expected; /* without the file */
} refusals[] = {
        /* reservations */
        { "systemReserved: 1Gi\n", "3:17: systemReserved expects a mapping, not '1Gi'" },
        { "systemReserved: {memory: 12 monkeys}\n",
          "3:26: memory expects a quantity such as 512Mi, not '12 monkeys'" },
        { "systemReserved: {memory: }\n",
          "3:26: memory expects a quantity such as 512Mi, not an empty value" },
        { "systemReserved: {memory: [1Gi]}\n",
          "3:26: memory expects a quantity such as 512Mi, not a list" },
        { "systemReserved: {memory: 5%}\n",
          "3:26: memory expects a quantity such as 512Mi, not '5%'" },
        { "kubeReserved: {memory: 1gb}\n",
          "3:24: memory expects a quantity with a suffix such as Ki, Mi, Gi, k, M or G, "
          "not '1gb'" },
        { "kubeReserved: {memory: -1Gi}\n",
          "3:24: memory expects a quantity that is not negative, not '-1Gi'" },
        { "kubeReserved: {cpu: -500m}\n",
          "3:21: cpu expects a quantity that is not negative, not '-500m'" },
        { "kubeReserved: {pid: many}\n", "3:21: pid expects a quantity such as 512Mi, not 'many'" },
        { "systemReserved: {memory: 18446744073709551616}\n",
          "3:26: memory expects a quantity below 16Ei, not '18446744073709551616'" },
        { "systemReserved: {memory: 1e30}\n",
          "3:26: memory expects a quantity below 16Ei, not '1e30'" },
        { "systemReserved: {memory: " LONG_40 "}\n",
          "3:26: memory expects at most 39 characters, not 40" },
        { "systemReserved: {hugepages-2Mi: 64Mi}\n",
          "3:18: unknown key 'hugepages-2Mi'; "
          "known keys here: cpu, memory, ephemeral-storage, pid" },
        /* evictionHard */
        { "evictionHard: 5%\n", "3:15: evictionHard expects a mapping, not '5%'" },
        { "evictionHard: {memory.available: 0}\n",
          "3:34: memory.available expects a quantity above zero, not '0'" },
        { "evictionHard: {memory.available: -1Mi}\n",
          "3:34: memory.available expects a quantity that is not negative, not '-1Mi'" },
        { "evictionHard: {memory.available: '%'}\n",
          "3:34: memory.available expects a percentage such as 5%, not '%'" },
        { "evictionHard: {memory.available: 5%%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '5%%'" },
        { "evictionHard: {memory.available: 5 %}\n",
          "3:34: memory.available expects a percentage such as 5%, not '5 %'" },
        { "evictionHard: {memory.available: 0x5%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '0x5%'" },
        { "evictionHard: {memory.available: nan%}\n",
          "3:34: memory.available expects a percentage such as 5%, not 'nan%'" },
        { "evictionHard: {memory.available: .%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '.%'" },
        { "evictionHard: {memory.available: 1.2.3%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '1.2.3%'" },
        { "evictionHard: {memory.available: 5e%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '5e%'" },
        { "evictionHard: {memory.available: +-5%}\n",
          "3:34: memory.available expects a percentage such as 5%, not '+-5%'" },
        { "evictionHard: {memory.available: 101%}\n",
          "3:34: memory.available expects a percentage from 0% to 100%, not '101%'" },
        { "evictionHard: {memory.available: 1e99%}\n",
          "3:34: memory.available expects a percentage from 0% to 100%, not '1e99%'" },
        { "evictionHard: {memory.available: -1%}\n",
          "3:34: memory.available expects a percentage from 0% to 100%, not '-1%'" },
        { "evictionHard: {memory.available: {a: 1}}\n",
          "3:34: memory.available expects a quantity such as 100Mi or 5%, not a mapping" },
        { "evictionHard: {memory.available: " LONG_40 "}\n",
          "3:34: memory.available expects at most 39 characters, not 40" },
        { "evictionHard: {nodefs.available: a lot}\n",
          "3:34: nodefs.available expects a quantity such as 512Mi, not 'a lot'" },
        { "mergeDefaultEvictionSettings: 1\n",
          "3:31: mergeDefaultEvictionSettings expects true or false, not '1'" },
        /* enforceNodeAllocatable */
        { "enforceNodeAllocatable: pods\n",
          "3:25: enforceNodeAllocatable expects a list, not 'pods'" },
        { "enforceNodeAllocatable: [pod]\n",
          "3:26: enforceNodeAllocatable expects one of pods, system-reserved, kube-reserved, "
          "system-reserved-compressible, kube-reserved-compressible, none, not 'pod'" },
        { "enforceNodeAllocatable: [pods, pods]\n",
          "3:32: enforceNodeAllocatable: 'pods' is there twice" },
        { "enforceNodeAllocatable: [pods, none]\n",
          "3:32: enforceNodeAllocatable: 'none' cannot go with others: none stands alone" },
        { "enforceNodeAllocatable: [none, pods]\n",
          "3:32: enforceNodeAllocatable: 'pods' cannot go with others: none stands alone" },
        { "enforceNodeAllocatable: [system-reserved, system-reserved-compressible]\n",
          "3:43: enforceNodeAllocatable: 'system-reserved-compressible' "
          "cannot go with the other form of system-reserved" },
        { "enforceNodeAllocatable: [kube-reserved-compressible, kube-reserved]\n",
          "3:54: enforceNodeAllocatable: 'kube-reserved' "
          "cannot go with the other form of kube-reserved" },
        /* bools and words */
        { "cgroupsPerQOS: sometimes\n",
          "3:16: cgroupsPerQOS expects true or false, not 'sometimes'" },
        { "cgroupsPerQOS: [true]\n", "3:16: cgroupsPerQOS expects true or false, not a list" },
        { "memoryManagerPolicy: none\n",
          "3:22: memoryManagerPolicy expects one of None, Static, not 'none'" },
        { "memoryManagerPolicy: {}\n",
          "3:22: memoryManagerPolicy expects one of None, Static, not a mapping" },
        /* reservedMemory */
        { "reservedMemory: {numaNode: 0}\n", "3:17: reservedMemory expects a list, not a mapping" },
        { "reservedMemory: [0]\n",
          "3:18: reservedMemory expects mappings with numaNode and limits, not '0'" },
        { "reservedMemory: [{limits: {memory: 1Gi}}]\n", "3:18: numaNode is missing" },
        { "reservedMemory: [{numaNode: 1024}]\n",
          "3:29: numaNode expects the id of a NUMA node, 0 to 1023, not '1024'" },
        { "reservedMemory: [{numaNode: 0, limit: {memory: 1Gi}}]\n",
          "3:32: unknown key 'limit'; did you mean 'limits'? known keys here: numaNode, limits" },
        { "reservedMemory: [{numaNode: 0, limits: 1Gi}]\n",
          "3:40: limits expects a mapping, not '1Gi'" },
        { "reservedMemory: [{numaNode: 0, limits: {memory: 0}}]\n",
          "3:49: memory expects a quantity above zero, not '0'" },
        { "reservedMemory: [{numaNode: 0, limits: {memory: -1}}]\n",
          "3:49: memory expects a quantity that is not negative, not '-1'" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-2Mi: 0}}]\n",
          "3:56: hugepages-2Mi expects a quantity above zero, not '0'" },
        { "reservedMemory: [{numaNode: 0, limits: {cpu: 1}}]\n",
          "3:41: unknown key 'cpu'; known keys here: memory, hugepages-SIZE" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-: 1Gi}}]\n",
          "3:41: 'hugepages-' names no page size: a power of two of at least 64Ki" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-3Mi: 1Gi}}]\n",
          "3:41: 'hugepages-3Mi' names no page size: a power of two of at least 64Ki" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-32Ki: 1Gi}}]\n",
          "3:41: 'hugepages-32Ki' names no page size: a power of two of at least 64Ki" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-0: 1Gi}}]\n",
          "3:41: 'hugepages-0' names no page size: a power of two of at least 64Ki" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-16Ei: 1Gi}}]\n",
          "3:41: 'hugepages-16Ei' names no page size: a power of two of at least 64Ki" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-1Gi: 1, hugepages-1024Mi: 1}}]\n",
          "3:59: 'hugepages-1024Mi' is there twice, spelled differently" },
        { "reservedMemory: [{numaNode: 0, limits: {hugepages-1Mi: 1, hugepages-2Mi: 1,"
          " hugepages-4Mi: 1, hugepages-8Mi: 1, hugepages-16Mi: 1, hugepages-32Mi: 1,"
          " hugepages-64Mi: 1, hugepages-128Mi: 1,\n hugepages-256Mi: 1}}]\n",
          "4:2: more than 8 sizes of huge pages" },
        { "reservedMemory:\n- {numaNode: 0, limits: {memory: 1}}\n"
          "- {numaNode: 1, limits: {memory: 1}}\n- {numaNode: 0, limits: {memory: 2}}\n",
          "6:3: NUMA node 0 is given the same type of memory on line 4" },
};

static void check_kubelet_defaults(const char *name) {
        const KubeletConfig *kubelet = &bed.config->kubelet;

        ck_assert_msg(!kubelet->is_found, "%s", name);
        ck_assert_msg(kubelet->system_reserved.bytes == 0, "%s", name);
        ck_assert_msg(kubelet->kube_reserved.bytes == 0, "%s", name);
        ck_assert_msg(kubelet->eviction_hard.bytes == 100 * MIB, "%s", name);
        ck_assert_msg(kubelet->enforces_pods && kubelet->cgroups_per_qos, "%s", name);
        ck_assert_msg(!kubelet->static_memory_policy, "%s", name);
        ck_assert_msg(!kubelet->reserved_memory && kubelet->n_reserved_memory == 0, "%s", name);
}

static void check_refused(const char *name, const char *expected) {
        char full[DIAG_FORMATTED_MAX];

        ck_assert_msg(bed.config->has_kubelet_problem, "%s", name);
        ck_assert_msg(!bed.config->is_kubelet_file_missing, "%s", name);
        (void)snprintf(full, sizeof(full), "/var/lib/kubelet/config.yaml:%s", expected);
        ck_assert_msg(strcmp(config_bed_problem(), full) == 0, "%s: %s", name, bed.message);
        ck_assert_msg(bed.diag.text[0] == '\0', "%s", name);
}

START_TEST(a_bad_field_leaves_the_defaults_and_a_problem) {
        char fields[1024];

        load_fields(NULL, refusals[_i].fields);
        check_refused(refusals[_i].fields, refusals[_i].expected);
        check_kubelet_defaults(refusals[_i].fields);

        /* What was good before the bad field is not used either. */
        (void)snprintf(fields, sizeof(fields),
                       "%sevictionSoft: {memory.available: 1Gi}\n"
                       "topologyManagerPolicy: restricted\n",
                       refusals[_i].fields);
        load_fields(NULL, fields);
        check_refused(refusals[_i].fields, refusals[_i].expected);
        check_kubelet_defaults(refusals[_i].fields);
}
END_TEST

/* The same section in slugd.yaml is an operator's word, and refuses the whole. */
START_TEST(the_same_mistake_in_slugd_yaml_is_refused) {
        char text[4096] = "kubelet:\n#\n ", expected[DIAG_FORMATTED_MAX];
        size_t n = strlen(text);

        /* One blank in front of every line moves the column by one. */
        for (const char *c = refusals[_i].fields; *c; ++c) {
                text[n++] = *c;
                if (*c == '\n')
                        text[n++] = ' ';
        }
        text[n] = '\0';
        (void)snprintf(expected, sizeof(expected), "%s", strchr(refusals[_i].expected, ' ') + 1);
        ck_assert_msg(config_bed_load(text) == CONFIG_E_INVALID, "%s", text);
        ck_assert_ptr_null(bed.config);
        ck_assert_str_eq(bed.diag.source, "/etc/slug/slugd.yaml");
        ck_assert_uint_eq(bed.diag.line, strtoul(refusals[_i].expected, NULL, 10));
        ck_assert_uint_eq(bed.diag.column,
                          strtoul(strchr(refusals[_i].expected, ':') + 1, NULL, 10) + 1);
        /* Line numbers in texts are the same, too. */
        ck_assert_str_eq(bed.diag.text, expected);
}
END_TEST

START_TEST(nothing_of_a_file_that_is_refused_halfway_is_used) {
        load_fields(NULL, "systemReserved: {memory: 1Gi}\n"
                          "kubeReserved: {memory: 1Gi}\n"
                          "evictionHard: {memory.available: 5%}\n"
                          "enforceNodeAllocatable: [none]\n"
                          "memoryManagerPolicy: Static\n"
                          "reservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}]\n"
                          "mergeDefaultEvictionSettings: true\n"
                          "cgroupsPerQOS: no way\n");
        check_refused("halfway", "10:16: cgroupsPerQOS expects true or false, not 'no way'");
        check_kubelet_defaults("halfway");
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.system_reserved.source),
                         "kubelet default");
        ck_assert(!bed.config->kubelet.merges_default_eviction);
}
END_TEST

static const struct {
        const char *text;
        const char *expected; /* without the file */
} identities[] = {
        { "", "1:1: kind is missing, expected KubeletConfiguration" },
        { "# nothing\n", "1:1: kind is missing, expected KubeletConfiguration" },
        { "- 1\n", "1:1: expected a mapping, not a list" },
        { "kubelet\n", "1:1: expected a mapping, not 'kubelet'" },
        { "---\n...\n", "2:1: expected a mapping, not an empty value" },
        { "apiVersion: kubelet.config.k8s.io/v1beta1\nmaxPods: 1\n",
          "1:1: kind is missing, expected KubeletConfiguration" },
        { "kind: KubeletConfiguration\n",
          "1:1: apiVersion is missing, expected kubelet.config.k8s.io/v1beta1" },
        { "kind: Kubelet\napiVersion: kubelet.config.k8s.io/v1beta1\n",
          "1:7: kind expects KubeletConfiguration, not 'Kubelet'" },
        { "kind: [KubeletConfiguration]\napiVersion: kubelet.config.k8s.io/v1beta1\n",
          "1:7: kind expects KubeletConfiguration, not a list" },
        { "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1\n",
          "2:13: apiVersion expects kubelet.config.k8s.io/v1beta1, "
          "not 'kubelet.config.k8s.io/v1'" },
        { BED_HEAD "maxPods: 1\nmaxPods: 2\n",
          "4:1: duplicate key 'maxPods'; the first is on line 3" },
        { BED_HEAD "maxPods: [\n",
          "4:1: not YAML: while parsing a flow node: did not find expected node content" },
};

START_TEST(what_is_no_kubelet_configuration_is_a_problem) {
        load_kubelet(identities[_i].text);
        check_refused(identities[_i].text, identities[_i].expected);
        check_kubelet_defaults(identities[_i].text);
}
END_TEST

static const struct {
        const char *name;
        const char *expected;
} bad_files[] = {
        { "kubelet-kubeadm-cluster.yaml",
          "2:7: kind expects KubeletConfiguration, not 'ClusterConfiguration'" },
        { "kubelet-reserves-hugepages.yaml",
          "5:3: unknown key 'hugepages-2Mi'; "
          "known keys here: cpu, memory, ephemeral-storage, pid" },
        { "kubelet-overlap.yaml", "10:3: NUMA node 0 is given the same type of memory on line 4" },
        { "kubelet-two-documents.yaml", "3:1: a second document; a file holds one" },
        { "kubelet-latin1.yaml", "3:20: not YAML: invalid trailing UTF-8 octet" },
};

START_TEST(bad_files_are_a_problem_with_its_place) {
        char name[64];

        (void)snprintf(name, sizeof(name), "bad/%s", bad_files[_i].name);
        load_kubelet(config_bed_fixture(name));
        check_refused(name, bad_files[_i].expected);
        check_kubelet_defaults(name);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_a_problem) {
        folder_make(&bed.folder, BED_KUBELET);
        (void)config_bed_load_well(NULL);
        ck_assert(bed.config->has_kubelet_problem);
        ck_assert(!bed.config->is_kubelet_file_missing);
        ck_assert_str_eq(config_bed_problem(), "/var/lib/kubelet/config.yaml: not a regular file");
        check_kubelet_defaults("a directory");
}
END_TEST

START_TEST(a_missing_file_is_a_problem_that_says_so) {
        load_fields("kubelet: {configFile: /no/such.yaml}\n", "");
        ck_assert(bed.config->has_kubelet_problem);
        ck_assert(bed.config->is_kubelet_file_missing);
        ck_assert_str_eq(config_bed_problem(), "no KubeletConfiguration at /no/such.yaml");
        ck_assert_str_eq(bed.config->kubelet.file, "/no/such.yaml");
        check_kubelet_defaults("missing");
}
END_TEST

START_TEST(the_file_is_where_slugd_yaml_says_below_the_root) {
        config_bed_write_kubelet("opt/kubelet.yaml", "systemReserved: {memory: 3Gi}\n");
        load_fields("kubelet: {configFile: /opt/kubelet.yaml}\n",
                    "systemReserved: {memory: 1Gi}\n");
        ck_assert(bed.config->kubelet.is_found);
        ck_assert_str_eq(bed.config->kubelet.file, "/opt/kubelet.yaml");
        ck_assert_uint_eq(bed.config->kubelet.system_reserved.bytes, 3 * GIB);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.system_reserved.source),
                         "/opt/kubelet.yaml:3");
}
END_TEST

/* Which file wins */

#define IN_KUBELET "/var/lib/kubelet/config.yaml:3"
#define IN_SLUGD   "/etc/slug/slugd.yaml:1"

static const struct {
        const char *name;
        const char *slugd;   /* inside "kubelet: {}" on line 1; NULL: no file */
        const char *kubelet; /* on line 3; NULL: no file */
        uint64_t system_bytes;
        const char *system_source;
        uint64_t eviction_bytes; /* 0: no threshold */
        const char *eviction_source;
} precedence[] = {
        { "nothing said", "", "", 0, "kubelet default", 100 * MIB, "kubelet default" },
        { "no kubelet file", "systemReserved: {memory: 1}, evictionHard: {memory.available: 2}",
          NULL, 1, IN_SLUGD, 2, IN_SLUGD },
        { "the kubelet's file", NULL,
          "{systemReserved: {memory: 1}, evictionHard: {memory.available: 2}}", 1, IN_KUBELET, 2,
          IN_KUBELET },
        { "slugd.yaml over the kubelet's file",
          "systemReserved: {memory: 3}, evictionHard: {memory.available: 4}",
          "{systemReserved: {memory: 1}, evictionHard: {memory.available: 2}}", 3, IN_SLUGD, 4,
          IN_SLUGD },
        { "one key each", "systemReserved: {memory: 3}",
          "{systemReserved: {memory: 1}, evictionHard: {memory.available: 2}}", 3, IN_SLUGD, 2,
          IN_KUBELET },
        { "null is not written", "systemReserved: null, evictionHard: ~",
          "{systemReserved: {memory: 1}, evictionHard: {memory.available: 2}}", 1, IN_KUBELET, 2,
          IN_KUBELET },
        { "a key replaces the other as a whole",
          "systemReserved: {cpu: 1}, evictionHard: {nodefs.available: 10%}",
          "{systemReserved: {memory: 1}, evictionHard: {memory.available: 2}}", 0, IN_SLUGD, 0,
          IN_SLUGD },
        { "slugd.yaml takes the threshold away", "evictionHard: {memory.available: 100%}",
          "{evictionHard: {memory.available: 2}}", 0, "kubelet default", 0, IN_SLUGD },
        { "the defaults merged by slugd.yaml", "mergeDefaultEvictionSettings: true",
          "{evictionHard: {nodefs.available: 10%}}", 0, "kubelet default", 100 * MIB,
          "kubelet default" },
        { "the defaults merged by the kubelet's file", "evictionHard: {nodefs.available: 10%}",
          "{mergeDefaultEvictionSettings: true}", 0, "kubelet default", 100 * MIB,
          "kubelet default" },
        { "the merging taken back by slugd.yaml", "mergeDefaultEvictionSettings: false",
          "{mergeDefaultEvictionSettings: true, evictionHard: {nodefs.available: 10%}}", 0,
          "kubelet default", 0, IN_KUBELET },
        { "slugd.yaml over a file that is refused", "systemReserved: {memory: 3}",
          "{systemReserved: {memory: 1}, kubeReserved: 1}", 3, IN_SLUGD, 100 * MIB,
          "kubelet default" },
};

/* "{...}" becomes the fields of one flow mapping that has kind and apiVersion, all on line 3. */
static void write_kubelet(const char *fields) {
        char text[1024];

        (void)snprintf(text, sizeof(text),
                       "{\n\nkind: KubeletConfiguration, "
                       "apiVersion: kubelet.config.k8s.io/v1beta1%s%s",
                       fields[0] ? ", " : "}\n", fields[0] ? fields + 1 : "");
        folder_write(&bed.folder, BED_KUBELET, text);
}

START_TEST(the_later_file_wins) {
        const char *name = precedence[_i].name;
        const KubeletConfig *kubelet;
        char text[1024];

        (void)snprintf(text, sizeof(text), "kubelet: {%s}\n",
                       precedence[_i].slugd ? precedence[_i].slugd : "");
        if (precedence[_i].kubelet)
                write_kubelet(precedence[_i].kubelet);
        ck_assert_msg(config_bed_load(precedence[_i].slugd ? text : NULL) == 0, "%s: %s", name,
                      config_bed_message());
        kubelet = &bed.config->kubelet;
        ck_assert_msg(kubelet->system_reserved.bytes == precedence[_i].system_bytes, "%s", name);
        ck_assert_msg(strcmp(config_bed_source(&kubelet->system_reserved.source),
                             precedence[_i].system_source) == 0,
                      "%s: %s", name, config_bed_source(&kubelet->system_reserved.source));
        ck_assert_msg(kubelet->eviction_hard.is_set == (precedence[_i].eviction_bytes > 0), "%s",
                      name);
        ck_assert_msg(kubelet->eviction_hard.bytes == precedence[_i].eviction_bytes, "%s", name);
        ck_assert_msg(strcmp(config_bed_source(&kubelet->eviction_hard.source),
                             precedence[_i].eviction_source) == 0,
                      "%s: %s", name, config_bed_source(&kubelet->eviction_hard.source));
}
END_TEST

START_TEST(lists_and_words_of_slugd_yaml_win_too) {
        const KubeletConfig *kubelet;

        load_fields("kubelet:\n"
                    "  enforceNodeAllocatable: [pods]\n"
                    "  cgroupsPerQOS: true\n"
                    "  memoryManagerPolicy: None\n"
                    "  reservedMemory: [{numaNode: 2, limits: {memory: 2}}]\n",
                    "enforceNodeAllocatable: [none]\n"
                    "cgroupsPerQOS: false\n"
                    "memoryManagerPolicy: Static\n"
                    "reservedMemory: [{numaNode: 0, limits: {memory: 1}},\n"
                    "                 {numaNode: 1, limits: {memory: 1}}]\n");
        check_good("lists");
        kubelet = &bed.config->kubelet;
        ck_assert(kubelet->enforces_pods && kubelet->cgroups_per_qos);
        ck_assert_str_eq(config_bed_source(&kubelet->enforce_source), "/etc/slug/slugd.yaml:2");
        ck_assert(!kubelet->static_memory_policy);
        ck_assert_uint_eq(kubelet->n_reserved_memory, 1);
        ck_assert_uint_eq(kubelet->reserved_memory[0].node, 2);
        ck_assert_str_eq(config_bed_source(&kubelet->reserved_memory_source),
                         "/etc/slug/slugd.yaml:5");

        load_fields("kubelet: {reservedMemory: []}\n",
                    "reservedMemory: [{numaNode: 0, limits: {memory: 1}}]\n");
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, 0);
        ck_assert_ptr_null(bed.config->kubelet.reserved_memory);
        ck_assert_str_eq(config_bed_source(&bed.config->kubelet.reserved_memory_source),
                         "/etc/slug/slugd.yaml:1");
}
END_TEST

START_TEST(long_lists_are_refused) {
        static char text[65536];
        size_t n = (size_t)snprintf(text, sizeof(text), "%sreservedMemory:\n", BED_HEAD);

        for (unsigned i = 0; i < CONFIG_RESERVED_MEMORY_MAX; ++i)
                n += (size_t)snprintf(text + n, sizeof(text) - n,
                                      "- {numaNode: %u, limits: {memory: 1}}\n", i);
        load_kubelet(text);
        check_good("the longest list");
        ck_assert_uint_eq(bed.config->kubelet.n_reserved_memory, CONFIG_RESERVED_MEMORY_MAX);
        (void)snprintf(text + n, sizeof(text) - n, "- {numaNode: 0}\n");
        load_kubelet(text);
        check_refused("longer", "4:1: reservedMemory has 1025 entries, which is more than 1024");
}
END_TEST

Suite *suite(void) {
        Suite *all = suite_create("kubelet-config");
        TCase *tcase = tcase_create("kubelet-config");

        tcase_add_checked_fixture(tcase, config_bed_setup, config_bed_teardown);
        tcase_add_test(tcase, a_file_of_kubeadm_is_taken);
        tcase_add_test(tcase, a_file_with_a_static_policy_is_taken);
        tcase_add_test(tcase, a_json_file_is_taken);
        tcase_add_loop_test(tcase, reservations_are_quantities, 0, ELEMENTSOF(reservations));
        tcase_add_loop_test(tcase, thresholds_follow_the_rules_of_the_kubelet, 0,
                            ELEMENTSOF(thresholds));
        tcase_add_loop_test(tcase, percentages_are_the_kubelets_to_the_byte, 0,
                            ELEMENTSOF(percentages));
        tcase_add_loop_test(tcase, pods_are_enforced_when_they_are_named, 0,
                            ELEMENTSOF(enforcements));
        tcase_add_test(tcase, every_page_size_may_be_reserved);
        tcase_add_loop_test(tcase, a_bad_field_leaves_the_defaults_and_a_problem, 0,
                            ELEMENTSOF(refusals));
        tcase_add_loop_test(tcase, the_same_mistake_in_slugd_yaml_is_refused, 0,
                            ELEMENTSOF(refusals));
        tcase_add_test(tcase, nothing_of_a_file_that_is_refused_halfway_is_used);
        tcase_add_loop_test(tcase, what_is_no_kubelet_configuration_is_a_problem, 0,
                            ELEMENTSOF(identities));
        tcase_add_loop_test(tcase, bad_files_are_a_problem_with_its_place, 0,
                            ELEMENTSOF(bad_files));
        tcase_add_test(tcase, a_file_that_cannot_be_read_is_a_problem);
        tcase_add_test(tcase, a_missing_file_is_a_problem_that_says_so);
        tcase_add_test(tcase, the_file_is_where_slugd_yaml_says_below_the_root);
        tcase_add_loop_test(tcase, the_later_file_wins, 0, ELEMENTSOF(precedence));
        tcase_add_test(tcase, lists_and_words_of_slugd_yaml_win_too);
        tcase_add_test(tcase, long_lists_are_refused);
        suite_add_tcase(all, tcase);
        return all;
}
