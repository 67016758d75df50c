/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory is, and what slugd does with it
 *
 * A row of questions, asked in order of how much their answer can be trusted; the first that has
 * one decides, and leaves one line of reason and the file that gave it:
 *
 *   1. does it belong to a GPU or another device driver?
 *   2. did it come through dax, and from where?
 *   3. does it lie in a CXL region that firmware brought online?
 *   4. is it an accelerator's (a generic initiator)?
 *   5. no CPUs: is it measurably slower, or much faster, than DRAM that has CPUs?
 *   6. does it have CPUs?
 *
 * Then comes the operator's word (rules.c), which stands above all of them, so that the reason can
 * say what it overrode. Nothing is ever guessed from a size. Memory without CPUs and without
 * evidence is excluded: it may be a device's own.
 *
 * A node can hold both DRAM and memory that came later (a dax device whose firmware named no NUMA
 * node of its own). Where such a node has CPUs, 2 and 3 decide only if all of it came that way.
 *
 * Latency and bandwidth are compared as ratios within one machine, never as figures: firmware and
 * kernels disagree on their scale.
 */
#include "topology/classify.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct Classifier {
        const Topology *topology;
        const SysfsMachine *machine;
        Reference reference;
} Classifier;

void topology_decide(TopologyNode *node,
                     MemoryKind kind,
                     Locality locality,
                     const char *evidence,
                     const char *reason) {
        node->kind = kind;
        node->locality = locality;
        (void)snprintf(node->evidence, sizeof(node->evidence), "/%s", evidence);
        (void)snprintf(node->reason, sizeof(node->reason), "%s", reason);
}

void topology_node_path(char path[static TOPOLOGY_PATH_MAX],
                        const TopologyNode *node,
                        const char *file) {
        (void)snprintf(path, TOPOLOGY_PATH_MAX, SYSFS_NODE_DIR "/node%u/%s", node->id, file);
}

/* Which file said whether the node has CPUs; without one of its own, the mask of all nodes. */
static void cpu_path(char path[static TOPOLOGY_PATH_MAX], const TopologyNode *node) {
        if (node->row->cpu_file)
                topology_node_path(path, node, node->row->cpu_file);
        else
                (void)snprintf(path, TOPOLOGY_PATH_MAX, SYSFS_NODE_DIR "/has_cpu");
}

/* 1a: the GPU's driver names the node. */
static bool by_gpu(const Classifier *self, TopologyNode *node) {
        for (size_t i = 0; i < self->machine->n_gpus; ++i) {
                const SysfsGpu *gpu = &self->machine->gpus[i];
                char evidence[TOPOLOGY_PATH_MAX], reason[TOPOLOGY_REASON_MAX];

                if (gpu->node != node->id || node->has_cpus)
                        continue;
                (void)snprintf(evidence, sizeof(evidence), "proc/driver/nvidia/gpus/%s/numa_status",
                               gpu->pci_address);
                (void)snprintf(reason, sizeof(reason), "memory of GPU %s", gpu->pci_address);
                topology_decide(node, MEMORY_KIND_GPU, LOCALITY_EXCLUDED, evidence, reason);
                return true;
        }
        return false;
}

static bool
is_block_in(const SysfsMachine *machine, const SysfsBlock *block, uint64_t start, uint64_t end) {
        uint64_t address;

        return machine->host.block_bytes.value &&
               bytes_mul(block->id, machine->host.block_bytes.value, &address) == 0 &&
               address >= start && address <= end;
}

/* The kernel's own way to bring memory, which says nothing about an owner. */
static bool is_memory_driver(const char *driver) {
        return strcmp(driver, "kmem") == 0 || strcmp(driver, "virtio_mem") == 0;
}

static bool
has_block_in(const SysfsMachine *machine, const TopologyNode *node, const SysfsDriverRange *range) {
        for (size_t i = 0; i < machine->n_blocks; ++i)
                if (machine->blocks[i].node == node->id &&
                    is_block_in(machine, &machine->blocks[i], range->start, range->end))
                        return true;
        return false;
}

/* 1b: its blocks carry the name of a driver that is not one of the kernel's own. */
static bool by_driver_range(const Classifier *self, TopologyNode *node) {
        const SysfsMachine *machine = self->machine;

        for (size_t i = 0; i < machine->n_driver_ranges && !node->has_cpus; ++i) {
                const SysfsDriverRange *range = &machine->driver_ranges[i];
                char reason[TOPOLOGY_REASON_MAX];

                if (is_memory_driver(range->driver) || !has_block_in(machine, node, range))
                        continue;
                (void)snprintf(reason, sizeof(reason), "managed by the driver '%s'", range->driver);
                topology_decide(node,
                                strcmp(range->driver, "NVIDIA") == 0 ? MEMORY_KIND_GPU
                                                                     : MEMORY_KIND_UNKNOWN,
                                LOCALITY_EXCLUDED, "proc/iomem", reason);
                return true;
        }
        return false;
}

