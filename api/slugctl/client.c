/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * libcurl carries the request; what is ours is to say in one line what went wrong and what to do
 * about it. curl tells only "could not connect", so the socket is tried by hand first: that gives
 * the reason.
 *
 * Waiting is for an event: the daemon renames its socket into place once it serves it, so a rename
 * or a creation in that folder is the moment to try again.
 */
/* After so long a person wants to know that something is going on. */
#define PATIENCE_USEC (2 * USEC_PER_SEC)
#define LOOK_MSEC     100

typedef struct Progress {
        uint64_t start_usec;
        bool is_told;
} Progress;

static int open_socket(const char *path, int *ret_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(fd_closep) int fd = -EBADF;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int probe(const char *path) {
        _cleanup_(fd_closep) int fd = -EBADF;

        return open_socket(path, &fd);
}

static int tell_unreachable(const char *socket, int error, Diag *reterr) {
        const char *mend = "start it (systemctl start slugd), or name its socket with --socket";

        if (error == EACCES || error == EPERM)
                mend = "run as root, or as a member of the group that owns the socket";
        else if (error == ENAMETOOLONG)
                mend = "a socket's path has at most 107 bytes";
        diag_set(reterr, NULL, 0, 0, "no slugd at %s: %s; %s", socket, strerror(error), mend);
        return CLIENT_E_UNREACHABLE;
}

static size_t on_data(char *data, size_t size, size_t n, void *userdata) {
        Buffer *answer = userdata;

        buffer_append(answer, data, size * n);
        return answer->error ? 0 : size * n;
}

/* {"code":"not_found","message":"..."} */
static int tell_error(const char *socket, long status, const Buffer *answer, Diag *reterr) {
        struct json_object *error = NULL, *code = NULL, *message = NULL;
        int r = CLIENT_E_REFUSED;

        if (answer->data)
                error = json_tokener_parse(answer->data);
        if (error && json_object_object_get_ex(error, "code", &code) &&
            json_object_is_type(code, json_type_string)) {
                (void)json_object_object_get_ex(error, "message", &message);
                diag_set(reterr, NULL, 0, 0, "slugd refused: %s: %s", json_object_get_string(code),
                         message ? json_object_get_string(message) : "no reason given");
                if (strcmp(json_object_get_string(code), "unimplemented") == 0)
                        r = CLIENT_E_UNIMPLEMENTED;
        } else {
                diag_set(reterr, NULL, 0, 0,
                         "%s answered with HTTP status %ld and no reason; is it slugd that listens "
                         "there?",
                         socket, status);
        }
        if (error)
                json_object_put(error);
        return r;
}

typedef CURL *CurlHandle;
typedef struct curl_slist *CurlHeaders;

static CurlHandle handle_free(CurlHandle handle) {
        curl_easy_cleanup(handle);
        return NULL;
}
DEFINE_CLEANUP(CurlHandle, handle_free);

static CurlHeaders headers_free(CurlHeaders headers) {
        curl_slist_free_all(headers);
        return NULL;
}
DEFINE_CLEANUP(CurlHeaders, headers_free);

static int set_options(CURL *curl,
                       const char *socket,
                       const char *url,
                       CurlHeaders headers,
                       const char *request,
                       Buffer *answer) {
        if (curl_easy_setopt(curl, CURLOPT_URL, url) ||
            curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket) ||
            curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request) ||
            curl_easy_setopt(curl, CURLOPT_PROXY, "") ||
            curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
            curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data) ||
            curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer))
                return -ENOMEM;
        return 0;
}

static int perform(CURL *curl, const char *socket, Buffer *answer, Diag *reterr) {
        const CURLcode code = curl_easy_perform(curl);
        const char *type = NULL;
        long status = 0;

        if (answer->error == -E2BIG) {
                diag_set(reterr, NULL, 0, 0, "%s answered with more than %u bytes; giving up",
                         socket, CLIENT_ANSWER_MAX);
                return CLIENT_E_REFUSED;
        }
        if (answer->error)
                return answer->error;
        if (code != CURLE_OK) {
                diag_set(reterr, NULL, 0, 0, "no answer from %s: %s", socket,
                         curl_easy_strerror(code));
                return CLIENT_E_REFUSED;
        }
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
        if (buffer_finish(answer) < 0)
                return -ENOMEM;
        if (status != 200 || !type || strncmp(type, "application/json", 16) != 0)
                return tell_error(socket, status, answer, reterr);
        return 0;
}

