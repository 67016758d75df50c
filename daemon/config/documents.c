/* SPDX-License-Identifier: Apache-2.0 */
#include "config/documents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A configuration file is a regular file of at most 1 MiB, read whole and then parsed. Anything
 * else that a path may name, a FIFO above all, could hang the daemon at its start.
 *
 * Two doors: a path below a root, for what has a fixed place on a node, and a path of the host,
 * for what somebody typed on the command line. Both answer alike.
 *
 * Drop-ins are taken in the order of their names, byte by byte; where directories count, too, what
 * is in one comes in its place (as the kubelet walks its --config-dir). A link to a file is a file,
 * a link to a directory is left alone, so that there are no circles.
 *
 * All documents of a set together have the caps that yaml.h has for one: merging is then bounded,
 * and ten thousand small files are no way around.
 *
 * Whatever keeps a file from being read is told to a person, who can mend it; only running out of
 * memory is passed on as an errno.
 */

/* What all caps of yaml.h together can ask for, twice, and as much again for what is merged. */
#define ARENA_BYTES_MAX (16u << 20)

int config_files_add(ConfigFiles *files, const char *path, int r, const Diag *problem) {
        ConfigFile *items = reallocarray(files->items, files->n_items + 1, sizeof(*items)), *item;
        char text[DIAG_FORMATTED_MAX];

        if (!items)
                return -ENOMEM;
        files->items = items;
        item = &items[files->n_items++];
        *item = (ConfigFile){ .state = r == 0                 ? CONFIG_FILE_READ
                                       : r == CONFIG_E_ABSENT ? CONFIG_FILE_ABSENT
                                                              : CONFIG_FILE_REFUSED };
        (void)snprintf(item->path, sizeof(item->path), "%s", path);
        if (item->state == CONFIG_FILE_REFUSED && problem)
                (void)snprintf(item->problem, sizeof(item->problem), "%s",
                               diag_format(problem, text));
        return 0;
}

int documents_init(Documents *documents, ConfigFiles *files) {
        *documents = (Documents){ .files = files };
        return arena_new(ARENA_BYTES_MAX, &documents->arena);
}

void documents_deinit(Documents *documents) {
        documents->arena = arena_free(documents->arena);
        documents->tree = NULL;
}

/* root_read() for a path of the host. */
static int read_host(const char *path, char *buffer, size_t size, size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? ROOT_E_ABSENT : -errno;
        return root_read_fd(fd, buffer, size, ret_n);
}

static int open_dir_host(const char *path, DIR **ret) {
        *ret = opendir(path);
        if (*ret)
                return 0;
        return errno == ENOENT || errno == ENOTDIR ? ROOT_E_ABSENT : -errno;
}

static int refuse_read(int r, const char *path, const char *kind, Diag *reterr) {
        if (r == ROOT_E_ABSENT) {
                diag_set(reterr, path, 0, 0, "no such %s", kind);
                return CONFIG_E_ABSENT;
        }
        if (r == ROOT_E_TOO_LARGE)
                diag_set(reterr, path, 0, 0, "larger than %u bytes", CONFIG_FILE_MAX);
        else if (r == -EINVAL || r == -EISDIR || r == -ENXIO)
                diag_set(reterr, path, 0, 0, "not a regular file");
        else
                diag_set(reterr, path, 0, 0, "cannot be read: %s", strerror(-r));
        return CONFIG_E_INVALID;
}

static int read_document(const Documents *documents,
                         const Root *root,
                         const char *path,
                         const YamlNode **ret,
                         Diag *reterr) {
        _cleanup_(freep) char *text = malloc(CONFIG_FILE_MAX + 1);
        size_t n_text = 0;
        int r;

        if (!text)
                return -ENOMEM;
        r = root ? root_read(root, path, text, CONFIG_FILE_MAX + 1, &n_text)
                 : read_host(path, text, CONFIG_FILE_MAX + 1, &n_text);
        if (r == -ENOMEM)
                return r;
        if (r != 0)
                return refuse_read(r, path, "file", reterr);
        return yaml_parse(documents->arena, path, text, n_text, ret, reterr);
}

static int
add_document(Documents *documents, const char *path, const YamlNode *document, Diag *reterr) {
        const YamlNode *merged;

        if (documents->n_files >= DOCUMENTS_FILES_MAX) {
                diag_set(reterr, path, 0, 0, "more than %u files", DOCUMENTS_FILES_MAX);
                return CONFIG_E_INVALID;
        }
        if (document->weight > YAML_NODES_MAX - documents->weight) {
                diag_set(reterr, path, 0, 0, "more than %u values in all files together",
                         YAML_NODES_MAX);
                return CONFIG_E_INVALID;
        }
        merged = documents->tree ? yaml_merge(documents->arena, documents->tree, document)
                                 : document;
        if (!merged)
                return -ENOMEM;
        documents->tree = merged;
        documents->weight += document->weight;
        ++documents->n_files;
        return 0;
}

