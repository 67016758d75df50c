/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/json.h"
#include "slugctl/call.h"
#include "slugctl/input.h"
#include "slugctl/ledger.h"
#include "slugctl/request.h"
#include "value/value.h"

/*
 * The file is read and checked as a whole before slugd is asked. It is read twice: as a document,
 * for the version, because what another version says need not be a message of this one; and as a
 * message, by slugd's own reader of JSON, which knows the line and the column of what is wrong.
 *
 * A request takes a part of the claims. Each is done or not done as a whole; if one fails, those
 * before it are done, and the import can be repeated, because what is there already stays.
 */
#define IMPORT_PATH "/slug.v1.MemoryManagerService/ImportClaims"
#define VALUES_MAX  (4u * 1024 * 1024)
#define DEPTH_MAX   32u

static const DocumentLimits limits = { .depth = DEPTH_MAX, .n_values = VALUES_MAX };

static int complain(const Value *value, Diag *reterr, const char *what) {
        (void)value_complain(value, reterr, what);
        return LEDGER_E_INVALID;
}

/* Whether this is an export, and of a version that can be read. */
static int check_version(const Value *root, Diag *reterr) {
        const Value version = value_get(root, "version");
        uint64_t number;

        if (!version.json)
                return complain(&version, reterr,
                                "is missing; an export of 'slugctl ledger export' has it");
        if (value_read_u64(&version, UINT64_MAX, &number, reterr))
                return LEDGER_E_INVALID;
        if (number != LEDGER_EXPORT_VERSION)
                return complain(&version, reterr,
                                "is not 1; the slugctl that wrote it can read it");
        return 0;
}

/* @ret_has_form: it is JSON, of this version. */
static int check_document(const char *source,
                          const char *text,
                          size_t n_text,
                          bool *ret_has_form,
                          Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        Value root, claims;
        size_t n;
        int r;

        *ret_has_form = false;
        (void)snprintf(reterr->source, sizeof(reterr->source), "%s", source);
        r = document_parse(text, n_text, &limits, &document, reterr);
        if (r)
                return r > 0 ? LEDGER_E_INVALID : r;
        root = document_get_root(&document);
        r = check_version(&root, reterr);
        if (r)
                return r;
        *ret_has_form = true;
        claims = value_get(&root, "claims");
        return value_read_list(&claims, LEDGER_LOG_CLAIMS_MAX, &n, reterr) ? LEDGER_E_INVALID : 0;
}

static int decode(const char *source,
                  const char *text,
                  size_t n_text,
                  Arena *arena,
                  Slug__V1__ImportClaimsRequest **ret,
                  Diag *reterr) {
        ProtobufCMessage *message;
        int r;

        r = json_decode(text, n_text, &slug__v1__import_claims_request__descriptor, NULL, arena,
                        &message, reterr);
        if (r > 0) {
                (void)snprintf(reterr->source, sizeof(reterr->source), "%s", source);
                return LEDGER_E_INVALID;
        }
        if (r == 0)
                *ret = (Slug__V1__ImportClaimsRequest *)message;
        return r;
}

static int
check_claims(const Slug__V1__ImportClaimsRequest *request, const char *source, Diag *reterr) {
        for (size_t i = 0; i < request->n_claims; ++i)
                if (!request->claims[i]->pod_uid[0]) {
                        diag_set(reterr, source, 0, 0, "claims[%zu].podUid: is missing", i);
                        return LEDGER_E_INVALID;
                }
        return 0;
}

int ledger_import_read(const char *source,
                       const char *text,
                       size_t n_text,
                       Arena *arena,
                       Slug__V1__ImportClaimsRequest **ret,
                       Diag *reterr) {
        Slug__V1__ImportClaimsRequest *request;
        Diag of_document = {}, of_message = {};
        bool has_form;
        int r, r_document;

        r_document = check_document(source, text, n_text, &has_form, &of_document);
        if (r_document < 0)
                return r_document;
        r = decode(source, text, n_text, arena, &request, &of_message);
        if (r < 0)
                return r;
        /* The second complaint knows the place, and so it is told. But of what is JSON and no
         * export of this version, only the first makes sense. */
        if (r_document && (r == 0 || (!has_form && of_document.column == 0))) {
                *reterr = of_document;
                return r_document;
        }
        if (r) {
                *reterr = of_message;
                return r;
        }
        r = check_claims(request, source, reterr);
        if (r == 0)
                *ret = request;
        return r;
}

int ledger_import_count(Slug__V1__Claim *const *claims, size_t n_claims, size_t *ret_n) {
        size_t n = 0, n_bytes = 0;

        while (n < n_claims && n < LEDGER_BATCH_CLAIMS) {
                _cleanup_(buffer_deinitp) Buffer text = {};
                const int r = request_encode(&claims[n]->base, &text);

                if (r)
                        return r;
                n_bytes += text.n_data + 1;
                if (n > 0 && n_bytes > LEDGER_BATCH_BYTES)
                        break;
                ++n;
        }
        *ret_n = n;
        return 0;
}

