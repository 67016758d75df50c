/* SPDX-License-Identifier: Apache-2.0 */
#include "config/flags.h"

#include <errno.h>
#include <string.h>

#include "config/merge.h"

/*
 * A flag replaces what the files say under its key as a whole; only feature gates are added to
 * those of the files. Given again, a flag of a list or of pairs adds to itself, and any other
 * replaces itself. A value stands behind "=" or is the next argument; a switch alone is true. Flags
 * that are not in the table are passed over: the kubelet has no arguments that are not flags, so
 * what follows one of them can only be its value.
 *
 * Nothing is refused here. What cannot be taken apart becomes a scalar where a mapping is expected,
 * and whoever binds it says so, with the flag as its place.
 *
 * Source: the kubelet's options.go and component-base's cli/flag, read at 1.36; pflag's grammar.
 */
typedef enum FlagKind {
        FLAG_TEXT,
        FLAG_SWITCH,
        FLAG_LIST,       /* a,b */
        FLAG_PAIRS,      /* key=value,key=value */
        FLAG_THRESHOLDS, /* key<value,key<value */
        FLAG_RESERVED,   /* node:key=value,key=value;node:... */
} FlagKind;

typedef struct Flag {
        const char *name;
        const char *key;
        const char *source;
        FlagKind kind;
        bool is_name; /* it says where something is, or what it is called */
} Flag;

#define FLAG(text) .name = (text), .source = "kubelet flag --" text

static const Flag flags[] = {
        { FLAG("config"), .key = "configFile", .kind = FLAG_TEXT, .is_name = true },
        { FLAG("config-dir"), .key = "configDir", .kind = FLAG_TEXT, .is_name = true },
        { FLAG("hostname-override"), .key = "hostnameOverride", .kind = FLAG_TEXT,
          .is_name = true },
        { FLAG("system-reserved"), .key = "systemReserved", .kind = FLAG_PAIRS },
        { FLAG("kube-reserved"), .key = "kubeReserved", .kind = FLAG_PAIRS },
        { FLAG("eviction-hard"), .key = "evictionHard", .kind = FLAG_THRESHOLDS },
        { FLAG("enforce-node-allocatable"), .key = "enforceNodeAllocatable", .kind = FLAG_LIST },
        { FLAG("cgroups-per-qos"), .key = "cgroupsPerQOS", .kind = FLAG_SWITCH },
        { FLAG("cgroup-root"), .key = "cgroupRoot", .kind = FLAG_TEXT },
        { FLAG("memory-manager-policy"), .key = "memoryManagerPolicy", .kind = FLAG_TEXT },
        { FLAG("feature-gates"), .key = "featureGates", .kind = FLAG_PAIRS },
        { FLAG("qos-reserved"), .key = "qosReserved", .kind = FLAG_PAIRS },
        { FLAG("system-reserved-cgroup"), .key = "systemReservedCgroup", .kind = FLAG_TEXT },
        { FLAG("kube-reserved-cgroup"), .key = "kubeReservedCgroup", .kind = FLAG_TEXT },
        { FLAG("topology-manager-policy"), .key = "topologyManagerPolicy", .kind = FLAG_TEXT },
        { FLAG("topology-manager-policy-options"), .key = "topologyManagerPolicyOptions",
          .kind = FLAG_PAIRS },
        { FLAG("cpu-manager-policy"), .key = "cpuManagerPolicy", .kind = FLAG_TEXT },
        { FLAG("fail-swap-on"), .key = "failSwapOn", .kind = FLAG_SWITCH },
        { FLAG("reserved-memory"), .key = "reservedMemory", .kind = FLAG_RESERVED },
};

/* A piece of the command line: a view. */
typedef struct Piece {
        const char *text;
        size_t n_text;
} Piece;

typedef struct Parser {
        Arena *arena;
        YamlNode *names, *settings;
        const YamlNode *keys[ELEMENTSOF(flags)];
        YamlNode *values[ELEMENTSOF(flags)]; /* NULL: not given yet */
} Parser;

static Piece trim(Piece piece) {
        while (piece.n_text && (*piece.text == ' ' || *piece.text == '\t')) {
                ++piece.text;
                --piece.n_text;
        }
        while (piece.n_text &&
               (piece.text[piece.n_text - 1] == ' ' || piece.text[piece.n_text - 1] == '\t'))
                --piece.n_text;
        return piece;
}

