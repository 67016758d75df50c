/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the log: what was acknowledged is there, and nothing in the file stops the start. */
#include "lib/test-main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "ledger/journal.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"

#define LOG_PATH "var/lib/slug/ledger.log"
#define N_LINES  6u /* the head and five changes */

static Folder folder;
static Root root;
static Ledger *ledger;
static JournalLoad loaded;
static Buffer file;
static size_t ends[N_LINES]; /* behind the newline of each line */

/*
 * The changes 1 to 5 of a file; applying the first n of them is what a file of n changes has. Of
 * "c2" nothing is left in the end, "c1" is put twice.
 */
static void make_change(unsigned i, LedgerChange *change) {
        static const struct {
                const char *put;
                uint64_t bytes;
                const char *drop;
        } rows[N_LINES] = { { NULL, 0, NULL },       { "c1", GIB, NULL },   { "c2", 2 * GIB, NULL },
                            { "c1", 3 * GIB, "c2" }, { "", 4 * GIB, NULL }, { NULL, 0, "" } };

        if (rows[i].put)
                claims_put(change, claims_make("pod", rows[i].put, 1, rows[i].bytes));
        if (rows[i].drop)
                claims_drop(change, "pod", rows[i].drop);
}

static void make_file(const char *boot_id) {
        RecordHead head = { .created_usec = 5 };

        (void)snprintf(head.boot_id, sizeof(head.boot_id), "%s", boot_id);
        buffer_deinit(&file);
        record_append_head(&head, &file);
        ends[0] = file.n_data;
        for (unsigned i = 1; i < N_LINES; ++i) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                make_change(i, &change);
                record_append_change(&change, &file);
                ends[i] = file.n_data;
        }
        ck_assert_int_eq(buffer_finish(&file), 0);
}

static void add_line(const char *json) {
        buffer_printf(&file, "%08" PRIx32 " %s\n", crc32c(json, strlen(json)), json);
}

static void setup(void) {
        folder = folder_new();
        root = (Root)ROOT_NULL;
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ledger = NULL;
        file = (Buffer){};
        make_file("now");
}

static void teardown(void) {
        ledger = ledger_free(ledger);
        buffer_deinit(&file);
        root_deinit(&root);
        folder_remove(&folder);
}

/* Into a new ledger. */
static void load(void) {
        ledger = ledger_free(ledger);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(journal_load(&root, "now", ledger, &loaded), 0);
        ck_assert(ledger_check(ledger));
}

static void load_bytes(const void *data, size_t n_data) {
        folder_write_bytes(&folder, LOG_PATH, data, n_data);
        load();
}

/* What the first @n changes make. */
static bool has_changes(unsigned n) {
        Ledger *expected = NULL;
        bool is_same;

        ck_assert_int_eq(ledger_new(&expected), 0);
        for (unsigned i = 1; i <= n; ++i) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};

                make_change(i, &change);
                ck_assert_int_eq(ledger_apply(expected, &change, NULL, NULL, NULL), 0);
        }
        is_same = claims_are_same(ledger, expected);
        ledger_free(expected);
        return is_same;
}

/* Changes that are whole in the first @n bytes of the file. */
static unsigned count_whole(size_t n) {
        unsigned n_changes = 0;

        while (n_changes + 1 < N_LINES && ends[n_changes + 1] <= n)
                ++n_changes;
        return n_changes;
}

static void remove_aside(void) {
        char path[256];

        if (!loaded.is_set_aside)
                return;
        (void)snprintf(path, sizeof(path), "var/lib/slug/%s", loaded.aside);
        folder_delete(&folder, path);
}

START_TEST(no_file_is_an_empty_ledger) {
        load();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
        ck_assert_uint_eq(loaded.good_bytes, 0);
        ck_assert(!loaded.is_set_aside && !loaded.is_torn && !loaded.must_rewrite);
        ck_assert_str_eq(loaded.problem.text, "");
}
END_TEST