int documents_add_file(Documents *documents,
                       const Root *root,
                       const char *path,
                       DocumentCheck *check,
                       Diag *reterr) {
        const YamlNode *document;
        Diag problem = {};
        int r;

        r = read_document(documents, root, path, &document, &problem);
        if (r == 0 && check)
                r = check(document, &problem);
        if (r == 0)
                r = add_document(documents, path, document, &problem);
        if (r > 0 && reterr)
                *reterr = problem;
        if (r >= 0 && config_files_add(documents->files, path, r, &problem) < 0)
                return -ENOMEM;
        return r;
}

/* Directories */

typedef struct Name {
        char *text;
        bool is_directory;
} Name;

typedef struct Names {
        Name items[DOCUMENTS_ENTRIES_MAX];
        size_t n_items;
} Names;

static Names *names_free(Names *names) {
        for (size_t i = 0; names && i < names->n_items; ++i)
                free(names->items[i].text);
        free(names);
        return NULL;
}

DEFINE_CLEANUP(Names *, names_free);

static bool has_suffix(const char *name, const char *suffix) {
        const size_t n_name = strlen(name), n_suffix = strlen(suffix);

        return n_name > n_suffix && strcmp(name + n_name - n_suffix, suffix) == 0;
}

static bool is_wanted(const DropIns *drop_ins, const char *name, bool is_directory) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return false;
        if (is_directory)
                return drop_ins->descends;
        return has_suffix(name, drop_ins->suffix) && (drop_ins->descends || name[0] != '.');
}

static int compare_names(const void *a, const void *b) {
        const Name *first = a, *second = b;

        return strcmp(first->text, second->text);
}

/* Return: 0, CONFIG_E_INVALID: full, or -ENOMEM. */
static int add_name(Names *names, const char *name, bool is_directory) {
        Name *item;

        if (names->n_items == DOCUMENTS_ENTRIES_MAX)
                return CONFIG_E_INVALID;
        item = &names->items[names->n_items];
        item->text = strdup(name);
        if (!item->text)
                return -ENOMEM;
        item->is_directory = is_directory;
        ++names->n_items;
        return 0;
}

static int read_names(DIR *dir, const DropIns *drop_ins, Names *names) {
        const struct dirent *entry;
        int r = 0;

        while (r == 0 && (entry = readdir(dir))) {
                struct stat stat;
                bool is_directory;

                if (fstatat(dirfd(dir), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
                        continue; /* gone again */
                is_directory = S_ISDIR(stat.st_mode);
                if (is_wanted(drop_ins, entry->d_name, is_directory))
                        r = add_name(names, entry->d_name, is_directory);
        }
        qsort(names->items, names->n_items, sizeof(*names->items), compare_names);
        return r;
}

static int list_directory(const Root *root,
                          const char *path,
                          const DropIns *drop_ins,
                          Names **ret,
                          Diag *reterr) {
        _cleanup_(names_freep) Names *names = calloc(1, sizeof(*names));
        _cleanup_(dir_closep) DIR *dir = NULL;
        int r;

        if (!names)
                return -ENOMEM;
        r = root ? root_open_dir(root, path, &dir) : open_dir_host(path, &dir);
        if (r == -ENOMEM)
                return r;
        if (r != 0)
                return refuse_read(r, path, "directory", reterr);
        r = read_names(dir, drop_ins, names);
        if (r > 0)
                diag_set(reterr, path, 0, 0, "more than %u files in it", DOCUMENTS_ENTRIES_MAX);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

static int
join(const char *path, const char *name, char ret[static CONFIG_PATH_MAX], Diag *reterr) {
        if ((size_t)snprintf(ret, CONFIG_PATH_MAX, "%s/%s", path, name) < CONFIG_PATH_MAX)
                return 0;
        diag_set(reterr, path, 0, 0, "a path in it has more than %u bytes", CONFIG_PATH_MAX - 1);
        return CONFIG_E_INVALID;
}

static int add_directory(Documents *documents,
                         const Root *root,
                         const char *path,
                         const DropIns *drop_ins,
                         unsigned depth,
                         Diag *reterr) {
        _cleanup_(names_freep) Names *names = NULL;
        int r;

        if (depth > DOCUMENTS_DEPTH_MAX) {
                diag_set(reterr, path, 0, 0, "more than %u directories inside each other",
                         DOCUMENTS_DEPTH_MAX);
                return CONFIG_E_INVALID;
        }
        r = list_directory(root, path, drop_ins, &names, reterr);
        for (size_t i = 0; r == 0 && i < names->n_items; ++i) {
                char inner[CONFIG_PATH_MAX];

                r = join(path, names->items[i].text, inner, reterr);
                if (r == 0 && names->items[i].is_directory)
                        r = add_directory(documents, root, inner, drop_ins, depth + 1, reterr);
                else if (r == 0)
                        r = documents_add_file(documents, root, inner, drop_ins->check, reterr);
        }
        return r;
}

int documents_add_directory(Documents *documents,
                            const Root *root,
                            const char *path,
                            const DropIns *drop_ins,
                            Diag *reterr) {
        return add_directory(documents, root, path, drop_ins, 1, reterr);
}
