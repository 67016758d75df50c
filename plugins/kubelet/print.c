/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rpc/json.h"

static int print_message(const ProtobufCMessage *message) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        json_encode(message, 2, NULL, &text);
        r = buffer_finish(&text);
        if (r)
                return r;
        (void)printf("%s\n", text.data);
        return fflush(stdout) == 0 ? 0 : -errno;
}

int print_report(const Report *report) {
        return print_message(&report->message.base);
}

static void print_problems(const Report *report) {
        for (size_t i = 0; i < REPORT_SOURCES; ++i)
                if (report->sources[i].problem[0])
                        (void)fprintf(stderr, "slug-kubelet: %s: %s\n", report->sources[i].name,
                                      report->sources[i].problem);
}

int print_pod(const Report *report,
              const char *namespace_name,
              const char *name,
              bool *ret_is_there) {
        *ret_is_there = false;
        if (!report->is_complete)
                print_problems(report);
        for (size_t i = 0; i < report->message.n_pods; ++i) {
                const Slug__V1__ReportedPod *pod = report->message.pods[i];
                int r;

                if (strcmp(pod->namespace_, namespace_name) != 0 || strcmp(pod->name, name) != 0)
                        continue;
                r = print_message(&pod->base);
                if (r)
                        return r;
                *ret_is_there = true;
        }
        if (!*ret_is_there)
                (void)fprintf(stderr, "slug-kubelet: there is no pod %s/%s\n", namespace_name,
                              name);
        return 0;
}
