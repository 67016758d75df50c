/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/json.h"
#include "slug/v1/node.pb-c.h"
#include "slugctl/call.h"
#include "slugctl/client.h"

/*
 * The verb: where the tar goes, and which files of the configuration belong to it. Those slugd is
 * asked for, because it knows which it has read; where none runs, or another machine's files are
 * captured, the usual places are taken.
 *
 * The tar is written under another name beside its own and renamed when it is whole, so that nobody
 * takes half of one for a machine. It is private: it tells much about a node.
 */
#define CONFIG_ARENA    (4u * 1024 * 1024)
#define TEMPORARY_MAX   (CAPTURE_PATH_MAX + 32u)
#define CONFIG_PATH     "/slug.v1.NodeService/GetConfig"
#define TAR_MODE        0600
#define SLUGD_FILE      "/etc/slug/"
#define SLUGD_DEFAULT   "etc/slug/slugd.yaml"
#define SLUGD_DROP_INS  "etc/slug/slugd.yaml.d"
#define KUBELET_DEFAULT "var/lib/kubelet/config.yaml"

static const Option options[] = {
        { .name = "mask", .help = "hide serials, PCI addresses and names" },
        { .name = "force", .help = "replace FILE when it is there already" },
        { .name = "root",
          .argument = "DIR",
          .is_path = true,
          .help = "capture the machine whose files are below DIR" },
};

/* The configuration */

static CaptureTransform *transform_of(const char *path) {
        return strncmp(path, SLUGD_FILE, strlen(SLUGD_FILE)) == 0 ? mask_slugd_file
                                                                  : mask_kubelet_file;
}

static int add_process(Capture *capture, unsigned pid) {
        static const struct {
                const char *name;
                CaptureTransform *transform;
        } files[] = { { "comm", NULL }, { "stat", NULL }, { "cmdline", mask_command_line } };
        char path[64];
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(files); ++i) {
                (void)snprintf(path, sizeof(path), "proc/%u/%s", pid, files[i].name);
                r = capture_add_file(capture, path, files[i].transform);
        }
        return r;
}

static int add_known(Capture *capture, const Slug__V1__GetConfigResponse *config) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < config->n_files; ++i)
                r = capture_add_file(capture, config->files[i]->path,
                                     transform_of(config->files[i]->path));
        if (r == 0 && config->kubelet_process)
                r = add_process(capture, config->kubelet_process->pid);
        return r;
}

static int add_usual(Capture *capture) {
        static const char *const yaml[] = { "*", NULL };
        int r;

        r = capture_add_file(capture, SLUGD_DEFAULT, mask_slugd_file);
        /* with a mask, a drop-in of unknown content is better left out */
        if (r == 0 && !capture->mask)
                r = capture_add_tree(capture, SLUGD_DROP_INS, yaml);
        if (r == 0)
                r = capture_add_file(capture, KUBELET_DEFAULT, mask_kubelet_file);
        return r;
}

/* Return: as the capture's; nobody there is no mistake. */
static int add_config(Capture *capture, const VerbContext *context) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer answer = {};
        ProtobufCMessage *message;
        Diag diag = {};
        int r;

        if (!capture->root->is_host)
                return add_usual(capture);
        r = call_ask(context, CONFIG_PATH, NULL, &answer, &diag);
        if (r == CLIENT_E_UNREACHABLE) {
                (void)fprintf(stderr, "slugctl: no slugd to ask for its configuration; the "
                                      "kubelet's is looked for at /" KUBELET_DEFAULT "\n");
                return add_usual(capture);
        }
        if (r == 0)
                r = arena_new(CONFIG_ARENA, &arena);
        if (r == 0)
                r = json_decode(answer.data, answer.n_data,
                                &slug__v1__get_config_response__descriptor, NULL, arena, &message,
                                &diag);
        if (r < 0)
                return r;
        if (r > 0) {
                *capture->reterr = diag;
                return CAPTURE_E_REFUSED;
        }
        return add_known(capture, (const Slug__V1__GetConfigResponse *)message);
}

/* The tar */

static int write_tar(Capture *capture, const VerbContext *context, int fd) {
        int r;

        capture->tar = archive_write_new();
        if (!capture->tar)
                return -ENOMEM;
        /* plain tar, with extended headers only where a path needs them */
        if (archive_write_set_format_pax_restricted(capture->tar) != ARCHIVE_OK ||
            archive_write_add_filter_none(capture->tar) != ARCHIVE_OK ||
            archive_write_open_fd(capture->tar, fd) != ARCHIVE_OK)
                r = CAPTURE_E_REFUSED;
        else
                r = capture_add_machine(capture);
        if (r == 0)
                r = add_config(capture, context);
        if (archive_write_close(capture->tar) != ARCHIVE_OK && r == 0)
                r = CAPTURE_E_REFUSED;
        if (r == CAPTURE_E_REFUSED && !capture->reterr->text[0])
                diag_set(capture->reterr, NULL, 0, 0, "cannot write the tar: %s",
                         archive_error_string(capture->tar));
        (void)archive_write_free(capture->tar);
        capture->tar = NULL;
        return r;
}

