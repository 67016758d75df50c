/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugd
 *
 * Arguments, then the manager. Exit status: 0 stopped as asked, 1 could not start or had to stop, 2
 * wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "manager/manager.h"
#include "manager/plan.h"

enum { EXIT_USAGE = 2 };

static const char *main_arg_root = "/";
static const char *main_arg_socket;
static const char *main_arg_config;
static const char *main_arg_check_config;
static bool main_arg_no_ledger = false;
static bool main_arg_fake_tree;
static bool main_arg_foreground;
static bool main_arg_plan;
static bool main_arg_withdraw;
static bool main_arg_output_is_given;
static PlanFormat main_arg_output = PLAN_TEXT;
static int main_arg_log_level = LOG_INFO;

static int help(void) {
        (void)printf(
                "Usage: slugd [OPTIONS]\n"
                "\n"
                "Reads what memory this Kubernetes node has, tells local from remote, and "
                "serves it on a Unix socket.\n"
                "\n"
                "Options:\n"
                "      --root DIR         read /sys, /proc and /etc below DIR, a captured "
                "machine; needs --socket\n"
                "      --socket PATH      serve on PATH (default: /run/slug/slugd.sock)\n"
                "      --config FILE      configuration (default: /etc/slug/slugd.yaml, which "
                "may be missing)\n"
                "      --check-config FILE\n"
                "                         read FILE and its drop-ins in FILE.d as a start would, "
                "say what is\n"
                "                         wrong, and end\n"
                "      --plan             print what would be written to the limits of QoS "
                "cgroups, "
                "why, and\n"
                "                         what is there now, and end; nothing is written\n"
                "  -o, --output FORMAT    of --plan: text or json (default: text)\n"
                "      --withdraw         put back what the last slugd has written to limits of "
                "QoS "
                "cgroups, and\n"
                "                         end; while a slugd runs, use \"slugctl uninstall\"\n"
                "      --fake-tree        cgroups below DIR are a fake tree: write limits into it; "
                "needs --root\n"
                "      --no-ledger        keep claims in memory only, for a try-out\n"
                "      --foreground       log as plain text on standard error, for a person "
                "at a terminal\n"
                "      --log-level LEVEL  err, warning, notice, info or debug (default: info)\n"
                "  -h, --help             show this help\n"
                "      --version          show the version\n"
                "\n"
                "slugd never goes into the background by itself. It stops at SIGTERM and SIGINT,\n"
                "and reads its configuration again at SIGHUP.\n"
                "\n"
                "Examples:\n"
                "  slugd --foreground --no-ledger --socket /tmp/slugd.sock\n"
                "  slugd --foreground --root ./captured-machine --socket /tmp/slugd.sock\n"
                "  slugd --check-config /etc/slug/slugd.yaml\n"
                "  slugd --plan\n"
                "  slugctl --socket /tmp/slugd.sock describe-node\n");
        return EXIT_SUCCESS;
}

static int usage(void) {
        (void)fprintf(stderr, "Try 'slugd --help'.\n");
        return EXIT_USAGE;
}

static int set_log_level(const char *text) {
        if (log_parse_level(text, &main_arg_log_level))
                return 0;
        (void)fprintf(stderr,
                      "slugd: unknown log level '%s'; one of err, warning, notice, info, debug\n",
                      text);
        return usage();
}

static int set_output(const char *text) {
        main_arg_output_is_given = true;
        if (strcmp(text, "text") == 0)
                main_arg_output = PLAN_TEXT;
        else if (strcmp(text, "json") == 0)
                main_arg_output = PLAN_JSON;
        else {
                (void)fprintf(stderr, "slugd: unknown output '%s'; one of text, json\n", text);
                return usage();
        }
        return 0;
}

/* Below 0: go on; otherwise the exit status. */
static int parse_args(int argc, char **argv) {
        enum {
                ARG_ROOT = 256,
                ARG_SOCKET,
                ARG_CONFIG,
                ARG_CHECK_CONFIG,
                ARG_PLAN,
                ARG_WITHDRAW,
                ARG_NO_LEDGER,
                ARG_FAKE_TREE,
                ARG_FOREGROUND,
                ARG_LOG_LEVEL,
                ARG_VERSION
        };
        static const struct option options[] = {
                { "root", required_argument, NULL, ARG_ROOT },
                { "socket", required_argument, NULL, ARG_SOCKET },
                { "config", required_argument, NULL, ARG_CONFIG },
                { "check-config", required_argument, NULL, ARG_CHECK_CONFIG },
                { "fake-tree", no_argument, NULL, ARG_FAKE_TREE },
                { "plan", no_argument, NULL, ARG_PLAN },
                { "withdraw", no_argument, NULL, ARG_WITHDRAW },
                { "output", required_argument, NULL, 'o' },
                { "no-ledger", no_argument, NULL, ARG_NO_LEDGER },
                { "foreground", no_argument, NULL, ARG_FOREGROUND },
                { "log-level", required_argument, NULL, ARG_LOG_LEVEL },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                {},
        };
        int c, r;

        while ((c = getopt_long(argc, argv, "ho:", options, NULL)) >= 0) {
                switch (c) {
                case ARG_ROOT:
                        main_arg_root = optarg;
                        break;
                case ARG_SOCKET:
                        main_arg_socket = optarg;
                        break;
                case ARG_CONFIG:
                        main_arg_config = optarg;
                        break;
                case ARG_CHECK_CONFIG:
                        main_arg_check_config = optarg;
                        break;
                case ARG_FAKE_TREE:
                        main_arg_fake_tree = true;
                        break;
                case ARG_PLAN:
                        main_arg_plan = true;
                        break;
                case ARG_WITHDRAW:
                        main_arg_withdraw = true;
                        break;
                case 'o':
                        r = set_output(optarg);
                        if (r)
                                return r;
                        break;
                case ARG_NO_LEDGER:
                        main_arg_no_ledger = true;
                        break;
                case ARG_FOREGROUND:
                        main_arg_foreground = true;
                        break;
                case ARG_LOG_LEVEL:
                        r = set_log_level(optarg);
                        if (r)
                                return r;
                        break;
                case 'h':
                        return help();
                case ARG_VERSION:
                        (void)printf("slugd %s\n", PACKAGE_VERSION);
                        return EXIT_SUCCESS;
                default:
                        return usage();
                }
        }
        if (optind < argc) {
                (void)fprintf(stderr, "slugd: unexpected argument '%s'\n", argv[optind]);
                return usage();
        }
        if (main_arg_plan && main_arg_withdraw) {
                (void)fprintf(stderr, "slugd: --plan and --withdraw do not go together\n");
                return usage();
        }
        if (main_arg_output_is_given && !main_arg_plan) {
                (void)fprintf(stderr, "slugd: --output is for --plan\n");
                return usage();
        }
        return -1;
}

