/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/capture-mask.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A mask works on text, without understanding the formats further than it has to. Where a file may
 * hold anything (the kubelet's configuration and its command line) only what slugd reads is kept:
 * a list of what is secret would always be one key short. A line of YAML that begins at the margin
 * begins a key; what is indented, or an element of a list, belongs to the key before it. What is in
 * flow style from its first character (JSON, too) cannot be taken apart this way and is left out as
 * a whole.
 *
 * Physical addresses stay: memory blocks are named by them, and without them a replay would show
 * another machine.
 */
static const char *const kubelet_keys[] = {
        "apiVersion",
        "kind",
        "systemReserved",
        "kubeReserved",
        "evictionHard",
        "mergeDefaultEvictionSettings",
        "cgroupsPerQOS",
        "reservedMemory",
        "memoryManagerPolicy",
        "enforceNodeAllocatable",
        "featureGates",
        "qosReserved",
        "failSwapOn",
        "memorySwap",
        "cpuManagerPolicy",
        "topologyManagerPolicy",
        "topologyManagerPolicyOptions",
};

static const char *const kubelet_flags[] = {
        "config",
        "config-dir",
        "system-reserved",
        "kube-reserved",
        "eviction-hard",
        "enforce-node-allocatable",
        "cgroups-per-qos",
        "memory-manager-policy",
        "reserved-memory",
        "feature-gates",
        "qos-reserved",
        "fail-swap-on",
        "cpu-manager-policy",
        "topology-manager-policy",
        "topology-manager-policy-options",
};

void capture_mask_deinit(CaptureMask *mask) {
        free(mask->addresses);
        free(mask->serials);
        *mask = (CaptureMask){};
}

/* Its number in the list, from 1; 0: no room. */
static size_t number_of(MaskEntry **list, size_t *n_list, const char *word, size_t n_word) {
        MaskEntry *grown;

        if (n_word >= MASK_WORD_MAX)
                return 0;
        for (size_t i = 0; i < *n_list; ++i)
                if (strlen((*list)[i].word) == n_word && memcmp((*list)[i].word, word, n_word) == 0)
                        return i + 1;
        if (*n_list == MASK_ENTRIES_MAX)
                return 0;
        grown = reallocarray(*list, *n_list + 1, sizeof(*grown));
        if (!grown)
                return 0;
        *list = grown;
        memset(grown[*n_list].word, 0, MASK_WORD_MAX);
        memcpy(grown[*n_list].word, word, n_word);
        return ++*n_list;
}

static void fail(Buffer *buffer) {
        if (!buffer->error)
                buffer->error = -ENOSPC;
}

/* How many of the pattern's characters match: "x" is a hexadecimal digit, others themselves. */
static bool matches(const char *text, size_t n_text, const char *pattern) {
        const size_t n = strlen(pattern);

        if (n_text < n)
                return false;
        for (size_t i = 0; i < n; ++i)
                if (pattern[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != pattern[i])
                        return false;
        return true;
}

void mask_paths(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        static const char device[] = "xxxx:xx:xx.x", bridge[] = "pcixxxx:xx";
        size_t number;

        for (size_t i = 0; i < n_text;) {
                if (matches(text + i, n_text - i, device)) {
                        number = number_of(&mask->addresses, &mask->n_addresses, text + i,
                                           strlen(device));
                        buffer_printf(ret, "%04zx:%02zx:00.0", number >> 8, number & 0xff);
                        i += strlen(device);
                } else if (matches(text + i, n_text - i, bridge)) {
                        number = number_of(&mask->addresses, &mask->n_addresses, text + i,
                                           strlen(bridge));
                        buffer_printf(ret, "pci%04zx:%02zx", number >> 8, number & 0xff);
                        i += strlen(bridge);
                } else {
                        buffer_append(ret, text + i++, 1);
                        continue;
                }
                if (number == 0)
                        fail(ret);
        }
}

static void append_serial(CaptureMask *mask, uint64_t serial, Buffer *ret) {
        char word[MASK_WORD_MAX];
        size_t number;

        (void)snprintf(word, sizeof(word), "%" PRIx64, serial);
        number = number_of(&mask->serials, &mask->n_serials, word, strlen(word));
        buffer_printf(ret, "0x%zx", number);
        if (number == 0)
                fail(ret);
}

void mask_serial(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        char word[MASK_WORD_MAX] = "";

        if (n_text < sizeof(word))
                memcpy(word, text, n_text);
        append_serial(mask, strtoull(word, NULL, 0), ret);
        buffer_append_text(ret, "\n");
}

void mask_host_name(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        (void)mask;
        (void)text;
        (void)n_text;
        buffer_append_text(ret, "node\n");
}

void mask_nothing_left(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        (void)mask;
        (void)text;
        (void)n_text;
        buffer_append_text(ret, "\n");
}

static bool is_listed(const char *const *list, size_t n_list, const char *text, size_t n_text) {
        for (size_t i = 0; i < n_list; ++i)
                if (strlen(list[i]) == n_text && memcmp(list[i], text, n_text) == 0)
                        return true;
        return false;
}

/* "--name", "--name=value" */
static bool is_kept_flag(const char *text, size_t n_text) {
        const char *end = memchr(text, '=', n_text);

        return n_text > 2 && memcmp(text, "--", 2) == 0 &&
               is_listed(kubelet_flags, ELEMENTSOF(kubelet_flags), text + 2,
                         (end ? (size_t)(end - text) : n_text) - 2);
}

void mask_command_line(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        bool is_kept = false;

        (void)mask;
        for (size_t i = 0; i < n_text;) {
                const size_t n = strnlen(text + i, n_text - i);
                const bool is_flag = n > 1 && text[i] == '-';

                /* a value of its own goes with its flag */
                is_kept = i == 0 || (is_flag ? is_kept_flag(text + i, n) : is_kept);
                if (is_kept) {
                        buffer_append(ret, text + i, n);
                        buffer_append(ret, "", 1);
                }
                is_kept = is_kept && is_flag && !memchr(text + i, '=', n);
                i += n + 1;
        }
}

/* Whether a line with something in it is kept; @was_kept: the one before it. */
typedef bool LineKept(const char *line, size_t n_line, bool was_kept);

/* Without a comment behind it, which may say anything. Where quotes could hide a "#" it stays. */
static size_t content_length(const char *line, size_t n_line) {
        const char *comment = memmem(line, n_line, " #", 2);
        size_t n_blanks = 0;

        while (n_blanks < n_line && (line[n_blanks] == ' ' || line[n_blanks] == '\t'))
                ++n_blanks;
        if (n_blanks == n_line || line[n_blanks] == '#')
                return 0;
        if (!comment || memchr(line, '"', n_line) || memchr(line, '\'', n_line))
                return n_line;
        return (size_t)(comment - line);
}

/* A line that is not kept becomes an empty one; empty lines and comments end nothing. */
static void keep_lines(const char *text, size_t n_text, LineKept *is_kept, Buffer *ret) {
        bool keeps = false;

        for (size_t i = 0; i < n_text;) {
                const char *end = memchr(text + i, '\n', n_text - i);
                const size_t n_line = end ? (size_t)(end - (text + i)) : n_text - i;
                const size_t n = content_length(text + i, n_line);

                if (n > 0)
                        keeps = is_kept(text + i, n, keeps);
                if (n > 0 && keeps)
                        buffer_append(ret, text + i, n);
                buffer_append_text(ret, "\n");
                i += n_line + 1;
        }
}

/* "key:" at the margin; "" when the line belongs to what is before it. */
static size_t key_length(const char *line, size_t n_line) {
        const char *end;

        if (n_line == 0 || !isalpha((unsigned char)line[0]))
                return 0;
        end = memchr(line, ':', n_line);
        return end ? (size_t)(end - line) : 0;
}

static bool is_kubelet_line(const char *line, size_t n_line, bool was_kept) {
        const size_t n_key = key_length(line, n_line);

        if (n_key)
                return is_listed(kubelet_keys, ELEMENTSOF(kubelet_keys), line, n_key);
        return was_kept && (line[0] == ' ' || line[0] == '-');
}

void mask_kubelet_file(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        (void)mask;
        keep_lines(text, n_text, is_kubelet_line, ret);
}

static bool is_slugd_line(const char *line, size_t n_line, bool was_kept) {
        const size_t n_key = key_length(line, n_line);

        (void)was_kept;
        if (line[0] == '{' || line[0] == '"')
                return false;
        return n_key == 0 || !is_listed((const char *const[]){ "nodeName" }, 1, line, n_key);
}

/* The number behind "cxlSerial:", wherever that stands. */
static void mask_serials_in(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        static const char key[] = "cxlSerial:";

        for (size_t i = 0; i < n_text;) {
                char word[MASK_WORD_MAX] = "";
                size_t n = 0;

                if (n_text - i < strlen(key) || memcmp(text + i, key, strlen(key)) != 0) {
                        buffer_append(ret, text + i++, 1);
                        continue;
                }
                buffer_append_text(ret, "cxlSerial: ");
                i += strlen(key);
                while (i < n_text && (text[i] == ' ' || text[i] == '"' || text[i] == '\''))
                        ++i;
                while (i < n_text && isalnum((unsigned char)text[i]) && n < sizeof(word) - 1)
                        word[n++] = text[i++];
                if (i < n_text && (text[i] == '"' || text[i] == '\''))
                        ++i;
                append_serial(mask, strtoull(word, NULL, 0), ret);
        }
}

void mask_slugd_file(CaptureMask *mask, const char *text, size_t n_text, Buffer *ret) {
        _cleanup_(buffer_deinitp) Buffer lines = {};

        keep_lines(text, n_text, is_slugd_line, &lines);
        if (buffer_finish(&lines))
                fail(ret);
        else
                mask_serials_in(mask, lines.data, lines.n_data, ret);
}