START_TEST(a_good_file_is_loaded) {
        load_bytes(file.data, file.n_data);
        ck_assert(has_changes(N_LINES - 1));
        ck_assert_uint_eq(loaded.n_changes, N_LINES - 1);
        ck_assert_uint_eq(loaded.good_bytes, file.n_data);
        ck_assert(!loaded.is_set_aside && !loaded.is_torn && !loaded.must_rewrite);
        ck_assert(!loaded.is_of_other_boot);
        ck_assert_str_eq(loaded.problem.text, "");
        ck_assert_int_eq(ledger_find(ledger, "pod", "c1")->state, CLAIM_ACTIVE);
}
END_TEST

START_TEST(lines_that_come_twice_change_nothing) {
        const size_t n_once = file.n_data;
        char *copy = strndup(file.data + ends[2], n_once - ends[2]);

        buffer_append_text(&file, copy);
        free(copy);
        load_bytes(file.data, file.n_data);
        ck_assert(has_changes(N_LINES - 1));
        ck_assert(!loaded.is_torn && !loaded.must_rewrite);
}
END_TEST

START_TEST(wherever_the_file_ends_what_was_whole_is_there) {
        for (size_t n = 0; n <= file.n_data; ++n) {
                const unsigned n_whole = count_whole(n);

                load_bytes(file.data, n);
                ck_assert_msg(has_changes(n_whole), "cut at %zu", n);
                if (n < ends[0]) { /* without a head it is no log */
                        ck_assert_msg(loaded.is_set_aside == (n > 0), "cut at %zu", n);
                        ck_assert(loaded.must_rewrite);
                        remove_aside();
                        continue;
                }
                ck_assert_msg(!loaded.is_set_aside && !loaded.must_rewrite, "cut at %zu", n);
                ck_assert_uint_eq(loaded.good_bytes, ends[n_whole]);
                ck_assert_msg(loaded.is_torn == (n > ends[n_whole]), "cut at %zu", n);
                ck_assert_uint_eq(loaded.problem.line, loaded.is_torn ? n_whole + 2 : 0);
        }
}
END_TEST

START_TEST(zeros_behind_the_end_are_torn) {
        const size_t n = file.n_data;

        for (unsigned i = 0; i < 4096; ++i)
                buffer_append_char(&file, '\0');
        ck_assert_int_eq(buffer_finish(&file), 0);
        load_bytes(file.data, file.n_data);
        ck_assert(has_changes(N_LINES - 1));
        ck_assert(loaded.is_torn && !loaded.is_set_aside);
        ck_assert_uint_eq(loaded.good_bytes, n);
}
END_TEST

/* Every byte, by three kinds of damage; a new newline is among them, and one that is gone. */
START_TEST(wherever_a_byte_is_wrong_what_was_before_is_there) {
        static const char masks[] = { 1, 0x20, '\n' ^ '"' };

        for (size_t i = 0; i < file.n_data * ELEMENTSOF(masks); ++i) {
                const size_t at = i / ELEMENTSOF(masks);
                const bool is_last = at + 1 >= ends[N_LINES - 2]; /* or joined to it */

                file.data[at] ^= masks[i % ELEMENTSOF(masks)];
                load_bytes(file.data, file.n_data);
                ck_assert_msg(has_changes(count_whole(at)), "byte %zu", at);
                ck_assert_msg(loaded.is_set_aside || (is_last && loaded.is_torn), "byte %zu", at);
                ck_assert_msg(loaded.problem.text[0] && loaded.problem.line > 0, "byte %zu", at);
                ck_assert_str_eq(loaded.problem.source, "/" LOG_PATH);
                ck_assert(loaded.must_rewrite || loaded.is_torn);
                remove_aside();
                file.data[at] ^= masks[i % ELEMENTSOF(masks)];
        }
}
END_TEST

