/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/calls.h"

#include "metrics/text.h"

/*
 * The method is given without its leading slash, as gRPC's own metrics have it, and the code in the
 * words of the answers. Only pairs that happened are there: Prometheus takes what is missing for 0.
 *
 * A watch ends when its reader leaves, so its time is the time that it was open.
 */
static const struct {
        uint64_t usec;
        const char *seconds;
} bounds[CALLS_BUCKETS] = {
        { 50, "0.00005" }, { 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },
        { 1000, "0.001" }, { 5000, "0.005" },  { 25000, "0.025" }, { 100000, "0.1" },
        { 1000000, "1" },  { 10000000, "10" },
};

static CallsPair *get_pair(Calls *calls, const char *method, const char *code) {
        for (size_t i = 0; i < calls->n_pairs; ++i)
                if (calls->pairs[i].method == method && calls->pairs[i].code == code)
                        return &calls->pairs[i];
        if (calls->n_pairs == CALLS_PAIRS_MAX)
                return NULL;
        calls->pairs[calls->n_pairs] = (CallsPair){ .method = method, .code = code };
        return &calls->pairs[calls->n_pairs++];
}

void calls_note(Calls *calls, const char *method, const char *code, uint64_t usec) {
        CallsPair *pair = get_pair(calls, method, code);
        size_t i = 0;

        if (!pair)
                return;
        ++pair->n_calls;
        pair->sum_usec += usec;
        while (i < CALLS_BUCKETS && usec > bounds[i].usec)
                ++i;
        if (i < CALLS_BUCKETS)
                ++pair->buckets[i];
}

static void write_histogram(const CallsPair *pair, Buffer *buffer) {
        MetricLabel labels[] = {
                { .name = "method", .value = pair->method + 1 },
                { .name = "code", .value = pair->code },
                { .name = "le", .value = "+Inf" },
        };
        uint64_t n_calls = 0;

        for (size_t i = 0; i < CALLS_BUCKETS; ++i) {
                n_calls += pair->buckets[i];
                labels[2].value = bounds[i].seconds;
                metric_sample(buffer, "slug_rpc_duration_seconds_bucket", labels, 3, n_calls);
        }
        labels[2].value = "+Inf";
        metric_sample(buffer, "slug_rpc_duration_seconds_bucket", labels, 3, pair->n_calls);
        metric_sample_usec(buffer, "slug_rpc_duration_seconds_sum", labels, 2, pair->sum_usec);
        metric_sample(buffer, "slug_rpc_duration_seconds_count", labels, 2, pair->n_calls);
}

void calls_write(const Calls *calls, Buffer *buffer) {
        metric_begin(buffer, "slug_rpc_duration_seconds", "histogram",
                     "Calls that have ended, by method and code, and how long they took.");
        for (size_t i = 0; i < calls->n_pairs; ++i)
                write_histogram(&calls->pairs[i], buffer);
}
