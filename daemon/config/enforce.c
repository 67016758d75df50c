/* SPDX-License-Identifier: Apache-2.0 */
#include "config/enforce.h"

#include "base/clock.h"
#include "config/reserved.h"
#include "config/scalar.h"

/*
 * A budget below a step of the smallest size would never be enough for one.
 *
 * Source of the values of numa_balancing: the kernel's admin-guide/sysctl/kernel.rst, bits 1
 * (normal) and 2 (tiering).
 */
#define BUDGET_MIN         MIB
#define INTERVAL_MIN_USEC  (50 * USEC_PER_MSEC)
#define INTERVAL_MAX_USEC  (2 * USEC_PER_SEC)
#define PRESSURE_PERCENT   20u
#define NUMA_BALANCING_MAX 3u

void config_enforce_set_defaults(ConfigEnforce *enforce) {
        const ConfigSource source = { .origin = CONFIG_ORIGIN_SLUGD_DEFAULT };

        *enforce = (ConfigEnforce){
                .backend = CONFIG_BACKEND_AUTO,
                .backend_source = source,
                .budget = GIB,
                .budget_source = source,
                .interval_min_usec = INTERVAL_MIN_USEC,
                .interval_max_usec = INTERVAL_MAX_USEC,
                .interval_source = source,
                .pressure = { .is_set = true, .percent = PRESSURE_PERCENT, .source = source },
                .promotes = true,
                .promotes_source = source,
                .settings_source = source,
        };
}

/* Words */

static const BindWord backends[] = {
        { "auto", CONFIG_BACKEND_AUTO },       { "node_limit", CONFIG_BACKEND_NODE_LIMIT },
        { "reclaim", CONFIG_BACKEND_RECLAIM }, { "damos", CONFIG_BACKEND_DAMOS },
        { "migrate", CONFIG_BACKEND_MIGRATE }, { "observe", CONFIG_BACKEND_OBSERVE },
};

static int
parse_backend(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        int word = 0, r;

        r = bind_word(file, key, value, backends, ELEMENTSOF(backends), &word);
        if (r == 0)
                *(ConfigBackend *)ret = (ConfigBackend)word;
        return r;
}

const char *config_backend_name(ConfigBackend backend) {
        for (size_t i = 0; i < ELEMENTSOF(backends); ++i)
                if (backends[i].value == (int)backend)
                        return backends[i].word;
        return "";
}

/* Amounts */

static int
parse_budget(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        uint64_t bytes = 0;
        int r;

        if (yaml_is_text(value, "unlimited")) {
                *(uint64_t *)ret = CONFIG_BUDGET_UNLIMITED;
                return 0;
        }
        r = reserved_parse_bytes(file, key, value, &bytes);
        if (r != 0)
                return r;
        if (bytes < BUDGET_MIN || bytes == CONFIG_BUDGET_UNLIMITED)
                return bind_expects(file, key, value,
                                    "bytes a second, at least 1Mi, such as 1Gi, or unlimited");
        *(uint64_t *)ret = bytes;
        return 0;
}

static int
parse_interval_min(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindSpan span = { 10 * USEC_PER_MSEC, USEC_PER_SEC,
                                       "a duration from 10ms to 1s" };

        return bind_duration(file, key, value, &span, ret);
}

static int
parse_interval_max(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindSpan span = { 100 * USEC_PER_MSEC, 60 * USEC_PER_SEC,
                                       "a duration from 100ms to 1m" };

        return bind_duration(file, key, value, &span, ret);
}

static int
parse_interval(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "min", parse_interval_min, offsetof(ConfigEnforce, interval_min_usec), 0 },
                { "max", parse_interval_max, offsetof(ConfigEnforce, interval_max_usec), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };
        const ConfigEnforce *enforce = ret;
        int r;

        r = bind_mapping(file, key, value, &table, ret);
        if (r == 0 && enforce->interval_min_usec > enforce->interval_max_usec)
                return bind_refuse(file, value,
                                   "interval.min is above interval.max; expected at most as much");
        return r;
}

/* What is handed over */

static int
parse_switch(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        bool is_on = false;
        int r;

        if (yaml_is_null(value)) {
                *(OptU64 *)ret = (OptU64){};
                return 0;
        }
        r = bind_bool(file, key, value, &is_on);
        if (r == 0)
                *(OptU64 *)ret = opt_u64(is_on);
        return r;
}

static int
parse_balancing(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        uint64_t number = 0;

        if (yaml_is_null(value)) {
                *(OptU64 *)ret = (OptU64){};
                return 0;
        }
        if (value->type != YAML_TYPE_SCALAR || scalar_parse_u64(value->text, &number) != 0 ||
            number > NUMA_BALANCING_MAX)
                return bind_expects(file, key, value, "a number from 0 to 3");
        *(OptU64 *)ret = opt_u64(number);
        return 0;
}

static int
parse_settings(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        static const BindField fields[] = {
                { "demotionEnabled", parse_switch, offsetof(ConfigEnforce, demotion_enabled), 0 },
                { "numaBalancing", parse_balancing, offsetof(ConfigEnforce, numa_balancing), 0 },
                { "damonStat", parse_switch, offsetof(ConfigEnforce, damon_stat), 0 },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}

int config_enforce_bind(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *value,
                        void *ret) {
        static const BindField fields[] = {
                { "backend", parse_backend, offsetof(ConfigEnforce, backend),
                  offsetof(ConfigEnforce, backend_source) },
                { "budget", parse_budget, offsetof(ConfigEnforce, budget),
                  offsetof(ConfigEnforce, budget_source) },
                { "interval", parse_interval, 0, offsetof(ConfigEnforce, interval_source) },
                { "pressure", bind_percent, offsetof(ConfigEnforce, pressure), 0 },
                { "promote", bind_bool, offsetof(ConfigEnforce, promotes),
                  offsetof(ConfigEnforce, promotes_source) },
                { "settings", parse_settings, 0, offsetof(ConfigEnforce, settings_source) },
        };
        static const BindTable table = { BIND_FIELDS(fields) };

        return bind_mapping(file, key, value, &table, ret);
}
