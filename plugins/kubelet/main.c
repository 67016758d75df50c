/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slug-kubelet
 *
 * Arguments, then the agent. Exit status: 0 stopped as asked, or printed a complete report; 1 could
 * not start, had to stop, printed one that is not complete, or found no such pod; 2 wrong usage.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/program.h"
#include "kubelet/agent.h"

/* slugd is told once a minute at least, of what was just asked. */
#define INTERVAL_MAX_USEC (60 * USEC_PER_SEC)
#define SETTLE_MAX_USEC   (3600 * USEC_PER_SEC)

static AgentParams main_arg = {
        .root = "/",
        .socket = "/run/slug/slugd.sock",
        .interval_usec = 30 * USEC_PER_SEC,
        .settle_usec = 30 * USEC_PER_SEC,
};
static bool main_arg_foreground;
static int main_arg_log_level = LOG_INFO;
static char main_arg_namespace[64]; /* a DNS label */

static bool set_pod(const char *text, void *target _unused_) {
        const size_t n = strcspn(text, "/");
        const char *name = text[n] ? text + n + 1 : "";

        if (n == 0 || n >= sizeof(main_arg_namespace) || !name[0] || strchr(name, '/'))
                return false;
        memcpy(main_arg_namespace, text, n);
        main_arg_namespace[n] = '\0';
        main_arg.pod_namespace = main_arg_namespace;
        main_arg.pod_name = name;
        return true;
}

static bool set_register(const char *text, void *target) {
        return device_registering_parse(text, target);
}

static const ProgramOption options[] = {
        { .name = "slugd",
          .argument = "PATH",
          .kind = PROGRAM_TEXT,
          .target = &main_arg.socket,
          .help = "slugd's socket (default: /run/slug/slugd.sock)" },
        { .name = "runtime-endpoint",
          .argument = "PATH",
          .kind = PROGRAM_PATH,
          .target = &main_arg.endpoints.runtime,
          .help = "the container runtime's CRI socket, a path or unix://PATH\n"
                  "(default: the first of the usual places where there is one)" },
        { .name = "kubelet-dir",
          .argument = "DIR",
          .kind = PROGRAM_PATH,
          .target = &main_arg.endpoints.kubelet_dir,
          .help = "the kubelet's folder (default: the same, usually\n/var/lib/kubelet)" },
        { .name = "pod-resources",
          .argument = "PATH",
          .kind = PROGRAM_PATH,
          .target = &main_arg.endpoints.pod_resources,
          .help = "the kubelet's pod-resources socket (default:\n"
                  "pod-resources/kubelet.sock in its folder)" },
        { .name = "manifests",
          .argument = "DIR",
          .kind = PROGRAM_PATH,
          .target = &main_arg.manifests,
          .help = "what static pods ask for is in the files of DIR, the\n"
                  "kubelet's staticPodPath (default: such files are not read)" },
        { .name = "no-kubelet",
          .kind = PROGRAM_FLAG,
          .target = &main_arg.has_no_kubelet,
          .help = "there is none: ask the runtime alone" },
        { .name = "register",
          .argument = "WAY",
          .kind = PROGRAM_OTHER,
          .target = &main_arg.registering,
          .set = set_register,
          .expected = "registry, device-plugins or none",
          .help = "how the kubelet is told of chunks of remote memory: registry,\n"
                  "device-plugins or none (default: registry)" },
        { .name = "interval",
          .argument = "TIME",
          .kind = PROGRAM_DURATION,
          .target = &main_arg.interval_usec,
          .max_usec = INTERVAL_MAX_USEC,
          .help = "ask so often while nothing happens (default: 30s, at most 1m)" },
        { .name = "settle-time",
          .argument = "TIME",
          .kind = PROGRAM_DURATION,
          .target = &main_arg.settle_usec,
          .max_usec = SETTLE_MAX_USEC,
          .help = "for so long nothing may change before a pod that is not\n"
                  "there counts as gone (default: 30s)" },
        { .name = "once",
          .kind = PROGRAM_FLAG,
          .target = &main_arg.is_once,
          .help = "ask once, print the report as JSON, and end: 0 when it is\ncomplete" },
        { .name = "pod",
          .argument = "NAMESPACE/NAME",
          .kind = PROGRAM_OTHER,
          .set = set_pod,
          .expected = "NAMESPACE/NAME",
          .help = "with --once: print this pod alone" },
        { .name = "root",
          .argument = "DIR",
          .kind = PROGRAM_TEXT,
          .target = &main_arg.root,
          .help = "take all paths but slugd's below DIR" },
        PROGRAM_LOG_OPTIONS(&main_arg_foreground, &main_arg_log_level),
};

static const Program program = {
        .name = "slug-kubelet",
        .summary = "Tells slugd which pods the container runtime and the kubelet have, and the\n"
                   "kubelet which chunks of remote memory there are.\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .details = "TIME is a number and ms, s or m. slug-kubelet stops at SIGTERM and SIGINT, and "
                   "asks\nat once at SIGHUP.\n",
        .examples = "  slug-kubelet --once\n"
                    "  slug-kubelet --once --pod default/web-0\n"
                    "  slug-kubelet --once --no-kubelet --runtime-endpoint "
                    "unix:///run/containerd/containerd.sock\n"
                    "  slug-kubelet --foreground --log-level debug\n",
};

int main(int argc, char **argv) {
        _cleanup_(agent_freep) Agent *agent = NULL;
        Diag diag = {};
        int r;

        r = program_parse(&program, argc, argv);
        if (r >= 0)
                return r;
        if (main_arg.pod_name && !main_arg.is_once)
                return program_refuse(&program, "--pod goes with --once");
        log_init("slug-kubelet",
                 main_arg_foreground || main_arg.is_once ? LOG_TARGET_TEXT : LOG_TARGET_AUTO,
                 main_arg_log_level);
        /* A peer that hangs up is an ordinary event, told by the return value of write(). */
        (void)signal(SIGPIPE, SIG_IGN);

        r = agent_new(&main_arg, &agent, &diag);
        if (r == 0)
                r = agent_run(agent);
        if (r < 0 || r == AGENT_E_REFUSED)
                program_tell_failure(&program, r, &diag);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
