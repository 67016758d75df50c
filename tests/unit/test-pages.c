/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that are moved: real processes in a folder that stands in for a cgroup. move_pages(2) is
 * the bed's: a kernel with nodes, folios, cpusets and pages that stay, with the rules of migrate.c.
 */
#include "worker/pages.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "worker/pages-process.h"

#define PAGE       UINT64_C(4096)
#define MIB        UINT64_C(1048576)
#define SIZE       (32 * MIB) /* of the memory that every child has at the same place */
#define N_PAGES    (SIZE / PAGE)
#define N_CHILDREN 3
#define NODES_MAX  4
#define HOLLOW     (1024 * MIB)
#define N_ASKED    1024 /* pages that the kernel's own is asked for */

static struct {
        bool is_real; /* the kernel's own move_pages() */
        size_t folio; /* pages */
        bool is_pinned[N_PAGES];
        bool is_busy_once[N_PAGES];
        bool is_absent[N_PAGES];
        uint8_t nodes[N_CHILDREN][N_PAGES];
        uint64_t room[NODES_MAX]; /* pages */
        unsigned cpuset;          /* bits of nodes */
        bool lacks_nice;
        int error; /* of every call */
        unsigned n_moves, n_addresses;
        size_t first_moved; /* page of the first move */
        uintptr_t hollow;   /* where HOLLOW bytes are that nobody has touched; 0: nowhere */
        size_t n_hollow;    /* pages of these that were asked for */
} world;

static char *memory; /* of all children, as it was at the fork */
static int children[N_CHILDREN];
static size_t n_children;
static Folder folder;
static int folder_fd;

/* The bed's move_pages(2) */

int __real_pages_process_move(const PagesProcess *process,
                              void **addresses,
                              size_t n,
                              const int *nodes,
                              int *statuses,
                              int);
int __wrap_pages_process_move(const PagesProcess *process,
                              void **addresses,
                              size_t n,
                              const int *nodes,
                              int *statuses,
                              int);

static size_t child_of(int pid) {
        for (size_t i = 0; i < n_children; ++i)
                if (children[i] == pid)
                        return i;
        ck_abort_msg("pages of process %d, which is none of the cgroup's", pid);
}

/* What lies elsewhere (the stack, libc) is on a node that nobody asks for. */
static bool page_of(void *address, size_t *ret) {
        const char *p = address;

        if (p < memory || p >= memory + SIZE)
                return false;
        *ret = (size_t)(p - memory) / PAGE;
        return true;
}

static int where_is(size_t child, void *address) {
        size_t page;

        if (page_of(address, &page))
                return world.is_absent[page] ? -ENOENT : world.nodes[child][page];
        if (world.hollow == 0 || (uintptr_t)address - world.hollow >= HOLLOW)
                return 3;
        ++world.n_hollow;
        return -ENOENT;
}

typedef struct List {
        size_t first; /* of the addresses */
        size_t folios[N_PAGES];
        size_t n_folios;
} List;

static List list;

/* Return: 0, or what ends the call: -ENOMEM, or how many stayed. */
static int flush(size_t child, int node, int *statuses, size_t end) {
        int n_left = 0;

        for (size_t i = 0; i < list.n_folios; ++i) {
                const size_t base = list.folios[i] * world.folio;

                if (world.is_pinned[base]) {
                        ++n_left;
                        continue;
                }
                if (world.room[node] < world.folio)
                        return -ENOMEM;
                world.room[node] -= world.folio;
                if (world.first_moved == SIZE_MAX)
                        world.first_moved = base;
                memset(&world.nodes[child][base], node, world.folio);
        }
        if (n_left == 0)
                for (size_t i = list.first; i < end; ++i)
                        statuses[i] = node;
        list.n_folios = 0;
        return n_left;
}

static bool is_listed(size_t folio) {
        for (size_t i = 0; i < list.n_folios; ++i)
                if (list.folios[i] == folio)
                        return true;
        return false;
}

