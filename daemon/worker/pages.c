/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pages.h"

#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/pages-plan.h"
#include "worker/pages-process.h"
#include "worker/pids.h"

/*
 * A process is walked through in chunks: on which NUMA nodes its pages are, those that are to go
 * into the batch. A batch that is worth a call (each drains lists of all CPUs) is moved in rounds,
 * and after each the kernel is asked where the pages are: what a call returns says little.
 *
 * To ask for a page that is not there takes half as long as for one that is, and some processes
 * reserve a thousand times what they use. So a chunk is looked at only where one page of SAMPLE is
 * there. Which pages that are comes from the seed: what one step misses, another one finds.
 */
#define CHUNK           4096u /* pages that are looked at in one go */
#define SAMPLE          16u   /* pages */
#define ROUNDS_MAX      256u
#define IDLE_ROUNDS_MAX 8u /* that moved nothing, one after another: what is left is pinned */

typedef struct Mover {
        const PagesRequest *request;
        uint64_t page_size;
        uint64_t left;                    /* bytes */
        uint64_t room[PAGES_TARGETS_MAX]; /* of each target; 0: none is left */
        uint64_t denied;                  /* bits of targets that the process may not have */
        size_t stride;                    /* of the last folios that moved */
        int flags;
        int refusal, failure; /* the first of each, below 0 */
        bool is_let_in;       /* by a process at least */
        PagesMounts mounts;
        PagesBatch batch;
        void *addresses[CHUNK]; /* of a chunk, and where they are */
        int statuses[CHUNK];
} Mover;

static void note(int *first, int error) {
        if (*first == 0)
                *first = error;
}

/* Return: the number of the target that is next; PAGES_TARGETS_MAX: none. */
static size_t next_target(const Mover *mover) {
        for (size_t i = 0; i < mover->request->n_targets; ++i)
                if (mover->room[i] > 0 && !(mover->denied >> i & 1))
                        return i;
        return PAGES_TARGETS_MAX;
}

static uint64_t bytes_for(const Mover *mover, size_t target) {
        return mover->room[target] < mover->left ? mover->room[target] : mover->left;
}

static uint64_t less(uint64_t from, uint64_t bytes) {
        return bytes < from ? from - bytes : 0;
}

enum {
        PAGES_E_AGAIN = 1, /* nothing was tried: with other flags, or another target */
};

/* Return: 0 when the round may count, PAGES_E_AGAIN, or an errno that ends the process. */
static int take_error(Mover *mover, size_t target, int error) {
        switch (error) {
        case -EPERM:
                if (mover->flags == MPOL_MF_MOVE)
                        return error;
                mover->flags = MPOL_MF_MOVE;
                return PAGES_E_AGAIN;
        case -EACCES: /* not in its cpuset */
                note(&mover->refusal, error);
                mover->denied |= UINT64_C(1) << target;
                return PAGES_E_AGAIN;
        case -ENODEV: /* no memory there */
                note(&mover->failure, error);
                mover->room[target] = 0;
                return PAGES_E_AGAIN;
        case -ENOMEM: /* it is full: what was moved counts */
                note(&mover->failure, error);
                mover->room[target] = 0;
                return 0;
        default:
                return error;
        }
}

/* @ret_bytes: that came to the target. Return: 0, PAGES_E_AGAIN, or an errno that ends the process.
 */
static int
move_round(Mover *mover, const PagesProcess *process, size_t target, uint64_t *ret_bytes) {
        const unsigned node = mover->request->targets[target].node;
        PagesBatch *batch = &mover->batch;
        int r;

        *ret_bytes = 0;
        r = pages_process_move(process, batch->picked_addresses, batch->n_picked,
                               batch->picked_targets, batch->picked_statuses, mover->flags);
        if (r < 0)
                r = take_error(mover, target, r);
        if (r)
                return r;
        r = pages_process_move(process, batch->addresses, batch->n_items, NULL, batch->nodes, 0);
        if (r < 0)
                return r;
        *ret_bytes = pages_batch_judge(batch, mover->page_size, node);
        mover->left = less(mover->left, *ret_bytes);
        mover->room[target] = less(mover->room[target], *ret_bytes);
        return 0;
}

