/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as slugd's list of chunks and as what the kubelet asks of a device plugin. The first
 * line is the list as JSON, the second one the request; a letter before the request says which.
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kubelet/device/advertise.h"
#include "kubelet/device/answer.h"
#include "kubelet/device/prefer.h"
#include "kubelet/device/prestart.h"
#include "rpc/json.h"
#include "split/chunk.h"

#define ARENA_MAX (16u * 1024 * 1024)

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static ProtobufCMessage *
decode(Arena *arena, const char *text, const ProtobufCMessageDescriptor *descriptor) {
        ProtobufCMessage *message;
        Diag diag = {};

        return json_decode(text, strlen(text), descriptor, NULL, arena, &message, &diag) == 0
                       ? message
                       : NULL;
}

/* A resource's name becomes a file's. */
static void check_names(const Slug__V1__ChunkList *list) {
        for (size_t i = 0; i < list->n_resources; ++i) {
                const char *name = list->resources[i]->name;

                must(strchr(name, '/') == strrchr(name, '/') && !strstr(name, ".."));
                must(strlen(name) < CHUNK_RESOURCE_MAX);
        }
}

/* Every chunk is told once, of its resource, and what is withdrawn is not healthy. */
static void try_advertise(const Slug__V1__ChunkList *list) {
        size_t n = 0;

        check_names(list);
        for (size_t i = 0; i < list->n_resources; ++i) {
                Advertised *told, *withdrawn;
                Diag diag = {};
                const int r = advertise_new(list, i, false, &told, &diag);

                if (r == ADVERTISE_E_REFUSED) {
                        must(diag.text[0]);
                        return;
                }
                must(r == 0 && advertise_new(list, i, true, &withdrawn, &diag) == 0);
                must(withdrawn->n_healthy == 0);
                must(withdrawn->message.n_devices == told->message.n_devices);
                must(advertise_is_equal(told, told));
                must(advertise_is_equal(told, withdrawn) == (told->n_healthy == 0));
                must(protobuf_c_message_get_packed_size(&told->message.base) <=
                     ADVERTISE_BYTES_MAX);
                n += told->message.n_devices;
                advertise_free(told);
                advertise_free(withdrawn);
        }
        must(n == list->n_chunks);
}

static bool is_in(const char *id, char *const *ids, size_t n) {
        for (size_t i = 0; i < n; ++i)
                if (strcmp(ids[i], id) == 0)
                        return true;
        return false;
}

static void try_prefer(const Slug__V1__ChunkList *list, Arena *arena, const char *text) {
        V1beta1__ContainerPreferredAllocationResponse response =
                V1BETA1__CONTAINER_PREFERRED_ALLOCATION_RESPONSE__INIT;
        const V1beta1__ContainerPreferredAllocationRequest *request = (const void *)decode(
                arena, text, &v1beta1__container_preferred_allocation_request__descriptor);
        Diag diag = {};
        int r;

        if (!request)
                return;
        r = prefer_chunks(list, request, arena, &response, &diag);
        must(r == 0 || (r == PREFER_E_INVALID && diag.text[0]) || r == -ENOMEM);
        if (r)
                return;
        must(response.n_deviceids == (size_t)request->allocation_size);
        for (size_t i = 0; i < response.n_deviceids; ++i) {
                must(is_in(response.deviceids[i], request->available_deviceids,
                           request->n_available_deviceids));
                must(!is_in(response.deviceids[i], response.deviceids, i));
        }
        for (size_t i = 0; i < request->n_must_include_deviceids; ++i)
                must(is_in(request->must_include_deviceids[i], response.deviceids,
                           response.n_deviceids));
}

static void try_prestart(const Slug__V1__ChunkList *list, Arena *arena, const char *text) {
        const V1beta1__PreStartContainerRequest *request = (const void *)decode(
                arena, text, &v1beta1__pre_start_container_request__descriptor);
        Diag diag = {};
        PrestartParams params = { .list = list, .state = GRACE_CURRENT };
        int r;

        if (!request)
                return;
        params.ids = request->devices_ids;
        params.n_ids = request->n_devices_ids;
        r = prestart_check(&params, arena, &diag);
        must(r == 0 || (r == PRESTART_E_REFUSED && diag.text[0]) || r == -ENOMEM);
}

static void try_answer(const Slug__V1__ChunkList *list, Arena *arena, const char *text) {
        const Slug__V1__AllocateChunksResponse *response =
                (const void *)decode(arena, text, &slug__v1__allocate_chunks_response__descriptor);
        V1beta1__ContainerAllocateResponse answer;

        if (!response || answer_container(response, list->cdi_device, arena, &answer) != 0)
                return;
        must(answer.n_envs == 3 && answer.n_annotations == 2);
        must(answer.n_cdi_devices == (list->cdi_device[0] != '\0'));
        must(strcmp(answer.envs[0]->value, response->claim) == 0);
}

static void try(char *text) {
        char *line = strchr(text, '\n');
        const Slug__V1__ChunkList *list;
        Diag diag = {};
        Arena *arena;

        if (!line || arena_new(ARENA_MAX, &arena) != 0)
                return;
        *line++ = '\0';
        list = (const void *)decode(arena, text, &slug__v1__chunk_list__descriptor);
        if (list && advertise_check(list, &diag) == 0) {
                try_advertise(list);
                if (line[0] == 'p')
                        try_prefer(list, arena, line + 1);
                else if (line[0] == 's')
                        try_prestart(list, arena, line + 1);
                else if (line[0] == 'a')
                        try_answer(list, arena, line + 1);
        } else if (list)
                must(diag.text[0]);
        arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);

        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        try(text);
        free(text);
        return 0;
}