/* Return: 1 queued, 0 nothing to do, or an errno. */
static int isolate(size_t child, void *address, int node) {
        size_t page;

        if (!page_of(address, &page))
                return -EFAULT;
        if (world.is_absent[page])
                return -ENOENT;
        if (world.nodes[child][page] == node)
                return 0;
        if (is_listed(page / world.folio))
                return -EBUSY;
        if (world.is_busy_once[page]) {
                world.is_busy_once[page] = false;
                return -EBUSY;
        }
        list.folios[list.n_folios++] = page / world.folio;
        return 1;
}

static int move_all(size_t child, void **addresses, size_t n, int node, int *statuses) {
        int r;

        list = (List){};
        for (size_t i = 0; i < n; ++i) {
                if (list.n_folios == 0)
                        list.first = i;
                r = isolate(child, addresses[i], node);
                if (r > 0)
                        continue;
                /* as in the kernel: what is not queued is told, and the list of before moves */
                {
                        const int status = r == 0 ? node : r;

                        r = flush(child, node, statuses, i);
                        statuses[i] = status;
                }
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        r = flush(child, node, statuses, n);
        return r < 0 ? r : 0;
}

int __wrap_pages_process_move(const PagesProcess *process,
                              void **addresses,
                              size_t n,
                              const int *nodes,
                              int *statuses,
                              int flags) {
        size_t child;

        if (world.is_real)
                return __real_pages_process_move(process, addresses, n, nodes, statuses, flags);
        child = child_of(process->pid);
        if (world.error)
                return world.error;
        if (!nodes) {
                for (size_t i = 0; i < n; ++i)
                        statuses[i] = where_is(child, addresses[i]);
                return 0;
        }
        ++world.n_moves;
        world.n_addresses += (unsigned)n;
        if (world.lacks_nice && flags & MPOL_MF_MOVE_ALL)
                return -EPERM;
        if (nodes[0] >= NODES_MAX)
                return -ENODEV;
        if (!(world.cpuset >> nodes[0] & 1))
                return -EACCES;
        return move_all(child, addresses, n, nodes[0], statuses);
}

/* Processes */

static void add_child(const char *cgroup) {
        char path[64], text[32];
        const int pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                for (;;)
                        (void)pause();
        }
        children[n_children++] = pid;
        (void)snprintf(path, sizeof(path), "%scgroup.procs", cgroup);
        (void)snprintf(text, sizeof(text), "%d\n", pid);
        folder_write(&folder, path, text);
}

static void setup(void) {
        memset(&world, 0, sizeof(world));
        world.folio = 1;
        world.cpuset = 0xf;
        world.first_moved = SIZE_MAX;
        for (size_t i = 0; i < NODES_MAX; ++i)
                world.room[i] = UINT64_MAX / 2;
        memory = mmap(NULL, SIZE + 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                      0);
        ck_assert_ptr_ne(memory, MAP_FAILED);
        memory += (2 * MIB - (uintptr_t)memory % (2 * MIB)) % (2 * MIB);
        memset(memory, 1, SIZE);
        folder = folder_new();
        folder_fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        n_children = 0;
}

static void teardown(void) {
        for (size_t i = 0; i < n_children; ++i) {
                (void)kill(children[i], SIGKILL);
                (void)waitpid(children[i], NULL, 0);
        }
        folder_fd = fd_close(folder_fd);
        folder_remove(&folder);
}

static PagesRequest from_0_to(unsigned node, uint64_t bytes) {
        PagesRequest request = { .targets = { { .node = node, .bytes = UINT64_MAX } },
                                 .n_targets = 1,
                                 .bytes = bytes };

        nodeset_add(&request.from, 0);
        return request;
}

static size_t count_on(size_t child, unsigned node) {
        size_t n = 0;

        for (size_t i = 0; i < N_PAGES; ++i)
                n += world.nodes[child][i] == node;
        return n;
}

static const size_t folios[] = { 1, 4, 16, 64, 512 };

START_TEST(as_much_as_was_asked_for_and_no_more) {
        const PagesRequest request = from_0_to(2, 12 * MIB);

        world.folio = folios[_i];
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 2), 12 * MIB / PAGE);
        ck_assert_uint_le(world.n_moves, 4);
}
END_TEST