static void append(char *text, size_t size, const char *separator, const char *more) {
        const size_t n = strlen(text);

        (void)snprintf(text + n, size - n, "%s%s", n ? separator : "", more);
}

/* Every region whose memory is this node, in words. */
static void
describe_regions(const Classifier *self, const TopologyNode *node, char *text, size_t size) {
        text[0] = '\0';
        for (size_t i = 0; i < self->machine->n_regions; ++i) {
                char region[160];

                if (!self->topology->region_nodes[i].present ||
                    self->topology->region_nodes[i].value != node->id)
                        continue;
                topology_describe_region(self->topology, &self->machine->regions[i], region,
                                         sizeof(region));
                append(text, size, ", ", region);
        }
}

static bool has_cpus_and_more(const TopologyNode *node, uint64_t bytes) {
        return node->has_cpus && bytes < node->capacity_bytes;
}

/* Soft-reserved memory is HBM or CXL that firmware set aside, and firmware does not say which. */
static bool by_soft_reserved(const Classifier *self, TopologyNode *node, const SysfsDax *dax) {
        char evidence[TOPOLOGY_PATH_MAX], reason[TOPOLOGY_REASON_MAX];

        if (topology_decide_by_performance(&self->reference, node))
                return true;
        (void)snprintf(evidence, sizeof(evidence), "sys/bus/dax/devices/%s", dax->name);
        (void)snprintf(reason, sizeof(reason),
                       "soft-reserved by firmware (%s), and nothing tells whether it is HBM or CXL",
                       dax->name);
        topology_decide(node, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, evidence, reason);
        return true;
}

/* The dax device that tells most about the node; @ret_bytes: of all that are system RAM there. */
static const SysfsDax *
find_dax(const Classifier *self, const TopologyNode *node, uint64_t *ret_bytes) {
        static const unsigned trust[] = {
                [SYSFS_DAX_UNKNOWN] = 0, [SYSFS_DAX_SOFT_RESERVED] = 1, [SYSFS_DAX_FAKE_PMEM] = 2,
                [SYSFS_DAX_NVDIMM] = 3,  [SYSFS_DAX_CXL_PMEM] = 4,      [SYSFS_DAX_CXL_RAM] = 5,
        };
        const SysfsDax *best = NULL;
        uint64_t bytes = 0;

        for (size_t i = 0; i < self->machine->n_daxes; ++i) {
                const SysfsDax *dax = &self->machine->daxes[i];

                if (strcmp(dax->driver, "kmem") != 0 || !dax->target_node.present ||
                    dax->target_node.value != node->id)
                        continue;
                bytes = bytes_add_saturated(bytes, dax->size_bytes.value);
                if (!best || trust[dax->source] > trust[best->source])
                        best = dax;
        }
        *ret_bytes = bytes;
        return best;
}

/* 2 */
static bool by_dax(const Classifier *self, TopologyNode *node) {
        char evidence[TOPOLOGY_PATH_MAX], reason[TOPOLOGY_REASON_MAX], regions[200];
        uint64_t bytes;
        const SysfsDax *dax = find_dax(self, node, &bytes);

        if (!dax || has_cpus_and_more(node, bytes))
                return false;
        (void)snprintf(evidence, sizeof(evidence), "sys/bus/dax/devices/%s/target_node", dax->name);
        switch (dax->source) {
        case SYSFS_DAX_CXL_RAM:
                describe_regions(self, node, regions, sizeof(regions));
                (void)snprintf(reason, sizeof(reason), "CXL memory of %s",
                               regions[0] ? regions : dax->name);
                topology_decide(node, MEMORY_KIND_CXL, LOCALITY_REMOTE, evidence, reason);
                return true;
        case SYSFS_DAX_CXL_PMEM:
                (void)snprintf(reason, sizeof(reason), "persistent CXL memory through %s",
                               dax->name);
                topology_decide(node, MEMORY_KIND_PMEM, LOCALITY_REMOTE, evidence, reason);
                return true;
        case SYSFS_DAX_NVDIMM:
                (void)snprintf(reason, sizeof(reason), "NVDIMM through %s", dax->name);
                topology_decide(node, MEMORY_KIND_PMEM, LOCALITY_REMOTE, evidence, reason);
                return true;
        case SYSFS_DAX_FAKE_PMEM:
                (void)snprintf(reason, sizeof(reason),
                               "memory that the kernel command line made persistent, through %s",
                               dax->name);
                topology_decide(node, MEMORY_KIND_PMEM, LOCALITY_REMOTE, evidence, reason);
                return true;
        case SYSFS_DAX_SOFT_RESERVED:
                return by_soft_reserved(self, node, dax);
        case SYSFS_DAX_UNKNOWN:
                return false;
        }
        return false;
}

