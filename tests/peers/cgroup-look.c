/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup-look: what we make of names of cgroups, for the kubelet's own code to compare
 *
 * A line in is a question, a line out its answer. Text is hexadecimal, with a "=" before it, so
 * that anything can be in it; "-" is what we refuse.
 *
 *     name =COMPONENT...   =PATH =PATH   of the systemd and of the cgroupfs driver
 *     root =CGROUPROOT     the same of kubepods in it
 *     systemd =PATH        =COMPONENT... behind a "+"
 *     cgroupfs =PATH
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "cgroup/name.h"

#define TEXT_MAX 8192u

static bool take_text(Scan word, char text[static TEXT_MAX]) {
        size_t n = 0;

        if (!scan_char(&word, '='))
                return false;
        while (!scan_is_done(&word) && n + 1 < TEXT_MAX) {
                Scan digits = { .cursor = word.cursor, .end = word.cursor + 2 };
                uint64_t byte;

                if (scan_left(&word) < 2 || !scan_hex(&digits, &byte) || !scan_is_done(&digits))
                        return false;
                text[n++] = (char)byte;
                word.cursor += 2;
        }
        text[n] = '\0';
        return scan_is_done(&word);
}

static bool take_word(Scan *line, Scan *ret) {
        if (scan_is_done(line))
                return false;
        if (!scan_until(line, ' ', ret)) {
                *ret = *line;
                line->cursor = line->end;
        }
        return true;
}

static void tell(const char *text) {
        (void)putchar('=');
        for (const char *c = text; *c; ++c)
                (void)printf("%02x", (unsigned char)*c);
}

static void tell_path(const CgroupName *name, CgroupDriver driver) {
        char path[CGROUP_PATH_MAX];

        if (cgroup_name_format(name, driver, path))
                (void)putchar('-');
        else
                tell(path);
}

static void tell_paths(const CgroupName *name) {
        tell_path(name, CGROUP_DRIVER_SYSTEMD);
        (void)putchar(' ');
        tell_path(name, CGROUP_DRIVER_CGROUPFS);
}

/* False: this is no question. */
static bool answer_name(Scan line) {
        char text[TEXT_MAX];
        CgroupName name = {};
        bool is_refused = false;
        Scan word;

        while (take_word(&line, &word)) {
                if (!take_text(word, text))
                        return false;
                is_refused |= cgroup_name_append(&name, text) != 0;
        }
        if (is_refused)
                (void)putchar('-');
        else
                tell_paths(&name);
        return true;
}

static bool answer_root(Scan line) {
        char text[TEXT_MAX];
        CgroupName name;

        if (!take_text(line, text))
                return false;
        if (cgroup_name_make_kubepods(text, &name))
                (void)putchar('-');
        else
                tell_paths(&name);
        return true;
}

static bool answer_path(Scan line, CgroupDriver driver) {
        char text[TEXT_MAX];
        CgroupName name;

        if (!take_text(line, text))
                return false;
        if (cgroup_name_parse(text, driver, &name)) {
                (void)putchar('-');
                return true;
        }
        (void)putchar('+');
        for (size_t i = 0; i < name.n_components; ++i) {
                (void)putchar(' ');
                tell(name.components[i]);
        }
        return true;
}

static bool answer(Scan line) {
        Scan word;

        if (!take_word(&line, &word))
                return false;
        if (scan_literal(&word, "name"))
                return answer_name(line);
        if (scan_literal(&word, "root"))
                return answer_root(line);
        if (scan_literal(&word, "systemd"))
                return answer_path(line, CGROUP_DRIVER_SYSTEMD);
        return scan_literal(&word, "cgroupfs") && answer_path(line, CGROUP_DRIVER_CGROUPFS);
}

int main(void) {
        _cleanup_(freep) char *line = NULL;
        size_t n_allocated = 0;
        ssize_t n;

        while ((n = getline(&line, &n_allocated, stdin)) > 0) {
                if (!answer(scan_init(line, strcspn(line, "\n")))) {
                        (void)fprintf(stderr, "cgroup-look: no question: %.100s\n", line);
                        return EXIT_FAILURE;
                }
                (void)putchar('\n');
                if (fflush(stdout) < 0)
                        return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
