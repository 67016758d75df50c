/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/replace.h"
#include "slugctl/call.h"
#include "slugctl/ledger.h"

/*
 * The claims go out as they came, also those fields that this slugctl does not know: an export is
 * for a slugd that may be newer.
 */
#define FILE_MODE 0600

typedef struct json_object *JsonObject;

static JsonObject object_free(JsonObject object) {
        if (object)
                (void)json_object_put(object);
        return NULL;
}
DEFINE_CLEANUP(JsonObject, object_free);

static int complain(Diag *reterr, const char *source, const char *what) {
        diag_set(reterr, source, 0, 0, "%s", what);
        return LEDGER_E_INVALID;
}

/* @value: taken; NULL: there is no memory. */
static int add(JsonObject object, const char *key, JsonObject value) {
        if (value && json_object_object_add(object, key, value) == 0)
                return 0;
        (void)object_free(value);
        return -ENOMEM;
}

static int add_all(JsonObject document, JsonObject answer, uint64_t now_usec) {
        JsonObject generation = json_object_object_get(answer, "generation");
        JsonObject claims = json_object_object_get(answer, "claims");
        char text[24];
        int r;

        (void)snprintf(text, sizeof(text), "%" PRIu64, now_usec);
        r = add(document, "version", json_object_new_int((int)LEDGER_EXPORT_VERSION));
        if (r == 0)
                r = add(document, "exportedUsec", json_object_new_string(text));
        if (r == 0 && generation) /* one of 0 is left out of an answer */
                r = add(document, "generation", json_object_get(generation));
        if (r == 0)
                r = add(document, "claims",
                        claims ? json_object_get(claims) : json_object_new_array());
        return r;
}

int ledger_export_append(const char *answer, uint64_t now_usec, Buffer *buffer, Diag *reterr) {
        _cleanup_(object_freep) JsonObject object = json_tokener_parse(answer);
        _cleanup_(object_freep) JsonObject document = json_object_new_object();
        JsonObject claims;
        const char *text;
        int r;

        if (!document)
                return -ENOMEM;
        if (!object || !json_object_is_type(object, json_type_object))
                return complain(reterr, NULL, "slugd's answer is not a JSON object");
        if (json_object_object_get_ex(object, "claims", &claims) &&
            !json_object_is_type(claims, json_type_array))
                return complain(reterr, NULL, "slugd's answer has no list of claims");
        r = add_all(document, object, now_usec);
        if (r)
                return r;
        text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
                                                                JSON_C_TO_STRING_SPACED |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
        if (!text)
                return -ENOMEM;
        buffer_append_text(buffer, text);
        buffer_append_char(buffer, '\n');
        return buffer_finish(buffer);
}

/* Before slugd is asked: what is in the way stays there. */
static int check_file(const VerbContext *context, const char *file, Diag *reterr) {
        struct stat stat;

        if (lstat(file, &stat) < 0)
                return errno == ENOENT ? 0 : complain(reterr, file, strerror(errno));
        if (!verb_find_option(context, "force"))
                return complain(reterr, file,
                                "is there already; choose another name, or say --force");
        return S_ISREG(stat.st_mode) ? 0
                                     : complain(reterr, file, "is no file that can be replaced");
}

static int write_file(const char *file, const Buffer *text, Diag *reterr) {
        const char *slash = strrchr(file, '/');
        const char *name = slash ? slash + 1 : file;
        _cleanup_(freep) char *folder = slash ? strndup(file, (size_t)(name - file)) : strdup(".");
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        int r;

        if (!folder)
                return -ENOMEM;
        dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return complain(reterr, folder, strerror(errno));
        r = file_replace(dir_fd, name, text->data, text->n_data, FILE_MODE);
        return r < 0 ? complain(reterr, file, strerror(-r)) : 0;
}

static int write_text(const char *file, const Buffer *answer, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        r = ledger_export_append(answer->data, clock_now_usec(&clock_realtime), &text, reterr);
        if (r)
                return r;
        if (file)
                return write_file(file, &text, reterr);
        (void)fwrite(text.data, 1, text.n_data, stdout);
        return 0;
}

static int run(const VerbContext *context, const char *file) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        int status, r = 0;
        Diag diag = {};

        if (context->output == OUTPUT_YAML)
                return verb_refuse(context->verb, "an export is JSON, and no YAML");
        if (file && strcmp(file, "-") == 0)
                file = NULL;
        if (file)
                r = check_file(context, file, &diag);
        if (r)
                return call_complain(r, &diag);
        if (!ledger_ask(context, LEDGER_STATE_PATH, NULL, &answer, &status))
                return status;
        r = write_text(file, &answer, &diag);
        return r ? call_complain(r, &diag) : EXIT_SUCCESS;
}

const LedgerAction ledger_export = { .name = "export", .option = "force", .run = run };