static const SysfsRegion *find_region_of_block(const SysfsMachine *machine,
                                               const SysfsBlock *block) {
        for (size_t i = 0; i < machine->n_regions; ++i) {
                const SysfsRegion *region = &machine->regions[i];

                if (region->start.present && region->size_bytes.value &&
                    is_block_in(machine, block, region->start.value,
                                region->start.value + (region->size_bytes.value - 1)))
                        return region;
        }
        return NULL;
}

/* 3: all of the node's memory blocks, or of a node without CPUs any of them. */
static bool by_region(const Classifier *self, TopologyNode *node) {
        const SysfsMachine *machine = self->machine;
        const SysfsRegion *found = NULL;
        unsigned n_inside = 0;
        char reason[TOPOLOGY_REASON_MAX], regions[200], evidence[TOPOLOGY_PATH_MAX];

        for (size_t i = 0; i < machine->n_blocks; ++i) {
                const SysfsBlock *block = &machine->blocks[i];
                const SysfsRegion *region;

                if (block->node != node->id || block->state != SYSFS_BLOCK_ONLINE)
                        continue;
                region = find_region_of_block(machine, block);
                n_inside += region != NULL;
                found = region ? region : found;
        }
        if (!found || (node->has_cpus && n_inside < node->n_online_blocks))
                return false;
        describe_regions(self, node, regions, sizeof(regions));
        (void)snprintf(reason, sizeof(reason), "CXL memory of %s, brought online by firmware",
                       regions);
        (void)snprintf(evidence, sizeof(evidence), "sys/bus/cxl/devices/%s/resource", found->name);
        topology_decide(node, MEMORY_KIND_CXL, LOCALITY_REMOTE, evidence, reason);
        return true;
}

/* 4 */
static bool by_initiator(const Classifier *self, TopologyNode *node) {
        (void)self;
        if (!node->is_generic_initiator || node->has_cpus)
                return false;
        topology_decide(node, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED,
                        SYSFS_NODE_DIR "/has_generic_initiator",
                        "memory of an accelerator (generic initiator)");
        return true;
}

static bool by_performance_without_cpus(const Classifier *self, TopologyNode *node) {
        return !node->has_cpus && topology_decide_by_performance(&self->reference, node);
}

/* 6 */
static bool by_cpus(const Classifier *self, TopologyNode *node) {
        char evidence[TOPOLOGY_PATH_MAX], reason[TOPOLOGY_REASON_MAX], size[BYTES_TEXT_MAX];
        uint64_t dax_bytes;
        const SysfsDax *dax;

        if (!node->has_cpus)
                return false;
        if (!node->row) {
                topology_decide(node, MEMORY_KIND_DRAM, LOCALITY_LOCAL, "proc/meminfo",
                                "this kernel shows no NUMA nodes: all memory is one");
                return true;
        }
        dax = find_dax(self, node, &dax_bytes);
        if (dax)
                (void)snprintf(reason, sizeof(reason), "has CPUs; %s of it came through %s",
                               bytes_format(dax_bytes, size), dax->name);
        else
                (void)snprintf(reason, sizeof(reason), "has CPUs");
        cpu_path(evidence, node);
        topology_decide(node, MEMORY_KIND_DRAM, LOCALITY_LOCAL, evidence, reason);
        return true;
}

static void decide_without_evidence(TopologyNode *node) {
        char evidence[TOPOLOGY_PATH_MAX];

        cpu_path(evidence, node);
        topology_decide(node, MEMORY_KIND_UNKNOWN, LOCALITY_EXCLUDED, evidence,
                        "no CPUs, and nothing tells whose memory it is");
}

/* In order of how much the answer can be trusted. */
static const struct {
        const char *text;
        bool (*ask)(const Classifier *, TopologyNode *);
} questions[] = {
        { "does a GPU's driver say that it is its own?", by_gpu },
        { "did another device's driver bring it?", by_driver_range },
        { "did it come through a dax device?", by_dax },
        { "does it lie in a CXL region?", by_region },
        { "does it belong to an accelerator (generic initiator)?", by_initiator },
        { "without CPUs: is it slower than DRAM, or much faster?", by_performance_without_cpus },
        { "does it have CPUs?", by_cpus },
};

