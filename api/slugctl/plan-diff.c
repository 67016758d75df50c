/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "slugctl/knob.h"
#include "slugctl/plan.h"

/*
 * What diff -u would say of the files if they were as they are planned: one line a file, so that
 * every hunk is "@@ -1 +1 @@", with the reason where diff names the function. What keeps slugd from
 * writing stands above as a comment, which tools that read a diff pass over.
 */
#define CGROUP_FOLDER "/sys/fs/cgroup/"

bool planned_knob_differs(const Slug__V1__PlannedKnob *knob) {
        const char *intended = MESSAGE_TEXT(knob, intended);
        const char *current = MESSAGE_TEXT(knob, current);

        return intended && (!current || strcmp(intended, current) != 0);
}

static void
append_line(const Style *style, Tone tone, const char *sign, const char *text, Buffer *buffer) {
        _cleanup_(buffer_deinitp) Buffer line = {};

        buffer_append_text(&line, sign);
        buffer_append_text(&line, text);
        if (buffer_finish(&line)) {
                buffer->error = buffer->error ? buffer->error : line.error;
                return;
        }
        output_toned(buffer, style, tone, line.data);
        buffer_append_char(buffer, '\n');
}

static void append_file(const Style *style,
                        const char *sign,
                        const Slug__V1__PlannedKnob *knob,
                        Buffer *buffer) {
        buffer_append_text(buffer, sign);
        buffer_append_text(buffer, " " CGROUP_FOLDER);
        output_text(buffer, style, knob->path);
        buffer_append_char(buffer, '/');
        output_text(buffer, style, knob->knob);
        buffer_append_char(buffer, '\n');
}

static void append_knob(const Slug__V1__PlannedKnob *knob, const Style *style, Buffer *buffer) {
        const char *current = MESSAGE_TEXT(knob, current);

        if (current)
                append_file(style, "---", knob, buffer);
        else
                buffer_append_text(buffer, "--- /dev/null\n");
        append_file(style, "+++", knob, buffer);
        buffer_append_text(buffer, current ? "@@ -1 +1 @@ " : "@@ -0,0 +1 @@ ");
        output_text(buffer, style, knob->level);
        buffer_append_text(buffer, ": ");
        output_text(buffer, style, knob->reason);
        buffer_append_char(buffer, '\n');
        if (current)
                append_line(style, TONE_BAD, "-", current, buffer);
        append_line(style, TONE_GOOD, "+", knob->intended, buffer);
}

size_t
plan_append_diff(const Slug__V1__PlanResponse *response, const Style *style, Buffer *buffer) {
        size_t n = 0;

        if (response->problem[0])
                append_line(style, TONE_NOTICE, "# nothing is written: ", response->problem,
                            buffer);
        for (size_t i = 0; i < response->n_knobs; ++i) {
                if (!planned_knob_differs(response->knobs[i]))
                        continue;
                append_knob(response->knobs[i], style, buffer);
                ++n;
        }
        return n;
}
