/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "slugctl/call.h"
#include "slugctl/client.h"

/*
 * The verb itself: it finds the action and sees to it that no option of another one stands there.
 */
static const Option options[] = {
        { .name = "force", .help = "export: replace a FILE that is there already" },
        { .name = "dry-run", .help = "import: only tell what would be" },
        { .name = "offline", .help = "verify: do not ask slugd what it has" },
};

static const char *const words[] = { "export", "import", "verify", NULL };

static const LedgerAction *const actions[] = { &ledger_export, &ledger_import, &ledger_verify };

static const LedgerAction *find_action(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(actions); ++i)
                if (strcmp(actions[i]->name, name) == 0)
                        return actions[i];
        return NULL;
}

bool ledger_ask(const VerbContext *context,
                const char *path,
                const char *request,
                Buffer *answer,
                int *ret_status) {
        Diag diag = {};
        const int r = call_ask(context, path, request, answer, &diag);

        if (r == 0)
                return true;
        (void)call_complain(r, &diag);
        *ret_status = r == CLIENT_E_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_FAILURE;
        return false;
}

static int run(const VerbContext *context) {
        const LedgerAction *action = find_action(context->arguments[0]);
        const char *file = context->n_arguments > 1 ? context->arguments[1] : NULL;

        if (!action)
                return verb_refuse(context->verb,
                                   "cannot %s a ledger; what can be done: %s, %s, %s",
                                   context->arguments[0], words[0], words[1], words[2]);
        if (action->needs_file && !file)
                return verb_refuse(context->verb, "usage: slugctl ledger %s FILE|-", action->name);
        for (size_t i = 0; i < ELEMENTSOF(options); ++i)
                if (strcmp(options[i].name, action->option) != 0 &&
                    verb_find_option(context, options[i].name))
                        return verb_refuse(context->verb, "--%s is no option of 'ledger %s'",
                                           options[i].name, action->name);
        return action->run(context, file);
}

const Verb verb_ledger = {
        .name = "ledger",
        .arguments = " export|import|verify [FILE]",
        .summary = "all claims into a file and back, and the log on the disk",
        .help = "export writes all claims as JSON to standard output, or to a file that only its\n"
                "owner may read.\n"
                "\n"
                "import gives the claims of such a file ('-': standard input) to slugd. Those "
                "whose\n"
                "pod and container have a claim already stay as they are; the others must fit. "
                "Needs\n"
                "the role admin.\n"
                "\n"
                "verify reads the log that slugd keeps, and tells whether it is good, torn (as a\n"
                "crash leaves it, which does no harm) or damaged, and where. It needs no slugd; "
                "if\n"
                "one answers, what it has is compared with the log. Without a file it is\n"
                "/var/lib/slug/ledger.log, which only root can read. For a log of another machine "
                "say\n"
                "--offline. Unless all is good the exit status is 1.\n"
                "\n"
                "Examples:\n"
                "  slugctl ledger export claims.json\n"
                "  slugctl ledger import --dry-run claims.json\n"
                "  slugctl ledger verify\n"
                "  slugctl ledger verify --offline ledger.log.damaged-1 -o json\n",
        .n_arguments_min = 1,
        .n_arguments_max = 2,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .words = words,
        .takes_path = true,
        .run = run,
};