START_TEST(damaged_files_go_aside_each_under_its_own_name) {
        char name[64];

        file.data[ends[1] + 12] ^= 1;
        for (unsigned i = 1; i <= 3; ++i) {
                load_bytes(file.data, file.n_data);
                ck_assert(loaded.is_set_aside);
                (void)snprintf(name, sizeof(name), "ledger.log.damaged-%u", i);
                ck_assert_str_eq(loaded.aside, name);
                (void)snprintf(name, sizeof(name), "var/lib/slug/ledger.log.damaged-%u", i);
                ck_assert(root_exists(&root, name));
                ck_assert(!root_exists(&root, LOG_PATH));
                ck_assert_str_eq(loaded.problem.text, "the checksum is wrong");
                ck_assert_uint_eq(loaded.problem.line, 3);
        }
}
END_TEST

/* With the right checksum: no disk has done that. */
static const struct {
        const char *json;
        const char *text;
} senseless[] = {
        { "{\"put\":[{\"uid\":\"u\"}]}", "put[0].state: is missing" },
        { "{\"put\":7}", "put: is not a list" },
        { "[]", "is not an object" },
};

START_TEST(a_last_line_that_is_whole_and_makes_no_sense_is_not_torn) {
        add_line(senseless[_i].json);
        load_bytes(file.data, file.n_data);
        ck_assert(loaded.is_set_aside && !loaded.is_torn && loaded.must_rewrite);
        ck_assert_str_eq(loaded.problem.text, senseless[_i].text);
        ck_assert(has_changes(N_LINES - 1));
}
END_TEST

START_TEST(a_file_of_a_later_slugd_goes_aside) {
        buffer_deinit(&file);
        add_line("{\"version\":2,\"anything\":true}");
        add_line("{\"put\":[]}");
        load_bytes(file.data, file.n_data);
        ck_assert(loaded.is_set_aside && loaded.must_rewrite);
        ck_assert_str_eq(loaded.problem.text, "version: is of a later slugd");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(a_file_of_version_0_is_migrated) {
        const LedgerClaim *claim;

        buffer_deinit(&file);
        add_line("{\"version\":0,\"created\":1}");
        add_line("{\"put\":[{\"uid\":\"u\",\"container\":\"c\",\"ns\":\"n\",\"pod\":\"p\","
                 "\"qos\":\"Guaranteed\",\"state\":\"active\",\"blocks\":[{\"nodes\":\"0\","
                 "\"page\":0,\"parts\":[[0,4096]]}]}]}");
        load_bytes(file.data, file.n_data);
        ck_assert(!loaded.is_set_aside && !loaded.is_torn);
        ck_assert(loaded.must_rewrite); /* what is appended is of the new version */
        ck_assert(loaded.is_of_other_boot);
        claim = ledger_find(ledger, "u", "c");
        ck_assert_ptr_nonnull(claim);
        ck_assert_int_eq(claim->source, CLAIM_SOURCE_MEMORY_MANAGER);
        ck_assert_int_eq(claim->state, CLAIM_UNCONFIRMED);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 4096);
}
END_TEST

START_TEST(claims_of_another_boot_are_unconfirmed) {
        static const ClaimState after[_CLAIM_STATE_N] = {
                [CLAIM_PENDING] = CLAIM_UNCONFIRMED,  [CLAIM_ACTIVE] = CLAIM_UNCONFIRMED,
                [CLAIM_OBSERVED] = CLAIM_UNCONFIRMED, [CLAIM_UNCONFIRMED] = CLAIM_UNCONFIRMED,
                [CLAIM_RELEASING] = CLAIM_RELEASING,  [CLAIM_INVALID] = CLAIM_INVALID,
        };
        static const char *const boots[] = { "before", "" };

        make_file(boots[_i]);
        for (unsigned i = 0; i < _CLAIM_STATE_N; ++i) {
                LedgerClaim *claim = claims_make("states", claim_state_name((ClaimState)i), 2, 7);

                claim->state = (ClaimState)i;
                if (i == CLAIM_OBSERVED)
                        claim->source = CLAIM_SOURCE_OBSERVED;
                record_append_claim(claim, &file);
                ledger_claim_free(claim);
        }
        ck_assert_int_eq(buffer_finish(&file), 0);
        load_bytes(file.data, file.n_data);
        ck_assert(loaded.is_of_other_boot && loaded.must_rewrite && !loaded.is_set_aside);
        for (unsigned i = 0; i < _CLAIM_STATE_N; ++i) {
                const LedgerClaim *claim =
                        ledger_find(ledger, "states", claim_state_name((ClaimState)i));

                ck_assert_int_eq(claim->state, after[i]);
                ck_assert_int_eq(claim->reason[0] != '\0',
                                 after[i] == CLAIM_UNCONFIRMED && i != CLAIM_UNCONFIRMED);
        }
        ck_assert_uint_eq(ledger_get_claimed(ledger, 2, 0), 7 * _CLAIM_STATE_N);
        ck_assert_uint_eq(ledger_get_observed(ledger, 2, 0), 7); /* still no promise */
}
END_TEST

