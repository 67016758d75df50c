/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slug-kubelet
 *
 * Arguments, then the agent. Exit status: 0 stopped as asked, or printed a complete report; 1 could
 * not start, had to stop, printed one that is not complete, or found no such pod; 2 wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scan.h"
#include "kubelet/agent.h"

enum { EXIT_USAGE = 2 };

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

static int help(void) {
        (void)printf(
                "Usage: slug-kubelet [OPTIONS]\n"
                "\n"
                "Tells slugd which pods the container runtime and the kubelet have, and the\n"
                "kubelet which chunks of remote memory there are.\n"
                "\n"
                "Options:\n"
                "      --slugd PATH       slugd's socket (default: /run/slug/slugd.sock)\n"
                "      --runtime-endpoint PATH\n"
                "                         the container runtime's CRI socket, a path or "
                "unix://PATH\n"
                "                         (default: the first of the usual places where there is "
                "one)\n"
                "      --kubelet-dir DIR  the kubelet's folder (default: the same, usually\n"
                "                         /var/lib/kubelet)\n"
                "      --pod-resources PATH\n"
                "                         the kubelet's pod-resources socket (default:\n"
                "                         pod-resources/kubelet.sock in its folder)\n"
                "      --manifests DIR    what static pods ask for is in the files of DIR, the "
                "kubelet's\n"
                "                         staticPodPath (default: such files are not read)\n"
                "      --no-kubelet       there is none: ask the runtime alone\n"
                "      --register WAY     how the kubelet is told of chunks of remote memory: "
                "registry,\n"
                "                         device-plugins or none (default: registry)\n"
                "      --interval TIME    ask so often while nothing happens (default: 30s, at "
                "most "
                "1m)\n"
                "      --settle-time TIME for so long nothing may change before a pod that is not\n"
                "                         there counts as gone (default: 30s)\n"
                "      --once             ask once, print the report as JSON, and end: 0 when it "
                "is "
                "complete\n"
                "      --pod NAMESPACE/NAME\n"
                "                         with --once: print this pod alone\n"
                "      --root DIR         take all paths but slugd's below DIR\n"
                "      --foreground       log as plain text on standard error, for a person at a "
                "terminal\n"
                "      --log-level LEVEL  err, warning, notice, info or debug (default: info)\n"
                "  -h, --help             show this help\n"
                "      --version          show the version\n"
                "\n"
                "TIME is a number and ms, s or m. slug-kubelet stops at SIGTERM and SIGINT, and "
                "asks "
                "at once at\n"
                "SIGHUP.\n"
                "\n"
                "Examples:\n"
                "  slug-kubelet --once\n"
                "  slug-kubelet --once --pod default/web-0\n"
                "  slug-kubelet --once --no-kubelet --runtime-endpoint "
                "unix:///run/containerd/containerd.sock\n"
                "  slug-kubelet --foreground --log-level debug\n");
        return EXIT_SUCCESS;
}

static int usage(void) {
        (void)fprintf(stderr, "Try 'slug-kubelet --help'.\n");
        return EXIT_USAGE;
}

static bool parse_duration(const char *text, uint64_t max_usec, uint64_t *ret_usec) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t n, unit;

        if (!scan_u64(&scan, &n))
                return false;
        if (scan_literal(&scan, "ms"))
                unit = USEC_PER_MSEC;
        else if (scan_char(&scan, 's'))
                unit = USEC_PER_SEC;
        else if (scan_char(&scan, 'm'))
                unit = 60 * USEC_PER_SEC;
        else
                return false;
        if (!scan_is_done(&scan) || n == 0 || n > max_usec / unit)
                return false;
        *ret_usec = n * unit;
        return true;
}

/* Return: 0, or the exit status; of the other setters, too. */
static int
set_duration(const char *option, const char *text, uint64_t max_usec, uint64_t *ret_usec) {
        if (parse_duration(text, max_usec, ret_usec))
                return 0;
        (void)fprintf(stderr,
                      "slug-kubelet: %s expects a time as 500ms, 30s or 1m, at most %llum, not "
                      "'%s'\n",
                      option, (unsigned long long)(max_usec / (60 * USEC_PER_SEC)), text);
        return usage();
}

static int set_path(const char *option, const char *text, const char **ret) {
        const char *path = strncmp(text, "unix://", 7) == 0 ? text + 7 : text;

        if (path[0] == '/' && strlen(path) < ENDPOINT_MAX) {
                *ret = path;
                return 0;
        }
        (void)fprintf(stderr,
                      "slug-kubelet: %s expects a path that begins with '/' and is shorter than %u "
                      "bytes, not '%s'\n",
                      option, ENDPOINT_MAX, text);
        return usage();
}

static int set_pod(const char *text) {
        const size_t n = strcspn(text, "/");
        const char *name = text[n] ? text + n + 1 : "";

        if (n == 0 || n >= sizeof(main_arg_namespace) || !name[0] || strchr(name, '/')) {
                (void)fprintf(stderr, "slug-kubelet: --pod expects NAMESPACE/NAME, not '%s'\n",
                              text);
                return usage();
        }
        memcpy(main_arg_namespace, text, n);
        main_arg_namespace[n] = '\0';
        main_arg.pod_namespace = main_arg_namespace;
        main_arg.pod_name = name;
        return 0;
}

static int set_register(const char *text) {
        if (device_registering_parse(text, &main_arg.registering))
                return 0;
        (void)fprintf(stderr,
                      "slug-kubelet: --register expects registry, device-plugins or none, not "
                      "'%s'\n",
                      text);
        return usage();
}

