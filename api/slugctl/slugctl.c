/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slugctl
 *
 * Arguments, one call, one text. Options may stand before and after the verb. Exit status: 0 done,
 * 1 refused or not understood, 2 wrong usage, 3 nobody there.
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "rpc/json.h"
#include "slugctl/client.h"
#include "slugctl/document.h"
#include "slugctl/verb.h"

#define DEFAULT_SOCKET "/run/slug/slugd.sock"
#define WAIT_SEC_MAX   86400u
#define ANSWER_ARENA   (64u * 1024 * 1024)

enum { EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

typedef enum Output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML } Output;
typedef enum Colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

static const char *main_arg_socket;
static Output main_arg_output = OUTPUT_TABLE;
static Colour main_arg_colour = COLOUR_AUTO;
static bool main_arg_ascii;
static bool main_arg_help;
static unsigned main_arg_wait_sec;

static int usage_error(void) {
        (void)fprintf(stderr, "Try 'slugctl --help'.\n");
        return EXIT_USAGE;
}

static void help(void) {
        (void)printf("Usage: slugctl [OPTIONS] VERB\n"
                     "\n"
                     "Asks slugd what memory this Kubernetes node has.\n"
                     "\n"
                     "Verbs:\n");
        for (size_t i = 0; i < n_verbs; ++i)
                (void)printf("  %-18s %s\n", verbs[i]->name, verbs[i]->summary);
        (void)printf(
                "\n"
                "Options:\n"
                "  -s, --socket PATH     slugd's socket (default: $SLUG_SOCKET, or " DEFAULT_SOCKET
                ")\n"
                "  -o, --output FORMAT   table, wide, json or yaml (default: table)\n"
                "      --color WHEN      auto, always or never (default: auto)\n"
                "      --ascii           draw with ASCII characters only\n"
                "      --wait SECONDS    wait until slugd serves its socket\n"
                "  -h, --help            show this help, or that of a verb\n"
                "      --version         show the version\n"
                "\n"
                "Exit status:\n"
                "  0  done\n"
                "  1  slugd refused, or its answer could not be understood or written\n"
                "  2  wrong usage\n"
                "  3  no slugd could be reached\n"
                "\n"
                "Examples:\n"
                "  slugctl describe-node\n"
                "  slugctl topology -o wide\n"
                "  slugctl describe-node -o json | jq .allocatable\n"
                "  slugctl --socket /tmp/slugd.sock --wait 10 describe-node\n");
}

static void help_verb(const Verb *verb) {
        (void)printf(
                "Usage: slugctl [OPTIONS] %s%s\n\n%s\nThe options are those of 'slugctl --help'.\n",
                verb->name, verb->arguments, verb->help);
}

/* One of a few words; -1 when it is none of them. */
static int find_word(const char *text, const char *const *words, size_t n_words) {
        for (size_t i = 0; i < n_words; ++i)
                if (strcmp(words[i], text) == 0)
                        return (int)i;
        return -1;
}

static bool set_output(const char *text) {
        static const char *const words[] = { "table", "wide", "json", "yaml" };
        const int word = find_word(text, words, ELEMENTSOF(words));

        if (word < 0)
                (void)fprintf(stderr,
                              "slugctl: unknown output '%s'; one of table, wide, json, yaml\n",
                              text);
        else
                main_arg_output = (Output)word;
        return word >= 0;
}

static bool set_colour(const char *text) {
        static const char *const words[] = { "auto", "always", "never" };
        const int word = find_word(text, words, ELEMENTSOF(words));

        if (word < 0)
                (void)fprintf(stderr, "slugctl: unknown colour '%s'; one of auto, always, never\n",
                              text);
        else
                main_arg_colour = (Colour)word;
        return word >= 0;
}

static bool set_wait(const char *text) {
        Scan scan = scan_init(text, strlen(text));
        uint64_t seconds;

        if (!scan_u64(&scan, &seconds) || !scan_is_done(&scan) || seconds > WAIT_SEC_MAX) {
                (void)fprintf(stderr, "slugctl: --wait expects seconds, 0 to %u, not '%s'\n",
                              WAIT_SEC_MAX, text);
                return false;
        }
        main_arg_wait_sec = (unsigned)seconds;
        return true;
}

/* Below 0: go on; otherwise the exit status. */
static int parse_args(int argc, char **argv) {
        enum { ARG_COLOUR = 256, ARG_ASCII, ARG_WAIT, ARG_VERSION };
        static const struct option options[] = {
                { "socket", required_argument, NULL, 's' },
                { "output", required_argument, NULL, 'o' },
                { "color", required_argument, NULL, ARG_COLOUR },
                { "ascii", no_argument, NULL, ARG_ASCII },
                { "wait", required_argument, NULL, ARG_WAIT },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                {},
        };
        bool is_good = true;
        int c;

        while (is_good && (c = getopt_long(argc, argv, "s:o:h", options, NULL)) >= 0) {
                switch (c) {
                case 's':
                        main_arg_socket = optarg;
                        break;
                case 'o':
                        is_good = set_output(optarg);
                        break;
                case ARG_COLOUR:
                        is_good = set_colour(optarg);
                        break;
                case ARG_ASCII:
                        main_arg_ascii = true;
                        break;
                case ARG_WAIT:
                        is_good = set_wait(optarg);
                        break;
                case 'h':
                        main_arg_help = true;
                        break;
                case ARG_VERSION:
                        (void)printf("slugctl %s\n", PACKAGE_VERSION);
                        return EXIT_SUCCESS;
                default:
                        is_good = false;
                }
        }
        return is_good ? -1 : usage_error();
}