static bool decide_without_memory(TopologyNode *node) {
        char evidence[TOPOLOGY_PATH_MAX];

        if (node->capacity_bytes > 0)
                return false;
        topology_node_path(evidence, node, "meminfo");
        topology_decide(node, MEMORY_KIND_UNKNOWN, LOCALITY_NONE, evidence,
                        node->is_capacity_known ? "no memory online"
                                                : "its size could not be read");
        return true;
}

static void classify_node(const Classifier *self, TopologyNode *node) {
        if (decide_without_memory(node))
                return;
        for (size_t i = 0; i < ELEMENTSOF(questions); ++i)
                if (questions[i].ask(self, node))
                        return;
        decide_without_evidence(node);
}

/* Not for a GPU's memory: that has an owner. */
static void advise(TopologyNode *node) {
        if (node->locality == LOCALITY_EXCLUDED && node->kind != MEMORY_KIND_GPU)
                (void)snprintf(node->advice, sizeof(node->advice),
                               "classify: [{numaNode: %u, locality: remote}]", node->id);
}

/* DRAM with CPUs: what is left for question 6, asked before anything is known to compare with. */
static Reference build_reference(const Classifier *self) {
        Reference reference = {};

        for (size_t i = 0; i < self->topology->n_nodes; ++i) {
                TopologyNode node = self->topology->nodes[i];

                if (!node.has_cpus)
                        continue;
                classify_node(self, &node);
                if (node.kind != MEMORY_KIND_DRAM || node.locality != LOCALITY_LOCAL)
                        continue;
                topology_reference_add(&reference, &node);
        }
        return reference;
}

void topology_classify(Topology *topology, const TopologyRule *rules, size_t n_rules) {
        Classifier self = { .topology = topology, .machine = topology->machine };

        self.reference = build_reference(&self);
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                classify_node(&self, &topology->nodes[i]);
                advise(&topology->nodes[i]);
                topology_apply_rules(topology, rules, n_rules, &topology->nodes[i]);
        }
}

/* Explaining: the same questions once more, with a witness. */

static void add_step(TopologyExplanation *explanation,
                     const char *question,
                     TopologyAnswer answer,
                     const TopologyNode *node) {
        TopologyStep *step = &explanation->steps[explanation->n_steps++];

        assert(explanation->n_steps <= TOPOLOGY_STEPS_MAX);
        *step = (TopologyStep){ .question = question, .answer = answer };
        if (!node)
                return;
        memcpy(step->finding, node->reason, sizeof(step->finding));
        memcpy(step->evidence, node->evidence, sizeof(step->evidence));
}

static void
explain_questions(const Classifier *self, TopologyNode *node, TopologyExplanation *explanation) {
        bool is_decided = decide_without_memory(node);

        add_step(explanation, "is none of its memory online?",
                 is_decided ? TOPOLOGY_ANSWER_DECIDES : TOPOLOGY_ANSWER_PASSED,
                 is_decided ? node : NULL);
        for (size_t i = 0; i < ELEMENTSOF(questions); ++i) {
                TopologyAnswer answer = TOPOLOGY_ANSWER_NOT_ASKED;

                if (!is_decided) {
                        is_decided = questions[i].ask(self, node);
                        answer = is_decided ? TOPOLOGY_ANSWER_DECIDES : TOPOLOGY_ANSWER_PASSED;
                }
                add_step(explanation, questions[i].text, answer,
                         answer == TOPOLOGY_ANSWER_DECIDES ? node : NULL);
        }
        if (is_decided)
                return;
        decide_without_evidence(node);
        add_step(explanation, "nothing tells", TOPOLOGY_ANSWER_DECIDES, node);
}

void topology_explain(const Topology *topology,
                      const TopologyRule *rules,
                      size_t n_rules,
                      const TopologyNode *node,
                      TopologyExplanation *ret) {
        Classifier self = { .topology = topology, .machine = topology->machine };
        const TopologyRule *rule;
        TopologyNode copy = *node;

        ret->n_steps = 0;
        self.reference = build_reference(&self);
        explain_questions(&self, &copy, ret);
        if (copy.locality == LOCALITY_NONE)
                return;
        rule = topology_find_rule(topology, rules, n_rules, &copy);
        add_step(ret, "does the configuration say otherwise (classify)?",
                 rule ? TOPOLOGY_ANSWER_OVERRULES : TOPOLOGY_ANSWER_PASSED, rule ? node : NULL);
}