/* Return: 0, or an errno that ends the process. */
static int move_batch(Mover *mover, const PagesProcess *process) {
        PagesBatch *batch = &mover->batch;
        size_t stride = mover->stride;
        unsigned n_idle = 0;
        uint64_t most = 0;
        int r = 0;

        for (unsigned i = 0; i < ROUNDS_MAX && n_idle < IDLE_ROUNDS_MAX && mover->left > 0; ++i) {
                const size_t target = next_target(mover);
                uint64_t bytes;

                if (target == PAGES_TARGETS_MAX ||
                    pages_batch_pick(batch, stride, bytes_for(mover, target), mover->page_size,
                                     mover->request->targets[target].node) == 0)
                        break;
                r = move_round(mover, process, target, &bytes);
                if (r < 0)
                        break;
                n_idle = bytes > 0 || r > 0 ? 0 : n_idle + 1;
                if (bytes > most) {
                        most = bytes;
                        mover->stride = stride;
                }
                if (r == 0)
                        stride = pages_batch_learn(batch, stride, mover->page_size);
        }
        batch->n_items = 0;
        return r < 0 ? r : 0; /* PAGES_E_AGAIN was dealt with, or there is no target */
}

static bool is_worth_a_call(const Mover *mover) {
        const uint64_t bytes = mover->batch.n_items * mover->page_size;

        return bytes >= mover->left || mover->batch.n_items > PAGES_BATCH_MAX - CHUNK;
}

/* Where @n_pages pages from @start on are, or one of each @step, a power of 2. Return: 0 or an
 * errno. */
static int look(Mover *mover,
                const PagesProcess *process,
                uint64_t start,
                size_t n_pages,
                size_t step,
                size_t *ret_n) {
        const uint64_t first = mover->request->seed - start / mover->page_size;
        size_t n = 0;

        for (size_t i = first % step; i < n_pages; i += step)
                mover->addresses[n++] = (void *)(uintptr_t)(start + i * mover->page_size);
        *ret_n = n;
        return pages_process_move(process, mover->addresses, n, NULL, mover->statuses, 0);
}

/* Return: 1, 0 when it seems to be empty, or an errno. */
static int is_used(Mover *mover, const PagesProcess *process, uint64_t start, size_t n_pages) {
        size_t n;
        int r;

        if (n_pages < CHUNK)
                return 1;
        r = look(mover, process, start, n_pages, SAMPLE, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; ++i)
                if (mover->statuses[i] >= 0)
                        return 1;
        return 0;
}

/* Those of the chunk that are to be moved go into the batch. Return: 0 or an errno. */
static int walk_chunk(Mover *mover, const PagesProcess *process, uint64_t start, size_t n_pages) {
        size_t n;
        int r;

        r = is_used(mover, process, start, n_pages);
        if (r <= 0)
                return r;
        r = look(mover, process, start, n_pages, 1, &n);
        if (r < 0)
                return r;
        pages_batch_add(&mover->batch, mover->addresses, mover->statuses, n, &mover->request->from);
        return 0;
}