START_TEST(a_few_pages_are_exact_where_pages_are_small) {
        const PagesRequest request = from_0_to(1, 5 * PAGE);

        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), 5);
}
END_TEST

START_TEST(a_huge_page_goes_as_a_whole) {
        const PagesRequest request = from_0_to(1, 5 * PAGE);

        world.folio = 512;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), 512);
        ck_assert_uint_eq(world.n_addresses, 1);
}
END_TEST

START_TEST(less_than_was_asked_for_is_told) {
        const PagesRequest request = from_0_to(1, 100 * MIB);

        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -EAGAIN);
        ck_assert_uint_eq(count_on(0, 1), N_PAGES);
        ck_assert_int_eq(pages_move(folder_fd, &request), -EAGAIN);
}
END_TEST

START_TEST(all_processes_below_are_the_cgroups) {
        const PagesRequest request = from_0_to(1, N_CHILDREN * SIZE - MIB);

        add_child("");
        add_child("a/");
        add_child("a/b/c/");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1) + count_on(1, 1) + count_on(2, 1),
                          (N_CHILDREN * SIZE - MIB) / PAGE);
}
END_TEST

START_TEST(steps_begin_elsewhere_and_wrap_around) {
        uint64_t first = 0;
        unsigned n_others = 0;

        add_child("");
        for (unsigned i = 0; i < 8; ++i) {
                PagesRequest request = from_0_to(1, SIZE / 8);

                request.seed = i;
                world.first_moved = SIZE_MAX;
                ck_assert_int_eq(pages_move(folder_fd, &request), 0);
                n_others += i > 0 && world.first_moved != first + 1;
                first = world.first_moved;
        }
        ck_assert_uint_eq(count_on(0, 1), N_PAGES);
        ck_assert_uint_ge(n_others, 6);
}
END_TEST

START_TEST(a_target_has_its_limit) {
        PagesRequest request = from_0_to(1, 8 * MIB);

        request.targets[0].bytes = 3 * MIB;
        request.targets[1] = (PagesTarget){ .node = 2, .bytes = 4 * MIB };
        request.targets[2] = (PagesTarget){ .node = 3, .bytes = MIB };
        request.n_targets = 3;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), 3 * MIB / PAGE);
        ck_assert_uint_eq(count_on(0, 2), 4 * MIB / PAGE);
        ck_assert_uint_eq(count_on(0, 3), MIB / PAGE);
}
END_TEST

START_TEST(a_target_that_is_full_is_left) {
        PagesRequest request = from_0_to(1, 8 * MIB);

        request.targets[1] = (PagesTarget){ .node = 2, .bytes = UINT64_MAX };
        request.n_targets = 2;
        world.room[1] = 2 * MIB / PAGE;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), 2 * MIB / PAGE);
        ck_assert_uint_eq(count_on(0, 2), 6 * MIB / PAGE);
        request.n_targets = 1;
        ck_assert_int_eq(pages_move(folder_fd, &request), -ENOMEM);
}
END_TEST

START_TEST(a_target_outside_of_the_cpuset_is_passed_over) {
        PagesRequest request = from_0_to(1, 8 * MIB);

        world.cpuset = 1 << 0 | 1 << 2;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -EACCES);
        request.targets[1] = (PagesTarget){ .node = 2, .bytes = UINT64_MAX };
        request.n_targets = 2;
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 2), 8 * MIB / PAGE);
}
END_TEST

START_TEST(a_node_without_memory_is_no_target) {
        PagesRequest request = from_0_to(700, MIB);

        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -ENODEV);
        request.targets[1] = (PagesTarget){ .node = 2, .bytes = UINT64_MAX };
        request.n_targets = 2;
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
}
END_TEST

START_TEST(without_cap_sys_nice_shared_pages_stay) {
        const PagesRequest request = from_0_to(1, MIB);

        world.lacks_nice = true;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), MIB / PAGE);
}
END_TEST

START_TEST(pages_that_stay_are_passed_over) {
        const PagesRequest request = from_0_to(1, 16 * MIB);

        for (size_t i = 0; i < N_PAGES; i += 97)
                world.is_pinned[i] = true;
        for (size_t i = 5; i < N_PAGES; i += 89)
                world.is_busy_once[i] = true;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(0, 1), 16 * MIB / PAGE);
        ck_assert_uint_le(world.n_moves, 200);
}
END_TEST

