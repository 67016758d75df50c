/* SPDX-License-Identifier: Apache-2.0 */
#include "config/chunks.h"

#include <string.h>

#include "base/clock.h"
#include "config/reserved.h"
#include "split/chunk.h"

/*
 * How many chunks there are is not known here: that a size makes too many of them is found where
 * they are listed.
 *
 * Source of a CDI device's name: the Container Device Interface's specification 0.8, "Kind" and
 * "name".
 */
#define GRACE_DEFAULT_USEC (300 * USEC_PER_SEC)

void config_chunks_set_defaults(ConfigChunks *chunks) {
        const ConfigSource source = { .origin = CONFIG_ORIGIN_SLUGD_DEFAULT };

        *chunks = (ConfigChunks){
                .bytes = GIB,
                .bytes_source = source,
                .resources_source = source,
                .topology = CONFIG_CHUNK_TOPOLOGY_AUTO,
                .topology_source = source,
                .preference = CONFIG_CHUNK_PREFERENCE_PACK,
                .preference_source = source,
                .grace_usec = GRACE_DEFAULT_USEC,
                .grace_source = source,
                .pre_start_source = source,
                .cdi_source = source,
        };
}

static int parse_size(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        uint64_t bytes = 0;
        int r;

        r = reserved_parse_bytes(file, key, value, &bytes);
        if (r != 0)
                return r;
        if (!chunk_bytes_is_valid(bytes))
                return bind_expects(file, key, value,
                                    "a power of two from 64Mi to 16Gi, such as 512Mi or 1Gi");
        *(uint64_t *)ret = bytes;
        return 0;
}

/* Words */

static const BindWord resources[] = { { "aggregate", false }, { "numa-node", true } };

static const BindWord topologies[] = {
        { "auto", CONFIG_CHUNK_TOPOLOGY_AUTO },
        { "nearest", CONFIG_CHUNK_TOPOLOGY_NEAREST },
        { "all-cpu-nodes", CONFIG_CHUNK_TOPOLOGY_ALL_CPU_NODES },
        { "none", CONFIG_CHUNK_TOPOLOGY_NONE },
};

static const BindWord preferences[] = {
        { "pack", CONFIG_CHUNK_PREFERENCE_PACK },
        { "spread", CONFIG_CHUNK_PREFERENCE_SPREAD },
        { "near", CONFIG_CHUNK_PREFERENCE_NEAR },
};

static int
parse_resources(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        int word = 0, r;

        r = bind_word(file, key, value, resources, ELEMENTSOF(resources), &word);
        if (r == 0)
                *(bool *)ret = word;
        return r;
}

static int
parse_topology(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        int word = 0, r;

        r = bind_word(file, key, value, topologies, ELEMENTSOF(topologies), &word);
        if (r == 0)
                *(ConfigChunkTopology *)ret = (ConfigChunkTopology)word;
        return r;
}

static int
parse_preference(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        int word = 0, r;

        r = bind_word(file, key, value, preferences, ELEMENTSOF(preferences), &word);
        if (r == 0)
                *(ConfigChunkPreference *)ret = (ConfigChunkPreference)word;
        return r;
}

static const char *find_word(const BindWord *words, size_t n_words, int value) {
        for (size_t i = 0; i < n_words; ++i)
                if (words[i].value == value)
                        return words[i].word;
        return "";
}

const char *config_chunk_topology_name(ConfigChunkTopology topology) {
        return find_word(topologies, ELEMENTSOF(topologies), (int)topology);
}

const char *config_chunk_preference_name(ConfigChunkPreference preference) {
        return find_word(preferences, ELEMENTSOF(preferences), (int)preference);
}

static int
parse_grace(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindSpan span = { USEC_PER_SEC, 24 * 3600 * USEC_PER_SEC,
                                       "a duration from 1s to 24h" };

        return bind_duration(file, key, value, &span, ret);
}

/* cdiDevice */

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alphanumeric(char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
}

/* Letters and digits at both ends, and @others between them as well. */
static bool is_part(const char *text, size_t n, const char *others) {
        if (n == 0 || !is_alphanumeric(text[0]) || !is_alphanumeric(text[n - 1]))
                return false;
        for (size_t i = 1; i + 1 < n; ++i)
                if (!is_alphanumeric(text[i]) && !strchr(others, text[i]))
                        return false;
        return true;
}

static bool is_cdi_device(const char *text) {
        const char *slash = strchr(text, '/'), *equals = slash ? strchr(slash, '=') : NULL;

        return equals && is_letter(text[0]) && is_part(text, (size_t)(slash - text), "_-.") &&
               is_letter(slash[1]) && is_part(slash + 1, (size_t)(equals - slash - 1), "_-.") &&
               is_part(equals + 1, strlen(equals + 1), "_-.:");
}

static int parse_cdi(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        char *device = ret;

        if (yaml_is_null(value) || (value->type == YAML_TYPE_SCALAR && value->n_text == 0)) {
                device[0] = '\0';
                return 0;
        }
        if (value->type != YAML_TYPE_SCALAR || strlen(value->text) != value->n_text ||
            !is_cdi_device(value->text))
                return bind_expects(file, key, value,
                                    "a CDI device as vendor/class=name, such as "
                                    "example.com/memory=remote");
        if (value->n_text >= CONFIG_CDI_MAX)
                return bind_refuse(file, value, "%s expects at most %u bytes, not %zu", key->text,
                                   CONFIG_CDI_MAX - 1, value->n_text);
        memcpy(device, value->text, value->n_text + 1);
        return 0;
}

int config_chunks_bind(const BindFile *file,
                       const YamlNode *key,
                       const YamlNode *value,
                       void *ret) {
        static const BindField fields[] = {
                { "size", parse_size, offsetof(ConfigChunks, bytes),
                  offsetof(ConfigChunks, bytes_source) },
                { "resources", parse_resources, offsetof(ConfigChunks, is_per_node),
                  offsetof(ConfigChunks, resources_source) },
                { "topology", parse_topology, offsetof(ConfigChunks, topology),
                  offsetof(ConfigChunks, topology_source) },
                { "preferred", parse_preference, offsetof(ConfigChunks, preference),
                  offsetof(ConfigChunks, preference_source) },
                { "grace", parse_grace, offsetof(ConfigChunks, grace_usec),
                  offsetof(ConfigChunks, grace_source) },
                { "preStartContainer", bind_bool, offsetof(ConfigChunks, pre_start),
                  offsetof(ConfigChunks, pre_start_source) },
                { "cdiDevice", parse_cdi, offsetof(ConfigChunks, cdi_device),
                  offsetof(ConfigChunks, cdi_source) },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}
