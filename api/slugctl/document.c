/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/document.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

/*
 * json-c keeps the order of the fields and unknown ones, so that what is printed is what the daemon
 * said, also when it is newer than this program. YAML is the same tree through libyaml's emitter:
 * text stays quoted, because "12" and 12 are not the same.
 */
typedef struct json_object *JsonObject;

static JsonObject object_free(JsonObject object) {
        if (object)
                (void)json_object_put(object);
        return NULL;
}
DEFINE_CLEANUP(JsonObject, object_free);

static int parse(const char *text, JsonObject *ret, Diag *reterr) {
        JsonObject object = json_tokener_parse(text);

        if (!object || !json_object_is_type(object, json_type_object)) {
                (void)object_free(object);
                diag_set(reterr, NULL, 0, 0, "the daemon's answer is not a JSON object");
                return DOCUMENT_E_MALFORMED;
        }
        *ret = object;
        return 0;
}

int document_print_json(const char *text, FILE *stream, Diag *reterr) {
        _cleanup_(object_freep) JsonObject object = NULL;
        int r;

        r = parse(text, &object, reterr);
        if (r)
                return r;
        (void)fprintf(stream, "%s\n",
                      json_object_to_json_string_ext(
                              object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                              JSON_C_TO_STRING_NOSLASHESCAPE));
        return 0;
}

static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int is_initialised) {
        return is_initialised && yaml_emitter_emit(emitter, event);
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text, bool is_text) {
        yaml_event_t event;

        return emit(emitter, &event,
                    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
                                                 (int)strlen(text), !is_text, is_text,
                                                 is_text ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                                         : YAML_PLAIN_SCALAR_STYLE));
}

static bool emit_value(yaml_emitter_t *emitter, struct json_object *value);

static bool emit_mapping(yaml_emitter_t *emitter, struct json_object *object) {
        yaml_event_t event;

        if (!emit(emitter, &event,
                  yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                      YAML_BLOCK_MAPPING_STYLE)))
                return false;
        json_object_object_foreach(object, key, value) {
                /* a key is a field's name and needs no quotes */
                if (!emit_scalar(emitter, key, false) || !emit_value(emitter, value))
                        return false;
        }
        return emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static bool emit_sequence(yaml_emitter_t *emitter, struct json_object *array) {
        yaml_event_t event;

        if (!emit(emitter, &event,
                  yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                       YAML_BLOCK_SEQUENCE_STYLE)))
                return false;
        for (size_t i = 0; i < json_object_array_length(array); ++i)
                if (!emit_value(emitter, json_object_array_get_idx(array, i)))
                        return false;
        return emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
}

/* As deep as json-c parses, which is 32 levels. */
static bool emit_value(yaml_emitter_t *emitter, struct json_object *value) {
        if (json_object_is_type(value, json_type_object))
                return emit_mapping(emitter, value);
        if (json_object_is_type(value, json_type_array))
                return emit_sequence(emitter, value);
        if (json_object_is_type(value, json_type_string))
                return emit_scalar(emitter, json_object_get_string(value), true);
        return emit_scalar(emitter, value ? json_object_to_json_string(value) : "null", false);
}

int document_print_yaml(const char *text, FILE *stream, Diag *reterr) {
        _cleanup_(object_freep) JsonObject object = NULL;
        yaml_emitter_t emitter;
        yaml_event_t event;
        bool is_done;
        int r;

        r = parse(text, &object, reterr);
        if (r)
                return r;
        if (!yaml_emitter_initialize(&emitter))
                return -ENOMEM;
        yaml_emitter_set_output_file(&emitter, stream);
        yaml_emitter_set_unicode(&emitter, 1);
        yaml_emitter_set_width(&emitter, -1);
        is_done = emit(&emitter, &event,
                       yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
                  emit(&emitter, &event,
                       yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
                  emit_value(&emitter, object) &&
                  emit(&emitter, &event, yaml_document_end_event_initialize(&event, 1)) &&
                  emit(&emitter, &event, yaml_stream_end_event_initialize(&event));
        yaml_emitter_delete(&emitter);
        /* what failed is the stream, and whoever owns it will say so */
        return is_done || ferror(stream) ? 0 : -ENOMEM;
}