START_TEST(what_is_reserved_and_not_used_costs_little) {
        const PagesRequest request = from_0_to(1, 2 * SIZE);
        void *hollow = mmap(NULL, HOLLOW, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        ck_assert_ptr_ne(hollow, MAP_FAILED);
        world.hollow = (uintptr_t)hollow;
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -EAGAIN);
        ck_assert_uint_eq(count_on(0, 1), N_PAGES);
        ck_assert_uint_gt(world.n_hollow, 0);
        ck_assert_uint_lt(world.n_hollow, HOLLOW / PAGE / 4);
}
END_TEST

START_TEST(a_page_here_and_there_is_found_by_one_step_or_another) {
        PagesRequest request = from_0_to(1, SIZE);
        int r = 0;

        for (size_t i = 0; i < N_PAGES; ++i)
                world.is_absent[i] = i % 16 != 7;
        add_child("");
        for (request.seed = 1000; request.seed < 1016; ++request.seed)
                r = pages_move(folder_fd, &request);
        ck_assert_int_eq(r, -EAGAIN);
        ck_assert_uint_eq(count_on(0, 1), N_PAGES / 16);
}
END_TEST

START_TEST(what_is_pinned_makes_no_endless_step) {
        const PagesRequest request = from_0_to(1, SIZE);

        memset(world.is_pinned, true, sizeof(world.is_pinned));
        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -EAGAIN);
        ck_assert_uint_eq(count_on(0, 1), 0);
        ck_assert_uint_le(world.n_moves, 200);
}
END_TEST

START_TEST(who_may_not_is_told) {
        const PagesRequest request = from_0_to(1, MIB);

        add_child("");
        add_child("a/");
        world.error = -EPERM;
        ck_assert_int_eq(pages_move(folder_fd, &request), -EPERM);
        world.error = -ESRCH;
        ck_assert_int_eq(pages_move(folder_fd, &request), -ENOENT);
        world.error = -EIO;
        ck_assert_int_eq(pages_move(folder_fd, &request), -EIO);
}
END_TEST

/* Only what is there is walked through. */
START_TEST(nobody_there_is_told) {
        const PagesRequest request = from_0_to(1, MIB);

        ck_assert_int_eq(pages_move(folder_fd, &request), -ENOENT);
        folder_write(&folder, "cgroup.procs", "0\nnonsense\n-1\n99999999999\n4194304\n");
        folder_write(&folder, "a/cgroup.procs", "");
        folder_make(&folder, "b");
        ck_assert_int_eq(pages_move(folder_fd, &request), -ENOENT);
        ck_assert_int_eq(pages_move(-EBADF, &request), -ENOENT);
}
END_TEST

START_TEST(who_has_ended_is_passed_over) {
        const PagesRequest request = from_0_to(1, SIZE);

        add_child("a/");
        add_child("b/");
        (void)kill(children[0], SIGKILL);
        (void)waitpid(children[0], NULL, 0);
        ck_assert_int_eq(pages_move(folder_fd, &request), 0);
        ck_assert_uint_eq(count_on(1, 1), N_PAGES);
}
END_TEST

START_TEST(nonsense_is_refused) {
        PagesRequest request = from_0_to(1, 0);

        add_child("");
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
        request = from_0_to(0, MIB);
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
        request = from_0_to(NODESET_MAX, MIB);
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
        request = from_0_to(1, MIB);
        request.n_targets = 0;
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
        request.n_targets = PAGES_TARGETS_MAX + 1;
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
        request = from_0_to(1, MIB);
        request.from = (NodeSet){};
        ck_assert_int_eq(pages_move(folder_fd, &request), -EINVAL);
}
END_TEST

