/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/top.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/client.h"
#include "rpc/json.h"
#include "rpc/loop.h"
#include "slugctl/call.h"
#include "slugctl/request.h"
#include "slugctl/screen.h"

/*
 * One turn asks for the node, whose sums stand above the pods, and then for the pods; the next turn
 * begins so long after this one has ended, so a slow daemon is never asked twice at once. A daemon
 * that goes away is said and asked again at the next turn.
 *
 * On a terminal the page is drawn anew, also when the window changes; elsewhere, and with --count,
 * one table follows the other, and with -o json one object a line.
 */
#define TOP_INTERVAL_SEC     2u
#define TOP_INTERVAL_SEC_MAX 3600u
#define TOP_COUNT_MAX        1000000000u
#define TOP_TIMEOUT_USEC     (10 * USEC_PER_SEC)
#define TOP_BACK_OFF_USEC    USEC_PER_SEC /* a turn or two after slugd is back it is seen */
#define TOP_GONE             "slugd does not answer; waiting for it"

typedef struct Top {
        const VerbContext *context;
        sd_event *event;
        sd_event_source *timer;
        RpcClient *client;
        Screen screen;
        bool is_live;
        bool is_lost; /* said once, until it is back */
        uint64_t interval_sec;
        uint64_t n_left; /* tables to come; 0: no end */
        PodSortKey sort;
        TopTotals totals;
        size_t n_pods;
        Buffer body; /* of the last answer */
        int error;   /* what ended it */
        int status;
} Top;

static const Option options[] = {
        { .name = "namespace",
          .letter = 'n',
          .argument = "NAME",
          .help = "only pods of this namespace" },
        { .name = "sort",
          .argument = "KEY",
          .words = listed_pod_sort_words,
          .help = "name, usage (the default), local, remote, growth,\n"
                  "pressure or size; the largest first" },
        { .name = "interval",
          .argument = "SECONDS",
          .help = "how long between two looks, 1 to 3600 (default: 2)" },
        { .name = "count", .argument = "N", .help = "end after so many tables" },
        { .name = "once", .help = "one table" },
};

static void stop(Top *self, int error, int status) {
        self->error = error;
        self->status = status;
        (void)sd_event_exit(self->event, 0);
}

/* Showing */

static int append_page(Top *self, Buffer *text) {
        const TopHead head = { .now_usec = clock_now_usec(&clock_realtime),
                               .interval_sec = (unsigned)self->interval_sec,
                               .sort = self->sort,
                               .n_pods = self->n_pods,
                               .problem = self->is_live && self->is_lost ? TOP_GONE : NULL };

        top_append_head(&head, &self->context->style, text);
        buffer_append(text, self->body.data, self->body.n_data);
        return buffer_finish(text);
}

static int show(Top *self) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        r = append_page(self, &text);
        if (r)
                return r;
        if (self->is_live)
                return screen_draw(text.data);
        (void)fwrite(text.data, 1, text.n_data, stdout);
        (void)fputs(self->n_left == 1 ? "" : "\n", stdout);
        return 0;
}

static int print_json(const Slug__V1__ListPodsResponse *response) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        json_encode(&response->base, 0, NULL, &text);
        buffer_append_char(&text, '\n');
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int take(Top *self, const Slug__V1__ListPodsResponse *response) {
        int r;

        listed_pods_sort(response->pods, response->n_pods, self->sort);
        if (self->context->output == OUTPUT_JSON)
                return print_json(response);
        buffer_deinit(&self->body);
        self->body = (Buffer){};
        self->n_pods = response->n_pods;
        top_append(response, &self->totals, &self->context->style, &self->body);
        r = buffer_finish(&self->body);
        return r ? r : show(self);
}

/* Asking */

static int ask(Top *self,
               const char *path,
               const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *output,
               void (*message)(const ProtobufCMessage *, void *),
               void (*ended)(const RpcResult *, void *)) {
        return rpc_client_call(
                self->client,
                &(const RpcClientCallParams){ .path = path,
                                              .request = request,
                                              .output = output,
                                              .timeout_usec = opt_u64(TOP_TIMEOUT_USEC),
                                              .message = message,
                                              .ended = ended,
                                              .userdata = self },
                NULL);
}

