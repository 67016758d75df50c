/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machines that all other tests stand on: what a .tree file says is what is there, to the byte,
 * and nothing outside the target folder is touched.
 */
#include "lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/failmalloc.h"
#include "lib/test-main.h"
#include "lib/tree-write.h"

static char base[] = "/tmp/test-tree-XXXXXX";
static char target[64], description[64];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
        (void)status, (void)type, (void)walk;
        return remove(path);
}

static void set_up(void) {
        memcpy(base + sizeof(base) - 7, "XXXXXX", 6);
        ck_assert_ptr_nonnull(mkdtemp(base));
        (void)snprintf(target, sizeof(target), "%s/target", base);
        (void)snprintf(description, sizeof(description), "%s/it.tree", base);
        ck_assert_int_eq(mkdir(target, 0755), 0);
}

static void tear_down(void) {
        ck_assert_int_eq(nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void describe(const char *text) {
        FILE *file = fopen(description, "we");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
}

static int materialise(const char *text, Diag *reterr) {
        describe(text);
        return tree_materialise(description, target, reterr);
}

/* What stands at @path: a file's bytes, a link's text; -1 when there is nothing. */
static ssize_t look(const char *path, char *buffer, size_t size) {
        char whole[256];
        ssize_t n;
        int fd;

        (void)snprintf(whole, sizeof(whole), "%s/%s", target, path);
        n = readlink(whole, buffer, size);
        if (n >= 0)
                return n;
        fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -1;
        n = read(fd, buffer, size);
        (void)fd_close(fd);
        return n;
}

static const struct {
        const char *name, *text, *path, *expected;
        size_t n_expected;
} contents[] = {
#define BYTES(text) text, sizeof(text) - 1
        { "a line gets a newline", "a/b: x y\n", "a/b", BYTES("x y\n") },
        { "colons in a path", "0000:0d:00.0/mem0: x\n", "0000:0d:00.0/mem0", BYTES("x\n") },
        { "a colon in the text", "a: b: c\n", "a", BYTES("b: c\n") },
        { "no final newline in the description", "a: x", "a", BYTES("x\n") },
        { "nothing is an empty file", "a:\n", "a", BYTES("") },
        { "an empty line", "a: \\e\n", "a", BYTES("\n") },
        { "no newline", "a: x\\c\n", "a", BYTES("x") },
        { "lines", "a:\n  x\n   y\nb: z\n", "a", BYTES("x\n y\n") },
        { "what follows lines", "a:\n  x\nb: z\n", "b", BYTES("z\n") },
        { "lines end with the file", "a:\n  x\n  y", "a", BYTES("x\ny\n") },
        { "escapes", "a: \\\\\\t\\0\\x7f\\xFf\\n\\c\n", "a", BYTES("\\\t\0\x7f\xff\n") },
        { "comments and blank lines", "# b: c\n\na: # x\n", "a", BYTES("# x\n") },
        { "a link", "a -> /etc/passwd\n", "a", BYTES("/etc/passwd") },
        { "a way up and down", "a/b/c -> @d/e\n", "a/b/c", BYTES("../../d/e") },
        { "a way from the root", "in x\na -> @/d\n", "x/a", BYTES("../d") },
        { "a way beside", "a/b/c -> @a/b/d\n", "a/b/c", BYTES("d") },
        { "a way to a neighbour", "a/b1/c -> @a/b/d\n", "a/b1/c", BYTES("../b/d") },
        { "a folder for what follows", "in a/b\nc: x\n", "a/b/c", BYTES("x\n") },
        { "the folder ends", "in a\nin /\nc: x\n", "c", BYTES("x\n") },
        { "past the folder", "in a\n/c: x\n", "c", BYTES("x\n") },
        { "folders do not nest", "in a\nin b\nc: x\n", "b/c", BYTES("x\n") },
        { "repeat", "repeat 3 a: x\\n\n", "a", BYTES("x\nx\nx\n") },
        { "repeat nothing", "repeat 3 a:\n", "a", BYTES("") },
        { "repeat never", "repeat 0 a: x\n", "a", BYTES("") },
        { "CPUs", "node 3 cpus=0-3,8\n", "sys/devices/system/node/node3/cpulist",
          BYTES("0-3,8\n") },
        { "no CPUs", "node 3 cpus=\n", "sys/devices/system/node/node3/cpulist", BYTES("\n") },
        { "distances", "node 3 distance=21,10\n", "sys/devices/system/node/node3/distance",
          BYTES("21 10\n") },
        { "meminfo", "node 3 kb=8000\n", "sys/devices/system/node/node3/meminfo",
          BYTES("Node 3 MemTotal:           8000 kB\nNode 3 MemFree:            7000 kB\n"
                "Node 3 MemUsed:            1000 kB\n") },
        { "huge pages", "hugepages 1 2048 7 5\n",
          "sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", BYTES("5\n") },
        { "latency", "access 2 1 0 250 9\n",
          "sys/devices/system/node/node2/access1/initiators/read_latency", BYTES("250\n") },
        { "bandwidth", "access 2 1 - 250 9\n",
          "sys/devices/system/node/node2/access1/initiators/write_bandwidth", BYTES("9\n") },
        { "initiator", "access 2 1 0-1 250 9\n",
          "sys/devices/system/node/node2/access1/initiators/node1", BYTES("../../../node1") },
        { "a block's state", "blocks 1-2 node0 offline Normal Movable\n",
          "sys/devices/system/memory/memory2/state", BYTES("offline\n") },
        { "a block's zones", "blocks 1-2,9 node0 offline Normal Movable\n",
          "sys/devices/system/memory/memory9/valid_zones", BYTES("Normal Movable\n") },
        { "a block's index", "blocks 17 node0 online Normal\n",
          "sys/devices/system/memory/memory17/phys_index", BYTES("00000011\n") },
        { "a block's node", "blocks 17 node0 online Normal\n",
          "sys/devices/system/memory/memory17/node0", BYTES("../../node/node0") },
        { "a node's block", "blocks 17 node0 online Normal\n",
          "sys/devices/system/node/node0/memory17", BYTES("../../memory/memory17") },
};

START_TEST(what_is_described_is_there) {
        char buffer[512];
        Diag diag;
        ssize_t n;

        ck_assert_msg(materialise(contents[_i].text, &diag) == 0, "%s: %s", contents[_i].name,
                      diag.text);
        n = look(contents[_i].path, buffer, sizeof(buffer));
        ck_assert_msg(n == (ssize_t)contents[_i].n_expected &&
                              memcmp(buffer, contents[_i].expected, contents[_i].n_expected) == 0,
                      "%s: %zd bytes '%.*s'", contents[_i].name, n, n > 0 ? (int)n : 0, buffer);
}
END_TEST

static const struct {
        const char *name, *text;
        unsigned line, column;
} refused[] = {
        { "up", "../a: x\n", 1, 0 },
        { "up from within", "ok: x\na/../../b: x\n", 2, 0 },
        { "a link up", "../a -> b\n", 1, 0 },
        { "a folder up", "a/../b/\n", 1, 0 },
        { "dot", "./a: x\n", 1, 0 },
        { "empty part", "a//b: x\n", 1, 0 },
        { "through a link", "l -> /tmp\nl/a: x\n", 2, 0 },
        { "through a link inside", "d/\nl -> d\nl/a: x\n", 3, 0 },
        { "a link for a folder", "l -> /tmp\nl/\n", 2, 0 },
        { "through a file", "f: x\nf/a: x\n", 2, 0 },
        { "twice a file", "a: x\na: x\n", 2, 0 },
        { "twice a link", "a -> x\na -> x\n", 2, 0 },
        { "a file over a link", "a -> /tmp/b\na: x\n", 2, 0 },
        { "no shape", "a b\n", 1, 1 },
        { "indented without reason", "a: x\n  y\n", 2, 1 },
        { "unknown escape", "a: x\\q\n", 1, 5 },
        { "escape cut off", "a: \\", 1, 4 },
        { "half a byte", "a: \\x1\n", 1, 4 },
        { "\\c not last", "a: \\cx\n", 1, 4 },
        { "no target", "a -> \n", 1, 6 },
        { "too much", "repeat 70000000 a: x\n", 1, 8 },
        { "too much of much", "repeat 60000000 a: xxxx\n", 1, 20 },
        { "repeat without a path", "repeat 3\n", 1, 9 },
        { "backwards", "blocks 7-3 node0 online Normal\n", 1, 8 },
        { "open range", "blocks 7- node0 online Normal\n", 1, 8 },
        { "list ends in a comma", "blocks 7, node0 online Normal\n", 1, 8 },
        { "block without zones", "blocks 7 node0 online\n", 1, 22 },
        { "node without number", "node x\n", 1, 6 },
        { "unknown option", "node 1 cores=3\n", 1, 8 },
        { "initiators", "access 2 1 zero 250 9\n", 1, 12 },
        { "free of how many", "hugepages 1 2048 7 9\n", 1, 20 },
        { "2^64", "node 1 kb=18446744073709551616\n", 1, 8 },
};

START_TEST(a_bad_line_is_refused_where_it_broke) {
        Diag diag = {};
        int r = materialise(refused[_i].text, &diag);

        ck_assert_msg(r == TREE_E_MALFORMED, "%s: %d", refused[_i].name, r);
        ck_assert_msg(diag.line == refused[_i].line, "%s: line %u: %s", refused[_i].name, diag.line,
                      diag.text);
        ck_assert_msg(refused[_i].column == 0 || diag.column == refused[_i].column,
                      "%s: column %u: %s", refused[_i].name, diag.column, diag.text);
        ck_assert_str_eq(diag.source, description);
        ck_assert_int_eq(access("/tmp/a", F_OK), -1);
}
END_TEST

START_TEST(ten_mebibytes_take_one_line) {
        char path[256];
        struct stat status;
        Diag diag;

        ck_assert_int_eq(materialise("repeat 10485760 big: x\n", &diag), 0);
        (void)snprintf(path, sizeof(path), "%s/big", target);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(status.st_size, 10485760);
}
END_TEST

START_TEST(a_damaged_machine_may_hold_links_that_go_nowhere) {
        char buffer[256];
        Diag diag;

        ck_assert_int_eq(materialise("a -> a\nb -> ../../../../etc/passwd\n", &diag), 0);
        ck_assert_int_eq(look("a", buffer, sizeof(buffer)), 1);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused) {
        char text[TREE_PATH_MAX + 16];
        Diag diag;

        memset(text, 'a', sizeof(text));
        memcpy(text + sizeof(text) - 5, ": x\n", 5);
        ck_assert_int_eq(materialise(text, &diag), TREE_E_MALFORMED);
}
END_TEST

START_TEST(a_missing_file_or_folder_is_an_errno) {
        Diag diag;

        ck_assert_int_eq(tree_materialise("/tmp/no such file", target, &diag), -ENOENT);
        describe("a: x\n");
        ck_assert_int_eq(tree_materialise(description, "/tmp/no such folder", &diag), -ENOENT);
}
END_TEST

START_TEST(without_memory_it_says_so) {
        int r = -ENOMEM;

        for (unsigned n = 0; r == -ENOMEM; ++n) {
                char text[96];
                bool has_failed;
                Diag diag;

                ck_assert_uint_lt(n, 1000);
                (void)snprintf(text, sizeof(text), "in t%u\na:\n  x\n  y\nrepeat 3 b: x\nc: z\n",
                               n);
                describe(text);
                failmalloc_arm(n);
                r = tree_materialise(description, target, &diag);
                has_failed = failmalloc_disarm();
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
        }
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("tree");
        TCase *tc = tcase_create("tree");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_loop_test(tc, what_is_described_is_there, 0, (int)ELEMENTSOF(contents));
        tcase_add_loop_test(tc, a_bad_line_is_refused_where_it_broke, 0, (int)ELEMENTSOF(refused));
        tcase_add_test(tc, ten_mebibytes_take_one_line);
        tcase_add_test(tc, a_damaged_machine_may_hold_links_that_go_nowhere);
        tcase_add_test(tc, a_path_that_is_too_long_is_refused);
        tcase_add_test(tc, a_missing_file_or_folder_is_an_errno);
        tcase_add_test(tc, without_memory_it_says_so);
        suite_add_tcase(s, tc);
        return s;
}
