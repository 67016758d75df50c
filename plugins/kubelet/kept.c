/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/kept.h"

#include <errno.h>
#include <string.h>

#include "base/whole.h"

/*
 * The kubelet writes beside its file and renames, so that an opened file stays what it is. One that
 * a crash or a full disk has cut short is no document, and is refused as a whole.
 *
 * The arena: 16 MiB of text, and for each value a name and a text of its own, both rounded up to 16
 * bytes, and a row of 64, come to no more than ARENA_MAX.
 */
#define DEPTH_MAX  16u
#define VALUES_MAX 262144u /* of a node with thousands of containers */
#define ARENA_MAX  (48u * 1024 * 1024)

static const DocumentLimits limits = { .depth = DEPTH_MAX, .n_values = VALUES_MAX };

int kept_read(const Root *root,
              const char *path,
              size_t max,
              char **ret,
              size_t *ret_n,
              Diag *reterr) {
        const int r = whole_read(root, path, max, ret, ret_n);

        if (r == ROOT_E_ABSENT)
                return KEPT_E_ABSENT;
        if (r)
                diag_set(reterr, path, 0, 0, "cannot be read: %s",
                         r > 0 ? "larger than a kubelet makes it" : strerror(-r));
        return r > 0 || r == -EISDIR || r == -EINVAL ? KEPT_E_INVALID : r;
}

/* JSON has none in text, and json-c takes them; here they tell of damage. */
static bool has_control_in_text(const char *text, size_t n_text) {
        bool is_in_text = false;

        for (size_t i = 0; i < n_text; ++i) {
                if (is_in_text && (unsigned char)text[i] < ' ')
                        return true;
                if (is_in_text && text[i] == '\\')
                        ++i;
                else if (text[i] == '"')
                        is_in_text = !is_in_text;
        }
        return false;
}

int kept_parse(const char *text, size_t n_text, Document *ret, Diag *reterr) {
        if (has_control_in_text(text, n_text)) {
                const Value document = {};

                return value_complain(&document, reterr, "has a control character in a text");
        }
        return document_parse(text, n_text, &limits, ret, reterr);
}

int kept_arena_new(Arena **ret) {
        return arena_new(ARENA_MAX, ret);
}

int kept_copy(Arena *arena,
              const Value *value,
              const char *text,
              size_t size,
              const char **ret,
              Diag *reterr) {
        const size_t n = strlen(text);

        if (n == 0)
                return value_complain(value, reterr, "is empty");
        if (n >= size)
                return value_complain(value, reterr, "is too long");
        *ret = arena_strndup(arena, text, n);
        return *ret ? 0 : -ENOMEM;
}

bool kept_has_member(const Value *object, const char *key) {
        ValueMember member = {};

        while (value_next_member(object, &member))
                if (strcmp(member.key, key) == 0)
                        return true;
        return false;
}