/* The kernel's own: one node is enough to see that it is asked as it wants to be asked. */
START_TEST(the_kernel_agrees) {
        PagesMounts *mounts = calloc(1, sizeof(*mounts));
        _cleanup_(pages_process_deinitp) PagesProcess process = PAGES_PROCESS_NULL;
        void *addresses[N_ASKED];
        int statuses[N_ASKED], nodes[N_ASKED];
        PagesRequest request;
        char *shared = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        bool is_there = false;
        unsigned node = 0;

        world.is_real = true;
        memset(shared, 1, MIB);
        ck_assert_int_eq(madvise(memory + MIB, MIB, MADV_DONTNEED), 0);
        add_child("");
        ck_assert_int_eq(pages_shmem_device(&mounts->shmem), 0);
        ck_assert_int_eq(pages_process_open((uint32_t)children[0], mounts, &process), 0);
        for (size_t i = 0; i < process.ranges.n_items; ++i)
                if (process.ranges.items[i].start <= (uintptr_t)shared &&
                    process.ranges.items[i].end > (uintptr_t)shared)
                        is_there = true;
        ck_assert_msg(is_there, "memory that is shared is found");
        /* pages that are there, and one that was given back, and one that was only read */
        ck_assert_int_eq(((volatile char *)memory)[MIB], 0);
        for (size_t i = 0; i < N_ASKED; ++i)
                addresses[i] = memory + i * PAGE;
        ck_assert_int_eq(pages_process_move(&process, addresses, N_ASKED, NULL, nodes, 0), 0);
        for (size_t i = 0; i < N_ASKED; ++i)
                ck_assert_int_eq(nodes[i] >= 0, i * PAGE < MIB || i * PAGE >= 2 * MIB);
        node = (unsigned)nodes[0];
        ck_assert_int_eq(
                pages_process_move(&process, addresses, MIB / PAGE, nodes, statuses, MPOL_MF_MOVE),
                0);
        ck_assert_int_eq(statuses[0], nodes[0]);
        request = from_0_to(NODESET_MAX - 1, MIB);
        nodeset_add(&request.from, node);
        ck_assert_int_eq(pages_move(folder_fd, &request), -ENODEV);
        request.targets[0].node = node;
        request.from = (NodeSet){};
        nodeset_add(&request.from, NODESET_MAX - 1);
        ck_assert_int_eq(pages_move(folder_fd, &request), -EAGAIN);
        free(mounts);
}
END_TEST

/* Of AddressSanitizer every process has terabytes of shadow, which would be looked through. */
#ifdef __SANITIZE_ADDRESS__
#        define HAS_SHADOW true
#else
#        define HAS_SHADOW false
#endif

static void add_walks(TCase *t) {
        tcase_add_loop_test(t, as_much_as_was_asked_for_and_no_more, 0, ELEMENTSOF(folios));
        tcase_add_test(t, a_few_pages_are_exact_where_pages_are_small);
        tcase_add_test(t, a_huge_page_goes_as_a_whole);
        tcase_add_test(t, less_than_was_asked_for_is_told);
        tcase_add_test(t, all_processes_below_are_the_cgroups);
        tcase_add_test(t, steps_begin_elsewhere_and_wrap_around);
        tcase_add_test(t, a_target_has_its_limit);
        tcase_add_test(t, a_target_that_is_full_is_left);
        tcase_add_test(t, a_target_outside_of_the_cpuset_is_passed_over);
        tcase_add_test(t, a_node_without_memory_is_no_target);
        tcase_add_test(t, without_cap_sys_nice_shared_pages_stay);
        tcase_add_test(t, pages_that_stay_are_passed_over);
        tcase_add_test(t, what_is_reserved_and_not_used_costs_little);
        tcase_add_test(t, a_page_here_and_there_is_found_by_one_step_or_another);
        tcase_add_test(t, what_is_pinned_makes_no_endless_step);
        tcase_add_test(t, who_has_ended_is_passed_over);
        tcase_add_test(t, who_may_not_is_told);
        tcase_add_test(t, the_kernel_agrees);
}

Suite *suite(void) {
        Suite *s = suite_create("pages");
        TCase *t = tcase_create("move");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        if (!HAS_SHADOW)
                add_walks(t);
        tcase_add_test(t, nobody_there_is_told);
        tcase_add_test(t, nonsense_is_refused);
        suite_add_tcase(s, t);
        return s;
}