static int capture_to(Capture *capture, const VerbContext *context, int fd) {
        _cleanup_(capture_mask_deinitp) CaptureMask mask = {};
        int r;

        if (verb_find_option(context, "mask"))
                capture->mask = &mask;
        capture->start_usec = clock_now_usec(&clock_monotonic);
        capture->shows_progress = isatty(STDERR_FILENO);
        r = write_tar(capture, context, fd);
        if (capture->shown_usec)
                (void)fprintf(stderr, "\r\033[K");
        capture->mask = NULL;
        capture_deinit(capture);
        return r;
}

static int refuse_file(const char *file, Diag *reterr, const char *what) {
        diag_set(reterr, file, 0, 0, "%s", what);
        return CAPTURE_E_REFUSED;
}

static int finish_file(int fd, const char *temporary, const char *file, bool replaces) {
        if (fchmod(fd, TAR_MODE) < 0 || fsync(fd) < 0)
                return -errno;
        /* A file system that knows no flags has just been looked at, which has to do. */
        if (!replaces && renameat2(AT_FDCWD, temporary, AT_FDCWD, file, RENAME_NOREPLACE) == 0)
                return 0;
        if (!replaces && errno != EINVAL && errno != ENOSYS)
                return -errno;
        return rename(temporary, file) < 0 ? -errno : 0;
}

static int capture_to_file(Capture *capture, const VerbContext *context, const char *file) {
        const bool replaces = verb_find_option(context, "force") != NULL;
        _cleanup_(fd_closep) int fd = -EBADF;
        char temporary[TEMPORARY_MAX];
        int r;

        if (!replaces && access(file, F_OK) == 0)
                return refuse_file(file, capture->reterr,
                                   "is there already; choose another name, or say --force");
        if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", file) >= sizeof(temporary))
                return refuse_file(file, capture->reterr, "a name that is too long");
        fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return refuse_file(file, capture->reterr, strerror(errno));
        r = capture_to(capture, context, fd);
        if (r == 0) {
                r = finish_file(fd, temporary, file, replaces);
                if (r < 0)
                        r = refuse_file(file, capture->reterr, strerror(-r));
        }
        if (r)
                (void)unlink(temporary);
        return r;
}

static int capture_root(const VerbContext *context, const Root *root, Diag *reterr) {
        const char *file = context->arguments[0];
        Capture capture = { .root = root, .reterr = reterr };
        int r;

        if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO))
                return refuse_file("-", reterr, "a tar is not for a terminal; name a file");
        if (strcmp(file, "-") == 0)
                r = capture_to(&capture, context, STDOUT_FILENO);
        else
                r = capture_to_file(&capture, context, file);
        if (r == 0)
                (void)fprintf(stderr, "slugctl: captured %zu files, %zu could not be read\n",
                              capture.n_files, capture.n_unreadable);
        return r;
}

static int run(const VerbContext *context) {
        const char *directory = verb_find_option(context, "root");
        _cleanup_(root_deinitp) Root root = ROOT_NULL;
        Diag diag = {};
        int r;

        r = root_init(&root, directory ? directory : "/");
        if (r) {
                diag_set(&diag, NULL, 0, 0, "cannot use '%s' as root: %s", directory,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return call_complain(r == -ENOMEM ? r : 1, &diag);
        }
        r = capture_root(context, &root, &diag);
        return r ? call_complain(r, &diag) : EXIT_SUCCESS;
}

const Verb verb_capture = {
        .name = "capture",
        .arguments = " FILE.tar",
        .summary = "this machine's files, to be replayed with slugd --root",
        .help = "Writes the files of /sys and /proc that tell of this machine's memory, and the\n"
                "configuration of slugd and of the kubelet, as a tar. Unpacked, it can be given "
                "to\n"
                "'slugd --root', which then describes this machine, byte for byte. '-' writes to\n"
                "standard output. Run it as root, or some files cannot be read.\n"
                "\n"
                "--mask numbers serials and PCI addresses anew (the same one is always the same),\n"
                "and leaves out the name of the host, uuids, and of the kubelet's configuration "
                "and\n"
                "flags all that slugd does not read. Physical addresses stay: memory blocks are\n"
                "named by them. Look through the tar before you give it away.\n"
                "\n"
                "Examples:\n"
                "  slugctl capture node7.tar\n"
                "  slugctl capture --mask - | xz >node7.tar.xz\n"
                "  mkdir node7 && tar -xf node7.tar -C node7 &&\n"
                "    slugd --foreground --root node7 --socket /tmp/node7.sock\n",
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .options = options,
        .n_options = ELEMENTSOF(options),
        .takes_path = true,
        .run = run,
};
