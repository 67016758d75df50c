/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/uninstall.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "slugctl/call.h"
#include "slugctl/client.h"
#include "slugctl/knob.h"

/*
 * Puts back what slugd has written to cgroups and to the machine's settings, and nothing else: it
 * is what of slug outlives its package. Services and package are the administrator's, and what to
 * do about them is said at the end.
 */
#define PLAN_PATH   "/slug.v1.NodeService/Plan"
#define TIMEOUT_SEC 120u /* a limit that pages stand in the way of may take a while */

static const Option options[] = {
        { .name = "yes", .letter = 'y', .help = "do not ask" },
};

/* Asking */

size_t uninstall_append_question(const Slug__V1__PlanResponse *response,
                                 const Style *style,
                                 Buffer *buffer) {
        static const char *const headers[] = { "Cgroup", "Knob", "Now", "Becomes" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));
        size_t n = 0;

        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_knobs; ++i) {
                const Slug__V1__PlannedKnob *knob = response->knobs[i];

                if (!MESSAGE_TEXT(knob, before))
                        continue;
                table_add(&table, TONE_PLAIN, knob->path);
                table_add(&table, TONE_PLAIN, knob->knob);
                table_add_knob(&table, knob->knob, MESSAGE_TEXT(knob, current));
                table_add_knob(&table, knob->knob, knob->before);
                ++n;
        }
        if (n > 0)
                table_append(&table, 0, buffer);
        else
                buffer_append_text(buffer, "slugd has written no limit that has to be put back.\n");
        buffer_append_text(buffer, "slugd then sets no limits until it is reloaded or started "
                                   "anew. Go on? [y/N] ");
        return n;
}

static int ask_plan(const VerbContext *context, Buffer *question, Diag *reterr) {
        static const Verb plan = { .response = &slug__v1__plan_response__descriptor };
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer answer = {};
        ProtobufCMessage *message;
        int r;

        r = call_ask(context, PLAN_PATH, NULL, &answer, reterr);
        if (r == 0)
                r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(&plan, &answer, arena, &message, reterr);
        if (r)
                return r;
        (void)uninstall_append_question((const Slug__V1__PlanResponse *)message, &context->style,
                                        question);
        return buffer_finish(question);
}

/* False: not to be done, and why is said. */
static bool confirm(const VerbContext *context, int *ret_status) {
        _cleanup_(buffer_deinitp) Buffer question = {};
        Diag diag = {};
        char answer[8];
        int r;

        if (!isatty(STDIN_FILENO)) {
                *ret_status =
                        verb_refuse(context->verb, "nobody can be asked here; say --yes to go on");
                return false;
        }
        r = ask_plan(context, &question, &diag);
        if (r) {
                *ret_status = call_complain(r, &diag);
                if (r == CLIENT_E_UNREACHABLE)
                        *ret_status = EXIT_UNREACHABLE;
                return false;
        }
        (void)fputs(question.data, stderr);
        if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
                return true;
        (void)fprintf(stderr, "slugctl: nothing was done\n");
        *ret_status = EXIT_FAILURE;
        return false;
}

/* Telling */

static void add_now(Table *table, const Slug__V1__WithdrawnKnob *knob) {
        if (knob->is_gone)
                table_add(table, TONE_PLAIN, "<cgroup is gone>");
        else if (knob->error[0])
                table_printf(table, TONE_BAD, "not put back: %s", knob->error);
        else
                table_add_knob(table, knob->knob, knob->before);
}

static void
append_settings(const Slug__V1__WithdrawResponse *response, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Setting", "Before slugd", "By slugd", "Now" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (response->n_settings == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_settings; ++i) {
                const Slug__V1__WithdrawnSetting *setting = response->settings[i];

                table_add(&table, TONE_PLAIN, setting->name);
                table_add(&table, TONE_PLAIN, setting->before);
                table_add(&table, TONE_PLAIN, setting->written);
                if (setting->error[0])
                        table_printf(&table, TONE_BAD, "not put back: %s", setting->error);
                else
                        table_add(&table, TONE_PLAIN,
                                  setting->is_foreign ? "<left: somebody else has set it>"
                                                      : setting->before);
        }
        buffer_append_char(buffer, '\n');
        table_append(&table, 0, buffer);
}