START_TEST(a_boot_that_is_not_known_is_another_one) {
        make_file("");
        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(journal_load(&root, "", ledger, &loaded), 0);
        ck_assert(loaded.is_of_other_boot);
}
END_TEST

/* Things that are no log */

START_TEST(a_folder_in_its_place_goes_aside) {
        folder_make(&folder, LOG_PATH);
        load();
        ck_assert(loaded.is_set_aside && loaded.must_rewrite);
        ck_assert_str_eq(loaded.problem.text, "cannot be read: Is a directory");
        ck_assert(!root_exists(&root, LOG_PATH));
}
END_TEST

START_TEST(a_fifo_in_its_place_goes_aside) {
        char path[128];

        folder_make(&folder, "var/lib/slug");
        (void)snprintf(path, sizeof(path), "%s/" LOG_PATH, folder.path);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        load();
        ck_assert(loaded.is_set_aside);
}
END_TEST

START_TEST(a_link_that_leads_in_circles_goes_aside) {
        folder_link(&folder, LOG_PATH, "ledger.log");
        load();
        ck_assert(loaded.is_set_aside);
}
END_TEST

START_TEST(a_file_in_the_folders_place_is_no_log) {
        folder_write(&folder, "var/lib/slug", "x");
        load();
        ck_assert(!loaded.is_set_aside);
        ck_assert_uint_eq(loaded.good_bytes, 0);
}
END_TEST

START_TEST(a_huge_file_goes_aside_unread) {
        char path[128];

        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        (void)snprintf(path, sizeof(path), "%s/" LOG_PATH, folder.path);
        ck_assert_int_eq(truncate(path, (off_t)JOURNAL_FILE_MAX + 1), 0);
        load();
        ck_assert(loaded.is_set_aside);
        ck_assert_str_eq(loaded.problem.text, "cannot be read: larger than slugd makes it");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
}
END_TEST

START_TEST(a_file_as_large_as_may_be_is_read) {
        char path[128];

        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        (void)snprintf(path, sizeof(path), "%s/" LOG_PATH, folder.path);
        ck_assert_int_eq(truncate(path, (off_t)JOURNAL_FILE_MAX), 0);
        load();
        ck_assert(loaded.is_torn && !loaded.is_set_aside);
        ck_assert(has_changes(N_LINES - 1));
}
END_TEST

/* Root may write anywhere; so it is the names that are taken. */
START_TEST(a_file_that_cannot_be_set_aside_is_told_and_stays) {
        char name[80];

        for (unsigned i = 1; i <= 100; ++i) {
                (void)snprintf(name, sizeof(name), "var/lib/slug/ledger.log.damaged-%u", i);
                folder_write(&folder, name, "");
        }
        file.data[ends[1] + 12] ^= 1;
        load_bytes(file.data, file.n_data);
        ck_assert(!loaded.is_set_aside && loaded.must_rewrite);
        ck_assert_str_eq(loaded.problem.text,
                         "the checksum is wrong; it cannot be set aside: File exists");
        ck_assert(has_changes(1));
        ck_assert(root_exists(&root, LOG_PATH));
}
END_TEST

