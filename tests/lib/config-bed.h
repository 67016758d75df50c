/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd.yaml and all that the kubelet was told, as files below a folder, and what is loaded of them
 *
 * A load frees what the one before it gave. Whatever fails here fails the test by check.
 */
#include "config/config.h"
#include "lib/folder.h"

/* Where they are by default, below the folder. */
#define BED_SLUGD   "etc/slug/slugd.yaml"
#define BED_KUBELET "var/lib/kubelet/config.yaml"
/* The two lines that a KubeletConfiguration begins with. */
#define BED_HEAD "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"

typedef struct ConfigBed {
        Folder folder;
        Root root;      /* the folder */
        Config *config; /* of the last load; NULL: it failed */
        Diag diag;      /* of the last load */
        char message[DIAG_FORMATTED_MAX];
} ConfigBed;

extern ConfigBed bed;

/* An empty folder, and nothing loaded. */
void config_bed_setup(void);
void config_bed_teardown(void);

/* @slugd: the text of slugd.yaml; NULL: it is left as it is. Return: as config_load(). */
int config_bed_load(const char *slugd);
/* It has to succeed; of the bed. */
const Config *config_bed_load_well(const char *slugd);
/* slugd.yaml is left as it is, and nothing is wrong with what the kubelet was told, either. */
void config_bed_load_all_well(void);
/* A file below tests/fixtures/config as slugd.yaml, by its name and without a root. */
const Config *config_bed_load_fixture(const char *name);

/* A file below tests/fixtures/config: where it is, and its text. Until the next call. */
const char *config_bed_fixture_path(const char *name);
const char *config_bed_fixture(const char *name);

/* @fields: what comes behind BED_HEAD, from line 3 on */
void config_bed_write_kubelet(const char *path, const char *fields);
/* A kubelet's files in /proc. @start: when it was started, in ticks; @arguments: separated by
 * blanks. */
void config_bed_run_kubelet(unsigned pid,
                            const char *name,
                            const char *start,
                            const char *arguments);

/* What was wrong with slugd.yaml, with what the kubelet was told, and where a value comes from, as
 * people read it. Until the next call. */
const char *config_bed_message(void);
const char *config_bed_problem(void);
const char *config_bed_source(const ConfigSource *source);

/* Loads, which is refused. @expected: the message behind "/etc/slug/slugd.yaml:" */
void config_bed_expect_refused(const char *slugd, const char *expected);
/* The list of settings has @key. */
void config_bed_expect_listed(const char *key, const char *value, const char *source);
