/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A journal with a disk that does what the test says and when
 *
 * One operation is under way until bed_disk_end(). Claims are of the pod "pod", on NUMA node 0, and
 * known by the names of their containers.
 */
#include "ledger/journal.h"

typedef struct FakeDisk {
        /* what is under way */
        JournalDiskDone done;
        void *userdata;
        const void *data;
        size_t n_data;
        uint64_t offset;
        bool is_replacement;
        /* what came of it */
        char *file;
        size_t n_file;
        unsigned n_appends, n_replacements, n_retries;
        uint64_t retry_usec;
        int refusal; /* what the next operation returns at once */
} FakeDisk;

typedef struct JournalBed {
        FakeDisk disk;
        Ledger *ledger;
        Journal *journal;
        char told[4096]; /* "a:0 b:-5 ", in order */
} JournalBed;

extern JournalBed bed;

/* A ledger, and a journal whose first file is made. */
void bed_setup(void);
void bed_teardown(void);
/* Another journal, on the same ledger. */
void bed_start(bool has_disk, uint64_t file_bytes);

/* Ends what is under way. It asserts nothing by check, which allocates: allocations may fail here.
 */
void bed_disk_end(int error);

/* What is told is told under @name. */
int bed_put(const char *name, uint64_t bytes, bool must_last);
int bed_drop(const char *name, bool must_last);
int bed_drop_unheard(const char *name);
void bed_told(int error, void *userdata);
/* How many bytes the claim has; 0: it is not there. */
uint64_t bed_get(const char *name);
JournalHealth bed_get_health(void);

/* What was told since it was asked last. */
void bed_expect_told(const char *expected);
/* The file, read line by line, is the ledger. */
void bed_expect_file_is_ledger(void);
