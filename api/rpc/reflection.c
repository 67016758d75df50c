/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reflection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "slug/rpc/descriptor.pb-c.h"

/*
 * The files are answered byte by byte as protoc made them; only their names and what they declare
 * are read, once, into a list of symbols. An answer has the file that was asked for and all that it
 * imports, so that a client need not ask again.
 *
 * v1alpha is v1 under another name, so its methods have the same messages.
 */
#define ANSWER_FILES_MAX 64u

/* protobuf-c's names for the members of the two oneofs */
#define REQUEST_IS(member) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##member
#define RESPONSE_IS(member)                                                                        \
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##member

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

typedef struct Symbol {
        const char *name; /* "slug.v1.NodeService.DescribeNode" */
        size_t file;
} Symbol;

typedef struct File {
        ProtobufCBinaryData packed;
        const Slug__Rpc__FileDescriptorProto *names;
} File;

struct RpcReflection {
        const RpcTable *table;
        Arena *arena;
        File *files;
        size_t n_files;
        Symbol *symbols;
        size_t n_symbols, n_allocated;
        RpcService service;
};

/* The list of symbols */

static int add_symbol(RpcReflection *self, size_t file, const char *scope, const char *name) {
        if (self->n_symbols == self->n_allocated) {
                const size_t n = self->n_allocated ? self->n_allocated * 2 : 64;
                Symbol *symbols = arena_alloc_array(self->arena, n, sizeof(*symbols));

                if (!symbols)
                        return -ENOMEM;
                if (self->n_symbols > 0)
                        memcpy(symbols, self->symbols, self->n_symbols * sizeof(*symbols));
                self->symbols = symbols;
                self->n_allocated = n;
        }
        self->symbols[self->n_symbols] = (Symbol){
                .name = arena_printf(self->arena, "%s%s%s", scope, *scope ? "." : "", name),
                .file = file,
        };
        return self->symbols[self->n_symbols++].name ? 0 : -ENOMEM;
}

static const char *last_symbol(const RpcReflection *self) {
        return self->symbols[self->n_symbols - 1].name;
}

static int add_enums(RpcReflection *self,
                     size_t file,
                     const char *scope,
                     Slug__Rpc__EnumDescriptorProto *const *enums,
                     size_t n_enums) {
        int r = 0;

        for (size_t i = 0; i < n_enums && r == 0; ++i)
                r = add_symbol(self, file, scope, enums[i]->name);
        return r;
}

static int add_messages(RpcReflection *self,
                        size_t file,
                        const char *scope,
                        Slug__Rpc__DescriptorProto *const *messages,
                        size_t n_messages) {
        int r = 0;

        for (size_t i = 0; i < n_messages && r == 0; ++i) {
                const Slug__Rpc__DescriptorProto *message = messages[i];
                const char *name;

                r = add_symbol(self, file, scope, message->name);
                if (r)
                        return r;
                name = last_symbol(self);
                r = add_enums(self, file, name, message->enum_type, message->n_enum_type);
                if (r == 0)
                        r = add_messages(self, file, name, message->nested_type,
                                         message->n_nested_type);
        }
        return r;
}

static int add_service(RpcReflection *self,
                       size_t file,
                       const char *scope,
                       const Slug__Rpc__ServiceDescriptorProto *service) {
        const char *name;
        int r = add_symbol(self, file, scope, service->name);

        if (r)
                return r;
        name = last_symbol(self);
        for (size_t i = 0; i < service->n_method && r == 0; ++i)
                r = add_symbol(self, file, name, service->method[i]->name);
        return r;
}

static int add_file(RpcReflection *self, size_t index) {
        const Slug__Rpc__FileDescriptorProto *names = self->files[index].names;
        int r = add_messages(self, index, names->package, names->message_type,
                             names->n_message_type);

        if (r == 0)
                r = add_enums(self, index, names->package, names->enum_type, names->n_enum_type);
        for (size_t i = 0; i < names->n_service && r == 0; ++i)
                r = add_service(self, index, names->package, names->service[i]);
        return r;
}

static void *allocate(void *cookie, size_t size) {
        return arena_alloc(cookie, size);
}

static void release(void *cookie _unused_, void *piece _unused_) {
}

