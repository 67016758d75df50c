/* SPDX-License-Identifier: Apache-2.0 */
#include "config/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/documents.h"
#include "config/flags.h"
#include "config/kubelet.h"
#include "config/process.h"

/*
 * The kubelet has its values from its defaults, then its file (--config), then the drop-ins of its
 * directory (--config-dir), then its flags; each step wins over the one before. Where the file and
 * the directory are is said by slugd.yaml, else by the command line of the process that is the
 * kubelet now. As long as no kubelet runs, the file is looked for where kubeadm puts it. Where the
 * kubelet has no command line of its own (it is a part of another program), slugd.yaml names a file
 * with its flags.
 *
 * A drop-in is a JSON merge patch. The kubelet fills in the default of evictionHard before it
 * merges them, so that a drop-in with one signal adds to the defaults, while the same in the file
 * replaces them. Each document has to say what it is.
 *
 * One file, drop-in or flag that is refused, and nothing of all that is taken: no kubelet runs on
 * it, so half of it describes none. slugd then reckons with the kubelet's defaults and says so.
 *
 * Source: the kubelet's server.go (loadConfigFile, mergeKubeletConfigurations), read at 1.36.
 */

typedef struct Told {
        const Root *root;
        Documents documents;
        KubeletFlags flags;
        KubeletConfig config; /* being filled */
        Diag *reterr;
} Told;

/* kind or apiVersion */
static int check_identity(const BindFile *file,
                          const YamlNode *document,
                          const char *key,
                          const char *expected) {
        const YamlNode key_node = { .type = YAML_TYPE_SCALAR, .text = key };
        const YamlNode *value = yaml_find(document, key);

        if (!value)
                return bind_refuse(file, document, "%s is missing, expected %s", key, expected);
        if (!yaml_is_text(value, expected))
                return bind_expects(file, &key_node, value, expected);
        return 0;
}

static int check_document(const YamlNode *document, Diag *reterr) {
        const BindFile file = { .origin = CONFIG_ORIGIN_KUBELET, .reterr = reterr };
        int r;

        if (document->type != YAML_TYPE_MAPPING)
                return bind_expects(&file, NULL, document, "a mapping");
        r = check_identity(&file, document, "kind", "KubeletConfiguration");
        if (r != 0)
                return r;
        return check_identity(&file, document, "apiVersion", "kubelet.config.k8s.io/v1beta1");
}

static const DropIns drop_ins_of_kubelet = {
        .suffix = ".conf",
        .descends = true,
        .check = check_document,
};

/* Flags */

static int read_flags_file(Told *self, char **ret, size_t *ret_n) {
        const char *path = self->config.flags_file;
        _cleanup_(freep) char *text = malloc(PROCESS_COMMAND_LINE_MAX + 1);
        size_t n;
        int r;

        if (!text)
                return -ENOMEM;
        r = root_read(self->root, path, text, PROCESS_COMMAND_LINE_MAX, &n);
        if (r == -ENOMEM)
                return r;
        if (r != 0) {
                diag_set(self->reterr, path, 0, 0, "%s",
                         r == ROOT_E_ABSENT      ? "no such file"
                         : r == ROOT_E_TOO_LARGE ? "larger than slugd reads"
                                                 : strerror(-r));
                r = r == ROOT_E_ABSENT ? CONFIG_E_ABSENT : CONFIG_E_INVALID;
        }
        if (config_files_add(self->documents.files, path, r, self->reterr) < 0)
                return -ENOMEM;
        if (r != 0)
                return r;
        *ret_n = flags_split(text, n);
        *ret = TAKE_PTR(text);
        return 0;
}

static int read_flags(Told *self) {
        const bool has_file = self->config.flags_file[0] != '\0';
        _cleanup_(freep) char *text = NULL;
        size_t n_text = 0;
        int r = 0;

        if (has_file)
                r = read_flags_file(self, &text, &n_text);
        else if (self->config.process.pid)
                r = process_read_command_line(self->root, &self->config.process, &text, &n_text,
                                              self->reterr);
        if (r == CONFIG_E_ABSENT && !has_file) {
                self->config.process = (KubeletProcess){}; /* it ended just now */
                r = 0;
        }
        if (r)
                return r;
        return flags_parse(self->documents.arena, text ? text : "", n_text, &self->flags);
}

/* Places */

static void choose_path(char path[static CONFIG_PATH_MAX],
                        ConfigSource *source,
                        const char *told,
                        const ConfigSource *told_source) {
        if (source->origin == CONFIG_ORIGIN_SLUGD_FILE || told_source->file[0] == '\0')
                return;
        memcpy(path, told, CONFIG_PATH_MAX);
        *source = *told_source;
}

/* A kubelet that was not told of a file uses none, whatever lies at the usual place. */
static bool uses_default_file(const Told *self) {
        return self->config.process.pid == 0 && !self->config.flags_file[0];
}

static int choose_places(Told *self) {
        const BindFile file = { .origin = CONFIG_ORIGIN_KUBELET, .reterr = self->reterr };
        _cleanup_(kubelet_deinitp) KubeletConfig told = {};
        KubeletConfig *config = &self->config;
        int r;

        r = kubelet_bind_names(&file, self->flags.names, &told);
        if (r)
                return r;
        choose_path(config->file, &config->file_source, told.file, &told.file_source);
        choose_path(config->dir, &config->dir_source, told.dir, &told.dir_source);
        memcpy(config->host_name, told.host_name, sizeof(told.host_name));
        config->host_name_source = told.host_name_source;
        if (config->file_source.origin == CONFIG_ORIGIN_SLUGD_DEFAULT && !uses_default_file(self))
                config->file[0] = '\0';
        return 0;
}

