/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-pipe MESSAGE: our JSON codec for another one to be compared with. A line of the input is the
 * length of a text in decimal, followed by the text; for every one of them a line of output tells
 * what we made of it: "ok " and the message, encoded again, or "no " and why it is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "rpc/json.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

#define TEXT_MAX  (16u * 1024 * 1024)
#define ARENA_MAX (64u * 1024 * 1024)

static const ProtobufCMessageDescriptor *const descriptors[] = {
        &slug__v1__topology__descriptor,
        &slug__v1__numa_node__descriptor,
        &slug__v1__describe_node_response__descriptor,
        &slug__v1__explain_response__descriptor,
        &slug__v1__get_config_response__descriptor,
        &slug__v1__list_changes_response__descriptor,
        &slug__v1__get_version_response__descriptor,
        &slug__v1__watch_request__descriptor,
        &slug__v1__watch_response__descriptor,
};

static const ProtobufCMessageDescriptor *find_descriptor(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(descriptors); ++i)
                if (strcmp(descriptors[i]->name, name) == 0)
                        return descriptors[i];
        return NULL;
}

/* Return: 0, or -EIO. */
static int tell(const char *text, size_t n_text, const ProtobufCMessageDescriptor *descriptor) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer again = {};
        ProtobufCMessage *message;
        char why[DIAG_FORMATTED_MAX];
        Diag diag = {};
        int r;

        if (arena_new(ARENA_MAX, &arena) < 0)
                return -EIO;
        r = json_decode(text, n_text, descriptor, NULL, arena, &message, &diag);
        if (r < 0)
                return -EIO;
        if (r > 0)
                return printf("no %s\n", diag_format(&diag, why)) < 0 ? -EIO : 0;
        json_encode(message, 0, NULL, &again);
        if (buffer_finish(&again) < 0)
                return -EIO;
        return printf("ok %s\n", again.data) < 0 ? -EIO : 0;
}

/* Return: 1: there was one, 0: the input has ended, or -EIO. */
static int take(const ProtobufCMessageDescriptor *descriptor) {
        _cleanup_(freep) char *text = NULL;
        char line[32], *end;
        unsigned long n_text;

        if (!fgets(line, sizeof(line), stdin))
                return ferror(stdin) ? -EIO : 0;
        n_text = strtoul(line, &end, 10);
        if (end == line || *end != '\n' || n_text > TEXT_MAX)
                return -EIO;
        text = malloc(n_text + 1);
        if (!text || fread(text, 1, n_text, stdin) != n_text)
                return -EIO;
        return tell(text, n_text, descriptor) < 0 || fflush(stdout) != 0 ? -EIO : 1;
}

int main(int argc, char **argv) {
        const ProtobufCMessageDescriptor *descriptor = argc == 2 ? find_descriptor(argv[1]) : NULL;
        int r = 1;

        if (!descriptor) {
                (void)fprintf(stderr, "usage: %s MESSAGE\n", argv[0]);
                return EXIT_FAILURE;
        }
        while (r > 0)
                r = take(descriptor);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