static void wait_for_turn(Top *self) {
        int r;

        r = sd_event_source_set_time_relative(self->timer, self->interval_sec * USEC_PER_SEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(self->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                stop(self, r, EXIT_FAILURE);
}

/* Return: true when there is no daemon now; then the next turn asks again. */
static bool is_gone(Top *self, const RpcResult *result) {
        int r = 0;

        if (result->code != RPC_UNAVAILABLE && result->code != RPC_DEADLINE_EXCEEDED)
                return false;
        if (!self->is_lost && !self->is_live)
                (void)fprintf(stderr, "slugctl: " TOP_GONE "\n");
        self->is_lost = true;
        if (self->is_live)
                r = show(self);
        if (r)
                stop(self, r, EXIT_FAILURE);
        else
                wait_for_turn(self);
        return true;
}

static void on_pods(const ProtobufCMessage *message, void *userdata) {
        Top *self = userdata;
        int r;

        self->is_lost = false;
        r = take(self, (const Slug__V1__ListPodsResponse *)message);
        /* a reader that is gone ends it, too; main() says what there is to say */
        if (r == 0 && fflush(stdout) != 0)
                r = 1;
        if (r)
                stop(self, r, EXIT_FAILURE);
}

static void on_pods_ended(const RpcResult *result, void *userdata) {
        Top *self = userdata;

        if (self->status != EXIT_SUCCESS || is_gone(self, result))
                return;
        if (result->code != RPC_OK) {
                screen_leave(&self->screen);
                (void)fprintf(stderr, "slugctl: slugd refused: %s: %s\n",
                              rpc_code_name(result->code), result->message);
                stop(self, 1, EXIT_FAILURE);
        } else if (self->n_left > 0 && --self->n_left == 0) {
                stop(self, 0, EXIT_SUCCESS);
        } else {
                wait_for_turn(self);
        }
}

static void ask_for_pods(Top *self) {
        Slug__V1__ListPodsRequest request = SLUG__V1__LIST_PODS_REQUEST__INIT;
        const char *namespace_name = verb_find_option(self->context, "namespace");
        int r;

        if (namespace_name)
                request.namespace_ = (char *)namespace_name;
        /* younger than one turn, so that each shows something new */
        request.max_age_ms = (uint32_t)(self->interval_sec * 1000 / 2);
        r = ask(self, "/slug.v1.PodService/ListPods", &request.base,
                &slug__v1__list_pods_response__descriptor, on_pods, on_pods_ended);
        if (r < 0)
                stop(self, r, EXIT_FAILURE);
}

static void on_node(const ProtobufCMessage *message, void *userdata) {
        Top *self = userdata;

        self->totals = top_get_totals((const Slug__V1__DescribeNodeResponse *)message);
}

/* Without the sums there are still the pods. */
static void on_node_ended(const RpcResult *result, void *userdata) {
        Top *self = userdata;

        if (!is_gone(self, result))
                ask_for_pods(self);
}

static int begin_turn(Top *self) {
        Slug__V1__DescribeNodeRequest request = SLUG__V1__DESCRIBE_NODE_REQUEST__INIT;

        if (self->context->output == OUTPUT_JSON) {
                ask_for_pods(self);
                return self->error;
        }
        return ask(self, "/slug.v1.NodeService/DescribeNode", &request.base,
                   &slug__v1__describe_node_response__descriptor, on_node, on_node_ended);
}

static int on_turn(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        Top *self = userdata;
        const int r = begin_turn(self);

        if (r < 0)
                stop(self, r, EXIT_FAILURE);
        return 0;
}

/* The terminal */

static int on_end(_unused_ sd_event_source *source,
                  _unused_ const struct signalfd_siginfo *info,
                  void *userdata) {
        stop(userdata, 0, EXIT_SUCCESS);
        return 0;
}

static int redraw(Top *self) {
        const int r = self->body.data || self->is_lost ? show(self) : 0;

        if (r)
                stop(self, r, EXIT_FAILURE);
        return 0;
}

static int on_resize(_unused_ sd_event_source *source,
                     _unused_ const struct signalfd_siginfo *info,
                     void *userdata) {
        return redraw(userdata);
}

/* Ctrl-Z: the shell gets its terminal back as it was, and this one takes it again afterwards. */
static int on_suspend(_unused_ sd_event_source *source,
                      _unused_ const struct signalfd_siginfo *info,
                      void *userdata) {
        Top *self = userdata;
        int r;

        screen_leave(&self->screen);
        (void)raise(SIGSTOP);
        r = screen_enter(&self->screen);
        if (r) {
                stop(self, r, EXIT_FAILURE);
                return 0;
        }
        return redraw(self);
}

static int on_key(sd_event_source *source, int fd, _unused_ uint32_t events, void *userdata) {
        char keys[64];
        const ssize_t n = read(fd, keys, sizeof(keys));

        /* a terminal that has hung up stays readable */
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        for (ssize_t i = 0; i < n; ++i)
                if (keys[i] == 'q' || keys[i] == 'Q')
                        stop(userdata, 0, EXIT_SUCCESS);
        return 0;
}

static int add_signals(Top *self) {
        const LoopSignal signals[] = {
                { SIGINT, on_end, self },      { SIGTERM, on_end, self },
                { SIGHUP, on_end, self },      { SIGQUIT, on_end, self },
                { SIGWINCH, on_resize, self }, { SIGTSTP, on_suspend, self },
        };

        return loop_add_signals(self->event, signals, ELEMENTSOF(signals));
}

/* Signals come first: from then on none can end this with the terminal as it must not stay. */
static int take_terminal(Top *self) {
        int r;

        r = add_signals(self);
        if (r < 0)
                return r;
        r = screen_enter(&self->screen);
        if (r < 0 || !self->screen.has_keys)
                return r;
        return sd_event_add_io(self->event, NULL, STDIN_FILENO, EPOLLIN, on_key, self);
}

/* All of it */

static int loop(Top *self) {
        int r;

        r = sd_event_new(&self->event);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(self->event, &self->timer, CLOCK_MONOTONIC, 0, 0, on_turn,
                                       self);
        if (r < 0)
                return r;
        r = rpc_client_new(&(const RpcClientParams){ .event = self->event,
                                                     .path = self->context->socket,
                                                     .max_back_off_usec = TOP_BACK_OFF_USEC },
                           &self->client);
        if (r == 0 && self->is_live)
                r = take_terminal(self);
        if (r < 0)
                return r;
        r = sd_event_loop(self->event);
        return r < 0 ? r : self->error;
}

static int read_options(Top *self, Diag *reterr) {
        const char *word = verb_find_option(self->context, "sort");
        int r;

        self->sort = POD_SORT_USAGE;
        if (word)
                self->sort = (PodSortKey)option_find_word(
                        option_find(options, ELEMENTSOF(options), "sort"), word);
        self->interval_sec = TOP_INTERVAL_SEC;
        self->n_left = verb_find_option(self->context, "once") ? 1 : 0;
        r = request_read_number(self->context, "interval", TOP_INTERVAL_SEC_MAX,
                                &self->interval_sec, reterr);
        if (r == 0)
                r = request_read_number(self->context, "count", TOP_COUNT_MAX, &self->n_left,
                                        reterr);
        if (r == 0 && self->interval_sec == 0) {
                diag_set(reterr, NULL, 0, 0, "--interval expects a second at the least");
                r = VERB_E_USAGE;
        }
        return r;
}

static int run(const VerbContext *context) {
        Top self = { .context = context };
        Diag diag = {};
        int r, status;

        if (context->output == OUTPUT_YAML)
                return verb_refuse(context->verb, "it prints tables or -o json, not yaml");
        r = read_options(&self, &diag);
        if (r)
                return verb_refuse(context->verb, "%s", diag.text);
        status = call_find_daemon(context);
        if (status != EXIT_SUCCESS)
                return status;
        self.is_live = self.n_left == 0 && context->output != OUTPUT_JSON && screen_is_possible();
        r = loop(&self);
        screen_leave(&self.screen);
        rpc_client_free(self.client);
        sd_event_source_unref(self.timer);
        sd_event_unref(self.event);
        buffer_deinit(&self.body);
        return r < 0 ? call_complain(r, NULL) : self.status;
}

const Verb verb_top = {
        .name = "top",
        .arguments = "",
        .summary = "what the pods use of local and remote memory, until q or Ctrl-C",
        .help = "Shows what every pod uses now of local and remote memory, how fast that grows,\n"
                "and how much of the last ten seconds it has waited for memory (pressure); above\n"
                "that the sums, beside what is claimed and allocatable. Sizes are rounded; those\n"
                "of -o json are not. A slugd that restarts is waited for. On a terminal q and\n"
                "Ctrl-C end it.\n"
                "\n"
                "Where slugd holds splits, it also shows how much local and remote memory the\n"
                "containers of a pod were promised and may have, whether they have it, by which\n"
                "means it is held, and what slugd and the kernel have moved to remote memory and\n"
                "back (down/up).\n"
                "\n"
                "On anything but a terminal, and with --count or --once, one table follows the\n"
                "other; with -o json each is an object on a line of its own, as of 'slugctl pods\n"
                "-o json'.\n"
                "\n"
                "Examples:\n"
                "  slugctl top --sort growth\n"
                "  slugctl top --once -n kube-system\n"
                "  slugctl top --interval 10 -o json | jq -c '[.pods[].usage.remoteBytes]'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
};