/* One line, with the message id that the kind of failure has. */
static void log_start_failure(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        switch (r) {
        case MANAGER_E_CONFIG:
                log_event(LOG_ERR, SLUG_MESSAGE_CONFIG_INVALID,
                          LOG_WITH({ .name = "SLUG_FILE", .text = diag->source },
                                   { .name = "SLUG_LINE", .number = diag->line }),
                          "%s", diag_format(diag, text));
                return;
        case MANAGER_E_SOCKET:
                log_event(LOG_ERR, SLUG_MESSAGE_SOCKET_REFUSED, LOG_PLAIN, "%s",
                          diag_format(diag, text));
                return;
        case MANAGER_E_ROOT:
                log_event(LOG_ERR, SLUG_MESSAGE_START_FAILED, LOG_PLAIN, "%s",
                          diag_format(diag, text));
                return;
        default:
                log_event(LOG_ERR, SLUG_MESSAGE_START_FAILED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)(r < 0 ? -r : 0) }),
                          "cannot start: %s", r < 0 ? strerror(-r) : "unexpected");
        }
}

static int check_config(const char *file) {
        char text[DIAG_FORMATTED_MAX];
        Diag diag = {};
        int r = config_check(file, &diag);

        if (r == 0) {
                (void)printf("%s: ok\n", file);
                return EXIT_SUCCESS;
        }
        (void)fprintf(stderr, "%s\n", r > 0 ? diag_format(&diag, text) : strerror(-r));
        return EXIT_FAILURE;
}

/* What went wrong in a run that somebody looks at. */
static int complain(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        (void)fprintf(stderr, "slugd: %s\n", r > 0 ? diag_format(diag, text) : strerror(-r));
        return EXIT_FAILURE;
}

static int print(const Buffer *buffer) {
        if (fwrite(buffer->data, 1, buffer->n_data, stdout) == buffer->n_data &&
            fflush(stdout) == 0)
                return EXIT_SUCCESS;
        (void)fprintf(stderr, "slugd: cannot write: %s\n", strerror(errno));
        return EXIT_FAILURE;
}

static int print_plan(const ManagerParams *params) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        bool is_running = false;
        Diag diag = {};
        int r;

        r = manager_plan(params, main_arg_output, &buffer, &is_running, &diag);
        if (r)
                return complain(r, &diag);
        r = print(&buffer);
        if (is_running)
                (void)fprintf(stderr, "slugd: another slugd runs here, and knows what pods "
                                      "request: see \"slugctl plan\"\n");
        return r;
}

static int withdraw(ManagerParams *params) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        size_t n_failures = 0;
        Diag diag = {};
        int r;

        params->only_withdraws = true;
        r = manager_new(params, &manager, &diag);
        if (r == 0)
                r = manager_withdraw(manager, &buffer, &n_failures);
        if (r)
                return complain(r, &diag);
        r = print(&buffer);
        return n_failures > 0 ? EXIT_FAILURE : r;
}

int main(int argc, char **argv) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        ManagerParams params = { .clock = clock_monotonic, .wall_clock = clock_realtime };
        Diag diag = {};
        int r;

        r = parse_args(argc, argv);
        if (r >= 0)
                return r;
        if (main_arg_check_config)
                return check_config(main_arg_check_config);
        params.root = main_arg_root;
        params.socket = main_arg_socket;
        params.config_file = main_arg_config;
        params.has_no_ledger = main_arg_no_ledger;
        params.has_fake_tree = main_arg_fake_tree;
        if (main_arg_plan || main_arg_withdraw) {
                log_init("slugd", LOG_TARGET_TEXT, LOG_ERR);
                (void)signal(SIGPIPE, SIG_IGN);
                return main_arg_plan ? print_plan(&params) : withdraw(&params);
        }
        log_init("slugd", main_arg_foreground ? LOG_TARGET_TEXT : LOG_TARGET_AUTO,
                 main_arg_log_level);
        /* A peer that hangs up is an ordinary event, told by the return value of write(). */
        (void)signal(SIGPIPE, SIG_IGN);

        r = manager_new(&params, &manager, &diag);
        if (r == 0) {
                r = manager_run(manager);
                if (r < 0)
                        log_event(LOG_ERR, SLUG_MESSAGE_START_FAILED,
                                  LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                                  "stopped: %s", strerror(-r));
        } else {
                log_start_failure(r, &diag);
        }
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