static int read_files(RpcReflection *self, const unsigned char *descriptors, size_t n) {
        ProtobufCAllocator allocator = { .alloc = allocate,
                                         .free = release,
                                         .allocator_data = self->arena };
        const Slug__Rpc__FileDescriptorSet *set =
                slug__rpc__file_descriptor_set__unpack(&allocator, n, descriptors);
        int r = 0;

        if (!set || set->n_file > ANSWER_FILES_MAX)
                return -EBADMSG;
        self->files = arena_alloc_array(self->arena, set->n_file, sizeof(*self->files));
        if (!self->files)
                return -ENOMEM;
        for (; self->n_files < set->n_file && r == 0; ++self->n_files) {
                File *file = &self->files[self->n_files];

                file->packed = set->file[self->n_files];
                file->names = slug__rpc__file_descriptor_proto__unpack(&allocator, file->packed.len,
                                                                       file->packed.data);
                r = file->names ? add_file(self, self->n_files) : -EBADMSG;
        }
        return r;
}

/* Answers */

/* @message: NULL when memory is out, or one that lives as long as @response. */
static void set_error(Response *response, RpcCode code, char *message, Arena *arena) {
        Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof(*error));

        if (!error || !message)
                return;
        grpc__reflection__v1__error_response__init(error);
        error->error_code = (int)code;
        error->error_message = message;
        response->error_response = error;
        response->message_response_case = RESPONSE_IS(ERROR_RESPONSE);
}

static size_t find_file(const RpcReflection *self, const char *name) {
        size_t i = 0;

        while (i < self->n_files && strcmp(self->files[i].names->name, name) != 0)
                ++i;
        return i;
}

static size_t find_symbol(const RpcReflection *self, const char *name) {
        for (size_t i = 0; i < self->n_symbols; ++i)
                if (strcmp(self->symbols[i].name, name) == 0)
                        return self->symbols[i].file;
        return self->n_files;
}

/* The file and what it needs, each once. @order: room for all files. */
static size_t collect(const RpcReflection *self, size_t first, size_t order[]) {
        bool is_taken[ANSWER_FILES_MAX] = {};
        size_t n = 0;

        order[n++] = first;
        is_taken[first] = true;
        for (size_t i = 0; i < n; ++i) {
                const Slug__Rpc__FileDescriptorProto *names = self->files[order[i]].names;

                for (size_t k = 0; k < names->n_dependency; ++k) {
                        const size_t needed = find_file(self, names->dependency[k]);

                        if (needed == self->n_files || is_taken[needed])
                                continue;
                        is_taken[needed] = true;
                        order[n++] = needed;
                }
        }
        return n;
}

static void set_files(const RpcReflection *self, Response *response, size_t first, Arena *arena) {
        Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof(*files));
        size_t order[ANSWER_FILES_MAX];

        if (!files)
                return;
        grpc__reflection__v1__file_descriptor_response__init(files);
        files->n_file_descriptor_proto = collect(self, first, order);
        files->file_descriptor_proto = arena_alloc_array(arena, files->n_file_descriptor_proto,
                                                         sizeof(ProtobufCBinaryData));
        if (!files->file_descriptor_proto)
                return;
        for (size_t i = 0; i < files->n_file_descriptor_proto; ++i)
                files->file_descriptor_proto[i] = self->files[order[i]].packed;
        response->file_descriptor_response = files;
        response->message_response_case = RESPONSE_IS(FILE_DESCRIPTOR_RESPONSE);
}

static void answer_file(const RpcReflection *self,
                        Response *response,
                        size_t file,
                        const char *what,
                        Arena *arena) {
        if (file == self->n_files)
                set_error(response, RPC_NOT_FOUND,
                          arena_printf(arena, "there is no '%s' here", what), arena);
        else
                set_files(self, response, file, arena);
}

/* "slug.v1.NodeService"; NULL: out of memory. */
static char *get_service_name(const RpcMethod *method, Arena *arena) {
        const char *name = method->path + 1;

        return arena_strndup(arena, name, strcspn(name, "/"));
}

static bool has_name(const Grpc__Reflection__V1__ListServiceResponse *list, const char *name) {
        for (size_t i = 0; i < list->n_service; ++i)
                if (strcmp(list->service[i]->name, name) == 0)
                        return true;
        return false;
}

