/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/scan.h"

/*
 * Every entry is a list of names and texts. The journal gets it as it is; JSON is the same list,
 * all values as strings, the way journalctl -o json prints an entry, so that whoever reads one
 * reads the other; text is the message alone.
 *
 * The dictionary below is the only place where a field name is born: a name that is not there is
 * our own bug. New fields are added here and to the operator's documentation, not at the place that
 * logs.
 *
 *   MESSAGE_ID PRIORITY CODE_* SYSLOG_IDENTIFIER   set here for every entry
 *   ERRNO                                          positive
 *   SLUG_NODE SLUG_NODES SLUG_NODE_COUNT           NUMA node id; kernel list form "0-1,4"; how many
 *   SLUG_TIER SLUG_PAGE_SIZE                       tier number; bytes
 *   SLUG_KIND SLUG_LOCALITY                        words of the API: "cxl", "remote"
 *   SLUG_POD_UID SLUG_CONTAINER SLUG_CGROUP        as the kubelet names them; below the cgroup root
 *   SLUG_KNOB SLUG_VALUE SLUG_FOUND                a cgroup's file; what is wanted; what was there
 *   SLUG_LEVEL SLUG_EVENT SLUG_COUNT               "burstable"; "oom_kill"; how often
 *   SLUG_BYTES SLUG_FREE_BYTES                     decimal bytes, never rounded
 *   SLUG_LOCAL_BYTES SLUG_REMOTE_BYTES             the same, by locality
 *   SLUG_GENERATION                                of the snapshot used
 *   SLUG_METHOD SLUG_STATUS SLUG_SOCKET            rpc
 *   SLUG_PEER_UID SLUG_PEER_PID                    who called
 *   SLUG_PID                                       a process of this machine
 *   SLUG_FILE SLUG_LINE                            where a parser stopped
 *   SLUG_REASON                                    one word or short phrase
 *   SLUG_SUPPRESSED                                lines dropped since the last one
 *   SLUG_VERSION                                   of slug
 *
 * Nothing here allocates, so that "out of memory" can be logged, and a line is one write(2). What
 * is too long is cut: the message at LOG_MESSAGE_MAX, a field at LOG_FIELD_MAX; a JSON field that
 * finds no room in the line is left out whole. Bytes that are no UTF-8 are replaced, and control
 * characters too, so that a foreign string can neither forge a line nor steer a terminal. A log
 * that cannot be written is nobody's reason to stop; errno is the same after logging as before.
 */
#define LOG_IDENTIFIER_MAX 32u
#define LOG_MESSAGE_MAX    1024u
#define LOG_FIELD_MAX      512u
#define LOG_LINE_MAX       16384u
/* MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, MESSAGE_ID, CODE_FILE, CODE_LINE, CODE_FUNC */
#define LOG_PAIRS_MAX (LOG_FIELDS_MAX + 7u)

static const char *const dictionary[] = {
        "ERRNO",           "SLUG_BYTES",      "SLUG_CGROUP",      "SLUG_CONTAINER",
        "SLUG_FILE",       "SLUG_FREE_BYTES", "SLUG_GENERATION",  "SLUG_KIND",
        "SLUG_LINE",       "SLUG_LOCALITY",   "SLUG_LOCAL_BYTES", "SLUG_REMOTE_BYTES",
        "SLUG_METHOD",     "SLUG_NODE",       "SLUG_NODES",       "SLUG_NODE_COUNT",
        "SLUG_PAGE_SIZE",  "SLUG_PEER_PID",   "SLUG_PEER_UID",    "SLUG_PID",
        "SLUG_POD_UID",    "SLUG_REASON",     "SLUG_SOCKET",      "SLUG_STATUS",
        "SLUG_SUPPRESSED", "SLUG_TIER",       "SLUG_VERSION",     "SLUG_LEVEL",
        "SLUG_EVENT",      "SLUG_COUNT",      "SLUG_KNOB",        "SLUG_VALUE",
        "SLUG_FOUND",
};

