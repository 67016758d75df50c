/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explanation of a NUMA node as a message
 *
 * What NodeService.Explain answers: the NUMA node as it is described, and the questions that made
 * it so. They are asked again for the answer, so that no snapshot has to carry them.
 */
#include "service/messages.h"

static Slug__V1__ExplanationAnswer encode_answer(TopologyAnswer answer) {
        switch (answer) {
        case TOPOLOGY_ANSWER_PASSED:
                return SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_PASSED;
        case TOPOLOGY_ANSWER_DECIDES:
                return SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_DECIDES;
        case TOPOLOGY_ANSWER_NOT_ASKED:
                return SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_NOT_ASKED;
        case TOPOLOGY_ANSWER_OVERRULES:
                return SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_OVERRULES;
        }
        return SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_UNSPECIFIED;
}

static int fill_step(Arena *arena, const TopologyStep *step, Slug__V1__ExplanationStep *message) {
        message->question = (char *)step->question;
        message->answer = encode_answer(step->answer);
        message->finding = arena_printf(arena, "%s", step->finding);
        message->evidence = arena_printf(arena, "%s", step->evidence);
        return message->finding && message->evidence ? 0 : -ENOMEM;
}

static int
add_steps(Arena *arena, const NodeView *view, size_t index, Slug__V1__ExplainResponse *message) {
        TopologyExplanation explanation;
        int r;

        topology_explain(view->topology, view->rules, view->n_rules, &view->topology->nodes[index],
                         &explanation);
        message->steps = MESSAGE_LIST(arena, explanation.n_steps, Slug__V1__ExplanationStep,
                                      SLUG__V1__EXPLANATION_STEP__INIT);
        if (!message->steps)
                return -ENOMEM;
        message->n_steps = explanation.n_steps;
        for (size_t i = 0; i < explanation.n_steps; ++i) {
                r = fill_step(arena, &explanation.steps[i], message->steps[i]);
                if (r)
                        return r;
        }
        return 0;
}

int message_build_explanation(Arena *arena,
                              const NodeView *view,
                              size_t index,
                              Slug__V1__ExplainResponse **ret) {
        Slug__V1__ExplainResponse **list =
                MESSAGE_LIST(arena, 1, Slug__V1__ExplainResponse, SLUG__V1__EXPLAIN_RESPONSE__INIT);
        Slug__V1__DescribedNumaNode **described = MESSAGE_LIST(
                arena, 1, Slug__V1__DescribedNumaNode, SLUG__V1__DESCRIBED_NUMA_NODE__INIT);
        int r;

        if (!list || !described)
                return -ENOMEM;
        list[0]->numa_node = described[0];
        list[0]->placement = message_encode_placement(view->capacity->placement);
        list[0]->placement_source = (char *)view->placement_source;
        r = message_fill_described(arena, view, index, described[0]);
        if (r == 0)
                r = add_steps(arena, view, index, list[0]);
        if (r == 0)
                *ret = list[0];
        return r;
}