/* An RpcService may hold methods of more than one service, as this file's does. */
static int add_names(Grpc__Reflection__V1__ListServiceResponse *list,
                     const RpcService *service,
                     Arena *arena) {
        for (size_t i = 0; i < service->n_methods; ++i) {
                Grpc__Reflection__V1__ServiceResponse *item = arena_alloc(arena, sizeof(*item));
                char *name = get_service_name(&service->methods[i], arena);

                if (!item || !name)
                        return -ENOMEM;
                if (has_name(list, name))
                        continue;
                grpc__reflection__v1__service_response__init(item);
                item->name = name;
                list->service[list->n_service++] = item;
        }
        return 0;
}

static void answer_list(const RpcReflection *self, Response *response, Arena *arena) {
        Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof(*list));
        size_t n_methods = 0;

        if (!list)
                return;
        grpc__reflection__v1__list_service_response__init(list);
        for (size_t i = 0; i < self->table->n_services; ++i)
                n_methods += self->table->services[i]->n_methods;
        list->service = arena_alloc_array(arena, n_methods, sizeof(*list->service));
        if (!list->service)
                return;
        for (size_t i = 0; i < self->table->n_services; ++i)
                if (add_names(list, self->table->services[i], arena) < 0)
                        return;
        response->list_services_response = list;
        response->message_response_case = RESPONSE_IS(LIST_SERVICES_RESPONSE);
}

static void
answer(const RpcReflection *self, const Request *request, Response *response, Arena *arena) {
        switch (request->message_request_case) {
        case REQUEST_IS(FILE_BY_FILENAME):
                answer_file(self, response, find_file(self, request->file_by_filename),
                            request->file_by_filename, arena);
                return;
        case REQUEST_IS(FILE_CONTAINING_SYMBOL):
                answer_file(self, response, find_symbol(self, request->file_containing_symbol),
                            request->file_containing_symbol, arena);
                return;
        case REQUEST_IS(LIST_SERVICES):
                answer_list(self, response, arena);
                return;
        case REQUEST_IS(FILE_CONTAINING_EXTENSION):
        case REQUEST_IS(ALL_EXTENSION_NUMBERS_OF_TYPE):
                set_error(response, RPC_NOT_FOUND,
                          arena_strdup(arena, "there are no extensions here"), arena);
                return;
        default:
                set_error(response, RPC_INVALID_ARGUMENT,
                          arena_strdup(arena, "the request asks for nothing"), arena);
        }
}

static void get_info(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Request *request = (const Request *)message;
        Response response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;

        if (!request) {
                rpc_call_finish(call, NULL);
                return;
        }
        response.valid_host = request->host;
        response.original_request = (Request *)request;
        answer(userdata, request, &response, rpc_call_get_arena(call));
        if (response.message_response_case == RESPONSE_IS(_NOT_SET))
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "not enough memory for the answer");
        else
                (void)!rpc_call_push(call, &response.base);
}

int rpc_reflection_new(const RpcTable *table,
                       const unsigned char *descriptors,
                       size_t n_descriptors,
                       RpcReflection **ret) {
        static const RpcMethod methods[] = {
                {
                        .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                        .input = &grpc__reflection__v1__server_reflection_request__descriptor,
                        .output = &grpc__reflection__v1__server_reflection_response__descriptor,
                        .handler = get_info,
                        .kind = RPC_BIDI,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                        .input = &grpc__reflection__v1__server_reflection_request__descriptor,
                        .output = &grpc__reflection__v1__server_reflection_response__descriptor,
                        .handler = get_info,
                        .kind = RPC_BIDI,
                        .role = RPC_ROLE_READER,
                },
        };
        _cleanup_(rpc_reflection_freep) RpcReflection *self = calloc(1, sizeof(*self));
        int r;

        if (!self)
                return -ENOMEM;
        self->table = table;
        self->service = (RpcService){ .methods = methods,
                                      .n_methods = ELEMENTSOF(methods),
                                      .userdata = self };
        r = arena_new(RPC_ARENA_MAX, &self->arena);
        if (r)
                return r;
        r = read_files(self, descriptors, n_descriptors);
        if (r)
                return r;
        *ret = TAKE_PTR(self);
        return 0;
}

RpcReflection *rpc_reflection_free(RpcReflection *self) {
        if (!self)
                return NULL;
        arena_free(self->arena);
        free(self);
        return NULL;
}

const RpcService *rpc_reflection_get_service(const RpcReflection *self) {
        return &self->service;
}