typedef struct Log {
        char identifier[LOG_IDENTIFIER_MAX];
        LogTarget target; /* never AUTO */
        int max_level;
} Log;

/* What is logged before log_init() goes to a person. */
static Log slug_log = {
        .identifier = "slug",
        .target = LOG_TARGET_TEXT,
        .max_level = LOG_INFO,
};

typedef struct Pair {
        const char *name;
        const char *text; /* borrowed; number when NULL */
        size_t n_max;     /* bytes of text that are taken */
        char number[24];
} Pair;

typedef struct Entry {
        Pair pairs[LOG_PAIRS_MAX]; /* [0] is the message */
        size_t n_pairs;
        int level;
} Entry;

/* Bytes on their way out. What does not fit sets is_full and changes nothing. */
typedef struct Line {
        char data[LOG_LINE_MAX];
        size_t n_data;
        bool is_full;
} Line;

/*
 * systemd sets $JOURNAL_STREAM to device and inode of the standard error that it connected to the
 * journal.
 */
static bool is_journal_stream(void) {
        const char *text = getenv("JOURNAL_STREAM");
        uint64_t device, inode;
        struct stat stat;
        Scan scan;

        if (!text)
                return false;
        scan = scan_init(text, strlen(text));
        if (!scan_u64(&scan, &device) || !scan_char(&scan, ':') || !scan_u64(&scan, &inode) ||
            !scan_is_done(&scan))
                return false;
        return fstat(STDERR_FILENO, &stat) == 0 && stat.st_dev == device && stat.st_ino == inode;
}

static LogTarget choose_target(void) {
        int saved_errno = errno;
        LogTarget target = LOG_TARGET_JSON;

        if (is_journal_stream())
                target = LOG_TARGET_JOURNAL;
        else if (isatty(STDERR_FILENO))
                target = LOG_TARGET_TEXT;
        errno = saved_errno;
        return target;
}

/**
 * log_init() - say who logs, where to, and how much
 * @identifier: the program's name; copied, cut at LOG_IDENTIFIER_MAX
 * @target:     AUTO is decided now, by what standard error is now
 * @max_level:  LOG_ERR..LOG_DEBUG; entries above it are dropped
 */
void log_init(const char *identifier, LogTarget target, int max_level) {
        (void)snprintf(slug_log.identifier, sizeof(slug_log.identifier), "%s", identifier);
        slug_log.target = target == LOG_TARGET_AUTO ? choose_target() : target;
        slug_log.max_level = max_level;
}

/* Never LOG_TARGET_AUTO. */
LogTarget log_get_target(void) {
        return slug_log.target;
}