static int set_log_level(const char *text) {
        if (log_parse_level(text, &main_arg_log_level))
                return 0;
        (void)fprintf(
                stderr,
                "slug-kubelet: unknown log level '%s'; one of err, warning, notice, info, debug\n",
                text);
        return usage();
}

enum {
        ARG_SLUGD = 256,
        ARG_RUNTIME_ENDPOINT,
        ARG_KUBELET_DIR,
        ARG_POD_RESOURCES,
        ARG_MANIFESTS,
        ARG_NO_KUBELET,
        ARG_REGISTER,
        ARG_INTERVAL,
        ARG_SETTLE_TIME,
        ARG_ONCE,
        ARG_POD,
        ARG_ROOT,
        ARG_FOREGROUND,
        ARG_LOG_LEVEL,
        ARG_VERSION,
};

/* Of an option that has a value. Return: 0, or the exit status. */
static int take_value(int option, const char *value) {
        switch (option) {
        case ARG_SLUGD:
                main_arg.socket = value;
                return 0;
        case ARG_ROOT:
                main_arg.root = value;
                return 0;
        case ARG_RUNTIME_ENDPOINT:
                return set_path("--runtime-endpoint", value, &main_arg.endpoints.runtime);
        case ARG_KUBELET_DIR:
                return set_path("--kubelet-dir", value, &main_arg.endpoints.kubelet_dir);
        case ARG_POD_RESOURCES:
                return set_path("--pod-resources", value, &main_arg.endpoints.pod_resources);
        case ARG_MANIFESTS:
                return set_path("--manifests", value, &main_arg.manifests);
        case ARG_REGISTER:
                return set_register(value);
        case ARG_INTERVAL:
                return set_duration("--interval", value, INTERVAL_MAX_USEC,
                                    &main_arg.interval_usec);
        case ARG_SETTLE_TIME:
                return set_duration("--settle-time", value, SETTLE_MAX_USEC, &main_arg.settle_usec);
        case ARG_POD:
                return set_pod(value);
        case ARG_LOG_LEVEL:
                return set_log_level(value);
        default:
                return usage();
        }
}

/* Below 0: go on; otherwise the exit status. */
static int parse_args(int argc, char **argv) {
        static const struct option options[] = {
                { "slugd", required_argument, NULL, ARG_SLUGD },
                { "runtime-endpoint", required_argument, NULL, ARG_RUNTIME_ENDPOINT },
                { "kubelet-dir", required_argument, NULL, ARG_KUBELET_DIR },
                { "pod-resources", required_argument, NULL, ARG_POD_RESOURCES },
                { "manifests", required_argument, NULL, ARG_MANIFESTS },
                { "no-kubelet", no_argument, NULL, ARG_NO_KUBELET },
                { "register", required_argument, NULL, ARG_REGISTER },
                { "interval", required_argument, NULL, ARG_INTERVAL },
                { "settle-time", required_argument, NULL, ARG_SETTLE_TIME },
                { "once", no_argument, NULL, ARG_ONCE },
                { "pod", required_argument, NULL, ARG_POD },
                { "root", required_argument, NULL, ARG_ROOT },
                { "foreground", no_argument, NULL, ARG_FOREGROUND },
                { "log-level", required_argument, NULL, ARG_LOG_LEVEL },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                {},
        };
        int c, r;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case ARG_NO_KUBELET:
                        main_arg.has_no_kubelet = true;
                        break;
                case ARG_ONCE:
                        main_arg.is_once = true;
                        break;
                case ARG_FOREGROUND:
                        main_arg_foreground = true;
                        break;
                case 'h':
                        return help();
                case ARG_VERSION:
                        (void)printf("slug-kubelet %s\n", PACKAGE_VERSION);
                        return EXIT_SUCCESS;
                default:
                        r = take_value(c, optarg);
                        if (r)
                                return r;
                }
        }
        if (optind < argc) {
                (void)fprintf(stderr, "slug-kubelet: unexpected argument '%s'\n", argv[optind]);
                return usage();
        }
        if (main_arg.pod_name && !main_arg.is_once) {
                (void)fprintf(stderr, "slug-kubelet: --pod goes with --once\n");
                return usage();
        }
        return -1;
}

static void log_failure(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        if (r > 0)
                log_event(LOG_ERR, SLUG_MESSAGE_PLUGIN_FAILED, LOG_PLAIN, "%s",
                          diag_format(diag, text));
        else
                log_event(LOG_ERR, SLUG_MESSAGE_PLUGIN_FAILED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "slug-kubelet cannot go on: %s", strerror(-r));
}

int main(int argc, char **argv) {
        _cleanup_(agent_freep) Agent *agent = NULL;
        Diag diag = {};
        int r;

        r = parse_args(argc, argv);
        if (r >= 0)
                return r;
        log_init("slug-kubelet",
                 main_arg_foreground || main_arg.is_once ? LOG_TARGET_TEXT : LOG_TARGET_AUTO,
                 main_arg_log_level);
        /* A peer that hangs up is an ordinary event, told by the return value of write(). */
        (void)signal(SIGPIPE, SIG_IGN);

        r = agent_new(&main_arg, &agent, &diag);
        if (r == 0)
                r = agent_run(agent);
        if (r < 0 || r == AGENT_E_REFUSED)
                log_failure(r, &diag);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