/* Takes what stands before the next @separator. False: nothing is left. */
static bool next_piece(Piece *rest, char separator, Piece *ret) {
        const char *end;

        if (!rest->text)
                return false;
        end = memchr(rest->text, separator, rest->n_text);
        *ret = trim((Piece){ rest->text, end ? (size_t)(end - rest->text) : rest->n_text });
        if (!end) {
                *rest = (Piece){};
        } else {
                rest->n_text -= (size_t)(end + 1 - rest->text);
                rest->text = end + 1;
        }
        return true;
}

/* "a=b" in two; false when there is no separator. */
static bool split_piece(Piece piece, char separator, Piece *ret_left, Piece *ret_right) {
        const char *middle = memchr(piece.text, separator, piece.n_text);

        if (!middle)
                return false;
        *ret_left = trim((Piece){ piece.text, (size_t)(middle - piece.text) });
        *ret_right = trim((Piece){ middle + 1, piece.n_text - (size_t)(middle + 1 - piece.text) });
        return true;
}

static YamlNode *new_scalar(const Parser *self, const Flag *flag, Piece piece) {
        return yaml_new_scalar(self->arena, flag->source, piece.text, piece.n_text);
}

enum {
        _FLAG_E_SUCCESS,
        FLAG_E_MALFORMED, /* not of the form that its flag has */
};

static int
add_pairs(const Parser *self, const Flag *flag, Piece value, char separator, YamlNode *mapping) {
        Piece piece, left, right;
        int r = 0;

        while (r == 0 && next_piece(&value, ',', &piece)) {
                YamlNode *key, *scalar;

                if (piece.n_text == 0)
                        continue;
                if (!split_piece(piece, separator, &left, &right))
                        return FLAG_E_MALFORMED;
                key = new_scalar(self, flag, left);
                scalar = new_scalar(self, flag, right);
                r = key && scalar ? yaml_add(self->arena, mapping, key, scalar) : -ENOMEM;
        }
        return r;
}

static int add_list(const Parser *self, const Flag *flag, Piece value, YamlNode *list) {
        Piece piece;
        int r = 0;

        while (r == 0 && next_piece(&value, ',', &piece)) {
                YamlNode *scalar;

                if (piece.n_text == 0)
                        continue;
                scalar = new_scalar(self, flag, piece);
                r = scalar ? yaml_add(self->arena, list, NULL, scalar) : -ENOMEM;
        }
        return r;
}

/* mapping[key] = value, all with the flag as their place */
static int add_key(const Parser *self,
                   const Flag *flag,
                   YamlNode *mapping,
                   const char *name,
                   const YamlNode *value) {
        const YamlNode *key = yaml_new_scalar(self->arena, flag->source, name, strlen(name));

        return key && value ? yaml_add(self->arena, mapping, key, value) : -ENOMEM;
}

/* "0:memory=1Gi,hugepages-2Mi=4Mi" */
static int add_reserved(const Parser *self, const Flag *flag, Piece piece, YamlNode *list) {
        YamlNode *entry = yaml_new_node(self->arena, flag->source, YAML_TYPE_MAPPING);
        YamlNode *limits = yaml_new_node(self->arena, flag->source, YAML_TYPE_MAPPING);
        Piece node, rest;
        int r;

        if (!entry || !limits)
                return -ENOMEM;
        if (!split_piece(piece, ':', &node, &rest))
                return FLAG_E_MALFORMED;
        r = add_pairs(self, flag, rest, '=', limits);
        if (r == 0)
                r = add_key(self, flag, entry, "numaNode", new_scalar(self, flag, node));
        if (r == 0)
                r = add_key(self, flag, entry, "limits", limits);
        return r == 0 ? yaml_add(self->arena, list, NULL, entry) : r;
}

static int add_all_reserved(const Parser *self, const Flag *flag, Piece value, YamlNode *list) {
        Piece piece;
        int r = 0;

        while (r == 0 && next_piece(&value, ';', &piece))
                if (piece.n_text)
                        r = add_reserved(self, flag, piece, list);
        return r;
}

static int add_value(const Parser *self, const Flag *flag, Piece value, YamlNode *node) {
        switch (flag->kind) {
        case FLAG_PAIRS:
                return add_pairs(self, flag, value, '=', node);
        case FLAG_THRESHOLDS:
                return add_pairs(self, flag, value, '<', node);
        case FLAG_LIST:
                return add_list(self, flag, value, node);
        case FLAG_RESERVED:
                return add_all_reserved(self, flag, value, node);
        case FLAG_TEXT:
        case FLAG_SWITCH:
                break;
        }
        return 0;
}