/* @ret is untouched when @text is no level. */
bool log_parse_level(const char *text, int *ret) {
        static const struct {
                const char *text;
                int level;
        } levels[] = {
                { "err", LOG_ERR },   { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
                { "info", LOG_INFO }, { "debug", LOG_DEBUG },
        };

        for (size_t i = 0; i < ELEMENTSOF(levels); ++i)
                if (strcmp(text, levels[i].text) == 0) {
                        *ret = levels[i].level;
                        return true;
                }
        return false;
}

static void put(Line *line, const char *data, size_t n_data) {
        if (n_data > sizeof(line->data) - line->n_data) {
                line->is_full = true;
                return;
        }
        memcpy(line->data + line->n_data, data, n_data);
        line->n_data += n_data;
}

static void put_text(Line *line, const char *text) {
        put(line, text, strlen(text));
}

/*
 * How many bytes a character takes, from its first byte; 0 for one that begins none. @ret_least is
 * the lowest code point.
 */
static size_t utf8_length(unsigned char first, uint32_t *ret_bits, uint32_t *ret_least) {
        if (first < 0x80) {
                *ret_bits = first;
                *ret_least = 0;
                return 1;
        }
        if ((first & 0xe0) == 0xc0) {
                *ret_bits = first & 0x1f;
                *ret_least = 0x80;
                return 2;
        }
        if ((first & 0xf0) == 0xe0) {
                *ret_bits = first & 0x0f;
                *ret_least = 0x800;
                return 3;
        }
        if ((first & 0xf8) == 0xf0) {
                *ret_bits = first & 0x07;
                *ret_least = 0x10000;
                return 4;
        }
        return 0;
}

/*
 * Takes one character. False, and one byte taken, when there is none: cut, overlong, a surrogate,
 * too large.
 */
static bool scan_utf8(Scan *scan, uint32_t *ret) {
        uint32_t code, least;
        size_t n = utf8_length((unsigned char)*scan->cursor, &code, &least);

        if (n == 0 || n > scan_left(scan)) {
                ++scan->cursor;
                return false;
        }
        for (size_t i = 1; i < n; ++i) {
                unsigned char c = (unsigned char)scan->cursor[i];

                if ((c & 0xc0) != 0x80) {
                        ++scan->cursor;
                        return false;
                }
                code = code << 6 | (c & 0x3f);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
                ++scan->cursor;
                return false;
        }
        scan->cursor += n;
        *ret = code;
        return true;
}

/* C0, DEL and C1: a terminal may take any of them for a command. */
static bool is_control(uint32_t code) {
        return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static Scan pair_scan(const Pair *pair) {
        const char *text = pair->text ? pair->text : pair->number;

        return scan_init(text, strnlen(text, pair->n_max));
}

/* @kept_controls: those that may stay; what else is not printable becomes '?' */
static void put_plain(Line *line, const Pair *pair, const char *kept_controls) {
        Scan scan = pair_scan(pair);

        while (!scan_is_done(&scan)) {
                const char *start = scan.cursor;
                uint32_t code;

                if (!scan_utf8(&scan, &code) ||
                    (is_control(code) && (code >= 0x80 || !strchr(kept_controls, (int)code))))
                        put(line, "?", 1);
                else
                        put(line, start, (size_t)(scan.cursor - start));
        }
}

static void put_json_string(Line *line, const Pair *pair) {
        Scan scan = pair_scan(pair);

        put(line, "\"", 1);
        while (!scan_is_done(&scan)) {
                const char *start = scan.cursor;
                uint32_t code;

                if (!scan_utf8(&scan, &code)) {
                        put_text(line, "\\ufffd");
                } else if (code == '"' || code == '\\') {
                        put(line, "\\", 1);
                        put(line, start, 1);
                } else if (is_control(code)) {
                        char escape[8];

                        (void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)code & 0xff);
                        put_text(line, escape);
                } else {
                        put(line, start, (size_t)(scan.cursor - start));
                }
        }
        put(line, "\"", 1);
}

/* EAGAIN, EPIPE and all the others: there is nobody left to tell. */
static void write_line(const Line *line) {
        ssize_t n;

        do
                n = write(STDERR_FILENO, line->data, line->n_data);
        while (n < 0 && errno == EINTR);
}

static void write_text(const Entry *entry) {
        Line line;

        line.n_data = 0;
        line.is_full = false;
        put_text(&line, slug_log.identifier);
        put_text(&line, ": ");
        if (entry->level <= LOG_ERR)
                put_text(&line, "error: ");
        else if (entry->level == LOG_WARNING)
                put_text(&line, "warning: ");
        put_plain(&line, &entry->pairs[0], "");
        put(&line, "\n", 1);
        write_line(&line);
}

static void write_json(const Entry *entry) {
        Line line;

        line.n_data = 0;
        put(&line, "{", 1);
        for (size_t i = 0; i < entry->n_pairs; ++i) {
                size_t n_before = line.n_data;

                line.is_full = false;
                put_text(&line, i > 0 ? ",\"" : "\"");
                put_text(&line, entry->pairs[i].name);
                put_text(&line, "\":");
                put_json_string(&line, &entry->pairs[i]);
                /* Half a field would be no JSON; two bytes are for the end. */
                if (line.is_full || line.n_data + 2 > sizeof(line.data))
                        line.n_data = n_before;
        }
        put(&line, "}\n", 2);
        write_line(&line);
}

/* Falls back to text: the stream leads to the journal as well. */
static void write_journal(const Entry *entry) {
        struct iovec iov[LOG_PAIRS_MAX];
        Line line;

        line.n_data = 0;
        line.is_full = false;
        for (size_t i = 0; i < entry->n_pairs; ++i) {
                size_t n_before = line.n_data;

                put_text(&line, entry->pairs[i].name);
                put(&line, "=", 1);
                put_plain(&line, &entry->pairs[i], "\n\t");
                iov[i] = (struct iovec){
                        .iov_base = line.data + n_before,
                        .iov_len = line.n_data - n_before,
                };
        }
        if (sd_journal_sendv(iov, (int)entry->n_pairs) < 0)
                write_text(entry);
}

static void add_text(Entry *entry, const char *name, const char *text, size_t n_max) {
        Pair *pair = &entry->pairs[entry->n_pairs++];

        pair->name = name;
        pair->text = text;
        pair->n_max = n_max;
}

static void add_number(Entry *entry, const char *name, uint64_t number) {
        Pair *pair = &entry->pairs[entry->n_pairs++];

        pair->name = name;
        pair->text = NULL;
        pair->n_max = sizeof(pair->number);
        (void)snprintf(pair->number, sizeof(pair->number), "%" PRIu64, number);
}

static bool is_known(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(dictionary); ++i)
                if (strcmp(name, dictionary[i]) == 0)
                        return true;
        return false;
}

