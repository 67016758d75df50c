/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "base/whole.h"
#include "ledger/journal.h"

/*
 * Loading is applying, line by line, until the end or until a line that is not good.
 *
 * What an append that a crash cut short leaves is at the end of the file: a line without its
 * newline, or one whose checksum is wrong. Nobody was told that it is durable, so it is cut off and
 * that is no damage. Everything else is: a bad line with others behind it, a head that cannot be
 * read (files are made whole), a line that is what was written and still makes no sense. Then the
 * file goes aside under a new name and the ledger keeps what came before the damage, which is the
 * most that is true.
 *
 * Nothing here stops the start but want of memory: a folder in the place of the file, a file that
 * cannot be read or renamed are told in the problem. One that could not be renamed is lost when the
 * next file takes its place.
 */
#define LOG_PATH    JOURNAL_DIR "/" JOURNAL_NAME
#define ASIDE_MAX   100u
#define LOST_REASON "it is of before a reboot"

typedef struct Loading {
        const Root *root;
        Ledger *ledger;
        JournalLoad *load;
        RecordHead head;
        Scan rest;
        unsigned line;
        bool is_damaged;
} Loading;

/* Puts the file where nothing is yet. Only this process makes files in the folder. */
static int rename_aside(const Root *root, char *ret_name, size_t size) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        int r;

        r = root_open(root, JOURNAL_DIR, O_RDONLY | O_DIRECTORY, &dir_fd);
        if (r)
                return r > 0 ? -ENOENT : r;
        for (unsigned i = 1; i <= ASIDE_MAX; ++i) {
                (void)snprintf(ret_name, size, "%s.damaged-%u", JOURNAL_NAME, i);
                if (faccessat(dir_fd, ret_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        continue;
                if (errno != ENOENT)
                        return -errno;
                return renameat(dir_fd, JOURNAL_NAME, dir_fd, ret_name) < 0 ? -errno : 0;
        }
        return -EEXIST;
}

/* Cuts what does not fit. */
static void add_to_problem(Diag *problem, const char *text) {
        const size_t n = strlen(problem->text);

        (void)snprintf(problem->text + n, sizeof(problem->text) - n, "; %s", text);
}

/* The problem is told already. */
static void set_aside(const Root *root, JournalLoad *load) {
        char name[sizeof(load->aside)], text[sizeof(name) + 64];
        const int r = rename_aside(root, name, sizeof(name));

        load->must_rewrite = true;
        if (r) {
                (void)snprintf(text, sizeof(text), "it cannot be set aside: %s", strerror(-r));
                add_to_problem(&load->problem, text);
                return;
        }
        load->is_set_aside = true;
        memcpy(load->aside, name, sizeof(name));
}

/* The newline belongs to the line: without it the line is not complete. */
static bool take_line(Scan *rest, Scan *ret) {
        Scan ahead = *rest;

        if (!scan_until(&ahead, '\n', ret))
                return false;
        *rest = ahead;
        return true;
}

/* The line at the start of @rest is not good, and @problem says why. */
static void judge(Loading *loading, const Scan *line, bool is_whole) {
        JournalLoad *load = loading->load;

        loading->is_damaged = is_whole || loading->line == 1 || line->end + 1 < loading->rest.end;
        load->is_torn = !loading->is_damaged;
        (void)snprintf(load->problem.source, sizeof(load->problem.source), "%s", LOG_PATH);
        load->problem.line = loading->line;
}

static int load_change(Loading *loading, const Scan *line) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        Diag *problem = &loading->load->problem;
        int r;

        r = record_parse_change(loading->head.version, line->cursor, scan_left(line), &change,
                                problem);
        if (r)
                return r;
        r = ledger_apply(loading->ledger, &change, NULL, NULL, NULL);
        if (r <= 0)
                return r;
        diag_set(problem, NULL, 0, 0, "more claims than the ledger can hold");
        return RECORD_E_DAMAGED;
}