START_TEST(a_file_that_may_not_be_read_or_renamed_is_told) {
        char path[128];

        if (getuid() == 0) /* it may */
                return;
        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        (void)snprintf(path, sizeof(path), "%s/" LOG_PATH, folder.path);
        ck_assert_int_eq(chmod(path, 0), 0);
        (void)snprintf(path, sizeof(path), "%s/var/lib/slug", folder.path);
        ck_assert_int_eq(chmod(path, 0500), 0);
        load();
        ck_assert_int_eq(chmod(path, 0700), 0);
        ck_assert(!loaded.is_set_aside && loaded.must_rewrite);
        ck_assert_ptr_nonnull(strstr(loaded.problem.text, "cannot be set aside"));
}
END_TEST

START_TEST(more_claims_than_a_ledger_can_hold_are_damage) {
        char uid[32];

        buffer_deinit(&file);
        record_append_head(&(const RecordHead){ .boot_id = "now" }, &file);
        for (unsigned i = 0; i <= LEDGER_CLAIMS_MAX; ++i) {
                LedgerClaim *claim;

                (void)snprintf(uid, sizeof(uid), "pod-%u", i);
                claim = claims_make(uid, "c", 0, 1);
                record_append_claim(claim, &file);
                ledger_claim_free(claim);
        }
        ck_assert_int_eq(buffer_finish(&file), 0);
        load_bytes(file.data, file.n_data);
        ck_assert(loaded.is_set_aside);
        ck_assert_str_eq(loaded.problem.text, "more claims than the ledger can hold");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), LEDGER_CLAIMS_MAX);
}
END_TEST

START_TEST(loading_without_memory_says_so) {
        unsigned n = 0;
        int r;

        make_file("before");
        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        do {
                ledger = ledger_free(ledger);
                ck_assert_int_eq(ledger_new(&ledger), 0);
                failmalloc_arm(n++);
                r = journal_load(&root, "now", ledger, &loaded);
                (void)failmalloc_disarm();
                ck_assert(root_exists(&root, LOG_PATH));
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 20);
        ck_assert_uint_eq(loaded.n_changes, N_LINES - 1);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("journal-load");
        TCase *t = tcase_create("load");

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, no_file_is_an_empty_ledger);
        tcase_add_test(t, a_good_file_is_loaded);
        tcase_add_test(t, lines_that_come_twice_change_nothing);
        tcase_add_test(t, wherever_the_file_ends_what_was_whole_is_there);
        tcase_add_test(t, zeros_behind_the_end_are_torn);
        tcase_add_test(t, wherever_a_byte_is_wrong_what_was_before_is_there);
        tcase_add_test(t, damaged_files_go_aside_each_under_its_own_name);
        tcase_add_loop_test(t, a_last_line_that_is_whole_and_makes_no_sense_is_not_torn, 0,
                            ELEMENTSOF(senseless));
        tcase_add_test(t, a_file_of_a_later_slugd_goes_aside);
        tcase_add_test(t, a_file_of_version_0_is_migrated);
        tcase_add_loop_test(t, claims_of_another_boot_are_unconfirmed, 0, 2);
        tcase_add_test(t, a_boot_that_is_not_known_is_another_one);
        tcase_add_test(t, a_folder_in_its_place_goes_aside);
        tcase_add_test(t, a_fifo_in_its_place_goes_aside);
        tcase_add_test(t, a_link_that_leads_in_circles_goes_aside);
        tcase_add_test(t, a_file_in_the_folders_place_is_no_log);
        tcase_add_test(t, a_huge_file_goes_aside_unread);
        tcase_add_test(t, a_file_as_large_as_may_be_is_read);
        tcase_add_test(t, a_file_that_cannot_be_set_aside_is_told_and_stays);
        tcase_add_test(t, a_file_that_may_not_be_read_or_renamed_is_told);
        tcase_add_test(t, more_claims_than_a_ledger_can_hold_are_damage);
        tcase_add_test(t, loading_without_memory_says_so);
        suite_add_tcase(s, t);
        return s;
}