static void add_fields(Entry *entry, const LogField *fields, size_t n_fields) {
        assert(n_fields <= LOG_FIELDS_MAX);
        for (size_t i = 0; i < n_fields && i < LOG_FIELDS_MAX; ++i) {
                bool known = is_known(fields[i].name);

                assert(known);
                if (!known)
                        continue;
                if (fields[i].text)
                        add_text(entry, fields[i].name, fields[i].text, LOG_FIELD_MAX);
                else
                        add_number(entry, fields[i].name, fields[i].number);
        }
}

/**
 * log_entry() - one entry of the log
 * @message_id: 128 bits in hex, from messages.h; NULL for debug
 * @fields:     n_fields of them, at most LOG_FIELDS_MAX, names from the dictionary
 * @format:     a text that reads alone, no newline at the end; %m works
 *
 * Use the macros: they fill in where the entry was made. Levels above the one given to log_init()
 * cost a comparison.
 */
void log_entry(int level,
               const char *message_id,
               const char *file,
               int line,
               const char *function,
               const LogField *fields,
               size_t n_fields,
               const char *format,
               ...) {
        int saved_errno = errno;
        char message[LOG_MESSAGE_MAX];
        Entry entry;
        va_list args;

        if (level > slug_log.max_level)
                return;
        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);

        entry.n_pairs = 0;
        entry.level = level;
        add_text(&entry, "MESSAGE", message, sizeof(message));
        add_number(&entry, "PRIORITY", (uint64_t)level);
        add_text(&entry, "SYSLOG_IDENTIFIER", slug_log.identifier, LOG_IDENTIFIER_MAX);
        if (message_id)
                add_text(&entry, "MESSAGE_ID", message_id, LOG_FIELD_MAX);
        add_text(&entry, "CODE_FILE", file, LOG_FIELD_MAX);
        add_number(&entry, "CODE_LINE", (uint64_t)line);
        add_text(&entry, "CODE_FUNC", function, LOG_FIELD_MAX);
        add_fields(&entry, fields, n_fields);

        switch (slug_log.target) {
        case LOG_TARGET_JOURNAL:
                write_journal(&entry);
                break;
        case LOG_TARGET_JSON:
                write_json(&entry);
                break;
        case LOG_TARGET_AUTO:
        case LOG_TARGET_TEXT:
        case _LOG_TARGET_N:
                write_text(&entry);
                break;
        }
        errno = saved_errno;
}