static size_t count_failures(const Slug__V1__WithdrawResponse *response) {
        size_t n = 0;

        for (size_t i = 0; i < response->n_knobs; ++i)
                n += response->knobs[i]->error[0] != '\0';
        for (size_t i = 0; i < response->n_settings; ++i)
                n += response->settings[i]->error[0] != '\0';
        return n;
}

static void append_rest(size_t n_failures, Buffer *buffer) {
        if (n_failures > 0)
                buffer_printf(buffer,
                              "\n%zu could not be put back: what is said above stands in the way. "
                              "Mend that and run\n"
                              "this again, or write the old value to the file by hand.\n",
                              n_failures);
        else
                buffer_append_text(buffer, "\nslugd writes nothing more until it is reloaded or "
                                           "started anew. What is left to do:\n"
                                           "  systemctl disable --now slugd.socket "
                                           "slugd.service\n"
                                           "  remove the package (\"./bootstrap uninstall\" where "
                                           "slug was built here)\n");
}

void uninstall_append(const Slug__V1__WithdrawResponse *response,
                      const Style *style,
                      Buffer *buffer) {
        static const char *const headers[] = { "Cgroup", "Knob", "Before slugd", "By slugd",
                                               "Now" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_knobs; ++i) {
                const Slug__V1__WithdrawnKnob *knob = response->knobs[i];

                table_add(&table, TONE_PLAIN, knob->path);
                table_add(&table, TONE_PLAIN, knob->knob);
                table_add_knob(&table, knob->knob, knob->before);
                table_add_knob(&table, knob->knob, knob->written);
                add_now(&table, knob);
        }
        if (response->n_knobs > 0)
                table_append(&table, 0, buffer);
        else
                buffer_append_text(buffer, "slugd had written no limit\n");
        append_settings(response, style, buffer);
        if (response->node_limits[0])
                buffer_printf(buffer, "\n%s\n", response->node_limits);
        append_rest(count_failures(response), buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        uninstall_append((const Slug__V1__WithdrawResponse *)message, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        const Slug__V1__WithdrawResponse *response = (const Slug__V1__WithdrawResponse *)message;

        return count_failures(response) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const VerbContext *context) {
        int status = EXIT_SUCCESS;

        if (verb_find_option(context, "yes") || confirm(context, &status))
                status = call_run(context);
        if (status == EXIT_UNREACHABLE)
                (void)fprintf(stderr, "slugctl: where no slugd runs, 'slugd --withdraw' puts back "
                                      "what the last one has written\n");
        return status;
}

const Verb verb_uninstall = {
        .name = "uninstall",
        .arguments = " [--yes]",
        .summary = "put back what slugd has written to cgroups and settings",
        .help = "Has slugd put back every limit of a cgroup and every setting of the machine\n"
                "that it has written, to what was there before, and says of each what it was,\n"
                "what slugd had made of it, and what it is now; then what is left to do to be rid\n"
                "of slug. slugd writes none of them after that, until it is reloaded or started\n"
                "anew. On a terminal it asks first. If something could not be put back the exit\n"
                "status is 1. Where no slugd runs, 'slugd --withdraw' does the same. Needs the\n"
                "role admin.\n"
                "\n"
                "Examples:\n"
                "  slugctl uninstall\n"
                "  slugctl uninstall --yes -o json | jq '.knobs[] | select(.error)'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
        .path = "/slug.v1.NodeService/Withdraw",
        .response = &slug__v1__withdraw_response__descriptor,
        .render = render,
        .get_status = get_status,
        .timeout_sec = TIMEOUT_SEC,
};
