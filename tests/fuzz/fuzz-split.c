/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "lib/pod-text.h"
#include "split/pod.h"
#include "split/split.h"

/*
 * The first line is an annotation, the second a pod as tests/lib/pod-text.h writes it.
 *
 * What is refused has a column within the text and a message that can be sent. A split that is
 * accepted prints as a text that is read back as the same. A pod that passes the check has amounts
 * and splits that hold together, and no container has more than its pod.
 */
#define SOURCE SPLIT_ANNOTATION_POD

static void require(bool is_true) {
        if (!is_true)
                abort();
}

static void check_message(const Diag *diag) {
        require(diag->text[0]);
        for (const char *c = diag->text; *c; ++c)
                require(*c >= ' ' && *c <= '~');
        for (const char *c = diag->source; *c; ++c)
                require(*c >= ' ' && *c <= '~');
}

static bool is_same_range(SplitRange a, SplitRange b) {
        return a.min == b.min && a.max == b.max;
}

static void check_round_trip(const SplitText *parsed) {
        char text[SPLIT_TEXT_MAX];
        SplitText again;

        split_format(&parsed->split, text);
        if (!text[0]) {
                require(parsed->split.local.max == 0 && parsed->split.remote.max == 0);
                return;
        }
        require(split_parse(SOURCE, text, strlen(text), &again, NULL) == 0);
        require(is_same_range(again.split.local, parsed->split.local));
        require(is_same_range(again.split.remote, parsed->split.remote));
}

static void check_annotation(const char *text, size_t n_text) {
        SplitText parsed = {};
        SplitRange range;
        Diag diag = {};

        if (split_parse(SOURCE, text, n_text, &parsed, &diag) == 0) {
                require(n_text > 0 && (parsed.has_local || parsed.has_remote));
                check_round_trip(&parsed);
        } else {
                require(diag.line == 1 && diag.column >= 1 && diag.column <= n_text + 1);
                check_message(&diag);
        }
        if (split_range_parse(SOURCE, text, n_text, &range, NULL) == 0)
                require(range.min <= range.max && range.min != SPLIT_UNLIMITED);
}

static uint64_t get_bytes(const PodAmounts *amounts, uint64_t page_bytes) {
        for (size_t i = 0; i < amounts->n_items; ++i)
                if (amounts->items[i].page_bytes == page_bytes)
                        return amounts->items[i].bytes;
        return 0;
}

static void check_order(const PodAmounts *amounts) {
        require(amounts->n_items <= ELEMENTSOF(amounts->items));
        for (size_t i = 1; i < amounts->n_items; ++i)
                require(amounts->items[i - 1].page_bytes < amounts->items[i].page_bytes);
}

static void check_container(const Pod *pod, const PodContainer *container) {
        PodAmounts amounts, of_pod;
        Split split;
        uint64_t sum;
        Diag diag = {};

        if (pod_get_container_split(pod, container, &split, &diag) == 0) {
                require(split.local.min <= split.local.max && split.remote.min <= split.remote.max);
                require(bytes_add(split.local.min, split.remote.min, &sum) == 0);
        } else {
                check_message(&diag);
        }
        for (unsigned with_pod_level = 0; with_pod_level < 2; ++with_pod_level) {
                diag = (Diag){};
                if (pod_get_container_amounts(pod, container, with_pod_level > 0, &amounts,
                                              &diag) != 0) {
                        check_message(&diag);
                        continue;
                }
                check_order(&amounts);
                if (with_pod_level || container->is_init ||
                    pod_get_amounts(pod, false, &of_pod, NULL) != 0)
                        continue;
                for (size_t i = 0; i < amounts.n_items; ++i)
                        require(get_bytes(&of_pod, amounts.items[i].page_bytes) >=
                                amounts.items[i].bytes);
        }
}

static void check_pod(const Pod *pod) {
        PodAmounts amounts;
        Diag diag = {};

        if (pod_check(pod, &diag) != 0) {
                check_message(&diag);
                return;
        }
        require(pod_get_qos(pod) != QOS_UNKNOWN);
        for (unsigned with_pod_level = 0; with_pod_level < 2; ++with_pod_level)
                if (pod_get_amounts(pod, with_pod_level > 0, &amounts, &diag) == 0)
                        check_order(&amounts);
                else
                        check_message(&diag);
        for (size_t i = 0; i < pod->n_containers; ++i) {
                require(pod_find_container(pod, pod->containers[i].name) == &pod->containers[i]);
                check_container(pod, &pod->containers[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(pod_text_deinitp) PodText pod = {};
        _cleanup_(freep) char *line = NULL;
        const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
        const size_t n_first = newline ? (size_t)(newline - data) : size;

        check_annotation((const char *)data, n_first);
        if (!newline)
                return 0;
        line = strndup((const char *)newline + 1, size - n_first - 1);
        if (line && pod_text_parse(&pod, line))
                check_pod(&pod.pod);
        return 0;
}
