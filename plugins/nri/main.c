/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slug-nri
 *
 * Arguments, then the agent. Exit status: 0 stopped as asked, 1 could not start or had to stop, 2
 * wrong usage.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/program.h"
#include "nri/agent.h"

static AgentParams main_arg = {
        .socket = "/run/slug/slugd.sock",
        .nri_socket = "/var/run/nri/nri.sock",
        .index = "50",
};
static bool main_arg_foreground;
static int main_arg_log_level = LOG_INFO;

static bool set_index(const char *text, void *target) {
        if (strlen(text) != 2 || strspn(text, "0123456789") != 2)
                return false;
        *(const char **)target = text;
        return true;
}

static const char *const away_words[] = { "open", "closed", NULL };
static const char *const policy_words[] = { "auto", "none", NULL };

static const ProgramOption options[] = {
        { .name = "slugd",
          .argument = "PATH",
          .kind = PROGRAM_TEXT,
          .target = &main_arg.socket,
          .help = "slugd's socket (default: /run/slug/slugd.sock)" },
        { .name = "nri-socket",
          .argument = "PATH",
          .kind = PROGRAM_PATH,
          .target = &main_arg.nri_socket,
          .help = "the container runtime's NRI socket (default:\n/var/run/nri/nri.sock)" },
        { .name = "index",
          .argument = "NN",
          .kind = PROGRAM_OTHER,
          .target = &main_arg.index,
          .set = set_index,
          .expected = "two digits",
          .help = "the place among the runtime's plugins, two digits (default: 50)" },
        { .name = "when-slugd-is-away",
          .argument = "WAY",
          .kind = PROGRAM_WORD,
          .target = &main_arg.away,
          .words = away_words,
          .help = "open: a container that asks for a split is created without it,\n"
                  "and given it when slugd is back; closed: it is not created\n"
                  "(default: open)" },
        { .name = "memory-policy",
          .argument = "WAY",
          .kind = PROGRAM_WORD,
          .target = &main_arg.policy,
          .words = policy_words,
          .help = "auto: containers prefer the NUMA nodes of their claim by a\n"
                  "memory policy where the runtime has NRI 0.12 or later; none\n"
                  "(default: auto)" },
        PROGRAM_LOG_OPTIONS(&main_arg_foreground, &main_arg_log_level),
};

static const Program program = {
        .name = "slug-nri",
        .summary = "Gives containers the NUMA nodes and the protection of their memory split as "
                   "they are\ncreated: a plugin of the container runtime, by NRI.\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .details = "slug-nri stops at SIGTERM and SIGINT, and asks slugd again about all "
                   "containers at\nSIGHUP.\n",
        .examples = "  slug-nri --foreground --log-level debug\n"
                    "  slug-nri --when-slugd-is-away closed\n"
                    "  slug-nri --nri-socket /run/nri/nri.sock --index 10\n",
};

int main(int argc, char **argv) {
        _cleanup_(agent_freep) Agent *agent = NULL;
        Diag diag = {};
        int r;

        r = program_parse(&program, argc, argv);
        if (r >= 0)
                return r;
        log_init("slug-nri", main_arg_foreground ? LOG_TARGET_TEXT : LOG_TARGET_AUTO,
                 main_arg_log_level);
        /* A peer that hangs up is an ordinary event, told by the return value of write(). */
        (void)signal(SIGPIPE, SIG_IGN);

        r = agent_new(&main_arg, &agent, &diag);
        if (r == 0)
                r = agent_run(agent);
        if (r)
                program_tell_failure(&program, r, &diag);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
