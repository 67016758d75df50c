/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers are given
 *
 * Each is looked up and, when it has nothing and asks for a split, promised it: a change of the
 * ledger of its own, so that one that does not fit is no reason to refuse the others, and all of
 * them one batch of the journal. The answer is built at once and sent when everything that it says
 * is durable. A container that is refused is no failure of the call: it is given what can be.
 */
#include <errno.h>
#include <string.h>

#include "service/durable.h"
#include "service/enforce-given.h"
#include "service/enforce-handlers.h"
#include "service/memory-handlers.h"

#define ADMIT_MAX 4096u

typedef struct Admission Admission;

/* One that was promised something by this call. */
typedef struct Promised {
        Admission *admission;
        Slug__V1__ContainerPlacement *placement; /* of the call's arena */
} Promised;

struct Admission {
        RpcCall *call; /* NULL: the caller has left, and its arena with it */
        MemoryService *memory;
        Slug__V1__AdmitContainersResponse *response;
        size_t n_waiting; /* changes that are not durable, and the handler */
        Promised promised[];
};

static void release(Admission *admission) {
        if (--admission->n_waiting > 0)
                return;
        if (admission->call)
                rpc_call_finish(admission->call, &admission->response->base);
        free(admission);
}

static void on_ended(RpcCall *call _unused_, void *userdata) {
        Admission *admission = userdata;

        admission->call = NULL;
}

/* All that was there before is durable, or cannot be: it is there all the same. */
static void on_all_durable(int error _unused_, void *userdata) {
        release(userdata);
}

/* What the claim was to give is gone with it. */
static void take_back(Admission *admission, Slug__V1__ContainerPlacement *placement) {
        Diag diag = {};

        (void)durable_explain(admission->memory, -EIO, NULL, &diag);
        placement->numa_nodes = placement->preferred_numa_nodes = (char *)protobuf_c_empty_string;
        placement->n_unified = 0;
        placement->split = NULL;
        placement->has_claim = false;
        placement->refusal = arena_strdup(rpc_call_get_arena(admission->call), diag.text);
        if (!placement->refusal)
                placement->refusal = (char *)"the ledger cannot be written";
}

static void on_durable(int error, void *userdata) {
        const Promised *promised = userdata;
        Admission *admission = promised->admission;

        if (error) {
                if (admission->call)
                        take_back(admission, promised->placement);
                admission->memory->changed(admission->memory->userdata);
        }
        release(admission);
}

/* Promising */

/* The pod's annotation is for its one container. The runtime names one after the other, so who came
 * before is told by the ledger alone. */
static bool is_alone(const EnforceAsked *asked, Diag *reterr) {
        const Ledger *ledger = asked->service->memory->ledger;
        bool is_of_pod;

        if (!enforce_asks_for_split(asked, &is_of_pod) || !is_of_pod)
                return true;
        for (const LedgerClaim *claim = ledger_next_of_pod(ledger, asked->pod.uid, NULL); claim;
             claim = ledger_next_of_pod(ledger, asked->pod.uid, claim)) {
                if (!claim->container[0] || strcmp(claim->container, asked->container->name) == 0)
                        continue;
                diag_set(reterr, NULL, 0, 0,
                         "annotation %s: container '%s' has it; expected one for each container, "
                         "%sNAME",
                         SPLIT_ANNOTATION_POD, claim->container, SPLIT_ANNOTATION_CONTAINER);
                return false;
        }
        return true;
}

/* Return: as memory_plan_promise(). */
static int plan(const EnforceAsked *asked, LedgerChange *ret, bool *ret_existed, Diag *reterr) {
        MemoryService *memory = asked->service->memory;
        const HintsContext context = { .machine = memory->machine,
                                       .ledger = memory->ledger,
                                       .mode = HINTS_SLUG,
                                       .with_pod_level = memory->with_pod_level };
        const HintsClaimant claimant = { .pod = &asked->pod,
                                         .container = asked->container,
                                         .source = CLAIM_SOURCE_MEMORY_MANAGER,
                                         .now_usec = clock_now_usec(&memory->wall_clock) };
        const char *wait = memory_get_wait(memory);

        if (wait[0]) {
                diag_set(reterr, NULL, 0, 0, "nothing new is promised: %s", wait);
                return HINTS_E_REFUSED;
        }
        if (!is_alone(asked, reterr))
                return HINTS_E_INVALID;
        return memory_plan_promise(memory, &context, &claimant, ret, ret_existed, reterr);
}