static YamlType get_type(FlagKind kind) {
        switch (kind) {
        case FLAG_PAIRS:
        case FLAG_THRESHOLDS:
                return YAML_TYPE_MAPPING;
        case FLAG_LIST:
        case FLAG_RESERVED:
                return YAML_TYPE_SEQUENCE;
        case FLAG_TEXT:
        case FLAG_SWITCH:
                break;
        }
        return YAML_TYPE_SCALAR;
}

/* One occurrence of a flag. */
static int take(Parser *self, const Flag *flag, Piece value) {
        YamlNode **node = &self->values[flag - flags];
        int r = 0;

        if (get_type(flag->kind) == YAML_TYPE_SCALAR ||
            (*node && (*node)->type == YAML_TYPE_SCALAR))
                *node = new_scalar(self, flag, value);
        else if (!*node)
                *node = yaml_new_node(self->arena, flag->source, get_type(flag->kind));
        if (!*node)
                return -ENOMEM;
        if ((*node)->type != YAML_TYPE_SCALAR)
                r = add_value(self, flag, value, *node);
        if (r != FLAG_E_MALFORMED)
                return r;
        *node = new_scalar(self, flag, value);
        return *node ? 0 : -ENOMEM;
}

static const Flag *find_flag(Piece name) {
        for (size_t i = 0; i < ELEMENTSOF(flags); ++i)
                if (strlen(flags[i].name) == name.n_text &&
                    memcmp(flags[i].name, name.text, name.n_text) == 0)
                        return &flags[i];
        return NULL;
}

/* One argument, and the next one when it is this one's value. */
static int take_argument(Parser *self, Piece argument, Piece *rest) {
        static const Piece is_true = { "true", 4 };
        Piece name, value;
        const Flag *flag;
        bool has_value;

        if (argument.n_text < 2 || memcmp(argument.text, "--", 2) != 0)
                return 0;
        argument = (Piece){ argument.text + 2, argument.n_text - 2 };
        has_value = split_piece(argument, '=', &name, &value);
        flag = find_flag(has_value ? name : argument);
        if (!flag)
                return 0;
        if (!has_value && flag->kind == FLAG_SWITCH)
                value = is_true;
        else if (!has_value && !next_piece(rest, '\0', &value))
                return 0; /* cut off: the kubelet would not have started */
        return take(self, flag, value);
}

int flags_parse(Arena *arena, const char *text, size_t n_text, KubeletFlags *ret) {
        Parser self = {
                .arena = arena,
                .names = yaml_new_node(arena, NULL, YAML_TYPE_MAPPING),
                .settings = yaml_new_node(arena, NULL, YAML_TYPE_MAPPING),
        };
        Piece rest = { text, n_text }, argument;
        int r = 0;

        if (!self.names || !self.settings)
                return -ENOMEM;
        (void)next_piece(&rest, '\0', &argument); /* the program */
        while (r == 0 && next_piece(&rest, '\0', &argument)) {
                if (argument.n_text == 2 && memcmp(argument.text, "--", 2) == 0)
                        break;
                r = take_argument(&self, argument, &rest);
        }
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(flags); ++i)
                if (self.values[i])
                        r = add_key(&self, &flags[i], flags[i].is_name ? self.names : self.settings,
                                    flags[i].key, self.values[i]);
        if (r)
                return r;
        *ret = (KubeletFlags){ .names = self.names, .settings = self.settings };
        return 0;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

size_t flags_split(char *text, size_t n_text) {
        size_t n = 0, i = 0;

        /* what is written never overtakes what is read: behind every word is a blank, or the end */
        memmove(text + 1, text, n_text);
        text[n++] = '\0';
        i = 1;
        ++n_text;
        while (i < n_text) {
                char quote = '\0';

                if (is_blank(text[i])) {
                        ++i;
                        continue;
                }
                if (text[i] == '#') {
                        while (i < n_text && text[i] != '\n')
                                ++i;
                        continue;
                }
                for (; i < n_text && (quote || !is_blank(text[i])); ++i) {
                        if (quote ? text[i] == quote : text[i] == '"' || text[i] == '\'')
                                quote = quote ? '\0' : text[i];
                        else
                                text[n++] = text[i];
                }
                if (i < n_text || n < n_text)
                        text[n++] = '\0';
                ++i;
        }
        return n;
}