/* Files */

/* "evictionHard: {memory.available: 100Mi}", unless the file says something. */
static int add_default_eviction(Told *self) {
        static const char key[] = "evictionHard", signal[] = "memory.available", value[] = "100Mi";
        Arena *arena = self->documents.arena;
        YamlNode *mapping = yaml_new_node(arena, NULL, YAML_TYPE_MAPPING);
        YamlNode *signals = yaml_new_node(arena, NULL, YAML_TYPE_MAPPING);
        const YamlNode *keys[] = {
                yaml_new_scalar(arena, NULL, key, strlen(key)),
                yaml_new_scalar(arena, NULL, signal, strlen(signal)),
                yaml_new_scalar(arena, NULL, value, strlen(value)),
        };
        const YamlNode *said = self->documents.tree ? yaml_find(self->documents.tree, key) : NULL;

        if (said && !yaml_is_null(said))
                return 0;
        if (!mapping || !signals || !keys[0] || !keys[1] || !keys[2] ||
            yaml_add(arena, signals, keys[1], keys[2]) ||
            yaml_add(arena, mapping, keys[0], signals))
                return -ENOMEM;
        self->documents.tree =
                self->documents.tree ? yaml_merge(arena, self->documents.tree, mapping) : mapping;
        return self->documents.tree ? 0 : -ENOMEM;
}

static int read_file(Told *self) {
        KubeletConfig *config = &self->config;
        int r;

        if (!config->file[0])
                return 0;
        r = documents_add_file(&self->documents, self->root, config->file, check_document,
                               self->reterr);
        if (r != CONFIG_E_ABSENT)
                return r;
        /* Nobody named this file, and there is a directory that somebody did name. */
        if (config->file_source.origin == CONFIG_ORIGIN_SLUGD_DEFAULT && config->dir[0])
                return 0;
        diag_set(self->reterr, NULL, 0, 0, "no KubeletConfiguration at %s", config->file);
        return r;
}

static int read_files(Told *self) {
        int r;

        r = read_file(self);
        if (r || !self->config.dir[0])
                return r;
        r = add_default_eviction(self);
        if (r)
                return r;
        return documents_add_directory(&self->documents, self->root, self->config.dir,
                                       &drop_ins_of_kubelet, self->reterr);
}

/* Feature gates of the flags are added to those of the files; every other flag takes the place of
 * its key. */
static const YamlNode *add_flag(const Told *self, const YamlEntry *flag) {
        static const char gates[] = "featureGates";
        const YamlNode *said = NULL;

        if (self->documents.tree && yaml_is_text(flag->key, gates))
                said = yaml_find(self->documents.tree, gates);
        return said ? yaml_merge(self->documents.arena, said, flag->value) : flag->value;
}

/* The files' keys, with those of the flags. */
static const YamlNode *add_flags(const Told *self) {
        Arena *arena = self->documents.arena;
        YamlNode *all = yaml_new_node(arena, NULL, YAML_TYPE_MAPPING);

        if (!all)
                return NULL;
        for (const YamlEntry *entry = self->documents.tree ? self->documents.tree->entries : NULL;
             entry; entry = entry->next)
                if (yaml_add(arena, all, entry->key, entry->value))
                        return NULL;
        YAML_FOREACH (entry, self->flags.settings) {
                const YamlNode *value = add_flag(self, entry);

                if (!value || yaml_add(arena, all, entry->key, value))
                        return NULL;
        }
        return all;
}

static int load(Told *self) {
        const BindFile file = { .origin = CONFIG_ORIGIN_KUBELET, .reterr = self->reterr };
        const YamlNode *document;
        int r;

        r = read_flags(self);
        if (r)
                return r;
        r = choose_places(self);
        if (r)
                return r;
        r = read_files(self);
        if (r)
                return r;
        document = add_flags(self);
        if (!document)
                return -ENOMEM;
        self->config.is_found = self->documents.n_files > 0;
        return kubelet_bind_document(&file, document, &self->config);
}

/* Of a configuration that was refused: where it was looked for. */
static void keep_places(KubeletConfig *config, const KubeletConfig *refused) {
        memcpy(config->file, refused->file, sizeof(config->file));
        config->file_source = refused->file_source;
        memcpy(config->dir, refused->dir, sizeof(config->dir));
        config->dir_source = refused->dir_source;
        config->process = refused->process;
}

int told_load(const Root *root, KubeletConfig *config, ConfigFiles *files, Diag *reterr) {
        Told self = { .root = root, .config = *config, .reterr = reterr };
        int r;

        r = documents_init(&self.documents, files);
        if (r)
                return r;
        self.config.process = process_find(root, config->process_name, &config->process);
        r = load(&self);
        if (r == 0) {
                kubelet_deinit(config);
                *config = self.config;
                self.config.reserved_memory = NULL;
        } else {
                keep_places(config, &self.config);
        }
        kubelet_deinit(&self.config);
        documents_deinit(&self.documents);
        return r;
}
