/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/connect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rpc/json-text.h"

/*
 * connectrpc.com/docs/protocol, unary requests over POST with JSON. A refusal is an HTTP status and
 * a JSON body {"code":...,"message":...}, so that a client library and a person with curl both
 * learn what was wrong. The three refusals that HTTP itself has a status for (404, 405, 415) keep
 * that status; their codes are those that a Connect client would infer from it.
 *
 * Two leniencies: the header connect-protocol-version may be missing, and no body at all counts as
 * {}, then also without a content type, so that a bare "curl -X POST" works.
 *
 * connect-timeout-ms is checked and then not used: a handler ends its call before it returns, so
 * there is never a moment at which a call could be found to be late.
 */
#define CONTENT_TYPE_JSON  "application/json"
#define TIMEOUT_DIGITS_MAX 10u

int connect_reply_error(RpcCode code, const char *message, ConnectReply *ret) {
        ConnectReply reply = { .http_status = rpc_code_http_status(code),
                               .content_type = CONTENT_TYPE_JSON };
        int r;

        buffer_printf(&reply.body, "{\"code\":\"%s\",\"message\":", rpc_code_name(code));
        json_text_append(&reply.body, message, strlen(message));
        buffer_append_text(&reply.body, "}");
        r = buffer_finish(&reply.body);
        if (r) {
                buffer_deinit(&reply.body);
                return r;
        }
        *ret = reply;
        return 0;
}

int connect_reply_too_large(const RpcMethod *method, ConnectReply *ret) {
        char message[128];

        (void)snprintf(message, sizeof(message), "the request is larger than the %zu bytes allowed",
                       rpc_method_get_request_max(method));
        return connect_reply_error(RPC_RESOURCE_EXHAUSTED, message, ret);
}

int connect_reply_from_call(RpcCall *call, ConnectReply *ret) {
        RpcCode code = rpc_call_get_code(call);

        if (code != RPC_OK)
                return connect_reply_error(code, rpc_call_get_message(call), ret);
        *ret = (ConnectReply){ .http_status = rpc_code_http_status(RPC_OK),
                               .content_type = CONTENT_TYPE_JSON,
                               .body = rpc_call_take_body(call) };
        return 0;
}

void connect_reply_deinit(ConnectReply *reply) {
        buffer_deinit(&reply->body);
        *reply = (ConnectReply){};
}

static const char *skip_blanks(const char *text) {
        return text + strspn(text, " \t");
}

/* Case does not matter, and "charset=utf-8" says what JSON is anyway. */
static bool is_json(const char *content_type) {
        static const char type[] = CONTENT_TYPE_JSON, charset[] = "charset=utf-8";
        const char *rest;

        if (strncasecmp(content_type, type, strlen(type)) != 0)
                return false;
        rest = skip_blanks(content_type + strlen(type));
        if (*rest == '\0')
                return true;
        if (*rest != ';')
                return false;
        rest = skip_blanks(rest + 1);
        if (strncasecmp(rest, charset, strlen(charset)) != 0)
                return false;
        return *skip_blanks(rest + strlen(charset)) == '\0';
}

static bool is_timeout(const char *text) {
        size_t n = strspn(text, "0123456789");

        return n > 0 && n <= TIMEOUT_DIGITS_MAX && text[n] == '\0';
}

/* A refusal with the HTTP status that says it best; a header that helps may come with it. */
typedef struct Refusal {
        RpcCode code;
        unsigned http_status; /* 0: the code's own */
        const char *extra_name, *extra_value;
} Refusal;

_printf_(3,
         4) static int refuse(ConnectReply *ret, const Refusal *refusal, const char *format, ...) {
        char message[256];
        va_list args;
        int r;

        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        r = connect_reply_error(refusal->code, message, ret);
        if (r)
                return r;
        if (refusal->http_status)
                ret->http_status = refusal->http_status;
        ret->extra_name = refusal->extra_name;
        ret->extra_value = refusal->extra_value;
        return CONNECT_E_REFUSED;
}

static int check_headers(const ConnectHead *head, ConnectReply *ret) {
        if (head->protocol_version && strcmp(head->protocol_version, "1") != 0)
                return refuse(ret, &(Refusal){ .code = RPC_INVALID_ARGUMENT },
                              "connect-protocol-version '%.32s' is not known, only 1",
                              head->protocol_version);
        if (head->content_type ? !is_json(head->content_type) : head->has_body)
                return refuse(ret,
                              &(Refusal){ .code = RPC_UNKNOWN,
                                          .http_status = 415,
                                          .extra_name = "Accept-Post",
                                          .extra_value = CONTENT_TYPE_JSON },
                              "content-type '%.64s' is not known, only " CONTENT_TYPE_JSON,
                              head->content_type ? head->content_type : "");
        if (head->content_encoding && strcasecmp(head->content_encoding, "identity") != 0)
                return refuse(ret, &(Refusal){ .code = RPC_UNIMPLEMENTED },
                              "content-encoding '%.32s' is not known, only identity",
                              head->content_encoding);
        if (head->timeout_ms && !is_timeout(head->timeout_ms))
                return refuse(ret, &(Refusal){ .code = RPC_INVALID_ARGUMENT },
                              "connect-timeout-ms '%.32s' is not a number of at most 10 digits",
                              head->timeout_ms);
        return 0;
}

/**
 * connect_check() - may this request be dispatched, and to which method?
 * @head: borrowed; the body need not have been read yet
 *
 * Return: 0 with @ret_method, CONNECT_E_REFUSED with @ret_reply, or -ENOMEM.
 */
int connect_check(const RpcTable *table,
                  const ConnectHead *head,
                  const RpcMethod **ret_method,
                  ConnectReply *ret_reply) {
        const RpcMethod *method = rpc_table_find(table, head->path);
        int r;

        if (!method)
                return refuse(ret_reply,
                              &(Refusal){ .code = RPC_UNIMPLEMENTED, .http_status = 404 },
                              "no method at '%.160s'", head->path);
        if (strcmp(head->http_method, "POST") != 0)
                return refuse(ret_reply,
                              &(Refusal){ .code = RPC_UNKNOWN,
                                          .http_status = 405,
                                          .extra_name = "Allow",
                                          .extra_value = "POST" },
                              "methods are called with POST, not %.32s", head->http_method);
        r = check_headers(head, ret_reply);
        if (r)
                return r;
        *ret_method = method;
        return 0;
}

void connect_run(RpcCall *call, const char *body, size_t n_body) {
        if (n_body == 0)
                rpc_call_run(call, "{}", 2);
        else
                rpc_call_run(call, body, n_body);
}