static int load_line(Loading *loading, const Scan *line) {
        if (loading->line > 1)
                return load_change(loading, line);
        return record_parse_head(line->cursor, scan_left(line), &loading->head,
                                 &loading->load->problem);
}

/* Return: 0 also when it stopped before the end; -ENOMEM. */
static int load_lines(Loading *loading, const char *text) {
        JournalLoad *load = loading->load;

        while (!scan_is_done(&loading->rest)) {
                Scan ahead = loading->rest, line;
                int r;

                ++loading->line;
                if (!take_line(&ahead, &line)) {
                        line = loading->rest;
                        diag_set(&load->problem, NULL, 0, 0, "the last line is not complete");
                        judge(loading, &line, false);
                        return 0;
                }
                r = load_line(loading, &line);
                if (r < 0)
                        return r;
                if (r > 0) {
                        judge(loading, &line, record_is_whole(line.cursor, scan_left(&line)));
                        return 0;
                }
                loading->rest = ahead;
                load->good_bytes = (uint64_t)(ahead.cursor - text);
                load->n_changes += loading->line > 1;
        }
        return 0;
}

/* Pods of before a reboot may be gone, and their memory is in any case. */
static int unconfirm(Ledger *ledger) {
        const LedgerClaim *next;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim; claim = next) {
                _cleanup_(ledger_change_deinitp) LedgerChange change = {};
                LedgerClaim copy = *claim, *now;
                int r;

                next = ledger_next(ledger, claim);
                if (claim->state != CLAIM_PENDING && claim->state != CLAIM_ACTIVE &&
                    claim->state != CLAIM_OBSERVED)
                        continue;
                copy.state = CLAIM_UNCONFIRMED;
                copy.reason = LOST_REASON;
                r = ledger_claim_new(&copy, &now);
                if (r == 0)
                        r = ledger_change_put(&change, now);
                if (r == 0)
                        r = ledger_apply(ledger, &change, NULL, NULL, NULL);
                if (r)
                        return error_fold(r);
        }
        return 0;
}

/* When one of both is not known it may well be another one. */
static bool is_of_other_boot(const RecordHead *head, const char *boot_id) {
        return !head->boot_id[0] || strcmp(head->boot_id, boot_id) != 0;
}

static int load_text(Loading *loading, const char *text, const char *boot_id) {
        JournalLoad *load = loading->load;
        int r;

        r = load_lines(loading, text);
        if (r)
                return r;
        if (load->good_bytes > 0) {
                load->is_of_other_boot = is_of_other_boot(&loading->head, boot_id);
                load->must_rewrite =
                        load->is_of_other_boot || loading->head.version != RECORD_VERSION;
        } else {
                load->must_rewrite = true; /* nothing can be appended to it */
        }
        if (loading->is_damaged)
                set_aside(loading->root, load);
        return load->is_of_other_boot ? unconfirm(loading->ledger) : 0;
}

/* Return: the problem of a file that cannot be read. */
static void complain_unread(JournalLoad *load, int error) {
        diag_set(&load->problem, LOG_PATH, 0, 0, "cannot be read: %s",
                 error > 0 ? "larger than slugd makes it" : strerror(-error));
}

int journal_load(const Root *root, const char *boot_id, Ledger *ledger, JournalLoad *ret) {
        _cleanup_(freep) char *text = NULL;
        JournalLoad load = {};
        Loading loading = { .root = root, .ledger = ledger, .load = &load };
        size_t n_text;
        int r;

        r = whole_read(root, LOG_PATH, JOURNAL_FILE_MAX, &text, &n_text);
        if (r == -ENOMEM)
                return r;
        if (r != 0 && r != ROOT_E_ABSENT) {
                complain_unread(&load, r);
                set_aside(root, &load);
        }
        if (r == 0) {
                loading.rest = scan_init(text, n_text);
                r = load_text(&loading, text, boot_id);
                if (r)
                        return r;
                if (n_text == 0) /* it is made with a head */
                        diag_set(&load.problem, LOG_PATH, 0, 0, "is empty");
        }
        *ret = load;
        return 0;
}
