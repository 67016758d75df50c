/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DAMON there is, and who has it
 *
 * Its files are there once somebody has asked for a kdamond, so that before that only the kernel's
 * version tells what it can do. DAMON_STAT, DAMON_RECLAIM and DAMON_LRU_SORT are users of DAMON
 * inside the kernel that suffer no other one: no kdamond can be turned on while one of them is on.
 *
 * Source: mm/damon/{sysfs,stat,reclaim,lru_sort}.c of Linux 6.12 and 7.2.
 */
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "damon/damon.h"

#define SCHEME        DAMON_DIR "/0/contexts/0/schemes/0/"
#define RELEASE(a, b) ((a)*UINT64_C(1000) + (b))

/* Return: 0, ROOT_E_*, or an errno; @ret is "" then. */
static int read_word(const Root *root, const char *path, char ret[static 64]) {
        size_t n = 0;
        int r;

        r = root_read(root, path, ret, 64, &n);
        if (r)
                n = 0;
        else if (n >= 64)
                n = 63;
        ret[n] = '\0';
        ret[strcspn(ret, "\n")] = '\0';
        return r;
}

static bool read_number(const Root *root, const char *path, uint64_t *ret) {
        char word[64];
        Scan scan;

        if (read_word(root, path, word))
                return false;
        scan = scan_init(word, strlen(word));
        return scan_u64(&scan, ret) && scan_is_done(&scan);
}

/* "6.12.117+deb13-amd64" is 6012; 0: it is no version. */
static uint64_t read_version(const Root *root) {
        uint64_t major, minor;
        char word[64];
        Scan scan;

        if (read_word(root, "proc/sys/kernel/osrelease", word))
                return 0;
        scan = scan_init(word, strlen(word));
        if (!scan_u64(&scan, &major) || !scan_char(&scan, '.') || !scan_u64(&scan, &minor) ||
            major > 1000 || minor > 999)
                return 0;
        return RELEASE(major, minor);
}

/* Whoever changes what DAMON can do changes these. */
static void guess_features(const Root *root, DamonFeatures *features) {
        const uint64_t version = read_version(root);

        features->has_migrate = version >= RELEASE(6, 11);
        features->has_ops_filters = version >= RELEASE(6, 15);
        features->has_temporal = version >= RELEASE(7, 1);
        features->has_fail_charge = version >= RELEASE(7, 2);
}

void damon_look(const Root *root, DamonFeatures *features) {
        features->has_migrate = root_exists(root, SCHEME "target_nid");
        features->has_ops_filters = root_exists(root, SCHEME "ops_filters/nr_filters");
        features->has_temporal = root_exists(root, SCHEME "quotas/goal_tuner");
        features->has_fail_charge = root_exists(root, SCHEME "quotas/fail_charge_denom");
}

bool damon_read_looked(const Root *root, uint64_t *ret) {
        return read_number(root, SCHEME "stats/sz_tried", ret);
}

static bool is_marked(const Root *root) {
        uint64_t mark;

        return read_number(root, SCHEME "access_pattern/sz/max", &mark) && mark == DAMON_MARK;
}

/* In the kernel */

static const struct {
        const char *name, *path, *mend;
} modules[] = {
        { "DAMON_STAT", "sys/module/damon_stat/parameters/enabled",
          "enforce.settings.damonStat: false has slugd turn it off" },
        { "DAMON_RECLAIM", "sys/module/damon_reclaim/parameters/enabled",
          "write N to /sys/module/damon_reclaim/parameters/enabled" },
        { "DAMON_LRU_SORT", "sys/module/damon_lru_sort/parameters/enabled",
          "write N to /sys/module/damon_lru_sort/parameters/enabled" },
};

static void find_module(const Root *root, DamonFeatures *features) {
        char word[64];

        for (size_t i = 0; i < ELEMENTSOF(modules) && !features->is_taken; ++i) {
                if (read_word(root, modules[i].path, word) || word[0] != 'Y')
                        continue;
                features->is_taken = true;
                (void)snprintf(features->taken_by, sizeof(features->taken_by), "%s",
                               modules[i].name);
                (void)snprintf(features->problem, sizeof(features->problem),
                               "%s has DAMON, of which there is one: %s", modules[i].name,
                               modules[i].mend);
        }
}

/* By files */

static void find_kdamond(const Root *root, DamonFeatures *features) {
        char state[64];
        uint64_t n;

        if (!read_number(root, DAMON_DIR "/nr_kdamonds", &n)) {
                (void)snprintf(features->problem, sizeof(features->problem),
                               "/" DAMON_DIR "/nr_kdamonds cannot be read");
                return;
        }
        features->is_ours = n == 1 && is_marked(root);
        features->is_taken = n > 0 && !features->is_ours;
        if (!features->is_taken)
                return;
        (void)read_word(root, DAMON_DIR "/0/state", state);
        (void)snprintf(features->taken_by, sizeof(features->taken_by), "kdamonds of somebody else");
        (void)snprintf(features->problem, sizeof(features->problem),
                       "somebody else has set up DAMON (/" DAMON_DIR
                       "; kdamond 0 is %.8s): it is left alone until nr_kdamonds there is 0",
                       strcmp(state, "on") == 0 ? "on" : "off");
}

void damon_probe(const Root *root, DamonFeatures *ret) {
        *ret = (DamonFeatures){ .is_there = root_exists(root, DAMON_DIR "/nr_kdamonds") };
        if (!ret->is_there) {
                (void)snprintf(ret->problem, sizeof(ret->problem),
                               "this kernel has no DAMON that can be told what to do "
                               "(CONFIG_DAMON_SYSFS and CONFIG_DAMON_PADDR)");
                return;
        }
        guess_features(root, ret);
        find_kdamond(root, ret);
        if (ret->is_ours)
                damon_look(root, ret);
        if (!ret->has_migrate)
                (void)snprintf(ret->problem, sizeof(ret->problem),
                               "this kernel's DAMON does not move pages (6.11 and newer do)");
        else if (!ret->problem[0])
                find_module(root, ret);
}