/* Asking */

static int
read_file(const char *file, Arena *arena, Slug__V1__ImportClaimsRequest **ret, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        const char *source;
        int r;

        r = input_read(file, LEDGER_IMPORT_MAX, &source, &text, reterr);
        if (r)
                return r > 0 ? LEDGER_E_INVALID : r;
        return ledger_import_read(source, text.data ? text.data : "", text.n_data, arena, ret,
                                  reterr);
}

static int add_counts(const Buffer *answer, Slug__V1__ImportClaimsResponse *sum, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        const Slug__V1__ImportClaimsResponse *response;
        ProtobufCMessage *message;
        int r;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = json_decode(answer->data, answer->n_data,
                                &slug__v1__import_claims_response__descriptor, NULL, arena,
                                &message, reterr);
        if (r)
                return r;
        response = (const Slug__V1__ImportClaimsResponse *)message;
        sum->added_count += response->added_count;
        sum->existing_count += response->existing_count;
        sum->observed_count += response->observed_count;
        return 0;
}

/* @part: of the claims. False: it failed, which is said. */
static bool send_part(const VerbContext *context,
                      const Slug__V1__ImportClaimsRequest *part,
                      Slug__V1__ImportClaimsResponse *sum,
                      int *ret_status) {
        _cleanup_(buffer_deinitp) Buffer request = {}, answer = {};
        Diag diag = {};
        int r;

        r = request_encode(&part->base, &request);
        if (r) {
                *ret_status = call_complain(r, &diag);
                return false;
        }
        if (!ledger_ask(context, IMPORT_PATH, request.data, &answer, ret_status))
                return false;
        r = add_counts(&answer, sum, &diag);
        if (r)
                *ret_status = call_complain(r, &diag);
        return r == 0;
}

static bool send_all(const VerbContext *context,
                     const Slug__V1__ImportClaimsRequest *all,
                     Slug__V1__ImportClaimsResponse *sum,
                     int *ret_status) {
        Slug__V1__ImportClaimsRequest part = *all;
        size_t n_sent = 0;

        do {
                Diag diag = {};
                int r;

                part.claims = all->claims + n_sent;
                r = ledger_import_count(part.claims, all->n_claims - n_sent, &part.n_claims);
                if (r) {
                        *ret_status = call_complain(r, &diag);
                        return false;
                }
                if (!send_part(context, &part, sum, ret_status))
                        return false;
                n_sent += part.n_claims;
        } while (n_sent < all->n_claims);
        return true;
}

static int print(const VerbContext *context, const Slug__V1__ImportClaimsResponse *sum) {
        const bool is_dry = verb_find_option(context, "dry-run") != NULL;
        _cleanup_(buffer_deinitp) Buffer answer = {};
        Diag diag = {};
        int r;

        if (context->output == OUTPUT_TABLE || context->output == OUTPUT_WIDE) {
                (void)printf("%s %" PRIu32 " claim%s; %" PRIu32 " %s there already\n",
                             is_dry ? "Would import" : "Imported", sum->added_count,
                             sum->added_count == 1 ? "" : "s", sum->existing_count,
                             is_dry ? (sum->existing_count == 1 ? "is" : "are")
                                    : (sum->existing_count == 1 ? "was" : "were"));
                if (sum->observed_count > 0)
                        (void)printf("%" PRIu32 " observed claim%s left out: slugd observes what "
                                     "is there itself\n",
                                     sum->observed_count, sum->observed_count == 1 ? "" : "s");
                return EXIT_SUCCESS;
        }
        r = request_encode(&sum->base, &answer);
        if (r == 0)
                r = call_print(context, &answer, &diag);
        return r ? call_complain(r, &diag) : EXIT_SUCCESS;
}

static int run(const VerbContext *context, const char *file) {
        Slug__V1__ImportClaimsResponse sum = SLUG__V1__IMPORT_CLAIMS_RESPONSE__INIT;
        _cleanup_(arena_freep) Arena *arena = NULL;
        Slug__V1__ImportClaimsRequest *all;
        Diag diag = {};
        int r, status;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = read_file(file, arena, &all, &diag);
        if (r)
                return call_complain(r, &diag);
        all->dry_run = verb_find_option(context, "dry-run") != NULL;
        if (send_all(context, all, &sum, &status))
                return print(context, &sum);
        if (sum.added_count > 0 && !all->dry_run)
                (void)fprintf(stderr, "slugctl: %" PRIu32 " claims were imported before that\n",
                              sum.added_count);
        return status;
}

const LedgerAction ledger_import = {
        .name = "import",
        .option = "dry-run",
        .needs_file = true,
        .run = run,
};