/* Return: 0, or an errno that ends the process. */
static int
walk_range(Mover *mover, const PagesProcess *process, const PagesRange *range, uint64_t start) {
        while (start < range->end && mover->left > 0) {
                const uint64_t n_left = (range->end - start) / mover->page_size;
                const size_t n = n_left < CHUNK ? (size_t)n_left : CHUNK;
                int r;

                r = walk_chunk(mover, process, start, n);
                start += n * mover->page_size;
                if (r == 0 && is_worth_a_call(mover))
                        r = move_batch(mover, process);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The part of @whole that @seed stands for: numbers that follow each other are far apart. */
static uint64_t place_of(uint64_t seed, uint64_t whole) {
        const uint64_t spread =
                seed * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 over the golden ratio */

        return (uint64_t)(((unsigned __int128)spread * whole) >> 64);
}

/* All of it, from @begin (of the bytes of all ranges) on, and then what lies before. */
static int walk_ranges(Mover *mover, const PagesProcess *process, uint64_t begin, bool is_before) {
        const PagesRanges *ranges = &process->ranges;
        uint64_t passed = 0;
        int r = 0;

        for (size_t i = 0; i < ranges->n_items && r == 0; ++i) {
                PagesRange range = ranges->items[i];
                const uint64_t bytes = range.end - range.start;
                const uint64_t inside = begin > passed ? begin - passed : 0;

                passed += bytes;
                if (is_before && inside < bytes)
                        range.end = range.start + inside;
                r = walk_range(mover, process, &range,
                               is_before ? range.start
                                         : range.start + (inside < bytes ? inside : bytes));
        }
        return r;
}

/* Return: 0, or an errno that ends the process. */
static int walk_process(Mover *mover, uint32_t pid) {
        _cleanup_(pages_process_deinitp) PagesProcess process = PAGES_PROCESS_NULL;
        uint64_t begin;
        int r;

        r = pages_process_open(pid, &mover->mounts, &process);
        if (r < 0)
                return r;
        mover->denied = 0;
        mover->batch.n_items = 0;
        begin = place_of(mover->request->seed, process.ranges.bytes);
        begin -= begin % (PAGES_STRIDE_MAX * mover->page_size);
        r = walk_ranges(mover, &process, begin, false);
        if (r == 0)
                r = walk_ranges(mover, &process, begin, true);
        if (r == 0 && mover->left > 0)
                r = move_batch(mover, &process);
        if (r == 0 && next_target(mover) == PAGES_TARGETS_MAX)
                r = mover->denied ? -EACCES : -ENOMEM;
        return r;
}

static void walk_all(Mover *mover, const Pids *pids, bool *ret_is_any) {
        const size_t first = (size_t)place_of(mover->request->seed, pids->n_items);

        *ret_is_any = false;
        for (size_t i = 0; i < pids->n_items && mover->left > 0; ++i) {
                const int r = walk_process(mover, pids->items[(first + i) % pids->n_items]);

                if (r == -ESRCH)
                        continue;
                *ret_is_any = true;
                if (r == 0)
                        mover->is_let_in = true;
                else
                        note(r == -EPERM || r == -EACCES ? &mover->refusal : &mover->failure, r);
        }
}

static bool is_valid(const PagesRequest *request) {
        if (request->bytes == 0 || nodeset_is_empty(&request->from) || request->n_targets == 0 ||
            request->n_targets > PAGES_TARGETS_MAX)
                return false;
        for (size_t i = 0; i < request->n_targets; ++i)
                if (request->targets[i].node >= NODESET_MAX ||
                    nodeset_contains(&request->from, request->targets[i].node))
                        return false;
        return true;
}

static int answer(const Mover *mover, bool is_any) {
        if (mover->left == 0)
                return 0;
        if (!is_any)
                return -ENOENT;
        if (mover->left < mover->request->bytes || mover->is_let_in)
                return -EAGAIN;
        return mover->refusal ? mover->refusal : mover->failure;
}

int pages_move(int cgroup_fd, const PagesRequest *request) {
        _cleanup_(freep) Mover *mover = NULL;
        _cleanup_(pids_deinitp) Pids pids = {};
        bool is_any;
        int r;

        if (!is_valid(request))
                return -EINVAL;
        mover = calloc(1, sizeof(*mover));
        if (!mover)
                return -ENOMEM;
        mover->request = request;
        mover->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
        mover->left = request->bytes;
        mover->stride = PAGES_STRIDE_MAX;
        mover->flags = MPOL_MF_MOVE_ALL;
        for (size_t i = 0; i < request->n_targets; ++i)
                mover->room[i] = request->targets[i].bytes;
        r = pages_shmem_device(&mover->mounts.shmem);
        if (r == 0)
                r = pids_read(cgroup_fd, &pids);
        if (r < 0)
                return r;
        walk_all(mover, &pids, &is_any);
        return answer(mover, is_any);
}