static bool wants_colour(void) {
        const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

        switch (main_arg_colour) {
        case COLOUR_ALWAYS:
                return true;
        case COLOUR_NEVER:
                return false;
        case COLOUR_AUTO:
                break;
        }
        return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal &&
               strcmp(terminal, "dumb") != 0;
}

static Style get_style(void) {
        return (Style){
                .has_colour = wants_colour(),
                .is_ascii = main_arg_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
                .is_wide = main_arg_output == OUTPUT_WIDE,
        };
}

static int print_table(const Verb *verb, const Buffer *answer, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        const Style style = get_style();
        ProtobufCMessage *message;
        int r;

        r = arena_new(ANSWER_ARENA, &arena);
        if (r)
                return r;
        r = json_decode(answer->data, answer->n_data, verb->response, arena, &message, reterr);
        if (r)
                return r;
        verb->render(message, &style, &text);
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int print_answer(const Verb *verb, const Buffer *answer, Diag *reterr) {
        switch (main_arg_output) {
        case OUTPUT_JSON:
                return document_print_json(answer->data, stdout, reterr);
        case OUTPUT_YAML:
                return document_print_yaml(answer->data, stdout, reterr);
        case OUTPUT_TABLE:
        case OUTPUT_WIDE:
                break;
        }
        return print_table(verb, answer, reterr);
}

static void complain(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        if (r > 0)
                (void)fprintf(stderr, "slugctl: %s\n", diag_format(diag, text));
        else
                (void)fprintf(stderr, "slugctl: %s\n", strerror(-r));
}

static int call(const Verb *verb) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        const char *socket = main_arg_socket ? main_arg_socket : getenv("SLUG_SOCKET");
        Diag diag = {};
        int r = 0;

        if (!socket || !*socket)
                socket = DEFAULT_SOCKET;
        if (main_arg_wait_sec)
                r = client_wait(socket, main_arg_wait_sec * 1000, &diag);
        if (r == 0)
                r = client_call(socket, verb->path, &answer, &diag);
        if (r) {
                complain(r, &diag);
                return r == CLIENT_E_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_FAILURE;
        }
        r = print_answer(verb, &answer, &diag);
        if (r) {
                complain(r, &diag);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

static const Verb *get_verb(const char *name) {
        const Verb *verb = verb_find(name), *similar;

        if (verb)
                return verb;
        similar = verb_find_similar(name);
        if (similar)
                (void)fprintf(stderr, "slugctl: unknown verb '%s'; did you mean '%s'?\n", name,
                              similar->name);
        else
                (void)fprintf(stderr, "slugctl: unknown verb '%s'\n", name);
        return NULL;
}

static int run_help(int argc, char **argv) {
        const Verb *verb;

        if (argc == 0) {
                help();
                return EXIT_SUCCESS;
        }
        verb = argc == 1 ? get_verb(argv[0]) : NULL;
        if (!verb)
                return usage_error();
        help_verb(verb);
        return EXIT_SUCCESS;
}

static int run(int argc, char **argv) {
        const Verb *verb;

        if (argc == 0) {
                if (main_arg_help)
                        return run_help(0, NULL);
                (void)fprintf(stderr, "slugctl: which verb?\n");
                return usage_error();
        }
        verb = get_verb(argv[0]);
        if (!verb)
                return usage_error();
        if (main_arg_help) {
                help_verb(verb);
                return EXIT_SUCCESS;
        }
        if (verb->kind == VERB_HELP)
                return run_help(argc - 1, argv + 1);
        if (argc > 1) {
                (void)fprintf(stderr, "slugctl: %s takes no argument '%s'\n", verb->name, argv[1]);
                return usage_error();
        }
        if (verb->kind == VERB_CALL)
                return call(verb);
        (void)printf("slugctl %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
}

/* A full disk behind stdout is a failure; a reader that has seen enough is not. */
static int finish_output(int status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno != EPIPE)
                (void)fprintf(stderr, "slugctl: cannot write: %s\n", strerror(errno));
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        int r;

        (void)setlocale(LC_CTYPE, "");
        (void)signal(SIGPIPE, SIG_IGN);
        r = parse_args(argc, argv);
        if (r < 0)
                r = run(argc - optind, argv + optind);
        return finish_output(r);
}