/* Told about once a second by curl, whatever happens. */
static int on_progress(void *userdata,
                       _unused_ curl_off_t n_down_total,
                       _unused_ curl_off_t n_down,
                       _unused_ curl_off_t n_up_total,
                       _unused_ curl_off_t n_up) {
        Progress *self = userdata;

        if (!self->is_told && clock_now_usec(&clock_monotonic) - self->start_usec > PATIENCE_USEC) {
                (void)fprintf(stderr, "slugctl: slugd is still at it; Ctrl-C gives up\n");
                self->is_told = true;
        }
        return 0;
}

static int set_patience(CURL *curl, long timeout_msec, Progress *progress) {
        progress->start_usec = clock_now_usec(&clock_monotonic);
        progress->is_told = !isatty(STDERR_FILENO);
        if (curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                             timeout_msec > 0 ? timeout_msec : CLIENT_TIMEOUT_MSEC) ||
            curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) ||
            curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) ||
            curl_easy_setopt(curl, CURLOPT_XFERINFODATA, progress))
                return -ENOMEM;
        return 0;
}

int client_call(const char *socket,
                const char *path,
                const char *request,
                Buffer *answer,
                Diag *reterr) {
        return client_call_for(socket, path, request, 0, answer, reterr);
}

int client_call_for(const char *socket,
                    const char *path,
                    const char *request,
                    long timeout_msec,
                    Buffer *answer,
                    Diag *reterr) {
        Progress progress = {};
        _cleanup_(handle_freep) CurlHandle curl = NULL;
        _cleanup_(headers_freep) CurlHeaders headers = NULL;
        char url[256];
        int r;

        r = probe(socket);
        if (r < 0)
                return tell_unreachable(socket, -r, reterr);
        if (curl_global_init(CURL_GLOBAL_NOTHING))
                return -ENOMEM;
        answer->max = CLIENT_ANSWER_MAX;
        (void)snprintf(url, sizeof(url), "http://slug%s", path);
        curl = curl_easy_init();
        headers = curl_slist_append(NULL, "Content-Type: application/json");
        if (!curl || !headers)
                return -ENOMEM;
        r = set_options(curl, socket, url, headers, request, answer);
        if (r == 0)
                r = set_patience(curl, timeout_msec, &progress);
        if (r)
                return r;
        return perform(curl, socket, answer, reterr);
}

static int watch_folder(const char *socket, int *ret_fd) {
        _cleanup_(fd_closep) int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        const char *slash = strrchr(socket, '/');
        _cleanup_(freep) char *dir = NULL;

        if (fd < 0)
                return -errno;
        if (!slash)
                dir = strdup(".");
        else
                dir = strndup(socket, slash == socket ? 1 : (size_t)(slash - socket));
        if (!dir)
                return -ENOMEM;
        if (inotify_add_watch(fd, dir, IN_CREATE | IN_MOVED_TO) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* For what is not heard of: where a user has no inotify left, as many container runtimes' shims do
 * to root, the socket is looked for. */
static int get_patience(int fd, uint64_t now_usec, uint64_t end_usec) {
        const uint64_t msec = (end_usec - now_usec) / USEC_PER_MSEC + 1;

        return fd < 0 && msec > LOOK_MSEC ? LOOK_MSEC : (int)msec;
}

int client_wait(const char *socket, unsigned timeout_msec, Diag *reterr) {
        const uint64_t end_usec = clock_now_usec(&clock_monotonic) + timeout_msec * USEC_PER_MSEC;
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = watch_folder(socket, &fd);
        if (r < 0 && r != -EMFILE && r != -ENOSPC)
                return tell_unreachable(socket, -r, reterr);
        for (;;) {
                const uint64_t now_usec = clock_now_usec(&clock_monotonic);
                struct pollfd ready = { .fd = fd, .events = POLLIN };
                char events[4096];

                r = probe(socket);
                if (r == 0)
                        return 0;
                if ((r != -ENOENT && r != -ECONNREFUSED) || now_usec >= end_usec)
                        return tell_unreachable(socket, -r, reterr);
                if (poll(&ready, 1, get_patience(fd, now_usec, end_usec)) < 0 && errno != EINTR)
                        return -errno;
                while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
                        ;
        }
}