/* Return: 0 when the ledger has it, above 0 when it is refused (@reterr), or -ENOMEM. */
static int
promise(const EnforceAsked *asked, Admission *admission, Promised *promised, Diag *reterr) {
        _cleanup_(ledger_change_deinitp) LedgerChange change = {};
        MemoryService *memory = admission->memory;
        const LedgerClaim *claim;
        LedgerLack lack = {};
        bool existed;
        int r;

        r = plan(asked, &change, &existed, reterr);
        if (r)
                return r;
        /* one that is there and is only confirmed is given what it has, whatever the disk does */
        r = journal_apply(memory->journal, &change, &memory->machine->rooms[HINTS_SLUG], !existed,
                          on_durable, promised, &lack);
        if (r == -ENOMEM)
                return r;
        if (r) {
                (void)durable_explain(memory, r, &lack, reterr);
                return HINTS_E_REFUSED;
        }
        ++admission->n_waiting;
        claim = ledger_find(memory->ledger, asked->pod.uid, asked->container->name);
        if (claim && !existed)
                memory_log_claim(claim, false);
        return 0;
}

/* @promised: its own. */
static int admit(EnforceAsked *asked, Admission *admission, Promised *promised) {
        const LedgerClaim *claim = enforce_find_claim(asked);
        Diag diag = {};
        int r;

        if ((!claim || claim->state == CLAIM_UNCONFIRMED) && asked->message->claim[0] == '\0' &&
            enforce_asks_for_split(asked, NULL)) {
                r = promise(asked, admission, promised, &diag);
                if (r < 0)
                        return r;
                if (r > 0 && r != HINTS_E_NONE) {
                        memory_log_refusal(&asked->pod, asked->container->name, &diag);
                        enforce_refuse(asked, &diag);
                }
                claim = enforce_find_claim(asked);
        }
        return enforce_build_given(asked, claim, promised->placement);
}

static int admit_all(Admission *admission,
                     EnforceService *service,
                     const Slug__V1__AdmitContainersRequest *request) {
        Arena *arena = rpc_call_get_arena(admission->call);
        int r = 0;

        for (size_t i = 0; r == 0 && i < request->n_containers; ++i) {
                Promised *promised = &admission->promised[i];
                EnforceAsked asked;

                *promised = (Promised){ .admission = admission,
                                        .placement = admission->response->placements[i] };
                r = enforce_read_asked(service, arena, request->containers[i], &asked);
                if (r == 0)
                        r = admit(&asked, admission, promised);
        }
        return r;
}

/* Setting up */

static Slug__V1__AdmitContainersResponse *make_response(Arena *arena, size_t n) {
        Slug__V1__AdmitContainersResponse **list =
                MESSAGE_LIST(arena, 1, Slug__V1__AdmitContainersResponse,
                             SLUG__V1__ADMIT_CONTAINERS_RESPONSE__INIT);

        if (!list)
                return NULL;
        list[0]->placements = MESSAGE_LIST(arena, n, Slug__V1__ContainerPlacement,
                                           SLUG__V1__CONTAINER_PLACEMENT__INIT);
        list[0]->n_placements = n;
        return list[0]->placements ? list[0] : NULL;
}

static Admission *make_admission(RpcCall *call, EnforceService *service, size_t n) {
        Admission *admission = calloc(1, sizeof(*admission) + n * sizeof(admission->promised[0]));

        if (!admission)
                return NULL;
        *admission = (Admission){ .call = call, .memory = service->memory, .n_waiting = 1 };
        admission->response = make_response(rpc_call_get_arena(call), n);
        if (!admission->response) {
                free(admission);
                return NULL;
        }
        return admission;
}

void enforce_admit_containers(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__AdmitContainersRequest *request =
                (const Slug__V1__AdmitContainersRequest *)message;
        EnforceService *self = userdata;
        const uint64_t generation = ledger_get_generation(self->memory->ledger);
        LedgerChange nothing = {};
        Admission *admission;
        int r;

        if (request->n_containers > ADMIT_MAX) {
                rpc_call_fail(call, RPC_INVALID_ARGUMENT,
                              "%zu containers; at most %u are admitted at once",
                              request->n_containers, ADMIT_MAX);
                return;
        }
        admission = make_admission(call, self, request->n_containers);
        if (!admission) {
                answer_fail_memory(call);
                return;
        }
        r = admit_all(admission, self, request);
        admission->response->generation = ledger_get_generation(self->memory->ledger);
        if (r < 0) {
                answer_fail_memory(call);
                admission->call = NULL; /* what was promised stays, and is found the next time */
        } else if (journal_apply(self->memory->journal, &nothing, NULL, false, on_all_durable,
                                 admission, NULL) == 0) {
                ++admission->n_waiting;
        }
        /* once for all of them: whoever watches looks at everything */
        if (ledger_get_generation(self->memory->ledger) != generation)
                self->memory->changed(self->memory->userdata);
        if (admission->call && admission->n_waiting > 1)
                rpc_call_keep(call, on_ended, NULL, admission);
        release(admission);
}
